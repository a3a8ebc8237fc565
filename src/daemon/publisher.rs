//! The publisher: updates the outputs after polls, config changes and writes of other processes. Does I/O.
#![allow(
    clippy::disallowed_methods,
    reason = "reads the clock; renders several outputs at once at the start"
)]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::channels::{PublishConfig, StoreProblem};
use super::clock::now;
use super::error::Error;
use super::heartbeat;
use super::poll_metrics::source_times;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use super::source_rows::source_rows;
use crate::publish::first_start::FirstPolls;
use crate::publish::html::{FrontPageContent, SourceHealth, SourceRow};
use crate::publish::{self, Outputs, folders, render, restore};
use crate::store::{self, DaemonStatus, Store};

/// Polls that end within this time are published together.
const DEBOUNCE: Duration = Duration::from_millis(250);

/// The longest time between two passes: entries become too old for an output's `max_age`.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// How often the store is checked for writes of other processes (`siftwire poll`, `siftwire stories split`).
const REVISION_INTERVAL: Duration = Duration::from_secs(2);

/// Outputs rendered at a time at the start: while one waits for the store, another uses the processor.
const RENDER_CONCURRENCY: usize = 4;

/// How often entries older than `keep` and replaced members are deleted.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);

/// Entries deleted in one transaction.
const PRUNE_BATCH: usize = 500;

/// Replaced members deleted in one transaction.
const REPLACED_BATCH: usize = 2000;

/// The front page waits this long for each source before it is rendered again, so that with many sources it remains a
/// small part of the work.
const FRONT_PAGE_DELAY_PER_SOURCE: Duration = Duration::from_micros(200);

/// With more sources than this, a source has metrics of its own only if the config asks for them.
const MAX_SOURCE_SERIES: usize = 1000;

/// When the front page was last rendered, and from what.
struct FrontPageState {
    rendered: Instant,
    delay: Duration,
    config: Arc<PublishConfig>,
    problems: Problems,
}

/// What is wrong with the store, with the network, and with the config among those of several daemons.
type Problems = (StoreProblem, Option<Arc<str>>, Option<&'static str>);

fn problems(shared: &Shared) -> Problems {
    let channels = &shared.channels;
    let standing = channels.standing.borrow().problem().filter(|_| shared.store.daemon_id().is_some());
    (channels.store_problem.borrow().clone(), channels.network_problem.borrow().clone(), standing)
}

/// Publishes until the daemon stops. Later entries are past the watermarks, for the next start.
pub(super) async fn run(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut new_config = shared.channels.publish_config.subscribe();
    let mut store_problem = shared.channels.store_problem.subscribe();
    let mut network_problem = shared.channels.network_problem.subscribe();
    let mut changes = shared.store.changes();
    let mut last_prune: Option<Instant> = None;
    let mut front_page: Option<FrontPageState> = None;
    loop {
        store_problem.mark_unchanged();
        network_problem.mark_unchanged();
        let config = Arc::clone(&new_config.borrow_and_update());
        if last_prune.is_none_or(|at| at.elapsed() >= PRUNE_INTERVAL) {
            last_prune = Some(Instant::now());
            if let Err(error) = prune(&shared, config.keep).await {
                tracing::error!(%error, "cannot delete entries older than `keep`");
            }
        }
        if !Arc::ptr_eq(&config.outputs, &shared.archives.outputs())
            && let Err(error) = set_outputs(&shared, &config).await
        {
            tracing::error!(%error, "cannot load the documents of the new outputs; retrying");
        }
        let revision = shared.store.latest_revision().await.ok();
        let front_page_due = publish(&shared, &config, &mut front_page).await;
        tokio::select! {
            () = &mut stop => return,
            Ok(()) = new_config.changed() => {}
            Ok(()) = store_problem.changed() => {}
            Ok(()) = network_problem.changed() => {}
            () = shared.channels.polled.notified() => tokio::time::sleep(DEBOUNCE).await,
            () = heartbeat::changed(&mut changes) => tokio::time::sleep(DEBOUNCE).await,
            () = tokio::time::sleep(front_page_due.unwrap_or(MAX_INTERVAL)) => {}
            () = revision_changed(&shared.store, revision) => {}
        }
    }
}

/// Fills the document cache with what was published before the start, and renders what is missing.
pub(super) async fn fill_cache(shared: &Shared) -> Result<(), store::Error> {
    let config = Arc::clone(&shared.channels.publish_config.borrow());
    restore::restore_documents(&shared.store, &config.outputs, &shared.document_cache, now()).await?;
    remove_former_files(shared, &config).await;
    render_missing(shared, &config).await;
    shared.document_cache.set_private(config.outputs.private_names());
    render::set_former_names(&shared.store, &config.outputs, &shared.document_cache, now()).await?;
    let rows = load_source_rows(shared, &config).await?;
    render_front_page(shared, &config, rows).await
}

/// Errors are logged only: the next pass renders what failed.
async fn render_missing(shared: &Shared, config: &PublishConfig) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..RENDER_CONCURRENCY {
        let (store, document_cache) = (shared.store.clone(), Arc::clone(&shared.document_cache));
        let (outputs, next) = (Arc::clone(&config.outputs), Arc::clone(&next));
        tasks.spawn(
            async move { render::render_missing(&store, &outputs, &document_cache, &next, now()).await },
        );
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

/// Applies new outputs: known documents go into the cache.
async fn set_outputs(shared: &Shared, config: &PublishConfig) -> Result<(), store::Error> {
    restore::restore_documents(&shared.store, &config.outputs, &shared.document_cache, now()).await?;
    remove_former_files(shared, config).await;
    // Last, since it tells the next pass that the outputs are applied.
    shared.archives.set_outputs(Arc::clone(&config.outputs));
    Ok(())
}

/// An error is logged only: the files are tried again at the next start.
async fn remove_former_files(shared: &Shared, config: &PublishConfig) {
    if let Err(error) = folders::remove_former_files(&shared.store, &config.outputs).await {
        tracing::error!(%error, "cannot remove the files of former outputs yet");
    }
}

/// Deletes entries older than `keep`, and members that others have replaced, in small transactions. Full archive pages
/// are kept as they are.
async fn prune(shared: &Shared, keep: Duration) -> Result<(), store::Error> {
    while shared.store.delete_replaced_members(REPLACED_BATCH).await? > 0 {}
    let Ok(before) = now().checked_sub(keep) else { return Ok(()) };
    loop {
        shared.archives.freeze_before_prune(before, PRUNE_BATCH, now()).await?;
        if shared.store.prune(before, PRUNE_BATCH).await? == 0 {
            return Ok(());
        }
    }
}

/// One pass. Returns when the front page is due, if it was left for later.
async fn publish(
    shared: &Shared,
    config: &Arc<PublishConfig>,
    front_page: &mut Option<FrontPageState>,
) -> Option<Duration> {
    let front_page_due = front_page.as_ref().and_then(|front_page| due_in(shared, front_page, config));
    // It reads all sources, as the front page does.
    let first_polls = match front_page_due {
        None => shared.first_start.read(&shared.store).await,
        Some(_) => None,
    };
    let updated = publish::update_members(&shared.store, &config.outputs, now()).await;
    shared.channels.articles_wanted.notify_one();
    let rendered = match front_page_due {
        Some(_) => render_outputs(shared, config, updated, None).await,
        None => render_all(shared, config, updated, front_page).await,
    };
    let rendered = match rendered {
        Ok(()) => restore::take_over_documents(&shared.store, &config.outputs, &shared.document_cache).await,
        Err(error) => Err(error),
    };
    let former_names =
        render::set_former_names(&shared.store, &config.outputs, &shared.document_cache, now()).await;
    match rendered.and(former_names) {
        Ok(()) => set_private(shared, config),
        // The cache and the watermarks are unchanged, so the next pass repeats the work.
        Err(error) => tracing::error!(%error, "cannot publish; the outputs stay as they are"),
    }
    if let Some(report) = first_polls {
        let is_last = report.polled == report.sources;
        shared.first_start.report(report, config);
        if is_last {
            // It reloads itself no longer.
            *front_page = None;
            shared.channels.polled.notify_one();
        }
    }
    note_left_out(shared, &config.outputs).await;
    shared.channels.published.notify_one();
    front_page_due
}

/// Lets everybody read what was private and is no longer, unless there is a newer config meanwhile.
fn set_private(shared: &Shared, config: &PublishConfig) {
    let newest = shared.channels.publish_config.borrow();
    if Arc::ptr_eq(&newest.outputs, &config.outputs) {
        shared.document_cache.set_private(config.outputs.private_names());
    }
}

/// Tells the metrics and `doctor` what reading documents back has found.
async fn note_left_out(shared: &Shared, outputs: &Outputs) {
    let left_out = outputs.left_out();
    shared.metrics.set_readback(outputs.disagreements(), left_out.len());
    let text = (!left_out.is_empty()).then(|| left_out.join("\n"));
    let known = shared.store.daemon_status(DaemonStatus::LeftOut).await;
    if known.is_ok_and(|known| known != text)
        && let Err(error) = shared.store.set_daemon_status(DaemonStatus::LeftOut, text).await
    {
        tracing::error!(%error, "cannot note which entries are left out of documents");
    }
}

/// How long the front page may still stay as it is.
fn due_in(shared: &Shared, front_page: &FrontPageState, config: &Arc<PublishConfig>) -> Option<Duration> {
    let is_current = Arc::ptr_eq(&front_page.config, config) && front_page.problems == problems(shared);
    front_page.delay.checked_sub(front_page.rendered.elapsed()).filter(|left| is_current && !left.is_zero())
}

/// Renders the outputs, the front page and the health feed.
async fn render_all(
    shared: &Shared,
    config: &Arc<PublishConfig>,
    updated: Result<(), store::Error>,
    front_page: &mut Option<FrontPageState>,
) -> Result<(), store::Error> {
    let rows = load_source_rows(shared, config).await?;
    // The front page is rendered even if the outputs cannot be.
    let rendered = render_outputs(shared, config, updated, Some(&rows)).await;
    let delay = FRONT_PAGE_DELAY_PER_SOURCE * u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let problems = problems(shared);
    render_front_page(shared, config, rows).await?;
    *front_page =
        Some(FrontPageState { rendered: Instant::now(), delay, config: Arc::clone(config), problems });
    rendered
}

async fn render_outputs(
    shared: &Shared,
    config: &PublishConfig,
    updated: Result<(), store::Error>,
    rows: Option<&[SourceRow]>,
) -> Result<(), store::Error> {
    updated?;
    render::render_stale(&shared.store, &config.outputs, &shared.document_cache, rows, now()).await
}

async fn load_source_rows(shared: &Shared, config: &PublishConfig) -> Result<Vec<SourceRow>, store::Error> {
    let remembered = shared.store.sources().await?;
    let has_series = config.source_metrics || remembered.len() <= MAX_SOURCE_SERIES;
    let times = remembered.iter().map(|source| (source.name.clone(), source_times(&source.state)));
    let newest = newest_outputs(shared);
    let names = remembered.iter().map(|source| source.name.clone());
    let hidden = names.filter(|name| !newest.shows_source(name)).collect();
    shared.metrics.set_sources(times.filter(|_| has_series), hidden);
    let rows = source_rows(remembered, &config.sources, &shared.store.host_budgets().await?, now());
    let count = |health| rows.iter().filter(|row| row.health == health).count();
    let counts = SourceHealth::ALL.map(|health| (health.name(), count(health)));
    shared.metrics.set_sources_by_health(counts.to_vec());
    Ok(rows)
}

/// Which sources are hidden is up to the newest config, also while another one is still published: the store may have its
/// sources already.
fn newest_outputs(shared: &Shared) -> Arc<Outputs> {
    Arc::clone(&shared.channels.publish_config.borrow().outputs)
}

/// The front page and the health feed.
async fn render_front_page(
    shared: &Shared,
    config: &PublishConfig,
    rows: Vec<SourceRow>,
) -> Result<(), store::Error> {
    let (store_problem, network_problem, standing) = problems(shared);
    let store_problem = store_problem.map(|problem| shared.store.without_folder(&problem));
    let all = [store_problem.as_deref(), network_problem.as_deref(), config.problem.as_deref(), standing];
    let all: Vec<_> = all.into_iter().flatten().collect();
    let problem = (!all.is_empty()).then(|| all.join("\n\n"));
    let time = now();
    let budgets = shared.store.host_budgets().await?;
    let notices = budgets.iter().filter_map(|(host, budget)| budget.notice(host, time)).collect();
    let content = FrontPageContent {
        public_url: config.outputs.public_url().clone(),
        outputs: Vec::new(),
        first_polls: FirstPolls {
            sources: rows.len(),
            polled: rows.iter().filter(|source| source.health != SourceHealth::New).count(),
        },
        sources: rows,
        host_notices: notices,
        problem,
        about: config.about.clone(),
        start: shared.first_start.state(),
    };
    let newest = newest_outputs(shared);
    let (content, whole) = match newest.hides_sources() {
        true => (public_part(content.clone(), &newest), Some(content)),
        false => (content, None),
    };
    render::render_front_page(&config.outputs, &shared.document_cache, content, whole, time);
    shared.metrics.set_outputs(render::feed_sizes(&config.outputs, &shared.document_cache));
    render::render_health(&shared.store, &newest, &shared.document_cache).await
}

/// What everybody may see of the front page. Notices name the hosts of any source.
fn public_part(content: FrontPageContent, outputs: &Outputs) -> FrontPageContent {
    let sources = content.sources.into_iter().filter(|source| outputs.shows_source(&source.name)).collect();
    FrontPageContent { sources, host_notices: Vec::new(), ..content }
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
