//! How alike two rows of words are, and where they differ. Pure.

use super::words::Word;

/// Rows and words that are compared at most: more than a signature has.
const MOST: usize = 128;

/// Shares of rows of three words that both texts have, from 0 to 1: twice the common ones by all. The longer
/// text is cut to the shorter.
pub(super) fn texts(a: &[Word], b: &[Word]) -> f64 {
    let length = a.len().min(b.len()).min(MOST);
    let (mut of_a, mut of_b) = ([0; MOST], [0; MOST]);
    share(rows(&a[..length], &mut of_a), rows(&b[..length], &mut of_b))
}

/// The rows of three words of a text, each once, in order.
fn rows<'m>(words: &[Word], memory: &'m mut [u64; MOST]) -> &'m [u64] {
    let mut n = 0;
    for (row, w) in memory.iter_mut().zip(words.windows(3)) {
        *row = u64::from(w[0].hash()) << 40 | u64::from(w[1].hash()) << 20 | u64::from(w[2].hash());
        n += 1;
    }
    memory[..n].sort_unstable();
    let mut kept = 0;
    for at in 0..n {
        if at == 0 || memory[at] != memory[kept - 1] {
            memory[kept] = memory[at];
            kept += 1;
        }
    }
    &memory[..kept]
}

/// Shares of words that both headlines have, from 0 to 1.
pub(super) fn titles(a: &[Word], b: &[Word]) -> f64 {
    let (mut of_a, mut of_b) = ([0; MOST], [0; MOST]);
    share(sorted(a, &mut of_a), sorted(b, &mut of_b))
}

fn sorted<'m>(words: &[Word], memory: &'m mut [u64; MOST]) -> &'m [u64] {
    let n = words.len().min(MOST);
    for (at, word) in memory.iter_mut().zip(words) {
        *at = u64::from(word.hash());
    }
    memory[..n].sort_unstable();
    &memory[..n]
}

fn share(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    f64::from(2 * common) / (a.len() + b.len()) as f64
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
    let width = b.len() + 1;
    let mut longest = vec![0u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if a[i].hash() == b[j].hash() {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let mut gaps = Vec::new();
    let (mut i, mut j, mut from) = (0, 0, (0, 0));
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
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    gap(from, (a.len(), b.len()));
    gaps
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn gaps_are_what_differs() {
        let (a, b) =
            (words("china stands ready to help asean", 99), words("india stands to help asean now", 99));
        let found: Vec<(usize, usize, Place)> =
            gaps(&a, &b).iter().map(|gap| (gap.a.len(), gap.b.len(), gap.place)).collect();
        assert_eq!(found, [(1, 1, Place::AtTheEdge), (1, 0, Place::Within), (0, 1, Place::AtTheEdge)]);
    }
}
