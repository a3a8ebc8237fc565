//! The publisher: updates the outputs after polls, config changes and writes of other processes. Does I/O.
#![allow(
    clippy::disallowed_methods,
    reason = "reads the clock; renders several outputs at once at the start"
)]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::channels::{PublishConfig, StoreProblem};
use super::clock::now;
use super::error::Error;
use super::poll_metrics::source_times;
use super::source_rows::source_rows;
use super::tasks::ShutdownSignal;
use crate::metrics::Metrics;
use crate::publish::archive::Archives;
use crate::publish::document_cache::DocumentCache;
use crate::publish::html::SourceRow;
use crate::publish::{self, Outputs, render};
use crate::store::{self, Store};

/// Polls that end within this time are published together.
const DEBOUNCE: Duration = Duration::from_millis(250);

/// The longest time between two passes: entries become too old for an output's `max_age`.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// How often the store is checked for writes of other processes (`siftwire poll`, `siftwire stories split`).
const REVISION_INTERVAL: Duration = Duration::from_secs(2);

/// Outputs rendered at a time at the start: while one waits for the store, another uses the processor.
const RENDER_CONCURRENCY: usize = 4;

/// How often entries older than `keep` are deleted.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);

/// Entries deleted in one transaction.
const PRUNE_BATCH: usize = 500;

/// The front page waits this long for each source before it is rendered again, so that with many sources it remains a
/// small part of the work.
const FRONT_PAGE_DELAY_PER_SOURCE: Duration = Duration::from_micros(200);

/// When the front page was last rendered, and from what.
struct FrontPage {
    rendered: Instant,
    delay: Duration,
    config: Arc<PublishConfig>,
    store_problem: StoreProblem,
}

/// The publisher task.
pub(super) struct Publisher {
    pub(super) store: Store,
    pub(super) archives: Arc<Archives>,
    pub(super) document_cache: Arc<DocumentCache>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) polled: Arc<Notify>,
    pub(super) published: Arc<Notify>,
    pub(super) config: watch::Receiver<Arc<PublishConfig>>,
    pub(super) store_problem: watch::Receiver<StoreProblem>,
}

impl Publisher {
    /// Publishes until the daemon stops. Later entries are past the watermarks, for the next start.
    pub(super) async fn run(mut self, stop: ShutdownSignal) {
        let stop = stop.received();
        tokio::pin!(stop);
        let mut outputs = Arc::clone(&self.config.borrow().outputs);
        let mut last_prune: Option<Instant> = None;
        let mut front_page: Option<FrontPage> = None;
        loop {
            self.store_problem.mark_unchanged();
            let config = Arc::clone(&self.config.borrow_and_update());
            if last_prune.is_none_or(|at| at.elapsed() >= PRUNE_INTERVAL) {
                last_prune = Some(Instant::now());
                if let Err(error) = self.prune(config.keep).await {
                    tracing::error!(%error, "cannot delete entries older than `keep`");
                }
            }
            if !Arc::ptr_eq(&config.outputs, &outputs) {
                match self.set_outputs(&config).await {
                    Ok(()) => outputs = Arc::clone(&config.outputs),
                    Err(error) => {
                        tracing::error!(%error, "cannot load the documents of the new outputs; retrying")
                    }
                }
            }
            let revision = self.store.latest_revision().await.ok();
            let front_page_due = self.publish(&config, &mut front_page).await;
            tokio::select! {
                () = &mut stop => return,
                Ok(()) = self.config.changed() => {}
                Ok(()) = self.store_problem.changed() => {}
                () = self.polled.notified() => tokio::time::sleep(DEBOUNCE).await,
                () = tokio::time::sleep(front_page_due.unwrap_or(MAX_INTERVAL)) => {}
                () = revision_changed(&self.store, revision) => {}
            }
        }
    }

    /// Fills the document cache with what was published before the start, and renders what is missing.
    pub(super) async fn fill_cache(&self) -> Result<(), store::Error> {
        let config = Arc::clone(&self.config.borrow());
        render::restore(&self.store, &config.outputs, &self.document_cache).await?;
        self.render_missing(&config).await;
        render::mark_gone(&self.store, &config.outputs, &self.document_cache).await?;
        let rows = self.source_rows(&config).await?;
        self.render_front_page(&config, rows).await
    }

    /// Errors are logged only: the next pass renders what failed.
    async fn render_missing(&self, config: &PublishConfig) {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..RENDER_CONCURRENCY {
            let (store, document_cache) = (self.store.clone(), Arc::clone(&self.document_cache));
            let (outputs, next) = (Arc::clone(&config.outputs), Arc::clone(&next));
            tasks.spawn(async move {
                render::render_missing(&store, &outputs, &document_cache, &next, now()).await
            });
        }
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "cannot store rendered documents; they are served all the same");
                }
                Err(error) => tracing::error!(%error, "cannot render all outputs yet"),
            }
        }
    }

    /// Applies new outputs: known documents go into the cache, removed outputs answer 410.
    async fn set_outputs(&self, config: &PublishConfig) -> Result<(), store::Error> {
        self.archives.set_outputs(Arc::clone(&config.outputs));
        render::restore(&self.store, &config.outputs, &self.document_cache).await?;
        render::mark_gone(&self.store, &config.outputs, &self.document_cache).await
    }

    /// Deletes entries older than `keep`, in small transactions. Full archive pages are kept as they are.
    async fn prune(&self, keep: Duration) -> Result<(), store::Error> {
        let Ok(before) = now().checked_sub(keep) else { return Ok(()) };
        loop {
            self.archives.freeze_before_prune(before, PRUNE_BATCH, now()).await?;
            if self.store.prune(before, PRUNE_BATCH).await? == 0 {
                return Ok(());
            }
        }
    }

    /// One pass. Returns when the front page is due, if it was left for later.
    async fn publish(
        &self,
        config: &Arc<PublishConfig>,
        front_page: &mut Option<FrontPage>,
    ) -> Option<Duration> {
        let updated = publish::update_members(&self.store, &config.outputs, now()).await;
        let front_page_due = front_page.as_ref().and_then(|front_page| self.due_in(front_page, config));
        let rendered = match front_page_due {
            Some(_) => self.render_outputs(config, updated, None).await,
            None => self.render_all(config, updated, front_page).await,
        };
        if let Err(error) = rendered {
            // The cache and the watermarks are unchanged, so the next pass repeats the work.
            tracing::error!(%error, "cannot publish; the outputs stay as they are");
        }
        self.published.notify_one();
        front_page_due
    }

    /// How long the front page may still stay as it is.
    fn due_in(&self, front_page: &FrontPage, config: &Arc<PublishConfig>) -> Option<Duration> {
        let is_current = Arc::ptr_eq(&front_page.config, config)
            && front_page.store_problem == *self.store_problem.borrow();
        front_page
            .delay
            .checked_sub(front_page.rendered.elapsed())
            .filter(|left| is_current && !left.is_zero())
    }

    /// Renders the outputs, the front page and the health feed.
    async fn render_all(
        &self,
        config: &Arc<PublishConfig>,
        updated: Result<(), store::Error>,
        front_page: &mut Option<FrontPage>,
    ) -> Result<(), store::Error> {
        let rows = self.source_rows(config).await?;
        // The front page is rendered even if the outputs cannot be.
        let rendered = self.render_outputs(config, updated, Some(&rows)).await;
        let delay = FRONT_PAGE_DELAY_PER_SOURCE * u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let store_problem = self.store_problem.borrow().clone();
        self.render_front_page(config, rows).await?;
        *front_page =
            Some(FrontPage { rendered: Instant::now(), delay, config: Arc::clone(config), store_problem });
        rendered
    }

    async fn render_outputs(
        &self,
        config: &PublishConfig,
        updated: Result<(), store::Error>,
        rows: Option<&[SourceRow]>,
    ) -> Result<(), store::Error> {
        updated?;
        render::render_stale(&self.store, &config.outputs, &self.document_cache, rows, now()).await
    }

    async fn source_rows(&self, config: &PublishConfig) -> Result<Vec<SourceRow>, store::Error> {
        let remembered = self.store.sources().await?;
        let times = remembered.iter().map(|source| (source.name.clone(), source_times(&source.state)));
        self.metrics.set_sources(times);
        Ok(source_rows(remembered, &config.sources))
    }

    /// The front page and the health feed.
    async fn render_front_page(
        &self,
        config: &PublishConfig,
        rows: Vec<SourceRow>,
    ) -> Result<(), store::Error> {
        let store_problem = self.store_problem.borrow().clone();
        let problems: Vec<_> =
            store_problem.as_deref().into_iter().chain(config.problem.as_deref()).collect();
        let problem = (!problems.is_empty()).then(|| problems.join("\n\n"));
        render::render_front_page(&config.outputs, &self.document_cache, rows, problem.as_deref(), now());
        self.metrics.set_outputs(render::feed_sizes(&config.outputs, &self.document_cache));
        render::render_health(&self.store, &config.outputs, &self.document_cache).await
    }
}

/// Returns when the store has another revision than this, or cannot be read.
async fn revision_changed(store: &Store, revision: Option<i64>) {
    loop {
        tokio::time::sleep(REVISION_INTERVAL).await;
        if store.latest_revision().await.ok() != revision {
            return;
        }
    }
}

/// Evaluates new entries once, for one-shot commands; a running daemon renders the result.
///
/// # Errors
/// The store cannot be used.
pub async fn publish_once(store: &Store, outputs: &Outputs) -> Result<(), Error> {
    publish::update_members(store, outputs, now()).await?;
    Ok(())
}
