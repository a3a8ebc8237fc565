//! How many files the process may have open: each client and each poll has one. Part of the daemon's door.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::serve::connections::ConnectionLimits;

/// Beside clients and polls: the store, the config, what is written.
const OTHERS: u64 = 128;
/// Of files for one poll: its connection, and those that are kept open for the next one.
const EACH_POLL: u64 = 3;

/// ConnectionLimits of the server under which polls and the store have files left, however many clients come. Many systems
/// start a process with a low limit of its own to raise; more than is needed is not asked for.
pub(super) fn limits(polls: usize) -> ConnectionLimits {
    let usual = ConnectionLimits::default();
    let others = OTHERS + EACH_POLL * polls as u64;
    let wanted = usual.connections as u64 + others;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let mut allowed = current.unwrap_or(u64::MAX);
    if allowed < wanted {
        let more = wanted.min(maximum.unwrap_or(u64::MAX));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum }).is_ok() {
            allowed = more;
        }
    }
    // A few are always served: what is short then is said where it is missing.
    let room = usize::try_from(allowed.saturating_sub(others)).unwrap_or(usize::MAX).max(FEWEST);
    if room < usual.connections {
        tracing::warn!(
            files = allowed,
            clients = room,
            "few files may be open: fewer clients are served at a time"
        );
    }
    ConnectionLimits { connections: room.min(usual.connections), ..usual }
}

/// Clients at a time under the lowest of limits.
const FEWEST: usize = 16;
