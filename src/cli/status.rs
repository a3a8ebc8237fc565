//! `siftwire status`: shows the state of each source and output in the store.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::ops::Range;
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::config_option::ConfigOption;
use super::runtime::{require_store, with_store};
use super::terminal;
use crate::daemon;
use crate::schedule::reason_in_words;
use crate::source::UrlParts;
use crate::store::{
    self, ArticleCounts, ArticleCountsBySource, DaemonStatus, FileSizes, LivingDaemon, Sharing, Store,
    StoreLocation, StoredOutput, StoredSource,
};

/// Sources that are shown on a terminal at once.
const TERMINAL_ROWS: usize = 200;

/// `siftwire status`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only sources that fail
    #[arg(long)]
    failing: bool,
    /// Only sources with this in their name or host; repeat it for several
    #[arg(long, value_name = "TEXT")]
    source: Vec<String>,
    /// The most sources to show [default: 200 on a terminal, else all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Which part of them, if they are more than the limit
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
}

impl Arguments {
    fn is_selective(&self) -> bool {
        self.failing || !self.source.is_empty() || self.page > 1
    }

    fn selects(&self, source: &StoredSource) -> bool {
        let is_meant = |text: &String| {
            let text = text.to_lowercase();
            source.name.to_lowercase().contains(&text) || source.host.contains(&text)
        };
        (!self.failing || source.state.failing_since.is_some())
            && (self.source.is_empty() || self.source.iter().any(is_meant))
    }

    /// Which of `count` sources are shown.
    fn rows(&self, count: usize) -> Range<usize> {
        let limit = match self.limit {
            Some(limit) => limit as usize,
            None if !self.json && std::io::stdout().is_terminal() => TERMINAL_ROWS,
            None => count,
        };
        let start = (self.page as usize - 1).saturating_mul(limit).min(count);
        start..start.saturating_add(limit).min(count)
    }
}

/// Prints the state, and what is wrong with the config; changes nothing. Exit code 2 for an invalid config.
///
/// # Errors
/// The store cannot be read.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let (options, config_errors) = config.store()?;
    let mut state = match require_store(&options) {
        Ok(()) => with_store(&options, read_state)?,
        Err(error) if matches!(options.location.try_exists(), Ok(false)) => {
            terminal::message(&error.to_string());
            StoredState::default()
        }
        Err(error) => return Err(error),
    };
    if let (Some(problem), None) = (&state.problem(), &config_errors) {
        terminal::message(&format!("the running siftwire reports: {problem}"));
    }
    for (whose, since) in state.outages() {
        terminal::message(&format!(
            "{whose}no host can be reached since {since}: one source is tried every minute"
        ));
    }
    if let Some(error) = &state.write_error {
        terminal::message(&format!("the store is read-only, so nothing is polled: {error}"));
    }
    state.sources.retain(|(_, source)| arguments.selects(source));
    let count = state.sources.len();
    let rows = arguments.rows(count);
    if rows.is_empty() && arguments.is_selective() {
        terminal::message(match count {
            0 if arguments.source.is_empty() => "No source fails.",
            0 => "There is no such source: --source looks for a part of a name or host.",
            _ => "There is no such page.",
        });
    } else if rows.len() < count {
        let (first, last) = (rows.start + 1, rows.end);
        terminal::message(&format!(
            "sources {first} to {last} of {count}: --page shows others, --failing and --source select"
        ));
    }
    state.sources = state.sources.drain(rows).collect();
    if let Some(errors) = &config_errors {
        state.problems = HashMap::from([(String::new(), errors.to_string())]);
    }
    let text =
        if arguments.json { as_json(&state, &options) } else { as_text(&state, &options, daemon::now()) };
    terminal::print(text.as_bytes())?;
    Ok(if config_errors.is_none() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// What the store knows.
#[derive(Default)]
struct StoredState {
    /// What is wrong with the config, according to each daemon, by its id; empty: the only one.
    problems: HashMap<String, String>,
    /// Since when no host can be reached, the same way.
    network_down: HashMap<String, String>,
    /// Why the store cannot be written.
    write_error: Option<String>,
    /// With the number of entries.
    sources: Vec<(u64, StoredSource)>,
    /// What became of the articles of those that read some.
    articles: ArticleCountsBySource,
    /// The daemons that share the store.
    sharing: Sharing,
    /// How many hosts each of them has, by its id.
    hosts: HashMap<String, usize>,
    /// What there is to say of hosts.
    host_notices: Vec<String>,
    /// With the number of members.
    outputs: Vec<(u64, StoredOutput)>,
    /// How large the store is.
    sizes: FileSizes,
}

async fn read_state(store: &Store) -> anyhow::Result<StoredState> {
    let (budgets, now) = (store.host_budgets().await?, daemon::now());
    let mut sources = store.sources().await?;
    for source in &mut sources {
        let held = budgets.get(&source.host).and_then(|budget| budget.held_at(now));
        source.state.next_poll = source.state.next_poll.map(|next| next.max(held.unwrap_or(next)));
    }
    let (entry_counts, member_counts) = (store.entry_counts().await?, store.member_counts().await?);
    let of_source = |source: &StoredSource| entry_counts.get(&source.id).copied().unwrap_or(0);
    let of_output = |output: &StoredOutput| member_counts.get(&output.id).copied().unwrap_or(0);
    let outputs = store.outputs().await?.into_iter().filter(|output| output.removed.is_none());
    Ok(StoredState {
        problems: store.daemon_statuses(DaemonStatus::ConfigError).await?,
        network_down: store.daemon_statuses(DaemonStatus::NetworkDown).await?,
        write_error: store.write_error().map(|error| error.to_string()),
        sources: sources.into_iter().map(|source| (of_source(&source), source)).collect(),
        articles: store.article_counts(now).await?,
        sharing: store.sharing().await?,
        hosts: store.hosts_by_daemon().await?,
        host_notices: budgets.iter().filter_map(|(host, budget)| budget.notice(host, now)).collect(),
        outputs: outputs.map(|output| (of_output(&output), output)).collect(),
        sizes: store.sizes().await?,
    })
}

fn as_json(state: &StoredState, options: &store::Options) -> String {
    let sources: Vec<_> = state
        .sources
        .iter()
        .map(|(entries, source)| {
            let counts = state.articles.get(&source.id);
            let state = &source.state;
            json!({
                "name": source.name, "url": source.url.whole().as_str(), "title": state.title, "entries": entries,
                "outcome": state.outcome, "last_poll": state.last_poll, "last_success": state.last_success,
                "next_poll": state.next_poll, "why": state.next_poll_reason, "failures": state.failures,
                "failing_since": state.failing_since, "gone": state.gone, "problems": state.problems,
                "problems_since": state.problems_since,
                "moved_to": state.moved.as_ref().map(|moved| moved.to.whole().as_str()),
                "articles": counts.map(articles_as_json),
            })
        })
        .collect();
    let outputs: Vec<_> = state
        .outputs
        .iter()
        .map(|(members, output)| {
            json!({ "name": output.name, "members": members, "since": output.since, "watermark": output.watermark })
        })
        .collect();
    let store = json!({ "path": options.location.to_string(), "bytes": state.sizes.database, "log_bytes": state.sizes.log, "obstacle": state.write_error });
    format!(
        "{:#}\n",
        json!({ "version": terminal::JSON_VERSION, "problem": state.problem(), "network_down": state.network_down.get(""), "store": store, "daemons": daemons_as_json(state), "sources": sources, "hosts": state.host_notices, "outputs": outputs })
    )
}

fn as_text(state: &StoredState, options: &store::Options, now: Timestamp) -> String {
    let header = ["SOURCE", "ENTRIES", "LAST POLL", "NEXT POLL", "REASON", "OUTCOME"].map(str::to_owned);
    let sources = state.sources.iter().map(|(entries, source)| source_row(*entries, source, now));
    let sources: Vec<_> = std::iter::once(header).chain(sources).collect();
    let header = ["OUTPUT", "ENTRIES"].map(str::to_owned);
    let outputs = state.outputs.iter().map(|(members, output)| [output.name.clone(), members.to_string()]);
    let outputs: Vec<_> = std::iter::once(header).chain(outputs).collect();
    let problems = state.sources.iter().map(|(_, source)| {
        problem_lines(source, now)
            + &state.articles.get(&source.id).map_or_else(String::new, |counts| article_line(source, counts))
    });
    let notices = state.host_notices.iter().map(|notice| terminal::escape_line(notice) + "\n");
    let notices = daemon_lines(&state.sharing, &state.hosts).into_iter().chain(notices);
    let problems: Vec<String> = notices.chain(problems).filter(|lines| !lines.is_empty()).collect();
    let problems = if problems.is_empty() { String::new() } else { problems.concat() + "\n" };
    let FileSizes { database, log } = state.sizes;
    let log = match options.location {
        StoreLocation::File(_) => format!(", write-ahead log {}", bytesize::ByteSize(log)),
        StoreLocation::Server(_) => String::new(),
    };
    let size = bytesize::ByteSize(database);
    format!("{}\n{problems}{}\n{}: {size}{log}\n", columns(&sources), columns(&outputs), options.location)
}

fn daemons_as_json(state: &StoredState) -> Vec<serde_json::Value> {
    let one = |LivingDaemon { id, description, silent }: &LivingDaemon| {
        json!({
            "name": description.name, "address": description.address, "config": description.config,
            "config_in_force": state.sharing.is_in_force(description), "sources": description.sources,
            "hosts": state.hosts.get(id).copied().unwrap_or(0), "problem": state.problems.get(id),
            "network_down": state.network_down.get(id), "silent_s": silent.as_secs(),
        })
    };
    state.sharing.daemons.iter().map(one).collect()
}

/// A line for each of several daemons, and what is unusual about their configs.
fn daemon_lines(sharing: &Sharing, hosts: &HashMap<String, usize>) -> Vec<String> {
    let line = |LivingDaemon { id, description, silent }: &LivingDaemon| {
        let other = match sharing.is_in_force(description) {
            true => "",
            false if description.config.is_empty() => {
                ", its config is refused, so it serves what others make"
            }
            false => {
                ", its config differs from the one in force, a later edit, so it serves what others make"
            }
        };
        format!(
            "daemon {}, listening on {}: polls {}, has {}, heard {} s ago{other}",
            description.name,
            description.address,
            terminal::counted(description.sources, "source", "sources"),
            terminal::counted(hosts.get(id).copied().unwrap_or(0), "host", "hosts"),
            silent.as_secs()
        )
    };
    let is_held = sharing.daemons.iter().any(|daemon| sharing.is_in_force(&daemon.description));
    let lost = sharing.config.as_ref().filter(|_| !sharing.daemons.is_empty() && !is_held).map(|config| {
        format!(
            "no daemon has had the config in force for {} s: nothing new is published until one has it, or another config is \
             edited; after 300 s the latest edit of those that run takes its place",
            config.unheld.as_secs()
        )
    });
    let restored = sharing.config.as_ref().filter(|config| config.is_restored).map(|_| {
        "a later edit than the config in force was there, and no daemon that runs has it: what it made private stays so"
            .to_owned()
    });
    let lines = sharing.daemons.iter().map(line).chain(lost).chain(restored);
    lines.map(|line| terminal::escape_line(&line) + "\n").collect()
}

impl StoredState {
    /// What is wrong with the config: of several daemons, with the name of each.
    fn problem(&self) -> Option<String> {
        let problems: Vec<String> =
            self.by_daemon(&self.problems).map(|(whose, text)| whose + text).collect();
        (!problems.is_empty()).then(|| problems.join("\n"))
    }

    /// Which daemons reach no host, and since when.
    fn outages(&self) -> impl Iterator<Item = (String, &str)> {
        self.by_daemon(&self.network_down)
    }

    fn by_daemon<'a>(
        &'a self,
        texts: &'a HashMap<String, String>,
    ) -> impl Iterator<Item = (String, &'a str)> {
        let name = |daemon: &LivingDaemon| format!("daemon {}: ", daemon.description.name);
        let daemons = self.sharing.daemons.iter().map(move |daemon| (name(daemon), daemon.id.as_str()));
        let all = std::iter::once((String::new(), "")).chain(daemons);
        all.filter_map(|(whose, id)| Some((whose, texts.get(id)?.as_str())))
    }
}

fn source_row(entries: u64, source: &StoredSource, now: Timestamp) -> [String; 6] {
    let state = &source.state;
    let last_poll = state.last_poll.map_or_else(|| "never".into(), |at| format!("{} ago", elapsed(at, now)));
    let next_poll = match state.next_poll {
        _ if state.gone => "never".into(),
        Some(at) if at > now => format!("in {}", elapsed(now, at)),
        _ => "now".into(),
    };
    let outcome = match (state.last_poll, state.failing_since) {
        (None, _) => "not polled yet".into(),
        (Some(_), Some(since)) => {
            format!("{}, for {}", state.outcome_text(UrlParts::Whole), elapsed(since, now))
        }
        (Some(_), None) => state.outcome_text(UrlParts::Whole),
    };
    [
        source.name.clone(),
        entries.to_string(),
        last_poll,
        next_poll,
        reason_in_words(&state.next_poll_reason).into_owned(),
        outcome,
    ]
}

/// What was wrong with a source's last document.
fn problem_lines(source: &StoredSource, now: Timestamp) -> String {
    let since = source.state.problems_since.map_or_else(String::new, |since| elapsed(since, now));
    let line =
        |problem: &String| terminal::escape_line(&format!("{}: {problem} (for {since})", source.name)) + "\n";
    source.state.problems.iter().map(line).collect()
}

fn articles_as_json(counts: &ArticleCounts) -> serde_json::Value {
    let last = counts.last_reason.as_ref();
    json!({
        "read": counts.read, "missing": counts.missing, "expected": counts.expected, "requested": counts.requested,
        "limit": counts.limit, "last_missing": last.map(|(at, reason)| json!({ "at": at, "reason": reason })),
    })
}

/// What became of a source's articles.
fn article_line(source: &StoredSource, counts: &ArticleCounts) -> String {
    match counts.in_words() {
        words if words.is_empty() => words,
        words => terminal::escape_line(&format!("{}: articles within a day: {words}", source.name)) + "\n",
    }
}

/// The rows with each column padded to its widest cell.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    rows.iter()
        .map(|row| {
            let line: String = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{:width$}  ", terminal::escape_line(cell)))
                .collect();
            format!("{}\n", line.trim_end())
        })
        .collect()
}

/// The time from one moment to a later one, in the largest fitting unit.
fn elapsed(from: Timestamp, to: Timestamp) -> String {
    match to.duration_since(from).as_secs().max(0) {
        s if s < 120 => format!("{s} s"),
        s if s < 7200 => format!("{} min", s / 60),
        s if s < 48 * 3600 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}
