//! Paths and the `Host` header of requests. Pure.

use std::borrow::Cow;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Version};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::publish::format::Format;
use crate::publish::health;

/// What a path segment must escape so that the `http` crate parses it (RFC 3986 section 3.3), and `%` itself.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?');

/// A path with its escapes resolved, so that every spelling of a name is found (RFC 3986 section 6.2.2.2).
/// `None` if it has an escaped slash, which would change its segments, or is not UTF-8.
pub(super) fn decode(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path));
    }
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let slashes = |text: &str| text.bytes().filter(|byte| *byte == b'/').count();
    (slashes(&decoded) == slashes(path)).then_some(decoded)
}

/// A path in the one spelling that the router matches: only necessary escapes.
pub(super) fn canonical(path: &str) -> Option<String> {
    decode(path).map(|decoded| utf8_percent_encode(&decoded, ESCAPED).to_string())
}

/// The last segment of `/feeds/NAME/archive/N.atom`; that of the web page has no extension. Leading zeros and signs are refused, so that each page has
/// one address.
pub(super) fn archive_page(segment: &str) -> Option<(u32, Format)> {
    let (digits, format) = Format::ALL
        .into_iter()
        .find_map(|format| Some((segment.strip_suffix(format.extension())?, format)))?;
    let number: u32 = digits.parse().ok()?;
    (number > 0 && number.to_string() == digits).then_some((number, format))
}

/// The name of the output whose feed has this path, and the feed's format.
pub(super) fn feed(path: &str) -> Option<(&str, Format)> {
    let name = path.strip_prefix("/feeds/")?;
    Format::feeds().find_map(|format| Some((name.strip_suffix(format.extension())?, format)))
}

/// Whether pages of other sites may read a feed: not that of the sources' health, which is for the operator.
pub(super) fn is_for_everyone(feed_name: &str) -> bool {
    feed_name != health::NAME
}

/// Whether a request has exactly one well-formed `Host`, as HTTP/1.1 requires (RFC 9112 section 3.2). The server
/// does not use the host, but proxies and caches in front of it do.
pub(super) fn has_valid_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => {
            let is_allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(b);
            host.as_bytes().iter().all(is_allowed)
        }
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_unless_they_hide_a_slash_or_are_not_utf_8() {
        for (path, decoded) in [
            ("/feeds/a.atom", Some("/feeds/a.atom")),
            ("/feeds/%61%2Eatom", Some("/feeds/a.atom")),
            ("/feeds/%D0%B0 %d0%b1", Some("/feeds/\u{430} \u{431}")),
            ("/feeds%2Fa", None),
            ("/%252e", Some("/%2e")),
            ("/100%", Some("/100%")),
            ("/%zz%6", Some("/%zz%6")),
            ("/%ff%61", None),
            ("/%+1", Some("/%+1")),
        ] {
            assert_eq!(decode(path).as_deref(), decoded, "{path}");
        }
    }

    #[test]
    fn the_canonical_path_parses_and_decodes_to_the_same() {
        for path in ["/feeds/%61%2Eatom", "/%D0%B0 %d0%b1", "/%252e", "/100%", "/%zz", "/%3F%23%22%3C%00%7F"]
        {
            let canonical = canonical(path).expect("no slash is escaped");
            let uri: axum::http::Uri = canonical.parse().expect("a valid URI");
            assert_eq!((uri.path(), uri.query()), (canonical.as_str(), None), "{path}");
            assert_eq!(decode(&canonical), decode(path), "{path}");
        }
    }
}
