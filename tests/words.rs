//! Error rates of inflection and word families on a labelled set, and of names that are also other words.

#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, reason = "the labelled set is read from a file")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use siftwire::entry::{ArticleState, Entry};
use siftwire::filter::words::{ExpandTo, LanguageSet, expand};
use siftwire::filter::{Matcher, QueryContext, Subject, parse};
use siftwire::text::tokens;

/// Forms in the labelled set that the language does not have.
const NO_WORDS: [&str; 11] = [
    "prixs", "prixe", "accorde", "accordes", "turce", "turces", "chinoiss", "syrienes", "языцех",
    "israéliene", "israélienes",
];

/// Results of the rows with one label.
#[derive(Default)]
struct Score {
    rows: usize,
    wrong: Vec<String>,
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the labelled words: set SIFTWIRE_SHARED to their folder")]
fn error_rates_are_within_limits_in_every_language() {
    let path = Path::new(env!("SIFTWIRE_SHARED_FOLDER")).join("eval/matching/words-dev.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut expansions = BTreeMap::new();
    let mut scores: BTreeMap<(String, String), Score> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let [word, language, form, expect, ..] = row.split('\t').collect::<Vec<_>>()[..] else { continue };
        if NO_WORDS.contains(&form) {
            continue;
        }
        let expansion = expansions
            .entry((word, language))
            .or_insert_with(|| expand(word, ExpandTo::Relatives, &[language.to_owned()]));
        let found = tokens(form).words().any(|form| expansion.words.contains(form));
        let score = scores.entry((language.to_owned(), expect.to_owned())).or_default();
        score.rows += 1;
        if found == (expect == "0") {
            score.wrong.push(format!("{word}/{form}"));
        }
    }
    let mut failures = Vec::new();
    for ((language, label), score) in &scores {
        let wrong = score.wrong.len();
        let shown = if label == "g" { String::new() } else { score.wrong.join(" ") };
        eprintln!("{language} {label}: {wrong} wrong of {} {shown}", score.rows);
        // Rounds down: labels with few rows allow no errors.
        let allowed = match label.as_str() {
            "1" | "f" => score.rows * 3 / 100,
            "0" => score.rows / 200,
            _ => score.rows,
        };
        if wrong > allowed {
            failures.push(format!("{language} {label}: {}", score.wrong.join(" ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn frequent_words_do_not_match_those_of_other_lemmas() {
    let folder = Path::new(env!("SIFTWIRE_SHARED_FOLDER")).join("cases/judgement");
    let mut lemmas = 0;
    let mut wrong = Vec::new();
    for language in ["en", "ru", "uk", "hy", "fr", "de"] {
        let read = |name: &str| std::fs::read_to_string(folder.join(format!("A-{name}-{language}.tsv")));
        let (Ok(words), Ok(common)) = (read("words"), read("common")) else {
            eprintln!("skipped {language}: {} has no list of its words", folder.display());
            continue;
        };
        let common = common.lines().take(500).filter_map(|row| row.split('\t').next());
        let common: Vec<(&str, String)> =
            common.map(|word| (word, tokens(word).words().collect::<Vec<_>>().join(" "))).collect();
        for row in words.lines() {
            let columns: Vec<&str> = row.split('\t').collect();
            // Forms, words of a near derivation, and those that differ by accents.
            let (lemma, own) = (columns[0], columns[4..].join(" "));
            let found = expand(lemma, ExpandTo::Forms, &[language.to_owned()]).words;
            let language_set = LanguageSet::from_tag(language);
            let found = found.iter().filter(|(_, counts_in)| counts_in.languages.intersects(language_set));
            let found: BTreeSet<&str> = found.map(|(form, _)| form).collect();
            let matched = common.iter().filter(|(_, folded)| found.contains(folded.as_str()));
            let others = matched.filter(|(word, _)| !own.split(' ').any(|form| form == *word));
            wrong.extend(others.map(|(word, _)| format!("{language} {lemma}: {word}")));
            lemmas += 1;
        }
    }
    eprintln!("{lemmas} words tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ambiguous_names_are_told_from_persons_towns_and_dishes() {
    let mut scores: BTreeMap<&str, [Vec<&str>; 3]> = BTreeMap::new();
    for row in include_str!("words/names.tsv").lines().filter(|row| !row.starts_with('#')) {
        let [topic, expected, language, text] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a row has four cells: {row}");
        };
        let (title, summary) = text.split_once(" ¦ ").unwrap_or((text, ""));
        let entry = Entry {
            title: Some(title.to_owned()),
            summary: Some(summary.to_owned()),
            language: Some(language.to_owned()),
            ..Entry::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let subject = Subject {
            entry: &entry,
            article: &ArticleState::NotExpected,
            source: "",
            source_title: "",
            language: None,
            date: now,
            now,
        };
        let query = parse(&format!("@{topic}"), &QueryContext::default()).unwrap();
        let is_found = !Matcher::new([&query]).hits(&subject, |_| true).hits.is_empty();
        let [right, wrong, missed] = scores.entry(topic).or_default();
        match (is_found, expected == "1") {
            (true, true) => right.push(text),
            (true, false) => wrong.push(text),
            (false, true) => missed.push(text),
            (false, false) => {}
        }
    }
    let mut total = [0; 3];
    for (topic, rows) in &scores {
        let counts = rows.each_ref().map(Vec::len);
        eprintln!("{topic}: right, wrong, missed {counts:?} {:?} {:?}", rows[1], rows[2]);
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let [right, wrong, missed] = total;
    assert!(right * 100 >= (right + wrong) * 97, "precision: {total:?}");
    assert!(right * 100 >= (right + missed) * 97, "recall: {total:?}");
}
