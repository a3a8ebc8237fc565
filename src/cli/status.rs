//! `siftwire status`: each source and output as the store knows it.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::configured::{self, Source};
use super::terminal;
use crate::daemon::{self, StoreThreads};
use crate::store::{self, DaemonStatus, StoredOutput, StoredSource};

/// `siftwire status`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints what is remembered, and what is wrong with the config; changes nothing. With a config that
/// cannot be used the exit code is 2.
///
/// # Errors
/// The store cannot be read.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (options, problems) = configured::store(source)?;
    let known = if options.path.exists() {
        super::runtime()?.block_on(look(&options))?
    } else {
        // Looking makes none.
        super::say(&format!("there is no store {} yet: `siftwire run` makes it", options.path.display()));
        Known::default()
    };
    let Known { problem, obstacle, sources, outputs } = known;
    if let (Some(said), None) = (&problem, &problems) {
        super::say(&format!("the running siftwire says: {said}"));
    }
    if let Some(obstacle) = &obstacle {
        super::say(&format!("the store can only be read, so that nothing is polled: {obstacle}"));
    }
    let problem = problems.as_ref().map(ToString::to_string).or(problem);
    let text = if arguments.json {
        as_json(problem.as_deref(), obstacle.as_deref(), &options, &sources, &outputs)
    } else {
        let sizes = store::file_sizes(&options);
        format!(
            "{}\n{}: {} and {} in its log\n",
            table(&sources, &outputs, daemon::now()),
            options.path.display(),
            bytesize::ByteSize(sizes.database),
            bytesize::ByteSize(sizes.log)
        )
    };
    super::print(text.as_bytes())?;
    Ok(if problems.is_none() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// What the store tells.
#[derive(Default)]
struct Known {
    problem: Option<String>,
    obstacle: Option<String>,
    sources: Vec<(u64, StoredSource)>,
    outputs: Vec<(u64, StoredOutput)>,
}

async fn look(options: &store::Options) -> anyhow::Result<Known> {
    let memory = StoreThreads::open(options)?;
    let obstacle = memory.store.write_error().map(|error| error.to_string());
    let problem = memory.store.daemon_status(DaemonStatus::ConfigError).await?;
    let sources = memory.store.sources().await?;
    let entries = memory.store.entry_counts().await?;
    let outputs = memory.store.outputs().await?.into_iter().filter(|output| output.active);
    let counts = memory.store.member_counts().await?;
    memory.close();
    let count = |source: &StoredSource| entries.get(&source.id).copied().unwrap_or(0);
    let sources = sources.into_iter().map(|source| (count(&source), source)).collect();
    let count = |output: &StoredOutput| counts.get(&output.id).copied().unwrap_or(0);
    let outputs = outputs.map(|output| (count(&output), output)).collect();
    Ok(Known { problem, obstacle, sources, outputs })
}

fn as_json(
    problem: Option<&str>,
    obstacle: Option<&str>,
    options: &store::Options,
    sources: &[(u64, StoredSource)],
    outputs: &[(u64, StoredOutput)],
) -> String {
    let sources: Vec<_> = sources
        .iter()
        .map(|(entries, source)| {
            let state = &source.state;
            json!({
                "name": source.name, "url": source.url, "title": state.title, "entries": entries,
                "outcome": state.outcome, "last_poll": state.last_poll, "last_success": state.last_success,
                "next_poll": state.next_poll, "why": state.next_poll_reason, "failures": state.failures,
                "failing_since": state.failing_since, "gone": state.gone,
                "moved_to": state.moved.as_ref().map(|moved| moved.to.as_str()),
            })
        })
        .collect();
    let outputs: Vec<_> = outputs
        .iter()
        .map(|(members, output)| json!({ "name": output.name, "members": members, "since": output.since, "watermark": output.watermark }))
        .collect();
    let store::FileSizes { database, log } = store::file_sizes(options);
    let store = json!({ "path": options.path, "bytes": database, "log_bytes": log, "obstacle": obstacle });
    format!("{:#}\n", json!({ "problem": problem, "store": store, "sources": sources, "outputs": outputs }))
}

fn table(sources: &[(u64, StoredSource)], outputs: &[(u64, StoredOutput)], now: Timestamp) -> String {
    let mut rows =
        vec![["SOURCE", "ENTRIES", "LAST POLL", "NEXT POLL", "BECAUSE", "OUTCOME"].map(str::to_owned)];
    rows.extend(sources.iter().map(|(entries, source)| {
        let state = &source.state;
        [
            source.name.clone(),
            entries.to_string(),
            state.last_poll.map_or_else(|| "never".into(), |at| format!("{} ago", span(now, at))),
            match state.next_poll {
                _ if state.gone => "never".into(),
                Some(at) if at > now => format!("in {}", span(at, now)),
                _ => "now".into(),
            },
            state.next_poll_reason.clone(),
            match (state.last_poll, state.failing_since) {
                (None, _) => "not polled yet".into(),
                (Some(_), Some(since)) => format!("{}, for {}", state.outcome_text(), span(now, since)),
                (Some(_), None) => state.outcome_text(),
            },
        ]
    }));
    let mut text = columns(&rows);
    let mut rows = vec![["OUTPUT", "ENTRIES"].map(str::to_owned)];
    rows.extend(outputs.iter().map(|(members, output)| [output.name.clone(), members.to_string()]));
    text.push('\n');
    text.push_str(&columns(&rows));
    text
}

fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    rows.iter()
        .map(|row| {
            let line: String = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{:width$}  ", terminal::line(cell)))
                .collect();
            format!("{}\n", line.trim_end())
        })
        .collect()
}

/// A length of time in the largest unit that says something.
fn span(later: Timestamp, earlier: Timestamp) -> String {
    match later.duration_since(earlier).as_secs().max(0) {
        s if s < 120 => format!("{s} s"),
        s if s < 7200 => format!("{} min", s / 60),
        s if s < 48 * 3600 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}
