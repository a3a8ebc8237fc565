//! Looks after the daemon from inside: is the store writable, does the poller turn, how large is all.
//! Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{StoreUnwritable, poller, wait_for};
use crate::ingest::PollReport;
use crate::metrics::{Metrics, Poll, StoreState, Times};
use crate::serve::{PollerHealth, Readiness, StoreHealth};
use crate::source::{Failure, Outcome, SourceState};
use crate::store::{self, DaemonStatus, Store};

/// How often one small write is tried.
const EVERY: Duration = Duration::from_secs(15);

/// And how often while it fails.
const SOON: Duration = Duration::from_secs(3);

/// So often it is said again that it fails.
const AGAIN: Duration = Duration::from_secs(3600);

/// A poller that has not turned for so long is stuck: it turns at least every ten seconds.
const STUCK: Duration = Duration::from_secs(60);

/// What is looked after.
pub(super) struct Measure {
    pub(super) store: Store,
    pub(super) options: store::Options,
    pub(super) health: Arc<Readiness>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) beats: watch::Receiver<poller::PollerStatus>,
    /// Tells who shows it why the store cannot be written.
    pub(super) trouble: watch::Sender<StoreUnwritable>,
}

/// What the operator is told of a store that cannot be written.
pub(super) fn trouble(error: &impl std::fmt::Display) -> Arc<str> {
    format!(
        "The store cannot be written, so that nothing is polled; what was published is served on, and all goes on \
         by itself once it can be written again. {error}"
    )
    .into()
}

impl Measure {
    /// Until told to stop.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        let mut turned = Instant::now();
        let mut said = Instant::now();
        loop {
            self.pulse();
            self.store(&mut said).await;
            self.health.set_poller(if turned.elapsed() < STUCK {
                PollerHealth::Running
            } else {
                PollerHealth::Stuck
            });
            let next = Instant::now() + if self.trouble.borrow().is_some() { SOON } else { EVERY };
            while Instant::now() < next {
                tokio::select! {
                    () = &mut stop => return,
                    Ok(()) = self.beats.changed() => turned = Instant::now(),
                    () = tokio::time::sleep_until(next.into()) => {}
                }
                self.pulse();
            }
        }
    }

    fn pulse(&mut self) {
        let poller::PollerStatus { sources, in_flight, .. } = *self.beats.borrow_and_update();
        self.metrics.polled(in_flight, sources);
        self.metrics.tasks(tokio::runtime::Handle::current().metrics().num_alive_tasks());
    }

    async fn store(&self, said: &mut Instant) {
        let sizes = store::file_sizes(&self.options);
        let (commands, questions) = self.store.queue_lengths();
        let began = Instant::now();
        let kept =
            self.store.set_daemon_status(DaemonStatus::Heartbeat, Some(super::now().to_string())).await;
        let took = began.elapsed();
        let state = StoreState { database: sizes.database, log: sizes.log, commands, questions };
        self.metrics.store(state, kept.is_ok().then_some(took));
        self.health.set_store(if kept.is_ok() { StoreHealth::Writable } else { StoreHealth::Unwritable });
        let was = self.trouble.borrow().is_some();
        match kept {
            Ok(()) if was => {
                tracing::info!("the store can be written again");
                self.trouble.send_replace(None);
            }
            Ok(()) => {}
            Err(error) => {
                let words = trouble(&error);
                if !was || said.elapsed() >= AGAIN {
                    tracing::error!("{words}");
                    *said = Instant::now();
                }
                self.trouble.send_if_modified(|known| {
                    let is_new = known.as_ref() != Some(&words);
                    *known = Some(words);
                    is_new
                });
            }
        }
    }
}

/// Counts a poll.
pub(super) fn count(
    metrics: &Metrics,
    source: &str,
    report: &Result<PollReport, store::Error>,
    took: Duration,
) {
    let bare =
        Poll { source, outcome: "not_kept", took, bytes: 0, new: 0, edited: 0, merged: 0, times: None };
    metrics.poll(match report {
        Err(_) => bare,
        Ok(report) => {
            let (new, edited) = match report.outcome {
                Outcome::Read { new, edited, .. } => (new as u64, edited as u64),
                _ => (0, 0),
            };
            let times = Some(times(&report.state));
            let (bytes, merged) = (report.bytes, report.merged as u64);
            Poll { outcome: outcome(&report.outcome), bytes, new, edited, merged, times, ..bare }
        }
    });
}

/// The times of a source that metrics tell.
pub(super) fn times(state: &SourceState) -> Times {
    Times {
        last_success: state.last_success.map(|at| at.as_second()),
        next_poll: state.next_poll.map(|at| at.as_second()),
    }
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Read { .. } => "read",
        Outcome::NotModified => "not_modified",
        Outcome::Failed(failure) => match failure {
            Failure::Timeout => "timeout",
            Failure::Dns(_) => "dns",
            Failure::Connection(_) => "connection",
            Failure::Tls(_) => "tls",
            Failure::RefusedAddress(_) => "refused_address",
            Failure::Redirect(_) => "redirect",
            Failure::Gone => "gone",
            Failure::Throttled { .. } => "throttled",
            Failure::Status(_) => "status",
            Failure::TooLarge(_) => "too_large",
            Failure::Unreadable(_) => "unreadable",
        },
    }
}
