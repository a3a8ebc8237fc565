//! How similar two sequences of words are, and where they differ. Pure.

use super::words::HashedWord;

/// Compared words; a signature has fewer.
const MAX_WORDS: usize = 128;

/// Share of common shingles (three words in a row) of two texts, from 0 to 1: twice the common ones divided by all (Dice).
/// The longer text is cut to the length of the shorter.
pub(super) fn text_similarity(a: &[HashedWord], b: &[HashedWord]) -> f64 {
    let length = a.len().min(b.len()).min(MAX_WORDS);
    let (a, b) = (&a[..length], &b[..length]);
    // Most pairs are copies.
    if length >= 3 && are_same(a, b) {
        return 1.0;
    }
    let mut table = ShingleTable { slots: [0; SHINGLE_SLOTS], all: 0, common: 0 };
    table.add(a, 1 << 62);
    table.add(b, 1 << 63);
    dice(table.common, table.all)
}

/// At least half of the slots stay empty.
const SHINGLE_SLOTS: usize = 4 * MAX_WORDS;

/// The shingles of two texts, in an open-addressing hash table.
struct ShingleTable {
    /// A shingle plus one, so that 0 is an empty slot, and a bit for each text that has it.
    slots: [u64; SHINGLE_SLOTS],
    /// Distinct shingles of one text plus those of the other.
    all: u32,
    /// Distinct shingles that both have.
    common: u32,
}

impl ShingleTable {
    /// Adds the shingles of the text with this bit.
    fn add(&mut self, words: &[HashedWord], text_bit: u64) {
        const SHINGLE_BITS: u64 = (1 << 62) - 1;
        for shingle in shingles(words) {
            let mut at = spread(shingle) % SHINGLE_SLOTS;
            let shingle = shingle + 1;
            while self.slots[at] != 0 && self.slots[at] & SHINGLE_BITS != shingle {
                at = (at + 1) % SHINGLE_SLOTS;
            }
            let before = self.slots[at];
            if before & text_bit == 0 {
                self.slots[at] = before | shingle | text_bit;
                self.all += 1;
                self.common += u32::from(before != 0);
            }
        }
    }
}

/// A hash of 62 bits for each shingle.
fn shingles(words: &[HashedWord]) -> impl Iterator<Item = u64> {
    words
        .windows(3)
        .map(|w| super::mix(w[0].hash() ^ w[1].hash().rotate_left(20) ^ w[2].hash().rotate_left(40)) >> 2)
}

/// The lowest 12 bits, which depend on the whole shingle.
fn spread(shingle: u64) -> usize {
    (shingle & 0xfff) as usize
}

/// A bitmap of a text's shingles, which gives a quick upper bound of its similarity with other texts.
pub(super) struct ShingleBitmap {
    bits: [u64; 64],
    /// Shingles whose bit was set before: how many can be repetitions.
    repeated: usize,
}

impl ShingleBitmap {
    pub(super) fn new(text: &[HashedWord]) -> ShingleBitmap {
        let mut bitmap = ShingleBitmap { bits: [0; 64], repeated: 0 };
        for shingle in shingles(text) {
            let at = spread(shingle);
            bitmap.repeated += usize::from(bitmap.contains(at));
            bitmap.bits[at / 64] |= 1 << (at % 64);
        }
        bitmap
    }

    fn contains(&self, at: usize) -> bool {
        self.bits[at / 64] & 1 << (at % 64) != 0
    }

    /// An upper bound of [`text_similarity`] of the text and another, both cut to `length` words.
    pub(super) fn max_similarity(&self, other: &[HashedWord], length: usize) -> f64 {
        let length = length.min(MAX_WORDS);
        let common = shingles(&other[..length]).filter(|shingle| self.contains(spread(*shingle))).count();
        // The text has at least this many distinct shingles, the other at least those in common.
        let own = length.saturating_sub(2 + self.repeated).max(common);
        if common == 0 { 0.0 } else { (2 * common) as f64 / (own + common) as f64 }
    }
}

/// Whether two sequences have the same words.
pub(super) fn are_same(a: &[HashedWord], b: &[HashedWord]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.hash() == b.hash())
}

/// Share of common words of two titles, in any order, from 0 to 1 (Dice).
pub(super) fn title_similarity(a: &[HashedWord], b: &[HashedWord]) -> f64 {
    let (mut buffer_a, mut buffer_b) = ([0; MAX_WORDS], [0; MAX_WORDS]);
    let (a, b) = (sorted_hashes(a, &mut buffer_a), sorted_hashes(b, &mut buffer_b));
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += u32::from(x == y);
        (i, j) = (i + usize::from(x <= y), j + usize::from(y <= x));
    }
    // Each has at most `MAX_WORDS`.
    dice(common, (a.len() + b.len()) as u32)
}

fn sorted_hashes<'b>(words: &[HashedWord], buffer: &'b mut [u64; MAX_WORDS]) -> &'b [u64] {
    let n = words.len().min(MAX_WORDS);
    for (slot, word) in buffer.iter_mut().zip(words) {
        *slot = word.hash();
    }
    buffer[..n].sort_unstable();
    &buffer[..n]
}

fn dice(common: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(2 * common) / f64::from(all) }
}

/// Where two sequences of words differ: the words of the one in place of those of the other; one side can be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    pub(super) a: &'a [HashedWord],
    pub(super) b: &'a [HashedWord],
    pub(super) position: DifferencePosition,
}

/// Whether common words surround a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DifferencePosition {
    Inside,
    AtEdge,
}

/// The differences between two sequences in order, by a longest common subsequence.
pub(super) fn differences<'a>(a: &'a [HashedWord], b: &'a [HashedWord]) -> Vec<Difference<'a>> {
    // A common prefix is always part of the longest common subsequence found; a common suffix is not.
    let prefix = a.iter().zip(b).take_while(|(a, b)| a.hash() == b.hash()).count();
    let lengths = lcs_lengths(&a[prefix..], &b[prefix..]);
    let width = b.len() - prefix + 1;
    let length_from = |i: usize, j: usize| lengths[(i - prefix) * width + j - prefix];
    let mut found = Vec::new();
    let (mut i, mut j, mut from) = (prefix, prefix, (prefix, prefix));
    let mut push = |from: (usize, usize), to: (usize, usize)| {
        let is_edge = from == (0, 0) || to == (a.len(), b.len());
        let position = if is_edge { DifferencePosition::AtEdge } else { DifferencePosition::Inside };
        if from != to {
            found.push(Difference { a: &a[from.0..to.0], b: &b[from.1..to.1], position });
        }
    };
    while i < a.len() && j < b.len() {
        if a[i].hash() == b[j].hash() {
            push(from, (i, j));
            i += 1;
            j += 1;
            from = (i, j);
        } else if length_from(i + 1, j) >= length_from(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    push(from, (a.len(), b.len()));
    found
}

/// Lengths of the longest common subsequences of all suffixes: a row for each start in `a`, and one for its end; a
/// column for each start in `b`, and one for its end. Empty if `a` or `b` is.
fn lcs_lengths(a: &[HashedWord], b: &[HashedWord]) -> Vec<u16> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let width = b.len() + 1;
    let mut lengths = vec![0; (a.len() + 1) * width];
    for (i, word) in a.iter().enumerate().rev() {
        let (row, next_row) = lengths[i * width..(i + 2) * width].split_at_mut(width);
        for (j, other) in b.iter().enumerate().rev() {
            row[j] =
                if word.hash() == other.hash() { next_row[j + 1] + 1 } else { next_row[j].max(row[j + 1]) };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::words::hashed_words;
    use super::*;

    #[test]
    fn the_longer_text_is_cut_to_the_length_of_the_shorter() {
        let words = |text| hashed_words(text, 99);
        let (short, long) =
            (words("one two three four five"), words("one two three four five six seven eight"));
        assert!((text_similarity(&short, &long) - 1.0).abs() < 1e-9);
        assert!(text_similarity(&short, &words("a b c d e")) < 1e-9);
        assert!(text_similarity(&short, &[]) < 1e-9);
    }

    proptest! {
        // A failing case is printed and not saved to a file.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn similarity_is_that_of_the_sets_and_the_bitmap_gives_no_less(
            a in "([a-d] ){0,30}",
            b in "([a-d] ){0,30}",
        ) {
            let (a, b) = (hashed_words(&a, 99), hashed_words(&b, 99));
            let length = a.len().min(b.len());
            let set = |text: &[HashedWord]| shingles(&text[..length]).collect::<BTreeSet<u64>>();
            let (set_a, set_b) = (set(&a), set(&b));
            let common = set_a.intersection(&set_b).count() as u32;
            let similarity = dice(common, (set_a.len() + set_b.len()) as u32);
            prop_assert!((text_similarity(&a, &b) - similarity).abs() < 1e-9);
            prop_assert!(ShingleBitmap::new(&a).max_similarity(&b, length) >= similarity);
        }
    }

    #[test]
    fn differences_are_found_with_their_positions() {
        let a = hashed_words("china stands ready to help asean", 99);
        let b = hashed_words("india stands to help asean now", 99);
        let found: Vec<(usize, usize, DifferencePosition)> =
            differences(&a, &b).iter().map(|found| (found.a.len(), found.b.len(), found.position)).collect();
        assert_eq!(
            found,
            [
                (1, 1, DifferencePosition::AtEdge),
                (1, 0, DifferencePosition::Inside),
                (0, 1, DifferencePosition::AtEdge)
            ]
        );
    }
}
