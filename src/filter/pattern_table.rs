//! Searches a folded text for the words of all queries: a hash table of the words that patterns start with, and the
//! patterns in order. Pure.

use std::ops::Range;

use crate::text::{Tokens, is_folded_word, tokens};

/// Finds patterns of folded words. A pattern starts with the space before a word. If it ends with a space, it matches
/// whole words; otherwise its last word is a prefix.
#[derive(Debug)]
pub(super) struct PatternTable {
    /// All patterns in order, one after the other, without the space before them.
    text: String,
    /// Where each pattern ends.
    ends: Vec<u32>,
    /// Hashes of the starts of the whole words that patterns start with: rejects most other words.
    starts: U16Set,
    /// A hash table of those words, half of it free.
    slots: Vec<WordSlot>,
    prefixes: Prefixes,
}

/// A place of the hash table. A free one has no patterns.
#[derive(Clone, Copy, Debug, Default)]
struct WordSlot {
    /// The half of the word's hash that does not tell the place.
    check: u32,
    /// The patterns that start with the word.
    first: u32,
    end: u32,
}

impl PatternTable {
    /// `patterns` are sorted, each once; less than 4 GB.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> PatternTable {
        let mut table = PatternTable {
            text: String::new(),
            ends: Vec::new(),
            starts: U16Set::default(),
            slots: Vec::new(),
            prefixes: Prefixes::default(),
        };
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut prefixes = Vec::new();
        for (number, pattern) in patterns.enumerate() {
            let pattern = pattern.strip_prefix(' ').unwrap_or(pattern);
            match (pattern.find(' '), words.last_mut()) {
                (Some(length), Some(last))
                    if table.pattern(last.start).starts_with(&pattern.as_bytes()[..=length]) =>
                {
                    last.end = number + 1;
                }
                (Some(_), _) => words.push(number..number + 1),
                (None, _) if !pattern.is_empty() => prefixes.push(to_u32(number)),
                (None, _) => {}
            }
            table.text.push_str(pattern);
            table.ends.push(to_u32(table.text.len()));
        }
        table.slots = vec![WordSlot::default(); (words.len() * 2 + 1).next_power_of_two()];
        for range in words {
            let word = table.pattern(range.start);
            let length = word.iter().position(|byte| *byte == b' ').unwrap_or(word.len());
            let (hash, start) = (hash_word(word, 0, length), hash_start(bytes_at(word, 0), length));
            let free = |at: &usize| table.slots[*at].first == table.slots[*at].end;
            let at = table.places(hash).find(free).unwrap_or_default();
            table.slots[at] =
                WordSlot { check: hash as u32, first: to_u32(range.start), end: to_u32(range.end) };
            table.starts.insert(start);
        }
        table.prefixes = Prefixes::new(prefixes, &table);
        table
    }

    /// All patterns in their order, without the space before them.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start as usize..*end as usize])
    }

    /// Reports each match: the pattern's number, the index of its first word, and its number of words.
    pub(super) fn find(&self, tokens: &Tokens, mut report: impl FnMut(usize, usize, usize)) {
        let folded = tokens.folded().as_bytes();
        for (index, word) in tokens.folded_ranges().enumerate() {
            let start = bytes_at(folded, word.start);
            if self.starts.contains(hash_start(start, word.len()))
                && let Some(patterns) = self.with_first_word(folded, &word)
            {
                let report = |pattern, words| report(pattern, index, words);
                self.walk(patterns, &folded[word.start..], word.len() + 1, report);
            }
            if self.prefixes.may_include(start) {
                self.prefixes.of(&folded[word], self).for_each(|number| report(number, index, 1));
            }
        }
    }

    /// The patterns that start with a word of a text and the space after it.
    fn with_first_word(&self, folded: &[u8], word: &Range<usize>) -> Option<Range<usize>> {
        let hash = hash_word(folded, word.start, word.len());
        let slots = self.places(hash).map(|at| self.slots[at]);
        let mut used = slots.take_while(|slot| slot.first != slot.end);
        let is_word = |slot: &WordSlot| {
            let pattern = || self.pattern(slot.first as usize);
            slot.check == hash as u32 && pattern().starts_with(&folded[word.start..=word.end])
        };
        used.find(is_word).map(|slot| slot.first as usize..slot.end as usize)
    }

    /// Reports those of some patterns that a text starts with. The first bytes are known to be the same.
    fn walk(
        &self,
        mut patterns: Range<usize>,
        text: &[u8],
        mut length: usize,
        mut report: impl FnMut(usize, usize),
    ) {
        let mut words = 1;
        loop {
            // Of patterns that have a start in common, the one that ends there is the first.
            if self.pattern(patterns.start).len() == length {
                report(patterns.start, words);
                patterns.start += 1;
            }
            let Some(next) = text.get(length).filter(|_| !patterns.is_empty()) else { return };
            let byte = |number: usize| self.pattern(number)[length];
            let first = partition(patterns.clone(), |number| byte(number) < *next);
            patterns = first..partition(first..patterns.end, |number| byte(number) <= *next);
            if patterns.is_empty() {
                return;
            }
            // A word counts once a pattern has some of it.
            words += usize::from(text[length - 1] == b' ');
            length += 1;
        }
    }

    /// The places of a hash in the table, in the order in which they are used.
    fn places(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len() - 1;
        let start = (hash >> 32) as usize;
        (start..=start + mask).map(move |at| at & mask)
    }

    fn pattern(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text.as_bytes()[start..self.ends[number] as usize]
    }
}

/// Patterns that are the start of one word.
#[derive(Debug, Default)]
struct Prefixes {
    /// In order.
    numbers: Vec<u32>,
    /// The bytes of the shortest one, at most 8; of the ASCII ones and of the others, whose letters have two.
    shortest: [usize; 2],
    /// Hashes of so many bytes of each.
    starts: U16Set,
}

impl Prefixes {
    fn new(numbers: Vec<u32>, table: &PatternTable) -> Prefixes {
        let mut prefixes = Prefixes { numbers, shortest: [8; 2], starts: U16Set::default() };
        let pattern = |number: &u32| table.pattern(*number as usize);
        for number in &prefixes.numbers {
            let shortest = &mut prefixes.shortest[script(pattern(number)[0])];
            *shortest = pattern(number).len().min(*shortest);
        }
        for number in &prefixes.numbers {
            let start = bytes_at(pattern(number), 0);
            prefixes.starts.insert(prefixes.hash(start));
        }
        prefixes
    }

    fn hash(&self, start: u64) -> u16 {
        hash_bytes(start, self.shortest[script(start as u8)])
    }

    /// Whether one of them may be the start of a word with these first bytes.
    fn may_include(&self, start: u64) -> bool {
        self.starts.contains(self.hash(start))
    }

    /// Those that a word starts with.
    fn of<'a>(&'a self, word: &'a [u8], table: &'a PatternTable) -> impl Iterator<Item = usize> {
        let start = word.get(..self.shortest[script(word[0])]).unwrap_or(word);
        let pattern = |number: &u32| table.pattern(*number as usize);
        let first = self.numbers.partition_point(|number| pattern(number) < start);
        let numbers =
            self.numbers[first..].iter().take_while(move |number| pattern(number).starts_with(start));
        numbers.filter(move |number| word.starts_with(pattern(number))).map(|number| *number as usize)
    }
}

/// Which of [`Prefixes::shortest`] a word has, by its first byte.
fn script(first: u8) -> usize {
    usize::from(first >> 7)
}

/// Hashes the first bytes of a word and of the space after it.
#[inline(always)]
fn hash_start(start: u64, length: usize) -> u16 {
    hash_bytes(start, length + 1)
}

/// Hashes the first `count` of eight bytes.
#[inline(always)]
fn hash_bytes(bytes: u64, count: usize) -> u16 {
    let used = bytes << ((8 - count.clamp(1, 8)) * 8);
    (used.wrapping_mul(HASH_FACTOR) >> 48) as u16
}

const HASH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a word: its length, its first and its last bytes.
#[inline(always)]
fn hash_word(text: &[u8], at: usize, length: usize) -> u64 {
    let first = bytes_at(text, at) << ((8 - length.clamp(1, 8)) * 8);
    let last = if length > 8 { bytes_at(text, at + length - 8) } else { 0 };
    let hash = (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(HASH_FACTOR);
    hash ^ hash >> 32
}

/// Eight bytes, or what is left of the text.
#[inline(always)]
fn bytes_at(text: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(match text.get(at..at + 8) {
        Some(bytes) => bytes.try_into().unwrap_or_default(),
        None => std::array::from_fn(|n| text.get(at + n).copied().unwrap_or_default()),
    })
}

/// The first number of a range for which something does not hold that holds for those before it.
fn partition(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = range;
    while start < end {
        let middle = usize::midpoint(start, end);
        if holds(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

/// Patterns have less than 4 GB.
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where the match of a pattern may end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternEnd {
    WordEnd,
    Anywhere,
}

/// A text as it appears in a folded text.
pub(super) fn pattern(text: &str, end: PatternEnd) -> String {
    if end == PatternEnd::WordEnd && is_folded_word(text) {
        return format!(" {text} ");
    }
    let tokens = tokens(text);
    let folded = tokens.folded();
    let open = folded.strip_suffix(' ').filter(|_| end == PatternEnd::Anywhere);
    open.unwrap_or(folded).to_owned()
}

/// A set of 16-bit numbers, as a bitmap.
#[derive(Debug)]
struct U16Set(Box<[u64; 1024]>);

impl Default for U16Set {
    fn default() -> U16Set {
        U16Set(Box::new([0; 1024]))
    }
}

impl U16Set {
    fn insert(&mut self, number: u16) {
        self.0[usize::from(number) / 64] |= 1 << (number % 64);
    }

    fn contains(&self, number: u16) -> bool {
        self.0[usize::from(number) / 64] & 1 << (number % 64) != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::tokens;

    proptest! {
        // Failing cases are printed, not written to files.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn finds_the_same_as_a_naive_search(
            patterns in prop::collection::btree_set(" [abя]{1,3}( [ab]{1,2})?( )?| [ab]{7,9}( )?", 1..9),
            text in "([abя]{1,3} |[ab]{7,9} ){0,12}",
        ) {
            let tokens = tokens(&text);
            let folded = tokens.folded();
            let mut found = Vec::new();
            let table = PatternTable::new(patterns.iter().map(String::as_str));
            table.find(&tokens, |pattern, index, words| found.push((pattern, index, words)));
            let mut expected = Vec::new();
            for (number, pattern) in patterns.iter().enumerate() {
                for (index, word) in tokens.folded_ranges().enumerate() {
                    if folded[word.start - 1..].starts_with(pattern) {
                        expected.push((number, index, pattern.split_whitespace().count()));
                    }
                }
            }
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
