//! One HTTP visit. Door: the only place that knows reqwest.
#![allow(clippy::disallowed_methods, reason = "this is the door to the network outward")]

mod address;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Proxy, Response, StatusCode, redirect};
use url::Url;

use address::Resolver;
pub use address::{Network, is_public};

use crate::source::{Authorization, Failure, Source, SourceState, Validators};

/// A connection that is not there by then will not come.
const CONNECT: Duration = Duration::from_secs(10);

/// Redirects followed in one visit.
const HOPS: usize = 5;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// What every visit has in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Goes into the User-Agent.
    pub contact: Option<String>,
    /// Private ranges that sources may use.
    pub allow: Vec<Network>,
}

/// One visit, whatever came of it.
#[derive(Debug)]
pub struct Visit {
    /// What the headers said.
    pub facts: Facts,
    /// What came.
    pub answer: Result<Answer, Failure>,
}

/// What the last answer's headers said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// To be kept once the body was understood and stored.
    pub validators: Option<Validators>,
    /// How long the answer stays fresh (RFC 9111 section 4.2).
    pub fresh_for: Option<Duration>,
    /// Where the configured address leads by permanent redirects alone; never from https to http.
    pub moved_to: Option<Url>,
    /// Bytes of the body after decompression.
    pub bytes: u64,
}

/// An answer that is a success.
#[derive(Debug)]
pub enum Answer {
    /// 304: nothing has changed.
    NotModified,
    /// A document.
    Body(Body),
}

/// A document, whole.
#[derive(Debug)]
pub struct Body {
    /// After decompression.
    pub bytes: Vec<u8>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The address that it came from in the end.
    pub url: Url,
}

/// What visits the web. Cheap to clone; connections are reused among the clones.
#[derive(Clone, Debug)]
pub struct Fetcher {
    agent: String,
    allow: Arc<[Network]>,
    clients: Arc<Mutex<HashMap<Route, Client>>>,
}

/// What sets one pool of connections apart from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Route {
    proxy: Option<String>,
    private: bool,
}

impl Fetcher {
    /// A fetcher that has done nothing yet: clients are made when they are first needed.
    #[must_use]
    pub fn new(options: &Options) -> Fetcher {
        let version = env!("CARGO_PKG_VERSION");
        let agent = match &options.contact {
            Some(contact) => format!("Siftwire/{version} (+{contact})"),
            None => format!("Siftwire/{version}"),
        };
        Fetcher { agent, allow: options.allow.clone().into(), clients: Arc::default() }
    }

    /// Visits a source once: no second try. Takes at most the source's time-out.
    pub async fn visit(&self, source: &Source, state: &SourceState, now: Timestamp) -> Visit {
        let mut facts = Facts::default();
        let answer =
            match tokio::time::timeout(source.access.timeout, self.follow(source, state, now, &mut facts))
                .await
            {
                Ok(answer) => answer,
                Err(_) => Err(Failure::Timeout),
            };
        Visit { facts, answer }
    }

    async fn follow(
        &self,
        source: &Source,
        state: &SourceState,
        now: Timestamp,
        facts: &mut Facts,
    ) -> Result<Answer, Failure> {
        let mut url = start(source, state).clone();
        let mut permanent = url == source.url;
        for _ in 0..=HOPS {
            let response = self.ask(source, state, &url).await?;
            let Some(target) = redirected(&response, &url)? else {
                // What validators were sent were those of this very address.
                let sent = state.validators.as_ref().filter(|validators| validators.url == url);
                return answer(source, response, url, sent, now, facts).await;
            };
            permanent &= matches!(response.status().as_u16(), 301 | 308)
                && (url.scheme() == "http" || target.scheme() == "https");
            facts.moved_to = permanent.then(|| target.clone());
            url = target;
        }
        Err(Failure::Redirect(format!("more than {HOPS} hops")))
    }

    async fn ask(&self, source: &Source, state: &SourceState, url: &Url) -> Result<Response, Failure> {
        // What the user allowed and what he gave away is for the host that he named alone.
        let own = url.host() == source.url.host();
        let private = own && source.access.allow_private;
        if !private && let Some(ip) = address::literal(url) {
            address::check(ip, &self.allow).map_err(Failure::RefusedAddress)?;
        }
        let client =
            self.client(Route { proxy: source.access.proxy.as_ref().map(Url::to_string), private })?;
        let request = client.get(url.clone()).headers(self.headers(source, state, url)?);
        request.send().await.map_err(|error| failure(&error))
    }

    fn headers(&self, source: &Source, state: &SourceState, url: &Url) -> Result<HeaderMap, Failure> {
        let unsendable = |what: &str| Failure::Connection(format!("the {what} cannot be sent as a header"));
        let mut headers = HeaderMap::new();
        let agent = source.access.user_agent.as_deref().unwrap_or(&self.agent);
        headers
            .insert(header::USER_AGENT, HeaderValue::from_str(agent).map_err(|_| unsendable("User-Agent"))?);
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        headers.insert(HeaderName::from_static("a-im"), HeaderValue::from_static("feed"));
        if let Some(validators) = state.validators.as_ref().filter(|validators| validators.url == *url) {
            let as_they_came =
                |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(|b| HeaderValue::from_bytes(b).ok());
            headers.extend(as_they_came(&validators.etag).map(|etag| (header::IF_NONE_MATCH, etag)));
            headers.extend(
                as_they_came(&validators.last_modified).map(|time| (header::IF_MODIFIED_SINCE, time)),
            );
        }
        if url.origin() != source.url.origin() {
            return Ok(headers);
        }
        for (name, value) in &source.access.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable(name))?;
            let mut value = HeaderValue::from_str(&value.0).map_err(|_| unsendable(name.as_str()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if let Some(authorization) = &source.access.authorization {
            let value = match authorization {
                Authorization::Basic { user, password } => {
                    format!("Basic {}", base64(format!("{user}:{}", password.0).as_bytes()))
                }
                Authorization::Bearer(token) => format!("Bearer {}", token.0),
            };
            let mut value = HeaderValue::from_str(&value).map_err(|_| unsendable("authorization"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }

    fn client(&self, route: Route) -> Result<Client, Failure> {
        // Nothing that panics runs under this lock.
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(1)
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { allow: self.allow.clone(), private: route.private }));
        if let Some(proxy) = &route.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|error| failure(&error))?);
        }
        let client = builder.build().map_err(|error| failure(&error))?;
        clients.insert(route, client.clone());
        Ok(client)
    }
}

/// What counts as one host: sources of one host are not polled together. An address is itself; of a
/// name it is the last two labels, or three where the second is one that countries share out
/// (`co.uk`). A guess that is too broad costs only patience, so no list of suffixes is carried along.
#[must_use]
pub fn host_of(url: &Url) -> String {
    const SHARED: [&str; 9] = ["ac", "co", "com", "edu", "gov", "net", "or", "org", "ne"];
    let host = url.host_str().unwrap_or_default();
    if address::literal(url).is_some() {
        return host.to_owned();
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let keep = match labels.as_slice() {
        [.., second, top] if top.len() == 2 && SHARED.contains(second) => 3,
        _ => 2,
    };
    labels[labels.len().saturating_sub(keep)..].join(".")
}

/// The new address once it was confirmed; after a failure there, the configured one again.
fn start<'a>(source: &'a Source, state: &'a SourceState) -> &'a Url {
    match &state.moved {
        Some(moved) if moved.confirmed && moved.from == source.url && state.failures == 0 => &moved.to,
        _ => &source.url,
    }
}

fn redirected(response: &Response, url: &Url) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let target = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let target = target.ok_or_else(|| Failure::Redirect("it does not say where to".into()))?;
    let mut target = url.join(target).map_err(|_| Failure::Redirect("to what is no address".into()))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(Failure::Redirect(format!("to {}:", target.scheme())));
    }
    // Credentials are the user's to give, not a server's. Setting fails only where there can be none.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Ok(Some(target))
}

async fn answer(
    source: &Source,
    mut response: Response,
    url: Url,
    sent: Option<&Validators>,
    now: Timestamp,
    facts: &mut Facts,
) -> Result<Answer, Failure> {
    let status = response.status();
    facts.fresh_for = fresh_for(response.headers(), now);
    if status == StatusCode::NOT_MODIFIED {
        // Nobody asked: there is no document that it could be about, nor validators worth keeping.
        let sent = sent.ok_or(Failure::Status(304))?;
        facts.validators = validators(response.headers(), &url).map(|new| Validators {
            etag: new.etag.or_else(|| sent.etag.clone()),
            last_modified: new.last_modified.or_else(|| sent.last_modified.clone()),
            url: new.url,
        });
        return Ok(Answer::NotModified);
    }
    if status == StatusCode::GONE {
        return Err(Failure::Gone);
    }
    if matches!(status.as_u16(), 429 | 503) {
        return Err(Failure::Throttled {
            status: status.as_u16(),
            until: retry_after(response.headers(), now),
        });
    }
    // 226 is a part of the feed (RFC 3229): entries that are not in it stay as they are.
    if !matches!(status, StatusCode::OK | StatusCode::IM_USED) {
        return Err(Failure::Status(status.as_u16()));
    }
    let content_type =
        response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let found = validators(response.headers(), &url);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        facts.bytes += chunk.len() as u64;
        if facts.bytes > source.access.max_body {
            return Err(Failure::TooLarge(source.access.max_body));
        }
        bytes.extend_from_slice(&chunk);
    }
    facts.validators = found;
    Ok(Answer::Body(Body { bytes, content_type, url }))
}

fn validators(headers: &HeaderMap, url: &Url) -> Option<Validators> {
    let bytes = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().to_vec());
    let (etag, last_modified) = (bytes(header::ETAG), bytes(header::LAST_MODIFIED));
    (etag.is_some() || last_modified.is_some()).then(|| Validators { url: url.clone(), etag, last_modified })
}

/// `max-age` less `Age`, which wins over `Expires`.
fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // The header may come in several lines, which count as one.
    let max_age = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|control| control.to_str().ok())
        .flat_map(|control| control.split(','))
        .find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("max-age=").map(str::to_owned))
        .and_then(|seconds| number(&seconds));
    match max_age {
        Some(seconds) => {
            let age = text(header::AGE).and_then(number).unwrap_or(0);
            Some(Duration::from_secs(seconds.saturating_sub(age)))
        }
        None => date(text(header::EXPIRES)?).and_then(|at| Duration::try_from(at.duration_since(now)).ok()),
    }
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = number(value).map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    match seconds {
        Some(seconds) => Some(now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)),
        None => date(value),
    }
}

/// Digits alone; more of them than fit are as many as fit.
fn number(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// An error of the client in the schedule's words.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::Timeout;
    }
    let mut chain = vec![];
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<address::Refused>() {
            return Failure::RefusedAddress(refused.0.clone());
        }
        chain.push(inner.to_string());
        cause = inner.source();
    }
    let last: String = chain.last().cloned().unwrap_or_else(|| "broken".into()).chars().take(200).collect();
    if chain.iter().any(|text| text.contains("dns error") || text.contains("lookup address")) {
        Failure::Dns(last)
    } else if chain
        .iter()
        .any(|text| text.contains("certificate") || text.contains("TLS") || text.contains("HandshakeFailure"))
    {
        Failure::Tls(last)
    } else {
        Failure::Connection(last)
    }
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits =
                chunk.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
            (0..4).map(move |i| {
                if i <= chunk.len() { LETTERS[(bits >> (18 - 6 * i)) as usize & 63] as char } else { '=' }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart_by_their_registrable_part() {
        for (url, host) in [
            ("https://www.bbc.co.uk/a", "bbc.co.uk"),
            ("https://feeds.example.org./", "example.org"),
            ("http://127.0.0.1:81/", "127.0.0.1"),
            ("http://[::1]:81/", "[::1]"),
            ("http://localhost/", "localhost"),
        ] {
            assert_eq!(host_of(&url.parse().expect("an address")), host);
        }
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn headers_of_any_kind_give_a_time_or_none() {
        let now: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
        let fresh = |pairs: &[(&'static str, &'static str)]| {
            fresh_for(
                &pairs
                    .iter()
                    .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
                    .collect(),
                now,
            )
        };
        assert_eq!(
            fresh(&[("cache-control", "public, Max-Age=600"), ("age", "100")]),
            Some(Duration::from_secs(500))
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=99999999999999999999")]),
            Some(Duration::from_secs(u64::MAX))
        );
        assert_eq!(fresh(&[("expires", "Sun, 01 Nov 2026 01:00:00 GMT")]), Some(Duration::from_secs(3600)));
        let mut lines = HeaderMap::new();
        lines.append(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        lines.append(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        assert_eq!(fresh_for(&lines, now), Some(Duration::from_secs(60)));
        assert_eq!(fresh(&[("expires", "0")]), None);
        assert_eq!(fresh(&[("cache-control", "max-age=-5, no-cache")]), None);
    }
}
