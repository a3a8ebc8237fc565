//! What systemd is told of the process. Part of the daemon's door: the socket that `$NOTIFY_SOCKET` names.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock")]

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The outputs answer. Without systemd nobody hears it.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The config is being read again; [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the monotonic clock cannot be read"),
    }
}

/// The process is about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub(super) fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// Says that the poller turns, three times in the time that `WatchdogSec` gives. Who does not say so in
/// time is started anew.
pub(super) struct Watchdog {
    every: Option<Duration>,
    last: Option<Instant>,
}

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        Watchdog { every: sd_notify::watchdog_enabled().map(|within| within / 3), last: None }
    }

    /// One turn has come.
    pub(super) fn beat(&mut self) {
        let Some(every) = self.every else { return };
        if self.last.is_none_or(|last| last.elapsed() >= every / 2) {
            tell(&[NotifyState::Watchdog]);
            self.last = Some(Instant::now());
        }
    }

    /// Until when the next turn must come at the latest.
    pub(super) fn limit(&self, sleep: Duration) -> Duration {
        self.every.map_or(sleep, |every| sleep.min(every))
    }
}

fn tell(words: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(words) {
        tracing::debug!(%error, "systemd cannot be told how it goes");
    }
}
