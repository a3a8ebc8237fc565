//! Text as every format can carry it: allowed characters, single lines, excerpts, addresses. Pure.

use std::borrow::Cow;
use std::fmt::Display;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::text::{TextFor, html_to_text, is_publishable};

/// Characters that a URI may not contain (RFC 3986 section 2), and `%`, which may only begin an escape.
const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Removes what XML 1.0 or some readers do not allow: control characters (C0, C1), noncharacters and the byte order mark.
///
/// NEL, vertical tab and form feed become spaces. The replacement character becomes `?`, because validators take it for
/// a broken encoding.
pub(super) fn without_forbidden_chars(text: &str) -> Cow<'_, str> {
    let is_allowed = |character: char| is_publishable(character) && character != '\u{fffd}';
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let allowed = text.chars().filter_map(|character| match character {
        '\u{85}' | '\u{b}' | '\u{c}' => Some(' '),
        '\u{fffd}' => Some('?'),
        character => is_allowed(character).then_some(character),
    });
    Cow::Owned(allowed.collect())
}

/// Allowed characters only, with each run of white space as one space, and none at the ends.
pub(super) fn one_line(text: &str) -> String {
    without_forbidden_chars(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line for an element that some readers take for text and others for HTML, such as an Atom name or an RSS title.
///
/// If it would have a tag as HTML, its angle brackets become angle quotes, which look similar and are never markup: no escaping
/// survives in all of them.
pub(super) fn unambiguous_line(text: &str) -> String {
    let line = one_line(text);
    if has_tag_start(&line) { line.replace('<', "\u{2039}").replace('>', "\u{203a}") } else { line }
}

/// Whether HTML would read a tag or a comment in a text (HTML 13.2.5.6, tag open state).
pub(super) fn has_tag_start(text: &str) -> bool {
    let begins =
        |pair: &[u8]| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || b"/!?".contains(&pair[1]));
    text.as_bytes().windows(2).any(begins)
}

/// The start of an HTML fragment as plain text, cut between words after at most `max_chars` characters.
pub(super) fn excerpt(html: &str, max_chars: usize) -> String {
    truncate(&one_line(&html_to_text(html, TextFor::Reader)), max_chars)
}

/// Like [`excerpt`], as an HTML fragment; `None` if it contains no text.
pub(super) fn excerpt_html(html: &str, max_chars: usize) -> Option<String> {
    let text = excerpt(html, max_chars);
    (!text.is_empty()).then(|| htmlize::escape_text(&text).into_owned())
}

/// An address with every character that a URI may not contain percent-encoded. Escapes that it has are kept.
pub(super) fn percent_encode(address: &str) -> String {
    let mut pieces = address.trim().split('%');
    let mut out = String::with_capacity(address.len());
    out.extend(utf8_percent_encode(pieces.next().unwrap_or_default(), NOT_IN_URI));
    for piece in pieces {
        let is_escape = piece.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        out.push_str(if is_escape { "%" } else { "%25" });
        out.extend(utf8_percent_encode(piece, NOT_IN_URI));
    }
    out
}

/// The address of a path of the site, without scheme and host, so that it is right for every name by which readers come.
pub(super) fn site_address(public_url: &Url, path: &str) -> String {
    percent_encode(&format!("{}{path}", public_url.path().trim_end_matches('/')))
}

/// The normal form of an address (RFC 3986 section 6.2.2): escapes are in upper case, and only where needed. For ids,
/// which are compared character by character.
pub(super) fn normalized_uri(address: &str) -> String {
    let address = percent_encode(address);
    let mut pieces = address.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Every `%` is followed by two hexadecimal digits now.
        let (hex, rest) = piece.split_at(piece.len().min(2));
        match u8::from_str_radix(hex, 16) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push_str(&hex.to_ascii_uppercase());
            }
        }
        out.push_str(rest);
    }
    out
}

/// "1 entry", "2 entries".
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, singular: &str, plural: &str) -> String {
    let noun = if number == N::from(1) { singular } else { plural };
    format!("{number} {noun}")
}

pub(super) fn truncate(text: &str, max_chars: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return text.to_owned() };
    let start = &text[..end];
    let start = match start.rfind(' ') {
        Some(space) if space > end / 2 => &start[..space],
        _ => start,
    };
    format!("{}\u{2026}", start.trim_end_matches([' ', ',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_forbids_are_removed() {
        assert_eq!(
            without_forbidden_chars("a\0b\u{1}c\u{b}d\u{85}e\u{9f}f\u{fffe}g\u{1ffff}h\u{fffd}\t"),
            "abc d efgh?\t"
        );
    }

    #[test]
    fn text_that_html_would_read_as_markup_is_never_written_as_such() {
        for (text, expected) in [
            ("AT&T, 1 < 2 <3 &lt;b&gt;", "AT&T, 1 < 2 <3 &lt;b&gt;"),
            ("C++ <vector> &amp; co", "C++ \u{2039}vector\u{203a} &amp; co"),
            ("<\u{feff}img src=x>", "\u{2039}img src=x\u{203a}"),
            ("a </b", "a \u{2039}/b"),
            ("a <!--", "a \u{2039}!--"),
            ("a <?x", "a \u{2039}?x"),
        ] {
            assert_eq!(unambiguous_line(text), expected);
        }
    }

    #[test]
    fn an_excerpt_is_plain_text_cut_between_words() {
        assert_eq!(
            excerpt("<p>One<!-- > --> two</p><p>th<b>r</b>ee &amp; four</p>", 60),
            "One two three & four"
        );
        assert_eq!(excerpt("one two three, four five", 16), "one two three\u{2026}");
        assert_eq!(excerpt_html("<img src=x>", 10), None);
        assert_eq!(excerpt_html("a &lt;b&gt;", 10).as_deref(), Some("a &lt;b&gt;"));
    }

    #[test]
    fn an_address_is_percent_encoded_once() {
        assert_eq!(
            percent_encode("https://example.org/\u{e9} [1]|%zz%20"),
            "https://example.org/%C3%A9%20%5B1%5D%7C%25zz%20"
        );
        assert_eq!(
            normalized_uri("https://example.org/%7ebob/%c3%a9%2f%zz\u{e9}"),
            "https://example.org/~bob/%C3%A9%2F%25zz%C3%A9"
        );
    }
}
