//! Claims what is due, keeps N polls in flight, sleeps until the next. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::reload::Setup;
use super::{Sources, now, wait_for};
use crate::ingest::{self, Report, fetch::Fetcher};
use crate::source::{Outcome, Source};
use crate::store::{self, Claim, Store};

/// Beyond the source's own time-out, what a poll may take for reading and writing.
const LEASE: Duration = Duration::from_secs(300);

/// After the store failed, and as the longest sleep: a clock that jumped is noticed.
const PAUSE: Duration = Duration::from_secs(10);

/// Visits what is due, for ever.
pub(super) struct Poller {
    pub(super) store: Store,
    /// What to poll, and how; swapped when the config changes.
    pub(super) setup: watch::Receiver<Arc<Setup>>,
    /// Told when a poll has changed something.
    pub(super) news: Arc<Notify>,
}

/// A poll that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The source's name.
    pub name: String,
    /// What counts as its host.
    pub host: String,
    /// How it went.
    pub report: Result<Report, store::Error>,
}

impl Poller {
    /// Polls until told to stop; then claims no more, and lets what is in flight finish within its
    /// time. What does not finish has left nothing behind, and is polled again after the next start.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let mut polls = JoinSet::new();
        let mut hosts: HashMap<String, usize> = HashMap::new();
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        loop {
            let setup = Arc::clone(&self.setup.borrow_and_update());
            let sleep = self.start_due(&setup, &mut polls, &mut hosts).await;
            tokio::select! {
                () = &mut stop => break,
                Ok(()) = self.setup.changed() => {}
                Some(ended) = polls.join_next() => self.finish(ended, &mut hosts),
                () = tokio::time::sleep(sleep) => {}
            }
            // Several that ended together make room together: one claim, one commit.
            while let Some(ended) = polls.try_join_next() {
                self.finish(ended, &mut hosts);
            }
        }
        let farewell = async {
            while let Some(ended) = polls.join_next().await {
                self.finish(ended, &mut hosts);
            }
        };
        if tokio::time::timeout(super::FAREWELL, farewell).await.is_err() {
            tracing::info!(polls = polls.len(), "polls in flight were given up");
        }
        polls.shutdown().await;
    }

    /// Starts what is due, as far as there is room; answers how long there is nothing more to start.
    async fn start_due(
        &self,
        setup: &Setup,
        polls: &mut JoinSet<Finished>,
        hosts: &mut HashMap<String, usize>,
    ) -> Duration {
        let room = setup.concurrency.saturating_sub(polls.len());
        if room == 0 || (!polls.is_empty() && room < setup.concurrency / 4) {
            return PAUSE;
        }
        let busy = hosts.keys().cloned().collect();
        let mut strange = Vec::new();
        match self.store.claim_due(now(), room, setup.per_host, busy, LEASE).await {
            Ok(claims) => {
                for claim in claims {
                    if let Some(source) = setup.sources.get(&claim.name) {
                        *hosts.entry(claim.host.clone()).or_default() += 1;
                        polls.spawn(poll(self.store.clone(), setup.fetcher.clone(), source.clone(), claim));
                    } else {
                        strange.push(claim.source);
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot claim what is due; trying again");
                return PAUSE;
            }
        }
        if !strange.is_empty() {
            // The store knows the new config already, and we are about to be told of it.
            if let Err(error) = self.store.give_back(strange).await {
                tracing::error!(%error, "cannot give claims back; they run out");
            }
            return Duration::from_secs(1);
        }
        match self.store.next_due().await {
            Ok(Some(due)) => {
                let wait = Duration::try_from(due.duration_since(now())).unwrap_or_default();
                // What is due already waits for a host that is busy: the end of a poll wakes us.
                let least = if polls.is_empty() { Duration::from_millis(10) } else { Duration::from_secs(1) };
                wait.clamp(least, PAUSE)
            }
            Ok(None) | Err(_) => PAUSE,
        }
    }

    fn finish(&self, ended: Result<Finished, tokio::task::JoinError>, hosts: &mut HashMap<String, usize>) {
        let finished = match ended {
            Ok(finished) => finished,
            Err(error) => {
                // The claim runs out; the host's place is not known any more, so all are given back.
                tracing::error!(%error, "a poll ended badly");
                hosts.clear();
                return;
            }
        };
        if let Some(count) = hosts.get_mut(&finished.host) {
            *count -= 1;
            if *count == 0 {
                hosts.remove(&finished.host);
            }
        }
        if changed(&finished) {
            self.news.notify_one();
        }
    }
}

/// Whether a poll may have changed what is published, or what is said of its source.
fn changed(finished: &Finished) -> bool {
    !matches!(&finished.report, Ok(Report { outcome: Outcome::NotModified, .. }))
}

async fn poll(store: Store, fetcher: Fetcher, source: Source, claim: Claim) -> Finished {
    let (name, host) = (claim.name.clone(), claim.host.clone());
    let started = Instant::now();
    let report = ingest::poll(&store, &fetcher, &source, claim, now()).await;
    log(&name, &report, started.elapsed());
    Finished { name, host, report }
}

/// One line for a poll.
fn log(source: &str, report: &Result<Report, store::Error>, took: Duration) {
    let ms = took.as_millis() as u64;
    match report {
        Err(error) => tracing::error!(source, %error, ms, "poll not kept"),
        Ok(Report { outcome: ended, state, bytes }) => {
            let next = state.next_poll.map(|next| next.to_string()).unwrap_or_default();
            let (outcome, why) = (state.outcome.as_str(), state.why.as_str());
            match ended {
                Outcome::Failed(_) => {
                    tracing::warn!(source, outcome, bytes, ms, next, why, "poll failed")
                }
                _ => tracing::info!(source, outcome, bytes, ms, next, why, "polled"),
            }
        }
    }
}

/// Polls each of these claims once, at most `concurrency` at a time and `per_host` of one host;
/// `each` is told of every end.
pub async fn round(
    store: &Store,
    fetcher: &Fetcher,
    sources: &Sources,
    (concurrency, per_host): (usize, usize),
    claims: Vec<Claim>,
    mut each: impl FnMut(&Finished),
) {
    let mut waiting: VecDeque<Claim> = claims.into();
    let mut polls = JoinSet::new();
    let mut hosts: HashMap<String, usize> = HashMap::new();
    loop {
        let mut blocked = VecDeque::new();
        while polls.len() < concurrency
            && let Some(claim) = waiting.pop_front()
        {
            let taken = hosts.entry(claim.host.clone()).or_default();
            match sources.get(&claim.name) {
                Some(source) if *taken < per_host => {
                    *taken += 1;
                    polls.spawn(poll(store.clone(), fetcher.clone(), source.clone(), claim));
                }
                Some(_) => blocked.push_back(claim),
                None => {}
            }
        }
        blocked.append(&mut waiting);
        waiting = blocked;
        match polls.join_next().await {
            Some(Ok(finished)) => {
                if let Some(taken) = hosts.get_mut(&finished.host) {
                    *taken = taken.saturating_sub(1);
                }
                each(&finished);
            }
            Some(Err(error)) => {
                tracing::error!(%error, "a poll ended badly");
                hosts.clear();
            }
            None => return,
        }
    }
}
