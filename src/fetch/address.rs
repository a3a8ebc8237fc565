//! Which addresses may be visited: the resolver that filters, and literals checked apart. Part of
//! fetch's door.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A range of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address of the range.
    pub address: IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}

impl Network {
    /// Whether an address lies in the range.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (mine, theirs, bits) = match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
            _ => return false,
        };
        let free = bits - u32::from(self.prefix).min(bits);
        mine.checked_shr(free) == theirs.checked_shr(free)
    }
}

impl std::str::FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Network, &'static str> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| "not an address")?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| "not a number of bits")?;
        if prefix > most { Err("more bits than an address has") } else { Ok(Network { address, prefix }) }
    }
}

/// An address that must not be visited.
#[derive(Debug, thiserror::Error)]
#[error("refused address: {0}")]
pub(super) struct Refused(pub(super) String);

/// The address that a URL's host itself is, if it is one. `url` has read decimal, octal and
/// hexadecimal forms of IPv4 already.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}

/// Which addresses a hop may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum AddressPolicy {
    /// Those of the open net.
    Public,
    /// Those too that `[poll] allow` holds: the hop is to the host that the user named.
    Allowed,
    /// Any: the user said so of this very host.
    Any,
}

/// Whether an address may be visited; if not, it in words.
pub(super) fn check(ip: IpAddr, policy: AddressPolicy, allow: &[Network]) -> Result<(), String> {
    let allowed = match policy {
        AddressPolicy::Public => false,
        AddressPolicy::Allowed => allow.iter().any(|network| network.contains(ip.to_canonical())),
        AddressPolicy::Any => true,
    };
    if allowed || is_public(ip) { Ok(()) } else { Err(ip.to_string()) }
}

/// Whether an address is of the open net (IANA's special-purpose registries).
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
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarking, ORCHID, documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Only 2000::/3 is global unicast.
        _ => s[0] & 0xe000 == 0x2000,
    }
}

/// Tells the addresses of a name.
pub type DnsLookup = Arc<dyn Fn(String) -> LookupFuture + Send + Sync>;

/// What a [`DnsLookup`] answers, later.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The system's own: /etc/hosts, DNS, whatever it is told to use.
#[must_use]
pub fn system_lookup() -> DnsLookup {
    Arc::new(|name| {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
        })
    })
}

/// Resolves names and keeps only addresses that may be visited, so that what was checked is what
/// is connected to.
pub(super) struct Resolver {
    pub(super) allow: Arc<[Network]>,
    pub(super) policy: AddressPolicy,
    /// The name of the proxy: the user chose it, so it may be anywhere.
    pub(super) proxy: Option<String>,
    pub(super) lookup: DnsLookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy =
            if self.proxy.as_deref() == Some(name.as_str()) { AddressPolicy::Any } else { self.policy };
        let (allow, asked) = (Arc::clone(&self.allow), (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = asked.await.map_err(|error| format!("dns error: {error}"))?;
            let kept: Vec<SocketAddr> = found
                .iter()
                .filter(|ip| check(**ip, policy, &allow).is_ok())
                .map(|ip| SocketAddr::new(*ip, 0))
                .collect();
            match (kept.is_empty(), found.first()) {
                (true, Some(first)) => {
                    let refused = Refused(format!("{} is {first}", name.as_str()));
                    Err(Box::new(refused) as Box<dyn std::error::Error + Send + Sync>)
                }
                (true, None) => Err("dns error: it has no address".into()),
                _ => Ok(Box::new(kept.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_open_net_and_no_others() {
        let no = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
        ];
        for ip in no {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
        for url in ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::ffff:7f00:1]/"] {
            let ip = literal(&Url::parse(url).expect(url)).expect("a literal");
            assert!(!is_public(ip), "{url}");
        }
    }

    #[test]
    fn ranges_are_read_and_hold_their_own() {
        let network: Network = "192.168.1.0/24".parse().expect("a range");
        assert!(network.contains("192.168.1.77".parse().expect("an address")));
        assert!(!network.contains("192.168.2.1".parse().expect("an address")));
        assert!(
            "10.0.0.0/0"
                .parse::<Network>()
                .expect("a range")
                .contains("8.8.8.8".parse().expect("an address"))
        );
        assert!("10.0.0.0/33".parse::<Network>().is_err() && "ten".parse::<Network>().is_err());
    }
}
