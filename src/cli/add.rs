//! `siftwire add URL`: finds the feed behind an address, shows what it holds, adds it to the config.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use url::Url;

use super::configured::{self, Source};
use crate::config::Config;
use crate::config::edit::{self, Addition};
use crate::daemon;
use crate::feed::{self, Feed, Hints};
use crate::fetch::discover;
use crate::fetch::{FetchResponse, FetchedBody, Fetcher};
use crate::source::{self, Access, PollInterval, SourceState};

/// How many of its entries are shown.
const SHOWN: usize = 5;

/// `siftwire add`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The address of a feed, or of a page that has one
    url: String,
    /// What to call it, instead of what it calls itself
    #[arg(long)]
    title: Option<String>,
    /// Its host may be on this machine or in the local network
    #[arg(long)]
    allow_private: bool,
    /// Only show what is found
    #[arg(long)]
    dry_run: bool,
}

/// A feed, and where it is.
struct Found {
    url: Url,
    feed: Feed,
    /// Other feeds that the page names.
    others: Vec<discover::FeedLink>,
}

/// Exit 1 where no feed is found.
///
/// # Errors
/// No feed is found, or the config cannot be written.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let url = address(&arguments.url)?;
    let access = Access { allow_private: arguments.allow_private, ..config.access.clone() };
    let visitor = Visitor { fetcher: Fetcher::new(&config.fetch), access };
    let found = super::runtime()?.block_on(visitor.find(&url))?;
    super::print(super::terminal::lines(&shown(&found)).as_bytes())?;
    for other in &found.others {
        super::say(&format!("Also there: {} {}", other.url, other.title.as_deref().unwrap_or_default()));
    }
    add(&config, found, &arguments, source)
}

fn add(config: &Config, found: Found, arguments: &Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let addition = Addition {
        url: found.url,
        title: arguments.title.clone(),
        comment: None,
        allow_private: arguments.allow_private,
    };
    let (chosen, refused) = edit::choose(config, vec![addition]);
    if let Some((addition, why)) = refused.first() {
        super::say(&format!("Not added: {why} ({})", addition.url));
    }
    if chosen.is_empty() || arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    configured::add_sources(source, &chosen)
}

/// What people type: without a scheme it is https.
fn address(typed: &str) -> anyhow::Result<Url> {
    let typed = typed.trim().trim_start_matches("feed:").trim_start_matches("//");
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).with_context(|| format!("{typed} is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("{typed} is no http or https address");
    }
    Ok(url)
}

struct Visitor {
    fetcher: Fetcher,
    /// As `[poll]` has it: through the same proxy, with the same headers.
    access: Access,
}

impl Visitor {
    /// The address itself, else what the page there names, else the usual places.
    async fn find(&self, url: &Url) -> anyhow::Result<Found> {
        let (found, body) = self.visit(url).await.with_context(|| format!("cannot read {url}"))?;
        if let Some(feed) = feed(&body) {
            return Ok(Found { url: found, feed, others: Vec::new() });
        }
        let mut alternates = discover::feed_links(&feed::decode_text(&body.bytes), &body.url);
        let mut places: Vec<Url> = alternates.iter().map(|alternate| alternate.url.clone()).collect();
        places.extend(discover::common_feed_urls(&body.url));
        for place in places {
            let Ok((found, body)) = self.visit(&place).await else { continue };
            if let Some(feed) = feed(&body) {
                alternates.retain(|alternate| alternate.url != place);
                return Ok(Found { url: found, feed, others: alternates });
            }
        }
        bail!("no feed at {url}, nor named there, nor in the usual places")
    }

    /// The document, and the address under which to ask for it: the new one, if it has moved for good.
    async fn visit(&self, url: &Url) -> anyhow::Result<(Url, FetchedBody)> {
        let source = source::Source {
            name: url.to_string(),
            url: url.clone(),
            title: None,
            interval: PollInterval { every: Duration::ZERO, at_most: Duration::ZERO, adaptive: false },
            access: self.access.clone(),
            language: None,
            first_poll: 0,
            stories: false,
        };
        let visit = self.fetcher.visit(&source, &SourceState::default(), daemon::now()).await;
        match visit.result? {
            FetchResponse::Body(body) => Ok((visit.info.moved_to.unwrap_or_else(|| url.clone()), body)),
            FetchResponse::NotModified => bail!("not modified, though nothing was known of it"),
        }
    }
}

fn feed(body: &FetchedBody) -> Option<Feed> {
    let hints =
        Hints { content_type: body.content_type.as_deref(), url: Some(&body.url), now: daemon::now() };
    feed::read(&body.bytes, &hints).ok()
}

fn shown(found: &Found) -> String {
    let feed = &found.feed;
    let title = feed.title.as_deref().unwrap_or("(no title)");
    let mut text = format!("{title}\n  {}\n  {}, {} entries\n", found.url, feed.format, feed.entries.len());
    let mut entries: Vec<_> = feed.entries.iter().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.published.or(entry.updated)));
    for entry in entries.into_iter().take(SHOWN) {
        let date = entry.published.or(entry.updated);
        let date = date.map_or_else(|| "undated   ".to_owned(), |date| date.strftime("%Y-%m-%d").to_string());
        text.push_str(&format!("  {date}  {}\n", entry.title.as_deref().unwrap_or("(no title)")));
    }
    text
}
