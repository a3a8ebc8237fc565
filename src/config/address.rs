//! Which hosts that a url names outright are not of the public web. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::ingest::fetch::Network;

/// The words for a url whose host is literally private, unless a range of `allow` holds it. Names that
/// resolve to private addresses are the fetcher's affair; `localhost` is private by RFC 6761.
pub(super) fn private(url: &Url, allow: &[Network]) -> Option<String> {
    let address = match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost");
            let allowed = allow.iter().any(|network| holds(network, IpAddr::V4(Ipv4Addr::LOCALHOST)));
            return (local && !allowed).then(|| "names this machine".to_owned());
        }
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => embedded(address).map_or(IpAddr::V6(address), IpAddr::V4),
    };
    if is_public(address) || allow.iter().any(|network| holds(network, address)) {
        return None;
    }
    Some(format!("{address} is not an address of the public web"))
}

/// The IPv4 address inside a mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056) one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// IANA's special-purpose registries (RFC 6890 and its followers).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_documentation()
                || a == 0
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        // Global unicast is 2000::/3; of it, documentation is not.
        IpAddr::V6(address) => {
            let parts = address.segments();
            parts[0] & 0xe000 == 0x2000 && !(parts[0] == 0x2001 && parts[1] == 0xdb8) && parts[0] != 0x3fff
        }
    }
}

fn holds(network: &Network, address: IpAddr) -> bool {
    match (network.address, address) {
        (IpAddr::V4(range), IpAddr::V4(address)) => {
            let shift = 32 - u32::from(network.prefix.min(32));
            u32::from(range).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (IpAddr::V6(range), IpAddr::V6(address)) => {
            let shift = 128 - u32::from(network.prefix.min(128));
            u128::from(range).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, allow: &[Network]) -> bool {
        private(&Url::parse(url).unwrap(), allow).is_some()
    }

    #[test]
    fn every_spelling_of_a_private_address_is_seen() {
        for host in [
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "10.0.0.1",
            "192.168.1.9",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
        ] {
            assert!(refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
        for host in ["example.org", "93.184.216.34", "[2606:4700::1111]", "localhost.example.org"] {
            assert!(!refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
    }

    #[test]
    fn a_range_allows_what_it_holds_and_nothing_else() {
        let range = [Network { address: "192.168.1.0".parse().unwrap(), prefix: 24 }];
        assert!(!refused("http://192.168.1.77/", &range));
        assert!(refused("http://192.168.2.77/", &range));
        let all = [Network { address: "0.0.0.0".parse().unwrap(), prefix: 0 }];
        assert!(!refused("http://10.1.2.3/", &all));
    }
}
