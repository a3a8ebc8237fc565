//! The compact form of what is compared of an entry: folded words of headline and text, as the store keeps
//! them. Pure.

use super::words::{Class, Word, Words, words};
use super::{language, wordlists};
use crate::entry::Entry;

/// Words of a headline that count.
const TITLE: usize = 40;
/// Words of a text that count: the beginning tells.
const TEXT: usize = 64;
/// Of them, those whose rows are looked up in the index.
const HEAD: usize = 32;
/// Rows of words that an entry is looked up by.
const BANDS: usize = 6;

/// What is compared of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub(super) language: language::Language,
    /// A page that changes all day.
    pub(super) live: bool,
    /// All words of the headline.
    pub(super) title: Vec<Word>,
    /// Of them, where the headline begins and ends without label and publisher.
    pub(super) bare: (u8, u8),
    /// The beginning of the text.
    pub(super) text: Vec<Word>,
}

impl Signature {
    pub(super) fn of(entry: &Entry, language: Option<&str>) -> Signature {
        let title = entry.title.as_deref().unwrap_or_default();
        let html = entry.summary.as_deref().or(entry.content.as_deref()).unwrap_or_default();
        let mut text = words(html, TEXT);
        text.truncate(without_tail(&text));
        let (start, end) = wordlists::bare(title);
        let mut whole = Words::new(TITLE);
        whole.read(&title[..start]);
        let from = whole.words.len();
        whole.read(&title[start..end]);
        let to = whole.words.len();
        whole.read(&title[end..]);
        Signature {
            language: language::of(entry.language.as_deref().or(language), title, html),
            live: wordlists::is_live(title),
            bare: (from as u8, to as u8),
            title: whole.words,
            text,
        }
    }

    /// The headline without label and publisher.
    pub(super) fn bare_title(&self) -> &[Word] {
        self.title.get(usize::from(self.bare.0)..usize::from(self.bare.1)).unwrap_or(&self.title)
    }

    /// The headline without its label alone.
    pub(super) fn unlabelled(&self) -> &[Word] {
        self.title.get(usize::from(self.bare.0)..).unwrap_or(&self.title)
    }

    /// What the index finds the entry by: its headline, with and without a publisher, and rows of words of its text.
    /// Each with how much it says: a headline as much as half of the rows of the text.
    pub(super) fn bands(&self) -> Vec<(u64, usize)> {
        let mut bands = Vec::with_capacity(BANDS + 2);
        for title in [self.unlabelled(), self.bare_title()] {
            // A short headline alone says nothing, and would be everywhere.
            if title.len() >= 3 {
                bands.push((row(title) ^ TITLE as u64, BANDS / 2));
            }
        }
        bands.dedup();
        let head = &self.text[..self.text.len().min(HEAD)];
        bands.extend(lowest(head.windows(3).map(row)).map(|row| (row, 1)));
        bands
    }

    /// As the store keeps it: a version, the language, whether it is live, the bounds of the bare headline,
    /// the number of its words, then three bytes for each word.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(7 + 3 * (self.title.len() + self.text.len()));
        bytes.push(1);
        bytes.extend(self.language.to_be_bytes());
        bytes.extend([u8::from(self.live), self.bare.0, self.bare.1, self.title.len() as u8]);
        for word in self.title.iter().chain(&self.text) {
            bytes.extend(&word.0.to_le_bytes()[..3]);
        }
        bytes
    }

    /// Reads what [`Signature::encode`] wrote; `None` for what it did not write.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Signature> {
        let [1, a, b, live, from, to, title, rest @ ..] = bytes else { return None };
        let word = |bytes: &[u8]| Word(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]));
        let mut title_words: Vec<Word> = Vec::with_capacity(rest.len() / 3);
        title_words.extend(rest.chunks_exact(3).map(word));
        let text = title_words.split_off(usize::from(*title).min(title_words.len()));
        Some(Signature {
            language: u16::from_be_bytes([*a, *b]),
            live: *live == 1,
            bare: (*from, *to),
            title: title_words,
            text,
        })
    }
}

/// The lowest of some hashes, each once, in order.
fn lowest(rows: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    let mut lowest = [u64::MAX; BANDS];
    let mut held = 0;
    for row in rows {
        // Most are above all that are held.
        if held == BANDS && row >= lowest[BANDS - 1] {
            continue;
        }
        let at = lowest[..held].partition_point(|other| *other < row);
        if at < held && lowest[at] == row {
            continue;
        }
        held = (held + 1).min(BANDS);
        lowest[at..held].rotate_right(1);
        lowest[at] = row;
    }
    lowest.into_iter().take(held)
}

/// One hash of some words.
pub(super) fn row(words: &[Word]) -> u64 {
    words
        .iter()
        .fold(words.len() as u64, |hash, word| super::mix(hash.rotate_left(20) ^ u64::from(word.hash())))
}

/// Where a text ends before the line that WordPress adds: "The post ... appeared first on ...".
fn without_tail(text: &[Word]) -> usize {
    const fn word(folded: &str) -> u32 {
        Word::new(folded, Class::Plain).hash()
    }
    const APPEARED: [u32; 3] = [word("appeared"), word("first"), word("on")];
    const POST: [u32; 2] = [word("the"), word("post")];
    let begins = |row: &[u32]| {
        text.windows(row.len()).rposition(|window| window.iter().map(|w| w.hash()).eq(row.iter().copied()))
    };
    match (begins(&APPEARED), begins(&POST)) {
        (Some(appeared), Some(post)) if post < appeared => post,
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(title: &str, text: &str) -> Signature {
        let entry = Entry { title: Some(title.into()), summary: Some(text.into()), ..Entry::default() };
        Signature::of(&entry, None)
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let long = "word and another ".repeat(60);
        for (title, text) in [
            ("", ""),
            ("BREAKING: Ships leave the harbour | Reuters", "One two three."),
            (long.as_str(), long.as_str()),
        ] {
            let signature = signature(title, text);
            assert_eq!(Signature::decode(&signature.encode()), Some(signature));
        }
        for bytes in [&b""[..], b"\x02abcdefg", b"\x01ab"] {
            assert_eq!(Signature::decode(bytes), None);
        }
        assert!(Signature::decode(b"\x01ab\x00\x09\x07\x63xyz").is_some(), "nonsense is survived");
    }

    #[test]
    fn the_line_of_wordpress_is_no_text() {
        let with =
            signature("T", "<p>Ships leave.</p><p>The post <a>Ships</a> appeared first on <a>Times</a>.</p>");
        assert_eq!(with.text, signature("T", "Ships leave").text);
    }

    #[test]
    fn a_copy_with_another_beginning_or_end_shares_a_band() {
        let text = "Four nurses who were being treated for the disease have been discharged from a hospital in the east of the country on Monday morning";
        let a = signature("A", text).bands();
        for copy in
            [format!("Reuters - {text}"), text[..80].to_owned(), format!("{text}. Read more on our site.")]
        {
            assert!(signature("B", &copy).bands().iter().any(|band| a.contains(band)), "{copy}");
        }
    }
}
