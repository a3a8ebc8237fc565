//! The daemon's tasks: started, supervised and stopped together. Spawns and joins tasks.
#![allow(clippy::disallowed_methods, reason = "the daemon's tasks are spawned and joined here")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::shutdown::{Shutdown, ShutdownSignal};
use super::supervisor::{FailedTooOften, supervise};
use super::watchdog::Watched;

/// How long polls in flight may take after the stop signal.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);

/// What all tasks may take to stop: the polls, and a second for everything else.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What aborted tasks may take to end. One that blocks its thread does not end at all.
const ABORT_TIMEOUT: Duration = Duration::from_millis(500);

/// The running tasks.
pub(super) struct Tasks {
    set: JoinSet<Result<(), FailedTooOften>>,
    watched: Vec<Watched>,
    shutdown: Shutdown,
}

/// How the tasks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TasksEnd {
    /// All have ended.
    Complete,
    /// Some still run.
    Stuck,
}

impl Tasks {
    pub(super) fn new() -> Tasks {
        Tasks { set: JoinSet::new(), watched: Vec::new(), shutdown: Shutdown::new() }
    }

    /// Starts a task that ends when its signal is received. It is started again if it fails. To show that it is not
    /// stuck, it wakes up at least every 15 s.
    pub(super) fn spawn<F>(
        &mut self,
        name: &'static str,
        start: impl Fn(ShutdownSignal) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let progress = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&progress);
        self.watched.push(Watched::new(name, move || Some(count.load(Ordering::Relaxed))));
        self.set.spawn(supervise(name, start, self.shutdown.signal(), progress));
    }

    /// What shows that the tasks are not stuck.
    pub(super) fn watched(&self) -> Vec<Watched> {
        self.watched.clone()
    }

    /// Returns when a task has failed too often. Cancel-safe.
    pub(super) async fn failure(&mut self) -> FailedTooOften {
        loop {
            match self.set.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(failed))) => return failed,
                // A supervisor catches the panics of its task, and has none of its own.
                Some(Err(_)) => return FailedTooOften("supervisor"),
                None => std::future::pending().await,
            }
        }
    }

    /// Stops all tasks and waits for them; aborts those that take too long.
    pub(super) async fn stop(mut self) -> TasksEnd {
        self.shutdown.send();
        let set = &mut self.set;
        let all_ended = async { while set.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all_ended).await.is_err() {
            tracing::warn!(tasks = self.set.len(), "tasks did not stop in time; aborting them");
        }
        match tokio::time::timeout(ABORT_TIMEOUT, self.set.shutdown()).await {
            Ok(()) => TasksEnd::Complete,
            Err(_) => TasksEnd::Stuck,
        }
    }
}
