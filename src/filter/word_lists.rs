//! Words, and which of many entries have each in which fields. All of it is in a few large pieces of memory: small ones
//! would stay with the allocator when the index is dropped. Pure.

use std::hash::BuildHasher;

use super::entry_set::EntrySet;
use super::subject::FieldSet;
use super::syntax::Field;

/// The fields whose words are kept apart; a posting has a bit for each.
const FIELDS: [Field; 6] =
    [Field::Title, Field::Text, Field::Article, Field::Author, Field::Category, Field::Link];

/// The bytes of the first block of a list, and of the longest ones. The last four are where the next block starts.
const FIRST_BLOCK: u32 = 8;
const LONGEST_BLOCK: u32 = 512;
const NEXT: u32 = 4;

/// The most bytes that are kept: places are numbers of 32 bits.
const MAX_BYTES: usize = 1 << 31;

/// What is allocated of a large piece of memory at first; what of it is not used takes none.
const RESERVED: usize = 33 << 20;

/// An empty list for much that is needed for a while. glibc always gives a piece of more than 32 MiB back to the system when it
/// is freed. Of smaller ones it keeps some, and after a large one of these it keeps more of everything that is freed.
#[must_use]
pub fn large_list<T>() -> Vec<T> {
    Vec::with_capacity(RESERVED / size_of::<T>().max(1))
}

/// Words with the ascending numbers of the entries that have each.
#[derive(Debug)]
pub(super) struct WordLists {
    /// All words, one after the other.
    text: String,
    words: Vec<ListedWord>,
    /// A hash table: part of the word's hash, and the word's number from 1; half of it free, as 0.
    slots: Vec<(u32, u32)>,
    hasher: foldhash::fast::RandomState,
    /// Postings in linked blocks. A posting is the gap to the entry before, shifted, and the fields in its lowest bits; each
    /// byte has seven bits of it, the lowest first, and a sign whether more follow.
    blocks: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct ListedWord {
    start: u32,
    length: u32,
    /// Where its first block starts, where the next byte is written, and where the block ends.
    first: u32,
    next: u32,
    end: u32,
    block_length: u32,
    /// Where the last posting starts, and the entry after its own.
    last: u32,
    after: u32,
}

impl Default for WordLists {
    fn default() -> WordLists {
        WordLists {
            text: String::with_capacity(RESERVED),
            words: large_list(),
            slots: Vec::new(),
            hasher: foldhash::fast::RandomState::default(),
            blocks: large_list(),
        }
    }
}

impl WordLists {
    /// Adds that an entry, no earlier one than those before, has a word in a field.
    pub(super) fn add(&mut self, word: &str, entry: usize, field: Field) {
        let Some(bit) = field_bit(field).filter(|_| self.bytes() + word.len() < MAX_BYTES) else { return };
        let number = match self.find(word) {
            Some(number) => number,
            None => self.insert(word),
        };
        let ListedWord { last, after, .. } = self.words[number];
        // Less than 2^32 entries fit into memory.
        let entry = entry as u32;
        if after > entry {
            self.blocks[last as usize] |= bit;
            return;
        }
        self.words[number].after = entry + 1;
        let mut rest = u64::from(entry - after) << FIELDS.len() | u64::from(bit);
        let mut is_first = true;
        while is_first || rest > 0 {
            let byte = (rest & 0x7f) as u8;
            rest >>= 7;
            let place = self.push(number, if rest > 0 { byte | 0x80 } else { byte });
            if is_first {
                self.words[number].last = place;
            }
            is_first = false;
        }
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
            + self.words.len() * size_of::<ListedWord>()
            + self.slots.len() * size_of::<(u32, u32)>()
            + self.blocks.len()
    }

    /// The number of a word.
    pub(super) fn find(&self, word: &str) -> Option<usize> {
        let check = self.hasher.hash_one(word) as u32;
        let (_, number) = self.slots.get(self.slot(check, |number| self.word(number) == word)?)?;
        (*number as usize).checked_sub(1)
    }

    /// All words with their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &str)> {
        (0..self.words.len()).map(|number| (number, self.word(number)))
    }

    /// Adds the entries that have a word in one of some fields to a set.
    pub(super) fn add_to(&self, word: usize, fields: FieldSet, set: &mut EntrySet) {
        let wanted = FIELDS.iter().filter(|field| fields.contains(**field));
        let wanted = wanted.filter_map(|field| field_bit(*field)).fold(0, |all, bit| all | u64::from(bit));
        let ListedWord { first, next, .. } = self.words[word];
        let (mut at, mut length, mut in_block) = (first, FIRST_BLOCK, 0);
        let (mut entry, mut posting, mut bits) = (0, 0_u64, 0);
        while at != next {
            if in_block == length - NEXT {
                at = self.link(at);
                length = (length * 2).min(LONGEST_BLOCK);
                in_block = 0;
                continue;
            }
            let byte = self.blocks[at as usize];
            (at, in_block) = (at + 1, in_block + 1);
            posting |= u64::from(byte & 0x7f) << bits;
            bits += 7;
            if byte & 0x80 == 0 {
                entry += (posting >> FIELDS.len()) as usize;
                if posting & wanted != 0 {
                    set.insert(entry);
                }
                (entry, posting, bits) = (entry + 1, 0, 0);
            }
        }
    }

    /// A word by its number.
    pub(super) fn word(&self, number: usize) -> &str {
        let ListedWord { start, length, .. } = self.words[number];
        &self.text[start as usize..(start + length) as usize]
    }

    /// The place of a word with this hash in the table, or a free one for it; `None` if there is no table yet.
    fn slot(&self, check: u32, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = check as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => return Some(at),
                (of, number) if of == check && is_it(number as usize - 1) => return Some(at),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn insert(&mut self, word: &str) -> usize {
        if self.words.len() * 2 >= self.slots.len() {
            let former = std::mem::replace(&mut self.slots, large_list());
            self.slots.resize((former.len() * 2).max(1024), (0, 0));
            for (check, number) in former.into_iter().filter(|(_, number)| *number > 0) {
                if let Some(free) = self.slot(check, |_| false) {
                    self.slots[free] = (check, number);
                }
            }
        }
        let number = self.words.len();
        let check = self.hasher.hash_one(word) as u32;
        if let Some(free) = self.slot(check, |_| false) {
            self.slots[free] = (check, number as u32 + 1);
        }
        let first = self.new_block(FIRST_BLOCK);
        self.words.push(ListedWord {
            start: self.text.len() as u32,
            length: word.len() as u32,
            first,
            next: first,
            end: first + FIRST_BLOCK - NEXT,
            block_length: FIRST_BLOCK,
            last: first,
            after: 0,
        });
        self.text.push_str(word);
        number
    }

    /// Appends a byte to the list of a word; returns its place.
    fn push(&mut self, number: usize, byte: u8) -> u32 {
        let word = self.words[number];
        if word.next == word.end {
            let block_length = (word.block_length * 2).min(LONGEST_BLOCK);
            let start = self.new_block(block_length);
            self.blocks[word.end as usize..][..NEXT as usize].copy_from_slice(&start.to_le_bytes());
            let word = &mut self.words[number];
            (word.next, word.end, word.block_length) = (start, start + block_length - NEXT, block_length);
        }
        let word = &mut self.words[number];
        let place = word.next;
        word.next += 1;
        self.blocks[place as usize] = byte;
        place
    }

    fn new_block(&mut self, length: u32) -> u32 {
        let start = self.blocks.len();
        self.blocks.resize(start + length as usize, 0);
        start as u32
    }

    /// The start of the block that follows one whose postings end here.
    fn link(&self, end: u32) -> u32 {
        let mut bytes = [0; NEXT as usize];
        bytes.copy_from_slice(&self.blocks[end as usize..][..NEXT as usize]);
        u32::from_le_bytes(bytes)
    }
}

fn field_bit(field: Field) -> Option<u8> {
    FIELDS.iter().position(|known| *known == field).map(|bit| 1 << bit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_list_has_the_entries_that_were_added(
            added in prop::collection::vec((0_usize..5, 0_usize..FIELDS.len(), 0_usize..3), 0..400),
            step in prop::sample::select(vec![1_usize, 70, 300]),
        ) {
            let mut lists = WordLists::default();
            let last = added.iter().map(|(_, _, gap)| gap * step).sum::<usize>();
            let mut expected = vec![vec![EntrySet::none(last + 1); FIELDS.len()]; 5];
            let mut entry = 0;
            for (word, field, gap) in &added {
                entry += gap * step;
                lists.add(&format!("word{word}"), entry, FIELDS[*field]);
                expected[*word][*field].insert(entry);
            }
            for (word, of_word) in expected.iter().enumerate() {
                for (field, expected) in FIELDS.iter().zip(of_word) {
                    let mut found = EntrySet::none(last + 1);
                    if let Some(word) = lists.find(&format!("word{word}")) {
                        lists.add_to(word, FieldSet::single(*field), &mut found);
                    }
                    prop_assert_eq!(&found, expected);
                }
            }
        }
    }
}
