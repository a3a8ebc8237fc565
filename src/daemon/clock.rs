//! The wall clock. Does I/O.
#![allow(clippy::disallowed_methods, reason = "the daemon reads the clock here")]

use std::time::Duration;

use jiff::Timestamp;

/// The time of day in whole milliseconds, as the store keeps it.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The time after a wait from now.
pub(super) fn after(wait: Duration) -> Timestamp {
    now().checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The wait until a time; zero if it has passed.
pub(super) fn until(time: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(now())).unwrap_or_default()
}
