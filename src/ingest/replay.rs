//! Commits given entries one by one, as if each had come from a poll: to back-test how stories are merged. Reads
//! and writes the store, makes no requests.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::document::add_dedup_features;
use super::identity::KeyedEntry;
use super::{diff, identity};
use crate::entry::change::{KnownEntries, KnownKey};
use crate::entry::{Entry, Key};
use crate::feed;
use crate::source::SourceState;
use crate::store::{self, Poll, SourceId, Store};

/// Entries written in one transaction.
const MAX_BATCH: usize = 500;

/// An entry to replay.
#[derive(Clone, Debug)]
pub struct ReplayEntry {
    /// The source it comes from.
    pub source: SourceId,
    /// The entry; its keys are computed here.
    pub entry: Entry,
    /// When it is seen.
    pub now: Timestamp,
}

/// An entry of a batch, with all keys it may be known by.
struct BatchEntry {
    source: SourceId,
    now: Timestamp,
    /// None, if the entry has no content.
    keyed: Vec<KeyedEntry>,
    keys: Vec<Key>,
}

/// Commits the entries in this order. Returns the store's number of each; `None` for an entry without content.
///
/// # Errors
/// The store cannot be read or written.
pub async fn replay(store: &Store, entries: Vec<ReplayEntry>) -> Result<Vec<Option<i64>>, store::Error> {
    let mut numbers = Vec::with_capacity(entries.len());
    let (mut batch, mut batch_keys) = (Vec::new(), HashSet::new());
    for replayed in entries {
        let entry = with_keys(replayed);
        // A second version of an entry must find the first one in the store.
        let repeated = entry.keys.iter().any(|key| batch_keys.contains(&(entry.source, key.clone())));
        if batch.len() == MAX_BATCH || repeated {
            numbers.extend(commit_batch(store, std::mem::take(&mut batch)).await?);
            batch_keys.clear();
        }
        batch_keys.extend(entry.keys.iter().map(|key| (entry.source, key.clone())));
        batch.push(entry);
    }
    numbers.extend(commit_batch(store, batch).await?);
    Ok(numbers)
}

fn with_keys(ReplayEntry { source, mut entry, now }: ReplayEntry) -> BatchEntry {
    let date = entry.published.map(|date| date.to_string());
    entry.keys = feed::keys(&entry, None, date.as_deref(), None);
    let (keyed, _) = identity::assign_keys(vec![entry], &mut BTreeSet::new());
    let keys = keyed.iter().flat_map(identity::all_keys).cloned().collect();
    BatchEntry { source, now, keyed, keys }
}

async fn commit_batch(store: &Store, batch: Vec<BatchEntry>) -> Result<Vec<Option<i64>>, store::Error> {
    let keys: Vec<_> = batch.iter().map(|entry| (entry.source, entry.keys.clone())).collect();
    let known = store.known_entries_of_all(keys.clone()).await?;
    let polls = batch.into_iter().zip(&known).map(|(BatchEntry { source, now, keyed, .. }, known)| {
        let mut changes = diff::changes(keyed, known, &source.0.to_string(), now);
        changes.iter_mut().for_each(add_dedup_features);
        let state = SourceState { last_success: Some(now), ..SourceState::default() };
        Poll::unclaimed(source, state, changes)
    });
    store.commit_all(polls.collect()).await?;
    let known = store.known_entries_of_all(keys.clone()).await?;
    let number = |((_, keys), known): ((SourceId, Vec<Key>), &KnownEntries)| {
        keys.iter().find_map(|key| known.get(key).and_then(KnownKey::number))
    };
    Ok(keys.into_iter().zip(&known).map(number).collect())
}
