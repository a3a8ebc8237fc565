//! Which hosts that a url names outright are not of the public web. Pure.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use ipnet::IpNet;

use crate::fetch::is_public;

/// The words for a url whose host is literally private, unless a range of `allow` holds it. Names that
/// resolve to private addresses are the fetcher's affair; `localhost` is private by RFC 6761.
pub(super) fn private(url: &Url, allow: &[IpNet]) -> Option<String> {
    let address = match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost");
            let allowed = allow.iter().any(|network| network.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
            return (local && !allowed).then(|| "names this machine".to_owned());
        }
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    if is_public(address) || allow.iter().any(|network| network.contains(&address)) {
        return None;
    }
    Some(format!("{address} is not an address of the public web"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, allow: &[IpNet]) -> bool {
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
        let range = ["192.168.1.0/24".parse().unwrap()];
        assert!(!refused("http://192.168.1.77/", &range));
        assert!(refused("http://192.168.2.77/", &range));
        let all = ["0.0.0.0/0".parse().unwrap()];
        assert!(!refused("http://10.1.2.3/", &all));
    }
}
