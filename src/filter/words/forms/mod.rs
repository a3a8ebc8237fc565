//! The inflected forms of a folded word: rules for regular words, tables for the others. Pure.

mod armenian;
mod armenian_verbs;
mod dictionary;
mod endings;
mod english;
mod french;
mod german;
mod place_adjectives;
mod russian;
mod russian_verbs;
mod ukrainian;

use std::sync::LazyLock;

use dictionary::{Dictionary, DictionaryEntry, EntryKind};
use endings::{FormList, ends_with_any, pairs};

/// A language with inflection rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum InflectedLanguage {
    English,
    Russian,
    Ukrainian,
    Armenian,
    French,
    German,
}

impl InflectedLanguage {
    /// By the primary subtag of a BCP 47 tag.
    pub(super) fn from_tag(tag: &str) -> Option<InflectedLanguage> {
        let code = tag.split(['-', '_']).next().unwrap_or(tag);
        [
            ("en", InflectedLanguage::English),
            ("ru", InflectedLanguage::Russian),
            ("uk", InflectedLanguage::Ukrainian),
            ("hy", InflectedLanguage::Armenian),
            ("fr", InflectedLanguage::French),
            ("de", InflectedLanguage::German),
        ]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, language)| language)
    }
}

/// A word and all its forms.
pub(super) struct Inflected {
    /// Without order, some of them twice.
    pub(super) forms: Vec<String>,
    /// Those of a name that may be other words without a capital: Лавровым, Маска.
    pub(super) of_name: Vec<String>,
    /// Whether they are in a dictionary; otherwise rules made them, some of which are no words.
    pub(super) is_certain: bool,
}

impl Inflected {
    fn new(forms: Vec<String>, is_certain: bool) -> Inflected {
        Inflected { forms, of_name: Vec::new(), is_certain }
    }
}

/// A word that is a lemma of the language's dictionary has the forms that this gives; another one those of all words
/// whose form it is. The rest is inflected by rules. Whether it `is_name` tells its capital.
pub(super) fn inflect(word: &str, is_name: bool, language: InflectedLanguage) -> Inflected {
    let mut out = FormList(vec![word.to_owned()]);
    let Some(dictionary) = dictionary_of(language) else {
        add_by_rules(word, language, &mut out);
        return Inflected::new(out.0, false);
    };
    let all = dictionary.entries(word);
    let mut of_name = names_like_plurals(word, &all, language);
    if is_name && !of_name.is_empty() {
        return Inflected { of_name, ..Inflected::new(out.0, true) };
    }
    let mut entries = meant_by(all.clone(), is_name);
    let irregular = match language {
        InflectedLanguage::Russian => russian::irregular_forms(word),
        InflectedLanguage::Ukrainian => ukrainian::irregular_forms(word),
        _ => None,
    };
    if let Some(irregular) = irregular {
        out.0.extend(irregular);
        entries.retain(|entry| entry.is_lemma);
    } else if entries.is_empty() && !all.is_empty() {
        if all.iter().all(|entry| is_genitive(word, entry)) {
            // Газа is a name, not a form of газ.
            return Inflected::new(inflect_singular(word, language), false);
        }
        entries = all;
    }
    let is_certain = !entries.is_empty() || out.0.len() > 1;
    if !is_certain {
        add_unknown(word, language, dictionary, &mut out);
    }
    if is_name && !is_certain {
        of_name = names_like_others(word, language, dictionary);
    }
    let has_one_form = |entry: &DictionaryEntry| entry.kind == EntryKind::Name && entry.forms().count() == 1;
    if is_name && ends_in_consonant(word) && entries.iter().any(has_one_form) {
        of_name.append(&mut inflect_singular(word, language));
    }
    for entry in &entries {
        if has_one_form(entry) {
            // Many names have no forms in the dictionary.
            add_by_rules_alone(word, language, dictionary, &mut out);
        }
        match language {
            InflectedLanguage::Russian => russian::add_parts(entry, dictionary, &mut out),
            // Not the masculine of a feminine: droit is another word than droite.
            InflectedLanguage::French if french::is_feminine(word, entry) => {
                let singular = word.trim_end_matches('s');
                out.0.extend(entry.forms().filter(|form| form.starts_with(singular)));
                continue;
            }
            InflectedLanguage::Ukrainian => {
                let vocative = ukrainian::vocative(&entry.lemma());
                out.0.extend(vocative.into_iter().filter(|form| dictionary.entries(form).is_empty()));
                for degree in ukrainian::degrees(&entry.lemma()) {
                    let known = dictionary.entries(&degree);
                    out.0.extend(known.iter().filter(|known| known.is_lemma).flat_map(|known| known.forms()));
                }
            }
            _ => {}
        }
        out.0.extend(entry.forms());
    }
    Inflected { of_name, ..Inflected::new(out.0, is_certain) }
}

/// The forms of a name that looks like a genitive plural, and like nothing else: Лавров, Волков, Маск.
fn names_like_plurals(word: &str, entries: &[DictionaryEntry], language: InflectedLanguage) -> Vec<String> {
    let is_surname = ends_with_any(word, "ов ев єв");
    let is_plural = |entry: &DictionaryEntry| {
        is_surname && entry.kind == EntryKind::Single
            || !entry.is_lemma && entry.forms().any(|form| form.ends_with("ах") || form.ends_with("ях"))
    };
    let ends_like_one = word.chars().count() > 3 && ends_in_consonant(word);
    if entries.is_empty() || !ends_like_one || !entries.iter().all(is_plural) {
        return Vec::new();
    }
    let surname = match language {
        InflectedLanguage::Russian => russian::SURNAME,
        InflectedLanguage::Ukrainian => ukrainian::SURNAME,
        _ => return Vec::new(),
    };
    if !is_surname {
        return inflect_singular(word, language);
    }
    let mut out = FormList(Vec::new());
    out.push_endings(word, surname);
    out.0
}

fn ends_in_consonant(word: &str) -> bool {
    !ends_with_any(word, "а е и і о у ы э ю я ь й ї є")
}

/// The forms of a name that are those of other words too: Маска, Покровська, Буданова; and those of a name of two
/// letters: Ким Чен Ына.
fn names_like_others(word: &str, language: InflectedLanguage, dictionary: &Dictionary) -> Vec<String> {
    if word.chars().count() == 2 && ends_in_consonant(word) {
        return ["а", "у", "ом", "е"].map(|ending| format!("{word}{ending}")).to_vec();
    }
    let is_like_name = |entry: &DictionaryEntry| {
        entry.kind == EntryKind::Name || entry.forms().any(|form| form.ends_with("ого"))
    };
    let mut forms = inflect_singular(word, language);
    if ends_in_consonant(word) {
        return forms;
    }
    forms.retain(|form| dictionary.entries(form).iter().all(is_like_name));
    forms
}

/// The forms of the regular adjective of a capitalised word that can only be a name, and not of a person.
pub(super) fn place_adjectives(word: &str, language: InflectedLanguage) -> Vec<String> {
    let with_forms = |adjectives: Vec<String>| {
        adjectives.iter().flat_map(|adjective| inflect(adjective, false, language).forms).collect()
    };
    let adjectives = place_adjectives::possible(word, language);
    let Some(dictionary) = dictionary_of(language) else { return with_forms(adjectives) };
    let of_word = dictionary.entries(word);
    let is_only_name = of_word.iter().all(|entry| entry.is_lemma && entry.kind == EntryKind::Name);
    let has_patronymic =
        ["ович", "евич"].iter().any(|end| !dictionary.entries(&format!("{word}{end}")).is_empty());
    if !is_only_name || has_patronymic {
        return Vec::new();
    }
    // Of an unknown name, a known adjective would be another word's.
    let is_free = |adjective: &String| !of_word.is_empty() || dictionary.entries(adjective).is_empty();
    with_forms(adjectives.into_iter().filter(is_free).collect())
}

/// Whether the dictionary of the language has the word.
pub(super) fn is_known(word: &str, language: InflectedLanguage) -> bool {
    dictionary_of(language).is_some_and(|dictionary| !dictionary.entries(word).is_empty())
}

/// Those entries that have the word as their lemma; without any, all that have it as a form. With a capital it is rather
/// a name.
fn meant_by(mut entries: Vec<DictionaryEntry>, is_name: bool) -> Vec<DictionaryEntry> {
    let in_names = |entry: &DictionaryEntry| entry.kind == EntryKind::Name;
    let is_word =
        |entry: &DictionaryEntry| entry.is_lemma && matches!(entry.kind, EntryKind::Word | EntryKind::Name);
    if is_name && entries.iter().any(|entry| entry.is_lemma && in_names(entry)) {
        entries.retain(|entry| entry.is_lemma && in_names(entry));
    } else if is_name {
        entries.retain(|entry| entry.is_lemma || in_names(entry));
    } else if entries.iter().any(is_word) {
        entries.retain(|entry| entry.is_lemma);
    }
    entries
}

/// Whether a Cyrillic word in -а or -я is a genitive, and no plural: the noun has another one.
fn is_genitive(word: &str, entry: &DictionaryEntry) -> bool {
    let Some(stem) = word.strip_suffix(['а', 'я']) else { return false };
    let has = |endings: &[&str]| {
        entry.forms().any(|form| form.strip_prefix(stem).is_some_and(|ending| endings.contains(&ending)))
    };
    has(&["ы", "и", "і", "ї"]) && !has(&["ого", "его", "ього"])
}

/// Compounds of a word that the dictionary knows have its forms. Other words are inflected by rules.
fn add_unknown(word: &str, language: InflectedLanguage, dictionary: &Dictionary, out: &mut FormList) {
    let ends = word.char_indices().skip(2).map(|(at, _)| word.split_at(at));
    for (start, end) in ends.take_while(|(_, end)| end.chars().nth(SHORTEST_END - 1).is_some()) {
        let entries: Vec<_> = dictionary.entries(end).into_iter().filter(|entry| entry.is_lemma).collect();
        if entries.iter().any(|entry| entry.kind == EntryKind::Word) {
            let forms = inflect(end, false, language).forms;
            out.0.extend(forms.iter().map(|form| format!("{start}{form}")));
            return;
        }
    }
    add_by_rules_alone(word, language, dictionary, out);
}

/// Adds the forms that rules make; those that the dictionary knows are of other words.
fn add_by_rules_alone(word: &str, language: InflectedLanguage, dictionary: &Dictionary, out: &mut FormList) {
    let mut made = FormList(Vec::new());
    match language {
        InflectedLanguage::Ukrainian if ukrainian::is_infinitive(word) => {
            add_like_model(word, ukrainian::MODEL_VERBS, dictionary, &mut made);
        }
        _ => add_by_rules(word, language, &mut made),
    }
    // Forms of some names are entries of their own.
    let is_part_of_name =
        |entry: &DictionaryEntry| entry.kind == EntryKind::Name && entry.forms().count() == 1;
    out.0.extend(made.0.into_iter().filter(|form| dictionary.entries(form).iter().all(is_part_of_name)));
}

/// Adds the forms that the word has if it is like the first of the models that has its ending.
fn add_like_model(word: &str, models: &str, dictionary: &Dictionary, out: &mut FormList) {
    let model = pairs(models).find_map(|(model, end)| Some((model, end, word.strip_suffix(end)?)));
    let Some((model, end, stem)) = model else { return };
    let entries = dictionary.entries(model);
    let forms = entries.iter().filter(|entry| entry.is_lemma).flat_map(DictionaryEntry::forms);
    let start = model.strip_suffix(end).unwrap_or(model);
    out.0.extend(forms.filter_map(|form| Some(format!("{stem}{}", form.strip_prefix(start)?))));
}

/// The second half of a compound has at least so many letters.
const SHORTEST_END: usize = 5;

fn add_by_rules(word: &str, language: InflectedLanguage, out: &mut FormList) {
    match language {
        InflectedLanguage::English => english::add_forms(word, out),
        InflectedLanguage::Russian => russian::add_forms(word, out),
        InflectedLanguage::Ukrainian => ukrainian::add_forms(word, out),
        InflectedLanguage::Armenian => armenian::add_forms(word, out),
        InflectedLanguage::French => french::add_forms(word, out),
        InflectedLanguage::German => german::add_forms(word, out),
    }
}

fn dictionary_of(language: InflectedLanguage) -> Option<&'static Dictionary> {
    static RUSSIAN: LazyLock<Option<Dictionary>> =
        LazyLock::new(|| Dictionary::parse(include_bytes!("../dictionaries/russian.forms")));
    static UKRAINIAN: LazyLock<Option<Dictionary>> =
        LazyLock::new(|| Dictionary::parse(include_bytes!("../dictionaries/ukrainian.forms")));
    static FRENCH: LazyLock<Option<Dictionary>> =
        LazyLock::new(|| Dictionary::parse(include_bytes!("../dictionaries/french.forms")));
    match language {
        InflectedLanguage::Russian => RUSSIAN.as_ref(),
        InflectedLanguage::Ukrainian => UKRAINIAN.as_ref(),
        InflectedLanguage::French => FRENCH.as_ref(),
        InflectedLanguage::English | InflectedLanguage::Armenian | InflectedLanguage::German => None,
    }
}

/// The singular forms of a name that has no plural: кубы is a form of куб (cube), not of Куба.
pub(super) fn inflect_singular(word: &str, language: InflectedLanguage) -> Vec<String> {
    let mut out = FormList(vec![word.to_owned()]);
    match language {
        InflectedLanguage::Russian => russian::add_singular_forms(word, &mut out),
        InflectedLanguage::Ukrainian => ukrainian::add_singular_forms(word, &mut out),
        _ => {}
    }
    out.0
}
