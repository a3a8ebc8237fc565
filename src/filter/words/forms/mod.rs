//! The inflected forms of a folded word: rules for regular words, tables for the others. Pure.

mod armenian;
mod endings;
mod english;
mod french;
mod german;
mod russian;
mod russian_verbs;
mod ukrainian;

use endings::FormList;

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

/// The word and all its forms. The rules also make strings that are not real words, so they match nothing.
pub(super) fn inflect(word: &str, language: InflectedLanguage) -> Vec<String> {
    let mut out = FormList(vec![word.to_owned()]);
    match language {
        InflectedLanguage::English => english::add_forms(word, &mut out),
        InflectedLanguage::Russian => russian::add_forms(word, &mut out),
        InflectedLanguage::Ukrainian => ukrainian::add_forms(word, &mut out),
        InflectedLanguage::Armenian => armenian::add_forms(word, &mut out),
        InflectedLanguage::French => french::add_forms(word, &mut out),
        InflectedLanguage::German => german::add_forms(word, &mut out),
    }
    out.0
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

/// Whether the word is in the English tables and not in the German ones. The rules of other languages do
/// not apply to it: French childe is no form of child.
pub(super) fn is_known_english(word: &str) -> bool {
    english::is_known(word) && !german::is_known(word)
}
