//! Says that this daemon is there, and hears which others share the store. Does I/O through the store.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::peers::Peers;
use super::process_identity::{has_ended, own_process};
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use super::standing::Standing;
use crate::store::{
    ConfigInForce, ConfigStanding, DaemonDescription, LivingDaemon, Sharing, Store, UnpolledHosts,
};

/// A daemon that has another config than this one, by its id.
type DifferingDaemon = (String, DaemonDescription);

/// How often this daemon says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// How often it looks who is there, when something was written.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// After so long the others take what it has.
const MAX_UNHEARD: Duration = Duration::from_secs(15);

/// What this daemon says of itself: where it runs and listens.
pub(super) fn description(address: String) -> DaemonDescription {
    let machine = rustix::system::uname();
    DaemonDescription {
        name: format!("{}:{}", machine.nodename().to_string_lossy(), std::process::id()),
        process: own_process(),
        address,
        ..DaemonDescription::default()
    }
}

/// Announces this daemon at its start, before its config is applied: then others that start know that it is there. One that
/// has run here before and was killed hands over at once.
pub(super) async fn announce(store: &Store, own: &DaemonDescription, digest: String) {
    if store.daemon_id().is_none() {
        return;
    }
    let standing = Standing { unpolled: UnpolledHosts::All, ..Standing::of(digest, ConfigStanding::Differs) };
    let sharing = say_alive(store, with_standing(own, &standing, 0)).await;
    let ended = sharing.daemons.into_iter().filter(|other| has_ended(&other.description.process));
    let ended: Vec<String> = ended.map(|other| other.id).collect();
    if !ended.is_empty()
        && let Err(error) = store.end_daemons(ended).await
    {
        tracing::warn!(%error, "cannot take over from a daemon that was killed here; its time has to run out");
    }
}

/// The daemons on the store, once the config of this one is applied.
pub(super) async fn join(
    store: &Store,
    own: &DaemonDescription,
    standing: &Standing,
    sources: usize,
) -> Peers {
    let Some(id) = store.daemon_id() else { return Peers::default() };
    let sharing = say_alive(store, with_standing(own, standing, sources)).await;
    Peers::new(Some(id), &sharing.daemons)
}

async fn say_alive(store: &Store, description: DaemonDescription) -> Sharing {
    store.say_alive(description).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot announce this daemon to the others yet");
        Sharing::default()
    })
}

/// The same with what its config is, and how many sources it polls.
fn with_standing(own: &DaemonDescription, standing: &Standing, sources: usize) -> DaemonDescription {
    let (config, unpolled) = (standing.digest.clone(), standing.unpolled.clone());
    DaemonDescription { config, sources, unpolled, ..own.clone() }
}

/// Says that this daemon is there, and sends who lives, until the daemon stops.
pub(super) async fn run(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut changes = shared.store.changes();
    let mut standing = shared.channels.standing.subscribe();
    let (mut last_beat, mut last_heard) = (Instant::now(), Instant::now());
    let mut reported = Vec::new();
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(HEARTBEAT.saturating_sub(last_beat.elapsed())) => {}
            Ok(()) = standing.changed() => last_beat -= HEARTBEAT,
            () = changed(&mut changes) => tokio::time::sleep(MIN_INTERVAL).await,
        }
        let is_due = last_beat.elapsed() >= HEARTBEAT;
        let sharing = if is_due {
            last_beat = Instant::now();
            let sources = shared.channels.poller_status.borrow().sources;
            let description = with_standing(&shared.description, &standing.borrow_and_update(), sources);
            shared.store.say_alive(description).await
        } else {
            shared.store.sharing().await
        };
        match sharing {
            Ok(sharing) => {
                if is_heard(&shared, &sharing) {
                    last_heard = Instant::now();
                }
                compare_config(&shared, sharing.config.as_ref());
                send(&shared, &sharing, &mut reported);
            }
            Err(error) => tracing::debug!(%error, "cannot see the other daemons"),
        }
        shared.readiness.set_heard(last_heard.elapsed() < MAX_UNHEARD);
    }
}

/// Whether the others see this daemon.
fn is_heard(shared: &Shared, sharing: &Sharing) -> bool {
    let own = shared.store.daemon_id();
    own.is_none_or(|own| sharing.daemons.iter().any(|daemon| *daemon.id == *own))
}

/// Has the config looked at again if another one came into force, or may come.
fn compare_config(shared: &Shared, in_force: Option<&ConfigInForce>) {
    let standing = shared.channels.standing.borrow();
    let is_new = in_force.is_some_and(|config| {
        let may_take_force = config.is_abandoned && standing.config == ConfigStanding::Differs;
        config.digest != standing.in_force || (may_take_force && !standing.digest.is_empty())
    });
    if is_new {
        shared.channels.config_in_force.notify_one();
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

/// Sends who lives. `reported`: which daemons have another config, as far as the log says.
fn send(shared: &Shared, sharing: &Sharing, reported: &mut Vec<DifferingDaemon>) {
    let daemons = &sharing.daemons;
    let peers = Peers::new(shared.store.daemon_id(), daemons);
    shared.metrics.set_daemons(shared.store.daemon_id().map(|_| daemons.len()));
    let is_new = shared.channels.peers.send_if_modified(|known| {
        let is_new = **known != peers;
        *known = Arc::new(peers);
        is_new
    });
    if is_new {
        tracing::info!(daemons = daemons.len(), "the daemons on this store have changed");
    }
    let (own, standing) = (shared.store.daemon_id(), shared.channels.standing.borrow());
    let is_other = |daemon: &&LivingDaemon| {
        own.as_deref() != Some(&*daemon.id) && daemon.description.config != standing.digest
    };
    let others = daemons.iter().filter(is_other);
    let others: Vec<_> = others.map(|other| (other.id.clone(), other.description.clone())).collect();
    for (_, DaemonDescription { name, address, .. }) in
        others.iter().filter(|other| !is_reported(reported, other))
    {
        tracing::warn!(daemon = name, address, "another daemon on this store has another config");
    }
    *reported = others;
}

fn is_reported(reported: &[DifferingDaemon], (id, description): &DifferingDaemon) -> bool {
    reported.iter().any(|(known, before)| known == id && before.config == description.config)
}

/// Tells what this daemon's config is among those of several daemons, if that is new.
pub(super) fn tell_standing(shared: &Shared, standing: &Standing) {
    if shared.store.daemon_id().is_none() {
        return;
    }
    let is_in_force = standing.config != ConfigStanding::Differs;
    if shared.metrics.set_config_in_force(is_in_force) != Some(is_in_force) {
        match standing.problem() {
            Some(problem) => tracing::warn!("{problem}"),
            None => tracing::info!("the config of this daemon is in force"),
        }
    }
    shared.readiness.set_config_in_force(is_in_force);
}
