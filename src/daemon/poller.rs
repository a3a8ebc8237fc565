//! Claims what is due, keeps N polls in flight, sleeps until the next. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinError, JoinSet};

use super::notify::Watchdog;
use super::queue::Queue;
use super::sync_config::replan;
use super::{Sources, health_check, now, wait_for};
use crate::fetch::Fetcher;
use crate::ingest::{self, ParseLimiter, PollContext, PollReport};
use crate::metrics::Metrics;
use crate::schedule;
use crate::source::{Outcome, Source};
use crate::store::{self, Claim, ClaimResult, Force, NextPoll, SourceId, Store, StoredSource};

/// Beyond the source's own time-out, what a poll may take for reading and writing.
const LEASE: Duration = Duration::from_secs(120);

/// After the store failed (a poll that it could not keep is made again so soon), and as the longest sleep: a clock that jumped is noticed.
const PAUSE: Duration = Duration::from_secs(10);

/// So often it is said that the store cannot be asked, which `measure` tells too.
const COMPLAIN: Duration = Duration::from_secs(600);

/// So often the plans are read anew, because `siftwire poll` may have changed them.
const REGULARLY: Duration = Duration::from_secs(60);

/// The clock of the wall and that of the machine disagree by more only after a sleep or a jump.
const JUMP: SignedDuration = SignedDuration::from_secs(5);

/// What the config says of polling; a reload replaces it whole.
pub(super) struct PollerConfig {
    pub(super) fetcher: Fetcher,
    pub(super) sources: Sources,
    pub(super) concurrency: usize,
    pub(super) per_host: usize,
    lease: Duration,
}

impl PollerConfig {
    pub(super) fn new(
        fetcher: Fetcher,
        sources: Sources,
        (concurrency, per_host): (usize, usize),
    ) -> PollerConfig {
        let lease = lease(&sources);
        PollerConfig { fetcher, sources, concurrency, per_host, lease }
    }
}

/// How the poller is doing: told anew at each of its turns, which come at least every ten seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PollerStatus {
    /// How many sources are polled at all.
    pub(super) sources: usize,
    /// How many of them are being asked.
    pub(super) in_flight: usize,
    /// When the next is due; `None`: none, or nobody knows yet.
    pub(super) next: Option<Timestamp>,
}

/// Visits what is due, for ever.
pub(super) struct Poller {
    pub(super) store: Store,
    /// A new value swaps the sources; who stayed keeps its time.
    pub(super) orders: watch::Receiver<Arc<PollerConfig>>,
    /// Told when a poll has changed something.
    pub(super) news: Arc<Notify>,
    pub(super) pulse: watch::Sender<PollerStatus>,
    pub(super) metrics: Arc<Metrics>,
}

/// A poll that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The source.
    pub source: SourceId,
    /// The source's name.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// How it went.
    pub report: Result<PollReport, store::Error>,
}

/// The polls in flight, and whom each asks.
#[derive(Default)]
struct InFlight {
    polls: JoinSet<Ended>,
    sources: HashMap<task::Id, SourceId>,
    parse_limiter: ParseLimiter,
}

/// What a poll needs beside its source.
#[derive(Clone)]
struct PollJob {
    store: Store,
    fetcher: Fetcher,
    sources: Sources,
    asked: Force,
    lease: Duration,
    claims: Claims,
}

/// Who may have claimed a source.
#[derive(Clone, Copy)]
enum Claims {
    /// Anybody.
    Anybodys,
    /// We: its last poll could not be kept, and nobody has ended its claim.
    Ours,
}

/// What came of the wish to poll a source.
enum Ended {
    /// It was polled.
    Polled(Box<Finished>),
    /// It is not due, or somebody else polls it, until then; without a time it has left the config.
    NotOurs(SourceId, Option<Timestamp>),
    /// The store could not say.
    Unclaimed(SourceId, store::Error),
}

/// The plans as they were last read.
struct Plans {
    queue: Queue,
    read: Option<(Instant, Timestamp)>,
    /// When it was last said that the store cannot be asked.
    complained: Option<Instant>,
    /// Sources whose last poll could not be kept: nobody has ended their claims.
    unkept: HashSet<SourceId>,
}

impl Poller {
    /// Polls until told to stop; then claims no more, and lets what is in flight finish within its
    /// time. What does not finish has left nothing behind, and is polled again after the next start.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let mut orders = Arc::clone(&self.orders.borrow_and_update());
        let mut plans = Plans {
            queue: Queue::new(orders.per_host),
            read: None,
            complained: None,
            unkept: HashSet::new(),
        };
        let mut flight = InFlight::default();
        let mut heart = Watchdog::new();
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        loop {
            heart.beat();
            let sleep = heart.limit(self.turn(&orders, &mut plans, &mut flight).await);
            let (sources, in_flight, next) = (plans.queue.len(), flight.polls.len(), plans.queue.next());
            self.pulse.send_replace(PollerStatus { sources, in_flight, next });
            tokio::select! {
                () = &mut stop => break,
                Ok(()) = self.orders.changed() => {
                    orders = Arc::clone(&self.orders.borrow_and_update());
                    plans.queue.allow(orders.per_host);
                    plans.read = None;
                }
                Some(ended) = flight.polls.join_next_with_id() => self.finish(ended, &orders, &mut plans, &mut flight),
                () = tokio::time::sleep(sleep) => {}
            }
            // Several that ended together make room together.
            while let Some(ended) = flight.polls.try_join_next_with_id() {
                self.finish(ended, &orders, &mut plans, &mut flight);
            }
        }
        let farewell = async {
            while let Some(ended) = flight.polls.join_next_with_id().await {
                self.finish(ended, &orders, &mut plans, &mut flight);
            }
        };
        if tokio::time::timeout(super::SHUTDOWN_TIMEOUT, farewell).await.is_err() {
            tracing::info!(polls = flight.polls.len(), "polls in flight were given up");
        }
        flight.polls.shutdown().await;
    }

    /// Starts what is due, as far as there is room; answers how long there is nothing more to start.
    async fn turn(&self, orders: &PollerConfig, plans: &mut Plans, flight: &mut InFlight) -> Duration {
        if let Err(error) = plans.refresh(&self.store, orders).await {
            plans.complain(&error, "cannot read what is due; trying again");
            return PAUSE;
        }
        let room = orders.concurrency.saturating_sub(flight.polls.len());
        for source in plans.queue.take(now(), room) {
            flight.start(source, self.job(orders, plans.claims(source)));
        }
        match plans.queue.next() {
            // Where there is no room, the end of a poll wakes us.
            Some(due) if flight.polls.len() < orders.concurrency => {
                Duration::try_from(due.duration_since(now())).unwrap_or_default().min(PAUSE)
            }
            _ => PAUSE,
        }
    }

    fn job(&self, orders: &PollerConfig, claims: Claims) -> PollJob {
        PollJob {
            store: self.store.clone(),
            fetcher: orders.fetcher.clone(),
            sources: Arc::clone(&orders.sources),
            asked: Force::No,
            lease: orders.lease,
            claims,
        }
    }

    fn finish(
        &self,
        ended: Result<(task::Id, Ended), JoinError>,
        orders: &PollerConfig,
        plans: &mut Plans,
        flight: &mut InFlight,
    ) {
        match ended {
            Ok((id, Ended::Polled(finished))) => {
                flight.sources.remove(&id);
                health_check::count(&self.metrics, &finished.name, &finished.report, finished.took);
                let due = match &finished.report {
                    Ok(report) => {
                        plans.unkept.remove(&finished.source);
                        report.state.next_poll
                    }
                    Err(_) => {
                        plans.unkept.insert(finished.source);
                        Some(later(PAUSE))
                    }
                };
                let due = due.filter(|_| orders.sources.contains_key(&finished.name));
                plans.queue.done(finished.source, due, now());
                if changed(&finished) {
                    self.news.notify_one();
                }
            }
            Ok((id, Ended::NotOurs(source, due))) => {
                flight.sources.remove(&id);
                plans.unkept.remove(&source);
                plans.queue.done(source, due, now());
            }
            Ok((id, Ended::Unclaimed(source, error))) => {
                flight.sources.remove(&id);
                plans.queue.done(source, Some(later(PAUSE)), now());
                plans.complain(&error, "cannot claim what is due; trying again");
            }
            Err(error) => {
                tracing::error!(%error, "a poll ended badly");
                if let Some(source) = flight.sources.remove(&error.id()) {
                    plans.queue.done(source, Some(later(LEASE)), now());
                }
            }
        }
    }
}

impl Plans {
    /// Each source that is due has the same to say.
    fn complain(&mut self, error: &store::Error, words: &str) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAIN) {
            self.complained = Some(Instant::now());
            tracing::error!(%error, "{words}");
        }
    }

    fn claims(&self, source: SourceId) -> Claims {
        if self.unkept.contains(&source) { Claims::Ours } else { Claims::Anybodys }
    }

    /// Reads the plans when they may have changed: at the start, after new orders, regularly, and
    /// after a sleep of the machine or a jump of the clock.
    async fn refresh(&mut self, store: &Store, orders: &PollerConfig) -> Result<(), store::Error> {
        let (here, time) = (Instant::now(), now());
        let Some((read, was)) = self.read else {
            self.fill(store, orders).await?;
            self.queue.spread(now());
            return Ok(());
        };
        let passed = SignedDuration::try_from(here.duration_since(read)).unwrap_or(SignedDuration::MAX);
        let off = time.duration_since(was) - passed;
        if off.abs() > JUMP {
            tracing::info!(seconds = off.as_secs(), "the clock jumped, or the machine slept");
            let known = store.sources().await?;
            let mut moved = Vec::new();
            if off.is_negative() {
                let left =
                    |known: &StoredSource| schedule::after_clock_set_back(&known.state, off.abs(), time);
                moved.extend(
                    known.iter().filter_map(|known| Some((known.id, known.state.next_poll, left(known)?))),
                );
            }
            // Each is moved once: a plan that was just set back is not looked at for being beyond belief.
            moved.extend(replan(&orders.sources, &known, time));
            store.reschedule(moved).await?;
            self.fill(store, orders).await?;
            self.queue.spread(now());
        } else if here.duration_since(read) >= REGULARLY {
            self.fill(store, orders).await?;
        }
        Ok(())
    }

    async fn fill(&mut self, store: &Store, orders: &PollerConfig) -> Result<(), store::Error> {
        let plans = store.next_polls().await?;
        let mut known = HashSet::with_capacity(plans.len());
        for plan in plans.iter().filter(|plan| orders.sources.contains_key(&plan.name)) {
            known.insert(plan.source);
            // It is planned already, and the store knows of the claim alone.
            if self.unkept.contains(&plan.source) {
                continue;
            }
            self.queue.plan(plan.source, &plan.host, plan.due);
        }
        let gone: Vec<SourceId> = self.queue.sources().filter(|source| !known.contains(source)).collect();
        gone.into_iter().for_each(|source| self.queue.remove(source));
        self.read = Some((Instant::now(), now()));
        Ok(())
    }
}

impl InFlight {
    fn start(&mut self, source: SourceId, job: PollJob) {
        let task = self.polls.spawn(run_errand(job, self.parse_limiter.clone(), source));
        self.sources.insert(task.id(), source);
    }
}

/// Claims a source and polls it. Each poll claims for itself, so that the loop never waits for the
/// disk, and the store writes the claims of many polls and what others bring in one transaction.
async fn run_errand(job: PollJob, parse_limiter: ParseLimiter, source: SourceId) -> Ended {
    let PollJob { store, fetcher, sources, asked, lease, claims } = job;
    if let Claims::Ours = claims
        && let Err(error) = store.release_claims(vec![source]).await
    {
        return Ended::Unclaimed(source, error);
    }
    let mut turns = match store.claim(vec![source], asked, now(), lease).await {
        Ok(turns) => turns,
        Err(error) => return Ended::Unclaimed(source, error),
    };
    match turns.pop() {
        Some(ClaimResult::Claimed(claim)) => match sources.get(&claim.name) {
            Some(known) => {
                let context = PollContext { store: &store, fetcher: &fetcher, parse_limiter: &parse_limiter };
                Ended::Polled(Box::new(poll(context, known, *claim).await))
            }
            // The store knows the new config already, and the poller is about to be told of it.
            None => match store.release_claims(vec![source]).await {
                Ok(()) => Ended::NotOurs(source, None),
                Err(error) => Ended::Unclaimed(source, error),
            },
        },
        Some(ClaimResult::NotDue(_, until)) => Ended::NotOurs(source, Some(until)),
        Some(ClaimResult::Gone(_)) | None => Ended::NotOurs(source, None),
    }
}

fn later(by: Duration) -> Timestamp {
    now().checked_add(by).unwrap_or(Timestamp::MAX)
}

/// For how long a source is claimed: no poll of these takes longer.
fn lease(sources: &Sources) -> Duration {
    LEASE + sources.values().map(|source| source.access.timeout).max().unwrap_or_default()
}

/// Whether a poll may have changed what is published, or what is said of its source.
fn changed(finished: &Finished) -> bool {
    !matches!(&finished.report, Ok(PollReport { outcome: Outcome::NotModified, events: 0, .. }))
}

async fn poll(context: PollContext<'_>, source: &Source, claim: Claim) -> Finished {
    let (id, name) = (claim.source, claim.name.clone());
    let started = Instant::now();
    let report = ingest::poll(context, source, claim, now()).await;
    let took = started.elapsed();
    log(&name, &report, took);
    Finished { source: id, name, report, took }
}

/// One line for a poll.
fn log(source: &str, report: &Result<PollReport, store::Error>, took: Duration) {
    let ms = took.as_millis() as u64;
    match report {
        Err(error) => tracing::error!(source, %error, ms, "poll not kept"),
        Ok(PollReport { outcome: ended, state, bytes, .. }) => {
            let next = state.next_poll.map(|next| next.to_string()).unwrap_or_default();
            let (outcome, why) = (state.outcome_text(), state.next_poll_reason.as_str());
            match ended {
                Outcome::Failed(_) => {
                    tracing::warn!(source, outcome, bytes, ms, next, why, "poll failed")
                }
                _ => tracing::info!(source, outcome, bytes, ms, next, why, "polled"),
            }
        }
    }
}

/// Polls each of these sources once, due or not, at most `concurrency` at a time and `per_host` of one
/// host; `each` is told of every end. Answers how many were not asked because somebody else polls them.
///
/// # Errors
/// The store cannot be used.
pub async fn round(
    store: &Store,
    fetcher: &Fetcher,
    sources: &Sources,
    (concurrency, per_host): (usize, usize),
    plans: Vec<NextPoll>,
    mut each: impl FnMut(&Finished),
) -> Result<usize, store::Error> {
    let mut queue = Queue::new(per_host);
    plans.iter().for_each(|plan| queue.plan(plan.source, &plan.host, Timestamp::UNIX_EPOCH));
    let job = PollJob {
        store: store.clone(),
        fetcher: fetcher.clone(),
        sources: Arc::clone(sources),
        asked: Force::Yes,
        lease: lease(sources),
        claims: Claims::Anybodys,
    };
    let (mut flight, mut others) = (InFlight::default(), 0);
    while !queue.is_empty() {
        for source in queue.take(now(), concurrency.saturating_sub(flight.polls.len())) {
            flight.start(source, job.clone());
        }
        let room = flight.polls.len() < concurrency;
        let gap = queue
            .next()
            .filter(|_| room)
            .map_or(PAUSE, |at| Duration::try_from(at.duration_since(now())).unwrap_or_default());
        tokio::select! {
            Some(ended) = flight.polls.join_next_with_id() => {
                let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
                match ended {
                    Ok((_, Ended::Polled(finished))) => each(&finished),
                    Ok((_, Ended::NotOurs(..))) => others += 1,
                    Ok((_, Ended::Unclaimed(_, error))) => return Err(error),
                    Err(error) => tracing::error!(%error, "a poll ended badly"),
                }
                flight.sources.remove(&id).into_iter().for_each(|source| queue.done(source, None, now()));
            }
            () = tokio::time::sleep(gap) => {}
        }
    }
    Ok(others)
}
