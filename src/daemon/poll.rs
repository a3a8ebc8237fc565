//! One poll as a task: claim the source, poll it, log it. Spawns and joins the polls in flight.
#![allow(clippy::disallowed_methods, reason = "polls are timed and spawned here")]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::task::{self, JoinError, JoinSet};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::channels::{PollerConfig, Sources};
use super::clock::now;
use super::poll_metrics;
use super::queue::{HostLimits, PollQueue};
use crate::fetch::Fetcher;
use crate::ingest::{self, ParseLimiter, PollContext, PollReport};
use crate::source::host_budget::{HostBudget, HostSettings};
use crate::source::{Outcome, Source};
use crate::store::{self, Claim, ClaimResult, Claimant, SourceId, Store};

/// The upper bound of any sleep, so that clock jumps are noticed.
pub(super) const MAX_SLEEP: Duration = Duration::from_secs(10);

/// A poll that has ended.
#[derive(Debug)]
pub struct FinishedPoll {
    /// The source's name.
    pub name: String,
    /// The number of its claim.
    pub claim: i64,
    /// How long it took.
    pub duration: Duration,
    /// The result; an error means that it was not committed.
    pub report: Result<PollReport, store::Error>,
}

/// What a poll needs beside its source.
#[derive(Clone)]
pub(super) struct PollJob {
    store: Store,
    fetcher: Fetcher,
    sources: Sources,
    claimant: Claimant,
    lease: Duration,
    gaps: Arc<BTreeMap<String, Duration>>,
    /// It tries whether the network is there.
    is_probe: bool,
}

impl PollJob {
    pub(super) fn new(store: &Store, config: &PollerConfig, claimant: Claimant) -> PollJob {
        PollJob {
            store: store.clone(),
            fetcher: config.fetcher.clone(),
            sources: Arc::clone(&config.sources),
            claimant,
            lease: config.lease,
            gaps: Arc::clone(&config.gaps),
            is_probe: false,
        }
    }

    pub(super) fn probe(self, is_probe: bool) -> PollJob {
        PollJob { is_probe, ..self }
    }
}

/// How the attempt to poll a source ended.
pub(super) enum PollEnd {
    /// It was polled.
    Finished(Box<FinishedPoll>),
    /// It is not due, or another process polls it, until this time. Without a time it has left the config.
    NotClaimed(Option<Timestamp>),
    /// Its host may not be asked before this time: it refuses, or another daemon has it.
    HostHeld(Timestamp),
    /// The store failed before the poll.
    ClaimFailed(store::Error),
    /// The poll panicked.
    Panicked(JoinError),
}

/// A poll that takes longer leaves its place to another one: a host that accepts and answers nothing holds up no other.
const SLOW_AFTER: Duration = Duration::from_secs(3);

/// How many polls may be in flight, slow ones included.
pub(super) fn max_in_flight(concurrency: usize) -> usize {
    concurrency.saturating_mul(2).saturating_add(200)
}

/// A poll in flight.
struct InFlight {
    source: SourceId,
    is_slow: bool,
}

/// The polls in flight.
#[derive(Default)]
pub(super) struct PollsInFlight {
    tasks: JoinSet<PollEnd>,
    sources: HashMap<task::Id, InFlight>,
    /// Those that were not slow when last looked at, in the order of their starts. Some may have ended.
    started: VecDeque<(Instant, task::Id)>,
    slow: usize,
    /// The claims of the polls that run.
    claims: Arc<Mutex<HashMap<SourceId, i64>>>,
    parse_limiter: ParseLimiter,
}

impl PollsInFlight {
    pub(super) fn start(&mut self, job: PollJob, source: SourceId) {
        let (claims, parse_limiter) = (Arc::clone(&self.claims), self.parse_limiter.clone());
        // Boxed, or the 16 KB of its state are copied a dozen times on their way into the task and out of it.
        let task = self.tasks.spawn(Box::pin(async move {
            let end = claim_and_poll(job, (&parse_limiter, &claims), source).await;
            locked(&claims).remove(&source);
            end
        }));
        self.sources.insert(task.id(), InFlight { source, is_slow: false });
        self.started.push_back((Instant::now(), task.id()));
    }

    /// How many more polls may be started, at `concurrency` polls that are not slow.
    pub(super) fn free(&mut self, concurrency: usize) -> usize {
        while let Some((_, task)) = self.started.pop_front_if(|(at, _)| at.elapsed() >= SLOW_AFTER) {
            if let Some(poll) = self.sources.get_mut(&task) {
                poll.is_slow = true;
                self.slow += 1;
            }
        }
        let all = max_in_flight(concurrency).saturating_sub(self.len());
        concurrency.saturating_sub(self.len() - self.slow).min(all)
    }

    /// When another poll becomes slow.
    pub(super) fn next_slow(&self) -> Option<Duration> {
        self.started.front().map(|(at, _)| SLOW_AFTER.saturating_sub(at.elapsed()))
    }

    /// Limits the work on documents, whoever does it.
    pub(super) fn parse_limiter(&self) -> ParseLimiter {
        self.parse_limiter.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The next poll to end; `None` if none is in flight. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<(SourceId, PollEnd)> {
        let joined = self.tasks.join_next_with_id().await?;
        self.ended(joined)
    }

    /// A poll that has ended already.
    pub(super) fn try_next(&mut self) -> Option<(SourceId, PollEnd)> {
        let joined = self.tasks.try_join_next_with_id()?;
        self.ended(joined)
    }

    fn ended(&mut self, joined: Result<(task::Id, PollEnd), JoinError>) -> Option<(SourceId, PollEnd)> {
        let (id, end) = joined.unwrap_or_else(|error| (error.id(), PollEnd::Panicked(error)));
        let poll = self.sources.remove(&id)?;
        self.slow -= usize::from(poll.is_slow);
        Some((poll.source, end))
    }

    /// Aborts what is in flight. An aborted poll has written nothing but its claim; returns these claims.
    pub(super) async fn abort(&mut self) -> HashMap<SourceId, i64> {
        self.tasks.shutdown().await;
        std::mem::take(&mut *locked(&self.claims))
    }
}

fn locked(claims: &Mutex<HashMap<SourceId, i64>>) -> MutexGuard<'_, HashMap<SourceId, i64>> {
    claims.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each poll claims its own source: the poller's loop never waits for the disk, and the store groups claims and commits
/// of many polls into one transaction.
async fn claim_and_poll(
    job: PollJob,
    (parse_limiter, running): (&ParseLimiter, &Mutex<HashMap<SourceId, i64>>),
    source: SourceId,
) -> PollEnd {
    let begun = Instant::now();
    let mut claims = match job
        .store
        .claim_at_hosts(vec![source], job.claimant, (now(), job.lease), Arc::clone(&job.gaps))
        .await
    {
        Ok(claims) => claims,
        Err(error) => return PollEnd::ClaimFailed(error),
    };
    // This process stood still meanwhile: another daemon has the host.
    if begun.elapsed() >= store::MAX_SILENCE && job.store.daemon_id().is_some() {
        return PollEnd::HostHeld(now());
    }
    match claims.pop() {
        Some(ClaimResult::Claimed(claim)) => match job.sources.get(&claim.name) {
            Some(configured) => {
                locked(running).insert(source, claim.number);
                PollEnd::Finished(Box::new(poll(&job, parse_limiter, configured, *claim).await))
            }
            // The store has a newer config than this job.
            None => match job.store.release_claim(source, claim.number).await {
                Ok(()) => PollEnd::NotClaimed(None),
                Err(error) => PollEnd::ClaimFailed(error),
            },
        },
        Some(ClaimResult::NotDue(_, until)) => PollEnd::NotClaimed(Some(until)),
        Some(ClaimResult::HostHeld(_, until)) => PollEnd::HostHeld(until),
        Some(ClaimResult::Gone(_)) | None => PollEnd::NotClaimed(None),
    }
}

async fn poll(job: &PollJob, parse_limiter: &ParseLimiter, source: &Source, claim: Claim) -> FinishedPoll {
    let (name, number) = (claim.name.clone(), claim.number);
    let span = tracing::info_span!("poll", source = name, status = Empty, duration_ms = Empty);
    let started = Instant::now();
    let context =
        PollContext { store: &job.store, fetcher: &job.fetcher, parse_limiter, is_probe: job.is_probe };
    let report = ingest::poll(context, source, claim, now()).instrument(span.clone()).await;
    let duration = started.elapsed();
    let (status, duration_ms) = (poll_metrics::status(&report), duration.as_millis() as u64);
    span.record("status", status).record("duration_ms", duration_ms);
    log(source, &report, status, duration_ms);
    FinishedPoll { name, claim: number, duration, report }
}

/// One line for each poll. It is outside the span, so that it carries the fields once.
fn log(source: &Source, report: &Result<PollReport, store::Error>, status: &str, duration_ms: u64) {
    let (source, parts) = (source.name.as_str(), source.publish_url.without_query());
    match report {
        Err(error) if error.is_lost_claim() => {
            tracing::warn!(source, status, duration_ms, %error, "poll not committed");
        }
        Err(error) => tracing::error!(source, status, duration_ms, %error, "poll not committed"),
        Ok(PollReport { outcome: ended, state, bytes, .. }) => {
            let next = state.next_poll.map(|next| next.to_string()).unwrap_or_default();
            let (outcome, reason) = (state.outcome_text(parts), state.next_poll_reason.as_str());
            if let Outcome::Failed(_) = ended {
                tracing::warn!(source, status, duration_ms, bytes, outcome, next, reason, "poll failed");
            } else {
                tracing::info!(source, status, duration_ms, bytes, outcome, next, reason, "polled");
            }
        }
    }
}

/// Limits how often the hosts are asked that have a budget or settings of their own.
pub(super) fn limit_hosts(
    queue: &mut PollQueue,
    settings: &BTreeMap<String, HostSettings>,
    budgets: &BTreeMap<String, HostBudget>,
) {
    for host in settings.keys().chain(budgets.keys()) {
        queue.limit(host, host_limits(settings.get(host), budgets.get(host)));
    }
}

/// A held host is not asked at all. The configured gap counts, else the learnt one.
pub(super) fn host_limits(settings: Option<&HostSettings>, budget: Option<&HostBudget>) -> HostLimits {
    let gap = settings.and_then(|settings| settings.gap).or(budget.map(|budget| budget.gap));
    HostLimits {
        held_until: budget.and_then(|budget| budget.held_at(now())),
        gap: gap.and_then(|gap| SignedDuration::try_from(gap).ok()).unwrap_or_default(),
        per_host: settings.and_then(|settings| settings.per_host),
    }
}
