//! Where the feeds of a page may be (autodiscovery). Pure.

use url::Url;

/// Paths at which sites keep their feed without saying so.
const USUAL: [&str; 10] = [
    "feed",
    "rss",
    "feed.xml",
    "rss.xml",
    "atom.xml",
    "index.xml",
    "feed.atom",
    "feed.json",
    "feeds/all.atom.xml",
    "?feed=rss2",
];

/// Media types that a link to a feed names.
const FEEDS: [&str; 5] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/json",
];

/// Of the feeds that a page names, so many count: each may be visited.
const MOST: usize = 20;

/// A feed that a page names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLink {
    /// Where it is.
    pub url: Url,
    /// What the page calls it.
    pub title: Option<String>,
}

/// The feeds that a page names by `<link rel=alternate>`, best first: in its order, those of comments last.
#[must_use]
pub fn feed_links(html: &str, url: &Url) -> Vec<FeedLink> {
    let mut base = url.clone();
    let mut found: Vec<FeedLink> = Vec::new();
    for tag in (Tags { rest: html }) {
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
        let kind = value("type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if tag.name != "link" || !is_alternate || !FEEDS.contains(&kind.as_str()) {
            continue;
        }
        let Ok(target) = base.join(href) else { continue };
        // WordPress gives its whole interface as JSON under this relation.
        let is_feed = matches!(target.scheme(), "http" | "https") && !target.path().contains("/wp-json/");
        if is_feed && found.iter().all(|known| known.url != target) {
            found.push(FeedLink { url: target, title: value("title").map(str::to_owned) });
        }
        if found.len() == MOST {
            break;
        }
    }
    found.sort_by_key(|alternate| {
        let title = alternate.title.as_deref().unwrap_or_default().to_lowercase();
        alternate.url.path().contains("comments") || title.contains("comment")
    });
    found
}

/// Where else a feed may be: below the address itself, then at the site's root.
#[must_use]
pub fn common_feed_urls(url: &Url) -> Vec<Url> {
    let mut below = url.clone();
    below.set_query(None);
    below.set_fragment(None);
    if !below.path().ends_with('/') {
        below.set_path(&format!("{}/", below.path()));
    }
    let root = below.join("/").unwrap_or_else(|_| below.clone());
    let mut places: Vec<Url> = Vec::new();
    for base in [below, root] {
        for path in USUAL {
            places.extend(base.join(path).ok().filter(|place| !places.contains(place)));
        }
    }
    places
}

/// The start tags of a page that can name a feed.
struct Tags<'a> {
    rest: &'a str,
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
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
                    let (attributes, rest) = attributes(self.rest);
                    self.rest = rest;
                    return Some(Tag { name, attributes });
                }
                // Text that looks like tags and is none.
                "script" | "style" | "template" => {
                    let close = format!("</{name}");
                    let at = self.rest.to_ascii_lowercase().find(&close);
                    self.rest = &self.rest[at?..];
                }
                _ => {}
            }
        }
    }
}

/// The attributes of a tag, names in lower case, and what stands behind it.
fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (found, rest);
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            found.push((name, String::new()));
            continue;
        };
        rest = after.trim_start();
        let raw;
        (raw, rest) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &rest[1..];
                let end = inner.find(quote).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or_default())
            }
            _ => rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len())),
        };
        found.push((name, htmlize::unescape_attribute(raw).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let url = Url::parse("https://site.example/a/page").expect("an address");
        feed_links(html, &url).into_iter().map(|alternate| alternate.url.into()).collect()
    }

    #[test]
    fn links_to_feeds_are_found_however_they_are_written() {
        assert_eq!(
            found(r#"<LINK REL=FeedLink TYPE='application/rss+xml; charset=utf-8' HREF=../feed>"#),
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
                r#"<link rel=alternate type=application/rss+xml href=/comments/feed><link rel=alternate type=application/rss+xml href=/feed>"#
            ),
            ["https://site.example/feed", "https://site.example/comments/feed"]
        );
    }

    #[test]
    fn what_is_no_link_to_a_feed_is_passed_over() {
        for html in [
            r#"<link rel="alternate" hreflang="ru" href="/ru">"#,
            r#"<link rel="stylesheet" type="application/rss+xml" href="/x">"#,
            r#"<!-- <link rel="alternate" type="application/rss+xml" href="/x"> -->"#,
            r#"<script>"<link rel=alternate type=application/rss+xml href=/x>"</script>"#,
            r#"<link rel="alternate" type="application/rss+xml" href="javascript:x">"#,
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
    fn a_page_that_names_feeds_without_end_names_a_few() {
        let link = |n: usize| format!("<link rel=alternate type=application/rss+xml href=/{n}>");
        let page: String = (0..100_000).map(link).collect();
        let found = feed_links(&page, &Url::parse("https://example.org/").expect("an address"));
        assert_eq!(found.len(), MOST);
        assert_eq!(found[MOST - 1].url.path(), "/19");
    }

    #[test]
    fn usual_places_are_below_the_address_and_at_the_root() {
        let url = Url::parse("https://site.example/blog?x=1").expect("an address");
        let places: Vec<String> = common_feed_urls(&url).into_iter().map(String::from).collect();
        assert!(places.contains(&"https://site.example/blog/feed".to_owned()));
        assert!(places.contains(&"https://site.example/rss.xml".to_owned()));
    }
}
