//! In-memory index of recent stories: proposes candidates, and decides nothing. Pure.

use std::collections::VecDeque;

use super::rules::{ADDRESS_DAYS, ComparedEntry, TEXT_DAYS};
use super::signature::Signature;

const DAY: i64 = 24 * 3_600_000;

/// Maximum number of entries in each half of the index; if there are more, the oldest days are dropped. An entry takes about 40 bytes
/// for title and text, and 20 for the address.
const MAX_ENTRIES: usize = 2_000_000;
/// At most this many entries per band, the newest; a band shared by more is too common to be evidence.
const MAX_ENTRIES_PER_BAND: usize = 8;
/// Maximum number of candidates by title and text.
const MAX_CANDIDATES: usize = 8;
/// Maximum number of them with only one shingle in common, which is often a common phrase.
const MAX_PHRASE_CANDIDATES: usize = 3;

/// The first entry of each story of the last days, by title and text and by address.
///
/// An entry may be stale or deleted: re-read each candidate from the store.
#[derive(Debug)]
pub struct CandidateIndex {
    texts: PeriodTables,
    /// Addresses and article numbers.
    addresses: PeriodTables,
}

impl Default for CandidateIndex {
    fn default() -> CandidateIndex {
        // All tables are searched for each entry, so the long period of addresses has few large ones.
        CandidateIndex {
            texts: PeriodTables::new(1, TEXT_DAYS),
            addresses: PeriodTables::new(10, ADDRESS_DAYS),
        }
    }
}

impl CandidateIndex {
    /// Start of the period covered for titles and texts, in milliseconds.
    #[must_use]
    pub fn texts_since(now: i64) -> i64 {
        (now.div_euclid(DAY) - TEXT_DAYS) * DAY
    }

    /// Start of the period covered for addresses, in milliseconds; earlier than that for texts.
    #[must_use]
    pub fn addresses_since(now: i64) -> i64 {
        (now.div_euclid(DAY) - ADDRESS_DAYS) * DAY
    }

    /// Adds an entry's title and text. `seen` is when it was first seen, in milliseconds.
    pub fn add_text(&mut self, entry: i64, seen: i64, signature: &Signature) {
        self.texts.add(entry, seen, signature.bands().into_iter().map(|(band, _)| band));
    }

    /// Adds the hashes of an entry's address and article number.
    pub fn add_address(&mut self, entry: i64, seen: i64, address: Option<i64>, article: Option<i64>) {
        self.addresses.add(entry, seen, address.into_iter().chain(article).map(i64::cast_unsigned));
    }

    /// Entries with this hash of their address, or perhaps of their article number. Sorted and distinct.
    #[must_use]
    pub fn at_address(&self, address: i64) -> Vec<i64> {
        let mut found = Vec::new();
        self.addresses.find(address.cast_unsigned(), |entry| found.push(entry));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Entries that can be of the same story: those with its address or article number, and those with most in common
    /// with its title and text. Sorted and distinct.
    #[must_use]
    pub fn candidates(&self, compared: &ComparedEntry) -> Vec<i64> {
        let mut found = self.text_candidates(&compared.signature);
        for key in compared.address.into_iter().chain(compared.article) {
            self.addresses.find(key.cast_unsigned(), |entry| found.push(entry));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The entries with most in common, and of those the newest.
    fn text_candidates(&self, signature: &Signature) -> Vec<i64> {
        let mut found: Vec<(usize, i64)> = Vec::with_capacity(32);
        for (band, weight) in signature.bands() {
            // A linear search is fast enough: there are a few dozen at most.
            self.texts.find(band, |entry| match found.iter_mut().find(|(_, other)| *other == entry) {
                Some((common, _)) => *common += weight,
                None => found.push((weight, entry)),
            });
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        let more_than_a_phrase = found.partition_point(|(common, _)| *common > 1);
        found.truncate(MAX_CANDIDATES.min(more_than_a_phrase + MAX_PHRASE_CANDIDATES));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len().max(self.texts.len())
    }

    /// Whether there is no entry.
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

/// A table for each period of a few days, so that old entries are dropped with their table.
#[derive(Debug)]
struct PeriodTables {
    /// Milliseconds of a period.
    length: i64,
    /// Periods that are kept besides the newest.
    kept: i64,
    /// Oldest first.
    periods: VecDeque<Period>,
}

#[derive(Debug)]
struct Period {
    number: i64,
    entries: usize,
    table: BandTable,
}

impl PeriodTables {
    /// Periods of `days` days; what is `kept_days` old is still kept.
    fn new(days: i64, kept_days: i64) -> PeriodTables {
        PeriodTables { length: days * DAY, kept: kept_days.div_euclid(days), periods: VecDeque::new() }
    }

    fn add(&mut self, entry: i64, seen: i64, bands: impl Iterator<Item = u64>) {
        let number = seen.div_euclid(self.length);
        let at = match self.periods.iter().position(|period| period.number >= number) {
            Some(at) if self.periods[at].number == number => at,
            at => {
                let at = at.unwrap_or(self.periods.len());
                self.periods.insert(at, Period { number, entries: 0, table: BandTable::default() });
                at
            }
        };
        let period = &mut self.periods[at];
        period.entries += 1;
        bands.for_each(|band| period.table.add(band, entry));
        self.drop_old();
    }

    fn drop_old(&mut self) {
        let Some(newest) = self.periods.back().map(|period| period.number) else { return };
        let mut entries = self.len();
        while let Some(oldest) = self.periods.front()
            && self.periods.len() > 1
            && (oldest.number < newest - self.kept || entries > MAX_ENTRIES)
        {
            entries -= oldest.entries;
            self.periods.pop_front();
        }
    }

    fn find(&self, band: u64, mut each: impl FnMut(i64)) {
        let mut found = 0;
        for period in self.periods.iter().rev() {
            if found >= MAX_ENTRIES_PER_BAND {
                return;
            }
            period.table.find(band, |entry| {
                found += 1;
                each(entry);
            });
        }
    }

    fn len(&self) -> usize {
        self.periods.iter().map(|period| period.entries).sum()
    }

    fn bytes(&self) -> usize {
        self.periods.iter().map(|period| period.table.slots.len() * size_of::<Slot>()).sum()
    }
}

/// Several entries per band, in an open-addressing hash table with linear probing.
#[derive(Debug, Default)]
struct BandTable {
    slots: Vec<Slot>,
    used: usize,
    /// The table's first entry; the others are stored relative to it.
    base: i64,
}

/// The relative number of a table's first entry.
const BASE_OFFSET: i64 = 1 << 31;

/// The low half of the band, and the entry relative to the table's base; 0 is an empty slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    band: u32,
    entry: u32,
}

impl BandTable {
    fn add(&mut self, band: u64, entry: i64) {
        if self.slots.is_empty() {
            self.base = entry;
        }
        // Row ids grow with time; one too far from the others cannot be stored.
        let Ok(entry) = u32::try_from(entry.wrapping_sub(self.base).wrapping_add(BASE_OFFSET)) else {
            return;
        };
        if self.used * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        self.insert(Slot { band: band as u32, entry });
    }

    fn grow(&mut self) {
        let larger = (self.slots.len() * 3 / 2).max(64);
        let slots = std::mem::replace(&mut self.slots, vec![Slot::default(); larger]);
        self.used = 0;
        slots.into_iter().filter(|slot| slot.entry != 0).for_each(|slot| self.insert(slot));
    }

    fn insert(&mut self, slot: Slot) {
        let mut at = self.first_slot(slot.band);
        let mut same = 0;
        loop {
            let current = self.slots[at];
            if current.entry == 0 {
                self.slots[at] = slot;
                self.used += 1;
                return;
            }
            if current.band == slot.band {
                same += 1;
                if current.entry == slot.entry || same == MAX_ENTRIES_PER_BAND {
                    self.slots[at] = slot;
                    return;
                }
            }
            at = self.next_slot(at);
        }
    }

    fn find(&self, band: u64, mut each: impl FnMut(i64)) {
        if self.slots.is_empty() {
            return;
        }
        let band = band as u32;
        let mut at = self.first_slot(band);
        while self.slots[at].entry != 0 {
            if self.slots[at].band == band {
                each(self.base + i64::from(self.slots[at].entry) - BASE_OFFSET);
            }
            at = self.next_slot(at);
        }
    }

    /// Wraps around without a division.
    fn next_slot(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// Maps the band to a slot by the high part of a product, which needs no division.
    fn first_slot(&self, band: u32) -> usize {
        ((u64::from(band) * self.slots.len() as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    fn signature(title: &str) -> Signature {
        Signature::new(&Entry { title: Some(title.into()), ..Entry::default() })
    }

    fn compared(title: &str, address: Option<i64>, article: Option<i64>) -> ComparedEntry {
        ComparedEntry { source: 1, date: 0, address, article, signature: signature(title) }
    }

    fn found(index: &CandidateIndex, title: &str) -> Vec<i64> {
        index.candidates(&compared(title, None, None))
    }

    #[test]
    fn a_title_is_found_for_seven_days() {
        let mut index = CandidateIndex::default();
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
        let mut index = CandidateIndex::default();
        index.add_address(1, 0, Some(77), Some(-5));
        index.add_address(2, 90 * DAY, Some(78), None);
        assert_eq!(index.candidates(&compared("", Some(77), None)), [1]);
        assert_eq!(index.candidates(&compared("", None, Some(-5))), [1]);
        assert_eq!(index.candidates(&compared("", Some(78), Some(-5))), [1, 2]);
        index.add_address(3, 101 * DAY, None, None);
        assert!(index.candidates(&compared("", Some(77), Some(-5))).is_empty());
    }

    #[test]
    fn a_band_keeps_a_bounded_number_of_entries() {
        let mut index = CandidateIndex::default();
        for n in 0..10_000 {
            index.add_text(n, 0, &signature("the same headline each time"));
        }
        assert_eq!(found(&index, "the same headline each time").len(), MAX_ENTRIES_PER_BAND);
    }

    #[test]
    fn a_common_phrase_proposes_few_candidates() {
        let mut index = CandidateIndex::default();
        let text = |words: &str| Signature::new(&Entry { summary: Some(words.into()), ..Entry::default() });
        for n in 0..8 {
            index.add_text(n, 0, &text("as he said"));
        }
        let compared = ComparedEntry { signature: text("as he said"), ..compared("", None, None) };
        assert_eq!(index.candidates(&compared), [5, 6, 7]);
    }
}
