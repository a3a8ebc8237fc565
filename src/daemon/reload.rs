//! SIGHUP or an edited file: a whole new config, or none. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to signals")]

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::time::Instant;

use super::poller::PollerConfig;
use super::{Error, LoadedConfig, Sources, Standing, notify, site, sync_config, wait_for};
use crate::config::{self, Config, Stamp};
use crate::fetch::Fetcher;
use crate::metrics::{Metrics, ReloadResult};
use crate::publish::Outputs;
use crate::serve::{ListenAddress, MaxAge};
use crate::store::{self, Store};

/// How often the files are looked at. Looking costs a `stat` for each, and works on every file system
/// and however an editor saves.
const LOOK: Duration = Duration::from_secs(1);

/// Edits and signals that come within this time of each other are one.
const QUIET: Duration = Duration::from_millis(500);

/// Whoever never ceases to save does not hold up the reload for longer.
const AT_MOST: Duration = Duration::from_secs(5);

/// When a new config is tried again that the store could not take.
const AGAIN: Duration = Duration::from_secs(10);

/// What of the config the publisher goes by; swapped whole.
#[derive(Clone)]
pub(super) struct PublishConfig {
    pub(super) sources: Sources,
    pub(super) outputs: Arc<Outputs>,
    /// Entries older than this are forgotten.
    pub(super) keep: Duration,
    /// What is wrong with the config as it stands in the files now.
    pub(super) problem: Option<Arc<str>>,
}

impl PublishConfig {
    pub(super) fn new(config: &Config, outputs: Arc<Outputs>, sources: Sources) -> PublishConfig {
        PublishConfig { sources, outputs, keep: config.store.keep, problem: None }
    }
}

/// Loads the config again whenever it is asked to.
pub(super) struct Reloader {
    /// Where the config comes from, and the one that is in force.
    pub(super) given: LoadedConfig,
    pub(super) hangup: Signal,
    /// What is really listened on.
    pub(super) here: ListenAddress,
    pub(super) store: Store,
    pub(super) orders: watch::Sender<Arc<PollerConfig>>,
    pub(super) setup: watch::Sender<Arc<PublishConfig>>,
    pub(super) max_age: MaxAge,
    pub(super) metrics: Arc<Metrics>,
    /// Whether the store has ever been told of a config.
    pub(super) standing: Standing,
}

/// What made the config be read again.
enum Asked {
    Hangup,
    Edit,
    /// The store could not take it the last time.
    Time,
}

impl Reloader {
    /// Reloads until told to stop.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        let mut waits = self.standing == Standing::Recalled;
        loop {
            let asked = tokio::select! {
                () = &mut stop => return,
                asked = self.asked(waits) => asked,
            };
            if let Asked::Time = asked {
                // It has been said that it waits.
                waits = self.reload().await.is_err();
                continue;
            }
            tracing::info!(
                "{}",
                if let Asked::Hangup = asked {
                    "told to read the config again"
                } else {
                    "the config was edited"
                }
            );
            tokio::select! {
                () = &mut stop => return,
                () = self.settle() => {}
            }
            notify::reloading();
            let done = self.reload().await;
            notify::ready();
            waits = done.is_err();
            if let Err(error) = done {
                tracing::error!(%error, "the new config cannot be taken over yet; the old one runs on");
            }
        }
    }

    async fn asked(&mut self, again: bool) -> Asked {
        let again = async move {
            if again {
                tokio::time::sleep(AGAIN).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::pin!(again);
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => return Asked::Hangup,
                () = &mut again => return Asked::Time,
                () = tokio::time::sleep(LOOK), if self.given.config.watch => {
                    if self.stamp() != self.given.stamp {
                        return Asked::Edit;
                    }
                }
            }
        }
    }

    /// Waits until nobody edits or signals any more, so that many at once are one.
    async fn settle(&mut self) {
        let deadline = Instant::now() + AT_MOST;
        loop {
            let before = self.stamp();
            tokio::select! {
                Some(()) = self.hangup.recv() => {}
                () = tokio::time::sleep(QUIET) => {
                    if self.stamp() == before || Instant::now() >= deadline {
                        self.given.stamp = before;
                        return;
                    }
                }
            }
            if Instant::now() >= deadline {
                self.given.stamp = self.stamp();
                return;
            }
        }
    }

    fn stamp(&self) -> Stamp {
        tokio::task::block_in_place(|| config::stamp(&self.given.place))
    }

    /// Takes the new config over, or keeps the old one and says why.
    async fn reload(&mut self) -> Result<(), Error> {
        let loaded =
            tokio::task::block_in_place(|| config::load(&self.given.place, &self.given.surroundings));
        match loaded {
            Ok(new) => self.take_over(new).await,
            Err(problems) => {
                self.metrics.reloaded(ReloadResult::No);
                tracing::error!(%problems, "the config cannot be used; the old one runs on");
                let said = format!("The config cannot be used; the old one runs on.\n\n{problems}");
                self.say(Some(said)).await;
                Ok(())
            }
        }
    }

    async fn take_over(&mut self, mut new: Config) -> Result<(), Error> {
        if let Some(warnings) = &new.warnings {
            tracing::warn!(%warnings, "the config may not do what was meant");
        }
        let restart = keep_what_needs_a_restart(&mut new, &self.given.config);
        if self.standing == Standing::Recalled {
            self.store.release_all_claims().await?;
            self.standing = Standing::TakenUp;
        }
        let (outputs, sources) = sync_config(&self.store, &new, site(&new, &self.here)).await?;
        let fetcher = if new.fetch == self.given.config.fetch {
            self.orders.borrow().fetcher.clone()
        } else {
            Fetcher::new(&new.fetch)
        };
        let limits = (new.concurrency, new.per_host);
        let problem = self.setup.borrow().problem.clone();
        tracing::info!(sources = new.sources.len(), outputs = new.outputs.len(), "the config is in force");
        self.metrics.reloaded(ReloadResult::Yes);
        self.max_age.set(new.cache);
        self.orders.send_replace(Arc::new(PollerConfig::new(fetcher, Arc::clone(&sources), limits)));
        let setup = PublishConfig { problem, ..PublishConfig::new(&new, Arc::new(outputs), sources) };
        self.setup.send_replace(Arc::new(setup));
        self.given.config = new;
        if let Some(words) = &restart {
            tracing::warn!("{words}");
        }
        self.say(restart).await;
        Ok(())
    }

    /// Shows what is wrong on the front page and in `siftwire status`, or takes it away there.
    async fn say(&self, problem: Option<String>) {
        self.setup.send_modify(|setup| {
            *setup = Arc::new(PublishConfig {
                problem: problem.as_deref().map(Arc::from),
                ..PublishConfig::clone(setup)
            });
        });
        if let Err(error) = self.store.set_daemon_status(store::DaemonStatus::ConfigError, problem).await {
            tracing::warn!(%error, "`siftwire status` cannot be told how the config is");
        }
    }
}

/// What is listened on and where the store is cannot change while it runs: the old stays in force. Says
/// so where the new config differs.
fn keep_what_needs_a_restart(new: &mut Config, old: &Config) -> Option<String> {
    let mut changed = Vec::new();
    if new.listen != old.listen {
        changed.push("[serve] listen");
        // The feeds call themselves by the old address as long as that is the one that answers.
        if new.site.public_url == config::own_address(&new.listen) {
            new.site.public_url = config::own_address(&old.listen);
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
