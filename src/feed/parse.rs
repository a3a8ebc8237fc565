//! Text to a raw feed: XML of any flavour and in any state, or JSON Feed. Pure.
//!
//! One pass of our own, always the same one, reads sound and broken documents alike, so that identity
//! does not change on the day a feed breaks. It calls nothing that calls itself, takes no more of
//! anything than the limits here, and borrows from the document.

mod entry;
mod json;
mod json_repair;
mod names;
pub(super) mod raw;
mod tokens;
mod update_hints;
mod xml;

use raw::RawFeed;

/// Entries of one document; more are passed over, and that is said.
pub(super) const MOST_ENTRIES: usize = 5000;

/// Media, links, authors or categories of one entry; more are passed over, and that is said.
pub(super) const MOST_OF_A_KIND: usize = 200;

/// What is to be read instead of a text of which [`feed`] could not read all: JSON, mended.
pub(super) fn mended(text: &str, read: &Result<RawFeed<'_>, String>) -> Option<String> {
    let broken = match read {
        Ok(feed) => feed.partial && feed.entries.len() < MOST_ENTRIES,
        Err(_) => true,
    };
    (broken && is_json(text)).then(|| json_repair::json(text.trim_start()))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Parses a feed of any format.
///
/// # Errors
/// Why it is none, in words in which the sender's own are few.
pub(super) fn feed(text: &str) -> Result<RawFeed<'_>, String> {
    let start = text.trim_start();
    if is_json(start) {
        return json::feed(start);
    }
    xml::feed(text).ok_or_else(|| match tokens::first_element(text) {
        Some(name) => format!("<{name}>"),
        None if start.starts_with('<') => "markup without an element".to_owned(),
        None => "plain text".to_owned(),
    })
}
