//! The HTTP clients and their connections. I/O.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::{Client, Proxy, redirect};
use url::Url;

use super::address::{AddressPolicy, DnsLookup, FilteringResolver};
use super::certificates;
use super::error::failure;
use crate::source::Failure;

/// For looking up the name, connecting and TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of header fields of one response. Over HTTP/1 the client also stops after about 400 KB of them.
const MAX_HEADERS: usize = 300;

/// Maximum size of one response's header fields over HTTP/2.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// A client that has connected to this many hosts is replaced by a new one. Its idle connections are closed, so ten
/// thousand hosts do not keep ten thousand sockets.
const MAX_HOSTS: usize = 256;

/// What a client is configured with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    pub(super) proxy: Option<String>,
    /// Certificates that are trusted beside the system's, as PEM.
    pub(super) ca: Option<Arc<str>>,
    pub(super) policy: AddressPolicy,
}

/// Clients by their configuration, made when first needed. Clones share them.
#[derive(Clone)]
pub(super) struct ClientPool {
    pub(super) allow: Arc<[IpNet]>,
    lookup: DnsLookup,
    clients: Arc<Mutex<HashMap<ClientKey, PooledClient>>>,
}

struct PooledClient {
    client: Client,
    /// The hosts it has connected to.
    hosts: HashSet<String>,
}

impl ClientPool {
    pub(super) fn new(allow: Arc<[IpNet]>, lookup: DnsLookup) -> ClientPool {
        ClientPool { allow, lookup, clients: Arc::default() }
    }

    /// A client for a request to `url`.
    pub(super) fn get(&self, key: ClientKey, url: &Url) -> Result<Client, Failure> {
        let host = url.host_str().unwrap_or_default();
        // Nothing that panics runs under this lock.
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(pooled) = clients.get_mut(&key)
            && (pooled.hosts.contains(host) || pooled.hosts.len() < MAX_HOSTS)
        {
            if !pooled.hosts.contains(host) {
                pooled.hosts.insert(host.to_owned());
            }
            return Ok(pooled.client.clone());
        }
        let client = self.new_client(&key)?;
        let hosts = HashSet::from([host.to_owned()]);
        clients.insert(key, PooledClient { client: client.clone(), hosts });
        Ok(client)
    }

    /// A client without connections: for a request whose connection the server has closed.
    pub(super) fn without_connections(&self, key: &ClientKey) -> Result<Client, Failure> {
        self.new_client(key)
    }

    fn new_client(&self, key: &ClientKey) -> Result<Client, Failure> {
        let tls = certificates::tls_config(key.ca.as_deref()).map_err(|error| {
            Failure::Tls(format!("{error}: install the package ca-certificates, or set SSL_CERT_FILE"))
        })?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_headers(MAX_HEADERS)
            // As curl and browsers read them.
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .referer(false)
            .no_proxy();
        let mut proxy_host = None;
        if let Some(proxy) = &key.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|error| failure(&error))?);
            proxy_host = Url::parse(proxy).ok().and_then(|url| url.host_str().map(str::to_owned));
        }
        let resolver = FilteringResolver {
            allow: Arc::clone(&self.allow),
            policy: key.policy,
            proxy_host,
            lookup: Arc::clone(&self.lookup),
        };
        builder.dns_resolver(Arc::new(resolver)).build().map_err(|error| failure(&error))
    }
}
