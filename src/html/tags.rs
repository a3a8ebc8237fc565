//! The tags of an HTML fragment, as far as they can be told without a tree. Pure.

use memchr::memchr;

/// A tag.
pub(super) struct Tag<'a> {
    /// Lower case as it is asked for; an end tag's begins with a slash.
    pub(super) name: &'a str,
    inside: &'a str,
    /// Where its `<` stands.
    pub(super) start: usize,
    /// Behind its `>`.
    pub(super) end: usize,
}

impl<'a> Tag<'a> {
    /// A whole tag of this name.
    pub(super) fn of(whole: &'a str, name: &'a str) -> Tag<'a> {
        Tag { name, inside: &whole[1 + name.len()..whole.len() - 1], start: 0, end: whole.len() }
    }

    /// An attribute's value between double quotes, as clean HTML writes it.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.inside;
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

/// The tags of these names in clean HTML.
pub(super) fn tags<'a>(html: &'a str, names: &'static [&'static str]) -> impl Iterator<Item = Tag<'a>> {
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
                let length = end_of(&rest.as_bytes()[name.len()..]);
                let inside = &rest[name.len()..name.len() + length];
                at = (start + 2 + name.len() + length).min(html.len());
                return Some(Tag { name, inside, start, end: at });
            }
        }
    })
}

/// Where a tag's `>` stands, outside quotes.
fn end_of(bytes: &[u8]) -> usize {
    let mut quoted = false;
    bytes
        .iter()
        .position(|b| {
            quoted ^= *b == b'"';
            *b == b'>' && !quoted
        })
        .unwrap_or(bytes.len())
}

/// Any HTML without its tags: its text, references resolved.
pub(super) fn without(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        text.push_str(&htmlize::unescape(&rest[..at]));
        let Some(end) = memchr(b'>', &rest.as_bytes()[at..]) else { return text };
        text.push(' ');
        rest = &rest[at + end + 1..];
    }
    text.push_str(&htmlize::unescape(rest));
    text
}
