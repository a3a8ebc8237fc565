//! `siftwire stories --replay`: given entries, one after the other, in a store of its own.
#![allow(clippy::disallowed_methods, reason = "the file is the user's own, named on the command line")]

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::daemon::StoreThreads;
use crate::entry::Entry;
use crate::ingest::replay::{self, ReplayEntry};
use crate::store::{ConfiguredSource, Options, SourceId};

/// Entries that are decided before their lines are printed.
const CHUNK: usize = 10_000;

/// One line of the file.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    id: String,
    feed: String,
    title: Option<String>,
    link: Option<String>,
    guid: Option<String>,
    summary: Option<String>,
    published: Option<Timestamp>,
    lang: Option<String>,
}

/// Reads the lines, in the order of their times; a line without one is as old as they come.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Line>> {
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
                .with_context(|| format!("{} line {}: wanted an entry as JSON", file.display(), number + 1))
        })
        .collect::<anyhow::Result<Vec<Line>>>()?;
    lines.sort_by(|a, b| (a.published, &a.id).cmp(&(b.published, &b.id)));
    Ok(lines)
}

/// Decides each entry and prints its story: the id of the story's first entry, and the reason.
pub(super) async fn run(lines: Vec<Line>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a scratch folder")?;
    let keep = Duration::from_secs(u64::from(u32::MAX));
    let memory = StoreThreads::open(&Options { path: folder.path().join("scratch.db"), keep })?;
    let mut names: Vec<&str> = lines.iter().map(|line| line.feed.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let adopted = memory.store.sync_sources(names.iter().map(|name| source(name)).collect()).await?;
    let sources: HashMap<&str, SourceId> =
        names.into_iter().zip(adopted.iter().map(|known| known.id)).collect();
    let mut first_ids: HashMap<i64, &str> = HashMap::new();
    for lines in lines.chunks(CHUNK) {
        let replayed = lines.iter().map(|line| ReplayEntry {
            source: sources[line.feed.as_str()],
            entry: entry(line),
            now: line.published.unwrap_or(Timestamp::UNIX_EPOCH),
        });
        let numbers = replay::replay(&memory.store, replayed.collect()).await?;
        let joined = memory.store.joined_stories(numbers.iter().flatten().copied().collect()).await?;
        let mut out = String::new();
        for (line, number) in lines.iter().zip(numbers) {
            let (story, reason) = standing(&line.id, number, &joined, &mut first_ids);
            out.push_str(&json!({ "id": line.id, "story": story, "reason": reason }).to_string());
            out.push('\n');
        }
        super::super::print(out.as_bytes())?;
    }
    memory.close();
    Ok(())
}

/// The id of the first entry of the story that a line tells, and the reason.
fn standing<'l, 'j>(
    id: &'l str,
    number: Option<i64>,
    joined: &'j HashMap<i64, (i64, String)>,
    first_ids: &mut HashMap<i64, &'l str>,
) -> (&'l str, &'j str) {
    let Some(number) = number else { return (id, "says nothing that it could be known by") };
    let again = first_ids.contains_key(&number);
    first_ids.entry(number).or_insert(id);
    let (story, reason) =
        joined.get(&number).map_or((number, "first"), |(story, reason)| (*story, reason.as_str()));
    let reason = if again { "known in its source: updated in place" } else { reason };
    (first_ids.get(&story).copied().unwrap_or(id), reason)
}

fn source(name: &str) -> ConfiguredSource {
    ConfiguredSource {
        name: name.to_owned(),
        url: format!("replay:{name}"),
        host: name.to_owned(),
        title: None,
        language: None,
    }
}

fn entry(line: &Line) -> Entry {
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
        ..Entry::default()
    }
}
