//! Brings the outputs up to date whenever a poll has changed something. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::reload::Setup;
use super::{Error, measure, now, status, wait_for};
use crate::metrics::Metrics;
use crate::publish::{self, Outputs, archive::Archives, render, shelf::Shelf};
use crate::store::{self, Store};

/// Polls that end within this time are published together.
const TOGETHER: Duration = Duration::from_millis(250);

/// Without news the outputs are looked at all the same: entries grow too old for `max_age`.
const REGULARLY: Duration = Duration::from_secs(60);

/// So often the store is asked whether another process has written to it: `siftwire poll`, `siftwire stories split`.
const ELSEWHERE: Duration = Duration::from_secs(2);

/// Entries forgotten in one transaction.
const PRUNED: usize = 500;

/// So often it is looked for what is older than `keep`.
const TIDY: Duration = Duration::from_secs(600);

/// Keeps the shelf as the store is.
pub(super) struct Publisher {
    pub(super) store: Store,
    /// Told when the outputs are others.
    pub(super) archives: Arc<Archives>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) shelf: Arc<Shelf>,
    /// Told by the poller.
    pub(super) news: Arc<Notify>,
    /// Tells who tells the hub.
    pub(super) published: Arc<Notify>,
    /// What to publish; swapped when the config changes.
    pub(super) setup: watch::Receiver<Arc<Setup>>,
}

impl Publisher {
    /// Publishes until told to stop. What comes later stands past the watermarks, for the next start.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        let mut adopted = Arc::clone(&self.setup.borrow().outputs);
        let mut tidied: Option<Instant> = None;
        loop {
            let setup = Arc::clone(&self.setup.borrow_and_update());
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(error) = self.prune(setup.keep).await {
                    tracing::error!(%error, "cannot forget what is older than `keep`");
                }
            }
            if !Arc::ptr_eq(&setup.outputs, &adopted) {
                match self.adopt(&setup).await {
                    Ok(()) => adopted = Arc::clone(&setup.outputs),
                    Err(error) => tracing::error!(%error, "cannot show the new outputs yet"),
                }
            }
            let revision = self.store.revision().await.ok();
            self.publish(&setup).await;
            tokio::select! {
                () = &mut stop => return,
                Ok(()) = self.setup.changed() => {}
                () = self.news.notified() => tokio::time::sleep(TOGETHER).await,
                () = tokio::time::sleep(REGULARLY) => {}
                () = moved(&self.store, revision) => {}
            }
        }
    }

    async fn publish(&self, setup: &Setup) {
        let published = async {
            publish::advance(&self.store, &setup.outputs, now()).await?;
            self.show(setup).await
        };
        if let Err(error) = published.await {
            // What is on the shelf stays, and the watermarks stand: the next pass makes up for it.
            tracing::error!(%error, "cannot publish; the outputs stay as they are");
        }
        self.published.notify_one();
    }

    /// Forgets what is older than `keep`, in batches that hold up nobody. Full archive pages are kept as they are.
    async fn prune(&self, keep: Duration) -> Result<(), store::Error> {
        let Ok(before) = now().checked_sub(keep) else { return Ok(()) };
        loop {
            self.archives.preserve(before, PRUNED, now()).await?;
            if self.store.prune(before, PRUNED).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Puts on the shelf what was published before, and makes what was not.
    pub(super) async fn open(&self, setup: &Setup) -> Result<(), store::Error> {
        render::restore(&self.store, &setup.outputs, &self.shelf).await?;
        render::render_missing(&self.store, &setup.outputs, &self.shelf, now()).await?;
        render::retire(&self.store, &setup.outputs, &self.shelf).await?;
        let lines = status::source_lines(self.store.sources().await?, &setup.sources);
        render::render_front(&setup.outputs, &self.shelf, lines, setup.problem.as_deref(), now());
        render::render_health(&self.store, &setup.outputs, &self.shelf).await
    }

    /// Takes other outputs over: what stayed is on the shelf as it was, what is no more says so.
    async fn adopt(&self, setup: &Setup) -> Result<(), store::Error> {
        self.archives.adopt(Arc::clone(&setup.outputs));
        render::restore(&self.store, &setup.outputs, &self.shelf).await?;
        render::retire(&self.store, &setup.outputs, &self.shelf).await
    }

    /// Puts on the shelf what the store has: the outputs, the front page and the sources' health.
    async fn show(&self, setup: &Setup) -> Result<(), store::Error> {
        let known = self.store.sources().await?;
        self.metrics.sources(known.iter().map(|known| (known.name.clone(), measure::times(&known.state))));
        let lines = status::source_lines(known, &setup.sources);
        render::render(&self.store, &setup.outputs, &self.shelf, &lines, now()).await?;
        render::render_front(&setup.outputs, &self.shelf, lines, setup.problem.as_deref(), now());
        self.metrics.outputs(render::published(&setup.outputs, &self.shelf));
        render::render_health(&self.store, &setup.outputs, &self.shelf).await
    }
}

/// Ends when the store has another revision than this, or cannot say.
async fn moved(store: &Store, revision: Option<i64>) {
    loop {
        tokio::time::sleep(ELSEWHERE).await;
        if store.revision().await.ok() != revision {
            return;
        }
    }
}

/// Evaluates what is new, once: what a one-shot command leaves for the daemon to show.
///
/// # Errors
/// The store cannot be used.
pub async fn publish_once(store: &Store, outputs: &Outputs) -> Result<(), Error> {
    publish::advance(store, outputs, now()).await?;
    Ok(())
}
