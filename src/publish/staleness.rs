//! What each output's documents were made of, so that only those are made anew that can differ. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::document::Document;
use super::html::SourceRow;
use crate::store::OutputId;

/// What is remembered from pass to pass, in memory.
#[derive(Debug, Default)]
pub(super) struct Staleness {
    memory: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    /// Changes up to here are in the documents.
    revision: Option<i64>,
    /// Up to where the last advance went.
    evaluated: Option<i64>,
    standing: HashMap<OutputId, Standing>,
    /// What each source is called, by name.
    sources: HashMap<String, Face>,
}

/// What readers are told of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Face {
    title: String,
    link: Option<String>,
}

/// An output's documents as they stand.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Entries listed.
    pub(super) entries: usize,
    /// When the feed last changed.
    pub(super) changed: Timestamp,
    /// What it was made of; nothing is known of what was made before the start.
    pub(super) made_of: Option<MadeOf>,
}

/// What makes a document differ without an entry of it changing.
#[derive(Clone, Debug)]
pub(super) struct MadeOf {
    /// When the first entry becomes too old for `max_age`.
    expires: Option<Timestamp>,
    /// The lowest number of an entry.
    lowest: i64,
    sources: HashSet<String>,
}

/// What has changed in the store since the last pass.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Outputs that have an entry which changed.
    pub(super) touched: HashSet<OutputId>,
    /// The lowest number of an entry that is still kept.
    pub(super) lowest: i64,
    /// Sources that are called otherwise now.
    pub(super) renamed: HashSet<String>,
}

impl MadeOf {
    /// What a document is made of.
    pub(super) fn of(document: &Document, max_age: Option<Duration>) -> MadeOf {
        let oldest = document.entries.iter().map(|shown| shown.kept.date).min();
        let age = max_age.and_then(|age| SignedDuration::try_from(age).ok());
        MadeOf {
            expires: oldest.zip(age).and_then(|(oldest, age)| oldest.checked_add(age).ok()),
            lowest: document.entries.iter().map(|shown| shown.kept.number).min().unwrap_or(i64::MAX),
            sources: document.entries.iter().map(|shown| shown.kept.source.name.clone()).collect(),
        }
    }
}

impl Staleness {
    /// The revision up to which changes are in the documents; `None` before the first whole pass.
    pub(super) fn revision(&self) -> Option<i64> {
        self.memory().revision
    }

    /// Whether an output's documents can be other than they stand.
    pub(super) fn is_stale(&self, output: OutputId, news: &News, now: Timestamp) -> bool {
        let memory = self.memory();
        let standing = memory.standing.get(&output).and_then(|standing| standing.made_of.as_ref());
        let Some(made_of) = standing.filter(|_| memory.revision.is_some()) else { return true };
        news.touched.contains(&output)
            || made_of.expires.is_some_and(|expires| expires < now)
            || made_of.lowest < news.lowest
            || !made_of.sources.is_disjoint(&news.renamed)
    }

    /// Remembers what stands now.
    pub(super) fn stands(&self, output: OutputId, standing: Standing) {
        self.memory().standing.insert(output, standing);
    }

    /// What stands.
    pub(super) fn standing(&self, output: OutputId) -> Option<Standing> {
        self.memory().standing.get(&output).cloned()
    }

    /// An output has other members now, whatever the entries' revisions say.
    pub(super) fn forget(&self, output: OutputId) {
        if let Some(standing) = self.memory().standing.get_mut(&output) {
            standing.made_of = None;
        }
    }

    /// The sources that are called otherwise than when [`Staleness::done`] was last said.
    pub(super) fn renamed(&self, sources: &[SourceRow]) -> HashSet<String> {
        let memory = self.memory();
        let differs =
            |line: &&SourceRow| memory.sources.get(&line.name).is_some_and(|face| *face != face_of(line));
        sources.iter().filter(differs).map(|line| line.name.clone()).collect()
    }

    /// Everything up to this revision has entered the outputs that want it. What a poll brings after
    /// that, even before the documents are made, belongs to the next pass.
    pub(super) fn evaluated(&self, revision: i64) {
        self.memory().evaluated = Some(revision);
    }

    /// A pass has ended: everything that was evaluated is in the documents. Without `sources` nobody looked how
    /// they are called.
    pub(super) fn done(&self, sources: Option<&[SourceRow]>) {
        let mut memory = self.memory();
        memory.revision = memory.evaluated;
        let Some(sources) = sources else { return };
        memory.sources = sources.iter().map(|line| (line.name.clone(), face_of(line))).collect();
    }

    /// Nothing that panics runs under this lock.
    fn memory(&self) -> MutexGuard<'_, Recorded> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn face_of(line: &SourceRow) -> Face {
    Face { title: line.title.clone(), link: line.link.clone() }
}
