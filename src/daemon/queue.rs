//! When each source may be polled, and each article requested: a queue for each host. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::fetch;
use crate::store::SourceId;

/// Time between two requests to a host if `per_host` is 1.
const HOST_GAP: SignedDuration = SignedDuration::from_millis(200);

/// Time between the starts of polls that are overdue together, as after a start.
const SPREAD_STEP: SignedDuration = SignedDuration::from_millis(2);

/// The longest such time after an outage, where few sources wait.
const MAX_SPREAD_STEP: SignedDuration = SignedDuration::from_millis(500);

/// Waiting sources and sources in flight, and articles, which have what the sources of their host leave. Every operation is logarithmic in their number.
#[derive(Debug)]
pub struct PollQueue {
    per_host: usize,
    gap: SignedDuration,
    hosts: Vec<HostQueue>,
    host_indexes: HashMap<String, usize>,
    sources: HashMap<SourceId, QueuedSource>,
    /// How many sources are of hosts that are not local.
    distant: usize,
    /// The articles by the numbers of their entries.
    articles: HashMap<i64, QueuedSource>,
    /// The hosts that can take a request, by when.
    ready: BTreeSet<(Timestamp, usize)>,
    /// Those that can take one for an article.
    ready_for_article: BTreeSet<(Timestamp, usize)>,
}

/// How often a host may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostLimits {
    /// No request before this time.
    pub held_until: Option<Timestamp>,
    /// The time between the starts of two requests, if it is longer than for other hosts.
    pub gap: SignedDuration,
    /// How many sources may be in flight; `None`: as for other hosts.
    pub per_host: Option<usize>,
}

#[derive(Debug, Default)]
struct HostQueue {
    limits: HostLimits,
    /// It is this machine or in the local network, which says nothing of the way to other hosts.
    is_local: bool,
    waiting: BTreeSet<(Timestamp, SourceId)>,
    /// The newest first.
    articles: BTreeSet<(Timestamp, Reverse<i64>)>,
    in_flight: usize,
    /// Whether it was asked since [`PollQueue::take_idle_hosts`] returned it.
    was_requested: bool,
    articles_in_flight: usize,
    /// Whether its last request was for a source.
    last_was_source: bool,
    /// When the gap after its last request ends.
    free_at: Timestamp,
    /// The time between two articles, if it is longer.
    article_gap: SignedDuration,
    /// When it ends.
    article_at: Timestamp,
    /// Its key in `ready`.
    ready_at: Option<Timestamp>,
    /// Its key in `ready_for_article`.
    ready_for_article_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct QueuedSource {
    host: usize,
    /// `None`: in flight.
    due: Option<Timestamp>,
}

impl PollQueue {
    /// An empty queue, see [`PollQueue::set_per_host`].
    #[must_use]
    pub fn new(per_host: usize) -> PollQueue {
        let mut queue = PollQueue {
            per_host: 1,
            gap: HOST_GAP,
            hosts: Vec::new(),
            host_indexes: HashMap::new(),
            sources: HashMap::new(),
            distant: 0,
            articles: HashMap::new(),
            ready: BTreeSet::new(),
            ready_for_article: BTreeSet::new(),
        };
        queue.set_per_host(per_host);
        queue
    }

    /// Allows this many sources of one host in flight. The gap between requests shrinks with the square of `per_host` and
    /// is zero from 15 on.
    pub fn set_per_host(&mut self, per_host: usize) {
        self.per_host = per_host.max(1);
        let share = i64::try_from(self.per_host.saturating_mul(self.per_host)).unwrap_or(i64::MAX);
        self.gap = SignedDuration::from_millis(HOST_GAP.as_millis() as i64 / share);
        (0..self.hosts.len()).for_each(|host| self.update_ready(host));
    }

    /// Limits how often a host is asked.
    pub fn limit(&mut self, host: &str, limits: HostLimits) {
        let index = self.host_index(host);
        let queue = &mut self.hosts[index];
        // A gap that became shorter counts from now on, a longer one from the last request on.
        let longer = limits.gap - queue.limits.gap;
        if queue.in_flight > 0 && longer.is_positive() {
            queue.free_at = later(queue.free_at, longer);
        }
        queue.limits = limits;
        self.update_ready(index);
    }

    fn host_index(&mut self, host: &str) -> usize {
        if let Some(index) = self.host_indexes.get(host) {
            return *index;
        }
        self.hosts.push(HostQueue { is_local: is_local(host), ..HostQueue::default() });
        self.host_indexes.insert(host.to_owned(), self.hosts.len() - 1);
        self.hosts.len() - 1
    }

    /// Queues a source until `due`. A waiting one is moved; one in flight is left alone.
    pub fn plan(&mut self, source: SourceId, host: &str, due: Timestamp) {
        match self.sources.get(&source) {
            Some(QueuedSource { due: None, .. }) => return,
            Some(QueuedSource { due: Some(old), host: index })
                if *old == due && self.host_indexes.get(host) == Some(index) =>
            {
                return;
            }
            Some(_) => self.remove(source),
            None => {}
        }
        let index = self.host_index(host);
        self.sources.insert(source, QueuedSource { host: index, due: Some(due) });
        self.hosts[index].waiting.insert((due, source));
        self.distant += usize::from(!self.hosts[index].is_local);
        self.update_ready(index);
    }

    /// Removes a waiting source. One in flight is removed by [`PollQueue::done`].
    pub fn remove(&mut self, source: SourceId) {
        let Some(QueuedSource { host, due: Some(due) }) = self.sources.get(&source).copied() else { return };
        self.sources.remove(&source);
        self.hosts[host].waiting.remove(&(due, source));
        self.distant -= usize::from(!self.hosts[host].is_local);
        self.update_ready(host);
    }

    /// Takes up to `n` sources that may be polled now, most overdue first. They are in flight until
    /// [`PollQueue::done`].
    pub fn take(&mut self, now: Timestamp, n: usize) -> Vec<SourceId> {
        let mut taken = Vec::new();
        while taken.len() < n
            && let Some((at, index)) = self.ready.first().copied()
            && at <= now
        {
            taken.extend(self.take_from(index, now));
        }
        taken
    }

    fn take_from(&mut self, index: usize, now: Timestamp) -> Option<SourceId> {
        let host = &mut self.hosts[index];
        let taken = host.waiting.pop_first().map(|(_, source)| source);
        if let Some(source) = taken {
            host.in_flight += 1;
            host.was_requested = true;
            host.last_was_source = true;
            host.free_at = later(now, self.gap.max(host.limits.gap));
            self.sources.insert(source, QueuedSource { host: index, due: None });
        }
        self.update_ready(index);
        taken
    }

    /// As [`PollQueue::take`], only of local hosts.
    pub fn take_local(&mut self, now: Timestamp, n: usize) -> Vec<SourceId> {
        let mut taken = Vec::new();
        while taken.len() < n
            && let Some((at, index)) = self.next_local()
            && at <= now
        {
            taken.extend(self.take_from(index, now));
        }
        taken
    }

    /// When the next source of a local host may be polled, and which host it is.
    pub fn next_local(&self) -> Option<(Timestamp, usize)> {
        self.local_hosts().filter_map(|(index, host)| Some((host.ready_at?, index))).min()
    }

    /// None if all are: then they are the network.
    fn local_hosts(&self) -> impl Iterator<Item = (usize, &HostQueue)> {
        let has_distant = self.distant > 0;
        self.hosts.iter().enumerate().filter(move |(_, host)| has_distant && host.is_local)
    }

    /// How many sources of local hosts are in flight.
    pub fn local_in_flight(&self) -> usize {
        self.local_hosts().map(|(_, host)| host.in_flight - host.articles_in_flight).sum()
    }

    /// Whether the host says nothing of the network. If all hosts are local, they are the network.
    pub fn is_local(&self, host: &str) -> bool {
        self.distant > 0 && is_local(host)
    }

    /// Ends a poll. The source waits again until `due`; with `None` it is removed.
    pub fn done(&mut self, source: SourceId, due: Option<Timestamp>, now: Timestamp) {
        let Some(QueuedSource { host: index, due: None }) = self.sources.get(&source).copied() else {
            return;
        };
        self.end_request(index, now);
        let host = &mut self.hosts[index];
        match due {
            Some(due) => {
                host.waiting.insert((due, source));
                self.sources.insert(source, QueuedSource { host: index, due: Some(due) });
            }
            None => {
                self.distant -= usize::from(!host.is_local);
                self.sources.remove(&source);
            }
        }
        self.update_ready(index);
    }

    /// The hosts that were asked, have nothing in flight, and are `left` to others.
    pub fn take_idle_hosts(&mut self, left: impl Fn(&str) -> bool) -> Vec<String> {
        let mut idle = Vec::new();
        for (name, index) in &self.host_indexes {
            let host = &mut self.hosts[*index];
            if host.was_requested && host.in_flight == 0 && left(name) {
                host.was_requested = false;
                idle.push(name.clone());
            }
        }
        idle
    }

    /// Whether a host was asked that is `left` to others.
    #[must_use]
    pub fn is_any_requested(&self, left: impl Fn(&str) -> bool) -> bool {
        self.host_indexes.iter().any(|(name, index)| self.hosts[*index].was_requested && left(name))
    }

    /// A source in flight was requested only now, since its claim took its time: from here on counts the gap of its host.
    pub fn requested(&mut self, source: SourceId, at: Timestamp) {
        let Some(QueuedSource { host: index, due: None }) = self.sources.get(&source).copied() else {
            return;
        };
        let host = &mut self.hosts[index];
        host.free_at = host.free_at.max(later(at, self.gap.max(host.limits.gap)));
        self.update_ready(index);
    }

    /// Ends the request of a host.
    fn end_request(&mut self, index: usize, now: Timestamp) {
        let host = &mut self.hosts[index];
        host.in_flight = host.in_flight.saturating_sub(1);
        let from_start = if host.limits.gap > self.gap { host.free_at } else { now };
        host.free_at = later(now, self.gap).max(from_start);
    }

    /// Queues an article until `due`. A waiting one is moved; one in flight is left alone.
    pub fn plan_article(&mut self, entry: i64, host: &str, due: Timestamp) {
        if self.articles.get(&entry).is_some_and(|queued| queued.due.is_none()) {
            return;
        }
        self.remove_article(entry);
        let index = self.host_index(host);
        self.articles.insert(entry, QueuedSource { host: index, due: Some(due) });
        self.hosts[index].articles.insert((due, Reverse(entry)));
        self.update_ready(index);
    }

    /// Removes a waiting article.
    pub fn remove_article(&mut self, entry: i64) {
        let Some(QueuedSource { host, due: Some(due) }) = self.articles.get(&entry).copied() else { return };
        self.articles.remove(&entry);
        self.hosts[host].articles.remove(&(due, Reverse(entry)));
        self.update_ready(host);
    }

    /// Takes up to `n` articles that may be requested now, the newest of each host first. They are in flight until
    /// [`PollQueue::done_article`].
    pub fn take_articles(&mut self, now: Timestamp, n: usize) -> Vec<i64> {
        let mut taken = Vec::new();
        while taken.len() < n
            && let Some((at, index)) = self.ready_for_article.first().copied()
            && at <= now
        {
            let host = &mut self.hosts[index];
            if let Some((_, Reverse(entry))) = host.articles.pop_first() {
                host.in_flight += 1;
                host.was_requested = true;
                host.articles_in_flight += 1;
                host.last_was_source = false;
                host.free_at = later(now, self.gap.max(host.limits.gap));
                host.article_at = later(now, host.article_gap);
                self.articles.insert(entry, QueuedSource { host: index, due: None });
                taken.push(entry);
            }
            self.update_ready(index);
        }
        taken
    }

    /// Ends the request for an article.
    pub fn done_article(&mut self, entry: i64, now: Timestamp) {
        let Some(QueuedSource { host, due: None }) = self.articles.remove(&entry) else { return };
        self.hosts[host].articles_in_flight = self.hosts[host].articles_in_flight.saturating_sub(1);
        self.end_request(host, now);
        self.update_ready(host);
    }

    /// Keeps at least this time between two articles of a host.
    pub fn set_article_gap(&mut self, host: &str, gap: SignedDuration) {
        let index = self.host_index(host);
        let host = &mut self.hosts[index];
        if host.article_gap != gap {
            host.article_gap = gap;
            host.article_at = later(host.free_at, gap);
            self.update_ready(index);
        }
    }

    /// When the next article may be requested.
    #[must_use]
    pub fn next_article(&self) -> Option<Timestamp> {
        self.ready_for_article.first().map(|(at, _)| *at)
    }

    /// The waiting articles.
    pub fn waiting_articles(&self) -> impl Iterator<Item = i64> + '_ {
        self.articles.iter().filter(|(_, queued)| queued.due.is_some()).map(|(entry, _)| *entry)
    }

    /// Gives each overdue source a time of its own, in pseudo-random order: after a start, a suspend or a clock change.
    pub fn spread(&mut self, now: Timestamp) {
        // After a clock was set back, the end of a gap may be far in the future.
        for index in 0..self.hosts.len() {
            let host = &mut self.hosts[index];
            host.free_at = host.free_at.min(later(now, self.gap.max(host.limits.gap)));
            host.article_at = host.article_at.min(later(now, host.article_gap));
            self.update_ready(index);
        }
        let is_overdue = |queued: &QueuedSource| queued.due.is_some_and(|due| due <= now);
        let overdue = self.sources.iter().filter(|(_, queued)| is_overdue(queued));
        let mut overdue: Vec<(SourceId, usize)> =
            overdue.map(|(source, queued)| (*source, queued.host)).collect();
        // Fibonacci hashing: neighbours in the config, which often share a host, end up far apart.
        overdue.sort_by_key(|(source, _)| (source.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut start = now;
        for (source, host) in overdue {
            if let Some(QueuedSource { due: Some(due), .. }) =
                self.sources.insert(source, QueuedSource { host, due: Some(start) })
            {
                self.hosts[host].waiting.remove(&(due, source));
            }
            self.hosts[host].waiting.insert((start, source));
            self.update_ready(host);
            start = later(start, SPREAD_STEP);
        }
    }

    /// Gives each overdue source a time of its own within `total`, first those that wait longest: after an outage.
    pub fn spread_by_wait(&mut self, now: Timestamp, total: SignedDuration) {
        let waiting =
            self.sources.iter().filter_map(|(source, queued)| Some((queued.due?, *source, queued.host)));
        let mut overdue: Vec<(Timestamp, SourceId, usize)> =
            waiting.filter(|(due, ..)| *due <= now).collect();
        overdue.sort_unstable();
        let count = i32::try_from(overdue.len()).unwrap_or(i32::MAX).max(1);
        let step = (total / count).min(MAX_SPREAD_STEP);
        let mut start = now;
        for (due, source, host) in overdue {
            self.sources.insert(source, QueuedSource { host, due: Some(start) });
            self.hosts[host].waiting.remove(&(due, source));
            self.hosts[host].waiting.insert((start, source));
            self.update_ready(host);
            start = later(start, step);
        }
    }

    /// The numbers of hosts that have sources, and of these sources: those that tell of the network.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let all = self.distant == 0;
        let hosts = self.sources.values().map(|queued| queued.host);
        let hosts: Vec<usize> = hosts.filter(|host| all || !self.hosts[*host].is_local).collect();
        (hosts.iter().collect::<HashSet<_>>().len(), hosts.len())
    }

    /// When the next source may be polled.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.ready.first().map(|(at, _)| *at)
    }

    /// All sources, waiting or in flight.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.sources.keys().copied()
    }

    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Moves a host to its keys in `ready` and `ready_for_article`. Sources come first, but each lets an article go before
    /// the next one, if that does not wait for more than the host.
    fn update_ready(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        let is_free = host.in_flight < host.limits.per_host.unwrap_or(self.per_host);
        let from = host.limits.held_until.map_or(host.free_at, |until| until.max(host.free_at));
        let article = host.articles.first().filter(|_| is_free);
        let article = article.map(|(due, _)| (*due).max(from).max(host.article_at));
        let lets_go = host.last_was_source && article == Some(from);
        let source_from = if lets_go { later(from, self.gap.max(host.limits.gap)) } else { from };
        let source = host.waiting.first().filter(|_| is_free).map(|(due, _)| (*due).max(source_from));
        let article = article.filter(|at| source.is_none_or(|source| source > *at));
        move_key(&mut self.ready, &mut host.ready_at, source, index);
        move_key(&mut self.ready_for_article, &mut host.ready_for_article_at, article, index);
    }
}

fn move_key(
    ready: &mut BTreeSet<(Timestamp, usize)>,
    key: &mut Option<Timestamp>,
    to: Option<Timestamp>,
    host: usize,
) {
    if *key != to {
        key.map(|old| ready.remove(&(old, host)));
        to.map(|at| ready.insert((at, host)));
        *key = to;
    }
}

/// Whether a host, as [`fetch::host_key`] names it, is this machine or in the local network.
fn is_local(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| fetch::private_host(&url, &[]).is_some())
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
    fn local_hosts_are_polled_without_the_network_unless_they_are_all_of_it() {
        let mut queue = PollQueue::new(1);
        for (id, host) in (1..).zip(["127.0.0.1", "[::1]", "192.168.1.2", "nas.lan", "localhost"]) {
            queue.plan(SourceId(id), host, at(id));
            assert!(!queue.is_local(host), "{host} is the network");
        }
        assert_eq!((queue.next_local(), queue.counts()), (None, (5, 5)));
        queue.plan(SourceId(9), "paper.example", at(0));
        assert!(queue.is_local("[::1]") && !queue.is_local("paper.example"));
        assert_eq!(queue.counts(), (1, 1));
        assert_eq!(queue.take_local(at(9), 9), ids(&[1, 2, 3, 4, 5]));
        assert_eq!((queue.local_in_flight(), queue.next_local()), (5, None));
        assert_eq!(queue.take(at(9), 9), ids(&[9]));
        assert_eq!(queue.local_in_flight(), 5);
        queue.done(SourceId(9), None, at(9));
        assert!(!queue.is_local("[::1]"), "the others are all of it again");
        queue.plan(SourceId(9), "paper.example", at(0));
        queue.remove(SourceId(9));
        assert_eq!((queue.local_in_flight(), queue.counts()), (0, (5, 5)));
    }

    #[test]
    fn a_host_is_polled_one_source_at_a_time_with_a_gap_and_does_not_delay_others() {
        let mut queue = PollQueue::new(1);
        queue.plan(SourceId(1), "slow", at(0));
        queue.plan(SourceId(2), "slow", at(1));
        queue.plan(SourceId(3), "other", at(2));
        queue.plan(SourceId(4), "other", at(5000));
        assert_eq!(queue.take(at(-1), 9), ids(&[]));
        assert_eq!(queue.take(at(10), 9), ids(&[1, 3]), "most overdue first, one of each host");
        assert_eq!(queue.take(at(9000), 9), ids(&[]), "both are still in flight");
        queue.done(SourceId(3), Some(at(60_000)), at(9000));
        assert_eq!(queue.next(), Some(at(9200)), "the other host is free after the gap");
        assert_eq!(queue.take(at(9199), 9), ids(&[]));
        assert_eq!(queue.take(at(9200), 9), ids(&[4]));
        queue.done(SourceId(1), Some(at(70_000)), at(20_000));
        assert_eq!(queue.take(at(20_200), 9), ids(&[2]));
    }

    #[test]
    fn the_gap_of_a_host_counts_from_its_request_and_not_from_the_claim_before() {
        let mut queue = PollQueue::new(1);
        let gap = SignedDuration::from_millis(5000);
        queue.limit("a.example", HostLimits { gap, ..HostLimits::default() });
        (1..=2).for_each(|id| queue.plan(SourceId(id), "a.example", at(0)));
        assert_eq!(queue.take(at(0), 9).len(), 1);
        queue.requested(SourceId(1), at(900));
        queue.done(SourceId(1), None, at(950));
        assert_eq!((queue.take(at(5899), 9), queue.take(at(5900), 9)), (ids(&[]), ids(&[2])));
        // What is not in flight changes nothing.
        queue.requested(SourceId(1), at(9000));
        queue.done(SourceId(2), Some(at(0)), at(6000));
        assert_eq!(queue.take(at(10_900), 9), ids(&[2]));
    }

    #[test]
    fn a_higher_per_host_allows_more_polls_in_flight_and_shortens_the_gap() {
        let mut queue = PollQueue::new(2);
        (1..=4).for_each(|n| queue.plan(SourceId(n), "h", at(0)));
        assert_eq!(queue.take(at(0), 9), ids(&[1]));
        assert_eq!(queue.take(at(50), 9), ids(&[2]));
        queue.done(SourceId(2), None, at(60));
        assert_eq!(queue.take(at(110), 9), ids(&[3]), "the first is still in flight");
        let mut wide = PollQueue::new(20);
        (1..=40).for_each(|n| wide.plan(SourceId(n), "h", at(0)));
        assert_eq!(wide.take(at(0), 99).len(), 20);
        assert_eq!(wide.take(at(0), 99).len(), 0);
    }

    #[test]
    fn sources_that_are_overdue_together_are_spread() {
        let mut queue = PollQueue::new(1);
        (0..100).for_each(|n| queue.plan(SourceId(n), &format!("h{n}"), at(-n)));
        queue.plan(SourceId(100), "later", at(50));
        queue.spread(at(0));
        assert_eq!(queue.take(at(0), 999).len(), 1);
        assert_eq!(queue.take(at(49), 999).len(), 24);
        assert_eq!(queue.take(at(198), 999).len(), 76, "a source that is not overdue keeps its time");
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn after_an_outage_those_that_wait_longest_come_first() {
        let mut queue = PollQueue::new(1);
        (0..3).for_each(|n| queue.plan(SourceId(n), &format!("h{n}"), at(n - 3)));
        queue.plan(SourceId(3), "later", at(5000));
        queue.spread_by_wait(at(0), SignedDuration::from_secs(90));
        assert_eq!((queue.take(at(0), 9), queue.counts().0), (ids(&[0]), 4));
        assert_eq!(queue.take(at(1000), 9), ids(&[1, 2]));
        let mut many = PollQueue::new(1);
        (0..900).for_each(|n| many.plan(SourceId(n), &format!("h{n}"), at(-n)));
        many.spread_by_wait(at(0), SignedDuration::from_secs(90));
        assert_eq!(many.take(at(45_000), 999).len(), 451);
        assert_eq!(many.take(at(90_000), 999).len(), 449);
    }

    #[test]
    fn articles_have_the_gaps_of_their_host_and_take_turns_with_its_sources() {
        let mut queue = PollQueue::new(1);
        (1..=3).for_each(|n| queue.plan(SourceId(n), "h", at(0)));
        [7, 9, 8].into_iter().for_each(|entry| queue.plan_article(entry, "h", at(0)));
        queue.plan_article(1, "other", at(5000));
        let mut order = Vec::new();
        for now in (0..2000).step_by(200) {
            let sources = queue.take(at(now), 9);
            let articles = queue.take_articles(at(now), 9);
            assert!(sources.len() + articles.len() <= 1, "one request at a time");
            order.extend(sources.iter().map(|source| format!("source {}", source.0)));
            order.extend(articles.iter().map(|entry| format!("article {entry}")));
            sources.into_iter().for_each(|source| queue.done(source, None, at(now)));
            articles.into_iter().for_each(|entry| queue.done_article(entry, at(now)));
        }
        let expected = ["source 1", "article 9", "source 2", "article 8", "source 3", "article 7"];
        assert_eq!(order, expected, "the newest article first");
        assert_eq!((queue.next(), queue.next_article()), (None, Some(at(5000))));
    }

    #[test]
    fn a_source_does_not_wait_for_articles_that_are_not_taken() {
        let mut queue = PollQueue::new(1);
        queue.plan(SourceId(1), "h", at(0));
        queue.plan_article(1, "h", at(0));
        assert_eq!(queue.take(at(0), 9), ids(&[1]));
        queue.done(SourceId(1), Some(at(100)), at(0));
        assert_eq!(queue.take(at(399), 9), ids(&[]), "the article may go");
        assert_eq!(queue.take(at(400), 9), ids(&[1]));
        assert_eq!(queue.counts(), (1, 1), "articles say nothing of the network");
        queue.done(SourceId(1), None, at(400));
        queue.set_article_gap("h", SignedDuration::from_secs(10));
        assert_eq!(queue.take_articles(at(10_599), 9), Vec::<i64>::new());
        assert_eq!(queue.take_articles(at(10_600), 9), [1]);
        queue.plan_article(1, "h", at(0));
        queue.remove_article(1);
        assert_eq!(queue.waiting_articles().count(), 0, "one in flight is left alone");
        queue.done_article(1, at(11_000));
        queue.plan_article(2, "h", at(0));
        assert_eq!(queue.next_article(), Some(at(20_600)), "from one start to the next");
    }

    #[test]
    fn planning_again_moves_a_source_and_removal_drops_it() {
        let mut queue = PollQueue::new(1);
        queue.plan(SourceId(1), "h", at(100));
        queue.plan(SourceId(1), "g", at(0));
        queue.plan(SourceId(2), "h", at(0));
        queue.remove(SourceId(2));
        assert_eq!((queue.take(at(1000), 9), queue.len()), (ids(&[1]), 1));
        queue.plan(SourceId(1), "h", at(0));
        assert_eq!(queue.take(at(2000), 9), ids(&[]), "it is in flight");
        queue.remove(SourceId(1));
        queue.done(SourceId(1), None, at(2000));
        assert!(queue.is_empty() && queue.next().is_none());
    }
}
