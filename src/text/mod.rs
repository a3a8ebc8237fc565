//! Text: HTML to plain text, folded words, the language of a text. Pure.

mod apostrophes;
mod data_file;
mod html_to_text;
pub mod language;
mod tokens;

pub(crate) use data_file::{WordSet, part as file_part};
pub use html_to_text::{TextFor, html_to_text, html_to_text_start, is_inline};
use tokens::is_common_letter;
pub use tokens::{Tokens, fold, is_folded_word, is_spaceless, tokens, tokens_up_to};

/// Whether published documents may hold a character: XML 1.0 allows it, and it is no control character, noncharacter or
/// byte order mark.
pub(crate) fn is_publishable(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' => false,
        character => u32::from(character) & 0xfffe != 0xfffe,
    }
}

/// At most 200 characters of a text, without control characters: for logs, problems and the terminal.
pub(crate) fn log_excerpt(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The candidate that `name` was probably meant to be, for "did you mean": the one with the smallest edit distance.
pub(crate) fn closest_name<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let max_distance = (name.chars().count() / 3).max(2);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= max_distance && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
