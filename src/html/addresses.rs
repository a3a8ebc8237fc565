//! The addresses in the HTML of an entry: absolute, with a scheme that is kept, and with places on its own page. Pure.

use std::borrow::Cow;

use url::{ParseError, Url};

use super::base::bounded_base;

/// The URL schemes that are kept.
pub(super) const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Begins each id, so that none is the id of something else on the page where the entry is shown.
pub(super) const ID_PREFIX: &str = "siftwire-";

/// What the addresses of one text are relative to.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    /// Other relative addresses. They are dropped without it.
    pub(super) base: Option<Url>,
    /// The entry's page, which has the places that `#` addresses name. Without it they are in the text itself.
    pub(super) page: Option<Url>,
}

impl Addresses {
    /// Those of an entry with this link, where its text names no other base. `site` is the base of entries without a page.
    pub(super) fn of_entry(link: Option<&str>, site: Option<&Url>) -> Addresses {
        let link = link.and_then(|link| Url::parse(link).ok()).filter(is_web);
        let base = link.clone().and_then(bounded_base);
        // A base that was cut is another page.
        let page = base.clone().filter(|base| Some(base) == link.as_ref());
        Addresses { base: base.or_else(|| site.cloned()), page }
    }

    /// An address as it is published; `None` if its scheme is not kept, it is invalid, or there is no base.
    pub(super) fn clean<'a>(&self, address: &'a str) -> Option<Cow<'a, str>> {
        if is_plain_web_address(address) {
            return Some(address.into());
        }
        match Url::parse(address) {
            Ok(url) => SCHEMES.contains(&url.scheme()).then_some(address.into()),
            Err(ParseError::RelativeUrlWithoutBase) => self.join(address).map(Cow::Owned),
            Err(_) => None,
        }
    }

    /// A relative address as an absolute one, or as that of a place in the text.
    pub(super) fn join(&self, address: &str) -> Option<String> {
        match address.trim().strip_prefix('#') {
            None => self.base.as_ref()?.join(address).ok().map(String::from),
            Some(_) if self.page.is_some() => self.page.as_ref()?.join(address).ok().map(String::from),
            Some(id) => is_plain_id(id).then(|| match id.strip_prefix(ID_PREFIX) {
                Some(_) => format!("#{id}"),
                None => format!("#{ID_PREFIX}{id}"),
            }),
        }
    }

    /// An address as an absolute one of the web.
    pub(super) fn web(&self, address: &str) -> Option<Url> {
        match Url::parse(address) {
            Err(ParseError::RelativeUrlWithoutBase) => self.base.as_ref()?.join(address).ok(),
            parsed => parsed.ok(),
        }
        .filter(is_web)
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Whether an address is absolute, with a scheme that is kept.
pub(super) fn is_kept(address: &str) -> bool {
    is_plain_web_address(address) || Url::parse(address).is_ok_and(|url| SCHEMES.contains(&url.scheme()))
}

/// Whether an address is certainly a valid absolute http(s) URL, by its scheme and a plain host name. What follows the
/// host cannot make it invalid.
pub(super) fn is_plain_web_address(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")) else {
        return false;
    };
    let host = &rest[..rest.bytes().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len())];
    let is_plain = |label: &str| {
        !label.is_empty()
            && !label.starts_with("xn--")
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // A last label of digits would make it an IPv4 address.
    host.split('.').all(is_plain)
        && host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_lowercase()))
}

/// Whether a place in the text can be named so in every document.
fn is_plain_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> Url {
        Url::parse(url).expect("a URL")
    }

    #[test]
    fn addresses_are_relative_to_the_page_or_else_to_the_site() {
        let site = url("https://e.org/news/");
        let of_entry = |link| Addresses::of_entry(link, Some(&site));
        let long = format!("https://e.org/d/{}", "a".repeat(400));
        for (link, address, absolute) in [
            (Some("https://e.org/a/b?c"), "d.png", Some("https://e.org/a/d.png")),
            (Some("https://e.org/a/b?c"), "?d", Some("https://e.org/a/b?d")),
            (Some("https://e.org/a/b?c"), "#d", Some("https://e.org/a/b?c#d")),
            (Some("https://e.org/a/b?c"), " #d ", Some("https://e.org/a/b?c#d")),
            (Some("https://e.org/a#b"), "#c", Some("https://e.org/a#c")),
            (None, "d.png", Some("https://e.org/news/d.png")),
            (None, "#fn:1", Some("#siftwire-fn:1")),
            (None, "#siftwire-fn:1", Some("#siftwire-fn:1")),
            (None, "#", None),
            (None, "#a b", None),
            (Some("magnet:?xt=a"), "d.png", Some("https://e.org/news/d.png")),
            (Some("magnet:?xt=a"), "#d", Some("#siftwire-d")),
            (Some(&long), "d.png", Some("https://e.org/d/d.png")),
            (Some(&long), "#d", Some("#siftwire-d")),
        ] {
            assert_eq!(of_entry(link).clean(address).as_deref(), absolute, "{link:?} {address}");
        }
        assert_eq!(Addresses::default().clean("d.png"), None);
    }
}
