//! What each output's documents depend on, so that only documents that can differ are rendered again. Pure; in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::document::Document;
use super::html::SourceRow;
use crate::store::OutputId;

/// What is remembered between two rendering passes.
#[derive(Debug, Default)]
pub(super) struct Staleness {
    state: Mutex<StalenessState>,
}

#[derive(Debug, Default)]
struct StalenessState {
    /// The documents contain the changes up to this revision.
    rendered: Option<i64>,
    /// The members contain the changes up to this revision.
    evaluated: Option<i64>,
    published: HashMap<OutputId, PublishedState>,
    /// By source name.
    labels: HashMap<String, SourceLabel>,
}

/// What documents say about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SourceLabel {
    title: String,
    link: Option<String>,
    icon: Option<String>,
    feed_id: Option<String>,
}

/// An output's documents as published.
#[derive(Clone, Debug)]
pub(super) struct PublishedState {
    /// Number of entries.
    pub(super) entries: usize,
    /// When the feed last changed.
    pub(super) changed: Timestamp,
    /// `None` if the documents were rendered before this start.
    pub(super) inputs: Option<DocumentInputs>,
    /// Why files of it could not be written.
    pub(super) unwritten: Vec<String>,
}

/// What can change a document although none of its entries changes.
#[derive(Clone, Debug)]
pub(super) struct DocumentInputs {
    /// When the oldest entry becomes too old for `max_age`, or the documents must be rendered for another reason.
    expires: Option<Timestamp>,
    lowest_entry: i64,
    sources: HashSet<String>,
}

/// What changed in the store since the last pass.
#[derive(Debug, Default)]
pub(super) struct StoreChanges {
    /// Outputs with a changed entry.
    pub(super) outputs: HashSet<OutputId>,
    /// The lowest entry number that was not pruned.
    pub(super) lowest_entry: i64,
    /// Sources with another title, link, picture or id.
    pub(super) renamed_sources: HashSet<String>,
}

impl DocumentInputs {
    pub(super) fn of(document: &Document, max_age: Option<Duration>) -> DocumentInputs {
        let oldest = document.entries.iter().map(|entry| entry.kept.date).min();
        let age = max_age.and_then(|age| SignedDuration::try_from(age).ok());
        DocumentInputs {
            expires: oldest.zip(age).and_then(|(oldest, age)| oldest.checked_add(age).ok()),
            lowest_entry: document.entries.iter().map(|entry| entry.kept.number).min().unwrap_or(i64::MAX),
            sources: document.entries.iter().map(|entry| entry.kept.source.name.clone()).collect(),
        }
    }

    /// The documents are stale after this time in any case.
    pub(super) fn expire_after(&mut self, now: Timestamp, time: SignedDuration) {
        let latest = now.checked_add(time).unwrap_or(Timestamp::MAX);
        self.expires = Some(self.expires.map_or(latest, |expires| expires.min(latest)));
    }
}

impl Staleness {
    /// The documents contain the changes up to this revision; `None` before the first complete pass.
    pub(super) fn rendered_revision(&self) -> Option<i64> {
        self.state().rendered
    }

    /// Whether an output's documents may differ from the published ones.
    pub(super) fn is_stale(&self, output: OutputId, changes: &StoreChanges, now: Timestamp) -> bool {
        let state = self.state();
        let inputs = state.published.get(&output).and_then(|published| published.inputs.as_ref());
        let Some(inputs) = inputs.filter(|_| state.rendered.is_some()) else { return true };
        changes.outputs.contains(&output)
            || inputs.expires.is_some_and(|expires| expires < now)
            || inputs.lowest_entry < changes.lowest_entry
            || !inputs.sources.is_disjoint(&changes.renamed_sources)
    }

    /// Records what is published of an output. Returns why files could not be written, as far as that is new.
    pub(super) fn record(&self, output: OutputId, published: PublishedState) -> Vec<String> {
        let mut new = published.unwritten.clone();
        if let Some(old) = self.state().published.insert(output, published) {
            new.retain(|problem| !old.unwritten.contains(problem));
        }
        new
    }

    /// What is published of an output.
    pub(super) fn published(&self, output: OutputId) -> Option<PublishedState> {
        self.state().published.get(&output).cloned()
    }

    /// Marks an output stale: its members changed without a change of any entry.
    pub(super) fn invalidate(&self, output: OutputId) {
        if let Some(published) = self.state().published.get_mut(&output) {
            published.inputs = None;
        }
    }

    /// The sources with another title, link, picture or id than at the last [`Staleness::finish_pass`].
    pub(super) fn renamed_sources(&self, sources: &[SourceRow]) -> HashSet<String> {
        let state = self.state();
        let is_renamed =
            |row: &&SourceRow| state.labels.get(&row.name).is_some_and(|label| *label != label_of(row));
        sources.iter().filter(is_renamed).map(|row| row.name.clone()).collect()
    }

    /// The members contain the changes up to this revision. Later changes, even if they come before the documents are
    /// rendered, belong to the next pass.
    pub(super) fn set_evaluated(&self, revision: i64) {
        self.state().evaluated = Some(revision);
    }

    /// The members contain the changes up to this revision; `None` before the first pass.
    pub(super) fn evaluated_revision(&self) -> Option<i64> {
        self.state().evaluated
    }

    /// Ends a pass: the documents contain everything that was evaluated. `None` if the pass did not read the sources.
    pub(super) fn finish_pass(&self, sources: Option<&[SourceRow]>) {
        let mut state = self.state();
        state.rendered = state.evaluated;
        let Some(sources) = sources else { return };
        state.labels = sources.iter().map(|row| (row.name.clone(), label_of(row))).collect();
    }

    /// Nothing under this lock panics.
    fn state(&self) -> MutexGuard<'_, StalenessState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn label_of(row: &SourceRow) -> SourceLabel {
    SourceLabel {
        title: row.title.clone(),
        link: row.link.clone(),
        icon: row.icon.clone(),
        feed_id: row.feed_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_could_not_be_written_are_rendered_again_and_told_once() {
        let (staleness, output) = (Staleness::default(), OutputId(1));
        let (now, minutes) = (Timestamp::UNIX_EPOCH, SignedDuration::from_mins);
        staleness.set_evaluated(1);
        staleness.finish_pass(None);
        let publish = |unwritten: &[&str]| {
            let mut inputs = DocumentInputs { expires: None, lowest_entry: 1, sources: HashSet::new() };
            if !unwritten.is_empty() {
                inputs.expire_after(now, minutes(5));
            }
            let unwritten = unwritten.iter().map(|problem| (*problem).to_owned()).collect();
            let state = PublishedState { entries: 1, changed: now, inputs: Some(inputs), unwritten };
            staleness.record(output, state)
        };
        let is_stale = |after| {
            staleness.is_stale(
                output,
                &StoreChanges { lowest_entry: 1, ..StoreChanges::default() },
                now + after,
            )
        };
        assert_eq!(publish(&["a"]), ["a"]);
        assert_eq!((is_stale(minutes(4)), is_stale(minutes(6))), (false, true));
        assert_eq!(publish(&["a", "b"]), ["b"]);
        assert!(publish(&[]).is_empty());
        assert!(!is_stale(minutes(6)));
    }
}
