//! `/try`: the page on which filters are tried, and the feed of any query. Does I/O through the store's reader.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};

use super::handlers::{VARY_OF_FEEDS, send};
use super::state::{SearchAnswer, ServerState};
use super::{negotiate, response};
use crate::publish::document_cache::Representation;
use crate::publish::format::Format;
use crate::publish::search_request::SearchRequest;

/// A search shows what others may not see.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// `/try`: what a filter takes and what it leaves out.
pub(super) async fn page(
    State(state): State<Arc<ServerState>>,
    parameters: Parameters,
    request: Request,
) -> Response<Body> {
    let headers = request.headers();
    respond(&state, parameters, Format::Html, |page| send_page(&state, headers, page)).await
}

/// `/try.atom`, `.rss`, `.json`: the feed of a query. A browser that follows its link gets the page.
pub(super) async fn feed(
    State(state): State<Arc<ServerState>>,
    parameters: Parameters,
    request: Request,
) -> Response<Body> {
    let headers = request.headers();
    if negotiate::is_browser(headers) {
        let mut response =
            respond(&state, parameters, Format::Html, |page| send_page(&state, headers, page)).await;
        response.headers_mut().insert(header::VARY, VARY_OF_FEEDS);
        return response;
    }
    let path = request.uri().path();
    let format = Format::feeds().find(|format| path.ends_with(format.extension())).unwrap_or(Format::Atom);
    respond(&state, parameters, format, |feed| {
        let mut response = send(&state, headers, feed, PRIVATE);
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
    format: Format,
    send: impl FnOnce(&Representation) -> Response<Body>,
) -> Response<Body> {
    let pairs = parameters.map(|Query(pairs)| pairs).unwrap_or_default();
    match (state.readers.search)(SearchRequest::from_pairs(pairs), format).await {
        Ok(SearchAnswer::Found(found)) => send(&found),
        Ok(SearchAnswer::Invalid(problem)) => response::text(StatusCode::BAD_REQUEST, problem),
        Ok(SearchAnswer::Busy) => response::busy(),
        Err(error) => {
            tracing::error!(%error, "cannot search the store");
            response::unreadable()
        }
    }
}
