//! The folded words of queries, found where they stand in a folded text: a glance at how each word begins, and an
//! automaton from there where that may lead to something. Pure.

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;

use crate::text::Tokens;

/// Patterns as they stand in a folded text: each begins with the space before a word; one that ends with no space may
/// end anywhere in a word.
#[derive(Debug)]
pub(super) struct Lexicon {
    automaton: NFA,
    /// Its state behind the space that all patterns begin with.
    start: StateID,
    beginnings: Beginnings,
}

impl Lexicon {
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str> + Clone) -> Lexicon {
        const NUMBERS: &str =
            "words of less than 2^28 bytes and a query's length are within an automaton's numbers";
        let automaton = NFA::builder().prefilter(false).build(patterns.clone()).expect(NUMBERS);
        let start = automaton.start_state(Anchored::Yes).expect("these automata can begin at a place");
        let start = automaton.next_state(Anchored::Yes, start, b' ');
        Lexicon { automaton, start, beginnings: Beginnings::of(patterns) }
    }

    /// Tells of each pattern that stands in a text its number, the place of its first word, and how many words.
    pub(super) fn find(&self, tokens: &Tokens, mut each: impl FnMut(usize, usize, usize)) {
        let folded = tokens.folded().as_bytes();
        for (place, word) in tokens.places().enumerate() {
            if !self.beginnings.may_begin(folded, word.start, word.len()) {
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
                    // Of those that end here, the ones that begin with the word.
                    let length = at + 2 - word.start;
                    let ending = (0..self.automaton.match_len(state))
                        .map(|number| self.automaton.match_pattern(state, number))
                        .filter(|pattern| self.automaton.pattern_len(*pattern) == length);
                    ending.for_each(|pattern| each(pattern.as_usize(), place, words));
                }
                words += usize::from(*byte == b' ');
            }
        }
    }
}

/// Bytes of a word, with the space behind it, by which it is known.
const KNOWN: usize = 8;

/// How the first words of patterns begin.
#[derive(Debug)]
struct Beginnings {
    /// Hashes of the first bytes of whole words, and of long beginnings.
    whole: Marks,
    /// The first two bytes of shorter beginnings.
    short: Option<Marks>,
}

impl Beginnings {
    fn of<'a>(patterns: impl Iterator<Item = &'a str>) -> Beginnings {
        let mut beginnings = Beginnings { whole: Marks::default(), short: None };
        for pattern in patterns {
            let word = pattern.as_bytes().strip_prefix(b" ").unwrap_or(pattern.as_bytes());
            match word.iter().position(|byte| *byte == b' ') {
                Some(length) => beginnings.whole.set(hash(word, 0, length)),
                None if word.len() >= KNOWN => beginnings.whole.set(hash(word, 0, word.len())),
                None => {
                    let short = beginnings.short.get_or_insert_default();
                    match *word {
                        [first, second, ..] => short.set(u16::from_le_bytes([first, second])),
                        [first] => (0..=u8::MAX).for_each(|any| short.set(u16::from_le_bytes([first, any]))),
                        [] => {}
                    }
                }
            }
        }
        beginnings
    }

    /// Whether a pattern may begin with the word of so many bytes at a place of a folded text.
    fn may_begin(&self, folded: &[u8], at: usize, length: usize) -> bool {
        self.whole.has(hash(folded, at, length))
            || self
                .short
                .as_ref()
                .is_some_and(|short| short.has(u16::from_le_bytes([folded[at], folded[at + 1]])))
    }
}

/// A hash of the first bytes of a word and of the space behind it.
fn hash(text: &[u8], at: usize, length: usize) -> u16 {
    let bytes = match text.get(at..at + KNOWN) {
        Some(bytes) => bytes.try_into().unwrap_or_default(),
        None => std::array::from_fn(|n| text.get(at + n).copied().unwrap_or_default()),
    };
    let beyond = KNOWN.saturating_sub(length + 1) * 8;
    let known = u64::from_le_bytes(bytes) << beyond;
    (known.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

/// A bit for each number of two bytes.
#[derive(Debug)]
struct Marks(Box<[u64; 1024]>);

impl Default for Marks {
    fn default() -> Marks {
        Marks(Box::new([0; 1024]))
    }
}

impl Marks {
    fn set(&mut self, number: u16) {
        self.0[usize::from(number) / 64] |= 1 << (number % 64);
    }

    fn has(&self, number: u16) -> bool {
        self.0[usize::from(number) / 64] & 1 << (number % 64) != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::tokens;

    proptest! {
        // A failing case is printed; nothing is written in the checkout.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_stands_in_a_text_is_found_where_it_stands(
            patterns in prop::collection::btree_set(" [abя]{1,3}( [ab]{1,2})?( )?| [ab]{7,9}( )?", 1..9),
            text in "([abя]{1,3} |[ab]{7,9} ){0,12}",
        ) {
            let tokens = tokens(&text);
            let folded = tokens.folded();
            let mut found = Vec::new();
            let lexicon = Lexicon::new(patterns.iter().map(String::as_str));
            lexicon.find(&tokens, |pattern, place, words| found.push((pattern, place, words)));
            let mut there = Vec::new();
            for (number, pattern) in patterns.iter().enumerate() {
                for (place, word) in tokens.places().enumerate() {
                    if folded[word.start - 1..].starts_with(pattern) {
                        there.push((number, place, pattern.split_whitespace().count()));
                    }
                }
            }
            found.sort_unstable();
            there.sort_unstable();
            prop_assert_eq!(found, there);
        }
    }
}
