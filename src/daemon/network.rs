//! Whether the network of this machine is there, by what comes of polls. Pure.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::fetch::CONNECT_TIMEOUT;
use crate::source::{Failure, Outcome};
use crate::store::SourceId;

/// So many hosts in a row must be out of reach, or all if there are fewer.
const MIN_HOSTS: usize = 3;

/// How often a host is tried while the network is down.
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// How far a poll came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The host answered something.
    Answered,
    /// There was no connection to a host that was there before, or no host ever was.
    Lost,
    /// There was a connection, but no whole answer.
    Connected {
        /// As for [`Reach::of`].
        was_well: bool,
    },
    /// It says nothing about the network.
    Unclear,
}

impl Reach {
    /// How far a poll came that took so long. `was_well`: the source answered at the poll before, or no source ever did.
    #[must_use]
    pub fn of(outcome: &Outcome, was_well: bool, took: Duration) -> Reach {
        match outcome {
            Outcome::Failed(failure) if failure.is_unreachable() => {
                if was_well {
                    Reach::Lost
                } else {
                    Reach::Unclear
                }
            }
            Outcome::Failed(Failure::Connection(_)) => Reach::Connected { was_well },
            Outcome::Failed(Failure::Timeout) if took > CONNECT_TIMEOUT => Reach::Connected { was_well },
            Outcome::Failed(Failure::Timeout | Failure::RefusedAddress(_)) => Reach::Unclear,
            _ => Reach::Answered,
        }
    }
}

/// What is known of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkState {
    /// It is there.
    Up,
    /// The machine was suspended: one poll has to show it.
    Unknown,
    /// No host can be reached since this time.
    Down(Timestamp),
}

/// Watches the polls of all hosts.
#[derive(Debug)]
pub struct NetworkWatch {
    state: NetworkState,
    /// The hosts and sources that were lost since a host last answered, and since when.
    hosts: HashSet<String>,
    lost: HashSet<SourceId>,
    since: Option<Timestamp>,
    next_probe: Timestamp,
}

impl NetworkWatch {
    /// `down_since`: what an earlier process knew.
    #[must_use]
    pub fn new(down_since: Option<Timestamp>) -> NetworkWatch {
        NetworkWatch {
            state: down_since.map_or(NetworkState::Up, NetworkState::Down),
            hosts: HashSet::new(),
            lost: HashSet::new(),
            since: down_since,
            next_probe: Timestamp::UNIX_EPOCH,
        }
    }

    /// What is known now.
    #[must_use]
    pub fn state(&self) -> NetworkState {
        self.state
    }

    /// The machine was suspended: the network may be another one.
    pub fn suspended(&mut self) {
        if self.state == NetworkState::Up {
            self.state = NetworkState::Unknown;
            self.next_probe = Timestamp::UNIX_EPOCH;
        }
    }

    /// How many polls may be started: all that are due, or the one that tries whether the network is back.
    #[must_use]
    pub fn allowed(&self, now: Timestamp, in_flight: usize) -> usize {
        match self.state {
            NetworkState::Up => usize::MAX,
            _ if in_flight == 0 && now >= self.next_probe => 1,
            _ => 0,
        }
    }

    /// When the next poll may be started; `None`: at any time.
    #[must_use]
    pub fn next_probe(&self) -> Option<Timestamp> {
        (self.state != NetworkState::Up).then_some(self.next_probe)
    }

    /// Notes a poll that began at `start`. `all` are the numbers of hosts and sources, `every` the shortest time between polls
    /// of a source. Returns whether the state has changed, or a source was lost while the network is down.
    pub fn note(
        &mut self,
        (source, host): (SourceId, &str),
        reach: Reach,
        all: (usize, usize),
        (every, start, now): (Duration, Timestamp, Timestamp),
    ) -> bool {
        let (before, lost_before) = (self.state, self.lost.len());
        self.next_probe = start.checked_add(PROBE_INTERVAL.min(every)).unwrap_or(Timestamp::MAX);
        match (reach, before) {
            (Reach::Answered, _) => self.is_there(),
            (Reach::Connected { .. }, NetworkState::Unknown) => self.is_there(),
            (Reach::Connected { .. }, NetworkState::Down(since)) if start > since => self.is_there(),
            // Perhaps the connection was lost with the network.
            (Reach::Connected { was_well: true }, _) => drop(self.lost.insert(source)),
            (Reach::Connected { .. }, _) => {}
            (Reach::Unclear, NetworkState::Unknown) => self.next_probe = now,
            (Reach::Unclear, _) => {}
            (Reach::Lost, _) => {
                self.hosts.insert(host.to_owned());
                self.lost.insert(source);
                let since = *self.since.get_or_insert(now);
                let (hosts, sources) = (MIN_HOSTS.min(all.0), MIN_HOSTS.min(all.1));
                let is_down = self.hosts.len() >= hosts && self.lost.len() >= sources;
                if before != NetworkState::Up || is_down {
                    self.state = NetworkState::Down(since);
                }
            }
        }
        if reach == Reach::Answered && before == NetworkState::Up {
            // These failed while other hosts answered: it was their own trouble.
            self.lost.clear();
        }
        self.state != before || (before != NetworkState::Up && self.lost.len() > lost_before)
    }

    fn is_there(&mut self) {
        self.state = NetworkState::Up;
        self.hosts.clear();
        self.since = None;
    }

    /// Whether another answer would change nothing.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.state == NetworkState::Up && self.hosts.is_empty() && self.lost.is_empty()
    }

    /// The sources that failed because the network is or was down; none while it is up and they may have failed by themselves.
    #[must_use]
    pub fn lost(&self) -> Vec<SourceId> {
        self.lost.iter().copied().collect()
    }

    /// They are no longer to be known.
    pub fn forget_lost(&mut self) {
        self.lost.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    struct Watch(NetworkWatch, (usize, usize));

    impl Watch {
        fn note(&mut self, source: i64, host: &str, reach: Reach, second: i64) -> NetworkState {
            let times = (Duration::from_secs(1800), at(second), at(second));
            self.0.note((SourceId(source), host), reach, self.1, times);
            self.0.state()
        }
    }

    fn watch(hosts: usize, sources: usize) -> Watch {
        Watch(NetworkWatch::new(None), (hosts, sources))
    }

    #[test]
    fn three_hosts_in_a_row_that_are_lost_are_an_outage_however_far_apart() {
        let mut all = watch(10, 20);
        assert_eq!(all.note(1, "a", Reach::Lost, 0), NetworkState::Up);
        assert_eq!(all.note(2, "a", Reach::Lost, 5), NetworkState::Up);
        assert_eq!(all.note(3, "b", Reach::Lost, 900), NetworkState::Up);
        assert_eq!(all.0.allowed(at(900), 5), usize::MAX);
        assert_eq!(all.note(4, "c", Reach::Lost, 1800), NetworkState::Down(at(0)));
        assert_eq!((all.0.allowed(at(1801), 0), all.0.next_probe()), (0, Some(at(1860))));
        assert_eq!((all.0.allowed(at(1860), 0), all.0.allowed(at(1860), 1)), (1, 0));
        assert_eq!(all.note(5, "d", Reach::Answered, 1861), NetworkState::Up);
        let mut lost = all.0.lost();
        lost.sort_unstable();
        assert_eq!(lost, [1, 2, 3, 4].map(SourceId));
    }

    #[test]
    fn one_host_that_answers_shows_that_the_network_is_there() {
        let mut all = watch(10, 20);
        for n in 0..10 {
            assert_eq!(all.note(2 * n, &format!("h{n}"), Reach::Lost, n), NetworkState::Up);
            assert_eq!(all.note(2 * n + 1, "well", Reach::Answered, n), NetworkState::Up);
        }
        assert!(all.0.lost().is_empty(), "it was their own trouble");
        for n in 0..10 {
            assert_eq!(all.note(n, &format!("h{n}"), Reach::Unclear, n), NetworkState::Up);
        }
    }

    #[test]
    fn all_hosts_and_sources_count_if_there_are_fewer_than_three() {
        assert_eq!(watch(1, 1).note(1, "a", Reach::Lost, 0), NetworkState::Down(at(0)));
        let mut one_host = watch(1, 4);
        assert_eq!(one_host.note(1, "a", Reach::Lost, 0), NetworkState::Up);
        assert_eq!(one_host.note(2, "a", Reach::Lost, 1), NetworkState::Up);
        assert_eq!(one_host.note(3, "a", Reach::Lost, 2), NetworkState::Down(at(0)));
    }

    #[test]
    fn a_connection_without_an_answer_shows_that_the_network_is_there_if_it_was_made_since() {
        let took =
            |seconds| Reach::of(&Outcome::Failed(Failure::Timeout), true, Duration::from_secs(seconds));
        let connected = Reach::Connected { was_well: true };
        assert_eq!((took(30), took(5)), (connected, Reach::Unclear), "a short timeout may have been before");
        let mut all = watch(3, 9);
        assert_eq!(all.note(1, "a", connected, 0), NetworkState::Up);
        for n in 2..5 {
            all.note(n, &format!("h{n}"), Reach::Lost, n);
        }
        assert_eq!(all.0.state(), NetworkState::Down(at(2)));
        let began_before = (Duration::from_secs(1800), at(1), at(31));
        assert!(all.0.note((SourceId(5), "e"), connected, all.1, began_before), "it has not failed");
        let mut lost = all.0.lost();
        lost.sort_unstable();
        assert_eq!(lost, [1, 2, 3, 4, 5].map(SourceId), "they were lost with the network");
        let probe = (Duration::from_secs(1800), at(62), at(92));
        assert!(!all.0.note((SourceId(4), "h4"), Reach::Lost, all.1, probe), "nothing new");
        assert_eq!(all.0.next_probe(), Some(at(122)), "a minute after the last one began");
        assert_eq!(all.note(7, "g", connected, 122), NetworkState::Up);
    }

    #[test]
    fn after_a_suspend_one_poll_goes_first() {
        let mut all = watch(10, 20);
        all.0.suspended();
        assert_eq!((all.0.state(), all.0.allowed(at(0), 0)), (NetworkState::Unknown, 1));
        assert_eq!(all.note(1, "a", Reach::Lost, 0), NetworkState::Down(at(0)));
        let mut all = watch(10, 20);
        all.0.suspended();
        assert_eq!(all.note(1, "a", Reach::Answered, 0), NetworkState::Up);
    }
}
