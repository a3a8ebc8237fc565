//! Synchronizes the store with the config. Does I/O through the store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::channels::{Sources, StoreProblem};
use super::clock::now;
use super::error::Error;
use super::health_check;
use crate::config::{self, Config};
use crate::publish::{Outputs, output::Site};
use crate::serve::ListenAddress;
use crate::source::Source;
use crate::store::{self, ConfiguredOutput, ConfiguredSource, SourceId, Store, StoredSource};
use crate::{fetch, schedule};

/// Whether the store has the config of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncState {
    /// It has.
    Synced,
    /// The store could not be written: outputs and sources are those that it had before.
    Pending,
}

/// The config at the start of the daemon.
pub(super) struct StartConfig {
    pub(super) outputs: Outputs,
    pub(super) sources: Sources,
    pub(super) state: SyncState,
    pub(super) problem: StoreProblem,
}

/// Syncs the config at the start of the daemon. If the store cannot be written, what it has is still served, and the
/// reloader syncs later.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn sync_or_recall(
    store: &Store,
    config: &Config,
    address: &ListenAddress,
) -> Result<StartConfig, Error> {
    match start_sync(store, config, site_at(config, address)).await {
        Ok((outputs, sources)) => {
            Ok(StartConfig { outputs, sources, state: SyncState::Synced, problem: None })
        }
        Err(error) => {
            let (outputs, sources) = recall(store, config, site_at(config, address)).await?;
            let problem = Some(health_check::store_problem(&error));
            Ok(StartConfig { outputs, sources, state: SyncState::Pending, problem })
        }
    }
}

/// Releases claims and removes the config problem of an earlier process, then syncs.
async fn start_sync(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    store.release_all_claims().await?;
    store.set_daemon_status(store::DaemonStatus::ConfigError, None).await?;
    sync_config(store, config, site).await
}

/// The site as the config describes it. Without a configured `public_url` it is the address that is listened on.
pub(super) fn site_at(config: &Config, address: &ListenAddress) -> Site {
    let mut site = config.site.clone();
    if site.public_url == config::default_public_url(&config.listen) {
        site.public_url = config::default_public_url(address);
    }
    site
}

/// Writes the configured sources and outputs into the store and returns them with what the store knows.
///
/// # Errors
/// The store cannot be used.
pub async fn sync_config(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    let now = now();
    let configured = config
        .sources
        .iter()
        .map(|source| ConfiguredSource {
            name: source.name.clone(),
            url: source.url.clone(),
            publish_url: source.publish_url,
            host: fetch::host_key(source.url.whole()),
            title: source.title.clone(),
            language: source.language.clone(),
        })
        .collect();
    let outputs = config
        .outputs
        .iter()
        .map(|output| ConfiguredOutput { name: output.name.clone(), was: output.was.clone() })
        .collect();
    let (remembered, outputs) = store.sync_config(configured, outputs, now).await?;
    let sources = sources_by_name(config);
    let moved = corrected_due_times(&sources, &remembered, now);
    if !moved.is_empty() {
        store.reschedule(moved).await?;
    }
    Ok((Outputs::new(site, config.outputs.clone(), &outputs, config.first_poll_limits.clone()), sources))
}

/// The config with what the store knows already; nothing is written.
///
/// # Errors
/// The store cannot be read.
pub async fn recall(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    let outputs = store.outputs().await?;
    let outputs = Outputs::new(site, config.outputs.clone(), &outputs, config.first_poll_limits.clone());
    Ok((outputs, sources_by_name(config)))
}

fn sources_by_name(config: &Config) -> Sources {
    Arc::new(config.sources.iter().map(|source| (source.name.clone(), Arc::clone(source))).collect())
}

/// Sources whose stored due time is implausible: each with that time and the right one.
pub(super) fn corrected_due_times(
    sources: &HashMap<String, Arc<Source>>,
    remembered: &[StoredSource],
    now: Timestamp,
) -> Vec<(SourceId, Option<Timestamp>, Timestamp)> {
    let correction = |known: &StoredSource| {
        let due = schedule::due_at_start(sources.get(&known.name)?, &known.state, now);
        let stored = known.state.next_poll;
        (stored != Some(due)).then_some((known.id, stored, due))
    };
    remembered.iter().filter_map(correction).collect()
}
