//! When each source is due: the queue, kept in step with the store and the clock. Does I/O through the store.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::channels::PollerConfig;
use super::clock::{after, now};
use super::peers::Peers;
use super::poll::limit_hosts;
use super::queue::{HostLimits, PollQueue};
use super::sync_config::corrected_due_times;
use crate::schedule;
use crate::store::{self, NextPoll, SourceId, Store, StoredSource};

/// How often the plans are read again, because `siftwire poll` may have changed them.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// The same while hosts change hands.
const HANDOVER_REFRESH_INTERVAL: Duration = Duration::from_secs(4);

/// Retry delay after a store error.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(10);

/// The wall clock and the monotonic clock differ by more only after a suspend or a clock change.
const MAX_CLOCK_DRIFT: SignedDuration = SignedDuration::from_secs(5);

/// The polls that an outage has held up are spread over this time.
const OUTAGE_SPREAD: SignedDuration = SignedDuration::from_secs(90);

/// The queue of sources and how current it is.
pub(super) struct Planner {
    queue: PollQueue,
    /// When the plans were last read, by the monotonic and the wall clock. `None`: they must be read.
    last_read: Option<(Instant, Timestamp)>,
    /// Sources whose last poll could not be committed, and how long they wait for the next one.
    uncommitted: HashMap<SourceId, Duration>,
    /// Who asks which host.
    peers: Arc<Peers>,
    /// Sources that are not planned again when their poll ends: they left the config, or another daemon polls them.
    leaving: HashSet<SourceId>,
    /// Whether there may be hosts to hand over.
    has_hosts_to_release: bool,
    /// When other daemons came or went.
    peers_changed: Option<Instant>,
}

impl Planner {
    pub(super) fn new(per_host: usize) -> Planner {
        Planner {
            queue: PollQueue::new(per_host),
            last_read: None,
            uncommitted: HashMap::new(),
            peers: Arc::default(),
            leaving: HashSet::new(),
            has_hosts_to_release: false,
            peers_changed: None,
        }
    }

    /// Applies another config at the next refresh.
    pub(super) fn set_per_host(&mut self, per_host: usize) {
        self.queue.set_per_host(per_host);
        self.last_read = None;
    }

    /// Applies who shares the store, at the next refresh.
    pub(super) fn set_peers(&mut self, peers: Arc<Peers>) {
        self.peers = peers;
        self.peers_changed = Some(Instant::now());
        self.last_read = None;
    }

    /// Who asks which host.
    pub(super) fn peers(&self) -> Arc<Peers> {
        Arc::clone(&self.peers)
    }

    /// The hosts of others that this daemon has asked and is done with.
    pub(super) fn hosts_to_release(&mut self) -> Vec<String> {
        if !self.has_hosts_to_release {
            return Vec::new();
        }
        let peers = &self.peers;
        let idle = self.queue.take_idle_hosts(|host| !peers.owns(host));
        self.has_hosts_to_release = self.queue.is_any_requested(|host| !peers.owns(host));
        idle
    }

    /// Limits how often a host is asked.
    pub(super) fn limit(&mut self, host: &str, limits: HostLimits) {
        self.queue.limit(host, limits);
    }

    /// The queue, for articles.
    pub(super) fn queue(&mut self) -> &mut PollQueue {
        &mut self.queue
    }

    /// Number of sources.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// When the next source may be polled.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.next()
    }

    /// Up to `n` sources to poll now; if `only_local`, of local hosts only.
    pub(super) fn take(&mut self, n: usize, only_local: bool) -> Vec<SourceId> {
        if only_local { self.queue.take_local(now(), n) } else { self.queue.take(now(), n) }
    }

    /// When the next source of a local host may be polled, though the network is down.
    pub(super) fn next_local(&self) -> Option<Timestamp> {
        self.queue.next_local().map(|(at, _)| at)
    }

    /// How many sources of local hosts are in flight.
    pub(super) fn local_in_flight(&self) -> usize {
        self.queue.local_in_flight()
    }

    /// Whether the host says nothing of the network.
    pub(super) fn is_local(&self, host: &str) -> bool {
        self.queue.is_local(host)
    }

    /// Notes that the request of a source went out so long ago: some time after it was taken, since its claim had to be
    /// written first.
    pub(super) fn requested(&mut self, source: SourceId, ago: Duration) {
        let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
        self.queue.requested(source, now().checked_sub(ago).unwrap_or(Timestamp::MIN));
    }

    /// A source was polled, or could not be claimed; it is due again at `due`, or never.
    pub(super) fn done(&mut self, source: SourceId, due: Option<Timestamp>) {
        self.uncommitted.remove(&source);
        let is_leaving = self.leaving.remove(&source);
        self.queue.done(source, due.filter(|_| !is_leaving), now());
    }

    /// A poll could not be committed. It is repeated after [`STORE_RETRY`], and after twice the last delay if that fails
    /// too, but at most the source's interval `every`.
    pub(super) fn not_committed(&mut self, source: SourceId, every: Duration) {
        let delay = match self.uncommitted.get(&source) {
            Some(last) => (2 * *last).min(every).max(STORE_RETRY),
            None => STORE_RETRY,
        };
        self.uncommitted.insert(source, delay);
        self.retry(source, delay);
    }

    /// A source could not be polled; it is tried again after `wait`.
    pub(super) fn retry(&mut self, source: SourceId, wait: Duration) {
        self.queue.done(source, Some(after(wait)), now());
    }

    /// The numbers of hosts and of sources that tell of the network.
    pub(super) fn counts(&self) -> (usize, usize) {
        self.queue.counts()
    }

    /// Reads the plans again after an outage and spreads what is overdue, first what waits longest.
    pub(super) async fn resume(&mut self, store: &Store, config: &PollerConfig) -> Result<(), store::Error> {
        self.read(store, config).await?;
        self.queue.spread_by_wait(now(), OUTAGE_SPREAD);
        Ok(())
    }

    /// Reads the plans if they may have changed: at the start, after a config change, every minute, and after a suspend
    /// or a clock change. Returns whether the machine was suspended.
    pub(super) async fn refresh(
        &mut self,
        store: &Store,
        config: &PollerConfig,
    ) -> Result<bool, store::Error> {
        let (instant, time) = (Instant::now(), now());
        let Some((last_instant, last_time)) = self.last_read else {
            self.read(store, config).await?;
            self.queue.spread(now());
            return Ok(false);
        };
        let elapsed = instant.duration_since(last_instant);
        let drift =
            time.duration_since(last_time) - SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        if drift.abs() > MAX_CLOCK_DRIFT {
            tracing::info!(seconds = drift.as_secs(), "the clock jumped or the machine was suspended");
            correct_due_times(store, config, drift, time).await?;
            self.read(store, config).await?;
            self.queue.spread(now());
            return Ok(drift.is_positive());
        } else if elapsed >= self.refresh_interval() {
            self.read(store, config).await?;
        }
        Ok(false)
    }

    /// After other daemons came or went, their last polls end and free sources that were planned for the end of a claim.
    fn refresh_interval(&self) -> Duration {
        let is_recent = self.peers_changed.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL);
        if is_recent { HANDOVER_REFRESH_INTERVAL } else { REFRESH_INTERVAL }
    }

    async fn read(&mut self, store: &Store, config: &PollerConfig) -> Result<(), store::Error> {
        let plans = store.next_polls().await?;
        let mut configured = HashSet::with_capacity(plans.len());
        let is_own =
            |plan: &&NextPoll| config.sources.contains_key(&plan.name) && self.peers.owns(&plan.host);
        for plan in plans.iter().filter(is_own) {
            configured.insert(plan.source);
            // It is planned already, later than the store has it.
            if !self.uncommitted.contains_key(&plan.source) {
                self.queue.plan(plan.source, &plan.host, plan.due);
            }
        }
        let removed: HashSet<SourceId> =
            self.queue.sources().filter(|source| !configured.contains(source)).collect();
        removed.iter().for_each(|source| self.queue.remove(*source));
        self.uncommitted.retain(|source, _| !removed.contains(source));
        self.leaving = removed;
        self.has_hosts_to_release = true;
        limit_hosts(&mut self.queue, &config.hosts, &store.host_budgets().await?);
        self.last_read = Some((Instant::now(), now()));
        Ok(())
    }
}

/// Moves due times after a clock change, each once: first those that a clock set back has left too far ahead, then
/// those that are implausible anyway.
async fn correct_due_times(
    store: &Store,
    config: &PollerConfig,
    drift: SignedDuration,
    time: Timestamp,
) -> Result<(), store::Error> {
    let remembered = store.sources().await?;
    let mut moved = Vec::new();
    if drift.is_negative() {
        let set_back = |source: &StoredSource| {
            let due = schedule::after_clock_set_back(&source.state, drift.abs(), time)?;
            Some((source.id, source.state.next_poll, due))
        };
        moved.extend(remembered.iter().filter_map(set_back));
    }
    moved.extend(corrected_due_times(&config.sources, &remembered, time));
    store.reschedule(moved).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_that_is_never_committed_is_repeated_ever_more_rarely() {
        let mut planner = Planner::new(1);
        let source = SourceId(1);
        planner.queue.plan(source, "site.example", Timestamp::UNIX_EPOCH);
        let mut delay_after_failure = |every| {
            assert_eq!(planner.queue.take(Timestamp::MAX, 1), [source]);
            let earliest = now();
            planner.not_committed(source, Duration::from_secs(every));
            let wait = planner.next().expect("it is planned").duration_since(earliest);
            wait.as_secs()
        };
        let delays: Vec<i64> = [60; 5].map(&mut delay_after_failure).into();
        assert_eq!(delays, [10, 20, 40, 60, 60]);
        assert_eq!(delay_after_failure(1), 10, "not more often than the store is retried");
        planner.done(source, Some(Timestamp::UNIX_EPOCH));
        planner.queue.take(Timestamp::MAX, 1);
        planner.not_committed(source, Duration::from_secs(60));
        assert_eq!(planner.uncommitted[&source], STORE_RETRY, "a commit ends the back-off");
    }
}
