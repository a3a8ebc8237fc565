//! A TOML string together with its literal, and how offsets in one map to the other. Pure.

use std::ops::Range;

use super::diagnostic::FileSpan;
use super::shape::Shape;
use super::toml_reader::Located;

/// A filter query and the TOML literal that it was written as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct QueryLiteral {
    pub(super) text: String,
    pub(super) literal: String,
}

impl Shape for QueryLiteral {}

impl Located<QueryLiteral> {
    /// The place in the file of a range of the query.
    pub(super) fn span_of(&self, range: Range<usize>) -> FileSpan {
        let offset = |value_offset| self.span.start + offset_in_literal(&self.value.literal, value_offset);
        FileSpan::new(self.span.file, offset(range.start)..offset(range.end))
    }
}

/// The offset in a string's literal, quotes included, of a byte of its value.
fn offset_in_literal(literal: &str, value_offset: usize) -> usize {
    let triple_quoted = literal.starts_with("\"\"\"") || literal.starts_with("'''");
    let mut raw = if triple_quoted { 3 } else { 1 };
    if triple_quoted {
        // TOML drops a line end right after the opening quotes.
        let rest = &literal[raw.min(literal.len())..];
        raw += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let has_escapes = literal.starts_with('"');
    let mut value = 0;
    while value < value_offset {
        let Some(rest) = literal.get(raw..) else { break };
        let Some(first) = rest.chars().next() else { break };
        let (raw_length, value_length) = if has_escapes && first == '\\' {
            escape_lengths(rest)
        } else {
            (first.len_utf8(), first.len_utf8())
        };
        raw += raw_length;
        value += value_length;
    }
    raw.min(literal.len())
}

/// The bytes of the escape sequence at the start of `text`: in the literal, and in the value.
fn escape_lengths(text: &str) -> (usize, usize) {
    let digits = match text.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b' ' | b'\t' | b'\r' | b'\n') => return (text.len() - text[1..].trim_start().len(), 0),
        _ => return (2, 1),
    };
    let value_length = text
        .get(2..2 + digits)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .map_or(1, char::len_utf8);
    (2 + digits, value_length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::DeTable;

    #[test]
    fn an_offset_in_a_value_maps_into_every_kind_of_literal() {
        for literal in [
            r#""ab @x""#, r#""a\u0062 @x""#, r#""\"b @x""#, r#""\U0001F600 @x""#, "'ab @x'",
            "\"\"\"\nab @x\"\"\"", "'''\r\nab @x'''", "\"\"\"ab \\\n   @x\"\"\"", "\"\u{e9}\u{451} @x\"",
        ] {
            let document = format!("k = {literal}");
            let tree = DeTable::parse(&document).unwrap();
            let value = tree.get_ref().get("k").and_then(|value| value.get_ref().as_str()).unwrap();
            let offset = offset_in_literal(literal, value.find('@').unwrap());
            assert!(
                literal[offset..].trim_start_matches(['\\', '\n', ' ']).starts_with("@x"),
                "{literal} {offset}"
            );
        }
    }

    #[test]
    fn an_offset_past_the_value_stays_inside_the_literal() {
        assert_eq!(offset_in_literal("\"ab\"", 2), 3);
        assert_eq!(offset_in_literal("\"ab\"", 99), 4);
        assert_eq!(offset_in_literal("", 1), 0);
    }
}
