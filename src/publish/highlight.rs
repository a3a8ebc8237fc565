//! Highlights the words of a text that made it match. Pure.

use maud::{Markup, html};

use crate::text::is_spaceless;

/// A text with each whole-word occurrence of `words` in `<mark>`.
pub(super) fn highlight(text: &str, words: &[String]) -> Markup {
    html! {
        @for (segment, is_match) in segments(text, words) {
            @if is_match { mark { (segment) } } @else { (segment) }
        }
    }
}

/// Splits a text where words to highlight begin and end; `true` marks such a word.
fn segments<'a>(text: &'a str, words: &[String]) -> Vec<(&'a str, bool)> {
    let (mut segments, mut plain_start, mut at) = (Vec::new(), 0, 0);
    let mut previous = None;
    while let Some(next) = text[at..].chars().next() {
        let is_here = |word: &&String| {
            let after = || text[at + word.len()..].chars().next();
            !word.is_empty()
                && text[at..].starts_with(word.as_str())
                && !is_within_word(previous, Some(next))
                && !is_within_word(word.chars().next_back(), after())
        };
        if let Some(length) = words.iter().filter(is_here).map(String::len).max() {
            segments.extend((plain_start < at).then(|| (&text[plain_start..at], false)));
            segments.push((&text[at..at + length], true));
            previous = text[at..at + length].chars().next_back();
            at += length;
            plain_start = at;
            continue;
        }
        previous = Some(next);
        at += next.len_utf8();
    }
    segments.extend((plain_start < text.len()).then(|| (&text[plain_start..], false)));
    segments
}

/// Whether the boundary between two characters is inside a word. Scripts without spaces have no such boundaries.
fn is_within_word(left: Option<char>, right: Option<char>) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_spaceless(c));
    joins(left) && joins(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_highlighted() {
        let words = ["war", "war crimes", "Армении", "美尼", ""].map(str::to_owned);
        let highlighted = |text| {
            let show = |(segment, is_match): (&str, bool)| {
                if is_match { format!("[{segment}]") } else { segment.to_owned() }
            };
            segments(text, &words).into_iter().map(show).collect::<String>()
        };
        assert_eq!(highlighted("war in an award, war crimes; War"), "[war] in an award, [war crimes]; War");
        assert_eq!(highlighted("В Армении, Армениивар"), "В [Армении], Армениивар");
        assert_eq!(highlighted("warwar war"), "warwar [war]");
        assert_eq!(highlighted("亚美尼亚美尼"), "亚[美尼]亚[美尼]", "a script without spaces");
        assert_eq!(highlighted(""), "");
        assert_eq!(highlight("<b> war", &words).into_string(), "&lt;b&gt; <mark>war</mark>");
    }
}
