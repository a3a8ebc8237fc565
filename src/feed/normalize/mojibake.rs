//! Text whose UTF-8 was once taken for another encoding and encoded again, as it was meant. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};

/// Undoes one such accident, if the whole text shows it; any other text stays as it is.
///
/// The proof is that the bytes which a text has in the wrong encoding are valid UTF-8 with several
/// characters: text that is meant as it stands does not do that.
pub(super) fn undone(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    match [WINDOWS_1252, WINDOWS_1251].into_iter().find_map(|wrong| under(&text, wrong)) {
        Some(meant) => Cow::Owned(meant),
        None => text,
    }
}

fn under(text: &str, wrong: &'static Encoding) -> Option<String> {
    let mut bytes = Vec::new();
    let mut waiting = 0_usize;
    let mut wide = 0_usize;
    for c in text.chars() {
        let byte = byte_of(c, wrong)?;
        // As soon as it cannot be UTF-8 any more, it is not.
        match (waiting, byte) {
            (0, 0x00..=0x7f) => {}
            (0, 0xc2..=0xdf) => waiting = 1,
            (0, 0xe0..=0xef) => waiting = 2,
            (0, 0xf0..=0xf4) => waiting = 3,
            (1.., 0x80..=0xbf) => {
                waiting -= 1;
                wide += usize::from(waiting == 0);
            }
            _ => return None,
        }
        bytes.push(byte);
    }
    let several = wide >= 2 && waiting == 0;
    several.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// The byte that a character is in a single-byte encoding; the bytes that windows-1252 leaves
/// undefined are often kept as control characters.
fn byte_of(c: char, encoding: &'static Encoding) -> Option<u8> {
    if c.is_ascii() {
        return Some(c as u8);
    }
    if matches!(c, '\u{80}'..='\u{9f}') {
        return Some(c as u32 as u8);
    }
    if encoding == WINDOWS_1252 && matches!(c, '\u{a0}'..='\u{ff}') {
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
    fn text_that_was_encoded_twice_is_undone_and_any_other_stays() {
        for meant in ["Россия и Армения", "Café — naïve “quotes”", "Հայաստան", "日本語"]
        {
            for wrong in [WINDOWS_1252, WINDOWS_1251] {
                let mut twice = String::new();
                let (decoded, _) = wrong.decode_without_bom_handling(meant.as_bytes());
                twice.push_str(&decoded);
                if !twice.contains('\u{fffd}') {
                    assert_eq!(undone(twice.into()), meant);
                }
            }
            assert_eq!(undone(meant.into()), meant);
        }
        for stays in ["Ärger über Öl", "№ 5 «Да»", "Ã", "naïve Ã© once", "РС и ЂЋ", ""] {
            assert_eq!(undone(stays.into()), stays);
        }
    }
}
