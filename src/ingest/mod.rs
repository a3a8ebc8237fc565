//! The way in: one poll, top to bottom.

mod dates;
mod decode;
pub mod discover;
pub mod fetch;
pub mod habit;
pub mod health;
mod html;
pub mod identity;
mod normalize;
mod parse;
pub mod read;
pub mod revise;
pub mod schedule;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::entry::Entry;
use crate::entry::change::{Change, Known};
use crate::source::{FeedPace, Outcome, Source, SourceState};
use crate::store::{Claim, Poll, SourceId, Store};
use crate::story;
use fetch::{Answer, Body, Fetcher};
use habit::Habit;
use schedule::Visited;

/// How one poll ended.
#[derive(Debug)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// What is remembered of the source now.
    pub state: SourceState,
    /// Bytes after decompression.
    pub bytes: u64,
}

/// What a document gave.
struct Found {
    outcome: Outcome,
    changes: Vec<Change>,
    pace: FeedPace,
    habit: Habit,
    partial: bool,
}

/// Polls one source: asks, reads, compares, and writes down in one transaction what there is to
/// remember. Whatever the source answers, the outcome is its own.
///
/// # Errors
/// The store cannot read or write; then the poll has left nothing behind, and the claim runs out.
pub async fn poll(
    store: &Store,
    fetcher: &Fetcher,
    source: &Source,
    claim: Claim,
    now: Timestamp,
) -> Result<Report, crate::store::Error> {
    let mut state = claim.state.clone();
    let mut visit = fetcher.visit(source, &state, now).await;
    let found = match visit.answer {
        Ok(Answer::Body(body)) => read(store, source, &claim, &mut state, body, now).await?,
        Ok(Answer::NotModified) => Found::nothing(Outcome::NotModified),
        Err(failure) => Found::nothing(Outcome::Failed(failure)),
    };
    if found.partial {
        // A validator would answer for the part that did not come.
        visit.facts.validators = None;
    }
    let Found { outcome, changes, pace, habit, .. } = found;
    let visited = Visited { outcome: &outcome, facts: &visit.facts, pace, habit };
    let mut state = schedule::next(source, &state, &visited, now);
    let health = health::events(source, &claim.state, &mut state, &outcome, now);
    store.commit(Poll { source: claim.source, state: state.clone(), changes, health }).await?;
    Ok(Report { outcome, state, bytes: visit.facts.bytes })
}

impl Found {
    fn nothing(outcome: Outcome) -> Found {
        Found {
            outcome,
            changes: Vec::new(),
            pace: FeedPace::default(),
            habit: Habit::default(),
            partial: false,
        }
    }
}

async fn read(
    store: &Store,
    source: &Source,
    claim: &Claim,
    state: &mut SourceState,
    body: Body,
    now: Timestamp,
) -> Result<Found, crate::store::Error> {
    let hints = read::Hints { content_type: body.content_type.as_deref(), url: Some(&body.url), now };
    // Parsing is work, not waiting: the runtime moves its other tasks to another thread meanwhile.
    let feed = match tokio::task::block_in_place(|| read::read(&body.bytes, &hints)) {
        Ok(feed) => feed,
        Err(error) => {
            return Ok(Found::nothing(Outcome::Failed(crate::source::Failure::Unreadable(
                error.to_string(),
            ))));
        }
    };
    let cleaner = html::Cleaner::new(feed.base.as_ref().unwrap_or(&body.url));
    drop(body);
    state.title = feed.title.or(state.title.take());
    state.link = feed.link.or(state.link.take());
    state.language = feed.language.or(state.language.take());
    let entries = feed.entries.len();
    let habit = habit::of(&feed.entries, now);
    let (identified, distrusted) = identity::settle(feed.entries, &mut state.distrusted);
    if !distrusted.is_empty() {
        let keys = distrusted.join(", ");
        tracing::warn!(source = claim.name, keys, "names several entries, and is not gone by any more");
    }
    let keys = identified.iter().flat_map(identity::all_keys).cloned().collect();
    let known = store.known(claim.source, keys).await?;
    let changes = tokio::task::block_in_place(|| {
        let mut changes = revise::changes(identified, &known, source.url.as_str(), now);
        changes.iter_mut().for_each(|change| make_safe(change, &cleaner));
        if source.stories {
            let language = source.language.as_deref().or(state.language.as_deref());
            changes.iter_mut().for_each(|change| compare(change, language));
        }
        changes
    });
    let outcome = Outcome::Read {
        new: changes.iter().filter(|change| matches!(change, Change::New(_))).count(),
        edited: changes.iter().filter(|change| matches!(change, Change::Edited { .. })).count(),
        entries,
        problems: feed.problems.len(),
    };
    Ok(Found { outcome, changes, pace: feed.pace, habit, partial: feed.partial })
}

fn make_safe(change: &mut Change, cleaner: &html::Cleaner) {
    match change {
        Change::New(new) => cleaner.make_safe(&mut new.entry),
        Change::Edited { entry, .. } => cleaner.make_safe(entry),
        Change::Rekeyed { .. } => {}
    }
}

/// Takes one entry of a source as if a poll had brought it alone; answers the store's number of what it is now.
/// For a back-test of the stories: nothing is asked of anybody.
///
/// # Errors
/// The store cannot read or write.
pub async fn replay(
    store: &Store,
    source: SourceId,
    mut entry: Entry,
    now: Timestamp,
) -> Result<Option<i64>, crate::store::Error> {
    let date = entry.published.map(|date| date.to_string());
    entry.keys = normalize::keys(&entry, None, date.as_deref());
    let (identified, _) = identity::settle(vec![entry], &mut BTreeSet::new());
    let keys: Vec<_> = identified.iter().flat_map(identity::all_keys).cloned().collect();
    let known = store.known(source, keys.clone()).await?;
    let mut changes = revise::changes(identified, &known, &source.0.to_string(), now);
    changes.iter_mut().for_each(|change| compare(change, None));
    let state = SourceState { last_success: Some(now), ..SourceState::default() };
    store.commit(Poll { source, state, changes, health: Vec::new() }).await?;
    let known = store.known(source, keys.clone()).await?;
    Ok(keys.iter().find_map(|key| match known.get(key)? {
        Known::Kept(entry) => Some(entry.number),
        Known::Pruned => None,
    }))
}

/// Takes down what the store compares of a new entry.
fn compare(change: &mut Change, language: Option<&str>) {
    if let Change::New(new) = change {
        new.likeness = Some(story::likeness(&new.entry, language));
    }
}
