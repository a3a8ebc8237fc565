//! Messages to systemd (sd_notify(3)): ready, reloading, stopping, status line, watchdog. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sd_notify::NotifyState;

use super::channels::PollerStatus;
use super::clock::until;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;

/// Tells systemd that startup or a reload has finished.
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

/// Tells systemd that a config reload begins; [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "cannot read the monotonic clock"),
    }
}

/// Tells systemd that the process is about to end.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// Keeps the status line of `systemctl status` current, with at most one update a second.
pub(super) async fn update_status_line(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut poller_status = shared.channels.poller_status.subscribe();
    loop {
        let PollerStatus { sources, in_flight, next } = *poller_status.borrow_and_update();
        let next = next
            .filter(|next| *next < Timestamp::MAX)
            .map_or_else(String::new, |next| format!(", next in {} s", until(next).as_secs()));
        let problem = shared.channels.store_problem.borrow().clone();
        let problem = problem.map(|problem| format!("; {problem}")).unwrap_or_default();
        send(&[NotifyState::Status(&format!("polling {in_flight} of {sources}{next}{problem}"))]);
        let changed = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            poller_status.changed().await
        };
        tokio::select! {
            () = &mut stop => return,
            changed = changed => if changed.is_err() { return },
        }
    }
}

/// Nothing is stuck. Without `WatchdogSec` systemd ignores it.
pub(super) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// Without systemd nothing is sent.
fn send(messages: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(messages) {
        tracing::debug!(%error, "cannot notify systemd");
    }
}
