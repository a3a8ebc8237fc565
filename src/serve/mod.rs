//! HTTP in: request, call, response. Door: the only place that knows axum.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, Request, Response, StatusCode};

use self::negotiate::Answer;
use crate::publish::html;
use crate::publish::shelf::{Place, Representation, Shelf};

pub mod connections;
pub mod listen;
mod negotiate;

pub use connections::run;
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
    pub shelf: Arc<Shelf>,
    /// For how long a reader may use an answer without asking again.
    pub max_age: Duration,
    /// What the machines' addresses say.
    pub health: Arc<Health>,
}

/// Whether the daemon is in order, set by the daemon.
#[derive(Debug, Default)]
pub struct Health {
    ready: AtomicBool,
    broken: AtomicBool,
}

impl Health {
    /// The shelf is filled: requests can be answered in full.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// The store works, or does not: `/healthz` says so.
    pub fn set_store(&self, store: StoreHealth) {
        self.broken.store(store == StoreHealth::Broken, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && self.is_healthy()
    }

    fn is_healthy(&self) -> bool {
        !self.broken.load(Ordering::Acquire)
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

/// The policy of the pages and the header values that never change.
struct Shared {
    service: Service,
    page_policy: HeaderValue,
    cache_control: HeaderValue,
}

const METHODS: &str = "GET, HEAD, OPTIONS";

/// All addresses of the daemon.
pub fn router(service: Service) -> Router {
    let cache_control = format!("public, max-age={}", service.max_age.as_secs());
    let shared = Shared {
        page_policy: value(&html::content_security_policy()),
        cache_control: value(&cache_control),
        service,
    };
    Router::new().fallback(answer).with_state(Arc::new(shared))
}

/// One request. Every address is looked up on the shelf; the machines' two are made here.
async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    let health = &shared.service.health;
    let found = match path {
        "/healthz" => Found::State(health.is_healthy()),
        "/readyz" => Found::State(health.is_ready()),
        path => match shared.service.shelf.find(path) {
            Some(Place::Here(representation)) => Found::Here(representation),
            Some(Place::Retired) => return words(StatusCode::GONE, "This feed is no longer published.\n"),
            None => return words(StatusCode::NOT_FOUND, "There is nothing at this address.\n"),
        },
    };
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return options(),
        _ => {
            let mut response = words(StatusCode::METHOD_NOT_ALLOWED, "This address can only be read.\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
            return response;
        }
    }
    match found {
        Found::Here(representation) => shared.document(&request, &representation),
        Found::State(true) => words(StatusCode::OK, "ok\n"),
        Found::State(false) => words(StatusCode::SERVICE_UNAVAILABLE, "not ok\n"),
    }
}

enum Found {
    Here(Arc<Representation>),
    State(bool),
}

impl Shared {
    fn document(&self, request: &Request<Body>, representation: &Representation) -> Response<Body> {
        let (answer, coding) = negotiate::answer(request.headers(), representation);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        common(headers);
        headers.insert(header::ETAG, value(&representation.etag(coding)));
        headers.insert(header::LAST_MODIFIED, value(&negotiate::http_date(representation.last_modified)));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        if answer == Answer::NotModified {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if answer == Answer::PreconditionFailed {
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
        if coding != crate::publish::shelf::Coding::Identity {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        // The coding was chosen among those that are there.
        let body = representation.body(coding).cloned().unwrap_or_default();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        if *request.method() == Method::GET {
            *response.body_mut() = Body::from(body);
        }
        response
    }
}

/// A preflight, or a plain question for the methods.
fn options() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    common(headers);
    headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    let cors = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, If-Modified-Since"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    headers.extend(cors.map(|(name, text)| (name, HeaderValue::from_static(text))));
    response
}

/// A short answer in words, without version or path.
fn words(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    common(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Anyone may read, from any page, and no browser may guess another type.
fn common(headers: &mut axum::http::HeaderMap) {
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
