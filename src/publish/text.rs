//! Text made fit for every format: characters, one-line titles, the start of a longer text. Pure.

use std::borrow::Cow;

/// Text with only the characters that XML 1.0 and all readers allow.
///
/// Control characters (C0 and C1), non-characters and the byte order mark go; NEL becomes a space;
/// the replacement character, which validators take for a broken encoding, becomes a question mark.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_fit) {
        return Cow::Borrowed(text);
    }
    let fit = text.chars().filter_map(|character| match character {
        '\u{85}' | '\u{b}' | '\u{c}' => Some(' '),
        '\u{fffd}' => Some('?'),
        character => is_fit(character).then_some(character),
    });
    Cow::Owned(fit.collect())
}

/// Clean text with each run of white space as one space, and none at the ends.
pub(super) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line for a place that has no way to say whether it is plain text, such as a title in RSS.
///
/// Readers differ in what they take such a text for. Where it holds an end tag its angle brackets become
/// angle quotes, which look alike and are markup to nobody.
pub(super) fn inert(text: &str) -> String {
    let line = one_line(text);
    if line.contains("</") { line.replace('<', "\u{2039}").replace('>', "\u{203a}") } else { line }
}

/// The start of an HTML fragment as plain text of at most so many characters, cut between words.
pub(super) fn excerpt(html: &str, characters: usize) -> String {
    cut(&one_line(&plain(html)), characters)
}

/// The start of an HTML fragment as an HTML fragment without markup; `None` if no text is in it.
pub(super) fn excerpt_html(html: &str, characters: usize) -> Option<String> {
    let text = excerpt(html, characters);
    (!text.is_empty()).then(|| htmlize::escape_text(&text).into_owned())
}

/// An address with every character that no URI may hold percent-encoded (RFC 3986 section 2).
pub(super) fn uri(address: &str) -> String {
    let bytes = address.trim().as_bytes();
    let mut out = String::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().copied().enumerate() {
        let is_escape =
            || bytes.get(index + 1..index + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let may_stand = match byte {
            b'%' => is_escape(),
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte),
        };
        if may_stand {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The one spelling of an address (RFC 3986 section 6.2.2): an escape stands in capitals, and only for what
/// could not stand as it is. For ids, which are compared letter by letter.
pub(super) fn canonical(address: &str) -> String {
    let address = uri(address);
    let mut pieces = address.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Two hexadecimal digits follow each percent sign of an address.
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

fn is_fit(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffd}' => false,
        '\u{fdd0}'..='\u{fdef}' => false,
        character => u32::from(character) & 0xfffe != 0xfffe,
    }
}

/// An HTML fragment without its tags and comments, its character references resolved.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&htmlize::unescape(&rest[..at]));
        let (end, length) = if rest[at..].starts_with("<!--") { ("-->", 3) } else { (">", 1) };
        let Some(close) = rest[at..].find(end) else { return out };
        let tag = &rest[at..at + close];
        rest = &rest[at + close + length..];
        if !is_inline(tag) {
            out.push(' ');
        }
    }
    out.push_str(&htmlize::unescape(rest));
    out
}

/// Whether a tag stands within a line, so that no space belongs in its place.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let name = name.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    const INLINE: [&str; 16] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "i", "mark", "s", "small", "span", "strong",
        "sub", "sup",
    ];
    INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name))
}

fn cut(text: &str, characters: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters) else { return text.to_owned() };
    let head = &text[..end];
    let head = match head.rfind(' ') {
        Some(space) if space > end / 2 => &head[..space],
        _ => head,
    };
    format!("{}\u{2026}", head.trim_end_matches([' ', ',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_forbids_are_gone() {
        assert_eq!(clean("a\0b\u{1}c\u{b}d\u{85}e\u{9f}f\u{fffe}g\u{1ffff}h\u{fffd}\t"), "abc d efgh?\t");
    }

    #[test]
    fn an_excerpt_is_text_cut_between_words() {
        assert_eq!(
            excerpt("<p>One<!-- > --> two</p><p>th<b>r</b>ee &amp; four</p>", 60),
            "One two three & four"
        );
        assert_eq!(excerpt("one two three, four five", 16), "one two three\u{2026}");
        assert_eq!(excerpt_html("<img src=x>", 10), None);
        assert_eq!(excerpt_html("a &lt;b&gt;", 10).as_deref(), Some("a &lt;b&gt;"));
    }

    #[test]
    fn an_address_has_only_characters_of_a_uri() {
        assert_eq!(
            uri("https://example.org/\u{e9} [1]|%zz%20"),
            "https://example.org/%C3%A9%20%5B1%5D%7C%25zz%20"
        );
        assert_eq!(
            canonical("https://example.org/%7ebob/%c3%a9%2f%zz\u{e9}"),
            "https://example.org/~bob/%C3%A9%2F%25zz%C3%A9"
        );
    }
}
