//! `siftwire opml import FILE` and `siftwire opml export`: sources from and for other feed readers.
#![allow(clippy::disallowed_methods, reason = "reads the file named on the command line")]

use std::collections::HashMap;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use url::Url;

use super::config_option::ConfigOption;
use super::runtime::with_store;
use super::terminal;
use crate::config::edit::{self, NewSource};
use crate::config::mask_urls;
use crate::config::newsboat;
use crate::config::opml::{self, Outline};
use crate::feed;
use crate::publish::opml::{OpmlFeed, write_feeds};

/// The largest OPML file: ten times one of 100,000 feeds.
const MAX_FILE_BYTES: u64 = 100_000_000;

/// `siftwire opml`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Debug, clap::Subcommand)]
enum Direction {
    /// Add the feeds of an OPML file, or of newsboat's urls, to config.toml; its comments and layout are kept
    Import {
        /// The OPML file, or newsboat's urls file; - reads standard input
        file: PathBuf,
        /// Only show what would be added
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the sources as OPML
    Export,
}

/// Imports or exports.
///
/// # Errors
/// A file cannot be read or written, or is not OPML.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    match arguments.direction {
        Direction::Import { file, dry_run } => import(&file, dry_run, config_option),
        Direction::Export => export(config_option),
    }
}

fn import(file: &Path, dry_run: bool, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config_option.load()?;
    let shown = file.display();
    let bytes = read_file(file)?;
    let text = feed::decode_text(&bytes);
    let mut outlines = newsboat::read(&text);
    if text.trim_start().starts_with('<') || outlines.is_empty() {
        let list = opml::read(&text).map_err(|error| anyhow!("{shown}: {error}"))?;
        if let Some(error) = list.xml_error {
            terminal::message(&format!(
                "{shown}: invalid XML ({error}); only the feeds before it are imported"
            ));
        }
        for Outline { title, url, .. } in list.without_feed {
            let name = mask_urls(&title.unwrap_or_else(|| url.clone()));
            let page = mask_urls(&url);
            let remedy = if url.is_empty() { "" } else { "; `siftwire add` may find the feed of " };
            terminal::message(&format!("{name}: skipped: it has no xmlUrl{remedy}{page}"));
        }
        outlines = list.outlines;
    }
    let mut new_sources = Vec::new();
    for outline in outlines {
        match feed_url(&outline.url) {
            Some(url) => {
                let Outline { title, tags, .. } = outline;
                new_sources.push(NewSource { url, title, tags, allow_private: false });
            }
            None => {
                let Outline { title, url, .. } = outline;
                let url = mask_urls(&url);
                let name = title.map_or_else(|| url.clone(), |title| mask_urls(&title));
                terminal::message(&format!("{name}: skipped: {url} is not an http or https URL"));
            }
        }
    }
    let (named, rejected) = edit::name_sources(&config, new_sources);
    for (source, reason) in &rejected {
        let url = mask_urls(source.url.as_str());
        let name = source.title.as_deref().map_or_else(|| url.clone(), mask_urls);
        terminal::message(&format!("{name}: skipped: {reason} ({url})"));
    }
    for (name, source) in &named {
        terminal::message(&format!("{name}: {}", mask_urls(source.url.as_str())));
    }
    if named.is_empty() {
        terminal::message("Nothing to add.");
        return Ok(ExitCode::SUCCESS);
    }
    if dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    config_option.add_sources(&named)?;
    Ok(ExitCode::SUCCESS)
}

/// The URL of an outline, if it can be polled: `https` if it has no scheme. `feed:` is a scheme that opens a URL in a feed
/// reader.
fn feed_url(written: &str) -> Option<Url> {
    let (without, scheme) = match written.strip_prefix("feed://") {
        Some(rest) => (rest, "http"),
        None => (written.strip_prefix("feed:").unwrap_or(written).trim_start_matches("//"), "https"),
    };
    let host = without.split(['/', '?', ':']).next().unwrap_or_default();
    let url = if host.contains('.') && !without.contains('@') {
        Url::parse(&format!("{scheme}://{without}"))
    } else {
        Url::parse(without)
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let cannot_read = || format!("cannot read {shown}");
    let input: Box<dyn std::io::Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(cannot_read)?)
    };
    let mut bytes = Vec::new();
    input.take(MAX_FILE_BYTES).read_to_end(&mut bytes).with_context(cannot_read)?;
    anyhow::ensure!((bytes.len() as u64) < MAX_FILE_BYTES, "{shown} is larger than 100 MB");
    Ok(bytes)
}

fn export(config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config_option.load()?;
    // The store knows the feeds' own titles and links. It must not be created just for an export.
    let stored = if config.store.location.try_exists().unwrap_or(false) {
        with_store(&config.store, async |store| Ok(store.sources().await?))?
    } else {
        Vec::new()
    };
    let titles = stored.into_iter().map(|source| (source.name, (source.state.title, source.state.link)));
    let titles: HashMap<_, _> = titles.collect();
    let feeds = config.sources.iter().map(|source| {
        let (feed_title, link) = titles.get(&source.name).cloned().unwrap_or_default();
        OpmlFeed {
            title: source.title.clone().or(feed_title).unwrap_or_else(|| source.name.clone()),
            feed: source.url.whole().to_string(),
            tags: source.tags.clone(),
            page: link.map(|link| link.whole().to_string()),
        }
    });
    let mut out = BufWriter::new(std::io::stdout().lock());
    write_feeds(feeds, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_other_programs_write_them() {
        for (written, url) in [
            ("https://a.example/feed", Some("https://a.example/feed")),
            ("a.example/feed", Some("https://a.example/feed")),
            ("a.example:8080/feed", Some("https://a.example:8080/feed")),
            ("//www.a.example/?u=http://b.example", Some("https://www.a.example/?u=http://b.example")),
            ("feed://a.example/feed", Some("http://a.example/feed")),
            ("feed:https://a.example/feed", Some("https://a.example/feed")),
            ("feed:a.example", Some("https://a.example/")),
            ("gopher://a.example/", None),
            ("mailto:me@a.example", None),
            ("javascript:a.b", None),
            ("exec:/bin/true", None),
            ("", None),
        ] {
            assert_eq!(feed_url(written).as_ref().map(Url::as_str), url, "{written}");
        }
    }
}
