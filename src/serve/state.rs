//! The state that the handlers share: documents, archive, cache policy, readiness, metrics. No I/O of its own.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use url::Url;

use super::access::AccessToken;
use super::response::header_value;
use super::wrong_tokens::WrongTokens;
use crate::metrics::Metrics;
use crate::publish::archive::RenderedPage;
use crate::publish::document_cache::{DocumentCache, Representation};
use crate::publish::format::Format;
use crate::publish::html;
use crate::publish::search_request::SearchRequest;

/// The responses that read the store, because they are not kept in memory. The daemon passes the functions in, so that
/// this module does not depend on how a page is made.
#[derive(Clone)]
pub struct StoreReaders {
    /// Reads archive pages.
    pub archive: ArchiveReader,
    /// Reads the web pages of outputs, other than the current ones.
    pub output: OutputPageReader,
    /// Reads the private pages.
    pub private: PrivatePageReader,
    /// Searches what is kept.
    pub search: SearchReader,
}

/// Answers a search as a page, or as a feed. An error means that the store could not be read.
pub type SearchReader = Arc<dyn Fn(SearchRequest, SearchClient, Format) -> SearchFuture + Send + Sync>;

/// Who searches: an address, and the page of a browser whose script says which one it is. Browsers at one address, tabs of
/// one browser and clients of one proxy have the address, the cookie and the token in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchClient {
    pub(super) address: Option<IpAddr>,
    pub(super) page: Option<String>,
}

impl SearchClient {
    /// A page with this name.
    #[cfg(test)]
    pub fn of_page(name: &str) -> SearchClient {
        SearchClient { address: None, page: Some(name.to_owned()) }
    }

    /// Whether it is one page, which shows the answer to its last request alone.
    #[must_use]
    pub fn is_one_page(&self) -> bool {
        self.page.is_some()
    }
}

/// The result of a [`SearchReader`].
pub type SearchFuture = Pin<Box<dyn Future<Output = Result<SearchAnswer, crate::store::Error>> + Send>>;

/// The answer to a search.
pub enum SearchAnswer {
    /// The page or the feed.
    Found(Arc<Representation>),
    /// The search is invalid: why, for people.
    Invalid(String),
    /// Too many others wait.
    Busy,
    /// The same page wants something else by now.
    Replaced,
}

/// A web page of an output, other than the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputPage {
    /// The archive page with this number.
    Archive(u32),
    /// Those of its newest entries that a query finds.
    Search(String),
}

/// The answer to a request of an [`OutputPage`].
pub enum OutputPageAnswer {
    /// The page.
    Found(Arc<Representation>),
    /// There is none.
    Missing,
    /// Too many others wait.
    Busy,
}

/// Reads a page of the output with this name. An error means that the store could not be read.
pub type OutputPageReader = Arc<dyn Fn(String, OutputPage) -> OutputPageFuture + Send + Sync>;

/// The result of an [`OutputPageReader`].
pub type OutputPageFuture =
    Pin<Box<dyn Future<Output = Result<OutputPageAnswer, crate::store::Error>> + Send>>;

/// A page that is not for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivatePage {
    /// A part of the sources.
    Sources {
        /// What to search for; empty: all.
        search: String,
        /// The number of the part, from 1.
        number: usize,
    },
    /// The source of this name.
    Source(String),
    /// The entry with this number.
    Entry(i64),
    /// What was taken for one story lately.
    Stories,
}

/// Reads a private page; `None`: there is none. An error means that the store could not be read.
pub type PrivatePageReader = Arc<dyn Fn(PrivatePage) -> PrivatePageResult + Send + Sync>;

/// The result of a [`PrivatePageReader`].
pub type PrivatePageResult =
    Pin<Box<dyn Future<Output = Result<Option<Representation>, crate::store::Error>> + Send>>;

/// Reads an archive page: output name, page number, format. `None`: there is no such page.
pub type ArchiveReader = Arc<dyn Fn(String, u32, Format) -> ArchiveResult + Send + Sync>;

/// The result of an [`ArchiveReader`]. An error means that the store could not be read.
pub type ArchiveResult =
    Pin<Box<dyn Future<Output = Result<Option<RenderedPage>, crate::store::Error>> + Send>>;

/// Everything that the handlers need.
pub struct ServerState {
    pub(super) document_cache: Arc<DocumentCache>,
    pub(super) readers: StoreReaders,
    pub(super) settings: SharedHttpSettings,
    pub(super) wrong_tokens: WrongTokens,
    pub(super) readiness: Arc<Readiness>,
    pub(super) metrics: Arc<Metrics>,
    /// `Content-Security-Policy` of the pages of outputs.
    pub(super) page_policy: HeaderValue,
    /// The same of `/` and `/sources`.
    pub(super) front_page_policy: HeaderValue,
    /// The same of `/try`.
    pub(super) try_page_policy: HeaderValue,
}

impl ServerState {
    /// Groups what the handlers read.
    pub fn new(
        document_cache: Arc<DocumentCache>,
        readers: StoreReaders,
        settings: SharedHttpSettings,
        readiness: Arc<Readiness>,
        metrics: Arc<Metrics>,
    ) -> ServerState {
        let page_policy = header_value(&html::content_security_policy(html::READING));
        let front_page_policy = header_value(&html::content_security_policy(html::FRONT));
        let try_page_policy = header_value(&html::content_security_policy(html::TRY));
        ServerState {
            document_cache,
            readers,
            settings,
            wrong_tokens: WrongTokens::default(),
            readiness,
            metrics,
            page_policy,
            front_page_policy,
            try_page_policy,
        }
    }
}

/// What the config says about responses.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How long readers may cache a document.
    pub max_age: Duration,
    /// Opens the private pages and outputs.
    pub token: Option<AccessToken>,
    /// The address of the published feeds, as those reach them who are not on this machine.
    pub public_url: Url,
}

/// The same, shared, so that a config reload can change it.
#[derive(Clone, Debug)]
pub struct SharedHttpSettings(Arc<RwLock<(HeaderValue, Arc<HttpSettings>)>>);

impl SharedHttpSettings {
    /// These settings.
    #[must_use]
    pub fn new(settings: HttpSettings) -> SharedHttpSettings {
        SharedHttpSettings(Arc::new(RwLock::new(SharedHttpSettings::with_header(settings))))
    }

    /// Replaces them for all later responses.
    pub fn set(&self, settings: HttpSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = SharedHttpSettings::with_header(settings);
    }

    fn with_header(settings: HttpSettings) -> (HeaderValue, Arc<HttpSettings>) {
        let max_age = header_value(&format!("public, max-age={}", settings.max_age.as_secs()));
        (max_age, Arc::new(settings))
    }

    pub(super) fn get(&self) -> Arc<HttpSettings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The `Cache-Control` header of documents.
    pub(super) fn cache_control(&self) -> HeaderValue {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

/// What `/readyz` reports. The daemon's tasks update it.
#[derive(Debug, Default)]
pub struct Readiness {
    started: AtomicBool,
    store_unwritable: AtomicBool,
    unheard: AtomicBool,
    differs: AtomicBool,
    stuck_task: Mutex<Option<&'static str>>,
}

impl Readiness {
    /// The document cache is filled: every output can be served.
    pub fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// Records whether the store can be written.
    pub fn set_store(&self, health: StoreHealth) {
        self.store_unwritable.store(health == StoreHealth::Unwritable, Ordering::Release);
    }

    /// Records whether the other daemons on the store hear from this one.
    pub fn set_heard(&self, is_heard: bool) {
        self.unheard.store(!is_heard, Ordering::Release);
    }

    /// Records whether this daemon makes outputs, or serves what others make by another config.
    pub fn set_config_in_force(&self, is_in_force: bool) {
        self.differs.store(!is_in_force, Ordering::Release);
    }

    /// Records which task or thread does not get on, if any.
    pub fn set_stuck_task(&self, name: Option<&'static str>) {
        *self.stuck_task.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// The body of a 200 response.
    pub(super) fn ready(&self) -> &'static str {
        match self.differs.load(Ordering::Acquire) {
            false => "ok\n",
            true => "ok: the config of another daemon is in force\n",
        }
    }

    /// The body of a 503 response, or `None` if the daemon is ready.
    pub(super) fn problem(&self) -> Option<String> {
        let is = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        if !is(&self.started) {
            Some("not ok: starting\n".to_owned())
        } else if is(&self.store_unwritable) {
            Some("not ok: the store cannot be written\n".to_owned())
        } else if is(&self.unheard) {
            Some("not ok: the other daemons do not hear from this one\n".to_owned())
        } else {
            let stuck = *self.stuck_task.lock().unwrap_or_else(PoisonError::into_inner);
            stuck.map(|name| format!("not ok: the {name} is stuck\n"))
        }
    }
}

/// Whether the store accepts writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// The last test write succeeded.
    Writable,
    /// The last test write failed.
    Unwritable,
}
