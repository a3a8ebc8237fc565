//! Decodes the bytes of a document to text and removes the XML declaration. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memmem;

/// Maximum bytes given to the encoding detector, from the first non-ASCII byte on. It is slow, and more bytes do not
/// improve its answer.
const MAX_DETECTION_BYTES: usize = 65_536;

const MAX_DECLARATION_BYTES: usize = 1024;

/// Characters of an encoding's name in a problem.
const MAX_LABEL_CHARS: usize = 40;

/// A decoded document.
pub struct DecodedText<'a> {
    /// Without byte order mark and XML declaration.
    pub text: Cow<'a, str>,
    /// The encoding's name in the WHATWG Encoding Standard, or "UTF-32BE" or "UTF-32LE".
    pub encoding: &'static str,
    /// How certain that encoding is.
    pub certainty: Certainty,
    /// The lines of its declaration.
    pub lines_before: usize,
    /// What is wrong with the document's bytes, as a message.
    pub problem: Option<String>,
}

/// How certain an encoding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// All bytes are ASCII: the encoding does not matter.
    Irrelevant,
    /// The bytes show it: a byte order mark, or UTF-8 with some characters beyond ASCII.
    Shown,
    /// Somebody says so, or it is guessed.
    Assumed,
}

/// Decodes a document.
///
/// Encoding precedence: BOM; UTF-16/32 byte pattern; valid UTF-8 with at least two non-ASCII characters, or whose only
/// competitor is windows-1252; almost valid UTF-8; HTTP charset; XML declaration; chardetng. Servers add ISO-8859-1
/// to everything, so that charset (windows-1252 in the WHATWG standard) counts only without an XML declaration.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> DecodedText<'a> {
    if let Some((read_unit, name)) = utf32(body) {
        let text: String = body
            .chunks_exact(4)
            .map(|unit| char::from_u32(read_unit(unit)).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let (lines_before, text) = without_declaration(text.trim_start_matches('\u{feff}'));
        let text = Cow::Owned(text.to_owned());
        return DecodedText {
            text,
            encoding: name,
            certainty: Certainty::Shown,
            lines_before,
            problem: None,
        };
    }
    let (body, named, has_bom) = match body.strip_prefix(b"\xef\xbb\xbf") {
        Some(body) => (body, None, true),
        None => (body, named_encoding(body, content_type), false),
    };
    let pattern = utf16_pattern(body).filter(|_| !has_bom);
    let unknown = unknown_label(body, content_type).filter(|_| pattern.is_none());
    // Fast path: most documents are UTF-8 and are borrowed as they are.
    if pattern.is_none()
        && let Ok(text) = simdutf8::basic::from_utf8(body)
        && named.is_none_or(|named| prefer_utf8(body, named))
    {
        let certainty = if body.is_ascii() { Certainty::Irrelevant } else { Certainty::Shown };
        let (lines_before, text) = without_declaration(text);
        let problem = unknown.map(|label| format!("{}UTF-8", unknown_encoding(label)));
        return DecodedText { text: text.into(), encoding: UTF_8.name(), certainty, lines_before, problem };
    }
    let joined = with_joined_surrogates(body);
    let says_utf8 = says_utf8(body, content_type);
    let (encoding, certainty) = match pattern {
        Some(encoding) => (encoding, Certainty::Shown),
        None if has_bom || is_almost_utf8(&joined, named, says_utf8) => (UTF_8, Certainty::Shown),
        None => (named.unwrap_or_else(|| detect_encoding(body)), Certainty::Assumed),
    };
    let decoded = if encoding == UTF_8 { &joined } else { body };
    let (text, is_damaged) = encoding.decode_with_bom_removal(decoded);
    let name = encoding.name();
    let problem = match (certainty, unknown) {
        (_, Some(label)) => {
            let damage = if is_damaged { ", and some characters are damaged" } else { "" };
            Some(format!("{}{name}{damage}", unknown_encoding(label)))
        }
        _ if is_damaged => Some(format!("the document is {name}, but some characters are damaged")),
        (Certainty::Assumed, _) if says_utf8 => {
            Some(format!("the document says UTF-8, but is read as {name}"))
        }
        _ => None,
    };
    let (lines_before, text) = without_declaration(&text);
    let text = Cow::Owned(text.to_owned());
    DecodedText { text, encoding: name, certainty, lines_before, problem }
}

/// Reads one UTF-32 code unit from four bytes.
type ReadUnit = fn(&[u8]) -> u32;

/// UTF-32 by its BOM or by the byte pattern of its first character; encoding_rs does not support it.
fn utf32(body: &[u8]) -> Option<(ReadUnit, &'static str)> {
    match body {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<' | b'{', ..] => Some((big_endian, "UTF-32BE")),
        [0xff, 0xfe, 0, 0, ..] | [b'<' | b'{', 0, 0, 0, ..] => Some((little_endian, "UTF-32LE")),
        _ => None,
    }
}

fn big_endian(unit: &[u8]) -> u32 {
    unit.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little_endian(unit: &[u8]) -> u32 {
    big_endian(unit).swap_bytes()
}

/// UTF-16 by its BOM or by the byte pattern of its first character.
fn utf16_pattern(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0xfe, 0xff, ..] | [0, b'<' | b'{', ..] => Some(UTF_16BE),
        [0xff, 0xfe, ..] | [b'<' | b'{', 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// The named encoding, if it is not UTF-8 and is plausible.
fn named_encoding(body: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    // UTF-8 is tried first, UTF-16 has a recognisable byte pattern, and "replacement" decodes to nothing.
    let is_possible =
        |encoding: &&'static Encoding| ![UTF_8, UTF_16BE, UTF_16LE, REPLACEMENT].contains(encoding);
    let declared = xml_declaration_encoding(body);
    content_type
        .and_then(charset_parameter)
        .filter(|charset| *charset != WINDOWS_1252 || declared.is_none())
        .filter(is_possible)
        .or(declared.filter(is_possible))
}

/// Whether valid UTF-8 wins over the named encoding. Two multi-byte characters are enough evidence. A single one may
/// be two characters of another encoding, but hardly of windows-1252: text with `Ã©` is rare, a wrong windows-1252
/// label is not.
fn prefer_utf8(body: &[u8], named: &'static Encoding) -> bool {
    match body.iter().filter(|byte| **byte >= 0xc0).take(2).count() {
        0 => named.is_ascii_compatible(),
        1 => named == WINDOWS_1252,
        _ => true,
    }
}

/// An encoding that the document is said to have, and which nobody knows.
fn unknown_label<'a>(body: &'a [u8], content_type: Option<&'a str>) -> Option<&'a str> {
    let labels = [declared_label(body), content_type.and_then(charset_label)];
    let is_unknown =
        |label: &&str| !label.trim().is_empty() && Encoding::for_label(label.as_bytes()).is_none();
    labels.into_iter().flatten().find(is_unknown)
}

fn unknown_encoding(label: &str) -> String {
    let label: String = label.chars().take(MAX_LABEL_CHARS).collect();
    format!("the encoding `{label}` is unknown: the document is read as ")
}

fn charset_parameter(content_type: &str) -> Option<&'static Encoding> {
    Encoding::for_label(charset_label(content_type)?.as_bytes())
}

fn xml_declaration_encoding(body: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label(declared_label(body)?.as_bytes())
}

/// The charset parameter of a Content-Type header.
fn charset_label(content_type: &str) -> Option<&str> {
    const NAME: &[u8] = b"charset=";
    let at = content_type.as_bytes().windows(NAME.len()).position(|name| name.eq_ignore_ascii_case(NAME))?;
    let value = &content_type[at + NAME.len()..];
    value.trim_matches(['"', '\'', ' ']).split([';', ' ', '"', ',']).next()
}

fn declared_label(body: &[u8]) -> Option<&str> {
    let body = body.trim_ascii_start();
    let start = body[..body.len().min(MAX_DECLARATION_BYTES)].strip_prefix(b"<?xml")?;
    let declaration = std::str::from_utf8(&start[..memmem::find(start, b"?>")?]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// Whether HTTP or the XML declaration says that the document is UTF-8.
fn says_utf8(body: &[u8], content_type: Option<&str>) -> bool {
    [content_type.and_then(charset_parameter), xml_declaration_encoding(body)].contains(&Some(UTF_8))
}

/// Whether the body is UTF-8 but for a few bytes, such as a character that was cut in two. Texts in other encodings
/// have more wrong bytes than such that are UTF-8 by chance: three times as many in Thai, ten times in Chinese, and
/// nearly none of the latter in the scripts of Europe.
fn is_almost_utf8(body: &[u8], named: Option<&'static Encoding>, says_utf8: bool) -> bool {
    let (mut valid, mut cut, mut wrong) = (0, 0, 0);
    for chunk in body.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        match chunk.invalid().len() {
            0 => {}
            1 => wrong += 1,
            _ => cut += 1,
        }
    }
    if says_utf8 {
        return valid + cut > 0 && valid + cut >= wrong;
    }
    valid >= (if named == Some(WINDOWS_1252) { 1 } else { 2 }) && valid > 2 * wrong
}

/// CESU-8 writes a character beyond U+FFFF as its two surrogates, each of three bytes: joins them.
fn with_joined_surrogates(body: &[u8]) -> Cow<'_, [u8]> {
    let mut joined = Vec::new();
    let mut rest = body;
    while let Some(at) = memchr::memchr(0xed, rest) {
        let bits = |byte: u8, mask: u8| u32::from(byte & mask);
        match rest[at..] {
            [0xed, a @ 0xa0..=0xaf, b @ 0x80..=0xbf, 0xed, c @ 0xb0..=0xbf, d @ 0x80..=0xbf, ..] => {
                let high = bits(a, 0x0f) << 6 | bits(b, 0x3f);
                let low = bits(c, 0x0f) << 6 | bits(d, 0x3f);
                let character = char::from_u32(0x10000 + (high << 10 | low)).unwrap_or_default();
                joined.extend_from_slice(&rest[..at]);
                joined.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[at + 6..];
            }
            _ => {
                joined.extend_from_slice(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    if joined.is_empty() {
        return Cow::Borrowed(body);
    }
    joined.extend_from_slice(rest);
    Cow::Owned(joined)
}

fn detect_encoding(body: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let start = body.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    detector.feed(&body[start..body.len().min(start + MAX_DETECTION_BYTES)], true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

/// The text without the XML declaration, since it no longer has the encoding that this names, and the lines before it.
fn without_declaration(text: &str) -> (usize, &str) {
    let trimmed = text.trim_start();
    let rest = match trimmed.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((declaration, rest)) if !declaration.contains('<') => rest.trim_start(),
        _ => trimmed,
    };
    let before = &text.as_bytes()[..text.len() - rest.len()];
    (memchr::memchr_iter(b'\n', before).count(), rest)
}
