//! `siftwire check`: validates the config. With `--diff`: shows what an edit would change in the outputs.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::config_option::ConfigOption;
use super::runtime::with_existing_store;
use super::terminal::{self, counted, escape_line};
use crate::config::Config;
use crate::daemon::{self, EmptyConfig};
use crate::publish::{self, OutputPreview};
use crate::store::{OutputId, Store};

/// The most entries listed as entering, and as leaving.
const MAX_LISTED_ENTRIES: usize = 10;

/// `siftwire check`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Show for each output which stored entries the edited config would add and remove. OTHER.toml may lie anywhere:
    /// it is checked in the place of the config, against its store, with the config.d beside it, else the config's
    #[arg(long, value_name = "OTHER.toml")]
    diff: Option<Option<PathBuf>>,
    /// With --diff: print JSON
    #[arg(long, requires = "diff")]
    json: bool,
}

/// The effect of an edit on one output.
#[derive(Default, Serialize)]
struct OutputDiff {
    output: String,
    /// Its former name, if the edit renames it.
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<String>,
    /// `same`, `edited`, `new` or `gone`.
    change: &'static str,
    enter: usize,
    leave: usize,
    /// The newest of those that enter.
    entering: Vec<ListedEntry>,
    /// The newest of those that leave.
    leaving: Vec<ListedEntry>,
}

#[derive(Serialize)]
struct ListedEntry {
    number: i64,
    date: jiff::Timestamp,
    source: String,
    title: String,
}

/// Exit code 0 for a config that the daemon would apply, 2 otherwise, with every mistake on standard error.
///
/// # Errors
/// The current directory or, for `--diff`, the store cannot be read.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = match &arguments.diff {
        Some(Some(other)) => config_option.load_other(other)?,
        _ => config_option.load()?,
    };
    let text = if let Some(other) = &arguments.diff {
        let store = match other {
            // The other file may name another store, or none.
            Some(_) => config_option.store()?.0,
            None => config.store.clone(),
        };
        let diffs = with_existing_store(&store, async |store| Ok(output_diffs(store, &config).await?))?;
        if arguments.json { format!("{:#}\n", serde_json::json!(diffs)) } else { as_text(&diffs) }
    } else {
        let sources = counted(config.sources.len(), "source", "sources");
        let outputs = counted(config.outputs.len(), "output", "outputs");
        let (location, _) = config_option.locate()?;
        for (count, hint) in [
            (
                config.sources.len(),
                "no sources: `siftwire add URL` adds one, or write [[source]] with a `url`",
            ),
            (
                config.outputs.len(),
                "no outputs: write [[output]] with a `name`, and a `filter` unless it is for everything",
            ),
        ] {
            if count == 0 {
                terminal::message(&format!("It has {hint}."));
            }
        }
        refuse_empty(&config)?;
        format!("{location} is valid: {sources}, {outputs}\n")
    };
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// What the daemon refuses, the check refuses too: a reload begins with it.
fn refuse_empty(config: &Config) -> anyhow::Result<()> {
    let is_empty = config.sources.is_empty() || config.outputs.is_empty();
    // A store that this user cannot see cannot be asked.
    if !is_empty || !config.store.location.try_exists().unwrap_or(false) {
        return Ok(());
    }
    let refused = with_existing_store(&config.store, async |store| {
        Ok(daemon::refuse_empty(store, config, EmptyConfig::Refuse).await?)
    });
    match refused {
        // Nor can a server that is out of reach from here.
        Err(error)
            if config.store.location.file().is_none()
                && !matches!(error.downcast_ref(), Some(daemon::Error::EmptyConfig(_))) =>
        {
            terminal::message(&format!("not checked against what is kept: {error}"));
            Ok(())
        }
        refused => refused,
    }
}

async fn output_diffs(store: &Store, config: &Config) -> anyhow::Result<Vec<OutputDiff>> {
    for source in store.sources().await? {
        if !config.sources.iter().any(|kept| kept.name == source.name || kept.url == source.url) {
            terminal::message(&format!(
                "The entries of `{}` would leave the feeds with their source; archives keep them. Entries of \
                 other sources take their place in stories that are still shown.",
                source.name
            ));
        }
    }
    let limits = config.first_poll_limits.clone();
    let previews =
        publish::preview(store, config.site.clone(), config.outputs.clone(), limits, daemon::now()).await?;
    let continued: HashSet<OutputId> =
        previews.iter().filter_map(|preview| Some(preview.stored.as_ref()?.id)).collect();
    let mut diffs = Vec::new();
    for preview in previews {
        diffs.push(output_diff(store, preview).await?);
    }
    let counts = store.member_counts().await?;
    for old in store.outputs().await? {
        if old.removed.is_none() && !continued.contains(&old.id) {
            let leave = usize::try_from(counts.get(&old.id).copied().unwrap_or(0)).unwrap_or(usize::MAX);
            diffs.push(OutputDiff { output: old.name, change: "gone", leave, ..OutputDiff::default() });
        }
    }
    Ok(diffs)
}

async fn output_diff(store: &Store, preview: OutputPreview) -> anyhow::Result<OutputDiff> {
    let stored_name = preview.stored.as_ref().map(|stored| stored.name.clone());
    let renamed_from = stored_name.filter(|name| *name != preview.name);
    let Some(members) = preview.members else {
        let output = preview.name;
        return Ok(OutputDiff { output, renamed_from, change: "same", ..OutputDiff::default() });
    };
    let old = match &preview.stored {
        Some(stored) => store.member_numbers(stored.id).await?,
        None => HashSet::new(),
    };
    let new: HashSet<i64> = members.into_iter().collect();
    let enter = newest_first(new.difference(&old));
    let leave = newest_first(old.difference(&new));
    Ok(OutputDiff {
        output: preview.name,
        renamed_from,
        change: if preview.stored.is_some() { "edited" } else { "new" },
        enter: enter.len(),
        leave: leave.len(),
        entering: listed(store, &enter).await?,
        leaving: listed(store, &leave).await?,
    })
}

fn newest_first<'a>(numbers: impl Iterator<Item = &'a i64>) -> Vec<i64> {
    let mut numbers: Vec<i64> = numbers.copied().collect();
    numbers.sort_unstable_by_key(|number| Reverse(*number));
    numbers
}

async fn listed(store: &Store, numbers: &[i64]) -> anyhow::Result<Vec<ListedEntry>> {
    let mut entries = Vec::new();
    for number in numbers.iter().take(MAX_LISTED_ENTRIES) {
        let Some(kept) = store.entry(*number).await? else { continue };
        let title = kept.entry.title.or(kept.entry.link).unwrap_or(kept.uid);
        entries.push(ListedEntry {
            number: *number,
            date: kept.date,
            source: kept.source.name.clone(),
            title,
        });
    }
    Ok(entries)
}

fn as_text(diffs: &[OutputDiff]) -> String {
    let mut text = String::new();
    for diff in diffs {
        let OutputDiff { output, enter, leave, .. } = diff;
        if let Some(former) = &diff.renamed_from {
            text.push_str(&format!("{output}: renamed from {former}\n"));
        }
        text.push_str(&match diff.change {
            "same" => format!("{output}: no change\n"),
            "gone" => {
                format!("{output}: no longer published; it has {}\n", counted(*leave, "entry", "entries"))
            }
            "new" => format!("{output}: new, with {}\n", counted(*enter, "entry", "entries")),
            _ => format!("{output}: {enter} would enter, {leave} would leave\n"),
        });
        for (sign, entries, total) in [("+", &diff.entering, enter), ("-", &diff.leaving, leave)] {
            for entry in entries {
                let date = entry.date.strftime("%Y-%m-%d");
                let line = format!("{date}  {}  {}", entry.source, entry.title);
                text.push_str(&format!("  {sign} {}\n", escape_line(&line)));
            }
            if !entries.is_empty() && *total > entries.len() {
                text.push_str(&format!("  {sign} and {} more\n", total - entries.len()));
            }
        }
    }
    text
}
