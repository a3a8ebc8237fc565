//! `siftwire stories --replay`: finds the stories of the entries in a file, in a temporary store.
#![allow(clippy::disallowed_methods, reason = "reads the file named on the command line")]

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::cli::runtime::with_store;
use crate::cli::terminal;
use crate::entry::Entry;
use crate::fetch;
use crate::ingest::replay::{self, ReplayEntry};
use crate::source::{ArticleSettings, UrlParts};
use crate::store::{ConfiguredSource, Options, SourceId, Store, StoreLocation};
use crate::story::address::PageAddress;

/// Entries processed before their lines are printed.
const CHUNK_SIZE: usize = 10_000;

/// One line of the file.
#[derive(Debug, Deserialize)]
pub(super) struct ReplayLine {
    id: String,
    feed: String,
    title: Option<String>,
    link: Option<String>,
    guid: Option<String>,
    summary: Option<String>,
    published: Option<Timestamp>,
    lang: Option<String>,
}

/// Reads the lines, sorted by `published`; those without it come first.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<ReplayLine>> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{} line {}: expected an entry as JSON", file.display(), number + 1))
        })
        .collect::<anyhow::Result<Vec<ReplayLine>>>()?;
    lines.sort_by(|a, b| (a.published, &a.id).cmp(&(b.published, &b.id)));
    Ok(lines)
}

/// Prints for each entry the id of its story's first entry, and the reason; of one that joined none, the last earlier
/// entry that it is much like, and why they are two.
pub(super) fn run(lines: &[ReplayLine]) -> anyhow::Result<()> {
    let directory = tempfile::tempdir().context("cannot create a temporary directory")?;
    let keep = Duration::from_secs(u64::from(u32::MAX));
    let options = Options { location: StoreLocation::File(directory.path().join("scratch.db")), keep };
    with_store(&options, async |store| replay_lines(store, lines).await)
}

async fn replay_lines(store: &Store, lines: &[ReplayLine]) -> anyhow::Result<()> {
    let mut names: Vec<&str> = lines.iter().map(|line| line.feed.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let stored = store.sync_sources(names.iter().enumerate().map(source).collect()).await?;
    let sources: HashMap<&str, SourceId> =
        names.into_iter().zip(stored.iter().map(|known| known.id)).collect();
    let sites = sites(lines);
    let mut first_ids: HashMap<i64, &str> = HashMap::new();
    for lines in lines.chunks(CHUNK_SIZE) {
        let entries = lines.iter().map(|line| ReplayEntry {
            source: sources[line.feed.as_str()],
            entry: entry(line, &sites),
            now: line.published.unwrap_or(Timestamp::UNIX_EPOCH),
        });
        let numbers = replay::replay(store, entries.collect()).await?;
        let joined = store.joined_stories(numbers.iter().flatten().copied().collect()).await?;
        let alone = numbers.iter().flatten().filter(|number| !joined.contains_key(number)).copied();
        let apart = store.kept_apart(alone.collect()).await?;
        let mut out = String::new();
        for (line, number) in lines.iter().zip(numbers) {
            let (story, reason) = story_and_reason(&line.id, number, &joined, &mut first_ids);
            let mut answer = json!({ "id": line.id, "story": story, "reason": reason });
            let apart = number.and_then(|number| apart.get(&number)?.last());
            if let Some((apart, other)) = apart.and_then(|apart| Some((apart, first_ids.get(&apart.entry)?)))
            {
                answer["apart_from"] = json!({ "id": other, "reason": apart.reason });
            }
            out.push_str(&answer.to_string());
            out.push('\n');
        }
        terminal::print(out.as_bytes())?;
    }
    Ok(())
}

/// The id of the first entry of a line's story, and the reason. `number` is the entry's number in the store.
fn story_and_reason<'l, 'j>(
    id: &'l str,
    number: Option<i64>,
    joined: &'j HashMap<i64, (i64, String)>,
    first_ids: &mut HashMap<i64, &'l str>,
) -> (&'l str, &'j str) {
    let Some(number) = number else { return (id, "has nothing to identify it by") };
    let is_update = first_ids.contains_key(&number);
    first_ids.entry(number).or_insert(id);
    let (story, reason) =
        joined.get(&number).map_or((number, "first"), |(story, reason)| (*story, reason.as_str()));
    let reason = if is_update { "already known in its source: updated" } else { reason };
    (first_ids.get(&story).copied().unwrap_or(id), reason)
}

fn source((number, name): (usize, &&str)) -> ConfiguredSource {
    ConfiguredSource {
        is_named: true,
        articles: ArticleSettings::default(),
        name: (*name).to_owned(),
        url: format!("replay:{number}").parse().expect("a scheme and a number are a URL"),
        publish_url: UrlParts::Path,
        host: (*name).to_owned(),
        title: None,
        language: None,
    }
}

/// The site of each feed: the file does not say where it was read, so that of most of its links.
fn sites(lines: &[ReplayLine]) -> HashMap<&str, String> {
    let mut counts: HashMap<&str, HashMap<String, usize>> = HashMap::new();
    for line in lines {
        if let Some(site) = line.link.as_deref().and_then(site) {
            *counts.entry(&line.feed).or_default().entry(site).or_default() += 1;
        }
    }
    let most =
        |sites: HashMap<String, usize>| sites.into_iter().max_by_key(|(site, count)| (*count, site.clone()));
    counts.into_iter().filter_map(|(feed, sites)| Some((feed, most(sites)?.0))).collect()
}

fn site(link: &str) -> Option<String> {
    fetch::site_of(PageAddress::parse(link)?.url())
}

fn entry(line: &ReplayLine, sites: &HashMap<&str, String>) -> Entry {
    let text = |text: &Option<String>| {
        text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Entry {
        id: text(&line.guid),
        title: text(&line.title),
        link: text(&line.link),
        summary: text(&line.summary),
        published: line.published,
        language: text(&line.lang),
        owns_link: line
            .link
            .as_deref()
            .and_then(site)
            .is_some_and(|site| sites.get(line.feed.as_str()) == Some(&site)),
        ..Entry::default()
    }
}
