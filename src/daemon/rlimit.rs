//! The limit of open files, and how many clients fit in it. Changes the process's limit.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::poll::max_in_flight;
use crate::serve::ConnectionLimits;

/// Files beside clients and polls: the store, the config, written documents.
const OTHER_FILES: u64 = 128;
/// Idle connections for each poll, kept for the next one.
const IDLE_PER_POLL: u64 = 2;
/// Clients that are served even if the limit is too low for them.
const MIN_CLIENTS: usize = 16;

/// The server's limits, such that polls and the store always have files left. Raises the process's soft limit as far as
/// needed: many systems start processes with a low one.
pub(super) fn connection_limits(concurrency: usize) -> ConnectionLimits {
    let defaults = ConnectionLimits::default();
    let reserved = OTHER_FILES + IDLE_PER_POLL * concurrency as u64 + max_in_flight(concurrency) as u64;
    let wanted = defaults.connections as u64 + reserved;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let mut limit = current.unwrap_or(u64::MAX);
    if limit < wanted {
        let raised = wanted.min(maximum.unwrap_or(u64::MAX));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok() {
            limit = raised;
        }
    }
    let clients = usize::try_from(limit.saturating_sub(reserved)).unwrap_or(usize::MAX).max(MIN_CLIENTS);
    if clients < defaults.connections {
        tracing::warn!(limit, clients, "the limit of open files is low: fewer clients are served at a time");
    }
    let connections = clients.min(defaults.connections);
    ConnectionLimits { connections, per_client: defaults.per_client.min(connections * 3 / 4), ..defaults }
}
