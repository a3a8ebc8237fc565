//! JSON as its strictest reader takes it, of whatever is nearly JSON. Pure.

use memchr::{memchr, memmem};

/// Mends a JSON document in one pass; of one that is cut off, the end is not made up.
///
/// Halves of characters, raw controls, odd escapes and bare quotes in strings; comments; commas too many or too few;
/// words that JSON does not know (`NaN`, `undefined`), bare keys, single quotes; brackets that do not fit;
/// stray bytes. An item that was not closed ends where the next begins.
pub(super) fn json(text: &str) -> String {
    let mut mender = Mender {
        text,
        at: 0,
        mended: String::with_capacity(text.len() + text.len() / 8),
        open: Vec::new(),
        due: Due::First,
        no_comment_end: false,
    };
    while mender.at < text.len() && (mender.mended.is_empty() || !mender.open.is_empty()) {
        mender.step();
    }
    mender.mended
}

/// Something that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    List,
}

/// What may come next in the innermost of what is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Its first part.
    First,
    /// A further part, behind a comma.
    Next,
    /// The value of a key.
    Value,
}

/// The feed, its items, an item: what does not fit on a lower level is passed over, so that no item is lost by it.
const DEPTH_OF_ITEM: usize = 3;

/// Bytes of a bare key; longer ones are none.
const LONGEST_KEY: usize = 64;

struct Mender<'a> {
    text: &'a str,
    at: usize,
    mended: String,
    open: Vec<Kind>,
    due: Due,
    /// No comment that begins from here on has an end.
    no_comment_end: bool,
}

impl Mender<'_> {
    /// Takes one piece. Commas and colons are written where they belong, not where they stand.
    fn step(&mut self) {
        match self.text.as_bytes()[self.at] {
            b'"' | b'\'' => self.string(),
            b'{' => self.begin(Kind::Object),
            b'[' => self.begin(Kind::List),
            b'}' => self.end(Kind::Object),
            b']' => self.end(Kind::List),
            b',' => {
                self.no_value();
                self.at += 1;
            }
            b'/' => self.comment(),
            b if b.is_ascii_whitespace() || b == b':' => self.at += 1,
            _ => self.word(),
        }
    }

    fn innermost(&self) -> Option<Kind> {
        self.open.last().copied()
    }

    fn awaits_key(&self) -> bool {
        self.innermost() == Some(Kind::Object) && self.due != Due::Value
    }

    fn comma(&mut self) {
        if self.due == Due::Next {
            self.mended.push(',');
        }
        self.due = Due::Next;
    }

    /// A key whose value does not come has none.
    fn no_value(&mut self) {
        if self.due == Due::Value {
            self.mended.push_str("null");
            self.due = Due::Next;
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.at += 1;
        let within = self.open.iter().nth_back(1).copied();
        if self.awaits_key() && kind == Kind::Object && within == Some(Kind::List) {
            // An item amid an item: the one before has no end.
            self.close();
        } else if self.awaits_key() {
            self.comma();
            self.mended.push_str("\"\":");
            self.due = Due::Value;
        }
        self.comma();
        self.open.push(kind);
        self.due = Due::First;
        self.mended.push(if kind == Kind::Object { '{' } else { '[' });
    }

    fn end(&mut self, kind: Kind) {
        self.at += 1;
        if self.innermost() != Some(kind) {
            let fits = self.open.len() > DEPTH_OF_ITEM && self.open.iter().nth_back(1) == Some(&kind);
            if !fits {
                return;
            }
            self.close();
        }
        self.close();
    }

    fn close(&mut self) {
        self.no_value();
        self.mended.push(if self.open.pop() == Some(Kind::Object) { '}' } else { ']' });
        self.due = Due::Next;
    }

    fn comment(&mut self) {
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

    /// A number, a word, or what is neither.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| c.is_ascii_whitespace() || ",:{}[]\"".contains(c)).unwrap_or(rest.len());
        // At the end of what was cut off nobody knows how it goes on.
        let (word, behind) = rest.split_at(end);
        self.at += end;
        if behind.is_empty() {
            return;
        }
        if self.awaits_key() {
            let name = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'));
            if name && word.len() <= LONGEST_KEY && past_blanks(behind).starts_with(':') {
                self.comma();
                self.mended.extend(["\"", word, "\":"]);
                self.due = Due::Value;
            }
        } else if self.due == Due::Value || is_value(word) {
            self.comma();
            match word {
                "true" | "false" | "null" => self.mended.push_str(word),
                _ if is_number(word) => self.mended.push_str(word),
                _ if word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => {
                    self.mended.extend(["\"", word, "\""]);
                }
                _ => self.mended.push_str("null"),
            }
        }
    }

    fn string(&mut self) {
        let key = self.awaits_key();
        let (before, due) = (self.mended.len(), self.due);
        self.comma();
        self.inside(key);
        if !key {
            return;
        }
        if past_blanks(&self.text[self.at..]).starts_with(':') {
            self.mended.push(':');
            self.due = Due::Value;
        } else if self.at < self.text.len() {
            // A string where only a key may stand is none.
            self.mended.truncate(before);
            self.due = due;
        }
    }

    /// The string that begins here, up to the quote that ends it: of a key, the next.
    fn inside(&mut self, key: bool) {
        let quote = self.text.as_bytes()[self.at];
        self.mended.push('"');
        let (mut copied, mut at) = (self.at + 1, self.at + 1);
        while let Some(&byte) = self.text.as_bytes().get(at) {
            let (length, instead) = match byte {
                _ if byte == quote && (key || self.ends_value(at + 1)) => {
                    self.mended.push_str(&self.text[copied..at]);
                    self.mended.push('"');
                    self.at = at + 1;
                    return;
                }
                b'"' => (1, Some("\\\"")),
                b'\\' => escape(&self.text.as_bytes()[at..]),
                0..=0x1f => (1, Some(" ")),
                _ => (1, None),
            };
            if let Some(instead) = instead {
                // All that is replaced is ASCII, so both ends stand between characters.
                self.mended.push_str(&self.text[copied..at]);
                self.mended.push_str(instead);
                copied = at + length;
            }
            at += length;
        }
        self.mended.push_str(self.text.get(copied..).unwrap_or_default());
        self.at = self.text.len();
    }

    /// Whether a value ends before here: a quote that its writer forgot to escape is followed by more text.
    fn ends_value(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        let after = past_blanks(rest);
        match after.as_bytes().first() {
            None | Some(b'}' | b']' | b'/') => true,
            Some(b',') => begins_part(past_blanks(&after[1..])),
            // A comma that is missing at the end of a line.
            Some(b'"' | b'{') => rest[..rest.len() - after.len()].contains('\n'),
            Some(_) => false,
        }
    }
}

/// White space passed over, and characters that mean nothing anywhere.
fn past_blanks(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{fffd}')
}

/// Whether a part of an object or of a list begins here, or none follows.
fn begins_part(text: &str) -> bool {
    let end = text.bytes().take(LONGEST_KEY).position(|b| !b.is_ascii_alphanumeric()).unwrap_or(text.len());
    match text.as_bytes().first() {
        None | Some(b'"' | b'\'' | b'{' | b'[' | b'}' | b']' | b'/' | b',' | b'-' | b'0'..=b'9') => true,
        Some(_) => {
            matches!(&text[..end], "true" | "false" | "null")
                || (end > 0 && past_blanks(&text[end..]).starts_with(':'))
        }
    }
}

/// Whether a word in a list stands for a value; others are strays.
fn is_value(word: &str) -> bool {
    matches!(word, "true" | "false" | "null") || is_number(word)
}

/// A number by JSON's grammar, and not too large to be one.
fn is_number(word: &str) -> bool {
    serde_json::from_str::<f64>(word).is_ok()
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
    fn strings_are_mended() {
        for (text, mended) in [
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
            assert_eq!(json(text), mended, "{text}");
        }
    }

    #[test]
    fn what_stands_between_them_is_mended() {
        for (text, mended) in [
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
            assert_eq!(json(text), mended, "{text}");
        }
    }

    proptest::proptest! {
        // A failing case is printed; nothing is written in the checkout.
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn whatever_it_was_it_is_json_or_the_beginning_of_some(inside in "([\\[\\]{}]|\"|'|,|:|/\\*|\\*/|//|\\\\|a|\\\\u|d8|dc|00|-|1|e|NaN|true|[ \u{0}-\u{20}]|\\PC){0,40}") {
            for start in ["{", "["] {
                let text = format!("{start}{inside}");
                let mended = json(&text);
                proptest::prop_assert!(mended.len() <= 5 * text.len());
                let read = serde_json::from_str::<serde::de::IgnoredAny>(&mended);
                proptest::prop_assert!(read.as_ref().map_or_else(serde_json::Error::is_eof, |_| true), "{mended}: {read:?}");
            }
        }

        #[test]
        fn what_is_json_says_the_same_afterwards(keys in proptest::collection::vec("\\PC{0,5}", 0..5), texts in proptest::collection::vec("\\PC{0,9}", 0..5)) {
            let mut object: serde_json::Map<_, _> = keys.into_iter().map(|key| (key, serde_json::json!(texts))).collect();
            object.insert("items".into(), serde_json::json!([{"a": texts}, 1, [2.5, null], {}]));
            let value = serde_json::Value::Object(object);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
                // A quote before a sign of JSON may be taken for the end of its string.
                proptest::prop_assume!(!text.contains("\\\""));
                proptest::prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&text)).expect("JSON"), value.clone());
            }
        }
    }
}
