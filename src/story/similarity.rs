//! How alike two rows of words are, and where they differ. Pure.

use super::words::Word;

/// Words that are compared at most: more than a signature has.
const MOST: usize = 128;

/// Shares of rows of three words that both texts have, from 0 to 1: twice the common ones by all. The longer
/// text is cut to the shorter.
pub(super) fn texts(a: &[Word], b: &[Word]) -> f64 {
    let length = a.len().min(b.len()).min(MOST);
    let (a, b) = (&a[..length], &b[..length]);
    if length >= 3 && are_same(a, b) {
        // Most of what is compared is a copy.
        return 1.0;
    }
    let mut rows = Rows { slots: [0; SLOTS], all: 0, common: 0 };
    rows.mark(a, 1 << 62);
    rows.mark(b, 1 << 63);
    share(rows.common, rows.all)
}

/// Slots for the rows of two texts, at least half of them empty.
const SLOTS: usize = 4 * MOST;

/// The rows of three words of two texts, in an open table.
struct Rows {
    /// A row and one, so that 0 is an empty slot, with a bit for each text that has it.
    slots: [u64; SLOTS],
    /// Rows of both texts, each text's once.
    all: u32,
    /// Those that both have.
    common: u32,
}

impl Rows {
    /// Takes in the rows of one of the texts, which has this bit.
    fn mark(&mut self, words: &[Word], text: u64) {
        const ROW: u64 = (1 << 62) - 1;
        for row in rows(words) {
            let mut at = scattered(row) % SLOTS;
            let row = row + 1;
            while self.slots[at] != 0 && self.slots[at] & ROW != row {
                at = (at + 1) % SLOTS;
            }
            let before = self.slots[at];
            if before & text == 0 {
                self.slots[at] = before | row | text;
                self.all += 1;
                self.common += u32::from(before != 0);
            }
        }
    }
}

/// The rows of three words of a text.
fn rows(words: &[Word]) -> impl Iterator<Item = u64> {
    words
        .windows(3)
        .map(|w| u64::from(w[0].hash()) << 40 | u64::from(w[1].hash()) << 20 | u64::from(w[2].hash()))
}

/// A number of 12 bits that depends on all of a row.
fn scattered(row: u64) -> usize {
    (row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

/// The rows of a text, marked so that many others can be told apart from it at a glance.
pub(super) struct Glance {
    marks: [u64; 64],
    /// Rows at most that stand in it again.
    repeated: usize,
}

impl Glance {
    pub(super) fn of(text: &[Word]) -> Glance {
        let mut glance = Glance { marks: [0; 64], repeated: 0 };
        for row in rows(text) {
            let at = scattered(row);
            glance.repeated += usize::from(glance.has(at));
            glance.marks[at / 64] |= 1 << (at % 64);
        }
        glance
    }

    fn has(&self, at: usize) -> bool {
        self.marks[at / 64] & 1 << (at % 64) != 0
    }

    /// What [`texts`] says of the text and another, cut to so many words, or more.
    pub(super) fn at_most(&self, other: &[Word], length: usize) -> f64 {
        let length = length.min(MOST);
        let common = rows(&other[..length]).filter(|row| self.has(scattered(*row))).count();
        // Of its own rows these at least are not the same; the other has no fewer than are common.
        let own = length.saturating_sub(2 + self.repeated).max(common);
        if common == 0 { 0.0 } else { (2 * common) as f64 / (own + common) as f64 }
    }
}

/// Whether two rows of words are the same.
pub(super) fn are_same(a: &[Word], b: &[Word]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.hash() == b.hash())
}

/// Shares of words that both headlines have, from 0 to 1.
pub(super) fn titles(a: &[Word], b: &[Word]) -> f64 {
    let (mut of_a, mut of_b) = ([0; MOST], [0; MOST]);
    let (a, b) = (sorted(a, &mut of_a), sorted(b, &mut of_b));
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += u32::from(x == y);
        (i, j) = (i + usize::from(x <= y), j + usize::from(y <= x));
    }
    // Neither is beyond `MOST`.
    share(common, (a.len() + b.len()) as u32)
}

fn sorted<'m>(words: &[Word], memory: &'m mut [u32; MOST]) -> &'m [u32] {
    let n = words.len().min(MOST);
    for (at, word) in memory.iter_mut().zip(words) {
        *at = word.hash();
    }
    memory[..n].sort_unstable();
    &memory[..n]
}

fn share(common: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(2 * common) / f64::from(all) }
}

/// Where two rows of words differ: what the one has where the other has something else, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap<'a> {
    pub(super) a: &'a [Word],
    pub(super) b: &'a [Word],
    pub(super) place: Place,
}

/// Whether common words stand before a gap and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Within,
    AtTheEdge,
}

/// The gaps between the words that two rows have in common, in order (a longest common subsequence).
pub(super) fn gaps<'a>(a: &'a [Word], b: &'a [Word]) -> Vec<Gap<'a>> {
    // What both begin with is common, whatever follows; not so what both end with.
    let begin = a.iter().zip(b).take_while(|(a, b)| a.hash() == b.hash()).count();
    let longest = longest(&a[begin..], &b[begin..]);
    let width = b.len() - begin + 1;
    let at = |i: usize, j: usize| longest[(i - begin) * width + j - begin];
    let mut gaps = Vec::new();
    let (mut i, mut j, mut from) = (begin, begin, (begin, begin));
    let mut gap = |from: (usize, usize), to: (usize, usize)| {
        let edge = from == (0, 0) || to == (a.len(), b.len());
        let place = if edge { Place::AtTheEdge } else { Place::Within };
        if from != to {
            gaps.push(Gap { a: &a[from.0..to.0], b: &b[from.1..to.1], place });
        }
    };
    while i < a.len() && j < b.len() {
        if a[i].hash() == b[j].hash() {
            gap(from, (i, j));
            i += 1;
            j += 1;
            from = (i, j);
        } else if at(i + 1, j) >= at(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    gap(from, (a.len(), b.len()));
    gaps
}

/// How many words two rows have in common in the same order, from each place of the one and each of the other: a line
/// for each place of the first, one more at the ends. Empty where one of them is.
fn longest(a: &[Word], b: &[Word]) -> Vec<u16> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let width = b.len() + 1;
    let mut longest = vec![0; (a.len() + 1) * width];
    for (i, word) in a.iter().enumerate().rev() {
        let (line, below) = longest[i * width..(i + 2) * width].split_at_mut(width);
        for (j, other) in b.iter().enumerate().rev() {
            line[j] = if word.hash() == other.hash() { below[j + 1] + 1 } else { below[j].max(line[j + 1]) };
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::words::words;
    use super::*;

    #[test]
    fn the_longer_text_is_cut_to_the_shorter() {
        let (short, long) =
            (words("one two three four five", 99), words("one two three four five six seven eight", 99));
        assert!((texts(&short, &long) - 1.0).abs() < 1e-9);
        assert!(texts(&short, &words("a b c d e", 99)) < 1e-9);
        assert!(texts(&short, &[]) < 1e-9);
    }

    proptest! {
        // A failing case is printed; nothing is written in the checkout.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn texts_share_their_rows_and_a_glance_says_no_less(a in "([a-d] ){0,30}", b in "([a-d] ){0,30}") {
            let (a, b) = (words(&a, 99), words(&b, 99));
            let length = a.len().min(b.len());
            let rows = |text: &[Word]| rows(&text[..length]).collect::<BTreeSet<u64>>();
            let (of_a, of_b) = (rows(&a), rows(&b));
            let common = of_a.intersection(&of_b).count() as u32;
            let share = share(common, (of_a.len() + of_b.len()) as u32);
            prop_assert!((texts(&a, &b) - share).abs() < 1e-9);
            prop_assert!(Glance::of(&a).at_most(&b, length) >= share);
        }
    }

    #[test]
    fn gaps_are_what_differs() {
        let (a, b) =
            (words("china stands ready to help asean", 99), words("india stands to help asean now", 99));
        let found: Vec<(usize, usize, Place)> =
            gaps(&a, &b).iter().map(|gap| (gap.a.len(), gap.b.len(), gap.place)).collect();
        assert_eq!(found, [(1, 1, Place::AtTheEdge), (1, 0, Place::Within), (0, 1, Place::AtTheEdge)]);
    }
}
