//! Finds the feeds of a web page (autodiscovery). Pure.

use quick_xml::events::attributes::Attributes;
use url::Url;

/// Paths where sites often have a feed.
const COMMON_FEED_PATHS: [&str; 10] = [
    "feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.atom", "feed.json",
    "feeds/all.atom.xml", "?feed=rss2",
];

/// Maximum number of links taken from one page: each may be requested.
const MAX_FEED_LINKS: usize = 20;

/// Words of a path that name a feed: `/feed`, `/news/rss/`, `/rss.xml`.
const FEED_WORDS: [&str; 8] = ["feed", "rss", "atom", "rdf", "rss2", "rss20", "newsfeed", "feedburner"];

/// Words in the path of a page that lists feeds.
const FEED_PAGE_WORDS: [&str; 5] = ["rss", "feeds", "feed", "syndication", "rssfeeds"];

/// Words in the name of a host that serves feeds.
const FEED_HOST_WORDS: [&str; 4] = ["feeds", "feed", "rss", "feedburner"];

/// Words of a link to click on that leads to a feed or to a page that lists feeds.
const LABEL_WORDS: [&str; 4] = ["rss", "rss2", "atom", "feeds"];

/// How much of a link's content is searched for them, in characters.
const LABEL_CHARS: usize = 300;

/// Maximum number of pages taken from one page that may list feeds.
const MAX_FEED_PAGES: usize = 3;

/// A link from a page to a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLink {
    /// The feed's address.
    pub url: Url,
    /// The link's title.
    pub title: Option<String>,
    /// How likely it is the one that is meant; less is better. Links of the same are in doubt.
    pub rank: Rank,
}

/// The kinds of links, the best first: to comments or not, in another language than the page or not, how it is linked,
/// and how few folders it shares with the page.
pub type Rank = (bool, bool, LinkKind, usize);

/// How a page links to a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// By a link that says what it is.
    Declared,
    /// By one with no type, or another one, whose address looks like a feed.
    Alike,
    /// By a link to click on whose address looks like a feed.
    Clickable,
}

/// What a page says about feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The feeds that it links to, the likeliest first, comment feeds last.
    pub feeds: Vec<FeedLink>,
    /// Pages that seem to list feeds.
    pub feed_pages: Vec<Url>,
    /// Where it sends a browser (`<meta http-equiv=refresh>`).
    pub refresh: Option<Url>,
    /// Its address as it says itself.
    pub canonical: Option<Url>,
}

/// Reads a page at `url`; `link_header` is that of its response.
#[must_use]
pub fn read_page(html: &str, url: &Url, link_header: &str) -> Page {
    let mut reader =
        PageReader { url, base: url.clone(), language: None, links: Vec::new(), page: Page::default() };
    for link in link_header.split(", <") {
        let Some((href, parameters)) = link.trim_start_matches('<').split_once('>') else { continue };
        // Its parameters are written as attributes are, but for the separators.
        reader.link(&attributes(&format!(" href=\"{href}\" {}", parameters.replace(';', " "))));
    }
    // It holds for what stands before it too.
    let base = Tags { rest: html }.filter(|tag| tag.name == "base");
    if let Some(base) = base.filter_map(|tag| url.join(value(&tag.attributes, "href")?).ok()).next() {
        reader.base = base;
    }
    for tag in (Tags { rest: html }) {
        reader.tag(&tag);
    }
    reader.finish()
}

/// A feed that was found, before all of the page is known.
struct FoundLink {
    url: Url,
    title: Option<String>,
    language: Option<String>,
    kind: LinkKind,
}

struct PageReader<'a> {
    url: &'a Url,
    base: Url,
    language: Option<String>,
    links: Vec<FoundLink>,
    page: Page,
}

impl PageReader<'_> {
    fn tag(&mut self, tag: &Tag) {
        let value = |name| value(&tag.attributes, name);
        match tag.name.as_str() {
            "html" => self.language = value("lang").or(value("xml:lang")).map(str::to_owned),
            "meta" if value("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) => {
                // As in `0; url='/news'`.
                let content = value("content").unwrap_or_default();
                let at = content.to_ascii_lowercase().find("url=");
                let target = at
                    .and_then(|at| content.get(at + 4..))
                    .map(|target| target.trim_matches(['\'', '"', ' ']));
                self.page.refresh =
                    target.and_then(|target| self.target(target)).filter(|target| target != self.url);
            }
            "link" => self.link(&tag.attributes),
            "a" => self.anchor(tag),
            _ => {}
        }
    }

    /// `feed:` is a scheme that opens an address in a feed reader; it does not say how to read it.
    fn target(&self, href: &str) -> Option<Url> {
        let target = match href.strip_prefix("feed:") {
            Some(rest) if rest.starts_with("//") => Url::parse(&format!("{}:{rest}", self.url.scheme())),
            Some(rest) => Url::parse(rest),
            None => self.base.join(href),
        };
        // WordPress links its JSON API like a feed.
        target
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && !url.path().contains("/wp-json/"))
    }

    fn link(&mut self, attributes: &[(String, String)]) {
        let value = |name| value(attributes, name);
        let Some(target) = value("href").and_then(|href| self.target(href)) else { return };
        let rel = value("rel").unwrap_or_default();
        let has = |wanted: &str| rel.split_whitespace().any(|word| word.eq_ignore_ascii_case(wanted));
        if has("canonical") {
            self.page.canonical = Some(target);
        } else if has("feed") || (has("alternate") && is_feed_type(value("type"))) {
            self.found(target, attributes, LinkKind::Declared);
        } else if has("alternate")
            && (is_feed_address(&target)
                || is_xml_type(value("type"))
                || has_word(value("title").unwrap_or_default(), &FEED_WORDS))
        {
            self.found(target, attributes, LinkKind::Alike);
        }
    }

    fn anchor(&mut self, tag: &Tag) {
        let href = value(&tag.attributes, "href");
        let Some(target) = href.and_then(|href| self.target(href)).filter(|target| target != self.url) else {
            return;
        };
        let is_feed = href.is_some_and(|href| href.starts_with("feed:")) || is_feed_address(&target);
        let names =
            ["title", "class", "aria-label"].map(|name| value(&tag.attributes, name).unwrap_or_default());
        let is_labelled =
            names.iter().chain([&tag.content.as_str()]).any(|text| has_word(text, &LABEL_WORDS));
        if is_feed
            || is_feed_type(value(&tag.attributes, "type"))
            || (is_labelled && target.path().ends_with(".xml"))
        {
            self.found(target, &tag.attributes, LinkKind::Clickable);
        } else if self.page.feed_pages.len() < MAX_FEED_PAGES
            && target.host() == self.url.host()
            && !self.page.feed_pages.contains(&target)
            && (is_labelled || has_word(target.path(), &FEED_PAGE_WORDS))
        {
            self.page.feed_pages.push(target);
        }
    }

    fn found(&mut self, url: Url, attributes: &[(String, String)], kind: LinkKind) {
        let mut without_fragment = url.clone();
        without_fragment.set_fragment(None);
        let is_known = without_fragment == *self.url || self.links.iter().any(|known| known.url == url);
        if !is_known && self.links.len() < MAX_FEED_LINKS {
            let text = |name| value(attributes, name).map(str::to_owned);
            self.links.push(FoundLink { url, title: text("title"), language: text("hreflang"), kind });
        }
    }

    fn finish(mut self) -> Page {
        let page_language =
            self.language.or_else(|| path_language(self.url)).map(|language| primary(&language));
        self.page.feeds = self
            .links
            .into_iter()
            .map(|link| {
                let language =
                    link.language.or_else(|| path_language(&link.url)).map(|language| primary(&language));
                let is_foreign = page_language.is_some() && language.is_some() && language != page_language;
                let title = link.title.as_deref().unwrap_or_default().to_lowercase();
                let is_of_comments = link.url.path().contains("comments") || title.contains("comment");
                let shared =
                    folders(&link.url).zip(folders(self.url)).take_while(|(one, other)| one == other);
                let rank = (is_of_comments, is_foreign, link.kind, usize::MAX - shared.count());
                FeedLink { url: link.url, title: link.title, rank }
            })
            .collect();
        self.page.feeds.sort_by_key(|link| link.rank);
        self.page
    }
}

fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    found.filter(|value| !value.is_empty())
}

fn is_feed_type(media_type: Option<&str>) -> bool {
    let media_type = essence(media_type);
    // Also as in `text/rss` or `application/x-atom+xml`.
    media_type == "application/json" || has_word(&media_type, &FEED_WORDS)
}

fn is_xml_type(media_type: Option<&str>) -> bool {
    matches!(essence(media_type).as_str(), "text/xml" | "application/xml")
}

/// A media type without its parameters.
fn essence(media_type: Option<&str>) -> String {
    media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The words of a path or query, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase)
}

fn has_word(text: &str, wanted: &[&str]) -> bool {
    words(text).any(|word| wanted.contains(&word.as_str()))
}

/// Whether an address is written as those of feeds are.
fn is_feed_address(url: &Url) -> bool {
    let last = folders(url).last().unwrap_or_default().to_lowercase();
    let (stem, extension) = last.rsplit_once('.').unwrap_or((&last, ""));
    let has_word = |text: &str| has_word(text, &FEED_WORDS);
    // As in `feeds.example.org/news`.
    let is_feed_host = !last.is_empty()
        && url.host_str().is_some_and(|host| host.split('.').any(|label| FEED_HOST_WORDS.contains(&label)));
    match extension {
        "rss" | "atom" | "rdf" => true,
        // As in `/rss/politics.xml`.
        "xml" => is_feed_host || has_word(url.path()) || stem == "index",
        "json" | "php" | "aspx" | "cgi" => has_word(stem),
        "" => {
            is_feed_host
                || FEED_WORDS.contains(&stem)
                || url.query_pairs().any(|(name, value)| has_word(&name) || has_word(&value))
        }
        _ => false,
    }
}

fn folders(url: &Url) -> impl Iterator<Item = &str> {
    url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty())
}

/// A path that begins as `/ru/` does.
fn path_language(url: &Url) -> Option<String> {
    folders(url)
        .next()
        .filter(|first| first.len() == 2 && first.bytes().all(|b| b.is_ascii_alphabetic()))
        .map(str::to_owned)
}

/// `en` of `en-GB`.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// Addresses to try where a page links to no feed: `likely` paths, then common ones below the page and the site's root.
#[must_use]
pub fn common_feed_urls(url: &Url, likely: &[String]) -> Vec<Url> {
    let mut below = url.clone();
    below.set_query(None);
    below.set_fragment(None);
    if !below.path().ends_with('/') {
        below.set_path(&format!("{}/", below.path()));
    }
    let root = below.join("/").unwrap_or_else(|_| below.clone());
    let mut urls: Vec<Url> = likely.iter().filter_map(|path| root.join(path).ok()).collect();
    for base in [below, root] {
        for path in COMMON_FEED_PATHS {
            urls.extend(base.join(path).ok().filter(|url| !urls.contains(url)));
        }
    }
    urls
}

/// Iterates over the tags of a page that may tell of feeds.
struct Tags<'a> {
    rest: &'a str,
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    /// Of a link to click on, its content as it is written.
    content: String,
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
                "link" | "base" | "a" | "html" | "meta" => {
                    let (tag, rest) = self.rest.split_at(tag_length(self.rest));
                    self.rest = rest;
                    let is_link = name == "a";
                    let content: String =
                        if is_link { rest.chars().take(LABEL_CHARS).collect() } else { String::new() };
                    let content = content.split("</a").next().unwrap_or_default().to_owned();
                    return Some(Tag { name, attributes: attributes(tag), content });
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

    const NONE: [&str; 0] = [];

    fn found(html: &str) -> Vec<String> {
        let url = Url::parse("https://site.example/a/page").expect("an address");
        read_page(html, &url, "").feeds.into_iter().map(|link| link.url.into()).collect()
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
                r#"<link rel=feed href=/a><link rel=alternate type=text/xml href=/b.xml?rss><a href=/c.rss>"#
            ),
            ["https://site.example/a", "https://site.example/b.xml?rss", "https://site.example/c.rss"]
        );
        assert_eq!(found("<a href='feed://other.example/x'>"), ["https://other.example/x"]);
        assert_eq!(
            found(
                "<link rel=alternate type=text/xml href=/x.xml><link rel=alternate title='News RSS' href=/y>"
            ),
            ["https://site.example/x.xml", "https://site.example/y"]
        );
        assert_eq!(
            found("<link rel=alternate type=text/xml+oembed href=/x><link rel=alternate href=/de/>"),
            NONE
        );
        assert_eq!(found("<link rel=alternate type=application/x-atom+xml href=''>"), NONE);
        assert_eq!(
            found("<link rel=feed href=f><base target=_blank><base href=/b/><base href=/c/>"),
            ["https://site.example/b/f"]
        );
        assert_eq!(
            found(
                "<a href=https://feeds.feedburner.com/x>Follow</a><a href=https://rss.other.example/en-all>News</a>"
            ),
            ["https://feeds.feedburner.com/x", "https://rss.other.example/en-all"]
        );
        assert_eq!(
            found(
                "<a href=/export.xml><i class='fa fa-rss'></i></a><a href=/sitemap.xml>Map</a><a class=rss href=/z.xml>"
            ),
            ["https://site.example/export.xml", "https://site.example/z.xml"]
        );
        assert_eq!(
            found(
                r#"<link rel=alternate type=application/rss+xml href=/comments/feed><link rel=alternate type=application/rss+xml href=/feed>"#
            ),
            ["https://site.example/feed", "https://site.example/comments/feed"]
        );
    }

    #[test]
    fn the_feed_of_the_pages_language_and_path_comes_first() {
        let link = |href: &str, lang: &str| {
            format!("<link rel=alternate type=application/rss+xml hreflang='{lang}' href='{href}'>")
        };
        let page = |lang: &str| {
            format!("<html lang='{lang}'>{}{}{}", link("/en/f", ""), link("/f", "hy"), link("/x/f", "ru"))
        };
        assert_eq!(found(&page("hy-AM"))[0], "https://site.example/f");
        assert_eq!(found(&page("ru"))[0], "https://site.example/x/f");
        assert_eq!(found(&page("en"))[0], "https://site.example/en/f");
        let page = format!("{}{}{}", link("/feed", ""), link("/b/feed", ""), link("/a/feed", ""));
        assert_eq!(found(&page)[0], "https://site.example/a/feed");
    }

    #[test]
    fn a_link_header_is_read_as_links_are() {
        let header = "</style.css>; rel=preload, <https://a.example/f?x=1,2>; rel=\"alternate\"; type=\"application/atom+xml\"";
        let url = Url::parse("https://site.example/").expect("an address");
        let page = read_page("", &url, header);
        assert_eq!(
            page.feeds.iter().map(|link| link.url.as_str()).collect::<Vec<_>>(),
            ["https://a.example/f?x=1,2"]
        );
        for odd in ["<", ">", "<>", "<;", ", <", "<\">; rel=feed", "<é>;é", ">;\"="] {
            let _ = read_page("", &url, odd);
        }
    }

    #[test]
    fn other_links_are_ignored() {
        for html in [
            r#"<link rel="alternate" hreflang="ru" href="/ru">"#,
            r#"<link rel="stylesheet" type="application/rss+xml" href="/x">"#,
            r#"<a href="/sitemap.xml"></a><a href="/feedback">x</a><a href="/atom/physics">y</a><a href=#rss>z</a>"#,
            r#"<meta http-equiv=refresh content="url=">"#,
            r#"<meta http-equiv=refresh content="İİurl=é">"#,
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
        let found = read_page(&page, &Url::parse("https://example.org/").expect("an address"), "").feeds;
        assert_eq!(found.len(), MAX_FEED_LINKS);
        assert_eq!(found[MAX_FEED_LINKS - 1].url.path(), "/19");
    }

    #[test]
    fn common_feed_urls_are_below_the_page_and_at_the_root() {
        let url = Url::parse("https://site.example/blog?x=1").expect("an address");
        let urls: Vec<String> = common_feed_urls(&url, &[]).into_iter().map(String::from).collect();
        assert!(urls.contains(&"https://site.example/blog/feed".to_owned()));
        assert!(urls.contains(&"https://site.example/rss.xml".to_owned()));
    }
}
