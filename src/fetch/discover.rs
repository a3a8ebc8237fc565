//! Finds the feeds of a web page (autodiscovery). Pure.

use quick_xml::events::attributes::Attributes;
use url::Url;

/// Paths where sites often have a feed.
const COMMON_FEED_PATHS: [&str; 10] = [
    "feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.atom", "feed.json",
    "feeds/all.atom.xml", "?feed=rss2",
];

/// Media types of a link to a feed.
const FEED_MEDIA_TYPES: [&str; 5] = [
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml",
    "application/json",
];

/// Maximum number of links taken from one page: each may be requested.
const MAX_FEED_LINKS: usize = 20;

/// A link from a page to a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLink {
    /// The feed's address.
    pub url: Url,
    /// The link's title.
    pub title: Option<String>,
}

/// The feeds that a page links to with `<link rel=alternate>`, in the page's order, comment feeds last.
#[must_use]
pub fn feed_links(html: &str, url: &Url) -> Vec<FeedLink> {
    let mut base = url.clone();
    let mut found: Vec<FeedLink> = Vec::new();
    for tag in (LinkTags { rest: html }) {
        let value = |name: &str| {
            tag.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
        };
        let Some(href) = value("href").filter(|href| !href.is_empty()) else { continue };
        if tag.name == "base" {
            base = url.join(href).unwrap_or(base);
            continue;
        }
        let is_alternate = value("rel")
            .is_some_and(|rel| rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("alternate")));
        let media_type = value("type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if tag.name != "link" || !is_alternate || !FEED_MEDIA_TYPES.contains(&media_type.as_str()) {
            continue;
        }
        let Ok(target) = base.join(href) else { continue };
        // WordPress links its JSON API this way, too.
        let is_feed = matches!(target.scheme(), "http" | "https") && !target.path().contains("/wp-json/");
        if is_feed && found.iter().all(|known| known.url != target) {
            found.push(FeedLink { url: target, title: value("title").map(str::to_owned) });
        }
        if found.len() == MAX_FEED_LINKS {
            break;
        }
    }
    found.sort_by_key(|link| {
        let title = link.title.as_deref().unwrap_or_default().to_lowercase();
        link.url.path().contains("comments") || title.contains("comment")
    });
    found
}

/// Addresses to try where a page links to no feed: below the page, then below the site's root.
#[must_use]
pub fn common_feed_urls(url: &Url) -> Vec<Url> {
    let mut below = url.clone();
    below.set_query(None);
    below.set_fragment(None);
    if !below.path().ends_with('/') {
        below.set_path(&format!("{}/", below.path()));
    }
    let root = below.join("/").unwrap_or_else(|_| below.clone());
    let mut urls: Vec<Url> = Vec::new();
    for base in [below, root] {
        for path in COMMON_FEED_PATHS {
            urls.extend(base.join(path).ok().filter(|url| !urls.contains(url)));
        }
    }
    urls
}

/// Iterates over the `<link>` and `<base>` tags of a page.
struct LinkTags<'a> {
    rest: &'a str,
}

struct LinkTag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Iterator for LinkTags<'_> {
    type Item = LinkTag;

    fn next(&mut self) -> Option<LinkTag> {
        loop {
            self.rest = &self.rest[self.rest.find('<')? + 1..];
            if let Some(comment) = self.rest.strip_prefix("!--") {
                self.rest = &comment[comment.find("-->")? + 3..];
                continue;
            }
            let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
            let name = self.rest[..end].to_ascii_lowercase();
            self.rest = &self.rest[end..];
            match name.as_str() {
                "link" | "base" => {
                    let (tag, rest) = self.rest.split_at(tag_length(self.rest));
                    self.rest = rest;
                    return Some(LinkTag { name, attributes: attributes(tag) });
                }
                // Their content is not markup.
                "script" | "style" | "template" => {
                    let is_end = |at: &usize| {
                        let end = self.rest.get(at + 2..at + 2 + name.len());
                        end.is_some_and(|end| end.eq_ignore_ascii_case(&name))
                    };
                    let mut ends = self.rest.match_indices("</").map(|(at, _)| at);
                    self.rest = &self.rest[ends.find(is_end)?..];
                }
                _ => {}
            }
        }
    }
}

/// The length of a tag's rest, up to a `>` that is not in a quoted value.
fn tag_length(rest: &str) -> usize {
    let (mut quote, mut is_value) = (None, false);
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') if is_value => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        is_value = byte == b'=' || (is_value && byte.is_ascii_whitespace());
    }
    rest.len()
}

/// The attributes of a tag, names in lower case.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut attributes = Attributes::html(tag, 0);
    let attributes = attributes.with_checks(false).flatten();
    let unescaped = |value: &str| htmlize::unescape_attribute(value).into_owned();
    attributes.map(|one| (one.key.as_ref().to_ascii_lowercase(), unescaped(&one.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let url = Url::parse("https://site.example/a/page").expect("an address");
        feed_links(html, &url).into_iter().map(|link| link.url.into()).collect()
    }

    #[test]
    fn feed_links_are_found_in_any_spelling() {
        assert_eq!(
            found(r#"<LINK REL=Alternate TYPE='application/rss+xml; charset=utf-8' HREF=../feed>"#),
            ["https://site.example/feed"]
        );
        assert_eq!(
            found(
                r#"<base href="https://cdn.example/x/"><link rel="alternate home" title="a>b" type="application/atom+xml" href="f?a=1&amp;b=2"/>"#
            ),
            ["https://cdn.example/x/f?a=1&b=2"]
        );
        assert_eq!(
            found(
                "<link title=Bob's rel=alternate type = 'application/rss+xml' disabled href=/feed/ /><p title='>'>"
            ),
            ["https://site.example/feed/"]
        );
        assert_eq!(
            found(
                r#"<link rel=alternate type=application/rss+xml href=/comments/feed><link rel=alternate type=application/rss+xml href=/feed>"#
            ),
            ["https://site.example/feed", "https://site.example/comments/feed"]
        );
    }

    #[test]
    fn other_links_are_ignored() {
        for html in [
            r#"<link rel="alternate" hreflang="ru" href="/ru">"#,
            r#"<link rel="stylesheet" type="application/rss+xml" href="/x">"#,
            r#"<!-- <link rel="alternate" type="application/rss+xml" href="/x"> -->"#,
            r#"<script>"<link rel=alternate type=application/rss+xml href=/x>"</script>"#,
            r#"<link rel="alternate" type="application/rss+xml" href="javascript:x">"#,
            r#"<SCRIPT>"</b><link rel=alternate type=application/rss+xml href=/x>"</Script>"#,
            r#"<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">"#,
            "<link rel=alternate type=application/rss+xml href=",
            "<",
            "<!--",
            "<link",
            "<link =",
            "<link a=\"",
            "<script>",
        ] {
            assert_eq!(found(html), [""; 0], "{html}");
        }
    }

    #[test]
    fn the_number_of_feed_links_is_limited() {
        let link = |n: usize| format!("<link rel=alternate type=application/rss+xml href=/{n}>");
        let page: String = (0..100_000).map(link).collect();
        let found = feed_links(&page, &Url::parse("https://example.org/").expect("an address"));
        assert_eq!(found.len(), MAX_FEED_LINKS);
        assert_eq!(found[MAX_FEED_LINKS - 1].url.path(), "/19");
    }

    #[test]
    fn common_feed_urls_are_below_the_page_and_at_the_root() {
        let url = Url::parse("https://site.example/blog?x=1").expect("an address");
        let urls: Vec<String> = common_feed_urls(&url).into_iter().map(String::from).collect();
        assert!(urls.contains(&"https://site.example/blog/feed".to_owned()));
        assert!(urls.contains(&"https://site.example/rss.xml".to_owned()));
    }
}
