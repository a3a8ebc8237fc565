//! `siftwire explain ENTRY [OUTPUT]`: explains why an entry is, or is not, in each output.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::config_option::{ConfigOption, LATIN_LANGUAGES};
use super::runtime::with_existing_store;
use super::terminal::{self, counted, escape_line};
use super::{WrongUsage, query_argument};
use crate::config::Config;
use crate::daemon;
use crate::entry::change::FormerTitle;
use crate::entry::{ArticleState, Entry, Key, KeyRule, MAX_ARTICLE_WAIT, StoredEntry};
use crate::filter::{self, FailedTerm, MatchReason, Matcher, Query, QueryContext, Subject};
use crate::publish::output::{Output, Stories};
use crate::publish::{self, render};
use crate::store::{
    Candidate, Duplicate, EntryStory, KeptApart, MemberPosition, Store, StoredOutput, StoryId, StoryMember,
};
use crate::story::address::{PageAddress, are_same_page};

/// The most other entries listed if several have the title.
const MAX_LISTED_ENTRIES: usize = 5;

/// `siftwire explain`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The entry: its id, its link, or a part of its title
    #[arg(required_unless_present = "words")]
    entry: Option<String>,
    /// The name of an output [default: all]
    output: Option<String>,
    /// Instead of an entry: list the words that each term of a query matches
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["entry", "output"])]
    words: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The explanation of an entry.
struct Explained<'a> {
    entry: &'a StoredEntry,
    former_titles: Vec<FormerTitle>,
    story: Option<EntryStory>,
    /// Earlier entries that it is much like.
    apart: Vec<KeptApart>,
    outputs: Vec<Explanation<'a>>,
}

/// The explanation for one output.
#[derive(Serialize)]
struct Explanation<'a> {
    output: &'a str,
    /// Whether the published document shows the entry.
    shown: bool,
    /// Whether the entry has entered the output.
    member: bool,
    /// Whether the filter matches now.
    matches: bool,
    /// Whether the article that has not come yet may change what the filter says.
    undecided: bool,
    /// When the feed alone decides if it has not come.
    #[serde(skip)]
    decided_without: Timestamp,
    why: Vec<MatchReason>,
    /// Why it matched when it entered, if it no longer does.
    entered_by: Vec<MatchReason>,
    failed: Vec<FailedPart>,
    /// Rules other than the filter that exclude it.
    cut: Vec<String>,
    #[serde(skip)]
    failed_terms: Vec<FailedTerm>,
    #[serde(skip)]
    filter: Option<&'a Query>,
}

/// A part of the query that does not match.
#[derive(Serialize)]
struct FailedPart {
    part: String,
    because: String,
}

/// Explains an entry, or the words of a query; changes nothing.
///
/// # Errors
/// There is no such entry or output, or the store cannot be used.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    if let Some(query) = &arguments.words {
        return print_words(query, arguments.json, config_option);
    }
    let config = config_option.load()?;
    if let Some(name) = &arguments.output
        && !config.outputs.iter().any(|output| output.name == *name)
    {
        let known = config.outputs.iter().map(|output| output.name.as_str());
        let hint = terminal::did_you_mean(name, known);
        bail!(WrongUsage(format!("there is no output `{name}` in the config{hint}")));
    }
    let wanted = arguments.entry.unwrap_or_default();
    if wanted.trim().is_empty() {
        bail!(WrongUsage("ENTRY is empty: give an entry's id, its link, or a part of its title".to_owned()));
    }
    let text = with_existing_store(&config.store, async |store| {
        let mut found = store.find_entries(wanted.clone(), MAX_LISTED_ENTRIES + 1).await?.into_iter();
        let Some(mut candidate) = found.next() else { bail!("{}", not_found(store, &wanted).await?) };
        candidate.entry.give_up_article(daemon::now());
        let others: Vec<Candidate> = found.collect();
        if !others.is_empty() {
            terminal::message(&other_entries(&others));
        }
        let explanations = explain(store, &config, arguments.output.as_deref(), &candidate).await?;
        let story = store.story_of_entry(candidate.entry.number.to_string()).await?;
        let story = story.filter(|story| !story.duplicates.is_empty());
        let number = candidate.entry.number;
        let apart = store.kept_apart(vec![number]).await?.remove(&number).unwrap_or_default();
        let former_titles = store.former_titles(candidate.entry.number).await?;
        let explained =
            Explained { entry: &candidate.entry, former_titles, story, apart, outputs: explanations };
        Ok(if arguments.json { as_json(&explained) } else { as_text(&explained) })
    })?;
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Why the store may have no such entry.
async fn not_found(store: &Store, wanted: &str) -> anyhow::Result<String> {
    let address = PageAddress::parse(wanted).and_then(|address| address.key());
    let id = || wanted.to_owned();
    let keys = [(KeyRule::Id, Some(id())), (KeyRule::About, Some(id())), (KeyRule::Link, address)];
    let keys = keys.into_iter().filter_map(|(rule, value)| Some(Key { rule, value: value? })).collect();
    if store.has_pruned(keys).await? {
        return Ok(format!(
            "the store has no entry with the id or link `{wanted}` any more: it was older than `keep`. It is stored \
             again only with a later date"
        ));
    }
    let damaged = match store.unreadable_rows() {
        0 => "",
        _ => ". It may be damaged: `siftwire doctor` lists damaged entries, which no output has",
    };
    Ok(format!(
        "the store has no entry with this id, link or part of a title: `{wanted}`. `siftwire inspect URL` shows what is \
         read from the feed, `siftwire status` whether it is polled{damaged}"
    ))
}

fn print_words(query: &str, json: bool, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let without_config =
        || QueryContext { languages: LATIN_LANGUAGES.map(str::to_owned).into(), ..QueryContext::default() };
    let query_context = config_option.query_context()?.unwrap_or_else(without_config);
    let term_words = query_argument::parse(query, &query_context)?.term_words();
    let text = if json {
        let terms = term_words.iter().map(|(term, words)| json!({ "term": term, "words": words }));
        format!("{:#}\n", terms.collect::<serde_json::Value>())
    } else {
        let lines = term_words.iter().map(|(term, words)| format!("{term}\n  {}\n", words.join(", ")));
        lines.collect()
    };
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn other_entries(others: &[Candidate]) -> String {
    let lines = others
        .iter()
        .take(MAX_LISTED_ENTRIES)
        .map(|other| format!("\n  {} {}", other.entry.number, title(&other.entry)));
    let more = if others.len() > MAX_LISTED_ENTRIES { "\n  and more" } else { "" };
    format!(
        "Several entries match; this is the newest. The others, with their numbers:{}{more}\n",
        lines.collect::<String>()
    )
}

/// The explanation for each output, or only for the one named `only`.
async fn explain<'a>(
    store: &Store,
    config: &'a Config,
    only: Option<&str>,
    candidate: &Candidate,
) -> anyhow::Result<Vec<Explanation<'a>>> {
    let outputs: Vec<&Output> =
        config.outputs.iter().filter(|output| only.is_none_or(|only| only == output.name)).collect();
    let everything = Query::match_all();
    let matcher = Matcher::new(outputs.iter().map(|output| output.filter.as_ref().unwrap_or(&everything)));
    let stored_outputs = store.outputs().await?;
    let now = daemon::now();
    let subject = Subject::from_stored(&candidate.entry, now);
    let source = config.sources.iter().find(|source| source.name == candidate.entry.source.name);
    let first_poll = source.map(|source| source.first_poll);
    let mut explanations = Vec::new();
    for (index, output) in outputs.into_iter().enumerate() {
        let stored = StoredOutput::find(&stored_outputs, &output.name, &output.was);
        let wanted = render::member_query(output, now);
        let (position, shown) = match stored {
            Some(stored) => (
                store.member_position(stored.id, candidate.entry.number, wanted).await?,
                store.members(stored.id, wanted).await?.iter().map(|kept| kept.number).collect(),
            ),
            None => (None, HashSet::new()),
        };
        let filter::QueryResult { is_decided, result } = matcher.explain(index, &subject);
        let matches = is_decided && result.is_ok();
        let (why, failed_terms) = match result {
            Ok(reasons) => (reasons, Vec::new()),
            Err(failed_terms) => (Vec::new(), failed_terms),
        };
        let mut cut = excluding_rules(output, &candidate.entry, now);
        cut.extend(source.is_none().then(|| removed_source(&candidate.entry)));
        cut.extend(position.as_ref().into_iter().flat_map(|position| limits(output, candidate, position)));
        if position.is_none() && output.stories == Stories::Merge {
            cut.extend(other_of_story(store, stored, candidate.story, &shown).await?);
        }
        if position.is_none() && matches && cut.is_empty() {
            cut.push(not_entered(candidate, stored, first_poll));
        }
        let entered_by = position.as_ref().filter(|_| !matches).map(|position| &position.reasons);
        explanations.push(Explanation {
            output: &output.name,
            shown: shown.contains(&candidate.entry.number) && cut.is_empty(),
            member: position.is_some(),
            matches,
            undecided: !is_decided,
            decided_without: candidate
                .entry
                .first_seen
                .checked_add(MAX_ARTICLE_WAIT)
                .unwrap_or(Timestamp::MAX),
            why,
            // An older version may have stored another format; it is left out then.
            entered_by: entered_by.and_then(|reasons| serde_json::from_str(reasons).ok()).unwrap_or_default(),
            failed: failed_parts(output, &failed_terms),
            cut,
            failed_terms,
            filter: output.filter.as_ref(),
        });
    }
    Ok(explanations)
}

fn failed_parts(output: &Output, failed_terms: &[FailedTerm]) -> Vec<FailedPart> {
    let query = output.filter.as_ref().map_or("", Query::text);
    let part = |term: &FailedTerm| query.get(term.span.clone()).unwrap_or("").to_owned();
    failed_terms.iter().map(|term| FailedPart { part: part(term), because: term.label.clone() }).collect()
}

/// The rules other than the filter that keep an entry out of the published document, whether it is a member or not.
fn excluding_rules(output: &Output, kept: &StoredEntry, now: Timestamp) -> Vec<String> {
    let mut rules = Vec::new();
    let source = &kept.source.name;
    if output.sources.as_ref().is_some_and(|sources| !sources.contains(source)) {
        rules.push(format!("sources: {source} is not listed"));
    }
    let age = now.duration_since(kept.date);
    if let Some(max_age) = output.max_age
        && SignedDuration::try_from(max_age).is_ok_and(|max_age| age > max_age)
    {
        let max_age = humantime::format_duration(max_age);
        let age = match age.as_hours() {
            hours if hours < 48 => counted(usize::try_from(hours).unwrap_or_default(), "hour", "hours"),
            hours => format!("{} days", hours / 24),
        };
        rules.push(format!("max_age = \"{max_age}\": the entry is {age} old"));
    }
    rules
}

fn removed_source(kept: &StoredEntry) -> String {
    format!("source: {} is not in the config; its entries come back with it", kept.source.name)
}

/// The limits because of which later members took the place of this one.
fn limits(output: &Output, candidate: &Candidate, position: &MemberPosition) -> Vec<String> {
    let per_source = output.per_source.unwrap_or(usize::MAX);
    let mut limits = Vec::new();
    if position.later >= per_source {
        let later = counted(position.later, "entry", "entries");
        let source = &candidate.entry.source.name;
        limits.push(format!("per_source = {per_source}: {later} of {source} entered later"));
    }
    let later_of_sources = position.later_of_others.iter().chain([&position.later]);
    let later: usize = later_of_sources.map(|later| later.min(&per_source)).sum();
    if later >= output.limit {
        limits.push(format!(
            "limit = {}: {} entered later",
            output.limit,
            counted(later, "entry", "entries")
        ));
    }
    if position.entered < candidate.entry.first_seen {
        limits.iter_mut().for_each(|limit| limit.push_str(&why_by_date(candidate)));
    }
    limits
}

/// Why an entry counts as having entered at its date, before it came.
fn why_by_date(candidate: &Candidate) -> String {
    let kept = &candidate.entry;
    let (age_at_first, age_at_edit) =
        (kept.first_seen.duration_since(kept.date), candidate.revised.duration_since(kept.date));
    let reason = if candidate.first_poll {
        "it came with the first poll of its source".to_owned()
    } else if age_at_first > publish::MAX_LATENESS {
        format!("it was {} days old when it came", age_at_first.as_hours() / 24)
    } else if age_at_edit > publish::MAX_LATENESS {
        "it entered when it was edited, days after its date, or when the output was".to_owned()
    } else {
        "the output was added or edited after it came".to_owned()
    };
    format!("; it counts by its date, since {reason}")
}

/// The entry that is in the output for the same story.
async fn other_of_story(
    store: &Store,
    stored: Option<&StoredOutput>,
    story: StoryId,
    shown: &HashSet<i64>,
) -> anyhow::Result<Option<String>> {
    let Some(stored) = stored else { return Ok(None) };
    let published = store.story_members(stored.id, None, vec![story]).await?;
    Ok(published.get(&story).map(|StoryMember { entry, .. }| {
        let place = if shown.contains(entry) { "shown" } else { "in the archive" };
        format!("stories = \"merge\": entry {entry} of the same story is {place}")
    }))
}

/// Why an entry that matches is not a member.
fn not_entered(candidate: &Candidate, stored: Option<&StoredOutput>, first_poll: Option<usize>) -> String {
    let is_evaluated = stored.is_some_and(|stored| stored.watermark >= candidate.entry.revision);
    match first_poll {
        Some(count) if candidate.first_poll && is_evaluated => {
            format!(
                "first_poll = {count}: only the newest {count} matches of an added source's first poll enter"
            )
        }
        _ if is_evaluated => {
            "it did not match when it arrived; the entry or the filter was edited since".to_owned()
        }
        _ => "not evaluated yet: the daemon evaluates after each poll and each config edit".to_owned(),
    }
}

fn title(kept: &StoredEntry) -> &str {
    kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or(&kept.uid)
}

fn as_json(explained: &Explained<'_>) -> String {
    let kept = explained.entry;
    let article = match &kept.article {
        ArticleState::Expected => json!({ "state": "expected" }),
        ArticleState::Read(article) => {
            json!({ "state": "read", "fetched": article.fetched, "published": article.is_published })
        }
        ArticleState::Missing(reason) => json!({ "state": "missing", "reason": reason }),
        _ => serde_json::Value::Null,
    };
    let entry = json!({
        "number": kept.number, "id": kept.uid, "title": kept.entry.title, "link": kept.entry.link,
        "source": kept.source.name, "date": kept.date, "article": article, "former_titles": explained.former_titles,
    });
    let story = explained.story.as_ref().map(|story| {
        let others: Vec<_> = story
            .duplicates
            .iter()
            .map(|other| json!({ "entry": other.entry, "source": other.source, "link": other.link }))
            .collect();
        json!({ "story": story.story.0, "reason": story.reason, "others": others })
    });
    let apart: Vec<_> =
        explained.apart.iter().map(|apart| json!({ "entry": apart.entry, "reason": apart.reason })).collect();
    let explained = json!({ "version": terminal::JSON_VERSION, "entry": entry, "story": story, "apart_from": apart, "outputs": explained.outputs });
    format!("{explained:#}\n")
}

fn as_text(explained: &Explained<'_>) -> String {
    let kept = explained.entry;
    let link = kept.entry.link.as_deref().unwrap_or("no link");
    let about = format!("{}, {:.0}, {link}", kept.source.title, kept.date);
    let mut lines = vec![escape_line(title(kept)), format!("  {}", escape_line(&about))];
    lines.extend(article_line(&kept.article).map(|line| format!("  {}", escape_line(&line))));
    lines.extend(explained.former_titles.iter().map(|FormerTitle { title, replaced, reason }| {
        format!("  {}", escape_line(&format!("until {replaced:.0} its title was `{title}` ({reason})")))
    }));
    lines.extend(explained.story.iter().flat_map(|story| {
        let owner = owner_line(&kept.entry, story);
        [Some(story_line(story)), owner].into_iter().flatten().map(|line| format!("  {}", escape_line(&line)))
    }));
    lines.extend(explained.apart.iter().map(|KeptApart { entry, reason }| {
        format!("  {}", escape_line(&format!("no story with entry {entry}, which is much alike: {reason}")))
    }));
    lines.extend(explained.outputs.iter().flat_map(explanation_lines));
    lines.join("\n") + "\n"
}

fn article_line(article: &ArticleState) -> Option<String> {
    Some(match article {
        ArticleState::Expected => "its article has not come yet".to_owned(),
        ArticleState::Read(article) => {
            let use_of_it =
                if article.is_published { "outputs show it, too" } else { "filters alone see it" };
            format!("its article was fetched {:.0}; {use_of_it}", article.fetched)
        }
        ArticleState::Missing(reason) => {
            format!("its article does not come: {reason}. What the feed said decides")
        }
        _ => return None,
    })
}

fn story_line(story: &EntryStory) -> String {
    let others: Vec<String> =
        story.duplicates.iter().map(|other| format!("{} in {}", other.entry, other.title)).collect();
    let others = others.join(", ");
    match &story.reason {
        Some(reason) => {
            let first = story.first.map(|first| format!(" entry {first}")).unwrap_or_default();
            format!("story: joined{first} ({reason}); other entries: {others}")
        }
        None => format!("story: first entry; other entries: {others}"),
    }
}

/// Whose words the story is shown with, if its entries at the address of this one are not all of its owner.
fn owner_line(entry: &Entry, story: &EntryStory) -> Option<String> {
    let link = entry.link.as_deref()?;
    let same_page =
        |other: &&Duplicate| other.link.as_deref().is_some_and(|other| are_same_page(other, link));
    let at_address: Vec<&Duplicate> = story.duplicates.iter().filter(same_page).collect();
    if entry.owns_link {
        let others = at_address.iter().any(|other| !other.owns_link);
        return others
            .then(|| "its source owns the address: outputs show its words under the first id".to_owned());
    }
    let owner = at_address.iter().find(|other| other.owns_link)?;
    Some(format!(
        "its address is one of {}: outputs show the words of entry {} there",
        owner.title, owner.entry
    ))
}

fn explanation_lines(explanation: &Explanation<'_>) -> Vec<String> {
    let answer = match (explanation.shown, explanation.member) {
        (true, _) => "yes",
        (false, true) => "in the archive only",
        (false, false) => "no",
    };
    let mut lines = vec![String::new(), format!("{}: {answer}", explanation.output)];
    let reason_line = |reason: &MatchReason| {
        let MatchReason { term, found, evidence, .. } = reason;
        let evidence = evidence.as_ref().map_or_else(String::new, |evidence| format!(" ({evidence})"));
        format!("{term} in {}: {found}{evidence}", reason.place())
    };
    let mut push = |line: &str| lines.push(format!("  {}", escape_line(line)));
    if explanation.undecided {
        let so_far = if explanation.failed_terms.is_empty() { "it matches" } else { "it does not match" };
        push(&format!(
            "undecided: its article has not come yet; without one it is decided at {:.0} by what the feed said: {so_far}",
            explanation.decided_without
        ));
    }
    explanation.why.iter().for_each(|reason| push(&reason_line(reason)));
    explanation.entered_by.iter().for_each(|reason| push(&format!("entered by {}", reason_line(reason))));
    if explanation.member && !explanation.matches && !explanation.undecided {
        push("it matched when it entered; the entry was edited since, or is too old now:");
    }
    match explanation.filter {
        Some(filter) if !explanation.failed_terms.is_empty() => {
            // Not escaped: it may have colours, and quotes only the config.
            lines.push(query_argument::render_failed_parts(filter, &explanation.failed_terms));
        }
        Some(_) => {}
        None => push("no filter: every entry matches"),
    }
    lines.extend(explanation.cut.iter().map(|rule| format!("  {}", escape_line(rule))));
    lines
}
