//! Says that this daemon is there, and hears which others share the store. Does I/O through the store.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::peers::Peers;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use crate::config::Config;
use crate::entry::text_hash;
use crate::store::{DaemonDescription, LivingDaemon, Store};

/// How often this daemon says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// How often it looks who is there, when something was written.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Announces this daemon at its start.
pub(super) async fn join(store: &Store, description: &DaemonDescription) -> Peers {
    let Some(own) = store.daemon_id() else { return Peers::default() };
    let living = store.say_alive(description.clone()).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot announce this daemon to the others yet");
        Vec::new()
    });
    warn_of_other_configs(&living, description);
    Peers::new(Some(own), &living)
}

/// What this daemon says of itself: where it runs and listens, and a hash of its config.
pub(super) fn description(address: String, config: &Config) -> DaemonDescription {
    let machine = rustix::system::uname();
    let name = format!("{}:{}", machine.nodename().to_string_lossy(), std::process::id());
    DaemonDescription { name, address, config: config_digest(config) }
}

/// A hash of what has to be the same in the configs of all daemons: the lines without comments, and without the address of
/// this daemon.
fn config_digest(config: &Config) -> String {
    let counts = |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("listen");
    let lines = config.files.iter().flat_map(|file| file.text.lines()).map(str::trim).filter(counts);
    text_hash(&lines.collect::<Vec<_>>())
}

/// Says that this daemon is there, and sends who lives, until the daemon stops.
pub(super) async fn run(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut changes = shared.store.changes();
    let mut last_beat = Instant::now();
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(HEARTBEAT.saturating_sub(last_beat.elapsed())) => {}
            () = changed(&mut changes) => tokio::time::sleep(MIN_INTERVAL).await,
        }
        let is_due = last_beat.elapsed() >= HEARTBEAT;
        let living = if is_due {
            last_beat = Instant::now();
            shared.store.say_alive(shared.description.clone()).await
        } else {
            shared.store.living_daemons().await
        };
        match living {
            Ok(living) => send(&shared, &living),
            Err(error) => tracing::debug!(%error, "cannot see the other daemons"),
        }
    }
}

/// Waits for a write of another daemon; for ever if there is no other one.
pub(super) async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    let is_open = match changes {
        Some(receiver) => receiver.changed().await.is_ok(),
        None => false,
    };
    if !is_open {
        std::future::pending().await
    }
}

fn send(shared: &Shared, living: &[LivingDaemon]) {
    let peers = Peers::new(shared.store.daemon_id(), living);
    let is_new = shared.channels.peers.send_if_modified(|known| {
        let is_new = **known != peers;
        *known = Arc::new(peers);
        is_new
    });
    if is_new {
        tracing::info!(daemons = living.len(), "the daemons on this store have changed");
        warn_of_other_configs(living, &shared.description);
    }
}

fn warn_of_other_configs(living: &[LivingDaemon], own: &DaemonDescription) {
    for LivingDaemon { description, .. } in
        living.iter().filter(|other| other.description.config != own.config)
    {
        let DaemonDescription { name, address, .. } = description;
        tracing::warn!(daemon = name, address, "another daemon on this store has another config");
    }
}
