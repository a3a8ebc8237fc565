//! Sets of numbered entries. Pure.

/// A bit for each entry. Bits past the last entry tell nothing; nobody reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EntrySet(Vec<u64>);

impl EntrySet {
    pub(super) fn none(entries: usize) -> EntrySet {
        EntrySet(vec![0; entries.div_ceil(64)])
    }

    pub(super) fn all(entries: usize) -> EntrySet {
        EntrySet(vec![u64::MAX; entries.div_ceil(64)])
    }

    /// The entries, of so many, of which something is true.
    pub(super) fn of(entries: usize, is_in: impl Fn(usize) -> bool) -> EntrySet {
        let mut set = EntrySet::none(entries);
        (0..entries).filter(|entry| is_in(*entry)).for_each(|entry| set.insert(entry));
        set
    }

    pub(super) fn inverted(mut self) -> EntrySet {
        self.0.iter_mut().for_each(|bits| *bits = !*bits);
        self
    }

    /// The set grows as is needed.
    pub(super) fn insert(&mut self, entry: usize) {
        if self.0.len() <= entry / 64 {
            self.0.resize(entry / 64 + 1, 0);
        }
        self.0[entry / 64] |= 1 << (entry % 64);
    }

    pub(super) fn contains(&self, entry: usize) -> bool {
        self.0.get(entry / 64).is_some_and(|bits| bits >> (entry % 64) & 1 != 0)
    }

    pub(super) fn unite(&mut self, other: &EntrySet) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits |= other);
    }

    pub(super) fn intersect(&mut self, other: &EntrySet) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits &= other);
    }

    pub(super) fn subtract(&mut self, other: &EntrySet) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits &= !other);
    }
}
