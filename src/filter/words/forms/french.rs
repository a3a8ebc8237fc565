//! French words that the dictionary does not know: plurals, feminines, regular verbs. Words have no accents, because they
//! are folded. Pure.

use super::dictionary::DictionaryEntry;
use super::endings::{FormList, ends_with_any};

/// Whether a word is the feminine of a noun or adjective, or its masculine before a vowel: bel. Verbs have more forms.
pub(super) fn is_feminine(word: &str, entry: &DictionaryEntry) -> bool {
    let in_e = |word: &str| word.trim_end_matches('s').ends_with('e');
    let lemma = entry.lemma();
    let is_other = in_e(word) && !in_e(&lemma) || word.ends_with("el") && lemma.ends_with("eau");
    is_other && entry.forms().count() < 9
}

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if word.len() < 3 {
        return;
    }
    out.push_endings(word, "s");
    if ends_with_any(word, "eau eu au ou") {
        out.push_endings(word, "x");
    }
    if let Some(stem) = word.strip_suffix("al") {
        out.push_endings(stem, "aux ale ales");
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| stem.len() > 3) {
        out.push(stem);
    }
    add_feminine(word, out);
    if let Some(stem) = word.strip_suffix("er").filter(|stem| stem.len() > 2) {
        add_er_verb(stem, out);
    } else if let Some(stem) = word.strip_suffix("ir").filter(|stem| stem.len() > 2) {
        out.push_endings(
            stem,
            "i is it issons issez issent issait issaient issant ie ies ira iront irait iraient irent isse issent",
        );
    } else if let Some(stem) = word.strip_suffix("re").filter(|stem| stem.ends_with('d')) {
        out.push_endings(stem, "- s ent ait aient u ue us ues ant ra ront rait it irent e ons ez");
    }
}

/// Feminines of adjectives and of people: in -ienne, -euse, -ive and others, or with -e.
fn add_feminine(word: &str, out: &mut FormList) {
    let pairs = [
        ("eux", "euse euses"),
        ("if", "ive ives"),
        ("teur", "trice trices teuse teuses"),
        ("eur", "euse euses"),
        ("er", "ere eres"),
        ("f", "ve ves"),
        ("c", "que ques che ches"),
    ];
    if let Some((stem, endings)) =
        pairs.iter().find_map(|(ending, new)| Some((word.strip_suffix(ending)?, new)))
    {
        out.push_endings(stem, endings);
    }
    if ends_with_any(word, "en on el il et ot as os") {
        let doubled = word.chars().next_back().map(String::from).unwrap_or_default();
        out.push_endings(word, &format!("{doubled}e {doubled}es"));
    }
    if !word.ends_with(['e', 'a', 'o', 'y']) {
        out.push_endings(word, "e es");
    }
}

/// Verbs in -er. After g, an e keeps the sound before a and o.
fn add_er_verb(stem: &str, out: &mut FormList) {
    out.push_endings(stem, "e es ent ons ez ait aient ais ant a erent era eront erait eraient ee ees");
    if stem.ends_with('g') {
        out.push_endings(stem, "eons eait eaient eant ea");
    }
}
