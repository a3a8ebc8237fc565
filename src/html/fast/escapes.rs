//! Text and values as clean HTML writes them (13.3, "escaping a string"). Pure.

use std::ops::Range;

use super::cow_buffer::CowBuffer;

/// What is written as a reference, in UTF-8.
pub(super) const NO_BREAK_SPACE: [u8; 2] = [0xc2, 0xa0];

/// Digits of a reference's number: no character has more.
const MOST_DIGITS: usize = 7;

/// Where a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// Between double quotes.
    Value,
}

/// Writes a part of the HTML as it would be written; none where it is not certain how it is read.
pub(super) fn settle(draft: &mut CowBuffer<'_>, html: &str, part: Range<usize>, place: Place) -> Option<()> {
    let bytes = html.as_bytes();
    let mut at = part.start;
    while at < part.end {
        at = match bytes[at] {
            0 => return None,
            // The two are one line break (13.2.3.5).
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {
                draft.replace(at..at + 1, "");
                at + 2
            }
            b'\r' => return None,
            b'&' => reference(draft, html, at, place)?,
            _ if bytes[at..].starts_with(&NO_BREAK_SPACE) => {
                draft.replace(at..at + 2, "&nbsp;");
                at + 2
            }
            byte => {
                if let Some(escape) = escape(byte.into(), place).filter(|_| byte.is_ascii()) {
                    draft.replace(at..at + 1, escape);
                }
                at + 1
            }
        };
    }
    Some(())
}

/// How a character is written, if not as itself.
fn escape(sign: char, place: Place) -> Option<&'static str> {
    match sign {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' if place == Place::Value => Some("&quot;"),
        '\u{a0}' => Some("&nbsp;"),
        _ => None,
    }
}

/// A reference, or an `&` that is none (13.2.5.72 and on); goes on behind it.
fn reference(draft: &mut CowBuffer<'_>, html: &str, at: usize, place: Place) -> Option<usize> {
    let rest = &html[at + 1..];
    let length = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (name, behind) = (&rest[..length], rest.as_bytes().get(length));
    match (name, behind) {
        ("", Some(b'#')) => return number(draft, html, at, place),
        ("amp" | "lt" | "gt" | "nbsp", Some(b';')) => return Some(at + length + 2),
        ("quot", Some(b';')) if place == Place::Value => return Some(at + length + 2),
        (_, Some(b';')) => {
            let end = at + length + 2;
            let meant = htmlize::unescape(&html[at..end]);
            // One that ends so was not known, or not as a whole.
            if meant.ends_with(';') {
                return None;
            }
            replace(draft, at..end, &meant, place);
            return Some(end);
        }
        // In the query of an address.
        (_, Some(b'=')) if place == Place::Value => {}
        _ if htmlize::unescape(&html[at..at + 1 + length]).len() == 1 + length => {}
        _ => return None,
    }
    draft.replace(at..at + 1, "&amp;");
    Some(at + 1 + length)
}

fn number(draft: &mut CowBuffer<'_>, html: &str, at: usize, place: Place) -> Option<usize> {
    let rest = &html[at + 2..];
    let (digits, radix, prefix) = match rest.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (rest, 10, 2),
    };
    let length = digits.bytes().take(MOST_DIGITS + 1).position(|b| !char::from(b).is_digit(radix))?;
    if digits.as_bytes()[length] != b';' {
        return None;
    }
    let sign = u32::from_str_radix(&digits[..length], radix).ok().and_then(char::from_u32)?;
    // Of the others, some mean what they do in windows-1252.
    if sign.is_control() && !matches!(sign, '\t' | '\n') {
        return None;
    }
    let end = at + prefix + length + 1;
    replace(draft, at..end, sign.encode_utf8(&mut [0; 4]), place);
    Some(end)
}

/// Writes what a reference means in its place.
fn replace(draft: &mut CowBuffer<'_>, part: Range<usize>, with: &str, place: Place) {
    let mut written = part.clone();
    for (at, sign) in with.char_indices() {
        draft.replace(written, escape(sign, place).unwrap_or(&with[at..at + sign.len_utf8()]));
        written = part.end..part.end;
    }
}
