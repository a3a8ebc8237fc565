//! Unix signals: SIGTERM and SIGINT stop the process, SIGHUP reloads the config. Does I/O; starts a thread.
#![allow(clippy::disallowed_methods, reason = "signals are received here, on a thread of its own")]

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The process ends this long after the first signal, whatever still runs. Tasks get less (`tasks`), so that the store's
/// threads can finish.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(7);

/// The exit code of a process that did not stop by itself.
const UNSTOPPED: i32 = 1;

/// Listens for SIGHUP.
pub(super) fn hangup() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Returns a signal to stop, which SIGTERM or SIGINT sends. After `SHUTDOWN_TIMEOUT`, and at a second signal, the process
/// ends at once; what is committed is on the disk.
///
/// The signals have a thread and a runtime of their own, which depend on nothing: long computations may occupy all
/// threads of the other runtime, and then nothing else would notice a signal. For the same reason the end is not logged:
/// standard error may be blocked too.
///
/// # Errors
/// The system refuses the handlers or the thread.
pub fn stop_signal() -> std::io::Result<oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut terminate, mut interrupt) = {
        let _entered = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let mut next_signal = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let (stop, stopped) = oneshot::channel();
    let wait = async move {
        next_signal().await;
        // The send fails only if the daemon has ended already.
        let _ = stop.send(());
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, next_signal()).await;
        std::process::exit(UNSTOPPED);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(wait))?;
    Ok(stopped)
}
