//! Eastern Armenian: cases, plurals, articles, verbs; in reformed and classical spelling. Pure.

use super::armenian_verbs;
use super::endings::{FormList, drop_last, ends_with_any, table_line};

/// Irregular genitive stems and plurals.
const STEMS: &str = include_str!("armenian.txt");

/// Suffixes after a case: none, the article, and first and second person.
const ARTICLES: &str = "- ը ն ս դ";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if !armenian_verbs::add_forms(word, out) {
        add_noun(word, out);
    }
    for (reformed, classical) in [("ություն", "ութիւն"), ("յան", "եան"), ("յունը", "իւնը")]
    {
        if let Some(stem) = word.strip_suffix(reformed) {
            add_noun(&format!("{stem}{classical}"), out);
        } else if let Some(stem) = word.strip_suffix(classical) {
            add_noun(&format!("{stem}{reformed}"), out);
        }
    }
}

fn add_noun(word: &str, out: &mut FormList) {
    out.push_endings(word, ARTICLES);
    out.push_endings(word, "վա վան վանից");
    add_cases(word, out);
    add_plurals(word, out);
    let reduced = reduced_stem(word);
    add_degrees(word, reduced.as_deref().unwrap_or(word), out);
    if let Some(stem) = reduced {
        add_cases(&stem, out);
        add_plurals(&stem, out);
    }
    for (ending, genitive, instrumental) in [
        ("ություն", "ության", "ությամբ"),
        ("ութիւն", "ութեան", "ութեամբ"),
        ("ում", "ման", "մամբ"),
        ("յուն", "յան", "յամբ"),
    ] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| !stem.is_empty()) {
            out.push_endings(&format!("{stem}{genitive}"), "- ը ն ս դ ից");
            out.push_endings(&format!("{stem}{instrumental}"), "- ը ն ս դ");
            break;
        }
    }
    if let Some(stem) = word.strip_suffix('ի') {
        // եկեղեցի, եկեղեցու, եկեղեցուց; տարի, տարվա.
        out.push_endings(stem, "ու ուն ուս ուդ ուց ուցս ուցդ ով ովս ովդ ում ումը ումն ումս ումդ վա վան");
    }
    if word.ends_with("եցի") || word.ends_with("ացի") {
        out.push_endings(drop_last(word, 1), "ների");
    }
    if ends_with_any(word, "ա ո ու ե է օ") {
        for case in [
            "յի", "յին", "յից", "յով", "յում", "յիս", "յիդ", "յիցս", "յիցդ", "յովս", "յովդ", "յումս", "յումդ",
        ] {
            out.push(format!("{word}{case}"));
        }
    }
    if let Some(stem) = word.strip_suffix("ու") {
        // Բաքու, Բաքվի.
        add_cases(&format!("{stem}վ"), out);
    }
    // Compounds too: տղամարդ.
    let line = table_line(STEMS, word).map(|line| ("", line)).or_else(|| {
        let ends = ["մարդ", "տուն", "հայր", "մայր", "կին"].iter();
        ends.filter_map(|end| Some((word.strip_suffix(end)?, table_line(STEMS, end)?))).next()
    });
    if let Some((start, line)) = line {
        for stem in line.split(' ') {
            let stem = &format!("{start}{stem}");
            // The stem may be a plural or a genitive: both get these endings.
            out.push_endings(stem, "- ը ն ս դ ից ով ում ի ին իս իդ");
            if ends_with_any(stem, "ք եր ներ իկ") {
                add_cases(stem, out);
            }
        }
    }
}

/// Superlatives of adjectives: հնագույն, ամենահին.
fn add_degrees(word: &str, stem: &str, out: &mut FormList) {
    out.push_endings(&format!("{stem}ագույն"), "- ը ն ի ին");
    out.push_endings(&format!("ամենա{word}"), "- ը ն");
}

/// All cases of a singular or plural stem.
fn add_cases(stem: &str, out: &mut FormList) {
    for case in ["ի", "ին", "ից", "ով", "ում", "իս", "իդ"] {
        out.push(format!("{stem}{case}"));
    }
    for case in ["ից", "ով", "ում"] {
        out.push_endings(&format!("{stem}{case}"), "ս դ ը ն");
    }
}

fn add_plurals(word: &str, out: &mut FormList) {
    for ending in ["եր", "ներ"] {
        let plural = format!("{word}{ending}");
        out.push_endings(&plural, ARTICLES);
        add_cases(&plural, out);
    }
}

/// The stem without its last ի or ու, as before endings: բժիշկ, բժշկի.
fn reduced_stem(word: &str) -> Option<String> {
    let vowels = "աեէըիոօ";
    let at = word.rfind(|c| vowels.contains(c) || c == 'ւ')?;
    let tail_start = at + word[at..].chars().next()?.len_utf8();
    let tail = &word[tail_start..];
    if tail.is_empty() {
        return None;
    }
    let head = if word[..tail_start].ends_with("ու") {
        &word[..at - 'ո'.len_utf8()]
    } else if word[..tail_start].ends_with('ի') {
        &word[..at]
    } else {
        return None;
    };
    if head.ends_with(|c| vowels.contains(c) || c == 'ւ') || head.is_empty() {
        return None;
    }
    Some(format!("{head}{tail}"))
}
