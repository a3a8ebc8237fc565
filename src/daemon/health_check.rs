//! Checks that the store can be written, and measures it and the poller. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::channels::PollerStatus;
use super::clock::now;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use crate::metrics::StoreStats;
use crate::serve::StoreHealth;
use crate::store::{self, DaemonStatus, Store};

/// How often a small test write is made.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);

/// How often it is made while it fails.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// Size of the test write after a failure. A small one may succeed where the commit of a poll fails: on a disk that is
/// nearly full.
const LARGE_WRITE_BYTES: usize = 1 << 20;

/// How often an unwritable store is logged again.
const LOG_INTERVAL: Duration = Duration::from_secs(3600);

/// An unwritable store, for the operator.
pub(super) fn store_problem(store: &Store, error: &impl std::fmt::Display) -> Arc<str> {
    // A database is named by its errors.
    let hint = if store.daemon_id().is_none() { "; `siftwire doctor` names its file" } else { "" };
    format!(
        "The store cannot be written: polling is paused, published feeds are still served. Retrying every {} s{hint}. \
         {error}",
        RETRY_INTERVAL.as_secs()
    )
    .into()
}

/// Reports that the store cannot be written, if a later attempt may succeed: then no poll is started until a test write
/// succeeds. Any other error concerns a single poll.
pub(super) fn report(shared: &Shared, error: &store::Error) {
    if error.is_transient() {
        set_problem(shared, error);
    }
}

fn set_problem(shared: &Shared, error: &store::Error) {
    shared.readiness.set_store(StoreHealth::Unwritable);
    let problem = store_problem(&shared.store, error);
    shared.channels.store_problem.send_if_modified(|current| {
        if current.is_none() {
            tracing::error!("{problem}");
        }
        let is_new = current.as_ref() != Some(&problem);
        *current = Some(problem);
        is_new
    });
}

/// Checks until the daemon stops.
pub(super) async fn run(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut poller_status = shared.channels.poller_status.subscribe();
    let mut last_log = Instant::now();
    loop {
        measure_poller(&shared);
        check_store(&shared, &mut last_log).await;
        let checked = Instant::now();
        loop {
            // The poller may report a problem meanwhile.
            let is_writable = shared.channels.store_problem.borrow().is_none();
            let next = checked + if is_writable { CHECK_INTERVAL } else { RETRY_INTERVAL };
            if Instant::now() >= next {
                break;
            }
            tokio::select! {
                () = &mut stop => return,
                Ok(()) = poller_status.changed() => {}
                () = tokio::time::sleep_until(next.into()) => {}
            }
            measure_poller(&shared);
        }
    }
}

fn measure_poller(shared: &Shared) {
    let PollerStatus { sources, in_flight, .. } = *shared.channels.poller_status.borrow();
    shared.metrics.set_polls_in_flight(in_flight, sources);
    shared.metrics.set_unreadable_rows(shared.store.unreadable_rows());
    shared.metrics.set_tasks(tokio::runtime::Handle::current().metrics().num_alive_tasks());
}

async fn check_store(shared: &Shared, last_log: &mut Instant) {
    if let (Some(own), Ok(hosts)) = (shared.store.daemon_id(), shared.store.hosts_by_daemon().await) {
        shared.metrics.set_held_hosts(Some(hosts.get(&*own).copied().unwrap_or(0)));
    }
    let sizes = shared.store.sizes().await.unwrap_or_default();
    let (commands, queries) = shared.store.queue_lengths();
    let channel = &shared.channels.store_problem;
    let was_unwritable = channel.borrow().is_some();
    let mut text = now().to_string();
    if was_unwritable {
        text.extend(std::iter::repeat_n(' ', LARGE_WRITE_BYTES));
    }
    let started = Instant::now();
    let written = shared.store.set_daemon_status(DaemonStatus::Heartbeat, Some(text)).await;
    let duration = started.elapsed();
    let stats = StoreStats { database: sizes.database, log: sizes.log, commands, queries };
    shared.metrics.set_store(stats, written.is_ok().then_some(duration));
    match written {
        Ok(()) => {
            *last_log = Instant::now();
            if was_unwritable {
                tracing::info!("the store can be written again");
                channel.send_replace(None);
                shared.readiness.set_store(StoreHealth::Writable);
            }
        }
        Err(error) => {
            if last_log.elapsed() >= LOG_INTERVAL {
                tracing::error!("{}", store_problem(&shared.store, &error));
                *last_log = Instant::now();
            }
            set_problem(shared, &error);
        }
    }
}
