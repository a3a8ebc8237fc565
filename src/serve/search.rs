//! `/try`: the page on which filters are tried, and the feed of any query. Does I/O through the store's reader.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};

use super::admission::Client;
use super::handlers::{VARY_OF_FEEDS, send, send_feed};
use super::listen::Peer;
use super::state::{SearchAnswer, SearchClient, ServerState};
use super::{negotiate, response};
use crate::publish::document_cache::Representation;
use crate::publish::format::Format;
use crate::publish::own_links::FeedOf;
use crate::publish::search_request::SearchRequest;

/// A search shows what others may not see.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The header in which the script of the page says which page it is, and its longest value.
const PAGE: HeaderName = HeaderName::from_static("siftwire-page");
const MAX_PAGE: usize = 64;

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// `/try`: what a filter takes and what it leaves out.
pub(super) async fn page(
    State(state): State<Arc<ServerState>>,
    parameters: Parameters,
    request: Request,
) -> Response<Body> {
    let (client, headers) = (client(&request), request.headers());
    respond(&state, parameters, (client, Format::Html), |page| send_page(&state, headers, page)).await
}

/// `/try.atom`, `.rss`, `.json`: the feed of a query. A browser that follows its link gets the page.
pub(super) async fn feed(
    State(state): State<Arc<ServerState>>,
    parameters: Parameters,
    request: Request,
) -> Response<Body> {
    let client = client(&request);
    let (head, _) = request.into_parts();
    let headers = &head.headers;
    if negotiate::is_browser(headers) {
        let mut response =
            respond(&state, parameters, (client, Format::Html), |page| send_page(&state, headers, page))
                .await;
        response.headers_mut().insert(header::VARY, VARY_OF_FEEDS);
        return response;
    }
    let path = head.uri.path();
    let format = Format::feeds().find(|format| path.ends_with(format.extension())).unwrap_or(Format::Atom);
    respond(&state, parameters, (client, format), |feed| {
        let mut response = send_feed(&state, &head, (FeedOf::Search, format), feed, PRIVATE);
        response.headers_mut().insert(header::VARY, VARY_OF_FEEDS);
        response
    })
    .await
}

fn send_page(state: &ServerState, headers: &HeaderMap, page: &Representation) -> Response<Body> {
    let mut response = send(state, headers, page, PRIVATE);
    if let Some(policy) = response.headers_mut().get_mut(header::CONTENT_SECURITY_POLICY) {
        *policy = state.try_page_policy.clone();
    }
    response
}

async fn respond(
    state: &ServerState,
    parameters: Parameters,
    (client, format): (SearchClient, Format),
    send: impl FnOnce(&Representation) -> Response<Body>,
) -> Response<Body> {
    let pairs = parameters.map(|Query(pairs)| pairs).unwrap_or_default();
    match (state.readers.search)(SearchRequest::from_pairs(pairs), client, format).await {
        Ok(SearchAnswer::Found(found)) => send(&found),
        Ok(SearchAnswer::Invalid(problem)) => response::text(StatusCode::BAD_REQUEST, problem),
        Ok(SearchAnswer::Busy) => response::busy(),
        Ok(SearchAnswer::Replaced) => {
            response::text(StatusCode::CONFLICT, "This page searches for something else by now.\n")
        }
        Err(error) => {
            tracing::error!(%error, "cannot search the store");
            response::unreadable()
        }
    }
}

fn client(request: &Request) -> SearchClient {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::UNKNOWN);
    let page = request.headers().get(PAGE).and_then(|page| page.to_str().ok());
    let page = page.filter(|page| !page.is_empty() && page.len() <= MAX_PAGE).map(str::to_owned);
    SearchClient { address: Client::of(peer.ip).address(), page }
}
