//! Content negotiation and conditional requests (RFC 9110 sections 12.5 and 13). Pure.

use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName};

use crate::publish::document_cache::{Coding, Representation};

/// How the preconditions of a request turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// There is none, or it holds: the body is sent.
    None,
    /// The client has the representation: 304.
    NotModified,
    /// 412.
    Failed,
}

/// Chooses the coding and evaluates the preconditions of a GET or HEAD.
///
/// A coding that the client holds and still accepts is preferred over a better one. Thus a tag got with gzip is
/// revalidated by a request that would now be sent brotli, and the 304 names the tag that the client has
/// (RFC 9111 section 4.3.4).
pub(super) fn negotiate(headers: &HeaderMap, representation: &Representation) -> (Precondition, Coding) {
    let accepted = accepted_codings(headers, representation);
    let best = accepted.first().copied().unwrap_or(Coding::Identity);
    if headers.contains_key(header::IF_MATCH) {
        let tags = elements(headers, &header::IF_MATCH);
        let matches =
            |coding| tags.iter().any(|tag| *tag == "*" || tag.as_bytes() == representation.etag(coding));
        if !accepted.iter().copied().any(matches) {
            return (Precondition::Failed, best);
        }
    } else if date(headers, &header::IF_UNMODIFIED_SINCE)
        .is_some_and(|time| time < last_modified(representation))
    {
        return (Precondition::Failed, best);
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        let tags = elements(headers, &header::IF_NONE_MATCH);
        if tags.contains(&"*") {
            return (Precondition::NotModified, best);
        }
        // Weak comparison ignores `W/` (RFC 9110 section 8.8.3.2).
        let is_held = |coding: &Coding| {
            let own = representation.etag(*coding);
            tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == own)
        };
        return match accepted.iter().copied().find(is_held) {
            Some(held) => (Precondition::NotModified, held),
            None => (Precondition::None, best),
        };
    }
    match date(headers, &header::IF_MODIFIED_SINCE) {
        Some(time) if last_modified(representation) <= time => (Precondition::NotModified, best),
        _ => (Precondition::None, best),
    }
}

/// The codings that the representation has and the client accepts, best first. Without `Accept-Encoding`, or if it
/// refuses everything, identity (RFC 9110 section 12.5.3 allows that).
fn accepted_codings(headers: &HeaderMap, representation: &Representation) -> Vec<Coding> {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return vec![Coding::Identity];
    }
    let weights: Vec<(&str, u16)> =
        elements(headers, &header::ACCEPT_ENCODING).into_iter().filter_map(element_weight).collect();
    let named = |name: &str| {
        weights.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight)
    };
    let weight = |coding: Coding| {
        let alias = if coding == Coding::Gzip { named("x-gzip") } else { None };
        // Identity is acceptable unless it or `*` is refused, but comes after every named coding.
        let unnamed = if coding == Coding::Identity { 1 } else { 0 };
        named(coding.name()).or(alias).or(named("*")).unwrap_or(unnamed)
    };
    let mut accepted: Vec<(u16, Coding)> = Coding::ALL
        .into_iter()
        .filter(|coding| representation.has(*coding))
        .map(|coding| (weight(coding), coding))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    accepted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    if accepted.is_empty() {
        return vec![Coding::Identity];
    }
    accepted.into_iter().map(|(_, coding)| coding).collect()
}

/// Whether a client that requests a feed is a browser, which shows a page better.
///
/// Readers name `text/html` too, since they look for feeds in pages: beside a type of feeds, not before XML, or with other
/// types but without XHTML, as KDE and Java do for every program. Browsers prefer HTML and XHTML to anything else.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    const FEEDS: [&str; 5] = [
        "application/atom+xml", "application/rss+xml", "application/rdf+xml", "application/feed+json",
        "application/json",
    ];
    let accepted: Vec<(&str, u16)> =
        elements(headers, &header::ACCEPT).into_iter().filter_map(element_weight).collect();
    let weight = |name: &str| {
        accepted.iter().find(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight)
    };
    let Some(html) = weight("text/html").filter(|weight| *weight > 0) else { return false };
    let is_below = |name: &str| weight(name).is_none_or(|weight| weight < html);
    let is_page = |range: &str| range == "*/*" || range.eq_ignore_ascii_case("text/html");
    let wants_only_pages = || accepted.iter().all(|(range, _)| is_page(range));
    FEEDS.iter().all(|name| weight(name).is_none())
        && ["application/xml", "text/xml", "text/*", "application/*", "*/*"].into_iter().all(is_below)
        && (weight("application/xhtml+xml").is_some() || wants_only_pages())
}

/// One element of `Accept` or `Accept-Encoding`: a type or a coding, and its weight in thousandths.
fn element_weight(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| {
        let (key, weight) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then_some(weight.trim())
    });
    let weight = match weight {
        None => 1000,
        // An invalid weight refuses it: identity, and a feed, still work for such a client.
        Some(weight) => weight.parse::<f32>().map_or(0, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16),
    };
    Some((name, weight))
}

/// The comma-separated elements of a header, over all its lines. Our tags have no comma; a foreign tag with one is
/// split into parts that match nothing.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|element| !element.is_empty()).collect()
}

/// A header with one HTTP date in any of its three formats; an invalid one is ignored (RFC 9110 section 13.1.3).
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(line).ok()
}

/// In whole seconds since 1970, as HTTP dates are.
fn last_modified(representation: &Representation) -> SystemTime {
    let seconds = u64::try_from(representation.last_modified.as_second()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
