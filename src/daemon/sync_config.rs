//! Synchronizes the store with the config. Does I/O through the store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::channels::{Sources, StoreProblem};
use super::clock::now;
use super::config_digest::{self, ConfigDigest};
use super::error::Error;
use super::health_check;
use super::standing::Standing;
use crate::config::{self, Config};
use crate::publish::output::{OutputAccess, Site, Stories};
use crate::publish::{Outputs, render};
use crate::serve::ListenAddress;
use crate::source::Source;
use crate::store::{
    ConfigEdit, ConfigReading, ConfigStanding, ConfiguredOutput, ConfiguredSource, DaemonStatus, SourceId,
    Store, StoredSource,
};
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
    pub(super) applied: AppliedConfig,
    pub(super) state: SyncState,
    pub(super) store_problem: StoreProblem,
}

/// What a config, or another one in its place, says to do.
pub(super) struct AppliedConfig {
    pub(super) outputs: Outputs,
    pub(super) sources: Sources,
    pub(super) standing: Standing,
}

/// A config, and which edit it is.
#[derive(Clone, Copy)]
pub(super) struct ReadConfig<'a> {
    pub(super) config: &'a Config,
    /// When its files were written, in milliseconds since 1970.
    pub(super) written: Option<i64>,
    pub(super) reading: ConfigReading,
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
    let listen = store.daemon_status(DaemonStatus::Listen).await?.and_then(|listen| listen.parse().ok());
    let public_url = store.daemon_status(DaemonStatus::PublicUrl).await?;
    if let Some(public_url) = public_url.and_then(|public_url| public_url.parse().ok()) {
        config.site.public_url = public_url;
        config.listen = listen.unwrap_or_else(|| config.listen.clone());
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
    read: ReadConfig<'_>,
    config_problem: Option<String>,
    address: &ListenAddress,
) -> Result<StartConfig, Error> {
    let site = site_at(read.config, address);
    let is_refused = config_problem.is_some();
    let synced = async {
        store.release_daemon_claims().await?;
        store.set_daemon_status(DaemonStatus::ConfigError, config_problem).await?;
        if is_refused { Ok(None) } else { write_config(store, read, site.clone()).await.map(Some) }
    };
    let (synced, store_problem) = match synced.await {
        Ok(synced) => (synced, None),
        Err(error) => (None, Some(health_check::store_problem(store, &error))),
    };
    let applied = match synced {
        Some(applied) => applied,
        None if is_refused => follow(store, read.config, site, String::new()).await?,
        None => recall_or_follow(store, read.config, site).await?,
    };
    let state = if store_problem.is_none() { SyncState::Synced } else { SyncState::Pending };
    Ok(StartConfig { applied, state, store_problem })
}

/// While the store cannot be written: what it has, made by this config if it is the one in force.
async fn recall_or_follow(store: &Store, config: &Config, site: Site) -> Result<AppliedConfig, Error> {
    let digest = digest(store, config);
    if store.sharing().await?.config.is_some_and(|in_force| in_force.digest != digest) {
        return follow(store, config, site, digest).await;
    }
    let (outputs, sources) = recall(store, config, site).await?;
    Ok(AppliedConfig { outputs, sources, standing: Standing::of(digest, ConfigStanding::InForce) })
}

/// Serves what is stored, and polls the sources on which this config and the one in force agree.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn follow(
    store: &Store,
    config: &Config,
    site: Site,
    digest: String,
) -> Result<AppliedConfig, Error> {
    let mut sources = sources_by_name(config);
    let mut standing = Standing::of(digest, ConfigStanding::Differs);
    if store.daemon_id().is_some() {
        let agreement = store.agreement(config_digest::digest(config).sources).await?;
        let is_agreed = |name: &&String| agreement.sources.contains(*name);
        let agreed = sources.iter().filter(|(name, _)| is_agreed(name));
        sources = Arc::new(agreed.map(|(name, source)| (name.clone(), Arc::clone(source))).collect());
        (standing.in_force, standing.unpolled) = (agreement.in_force, agreement.unpolled);
    }
    // The outputs after the agreement: if another config comes into force in between, this is done again.
    let outputs = Outputs::frozen(site, store.outputs().await?);
    Ok(AppliedConfig { outputs, sources, standing })
}

/// The digest of a config on a store that several daemons may share; else an empty one.
pub(super) fn digest(store: &Store, config: &Config) -> String {
    store.daemon_id().map(|_| config_digest::digest(config).whole).unwrap_or_default()
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
    let (_, outputs) = write(store, config, None, site).await?;
    Ok((outputs, sources_by_name(config)))
}

/// Writes the configured sources and outputs into the store, unless the config of another daemon is in force.
///
/// # Errors
/// The store cannot be used.
pub(super) async fn write_config(
    store: &Store,
    read: ReadConfig<'_>,
    site: Site,
) -> Result<AppliedConfig, Error> {
    let ReadConfig { config, written, reading } = read;
    let digests = store.daemon_id().map(|_| config_digest::digest(config));
    let digest = digests.as_ref().map(|digests| digests.whole.clone()).unwrap_or_default();
    let edit = digests.map(|ConfigDigest { whole, sources }| ConfigEdit {
        digest: whole,
        sources,
        written,
        reading,
    });
    let (standing, outputs) = write(store, config, edit, site.clone()).await?;
    if standing == ConfigStanding::Differs {
        return follow(store, config, site, digest).await;
    }
    let outputs = match standing {
        ConfigStanding::Restored => outputs.with_frozen(store.outputs().await?),
        _ => outputs,
    };
    let sources = sources_by_name(config);
    Ok(AppliedConfig { outputs, sources, standing: Standing::of(digest, standing) })
}

async fn write(
    store: &Store,
    config: &Config,
    edit: Option<ConfigEdit>,
    site: Site,
) -> Result<(ConfigStanding, Outputs), Error> {
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
    let synced = store.sync_config((configured, outputs), edit, now).await?;
    if synced.standing != ConfigStanding::Differs {
        if store.daemon_id().is_none() {
            store.set_daemon_status(DaemonStatus::Listen, Some(config.listen.to_string())).await?;
        }
        store.set_daemon_status(DaemonStatus::PublicUrl, Some(config.site.public_url.to_string())).await?;
        let moved = corrected_due_times(&sources_by_name(config), &synced.sources, now);
        if !moved.is_empty() {
            store.reschedule(moved).await?;
        }
    }
    let first_polls = config.first_poll_limits.clone();
    Ok((synced.standing, Outputs::new(site, config.outputs.clone(), &synced.outputs, first_polls)))
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
