//! The words of a text that made it match, marked for the eye. Pure.

use maud::{Markup, html};

use crate::text::is_spaceless;

/// A text with the words that matched marked, wherever they stand whole.
pub(super) fn marked(text: &str, marks: &[String]) -> Markup {
    html! {
        @for (piece, is_match) in pieces(text, marks) {
            @if is_match { mark { (piece) } } @else { (piece) }
        }
    }
}

/// A text cut where marked words begin and end.
fn pieces<'a>(text: &'a str, marks: &[String]) -> Vec<(&'a str, bool)> {
    let (mut pieces, mut plain, mut at) = (Vec::new(), 0, 0);
    let mut before = None;
    while let Some(next) = text[at..].chars().next() {
        let fits = |mark: &&String| {
            let after = || text[at + mark.len()..].chars().next();
            !mark.is_empty()
                && text[at..].starts_with(mark.as_str())
                && !are_joined(before, Some(next))
                && !are_joined(mark.chars().next_back(), after())
        };
        if let Some(length) = marks.iter().filter(fits).map(String::len).max() {
            pieces.extend((plain < at).then(|| (&text[plain..at], false)));
            pieces.push((&text[at..at + length], true));
            before = text[at..at + length].chars().next_back();
            at += length;
            plain = at;
            continue;
        }
        before = Some(next);
        at += next.len_utf8();
    }
    pieces.extend((plain < text.len()).then(|| (&text[plain..], false)));
    pieces
}

/// Whether two characters side by side belong to one word. Scripts without spaces have no words to cut.
fn are_joined(left: Option<char>, right: Option<char>) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_spaceless(c));
    joins(left) && joins(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_where_they_stand_whole() {
        let marks = ["war", "war crimes", "Армении", "美尼", ""].map(str::to_owned);
        let cut = |text| {
            let mark = |(piece, is_match): (&str, bool)| {
                if is_match { format!("[{piece}]") } else { piece.to_owned() }
            };
            pieces(text, &marks).into_iter().map(mark).collect::<String>()
        };
        assert_eq!(cut("war in an award, war crimes; War"), "[war] in an award, [war crimes]; War");
        assert_eq!(cut("В Армении, Армениивар"), "В [Армении], Армениивар");
        assert_eq!(cut("warwar war"), "warwar [war]");
        assert_eq!(cut("亚美尼亚美尼"), "亚[美尼]亚[美尼]", "a script without spaces");
        assert_eq!(cut(""), "");
        assert_eq!(marked("<b> war", &marks).into_string(), "&lt;b&gt; <mark>war</mark>");
    }
}
