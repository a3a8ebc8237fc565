//! Synchronizes the store with the config. Does I/O through the store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::channels::{Sources, StoreProblem};
use super::clock::now;
use super::error::Error;
use super::health_check;
use crate::config::{self, Config};
use crate::publish::output::{OutputAccess, Site, Stories};
use crate::publish::{Outputs, render};
use crate::serve::ListenAddress;
use crate::source::Source;
use crate::store::{ConfiguredOutput, ConfiguredSource, DaemonStatus, SourceId, Store, StoredSource};
use crate::{fetch, schedule};

/// What becomes of a config without sources, or without outputs, if the store has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyConfig {
    /// It is not applied, unless a comment in it says that it is meant.
    Refuse,
    /// It is applied.
    Apply,
}

/// Whether the writes of the start have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncState {
    /// They have.
    Synced,
    /// The store could not be written: outputs and sources are those that it had before.
    Pending,
}

/// The config at the start of the daemon.
pub(super) struct StartConfig {
    pub(super) outputs: Outputs,
    pub(super) sources: Sources,
    pub(super) state: SyncState,
    pub(super) store_problem: StoreProblem,
}

/// Why the config cannot be applied at the start of the daemon, because it is empty. Then it gets the addresses of the
/// last one that was applied: at those, readers expect what was published.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn check_at_start(
    store: &Store,
    config: &mut Config,
    empty: EmptyConfig,
) -> Result<Option<String>, Error> {
    let error = match refuse_empty(store, config, empty).await {
        Err(error @ Error::EmptyConfig(_)) => error,
        checked => return checked.map(|()| None),
    };
    let listen = store.daemon_status(DaemonStatus::Listen).await?;
    let public_url = store.daemon_status(DaemonStatus::PublicUrl).await?;
    if let Some((Ok(listen), Ok(public_url))) =
        listen.zip(public_url).map(|(listen, public_url)| (listen.parse(), public_url.parse()))
    {
        config.listen = listen;
        config.site.public_url = public_url;
    }
    Ok(Some(refusal(&error)))
}

/// Releases the claims of an earlier daemon, updates the config problem that it reported, and syncs the config, unless it has a
/// problem: then what was published last is served, and the sources that the config has are polled.
///
/// If the store cannot be written, what it has is still served, and the reloader syncs later.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn sync_at_start(
    store: &Store,
    config: &Config,
    config_problem: Option<String>,
    address: &ListenAddress,
) -> Result<StartConfig, Error> {
    let site = site_at(config, address);
    let is_refused = config_problem.is_some();
    let synced = async {
        store.release_daemon_claims().await?;
        store.set_daemon_status(DaemonStatus::ConfigError, config_problem).await?;
        if is_refused { Ok(None) } else { write_config(store, config, site.clone()).await.map(Some) }
    };
    let (synced, store_problem) = match synced.await {
        Ok(synced) => (synced, None),
        Err(error) => (None, Some(health_check::store_problem(&error))),
    };
    let (outputs, sources) = match synced {
        Some(synced) => synced,
        None if is_refused => {
            let mut published = store.outputs().await?;
            published.retain(|output| output.removed.is_none());
            (Outputs::frozen(site, published), sources_by_name(config))
        }
        None => recall(store, config, site).await?,
    };
    let state = if store_problem.is_none() { SyncState::Synced } else { SyncState::Pending };
    Ok(StartConfig { outputs, sources, state, store_problem })
}

/// A config that is not applied, for the operator.
pub(super) fn refusal(error: &Error) -> String {
    format!("The config is not applied, and what was published before stays: {error}.")
}

/// Refuses a config without sources or without outputs if the store has some, unless it is meant so.
///
/// # Errors
/// It is refused, or the store cannot be read.
pub async fn refuse_empty(store: &Store, config: &Config, empty: EmptyConfig) -> Result<(), Error> {
    if empty == EmptyConfig::Apply || config.is_empty_on_purpose() {
        return Ok(());
    }
    if config.outputs.is_empty() && store.outputs().await?.iter().any(|output| output.removed.is_none()) {
        return Err(Error::EmptyConfig("outputs"));
    }
    if config.sources.is_empty() && !store.sources().await?.is_empty() {
        return Err(Error::EmptyConfig("sources"));
    }
    Ok(())
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
/// The store cannot be used, or the config is refused because it is empty.
pub async fn sync_config(
    store: &Store,
    config: &Config,
    site: Site,
    empty: EmptyConfig,
) -> Result<(Outputs, Sources), Error> {
    refuse_empty(store, config, empty).await?;
    write_config(store, config, site).await
}

async fn write_config(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    let now = now();
    let configured = config
        .sources
        .iter()
        .map(|source| ConfiguredSource {
            is_named: source.is_named,
            name: source.name.clone(),
            url: source.url.clone(),
            publish_url: source.publish_url,
            host: fetch::host_key(source.url.whole()),
            title: source.title.clone(),
            language: source.language.clone(),
            articles: source.articles.clone(),
        })
        .collect();
    let outputs = config
        .outputs
        .iter()
        .map(|output| ConfiguredOutput {
            name: output.name.clone(),
            was: output.was.clone(),
            one_per_story: (output.stories == Stories::Merge).then(|| render::member_query(output, now)),
            private: output.access == OutputAccess::Private,
            ids: config.ids,
        })
        .collect();
    let (remembered, outputs) = store.sync_config(configured, outputs, now).await?;
    store.set_daemon_status(DaemonStatus::Listen, Some(config.listen.to_string())).await?;
    store.set_daemon_status(DaemonStatus::PublicUrl, Some(config.site.public_url.to_string())).await?;
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
