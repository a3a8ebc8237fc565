//! Repairs mojibake: UTF-8 that was decoded as a single-byte encoding and encoded again. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};

/// Undoes one such round trip if the whole text shows it; otherwise returns the text unchanged.
///
/// Evidence: the text's bytes in the wrong encoding are valid UTF-8 with at least two multi-byte characters. Correct
/// text practically never is.
pub(super) fn without_mojibake(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    match [WINDOWS_1252, WINDOWS_1251].into_iter().find_map(|wrong| reencoded(&text, wrong)) {
        Some(repaired) => Cow::Owned(repaired),
        None => text,
    }
}

/// The text encoded in `wrong` and decoded as UTF-8. Stops at the first byte that cannot be UTF-8.
fn reencoded(text: &str, wrong: &'static Encoding) -> Option<String> {
    let mut bytes = Vec::new();
    let mut pending = 0_usize;
    let mut multi_byte = 0_usize;
    for c in text.chars() {
        let byte = encoded_byte(c, wrong)?;
        match (pending, byte) {
            (0, 0x00..=0x7f) => {}
            (0, 0xc2..=0xdf) => pending = 1,
            (0, 0xe0..=0xef) => pending = 2,
            (0, 0xf0..=0xf4) => pending = 3,
            (1.., 0x80..=0xbf) => {
                pending -= 1;
                multi_byte += usize::from(pending == 0);
            }
            _ => return None,
        }
        bytes.push(byte);
    }
    let is_evidence = multi_byte >= 2 && pending == 0;
    is_evidence.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// The byte of a character in a single-byte encoding. Bytes that windows-1252 leaves undefined are often kept as C1
/// control characters.
fn encoded_byte(c: char, encoding: &'static Encoding) -> Option<u8> {
    if c.is_ascii()
        || matches!(c, '\u{80}'..='\u{9f}')
        || (encoding == WINDOWS_1252 && matches!(c, '\u{a0}'..='\u{ff}'))
    {
        return Some(c as u32 as u8);
    }
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
    match (unmappable, bytes.as_ref()) {
        (false, [byte]) => Some(*byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubly_encoded_text_is_repaired_and_other_text_unchanged() {
        for original in ["Россия и Армения", "Café — naïve “quotes”", "Հայաստան", "日本語"]
        {
            for wrong in [WINDOWS_1252, WINDOWS_1251] {
                let (garbled, _) = wrong.decode_without_bom_handling(original.as_bytes());
                if !garbled.contains('\u{fffd}') {
                    assert_eq!(without_mojibake(garbled.into_owned().into()), original);
                }
            }
            assert_eq!(without_mojibake(original.into()), original);
        }
        for correct in ["Ärger über Öl", "№ 5 «Да»", "Ã", "naïve Ã© once", "РС и ЂЋ", ""] {
            assert_eq!(without_mojibake(correct.into()), correct);
        }
    }
}
