//! The daemons that share a store: this one says that it is there, hears who else is, and from that it follows who asks which
//! host. Does I/O through the store.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use crate::config::Config;
use crate::entry::{checksum, text_hash};
use crate::store::{DaemonDescription, LivingDaemon, Store};

/// How often this daemon says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// How often it looks who is there, when something was written.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Who asks which host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peers {
    /// The id of this daemon. `None`: it is the only one.
    own: Option<Arc<str>>,
    living: Vec<String>,
}

impl Peers {
    /// Whether this daemon asks a host. All daemons that see the same ones agree, and one that comes or goes changes as
    /// little as can be (rendezvous hashing).
    pub(super) fn owns(&self, host: &str) -> bool {
        let Some(own) = &self.own else { return true };
        let weight = |daemon: &str| checksum(format!("{daemon} {host}").as_bytes());
        let owner = self.living.iter().max_by_key(|daemon| weight(daemon));
        owner.is_some_and(|owner| **owner == **own)
    }
}

/// Announces this daemon at its start.
pub(super) async fn join(store: &Store, description: &DaemonDescription) -> Peers {
    let Some(own) = store.daemon_id() else { return Peers::default() };
    let living = store.say_alive(description.clone()).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot announce this daemon to the others yet");
        Vec::new()
    });
    Peers { own: Some(own), living: ids(&living) }
}

fn ids(living: &[LivingDaemon]) -> Vec<String> {
    living.iter().map(|daemon| daemon.id.clone()).collect()
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
    let own = shared.store.daemon_id();
    let peers = Peers { own, living: ids(living) };
    let is_new = shared.channels.peers.send_if_modified(|known| {
        let is_new = **known != peers;
        *known = Arc::new(peers);
        is_new
    });
    if is_new {
        tracing::info!(daemons = living.len(), "the daemons on this store have changed");
        for other in living.iter().filter(|other| other.description.config != shared.description.config) {
            let DaemonDescription { name, address, .. } = &other.description;
            tracing::warn!(daemon = name, address, "another daemon on this store has another config");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(own: usize, living: &[usize]) -> Peers {
        let id = |n: &usize| format!("daemon {n}");
        Peers { own: Some(id(&own).into()), living: living.iter().map(id).collect() }
    }

    #[test]
    fn each_host_has_one_owner_and_the_shares_are_even() {
        let hosts: Vec<String> = (0..3000).map(|n| format!("h{n}.example")).collect();
        let all = [0, 1, 2];
        let owned = all.map(|own| hosts.iter().filter(|host| peers(own, &all).owns(host)).count());
        assert_eq!(owned.iter().sum::<usize>(), hosts.len());
        assert!(owned.iter().all(|share| (900..1100).contains(share)), "{owned:?}");
    }

    #[test]
    fn only_the_hosts_of_one_that_leaves_change_their_owner() {
        for host in (0..500).map(|n| format!("h{n}.example")) {
            for own in [0, 1] {
                let (before, after) = (peers(own, &[0, 1, 2]).owns(&host), peers(own, &[0, 1]).owns(&host));
                assert!(after || !before, "{host}");
            }
        }
    }

    #[test]
    fn the_only_daemon_asks_every_host_and_one_that_is_silent_none() {
        assert!(Peers::default().owns("a.example"));
        assert!(!peers(0, &[1]).owns("a.example"));
    }
}
