//! Texts of each kind as one line of plain text, or as HTML, with only the characters that XML allows. Pure.

use std::borrow::Cow;

use memchr::memmem;

use crate::feed::limits::cut_line;
use crate::feed::markup::{between_tags, has_tags, is_unknown_tag, with_escaped_words};
use crate::feed::raw::{RawText, TextKind};
use crate::feed::references::{has_reference, join_surrogates};
use crate::text::{TextFor, html_to_text, is_publishable};

/// A text as plain text on one line, such as a title. `None` if nothing is left.
pub(super) fn line(raw: RawText<'_>) -> Option<String> {
    let text = raw.text;
    if raw.kind == TextKind::Text || !text.contains(['<', '&']) {
        return text_line(&text);
    }
    let source = without_sections(&text);
    let mut line = match raw.kind {
        TextKind::Html => html_to_text(&join_surrogates(&source), TextFor::Title).into_owned(),
        _ => resolved(&source),
    };
    // Many feeds escape twice.
    if raw.kind == TextKind::Unstated && source.contains('&') {
        line = resolved(&line);
    }
    let line = text_line(&line)?;
    // The kind of HTML is known: what looks like a tag now was escaped.
    let is_clear = raw.kind == TextKind::Html || line == one_line(&text);
    Some(if is_clear { cut_line(&line).to_owned() } else { cut_line(&without_new_tags(&line)).to_owned() })
}

/// A text as plain text that keeps its line breaks, and one blank line between paragraphs. Those of HTML mean nothing.
pub(super) fn lines(raw: RawText<'_>) -> Option<String> {
    if !raw.text.contains('\n') || (raw.kind != TextKind::Text && has_tags(&raw.text)) {
        return line(raw);
    }
    let line_of =
        |text: &str| line(RawText { text: text.to_owned().into(), ..raw.clone() }).unwrap_or_default();
    let mut lines: Vec<String> = raw.text.lines().map(line_of).collect();
    lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
    let text = lines.join("\n").trim_matches('\n').to_owned();
    (!text.is_empty()).then_some(text)
}

/// A text that may have tags, without them and with character references resolved.
fn resolved(text: &str) -> String {
    let parts = between_tags(text).into_iter();
    let parts = parts.map(|(separates, part)| (if separates { " " } else { "" }, join_surrogates(part)));
    parts.flat_map(|(space, part)| [space.into(), htmlize::unescape(part)]).collect()
}

/// A text as HTML, not sanitized yet; `None` if it is blank.
pub(super) fn html(raw: RawText<'_>) -> Option<String> {
    let text = printable(raw.text);
    if text.trim().is_empty() {
        return None;
    }
    let is_wrapped = raw.kind != TextKind::Text && text.trim_start().starts_with("<![CDATA[");
    let text = if is_wrapped { without_sections(&text).into_owned().into() } else { text };
    Some(match raw.kind {
        TextKind::Text => paragraphs(&text),
        TextKind::Unstated if has_tags(&text) => join_surrogates(&with_escaped_words(&text)).into_owned(),
        // Without a tag, what looks like one is text.
        TextKind::Unstated if has_reference(&text) => join_surrogates(&text).replace('<', "&lt;"),
        TextKind::Unstated => paragraphs(&text),
        TextKind::Html => join_surrogates(&text).into_owned(),
    })
}

/// A text as the document has it; empty if it is blank.
pub(super) fn as_stated<'a>(raw: &'a RawText<'_>) -> Cow<'a, str> {
    let text = printable(raw.markup.map_or(Cow::Borrowed(&*raw.text), without_sections));
    if text.trim().is_empty() { Cow::Borrowed("") } else { text }
}

/// Plain text as HTML: blank lines part its paragraphs, other line breaks stay.
fn paragraphs(text: &str) -> String {
    let escaped = htmlize::escape_text(text);
    if !escaped.trim().contains(['\n', '\r']) {
        return escaped.into_owned();
    }
    let mut html = String::with_capacity(escaped.len() + 64);
    let mut is_open = false;
    for line in escaped.replace("\r\n", "\n").split(['\n', '\r']).map(str::trim) {
        match (line.is_empty(), is_open) {
            (true, true) => html.push_str("</p>"),
            (true, false) => continue,
            (false, true) => html.extend(["<br>", line]),
            (false, false) => html.extend(["<p>", line]),
        }
        is_open = !line.is_empty();
    }
    if is_open {
        html.push_str("</p>");
    }
    html
}

/// Text that is plain by its format, on one line. `None` if it is blank.
pub(super) fn text_line(raw: &str) -> Option<String> {
    let line = one_line(&printable(raw.into()));
    (!line.is_empty()).then_some(line)
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Keeps `<` apart from the name of an HTML element: a removed tag or character may have joined the two, and the second
/// of two escapings was perhaps meant to be read.
fn without_new_tags(line: &str) -> String {
    let mut pieces = line.split('<');
    let mut kept = String::with_capacity(line.len());
    kept.push_str(pieces.next().unwrap_or_default());
    for rest in pieces {
        kept.push('<');
        let begins = rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let end = rest.find('>').unwrap_or(rest.len());
        if begins && !is_unknown_tag(&rest[..end]) {
            kept.push(' ');
        }
        kept.push_str(rest);
    }
    kept
}

/// Removes the markers of CDATA sections that were escaped and are now part of the text.
fn without_sections(text: &str) -> Cow<'_, str> {
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
