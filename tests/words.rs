//! Forms and families measured on the labelled set beside the checkout: issue 5.

#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, reason = "the labelled set is a file")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use siftwire::filter::words::{ExpandTo, expand};
use siftwire::text::tokens;

fn labelled() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SIFTWIRE_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("eval/matching/words-dev.tsv")).filter(|path| path.exists())
}

/// Rows with each label, and those that went wrong.
#[derive(Default)]
struct Score {
    all: usize,
    wrong: Vec<String>,
}

#[test]
fn forms_and_families_reach_their_goals_in_every_language() {
    let Some(path) = labelled() else {
        eprintln!("skipped: no labelled words beside the checkout");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut expansions = BTreeMap::new();
    let mut scores: BTreeMap<(String, String), Score> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let [word, language, form, expect, ..] = row.split('\t').collect::<Vec<_>>()[..] else { continue };
        let known = expansions
            .entry((word, language))
            .or_insert_with(|| expand(word, ExpandTo::Relatives, &[language.to_owned()]));
        let found = tokens(form)
            .words()
            .any(|form| known.words.binary_search_by(|word| word.as_str().cmp(form)).is_ok());
        let score = scores.entry((language.to_owned(), expect.to_owned())).or_default();
        score.all += 1;
        if found == (expect == "0") {
            score.wrong.push(format!("{word}/{form}"));
        }
    }
    let mut missed = Vec::new();
    for ((language, label), score) in &scores {
        let wrong = score.wrong.len();
        let shown = if label == "g" { String::new() } else { score.wrong.join(" ") };
        eprintln!("{language} {label}: {wrong} wrong of {} {shown}", score.all);
        // Of the few rows of a language one may always be wrong.
        let allowed = match label.as_str() {
            "1" | "f" => score.all * 3 / 100,
            "0" => score.all / 200,
            _ => score.all,
        };
        if wrong > allowed {
            missed.push(format!("{language} {label}: {}", score.wrong.join(" ")));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
