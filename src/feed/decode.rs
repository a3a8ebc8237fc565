//! Bytes to text: which encoding, and no XML declaration afterwards. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes from the first that is not ASCII on which an encoding is guessed: it is slow, and more of them
/// tell no more.
const TELLING: usize = 65_536;

/// A decoded document.
pub struct Text<'a> {
    /// Without byte order mark and XML declaration.
    pub text: Cow<'a, str>,
    /// The encoding's name.
    pub encoding: &'static str,
}

/// Decodes a document. In this order it believes: the byte order mark, the pattern of UTF-16 and UTF-32, UTF-8 that
/// is valid and has more than one character to show for it, or against which little is said; the HTTP charset (but
/// latin-1, which servers add to everything, only when the document names no other), the XML declaration, and last
/// the bytes' own look.
pub fn text<'a>(body: &'a [u8], content_type: Option<&str>) -> Text<'a> {
    if let Some((from_bytes, name)) = wide(body) {
        let text: String = body.chunks_exact(4).map(|four| character(from_bytes(four))).collect();
        let text = text.trim_start_matches('\u{feff}');
        return Text { text: Cow::Owned(without_declaration(text).to_owned()), encoding: name };
    }
    // Most documents are UTF-8 without a mark: one fast look is all that they cost.
    if Encoding::for_bom(body).is_none()
        && pattern(body).is_none()
        && let Ok(text) = simdutf8::basic::from_utf8(body)
        && said(body, content_type).is_none_or(|said| is_rather_utf8(body, said))
    {
        return Text { text: Cow::Borrowed(without_declaration(text)), encoding: UTF_8.name() };
    }
    let encoding = encoding_of(body, content_type);
    let (text, _) = encoding.decode_with_bom_removal(body);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(without_declaration(text)),
        Cow::Owned(text) => Cow::Owned(without_declaration(&text).to_owned()),
    };
    Text { text, encoding: encoding.name() }
}

fn encoding_of(body: &[u8], content_type: Option<&str>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return encoding;
    }
    pattern(body)
        .or_else(|| said(body, content_type))
        .unwrap_or_else(|| if mostly_utf8(body) { UTF_8 } else { guess(body) })
}

/// Reads four bytes.
type FromBytes = fn(&[u8]) -> u32;

/// UTF-32, which encoding_rs does not know, by its mark or by the pattern of its first character.
fn wide(body: &[u8]) -> Option<(FromBytes, &'static str)> {
    match body {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<' | b'{', ..] => Some((big_endian, "UTF-32BE")),
        [0xff, 0xfe, 0, 0, ..] | [b'<' | b'{', 0, 0, 0, ..] => Some((little_endian, "UTF-32LE")),
        _ => None,
    }
}

fn big_endian(four: &[u8]) -> u32 {
    four.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little_endian(four: &[u8]) -> u32 {
    big_endian(four).swap_bytes()
}

fn character(number: u32) -> char {
    char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// UTF-16 without a mark, by its first character.
fn pattern(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0, b'<' | b'{', ..] => Some(UTF_16BE),
        [b'<' | b'{', 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// The encoding that the server or the document names, if it is another than UTF-8 and can be true.
fn said(body: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    // What is not valid UTF-8 is not UTF-8, whoever says so; UTF-16 would have shown its pattern; and what the
    // standard gives up would leave nothing of the document.
    let possible =
        |encoding: &&'static Encoding| ![UTF_8, UTF_16BE, UTF_16LE, REPLACEMENT].contains(encoding);
    let declared = declared(body);
    content_type
        .and_then(charset)
        .filter(|said| *said != WINDOWS_1252 || declared.is_none())
        .filter(possible)
        .or(declared.filter(possible))
}

/// Whether valid UTF-8 is believed against what is said: where it shows several characters. One alone may be two of
/// another encoding, but hardly of latin-1, in which no text has `Ã©`, and which is said falsely more than any.
fn is_rather_utf8(body: &[u8], said: &'static Encoding) -> bool {
    match body.iter().filter(|byte| **byte >= 0xc0).take(2).count() {
        0 => said.is_ascii_compatible(),
        1 => said == WINDOWS_1252,
        _ => true,
    }
}

/// The charset parameter of a Content-Type header.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let (_, label) =
        content_type.to_ascii_lowercase().split_once("charset=").map(|(a, b)| (a.len(), b.to_owned()))?;
    let label = label.trim_matches(['"', '\'', ' ']).split([';', ' ', '"', ',']).next()?.to_owned();
    Encoding::for_label(label.as_bytes())
}

/// The encoding that the XML declaration names.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
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

/// UTF-8 with a few stray bytes, as a cut-off text leaves them.
fn mostly_utf8(body: &[u8]) -> bool {
    let (good, bad) = body.utf8_chunks().fold((0, 0), |(good, bad), chunk| {
        let wide = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (good + wide, bad + usize::from(!chunk.invalid().is_empty()))
    });
    good > 10 * bad
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let start = body.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    detector.feed(&body[start..body.len().min(start + TELLING)], true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

/// The declaration names an encoding that the text no longer has.
fn without_declaration(text: &str) -> &str {
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((declaration, rest)) if !declaration.contains('<') => rest.trim_start(),
        _ => trimmed,
    }
}
