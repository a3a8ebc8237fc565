//! Searches what is kept: which of the newest entries a filter takes. The words of these entries are indexed in memory, so
//! that only the few that a filter may take are read. Reads the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{EvaluationScope, Outputs, entered};
use crate::entry::{ArticleState, EntrySource, StoredEntry};
use crate::filter::{Matcher, PredictedMatch, Prediction, Query, Subject, WordIndex, large_list};
use crate::store::{Candidate, Error, Store, StoryId};

/// The most entries that are searched.
pub const MAX_SEARCHED: usize = 50_000;

/// The most memory that the indexed words may take.
const MAX_INDEX_BYTES: usize = 96_000_000;

/// How many entries are read and evaluated at a time: a reader of the store is never taken for long.
const BATCH: usize = 250;

/// The newest entries, their words and what else decides whether they are searched. It is meant to be dropped when nobody
/// searches.
#[derive(Debug)]
pub struct SearchIndex {
    words: WordIndex,
    /// By number in `words`. An entry that was edited has another row.
    rows: Vec<IndexedEntry>,
    /// The row of each entry, by the entry's number.
    row_of: BTreeMap<i64, usize>,
    sources: Vec<Arc<EntrySource>>,
    source_of: HashMap<String, usize>,
    /// Entries up to this revision are indexed, if they are not below `lowest`.
    revision: i64,
    /// The highest number of a pruned entry.
    pruned: i64,
    /// Entries from this number on are indexed; `None`: it was never updated.
    lowest: Option<i64>,
    is_whole: bool,
    /// Whether some of what has come since is not indexed yet.
    is_behind: bool,
}

#[derive(Clone, Copy, Debug)]
struct IndexedEntry {
    number: i64,
    date: Timestamp,
    entered: Timestamp,
    /// Its index in `sources`.
    source: usize,
    story: StoryId,
    is_first: bool,
    /// Whether its article may still come, of which its words tell nothing.
    is_pending: bool,
}

/// A query over some sources.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The query.
    pub query: Query,
    /// Names of the sources, sorted; `None`: all.
    pub sources: Option<Vec<String>>,
}

/// What two filters take.
#[derive(Debug, Default)]
pub struct SearchMatches {
    /// The entries that were searched, the last to come first.
    pub entries: Vec<SearchedEntry>,
    /// Whether these are all that are kept.
    pub is_whole: bool,
    /// Whether these are all that are ever searched. The next search of the same goes on where this one has ended.
    pub is_done: bool,
}

/// An entry that was searched.
#[derive(Clone, Debug)]
pub struct SearchedEntry {
    /// Its number in the store.
    pub number: i64,
    /// Its published date.
    pub date: Timestamp,
    /// When it would enter an output.
    pub entered: Timestamp,
    /// Its source.
    pub source: Arc<EntrySource>,
    /// Its story.
    pub story: StoryId,
    /// Whether it is the first entry of its story.
    pub is_first: bool,
    /// Whether each filter takes it; `None` if it is of another source than the filter draws on, or there is no such filter.
    pub taken: [Option<bool>; 2],
}

/// What is known so far of an entry and each filter.
type Verdicts = [Option<PredictedMatch>; 2];

/// Tells whether the time for something is over.
pub type IsOver<'a> = &'a (dyn Fn() -> bool + Send + Sync);

impl Default for SearchIndex {
    fn default() -> SearchIndex {
        SearchIndex {
            words: WordIndex::default(),
            rows: large_list(),
            row_of: BTreeMap::new(),
            sources: Vec::new(),
            source_of: HashMap::new(),
            revision: 0,
            pruned: 0,
            lowest: None,
            is_whole: false,
            is_behind: false,
        }
    }
}

impl SearchIndex {
    /// Reads what has come and what was edited since the last time, and then older entries until the time is over.
    ///
    /// # Errors
    /// The store cannot be read; what was read stays.
    pub async fn update(&mut self, store: &Store, is_over: IsOver<'_>, now: Timestamp) -> Result<(), Error> {
        let (revision, pruned) = store.search_state().await?;
        let is_pruned = self.lowest.is_some_and(|lowest| pruned > self.pruned && pruned >= lowest);
        // Rows of former versions are not removed one by one.
        let is_worn = self.rows.len() > 2 * MAX_SEARCHED || self.words.bytes() > 2 * MAX_INDEX_BYTES;
        if is_pruned || is_worn {
            *self = SearchIndex::default();
        }
        self.pruned = pruned;
        let Some(lowest) = self.lowest else {
            (self.lowest, self.revision) = (Some(i64::MAX), revision);
            return self.fill(store, i64::MAX, is_over, now).await;
        };
        while self.revision < revision {
            self.is_behind = is_over();
            if self.is_behind {
                return Ok(());
            }
            let batch = store.entries_after(self.revision, BATCH).await?;
            self.revision = batch.last().map_or(revision, |last| last.entry.revision);
            tokio::task::block_in_place(|| {
                let indexed = batch.iter().filter(|candidate| candidate.entry.number >= lowest);
                indexed.for_each(|candidate| self.add(candidate, now));
            });
        }
        self.is_behind = false;
        self.fill(store, lowest, is_over, now).await
    }

    /// Adds entries below a number.
    async fn fill(
        &mut self,
        store: &Store,
        lowest: i64,
        is_over: IsOver<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.is_whole || !self.has_space() {
            return Ok(());
        }
        let mut batch = store.entries_below(lowest, BATCH).await?;
        loop {
            let lowest = batch.last().map(|last| last.entry.number).or(self.lowest);
            let add = async {
                tokio::task::block_in_place(|| batch.iter().for_each(|candidate| self.add(candidate, now)));
            };
            if batch.len() < BATCH {
                add.await;
                // What comes from now on belongs to it, whatever its number.
                (self.lowest, self.is_whole) = (Some(i64::MIN), true);
                return Ok(());
            }
            // The next ones are read while these are added.
            let next = store.entries_below(lowest.unwrap_or_default(), BATCH);
            let (next, ()) = tokio::join!(biased; next, add);
            self.lowest = lowest;
            if is_over() || !self.has_space() {
                return Ok(());
            }
            batch = next?;
        }
    }

    fn has_space(&self) -> bool {
        self.row_of.len() < MAX_SEARCHED && self.words.bytes() < MAX_INDEX_BYTES
    }

    fn add(&mut self, candidate: &Candidate, now: Timestamp) {
        let kept = &candidate.entry;
        let row = self.words.add(&Subject::from_stored(kept, now));
        self.row_of.insert(kept.number, row);
        let source = *self.source_of.entry(kept.source.name.clone()).or_insert(self.sources.len());
        match self.sources.get_mut(source) {
            Some(known) if known.title == kept.source.title => {}
            Some(known) => *known = Arc::clone(&kept.source),
            None => self.sources.push(Arc::clone(&kept.source)),
        }
        self.rows.push(IndexedEntry {
            number: kept.number,
            date: kept.date,
            entered: entered(candidate, EvaluationScope::SinceWatermark, now),
            source,
            story: candidate.story,
            is_first: candidate.is_first,
            is_pending: kept.article == ArticleState::Expected,
        });
    }

    /// Finds what one or two filters take, until the time is over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn search(
        &mut self,
        store: &Store,
        outputs: &Outputs,
        (filters, is_over): (&[Filter], IsOver<'_>),
        now: Timestamp,
    ) -> Result<SearchMatches, Error> {
        let (matcher, mut verdicts) = tokio::task::block_in_place(|| {
            let matcher = Matcher::new(filters.iter().map(|filter| &filter.query));
            self.words.forget_others(&matcher);
            let verdicts = self.predict(outputs, filters, &matcher, now);
            (matcher, verdicts)
        });
        let is_unknown =
            |(_, verdicts): &(usize, Verdicts)| verdicts.contains(&Some(PredictedMatch::Unknown));
        let unknown: Vec<usize> = (0..verdicts.len()).filter(|place| is_unknown(&verdicts[*place])).collect();
        let mut batches = unknown.chunks(BATCH).peekable();
        let mut entries = match batches.peek() {
            Some(places) => store.entries(self.numbers(places, &verdicts)).await?,
            None => Vec::new(),
        };
        let mut end = None;
        while let Some(places) = batches.next() {
            let next = batches.peek().map(|places| self.numbers(places, &verdicts));
            // The next ones are read while these are evaluated.
            let read = async {
                match next {
                    Some(numbers) => store.entries(numbers).await,
                    None => Ok(Vec::new()),
                }
            };
            let evaluate = async {
                tokio::task::block_in_place(|| self.decide(&entries, places, &matcher, (&mut verdicts, now)));
            };
            let (next, ()) = tokio::join!(biased; read, evaluate);
            entries = next?;
            if is_over() && batches.peek().is_some() {
                end = batches.next().and_then(|places| places.first().copied());
                break;
            }
        }
        let is_indexed = self.is_whole && verdicts.len() == self.row_of.len();
        let is_done = end.is_none() && !self.is_behind && (self.is_whole || !self.has_space());
        let searched = verdicts.into_iter().take(end.unwrap_or(usize::MAX));
        let mut entries = large_list();
        entries.extend(searched.filter_map(|(row, verdicts)| self.searched_entry(row, verdicts)));
        Ok(SearchMatches { entries, is_whole: is_done && is_indexed, is_done })
    }

    fn numbers(&self, places: &[usize], verdicts: &[(usize, Verdicts)]) -> Vec<i64> {
        places.iter().map(|place| self.rows[verdicts[*place].0].number).collect()
    }

    /// The rows of the newest entries, the last to come first, and what their words tell.
    fn predict(
        &self,
        outputs: &Outputs,
        filters: &[Filter],
        matcher: &Matcher,
        now: Timestamp,
    ) -> Vec<(usize, Verdicts)> {
        let predictions: Vec<Prediction> =
            (0..filters.len()).map(|query| self.words.predict(matcher, query, now)).collect();
        let draws_on = |filter: &Filter, name: &String| {
            outputs.has_source(name)
                && filter.sources.as_ref().is_none_or(|names| names.binary_search(name).is_ok())
        };
        let sources: Vec<Vec<bool>> = self
            .sources
            .iter()
            .map(|source| filters.iter().map(|filter| draws_on(filter, &source.name)).collect())
            .collect();
        let verdicts = |row: usize| {
            let draws_on = &sources[self.rows[row].source];
            let of = |filter: usize| {
                let verdict = || match self.rows[row].is_pending {
                    true => PredictedMatch::Unknown,
                    false => predictions[filter].of(row),
                };
                draws_on.get(filter).is_some_and(|draws_on| *draws_on).then(verdict)
            };
            [of(0), of(1)]
        };
        let mut found = large_list();
        found.extend(self.row_of.values().rev().take(MAX_SEARCHED).map(|row| (*row, verdicts(*row))));
        found
    }

    /// Evaluates the entries at some places. One that is not among `entries` was deleted meanwhile: it is searched no more.
    fn decide(
        &mut self,
        entries: &[StoredEntry],
        places: &[usize],
        matcher: &Matcher,
        (verdicts, now): (&mut [(usize, Verdicts)], Timestamp),
    ) {
        let mut entries = entries.iter().peekable();
        for place in places {
            let (row, verdicts) = &mut verdicts[*place];
            let IndexedEntry { number, is_pending, .. } = self.rows[*row];
            let Some(entry) = entries.next_if(|entry| entry.number == number) else {
                *verdicts = [None; 2];
                continue;
            };
            let is_unknown = |query: usize| verdicts[query] == Some(PredictedMatch::Unknown);
            let subject = Subject::from_stored(entry, now);
            let matching = match is_pending || entry.article == ArticleState::Expected {
                true => matcher.hits(&subject, is_unknown).hits.iter().map(|hit| hit.query).collect(),
                false => self.words.evaluate(matcher, (*row, &subject), is_unknown),
            };
            for (query, verdict) in verdicts.iter_mut().enumerate() {
                if *verdict == Some(PredictedMatch::Unknown) {
                    let is_match = matching.contains(&query);
                    *verdict = Some(if is_match { PredictedMatch::Matches } else { PredictedMatch::Differs });
                }
            }
        }
    }

    /// `None` if no filter draws on its source.
    fn searched_entry(&self, row: usize, verdicts: Verdicts) -> Option<SearchedEntry> {
        let IndexedEntry { number, date, entered, source, story, is_first, .. } = self.rows[row];
        verdicts.iter().any(Option::is_some).then(|| SearchedEntry {
            number,
            date,
            entered,
            source: Arc::clone(&self.sources[source]),
            story,
            is_first,
            taken: verdicts.map(|verdict| verdict.map(|verdict| verdict == PredictedMatch::Matches)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "the test runs the store's threads")]

    use std::time::Duration;

    use url::Url;

    use super::super::FirstPollLimits;
    use super::super::output::Site;
    use super::*;
    use crate::entry::change::{Change, NewEntry};
    use crate::entry::{Entry, Key, KeyRule};
    use crate::filter::{QueryContext, parse};
    use crate::source::{SourceState, UrlParts};
    use crate::store::{ConfiguredSource, Options, Poll, SourceId, StoreLocation, open};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    struct World {
        store: Store,
        source: SourceId,
        outputs: Outputs,
        index: SearchIndex,
        _folder: tempfile::TempDir,
    }

    impl World {
        async fn new() -> World {
            let folder = tempfile::tempdir().unwrap();
            let location = StoreLocation::File(folder.path().join("s.db"));
            let options = Options { location, keep: Duration::from_secs(1) };
            let (store, workers) = open(&options).unwrap();
            workers.0.into_iter().for_each(|worker| drop(std::thread::spawn(worker.run)));
            let source = ConfiguredSource {
                name: "gazette".into(),
                is_named: true,
                url: "https://gazette.example/".parse().unwrap(),
                publish_url: UrlParts::Path,
                host: "gazette.example".into(),
                title: None,
                language: None,
                articles: crate::source::ArticleSettings::default(),
            };
            let source = store.sync_sources(vec![source]).await.unwrap()[0].id;
            let site = Site::at(Url::parse("https://feeds.example/").unwrap());
            let limits = FirstPollLimits { by_source: [("gazette".to_owned(), 20)].into(), others: 20 };
            let outputs = Outputs::new(site, Vec::new(), &[], limits);
            World { store, source, outputs, index: SearchIndex::default(), _folder: folder }
        }

        /// Stores entries whose titles are numbers.
        async fn add(&self, numbers: std::ops::Range<usize>) {
            let entry = |number: usize| {
                Change::New(Box::new(NewEntry {
                    uids: vec![format!("urn:test:{number}")],
                    date: NOW,
                    first_seen: NOW,
                    fingerprint: vec![0; 16],
                    content_hash: vec![0; 16],
                    entry: Entry {
                        keys: vec![Key { rule: KeyRule::Id, value: number.to_string() }],
                        title: Some(format!(
                            "word{number} {}",
                            if number.is_multiple_of(2) { "even" } else { "odd" }
                        )),
                        ..Entry::default()
                    },
                    dedup_features: None,
                }))
            };
            let changes = numbers.rev().map(entry).collect();
            let (source, state) = (self.source, SourceState::default());
            let poll = Poll::unclaimed(source, state, changes);
            self.store.commit(poll).await.unwrap();
        }

        /// SearchMatches and found, and whether that is everything.
        async fn search(&mut self, query: &str, is_over: IsOver<'_>) -> (usize, usize, bool) {
            self.index.update(&self.store, is_over, NOW).await.unwrap();
            let query = parse(query, &QueryContext::default()).unwrap();
            let filters = [Filter { query, sources: None }];
            let searched =
                self.index.search(&self.store, &self.outputs, (&filters, is_over), NOW).await.unwrap();
            let found = searched.entries.iter().filter(|entry| entry.taken[0] == Some(true)).count();
            (searched.entries.len(), found, searched.is_whole)
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_comes_later_is_found_too() {
        let mut world = World::new().await;
        assert_eq!(world.search("even", &|| false).await, (0, 0, true));
        world.add(0..3).await;
        assert_eq!(world.search("even", &|| false).await, (3, 2, true));
        world.add(3..700).await;
        for (query, found) in
            [("even", 350), ("-even", 350), ("word5", 1), ("word69*", 11), ("/^word1/", 111)]
        {
            assert_eq!(world.search(query, &|| false).await, (700, found, true), "{query}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn when_the_time_is_over_fewer_are_searched_and_the_next_search_goes_on() {
        let mut world = World::new().await;
        world.add(0..700).await;
        assert_eq!(world.search("even", &|| true).await, (BATCH, BATCH / 2, false));
        assert_eq!(world.search("even", &|| true).await.0, 2 * BATCH);
        assert_eq!(world.search("even", &|| false).await, (700, 350, true));
        // All of them have to be read.
        assert_eq!(world.search("/even/", &|| true).await, (BATCH, BATCH / 2, false));
    }
}
