//! One HTTP request to a source, with its redirects. I/O: the only module that makes requests.
#![allow(clippy::disallowed_methods, reason = "the only module that makes requests")]

mod address;
mod bot_check;
mod certificates;
mod client;
mod content_coding;
pub mod discover;
mod error;
mod freshness;
mod host;
mod pages;
mod quota;
mod response;
mod robots;
pub mod sites;
mod websub;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ipnet::IpNet;
use jiff::Timestamp;
use reqwest::Response;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use address::AddressPolicy;
pub use address::{DnsLookup, LookupFuture, private_host, system_lookup};
pub use certificates::check_ca;
pub use client::CONNECT_TIMEOUT;
use client::{ClientKey, ClientPool};
pub use freshness::modified_at;
pub use host::{host_key, site_of};
pub use pages::{PageRequest, PageResponse};
use response::RequestInfo;
pub use response::{FetchResponse, FetchedBody, HostAnswer, ResponseInfo};
pub use robots::RobotsRules;

use crate::source::{Authorization, Failure, Source, SourceState, Validators};

/// Maximum number of redirects that are followed.
const MAX_REDIRECTS: usize = 10;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// What all requests have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// An address for the User-Agent, where the operator can be reached.
    pub contact: Option<String>,
    /// Private networks that sources may be in.
    pub allow: Vec<IpNet>,
}

/// What came of a request.
#[derive(Debug)]
pub struct FetchResult {
    /// What the last response said beside its body.
    pub info: ResponseInfo,
    /// The response, or why there is none.
    pub response: Result<FetchResponse, Failure>,
}

/// What a request says beside its address and what is configured for its source.
#[derive(Clone, Copy)]
struct SentRequest<'a> {
    accept: &'static str,
    validators: Option<&'a Validators>,
    /// Whether the answer may have only what is new (RFC 3229).
    wants_delta: bool,
}

impl<'a> SentRequest<'a> {
    /// Validators are sent only to the address that they came from.
    fn validators_for(&self, url: &Url) -> Option<&'a Validators> {
        self.validators.filter(|validators| validators.url.whole() == url)
    }
}

/// Makes requests. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Fetcher {
    user_agent: String,
    clients: ClientPool,
}

impl Fetcher {
    /// A fetcher that resolves names as the system does. It makes its HTTP clients when they are first needed.
    #[must_use]
    pub fn new(options: &Options) -> Fetcher {
        Fetcher::with_lookup(options, system_lookup())
    }

    /// A fetcher that resolves names with `lookup`.
    #[must_use]
    pub fn with_lookup(options: &Options, lookup: DnsLookup) -> Fetcher {
        let version = env!("CARGO_PKG_VERSION");
        let user_agent = match &options.contact {
            Some(contact) => format!("Siftwire/{version} (+{contact})"),
            None => format!("Siftwire/{version}"),
        };
        Fetcher { user_agent, clients: ClientPool::new(options.allow.clone().into(), lookup) }
    }

    /// Requests a source once, without retries. Takes at most the source's timeout.
    pub async fn fetch(&self, source: &Source, state: &SourceState, now: Timestamp) -> FetchResult {
        let mut info = ResponseInfo::default();
        let followed = self.follow_redirects(source, state, now, &mut info);
        let response = tokio::time::timeout(source.access.timeout, followed).await;
        FetchResult { response: response.unwrap_or(Err(Failure::Timeout)), info }
    }

    async fn follow_redirects(
        &self,
        source: &Source,
        state: &SourceState,
        now: Timestamp,
        info: &mut ResponseInfo,
    ) -> Result<FetchResponse, Failure> {
        let mut url = start_url(source, state).clone();
        let mut permanent = true;
        // Some sites set one with a redirect to the same address. None is kept for the next poll.
        let cookies = Jar::default();
        let sent = SentRequest { accept: ACCEPT, validators: state.validators.as_ref(), wants_delta: true };
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(source, sent, (&url, &cookies)).await?;
            cookies.set_cookies(&mut response.headers().get_all(header::SET_COOKIE).iter(), &url);
            let Some(target) = response::redirect_target(&response, &url)? else {
                let validators = sent.validators_for(&url);
                let request =
                    RequestInfo { url, validators, max_body: source.access.max_body, is_cut: false, now };
                return response::read_response(response, request, info).await;
            };
            permanent &= matches!(response.status().as_u16(), 301 | 308);
            if permanent {
                info.moved_to = Some(target.clone().into());
            }
            url = target;
        }
        Err(Failure::Redirect(format!("more than {MAX_REDIRECTS} times")))
    }

    async fn send(
        &self,
        source: &Source,
        request: SentRequest<'_>,
        (url, cookies): (&Url, &Jar),
    ) -> Result<Response, Failure> {
        // Private addresses are allowed for the configured address alone, not for those it redirects to.
        let policy = match (is_configured_origin(url, source), source.access.allow_private) {
            (true, true) => AddressPolicy::Any,
            (true, false) => AddressPolicy::Allowed,
            (false, _) => AddressPolicy::Public,
        };
        let sent = self.send_by_policy(source, request, (url, cookies), policy).await;
        sent.map_err(|failure| match failure {
            Failure::RefusedAddress(address)
                if url.host() == source.url.whole().host() && policy == AddressPolicy::Public =>
            {
                Failure::RefusedAddress(format!("{address}, by a redirect to another port or scheme"))
            }
            failure => failure,
        })
    }

    async fn send_by_policy(
        &self,
        source: &Source,
        request: SentRequest<'_>,
        (url, cookies): (&Url, &Jar),
        policy: AddressPolicy,
    ) -> Result<Response, Failure> {
        let allow: &[IpNet] = if policy == AddressPolicy::Allowed { &self.clients.allow } else { &[] };
        if policy != AddressPolicy::Any && address::private_host(url, allow).is_some() {
            return Err(Failure::RefusedAddress(url.host_str().unwrap_or_default().to_owned()));
        }
        let proxy = source.access.proxy.as_ref().map(|proxy| proxy.0.to_string());
        let key = ClientKey { proxy, ca: source.access.ca.clone(), policy };
        let mut headers = self.headers(source, request, url)?;
        // A configured cookie is the only one.
        if let Some(cookies) = cookies.cookies(url).filter(|_| !headers.contains_key(header::COOKIE)) {
            headers.insert(header::COOKIE, cookies);
        }
        let client = self.clients.get(key.clone(), url)?;
        match client.get(url.clone()).headers(headers.clone()).send().await {
            Ok(response) => Ok(response),
            // The server closed the connection that was kept from an earlier request.
            Err(error) if error::is_closed_unanswered(&error) => {
                let client = self.clients.without_connections(&key)?;
                client.get(url.clone()).headers(headers).send().await.map_err(|error| error::failure(&error))
            }
            Err(error) => Err(error::failure(&error)),
        }
    }

    fn headers(&self, source: &Source, request: SentRequest<'_>, url: &Url) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        let user_agent = source.access.user_agent.as_deref().unwrap_or(&self.user_agent);
        headers.insert(header::USER_AGENT, header_value("User-Agent", user_agent)?);
        headers.insert(header::ACCEPT, HeaderValue::from_static(request.accept));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(content_coding::ACCEPT_ENCODING));
        if request.wants_delta {
            headers.insert(HeaderName::from_static("a-im"), HeaderValue::from_static("feed"));
        }
        if let Some(validators) = request.validators_for(url) {
            let unchanged =
                |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(|b| HeaderValue::from_bytes(b).ok());
            headers.extend(unchanged(&validators.etag).map(|etag| (header::IF_NONE_MATCH, etag)));
            headers
                .extend(unchanged(&validators.last_modified).map(|time| (header::IF_MODIFIED_SINCE, time)));
        }
        if is_configured_origin(url, source) {
            add_configured_headers(&mut headers, source)?;
        }
        Ok(headers)
    }
}

/// Adds the configured header fields and the authorization.
fn add_configured_headers(headers: &mut HeaderMap, source: &Source) -> Result<(), Failure> {
    for (name, value) in &source.access.headers {
        let invalid = |_| Failure::Connection(format!("{name} is not a valid header name"));
        let header_name = HeaderName::from_bytes(name.as_bytes()).map_err(invalid)?;
        headers.insert(header_name, secret_value(name, &value.0)?);
    }
    if let Some(authorization) = &source.access.authorization {
        let value = match authorization {
            Authorization::Basic { user, password } => {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.0)))
            }
            Authorization::Bearer(token) => format!("Bearer {}", token.0),
        };
        headers.insert(header::AUTHORIZATION, secret_value("Authorization", &value)?);
    }
    Ok(())
}

fn secret_value(name: &str, value: &str) -> Result<HeaderValue, Failure> {
    let mut value = header_value(name, value)?;
    value.set_sensitive(true);
    Ok(value)
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Failure> {
    let invalid = |_| Failure::Connection(format!("the value of {name} is not valid in a header"));
    HeaderValue::from_str(value).map_err(invalid)
}

/// Whether a URL has the origin of the configured one, also after an upgrade from http to https. Only there may the
/// source's secrets be sent, and private addresses be connected to: another port may be another service.
fn is_configured_origin(url: &Url, source: &Source) -> bool {
    let configured = source.url.whole();
    let is_upgrade = (configured.scheme(), url.scheme()) == ("http", "https")
        && configured.host() == url.host()
        && (configured.port(), url.port()) == (None, None);
    configured.origin() == url.origin() || is_upgrade
}

/// The address to request first: where the source has moved to, once that is confirmed; after a failure there the
/// configured address again.
fn start_url<'a>(source: &'a Source, state: &'a SourceState) -> &'a Url {
    match &state.moved {
        Some(moved) if moved.confirmed && moved.from == source.url && state.failures == 0 => moved.to.whole(),
        _ => source.url.whole(),
    }
}
