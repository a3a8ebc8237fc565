//! Runs tasks and threads again when they fail, and gives up when one fails too often. Reads the clock.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::shutdown::ShutdownSignal;

/// A task that fails this often within [`FAILURE_WINDOW`] ends the process, which systemd starts again.
const MAX_FAILURES: usize = 3;

const FAILURE_WINDOW: Duration = Duration::from_secs(60);

/// The pause before a failed task is started again; it doubles with each failure within [`FAILURE_WINDOW`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A task or thread failed too often; its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FailedTooOften(pub(super) &'static str);

/// The latest failures of one task or thread.
#[derive(Default)]
struct Failures(Vec<Instant>);

impl Failures {
    /// Counts and logs a failure. Returns how long to wait before the next start.
    fn count(&mut self, name: &'static str, reason: &str) -> Result<Duration, FailedTooOften> {
        let now = Instant::now();
        self.0.retain(|at| now.duration_since(*at) < FAILURE_WINDOW);
        self.0.push(now);
        if self.0.len() >= MAX_FAILURES {
            tracing::error!(task = name, reason, "a task failed too often; stopping");
            return Err(FailedTooOften(name));
        }
        let pause = FIRST_PAUSE * (1 << (self.0.len() - 1));
        tracing::error!(task = name, reason, restart_s = pause.as_secs(), "a task failed; starting it again");
        Ok(pause)
    }
}

/// Runs a task until it stops after its signal, and starts it again if it panics or ends before.
pub(super) async fn supervise<F: Future<Output = ()>>(
    name: &'static str,
    start: impl Fn(ShutdownSignal) -> F,
    stop: ShutdownSignal,
    progress: Arc<AtomicU64>,
) -> Result<(), FailedTooOften> {
    let mut failures = Failures::default();
    loop {
        let mut run = pin!(run_task(Box::pin(start(stop.clone())), &progress));
        let ended = tokio::select! {
            ended = &mut run => ended,
            () = stop.clone().received() => {
                // With it goes what the task was made from: the server's socket is to close now.
                drop(start);
                if let Err(reason) = run.await {
                    tracing::error!(task = name, reason, "a task failed while it stopped");
                }
                return Ok(());
            }
        };
        let reason = match ended {
            Ok(()) if stop.is_received() => return Ok(()),
            Ok(()) => "it ended".to_owned(),
            Err(reason) => reason,
        };
        let pause = failures.count(name, &reason)?;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.clone().received() => return Ok(()),
        }
    }
}

/// Runs a task once, and counts how often it gets on. A panic becomes an error.
async fn run_task(
    mut task: std::pin::Pin<Box<impl Future<Output = ()>>>,
    progress: &AtomicU64,
) -> Result<(), String> {
    std::future::poll_fn(|context| {
        progress.fetch_add(1, Ordering::Relaxed);
        // After a panic the task is dropped, so nobody sees what it left half done of its own. What it shares is behind
        // locks that ignore poison.
        match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    })
    .await
}

/// Runs the body of a thread until it returns, and again if it panics. `pause` waits.
pub(super) fn supervise_thread(
    name: &'static str,
    mut run: impl FnMut(),
    pause: impl Fn(Duration),
) -> Result<(), FailedTooOften> {
    let mut failures = Failures::default();
    while let Err(panic) = catch_unwind(AssertUnwindSafe(&mut run)) {
        pause(failures.count(name, &panic_message(&*panic))?);
    }
    Ok(())
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "a panic".to_owned(), |text| format!("a panic: {text}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::daemon::shutdown::Shutdown;

    /// Supervises a task that fails at each start for which `fails` says so, and else waits for its signal. Returns the
    /// number of starts, and the result once the signal is sent after `lifetime`.
    async fn supervised(
        fails: impl Fn(usize) -> bool,
        lifetime: Duration,
    ) -> (usize, Result<(), FailedTooOften>) {
        let (shutdown, starts) = (Shutdown::new(), AtomicUsize::new(0));
        let start = |stop: ShutdownSignal| {
            let number = starts.fetch_add(1, Ordering::Relaxed);
            let fails = fails(number);
            async move {
                tokio::task::yield_now().await;
                assert!(!fails, "start {number}");
                stop.received().await;
            }
        };
        let signal = async {
            tokio::time::sleep(lifetime).await;
            shutdown.send();
        };
        let (result, ()) = tokio::join!(supervise("test", start, shutdown.signal(), Arc::default()), signal);
        (starts.into_inner(), result)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again_until_it_fails_three_times_in_a_minute() {
        let day = Duration::from_secs(86_400);
        assert_eq!(supervised(|_| false, day).await, (1, Ok(())));
        assert_eq!(supervised(|number| number < 2, day).await, (3, Ok(())));
        assert_eq!(supervised(|_| true, day).await, (3, Err(FailedTooOften("test"))));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_are_far_apart_are_no_reason_to_stop() {
        let (shutdown, started) = (Shutdown::new(), Instant::now());
        let task = |_| async {
            tokio::time::sleep(FAILURE_WINDOW / 2).await;
            panic!("again");
        };
        let supervisor = supervise("test", task, shutdown.signal(), Arc::default());
        let hour = tokio::time::timeout(Duration::from_secs(3600), supervisor).await;
        assert!(hour.is_err(), "ended after {:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_early_has_failed_and_the_pauses_grow() {
        let (shutdown, started) = (Shutdown::new(), Instant::now());
        let result = supervise("test", |_| async {}, shutdown.signal(), Arc::default()).await;
        assert_eq!((result, started.elapsed()), (Err(FailedTooOften("test")), FIRST_PAUSE * 3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_signal_ends_a_pause_and_releases_what_the_task_was_made_from() {
        assert_eq!(supervised(|_| true, FIRST_PAUSE / 2).await, (1, Ok(())));
        let (shutdown, shared) = (Shutdown::new(), Arc::new(()));
        let only_one = Arc::clone(&shared);
        let start = |stop: ShutdownSignal| {
            let only_one = Arc::downgrade(&only_one);
            async move {
                stop.received().await;
                tokio::task::yield_now().await;
                assert_eq!(only_one.strong_count(), 0, "held by the supervisor");
            }
        };
        drop(shared);
        shutdown.send();
        let owned = move |stop| start(stop);
        assert_eq!(supervise("test", owned, shutdown.signal(), Arc::default()).await, Ok(()));
    }

    #[test]
    fn a_thread_that_panics_is_run_again_until_it_fails_three_times_in_a_minute() {
        let run = |panics: usize| {
            let (mut runs, mut pauses) = (0, std::cell::RefCell::new(Vec::new()));
            let body = || {
                runs += 1;
                assert!(runs > panics, "run {runs}");
            };
            let result = supervise_thread("thread", body, |pause| pauses.borrow_mut().push(pause));
            (runs, pauses.get_mut().clone(), result)
        };
        assert_eq!(run(0), (1, vec![], Ok(())));
        assert_eq!(run(2), (3, vec![FIRST_PAUSE, FIRST_PAUSE * 2], Ok(())));
        assert_eq!(run(9).2, Err(FailedTooOften("thread")));
    }
}
