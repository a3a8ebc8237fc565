//! The daemon's tasks, by name, and the signal that stops them. Spawns and joins tasks.
#![allow(clippy::disallowed_methods, reason = "the daemon's tasks are spawned and joined here")]

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinSet};

/// How long polls in flight may take after the stop signal.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(7);

/// Deadline for all tasks: `SHUTDOWN_TIMEOUT` plus one second.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// Tells a task to stop.
#[derive(Clone)]
pub(super) struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    /// Returns once the daemon stops.
    pub(super) async fn received(mut self) {
        // An error means that the sender is gone, which stops the task too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// The running tasks.
pub(super) struct Tasks {
    set: JoinSet<()>,
    names: HashMap<task::Id, &'static str>,
    /// `stop` sends `true` once; every task has a receiver in its [`ShutdownSignal`].
    shutdown: watch::Sender<bool>,
}

impl Tasks {
    pub(super) fn new() -> Tasks {
        Tasks { set: JoinSet::new(), names: HashMap::new(), shutdown: watch::Sender::new(false) }
    }

    /// Starts a task that ends when its signal is received.
    pub(super) fn spawn<F>(&mut self, name: &'static str, task: impl FnOnce(ShutdownSignal) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let handle = self.set.spawn(task(ShutdownSignal(self.shutdown.subscribe())));
        self.names.insert(handle.id(), name);
    }

    /// Stops all tasks and waits for them; aborts those that take too long.
    pub(super) async fn stop(mut self) {
        self.shutdown.send_replace(true);
        let all_ended = async {
            while let Some(ended) = self.set.join_next_with_id().await {
                if let Err(error) = ended {
                    let task = self.names.get(&error.id()).copied().unwrap_or_default();
                    tracing::error!(task, %error, "a task failed");
                }
            }
        };
        if tokio::time::timeout(STOP_TIMEOUT, all_ended).await.is_err() {
            tracing::warn!(tasks = self.set.len(), "tasks did not stop in time; aborting them");
        }
        self.set.shutdown().await;
    }
}
