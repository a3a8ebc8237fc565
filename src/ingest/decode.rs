//! Bytes to text: which encoding, and no XML declaration afterwards. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A decoded document.
pub struct Text<'a> {
    /// Without byte order mark and XML declaration.
    pub text: Cow<'a, str>,
    /// The encoding's name.
    pub encoding: &'static str,
}

/// Decodes a document. In this order it believes: the byte order mark, UTF-16's pattern, UTF-8 that
/// is valid, the HTTP charset (but latin-1, which servers add to everything, only when the document
/// names no other), the XML declaration, and last the bytes' own look.
pub fn text<'a>(body: &'a [u8], content_type: Option<&str>) -> Text<'a> {
    // Most documents are UTF-8 without a mark: one fast look is all that they cost.
    if !matches!(body, [0, b'<', ..] | [b'<', 0, ..] | [0xef, 0xbb, 0xbf, ..])
        && let Ok(text) = simdutf8::basic::from_utf8(body)
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
    match body {
        [0, b'<', ..] => return UTF_16BE,
        [b'<', 0, ..] => return UTF_16LE,
        _ => {}
    }
    if simdutf8::basic::from_utf8(body).is_ok() {
        return UTF_8;
    }
    let declared = declared(body);
    let said = content_type
        .and_then(charset)
        .filter(|said| !said.is_single_byte() || said.name() != "windows-1252" || declared.is_none());
    // What is not valid UTF-8 is not UTF-8, whoever says so; UTF-16 would have shown its pattern.
    let possible =
        |encoding: &&'static Encoding| *encoding != UTF_8 && *encoding != UTF_16BE && *encoding != UTF_16LE;
    said.filter(possible)
        .or(declared.filter(possible))
        .unwrap_or_else(|| if mostly_utf8(body) { UTF_8 } else { guess(body) })
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
    let start = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    let declaration = start.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0.to_owned();
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
    detector.feed(body, true);
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
