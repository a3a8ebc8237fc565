//! The life of the process: start, run, stop. Does I/O: clock, tasks, signals, systemd.

mod channels;
mod clock;
mod error;
mod health_check;
mod notify;
mod planner;
mod poll;
mod poll_metrics;
mod poller;
mod publisher;
pub mod queue;
mod reload;
mod rlimit;
mod shared;
mod signals;
mod source_rows;
mod store_threads;
mod sync_config;
mod tasks;
mod websub;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::channels::{Channels, PollerStatus, PublishConfig};
use self::reload::Reloader;
use self::shared::Shared;
use self::tasks::Tasks;
use crate::fetch::Fetcher;
use crate::publish::archive::Archives;
use crate::serve::{self, ArchiveReader, ListenAddress, MaxAge, ServerState, StoreHealth};
use crate::store;

pub use channels::{PollerConfig, Sources};
pub use clock::now;
pub use error::Error;
pub use poll::{FinishedPoll, poll_all};
pub use publisher::publish_once;
pub use reload::LoadedConfig;
pub use signals::Signals;
pub use store_threads::StoreThreads;
pub use sync_config::{EmptyConfig, recall, sync_config};

/// Starts the daemon, runs it until `stop` is done, and stops it after all writes are committed.
/// `on_ready` gets the address once the outputs are served.
///
/// # Errors
/// The daemon cannot start. Later errors are logged and do not end it.
pub async fn run(
    loaded: LoadedConfig,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(&ListenAddress),
) -> Result<(), Error> {
    let daemon = Daemon::start(loaded).await?;
    on_ready(&daemon.address);
    stop.await;
    daemon.stop().await;
    Ok(())
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
    async fn start(mut loaded: LoadedConfig) -> Result<Daemon, Error> {
        let hangup = signals::hangup().map_err(Error::Signals)?;
        let lock = store::lock(&loaded.config.store)?;
        let threads = StoreThreads::open_locked(&loaded.config.store, lock)?;
        let store = threads.store.clone();
        let config_problem = sync_config::check_at_start(&store, &mut loaded.config, loaded.empty).await?;
        let config = &loaded.config;
        let listener =
            listen(&config.listen).await.map_err(|error| Error::Listen(config.listen.clone(), error))?;
        let address = listener.address().unwrap_or_else(|| config.listen.clone());
        let synced = sync_config::sync_at_start(&store, config, config_problem.clone(), &address).await?;

        let (outputs, sources) = (Arc::new(synced.outputs), synced.sources);
        let poller_config = PollerConfig::new(
            Fetcher::new(&config.fetch),
            Arc::clone(&sources),
            config.concurrency,
            config.per_host,
        );
        let mut publish_config = PublishConfig::new(config, Arc::clone(&outputs), sources);
        if let Some(problem) = config_problem {
            tracing::error!("{problem}");
            publish_config.problem = Some(problem.into());
            // The right one may be longer than that of this config.
            publish_config.keep = Duration::MAX;
        }
        let shared = Arc::new(Shared {
            archives: Arc::new(Archives::new(store.clone(), outputs)),
            store,
            document_cache: Arc::default(),
            readiness: Arc::default(),
            metrics: Arc::default(),
            max_age: MaxAge::new(config.max_age),
            channels: Channels::new(poller_config, publish_config, synced.store_problem),
        });
        let build = [env!("CARGO_PKG_VERSION"), env!("SIFTWIRE_COMMIT"), store::sqlite_version()];
        shared.metrics.set_build(build);
        if let Some(problem) = &*shared.channels.store_problem.borrow() {
            tracing::error!("{problem}");
            shared.readiness.set_store(StoreHealth::Unwritable);
        }
        // The last published documents are served before anything new is evaluated.
        publisher::fill_cache(&shared).await?;
        let poller_status = shared.channels.poller_status.subscribe();
        let reloader = Reloader { shared, loaded, hangup, address: address.clone(), synced: synced.state };
        let tasks = start_tasks(listener, reloader);
        notify::ready();
        Ok(Daemon { address, store: threads, tasks, poller_status })
    }

    /// Stops the tasks, then the store's threads, which commit all writes first.
    async fn stop(self) {
        let PollerStatus { sources, in_flight, next } = *self.poller_status.borrow();
        tracing::info!(sources, in_flight, next = next.map(|next| next.to_string()), "stopping");
        notify::stopping();
        self.tasks.stop().await;
        self.store.close();
        tracing::info!("stopped");
    }
}

fn start_tasks(listener: serve::Listener, reloader: Reloader) -> Tasks {
    let config = &reloader.loaded.config;
    let shared = || Arc::clone(&reloader.shared);
    let mut tasks = Tasks::new();
    let limits = rlimit::connection_limits(config.concurrency);
    let routes = serve::routes(server_state(&reloader.shared));
    tasks.spawn("server", |stop| serve::run(listener, routes, limits, stop.received()));
    reloader.shared.readiness.set_started();
    tasks.spawn("status line", |stop| notify::update_status_line(shared(), stop));
    tasks.spawn("health check", |stop| health_check::run(shared(), config.store.clone(), stop));
    tasks.spawn("publisher", |stop| publisher::run(shared(), stop));
    tasks.spawn("hub notifier", |stop| websub::run(shared(), Fetcher::new(&config.fetch), stop));
    tasks.spawn("poller", |stop| poller::run(shared(), stop));
    tasks.spawn("reloader", |stop| reloader.run(stop));
    tasks
}

fn server_state(shared: &Shared) -> ServerState {
    let archives = Arc::clone(&shared.archives);
    let archive: ArchiveReader = Arc::new(move |name, number, format| {
        let archives = Arc::clone(&archives);
        Box::pin(async move { archives.page(&name, number, format, now()).await })
    });
    ServerState::new(
        Arc::clone(&shared.document_cache),
        archive,
        shared.max_age.clone(),
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
