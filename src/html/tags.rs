//! Finds tags in HTML fragments without parsing them into a tree. Pure.

use memchr::memchr;

/// A tag of sanitized HTML.
pub(super) struct Tag<'a> {
    /// The name that was searched for; that of an end tag begins with a slash.
    pub(super) name: &'a str,
    attributes: &'a str,
    /// The position of its `<`.
    pub(super) start: usize,
    /// The position after its `>`.
    pub(super) end: usize,
}

impl<'a> Tag<'a> {
    /// Reads a string that is one tag of this name.
    pub(super) fn new(tag: &'a str, name: &'a str) -> Tag<'a> {
        Tag { name, attributes: &tag[1 + name.len()..tag.len() - 1], start: 0, end: tag.len() }
    }

    /// The raw value of an attribute. Sanitized HTML always has double quotes.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            let (before, after) = rest.split_once("=\"")?;
            let (value, after) = after.split_once('"')?;
            if before.trim() == name {
                return Some(value);
            }
            rest = after;
        }
    }
}

/// Finds the tags with these names in sanitized HTML.
pub(super) fn find_tags<'a>(html: &'a str, names: &'static [&'static str]) -> impl Iterator<Item = Tag<'a>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr(b'<', &html.as_bytes()[at..])?;
            at = start + 1;
            let rest = &html[start + 1..];
            let ends = |b: Option<&u8>| b.is_none_or(|b| b.is_ascii_whitespace() || *b == b'>');
            let named =
                names.iter().find(|name| rest.starts_with(**name) && ends(rest.as_bytes().get(name.len())));
            if let Some(name) = named {
                let length = tag_end(&rest.as_bytes()[name.len()..]);
                let attributes = &rest[name.len()..name.len() + length];
                at = (start + 2 + name.len() + length).min(html.len());
                return Some(Tag { name, attributes, start, end: at });
            }
        }
    })
}

/// The position of a tag's `>`, outside quotes.
fn tag_end(bytes: &[u8]) -> usize {
    let mut quoted = false;
    bytes
        .iter()
        .position(|b| {
            quoted ^= *b == b'"';
            *b == b'>' && !quoted
        })
        .unwrap_or(bytes.len())
}
