//! Titles and names as plain text on one line, and texts with only the characters that XML allows. Pure.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::text::{TextFor, html_to_text};

/// Plain text on one line: markup gone, character references resolved (twice: many feeds escape twice). `None` if
/// nothing is left.
pub(super) fn plain_line(raw: &str) -> Option<String> {
    let raw = without_sections(raw);
    let once = html_to_text(&raw, TextFor::Title);
    let text = if memchr(b'&', raw.as_bytes()).is_some() {
        Cow::Owned(html_to_text(&once, TextFor::Title).into_owned())
    } else {
        once
    };
    let text = printable(text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// Removes the markers of CDATA sections that were escaped and are now part of the text.
pub(super) fn without_sections(text: &str) -> Cow<'_, str> {
    if memmem::find(text.as_bytes(), b"<![CDATA[").is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("<![CDATA[", "").replace("]]>", ""))
}

/// Without the characters that XML does not allow (XML 1.0 section 2.2), and the C1 controls.
pub(super) fn printable(text: Cow<'_, str>) -> Cow<'_, str> {
    // Fast path: most texts have no byte with which such a character begins. Blocks are tested without early exit, so that
    // the compiler vectorizes the test.
    let is_suspect =
        |b: &u8| (*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || matches!(b, 0x7f | 0xc2 | 0xef);
    let has_suspect =
        text.as_bytes().chunks(256).any(|block| block.iter().fold(false, |any, b| any | is_suspect(b)));
    let is_unprintable = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if has_suspect && text.contains(is_unprintable) {
        Cow::Owned(text.replace(is_unprintable, ""))
    } else {
        text
    }
}

/// Whether a text declared as plain is HTML: many feeds declare all their texts as plain.
pub(super) fn contains_html(text: &str) -> bool {
    const TAGS: [&str; 8] = ["</", "<p>", "<br", "<a ", "<img ", "<p ", "<div", "<span"];
    memchr(b'<', text.as_bytes()).is_some_and(|at| TAGS.iter().any(|tag| text[at..].contains(tag)))
}
