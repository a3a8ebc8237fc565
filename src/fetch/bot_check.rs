//! Pages that a site shows in place of a feed to find out whether a browser asks for it. Pure.

use reqwest::header::HeaderMap;

/// How much of a page is searched.
pub(super) const SEARCHED_BYTES: usize = 64 * 1024;

/// What is in the page, in lower case, and who makes it.
const MARKS: [(&str, &str); 10] = [
    ("<title>just a moment...</title>", "Cloudflare"),
    ("/cdn-cgi/challenge-platform/", "Cloudflare"),
    ("<title>attention required! | cloudflare</title>", "Cloudflare"),
    ("<title>ddos-guard</title>", "DDoS-Guard"),
    ("making sure you&#39;re not a bot!", "Anubis"),
    ("making sure you're not a bot!", "Anubis"),
    ("<title>vercel security checkpoint</title>", "Vercel"),
    ("_incapsula_resource", "Imperva"),
    ("sucuri website firewall", "Sucuri"),
    ("checking your browser before accessing", "the site"),
];

/// Who asks for a check, by the header fields.
pub(super) fn by_headers(headers: &HeaderMap) -> Option<&'static str> {
    let is =
        |name: &str, value: &str| headers.get(name).is_some_and(|given| given.as_bytes() == value.as_bytes());
    if is("cf-mitigated", "challenge") {
        return Some("Cloudflare");
    }
    if is("x-vercel-mitigated", "challenge") {
        return Some("Vercel");
    }
    (is("x-amzn-waf-action", "challenge") || is("x-amzn-waf-action", "captcha")).then_some("AWS")
}

/// Who asks for a check, by the page, if it is HTML.
pub(super) fn by_page(content_type: Option<&str>, page: &[u8]) -> Option<&'static str> {
    if !content_type.is_some_and(|content_type| content_type.to_ascii_lowercase().contains("html")) {
        return None;
    }
    let start = &page[..page.len().min(SEARCHED_BYTES)];
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    MARKS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_in_html_is_a_check() {
        let page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
        assert_eq!(by_page(Some("text/html; charset=UTF-8"), page), Some("Cloudflare"));
        assert_eq!(by_page(Some("application/rss+xml"), page), None);
        assert_eq!(by_page(None, page), None);
        assert_eq!(by_page(Some("text/html"), b"<html><title>News</title>Just a moment...</html>"), None);
    }
}
