//! `siftwire stories`: what was taken for one story, and why; parting, joining, and a back-test.

mod replay;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use super::configured::{self, Source};
use crate::daemon::{self, StoreThreads};
use crate::entry::StoredEntry;
use crate::store::{EntryStory, Merge, Store};

/// `siftwire stories`
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// At most so many merges
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    /// Instead, decide the entries of this file in a store of its own, and print a line for each: lines of
    /// {"id","feed","title","link","guid","summary","published","lang"}; - is standard input
    #[arg(long, value_name = "ENTRIES.jsonl")]
    replay: Option<PathBuf>,
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Debug, clap::Subcommand)]
enum Change {
    /// Take an entry out of its story, for good
    Split {
        /// Its number, its published id or its address
        entry: String,
    },
    /// Make one story of two entries
    Join {
        /// The number, published id or address of the one
        a: String,
        /// And of the other
        b: String,
    },
}

/// Lists the latest merges, or does what is asked.
///
/// # Errors
/// There is no such entry, the file cannot be read, or the store cannot be used.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    if let Some(file) = &arguments.replay {
        let lines = replay::read(file)?;
        return super::runtime()?.block_on(replay::run(lines)).map(|()| ExitCode::SUCCESS);
    }
    let (options, problems) = configured::store(source)?;
    if let Some(problems) = problems {
        super::say(&problems.to_string());
        return Ok(ExitCode::from(2));
    }
    super::runtime()?.block_on(async {
        let memory = StoreThreads::open(&options)?;
        let done = match arguments.change {
            None => list(&memory.store, arguments.last, arguments.json).await,
            Some(Change::Split { entry }) => split(&memory.store, &entry).await,
            Some(Change::Join { a, b }) => join(&memory.store, &a, &b).await,
        };
        memory.close();
        done
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &Store, last: usize, json: bool) -> anyhow::Result<()> {
    let merges = store.merges(last).await?;
    let text = if json { as_json(&merges) } else { super::terminal::lines(&as_text(&merges)) };
    super::print(text.as_bytes())?;
    Ok(())
}

fn as_json(merges: &[Merge]) -> String {
    let entry = |kept: &StoredEntry| {
        json!({ "number": kept.number, "id": kept.uid, "source": kept.source.name, "title": kept.entry.title,
                "link": kept.entry.link })
    };
    let merges: Vec<_> = merges
        .iter()
        .map(|merge| {
            json!({ "entry": entry(&merge.entry), "story": merge.first.as_ref().map(entry), "reason": merge.reason,
                    "joined": merge.joined })
        })
        .collect();
    format!("{:#}\n", json!(merges))
}

fn as_text(merges: &[Merge]) -> String {
    if merges.is_empty() {
        return "No entry has joined the story of another one.\n".to_owned();
    }
    let line = |kept: &StoredEntry| {
        let title = kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or("(no title)");
        format!("{:>8}  {}: {title}\n", kept.number, kept.source.name)
    };
    merges
        .iter()
        .map(|merge| {
            let first = merge.first.as_ref().map_or_else(|| "          (forgotten)\n".to_owned(), line);
            let joined = merge.joined.strftime("%Y-%m-%d %H:%M");
            format!("{first}{}          {}, {joined}\n\n", line(&merge.entry), merge.reason)
        })
        .collect()
}

async fn find(store: &Store, entry: &str) -> anyhow::Result<EntryStory> {
    let found = store.story_of_entry(entry.to_owned()).await?;
    found.with_context(|| {
        format!("there is no entry `{entry}`: name its number, its published id or its address")
    })
}

async fn split(store: &Store, entry: &str) -> anyhow::Result<()> {
    let standing = find(store, entry).await?;
    if !store.split_story(standing.entry).await? {
        bail!("entry {} stands alone: there is nothing to split", standing.entry);
    }
    super::say(&format!(
        "Entry {} is a story of its own now; outputs show it within seconds.",
        standing.entry
    ));
    Ok(())
}

async fn join(store: &Store, a: &str, b: &str) -> anyhow::Result<()> {
    let (a, b) = (find(store, a).await?, find(store, b).await?);
    if !store.join_stories(a.entry, b.entry, daemon::now()).await? {
        bail!("entries {} and {} are one story already", a.entry, b.entry);
    }
    super::say(&format!("Entries {} and {} are one story now.", a.entry, b.entry));
    Ok(())
}
