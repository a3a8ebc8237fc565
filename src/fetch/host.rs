//! Which URLs count as the same host for the limit of parallel requests, and which as one site. Pure.

use url::Url;

use super::address::literal_ip;

/// The host that a request puts load on; requests to one host are made one after the other.
///
/// An IP address is its own host. Of a name it is the registrable domain of the Public Suffix List's ICANN section.
/// Names that a company hands out below its own (`a.github.io`) count as the company's, since its servers answer.
#[must_use]
pub fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    if literal_ip(url).is_some() {
        return host.to_owned();
    }
    let mut name = host;
    loop {
        let Some(suffix) = psl::suffix(name.as_bytes()) else { return host.to_owned() };
        let ending = &name[name.len() - suffix.as_bytes().len()..];
        if suffix.typ() != Some(psl::Type::Private) {
            // The suffix and one label; a bare suffix is its own host.
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

/// Who is responsible for what an address shows: the registrable domain of the whole Public Suffix List, so that
/// `a.github.io` and `b.github.io` are two sites. Of an IP address, and of a name without such a domain, the port counts.
#[must_use]
pub fn site_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    match psl::domain_str(host).filter(|_| literal_ip(url).is_none()) {
        Some(domain) => Some(domain.to_owned()),
        None => Some(format!("{host}:{}", url.port_or_known_default()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_the_host() {
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
            assert_eq!(host_key(&url.parse().expect("a URL")), host);
        }
    }

    #[test]
    fn a_site_is_what_one_publisher_has() {
        for (url, site) in [
            ("https://www.bbc.co.uk/a", "bbc.co.uk"),
            ("https://feeds.example.org.:8443/", "example.org"),
            ("https://alice.github.io/", "alice.github.io"),
            ("https://me.blogspot.com/", "me.blogspot.com"),
            ("http://127.0.0.1:81/", "127.0.0.1:81"),
            ("https://[::1]/", "[::1]:443"),
            ("http://localhost/", "localhost:80"),
            ("https://github.io/", "github.io:443"),
        ] {
            assert_eq!(site_of(&url.parse().expect("a URL")).as_deref(), Some(site));
        }
    }
}
