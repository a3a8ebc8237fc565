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

use crate::daemon::Memory;
use crate::entry::Entry;
use crate::ingest;
use crate::store::{ConfiguredSource, Options, SourceId};

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
    let memory = Memory::open(&Options { path: folder.path().join("scratch.db"), keep })?;
    let mut names: Vec<&str> = lines.iter().map(|line| line.feed.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let adopted = memory.store.adopt_sources(names.iter().map(|name| source(name)).collect()).await?;
    let sources: HashMap<&str, SourceId> =
        names.into_iter().zip(adopted.iter().map(|known| known.id)).collect();
    let mut first_ids: HashMap<i64, String> = HashMap::new();
    let mut out = String::new();
    for line in &lines {
        let now = line.published.unwrap_or(Timestamp::UNIX_EPOCH);
        let number = ingest::replay(&memory.store, sources[line.feed.as_str()], entry(line), now).await?;
        let number = number.with_context(|| format!("entry {} says nothing", line.id))?;
        let standing = memory.store.story_of(number.to_string()).await?;
        let again = first_ids.contains_key(&number);
        first_ids.entry(number).or_insert_with(|| line.id.clone());
        let (story, why) = standing.map_or((number, None), |standing| (standing.story, standing.why));
        let reason = match why {
            _ if again => "known in its source: updated in place".to_owned(),
            Some(why) => why,
            None => "first".to_owned(),
        };
        let story = first_ids.get(&story).unwrap_or(&line.id);
        out.push_str(&json!({ "id": line.id, "story": story, "reason": reason }).to_string());
        out.push('\n');
    }
    memory.close();
    super::super::print(out.as_bytes())?;
    Ok(())
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
