//! `siftwire preview 'QUERY'`: what a filter would match among the stored entries.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::configured::{self, Source};
use super::query;
use super::terminal::line;
use crate::daemon::{self, StoreThreads};
use crate::filter::{MatchReason, Matcher, Query, Subject};
use crate::store::{Candidate, Store};
use crate::text::plain_text;

/// How many entries are read at a time.
const BATCH: usize = 500;

/// Characters that are shown around words found in a text.
const AROUND: usize = 60;

/// `siftwire preview`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The query, in the language of `siftwire help filter`
    query: String,
    /// Only entries of this age or younger, such as 7d
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// The most entries to list, newest first; all are counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Default)]
struct Found {
    looked_at: usize,
    of_source: BTreeMap<String, usize>,
    matches: Vec<Match>,
}

/// One entry that matched, without its text.
struct Match {
    date: Timestamp,
    number: i64,
    uid: String,
    source: String,
    title: String,
    link: Option<String>,
    reasons: Vec<MatchReason>,
    /// Where words were found that are not in the title: what stands before, the words, what follows.
    places: Vec<[String; 3]>,
}

/// Prints what matches; changes nothing.
///
/// # Errors
/// The store cannot be read.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let query = match query::read(&arguments.query, &config.query_context) {
        Ok(query) => query,
        Err(code) => return Ok(code),
    };
    let now = daemon::now();
    let since = arguments.since.and_then(|since| now.checked_sub(SignedDuration::try_from(since).ok()?).ok());
    let mut found = super::runtime()?.block_on(async {
        let memory = StoreThreads::open(&config.store)?;
        let found = look(&memory.store, &query, since, now).await?;
        memory.close();
        anyhow::Ok(found)
    })?;
    found.matches.sort_by_key(|entry| std::cmp::Reverse((entry.date, entry.number)));
    let total = found.matches.len();
    found.matches.truncate(arguments.limit);
    let text = if arguments.json { as_json(&found, total) } else { as_text(&found, total) };
    super::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn look(
    store: &Store,
    query: &Query,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Found, crate::store::Error> {
    let matcher = Matcher::new([query]);
    let mut found = Found::default();
    let mut from = 0;
    loop {
        let batch = store.entries_after(from, BATCH).await?;
        from = batch.last().map_or(from, |candidate| candidate.entry.revision);
        for candidate in batch.iter().filter(|one| since.is_none_or(|since| one.entry.date >= since)) {
            found.looked_at += 1;
            if let Some(hit) = matcher.hits(&Subject::from_stored(&candidate.entry, now), |_| true).pop() {
                *found.of_source.entry(candidate.entry.source.name.clone()).or_default() += 1;
                found.matches.push(matched(candidate, hit.reasons));
            }
        }
        if batch.len() < BATCH {
            return Ok(found);
        }
    }
}

fn matched(candidate: &Candidate, reasons: Vec<MatchReason>) -> Match {
    let kept = &candidate.entry;
    let title =
        kept.entry.title.clone().or_else(|| kept.entry.link.clone()).unwrap_or_else(|| kept.uid.clone());
    let elsewhere = reasons.iter().filter(|reason| reason.field == "text");
    let places = elsewhere.filter_map(|reason| {
        let texts = [&kept.entry.summary, &kept.entry.content].into_iter().flatten();
        texts.map(|html| plain_text(html)).find_map(|plain| place(&plain, &reason.found))
    });
    let places = places.collect();
    Match {
        date: kept.date,
        number: kept.number,
        uid: kept.uid.clone(),
        source: kept.source.name.clone(),
        title,
        link: kept.entry.link.clone(),
        reasons,
        places,
    }
}

/// What was found in a text with what stands around it, on one line.
fn place(plain: &str, found: &str) -> Option<[String; 3]> {
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, rest) = plain.split_at(word(&plain, found)?);
    let after = &rest[found.len()..];
    let start = before.char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let mark = |cut: bool| if cut { "\u{2026}" } else { "" };
    Some([
        format!("{}{}", mark(start > 0), &before[start..]),
        found.to_owned(),
        format!("{}{}", &after[..end], mark(end < after.len())),
    ])
}

/// Where words stand in a text as whole words, else anywhere.
fn word(text: &str, found: &str) -> Option<usize> {
    let whole = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    let mut places = text.match_indices(found).map(|(at, _)| at);
    places.find(whole).or_else(|| text.find(found))
}

fn as_json(found: &Found, total: usize) -> String {
    let entries: Vec<_> = found
        .matches
        .iter()
        .map(|entry| {
            json!({
                "number": entry.number, "id": entry.uid, "title": entry.title, "link": entry.link,
                "source": entry.source, "date": entry.date, "why": entry.reasons,
            })
        })
        .collect();
    let whole =
        json!({ "matched": total, "of": found.looked_at, "sources": found.of_source, "entries": entries });
    format!("{whole:#}\n")
}

fn as_text(found: &Found, total: usize) -> String {
    let coloured = super::is_coloured(std::io::stdout().is_terminal());
    let mark = |words: &str| {
        if coloured { format!("\u{1b}[1;33m{words}\u{1b}[0m") } else { format!("\u{ab}{words}\u{bb}") }
    };
    let mut text = String::new();
    for entry in &found.matches {
        let date = entry.date.strftime("%Y-%m-%d");
        text.push_str(&format!("{date}  {}  {}\n", entry.source, marked(entry, mark)));
        for [before, words, after] in &entry.places {
            let [before, words, after] = [before, words, after].map(|text| line(text));
            text.push_str(&format!("            {before}{}{after}\n", mark(&words)));
        }
    }
    if total > found.matches.len() {
        text.push_str(&format!("and {} older ones\n", total - found.matches.len()));
    }
    if !found.matches.is_empty() {
        text.push('\n');
    }
    let mut counts: Vec<_> = found.of_source.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (name, count) in counts {
        text.push_str(&format!("{count:>7}  {name}\n"));
    }
    text.push_str(&format!("{total:>7}  of {} entries match\n", found.looked_at));
    text
}

/// The title with the words that were found in it marked.
fn marked(entry: &Match, mark: impl Fn(&str) -> String) -> String {
    let in_title = entry.reasons.iter().filter(|reason| reason.field == "title");
    let mut spans: Vec<_> = in_title
        .filter_map(|reason| word(&entry.title, &reason.found).map(|at| at..at + reason.found.len()))
        .collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut text = String::new();
    let mut done = 0;
    for span in spans {
        if span.start >= done {
            text.push_str(&line(&entry.title[done..span.start]));
            text.push_str(&mark(&line(&entry.title[span.clone()])));
            done = span.end;
        }
    }
    text + &line(&entry.title[done..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_where_they_stand() {
        let text = "An award for peace.\n The  war is over.";
        assert_eq!(
            place(text, "war"),
            Some(["An award for peace. The ".into(), "war".into(), " is over.".into()])
        );
        assert_eq!(place(text, "treaty"), None);
    }

    #[test]
    fn each_word_of_a_title_is_marked_once() {
        let reason =
            |found: &str| MatchReason { term: found.into(), field: "title".into(), found: found.into() };
        let entry = Match {
            date: Timestamp::UNIX_EPOCH,
            number: 1,
            uid: String::new(),
            source: String::new(),
            title: "Russian troops leave Armenia".into(),
            link: None,
            reasons: vec![reason("Armenia"), reason("Russian troops"), reason("troops")],
            places: Vec::new(),
        };
        let text = marked(&entry, |words| format!("[{words}]"));
        assert_eq!(text, "[Russian troops] leave [Armenia]");
    }
}
