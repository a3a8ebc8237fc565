//! One HTTP visit. Door: the only place that knows reqwest.
#![allow(clippy::disallowed_methods, reason = "this is the door to the network outward")]

mod address;
mod coding;
pub mod discover;
mod hints;
mod hub;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Proxy, Response, StatusCode, redirect};
use url::Url;

use address::{AddressPolicy, Resolver};
pub use address::{DnsLookup, Network, is_public, system_lookup};
use coding::{Decoder, Wrong};

use crate::source::{Authorization, Failure, Source, SourceState, Validators};

/// A connection that is not there by then will not come.
const CONNECT: Duration = Duration::from_secs(10);

/// Redirects followed in one visit.
const HOPS: usize = 5;

/// Headers of one answer; together they may have some 400 KB over HTTP/1, which is what the client
/// reads before it gives up, and so much over HTTP/2.
const HEADERS: usize = 100;
const HEADER_BYTES: u32 = 64 * 1024;

/// A client that has visited so many hosts makes room for a new one: its idle connections are closed,
/// so that ten thousand hosts do not keep ten thousand sockets.
const HOSTS: usize = 256;

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
    pub info: ResponseInfo,
    /// What came.
    pub result: Result<FetchResponse, Failure>,
}

/// What the last answer's headers said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseInfo {
    /// To be kept once the body was understood and stored.
    pub validators: Option<Validators>,
    /// How long the answer stays fresh (RFC 9111 section 4.2).
    pub fresh_for: Option<Duration>,
    /// Where the configured address leads by permanent redirects alone.
    pub moved_to: Option<Url>,
    /// Bytes of the body after decompression.
    pub bytes: u64,
}

/// An answer that is a success.
#[derive(Debug)]
pub enum FetchResponse {
    /// 304: nothing has changed.
    NotModified,
    /// A document.
    Body(FetchedBody),
}

/// A document, whole.
#[derive(Debug)]
pub struct FetchedBody {
    /// After decompression.
    pub bytes: Vec<u8>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The address that it came from in the end.
    pub url: Url,
}

/// What visits the web. Cheap to clone; connections are reused among the clones.
#[derive(Clone)]
pub struct Fetcher {
    agent: String,
    allow: Arc<[Network]>,
    lookup: DnsLookup,
    clients: Arc<Mutex<HashMap<Route, Pool>>>,
}

/// What sets one pool of connections apart from another.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Route {
    proxy: Option<String>,
    policy: AddressPolicy,
}

/// A client with its connections, and whom it has visited.
struct Pool {
    client: Client,
    hosts: HashSet<String>,
}

impl Fetcher {
    /// A fetcher that has done nothing yet: clients are made when they are first needed. Names are
    /// looked up as the system does.
    #[must_use]
    pub fn new(options: &Options) -> Fetcher {
        Fetcher::with_lookup(options, system_lookup())
    }

    /// A fetcher that asks `lookup` for the addresses of names.
    #[must_use]
    pub fn with_lookup(options: &Options, lookup: DnsLookup) -> Fetcher {
        let version = env!("CARGO_PKG_VERSION");
        let agent = match &options.contact {
            Some(contact) => format!("Siftwire/{version} (+{contact})"),
            None => format!("Siftwire/{version}"),
        };
        Fetcher { agent, allow: options.allow.clone().into(), lookup, clients: Arc::default() }
    }

    /// Visits a source once: no second try. Takes at most the source's time-out.
    pub async fn visit(&self, source: &Source, state: &SourceState, now: Timestamp) -> Visit {
        let mut info = ResponseInfo::default();
        let result =
            match tokio::time::timeout(source.access.timeout, self.follow(source, state, now, &mut info))
                .await
            {
                Ok(answer) => answer,
                Err(_) => Err(Failure::Timeout),
            };
        Visit { info, result }
    }

    async fn follow(
        &self,
        source: &Source,
        state: &SourceState,
        now: Timestamp,
        info: &mut ResponseInfo,
    ) -> Result<FetchResponse, Failure> {
        let mut url = start(source, state).clone();
        let mut permanent = true;
        for _ in 0..=HOPS {
            let response = self.ask(source, state, &url).await?;
            let Some(target) = redirected(&response, &url)? else {
                // What validators were sent were those of this very address.
                let sent = state.validators.as_ref().filter(|validators| validators.url == url);
                return answer(source, response, url, sent, now, info).await;
            };
            permanent &= matches!(response.status().as_u16(), 301 | 308);
            if permanent {
                info.moved_to = Some(target.clone());
            }
            url = target;
        }
        Err(Failure::Redirect(format!("more than {HOPS} hops")))
    }

    async fn ask(&self, source: &Source, state: &SourceState, url: &Url) -> Result<Response, Failure> {
        // What the user allowed is for the host that he named alone.
        let policy = match (url.host() == source.url.host(), source.access.allow_private) {
            (true, true) => AddressPolicy::Any,
            (true, false) => AddressPolicy::Allowed,
            (false, _) => AddressPolicy::Public,
        };
        if let Some(ip) = address::literal(url) {
            address::check(ip, policy, &self.allow).map_err(Failure::RefusedAddress)?;
        }
        let proxy = source.access.proxy.as_ref().map(|proxy| proxy.0.to_string());
        let client = self.client(Route { proxy, policy }, url)?;
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
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding::OFFERED));
        headers.insert(HeaderName::from_static("a-im"), HeaderValue::from_static("feed"));
        if let Some(validators) = state.validators.as_ref().filter(|validators| validators.url == *url) {
            let as_they_came =
                |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(|b| HeaderValue::from_bytes(b).ok());
            headers.extend(as_they_came(&validators.etag).map(|etag| (header::IF_NONE_MATCH, etag)));
            headers.extend(
                as_they_came(&validators.last_modified).map(|time| (header::IF_MODIFIED_SINCE, time)),
            );
        }
        if !may_know_secrets(&source.url, url) {
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

    fn client(&self, route: Route, url: &Url) -> Result<Client, Failure> {
        let host = url.host_str().unwrap_or_default();
        // Nothing that panics runs under this lock.
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(pool) = clients.get_mut(&route)
            && (pool.hosts.contains(host) || pool.hosts.len() < HOSTS)
        {
            if !pool.hosts.contains(host) {
                pool.hosts.insert(host.to_owned());
            }
            return Ok(pool.client.clone());
        }
        let client = self.new_client(&route).map_err(|error| failure(&error))?;
        let hosts = HashSet::from([host.to_owned()]);
        clients.insert(route, Pool { client: client.clone(), hosts });
        Ok(client)
    }

    fn new_client(&self, route: &Route) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .http1_max_headers(HEADERS)
            .http2_max_header_list_size(HEADER_BYTES)
            .referer(false)
            .no_proxy();
        let mut proxy_host = None;
        if let Some(proxy) = &route.proxy {
            builder = builder.proxy(Proxy::all(proxy)?);
            proxy_host = Url::parse(proxy).ok().and_then(|url| url.host_str().map(str::to_owned));
        }
        let (allow, lookup) = (Arc::clone(&self.allow), Arc::clone(&self.lookup));
        builder
            .dns_resolver(Arc::new(Resolver { allow, policy: route.policy, proxy: proxy_host, lookup }))
            .build()
    }
}

/// Whether what the user gave away for one address may be told to another: to the same origin, and to
/// the same host where it has turned from http to https.
fn may_know_secrets(given: &Url, url: &Url) -> bool {
    let upgraded = (given.scheme(), url.scheme()) == ("http", "https")
        && given.host() == url.host()
        && (given.port(), url.port()) == (None, None);
    given.origin() == url.origin() || upgraded
}

/// What counts as one host: sources of one host are polled one after the other. An address is itself;
/// of a name it is the part that somebody registered, by the Public Suffix List. What a company hands
/// out below its own name (`a.github.io`) counts as the company's: it is its machine that is asked.
#[must_use]
pub fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    if address::literal(url).is_some() {
        return host.to_owned();
    }
    let mut name = host;
    loop {
        let Some(suffix) = psl::suffix(name.as_bytes()) else { return host.to_owned() };
        let ending = &name[name.len() - suffix.as_bytes().len()..];
        if suffix.typ() != Some(psl::Type::Private) {
            // One label more than the suffix; a suffix itself is taken as it is.
            let before = name[..name.len() - ending.len()].trim_end_matches('.');
            let label = before.rsplit('.').next().unwrap_or_default();
            return if label.is_empty() { name.to_owned() } else { format!("{label}.{ending}") };
        }
        let Some((_, parent)) = ending.split_once('.') else { return ending.to_owned() };
        if psl::suffix(parent.as_bytes())
            .is_some_and(|s| s.as_bytes().len() == parent.len() && s.typ() != Some(psl::Type::Private))
        {
            return ending.to_owned();
        }
        name = parent;
    }
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
    target_of(target, url).map(Some)
}

/// Where a `Location` leads from an address: by http and https alone, and never from https to http, where anybody
/// on the way could write the feed.
fn target_of(location: &str, url: &Url) -> Result<Url, Failure> {
    let mut target = url.join(location).map_err(|_| Failure::Redirect("to what is no address".into()))?;
    match (url.scheme(), target.scheme()) {
        (_, "https") | ("http", "http") => {}
        ("https", "http") => return Err(Failure::Redirect("from https to http".into())),
        (_, other) => return Err(Failure::Redirect(format!("to {other}:"))),
    }
    // Credentials are the user's to give, not a server's. Setting fails only where there can be none.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Ok(target)
}

async fn answer(
    source: &Source,
    mut response: Response,
    url: Url,
    sent: Option<&Validators>,
    now: Timestamp,
    info: &mut ResponseInfo,
) -> Result<FetchResponse, Failure> {
    let status = response.status();
    info.fresh_for = hints::fresh_for(response.headers(), now);
    if status == StatusCode::NOT_MODIFIED {
        // Nobody asked: there is no document that it could be about, nor validators worth keeping.
        let sent = sent.ok_or(Failure::Status(304))?;
        info.validators = validators(response.headers(), &url).map(|new| Validators {
            etag: new.etag.or_else(|| sent.etag.clone()),
            last_modified: new.last_modified.or_else(|| sent.last_modified.clone()),
            url: new.url,
        });
        return Ok(FetchResponse::NotModified);
    }
    if status == StatusCode::GONE {
        return Err(Failure::Gone);
    }
    if matches!(status.as_u16(), 429 | 503) {
        return Err(Failure::Throttled {
            status: status.as_u16(),
            until: hints::retry_after(response.headers(), now),
        });
    }
    // 226 is a part of the feed (RFC 3229): entries that are not in it stay as they are.
    if !matches!(status, StatusCode::OK | StatusCode::IM_USED) {
        return Err(Failure::Status(status.as_u16()));
    }
    let content_type =
        response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let found = validators(response.headers(), &url);
    let coding = response.headers().get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok());
    let mut body = Decoder::new(coding.unwrap_or_default(), source.access.max_body);
    let undecodable = |wrong| match wrong {
        Wrong::TooLarge => Failure::TooLarge(source.access.max_body),
        Wrong::Broken(words) => Failure::Connection(format!("the body's coding is broken: {words}")),
    };
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        let pushed = body.push(&chunk);
        info.bytes = body.len();
        pushed.map_err(undecodable)?;
    }
    let bytes = body.finish().map_err(undecodable)?;
    info.bytes = bytes.len() as u64;
    info.validators = found;
    Ok(FetchResponse::Body(FetchedBody { bytes, content_type, url }))
}

fn validators(headers: &HeaderMap, url: &Url) -> Option<Validators> {
    let bytes = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().to_vec());
    let (etag, last_modified) = (bytes(header::ETAG), bytes(header::LAST_MODIFIED));
    (etag.is_some() || last_modified.is_some()).then(|| Validators { url: url.clone(), etag, last_modified })
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
            ("https://a.b.gob.mx/", "b.gob.mx"),
            ("https://alice.github.io/", "github.io"),
            ("https://bucket.s3.amazonaws.com/", "amazonaws.com"),
            ("https://me.blogspot.co.uk/", "blogspot.co.uk"),
            ("https://co.uk/", "co.uk"),
            ("https://www.xn--h1alffa9f.xn--p1ai/", "xn--h1alffa9f.xn--p1ai"),
        ] {
            assert_eq!(host_key(&url.parse().expect("an address")), host);
        }
    }

    #[test]
    fn https_never_leads_to_http_nor_anything_elsewhere() {
        let to = |location: &str, from: &str| {
            target_of(location, &from.parse().expect("an address")).map(String::from)
        };
        assert_eq!(to("/b", "https://a.example/a"), Ok("https://a.example/b".into()));
        assert_eq!(to("https://u:p@b.example/", "http://a.example/"), Ok("https://b.example/".into()));
        assert_eq!(to("http://b.example/", "http://a.example/"), Ok("http://b.example/".into()));
        let refused = |words: &str| Err(Failure::Redirect(words.into()));
        assert_eq!(to("http://a.example/", "https://a.example/"), refused("from https to http"));
        assert_eq!(to("file:///etc/passwd", "http://a.example/"), refused("to file:"));
        assert_eq!(to("http://", "http://a.example/"), refused("to what is no address"));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
