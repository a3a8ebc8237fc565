//! A part of a query with a line of carets under it, right also below wide characters. Pure.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// How much of the query is shown before and after the part, in characters.
const CONTEXT_CHARS: usize = 40;

/// A line of text, in three parts, and the line under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Underlined {
    /// The text before the part.
    pub before: String,
    /// The part.
    pub part: String,
    /// The text after the part.
    pub after: String,
    /// Spaces and carets.
    pub carets: String,
}

/// Underlines a range of bytes of a text; at least one character, even past its end.
pub fn underline(text: &str, span: &Range<usize>) -> Underlined {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (start, end) = (floor(span.start), floor(span.end.max(span.start)));
    let (before, part, after) = (&text[..start], &text[start..end], &text[end..]);
    let cut = before.char_indices().rev().nth(CONTEXT_CHARS).map_or(0, |(at, _)| at);
    let before = format!("{}{}", if cut > 0 { "\u{2026}" } else { "" }, visible(&before[cut..]));
    let after = match after.char_indices().nth(CONTEXT_CHARS) {
        Some((cut, _)) => format!("{}\u{2026}", visible(&after[..cut])),
        None => visible(after),
    };
    let part = visible(part);
    let carets = format!("{}{}", " ".repeat(before.width()), "^".repeat(part.width().max(1)));
    Underlined { before, part, after, carets }
}

/// On one line, with what has no width or turns the direction of others made visible.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_part() {
        for (text, span, carets) in [
            ("armenia AND )", 12..13, "            ^"),
            ("\u{4e9a}\u{7f8e} AND )", 11..12, "         ^"),
            ("e\u{301}t\u{e9} (", 7..8, "    ^"),
            ("a\n\"\u{4e9a}", 2..6, "  ^^^"),
            ("a", 1..1, " ^"),
            ("a", 7..9, " ^"),
            ("\u{430}", 1..1, "^"),
            ("", 0..0, "^"),
        ] {
            assert_eq!(underline(text, &span).carets, carets, "{text}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_part() {
        let text = format!("{} ) {}", "a".repeat(100), "b".repeat(100));
        let line = underline(&text, &(101..102));
        assert_eq!(line.before, format!("\u{2026}{} ", "a".repeat(40)));
        assert_eq!(line.carets.len(), 42 + 1);
        assert_eq!(line.after.chars().count(), 41);
    }

    #[test]
    fn what_turns_the_direction_is_shown() {
        let line = underline("a\u{202e}b", &(0..1));
        assert_eq!(line.after, "\u{fffd}b");
    }
}
