//! All routes of the server, and what holds for every request. Does I/O through the handlers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode, Uri, header};
use axum::middleware;
use axum::routing::any;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::listen::Peer;
use super::response::Cors;
use super::state::ServerState;
use super::{address, handlers, private, response, search};
use crate::publish::document_cache::DocumentCache;
use crate::publish::{html, stories_page};

/// The routes. Handlers answer as for GET; [`Routes`] applies the method.
pub fn routes(state: ServerState) -> Routes {
    let document_cache = Arc::clone(&state.document_cache);
    let state = Arc::new(state);
    let router = Router::new()
        .route("/healthz", any(handlers::liveness))
        .route("/readyz", any(handlers::readiness))
        .route("/metrics", any(handlers::metrics))
        .route("/feeds/{output}/archive/{page}", any(handlers::archive_page))
        .merge(private_pages(&state))
        // Feeds, output pages, the front page and the OPML list: every path of the document cache.
        .fallback(handlers::document)
        .with_state(state);
    Routes { document_cache, peer: Peer::UNKNOWN, router: TowerToHyperService::new(router) }
}

/// The pages that are not for everybody.
fn private_pages(state: &Arc<ServerState>) -> Router<Arc<ServerState>> {
    Router::new()
        .route(html::SOURCES_PATH, any(handlers::sources))
        .route(&format!("{}/{{name}}", html::SOURCES_PATH), any(handlers::source))
        .route(&format!("{}/{{number}}", html::ENTRY_PATH), any(handlers::entry))
        .route(stories_page::PATH, any(handlers::stories))
        .route("/try", any(search::page))
        .route("/try.atom", any(search::feed))
        .route("/try.rss", any(search::feed))
        .route("/try.json", any(search::feed))
        .layer(middleware::from_fn_with_state(Arc::clone(state), private::guard))
}

/// The router, below the rules that hold for every request: one valid `Host`, any spelling of a path, an
/// optional `public_url` prefix, and the methods GET, HEAD and OPTIONS.
#[derive(Clone)]
pub struct Routes {
    document_cache: Arc<DocumentCache>,
    /// Who sends the requests.
    peer: Peer,
    router: TowerToHyperService<Router>,
}

impl Routes {
    /// The same, for the requests of one connection.
    pub(super) fn for_peer(&self, peer: Peer) -> Routes {
        Routes { peer, ..self.clone() }
    }

    /// Answers one request. The request body is not read, unless it is a sign-in form.
    pub(super) async fn respond(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let (mut head, body) = request.into_parts();
        if !address::has_valid_host(head.version, &head.headers) {
            return Ok(response::text(StatusCode::BAD_REQUEST, "A request needs exactly one valid Host.\n"));
        }
        let method = head.method.clone();
        head.extensions.insert(self.peer);
        if let Some(token) = private::read_form(&head, body).await {
            head.extensions.insert(token);
        }
        // Some proxies pass the path of `public_url` on, others strip it. The path as sent wins.
        let without_prefix = self.document_cache.strip_base_path(head.uri.path()).and_then(|path| {
            let mut head = head.clone();
            head.uri = with_path(&head.uri, path)?;
            Some(head)
        });
        let mut response = self.route(head).await?;
        if response.status() == StatusCode::NOT_FOUND
            && let Some(head) = without_prefix
        {
            response = self.route(head).await?;
        }
        Ok(apply_method(&method, response))
    }

    async fn route(&self, mut head: Parts) -> Result<Response<Body>, Infallible> {
        if let Some(uri) = canonical_uri(&head.uri) {
            head.uri = uri;
        }
        self.router.call(Request::from_parts(head, Body::empty())).await
    }
}

/// The URI that the router matches, if it differs: `%66eeds` is `feeds` (RFC 3986 section 6.2.2.2), and
/// `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7).
fn canonical_uri(uri: &Uri) -> Option<Uri> {
    match uri.path() {
        "*" => Some(Uri::from_static("/healthz")),
        path if path.contains('%') => with_path(uri, &address::canonical(path)?),
        _ => None,
    }
}

/// Another path with the same query, and host if it names one.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    };
    parts.path_and_query.is_some().then(|| Uri::from_parts(parts).ok())?
}

/// Turns the response to GET into the response to `method`. A missing resource is 404 or 410 for every method.
fn apply_method(method: &Method, mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::NOT_MODIFIED {
        // The router adds the length of the empty body; in a 304 it would describe the document.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    match (response.status(), method) {
        (StatusCode::NOT_FOUND | StatusCode::GONE, _) | (_, &Method::GET | &Method::HEAD) => response,
        // From the guard of private pages, for every method.
        (status, _) if private::is_refusal(status) => response,
        (_, &Method::OPTIONS) => response::options(Cors::of(response.headers())),
        _ => response::method_not_allowed(),
    }
}
