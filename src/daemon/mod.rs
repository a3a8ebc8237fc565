//! The life of the process: start, run, stop. Does I/O: clock, tasks, signals, systemd.

mod article_request;
mod articles;
mod channels;
mod clock;
mod config_digest;
mod error;
mod first_start;
mod health_check;
mod heartbeat;
mod kept_pages;
pub mod network;
mod notify;
mod one_time;
mod output_pages;
mod peers;
mod planner;
mod poll;
mod poll_metrics;
mod poller;
mod private_pages;
mod process_identity;
mod publisher;
pub mod queue;
mod reload;
mod rlimit;
mod search_state;
mod search_turns;
mod searches;
mod shared;
mod shutdown;
mod signals;
mod source_rows;
mod standing;
mod store_threads;
mod supervisor;
mod sync_config;
mod tasks;
mod watchdog;
mod websub;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, watch};

use self::channels::{Channels, PollerStatus, PublishConfig};
use self::first_start::FirstStart;
use self::kept_pages::OutputPages;
use self::reload::Reloader;
use self::search_state::SearchState;
use self::shared::Shared;
use self::shutdown::ShutdownSignal;
use self::supervisor::FailedTooOften;
use self::sync_config::{AppliedConfig, ReadConfig};
use self::tasks::{Tasks, TasksEnd};
use crate::fetch::Fetcher;
use crate::publish::archive::Archives;
use crate::serve::{
    self, ArchiveReader, ListenAddress, OutputPageReader, PrivatePageReader, SearchReader, ServerState,
    SharedHttpSettings, StoreHealth, StoreReaders,
};
use crate::store::{self, ConfigReading};

pub use channels::{PollerConfig, Sources};
pub use clock::now;
pub use error::Error;
pub use first_start::{FirstPollsReport, ReportFirstPolls};
pub use one_time::{ArticleTotals, OneTimeRequests, Unpolled};
pub use poll::FinishedPoll;
pub use publisher::publish_once;
pub use reload::LoadedConfig;
pub use signals::stop_signal;
pub use store_threads::StoreThreads;
pub use sync_config::{EmptyConfig, recall, refuse_empty, sync_config};

/// Starts the daemon, runs it until `stop` is done, and stops it with everything written.
/// `on_ready` gets the address once the outputs are served; `report` how the first polls of a new store go.
///
/// # Errors
/// The daemon cannot start, or one of its tasks failed too often. Other errors are logged and do not end it.
pub async fn run(
    loaded: LoadedConfig,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(&ListenAddress),
    report: ReportFirstPolls,
) -> Result<(), Error> {
    let daemon = Daemon::start(loaded, report).await?;
    on_ready(&daemon.address);
    daemon.run(stop).await
}

/// A running daemon.
struct Daemon {
    address: ListenAddress,
    store: StoreThreads,
    tasks: Tasks,
    poller_status: watch::Receiver<PollerStatus>,
}

impl Daemon {
    /// Opens the store and the socket, puts the last published documents into the cache, and starts the tasks.
    async fn start(mut loaded: LoadedConfig, report: ReportFirstPolls) -> Result<Daemon, Error> {
        let hangup = signals::hangup().map_err(Error::Signals)?;
        let lock = store::lock(&loaded.config.store)?;
        let threads = StoreThreads::open_locked(&loaded.config.store, lock)?;
        let store = threads.store.clone();
        let config_problem = sync_config::check_at_start(&store, &mut loaded.config, loaded.empty).await?;
        let config = &loaded.config;
        let listener =
            listen(&config.listen).await.map_err(|error| Error::Listen(config.listen.clone(), error))?;
        let address = listener.address().unwrap_or_else(|| config.listen.clone());
        let written = loaded.fingerprint.written();
        let read = ReadConfig { config, written, reading: ConfigReading::AtStart };
        let description = heartbeat::description(address.to_string());
        let digest =
            config_problem.as_ref().map_or_else(|| sync_config::digest(&store, config), |_| String::new());
        heartbeat::announce(&store, &description, digest).await;
        let synced = sync_config::sync_at_start(&store, read, config_problem.clone(), &address).await?;

        let AppliedConfig { outputs, sources, standing } = synced.applied;
        let outputs = Arc::new(outputs);
        let peers = heartbeat::join(&store, &description, &standing, sources.len()).await;
        let poller_config = PollerConfig::new(Fetcher::new(&config.fetch), Arc::clone(&sources), config);
        let mut publish_config = PublishConfig::new(config, Arc::clone(&outputs), sources);
        if let Some(problem) = config_problem {
            tracing::error!("{problem}");
            publish_config.problem = Some(problem.into());
        }
        let http = SharedHttpSettings::new(reload::http_settings(config, outputs.public_url()));
        let first_start = FirstStart::new(&store, report).await?;
        let shared = Arc::new(Shared {
            description,
            first_start,
            searches: SearchState::default(),
            output_pages: OutputPages::default(),
            archives: Arc::new(Archives::new(store.clone(), outputs)),
            store,
            document_cache: Arc::default(),
            readiness: Arc::default(),
            metrics: Arc::default(),
            http,
            channels: Channels::new(poller_config, publish_config, synced.store_problem, (standing, peers)),
        });
        heartbeat::tell_standing(&shared, &shared.channels.standing.borrow());
        let build = [env!("CARGO_PKG_VERSION"), env!("SIFTWIRE_COMMIT"), store::sqlite_version()];
        shared.metrics.set_build(build);
        if let Some(problem) = &*shared.channels.store_problem.borrow() {
            tracing::error!("{problem}");
            shared.readiness.set_store(StoreHealth::Unwritable);
        }
        // The last published documents are served before anything new is evaluated.
        publisher::fill_cache(&shared).await?;
        let poller_status = shared.channels.poller_status.subscribe();
        let reloader = Reloader {
            shared,
            loaded,
            hangup,
            address: address.clone(),
            has_local_socket: listener.has_local_socket(),
            synced: synced.state,
            written,
        };
        reloader.warn_of_unreadable_outputs();
        let tasks = start_tasks(listener, reloader, &threads);
        notify::ready().await;
        Ok(Daemon { address, store: threads, tasks, poller_status })
    }

    /// Runs until `stop` is done or a task failed too often, and stops.
    async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let result = tokio::select! {
            () = stop => Ok(()),
            FailedTooOften(name) = self.tasks.failure() => Err(Error::TaskFailed(name)),
            FailedTooOften(name) = self.store.failure() => Err(Error::TaskFailed(name)),
        };
        self.stop().await;
        result
    }

    /// Stops the tasks, then the store's threads, so that everything is written.
    async fn stop(self) {
        let PollerStatus { sources, in_flight, next } = *self.poller_status.borrow();
        tracing::info!(sources, in_flight, next = next.map(|next| next.to_string()), "stopping");
        notify::stopping().await;
        match self.tasks.stop().await {
            TasksEnd::Complete => {
                if let Err(error) = self.store.store.leave().await {
                    tracing::warn!(%error, "cannot hand over to the other daemons; they take over by themselves");
                }
                self.store.close();
                tracing::info!("stopped");
            }
            // It holds the store open. What is committed is on the disk.
            TasksEnd::Stuck => tracing::error!("a task is stuck; ending without it"),
        }
    }
}

fn start_tasks(listener: serve::Listener, reloader: Reloader, store: &StoreThreads) -> Tasks {
    let shared = Arc::clone(&reloader.shared);
    let config = &reloader.loaded.config;
    let mut tasks = Tasks::new();
    let (listener, routes) = (Arc::new(listener), serve::routes(server_state(&shared)));
    let limits = rlimit::connection_limits(config.concurrency);
    tasks.spawn("server", move |stop| {
        serve::run(Arc::clone(&listener), routes.clone(), limits, stop.received())
    });
    shared.readiness.set_started();
    tasks.spawn("status line", with(&shared, notify::update_status_line));
    tasks.spawn("health check", with(&shared, health_check::run));
    tasks.spawn("heartbeat", with(&shared, heartbeat::run));
    tasks.spawn("publisher", with(&shared, publisher::run));
    let fetcher = Fetcher::new(&config.fetch);
    tasks
        .spawn("hub notifier", with(&shared, move |shared, stop| websub::run(shared, fetcher.clone(), stop)));
    tasks.spawn("poller", with(&shared, poller::run));
    tasks.spawn("searches", with(&shared, searches::go_on));
    // What it knows of the config outlives a failure.
    let reloader = Arc::new(Mutex::new(reloader));
    tasks.spawn("reloader", move |stop| {
        let reloader = Arc::clone(&reloader);
        async move { reloader.lock().await.run(stop).await }
    });
    // The threads first: if one is stuck, tasks wait for it.
    let watched = [store.watched(), tasks.watched()].concat();
    tasks.spawn("watchdog", with(&shared, move |shared, stop| watchdog::run(shared, watched.clone(), stop)));
    tasks
}

/// How to start a task of these shared things.
fn with<F, T: Fn(Arc<Shared>, ShutdownSignal) -> F>(
    shared: &Arc<Shared>,
    task: T,
) -> impl Fn(ShutdownSignal) -> F + use<F, T> {
    let shared = Arc::clone(shared);
    move |stop| task(Arc::clone(&shared), stop)
}

fn server_state(shared: &Arc<Shared>) -> ServerState {
    let archives = Arc::clone(&shared.archives);
    let archive: ArchiveReader = Arc::new(move |name, number, format| {
        let archives = Arc::clone(&archives);
        Box::pin(async move { archives.page(&name, number, format, now()).await })
    });
    let shared_by_reader = Arc::clone(shared);
    let output: OutputPageReader = Arc::new(move |name, page| {
        let shared = Arc::clone(&shared_by_reader);
        Box::pin(async move { output_pages::respond(&shared, name, page).await })
    });
    let (shared_by_reader, one_at_a_time) = (Arc::clone(shared), Arc::new(Semaphore::new(1)));
    let private: PrivatePageReader = Arc::new(move |page| {
        let (shared, one_at_a_time) = (Arc::clone(&shared_by_reader), Arc::clone(&one_at_a_time));
        Box::pin(async move {
            // Reading much of the store takes a while; feeds are not to wait for it.
            let _one = one_at_a_time.acquire().await;
            private_pages::read(&shared, page).await
        })
    });
    let shared_by_reader = Arc::clone(shared);
    let search: SearchReader = Arc::new(move |request, client, format| {
        let shared = Arc::clone(&shared_by_reader);
        Box::pin(async move { searches::respond(&shared, (&request, &client), format).await })
    });
    ServerState::new(
        Arc::clone(&shared.document_cache),
        StoreReaders { archive, output, private, search },
        shared.http.clone(),
        Arc::clone(&shared.readiness),
        Arc::clone(&shared.metrics),
    )
}

/// The sockets that systemd passes, else the configured address.
async fn listen(configured: &ListenAddress) -> std::io::Result<serve::Listener> {
    match serve::Listener::from_systemd()? {
        Some(listener) => Ok(listener),
        None => serve::Listener::bind(configured).await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "writes a config")]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::config::{self, Environment};

    async fn started(folder: &tempfile::TempDir) -> Daemon {
        let text = "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n";
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let environment =
            Environment { current_directory: folder.path().to_owned(), ..Environment::default() };
        let location = config::locate(None, &environment);
        let fingerprint = config::fingerprint(&location);
        let config = config::load(&location, &environment).unwrap();
        let empty = EmptyConfig::Refuse;
        Daemon::start(LoadedConfig { location, environment, fingerprint, config, empty }, Box::new(|_| {}))
            .await
            .unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_task_that_panics_again_and_again_ends_the_daemon_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = started(&folder).await;
        daemon.tasks.spawn("test", |_| async { panic!("a mistake") });
        let ended = daemon.run(std::future::pending()).await;
        assert!(matches!(ended, Err(Error::TaskFailed("test"))), "{ended:?}");
        // It has stopped in order: another can start.
        started(&folder).await.run(std::future::ready(())).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_task_that_panics_once_runs_on_and_the_daemon_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = started(&folder).await;
        let (starts, runs_again) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
        let notify = Arc::clone(&runs_again);
        daemon.tasks.spawn("test", move |stop| {
            let (number, notify) = (starts.fetch_add(1, Ordering::Relaxed), Arc::clone(&notify));
            async move {
                assert!(number > 0, "a mistake");
                notify.notify_one();
                stop.received().await;
            }
        });
        daemon.run(async { runs_again.notified().await }).await.unwrap();
    }
}
