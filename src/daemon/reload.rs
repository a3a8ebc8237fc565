//! Reloads the config after SIGHUP or an edit: a whole new config, or the old one stays. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::Instant;
use url::Url;

use super::channels::{PollerConfig, PublishConfig};
use super::error::Error;
use super::heartbeat;
use super::notify;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use super::sync_config::{
    AppliedConfig, EmptyConfig, ReadConfig, SyncState, digest, follow, refusal, refuse_empty, site_at,
    write_config,
};
use crate::config::{self, Config, ConfigLocation, Diagnostics, Environment, Fingerprint, shown_name};
use crate::fetch::Fetcher;
use crate::metrics::ReloadResult;
use crate::publish::output::OutputAccess;
use crate::serve::{HttpSettings, ListenAddress};
use crate::store::{self, ConfigReading};

/// How often the files' metadata is compared. That is one `stat` for each file, and unlike inotify it works on every
/// file system and with every way an editor saves.
const FINGERPRINT_INTERVAL: Duration = Duration::from_secs(1);

/// The files must have stood still for this long before they are read.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// Signals do not delay a reload longer than this.
const MAX_SIGNAL_DEBOUNCE: Duration = Duration::from_secs(5);

/// Files that are written all the time are read after this time all the same.
const MAX_WRITE: Duration = Duration::from_secs(60);

/// How long a file that looks cut off must stay as it is before it is applied.
const CUT_FILE_WAIT: Duration = Duration::from_secs(30);

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
    /// What becomes of it if it is empty.
    pub empty: EmptyConfig,
}

/// The reloader task.
pub(super) struct Reloader {
    pub(super) shared: Arc<Shared>,
    pub(super) loaded: LoadedConfig,
    pub(super) hangup: Signal,
    /// The address that is listened on.
    pub(super) address: ListenAddress,
    /// Whether one of the sockets is reached by programs on this machine only.
    pub(super) has_local_socket: bool,
    pub(super) synced: SyncState,
    /// When the files of the applied config were written, in milliseconds since 1970.
    pub(super) written: Option<i64>,
}

/// Why the config is loaded again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReloadTrigger {
    Hangup,
    Edit,
    /// A file that looks cut off has stayed as it is.
    CutFileStays,
    /// The store could not take it before.
    StoreRetry,
    /// The config of another daemon is in force, or this one is again.
    InForce,
}

/// A reload at a time, unless another trigger comes first.
type PlannedReload = (Instant, ReloadTrigger);

impl Reloader {
    /// Reloads until the daemon stops.
    pub(super) async fn run(&mut self, stop: ShutdownSignal) {
        let stop = stop.received();
        tokio::pin!(stop);
        let store_retry = || (Instant::now() + STORE_RETRY, ReloadTrigger::StoreRetry);
        let mut planned = (self.synced == SyncState::Pending).then(store_retry);
        loop {
            let read = async {
                let trigger = self.next_trigger(planned).await;
                match trigger {
                    ReloadTrigger::InForce => (trigger, None),
                    _ => (trigger, Some(self.read().await)),
                }
            };
            let (trigger, loaded) = tokio::select! {
                () = &mut stop => return,
                read = read => read,
            };
            notify::reloading().await;
            let reloaded = match loaded {
                Some(loaded) => self.reload(trigger, loaded).await,
                // What was planned stays so.
                None => self.apply_again().await.map(|()| planned),
            };
            notify::ready().await;
            planned = reloaded.unwrap_or_else(|error| {
                // The first failure was logged.
                if trigger != ReloadTrigger::StoreRetry {
                    tracing::error!(%error, "cannot apply the new config; the old one stays active. Retrying");
                }
                Some(store_retry())
            });
        }
    }

    async fn next_trigger(&mut self, planned: Option<PlannedReload>) -> ReloadTrigger {
        let (planned_at, planned_trigger) = planned.unwrap_or((Instant::now(), ReloadTrigger::StoreRetry));
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => {
                    tracing::info!("SIGHUP: reloading the config");
                    return ReloadTrigger::Hangup;
                }
                () = self.shared.channels.config_in_force.notified() => return ReloadTrigger::InForce,
                () = tokio::time::sleep_until(planned_at), if planned.is_some() => return planned_trigger,
                () = tokio::time::sleep(FINGERPRINT_INTERVAL), if self.loaded.config.watch => {
                    if self.fingerprint() != self.loaded.fingerprint {
                        tracing::info!("the config was edited: reloading it");
                        return ReloadTrigger::Edit;
                    }
                }
            }
        }
    }

    /// Reads the config once its files stand still and signals pause; again, if the files changed while they were read.
    async fn read(&mut self) -> Result<Config, Diagnostics> {
        let started = Instant::now();
        loop {
            let before = self.fingerprint();
            let is_quiet = tokio::select! {
                Some(()) = self.hangup.recv() => started.elapsed() >= MAX_SIGNAL_DEBOUNCE,
                () = tokio::time::sleep(DEBOUNCE) => true,
            };
            if !is_quiet {
                continue;
            }
            let loaded =
                tokio::task::block_in_place(|| config::load(&self.loaded.location, &self.loaded.environment));
            let after = self.fingerprint();
            if after == before || started.elapsed() >= MAX_WRITE {
                self.loaded.fingerprint = after;
                return loaded;
            }
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        tokio::task::block_in_place(|| config::fingerprint(&self.loaded.location))
    }

    /// Applies the config, or reports why not, and the old one stays. Returns when to try again.
    async fn reload(
        &mut self,
        trigger: ReloadTrigger,
        loaded: Result<Config, Diagnostics>,
    ) -> Result<Option<PlannedReload>, Error> {
        let new = match loaded {
            Ok(new) => new,
            Err(problems) => {
                tracing::error!(%problems, "the config is invalid; the old one stays active");
                let invalid = "The config is invalid; the old one stays active.";
                let on_page =
                    format!("{invalid} `siftwire check` shows the lines.\n\n{}", problems.summary());
                self.refuse(format!("{invalid}\n\n{problems}"), on_page).await;
                return Ok(None);
            }
        };
        self.shared.store.renew_password(&new.store.location);
        if let Err(error) = refuse_empty(&self.shared.store, &new, self.loaded.empty).await {
            let Error::EmptyConfig(_) = error else { return Err(error) };
            let problem = refusal(&error);
            tracing::error!("{problem}");
            self.refuse(problem.clone(), problem).await;
            return Ok(None);
        }
        if trigger == ReloadTrigger::Edit
            && let Some(path) = self.cut_file(&new)
        {
            let problem = |file: &dyn fmt::Display| {
                format!(
                    "The config is not applied yet: {file} looks cut off, because it is only the beginning of what it was, or \
                 its last line has no end. It is applied if it stays as it is for {} s, and at once on SIGHUP.",
                    CUT_FILE_WAIT.as_secs()
                )
            };
            let on_page = problem(&shown_name(path));
            let problem = problem(&path.display());
            tracing::warn!("{problem}");
            self.show_problem(Some(problem), Some(on_page)).await;
            return Ok(Some((Instant::now() + CUT_FILE_WAIT, ReloadTrigger::CutFileStays)));
        }
        self.apply(new).await.map(|()| None)
    }

    /// The file of a new config that looks cut off. One that is allowed to be empty does not.
    fn cut_file(&self, new: &Config) -> Option<&Path> {
        let may_be_empty = self.loaded.empty == EmptyConfig::Apply || new.is_empty_on_purpose();
        let is_empty = new.sources.is_empty() || new.outputs.is_empty();
        new.cut_file(&self.loaded.config).filter(|_| !(may_be_empty && is_empty))
    }

    async fn refuse(&self, problem: String, on_page: String) {
        self.shared.metrics.count_reload(ReloadResult::Refused);
        self.show_problem(Some(problem), Some(on_page)).await;
    }

    /// The store first: if it fails, nothing has changed.
    async fn apply(&mut self, mut new: Config) -> Result<(), Error> {
        if let Some(warnings) = &new.warnings {
            tracing::warn!(%warnings, "the config has warnings");
        }
        let restart_needed = keep_restart_only_keys(&mut new, &self.loaded.config);
        let store = &self.shared.store;
        let mut reading = match digest(store, &new) == self.shared.channels.standing.borrow().digest {
            true => ConfigReading::Unchanged,
            false => ConfigReading::Edited,
        };
        if self.synced == SyncState::Pending {
            store.release_daemon_claims().await?;
            (self.synced, reading) = (SyncState::Synced, ConfigReading::AtStart);
        }
        let written = self.loaded.fingerprint.written();
        let read = ReadConfig { config: &new, written, reading };
        let applied = write_config(store, read, site_at(&new, &self.address)).await?;
        self.written = written;
        tracing::info!(sources = new.sources.len(), outputs = new.outputs.len(), "config reloaded");
        self.shared.metrics.count_reload(ReloadResult::Applied);
        if let Some(message) = &restart_needed {
            tracing::warn!("{message}");
        }
        self.send(new, applied);
        self.show_problem(restart_needed.clone(), restart_needed).await;
        Ok(())
    }

    /// Applies the same config where another one came into force, or follows that one.
    async fn apply_again(&mut self) -> Result<(), Error> {
        let (store, config) = (&self.shared.store, self.loaded.config.clone());
        let site = site_at(&config, &self.address);
        let digest = self.shared.channels.standing.borrow().digest.clone();
        let applied = if digest.is_empty() {
            // It is refused.
            follow(store, &config, site, digest).await?
        } else {
            let (written, reading) = (self.written, ConfigReading::Unchanged);
            write_config(store, ReadConfig { config: &config, written, reading }, site).await?
        };
        self.send(config, applied);
        Ok(())
    }

    /// Sends a config to the tasks.
    fn send(&mut self, new: Config, applied: AppliedConfig) {
        let AppliedConfig { outputs, sources, standing } = applied;
        let fetcher = if new.fetch == self.loaded.config.fetch {
            self.shared.channels.poller_config.borrow().fetcher.clone()
        } else {
            Fetcher::new(&new.fetch)
        };
        let problem = self.shared.channels.publish_config.borrow().problem.clone();
        let poller_config = PollerConfig::new(fetcher, Arc::clone(&sources), &new);
        self.shared.channels.poller_config.send_replace(Arc::new(poller_config));
        self.shared.http.set(http_settings(&new, outputs.public_url()));
        let private = outputs.private_names();
        let publish_config =
            PublishConfig { problem, ..PublishConfig::new(&new, Arc::new(outputs), sources) };
        // The publisher replaces the private names by those of its config. It may just do so with those of the old one.
        self.shared.document_cache.protect(private.clone());
        self.shared.channels.publish_config.send_replace(Arc::new(publish_config));
        self.shared.document_cache.protect(private);
        self.loaded.config = new;
        self.warn_of_unreadable_outputs();
        heartbeat::tell_standing(&self.shared, &standing);
        self.shared.channels.standing.send_replace(standing);
    }

    /// Warns of private outputs that nobody can read at the sockets that systemd passes. Without these the check of the config
    /// does, which knows `listen` alone.
    pub(super) fn warn_of_unreadable_outputs(&self) {
        let config = &self.loaded.config;
        if self.has_local_socket || !config.listen.is_local() || config.token.is_some() {
            return;
        }
        let private = config.outputs.iter().filter(|output| output.access == OutputAccess::Private);
        let names: Vec<_> = private.map(|output| output.name.as_str()).collect();
        if !names.is_empty() {
            tracing::warn!(
                outputs = names.join(", "),
                address = %self.address,
                "nobody can read private outputs: there is no `token` in [serve], and the socket that systemd passes is \
                 not of this machine alone. `siftwire token` makes a token and says where to put it"
            );
        }
    }

    /// Shows a config problem in `siftwire status` and, in words for everybody, on the front page, or removes it.
    async fn show_problem(&self, problem: Option<String>, on_page: Option<String>) {
        self.shared.channels.publish_config.send_modify(|config| {
            let problem = on_page.map(Arc::from);
            *config = Arc::new(PublishConfig { problem, ..PublishConfig::clone(config) });
        });
        if let Err(error) =
            self.shared.store.set_daemon_status(store::DaemonStatus::ConfigError, problem).await
        {
            tracing::warn!(%error, "cannot store the config problem for `siftwire status`");
        }
    }
}

/// What the server needs of a config. `public_url` is that of the outputs, where a port is chosen.
pub(super) fn http_settings(config: &Config, public_url: &Url) -> HttpSettings {
    HttpSettings { max_age: config.max_age, token: config.token.clone(), public_url: public_url.clone() }
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
    if new.store.location != old.store.location {
        let is_file = new.store.location.file().is_some() && old.store.location.file().is_some();
        changed.push(if is_file { "[store] path" } else { "[store] url" });
        new.store.location.clone_from(&old.store.location);
    }
    (!changed.is_empty())
        .then(|| format!("{}: changed, but only a restart can apply it.", changed.join(", ")))
}
