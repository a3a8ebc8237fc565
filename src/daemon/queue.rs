//! Who may be asked when: one line of sources for each host. Pure.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::store::SourceId;

/// Between two requests to one host, where one is asked at a time.
const GAP: SignedDuration = SignedDuration::from_millis(200);

/// Of many that are overdue at once, as after a start, one begins in each of these.
const STEP: SignedDuration = SignedDuration::from_millis(2);

/// The sources that wait for their time, and those that are being asked. Each operation costs a few
/// comparisons, however many sources there are.
#[derive(Debug)]
pub struct Queue {
    per_host: usize,
    gap: SignedDuration,
    hosts: Vec<Host>,
    numbers: HashMap<String, usize>,
    sources: HashMap<SourceId, Entry>,
    /// The hosts that could be asked, by when.
    ready: BTreeSet<(Timestamp, usize)>,
}

#[derive(Debug, Default)]
struct Host {
    waiting: BTreeSet<(Timestamp, SourceId)>,
    in_flight: usize,
    /// The gap since its last request is over then.
    free_at: Timestamp,
    /// Where it stands in `ready`.
    listed: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    host: usize,
    /// `None`: it is being asked.
    due: Option<Timestamp>,
}

impl Queue {
    /// An empty one, see [`Queue::allow`].
    #[must_use]
    pub fn new(per_host: usize) -> Queue {
        let mut queue = Queue {
            per_host: 1,
            gap: GAP,
            hosts: Vec::new(),
            numbers: HashMap::new(),
            sources: HashMap::new(),
            ready: BTreeSet::new(),
        };
        queue.allow(per_host);
        queue
    }

    /// So many sources of one host may be asked at once. Who lets more than one request at a time go
    /// to a host has its leave: the gap between them shrinks with the square of `per_host`, and from
    /// 15 on there is none.
    pub fn allow(&mut self, per_host: usize) {
        self.per_host = per_host.max(1);
        let share = i64::try_from(self.per_host.saturating_mul(self.per_host)).unwrap_or(i64::MAX);
        self.gap = SignedDuration::from_millis(GAP.as_millis() as i64 / share);
        (0..self.hosts.len()).for_each(|number| self.list(number));
    }

    /// A source waits until `due`; one that waits already is moved, one that is being asked is left.
    pub fn plan(&mut self, source: SourceId, host: &str, due: Timestamp) {
        match self.sources.get(&source) {
            Some(Entry { due: None, .. }) => return,
            Some(Entry { due: Some(old), host: number })
                if *old == due && self.numbers.get(host) == Some(number) =>
            {
                return;
            }
            Some(_) => self.remove(source),
            None => {}
        }
        let number = match self.numbers.get(host) {
            Some(number) => *number,
            None => {
                self.hosts.push(Host::default());
                self.numbers.insert(host.to_owned(), self.hosts.len() - 1);
                self.hosts.len() - 1
            }
        };
        self.sources.insert(source, Entry { host: number, due: Some(due) });
        self.hosts[number].waiting.insert((due, source));
        self.list(number);
    }

    /// A waiting source is not polled any more; one that is being asked is forgotten by [`Queue::done`].
    pub fn remove(&mut self, source: SourceId) {
        let Some(Entry { host, due: Some(due) }) = self.sources.get(&source).copied() else { return };
        self.sources.remove(&source);
        self.hosts[host].waiting.remove(&(due, source));
        self.list(host);
    }

    /// Up to `n` sources that may be asked now, those first that have waited longest. They are being
    /// asked until [`Queue::done`].
    pub fn take(&mut self, now: Timestamp, n: usize) -> Vec<SourceId> {
        let mut taken = Vec::new();
        while taken.len() < n
            && let Some((at, number)) = self.ready.first().copied()
            && at <= now
        {
            let host = &mut self.hosts[number];
            if let Some((_, source)) = host.waiting.pop_first() {
                host.in_flight += 1;
                host.free_at = later(now, self.gap);
                self.sources.insert(source, Entry { host: number, due: None });
                taken.push(source);
            }
            self.list(number);
        }
        taken
    }

    /// A source was asked, or could not be. It waits again until `due`; `None`: it is forgotten.
    pub fn done(&mut self, source: SourceId, due: Option<Timestamp>, now: Timestamp) {
        let Some(Entry { host: number, due: None }) = self.sources.get(&source).copied() else { return };
        let host = &mut self.hosts[number];
        host.in_flight = host.in_flight.saturating_sub(1);
        host.free_at = later(now, self.gap);
        match due {
            Some(due) => {
                host.waiting.insert((due, source));
                self.sources.insert(source, Entry { host: number, due: Some(due) });
            }
            None => drop(self.sources.remove(&source)),
        }
        self.list(number);
    }

    /// Of the sources that are overdue, as after a start, a sleep or a clock that jumped, each gets
    /// a moment of its own, in an order that has nothing to do with theirs.
    pub fn spread(&mut self, now: Timestamp) {
        // A clock that was set back would hold up a host until it is there again.
        for number in 0..self.hosts.len() {
            self.hosts[number].free_at = self.hosts[number].free_at.min(later(now, self.gap));
            self.list(number);
        }
        let overdue = self.sources.iter().filter(|(_, entry)| entry.due.is_some_and(|due| due <= now));
        let mut overdue: Vec<(SourceId, usize)> =
            overdue.map(|(source, entry)| (*source, entry.host)).collect();
        // Fibonacci hashing: neighbours in the config, which often share a host, end far apart.
        overdue.sort_by_key(|(source, _)| (source.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut moment = now;
        for (source, number) in overdue {
            if let Some(Entry { due: Some(due), .. }) =
                self.sources.insert(source, Entry { host: number, due: Some(moment) })
            {
                self.hosts[number].waiting.remove(&(due, source));
            }
            self.hosts[number].waiting.insert((moment, source));
            self.list(number);
            moment = later(moment, STEP);
        }
    }

    /// When the next source may be asked, if there is room.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.ready.first().map(|(at, _)| *at)
    }

    /// All sources, waiting or being asked.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.sources.keys().copied()
    }

    /// How many sources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Puts a host where it belongs among the ready ones.
    fn list(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        let first = host.waiting.first().filter(|_| host.in_flight < self.per_host);
        let at = first.map(|(due, _)| (*due).max(host.free_at));
        if at == host.listed {
            return;
        }
        if let Some(old) = host.listed {
            self.ready.remove(&(old, number));
        }
        if let Some(at) = at {
            self.ready.insert((at, number));
        }
        host.listed = at;
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).expect("a time")
    }

    fn ids(numbers: &[i64]) -> Vec<SourceId> {
        numbers.iter().copied().map(SourceId).collect()
    }

    #[test]
    fn one_host_is_asked_by_one_with_a_gap_and_another_does_not_wait_for_it() {
        let mut queue = Queue::new(1);
        queue.plan(SourceId(1), "slow", at(0));
        queue.plan(SourceId(2), "slow", at(1));
        queue.plan(SourceId(3), "other", at(2));
        queue.plan(SourceId(4), "other", at(5000));
        assert_eq!(queue.take(at(-1), 9), ids(&[]));
        assert_eq!(queue.take(at(10), 9), ids(&[1, 3]), "most overdue first, one of each host");
        assert_eq!(queue.take(at(9000), 9), ids(&[]), "both are being asked still");
        queue.done(SourceId(3), Some(at(60_000)), at(9000));
        assert_eq!(queue.next(), Some(at(9200)), "the other host is free after the gap");
        assert_eq!(queue.take(at(9199), 9), ids(&[]));
        assert_eq!(queue.take(at(9200), 9), ids(&[4]));
        queue.done(SourceId(1), Some(at(70_000)), at(20_000));
        assert_eq!(queue.take(at(20_200), 9), ids(&[2]));
    }

    #[test]
    fn more_at_one_host_refill_while_some_are_in_flight_and_have_less_gap() {
        let mut queue = Queue::new(2);
        (1..=4).for_each(|n| queue.plan(SourceId(n), "h", at(0)));
        assert_eq!(queue.take(at(0), 9), ids(&[1]));
        assert_eq!(queue.take(at(50), 9), ids(&[2]));
        queue.done(SourceId(2), None, at(60));
        assert_eq!(queue.take(at(110), 9), ids(&[3]), "the first is in flight still");
        let mut wide = Queue::new(20);
        (1..=40).for_each(|n| wide.plan(SourceId(n), "h", at(0)));
        assert_eq!(wide.take(at(0), 99).len(), 20);
        assert_eq!(wide.take(at(0), 99).len(), 0);
    }

    #[test]
    fn who_is_overdue_together_is_asked_apart_and_once() {
        let mut queue = Queue::new(1);
        (0..100).for_each(|n| queue.plan(SourceId(n), &format!("h{n}"), at(-n)));
        queue.plan(SourceId(100), "later", at(50));
        queue.spread(at(0));
        assert_eq!(queue.take(at(0), 999).len(), 1);
        assert_eq!(queue.take(at(49), 999).len(), 24);
        assert_eq!(queue.take(at(198), 999).len(), 76, "the one that was not overdue keeps its time");
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn what_is_planned_anew_moves_and_what_is_removed_goes() {
        let mut queue = Queue::new(1);
        queue.plan(SourceId(1), "h", at(100));
        queue.plan(SourceId(1), "g", at(0));
        queue.plan(SourceId(2), "h", at(0));
        queue.remove(SourceId(2));
        assert_eq!((queue.take(at(1000), 9), queue.len()), (ids(&[1]), 1));
        queue.plan(SourceId(1), "h", at(0));
        assert_eq!(queue.take(at(2000), 9), ids(&[]), "it is being asked");
        queue.remove(SourceId(1));
        queue.done(SourceId(1), None, at(2000));
        assert!(queue.is_empty() && queue.next().is_none());
    }
}
