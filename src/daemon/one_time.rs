//! The requests of a command: polls each source once, due or not, then reads the articles that outputs want. Does I/O.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use super::article_request::ARTICLE_READ;
use super::articles::Articles;
use super::channels::PollerConfig;
use super::clock::{now, until};
use super::poll::{FinishedPoll, MAX_SLEEP, PollEnd, PollJob, PollsInFlight, host_limits, limit_hosts};
use super::queue::PollQueue;
use crate::source::host_budget::HostBudget;
use crate::store::{self, Claimant, NextPoll, SourceId, Store};

/// The sources that [`OneTimeRequests::poll_all`] did not poll to the end, by name.
#[derive(Debug, Default)]
pub struct Unpolled {
    /// Another process polls them.
    pub claimed_elsewhere: Vec<String>,
    /// Their hosts take no requests until these times.
    pub held: Vec<(String, Timestamp)>,
    /// The poll panicked.
    pub panicked: Vec<String>,
    /// A signal ended it, before the other sources were polled.
    pub is_interrupted: bool,
}

/// The longest wait of a command for the next article: host gaps are shorter.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// What [`OneTimeRequests::read_articles`] has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArticleTotals {
    /// How many articles were read.
    pub read: usize,
    /// How many requests have ended, in whatever way.
    pub ended: usize,
    /// A signal ended it, before the others were requested.
    pub is_interrupted: bool,
}

/// Makes the requests of one command, in one queue for all of them.
pub struct OneTimeRequests<'a> {
    store: &'a Store,
    config: &'a PollerConfig,
    queue: PollQueue,
    in_flight: PollsInFlight,
}

impl<'a> OneTimeRequests<'a> {
    /// Nothing is requested yet.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn new(
        store: &'a Store,
        config: &'a PollerConfig,
    ) -> Result<OneTimeRequests<'a>, store::Error> {
        let mut queue = PollQueue::new(config.per_host);
        let budgets = store.host_budgets().await?;
        let budgets = budgets.into_iter().map(|(host, budget)| (host, without_hold(budget))).collect();
        limit_hosts(&mut queue, &config.hosts, &budgets);
        Ok(OneTimeRequests { store, config, queue, in_flight: PollsInFlight::default() })
    }

    /// Polls each of these sources once, due or not, and calls `on_finished` after each, until a signal comes. Returns
    /// the others.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn poll_all(
        &mut self,
        plans: Vec<NextPoll>,
        mut on_finished: impl FnMut(&FinishedPoll),
    ) -> Result<Unpolled, store::Error> {
        let (queue, in_flight, config) = (&mut self.queue, &mut self.in_flight, self.config);
        plans.iter().for_each(|plan| queue.plan(plan.source, &plan.host, Timestamp::UNIX_EPOCH));
        let job = PollJob::new(self.store, config, Claimant::Command);
        let mut unpolled = Unpolled::default();
        let interrupted = interrupted();
        tokio::pin!(interrupted);
        while !queue.is_empty() {
            let free = in_flight.free(config.concurrency);
            for source in queue.take(now(), free) {
                in_flight.start(job.clone(), source);
            }
            let sleep = match in_flight.free(config.concurrency) {
                0 => in_flight.next_slow().unwrap_or(MAX_SLEEP),
                _ => queue.next().map_or(MAX_SLEEP, until),
            };
            tokio::select! {
                Some((source, end)) = in_flight.next() => {
                    if let PollEnd::Finished(finished) = &end {
                        note_budget(queue, config, finished);
                        on_finished(finished);
                    }
                    unpolled.add(&plans, source, end)?;
                    queue.done(source, None, now());
                }
                () = tokio::time::sleep(sleep) => {}
                () = &mut interrupted => {
                    unpolled.is_interrupted = true;
                    for (source, claim) in in_flight.abort().await {
                        self.store.release_claim(source, claim).await?;
                    }
                    break;
                }
            }
        }
        Ok(unpolled)
    }

    /// Requests the articles of these sources that outputs want, until a signal comes. Returns how many were read, or found
    /// to be none.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn read_articles(&mut self, sources: &HashSet<&str>) -> Result<ArticleTotals, store::Error> {
        let (queue, config) = (&mut self.queue, self.config);
        let mut articles =
            Articles::new(self.store, config, Claimant::Command, self.in_flight.parse_limiter());
        let mut totals = ArticleTotals::default();
        let interrupted = interrupted();
        tokio::pin!(interrupted);
        loop {
            articles.refresh(queue, config, |name, _| sources.contains(name)).await?;
            articles.start(queue, config.concurrency.saturating_sub(articles.len()));
            // Those of a later time are for a later command.
            let next = queue.next_article().filter(|at| until(*at) <= MAX_WAIT);
            if articles.len() == 0 && next.is_none() {
                break;
            }
            let sleep = next.filter(|_| articles.len() < config.concurrency).map_or(MAX_SLEEP, until);
            tokio::select! {
                Some(ended) = articles.next() => {
                    let finished = articles.finish(ended, queue, &config.hosts, without_hold);
                    if let Some(error) = finished.error {
                        return Err(error);
                    }
                    totals.read += usize::from(finished.status == Some(ARTICLE_READ));
                    totals.ended += usize::from(finished.status.is_some());
                }
                () = tokio::time::sleep(sleep) => {}
                () = &mut interrupted => {
                    totals.is_interrupted = true;
                    break;
                }
            }
        }
        articles.abort().await;
        Ok(totals)
    }
}

impl Unpolled {
    /// Adds a source that was not polled.
    fn add(&mut self, plans: &[NextPoll], source: SourceId, end: PollEnd) -> Result<(), store::Error> {
        let name = plans.iter().filter(|plan| plan.source == source).map(|plan| plan.name.clone());
        match end {
            PollEnd::Finished(_) => {}
            PollEnd::NotClaimed(_) => self.claimed_elsewhere.extend(name),
            PollEnd::HostHeld(until) => self.held.extend(name.map(|name| (name, until))),
            PollEnd::ClaimFailed(error) => return Err(error),
            PollEnd::Panicked(error) => {
                tracing::error!(%error, "a poll panicked");
                self.panicked.extend(name);
            }
        }
        Ok(())
    }
}

fn note_budget(queue: &mut PollQueue, config: &PollerConfig, finished: &FinishedPoll) {
    let host = finished.report.as_ref().ok().and_then(|report| report.host.clone());
    if let Some((host, budget)) = host {
        let budget = without_hold(budget);
        queue.limit(&host, host_limits(config.hosts.get(&host), Some(&budget)));
    }
}

/// The claim tells which hosts are held: a command does not wait for them.
fn without_hold(budget: HostBudget) -> HostBudget {
    HostBudget { held_until: None, ..budget }
}

/// Returns at the first SIGINT or SIGTERM.
async fn interrupted() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        // Then the signal ends the process, as without this.
        Err(_) => std::future::pending().await,
    }
}
