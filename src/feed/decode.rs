//! Decodes the bytes of a document to text and removes the XML declaration. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Maximum bytes given to the encoding detector, from the first non-ASCII byte on. It is slow, and more bytes do not
/// improve its answer.
const MAX_DETECTION_BYTES: usize = 65_536;

/// A decoded document.
pub struct DecodedText<'a> {
    /// Without byte order mark and XML declaration.
    pub text: Cow<'a, str>,
    /// The encoding's name in the WHATWG Encoding Standard, or "UTF-32BE" or "UTF-32LE".
    pub encoding: &'static str,
}

/// Decodes a document.
///
/// Encoding precedence: BOM; UTF-16/32 byte pattern; valid UTF-8 with at least two non-ASCII characters, or whose only
/// competitor is windows-1252; HTTP charset; XML declaration; mostly valid UTF-8; chardetng. Servers add ISO-8859-1
/// to everything, so that charset (windows-1252 in the WHATWG standard) counts only without an XML declaration.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> DecodedText<'a> {
    if let Some((read_unit, name)) = utf32(body) {
        let text: String = body
            .chunks_exact(4)
            .map(|unit| char::from_u32(read_unit(unit)).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let text = text.trim_start_matches('\u{feff}');
        return DecodedText { text: Cow::Owned(without_declaration(text).to_owned()), encoding: name };
    }
    // Fast path: most documents are UTF-8 without BOM and are borrowed as they are.
    if Encoding::for_bom(body).is_none()
        && utf16_pattern(body).is_none()
        && let Ok(text) = simdutf8::basic::from_utf8(body)
        && named_encoding(body, content_type).is_none_or(|named| prefer_utf8(body, named))
    {
        return DecodedText { text: Cow::Borrowed(without_declaration(text)), encoding: UTF_8.name() };
    }
    let encoding = choose_encoding(body, content_type);
    let (text, _) = encoding.decode_with_bom_removal(body);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(without_declaration(text)),
        Cow::Owned(text) => Cow::Owned(without_declaration(&text).to_owned()),
    };
    DecodedText { text, encoding: encoding.name() }
}

fn choose_encoding(body: &[u8], content_type: Option<&str>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return encoding;
    }
    utf16_pattern(body)
        .or_else(|| named_encoding(body, content_type))
        .unwrap_or_else(|| if is_mostly_utf8(body) { UTF_8 } else { detect_encoding(body) })
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

/// UTF-16 without BOM, by the byte pattern of its first character.
fn utf16_pattern(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0, b'<' | b'{', ..] => Some(UTF_16BE),
        [b'<' | b'{', 0, ..] => Some(UTF_16LE),
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

/// The charset parameter of a Content-Type header.
fn charset_parameter(content_type: &str) -> Option<&'static Encoding> {
    let content_type = content_type.to_ascii_lowercase();
    let (_, value) = content_type.split_once("charset=")?;
    let label = value.trim_matches(['"', '\'', ' ']).split([';', ' ', '"', ',']).next()?;
    Encoding::for_label(label.as_bytes())
}

fn xml_declaration_encoding(body: &[u8]) -> Option<&'static Encoding> {
    let body = body.trim_ascii_start();
    if !body.starts_with(b"<?xml") {
        return None;
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    let declaration = start.strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
}

/// Whether the body is UTF-8 with a few stray bytes, as a truncated text leaves them.
fn is_mostly_utf8(body: &[u8]) -> bool {
    let (valid, invalid) = body.utf8_chunks().fold((0, 0), |(valid, invalid), chunk| {
        let multi_byte = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (valid + multi_byte, invalid + usize::from(!chunk.invalid().is_empty()))
    });
    valid > 10 * invalid
}

fn detect_encoding(body: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let start = body.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    detector.feed(&body[start..body.len().min(start + MAX_DETECTION_BYTES)], true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

/// Removes the XML declaration: the decoded text no longer has the encoding that it names.
fn without_declaration(text: &str) -> &str {
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((declaration, rest)) if !declaration.contains('<') => rest.trim_start(),
        _ => trimmed,
    }
}
