//! Responses and headers that several handlers share. Pure.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// A short plain-text response. It shows neither the version nor the requested path.
pub(super) fn text(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    insert_common_headers(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

pub(super) fn not_found() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "There is nothing at this address.\n")
}

/// For a client that was one too many.
pub(super) fn busy() -> Response<Body> {
    let mut response =
        text(StatusCode::SERVICE_UNAVAILABLE, "Too many searches wait: try again in a second.\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The store cannot be read: the log says why.
pub(super) fn unreadable() -> Response<Body> {
    text(StatusCode::SERVICE_UNAVAILABLE, "not ok: the store cannot be read\n")
}

pub(super) fn gone() -> Response<Body> {
    text(StatusCode::GONE, "This feed is no longer published.\n")
}

/// Readers replace the address by the new one. `cache_control` limits how long, in case the output is renamed back.
pub(super) fn moved(location: &str, cache_control: HeaderValue) -> Response<Body> {
    let mut response = text(StatusCode::MOVED_PERMANENTLY, "This feed has another name now.\n");
    response.headers_mut().insert(header::LOCATION, header_value(location));
    response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
    response
}

pub(super) fn method_not_allowed() -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This address can only be read.\n");
    response.headers_mut().insert(header::ALLOW, METHODS);
    response
}

/// The response to OPTIONS, for clients that ask for the methods, and for CORS preflights if other origins may read.
pub(super) fn options(cors: Cors) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    insert_common_headers(headers);
    headers.insert(header::ALLOW, METHODS);
    if cors == Cors::AnyOrigin {
        allow_any_origin(headers);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        let allowed = HeaderValue::from_static("If-None-Match, If-Modified-Since, *");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}

/// Which pages of other sites may read a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cors {
    /// Any: it is a feed, and readers run in browsers too.
    AnyOrigin,
    /// None.
    SameOrigin,
}

impl Cors {
    /// Of a resource with this response.
    pub(super) fn of(headers: &HeaderMap) -> Cors {
        match headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            true => Cors::AnyOrigin,
            false => Cors::SameOrigin,
        }
    }
}

/// Gives a feed a type that browsers show: feed types they may offer for download.
pub(super) fn use_displayed_type(headers: &mut HeaderMap) {
    let Some(content_type) = headers.get_mut(header::CONTENT_TYPE) else { return };
    let is_json = content_type.as_bytes().ends_with(b"json; charset=utf-8");
    let displayed =
        if is_json { "application/json; charset=utf-8" } else { "application/xml; charset=utf-8" };
    *content_type = HeaderValue::from_static(displayed);
}

/// Lets the pages of any site read a response.
pub(super) fn allow_any_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Link"));
}

/// Headers of every response: no browser may guess another type.
pub(super) fn insert_common_headers(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// A header value that the program made: visible ASCII. Anything else becomes empty.
pub(super) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The same, without copying the bytes.
pub(super) fn shared_header_value(text: &Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(text.clone()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
