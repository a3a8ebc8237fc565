//! Reloads the config after SIGHUP or an edit: a whole new config, or the old one stays. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::Instant;

use super::channels::{PollerConfig, PublishConfig};
use super::error::Error;
use super::notify;
use super::shared::Shared;
use super::sync_config::{SyncState, site_at, sync_config};
use super::tasks::ShutdownSignal;
use crate::config::{self, Config, ConfigLocation, Environment, Fingerprint};
use crate::fetch::Fetcher;
use crate::metrics::ReloadResult;
use crate::serve::ListenAddress;
use crate::store;

/// How often the files' metadata is compared. That is one `stat` for each file, and unlike inotify it works on every
/// file system and with every way an editor saves.
const FINGERPRINT_INTERVAL: Duration = Duration::from_secs(1);

/// Edits and signals within this time of each other cause one reload.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// A reload is not delayed longer by further edits and signals.
const MAX_DEBOUNCE: Duration = Duration::from_secs(5);

/// Retry delay for a config that the store could not take.
const STORE_RETRY: Duration = Duration::from_secs(10);

/// The config, and what is needed to load it again.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// Where it comes from.
    pub location: ConfigLocation,
    /// The environment of the process.
    pub environment: Environment,
    /// The metadata of its files before they were read.
    pub fingerprint: Fingerprint,
    /// Its checked content.
    pub config: Config,
}

/// The reloader task.
pub(super) struct Reloader {
    pub(super) shared: Arc<Shared>,
    pub(super) loaded: LoadedConfig,
    pub(super) hangup: Signal,
    /// The address that is listened on.
    pub(super) address: ListenAddress,
    pub(super) synced: SyncState,
}

/// Why the config is loaded again.
enum ReloadTrigger {
    Hangup,
    Edit,
    /// The store could not take it before.
    StoreRetry,
}

impl Reloader {
    /// Reloads until the daemon stops.
    pub(super) async fn run(mut self, stop: ShutdownSignal) {
        let stop = stop.received();
        tokio::pin!(stop);
        let mut retry = self.synced == SyncState::Pending;
        loop {
            let trigger = tokio::select! {
                () = &mut stop => return,
                trigger = self.next_trigger(retry) => trigger,
            };
            match trigger {
                ReloadTrigger::StoreRetry => {
                    // The first failure was logged.
                    retry = self.reload().await.is_err();
                    continue;
                }
                ReloadTrigger::Hangup => tracing::info!("SIGHUP: reloading the config"),
                ReloadTrigger::Edit => tracing::info!("the config was edited: reloading it"),
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.debounce() => {}
            }
            notify::reloading();
            let reloaded = self.reload().await;
            notify::ready();
            retry = reloaded.is_err();
            if let Err(error) = reloaded {
                tracing::error!(%error, "cannot apply the new config; the old one stays active. Retrying");
            }
        }
    }

    async fn next_trigger(&mut self, retry: bool) -> ReloadTrigger {
        let retry_at = Instant::now() + STORE_RETRY;
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => return ReloadTrigger::Hangup,
                () = tokio::time::sleep_until(retry_at), if retry => return ReloadTrigger::StoreRetry,
                () = tokio::time::sleep(FINGERPRINT_INTERVAL), if self.loaded.config.watch => {
                    if self.fingerprint() != self.loaded.fingerprint {
                        return ReloadTrigger::Edit;
                    }
                }
            }
        }
    }

    /// Waits until edits and signals pause.
    async fn debounce(&mut self) {
        let deadline = Instant::now() + MAX_DEBOUNCE;
        loop {
            let before = self.fingerprint();
            let is_quiet = tokio::select! {
                Some(()) = self.hangup.recv() => false,
                () = tokio::time::sleep(DEBOUNCE) => self.fingerprint() == before,
            };
            if is_quiet || Instant::now() >= deadline {
                self.loaded.fingerprint = if is_quiet { before } else { self.fingerprint() };
                return;
            }
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        tokio::task::block_in_place(|| config::fingerprint(&self.loaded.location))
    }

    /// Loads and applies the config. An invalid one is reported, and the old one stays.
    async fn reload(&mut self) -> Result<(), Error> {
        let loaded =
            tokio::task::block_in_place(|| config::load(&self.loaded.location, &self.loaded.environment));
        match loaded {
            Ok(config) => self.apply(config).await,
            Err(problems) => {
                self.shared.metrics.count_reload(ReloadResult::Refused);
                tracing::error!(%problems, "the config is invalid; the old one stays active");
                let problem = format!("The config is invalid; the old one stays active.\n\n{problems}");
                self.show_problem(Some(problem)).await;
                Ok(())
            }
        }
    }

    /// The store first: if it fails, nothing has changed.
    async fn apply(&mut self, mut new: Config) -> Result<(), Error> {
        if let Some(warnings) = &new.warnings {
            tracing::warn!(%warnings, "the config has warnings");
        }
        let restart_needed = keep_restart_only_keys(&mut new, &self.loaded.config);
        if self.synced == SyncState::Pending {
            self.shared.store.release_all_claims().await?;
            self.synced = SyncState::Synced;
        }
        let (outputs, sources) = sync_config(&self.shared.store, &new, site_at(&new, &self.address)).await?;
        let fetcher = if new.fetch == self.loaded.config.fetch {
            self.shared.channels.poller_config.borrow().fetcher.clone()
        } else {
            Fetcher::new(&new.fetch)
        };
        let problem = self.shared.channels.publish_config.borrow().problem.clone();
        tracing::info!(sources = new.sources.len(), outputs = new.outputs.len(), "config reloaded");
        self.shared.metrics.count_reload(ReloadResult::Applied);
        self.shared.max_age.set(new.max_age);
        let poller_config = PollerConfig::new(fetcher, Arc::clone(&sources), new.concurrency, new.per_host);
        self.shared.channels.poller_config.send_replace(Arc::new(poller_config));
        let publish_config =
            PublishConfig { problem, ..PublishConfig::new(&new, Arc::new(outputs), sources) };
        self.shared.channels.publish_config.send_replace(Arc::new(publish_config));
        self.loaded.config = new;
        if let Some(message) = &restart_needed {
            tracing::warn!("{message}");
        }
        self.show_problem(restart_needed).await;
        Ok(())
    }

    /// Shows a config problem on the front page and in `siftwire status`, or removes it.
    async fn show_problem(&self, problem: Option<String>) {
        self.shared.channels.publish_config.send_modify(|config| {
            let problem = problem.as_deref().map(Arc::from);
            *config = Arc::new(PublishConfig { problem, ..PublishConfig::clone(config) });
        });
        if let Err(error) =
            self.shared.store.set_daemon_status(store::DaemonStatus::ConfigError, problem).await
        {
            tracing::warn!(%error, "cannot store the config problem for `siftwire status`");
        }
    }
}

/// Keeps the listen address and the store's path, which only a restart can change. Returns a message if the new config
/// has others.
fn keep_restart_only_keys(new: &mut Config, old: &Config) -> Option<String> {
    let mut changed = Vec::new();
    if new.listen != old.listen {
        changed.push("[serve] listen");
        // Feeds name the address that is listened on, which is still the old one.
        if new.site.public_url == config::default_public_url(&new.listen) {
            new.site.public_url = config::default_public_url(&old.listen);
        }
        new.listen = old.listen.clone();
    }
    if new.store.path != old.store.path {
        changed.push("[store] path");
        new.store.path.clone_from(&old.store.path);
    }
    (!changed.is_empty())
        .then(|| format!("{}: changed, but only a restart can apply it.", changed.join(", ")))
}
