//! Titles and names as plain text on one line, and texts with only the characters that XML allows. Pure.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::feed::limits::cut_line;
use crate::text::{TextFor, html_to_text, is_publishable};

/// Text that may be HTML as plain text on one line: markup gone, character references resolved (twice: many feeds
/// escape twice). `None` if nothing is left.
pub(super) fn plain_line(raw: &str) -> Option<String> {
    let text = without_sections(raw);
    let once = html_to_text(&text, TextFor::Title);
    let twice =
        memchr(b'&', text.as_bytes()).is_some().then(|| html_to_text(&once, TextFor::Title).into_owned());
    let line = text_line(twice.as_deref().unwrap_or(&once))?;
    Some(if line == one_line(raw) { line } else { cut_line(&without_new_tags(line)).to_owned() })
}

/// Text that is plain by its format, on one line. `None` if it is blank.
pub(super) fn text_line(raw: &str) -> Option<String> {
    let line = one_line(&printable(raw.into()));
    (!line.is_empty()).then_some(line)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Keeps `<` apart from what would make it a tag. A removed tag or character may have joined the two, and the second
/// of two escapings was perhaps meant to be read.
fn without_new_tags(line: String) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut pieces = line.split_inclusive('<').peekable();
    while let Some(piece) = pieces.next() {
        kept.push_str(piece);
        let next = pieces.peek().and_then(|next| next.chars().next());
        if next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
            && piece.ends_with('<')
        {
            kept.push(' ');
        }
    }
    kept
}

/// Removes the markers of CDATA sections that were escaped and are now part of the text.
pub(super) fn without_sections(text: &str) -> Cow<'_, str> {
    if memmem::find(text.as_bytes(), b"<![CDATA[").is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("<![CDATA[", "").replace("]]>", ""))
}

/// Without the characters that cannot be published. They go here: later they would join a `<` with a name.
pub(super) fn printable(text: Cow<'_, str>) -> Cow<'_, str> {
    // Fast path: most texts have no byte with which such a character begins. Blocks are tested without early exit, so that
    // the compiler vectorizes the test.
    let is_suspect =
        |b: &u8| (*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || matches!(b, 0x7f | 0xc2 | 0xef..);
    let has_suspect =
        text.as_bytes().chunks(256).any(|block| block.iter().fold(false, |any, b| any | is_suspect(b)));
    let is_unpublishable = |c: char| !is_publishable(c);
    if has_suspect && text.contains(is_unpublishable) {
        Cow::Owned(text.replace(is_unpublishable, ""))
    } else {
        text
    }
}

/// Whether a text declared as plain is HTML: many feeds declare all their texts as plain.
pub(super) fn contains_html(text: &str) -> bool {
    const TAGS: [&str; 8] = ["</", "<p>", "<br", "<a ", "<img ", "<p ", "<div", "<span"];
    memchr(b'<', text.as_bytes()).is_some_and(|at| TAGS.iter().any(|tag| text[at..].contains(tag)))
}
