//! The places of a text that made an entry match, with what stands around them. Pure.

use crate::entry::StoredEntry;
use crate::filter::MatchReason;
use crate::text::{TextFor, html_to_text};

/// Characters shown before and after a match in a text.
const CONTEXT_CHARS: usize = 60;

/// A match in a text with its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before it.
    pub before: String,
    /// The match.
    pub matched: String,
    /// What stands after it.
    pub after: String,
    /// Where it is, if not in the feed.
    pub place: Option<String>,
}

/// The matches in the text of an entry, and in its article.
pub fn of_entry(kept: &StoredEntry, reasons: &[MatchReason]) -> Vec<Excerpt> {
    let of_feed = || [&kept.entry.summary, &kept.entry.content].into_iter().flatten();
    let of_article = || kept.article.article().map(|article| &article.html);
    let found = |reason: &MatchReason| {
        let find = |html: &String| excerpt(&html_to_text(html, TextFor::Search), &reason.found);
        match reason.field.as_str() {
            "text" => of_feed().find_map(find),
            "article" => {
                of_article().and_then(find).map(|found| Excerpt { place: Some(reason.place()), ..found })
            }
            _ => None,
        }
    };
    reasons.iter().filter_map(found).collect()
}

/// The match with its context, white space collapsed.
fn excerpt(text: &str, matched: &str) -> Option<Excerpt> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, rest) = text.split_at(find_words(&text, matched)?);
    let after = &rest[matched.len()..];
    let start = before.char_indices().rev().nth(CONTEXT_CHARS).map_or(0, |(offset, _)| offset);
    let end = after.char_indices().nth(CONTEXT_CHARS).map_or(after.len(), |(offset, _)| offset);
    let ellipsis = |is_cut: bool| if is_cut { "\u{2026}" } else { "" };
    Some(Excerpt {
        before: format!("{}{}", ellipsis(start > 0), &before[start..]),
        matched: matched.to_owned(),
        after: format!("{}{}", &after[..end], ellipsis(end < after.len())),
        place: None,
    })
}

/// The offset of `words` in a text: as whole words if possible, else anywhere.
pub fn find_words(text: &str, words: &str) -> Option<usize> {
    let is_whole = |offset: &usize| {
        let before = text[..*offset].chars().next_back();
        let after = text[offset + words.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    let mut offsets = text.match_indices(words).map(|(offset, _)| offset);
    offsets.find(is_whole).or_else(|| text.find(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_whole_word_with_its_context() {
        let text = "An award for peace.\n The  war is over.";
        assert_eq!(
            excerpt(text, "war"),
            Some(Excerpt {
                before: "An award for peace. The ".into(),
                matched: "war".into(),
                after: " is over.".into(),
                place: None,
            })
        );
        assert_eq!(excerpt(text, "treaty"), None);
    }
}
