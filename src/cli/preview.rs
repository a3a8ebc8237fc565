//! `siftwire preview 'QUERY'`: shows which stored entries a filter would match.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::config_option::ConfigOption;
use super::query_argument;
use super::runtime::with_existing_store;
use super::terminal::{self, escape_line, wants_colours};
use crate::daemon;
use crate::filter::{MatchReason, Matcher, Query, Subject};
use crate::publish::excerpts::{self, Excerpt, find_words};
use crate::store::{Candidate, Store};

/// Entries read from the store at a time.
const BATCH_SIZE: usize = 500;

/// `siftwire preview`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The query; `siftwire help filter` explains the language
    query: String,
    /// Only entries of at most this age, such as 7d
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// List at most this many entries, newest first; all are counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Default)]
struct Matches {
    /// Entries evaluated.
    evaluated: usize,
    /// Matches by source.
    by_source: BTreeMap<String, usize>,
    /// Entries that may match once their article has come.
    undecided: usize,
    entries: Vec<PreviewedEntry>,
}

/// One entry that matched, without its text.
struct PreviewedEntry {
    date: Timestamp,
    number: i64,
    uid: String,
    source: String,
    title: String,
    link: Option<String>,
    reasons: Vec<MatchReason>,
    /// Matches in the summary, the content or the article.
    excerpts: Vec<Excerpt>,
}

/// Prints what matches; changes nothing.
///
/// # Errors
/// The store cannot be read.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config.load()?;
    let query = query_argument::parse(&arguments.query, &config.query_context)?;
    let now = daemon::now();
    let since = arguments.since.and_then(|since| now.checked_sub(SignedDuration::try_from(since).ok()?).ok());
    let mut matches =
        with_existing_store(&config.store, async |store| Ok(find_matches(store, &query, since, now).await?))?;
    matches.entries.sort_by_key(|entry| Reverse((entry.date, entry.number)));
    if matches.evaluated == 0 && since.is_none() {
        terminal::message("The store has no entries yet: `siftwire poll` gets those of your sources.");
    }
    let total = matches.entries.len();
    matches.entries.truncate(arguments.limit);
    let text = if arguments.json { as_json(&matches, total) } else { as_text(&matches, total) };
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn find_matches(
    store: &Store,
    query: &Query,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Matches, crate::store::Error> {
    let matcher = Matcher::new([query]);
    let mut matches = Matches::default();
    let mut revision = 0;
    loop {
        let mut batch = store.entries_after(revision, BATCH_SIZE).await?;
        revision = batch.last().map_or(revision, |candidate| candidate.entry.revision);
        batch.iter_mut().for_each(|candidate| candidate.entry.give_up_article(now));
        for candidate in batch.iter().filter(|one| since.is_none_or(|since| one.entry.date >= since)) {
            matches.evaluated += 1;
            let mut found = matcher.hits(&Subject::from_stored(&candidate.entry, now), |_| true);
            matches.undecided += found.undecided.len();
            if let Some(hit) = found.hits.pop() {
                *matches.by_source.entry(candidate.entry.source.name.clone()).or_default() += 1;
                matches.entries.push(matched_entry(candidate, hit.reasons));
            }
        }
        if batch.len() < BATCH_SIZE {
            return Ok(matches);
        }
    }
}

fn matched_entry(candidate: &Candidate, reasons: Vec<MatchReason>) -> PreviewedEntry {
    let kept = &candidate.entry;
    let title =
        kept.entry.title.clone().or_else(|| kept.entry.link.clone()).unwrap_or_else(|| kept.uid.clone());
    let excerpts = excerpts::of_entry(kept, &reasons);
    PreviewedEntry {
        date: kept.date,
        number: kept.number,
        uid: kept.uid.clone(),
        source: kept.source.name.clone(),
        title,
        link: kept.entry.link.clone(),
        reasons,
        excerpts,
    }
}

fn as_json(matches: &Matches, total: usize) -> String {
    let entries: Vec<_> = matches
        .entries
        .iter()
        .map(|entry| {
            json!({
                "number": entry.number, "id": entry.uid, "title": entry.title, "link": entry.link,
                "source": entry.source, "date": entry.date, "why": entry.reasons,
            })
        })
        .collect();
    let json = json!({
        "version": terminal::JSON_VERSION, "matched": total, "undecided": matches.undecided, "of": matches.evaluated,
        "sources": matches.by_source, "entries": entries,
    });
    format!("{json:#}\n")
}

fn as_text(matches: &Matches, total: usize) -> String {
    let coloured = wants_colours(std::io::stdout().is_terminal());
    let mark = |words: &str| {
        if coloured { format!("\u{1b}[1;33m{words}\u{1b}[0m") } else { format!("\u{ab}{words}\u{bb}") }
    };
    let mut text = String::new();
    for entry in &matches.entries {
        let date = entry.date.strftime("%Y-%m-%d");
        text.push_str(&format!("{date}  {}  {}\n", entry.source, marked_title(entry, mark)));
        for Excerpt { before, matched, after, place } in &entry.excerpts {
            let [before, matched, after] = [before, matched, after].map(|text| escape_line(text));
            let place = place.as_ref().map_or_else(String::new, |place| format!(" (in {place})"));
            text.push_str(&format!("            {before}{}{after}{place}\n", mark(&matched)));
        }
    }
    if total > matches.entries.len() {
        text.push_str(&format!("and {} older ones\n", total - matches.entries.len()));
    }
    if !matches.entries.is_empty() {
        text.push('\n');
    }
    let mut counts: Vec<_> = matches.by_source.iter().collect();
    counts.sort_by_key(|(name, count)| (Reverse(**count), *name));
    for (name, count) in counts {
        text.push_str(&format!("{count:>7}  {name}\n"));
    }
    text.push_str(&format!("{total:>7}  of {} entries match\n", matches.evaluated));
    if matches.undecided > 0 {
        text.push_str(&format!(
            "{:>7}  are undecided: their articles have not come yet\n",
            matches.undecided
        ));
    }
    text
}

/// The title, with the matches in it marked.
fn marked_title(entry: &PreviewedEntry, mark: impl Fn(&str) -> String) -> String {
    let in_title = entry.reasons.iter().filter(|reason| reason.field == "title");
    let mut spans: Vec<_> = in_title
        .filter_map(|reason| {
            let start = find_words(&entry.title, &reason.found)?;
            Some(start..start + reason.found.len())
        })
        .collect();
    spans.sort_by_key(|span| (span.start, Reverse(span.end)));
    let mut text = String::new();
    let mut end = 0;
    // A span within the one before is marked already.
    for span in spans {
        if span.start >= end {
            text.push_str(&escape_line(&entry.title[end..span.start]));
            text.push_str(&mark(&escape_line(&entry.title[span.clone()])));
            end = span.end;
        }
    }
    text + &escape_line(&entry.title[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_a_title_is_marked_once() {
        let reason = |found: &str| MatchReason {
            term: found.into(),
            field: "title".into(),
            found: found.into(),
            evidence: None,
            fetched: None,
        };
        let entry = PreviewedEntry {
            date: Timestamp::UNIX_EPOCH,
            number: 1,
            uid: String::new(),
            source: String::new(),
            title: "Russian troops leave Armenia".into(),
            link: None,
            reasons: vec![reason("Armenia"), reason("Russian troops"), reason("troops")],
            excerpts: Vec::new(),
        };
        let text = marked_title(&entry, |words| format!("[{words}]"));
        assert_eq!(text, "[Russian troops] leave [Armenia]");
    }
}
