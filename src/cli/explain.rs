//! `siftwire explain ENTRY [OUTPUT]`: why an entry is, or is not, in each output.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::configured::{self, Source};
use super::query;
use crate::config::Config;
use crate::daemon::{self, StoreThreads};
use crate::entry::StoredEntry;
use crate::filter::{FailedTerm, MatchReason, Matcher, Query, QueryContext, Subject};
use crate::publish::output::{Output, Stories};
use crate::store::{Candidate, EntryStory, MemberPosition, Store, StoredOutput};

/// So many entries of the same title are named.
const NAMED: usize = 5;

/// `siftwire explain`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The entry: its id, its link, or a part of its title
    #[arg(required_unless_present = "words")]
    entry: Option<String>,
    /// The output's name in the config; all where none is given
    output: Option<String>,
    /// Instead of an entry: list the words that each term of a query stands for
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["entry", "output"])]
    words: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is said of one output.
#[derive(Serialize)]
struct Verdict<'a> {
    output: &'a str,
    /// Whether readers see the entry in it.
    shown: bool,
    /// Whether it has entered.
    member: bool,
    /// Whether the filter, as it is now, wants it.
    matches: bool,
    why: Vec<MatchReason>,
    /// Why it matched when it entered, where that is no longer so.
    entered_by: Vec<MatchReason>,
    failed: Vec<Failed>,
    /// The rules other than the filter that keep it out.
    cut: Vec<String>,
    #[serde(skip)]
    refusals: Vec<FailedTerm>,
}

#[derive(Serialize)]
struct Failed {
    /// The part of the query.
    part: String,
    because: String,
}

/// Tells what a query's words stand for, or how an entry fares; changes nothing.
///
/// # Errors
/// There is no such entry or output, or the store cannot be used.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    if let Some(text) = &arguments.words {
        return words(text, arguments.json, source);
    }
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    if let Some(name) = &arguments.output
        && !config.outputs.iter().any(|output| output.name == *name)
    {
        bail!("there is no output `{name}` in the config");
    }
    let wanted = arguments.entry.unwrap_or_default();
    let text = super::runtime()?.block_on(async {
        let memory = StoreThreads::open(&config.store)?;
        let mut found = memory.store.find_entries(wanted.clone(), NAMED + 1).await?.into_iter();
        let Some(candidate) = found.next() else {
            bail!("the store has no entry with the id, the link or a title like `{wanted}`")
        };
        let others: Vec<Candidate> = found.collect();
        if !others.is_empty() {
            super::say(&named(&others));
        }
        let verdicts = verdicts(&memory.store, &config, arguments.output.as_deref(), &candidate).await?;
        let story = memory.store.story_of_entry(candidate.entry.number.to_string()).await?;
        let story = story.filter(|story| !story.duplicates.is_empty());
        memory.close();
        anyhow::Ok(match arguments.json {
            true => as_json(&candidate.entry, story.as_ref(), &verdicts),
            false => super::terminal::lines(&as_text(&candidate.entry, story.as_ref(), &verdicts, &config)),
        })
    })?;
    super::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn words(text: &str, json: bool, source: &Source) -> anyhow::Result<ExitCode> {
    let without_config =
        || QueryContext { languages: configured::every_latin_language().into(), ..QueryContext::default() };
    let query_context = configured::query_context(source)?.map(|known| known.unwrap_or_else(without_config));
    let query = match query_context.and_then(|query_context| query::read(text, &query_context)) {
        Ok(query) => query,
        Err(code) => return Ok(code),
    };
    let term_words = query.term_words();
    let text = if json {
        let terms =
            term_words.iter().map(|(term, words)| serde_json::json!({ "term": term, "words": words }));
        format!("{:#}\n", terms.collect::<serde_json::Value>())
    } else {
        let lines = term_words.iter().map(|(term, words)| format!("{term}\n  {}\n", words.join(", ")));
        lines.collect()
    };
    super::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn named(others: &[Candidate]) -> String {
    let titles =
        others.iter().take(NAMED).map(|other| format!("\n  {} {}", other.entry.number, title(&other.entry)));
    let more = if others.len() > NAMED { "\n  and more" } else { "" };
    format!("The newest of several; the others, by number:{}{more}\n", titles.collect::<String>())
}

async fn verdicts<'a>(
    store: &Store,
    config: &'a Config,
    only: Option<&str>,
    candidate: &Candidate,
) -> anyhow::Result<Vec<Verdict<'a>>> {
    let outputs: Vec<&Output> =
        config.outputs.iter().filter(|output| only.is_none_or(|only| only == output.name)).collect();
    let everything = Query::match_all();
    let matcher = Matcher::new(outputs.iter().map(|output| output.filter.as_ref().unwrap_or(&everything)));
    let remembered = store.outputs().await?;
    let now = daemon::now();
    let subject = Subject::from_stored(&candidate.entry, now);
    let first_poll = config
        .sources
        .iter()
        .find(|source| source.name == candidate.entry.source.name)
        .map(|source| source.first_poll);
    let mut verdicts = Vec::new();
    for (number, output) in outputs.into_iter().enumerate() {
        let known = remembered.iter().find(|known| known.name == output.name);
        let standing = match known {
            Some(known) => store.member_position(known.id, candidate.entry.number).await?,
            None => None,
        };
        let (matches, why, refusals) = match matcher.explain(number, &subject) {
            Ok(reasons) => (true, reasons, Vec::new()),
            Err(refusals) => (false, Vec::new(), refusals),
        };
        let mut cut = cuts(output, &candidate.entry, standing.as_ref(), now);
        if standing.is_none() && output.stories == Stories::Merge {
            let shown = match known {
                Some(known) => store.published_stories(known.id, vec![candidate.story]).await?,
                None => HashMap::new(),
            };
            cut.extend(shown.get(&candidate.story).map(|entry| told_by(*entry)));
        }
        if standing.is_none() && matches && cut.is_empty() {
            cut.push(waits(candidate, known, first_poll));
        }
        let failed = refusals.iter().map(|refusal| Failed {
            part: output
                .filter
                .as_ref()
                .and_then(|query| query.text().get(refusal.span.clone()))
                .unwrap_or("")
                .to_owned(),
            because: refusal.label.clone(),
        });
        let entered_by =
            standing.as_ref().filter(|_| !matches).map(|standing| serde_json::from_str(&standing.reasons));
        verdicts.push(Verdict {
            // What an older version wrote may be of another form; then nothing is told of it.
            entered_by: entered_by.and_then(Result::ok).unwrap_or_default(),
            output: &output.name,
            shown: standing.is_some() && cut.is_empty(),
            member: standing.is_some(),
            matches,
            why,
            failed: failed.collect(),
            cut,
            refusals,
        });
    }
    Ok(verdicts)
}

/// The rules beside the filter that keep an entry out of an output or, of a member, out of its document.
fn cuts(
    output: &Output,
    kept: &StoredEntry,
    standing: Option<&MemberPosition>,
    now: Timestamp,
) -> Vec<String> {
    let mut cuts = Vec::new();
    if let Some(sources) = &output.sources
        && !sources.contains(&kept.source.name)
    {
        cuts.push(format!("sources: it does not draw on {}", kept.source.name));
    }
    let age = now.duration_since(kept.date);
    if let Some(max_age) = output.max_age
        && SignedDuration::try_from(max_age).is_ok_and(|most| age > most)
    {
        let most = humantime::format_duration(max_age);
        cuts.push(format!("max_age = \"{most}\": it is {} days old", age.as_hours() / 24));
    }
    let Some(standing) = standing else { return cuts };
    if let Some(most) = output.per_source
        && standing.newer >= most
    {
        cuts.push(format!(
            "per_source = {most}: {} newer entries are of {}",
            standing.newer, kept.source.name
        ));
    }
    let most = output.per_source.unwrap_or(usize::MAX);
    let before: usize =
        standing.newer_of_others.iter().chain([&standing.newer]).map(|newer| newer.min(&most)).sum();
    if before >= output.limit {
        cuts.push(format!("limit = {}: {before} newer entries stand before it", output.limit));
    }
    cuts
}

fn told_by(entry: i64) -> String {
    format!("stories = \"merge\": entry {entry} tells the same story there")
}

/// What is said of an entry's story.
fn of_story(story: &EntryStory) -> String {
    let others: Vec<String> =
        story.duplicates.iter().map(|other| format!("{} in {}", other.entry, other.title)).collect();
    let others = others.join(", ");
    match &story.reason {
        Some(reason) => {
            let joined = story.first.map(|first| format!(" entry {first}")).unwrap_or_default();
            format!("  story: joined{joined} ({reason}); with {others}\n")
        }
        None => format!("  story: the first; with {others}\n"),
    }
}

/// Why an entry that is wanted has not entered.
fn waits(candidate: &Candidate, known: Option<&StoredOutput>, first_poll: Option<usize>) -> String {
    let evaluated = known.is_some_and(|known| known.watermark >= candidate.entry.revision);
    match first_poll {
        Some(most) if candidate.first_poll && evaluated => {
            format!("first_poll = {most}: of the first poll of its source, only the newest {most} enter")
        }
        _ if evaluated => {
            "it did not match when it arrived: it was edited since, or the filter was".to_owned()
        }
        _ => "it is not evaluated yet: the daemon does so after each poll and each edit".to_owned(),
    }
}

fn title(kept: &StoredEntry) -> &str {
    kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or(&kept.uid)
}

fn as_json(kept: &StoredEntry, story: Option<&EntryStory>, verdicts: &[Verdict<'_>]) -> String {
    let entry = serde_json::json!({
        "number": kept.number, "id": kept.uid, "title": kept.entry.title, "link": kept.entry.link,
        "source": kept.source.name, "date": kept.date,
    });
    let story = story.map(|story| {
        let others: Vec<_> = story
            .duplicates
            .iter()
            .map(|other| serde_json::json!({ "entry": other.entry, "source": other.source, "link": other.link }))
            .collect();
        serde_json::json!({ "story": story.story.0, "reason": story.reason, "others": others })
    });
    format!("{:#}\n", serde_json::json!({ "entry": entry, "story": story, "outputs": verdicts }))
}

fn as_text(
    kept: &StoredEntry,
    story: Option<&EntryStory>,
    verdicts: &[Verdict<'_>],
    config: &Config,
) -> String {
    let link = kept.entry.link.as_deref().unwrap_or("no link");
    let mut text = format!("{}\n  {}, {:.0}, {link}\n", title(kept), kept.source.title, kept.date);
    text.push_str(&story.map(of_story).unwrap_or_default());
    for verdict in verdicts {
        let word = match (verdict.shown, verdict.member) {
            (true, _) => "yes",
            (false, true) => "no longer shown",
            (false, false) => "no",
        };
        text.push_str(&format!("\n{}: {word}\n", verdict.output));
        for reason in &verdict.why {
            text.push_str(&format!("  {} in {}: {}\n", reason.term, reason.field, reason.found));
        }
        for reason in &verdict.entered_by {
            text.push_str(&format!(
                "  it entered by {} in {}: {}\n",
                reason.term, reason.field, reason.found
            ));
        }
        if verdict.member && !verdict.matches {
            text.push_str(
                "  it entered before it was edited, or when it was younger; today the filter says no:\n",
            );
        }
        let filter = config
            .outputs
            .iter()
            .find(|output| output.name == verdict.output)
            .and_then(|o| o.filter.as_ref());
        if let Some(filter) = filter.filter(|_| !verdict.refusals.is_empty()) {
            text.push_str(&query::failed_parts(filter, &verdict.refusals));
            text.push('\n');
        } else if filter.is_none() {
            text.push_str("  no filter: every entry matches\n");
        }
        for cut in &verdict.cut {
            text.push_str(&format!("  {cut}\n"));
        }
    }
    text
}
