//! `siftwire stories`: lists merged entries with the reason; splits and joins stories; replays entries from a file.

mod replay;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use super::config_option::ConfigOption;
use super::runtime::with_existing_store;
use super::terminal;
use crate::daemon;
use crate::entry::StoredEntry;
use crate::store::{EntryStory, Merge, Store};

/// `siftwire stories`
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// List at most this many merges, newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    /// Instead, find the stories of the entries in this file, in a temporary store, and print a line for each. Each
    /// line is {"id", "feed", "title", "link", "guid", "summary", "published", "lang"}; - reads standard input
    #[arg(long, value_name = "ENTRIES.jsonl")]
    replay: Option<PathBuf>,
    #[command(subcommand)]
    edit: Option<StoryEdit>,
}

#[derive(Debug, clap::Subcommand)]
enum StoryEdit {
    /// Take an entry out of its story, permanently
    Split {
        /// The entry's number, published id or URL
        entry: String,
    },
    /// Join the stories of two entries
    Join {
        /// The number, published id or URL of one entry
        a: String,
        /// The number, published id or URL of the other
        b: String,
    },
}

/// Lists the latest merges, or edits stories, or replays.
///
/// # Errors
/// There is no such entry, the file cannot be read, or the store cannot be used.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    if let Some(file) = &arguments.replay {
        let lines = replay::read(file)?;
        replay::run(&lines)?;
        return Ok(ExitCode::SUCCESS);
    }
    with_existing_store(&config.load()?.store, async |store| match arguments.edit {
        None => list(store, arguments.last, arguments.json).await,
        Some(StoryEdit::Split { entry }) => split(store, &entry).await,
        Some(StoryEdit::Join { a, b }) => join(store, &a, &b).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &Store, last: usize, json: bool) -> anyhow::Result<()> {
    let merges = store.merges(last).await?;
    let text = if json { as_json(&merges) } else { terminal::escape_lines(&as_text(&merges)) };
    terminal::print(text.as_bytes())?;
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
        return "No entries have been merged.\n".to_owned();
    }
    let line = |kept: &StoredEntry| {
        let title = kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or("(no title)");
        format!("{:>8}  {}: {title}\n", kept.number, kept.source.name)
    };
    merges
        .iter()
        .map(|merge| {
            let first = merge.first.as_ref().map_or_else(|| "          (deleted)\n".to_owned(), line);
            let joined = merge.joined.strftime("%Y-%m-%d %H:%M");
            format!("{first}{}          {}, {joined}\n\n", line(&merge.entry), merge.reason)
        })
        .collect()
}

async fn find(store: &Store, entry: &str) -> anyhow::Result<EntryStory> {
    let found = store.story_of_entry(entry.to_owned()).await?;
    found.with_context(|| format!("there is no entry with the number, published id or URL `{entry}`"))
}

async fn split(store: &Store, entry: &str) -> anyhow::Result<()> {
    let entry = find(store, entry).await?.entry;
    if !store.split_story(entry).await? {
        bail!("entry {entry} is alone in its story: there is nothing to split");
    }
    terminal::message(&format!("Entry {entry} is a story of its own now. Outputs show it within seconds."));
    Ok(())
}

async fn join(store: &Store, a: &str, b: &str) -> anyhow::Result<()> {
    let (a, b) = (find(store, a).await?, find(store, b).await?);
    if !store.join_stories(a.entry, b.entry, daemon::now()).await? {
        bail!("entries {} and {} are already in the same story", a.entry, b.entry);
    }
    terminal::message(&format!("Entries {} and {} are one story now.", a.entry, b.entry));
    Ok(())
}
