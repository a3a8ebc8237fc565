//! The window of what is compared by headline and text, in memory: it proposes candidates, and never judges. Pure.

use std::collections::VecDeque;

use super::judge::TEXT_DAYS;
use super::signature::Signature;

const DAY: i64 = 24 * 3_600_000;

/// Entries whose bands are held at most; beyond that the oldest day goes. About 150 bytes each.
const MOST: usize = 2_000_000;
/// Entries that are held under one band of one day.
const EACH: usize = 8;

/// The bands of the entries of the last days that are the first of their story. Each day has a table of its own,
/// so that the past is dropped whole.
///
/// What stands here may be out of date, and a lookup may answer an entry that is no more: the caller reads what
/// it proposes.
#[derive(Debug, Default)]
pub struct Index {
    days: VecDeque<Day>,
}

#[derive(Debug)]
struct Day {
    number: i64,
    entries: usize,
    table: Table,
}

impl Index {
    /// An empty window.
    #[must_use]
    pub fn new() -> Index {
        Index::default()
    }

    /// When the window begins, for who fills it: milliseconds.
    #[must_use]
    pub fn begin(now: i64) -> i64 {
        (now.div_euclid(DAY) - TEXT_DAYS) * DAY
    }

    /// Holds an entry that was first seen at a time, in milliseconds.
    pub fn add(&mut self, entry: i64, seen: i64, signature: &Signature) {
        let number = seen.div_euclid(DAY);
        let at = match self.days.iter().position(|day| day.number >= number) {
            Some(at) if self.days[at].number == number => at,
            at => {
                let at = at.unwrap_or(self.days.len());
                self.days.insert(at, Day { number, entries: 0, table: Table::default() });
                at
            }
        };
        let day = &mut self.days[at];
        day.entries += 1;
        for (band, _) in signature.bands() {
            day.table.add(band, entry);
        }
        self.prune();
    }

    fn prune(&mut self) {
        let Some(newest) = self.days.back().map(|day| day.number) else { return };
        let mut entries: usize = self.days.iter().map(|day| day.entries).sum();
        while let Some(oldest) = self.days.front()
            && self.days.len() > 1
            && (oldest.number < newest - TEXT_DAYS || entries > MOST)
        {
            entries -= oldest.entries;
            self.days.pop_front();
        }
    }

    /// Entries that may tell the same story, each once: first those that have most in common with it, of them the newest.
    #[must_use]
    pub fn candidates(&self, signature: &Signature) -> Vec<i64> {
        let mut hits: Vec<(i64, usize)> = Vec::new();
        for (band, weight) in signature.bands() {
            for day in &self.days {
                day.table.find(band, |entry| hits.push((entry, weight)));
            }
        }
        hits.sort_unstable();
        let mut found: Vec<(usize, i64)> = hits
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| (same.iter().map(|(_, weight)| weight).sum(), same[0].0))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// How many entries are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.iter().map(|day| day.entries).sum()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its tables.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.days.iter().map(|day| day.table.slots.len() * size_of::<Slot>()).sum()
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

/// The low half of the band, and the entry, counted from 1; 0 is an empty slot.
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
        // Numbers grow; one far from the others of its day is left out rather than mistaken.
        let Ok(entry) = u32::try_from(entry.wrapping_sub(self.base).wrapping_add(1 << 20)) else { return };
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
            at = (at + 1) % self.slots.len();
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
                each(self.base + i64::from(self.slots[at].entry) - (1 << 20));
            }
            at = (at + 1) % self.slots.len();
        }
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

    #[test]
    fn what_was_added_is_found_until_its_day_is_over() {
        let mut index = Index::new();
        for n in 0..5000 {
            index.add(1_000_000 + n, 0, &signature(&format!("a headline numbered {n}")));
        }
        for n in 0..5000 {
            assert!(
                index.candidates(&signature(&format!("a headline numbered {n}"))).contains(&(1_000_000 + n))
            );
        }
        assert!(index.candidates(&signature("a headline numbered never")).is_empty());
        assert!(index.bytes() < 5000 * 40, "{}", index.bytes());
        index.add(9_000_000, 7 * DAY, &signature("another day of the week"));
        assert_eq!(index.len(), 5001);
        index.add(9_000_001, 8 * DAY, &signature("another day of the week"));
        assert_eq!(index.len(), 2);
        assert_eq!(index.candidates(&signature("another day of the week")), [9_000_001, 9_000_000]);
    }

    #[test]
    fn a_band_of_everybody_stays_short() {
        let mut index = Index::new();
        for n in 0..10_000 {
            index.add(n, 0, &signature("the same headline each time"));
        }
        assert_eq!(index.candidates(&signature("the same headline each time")).len(), EACH);
    }
}
