//! Parses the text of a feed of any format to a raw feed. Pure.
//!
//! XML is parsed by one lenient pass of our own, well-formed or not, so that the identity of entries does not change on
//! the day a feed breaks. It does not recurse, is bounded by limits, and borrows from the document.

mod doctype;
mod elements;
mod entry;
mod json;
mod json_repair;
mod person;
mod text_construct;
mod tokenizer;
mod update_hints;
mod xml;
mod xml_to_html;

use std::borrow::Cow;

use url::Url;

use super::raw::{MAX_ENTRIES, RawFeed};

/// The text to parse: that of an XML document with the entities that it declares.
pub(super) fn expand_entities(text: &str) -> Cow<'_, str> {
    if is_json(text) { Cow::Borrowed(text) } else { doctype::expand_entities(text) }
}

/// Parses a feed, which has this address.
///
/// # Errors
/// What the text is instead of a feed.
pub(super) fn parse<'a>(text: &'a str, document: Option<&Url>) -> Result<RawFeed<'a>, String> {
    let start = text.trim_start();
    if is_json(start) {
        return json::parse(start);
    }
    xml::parse(text, document).ok_or_else(|| match tokenizer::first_element(text) {
        Some(name) => format!("<{name}>"),
        None if start.starts_with('<') => "markup without an element".to_owned(),
        None => "plain text".to_owned(),
    })
}

/// The repaired text of a JSON document of which [`parse`] could not read everything.
pub(super) fn repair(text: &str, parsed: &Result<RawFeed<'_>, String>) -> Option<String> {
    let is_broken = match parsed {
        Ok(feed) => feed.partial && feed.entries.len() < MAX_ENTRIES,
        Err(_) => true,
    };
    (is_broken && is_json(text)).then(|| json_repair::repair(text.trim_start()))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}
