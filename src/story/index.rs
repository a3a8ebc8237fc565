//! The window of what is compared, in memory: it proposes candidates, and never judges. Pure.

use std::collections::VecDeque;

use super::rules::{ADDRESS_DAYS, Facts, TEXT_DAYS};
use super::signature::Signature;

const DAY: i64 = 24 * 3_600_000;

/// Entries that a part of the index holds at most; beyond that the oldest days go. About 40 bytes each for headline
/// and text, 20 for the address.
const MOST: usize = 2_000_000;
/// Entries that are held under one band of one table, and answered of all tables, the newest first: what more of them
/// say is common.
const EACH: usize = 8;
/// Entries that are proposed for their headline and text, at most.
const CANDIDATES: usize = 8;
/// Of them, those that have a single row of words in common: often a mere turn of phrase.
const PHRASES: usize = 3;

/// The entries of the last days that are the first of their story: by headline and text, and by address.
///
/// What stands here may be out of date, and a lookup may answer an entry that is no more: the caller reads what
/// it proposes.
#[derive(Debug)]
pub struct Index {
    texts: Tables,
    /// Addresses and article numbers.
    addresses: Tables,
}

impl Default for Index {
    fn default() -> Index {
        // Each table of addresses is asked for each entry: a few large ones, then.
        Index { texts: Tables::new(1, TEXT_DAYS), addresses: Tables::new(10, ADDRESS_DAYS) }
    }
}

impl Index {
    /// When the window of headlines and texts begins, for who fills it: milliseconds.
    #[must_use]
    pub fn begin_of_texts(now: i64) -> i64 {
        (now.div_euclid(DAY) - TEXT_DAYS) * DAY
    }

    /// When the window of addresses begins, which is the longer one.
    #[must_use]
    pub fn begin_of_addresses(now: i64) -> i64 {
        (now.div_euclid(DAY) - ADDRESS_DAYS) * DAY
    }

    /// Holds an entry that was first seen at a time, in milliseconds, for its headline and text.
    pub fn add_text(&mut self, entry: i64, seen: i64, signature: &Signature) {
        self.texts.add(entry, seen, signature.bands().into_iter().map(|(band, _)| band));
    }

    /// Holds such an entry for the hashes of its address and article.
    pub fn add_address(&mut self, entry: i64, seen: i64, address: Option<i64>, article: Option<i64>) {
        self.addresses.add(entry, seen, address.into_iter().chain(article).map(i64::cast_unsigned));
    }

    /// Entries that may tell the same story, each once: those of its address or article, and those that have most
    /// in common with its headline and text.
    #[must_use]
    pub fn candidates(&self, facts: &Facts) -> Vec<i64> {
        let mut found = self.alike(&facts.signature);
        for key in facts.address.into_iter().chain(facts.article) {
            self.addresses.find(key.cast_unsigned(), |entry| found.push(entry));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The entries with most in common, of them the newest.
    fn alike(&self, signature: &Signature) -> Vec<i64> {
        let mut found: Vec<(usize, i64)> = Vec::with_capacity(32);
        for (band, weight) in signature.bands() {
            // A few dozen at most: looked through sooner than sorted.
            self.texts.find(band, |entry| match found.iter_mut().find(|(_, other)| *other == entry) {
                Some((common, _)) => *common += weight,
                None => found.push((weight, entry)),
            });
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        let phrase = found.partition_point(|(common, _)| *common > 1);
        found.truncate(CANDIDATES.min(phrase + PHRASES));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// How many entries are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len().max(self.texts.len())
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its tables.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + self.addresses.bytes()
    }
}

/// A table for each span of days, so that the past is dropped whole.
#[derive(Debug)]
struct Tables {
    /// How long a span is, in milliseconds.
    span: i64,
    /// Spans that are held beside the newest.
    past: i64,
    spans: VecDeque<Span>,
}

#[derive(Debug)]
struct Span {
    number: i64,
    entries: usize,
    table: Table,
}

impl Tables {
    /// Each span of so many days; what is this many days old is still held.
    fn new(days: i64, held: i64) -> Tables {
        Tables { span: days * DAY, past: held.div_euclid(days), spans: VecDeque::new() }
    }

    fn add(&mut self, entry: i64, seen: i64, bands: impl Iterator<Item = u64>) {
        let number = seen.div_euclid(self.span);
        let at = match self.spans.iter().position(|span| span.number >= number) {
            Some(at) if self.spans[at].number == number => at,
            at => {
                let at = at.unwrap_or(self.spans.len());
                self.spans.insert(at, Span { number, entries: 0, table: Table::default() });
                at
            }
        };
        let span = &mut self.spans[at];
        span.entries += 1;
        bands.for_each(|band| span.table.add(band, entry));
        self.prune();
    }

    fn prune(&mut self) {
        let Some(newest) = self.spans.back().map(|span| span.number) else { return };
        let mut entries = self.len();
        while let Some(oldest) = self.spans.front()
            && self.spans.len() > 1
            && (oldest.number < newest - self.past || entries > MOST)
        {
            entries -= oldest.entries;
            self.spans.pop_front();
        }
    }

    fn find(&self, band: u64, mut each: impl FnMut(i64)) {
        let mut found = 0;
        for span in self.spans.iter().rev() {
            if found >= EACH {
                return;
            }
            span.table.find(band, |entry| {
                found += 1;
                each(entry);
            });
        }
    }

    fn len(&self) -> usize {
        self.spans.iter().map(|span| span.entries).sum()
    }

    fn bytes(&self) -> usize {
        self.spans.iter().map(|span| span.table.slots.len() * size_of::<Slot>()).sum()
    }
}

/// Many entries to a band, in one open table: a band is looked for from the slot that its hash names on, until
/// an empty one.
#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    used: usize,
    /// The number of the table's first entry: the others are counted from it.
    base: i64,
}

/// The number by which a table's first entry is called.
const MIDDLE: i64 = 1 << 31;

/// The low half of the band, and the entry, counted from [`MIDDLE`]; 0 is an empty slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    band: u32,
    entry: u32,
}

impl Table {
    fn add(&mut self, band: u64, entry: i64) {
        if self.slots.is_empty() {
            self.base = entry;
        }
        // Numbers grow; one far from the others of its span is left out rather than mistaken.
        let Ok(entry) = u32::try_from(entry.wrapping_sub(self.base).wrapping_add(MIDDLE)) else { return };
        if self.used * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        self.put(Slot { band: band as u32, entry });
    }

    fn grow(&mut self) {
        let larger = (self.slots.len() * 3 / 2).max(64);
        let slots = std::mem::replace(&mut self.slots, vec![Slot::default(); larger]);
        self.used = 0;
        slots.into_iter().filter(|slot| slot.entry != 0).for_each(|slot| self.put(slot));
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.start(slot.band);
        let mut same = 0;
        loop {
            let here = self.slots[at];
            if here.entry == 0 {
                self.slots[at] = slot;
                self.used += 1;
                return;
            }
            if here.band == slot.band {
                same += 1;
                if here.entry == slot.entry || same == EACH {
                    // What everybody says tells nothing apart: the last of them stands for the rest.
                    self.slots[at] = slot;
                    return;
                }
            }
            at = self.next(at);
        }
    }

    fn find(&self, band: u64, mut each: impl FnMut(i64)) {
        if self.slots.is_empty() {
            return;
        }
        let band = band as u32;
        let mut at = self.start(band);
        while self.slots[at].entry != 0 {
            if self.slots[at].band == band {
                each(self.base + i64::from(self.slots[at].entry) - MIDDLE);
            }
            at = self.next(at);
        }
    }

    fn next(&self, at: usize) -> usize {
        // Without a division.
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    fn start(&self, band: u32) -> usize {
        // The product's high part: each slot alike, without a division.
        ((u64::from(band) * self.slots.len() as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    fn signature(title: &str) -> Signature {
        Signature::of(&Entry { title: Some(title.into()), ..Entry::default() }, None)
    }

    fn facts(title: &str, address: Option<i64>, article: Option<i64>) -> Facts {
        Facts { source: 1, date: 0, address, article, signature: signature(title) }
    }

    fn found(index: &Index, title: &str) -> Vec<i64> {
        index.candidates(&facts(title, None, None))
    }

    #[test]
    fn what_was_added_is_found_until_its_day_is_over() {
        let mut index = Index::default();
        for n in 0..5000 {
            index.add_text(1_000_000 + n, 0, &signature(&format!("a headline numbered {n}")));
        }
        for n in 0..5000 {
            assert!(found(&index, &format!("a headline numbered {n}")).contains(&(1_000_000 + n)));
        }
        assert!(found(&index, "a headline numbered never").is_empty());
        assert!(index.bytes() < 5000 * 40, "{}", index.bytes());
        index.add_text(9_000_000, 7 * DAY, &signature("another day of the week"));
        assert_eq!(index.len(), 5001);
        index.add_text(9_000_001, 8 * DAY, &signature("another day of the week"));
        assert_eq!(index.len(), 2);
        assert_eq!(found(&index, "another day of the week"), [9_000_000, 9_000_001]);
    }

    #[test]
    fn an_address_is_found_for_ninety_days() {
        let mut index = Index::default();
        index.add_address(1, 0, Some(77), Some(-5));
        index.add_address(2, 90 * DAY, Some(78), None);
        assert_eq!(index.candidates(&facts("", Some(77), None)), [1]);
        assert_eq!(index.candidates(&facts("", None, Some(-5))), [1]);
        assert_eq!(index.candidates(&facts("", Some(78), Some(-5))), [1, 2]);
        index.add_address(3, 101 * DAY, None, None);
        assert!(index.candidates(&facts("", Some(77), Some(-5))).is_empty());
    }

    #[test]
    fn a_band_of_everybody_stays_short() {
        let mut index = Index::default();
        for n in 0..10_000 {
            index.add_text(n, 0, &signature("the same headline each time"));
        }
        assert_eq!(found(&index, "the same headline each time").len(), EACH);
    }

    #[test]
    fn a_turn_of_phrase_proposes_few() {
        let mut index = Index::default();
        let text =
            |words: &str| Signature::of(&Entry { summary: Some(words.into()), ..Entry::default() }, None);
        for n in 0..8 {
            index.add_text(n, 0, &text("as he said"));
        }
        let asked = Facts { signature: text("as he said"), ..facts("", None, None) };
        assert_eq!(index.candidates(&asked), [5, 6, 7]);
    }
}
