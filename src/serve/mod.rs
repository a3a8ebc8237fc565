//! HTTP in: request, call, response. Door: the only place that knows axum.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};

use self::negotiate::Answer;
use crate::metrics::Metrics;
use crate::publish::archive::{PageState, RenderedPage};
use crate::publish::document_cache::{CachedDocument, Coding, DocumentCache, Representation};
use crate::publish::format::Format;
use crate::publish::html;

mod address;
pub mod connections;
mod direct;
pub mod listen;
mod negotiate;
mod timeouts;

pub use connections::run;
pub use direct::Routes;
pub use listen::Listener;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `127.0.0.1:8080`; port 0 takes a free one.
    Tcp(SocketAddr),
    /// `unix:/run/siftwire.sock`.
    Unix(PathBuf),
}

/// What requests are answered from. Nothing in it waits for the store.
#[derive(Clone, Debug)]
pub struct Service {
    /// The documents and pages.
    pub document_cache: Arc<DocumentCache>,
    /// For how long a reader may use an answer without asking again.
    pub max_age: MaxAge,
    /// What the machines' addresses say.
    pub health: Arc<Health>,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
}

/// For how long readers may use an answer; shared, so that it can change while it is served.
#[derive(Clone, Debug)]
pub struct MaxAge(Arc<RwLock<HeaderValue>>);

impl MaxAge {
    /// Begins with a time; parts of a second do not count.
    #[must_use]
    pub fn new(time: Duration) -> MaxAge {
        MaxAge(Arc::new(RwLock::new(MaxAge::written(time))))
    }

    /// From now on this long.
    pub fn set(&self, time: Duration) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = MaxAge::written(time);
    }

    fn written(time: Duration) -> HeaderValue {
        value(&format!("public, max-age={}", time.as_secs()))
    }

    fn header(&self) -> HeaderValue {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the daemon is in order, set by the daemon.
#[derive(Debug, Default)]
pub struct Health {
    ready: AtomicBool,
    broken: AtomicBool,
    stuck: AtomicBool,
}

impl Health {
    /// The document_cache is filled: requests can be answered in full.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// The store works, or does not: `/readyz` says so.
    pub fn set_store(&self, store: StoreHealth) {
        self.broken.store(store == StoreHealth::Broken, Ordering::Release);
    }

    /// The poller turns, or does not: `/readyz` says so.
    pub fn set_poller(&self, poller: PollerHealth) {
        self.stuck.store(poller == PollerHealth::Stuck, Ordering::Release);
    }

    fn complaint(&self) -> Option<&'static str> {
        let is = |state: &AtomicBool| state.load(Ordering::Acquire);
        if !is(&self.ready) {
            Some("not ok: it is starting\n")
        } else if is(&self.broken) {
            Some("not ok: the store cannot be written\n")
        } else {
            is(&self.stuck).then_some("not ok: the poller is stuck\n")
        }
    }
}

/// Whether the store works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// It does.
    Works,
    /// The last command to it failed.
    Broken,
}

/// Whether the poller does its turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollerHealth {
    /// It does.
    Turns,
    /// It has not for long.
    Stuck,
}

/// Reads an archive page: an output's name, the page's number, the format. `None`: there is none.
///
/// It is the one thing that may ask the store, since deep history is not kept in memory; handed in by
/// the daemon so that this room need not know how it is made.
pub type ArchiveReader = Arc<dyn Fn(String, u32, Format) -> Archived + Send + Sync>;

/// What an [`ArchiveReader`] answers, later: the error is that the store did not answer.
pub type Archived = Pin<Box<dyn Future<Output = Result<Option<RenderedPage>, crate::store::Error>> + Send>>;

/// What is answered from, and the policy of the pages.
struct Shared {
    service: Service,
    archive: Option<ArchiveReader>,
    page_policy: HeaderValue,
}

/// A full archive page never changes (RFC 5005 section 4).
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
/// More than the fields of any answer.
const FIELDS: usize = 24;
const METHODS: &str = "GET, HEAD, OPTIONS";

/// All addresses of the daemon, without archive pages.
pub fn router(service: Service) -> Routes {
    routes(service, None)
}

/// All addresses of the daemon.
pub fn router_with_archive(service: Service, archive: ArchiveReader) -> Routes {
    routes(service, Some(archive))
}

fn routes(service: Service, archive: Option<ArchiveReader>) -> Routes {
    let shared = Arc::new(Shared { page_policy: value(&html::content_security_policy()), service, archive });
    let others = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    Routes::new(shared, others)
}

/// One request: an address of the machines, of the document_cache, or of an archive.
async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (head, _) = request.into_parts();
    let found = match shared.at_hand(head.uri.path()) {
        Some(found) => found,
        None => shared.archived(head.uri.path()).await,
    };
    shared.respond(&head.method, &head.headers, found).map(Body::from)
}

enum Found {
    Here(Arc<Representation>),
    Archived(Arc<Representation>),
    Retired,
    Nothing,
    /// What is wrong, if something is.
    State(Option<&'static str>),
    Metrics(String),
}

impl Shared {
    /// What needs no waiting; `None` where only the archive can tell. A path counts with and without that of
    /// `public_url` before it.
    fn at_hand(&self, path: &str) -> Option<Found> {
        let below = || Some(address::plain(self.service.document_cache.strip_base_path(path)?));
        self.standing(&address::plain(path)).or_else(|| self.standing(&below()?))
    }

    fn standing(&self, path: &str) -> Option<Found> {
        let health = &self.service.health;
        match path {
            // Who answers is alive; what else there is to say is readiness.
            // `OPTIONS *` asks the server as a whole (RFC 9110 section 9.3.7).
            "/healthz" | "*" => return Some(Found::State(None)),
            "/metrics" => return Some(Found::Metrics(self.service.metrics.render())),
            "/readyz" => return Some(Found::State(health.complaint())),
            _ => {}
        }
        match self.service.document_cache.get(path)? {
            CachedDocument::Available(representation) => Some(Found::Here(representation)),
            CachedDocument::Gone => Some(Found::Retired),
        }
    }

    async fn archived(&self, path: &str) -> Found {
        let (whole, below) =
            (address::plain(path), self.service.document_cache.strip_base_path(path).map(address::plain));
        let page = address::archive_page(&whole).or_else(|| address::archive_page(below.as_deref()?));
        let (Some(archive), Some((name, number, format))) = (&self.archive, page) else {
            return Found::Nothing;
        };
        // A name that is not on the document_cache has no archive either: the store is not asked.
        match self.service.document_cache.get(&format.path(name)) {
            Some(CachedDocument::Available(_)) => match archive(name.to_owned(), number, format).await {
                Ok(Some(RenderedPage { representation, state: PageState::Full })) => {
                    Found::Archived(representation)
                }
                Ok(Some(RenderedPage { representation, state: PageState::Open })) => {
                    Found::Here(representation)
                }
                Ok(None) => Found::Nothing,
                Err(error) => {
                    tracing::error!(output = name, number, %error, "an archive page cannot be read");
                    Found::State(Some("not ok: the store cannot be read\n"))
                }
            },
            Some(CachedDocument::Gone) => Found::Retired,
            None => Found::Nothing,
        }
    }

    /// The refusal of a request that does not say which host it is for.
    fn misaddressed() -> Response<Bytes> {
        words(StatusCode::BAD_REQUEST, "A request names its host, once.\n")
    }

    /// The answer to any request, by what is found at its address.
    fn respond(&self, method: &Method, headers: &HeaderMap, found: Found) -> Response<Bytes> {
        let refusal = match (&found, method) {
            (Found::Retired, _) => Some((StatusCode::GONE, "This feed is no longer published.\n")),
            (Found::Nothing, _) => Some((StatusCode::NOT_FOUND, "There is nothing at this address.\n")),
            (_, &Method::GET | &Method::HEAD) => None,
            (_, &Method::OPTIONS) => return options(),
            _ => Some((StatusCode::METHOD_NOT_ALLOWED, "This address can only be read.\n")),
        };
        match (found, refusal) {
            (_, Some((status, text))) => words(status, text),
            (Found::Here(representation), None) => {
                self.document(method, headers, &representation, self.service.max_age.header())
            }
            (Found::Archived(representation), None) => {
                self.document(method, headers, &representation, HeaderValue::from_static(FOR_A_YEAR))
            }
            (Found::Metrics(page), None) => metrics(page),
            (Found::State(Some(complaint)), None) => words(StatusCode::SERVICE_UNAVAILABLE, complaint),
            (_, None) => words(StatusCode::OK, "ok\n"),
        }
    }

    fn document(
        &self,
        method: &Method,
        asked: &HeaderMap,
        representation: &Representation,
        cache_control: HeaderValue,
    ) -> Response<Bytes> {
        let (answer, coding) = negotiate::answer(asked, representation);
        let mut response = Response::new(Bytes::new());
        // Room for all fields, so that the map does not grow under them.
        *response.headers_mut() = HeaderMap::with_capacity(FIELDS);
        let headers = response.headers_mut();
        common(headers);
        headers.insert(header::ETAG, shared_value(representation.etag(coding)));
        headers.insert(header::LAST_MODIFIED, shared_value(representation.http_date()));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, cache_control);
        headers.extend(representation.link.as_ref().map(|link| (header::LINK, shared_value(link))));
        if answer == Answer::NotModified {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if answer == Answer::PreconditionFailed {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
            *response.status_mut() = StatusCode::PRECONDITION_FAILED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(representation.content_type));
        // Some browsers offer feed types for download unless they are told to show them.
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
        if representation.content_type.starts_with("text/html") {
            headers.insert(header::CONTENT_SECURITY_POLICY, self.page_policy.clone());
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        if coding != Coding::Identity {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        // The coding was chosen among those that are there.
        let body = representation.body(coding).cloned().unwrap_or_default();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        if *method == Method::GET {
            *response.body_mut() = body;
        }
        response
    }
}

/// A preflight, or a plain question for the methods.
fn options() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    common(headers);
    headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    let cors = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, If-Modified-Since, *"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    headers.extend(cors.map(|(name, text)| (name, HeaderValue::from_static(text))));
    response
}

fn metrics(page: String) -> Response<Bytes> {
    let mut response = words(StatusCode::OK, "");
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    *response.body_mut() = Bytes::from(page);
    response
}

/// A short answer in words, without version or path.
fn words(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    common(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    }
    response
}

/// Anyone may read, from any page, and no browser may guess another type.
fn common(headers: &mut HeaderMap) {
    let all: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Link"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    headers.extend(all.map(|(name, text)| (name, HeaderValue::from_static(text))));
}

/// A header's value of our own making: visible ASCII; anything else would be left out.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The same without a copy.
fn shared_value(text: &Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(text.clone()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
