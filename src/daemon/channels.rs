//! The channels between the daemon's tasks and what they carry. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::peers::Peers;
use super::standing::Standing;
use crate::config::{self, Config};
use crate::fetch::Fetcher;
use crate::filter::QueryContext;
use crate::publish::Outputs;
use crate::publish::first_start::About;
use crate::serve::ListenAddress;
use crate::source::host_budget::HostSettings;
use crate::source::{FullText, Source};
use crate::store::EntryIds;

/// The configured sources by name.
pub type Sources = Arc<HashMap<String, Arc<Source>>>;

/// All channels. They live as long as the daemon, so that a task that ends closes none. A `watch` receiver sees only the
/// latest value, and several notifications of a `Notify` may arrive as one.
pub(super) struct Channels {
    /// What to poll. The reloader sends a whole new value; the poller receives it between two polls.
    pub(super) poller_config: watch::Sender<Arc<PollerConfig>>,
    /// What to publish. The reloader sends a whole new value, also for a config problem; the publisher receives it.
    pub(super) publish_config: watch::Sender<Arc<PublishConfig>>,
    /// The poller sends at every turn of its loop, at least every ten seconds. The health check takes silence for a
    /// stuck poller; systemd's status line and the log at shutdown show the value.
    pub(super) poller_status: watch::Sender<PollerStatus>,
    /// The poller and the health check send when the store cannot be written; the health check alone, when it can again.
    /// The poller starts nothing meanwhile, the publisher shows it on the front page, systemd's status line too.
    pub(super) store_problem: watch::Sender<StoreProblem>,
    /// The poller sends when the network of this machine is down, and when it is back; the publisher shows it.
    pub(super) network_problem: watch::Sender<Option<Arc<str>>>,
    /// What the config of this daemon is among those on the store. The reloader sends; the heartbeat tells the others.
    pub(super) standing: watch::Sender<Standing>,
    /// Another config is in force than the one that was applied. The heartbeat notifies; the reloader waits.
    pub(super) config_in_force: Notify,
    /// The heartbeat sends who shares the store; the poller asks only the hosts that are then its own.
    pub(super) peers: watch::Sender<Arc<Peers>>,
    /// A poll may have changed outputs. The poller notifies; the publisher waits.
    pub(super) polled: Notify,
    /// Outputs may want other articles. The publisher notifies after each pass; the poller waits.
    pub(super) articles_wanted: Notify,
    /// A publishing pass has ended. The publisher notifies; the hub notifier waits.
    pub(super) published: Notify,
}

impl Channels {
    pub(super) fn new(
        poller_config: PollerConfig,
        publish_config: PublishConfig,
        problem: StoreProblem,
        (standing, peers): (Standing, Peers),
    ) -> Channels {
        Channels {
            poller_config: watch::Sender::new(Arc::new(poller_config)),
            publish_config: watch::Sender::new(Arc::new(publish_config)),
            poller_status: watch::Sender::new(PollerStatus::default()),
            store_problem: watch::Sender::new(problem),
            network_problem: watch::Sender::new(None),
            standing: watch::Sender::new(standing),
            config_in_force: Notify::new(),
            peers: watch::Sender::new(Arc::new(peers)),
            polled: Notify::new(),
            articles_wanted: Notify::new(),
            published: Notify::new(),
        }
    }
}

/// Why the store cannot be written, for the operator; `None` while it can.
pub(super) type StoreProblem = Option<Arc<str>>;

/// What a poll may take for parsing and writing, beyond the source's own timeout.
pub(super) const PROCESSING_TIME: Duration = Duration::from_secs(120);

/// What the config says about polling.
pub struct PollerConfig {
    pub(super) fetcher: Fetcher,
    pub(super) sources: Sources,
    pub(super) concurrency: usize,
    pub(super) per_host: usize,
    pub(super) hosts: BTreeMap<String, HostSettings>,
    /// The configured times between two requests to a host.
    pub(super) gaps: Arc<BTreeMap<String, Duration>>,
    /// How long a claim lasts: no poll of these sources takes longer.
    pub(super) lease: Duration,
    /// Whether articles of any source are read.
    pub(super) reads_articles: bool,
}

impl PollerConfig {
    /// These sources, as the config says.
    pub fn new(fetcher: Fetcher, sources: Sources, config: &Config) -> PollerConfig {
        let timeout = sources.values().map(|source| source.access.timeout).max().unwrap_or_default();
        let reads_articles = sources.values().any(|source| source.articles.full_text != FullText::No);
        PollerConfig {
            reads_articles,
            fetcher,
            sources,
            concurrency: config.concurrency,
            per_host: config.per_host,
            hosts: config.hosts.clone(),
            gaps: Arc::new(gaps(&config.hosts)),
            lease: PROCESSING_TIME + timeout,
        }
    }
}

fn gaps(hosts: &BTreeMap<String, HostSettings>) -> BTreeMap<String, Duration> {
    hosts.iter().filter_map(|(host, settings)| Some((host.clone(), settings.gap?))).collect()
}

/// How the poller is doing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PollerStatus {
    /// Sources that are polled.
    pub(super) sources: usize,
    /// Polls in flight.
    pub(super) in_flight: usize,
    /// When the next poll is due; `None`: nothing is planned, or the plans were not read yet.
    pub(super) next: Option<Timestamp>,
}

/// What the config says about publishing.
#[derive(Clone)]
pub(super) struct PublishConfig {
    pub(super) sources: Sources,
    pub(super) outputs: Arc<Outputs>,
    /// The topics, languages and tags of queries.
    pub(super) query_context: Arc<QueryContext>,
    /// Which ids outputs give to entries.
    pub(super) ids: EntryIds,
    /// Entries older than this are deleted.
    pub(super) keep: Duration,
    /// Whether each source has metrics of its own, however many there are.
    pub(super) source_metrics: bool,
    /// What runs, for the front page.
    pub(super) about: About,
    /// What is wrong with the config in the files now, for the front page: it says nothing of what is in them.
    pub(super) problem: Option<Arc<str>>,
}

impl PublishConfig {
    pub(super) fn new(config: &Config, outputs: Arc<Outputs>, sources: Sources) -> PublishConfig {
        // What another config keeps may be older.
        let keep = if outputs.makes_none() { Duration::MAX } else { config.store.keep };
        PublishConfig {
            sources,
            outputs,
            query_context: Arc::new(config.query_context.clone()),
            ids: config.ids,
            keep,
            source_metrics: config.source_metrics,
            about: about(config),
            problem: None,
        }
    }
}

/// The config's path is for those alone who are on this machine.
fn about(config: &Config) -> About {
    let is_local = config.site.public_url == config::default_public_url(&config.listen)
        && matches!(&config.listen, ListenAddress::Tcp(address) if address.ip().is_loopback());
    let main = config.files.first();
    let config_name = main.map_or_else(
        || "built in (`siftwire init` writes config.toml)".to_owned(),
        |main| config::shown_name(&main.path),
    );
    let path = main.filter(|_| is_local).map(|main| main.path.display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    About { version, config: path.unwrap_or_else(|| config_name.clone()), config_name }
}
