//! Brings the outputs up to date whenever a poll has changed something. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::reload::Setup;
use super::{Error, now, status, wait_for};
use crate::publish::{self, Outputs, shelf::Shelf};
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
    pub(super) shelf: Arc<Shelf>,
    /// Told by the poller.
    pub(super) news: Arc<Notify>,
    /// What to publish; swapped when the config changes.
    pub(super) setup: watch::Receiver<Arc<Setup>>,
}

impl Publisher {
    /// Publishes until told to stop. What comes later stands past the watermarks, for the next start.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        loop {
            let setup = Arc::clone(&self.setup.borrow_and_update());
            self.publish(&setup).await;
            tokio::select! {
                () = &mut stop => return,
                Ok(()) = self.setup.changed() => {}
                () = self.news.notified() => tokio::time::sleep(TOGETHER).await,
                () = tokio::time::sleep(REGULARLY) => {}
            }
        }
    }

    async fn publish(&self, setup: &Setup) {
        let published = async {
            self.prune(setup.keep).await?;
            publish::advance(&self.store, &setup.outputs, now()).await?;
            self.show(setup).await
        };
        if let Err(error) = published.await {
            // What is on the shelf stays, and the watermarks stand: the next pass makes up for it.
            tracing::error!(%error, "cannot publish; the outputs stay as they are");
        }
    }

    /// Forgets what is older than `keep`, in batches that hold up nobody.
    async fn prune(&self, keep: Duration) -> Result<(), store::Error> {
        let Ok(before) = now().checked_sub(keep) else { return Ok(()) };
        while self.store.prune(before, PRUNED).await? > 0 {}
        Ok(())
    }

    /// Puts on the shelf what the store has: the outputs and the front page.
    pub(super) async fn show(&self, setup: &Setup) -> Result<(), store::Error> {
        publish::render(&self.store, &setup.outputs, &self.shelf, now()).await?;
        publish::retire(&self.store, &setup.outputs, &self.shelf).await?;
        let lines = status::source_lines(&self.store, &setup.sources).await?;
        let problem = setup.problem.as_deref().map(str::to_owned);
        publish::render_front(&self.store, &setup.outputs, &self.shelf, lines, problem, now()).await
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
