//! The adjectives that names of places regularly have in Russian, Ukrainian and Armenian. Pure.

use super::InflectedLanguage;
use super::endings::{drop_last, ends_with_any, last_char};

/// Endings of surnames; those of places have their adjectives in the table of families.
const SURNAME_ENDINGS: &str = "ов ев єв їв ів ин ын ін їн ич іч ий ой ко ян дзе швили швілі յան";

/// The adjectives that the name may have, some of which are no words: дагестанский, брюссельский, сирийский.
pub(super) fn possible(name: &str, language: InflectedLanguage) -> Vec<String> {
    if name.chars().count() < 4 || ends_with_any(name, SURNAME_ENDINGS) {
        return Vec::new();
    }
    let (suffix, group) = match language {
        InflectedLanguage::Russian => ("ский", "ск цк"),
        InflectedLanguage::Ukrainian => ("ський", "ськ цьк"),
        InflectedLanguage::Armenian => {
            let stem = name.strip_suffix(['ա', 'ի', 'ո']).unwrap_or(name);
            return vec![format!("{stem}յան"), format!("{stem}ական"), format!("{name}ցի")];
        }
        _ => return Vec::new(),
    };
    if ends_with_any(name, group) {
        return vec![format!("{name}ий")];
    }
    if let Some(stem) = name.strip_suffix("ия") {
        return vec![format!("{stem}ий{suffix}"), format!("{stem}{suffix}")];
    }
    if let Some(stem) = name.strip_suffix("ія") {
        return vec![format!("{stem}ій{suffix}"), format!("{stem}{suffix}")];
    }
    let stem = name.strip_suffix(['а', 'я', 'ь']).unwrap_or(name);
    match last_char(stem) {
        'а' | 'е' | 'є' | 'и' | 'і' | 'ї' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' => Vec::new(),
        'л' => vec![format!("{stem}ь{suffix}")],
        'г' if name.ends_with('а') && language == InflectedLanguage::Russian => {
            vec![format!("{}ж{suffix}", stem.trim_end_matches('г'))]
        }
        // One с of Одесса is that of the suffix.
        'с' if stem.ends_with("сс") => vec![format!("{}{suffix}", drop_last(stem, 1))],
        _ => vec![format!("{stem}{suffix}")],
    }
}
