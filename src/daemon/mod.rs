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
mod signals;
mod source_rows;
mod store_threads;
mod sync_config;
mod tasks;
mod websub;

use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio::sync::watch;

use self::channels::{Channels, PollerStatus, PublishConfig};
use self::tasks::Tasks;
use crate::fetch::Fetcher;
use crate::metrics::Metrics;
use crate::publish::archive::Archives;
use crate::publish::document_cache::DocumentCache;
use crate::serve::{self, ArchiveReader, ListenAddress, MaxAge, Readiness, ServerState, StoreHealth};
use crate::store::{self, Store};

pub use channels::{PollerConfig, Sources};
pub use clock::now;
pub use error::Error;
pub use poll::{FinishedPoll, poll_all};
pub use publisher::publish_once;
pub use reload::LoadedConfig;
pub use signals::Signals;
pub use store_threads::StoreThreads;
pub use sync_config::{recall, sync_config};

/// Starts the daemon, runs it until `stop` is done, and stops it with everything written.
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
    async fn start(loaded: LoadedConfig) -> Result<Daemon, Error> {
        let hangup = signals::hangup().map_err(Error::Signals)?;
        let config = &loaded.config;
        let lock = store::lock(&config.store)?;
        let threads = StoreThreads::open_locked(&config.store, lock)?;
        let store = threads.store.clone();
        let listener =
            listen(&config.listen).await.map_err(|error| Error::Listen(config.listen.clone(), error))?;
        let address = listener.address().unwrap_or_else(|| config.listen.clone());
        let synced = sync_config::sync_or_recall(&store, config, &address).await?;

        let (outputs, sources) = (Arc::new(synced.outputs), synced.sources);
        let poller_config = PollerConfig::new(
            Fetcher::new(&config.fetch),
            Arc::clone(&sources),
            config.concurrency,
            config.per_host,
        );
        let publish_config = PublishConfig::new(config, Arc::clone(&outputs), sources);
        let metrics = Arc::new(Metrics::default());
        metrics.set_build([env!("CARGO_PKG_VERSION"), env!("SIFTWIRE_COMMIT"), store::sqlite_version()]);
        let shared = Shared {
            archives: Arc::new(Archives::new(store.clone(), outputs)),
            store,
            document_cache: Arc::new(DocumentCache::new()),
            readiness: Arc::default(),
            metrics,
            max_age: MaxAge::new(config.max_age),
            channels: Channels::new(poller_config, publish_config, synced.problem),
        };
        if let Some(problem) = &*shared.channels.store_problem.borrow() {
            tracing::error!("{problem}");
            shared.readiness.set_store(StoreHealth::Unwritable);
        }
        // The last published documents are served before anything new is evaluated.
        shared.publisher().fill_cache().await?;
        let poller_status = shared.channels.poller_status.subscribe();
        let reloading = Reloading { loaded, hangup, address: address.clone(), synced: synced.state };
        let tasks = shared.start_tasks(listener, reloading);
        notify::ready();
        Ok(Daemon { address, store: threads, tasks, poller_status })
    }

    /// Stops the tasks, then the store's threads, so that everything is written.
    async fn stop(self) {
        let PollerStatus { sources, in_flight, next } = *self.poller_status.borrow();
        tracing::info!(sources, in_flight, next = next.map(|next| next.to_string()), "stopping");
        notify::stopping();
        self.tasks.stop().await;
        self.store.close();
        tracing::info!("stopped");
    }
}

/// What the reloader alone owns.
struct Reloading {
    loaded: LoadedConfig,
    hangup: Signal,
    address: ListenAddress,
    synced: sync_config::SyncState,
}

/// What several tasks share. Each task is built from it.
struct Shared {
    store: Store,
    archives: Arc<Archives>,
    document_cache: Arc<DocumentCache>,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    max_age: MaxAge,
    channels: Channels,
}

impl Shared {
    fn start_tasks(self, listener: serve::Listener, reloading: Reloading) -> Tasks {
        let config = &reloading.loaded.config;
        let mut tasks = Tasks::new();
        let limits = rlimit::connection_limits(config.concurrency);
        let routes = serve::routes(self.server_state());
        tasks.spawn("server", |stop| serve::run(listener, routes, limits, stop.received()));
        self.readiness.set_started();
        let status = self.channels.poller_status.subscribe();
        let problem = self.channels.store_problem.subscribe();
        tasks.spawn("status line", |stop| notify::update_status_line(status, problem, stop));
        let health_check = self.health_check(&config.store);
        tasks.spawn("health check", |stop| health_check.run(stop));
        let publisher = self.publisher();
        tasks.spawn("publisher", |stop| publisher.run(stop));
        let hub_notifier = self.hub_notifier(Fetcher::new(&config.fetch));
        tasks.spawn("hub notifier", |stop| hub_notifier.run(stop));
        let poller = self.poller();
        tasks.spawn("poller", |stop| poller.run(stop));
        let reloader = self.reloader(reloading);
        tasks.spawn("reloader", |stop| reloader.run(stop));
        tasks
    }

    fn server_state(&self) -> ServerState {
        let archives = Arc::clone(&self.archives);
        let archive: ArchiveReader = Arc::new(move |name, number, format| {
            let archives = Arc::clone(&archives);
            Box::pin(async move { archives.page(&name, number, format, now()).await })
        });
        ServerState::new(
            Arc::clone(&self.document_cache),
            archive,
            self.max_age.clone(),
            Arc::clone(&self.readiness),
            Arc::clone(&self.metrics),
        )
    }

    fn health_check(&self, options: &store::Options) -> health_check::HealthCheck {
        health_check::HealthCheck {
            store: self.store.clone(),
            options: options.clone(),
            readiness: Arc::clone(&self.readiness),
            metrics: Arc::clone(&self.metrics),
            poller_status: self.channels.poller_status.subscribe(),
            store_problem: self.channels.store_problem.clone(),
        }
    }

    fn publisher(&self) -> publisher::Publisher {
        publisher::Publisher {
            store: self.store.clone(),
            archives: Arc::clone(&self.archives),
            document_cache: Arc::clone(&self.document_cache),
            metrics: Arc::clone(&self.metrics),
            polled: Arc::clone(&self.channels.polled),
            published: Arc::clone(&self.channels.published),
            config: self.channels.publish_config.subscribe(),
            store_problem: self.channels.store_problem.subscribe(),
        }
    }

    fn hub_notifier(&self, fetcher: Fetcher) -> websub::HubNotifier {
        websub::HubNotifier {
            store: self.store.clone(),
            fetcher,
            archives: Arc::clone(&self.archives),
            published: Arc::clone(&self.channels.published),
        }
    }

    fn poller(&self) -> poller::Poller {
        poller::Poller {
            store: self.store.clone(),
            config: self.channels.poller_config.subscribe(),
            polled: Arc::clone(&self.channels.polled),
            status: self.channels.poller_status.clone(),
            metrics: Arc::clone(&self.metrics),
        }
    }

    fn reloader(self, reloading: Reloading) -> reload::Reloader {
        let Reloading { loaded, hangup, address, synced } = reloading;
        reload::Reloader {
            loaded,
            hangup,
            address,
            synced,
            store: self.store,
            poller_config: self.channels.poller_config,
            publish_config: self.channels.publish_config,
            max_age: self.max_age,
            metrics: self.metrics,
        }
    }
}

/// The sockets that systemd passes, else the configured address.
async fn listen(configured: &ListenAddress) -> std::io::Result<serve::Listener> {
    match serve::Listener::from_systemd()? {
        Some(listener) => Ok(listener),
        None => serve::Listener::bind(configured).await,
    }
}
