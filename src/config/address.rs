//! Recognises URLs whose host is a private address. Pure.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::fetch::is_public;

/// The label for a URL whose host is literally a private address outside the `allow` networks, else `None`.
/// `localhost` counts as private (RFC 6761); what other names resolve to is checked by `fetch` at connection time.
pub(super) fn private_host(url: &Url, allow: &[IpNet]) -> Option<String> {
    let is_allowed = |address| allow.iter().any(|network| network.contains(&address));
    let address = match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            let is_allowed = is_allowed(IpAddr::V4(Ipv4Addr::LOCALHOST));
            return (is_local && !is_allowed).then(|| "the name of this machine".to_owned());
        }
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    (!is_public(address) && !is_allowed(address)).then(|| format!("{address} is not a public address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(url: &str, allow: &[IpNet]) -> bool {
        private_host(&Url::parse(url).unwrap(), allow).is_some()
    }

    #[test]
    fn every_spelling_of_a_private_address_is_recognised() {
        for host in [
            "localhost", "a.localhost", "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
            "10.0.0.1", "192.168.1.9", "169.254.169.254", "100.64.0.1", "198.18.0.1", "0.0.0.0", "[::1]",
            "[::]", "[fe80::1]", "[fc00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
            "[2001:db8::1]",
        ] {
            assert!(is_refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
        for host in ["example.org", "93.184.216.34", "[2606:4700::1111]", "localhost.example.org"] {
            assert!(!is_refused(&format!("http://{host}/feed"), &[]), "{host}");
        }
    }

    #[test]
    fn an_allowed_network_allows_only_its_own_addresses() {
        let network = ["192.168.1.0/24".parse().unwrap()];
        assert!(!is_refused("http://192.168.1.77/", &network));
        assert!(is_refused("http://192.168.2.77/", &network));
        let all = ["0.0.0.0/0".parse().unwrap()];
        assert!(!is_refused("http://10.1.2.3/", &all));
    }
}
