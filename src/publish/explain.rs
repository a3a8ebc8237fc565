//! Why an entry is, or is not, in each output: for the command line and the page of an entry. Reads the store.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::output::{Output, Stories};
use super::outputs::{FirstPollLimits, Outputs};
use super::text::counted;
use super::{MAX_LATENESS, render};
use crate::entry::{ArticleState, Entry, MAX_ARTICLE_WAIT, RemovedKind, StoredEntry};
use crate::filter::{FailedTerm, MatchReason, Matcher, Query, QueryResult, Subject};
use crate::store::{
    Candidate, Duplicate, EntryStory, Error, MemberPosition, Store, StoredOutput, StoryId, StoryMember,
};
use crate::story::address::are_same_page;

/// The explanation for one output.
#[derive(Serialize)]
pub struct Explanation<'a> {
    /// The output's name.
    pub output: &'a str,
    /// Whether the published document shows the entry.
    pub shown: bool,
    /// Whether the entry has entered the output.
    pub member: bool,
    /// Whether the filter matches now.
    pub matches: bool,
    /// Whether the article that has not come yet may change what the filter says.
    pub undecided: bool,
    /// When the feed alone decides if it has not come.
    #[serde(skip)]
    pub decided_without: Timestamp,
    /// Why it matches.
    pub why: Vec<MatchReason>,
    /// Why it matched when it entered, if it no longer does.
    pub entered_by: Vec<MatchReason>,
    /// Why it does not.
    pub failed: Vec<FailedPart>,
    /// Rules other than the filter that exclude it.
    pub cut: Vec<String>,
    /// The same, with places in the query.
    #[serde(skip)]
    pub failed_terms: Vec<FailedTerm>,
    /// The output's query.
    #[serde(skip)]
    pub filter: Option<&'a Query>,
}

/// A part of the query that does not match.
#[derive(Serialize)]
pub struct FailedPart {
    /// The part.
    pub part: String,
    /// Why.
    pub because: String,
}

impl Explanation<'_> {
    /// Whether it is in, in a word.
    #[must_use]
    pub fn answer(&self) -> &'static str {
        match (self.shown, self.member) {
            (true, _) => "yes",
            (false, true) => "in the archive only",
            (false, false) => "no",
        }
    }

    /// Said of an entry whose article may change the answer.
    #[must_use]
    pub fn undecided_line(&self) -> Option<String> {
        let so_far = if self.failed_terms.is_empty() { "it matches" } else { "it does not match" };
        self.undecided.then(|| {
            format!(
                "undecided: its article has not come yet; without one it is decided at {:.0} by what the feed said: {so_far}",
                self.decided_without
            )
        })
    }

    /// Said of an entry that is in although it does not match now.
    #[must_use]
    pub fn has_changed_since(&self) -> Option<&'static str> {
        (self.member && !self.matches && !self.undecided)
            .then_some("it matched when it entered; the entry was edited since, or is too old now:")
    }
}

/// A reason in a line.
#[must_use]
pub fn reason_line(reason: &MatchReason) -> String {
    let MatchReason { term, found, evidence, .. } = reason;
    let evidence = evidence.as_ref().map_or_else(String::new, |evidence| format!(" ({evidence})"));
    format!("{term} in {}: {found}{evidence}", reason.place())
}

/// The outputs that are to be explained.
pub struct Explained<'a> {
    /// The outputs.
    pub outputs: Vec<&'a Output>,
    /// Their queries, in the same order; without a filter, the one that everything matches.
    pub matcher: &'a Matcher,
    /// The configured sources, and how many entries of their first polls may enter.
    pub first_poll_limits: &'a FirstPollLimits,
}

impl Outputs {
    /// What explains all outputs.
    #[must_use]
    pub fn explained(&self) -> Explained<'_> {
        Explained {
            outputs: self.outputs.iter().map(|compiled| &compiled.output).collect(),
            matcher: &self.matcher,
            first_poll_limits: &self.first_poll_limits,
        }
    }
}

/// The explanation for each output.
///
/// # Errors
/// The store cannot be read.
pub async fn explain<'a>(
    store: &Store,
    explained: &Explained<'a>,
    candidate: &Candidate,
    now: Timestamp,
) -> Result<Vec<Explanation<'a>>, Error> {
    let Explained { outputs, matcher, first_poll_limits } = explained;
    let stored_outputs = store.outputs().await?;
    let subject = Subject::from_stored(&candidate.entry, now);
    let first_poll = first_poll_limits.by_source.get(&candidate.entry.source.name).copied();
    let decided_without = candidate.entry.first_seen.checked_add(MAX_ARTICLE_WAIT).unwrap_or(Timestamp::MAX);
    let mut explanations = Vec::new();
    for (index, output) in outputs.iter().copied().enumerate() {
        let stored = StoredOutput::find(&stored_outputs, &output.name, &output.was);
        let wanted = render::member_query(output, now);
        let (position, shown) = match stored {
            Some(stored) => (
                store.member_position(stored.id, candidate.entry.number, wanted).await?,
                store.members(stored.id, wanted).await?.iter().map(|kept| kept.number).collect(),
            ),
            None => (None, HashSet::new()),
        };
        let QueryResult { is_decided, result } = matcher.explain(index, &subject);
        let matches = is_decided && result.is_ok();
        let (why, failed_terms) = match result {
            Ok(reasons) => (reasons, Vec::new()),
            Err(failed_terms) => (Vec::new(), failed_terms),
        };
        let mut cut = excluding_rules(output, &candidate.entry, now);
        cut.extend(first_poll.is_none().then(|| removed_source(&candidate.entry)));
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
            decided_without,
            why,
            // An older version may have stored another format; it is left out then.
            entered_by: entered_by.and_then(|reasons| serde_json::from_str(reasons).ok()).unwrap_or_default(),
            failed: failed_parts(output.filter.as_ref().map_or("", Query::text), &failed_terms),
            cut,
            failed_terms,
            filter: output.filter.as_ref(),
        });
    }
    Ok(explanations)
}

/// The parts of a query that do not match.
pub(super) fn failed_parts(query: &str, failed_terms: &[FailedTerm]) -> Vec<FailedPart> {
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
    } else if age_at_first > MAX_LATENESS {
        format!("it was {} days old when it came", age_at_first.as_hours() / 24)
    } else if age_at_edit > MAX_LATENESS {
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
) -> Result<Option<String>, Error> {
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

/// What was removed from the texts of an entry before they were kept, if anything was.
#[must_use]
pub fn removed_line(entry: &Entry) -> Option<String> {
    let removed = &entry.details.as_ref()?.removed;
    let counts: Vec<String> = removed
        .0
        .iter()
        .map(|(kind, count)| {
            let (_, [one, several]) = RemovedKind::NAMES[*kind as usize];
            counted(*count, one, several)
        })
        .collect();
    (!counts.is_empty()).then(|| format!("removed from its texts: {}", counts.join(", ")))
}

/// What is known of the entry's article.
#[must_use]
pub fn article_line(article: &ArticleState) -> Option<String> {
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
        ArticleState::NotExpected => return None,
    })
}

/// How an entry came into its story, and which others are in it.
#[must_use]
pub fn story_line(story: &EntryStory) -> String {
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
#[must_use]
pub fn owner_line(entry: &Entry, story: &EntryStory) -> Option<String> {
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
