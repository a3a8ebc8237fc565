//! Which IP addresses may be connected to. The resolver filters what DNS answers, so the address that was checked is
//! the one that is used. I/O: DNS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// An address that must not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("refused address: {0}")]
pub(super) struct AddressRefused(pub(super) String);

/// The host of a URL, if it is an IP address. The `url` crate has already parsed decimal, octal and hexadecimal forms of
/// IPv4.
pub(super) fn literal_ip(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}

/// Which addresses a request may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum AddressPolicy {
    /// Public addresses only.
    Public,
    /// Also the ranges of `[poll] allow`: the host is the one in the config.
    Allowed,
    /// Any address: the config allows it for this host.
    Any,
}

impl AddressPolicy {
    fn permits(self, ip: IpAddr, allow: &[IpNet]) -> bool {
        match self {
            AddressPolicy::Public => is_public(ip),
            AddressPolicy::Allowed => is_public(ip) || is_allowed(ip, allow),
            AddressPolicy::Any => true,
        }
    }
}

fn is_allowed(ip: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|network| network.contains(&ip.to_canonical()))
}

/// Top-level names of local networks: RFC 6762 (section 3 and appendix G), RFC 8375, and `internal`, which ICANN
/// reserves for them; `svc` is Kubernetes'.
const PRIVATE_SUFFIXES: [&str; 10] =
    ["corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "private", "svc"];

/// Why the host of a URL is private, as far as the URL says: it is an address outside the `allow` networks, or a name that
/// has a meaning only on this machine or in a local network. A proxy would resolve such a name to whatever it has there.
///
/// With `allow`, only `localhost` counts (RFC 6761): what the other names resolve to is checked when connecting, like any
/// name.
#[must_use]
pub fn private_host(url: &Url, allow: &[IpNet]) -> Option<String> {
    if let Some(ip) = literal_ip(url) {
        let is_permitted = AddressPolicy::Allowed.permits(ip, allow);
        return (!is_permitted).then(|| format!("{ip} is not a public address"));
    }
    let name = url.domain()?.trim_end_matches('.');
    let is_below = |suffix: &str| {
        name.strip_suffix(suffix).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    if is_below("localhost") {
        return (!is_allowed(Ipv4Addr::LOCALHOST.into(), allow))
            .then(|| "the name of this machine".to_owned());
    }
    let is_local = !name.contains('.') || PRIVATE_SUFFIXES.into_iter().any(is_below);
    (is_local && allow.is_empty()).then(|| "a name of a local network".to_owned())
}

/// Whether an address is globally reachable (IANA special-purpose address registries).
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match s {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) embed an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarking, ORCHID, documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Only 2000::/3 is global unicast.
        _ => s[0] & 0xe000 == 0x2000,
    }
}

/// Resolves a host name to its addresses.
pub type DnsLookup = Arc<dyn Fn(String) -> LookupFuture + Send + Sync>;

/// The pending answer of a [`DnsLookup`].
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The resolver of the system, with /etc/hosts.
#[must_use]
pub fn system_lookup() -> DnsLookup {
    Arc::new(|name| {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
        })
    })
}

/// Resolves names and drops the addresses that the policy forbids.
pub(super) struct FilteringResolver {
    pub(super) allow: Arc<[IpNet]>,
    pub(super) policy: AddressPolicy,
    /// The proxy's host name. The user configured it, so its address is not checked.
    pub(super) proxy_host: Option<String>,
    pub(super) lookup: DnsLookup,
}

impl Resolve for FilteringResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxy_host.as_deref() == Some(name.as_str());
        let policy = if is_proxy { AddressPolicy::Any } else { self.policy };
        let (allow, lookup) = (Arc::clone(&self.allow), (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = lookup.await.map_err(|error| format!("dns error: {error}"))?;
            let permitted: Vec<SocketAddr> = addresses
                .iter()
                .filter(|ip| policy.permits(**ip, &allow))
                .map(|ip| SocketAddr::new(*ip, 0))
                .collect();
            match (permitted.is_empty(), addresses.first()) {
                (true, Some(first)) => {
                    let refused = AddressRefused(format!("{} is {first}", name.as_str()));
                    Err(Box::new(refused) as Box<dyn std::error::Error + Send + Sync>)
                }
                (true, None) => Err("dns error: the name has no address".into()),
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_global_addresses_are_public() {
        let private = [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
            "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
            "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1",
        ];
        for ip in private {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }

    fn is_refused(url: &str, allow: &[IpNet]) -> bool {
        private_host(&Url::parse(url).expect("valid"), allow).is_some()
    }

    #[test]
    fn every_spelling_of_a_private_host_is_recognised() {
        for host in [
            "localhost", "a.localhost", "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
            "10.0.0.1", "192.168.1.9", "169.254.169.254", "100.64.0.1", "198.18.0.1", "0.0.0.0", "[::1]",
            "[::]", "[fe80::1]", "[fc00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
            "[2001:db8::1]", "router", "intranet.", "internal.lan", "metadata.google.internal", "nas.local.",
            "NAS.LOCAL", "a.home.arpa", "a.corp", "localhost.localdomain", "kubernetes.default.svc",
        ] {
            assert!(is_refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
        for host in [
            "example.org", "93.184.216.34", "[2606:4700::1111]", "localhost.example.org", "notlocal.org",
            "notlocalhost.org", "lan.example", "arpa.example",
        ] {
            assert!(!is_refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
    }

    #[test]
    fn an_allowed_network_allows_only_its_own_addresses() {
        let network = ["192.168.1.0/24".parse().expect("valid")];
        assert!(!is_refused("http://192.168.1.77/", &network));
        assert!(is_refused("http://192.168.2.77/", &network));
        let all = ["0.0.0.0/0".parse().expect("valid")];
        assert!(!is_refused("http://10.1.2.3/", &all));
        // What the name resolves to is checked when connecting.
        assert!(!is_refused("http://nas.lan/", &network));
        assert!(is_refused("http://localhost/", &network));
    }
}
