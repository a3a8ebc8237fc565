//! Brings the outputs up to date whenever a poll has changed something. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to the clock and to spawning")]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::reload::PublishConfig;
use super::{Error, StoreUnwritable, health_check, now, status, wait_for};
use crate::metrics::Metrics;
use crate::publish::{
    self, Outputs, archive::Archives, document_cache::DocumentCache, html::SourceRow, render,
};
use crate::store::{self, Store};

/// Polls that end within this time are published together.
const TOGETHER: Duration = Duration::from_millis(250);

/// Without news the outputs are looked at all the same: entries grow too old for `max_age`.
const REGULARLY: Duration = Duration::from_secs(60);

/// So often the store is asked whether another process has written to it: `siftwire poll`, `siftwire stories split`.
const ELSEWHERE: Duration = Duration::from_secs(2);

/// Outputs of which nothing was published yet are made so many at a time at a start: while one waits for the store,
/// another is written.
const MAKERS: usize = 4;

/// Entries forgotten in one transaction.
const PRUNED: usize = 500;

/// So often it is looked for what is older than `keep`.
const TIDY: Duration = Duration::from_secs(600);

/// With many sources the page that tells of all is made less often than the outputs: for each source it waits so
/// long, so that the work stays a small part of the whole.
const FOR_EACH: Duration = Duration::from_micros(200);

/// When the front page was last made, and from what.
struct Front {
    at: Instant,
    pause: Duration,
    setup: Arc<PublishConfig>,
    trouble: StoreUnwritable,
}

/// Keeps the document_cache as the store is.
pub(super) struct Publisher {
    pub(super) store: Store,
    /// Told when the outputs are others.
    pub(super) archives: Arc<Archives>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) document_cache: Arc<DocumentCache>,
    /// Told by the poller.
    pub(super) news: Arc<Notify>,
    /// Tells who tells the hub.
    pub(super) published: Arc<Notify>,
    /// What to publish; swapped when the config changes.
    pub(super) setup: watch::Receiver<Arc<PublishConfig>>,
    /// Why the store cannot be written.
    pub(super) trouble: watch::Receiver<StoreUnwritable>,
}

impl Publisher {
    /// Publishes until told to stop. What comes later stands past the watermarks, for the next start.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        let mut adopted = Arc::clone(&self.setup.borrow().outputs);
        let mut tidied: Option<Instant> = None;
        let mut front: Option<Front> = None;
        loop {
            self.trouble.mark_unchanged();
            let setup = Arc::clone(&self.setup.borrow_and_update());
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(error) = self.prune(setup.keep).await {
                    tracing::error!(%error, "cannot forget what is older than `keep`");
                }
            }
            if !Arc::ptr_eq(&setup.outputs, &adopted) {
                match self.sync_config(&setup).await {
                    Ok(()) => adopted = Arc::clone(&setup.outputs),
                    Err(error) => tracing::error!(%error, "cannot show the new outputs yet"),
                }
            }
            let revision = self.store.latest_revision().await.ok();
            let behind = self.publish(&setup, &mut front).await;
            tokio::select! {
                () = &mut stop => return,
                Ok(()) = self.setup.changed() => {}
                Ok(()) = self.trouble.changed() => {}
                () = self.news.notified() => tokio::time::sleep(TOGETHER).await,
                () = tokio::time::sleep(behind.unwrap_or(REGULARLY)) => {}
                () = moved(&self.store, revision) => {}
            }
        }
    }

    /// Answers when the front page is to be made, where it has to wait.
    async fn publish(&self, setup: &Arc<PublishConfig>, front: &mut Option<Front>) -> Option<Duration> {
        let advanced = publish::update_members(&self.store, &setup.outputs, now()).await;
        let waits = front.as_ref().and_then(|front| self.waits(front, setup));
        if let Err(error) = self.show(setup, advanced.map(drop), front, waits).await {
            // What is on the document_cache stays, and the watermarks stand: the next pass makes up for it.
            tracing::error!(%error, "cannot publish; the outputs stay as they are");
        }
        self.published.notify_one();
        waits
    }

    /// How long the front page may stay as it is.
    fn waits(&self, front: &Front, setup: &Arc<PublishConfig>) -> Option<Duration> {
        let is_same = Arc::ptr_eq(&front.setup, setup) && front.trouble == *self.trouble.borrow();
        front.pause.checked_sub(front.at.elapsed()).filter(|left| is_same && !left.is_zero())
    }

    /// Forgets what is older than `keep`, in batches that hold up nobody. Full archive pages are kept as they are.
    async fn prune(&self, keep: Duration) -> Result<(), store::Error> {
        let Ok(before) = now().checked_sub(keep) else { return Ok(()) };
        loop {
            self.archives.freeze_before_prune(before, PRUNED, now()).await?;
            if self.store.prune(before, PRUNED).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Puts on the document_cache what was published before, and makes what was not.
    pub(super) async fn open(&self, setup: &PublishConfig) -> Result<(), store::Error> {
        render::restore(&self.store, &setup.outputs, &self.document_cache).await?;
        self.make_missing(setup).await;
        render::mark_gone(&self.store, &setup.outputs, &self.document_cache).await?;
        let lines = self.sources(setup).await?;
        self.tell(setup, lines).await
    }

    /// What fails is made up for by the next pass.
    async fn make_missing(&self, setup: &PublishConfig) {
        let turn = Arc::new(AtomicUsize::new(0));
        let mut makers = JoinSet::new();
        for _ in 0..MAKERS {
            let (store, document_cache) = (self.store.clone(), Arc::clone(&self.document_cache));
            let (outputs, turn) = (Arc::clone(&setup.outputs), Arc::clone(&turn));
            let making =
                async move { render::render_missing(&store, &outputs, &document_cache, &turn, now()).await };
            makers.spawn(making);
        }
        while let Some(made) = makers.join_next().await {
            match made {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "cannot write down what is published anew; it is served all the same");
                }
                Err(error) => tracing::error!(%error, "cannot make all outputs yet"),
            }
        }
    }

    /// Takes other outputs over: what stayed is on the document_cache as it was, what is no more says so.
    async fn sync_config(&self, setup: &PublishConfig) -> Result<(), store::Error> {
        self.archives.set_outputs(Arc::clone(&setup.outputs));
        render::restore(&self.store, &setup.outputs, &self.document_cache).await?;
        render::mark_gone(&self.store, &setup.outputs, &self.document_cache).await
    }

    /// Puts on the document_cache what the store has: the outputs, if they have advanced, and what tells of them.
    async fn show(
        &self,
        setup: &Arc<PublishConfig>,
        advanced: Result<(), store::Error>,
        front: &mut Option<Front>,
        waits: Option<Duration>,
    ) -> Result<(), store::Error> {
        let lines = if waits.is_some() { None } else { Some(self.sources(setup).await?) };
        let shown = match advanced {
            Ok(()) => {
                render::render_stale(
                    &self.store,
                    &setup.outputs,
                    &self.document_cache,
                    lines.as_deref(),
                    now(),
                )
                .await
            }
            Err(error) => Err(error),
        };
        if let Some(lines) = lines {
            let pause = FOR_EACH * u32::try_from(lines.len()).unwrap_or(u32::MAX);
            let trouble = self.trouble.borrow().clone();
            self.tell(setup, lines).await?;
            *front = Some(Front { at: Instant::now(), pause, setup: Arc::clone(setup), trouble });
        }
        shown
    }

    async fn sources(&self, setup: &PublishConfig) -> Result<Vec<SourceRow>, store::Error> {
        let known = self.store.sources().await?;
        self.metrics
            .sources(known.iter().map(|known| (known.name.clone(), health_check::times(&known.state))));
        Ok(status::source_lines(known, &setup.sources))
    }

    /// The front page and the sources' health.
    async fn tell(&self, setup: &PublishConfig, lines: Vec<SourceRow>) -> Result<(), store::Error> {
        let trouble = self.trouble.borrow().clone();
        let problems: Vec<_> = trouble.as_deref().into_iter().chain(setup.problem.as_deref()).collect();
        let problem = (!problems.is_empty()).then(|| problems.join("\n\n"));
        render::render_front_page(&setup.outputs, &self.document_cache, lines, problem.as_deref(), now());
        self.metrics.outputs(render::feed_sizes(&setup.outputs, &self.document_cache));
        render::render_health(&self.store, &setup.outputs, &self.document_cache).await
    }
}

/// Ends when the store has another revision than this, or cannot say.
async fn moved(store: &Store, revision: Option<i64>) {
    loop {
        tokio::time::sleep(ELSEWHERE).await;
        if store.latest_revision().await.ok() != revision {
            return;
        }
    }
}

/// Evaluates what is new, once: what a one-shot command leaves for the daemon to show.
///
/// # Errors
/// The store cannot be used.
pub async fn publish_once(store: &Store, outputs: &Outputs) -> Result<(), Error> {
    publish::update_members(store, outputs, now()).await?;
    Ok(())
}
