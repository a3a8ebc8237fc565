//! Writes text and attribute values as HTML serialization does (13.3, "escaping a string"). Pure.

use std::ops::Range;

use super::cow_buffer::CowBuffer;

/// A no-break space in UTF-8, which is serialized as `&nbsp;`.
pub(super) const NO_BREAK_SPACE: [u8; 2] = [0xc2, 0xa0];

/// Digits of a numeric character reference. No character needs more.
const MAX_DIGITS: usize = 7;

/// Where a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TextContext {
    Text,
    /// In double quotes.
    AttributeValue,
}

/// Writes a range of the HTML as it is serialized after parsing. `None` where its meaning is not certain.
pub(super) fn normalize(
    output: &mut CowBuffer<'_>,
    html: &str,
    range: Range<usize>,
    context: TextContext,
) -> Option<()> {
    let bytes = html.as_bytes();
    let mut at = range.start;
    while at < range.end {
        at = match bytes[at] {
            0 => return None,
            // CRLF is one line break (13.2.3.5).
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {
                output.replace(at..at + 1, "");
                at + 2
            }
            b'\r' => return None,
            b'&' => write_reference(output, html, at, context)?,
            byte if byte == NO_BREAK_SPACE[0] && bytes.get(at + 1) == Some(&NO_BREAK_SPACE[1]) => {
                output.replace(at..at + 2, "&nbsp;");
                at + 2
            }
            byte @ (b'<' | b'>' | b'"') => {
                if let Some(escape) = escape(byte.into(), context) {
                    output.replace(at..at + 1, escape);
                }
                at + 1
            }
            _ => at + 1,
        };
    }
    Some(())
}

/// The escape of a character, if it has one.
fn escape(character: char, context: TextContext) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' if context == TextContext::AttributeValue => Some("&quot;"),
        '\u{a0}' => Some("&nbsp;"),
        _ => None,
    }
}

/// Handles a character reference, or an `&` that is none (13.2.5.72 and later); returns the position after it.
fn write_reference(output: &mut CowBuffer<'_>, html: &str, at: usize, context: TextContext) -> Option<usize> {
    let rest = &html[at + 1..];
    let length = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (name, next) = (&rest[..length], rest.as_bytes().get(length));
    match (name, next) {
        ("", Some(b'#')) => return write_numeric_reference(output, html, at, context),
        ("amp" | "lt" | "gt" | "nbsp", Some(b';')) => return Some(at + length + 2),
        ("quot", Some(b';')) if context == TextContext::AttributeValue => return Some(at + length + 2),
        (_, Some(b';')) => {
            let end = at + length + 2;
            let text = htmlize::unescape(&html[at..end]);
            // The reference is unknown, or only a prefix of it is known.
            if text.ends_with(';') {
                return None;
            }
            replace(output, at..end, &text, context);
            return Some(end);
        }
        // In the query of a URL.
        (_, Some(b'=')) if context == TextContext::AttributeValue => {}
        _ if htmlize::unescape(&html[at..at + 1 + length]).len() == 1 + length => {}
        _ => return None,
    }
    output.replace(at..at + 1, "&amp;");
    Some(at + 1 + length)
}

fn write_numeric_reference(
    output: &mut CowBuffer<'_>,
    html: &str,
    at: usize,
    context: TextContext,
) -> Option<usize> {
    let rest = &html[at + 2..];
    let (digits, radix, prefix) = match rest.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (rest, 10, 2),
    };
    let length = digits.bytes().take(MAX_DIGITS + 1).position(|b| !char::from(b).is_digit(radix))?;
    if digits.as_bytes()[length] != b';' {
        return None;
    }
    let character = u32::from_str_radix(&digits[..length], radix).ok().and_then(char::from_u32)?;
    // Other control characters are mapped by windows-1252.
    if character.is_control() && !matches!(character, '\t' | '\n') {
        return None;
    }
    let end = at + prefix + length + 1;
    replace(output, at..end, character.encode_utf8(&mut [0; 4]), context);
    Some(end)
}

/// Replaces a reference with the text it stands for.
fn replace(output: &mut CowBuffer<'_>, range: Range<usize>, with: &str, context: TextContext) {
    let mut written = range.clone();
    for (at, character) in with.char_indices() {
        output.replace(written, escape(character, context).unwrap_or(&with[at..at + character.len_utf8()]));
        written = range.end..range.end;
    }
}
