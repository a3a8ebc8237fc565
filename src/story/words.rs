//! Folded words of a text, each as a hash with the class that the rules need. Pure.
//!
//! To the tokens that filters use, stories add what makes two spellings of a number or a name one: 2,025 is 2025,
//! U.S. is US, 262M is 262 million, don't is dont. Scripts without spaces are compared by pairs of characters.

use std::ops::Range;

use super::wordlists::{self, Listed, ListedAs, WordClass};
use crate::text::{Tokens, is_spaceless, tokens_up_to};

/// A folded word. Words are compared by hash alone: of 20 bits where stories are proposed, of 64 where one is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HashedWord {
    hash: u64,
    class: WordClass,
}

impl HashedWord {
    pub(super) const fn new(folded: &str, class: WordClass) -> HashedWord {
        HashedWord::with_hash(super::hash(folded), class)
    }

    /// A word, or what stands for it in the lists; `class` is its class if it is in none.
    fn listed(folded: &str, class: WordClass) -> HashedWord {
        let listed = wordlists::find(folded).unwrap_or(Listed { class, meaning: ListedAs::Itself });
        match listed.meaning {
            ListedAs::Itself => HashedWord::new(folded, listed.class),
            ListedAs::Word(word) => HashedWord::new(word, listed.class),
            ListedAs::Opposite(hash) => HashedWord::with_hash(hash, listed.class),
        }
    }

    const fn with_hash(hash: u64, class: WordClass) -> HashedWord {
        HashedWord { hash, class }
    }

    pub(super) const fn hash(self) -> u64 {
        self.hash
    }

    pub(super) const fn class(self) -> WordClass {
        self.class
    }

    /// The short form: the lowest bits of the hash, and the class.
    pub(super) const fn shorten(self) -> [u8; 3] {
        let [a, b, c, _] = ((self.hash as u32) << 4 | self.class as u32).to_le_bytes();
        [a, b, c]
    }

    /// The word of a short form, with a hash of 20 bits.
    pub(super) const fn from_short([a, b, c]: [u8; 3]) -> HashedWord {
        let bits = u32::from_le_bytes([a, b, c, 0]);
        let class = match bits & 0xf {
            1 => WordClass::Name,
            2 => WordClass::Number,
            3 => WordClass::Exclusive,
            4 => WordClass::Negation,
            5 => WordClass::Opposite,
            6 => WordClass::Initial,
            7 => WordClass::Function,
            _ => WordClass::Plain,
        };
        HashedWord { hash: (bits >> 4) as u64, class }
    }

    /// The same word with the whole hash.
    pub(super) const fn with_whole_hash(self, hash: [u8; 8]) -> HashedWord {
        HashedWord { hash: u64::from_le_bytes(hash), class: self.class }
    }
}

/// The bytes of ASCII, Cyrillic and Armenian letters.
static IS_COMMON: [bool; 256] = {
    let mut is_common = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_common[byte] = matches!(byte as u8, b'a'..=b'z' | 0x80..=0xbf | 0xd0 | 0xd1 | 0xd4..=0xd6);
        byte += 1;
    }
    is_common
};

/// Tokens that are read beyond the wanted number of words, because some are joined.
const SPARE_TOKENS: usize = 8;

/// The first words of a plain text.
pub(super) fn hashed_words(plain: &str, max: usize) -> Vec<HashedWord> {
    let tokens = tokens_up_to(plain, max + SPARE_TOKENS);
    let mut hasher = WordHasher::new(plain, &tokens, max);
    hasher.add(0..tokens.len());
    hasher.words
}

/// Turns tokens into words, up to a number of them.
pub(super) struct WordHasher<'a> {
    plain: &'a str,
    tokens: &'a Tokens,
    max: usize,
    pub(super) words: Vec<HashedWord>,
    /// The joined tokens of one word. A field, so that its memory is reused.
    joined: String,
}

impl WordHasher<'_> {
    /// `tokens` are those of the text `plain`.
    pub(super) fn new<'a>(plain: &'a str, tokens: &'a Tokens, max: usize) -> WordHasher<'a> {
        WordHasher { plain, tokens, max, words: Vec::with_capacity(max), joined: String::new() }
    }

    /// Adds the words of some tokens.
    pub(super) fn add(&mut self, tokens: Range<usize>) {
        let mut index = tokens.start;
        while index < tokens.end && self.words.len() < self.max {
            index = if let Some(word) = self.common_word(index) {
                self.words.push(word);
                index + 1
            } else if self.is_spaceless(index) {
                self.add_pairs(index, tokens.end)
            } else {
                self.add_joined(index, tokens.end)
            };
        }
    }

    /// Fast path: a token of ASCII, Cyrillic or Armenian letters that is a word by itself.
    fn common_word(&self, index: usize) -> Option<HashedWord> {
        let word = self.tokens.word(index);
        if !word.bytes().all(|byte| IS_COMMON[usize::from(byte)]) {
            return None;
        }
        let span = self.tokens.span(index);
        let class = self.class_by_case(index);
        let may_be_initials = class != WordClass::Plain
            && span.len() <= 8
            && self.plain.as_bytes().get(span.end) == Some(&b'.');
        (!may_be_initials).then(|| HashedWord::listed(word, class))
    }

    /// Adds the word that starts with a token, and returns the index of the token after it.
    fn add_joined(&mut self, index: usize, end: usize) -> usize {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.push_str(self.tokens.word(index));
        let is_upper = self.starts_upper(index);
        let mut next = index + 1;
        while next < end
            && let Some(joint) = self.joint(next, &joined, is_upper)
        {
            joined.push_str(joint);
            joined.push_str(self.tokens.word(next));
            next += 1;
        }
        joined.retain(|c| c != '\'');
        let first = part_length(&joined);
        self.push(&joined[..first], self.class_by_case(index), false);
        let mut rest = &joined[first..];
        if !rest.is_empty() {
            // A number's unit.
            let original = self.tokens.span(index).start..self.tokens.span(next - 1).end;
            let has_upper = self.plain[original].chars().skip(1).any(char::is_uppercase);
            let class = if has_upper { WordClass::Name } else { WordClass::Plain };
            while !rest.is_empty() {
                let length = part_length(rest);
                self.push(&rest[..length], class, true);
                rest = &rest[length..];
            }
        }
        self.joined = joined;
        next
    }

    /// What connects a token to the word `joined` before it: the separator to keep, or `None` if they are two words.
    fn joint(&self, index: usize, joined: &str, is_upper: bool) -> Option<&'static str> {
        let span = self.tokens.span(index);
        let between = self.plain.get(self.tokens.span(index - 1).end..span.start)?;
        let starts_with_digit = || self.plain.as_bytes()[span.start].is_ascii_digit();
        match between {
            "," if joined.ends_with(char::is_numeric) && starts_with_digit() => Some(""),
            "." if joined.ends_with(char::is_numeric) && starts_with_digit() => Some("."),
            "." if is_upper
                && joined.chars().nth(4).is_none()
                && !joined.contains(char::is_numeric)
                && self.is_initial(span) =>
            {
                Some("")
            }
            _ => None,
        }
    }

    /// Whether a token is one upper case letter with a full stop after it.
    fn is_initial(&self, span: Range<usize>) -> bool {
        let mut letters = self.plain[span.clone()].chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_none()
            && self.plain[span.end..].starts_with('.')
    }

    /// Adds the pairs of adjacent characters of a script without spaces, and returns the index of the token after
    /// them.
    fn add_pairs(&mut self, index: usize, end: usize) -> usize {
        let mut next = index + 1;
        while next < end && self.is_spaceless(next) && self.is_adjacent(next) {
            self.joined.clear();
            self.joined.extend([self.tokens.word(next - 1), self.tokens.word(next)]);
            self.push_hashed(HashedWord::new(&self.joined, WordClass::Name));
            next += 1;
        }
        if next == index + 1 {
            self.push_hashed(HashedWord::new(self.tokens.word(index), WordClass::Name));
        }
        next
    }

    fn is_adjacent(&self, index: usize) -> bool {
        // A character that folds to several has several tokens with one span.
        self.tokens.span(index - 1).end >= self.tokens.span(index).start
    }

    fn is_spaceless(&self, index: usize) -> bool {
        self.tokens.word(index).chars().next().is_some_and(is_spaceless)
    }

    fn starts_upper(&self, index: usize) -> bool {
        let word = &self.plain[self.tokens.span(index).start..];
        match word.as_bytes() {
            // Fast path: ASCII and Cyrillic, without tables.
            [first @ 0..0x80, ..] => first.is_ascii_uppercase(),
            [0xd0, 0x80..=0xaf, ..] => true,
            [0xd0, 0xb0..=0xff, ..] | [0xd1, 0x80..=0x9f, ..] => false,
            _ => word.chars().next().is_some_and(char::is_uppercase),
        }
    }

    /// The class of a word in no list: whether it starts with an upper case letter, and where.
    fn class_by_case(&self, index: usize) -> WordClass {
        if !self.starts_upper(index) {
            return WordClass::Plain;
        }
        let before = match index {
            0 => "",
            _ => &self.plain[self.tokens.span(index - 1).end..self.tokens.span(index).start],
        };
        let ends_sentence = |c| matches!(c, '.' | '!' | '?' | ':' | '\u{2026}' | '\u{589}' | '|' | '\n');
        if index == 0 || before.contains(ends_sentence) { WordClass::Initial } else { WordClass::Name }
    }

    /// Adds a folded word with the class that it has if it is in no list; `is_unit` if it follows a number without a
    /// space.
    fn push(&mut self, folded: &str, class: WordClass, is_unit: bool) {
        if is_unit && matches!(folded, "st" | "nd" | "rd" | "th") {
            return;
        }
        let folded = if is_unit { wordlists::unit(folded).unwrap_or(folded) } else { folded };
        if folded.contains(char::is_numeric) {
            return self.push_hashed(HashedWord::new(folded, WordClass::Number));
        }
        self.push_hashed(HashedWord::listed(folded, class));
    }

    fn push_hashed(&mut self, word: HashedWord) {
        if self.words.len() < self.max {
            self.words.push(word);
        }
    }
}

/// Length of a word up to the letter after its first digits: 262M is a number and its unit, 22nd a number and its
/// ending.
fn part_length(word: &str) -> usize {
    let mut has_digit = false;
    let splits = |(_, c): &(usize, char)| {
        let splits = has_digit && c.is_alphabetic();
        has_digit |= c.is_numeric();
        splits
    };
    word.char_indices().find(splits).map_or(word.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        let hashes =
            |text: &str| hashed_words(text, 99).into_iter().map(HashedWord::hash).collect::<Vec<_>>();
        assert_eq!(hashes(a), hashes(b), "{a} and {b}");
    }

    #[test]
    fn spellings_of_a_text_give_the_same_words() {
        same("Caf\u{e9} CR\u{c8}ME", "cafe\u{301} creme");
        same("\u{401}лка Йод", "елка йод");
        same("O\u{2019}Neill\u{a0}said they don't", "oneill said they dont");
        same("2,025 dead", "2025 Dead");
        same("Iran\u{200c} is", "iran is");
        same("the U.S. Navy", "The US navy");
        same("$262M, 22nd", "262 million 22");
        same("four of the nineteen", "4 of the 19");
        same("четверо в марте", "4 в март");
        same("\u{587}", "\u{565}\u{582}");
        assert_eq!(hashed_words("1.64 1,64. 5 U.S.S.R. Mr. X", 99).len(), 6);
    }

    proptest! {
        // A failing case is printed and not saved to a file.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_fast_path_gives_the_same_words(
            text in "((not|First|за|Мая|[A-Za-z]{1,6}|[А-яЁё]{1,6})[ ,'’«—\\n]{0,2}){0,9}",
        ) {
            let tokens = tokens_up_to(&text, 99);
            let mut slow = WordHasher::new(&text, &tokens, 99);
            let mut index = 0;
            while index < tokens.len() {
                index = slow.add_joined(index, tokens.len());
            }
            prop_assert_eq!(hashed_words(&text, 99), slow.words);
        }
    }

    #[test]
    fn words_have_classes() {
        let classes =
            |text: &str| hashed_words(text, 99).into_iter().map(HashedWord::class).collect::<Vec<_>>();
        assert_eq!(
            classes("Iran did not fall on 22nd May"),
            [
                WordClass::Initial,
                WordClass::Plain,
                WordClass::Negation,
                WordClass::Opposite,
                WordClass::Function,
                WordClass::Number,
                WordClass::Exclusive
            ]
        );
        assert_eq!(
            classes("5G 5g"),
            [WordClass::Number, WordClass::Name, WordClass::Number, WordClass::Plain]
        );
        assert_eq!(hashed_words("千葉市川 x", 99).len(), 4, "three pairs and a word");
        assert_eq!(hashed_words("a b c", 2).len(), 2);
    }
}
