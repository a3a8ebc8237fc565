//! `siftwire check`: is the config fine? With `--diff`: what would it change?

use std::collections::HashSet;
use std::process::ExitCode;

use serde::Serialize;

use super::configured::{self, Source};
use crate::config::Config;
use crate::daemon::{self, StoreThreads};
use crate::publish::{self, OutputPreview};
use crate::store::Store;

/// So many entries that enter, and so many that leave, are named.
const NAMED: usize = 10;

/// Check the config and say everything that is wrong with it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Tell for each output which stored entries it would gain and lose by the config as it is now
    #[arg(long)]
    diff: bool,
    /// With --diff: print JSON
    #[arg(long, requires = "diff")]
    json: bool,
}

/// What an edit does to an output.
#[derive(Serialize)]
struct Difference {
    output: String,
    /// `same`, `edited`, `new` or `gone`.
    change: &'static str,
    enter: usize,
    leave: usize,
    /// The newest of them.
    entering: Vec<Named>,
    leaving: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    number: i64,
    date: jiff::Timestamp,
    source: String,
    title: String,
}

/// Exit code 0 if the config can be used, 2 with every problem on standard error if not.
///
/// # Errors
/// None of the config's: only where the current folder is gone or, for `--diff`, the store cannot be read.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (place, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let text = if arguments.diff {
        let differences = super::runtime()?.block_on(async {
            let memory = StoreThreads::open(&config.store)?;
            let differences = differences(&memory.store, &config).await?;
            memory.close();
            anyhow::Ok(differences)
        })?;
        if arguments.json { format!("{:#}\n", serde_json::json!(differences)) } else { as_text(&differences) }
    } else {
        let sources = counted(config.sources.len(), "source");
        let outputs = counted(config.outputs.len(), "output");
        format!("{} is fine: {sources}, {outputs}\n", configured::called(&place))
    };
    super::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn differences(store: &Store, config: &Config) -> anyhow::Result<Vec<Difference>> {
    let first_polls = config.sources.iter().map(|source| (source.name.clone(), source.first_poll)).collect();
    let previews =
        publish::preview(store, config.site.clone(), config.outputs.clone(), first_polls, daemon::now())
            .await?;
    let mut differences = Vec::new();
    for preview in previews {
        differences.push(difference(store, preview).await?);
    }
    let counts = store.member_counts().await?;
    for old in store.outputs().await? {
        if old.active && !config.outputs.iter().any(|output| output.name == old.name) {
            let leave = usize::try_from(counts.get(&old.id).copied().unwrap_or(0)).unwrap_or(usize::MAX);
            differences.push(Difference { leave, ..unchanged(old.name, "gone") });
        }
    }
    Ok(differences)
}

fn unchanged(output: String, change: &'static str) -> Difference {
    Difference { output, change, enter: 0, leave: 0, entering: Vec::new(), leaving: Vec::new() }
}

async fn difference(store: &Store, preview: OutputPreview) -> anyhow::Result<Difference> {
    let Some(members) = preview.members else { return Ok(unchanged(preview.name, "same")) };
    let old = match preview.id {
        Some(id) => store.member_numbers(id).await?,
        None => HashSet::new(),
    };
    let new: HashSet<i64> = members.into_iter().collect();
    let newest = |set: Vec<i64>| {
        let mut set = set;
        set.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        set
    };
    let enter = newest(new.difference(&old).copied().collect());
    let leave = newest(old.difference(&new).copied().collect());
    Ok(Difference {
        output: preview.name,
        change: if preview.id.is_some() { "edited" } else { "new" },
        enter: enter.len(),
        leave: leave.len(),
        entering: named(store, &enter).await?,
        leaving: named(store, &leave).await?,
    })
}

async fn named(store: &Store, numbers: &[i64]) -> anyhow::Result<Vec<Named>> {
    let mut named = Vec::new();
    for number in numbers.iter().take(NAMED) {
        let Some(kept) = store.entry(*number).await? else { continue };
        let title = kept.entry.title.or(kept.entry.link).unwrap_or(kept.uid);
        named.push(Named { number: *number, date: kept.date, source: kept.source.name.clone(), title });
    }
    Ok(named)
}

fn as_text(differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences {
        let Difference { output, enter, leave, .. } = difference;
        text.push_str(&match difference.change {
            "same" => format!("{output}: nothing changes\n"),
            "gone" => format!("{output}: is no longer published; it has {}\n", entries(*leave)),
            "new" => format!("{output}: is new, with {}\n", entries(*enter)),
            _ => format!("{output}: {enter} would enter, {leave} would leave\n"),
        });
        for (sign, named, all) in [("+", &difference.entering, enter), ("-", &difference.leaving, leave)] {
            for entry in named {
                let date = entry.date.strftime("%Y-%m-%d");
                text.push_str(&format!("  {sign} {date}  {}  {}\n", entry.source, entry.title));
            }
            if !named.is_empty() && *all > named.len() {
                text.push_str(&format!("  {sign} and {} more\n", all - named.len()));
            }
        }
    }
    text
}

fn entries(number: usize) -> String {
    format!("{number} {}", if number == 1 { "entry" } else { "entries" })
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
