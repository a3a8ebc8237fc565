//! JSON as its strictest reader takes it: halves of characters, controls and odd escapes mended. Pure.

use std::borrow::Cow;

/// Mends the strings of a JSON document in one pass, into no more bytes than it had; whatever stands
/// outside of strings stays as it is.
///
/// Half a surrogate pair (RFC 8259 section 8.2 leaves open what to make of it) becomes U+FFFD, a control
/// character a space, and a character that JSON cannot escape, as in `\'`, itself.
pub(super) fn strings(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    let mut inside = false;
    while let Some(&byte) = bytes.get(at) {
        let (length, instead) = match byte {
            b'"' => {
                inside = !inside;
                (1, None)
            }
            b'\\' if inside => escape(&bytes[at..]),
            0..=0x1f if inside => (1, Some(" ")),
            _ => (1, None),
        };
        if let Some(instead) = instead {
            // All that is replaced is ASCII, so both ends stand between characters.
            mended.push_str(&text[copied..at]);
            mended.push_str(instead);
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

/// How many bytes an escape takes, and what to write instead of them, if anything.
fn escape(bytes: &[u8]) -> (usize, Option<&'static str>) {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') | None => (2, None),
        Some(b'u') => match (unit(bytes), bytes.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
            (Some(0xd800..=0xdfff), _) => (6, Some("\\ufffd")),
            (Some(_), _) => (6, None),
            (None, _) => (1, Some("")),
        },
        // The character behind the backslash is read in its turn: it may be a long one, or a control.
        Some(_) => (1, Some("")),
    }
}

/// The UTF-16 code unit of `\uXXXX`.
fn unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sound_stays_and_what_is_not_is_mended() {
        for (text, mended) in [
            (
                r#"{"a":"\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t é"}"#,
                r#"{"a":"\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t é"}"#,
            ),
            (r#""\ud800 \udc00\ud800""#, r#""\ufffd \ufffd\ufffd""#),
            (r#""\ud800\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""it\'s \é \u12 \u{1}""#, r#""it's é u12 u{1}""#),
            ("\"a\nb\u{0}\\\u{1}\"\n,\t1", "\"a b   \"\n,\t1".replacen("   ", "  ", 1).as_str()),
            ("\"\\", "\"\\"),
            ("\"\\u", "\"u"),
            ("\"\\\\\"\n", "\"\\\\\"\n"),
            ("", ""),
        ] {
            assert_eq!(strings(text), mended, "{text}");
        }
        assert!(matches!(strings("{\"a\": \"b\"}"), Cow::Borrowed(_)));
    }

    proptest::proptest! {
        // A failing case is printed; nothing is written in the checkout.
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn any_string_can_be_read_and_grows_no_longer(inside in "(\\\\|u|d8|dc|00|[0-9a-f]|\\PC|[\u{0}-\u{20}]){0,30}") {
            let text = format!("\"{}\"", inside.replace('"', ""));
            let mended = strings(&text);
            proptest::prop_assert!(mended.len() <= text.len());
            // The last quote may have been escaped.
            let closed = format!("{mended}\"");
            let read = [&*mended, closed.as_str()].map(|text| serde_json::from_str::<String>(text).is_ok());
            proptest::prop_assert!(read.contains(&true), "{mended}");
        }
    }
}
