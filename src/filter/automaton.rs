//! Searches a folded text for the words of all queries: a filter on how each word starts, then an
//! Aho-Corasick automaton. Pure.

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;

use crate::text::{Tokens, tokens};

/// Finds patterns of folded words. A pattern starts with the space before a word. If it ends with a
/// space, it matches whole words; otherwise its last word is a prefix.
#[derive(Debug)]
pub(super) struct WordAutomaton {
    automaton: NFA,
    /// The automaton's state after the space that starts every pattern.
    start: StateID,
    first_words: FirstWordFilter,
}

impl WordAutomaton {
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str> + Clone) -> WordAutomaton {
        const WITHIN_LIMITS: &str =
            "words of less than 2^28 bytes and a query's length are within an automaton's limits";
        let automaton = NFA::builder().prefilter(false).build(patterns.clone()).expect(WITHIN_LIMITS);
        let start = automaton.start_state(Anchored::Yes).expect("a contiguous NFA supports anchored search");
        let start = automaton.next_state(Anchored::Yes, start, b' ');
        WordAutomaton { automaton, start, first_words: FirstWordFilter::new(patterns) }
    }

    /// Reports each match: the pattern's number, the index of its first word, and its number of words.
    pub(super) fn find(&self, tokens: &Tokens, mut report: impl FnMut(usize, usize, usize)) {
        let folded = tokens.folded().as_bytes();
        for (index, word) in tokens.folded_ranges().enumerate() {
            if !self.first_words.may_match(folded, word.start, word.len()) {
                continue;
            }
            let mut state = self.start;
            let mut words = 1;
            for (at, byte) in folded.iter().enumerate().skip(word.start) {
                state = self.automaton.next_state(Anchored::Yes, state, *byte);
                if self.automaton.is_dead(state) {
                    break;
                }
                if self.automaton.is_match(state) {
                    // Of the patterns that end here, only those that start with this word.
                    let length = at + 2 - word.start;
                    let matched = (0..self.automaton.match_len(state))
                        .map(|number| self.automaton.match_pattern(state, number))
                        .filter(|pattern| self.automaton.pattern_len(*pattern) == length);
                    matched.for_each(|pattern| report(pattern.as_usize(), index, words));
                }
                words += usize::from(*byte == b' ');
            }
        }
    }
}

/// Where the match of a pattern may end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternEnd {
    WordEnd,
    Anywhere,
}

/// A text as it appears in a folded text.
pub(super) fn pattern(text: &str, end: PatternEnd) -> String {
    let tokens = tokens(text);
    let folded = tokens.folded();
    let open = folded.strip_suffix(' ').filter(|_| end == PatternEnd::Anywhere);
    open.unwrap_or(folded).to_owned()
}

/// The filter hashes this many bytes of a word and the space after it.
const HASHED_BYTES: usize = 8;

/// Rejects most words that start no pattern. It has false positives but no false negatives.
#[derive(Debug)]
struct FirstWordFilter {
    /// Hashes of whole words, and of prefixes of at least [`HASHED_BYTES`].
    hashes: U16Set,
    /// The first two bytes of shorter prefixes.
    short_prefixes: Option<U16Set>,
}

impl FirstWordFilter {
    fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> FirstWordFilter {
        let mut filter = FirstWordFilter { hashes: U16Set::default(), short_prefixes: None };
        for pattern in patterns {
            let word = pattern.as_bytes().strip_prefix(b" ").unwrap_or(pattern.as_bytes());
            match word.iter().position(|byte| *byte == b' ') {
                Some(length) => filter.hashes.insert(hash_start(word, 0, length)),
                None if word.len() >= HASHED_BYTES => filter.hashes.insert(hash_start(word, 0, word.len())),
                None => {
                    let short = filter.short_prefixes.get_or_insert_default();
                    match *word {
                        [first, second, ..] => short.insert(u16::from_le_bytes([first, second])),
                        [first] => {
                            (0..=u8::MAX)
                                .for_each(|second| short.insert(u16::from_le_bytes([first, second])));
                        }
                        [] => {}
                    }
                }
            }
        }
        filter
    }

    /// Whether a pattern may start with the word of `length` bytes at byte `at`.
    fn may_match(&self, folded: &[u8], at: usize, length: usize) -> bool {
        self.hashes.contains(hash_start(folded, at, length))
            || self
                .short_prefixes
                .as_ref()
                .is_some_and(|short| short.contains(u16::from_le_bytes([folded[at], folded[at + 1]])))
    }
}

/// Hashes the first bytes of a word and of the space after it.
#[inline(always)]
fn hash_start(text: &[u8], at: usize, length: usize) -> u16 {
    let bytes = match text.get(at..at + HASHED_BYTES) {
        Some(bytes) => bytes.try_into().unwrap_or_default(),
        None => std::array::from_fn(|n| text.get(at + n).copied().unwrap_or_default()),
    };
    let unused_bits = HASHED_BYTES.saturating_sub(length + 1) * 8;
    let used = u64::from_le_bytes(bytes) << unused_bits;
    (used.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
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
            let automaton = WordAutomaton::new(patterns.iter().map(String::as_str));
            automaton.find(&tokens, |pattern, index, words| found.push((pattern, index, words)));
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
