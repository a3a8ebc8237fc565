//! A dictionary of one language: for each stem its paradigms, which are lists of endings. Pure.

use std::collections::HashMap;
use std::ops::Range;
use std::str::Lines;

/// A file of `dictionaries`; the README there has its format. What does not fit it is not found.
pub(super) struct Dictionary {
    /// The kind and the endings of each paradigm.
    paradigms: Vec<&'static str>,
    /// The numbers of the paradigms that one stem has.
    groups: Vec<&'static str>,
    /// Where each block starts, in little-endian bytes.
    offsets: &'static [[u8; 4]],
    blocks: &'static [u8],
    /// The paradigms of words without a stem, by each of their forms.
    without_stem: HashMap<&'static str, Vec<&'static str>>,
}

/// What an entry of the dictionary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Word,
    Name,
    /// A single form: of another word with another stem, or a word without others.
    Single,
    /// A plural of a noun with another stem.
    Plural,
    /// A past tense or imperative of a verb with another stem.
    PartOfVerb,
}

/// An entry that has a given form.
#[derive(Clone, Debug)]
pub(super) struct DictionaryEntry {
    stem: String,
    endings: &'static str,
    pub(super) kind: EntryKind,
    /// Whether the form is the one under which the entry stands.
    pub(super) is_lemma: bool,
}

impl DictionaryEntry {
    /// A stem with a line of the dictionary, if that has the ending.
    fn with(stem: &str, line: &'static str, ending: &str) -> Option<DictionaryEntry> {
        let (kind, endings) = match line.as_bytes().first() {
            Some(b'^') => (EntryKind::Name, &line[1..]),
            Some(b'?') => (EntryKind::Single, &line[1..]),
            Some(b'~') => (EntryKind::Plural, &line[1..]),
            Some(b'=') => (EntryKind::PartOfVerb, &line[1..]),
            _ => (EntryKind::Word, line),
        };
        let wanted = if ending.is_empty() { "-" } else { ending };
        let is_at = |at: usize| {
            let rest = endings.as_bytes()[at..].strip_prefix(wanted.as_bytes());
            rest.is_some_and(|rest| matches!(rest, [] | [b' ', ..]))
        };
        let is_lemma = is_at(0);
        let is_form = is_lemma || memchr::memchr_iter(b' ', endings.as_bytes()).any(|at| is_at(at + 1));
        is_form.then(|| DictionaryEntry { stem: stem.to_owned(), endings, kind, is_lemma })
    }

    /// The form under which it stands.
    pub(super) fn lemma(&self) -> String {
        self.forms().next().unwrap_or_default()
    }

    /// All its forms, the lemma first.
    pub(super) fn forms(&self) -> impl Iterator<Item = String> {
        self.endings.split(' ').map(|ending| format!("{}{}", self.stem, ending.trim_matches('-')))
    }
}

impl Dictionary {
    pub(super) fn parse(data: &'static [u8]) -> Option<Dictionary> {
        let (text, rest) = data.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let [text, count] = [text, count].map(|bytes| u32::from_le_bytes(*bytes) as usize);
        let (text, rest) = rest.split_at_checked(text)?;
        let (offsets, blocks) = rest.split_at_checked(count.checked_mul(4)?)?;
        let mut lines = str::from_utf8(text).ok()?.lines();
        let up_to_blank = |lines: &mut Lines<'static>| lines.take_while(|line| !line.is_empty()).collect();
        let mut dictionary = Dictionary {
            paradigms: up_to_blank(&mut lines),
            groups: up_to_blank(&mut lines),
            offsets: offsets.as_chunks().0,
            blocks,
            without_stem: HashMap::new(),
        };
        let (mut first, mut stem) = (Block(blocks), Vec::new());
        let group = first.next_stem(&mut stem).filter(|_| stem.is_empty());
        for line in dictionary.lines_of(group.unwrap_or(usize::MAX)) {
            for form in line.trim_start_matches(KINDS).split(' ') {
                dictionary.without_stem.entry(form).or_default().push(line);
            }
        }
        Some(dictionary)
    }

    /// The paradigms of a group.
    fn lines_of(&self, group: usize) -> Vec<&'static str> {
        let numbers = self.groups.get(group).copied().unwrap_or_default().split(' ');
        numbers.filter_map(|number| self.paradigms.get(number.parse::<usize>().ok()?).copied()).collect()
    }

    /// The entries that have a folded word among their forms.
    pub(super) fn entries(&self, form: &str) -> Vec<DictionaryEntry> {
        let mut found = Vec::new();
        if form.len() > LONGEST || form.contains(|c: char| !c.is_alphabetic() && c != '\'') {
            return found;
        }
        // As in the file: the low byte of each letter.
        let encoded: Vec<u8> = form.chars().map(|letter| u32::from(letter).to_le_bytes()[0]).collect();
        let without_stem = self.without_stem.get(form).into_iter().flatten();
        found.extend(without_stem.filter_map(|line| DictionaryEntry::with("", line, form)));
        let (mut first, mut scanned) = (0, None);
        let end = self.blocks_up_to(&encoded, 0..self.offsets.len());
        // The stem may be in any block that a start of the word would be in.
        for letters in 0..=encoded.len() {
            first = self.blocks_up_to(&encoded[..letters], first..end).max(1) - 1;
            if scanned != Some(first) {
                scanned = Some(first);
                self.scan(first, form, &encoded, &mut found);
            }
        }
        found
    }

    /// Adds the entries of a block that have the word.
    fn scan(&self, block: usize, form: &str, encoded: &[u8], found: &mut Vec<DictionaryEntry>) {
        let Some(mut block) = self.offsets.get(block).map(|offset| self.block(*offset)) else { return };
        let mut stem = Vec::new();
        for _ in 0..STEMS_PER_BLOCK {
            let Some(group) = block.next_stem(&mut stem) else { return };
            if stem.as_slice() > encoded {
                return;
            }
            if stem.is_empty() || !encoded.starts_with(&stem) {
                continue;
            }
            let at = form.char_indices().nth(stem.len()).map_or(form.len(), |(at, _)| at);
            let lines = self.lines_of(group).into_iter();
            found.extend(lines.filter_map(|line| DictionaryEntry::with(&form[..at], line, &form[at..])));
        }
    }

    /// The number of blocks that start with the stem or one before it; the first of the range does.
    fn blocks_up_to(&self, stem: &[u8], range: Range<usize>) -> usize {
        let start = range.start;
        let blocks = self.offsets.get(range).unwrap_or_default();
        start + blocks.partition_point(|at| self.block(*at).first_stem().is_some_and(|known| known <= stem))
    }

    fn block(&self, offset: [u8; 4]) -> Block {
        Block(self.blocks.get(u32::from_le_bytes(offset) as usize..).unwrap_or_default())
    }
}

const STEMS_PER_BLOCK: usize = 16;

/// Limit of a word's bytes; those of the dictionaries are shorter.
const LONGEST: usize = 100;

/// The characters before the endings that tell the kind of the entries.
const KINDS: [char; 4] = ['^', '?', '~', '='];

/// The rest of a block: stems in order, each with the number of bytes that it shares with the one before it.
struct Block(&'static [u8]);

impl Block {
    /// It shares nothing with the one before it.
    fn first_stem(&self) -> Option<&'static [u8]> {
        let (&[_, length], rest) = self.0.split_first_chunk()?;
        rest.get(..usize::from(length))
    }

    /// Makes the known stem the next one, and tells its group.
    fn next_stem(&mut self, known: &mut Vec<u8>) -> Option<usize> {
        let (&[shared, length], rest) = self.0.split_first_chunk()?;
        let (letters, mut rest) = rest.split_at_checked(usize::from(length))?;
        known.truncate(usize::from(shared));
        known.extend_from_slice(letters);
        let mut group = 0;
        for shift in (0..28).step_by(7) {
            let (byte, after) = rest.split_first()?;
            rest = after;
            group |= usize::from(byte & 127) << shift;
            if *byte < 128 {
                break;
            }
        }
        self.0 = rest;
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Stems а, "вод" and "ведр" and "ма" in one block; the last has two paradigms.
    fn small() -> Vec<u8> {
        let text = "а ы ой -\nо а -\n^р -\n\n0\n1\n0 2\n";
        let letters = |word: &str| word.chars().map(|c| (u32::from(c) & 255) as u8).collect::<Vec<u8>>();
        let mut data = u32::try_from(text.len()).unwrap().to_le_bytes().to_vec();
        data.extend([1, 0, 0, 0]);
        data.extend(text.as_bytes());
        data.extend([0, 0, 0, 0]);
        for (shared, rest, group) in [(0, "ведр", 1), (1, "од", 0), (0, "ма", 2)] {
            data.extend([shared, u8::try_from(rest.chars().count()).unwrap()]);
            data.extend(letters(rest));
            data.push(group);
        }
        data
    }

    fn forms(dictionary: &Dictionary, word: &str) -> Vec<(bool, Vec<String>)> {
        let entries = dictionary.entries(word);
        entries.iter().map(|entry| (entry.is_lemma, entry.forms().collect())).collect()
    }

    #[test]
    fn a_word_is_found_by_each_of_its_forms() {
        let dictionary = Dictionary::parse(small().leak()).unwrap();
        let water = ["вода", "воды", "водой", "вод"].map(str::to_owned).to_vec();
        assert_eq!(forms(&dictionary, "вода"), [(true, water.clone())]);
        assert_eq!(forms(&dictionary, "вод"), [(false, water)]);
        assert_eq!(forms(&dictionary, "мар"), [(true, vec!["мар".to_owned(), "ма".to_owned()])]);
        assert_eq!(dictionary.entries("мар")[0].kind, EntryKind::Name);
        assert_eq!(dictionary.entries("ма").len(), 2);
        for unknown in ["", "в", "водо", "ведр1", "я", "а"] {
            assert!(dictionary.entries(unknown).is_empty(), "{unknown}");
        }
    }

    proptest! {
        // Failing cases are printed, not written to files.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_damaged_file_only_loses_words(at in 0_usize..90, byte in any::<u8>(), cut in 0_usize..90) {
            let mut data = small();
            let at = at % data.len();
            data[at] = byte;
            data.truncate(data.len() - cut % data.len());
            if let Some(dictionary) = Dictionary::parse(data.leak()) {
                ["вода", "ведра", "мар", "яма"].iter().for_each(|word| drop(dictionary.entries(word)));
            }
        }
    }
}
