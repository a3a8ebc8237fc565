//! Text: HTML to plain text, folded words, the language of a text. Pure.

mod html_to_text;
pub mod language;
mod tokens;

pub use html_to_text::{TextFor, html_to_text, html_to_text_start};
pub use tokens::{Tokens, fold, is_spaceless, tokens, tokens_up_to};

/// At most 200 characters of a text, without control characters: for logs, problems and the terminal.
pub(crate) fn log_excerpt(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
