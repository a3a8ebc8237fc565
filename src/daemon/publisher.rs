//! Brings the outputs up to date whenever a poll has changed something. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Error, Sources, now, status, wait_for};
use crate::publish::{self, Outputs, render, shelf::Shelf};
use crate::store::{self, Store};

/// Polls that end within this time are published together.
const TOGETHER: Duration = Duration::from_millis(250);

/// Without news the outputs are looked at all the same: entries grow too old for `max_age`, and
/// `siftwire poll` writes to the store from another process.
const REGULARLY: Duration = Duration::from_secs(60);

/// Entries forgotten in one transaction.
const PRUNED: usize = 500;

/// Keeps the shelf as the store is.
pub(super) struct Publisher {
    pub(super) store: Store,
    pub(super) outputs: Arc<Outputs>,
    pub(super) shelf: Arc<Shelf>,
    /// Told by the poller.
    pub(super) news: Arc<Notify>,
    pub(super) sources: Sources,
    /// Entries older than this are forgotten.
    pub(super) keep: Duration,
}

impl Publisher {
    /// Publishes until told to stop. What comes later stands past the watermarks, for the next start.
    pub(super) async fn run(self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        loop {
            self.publish().await;
            tokio::select! {
                () = &mut stop => return,
                () = self.news.notified() => tokio::time::sleep(TOGETHER).await,
                () = tokio::time::sleep(REGULARLY) => {}
            }
        }
    }

    async fn publish(&self) {
        let published = async {
            self.prune().await?;
            publish::advance(&self.store, &self.outputs, now()).await?;
            self.show().await
        };
        if let Err(error) = published.await {
            // What is on the shelf stays, and the watermarks stand: the next pass makes up for it.
            tracing::error!(%error, "cannot publish; the outputs stay as they are");
        }
    }

    /// Forgets what is older than `keep`, in batches that hold up nobody.
    async fn prune(&self) -> Result<(), store::Error> {
        let Ok(before) = now().checked_sub(self.keep) else { return Ok(()) };
        let mut forgotten = 0;
        loop {
            match self.store.prune(before, PRUNED).await? {
                0 if forgotten > 0 => return self.store.forget_archives().await,
                0 => return Ok(()),
                some => forgotten += some,
            }
        }
    }

    /// Puts on the shelf what was published before, and makes what was not.
    pub(super) async fn open(&self) -> Result<(), store::Error> {
        render::restore(&self.store, &self.outputs, &self.shelf).await?;
        render::render_missing(&self.store, &self.outputs, &self.shelf, now()).await?;
        let lines = status::source_lines(&self.store, &self.sources).await?;
        render::render_front(&self.outputs, &self.shelf, lines, now());
        Ok(())
    }

    /// Puts on the shelf what the store has: the outputs and the front page.
    async fn show(&self) -> Result<(), store::Error> {
        let lines = status::source_lines(&self.store, &self.sources).await?;
        render::render(&self.store, &self.outputs, &self.shelf, &lines, now()).await?;
        render::render_front(&self.outputs, &self.shelf, lines, now());
        Ok(())
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
