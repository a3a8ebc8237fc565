//! Checks that the store can be written and that the poller runs, and measures both. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::channels::{PollerStatus, StoreProblem};
use super::clock::now;
use super::tasks::ShutdownSignal;
use crate::metrics::{Metrics, StoreStats};
use crate::serve::{PollerHealth, Readiness, StoreHealth};
use crate::store::{self, DaemonStatus, Store};

/// How often a small test write is made.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);

/// How often it is made while it fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// How often an unwritable store is logged again.
const LOG_INTERVAL: Duration = Duration::from_secs(3600);

/// A poller without a turn for this long is stuck; a healthy one has one at least every ten seconds.
const POLLER_TIMEOUT: Duration = Duration::from_secs(60);

/// The health check task.
pub(super) struct HealthCheck {
    pub(super) store: Store,
    pub(super) options: store::Options,
    pub(super) readiness: Arc<Readiness>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) poller_status: watch::Receiver<PollerStatus>,
    pub(super) store_problem: watch::Sender<StoreProblem>,
}

/// An unwritable store, for the operator.
pub(super) fn store_problem(error: &impl std::fmt::Display) -> Arc<str> {
    format!(
        "The store cannot be written: polling is paused, published feeds are still served. Retrying every {} s. {error}",
        RETRY_INTERVAL.as_secs()
    )
    .into()
}

impl HealthCheck {
    /// Checks until the daemon stops.
    pub(super) async fn run(mut self, stop: ShutdownSignal) {
        let stop = stop.received();
        tokio::pin!(stop);
        let mut last_turn = Instant::now();
        let mut last_log = Instant::now();
        loop {
            self.measure_poller();
            self.check_store(&mut last_log).await;
            self.readiness.set_poller(if last_turn.elapsed() < POLLER_TIMEOUT {
                PollerHealth::Running
            } else {
                PollerHealth::Stuck
            });
            let is_writable = self.store_problem.borrow().is_none();
            let next = Instant::now() + if is_writable { CHECK_INTERVAL } else { RETRY_INTERVAL };
            while Instant::now() < next {
                tokio::select! {
                    () = &mut stop => return,
                    Ok(()) = self.poller_status.changed() => last_turn = Instant::now(),
                    () = tokio::time::sleep_until(next.into()) => {}
                }
                self.measure_poller();
            }
        }
    }

    fn measure_poller(&mut self) {
        let PollerStatus { sources, in_flight, .. } = *self.poller_status.borrow_and_update();
        self.metrics.set_polls_in_flight(in_flight, sources);
        self.metrics.set_tasks(tokio::runtime::Handle::current().metrics().num_alive_tasks());
    }

    async fn check_store(&self, last_log: &mut Instant) {
        let sizes = store::file_sizes(&self.options);
        let (commands, questions) = self.store.queue_lengths();
        let started = Instant::now();
        let written = self.store.set_daemon_status(DaemonStatus::Heartbeat, Some(now().to_string())).await;
        let duration = started.elapsed();
        let stats = StoreStats { database: sizes.database, log: sizes.log, commands, questions };
        self.metrics.set_store(stats, written.is_ok().then_some(duration));
        self.readiness.set_store(match written {
            Ok(()) => StoreHealth::Writable,
            Err(_) => StoreHealth::Unwritable,
        });
        let was_unwritable = self.store_problem.borrow().is_some();
        match written {
            Ok(()) if was_unwritable => {
                tracing::info!("the store can be written again");
                self.store_problem.send_replace(None);
            }
            Ok(()) => {}
            Err(error) => {
                let problem = store_problem(&error);
                if !was_unwritable || last_log.elapsed() >= LOG_INTERVAL {
                    tracing::error!("{problem}");
                    *last_log = Instant::now();
                }
                self.store_problem.send_if_modified(|current| {
                    let is_new = current.as_ref() != Some(&problem);
                    *current = Some(problem);
                    is_new
                });
            }
        }
    }
}
