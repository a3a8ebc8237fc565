//! Ukrainian: declension by ending, with the alternations і/о/е, г/з, к/ц and х/с. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::endings::{FormList, drop_last, ends_with_any, last_char, list_contains, table, table_line};
use crate::text::file_part;

const FILE: &str = include_str!("ukrainian.txt");

/// Irregular words: the lemma, then all other forms.
static IRREGULAR: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| table(const { file_part(FILE, "irregular words") }));

/// Indeclinable words.
const INVARIABLE: &str = "метро кіно бюро депо авто радіо євро торнадо казино кафе шосе резюме досьє фото відео аудіо \
    ембарго конго того марокко монако мехіко токіо осло торонто чикаго лесото нато юнеско";

/// Verbs of each conjugation, with the ending of those that are like it.
pub(super) const MODEL_VERBS: &str = file_part(FILE, "model verbs");

/// Whether a word is an infinitive.
pub(super) fn is_infinitive(word: &str) -> bool {
    ends_with_any(word, "ти тися") && word.chars().count() > 5
}

const VOWELS: &str = "аеєиіїоуюя";

/// The endings of surnames in -ов, of men, women and families.
pub(super) const SURNAME: &str = "- а у ові им і е ої ій ою и их ими";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    decline(word, true, out);
}

/// The forms of an irregular word besides the word.
pub(super) fn irregular_forms(word: &str) -> Option<Vec<String>> {
    IRREGULAR.get(word).map(|line| line.split(' ').map(str::to_owned).collect())
}

/// Adjectives with another stem in their degrees. Not високий, низький: вище is also above, and вища is of schools.
const COMPARATIVES: &str = file_part(FILE, "comparatives");

/// The comparative and superlative that an adjective may have: вищий, найвищий.
pub(super) fn degrees(lemma: &str) -> Vec<String> {
    let Some(stem) = lemma.strip_suffix("ий") else { return Vec::new() };
    let comparative = table_line(COMPARATIVES, lemma).map_or_else(|| format!("{stem}іший"), str::to_owned);
    vec![format!("най{comparative}"), comparative]
}

/// The vocative of a noun, which the dictionary has of few.
pub(super) fn vocative(lemma: &str) -> Option<String> {
    match last_char(lemma) {
        'а' => Some(format!("{}о", drop_last(lemma, 1))),
        'і' | 'ї' | 'и' | 'о' | 'у' | 'е' | 'є' | 'ю' | 'я' | 'й' | 'ь' => None,
        _ => Some(format!("{lemma}е")),
    }
}

pub(super) fn add_singular_forms(word: &str, out: &mut FormList) {
    decline(word, false, out);
}

fn decline(word: &str, plural: bool, out: &mut FormList) {
    if let Some(known) = IRREGULAR.get(word) {
        known.split(' ').for_each(|form| out.push(form));
        return;
    }
    if list_contains(INVARIABLE, word) || word.chars().count() < 3 {
        return;
    }
    let stem = drop_last(word, 1);
    match last_char(word) {
        'а' => add_nouns_in_a(stem, plural, out),
        'я' => add_nouns_in_ya(stem, plural, out),
        'о' => add_nouns_in_o(stem, plural, out),
        'е' if stem.ends_with(['ц', 'р', 'л']) => {
            out.push_endings(stem, "я ю ем і");
            if plural {
                out.push_endings(stem, "ів ь ям ями ях ей");
            }
        }
        'е' if stem.ends_with(['щ', 'ж', 'ч', 'ш']) => {
            out.push_endings(stem, "а у ем і");
            if plural {
                out.push_endings(stem, "- ам ами ах");
            }
        }
        'е' if stem.chars().count() > 3 => add_adjective(stem, out),
        'ь' => add_soft_nouns(stem, plural, out),
        'й' if stem.ends_with(['и', 'і', 'ї']) => add_adjective(drop_last(stem, 1), out),
        'й' => {
            out.push_endings(stem, "я ю єм ї єві ю єю");
            if plural {
                out.push_endings(stem, "ї їв ям ями ях");
            }
        }
        'и' | 'і' | 'ї' if plural => add_plural_noun(stem, out),
        'и' | 'і' | 'ї' | 'у' | 'ю' | 'е' | 'є' => {}
        _ => add_masculine(word, plural, out),
    }
}

fn add_masculine(word: &str, plural: bool, out: &mut FormList) {
    add_hard_masculine(word, plural, out);
    if let Some(stem) = open_syllable_stem(word) {
        add_hard_masculine(&stem, plural, out);
    }
    if let Some(stem) =
        word.strip_suffix("ок").or_else(|| word.strip_suffix("ек")).filter(|stem| stem.chars().count() > 2)
    {
        add_hard_masculine(&format!("{stem}к"), plural, out);
    }
    if let Some(stem) = word.strip_suffix("нин").filter(|_| plural) {
        out.push_endings(stem, "ни н нам нами нах");
    }
    if ends_with_any(word, "ов ев єв ин ін їн ів") {
        out.push_endings(word, "им");
        if plural {
            out.push_endings(word, "их ими ою");
        }
    }
}

fn add_hard_masculine(stem: &str, plural: bool, out: &mut FormList) {
    out.push_endings(stem, "а у ові ом ем еві і е");
    if stem.ends_with(['р', 'ж', 'ч', 'ш']) {
        out.push_endings(stem, "я ю");
    }
    add_softened(stem, "і е", out);
    if plural {
        out.push_endings(stem, "и і ів ам ами ах ей");
    }
}

/// Forms with a changed last consonant: before і (рука, руці) and before е (друг, друже).
fn add_softened(stem: &str, endings: &str, out: &mut FormList) {
    let root = drop_last(stem, 1);
    let (soft, hushed) = match last_char(stem) {
        'г' => ("з", "ж"),
        'к' => ("ц", "ч"),
        'х' => ("с", "ш"),
        _ => return,
    };
    if endings.contains('і') {
        out.push(format!("{root}{soft}і"));
    }
    if endings.contains('е') {
        out.push(format!("{root}{hushed}е"));
    }
}

/// The stem in an open syllable, with о or є in place of і or ї: Київ, Києва; Львів, Львова; рік, року.
fn open_syllable_stem(word: &str) -> Option<String> {
    let end = last_char(word);
    let root = drop_last(word, 1);
    if VOWELS.contains(end) {
        return None;
    }
    if let Some(head) = root.strip_suffix('ї') {
        return Some(format!("{head}є{end}"));
    }
    let head = root.strip_suffix('і')?;
    // Only in suffixes and short words: міністр and журналіст keep their і.
    let suffix = end == 'в' || head.chars().filter(|c| VOWELS.contains(*c)).count() == 0;
    suffix.then(|| format!("{head}о{end}"))
}

fn add_nouns_in_a(stem: &str, plural: bool, out: &mut FormList) {
    out.push_endings(stem, "и і у ою о ей ею е");
    add_softened(stem, "і", out);
    if plural {
        out.push_endings(stem, "ам ами ах");
        add_genitive_plural(stem, out);
    }
}

/// The genitive plural without ending: церков, шкіл, жінок.
fn add_genitive_plural(stem: &str, out: &mut FormList) {
    let (root, end) = (drop_last(stem, 1), last_char(stem));
    if VOWELS.contains(end) {
        return;
    }
    out.push(stem);
    let before = last_char(root);
    if VOWELS.contains(before) {
        if let Some(head) = root.strip_suffix(['о', 'е']) {
            out.push(format!("{head}і{end}"));
        }
    } else if before == 'ь' || before == 'й' {
        out.push(format!("{}о{end}", drop_last(root, 1)));
        out.push(format!("{}е{end}", drop_last(root, 1)));
    } else if "квгх".contains(end) {
        out.push(format!("{root}о{end}"));
    } else if "нлрмц".contains(end) {
        out.push(format!("{root}е{end}"));
    }
}

fn add_nouns_in_ya(stem: &str, plural: bool, out: &mut FormList) {
    if stem.ends_with(['і', 'ї', 'а', 'о', 'е', 'у', '\'']) {
        out.push_endings(stem, "ї ю єю є");
        if plural {
            out.push_endings(stem, "й їв ям ями ях");
        }
        return;
    }
    out.push_endings(stem, "і ю ею е ям ями ях ям ьою єю");
    let doubled = last_char(stem) == last_char(drop_last(stem, 1));
    if doubled {
        // Both neuter (питання) and feminine (стаття).
        out.push_endings(stem, "ям ів");
        out.push_endings(drop_last(stem, 1), "ь ей");
    }
    if plural {
        out.push_endings(stem, "ь ей");
        if let Some(root) = stem.strip_suffix('н') {
            out.push_endings(root, "ень");
        }
        if let Some(root) = stem.strip_suffix('л') {
            out.push_endings(root, "ель");
        }
    }
}

fn add_nouns_in_o(stem: &str, plural: bool, out: &mut FormList) {
    // Also surnames: Порошенко, Порошенка.
    out.push_endings(stem, "а у ом і ові");
    add_softened(stem, "і", out);
    if plural {
        out.push_endings(stem, "ам ами ах и ів");
        add_genitive_plural(stem, out);
    }
}

fn add_soft_nouns(stem: &str, plural: bool, out: &mut FormList) {
    let mut stems = vec![stem.to_owned()];
    for (ending, fled) in
        [("аєц", "айц"), ("єц", "йц"), ("лец", "льц"), ("ец", "ц"), ("ен", "н"), ("ін", "он"), ("іл", "ол")]
    {
        if let Some(root) = stem.strip_suffix(ending).filter(|root| root.chars().count() > 1) {
            stems.push(format!("{root}{fled}"));
            break;
        }
    }
    if let Some(root) = stem.strip_suffix("іст") {
        // новість, новості; but область.
        out.push_endings(root, "ості істю остей остям остями остях остя остю остем");
    }
    for stem in stems {
        out.push_endings(&stem, "я ю ем еві і ю");
        if let Some(end) = stem.chars().next_back().filter(|end| "снлдтрцчш".contains(*end)) {
            out.push_endings(&stem, &format!("{end}ю"));
        }
        if plural {
            out.push_endings(&stem, "ів ей ям ями ях");
        }
        if let Some(root) = stem.strip_suffix('ц') {
            out.push_endings(root, "че");
        }
    }
}

fn add_adjective(stem: &str, out: &mut FormList) {
    out.push_endings(stem, "ий ого ому им ім а ої ій у ою е і их ими");
    if ends_with_any(stem, "н ї є") {
        out.push_endings(stem, "ій ього ьому я ьої ю ьою є іх іми");
    }
}

/// A noun that is written in the plural.
fn add_plural_noun(stem: &str, out: &mut FormList) {
    if stem.ends_with('і') {
        out.push_endings(stem, "я ю єю й ям ями ях");
    } else {
        out.push_endings(stem, "ів ам ами ах ям ями ях ей");
        add_genitive_plural(stem, out);
    }
}
