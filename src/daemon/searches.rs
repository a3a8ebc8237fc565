//! Answers searches of what is kept, one after the other. Does I/O: the store, the clock.
#![allow(clippy::disallowed_methods, reason = "limits the time of a search")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::channels::PublishConfig;
use super::now;
use super::search_state::{FeedKey, KeptIndex, SearchState};
use super::shared::Shared;
use crate::config::edit::output_table;
use crate::filter::{Matcher, Query};
use crate::publish::document_cache::{Coding, Representation};
use crate::publish::format::Format;
use crate::publish::output::Output;
use crate::publish::search::{Filter, SearchIndex, SearchMatches, SearchedEntry};
use crate::publish::search_request::{Search, SearchRequest};
use crate::publish::try_page::{
    self, Choices, FoundEntry, MatchCounts, OutputDifference, SearchResult, TryPage,
};
use crate::publish::{render, search_feed};
use crate::serve::SearchAnswer;
use crate::store::{self, Store};

/// The time for a search, and of that the time for indexing what has not been yet.
const MAX_TIME: Duration = Duration::from_secs(2);
const MAX_INDEX_TIME: Duration = Duration::from_millis(1200);

/// The most entries in a list on the page, and of those that an output would gain or lose.
const MAX_LISTED: usize = 25;
const MAX_DIFFERENT: usize = 5;

/// Answers a request.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn respond(
    shared: &Shared,
    request: &SearchRequest,
    format: Format,
) -> Result<SearchAnswer, store::Error> {
    let Ok(_waits) = shared.searches.waiting.try_acquire() else { return Ok(SearchAnswer::Busy) };
    let config = Arc::clone(&shared.channels.publish_config.borrow());
    let search = tokio::task::block_in_place(|| request.resolve(&config.outputs, &config.query_context));
    match format {
        Format::Html => page(shared, &config, &search).await,
        Format::Atom | Format::Rss | Format::Json => feed(shared, &config, &search, format).await,
    }
}

/// Who searches, and for what.
struct Task<'a> {
    store: &'a Store,
    config: &'a PublishConfig,
    now: Timestamp,
}

impl Task<'_> {
    async fn run(
        &self,
        kept: &mut Option<KeptIndex>,
        filters: &[Filter],
    ) -> Result<SearchMatches, store::Error> {
        let started = Instant::now();
        let outputs = &self.config.outputs;
        let fresh =
            || KeptIndex { index: SearchIndex::default(), outputs: Arc::clone(outputs), used: started };
        let kept = match kept {
            Some(kept) if Arc::ptr_eq(&kept.outputs, outputs) => kept,
            other => other.insert(fresh()),
        };
        kept.index.update(self.store, &move || started.elapsed() >= MAX_INDEX_TIME, self.now).await?;
        let is_over = move || started.elapsed() >= MAX_TIME;
        let searched = kept.index.search(self.store, outputs, (filters, &is_over), self.now).await;
        kept.used = Instant::now();
        searched
    }

    /// The newest of some entries, explained by a query.
    async fn explained(
        &self,
        mut entries: Vec<&SearchedEntry>,
        (matcher, query): (&Matcher, &str),
        most: usize,
    ) -> Result<(usize, Vec<FoundEntry>), store::Error> {
        let count = entries.len();
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.date, entry.number)));
        let numbers = entries.iter().take(most).map(|entry| entry.number).collect();
        let kept = self.store.entries(numbers).await?;
        let explain = |kept| FoundEntry::explained(kept, matcher, query, self.now);
        Ok((count, tokio::task::block_in_place(|| kept.into_iter().map(explain).collect())))
    }
}

async fn page(
    shared: &Shared,
    config: &PublishConfig,
    search: &Search<'_>,
) -> Result<SearchAnswer, store::Error> {
    let task = Task { store: &shared.store, config, now: now() };
    let result = match &search.query {
        Ok(query) => Some(result(&task, &shared.searches, search, query).await?),
        Err(_) => None,
    };
    let outputs = &config.outputs;
    let mut sources: Vec<&str> = config.sources.keys().map(String::as_str).collect();
    sources.sort_unstable();
    sources.truncate(Choices::MAX_SOURCES);
    let tags = config.query_context.tags.iter().map(|(tag, names)| (tag.as_str(), names.len())).collect();
    let choices = Choices { outputs: outputs.names_and_titles().collect(), sources, tags };
    let page = TryPage { public_url: outputs.public_url(), search, choices, result };
    let bytes = tokio::task::block_in_place(|| try_page::write(&page));
    let page = Representation::new(Format::Html.content_type(), bytes, task.now);
    Ok(SearchAnswer::Found(Arc::new(page)))
}

async fn result(
    task: &Task<'_>,
    searches: &SearchState,
    search: &Search<'_>,
    query: &Query,
) -> Result<SearchResult, store::Error> {
    let other = search.output;
    let filter_of = |output: &Output| Filter {
        query: output.filter.clone().unwrap_or_else(Query::match_all),
        sources: output.sources.clone(),
    };
    let wanted = Filter { query: query.clone(), sources: search.sources.clone() };
    let filters: Vec<Filter> = std::iter::once(wanted).chain(other.map(filter_of)).collect();
    let mut index = searches.index.lock().await;
    let searched = task.run(&mut index, &filters).await?;
    let matcher = tokio::task::block_in_place(|| Matcher::new([query]));
    let explained_by = (&matcher, search.text.as_str());
    let of = |is_wanted: fn([Option<bool>; 2]) -> bool| -> Vec<&SearchedEntry> {
        searched.entries.iter().filter(|entry| is_wanted(entry.taken)).collect()
    };
    let entries_in = of(|taken| taken[0] == Some(true));
    let mut stories: Vec<_> = entries_in.iter().map(|entry| entry.story).collect();
    stories.sort_unstable();
    stories.dedup();
    let (matches, entries_in) = task.explained(entries_in, explained_by, MAX_LISTED).await?;
    let (out, entries_out) =
        task.explained(of(|taken| taken[0] == Some(false)), explained_by, MAX_LISTED).await?;
    let difference = match other {
        Some(output) => {
            let gained = of(|taken| taken[0] == Some(true) && taken[1] != Some(true));
            let lost = of(|taken| taken[1] == Some(true) && taken[0] != Some(true));
            Some(OutputDifference {
                output: output.name.clone(),
                gains: task.explained(gained, explained_by, MAX_DIFFERENT).await?,
                losses: task.explained(lost, explained_by, MAX_DIFFERENT).await?,
            })
        }
        None => None,
    };
    let name = other.map_or("my-filter", |output| &output.name);
    Ok(tokio::task::block_in_place(|| SearchResult {
        searched: matches + out,
        is_whole: searched.is_whole,
        matches: (matches, stories.len()),
        entries_in,
        entries_out,
        counts: MatchCounts::of(&searched, task.now),
        term_words: query.term_words(),
        difference,
        block: output_table(name, &search.text, &search.written_sources, search.stories),
    }))
}

async fn feed(
    shared: &Shared,
    config: &PublishConfig,
    search: &Search<'_>,
    format: Format,
) -> Result<SearchAnswer, store::Error> {
    let query = match &search.query {
        // A feed of other sources than those that were meant would look right.
        Ok(query) if search.notes.is_empty() => query,
        Ok(_) => return Ok(SearchAnswer::Invalid(search.notes.join("\n") + "\n")),
        Err(problems) => {
            return Ok(SearchAnswer::Invalid(try_page::problems_as_text(&search.text, problems)));
        }
    };
    let task = Task { store: &shared.store, config, now: now() };
    let searches = &shared.searches;
    let parameters = search.parameters();
    let key = FeedKey { parameters: &parameters, format, outputs: &config.outputs };
    let mut index = searches.index.lock().await;
    let revision = shared.store.latest_revision().await?;
    let (kept, is_current) = searches.kept_feed(&key, revision);
    if let Some(kept) = kept.as_ref().filter(|_| is_current) {
        return Ok(SearchAnswer::Found(Arc::clone(kept)));
    }
    let filter = Filter { query: query.clone(), sources: search.sources.clone() };
    let searched = task.run(&mut index, &[filter]).await?;
    let document = search_feed::document(task.store, &config.outputs, search, &searched, config.ids).await?;
    drop(index);
    let bytes = tokio::task::block_in_place(|| render::write(format, &document));
    let feed = match kept {
        Some(kept) if kept.body(Coding::Identity).is_some_and(|body| **body == *bytes) => kept,
        // What it replaces was of another time.
        Some(_) => Arc::new(Representation::new(format.content_type(), bytes, task.now)),
        None => Arc::new(Representation::new(format.content_type(), bytes, document.updated().min(task.now))),
    };
    searches.keep_feed(&key, revision, Arc::clone(&feed));
    Ok(SearchAnswer::Found(feed))
}
