//! `siftwire add URL`: finds the feed of a web page, shows it, and adds it to the config.

use std::cmp::Reverse;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use url::{Host, Url};

use super::config_option::ConfigOption;
use super::fetch_once::fetch_once;
use super::runtime::runtime;
use super::{WrongUsage, terminal};
use crate::article::{self, Article, Selectors, WebPage};
use crate::config::edit::{self, NewSource};
use crate::config::{Config, mask_urls};
use crate::daemon;
use crate::entry::Entry;
use crate::feed::{self, Feed, Hints};
use crate::fetch::discover::{self, FeedLink, Page};
use crate::fetch::{self, FetchedBody, Fetcher, sites};
use crate::source::{Access, FeedUrl, UrlParts};

/// The number of entries shown.
const MAX_SHOWN_ENTRIES: usize = 5;

/// The number of entries whose pages are tried.
const MAX_TRIED_PAGES: usize = 3;

/// Of the text of a page.
const MAX_SHOWN_CHARS: usize = 120;

/// `siftwire add`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The URL of a feed, or of a web page that has one
    url: String,
    /// The title to use instead of the feed's own
    #[arg(long)]
    title: Option<String>,
    /// Allow the host of URL to be on this machine or in the local network
    #[arg(long)]
    allow_private: bool,
    /// Also show which text is found on the pages of three entries
    #[arg(long)]
    full_text: bool,
    /// Only show what is found
    #[arg(long)]
    dry_run: bool,
}

/// A feed and its URL.
struct DiscoveredFeed {
    url: Url,
    feed: Box<Feed>,
    /// Other feeds that the page links to.
    alternates: Vec<FeedLink>,
}

/// Finds a feed, shows it and adds it.
///
/// # Errors
/// No feed is found, or the config cannot be written.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config_option.load()?;
    let (url, plain) = parse_url(&arguments.url)?;
    let finder = FeedFinder::new(&config, &url, arguments.allow_private);
    let runtime = runtime()?;
    let discovered = runtime.block_on(finder.find(&url, plain.as_ref()))?;
    terminal::print(terminal::escape_lines(&as_text(&discovered)).as_bytes())?;
    if arguments.full_text {
        let found = runtime.block_on(finder.articles(&discovered.feed));
        terminal::print(terminal::escape_lines(&found).as_bytes())?;
    }
    for alternate in &discovered.alternates {
        terminal::message(&format!("Other feed: {}", described(alternate)));
    }
    let allow_private = arguments.allow_private && finder.is_named_host(&discovered.url);
    let source = NewSource { url: discovered.url, title: arguments.title, tags: Vec::new(), allow_private };
    let (named, rejected) = edit::name_sources(&config, vec![source]);
    if let Some((source, reason)) = rejected.first() {
        terminal::message(&format!("Not added: {reason} ({})", mask_urls(source.url.as_str())));
    }
    if !named.is_empty() && !arguments.dry_run {
        config_option.add_sources(&named)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A URL as people type it: `https` if the scheme is missing, and what to read if that cannot be: old sites may have no
/// https.
fn parse_url(typed: &str) -> anyhow::Result<(Url, Option<Url>)> {
    if Path::new(typed).is_file() {
        bail!("{typed} is a file: `siftwire opml import` adds the feeds of a subscription list");
    }
    let typed = typed.trim().trim_start_matches("feed:").trim_start_matches("//");
    let absolute = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&absolute)
        .map_err(|error| WrongUsage(format!("{} is not a URL: {error}", mask_urls(typed))))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!(WrongUsage(format!("{} is not an http or https URL", mask_urls(typed))));
    }
    let plain = (absolute != typed).then(|| format!("http://{typed}").parse()).transpose()?;
    Ok((url, plain))
}

/// What is at an address.
enum ReadPage {
    Feed(DiscoveredFeed),
    Other(FetchedBody),
}

struct FeedFinder {
    fetcher: Fetcher,
    /// For links to other hosts than the named one: those may not be private.
    public_fetcher: Fetcher,
    /// The request settings of `[poll]`.
    access: Access,
    /// The host of the URL that was given, and whether it may be private.
    host: Option<Host>,
    allow_private: bool,
}

impl FeedFinder {
    fn new(config: &Config, url: &Url, allow_private: bool) -> FeedFinder {
        let public = fetch::Options { allow: Vec::new(), ..config.fetch.clone() };
        FeedFinder {
            fetcher: Fetcher::new(&config.fetch),
            public_fetcher: Fetcher::new(&public),
            access: config.access.clone(),
            host: url.host().map(|host| host.to_owned()),
            allow_private,
        }
    }

    fn is_named_host(&self, url: &Url) -> bool {
        url.host().map(|host| host.to_owned()) == self.host
    }

    /// Tries the feed that the address tells, the URL itself, the feeds that the page links to, those of pages that list
    /// feeds, then common feed paths. Where `url` cannot be read, `plain` stands in.
    async fn find(&self, url: &Url, plain: Option<&Url>) -> anyhow::Result<DiscoveredFeed> {
        if let Some(known) = sites::known_feed(url)
            && let Ok(ReadPage::Feed(found)) = self.read(&known).await
        {
            return Ok(found);
        }
        let shown = FeedUrl::from(url.clone()).shown(UrlParts::Path);
        let read = match (self.read(url).await, plain) {
            (Err(error), Some(plain)) => self.read(plain).await.map_err(|_| error),
            (read, _) => read,
        };
        let mut body = match read.with_context(|| format!("cannot read {shown}"))? {
            ReadPage::Feed(found) => return Ok(found),
            ReadPage::Other(body) => body,
        };
        if let Page { feeds, refresh: Some(target), .. } = page_of(&body)
            && feeds.is_empty()
            && let Ok(found) = self.read(&target).await
        {
            match found {
                ReadPage::Feed(found) => return Ok(found),
                ReadPage::Other(next) => body = next,
            }
        }
        let page = page_of(&body);
        let mut lists = Vec::new();
        if let Some(found) = self.first_of(page.feeds, &mut lists).await {
            return Ok(found);
        }
        let mut pages = page.feed_pages;
        pages.extend(page.canonical.as_ref().and_then(sites::known_feed));
        for page in pages {
            match self.read(&page).await {
                Ok(ReadPage::Feed(found)) => return Ok(found),
                Ok(ReadPage::Other(list)) => lists.push(list),
                Err(_) => {}
            }
        }
        for list in lists {
            if let Some(found) = self.first_of(page_of(&list).feeds, &mut Vec::new()).await {
                return Ok(found);
            }
        }
        let at = body.url.whole();
        let likely = sites::likely_paths(&feed::decode_text(&body.bytes), at);
        for candidate in discover::common_feed_urls(at, &likely) {
            if let Ok(ReadPage::Feed(found)) = self.read(&candidate).await {
                return Ok(found);
            }
        }
        bail!("no feed found at {shown}, in its links, or at the common feed paths")
    }

    /// The first link that is a feed, the chosen one where it is in doubt which is meant. `lists` gets what is none.
    async fn first_of(
        &self,
        mut links: Vec<FeedLink>,
        lists: &mut Vec<FetchedBody>,
    ) -> Option<DiscoveredFeed> {
        let alike = links.iter().take_while(|link| link.rank == links[0].rank).count();
        if alike > 1 {
            let options: Vec<String> = links.iter().map(described).collect();
            let chosen = terminal::choose("Which feed?", &options);
            links[..=chosen].rotate_right(1);
        }
        for (at, link) in links.iter().enumerate() {
            match self.read(&link.url).await {
                Ok(ReadPage::Feed(found)) => {
                    links.remove(at);
                    return Some(DiscoveredFeed { alternates: links, ..found });
                }
                Ok(ReadPage::Other(body)) => lists.push(body),
                Err(_) => {}
            }
        }
        None
    }

    /// What is found on the pages of the newest entries, as text.
    async fn articles(&self, feed: &Feed) -> String {
        let mut text = "Full text\n".to_owned();
        let with_page = newest(feed)
            .into_iter()
            .filter_map(|entry| Some((entry, Url::parse(entry.link.as_deref()?).ok()?)));
        for (entry, url) in with_page.take(MAX_TRIED_PAGES) {
            let read = self.fetch(&url).await.map_err(|error| format!("cannot read the page: {error:#}"));
            let found = read.and_then(|(_, body)| article_of(&body, entry));
            text.push_str(&format!("  {}\n", entry.title.as_deref().unwrap_or("(no title)")));
            text.push_str(&match found {
                Ok(article) => {
                    let start: String = article.text.chars().take(MAX_SHOWN_CHARS).collect();
                    let characters =
                        terminal::counted(article.text.chars().count(), "character", "characters");
                    format!("    {characters}: {}...\n", start.replace('\n', " "))
                }
                Err(reason) => format!("    none: {reason}\n"),
            });
        }
        text
    }

    async fn read(&self, url: &Url) -> anyhow::Result<ReadPage> {
        let (url, body) = self.fetch(url).await?;
        Ok(match parse_feed(&body) {
            Some(feed) => {
                ReadPage::Feed(DiscoveredFeed { url, feed: Box::new(feed), alternates: Vec::new() })
            }
            None => ReadPage::Other(body),
        })
    }

    /// The body, and the URL to poll: the new one after a permanent redirect.
    async fn fetch(&self, url: &Url) -> anyhow::Result<(Url, FetchedBody)> {
        let is_named = self.is_named_host(url);
        let access = Access { allow_private: self.allow_private && is_named, ..self.access.clone() };
        let fetcher = if is_named { &self.fetcher } else { &self.public_fetcher };
        let (body, moved_to) = fetch_once(fetcher, url, access).await?;
        Ok((moved_to.map_or_else(|| url.clone(), |to| to.whole().clone()), body))
    }
}

fn page_of(body: &FetchedBody) -> Page {
    discover::read_page(&feed::decode_text(&body.bytes), body.url.whole(), &body.links)
}

fn described(link: &FeedLink) -> String {
    format!("{} {}", mask_urls(link.url.as_str()), link.title.as_deref().unwrap_or_default())
}

fn parse_feed(body: &FetchedBody) -> Option<Feed> {
    let hints =
        Hints { content_type: body.content_type.as_deref(), url: Some(body.url.whole()), now: daemon::now() };
    feed::read(&body.bytes, &hints).ok()
}

/// The article of an entry, or why its page has none.
fn article_of(body: &FetchedBody, entry: &Entry) -> Result<Article, String> {
    let page =
        WebPage { bytes: &body.bytes, content_type: body.content_type.as_deref(), url: body.url.whole() };
    let feed_text = entry.content.as_deref().or(entry.summary.as_deref());
    article::find(&page, &Selectors::default(), feed_text).map_err(|reason| reason.to_string())
}

/// The entries, the newest first.
fn newest(feed: &Feed) -> Vec<&Entry> {
    let mut entries: Vec<_> = feed.entries.iter().collect();
    entries.sort_by_key(|entry| Reverse(entry.published.or(entry.updated)));
    entries
}

fn as_text(discovered: &DiscoveredFeed) -> String {
    let feed = &discovered.feed;
    let title = feed.title.as_deref().unwrap_or("(no title)");
    let count = terminal::counted(feed.entries.len(), "entry", "entries");
    let mut text = format!("{title}\n  {}\n  {}, {count}\n", mask_urls(discovered.url.as_str()), feed.format);
    for entry in newest(feed).into_iter().take(MAX_SHOWN_ENTRIES) {
        let date = entry.published.or(entry.updated);
        let date = date.map_or_else(|| "no date   ".to_owned(), |date| date.strftime("%Y-%m-%d").to_string());
        text.push_str(&format!("  {date}  {}\n", entry.title.as_deref().unwrap_or("(no title)")));
    }
    text
}
