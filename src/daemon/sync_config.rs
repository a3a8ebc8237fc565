//! The config and the store are told of each other. Part of the daemon's door.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Error, now};
use crate::config::Config;
use crate::publish::{Outputs, output::Site};
use crate::source::Source;
use crate::store::{self, ConfiguredOutput, ConfiguredSource, SourceId, Store, StoredSource};
use crate::{fetch, schedule};

/// The configured sources by name, each with what it is called in the store.
pub type Sources = Arc<HashMap<String, Arc<Source>>>;

/// Tells the store what the config says, and joins both.
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
            url: source.url.to_string(),
            host: fetch::host_key(&source.url),
            title: source.title.clone(),
            language: source.language.clone(),
        })
        .collect();
    let names = config.outputs.iter().map(|output| ConfiguredOutput { name: output.name.clone() }).collect();
    let (remembered, outputs) = store.sync_config(configured, names, now).await?;
    let sources: HashMap<_, _> =
        config.sources.iter().map(|source| (source.name.clone(), source.clone())).collect();
    let moved = replan(&sources, &remembered, now);
    if !moved.is_empty() {
        store.reschedule(moved).await?;
    }
    let outputs = Outputs::new(site, config.outputs.clone(), &outputs, debuts(config));
    Ok((outputs, Arc::new(sources)))
}

fn debuts(config: &Config) -> HashMap<String, usize> {
    config.sources.iter().map(|source| (source.name.clone(), source.first_poll)).collect()
}

/// The first thing that a daemon does: what the one before it has left behind is taken away.
pub(super) async fn take_up(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    store.release_all_claims().await?;
    store.set_daemon_status(store::DaemonStatus::ConfigError, None).await?;
    sync_config(store, config, site).await
}

/// What the store knows already of the config, for as long as it cannot be told of the rest.
///
/// # Errors
/// The store cannot be read.
pub async fn recall(store: &Store, config: &Config, site: Site) -> Result<(Outputs, Sources), Error> {
    let known = store.outputs().await?;
    let sources = config.sources.iter().map(|source| (source.name.clone(), source.clone())).collect();
    Ok((Outputs::new(site, config.outputs.clone(), &known, debuts(config)), Arc::new(sources)))
}

/// The sources whose stored times cannot be right, each with when it is due instead.
pub(super) fn replan(
    sources: &HashMap<String, Arc<Source>>,
    remembered: &[StoredSource],
    now: Timestamp,
) -> Vec<(SourceId, Option<Timestamp>, Timestamp)> {
    let due =
        |known: &StoredSource| Some(schedule::due_at_start(sources.get(&known.name)?, &known.state, now));
    remembered
        .iter()
        .filter_map(|known| Some((known, due(known)?)))
        .filter(|(known, first)| known.state.next_poll != Some(*first))
        .map(|(known, first)| (known.id, known.state.next_poll, first))
        .collect()
}
