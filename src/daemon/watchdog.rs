//! Tells systemd's watchdog, and `/readyz`, that no task and no thread is stuck. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::notify;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;

/// How often the tasks and threads are looked at, or three times within `WatchdogSec`.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// After this long without progress, or after `WatchdogSec`, something is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// A lower limit for `WatchdogSec` here: a command of the store waits for another process up to 30 s.
const MIN_STUCK_AFTER: Duration = Duration::from_secs(40);

/// A task or thread whose progress can be seen.
#[derive(Clone)]
pub(super) struct Watched {
    name: &'static str,
    /// A number that changes while it gets on; `None` while it has nothing to do.
    progress: Arc<dyn Fn() -> Option<u64> + Send + Sync>,
}

/// The progress of a task or thread as last seen, and since when.
struct Observation {
    watched: Watched,
    seen: Option<u64>,
    since: Instant,
}

impl Watched {
    pub(super) fn new(
        name: &'static str,
        progress: impl Fn() -> Option<u64> + Send + Sync + 'static,
    ) -> Watched {
        Watched { name, progress: Arc::new(progress) }
    }
}

impl Observation {
    fn new(watched: Watched, now: Instant) -> Observation {
        Observation { watched, seen: None, since: now }
    }

    /// The name, if it has made no progress for `limit`.
    fn stuck(&mut self, now: Instant, limit: Duration) -> Option<&'static str> {
        let progress = (self.watched.progress)();
        if progress.is_none() || progress != self.seen {
            (self.seen, self.since) = (progress, now);
        }
        (now.duration_since(self.since) >= limit).then_some(self.watched.name)
    }
}

/// Watches until the daemon stops. systemd kills and restarts the process if something is stuck for `WatchdogSec`.
pub(super) async fn run(shared: Arc<Shared>, watched: Vec<Watched>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let timeout = sd_notify::watchdog_enabled();
    let limit = timeout.unwrap_or(STUCK_AFTER).max(MIN_STUCK_AFTER);
    let interval = timeout.map_or(CHECK_INTERVAL, |timeout| CHECK_INTERVAL.min(timeout / 3));
    let now = Instant::now();
    let mut observations: Vec<_> =
        watched.into_iter().map(|watched| Observation::new(watched, now)).collect();
    let mut was_stuck = Vec::new();
    loop {
        let now = Instant::now();
        let stuck: Vec<&str> =
            observations.iter_mut().filter_map(|observation| observation.stuck(now, limit)).collect();
        if stuck.is_empty() {
            notify::alive().await;
        }
        if stuck != was_stuck {
            if stuck.is_empty() {
                tracing::info!("every task makes progress again");
            } else {
                let (tasks, seconds) = (stuck.join(", "), limit.as_secs());
                tracing::error!(tasks, seconds, "no progress; the watchdog is not notified");
            }
            shared.readiness.set_stuck_task(stuck.first().copied());
            was_stuck = stuck;
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_makes_no_progress_is_stuck_and_what_has_nothing_to_do_is_not() {
        let progress = Arc::new(Mutex::new(Some(1)));
        let shared = Arc::clone(&progress);
        let watched = Watched::new("task", move || *shared.lock().unwrap());
        let (start, limit) = (Instant::now(), Duration::from_secs(60));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut observation = Observation::new(watched, start);
        for (seconds, now, stuck) in [
            (10, Some(1), false),
            (69, Some(1), false),
            (70, Some(1), true),
            (80, Some(2), false),
            (100, None, false),
            (900, None, false),
            (910, Some(2), false),
            (960, Some(2), false),
            (970, Some(2), true),
        ] {
            *progress.lock().unwrap() = now;
            let expected = stuck.then_some("task");
            assert_eq!(observation.stuck(at(seconds), limit), expected, "after {seconds} s");
        }
    }
}
