//! Which coding is sent, and whether anything is (RFC 9110 sections 12.5.3 and 13). Pure.

use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName};
use jiff::Timestamp;

use crate::publish::document_cache::{Coding, Representation};

/// What a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The bytes.
    Whole,
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
}

/// Chooses the coding and evaluates the conditions of a GET or HEAD.
///
/// Where the client holds the document in a coding that it still accepts, that one is selected: so
/// a tag got with gzip is revalidated by a request that would now be sent brotli, and the answer names
/// exactly the tag that the client has (RFC 9111 section 4.3.4).
pub(super) fn answer(headers: &HeaderMap, representation: &Representation) -> (Answer, Coding) {
    let acceptable = acceptable(headers, representation);
    let best = acceptable.first().copied().unwrap_or(Coding::Identity);
    if headers.contains_key(header::IF_MATCH) {
        let listed = list(headers, &header::IF_MATCH);
        let matches =
            |coding| listed.iter().any(|tag| *tag == "*" || tag.as_bytes() == representation.etag(coding));
        if !acceptable.iter().copied().any(matches) {
            return (Answer::PreconditionFailed, best);
        }
    } else if since(headers, &header::IF_UNMODIFIED_SINCE).is_some_and(|time| time < modified(representation))
    {
        return (Answer::PreconditionFailed, best);
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        let listed = list(headers, &header::IF_NONE_MATCH);
        if listed.contains(&"*") {
            return (Answer::NotModified, best);
        }
        // Weak comparison (section 8.8.3.2): the mark of weakness does not count.
        let holds = |coding: &Coding| {
            let tag = representation.etag(*coding);
            listed.iter().any(|listed| listed.strip_prefix("W/").unwrap_or(listed).as_bytes() == tag)
        };
        return match acceptable.iter().copied().find(holds) {
            Some(held) => (Answer::NotModified, held),
            None => (Answer::Whole, best),
        };
    }
    match since(headers, &header::IF_MODIFIED_SINCE) {
        Some(time) if modified(representation) <= time => (Answer::NotModified, best),
        _ => (Answer::Whole, best),
    }
}

/// The codings that are kept and accepted, best first. Without the header: as it is. A client that
/// refuses everything gets it as it is, which section 12.5.3 allows and readers survive.
fn acceptable(headers: &HeaderMap, representation: &Representation) -> Vec<Coding> {
    let kept = Coding::ALL.into_iter().filter(|coding| representation.has(*coding));
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return vec![Coding::Identity];
    }
    let wishes: Vec<(&str, u16)> =
        list(headers, &header::ACCEPT_ENCODING).into_iter().filter_map(wish).collect();
    let named = |name: &str| {
        wishes.iter().find(|(wish, _)| wish.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight)
    };
    let weight = |coding: Coding| {
        let alias = if coding == Coding::Gzip { named("x-gzip") } else { None };
        // Identity is acceptable unless it, or everything, is refused; but nobody prefers it unnamed.
        let unnamed = if coding == Coding::Identity { 1 } else { 0 };
        named(coding.name()).or(alias).or(named("*")).unwrap_or(unnamed)
    };
    let mut weighed: Vec<(u16, Coding)> =
        kept.map(|coding| (weight(coding), coding)).filter(|(weight, _)| *weight > 0).collect();
    weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    if weighed.is_empty() {
        return vec![Coding::Identity];
    }
    weighed.into_iter().map(|(_, coding)| coding).collect()
}

/// One element of Accept-Encoding: a name and its weight in thousandths.
fn wish(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| {
        let (key, weight) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then_some(weight.trim())
    });
    let weight = match weight {
        None => 1000,
        // A weight that is no number is as good as none given: the coding is refused, identity serves.
        Some(weight) => weight.parse::<f32>().map_or(0, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16),
    };
    Some((name, weight))
}

/// The elements of a header, over all its lines. Entity tags hold no comma of ours, so that a tag
/// of someone else's which does falls apart into pieces that match nothing.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|element| !element.is_empty()).collect()
}

/// The one date of a header, in any of the three forms; `None` if it is no date, as section 13.1.3 wants.
fn since(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(line).ok()
}

fn modified(representation: &Representation) -> SystemTime {
    whole_seconds(representation.last_modified)
}

/// HTTP has no fraction, and no year before 1970 that this program could mean.
fn whole_seconds(time: Timestamp) -> SystemTime {
    let seconds = u64::try_from(time.as_second()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND))
}

/// 9999-12-31T23:59:59Z, the last time that has a form in HTTP.
const LAST_SECOND: u64 = 253_402_300_799;
