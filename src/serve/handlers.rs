//! One handler for each route. They answer from memory; only archive pages and private pages read the store.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use url::form_urlencoded;

use super::negotiate::{self, Precondition};
use super::private::{self, AddressToken, Allowed};
use super::state::{OutputPage, OutputPageAnswer, PrivatePage, ServerState};
use super::{address, response};
use crate::metrics::ShownSources;
use crate::publish::archive::{PageState, RenderedPage};
use crate::publish::document_cache::{CachedDocument, Coding, Representation};
use crate::publish::format::Format;
use crate::publish::own_links::{self, FeedOf};
use crate::publish::{health, html};

/// A full archive page never changes (RFC 5005 section 4).
const ONE_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Browsers and readers get different documents.
pub(super) const VARY_OF_FEEDS: HeaderValue = HeaderValue::from_static("Accept-Encoding, Accept");

/// Seconds after which a browser requests a page again: without a script, and without moving what is read.
const RELOAD: HeaderValue = HeaderValue::from_static("3");

/// More than any response has, so that the header map never grows while it is filled.
const MAX_HEADERS: usize = 24;

/// `/healthz`: the process answers.
pub(super) async fn liveness() -> Response<Body> {
    response::text(StatusCode::OK, "ok\n")
}

/// `/readyz`: outputs are served, the store can be written, the poller runs.
pub(super) async fn readiness(State(state): State<Arc<ServerState>>) -> Response<Body> {
    match state.readiness.problem() {
        None => response::text(StatusCode::OK, state.readiness.ready()),
        Some(problem) => response::text(StatusCode::SERVICE_UNAVAILABLE, problem),
    }
}

/// `/metrics` in the Prometheus text format.
pub(super) async fn metrics(State(state): State<Arc<ServerState>>, request: Request) -> Response<Body> {
    let respond = async |request: Request| respond_with_metrics(&state, &request);
    match state.metrics.hides_sources() {
        true => private::partly_guarded(&state, request, respond).await,
        false => respond(request).await,
    }
}

fn respond_with_metrics(state: &ServerState, request: &Request) -> Response<Body> {
    let is_allowed = request.extensions().get::<Allowed>().is_some();
    let shown = if is_allowed { ShownSources::All } else { ShownSources::Public };
    let mut response = response::text(StatusCode::OK, state.metrics.render(shown));
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// `/feeds/{output}/archive/{page}`, where `page` is a number and an extension.
pub(super) async fn archive_page(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let Ok(Path((output, page))) = path else { return response::not_found() };
    let is_private = state.document_cache.is_private(&Format::Atom.path(&output));
    let respond = |request| any_archive_page(&state, output, page, request);
    if is_private { private::guarded(&state, request, respond).await } else { respond(request).await }
}

async fn any_archive_page(
    state: &ServerState,
    output: String,
    page: String,
    request: Request,
) -> Response<Body> {
    let (head, _) = request.into_parts();
    let is_browser = negotiate::is_browser(&head.headers);
    let is_web_page = address::archive_page(&page).is_some_and(|(_, format)| format == Format::Html);
    let mut response = respond_with_page(state, output, page, &head).await;
    if response.status() != StatusCode::NOT_FOUND && !is_web_page {
        let headers = response.headers_mut();
        response::allow_any_origin(headers);
        headers.insert(header::VARY, VARY_OF_FEEDS);
        if is_browser {
            response::use_displayed_type(headers);
        }
    }
    response
}

async fn respond_with_page(
    state: &ServerState,
    output: String,
    page: String,
    request: &Parts,
) -> Response<Body> {
    let Some((number, format)) = address::archive_page(&page) else { return response::not_found() };
    // An output without a document in this format has no archive either, so the store is not read.
    match state.document_cache.get(&format.path(&output)) {
        Some(CachedDocument::Available(_)) => {}
        Some(CachedDocument::Gone) => return response::gone(),
        Some(CachedDocument::Moved(path)) => {
            let name = path.strip_suffix(format.extension()).unwrap_or(&path);
            return moved(state, &format!("{name}/archive/{page}"), request.uri.query());
        }
        None => return response::not_found(),
    }
    if format == Format::Html {
        return web_page(state, &request.headers, output, OutputPage::Archive(number)).await;
    }
    let cache_control = |page_state| match page_state {
        PageState::Full => ONE_YEAR,
        PageState::Open => state.settings.cache_control(),
    };
    match (state.readers.archive)(output.clone(), number, format).await {
        Ok(Some(RenderedPage { representation, state: page_state })) => send_feed(
            state,
            request,
            (FeedOf::Output(&output), format),
            &representation,
            cache_control(page_state),
        ),
        Ok(None) => response::not_found(),
        Err(error) => {
            tracing::error!(output, number, %error, "cannot read an archive page");
            response::unreadable()
        }
    }
}

/// A web page of an output that is not in memory.
async fn web_page(
    state: &ServerState,
    request: &HeaderMap,
    output: String,
    page: OutputPage,
) -> Response<Body> {
    match (state.readers.output)(output.clone(), page).await {
        Ok(OutputPageAnswer::Found(page)) => send(state, request, &page, state.settings.cache_control()),
        Ok(OutputPageAnswer::Missing) => response::not_found(),
        Ok(OutputPageAnswer::Busy) => response::busy(),
        Err(error) => {
            tracing::error!(output, %error, "cannot read a page of an output");
            response::unreadable()
        }
    }
}

/// `/sources`: a page of the sources, of those only that `q` finds.
pub(super) async fn sources(
    State(state): State<Arc<ServerState>>,
    query: Result<Query<SourcesQuery>, QueryRejection>,
    request: Request,
) -> Response<Body> {
    let Ok(Query(SourcesQuery { q, page })) = query else {
        return response::text(StatusCode::BAD_REQUEST, "`page` must be a number.\n");
    };
    let search: String = q.trim().chars().take(html::MAX_SEARCH_CHARS).collect();
    let number = page.unwrap_or(1).max(1);
    private_page(&state, request.headers(), PrivatePage::Sources { search, number }).await
}

/// `/sources/{name}`: the page of one source.
pub(super) async fn source(
    State(state): State<Arc<ServerState>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let Ok(Path(name)) = name else { return response::not_found() };
    private_page(&state, request.headers(), PrivatePage::Source(name)).await
}

/// `/entry/{number}`: the page of one entry.
pub(super) async fn entry(
    State(state): State<Arc<ServerState>>,
    number: Result<Path<i64>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let Ok(Path(number)) = number else { return response::not_found() };
    private_page(&state, request.headers(), PrivatePage::Entry(number)).await
}

/// `/stories`: what was taken for one story lately.
pub(super) async fn stories(State(state): State<Arc<ServerState>>, request: Request) -> Response<Body> {
    private_page(&state, request.headers(), PrivatePage::Stories).await
}

async fn private_page(state: &ServerState, request: &HeaderMap, page: PrivatePage) -> Response<Body> {
    match (state.readers.private)(page).await {
        Ok(Some(page)) => send_front_page(state, request, &page, "private, no-cache"),
        Ok(None) => response::not_found(),
        Err(error) => {
            tracing::error!(%error, "cannot read the store for a page");
            response::unreadable()
        }
    }
}

/// The query of `/sources`.
#[derive(serde::Deserialize)]
pub(super) struct SourcesQuery {
    #[serde(default)]
    q: String,
    page: Option<usize>,
}

/// Any other path: a document of the cache. A path with a slash at its end leads to the one without.
pub(super) async fn document(State(state): State<Arc<ServerState>>, request: Request) -> Response<Body> {
    let Some(path) = address::decode(request.uri().path()) else { return response::not_found() };
    let path = path.into_owned();
    let is_private = state.document_cache.is_private(&path);
    let text = searched_text(&state, &path, request.uri().query());
    let respond = async |request: Request| {
        let (head, _) = request.into_parts();
        match (text, path.strip_prefix("/feeds/")) {
            (Some(text), Some(output)) => {
                web_page(&state, &head.headers, output.to_owned(), OutputPage::Search(text)).await
            }
            _ => any_document(&state, &path, &head, head.uri.query().filter(|_| is_private)),
        }
    };
    if is_private {
        private::guarded(&state, request, respond).await
    } else if state.document_cache.whole(&path).is_some() {
        private::partly_guarded(&state, request, respond).await
    } else {
        respond(request).await
    }
}

/// What is searched for at the page of an output.
fn searched_text(state: &ServerState, path: &str, query: Option<&str>) -> Option<String> {
    let (_, text) = form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == "q")?;
    let text: String = text.trim().chars().take(html::MAX_SEARCH_CHARS).collect();
    let is_page = |document: CachedDocument| match document {
        CachedDocument::Available(page) => page.content_type == Format::Html.content_type(),
        CachedDocument::Gone | CachedDocument::Moved(_) => false,
    };
    let is_of_output = path.strip_prefix("/feeds/").is_some_and(|name| name != health::NAME);
    (!text.is_empty() && is_of_output && state.document_cache.get(path).is_some_and(is_page)).then_some(text)
}

/// `query`: what the address of a renamed document must keep.
fn any_document(state: &ServerState, path: &str, request: &Parts, query: Option<&str>) -> Response<Body> {
    let (cache, headers) = (&state.document_cache, &request.headers);
    let is_allowed = request.extensions.get::<Allowed>().is_some();
    let whole = |path: &str| cache.whole(path).filter(|_| is_allowed).map(CachedDocument::Available);
    let get = |path: &str| whole(path).or_else(|| cache.get(path));
    let without_slash = || match path.strip_suffix('/').map(|path| (path, cache.get(path)))? {
        (path, Some(CachedDocument::Available(_))) => Some(CachedDocument::Moved(path.into())),
        (_, document) => document,
    };
    let feed = address::feed(path);
    let is_browser = feed.is_some() && negotiate::is_browser(headers);
    let mut response = match get(path).or_else(without_slash) {
        Some(CachedDocument::Available(document)) => match feed {
            Some((name, _)) if is_browser => {
                send_page_of_feed(state, get(&Format::Html.path(name)), headers, &document)
            }
            Some((name, format)) => {
                let feed = (FeedOf::Output(name), format);
                send_feed(state, request, feed, &document, state.settings.cache_control())
            }
            // The front page tells how the sources are now.
            None if path == "/" => send_front_page(state, headers, &document, "no-cache"),
            None => send(state, headers, &document, state.settings.cache_control()),
        },
        Some(CachedDocument::Gone) => response::gone(),
        Some(CachedDocument::Moved(path)) => moved(state, &path, query),
        None => return response::not_found(),
    };
    if feed.is_some() {
        response.headers_mut().insert(header::VARY, VARY_OF_FEEDS);
    }
    if feed.is_some_and(|(name, _)| address::is_for_everyone(name)) && !is_browser {
        response::allow_any_origin(response.headers_mut());
    }
    response
}

/// To a browser that requests a feed: the page of its output, which says how to subscribe.
fn send_page_of_feed(
    state: &ServerState,
    page: Option<CachedDocument>,
    request: &HeaderMap,
    feed: &Representation,
) -> Response<Body> {
    match page {
        // Some shared caches ignore `Vary`: they must never have the page, which a reader would get then.
        Some(CachedDocument::Available(page)) => {
            send(state, request, &page, HeaderValue::from_static("private, no-cache"))
        }
        _ => send(state, request, feed, state.settings.cache_control()),
    }
}

/// A feed, or a page of its archive. If the token is in the address, it is in the links too: a reader that sends it so
/// knows no other way, and would get nothing at them.
pub(super) fn send_feed(
    state: &ServerState,
    request: &Parts,
    feed_of: (FeedOf<'_>, Format),
    feed: &Representation,
    cache_control: HeaderValue,
) -> Response<Body> {
    let token = request.extensions.get::<AddressToken>();
    let with_token = token.and_then(|AddressToken(token)| {
        own_links::with_token(feed, &state.settings.get().public_url, feed_of, token)
    });
    send(state, &request.headers, with_token.as_ref().unwrap_or(feed), cache_control)
}

/// The document of a renamed output is at another path. The address without scheme and host is right for every host
/// name and proxy by which readers come.
fn moved(state: &ServerState, path: &str, query: Option<&str>) -> Response<Body> {
    let path = state.document_cache.public_path(path);
    let address = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    response::moved(&address, state.settings.cache_control())
}

/// A page that says how Siftwire is doing now.
fn send_front_page(
    state: &ServerState,
    request: &HeaderMap,
    page: &Representation,
    cache_control: &'static str,
) -> Response<Body> {
    let mut response = send(state, request, page, HeaderValue::from_static(cache_control));
    if let Some(policy) = response.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY) {
        *policy = state.front_page_policy.clone();
    }
    response
}

/// A representation: 200 in the negotiated coding, 304 or 412.
pub(super) fn send(
    state: &ServerState,
    request: &HeaderMap,
    representation: &Representation,
    cache_control: HeaderValue,
) -> Response<Body> {
    let (precondition, coding) = negotiate::negotiate(request, representation);
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = HeaderMap::with_capacity(MAX_HEADERS);
    let headers = response.headers_mut();
    response::insert_common_headers(headers);
    headers.insert(header::ETAG, response::shared_header_value(representation.etag(coding)));
    headers.insert(header::LAST_MODIFIED, response::shared_header_value(representation.http_date()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CACHE_CONTROL, cache_control);
    headers
        .extend(representation.link.as_ref().map(|link| (header::LINK, response::shared_header_value(link))));
    if representation.reloads {
        headers.insert(header::REFRESH, RELOAD);
    }
    match precondition {
        Precondition::NotModified => *response.status_mut() = StatusCode::NOT_MODIFIED,
        Precondition::Failed => *response.status_mut() = StatusCode::PRECONDITION_FAILED,
        Precondition::None => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(representation.content_type));
            // Without it, some browsers offer feeds for download.
            headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
            if representation.content_type.starts_with("text/html") {
                headers.insert(header::CONTENT_SECURITY_POLICY, state.page_policy.clone());
                headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            }
            if coding != Coding::Identity {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            }
            // `negotiate` returns only codings that the representation has.
            let body = representation.body(coding).cloned().unwrap_or_default();
            *response.body_mut() = Body::from(body);
        }
    }
    response
}
