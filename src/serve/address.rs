//! What an address asks for, and whether a request is addressed as it must be. Pure.

use std::borrow::Cow;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Version};

use crate::publish::format::Format;

/// A path with its escapes resolved, so that each spelling of a name finds it (RFC 3986 section 6.2.2.2). An
/// escaped slash divides nothing, and what is no text stays as it is.
pub(super) fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = (*first == b'%').then(|| after.get(..2)).flatten();
        let hex = escape.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let meant = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match meant.filter(|byte| *byte != b'/') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(path), Cow::Owned)
}

/// `/feeds/NAME/archive/N.atom`, taken apart. Only the plain spelling of a number counts, so that
/// each page has one address.
pub(super) fn archive_page(path: &str) -> Option<(&str, u32, Format)> {
    let (name, page) = path.strip_prefix("/feeds/")?.split_once("/archive/")?;
    let formats = [Format::Atom, Format::Rss, Format::Json];
    let (digits, format) =
        formats.into_iter().find_map(|format| Some((page.strip_suffix(format.extension())?, format)))?;
    let number: u32 = digits.parse().ok()?;
    (number > 0 && number.to_string() == digits && !name.contains('/')).then_some((name, number, format))
}

/// Whether a request names its host as it must: once, in HTTP/1.1, and as a host may be written (RFC 9112
/// section 3.2). Which one it is decides nothing here, but proxies and caches in between go by it.
pub(super) fn names_its_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => {
            let may_stand = |b: &u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(b);
            host.as_bytes().iter().all(may_stand)
        }
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_but_of_slashes_and_of_what_is_no_text() {
        for (path, meant) in [
            ("/feeds/a.atom", "/feeds/a.atom"),
            ("/feeds/%61%2Eatom", "/feeds/a.atom"),
            ("/feeds/%D0%B0 %d0%b1", "/feeds/\u{430} \u{431}"),
            ("/feeds%2Fa", "/feeds%2Fa"),
            ("/%252e", "/%2e"),
            ("/100%", "/100%"),
            ("/%zz%6", "/%zz%6"),
            ("/%ff%61", "/%ff%61"),
            ("/%+1", "/%+1"),
        ] {
            assert_eq!(plain(path), meant, "{path}");
        }
    }
}
