//! The poller: starts due polls, keeps a number of them in flight, sleeps until the next. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::articles::{Articles, EndedArticle};
use super::channels::{PROCESSING_TIME, PollerConfig, PollerStatus};
use super::clock::{after, now, until};
use super::health_check;
use super::network::{NetworkState, NetworkWatch, Reach};
use super::planner::{Planner, STORE_RETRY};
use super::poll::{FinishedPoll, MAX_SLEEP, PollEnd, PollJob, PollsInFlight, host_limits};
use super::poll_metrics;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use super::tasks::DRAIN_TIMEOUT;
use crate::fetch;
use crate::ingest::PollReport;
use crate::source::Outcome;
use crate::store::{self, Claimant, DaemonStatus, SourceId, Store};

/// How often a store error is logged. The health check logs it too.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// What the poller knows while it runs.
struct PollerState {
    config: Arc<PollerConfig>,
    planner: Planner,
    in_flight: PollsInFlight,
    articles: Articles,
    network: NetworkWatch,
    /// Whether the change of the network's state is still to be told and stored.
    network_changed: bool,
    /// Whether any source was ever reached.
    was_ever_well: bool,
    /// When a store error was last logged. Every due source meets the same error.
    last_log: Option<Instant>,
}

/// Polls until the daemon stops; then starts nothing more and gives polls in flight [`DRAIN_TIMEOUT`]. A poll
/// that does not finish has written nothing and is repeated after the next start.
pub(super) async fn run(shared: Arc<Shared>, stop: ShutdownSignal) {
    let mut new_config = shared.channels.poller_config.subscribe();
    let config = Arc::clone(&new_config.borrow_and_update());
    let outage = known_outage(&shared.store).await;
    let in_flight = PollsInFlight::default();
    let mut state = PollerState {
        planner: Planner::new(config.per_host),
        articles: Articles::new(&shared.store, &config, Claimant::Daemon, in_flight.parse_limiter()),
        config,
        in_flight,
        network_changed: outage.is_some(),
        network: NetworkWatch::new(outage),
        was_ever_well: shared.store.was_ever_polled().await.unwrap_or(true),
        last_log: None,
    };
    let mut peers = shared.channels.peers.subscribe();
    state.planner.set_peers(Arc::clone(&peers.borrow_and_update()));
    let mut store_problem = shared.channels.store_problem.subscribe();
    let stop = stop.received();
    tokio::pin!(stop);
    loop {
        let sleep = start_due(&shared, &mut state).await;
        shared.channels.poller_status.send_replace(PollerStatus {
            sources: state.planner.len(),
            in_flight: state.in_flight.len(),
            next: state.planner.next(),
        });
        tokio::select! {
            () = &mut stop => break,
            Ok(()) = new_config.changed() => {
                state.config = Arc::clone(&new_config.borrow_and_update());
                state.planner.set_per_host(state.config.per_host);
                state.articles.set_config(&state.config);
            }
            Ok(()) = store_problem.changed() => {}
            Ok(()) = peers.changed() => {
                state.planner.set_peers(Arc::clone(&peers.borrow_and_update()));
                state.articles.must_read();
            }
            () = shared.channels.articles_wanted.notified() => state.articles.must_read(),
            Some(ended) = state.articles.next() => finish_article(&shared, ended, &mut state),
            Some((source, end)) = state.in_flight.next() => finish(&shared, source, end, &mut state),
            () = tokio::time::sleep(sleep) => {}
        }
        // Polls that ended at once are handled before new ones start.
        while let Some((source, end)) = state.in_flight.try_next() {
            finish(&shared, source, end, &mut state);
        }
    }
    let drain = async {
        loop {
            tokio::select! {
                Some((source, end)) = state.in_flight.next() => finish(&shared, source, end, &mut state),
                Some(ended) = state.articles.next() => finish_article(&shared, ended, &mut state),
                else => return,
            }
        }
    };
    if tokio::time::timeout(DRAIN_TIMEOUT, drain).await.is_err() {
        tracing::info!(
            polls = state.in_flight.len(),
            articles = state.articles.len(),
            "aborting requests in flight"
        );
    }
    state.in_flight.abort().await;
    state.articles.abort().await;
}

/// Starts what is due, up to the configured concurrency. Returns how long to sleep.
async fn start_due(shared: &Shared, state: &mut PollerState) -> Duration {
    match state.planner.refresh(&shared.store, &state.config).await {
        Ok(true) => state.network.suspended(),
        Ok(false) => {}
        Err(error) => {
            state.log_store_error(&error, "cannot read the polling plans; retrying");
            return STORE_RETRY;
        }
    }
    let released = state.planner.hosts_to_release();
    if !released.is_empty()
        && let Err(error) = shared.store.release_hosts(released).await
    {
        state.log_store_error(&error, "cannot hand hosts over; the others wait for them");
    }
    if state.network_changed {
        match apply_network_state(shared, state).await {
            Ok(()) => state.network_changed = false,
            Err(error) => {
                state.log_store_error(&error, "cannot note whether the network is there; retrying");
                return STORE_RETRY;
            }
        }
    }
    // A poll that cannot be committed is a request in vain. The health check says when the store can be written.
    if shared.channels.store_problem.borrow().is_some() {
        return MAX_SLEEP;
    }
    let is_probe = state.network.next_probe().is_some();
    if is_probe {
        let free = state.free();
        state.start(shared, free, true);
    }
    let allowed = if is_probe { state.network.allowed(now(), state.distant_in_flight()) } else { usize::MAX };
    let free = state.free();
    state.start(shared, free.min(allowed), false);
    if !is_probe && let Err(error) = state.start_articles().await {
        state.log_store_error(&error, "cannot read which articles are wanted; retrying");
    }
    // While a probe is in flight, and at full concurrency, the end of a poll wakes the loop, or that it has become slow.
    let next = match state.network.next_probe() {
        None => state.planner.next().into_iter().chain(state.planner.queue().next_article()).min(),
        Some(probe) => {
            let due = state.planner.next().filter(|_| state.distant_in_flight() == 0);
            due.map(|due| due.max(probe)).into_iter().chain(state.planner.next_local()).min()
        }
    };
    match next {
        Some(due) if state.free() > 0 => until(due).min(MAX_SLEEP),
        _ => state.in_flight.next_slow().unwrap_or(MAX_SLEEP).min(MAX_SLEEP),
    }
}

fn finish(shared: &Shared, source: SourceId, end: PollEnd, state: &mut PollerState) {
    match end {
        PollEnd::Finished(finished) => {
            poll_metrics::record(&shared.metrics, &finished.name, &finished.report, finished.duration);
            state.planner.requested(source, finished.duration);
            if let Some((host, budget)) =
                finished.report.as_ref().ok().and_then(|report| report.host.as_ref())
            {
                state.planner.limit(host, host_limits(state.config.hosts.get(host), Some(budget)));
            }
            // A source that a reload has removed is not planned again.
            if let Err(error) = &finished.report {
                health_check::report(shared, error);
            }
            match (&finished.report, state.config.sources.get(&finished.name)) {
                (Ok(report), Some(_)) => state.planner.done(source, report.state.next_poll),
                (Err(error), Some(_)) if error.is_lost_claim() => {
                    state.planner.done(source, Some(after(STORE_RETRY)));
                }
                (Err(_), Some(configured)) => {
                    state.planner.not_committed(source, configured.interval.every);
                }
                (_, None) => state.planner.done(source, None),
            }
            if let Ok(report) = &finished.report {
                state.note_reach(source, &finished, report);
            }
            if may_change_outputs(&finished) {
                shared.channels.polled.notify_one();
            }
        }
        PollEnd::NotClaimed(due) => state.planner.done(source, due),
        PollEnd::HostHeld(until) => state.planner.done(source, Some(until)),
        PollEnd::ClaimFailed(error) => {
            health_check::report(shared, &error);
            // Otherwise nothing is polled until the health check finds that the store can be written.
            let wait = if error.is_transient() { Duration::ZERO } else { STORE_RETRY };
            state.planner.retry(source, wait);
            state.log_store_error(&error, "cannot claim a due source; retrying");
        }
        PollEnd::Panicked(error) => {
            tracing::error!(%error, "a poll panicked");
            state.planner.retry(source, PROCESSING_TIME);
        }
    }
}

fn finish_article(shared: &Shared, ended: EndedArticle, state: &mut PollerState) {
    let finished = state.articles.finish(ended, state.planner.queue(), &state.config.hosts, |budget| budget);
    if let Some(error) = &finished.error {
        health_check::report(shared, error);
        state.log_store_error(error, "cannot store an article");
    }
    if let Some(status) = finished.status {
        shared.metrics.count_article(status);
        shared.channels.polled.notify_one();
    }
}

/// Since when the network was down when the last process ended.
async fn known_outage(store: &Store) -> Option<Timestamp> {
    store.daemon_status(DaemonStatus::NetworkDown).await.ok().flatten()?.parse().ok()
}

/// Tells and stores whether the network is there. Sources that failed without it are due again and have not failed.
async fn apply_network_state(shared: &Shared, state: &mut PollerState) -> Result<(), store::Error> {
    let since = match state.network.state() {
        NetworkState::Down(since) => Some(since),
        NetworkState::Up | NetworkState::Unknown => None,
    };
    let was_down = shared.channels.network_problem.borrow().is_some();
    shared.store.set_daemon_status(DaemonStatus::NetworkDown, since.map(|since| since.to_string())).await?;
    shared.store.reset_failures(state.network.lost(), now()).await?;
    shared.metrics.set_network_down(since.is_some());
    if let Some(since) = since {
        let problem: Arc<str> = format!(
            "No host can be reached since {}: the network of this machine seems to be down. One source is tried every minute; \
             what was published stays.",
            since.strftime("%-d %B %Y, %H:%M UTC")
        )
        .into();
        if !was_down {
            tracing::warn!("{problem}");
        }
        shared.channels.network_problem.send_replace(Some(problem));
    } else {
        state.network.forget_lost();
        shared.channels.network_problem.send_if_modified(|problem| problem.take().is_some());
        if was_down {
            tracing::info!("the network is back");
            state.planner.resume(&shared.store, &state.config).await?;
        }
    }
    Ok(())
}

impl PollerState {
    /// How many more requests may be started.
    fn free(&mut self) -> usize {
        self.in_flight.free(self.config.concurrency.saturating_sub(self.articles.len()))
    }

    /// Starts articles, on at most half of the requests that may be in flight, so that polls need not wait for them.
    async fn start_articles(&mut self) -> Result<(), store::Error> {
        let peers = self.planner.peers();
        self.articles.refresh(self.planner.queue(), &self.config, |_, host| peers.owns(host)).await?;
        let share = self.config.concurrency.div_ceil(2).saturating_sub(self.articles.len());
        let free = self.free();
        self.articles.start(self.planner.queue(), free.min(share));
        Ok(())
    }

    /// How many polls of hosts are in flight that tell of the network, or would.
    fn distant_in_flight(&self) -> usize {
        self.in_flight.len().saturating_sub(self.planner.local_in_flight())
    }

    /// Starts up to `n` polls of due sources. While the network is down those of local hosts are usual ones, another is a
    /// probe.
    fn start(&mut self, shared: &Shared, n: usize, only_local: bool) {
        let is_probe = !only_local && self.network.next_probe().is_some();
        for source in self.planner.take(n, only_local) {
            let job = PollJob::new(&shared.store, &self.config, Claimant::Daemon).probe(is_probe);
            self.in_flight.start(job, source);
        }
    }

    fn note_reach(&mut self, source: SourceId, poll: &FinishedPoll, report: &PollReport) {
        let Some(configured) = self.config.sources.get(&poll.name) else { return };
        let host = fetch::host_key(configured.url.whole());
        if self.planner.is_local(&host) {
            return;
        }
        let reach = Reach::of(&report.outcome, report.was_well || !self.was_ever_well, poll.duration);
        self.was_ever_well |= reach == Reach::Answered;
        if reach == Reach::Answered && self.network.is_calm() {
            return;
        }
        let every =
            self.config.sources.values().map(|source| source.interval.every).min().unwrap_or_default();
        let counts = self.planner.counts();
        let now = now();
        let times = (every, now.saturating_sub(poll.duration).unwrap_or(now), now);
        self.network_changed |= self.network.note((source, &host), reach, counts, times);
    }

    fn log_store_error(&mut self, error: &store::Error, message: &str) {
        if self.last_log.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            self.last_log = Some(Instant::now());
            tracing::error!(%error, "{message}");
        }
    }
}

/// Whether a poll may have changed an output or the health of its source.
fn may_change_outputs(finished: &FinishedPoll) -> bool {
    !matches!(&finished.report, Ok(PollReport { outcome: Outcome::NotModified, events: 0, .. }))
}
