//! The way in: one poll, top to bottom.

pub mod diff;
pub mod health;
pub mod identity;

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher as _;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::available_parallelism;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::entry::change::{Change, Known, KnownEntries};
use crate::entry::{Entry, Key};
use crate::feed;
use crate::fetch::{Answer, Body, Fetcher};
use crate::html;
use crate::schedule::publish_interval::{self, PublishInterval};
use crate::schedule::{self, Visited};
use crate::source::{Failure, FeedPace, Outcome, Source, SourceState};
use crate::store::{Claim, Listed, Poll, SourceId, Store};
use crate::story;
use identity::Identified;

/// Bytes of a document whose reading takes about as long as the other tasks may wait: some milliseconds.
const LONG: usize = 512 * 1024;

/// Entries of a back-test that are written in one transaction.
const TOGETHER: usize = 500;

/// How one poll ended.
#[derive(Debug)]
pub struct Report {
    /// What came of it.
    pub outcome: Outcome,
    /// What is remembered of the source now.
    pub state: SourceState,
    /// Bytes after decompression.
    pub bytes: u64,
    /// How many events of its health the operator is told.
    pub events: usize,
    /// How many new entries joined a story.
    pub merged: usize,
}

/// Where documents are read: as many at once as there are processors, however many polls there are, so
/// that memory has a bound beside the documents' own.
#[derive(Clone, Debug)]
pub struct ParseLimiter(Arc<Semaphore>);

impl Default for ParseLimiter {
    fn default() -> ParseLimiter {
        ParseLimiter(Arc::new(Semaphore::new(available_parallelism().map_or(2, NonZero::get))))
    }
}

impl ParseLimiter {
    /// Does work with a document of so many bytes when there is room. Parsing is work, not waiting: for a
    /// long one the runtime moves its other tasks to another thread meanwhile, which for a short one
    /// would cost more than it saves, in time and in threads. A panic ends with this document.
    async fn work<T>(&self, bytes: usize, work: impl FnOnce() -> T) -> Result<T, Failure> {
        let seat = self.0.acquire().await;
        let work = || catch_unwind(AssertUnwindSafe(work));
        let done = if bytes > LONG { tokio::task::block_in_place(work) } else { work() };
        drop(seat);
        done.map_err(|_| Failure::Unreadable("the reader gave up: a fault of Siftwire".to_owned()))
    }
}

/// An entry of a back-test.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The source that it comes from.
    pub source: SourceId,
    /// What it says; its keys are made from that.
    pub entry: Entry,
    /// When it is seen.
    pub now: Timestamp,
}

/// What a document gave.
struct Found {
    outcome: Outcome,
    changes: Vec<Change>,
    pace: FeedPace,
    publish_interval: PublishInterval,
    partial: bool,
    listed: Option<Listed>,
}

/// Polls one source: asks, reads, compares, and writes down in one transaction what there is to
/// remember. Whatever the source answers, the outcome is its own.
///
/// # Errors
/// The store cannot read or write; then the poll has left nothing behind, and the claim runs out.
pub async fn poll(
    store: &Store,
    (fetcher, parse_limiter): (&Fetcher, &ParseLimiter),
    source: &Source,
    claim: Claim,
    now: Timestamp,
) -> Result<Report, crate::store::Error> {
    let mut state = claim.state.clone();
    let mut visit = fetcher.visit(source, &state, now).await;
    let found = match visit.answer {
        Ok(Answer::Body(body)) => read(store, parse_limiter, source, &claim, &mut state, body, now).await?,
        Ok(Answer::NotModified) => Found::nothing(Outcome::NotModified),
        Err(failure) => Found::nothing(Outcome::Failed(failure)),
    };
    if found.partial {
        // A validator would answer for the part that did not come.
        visit.facts.validators = None;
    }
    let Found { outcome, changes, pace, publish_interval, listed, .. } = found;
    let visited = Visited { outcome: &outcome, facts: &visit.facts, pace, publish_interval };
    let mut state = schedule::next(source, &state, &visited, now);
    let health = health::events(source, &claim.state, &mut state, &outcome, now);
    let events = health.len();
    let merged =
        store.commit(Poll { source: claim.source, state: state.clone(), changes, health, listed }).await?;
    Ok(Report { outcome, state, bytes: visit.facts.bytes, events, merged })
}

impl Found {
    fn nothing(outcome: Outcome) -> Found {
        Found {
            outcome,
            changes: Vec::new(),
            pace: FeedPace::default(),
            publish_interval: PublishInterval::default(),
            partial: false,
            listed: None,
        }
    }
}

async fn read(
    store: &Store,
    parse_limiter: &ParseLimiter,
    source: &Source,
    claim: &Claim,
    state: &mut SourceState,
    body: Body,
    now: Timestamp,
) -> Result<Found, crate::store::Error> {
    let hash = hash(&body);
    if state.body == Some(hash) {
        return Ok(Found::nothing(Outcome::NotModified));
    }
    let hints = feed::Hints { content_type: body.content_type.as_deref(), url: Some(&body.url), now };
    let bytes = body.bytes.len();
    let read = parse_limiter.work(bytes, || feed::read(&body.bytes, &hints)).await;
    let feed = match read.map(|read| read.map_err(|error| Failure::Unreadable(error.to_string()))) {
        Ok(Ok(feed)) => feed,
        Ok(Err(failure)) | Err(failure) => return Ok(Found::nothing(Outcome::Failed(failure))),
    };
    let cleaner = html::Cleaner::new(feed.base.as_ref().unwrap_or(&body.url));
    drop(body);
    state.title = feed.title.or(state.title.take());
    state.link = feed.link.or(state.link.take());
    state.language = feed.language.or(state.language.take());
    let entries = feed.entries.len();
    let publish_interval = publish_interval::of(&feed.entries, now);
    let (identified, distrusted) = identity::settle(feed.entries, &mut state.distrusted);
    if !distrusted.is_empty() {
        let keys = distrusted.join(", ");
        tracing::warn!(source = claim.name, keys, "names several entries, and is not gone by any more");
    }
    let keys = identified.iter().flat_map(identity::all_keys).cloned().collect();
    let known = store.known(claim.source, keys).await?;
    // Whatever has a key of the document is listed in it.
    let listed: Vec<i64> = known
        .values()
        .filter_map(|known| match known {
            Known::Kept(entry) => Some(entry.number),
            Known::Pruned => None,
        })
        .collect();
    let listed = if feed.partial { Listed::Some(listed) } else { Listed::All(listed) };
    let compare = || {
        let mut changes = diff::changes(identified, &known, source.url.as_str(), now);
        changes.iter_mut().for_each(|change| make_safe(change, &cleaner));
        if source.stories {
            let language = source.language.as_deref().or(state.language.as_deref());
            changes.iter_mut().for_each(|change| take_down(change, language));
        }
        changes
    };
    let changes = match parse_limiter.work(bytes, compare).await {
        Ok(changes) => changes,
        Err(failure) => return Ok(Found::nothing(Outcome::Failed(failure))),
    };
    // Like a validator it vouches for the entries: not before they are made out, nor for a part of them.
    state.body = (!feed.partial).then_some(hash);
    let outcome = Outcome::Read {
        new: changes.iter().filter(|change| matches!(change, Change::New(_))).count(),
        edited: changes.iter().filter(|change| matches!(change, Change::Edited { .. })).count(),
        entries,
        problems: feed.problems.len(),
    };
    Ok(Found {
        outcome,
        changes,
        pace: feed.pace,
        publish_interval,
        partial: feed.partial,
        listed: Some(listed),
    })
}

/// Of all that the reading of a document goes by: many sites answer with the same bytes again and again, and no word
/// that they are the same. Another release may read it otherwise; another hash costs one reading more.
fn hash(body: &Body) -> u64 {
    let said = (env!("CARGO_PKG_VERSION"), &body.content_type, body.url.as_str(), &body.bytes[..]);
    foldhash::quality::FixedState::with_seed(0).hash_one(said)
}

fn make_safe(change: &mut Change, cleaner: &html::Cleaner) {
    match change {
        Change::New(new) => cleaner.make_safe(&mut new.entry),
        Change::Edited { entry, .. } => cleaner.make_safe(entry),
        Change::Rekeyed { .. } => {}
    }
}

/// Takes entries one after the other, each as if a poll had brought it alone; answers the store's number of what
/// each is now, none for one that has nothing to be known by. For a back-test of the stories: nothing is asked of anybody.
///
/// # Errors
/// The store cannot read or write.
pub async fn replay(store: &Store, entries: Vec<Replayed>) -> Result<Vec<Option<i64>>, crate::store::Error> {
    let mut numbers = Vec::with_capacity(entries.len());
    let (mut group, mut taken) = (Vec::new(), HashSet::new());
    for replayed in entries {
        let (source, now) = (replayed.source, replayed.now);
        let (identified, keys) = identify(replayed.entry);
        // What a source says of an entry again must find it in the store.
        if group.len() == TOGETHER || keys.iter().any(|key| taken.contains(&(source, key.clone()))) {
            numbers.extend(replay_group(store, std::mem::take(&mut group)).await?);
            taken.clear();
        }
        taken.extend(keys.iter().map(|key| (source, key.clone())));
        group.push((source, now, identified, keys));
    }
    numbers.extend(replay_group(store, group).await?);
    Ok(numbers)
}

fn identify(mut entry: Entry) -> (Vec<Identified>, Vec<Key>) {
    let date = entry.published.map(|date| date.to_string());
    entry.keys = feed::keys(&entry, None, date.as_deref());
    let (identified, _) = identity::settle(vec![entry], &mut BTreeSet::new());
    let keys = identified.iter().flat_map(identity::all_keys).cloned().collect();
    (identified, keys)
}

async fn replay_group(
    store: &Store,
    group: Vec<(SourceId, Timestamp, Vec<Identified>, Vec<Key>)>,
) -> Result<Vec<Option<i64>>, crate::store::Error> {
    let asked: Vec<_> = group.iter().map(|(source, .., keys)| (*source, keys.clone())).collect();
    let known = store.known_all(asked.clone()).await?;
    let polls = group.into_iter().zip(&known).map(|((source, now, identified, _), known)| {
        let mut changes = diff::changes(identified, known, &source.0.to_string(), now);
        changes.iter_mut().for_each(|change| take_down(change, None));
        let state = SourceState { last_success: Some(now), ..SourceState::default() };
        Poll { source, state, changes, health: Vec::new(), listed: None }
    });
    store.commit_all(polls.collect()).await?;
    let known = store.known_all(asked.clone()).await?;
    let number = |(keys, known): (Vec<Key>, &KnownEntries)| {
        keys.iter().find_map(|key| match known.get(key)? {
            Known::Kept(entry) => Some(entry.number),
            Known::Pruned => None,
        })
    };
    Ok(asked.into_iter().map(|(_, keys)| keys).zip(&known).map(number).collect())
}

/// Takes down what the store compares of a new entry.
fn take_down(change: &mut Change, language: Option<&str>) {
    if let Change::New(new) = change {
        new.dedup_features = Some(story::dedup_features(&new.entry, language));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_ends_with_its_document() {
        let parse_limiter = ParseLimiter::default();
        for bytes in [1, LONG + 1] {
            let failed = parse_limiter.work(bytes, || panic!("as a reader might")).await;
            assert!(matches!(failed, Err::<(), _>(Failure::Unreadable(_))));
        }
        assert!(matches!(parse_limiter.work(1, || 2).await, Ok(2)), "the seats are free again");
    }
}
