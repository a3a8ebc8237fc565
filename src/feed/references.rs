//! Character references in XML and HTML. Pure.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

/// Bytes of the longest character reference, without its `&`: HTML's longest name has 31 letters.
const MAX_REFERENCE_BYTES: usize = 33;

/// Resolves HTML's character references, but only those with a semicolon, so that `&` in addresses stays.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        let (character, length) = resolve_reference(rest);
        plain.push_str(&character);
        rest = &rest[length..];
        let next = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        plain.push_str(&rest[..next]);
        rest = &rest[next..];
        if rest.is_empty() {
            return Cow::Owned(plain);
        }
    }
}

/// Resolves the character reference at the start of a text and gives its length. A bare `&` stays.
fn resolve_reference(text: &str) -> (Cow<'_, str>, usize) {
    let after = &text[1..];
    // Fast path: the most frequent ones.
    let common = match after.as_bytes() {
        [b'l', b't', b';', ..] => Some(("<", 4)),
        [b'g', b't', b';', ..] => Some((">", 4)),
        [b'a', b'm', b'p', b';', ..] => Some(("&", 5)),
        [b'q', b'u', b'o', b't', b';', ..] => Some(("\"", 6)),
        [b'a', b'p', b'o', b's', b';', ..] => Some(("'", 6)),
        [b'n', b'b', b's', b'p', b';', ..] => Some(("\u{a0}", 6)),
        _ => None,
    };
    if let Some((character, length)) = common {
        return (Cow::Borrowed(character), length);
    }
    if let Some((character, length)) = surrogate_pair(text) {
        return (character.to_string().into(), length);
    }
    let start = &after.as_bytes()[..after.len().min(MAX_REFERENCE_BYTES)];
    let Some(end) = memchr(b';', start).filter(|end| {
        start[..*end].iter().enumerate().all(|(i, b)| b.is_ascii_alphanumeric() || (i == 0 && *b == b'#'))
    }) else {
        return (Cow::Borrowed("&"), 1);
    };
    (htmlize::unescape(&text[..end + 2]), end + 2)
}

/// Whether a text has a reference that [`unescape`] resolves.
pub(super) fn has_reference(text: &str) -> bool {
    memchr_iter(b'&', text.as_bytes()).any(|at| {
        let (character, length) = resolve_reference(&text[at..]);
        character != text[at..at + length]
    })
}

/// Joins two references that stand for the halves of one character in UTF-16. XML and HTML do not allow them, but some
/// programs write them.
pub(super) fn join_surrogates(text: &str) -> Cow<'_, str> {
    let mut joined = String::new();
    let mut copied = 0;
    for at in memchr_iter(b'&', text.as_bytes()) {
        if let Some((character, length)) = surrogate_pair(&text[at..]) {
            joined.push_str(&text[copied..at]);
            joined.push(character);
            copied = at + length;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    joined.push_str(&text[copied..]);
    Cow::Owned(joined)
}

/// The character of two such references at the start of a text, and their length.
fn surrogate_pair(text: &str) -> Option<(char, usize)> {
    let (high, length) = utf16_reference(text)?;
    let (low, more) = utf16_reference(&text[length..])?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    (character > '\u{ffff}').then_some((character, length + more))
}

/// A numeric reference to half a character at the start of a text, and its length.
fn utf16_reference(text: &str) -> Option<(u16, usize)> {
    let number = text.strip_prefix("&#")?;
    let number = &number[..memchr(b';', &number.as_bytes()[..number.len().min(MAX_REFERENCE_BYTES)])?];
    let unit = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => number.parse(),
    };
    unit.ok().filter(|unit| (0xd800..0xe000).contains(unit)).map(|unit| (unit, number.len() + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_of_a_character_are_joined() {
        for (text, joined) in [
            ("a &#55356;&#57118; b", "a \u{1f31e} b"),
            ("&#xD83D;&#xde42;&#XD83D;&#x0DE42;", "\u{1f642}\u{1f642}"),
            ("&#x1F680; &amp;#55356;", "&#x1F680; &amp;#55356;"),
            ("&#55356; &#57118;", "&#55356; &#57118;"),
            ("&#57118;&#55356;", "&#57118;&#55356;"),
            ("&#55356;&#55356;&#57118;", "&#55356;\u{1f31e}"),
            ("&#55356;", "&#55356;"),
            ("&#55356;&#1;&#+55356;\u{e9}&#x\u{e9};", "&#55356;&#1;&#+55356;\u{e9}&#x\u{e9};"),
        ] {
            assert_eq!(join_surrogates(text), joined);
        }
        assert_eq!(unescape("&#55356;&#57118; &#55356;"), "\u{1f31e} \u{fffd}");
    }
}
