//! Words that the rules know, by language: numerals, calendar and directions, negations, opposites, words without meaning
//! of their own. Pure.

use std::sync::LazyLock;

use crate::text::file_part;

/// What a word means to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordClass {
    Plain,
    /// Starts with an upper case letter inside a sentence, or is of a script without spaces.
    Name,
    /// Has digits, or is a numeral or a Roman number.
    Number,
    /// One of a few that exclude each other: a month, a day of the week, a time of day, a direction.
    Exclusive,
    Negation,
    /// Says one of two opposites; see [`opposite_hash`].
    Opposite,
    /// Starts with an upper case letter at the start of a sentence: perhaps a name.
    Initial,
    /// An article, preposition or the like, which makes no difference by itself.
    Function,
}

/// A listed word: its class, and the word that stands for all its forms and synonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) class: WordClass,
    pub(super) meaning: ListedAs,
}

/// What replaces a listed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListedAs {
    /// The word itself.
    Itself,
    /// Any form or synonym counts as this word.
    Word(&'static str),
    /// The side of a pair of opposites.
    Opposite(u64),
}

/// The hash of all words on one side of a pair of opposites. The two sides differ in the lowest bit, in short hashes too.
fn opposite_hash(pair: usize, side: u64) -> u64 {
    super::mix(pair as u64 + 1) & !1 | side
}

/// A folded word without digits, if it is listed.
pub(super) fn find(word: &str) -> Option<Listed> {
    let start = word_start(word);
    let found = places(start).map(|at| &LISTS.starts[at]).find(|found| found.is_at(start))?;
    LISTS.entries[usize::from(found.first)..usize::from(found.end)]
        .iter()
        .rev()
        .find(|entry| if entry.is_stem { word.starts_with(entry.word) } else { word == entry.word })
        .map(|entry| entry.listed)
}

struct ListEntry {
    word: &'static str,
    /// Any word that starts with it is meant.
    is_stem: bool,
    listed: Listed,
}

struct Lists {
    /// Sorted by word.
    entries: Vec<ListEntry>,
    /// A hash table of the starts of the words.
    starts: Vec<ListedStart>,
}

/// The entries that have a start; none if the place of the table is free.
#[derive(Clone, Copy, Default)]
struct ListedStart {
    start: u32,
    first: u16,
    end: u16,
}

impl ListedStart {
    /// Whether a search for a start ends here.
    fn is_at(&self, start: u32) -> bool {
        self.start == start || self.first == self.end
    }
}

/// The places of the hash table; more than twice as many as there are starts.
const PLACES: usize = 4096;

/// The places where a start may be, in order.
fn places(start: u32) -> impl Iterator<Item = usize> {
    let hash = start.wrapping_mul(0x9e37_79b1) >> 16;
    (hash as usize..).map(|at| at % PLACES)
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut entries = Vec::new();
    let mut add = |words: &'static str, class, meaning: Option<ListedAs>| {
        for word in words.split_whitespace() {
            let (word, is_stem) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
            let meaning = meaning.unwrap_or(ListedAs::Itself);
            entries.push(ListEntry { word, is_stem, listed: Listed { class, meaning } });
        }
    };
    for (list, class) in [(NUMERALS, WordClass::Number), (EXCLUSIVES, WordClass::Exclusive)] {
        for (meaning, words) in list.lines().filter_map(|line| line.trim().split_once(": ")) {
            add(words, class, Some(ListedAs::Word(meaning)));
        }
    }
    for (pair, (one, other)) in OPPOSITES.lines().filter_map(|line| line.trim().split_once(" | ")).enumerate()
    {
        add(one, WordClass::Opposite, Some(ListedAs::Opposite(opposite_hash(pair / LANGUAGES, 0))));
        add(other, WordClass::Opposite, Some(ListedAs::Opposite(opposite_hash(pair / LANGUAGES, 1))));
    }
    add(NEGATIONS, WordClass::Negation, None);
    add(FUNCTION_WORDS, WordClass::Function, None);
    entries.sort_by(|a, b| (a.word, a.is_stem).cmp(&(b.word, b.is_stem)));
    let mut starts = vec![ListedStart::default(); PLACES];
    for (number, entry) in (0..).zip(&entries) {
        let start = word_start(entry.word);
        if let Some(at) = places(start).find(|at| starts[*at].is_at(start)) {
            let first = if starts[at].end == 0 { number } else { starts[at].first };
            starts[at] = ListedStart { start, first, end: number + 1 };
        }
    }
    Lists { entries, starts }
});

/// The start of a word that decides where it is searched: two Cyrillic or Armenian letters, or three others. A listed
/// stem is at least as long.
fn word_start(word: &str) -> u32 {
    let mut start = [0; 4];
    match word.as_bytes() {
        [a, b, c, ..] if a.is_ascii() => start[..3].copy_from_slice(&[*a, *b, *c]),
        [a, b, c, d, ..] => start = [*a, *b, *c, *d],
        short => start[..short.len()].copy_from_slice(short),
    }
    u32::from_be_bytes(start)
}

/// The English word for a million, a billion or a thousand as a unit that follows a number without a space.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    match word {
        "m" | "mn" => Some("million"),
        "b" => Some("billion"),
        "k" => Some("thousand"),
        _ => None,
    }
}

const FILE: &str = include_str!("wordlists.txt");

/// Numerals and ordinals: their value, then their forms.
const NUMERALS: &str = file_part(FILE, "numerals and ordinals");

/// Months, days of the week, times of day and directions: one of a kind excludes the others.
const EXCLUSIVES: &str = file_part(FILE, "exclusives");

const NEGATIONS: &str = file_part(FILE, "negations");

const LANGUAGES: usize = 6;

/// Pairs of opposites, one side before the bar; of each pair six lines, for English, German, French, Russian, Ukrainian
/// and Armenian. A side has synonyms: that one is replaced by another is no contradiction.
const OPPOSITES: &str = include_str!("opposites.txt");

/// Frequent words without meaning of their own, and acronyms that any report of an accident has.
const FUNCTION_WORDS: &str = file_part(FILE, "function words");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    #[test]
    fn listed_words_are_folded_and_found() {
        for entry in &LISTS.entries {
            assert_eq!(tokens(entry.word).folded(), format!(" {} ", entry.word));
            assert!(entry.word.len() >= 3 || !entry.is_stem, "{}", entry.word);
            assert!(find(entry.word).is_some(), "{}", entry.word);
        }
    }

    #[test]
    fn no_word_is_listed_with_two_meanings() {
        for pair in LISTS.entries.windows(2) {
            let [a, b] = pair else { continue };
            assert!(
                a.word != b.word || a.listed == b.listed,
                "{} is {:?} and {:?}",
                a.word,
                a.listed,
                b.listed
            );
        }
    }

    #[test]
    fn opposites_differ_in_the_lowest_bit() {
        let side = |word| match find(word).map(|listed| listed.meaning) {
            Some(ListedAs::Opposite(hash)) => hash,
            other => panic!("{word}: {other:?}"),
        };
        for (one, synonym, other) in [
            ("approves", "adopted", "rejects"),
            ("zugestimmt", "gebilligt", "abgelehnt"),
            ("adopte", "approuve", "rejette"),
            ("одобрила", "утвердили", "отклонил"),
            ("ухвалила", "схвалено", "відхилив"),
            ("ընդունեց", "հաստատել", "մերժեց"),
        ] {
            assert_eq!(side(one), side(synonym));
            assert_eq!(side(one) ^ side(other), 1, "{one} {other}");
        }
        assert_ne!(side("approves") ^ side("closed"), 1);
    }
}
