//! The life of the process: start, run, stop. Door: the clock, the tasks, the signals.
#![allow(clippy::disallowed_methods, reason = "this is the door to the clock and to spawning")]

mod health_check;
mod notify;
mod poller;
mod publisher;
pub mod queue;
mod reload;
mod rlimit;
mod signals;
mod status;
mod sync_config;
mod websub;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::config::{self, Config, Place, Stamp, Surroundings};
use crate::fetch::Fetcher;
use crate::metrics::Metrics;
use crate::publish::archive::Archives;
use crate::publish::{document_cache::DocumentCache, output::Site};
use crate::serve::{self, MaxAge, Readiness, ServerState, StoreHealth};
use crate::store::{self, Store};

pub use poller::{Finished, round};
pub use publisher::publish_once;
pub use signals::Signals;
pub use sync_config::{Sources, recall, sync_config};

/// How long polls in flight and open requests may take once the process is to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(7);

/// The config, and what it takes to read it again.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// Where it comes from.
    pub place: Place,
    /// Where the program runs.
    pub surroundings: Surroundings,
    /// Its files as they were before they were read.
    pub stamp: Stamp,
    /// What it says.
    pub config: Config,
}

/// What keeps the store from being written, in words for the operator, while something does.
type StoreUnwritable = Option<Arc<str>>;

/// How far the config that the daemon began with has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The store has been told of it.
    TakenUp,
    /// The store could not be written: only what it knew already is in force.
    Recalled,
}

/// Why the daemon cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {0:?}: {1}")]
    Listen(serve::ListenAddress, std::io::Error),
    /// The system does not let us listen to signals.
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// The time of day, in the store's milliseconds.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Runs until `stop` is done: listens, polls, publishes, and leaves everything written down.
/// `ready` is told the address once the outputs answer.
///
/// # Errors
/// It cannot start; what happens later is logged and survived.
pub async fn run(
    given: LoadedConfig,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(&serve::ListenAddress),
) -> Result<(), Error> {
    let hangup = signals::hangup().map_err(Error::Signals)?;
    let config = &given.config;
    let lock = store::lock(&config.store)?;
    let memory = StoreThreads::open_locked(&config.store, lock)?;
    let listener = listen(&config.listen).await.map_err(|e| Error::Listen(config.listen.clone(), e))?;
    let here = listener.address().unwrap_or_else(|| config.listen.clone());
    let (trouble, troubled) = watch::channel(None);
    let taken_up = sync_config::take_up(&memory.store, config, site(config, &here)).await;
    let standing = if taken_up.is_ok() { Standing::TakenUp } else { Standing::Recalled };
    let (outputs, sources) = match taken_up {
        Ok(adopted) => adopted,
        Err(error) => {
            // What was published last is served all the same; the reloader makes up for the rest.
            let recalled = sync_config::recall(&memory.store, config, site(config, &here)).await?;
            trouble.send_replace(Some(health_check::trouble(&error)));
            recalled
        }
    };

    let outputs = Arc::new(outputs);
    let archives = Arc::new(Archives::new(memory.store.clone(), Arc::clone(&outputs)));
    let document_cache = Arc::new(DocumentCache::new());
    let (stopping, stopped) = watch::channel(false);
    let news = Arc::new(Notify::new());
    let published = Arc::new(Notify::new());
    let health = Arc::new(Readiness::default());
    let limits = (config.concurrency, config.per_host);
    let (orders, followed) = watch::channel(Arc::new(poller::PollerConfig::new(
        Fetcher::new(&config.fetch),
        Arc::clone(&sources),
        limits,
    )));
    let (swap, setup) = watch::channel(Arc::new(reload::PublishConfig::new(config, outputs, sources)));
    let metrics = Arc::new(Metrics::default());
    metrics.build([env!("CARGO_PKG_VERSION"), env!("SIFTWIRE_COMMIT"), store::sqlite_version()]);
    let publisher = publisher::Publisher {
        trouble: troubled.clone(),
        store: memory.store.clone(),
        document_cache: Arc::clone(&document_cache),
        news: Arc::clone(&news),
        published: Arc::clone(&published),
        setup: setup.clone(),
        metrics: Arc::clone(&metrics),
        archives: Arc::clone(&archives),
    };
    // What was published before is up before anything is evaluated anew.
    let first = Arc::clone(&setup.borrow());
    publisher.open(&first).await?;
    let (pulse, beats) = watch::channel(poller::PollerStatus::default());
    let poller = poller::Poller {
        store: memory.store.clone(),
        orders: followed,
        news,
        pulse,
        metrics: Arc::clone(&metrics),
    };
    let mut tasks = JoinSet::new();
    let max_age = MaxAge::new(config.cache);
    let measure = health_check::Measure {
        store: memory.store.clone(),
        options: config.store.clone(),
        health: Arc::clone(&health),
        metrics: Arc::clone(&metrics),
        beats: beats.clone(),
        trouble,
    };
    let herald = websub::Herald {
        store: memory.store.clone(),
        fetcher: Fetcher::new(&config.fetch),
        archives: Arc::clone(&archives),
        published,
    };
    let archive: serve::ArchiveReader = Arc::new(move |name, number, format| {
        let archives = Arc::clone(&archives);
        Box::pin(async move { archives.page(&name, number, format, now()).await })
    });
    let routes = serve::routes(ServerState::new(
        document_cache,
        archive,
        max_age.clone(),
        Arc::clone(&health),
        Arc::clone(&metrics),
    ));
    let reloader = reload::Reloader {
        given,
        hangup,
        here: here.clone(),
        store: memory.store.clone(),
        orders,
        setup: swap,
        max_age,
        metrics,
        standing,
    };
    let stop_serving = wait_for(stopped.clone());
    tasks.spawn(serve::run(listener, routes, rlimit::limits(limits.0), stop_serving));
    if let Some(words) = &*troubled.borrow() {
        tracing::error!("{words}");
        health.set_store(StoreHealth::Unwritable);
    }
    health.set_started();
    notify::ready();
    ready(&here);
    tasks.spawn(report(beats.clone(), troubled, wait_for(stopped.clone())));
    tasks.spawn(measure.run(stopped.clone()));
    tasks.spawn(publisher.run(stopped.clone()));
    tasks.spawn(herald.run(stopped.clone()));
    tasks.spawn(poller.run(stopped.clone()));
    tasks.spawn(reloader.run(stopped));

    stop.await;
    let poller::PollerStatus { sources, in_flight, next } = *beats.borrow();
    tracing::info!(sources, in_flight, next = next.map(|next| next.to_string()), "stopping");
    notify::stopping();
    // Nobody listening any more means that the tasks have ended already.
    let _ = stopping.send(true);
    let last = tokio::time::timeout(SHUTDOWN_TIMEOUT + Duration::from_secs(1), async {
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task ended badly");
            }
        }
    });
    if last.await.is_err() {
        tracing::warn!("some tasks did not end in time");
    }
    tasks.shutdown().await;
    memory.close();
    tracing::info!("stopped");
    Ok(())
}

/// What systemd passes, else what the config says.
async fn listen(configured: &serve::ListenAddress) -> std::io::Result<serve::Listener> {
    match serve::Listener::from_systemd()? {
        Some(listener) => Ok(listener),
        None => serve::Listener::bind(configured).await,
    }
}

/// Without a configured address the feeds call themselves by the one that is listened on.
fn site(config: &Config, here: &serve::ListenAddress) -> Site {
    let mut site = config.site.clone();
    if site.public_url == config::own_address(&config.listen) {
        site.public_url = config::own_address(here);
    }
    site
}

/// Tells systemd how the poller is doing, at most once a second.
async fn report(
    mut beats: watch::Receiver<poller::PollerStatus>,
    troubled: watch::Receiver<StoreUnwritable>,
    stop: impl Future<Output = ()>,
) {
    tokio::pin!(stop);
    loop {
        let poller::PollerStatus { sources, in_flight, next } = *beats.borrow_and_update();
        let next = next.filter(|next| *next < Timestamp::MAX).map_or_else(String::new, |next| {
            format!(", next in {} s", next.duration_since(now()).as_secs().max(0))
        });
        let trouble = troubled.borrow().as_ref().map(|words| format!("; {words}")).unwrap_or_default();
        notify::status(&format!("polling {in_flight} of {sources}{next}{trouble}"));
        let changed = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            beats.changed().await
        };
        tokio::select! {
            () = &mut stop => return,
            changed = changed => if changed.is_err() { return },
        }
    }
}

async fn wait_for(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is as good as its word.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The store and its threads.
pub struct StoreThreads {
    /// The handle.
    pub store: Store,
    threads: Vec<JoinHandle<()>>,
}

impl StoreThreads {
    /// Opens the store and starts its threads.
    ///
    /// # Errors
    /// The file cannot be opened, or no thread be started.
    pub fn open(options: &store::Options) -> Result<StoreThreads, Error> {
        StoreThreads::start(store::open(options)?)
    }

    fn open_locked(options: &store::Options, lock: store::Lock) -> Result<StoreThreads, Error> {
        StoreThreads::start(store::open_locked(options, lock)?)
    }

    fn start((store, workers): (Store, store::Workers)) -> Result<StoreThreads, Error> {
        let threads = workers
            .0
            .into_iter()
            .map(|work| std::thread::Builder::new().name("store".into()).spawn(work).map_err(Error::Thread))
            .collect::<Result<_, _>>()?;
        Ok(StoreThreads { store, threads })
    }

    /// Waits until all is written and closed. Every other handle must be gone.
    pub fn close(self) {
        drop(self.store);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}
