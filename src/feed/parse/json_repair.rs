//! Repairs broken JSON so that serde_json accepts it. Pure.

use memchr::{memchr, memmem};

/// Open containers up to an item: the feed, its list of items, the item. A closing bracket that does not match is
/// ignored up to this depth, so that it costs no item.
const ITEM_DEPTH: usize = 3;

/// Bytes of an unquoted key. Longer words are not keys.
const MAX_KEY_BYTES: usize = 64;

/// Repairs a JSON document in one pass. A truncated document stays truncated: its end is not guessed.
///
/// Repairs: lone surrogates, raw control characters, invalid escapes and unescaped quotes in strings; comments; missing
/// and surplus commas; words that JSON does not have (`NaN`, `undefined`); unquoted keys; single quotes; brackets that
/// do not match; stray bytes. An unclosed item ends where the next begins.
pub(super) fn repair(text: &str) -> String {
    let mut repairer = Repairer {
        text,
        at: 0,
        output: String::with_capacity(text.len() + text.len() / 8),
        open: Vec::new(),
        expected: ExpectedPart::First,
        no_comment_end: false,
    };
    while repairer.at < text.len() && (repairer.output.is_empty() || !repairer.open.is_empty()) {
        repairer.repair_token();
    }
    repairer.output
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum JsonContainer {
    Object,
    List,
}

/// What may come next in the innermost container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpectedPart {
    /// The first key or element.
    First,
    /// A further key or element, after a comma.
    Next,
    /// The value of a key.
    Value,
}

struct Repairer<'a> {
    text: &'a str,
    at: usize,
    output: String,
    open: Vec<JsonContainer>,
    expected: ExpectedPart,
    /// No comment that begins from here on has an end.
    no_comment_end: bool,
}

impl Repairer<'_> {
    /// Commas and colons are written where they belong; those of the text are skipped.
    fn repair_token(&mut self) {
        match self.text.as_bytes()[self.at] {
            b'"' | b'\'' => self.repair_string(),
            b'{' => self.open_container(JsonContainer::Object),
            b'[' => self.open_container(JsonContainer::List),
            b'}' => self.close_container(JsonContainer::Object),
            b']' => self.close_container(JsonContainer::List),
            b',' => {
                self.write_missing_value();
                self.at += 1;
            }
            b'/' => self.skip_comment(),
            b if b.is_ascii_whitespace() || b == b':' => self.at += 1,
            _ => self.repair_word(),
        }
    }

    fn innermost(&self) -> Option<JsonContainer> {
        self.open.last().copied()
    }

    fn expects_key(&self) -> bool {
        self.innermost() == Some(JsonContainer::Object) && self.expected != ExpectedPart::Value
    }

    /// Writes the comma before a further part.
    fn begin_part(&mut self) {
        if self.expected == ExpectedPart::Next {
            self.output.push(',');
        }
        self.expected = ExpectedPart::Next;
    }

    /// Gives a key without a value the value null.
    fn write_missing_value(&mut self) {
        if self.expected == ExpectedPart::Value {
            self.output.push_str("null");
            self.expected = ExpectedPart::Next;
        }
    }

    fn open_container(&mut self, container: JsonContainer) {
        self.at += 1;
        let outer = self.open.iter().nth_back(1).copied();
        if self.expects_key() && container == JsonContainer::Object && outer == Some(JsonContainer::List) {
            // An item directly within an item: the outer one is unclosed.
            self.write_end();
        } else if self.expects_key() {
            self.begin_part();
            self.output.push_str("\"\":");
            self.expected = ExpectedPart::Value;
        }
        self.begin_part();
        self.open.push(container);
        self.expected = ExpectedPart::First;
        self.output.push(if container == JsonContainer::Object { '{' } else { '[' });
    }

    /// A bracket that does not match the innermost container may match the one around it.
    fn close_container(&mut self, container: JsonContainer) {
        self.at += 1;
        if self.innermost() != Some(container) {
            if self.open.len() <= ITEM_DEPTH || self.open.iter().nth_back(1) != Some(&container) {
                return;
            }
            self.write_end();
        }
        self.write_end();
    }

    fn write_end(&mut self) {
        self.write_missing_value();
        self.output.push(if self.open.pop() == Some(JsonContainer::Object) { '}' } else { ']' });
        self.expected = ExpectedPart::Next;
    }

    fn skip_comment(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += match rest.get(1) {
            Some(b'/') => memchr(b'\n', rest).unwrap_or(rest.len()),
            Some(b'*') if !self.no_comment_end => {
                let end = memmem::find(&rest[2..], b"*/");
                self.no_comment_end = end.is_none();
                end.map_or(2, |end| end + 4)
            }
            _ => 1,
        };
    }

    /// An unquoted key, a number, a literal or a stray word.
    fn repair_word(&mut self) {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| c.is_ascii_whitespace() || ",:{}[]\"".contains(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        self.at += end;
        // The last word of a truncated document may be incomplete.
        if behind.is_empty() {
            return;
        }
        if self.expects_key() {
            let is_name = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'));
            if is_name && word.len() <= MAX_KEY_BYTES && trim_noise(behind).starts_with(':') {
                self.begin_part();
                self.output.extend(["\"", word, "\":"]);
                self.expected = ExpectedPart::Value;
            }
            return;
        }
        let is_valid = matches!(word, "true" | "false" | "null") || is_number(word);
        // Any word is a value after a key; in a list it is dropped.
        if self.expected == ExpectedPart::Value || is_valid {
            self.begin_part();
            if is_valid {
                self.output.push_str(word);
            } else if word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
                self.output.extend(["\"", word, "\""]);
            } else {
                self.output.push_str("null");
            }
        }
    }

    fn repair_string(&mut self) {
        let is_key = self.expects_key();
        let (output_before, expected_before) = (self.output.len(), self.expected);
        self.begin_part();
        self.write_string(is_key);
        if !is_key {
            return;
        }
        if trim_noise(&self.text[self.at..]).starts_with(':') {
            self.output.push(':');
            self.expected = ExpectedPart::Value;
        } else if self.at < self.text.len() {
            // A string in the place of a key, without a colon, is dropped.
            self.output.truncate(output_before);
            self.expected = expected_before;
        }
    }

    /// Writes the string that begins here. A key ends at the next quote, a value at the next quote that can end it.
    fn write_string(&mut self, is_key: bool) {
        let quote = self.text.as_bytes()[self.at];
        self.output.push('"');
        let (mut copied, mut at) = (self.at + 1, self.at + 1);
        while let Some(&byte) = self.text.as_bytes().get(at) {
            let (length, replacement) = match byte {
                _ if byte == quote && (is_key || self.can_end_value(at + 1)) => {
                    self.output.push_str(&self.text[copied..at]);
                    self.output.push('"');
                    self.at = at + 1;
                    return;
                }
                b'"' => (1, Some("\\\"")),
                b'\\' => repair_escape(&self.text.as_bytes()[at..]),
                0..=0x1f => (1, Some(" ")),
                _ => (1, None),
            };
            if let Some(replacement) = replacement {
                // Everything replaced is ASCII, so both slices end at character boundaries.
                self.output.push_str(&self.text[copied..at]);
                self.output.push_str(replacement);
                copied = at + length;
            }
            at += length;
        }
        self.output.push_str(self.text.get(copied..).unwrap_or_default());
        self.at = self.text.len();
    }

    /// Whether a value can end before `at`. An unescaped quote within a string is followed by more text.
    fn can_end_value(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        let after = trim_noise(rest);
        match after.as_bytes().first() {
            None | Some(b'}' | b']' | b'/') => true,
            Some(b',') => can_begin_part(trim_noise(&after[1..])),
            // A missing comma at the end of a line.
            Some(b'"' | b'{') => rest[..rest.len() - after.len()].contains('\n'),
            Some(_) => false,
        }
    }
}

/// Without leading white space, control characters and replacement characters.
fn trim_noise(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{fffd}')
}

/// Whether a key, an element or the end of the container can begin here.
fn can_begin_part(text: &str) -> bool {
    let end = text.bytes().take(MAX_KEY_BYTES).position(|b| !b.is_ascii_alphanumeric()).unwrap_or(text.len());
    match text.as_bytes().first() {
        None | Some(b'"' | b'\'' | b'{' | b'[' | b'}' | b']' | b'/' | b',' | b'-' | b'0'..=b'9') => true,
        Some(_) => {
            matches!(&text[..end], "true" | "false" | "null")
                || (end > 0 && trim_noise(&text[end..]).starts_with(':'))
        }
    }
}

/// Whether a word is a number by JSON's grammar and in the range of `f64`.
fn is_number(word: &str) -> bool {
    serde_json::from_str::<f64>(word).is_ok()
}

/// The length of an escape sequence, and its replacement if it is invalid.
fn repair_escape(bytes: &[u8]) -> (usize, Option<&'static str>) {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') | None => (2, None),
        Some(b'u') => match (utf16_unit(bytes), bytes.get(6..).and_then(utf16_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
            (Some(0xd800..=0xdfff), _) => (6, Some("\\ufffd")),
            (Some(_), _) => (6, None),
            (None, _) => (1, Some("")),
        },
        // Only the backslash is dropped: the character after it may be multi-byte, or a control character.
        Some(_) => (1, Some("")),
    }
}

/// The UTF-16 code unit of `\uXXXX`.
fn utf16_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_repaired() {
        for (text, repaired) in [
            (
                r#"["\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t é"]"#,
                r#"["\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t é"]"#,
            ),
            (r#"["\ud800 \udc00\ud800"]"#, r#"["\ufffd \ufffd\ufffd"]"#),
            (r#"["\ud800\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["it\'s \é \u12 \u{1}"]"#, r#"["it's é u12 u{1}"]"#),
            ("[\"a\nb\u{0}\\\u{1}\"\n,\t1]", "[\"a b  \",1]"),
            ("[\"\\\"]", "[\"\\\"]"),
            ("[\"\\", "[\"\\"),
            (r#"["He said "no", she said "yes"", "b"]"#, r#"["He said \"no\", she said \"yes\"","b"]"#),
            (r#"{"a": "the "b": c", "d": 'it "is"'}"#, r#"{"a":"the \"b\": c","d":"it \"is\""}"#),
        ] {
            assert_eq!(repair(text), repaired, "{text}");
        }
    }

    #[test]
    fn everything_between_strings_is_repaired() {
        for (text, repaired) in [
            ("{\"a\": [1, -2.5e3, true, null], \"b\": {}} tail", "{\"a\":[1,-2.5e3,true,null],\"b\":{}}"),
            ("[1,,2,]", "[1,2]"),
            ("[1 2 \"a\"\n\"b\"]", "[1,2,\"a\",\"b\"]"),
            (
                "{\"a\": NaN, \"b\": undefined, \"c\": 007, \"d\": 1e999, \"e\":, \"f\" 1}",
                "{\"a\":null,\"b\":null,\"c\":\"007\",\"d\":\"1e999\",\"e\":null}",
            ),
            ("{a: 1, // one\n'b': /* two */ 2}", "{\"a\":1,\"b\":2}"),
            ("{\"i\":[{\"a\":1}}, {\"b\":2]}, x {\"c\":3}]}", "{\"i\":[{\"a\":1},{\"b\":2},{\"c\":3}]}"),
            (
                "{\"i\":[{\"a\":[1}, {\"a\":[{\"b\":2], \"c\":3}]}",
                "{\"i\":[{\"a\":[1]},{\"a\":[{\"b\":2}],\"c\":3}]}",
            ),
            ("{\"i\":[{\"a\":1, {\"a\":2}]}", "{\"i\":[{\"a\":1},{\"a\":2}]}"),
            ("{\"a\": {1}, \u{1}\"b\": 2}", "{\"a\":{},\"b\":2}"),
            ("{\"a\": 1, \"b", "{\"a\":1,\"b"),
            ("{\"a\": 12", "{\"a\":"),
            ("/* a", ""),
            ("", ""),
        ] {
            assert_eq!(repair(text), repaired, "{text}");
        }
    }

    proptest::proptest! {
        // Failing cases are printed, not written into the repository.
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn output_is_valid_or_truncated_json(inside in "([\\[\\]{}]|\"|'|,|:|/\\*|\\*/|//|\\\\|a|\\\\u|d8|dc|00|-|1|e|NaN|true|[ \u{0}-\u{20}]|\\PC){0,40}") {
            for start in ["{", "["] {
                let text = format!("{start}{inside}");
                let repaired = repair(&text);
                proptest::prop_assert!(repaired.len() <= 5 * text.len());
                let parsed = serde_json::from_str::<serde::de::IgnoredAny>(&repaired);
                proptest::prop_assert!(parsed.as_ref().map_or_else(serde_json::Error::is_eof, |_| true), "{repaired}: {parsed:?}");
            }
        }

        #[test]
        fn valid_json_keeps_its_value(keys in proptest::collection::vec("\\PC{0,5}", 0..5), texts in proptest::collection::vec("\\PC{0,9}", 0..5)) {
            let mut object: serde_json::Map<_, _> = keys.into_iter().map(|key| (key, serde_json::json!(texts))).collect();
            object.insert("items".into(), serde_json::json!([{"a": texts}, 1, [2.5, null], {}]));
            let value = serde_json::Value::Object(object);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
                proptest::prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&repair(&text)).expect("JSON"), value.clone());
            }
        }
    }
}
