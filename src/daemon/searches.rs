//! Answers searches of what is kept, one after the other, and goes on with them while nobody waits. Does I/O: the store, the
//! clock.
#![allow(clippy::disallowed_methods, reason = "limits the time of a search")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::channels::PublishConfig;
use super::now;
use super::search_state::{FeedKey, KeptIndex};
use super::search_turns::{NoTurn, Turn};
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use crate::config::edit::output_table;
use crate::filter::{Matcher, Query};
use crate::publish::document_cache::{Coding, Representation};
use crate::publish::format::Format;
use crate::publish::output::{Output, OutputAccess};
use crate::publish::search::{Filter, SearchIndex, SearchMatches, SearchedEntry};
use crate::publish::search_request::{Search, SearchRequest};
use crate::publish::try_page::{
    self, Choices, FoundEntry, MatchCounts, OutputDifference, SearchResult, TryPage,
};
use crate::publish::{render, search_feed};
use crate::serve::{SearchAnswer, SearchClient};
use crate::store;

/// The time for a page that shows what was found so far, and for a feed, which is read by programs that do not ask again.
const PAGE_TIME: Duration = Duration::from_millis(180);
const FEED_TIME: Duration = Duration::from_secs(2);

/// The time after which a longer search lets others have their turn, and the part of the time of a search in which what is
/// not indexed yet is indexed.
const SLICE: Duration = Duration::from_millis(100);
const INDEX_PART: f64 = 0.6;

/// How often an index that nobody uses is looked for.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// The most entries in a list on the page, and of those that an output would gain or lose.
const MAX_LISTED: usize = 25;
const MAX_DIFFERENT: usize = 5;

/// Answers a request.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn respond(
    shared: &Shared,
    (request, client): (&SearchRequest, &SearchClient),
    format: Format,
) -> Result<SearchAnswer, store::Error> {
    let config = Arc::clone(&shared.channels.publish_config.borrow());
    let search = tokio::task::block_in_place(|| request.resolve(&config.outputs, &config.query_context));
    let task = Task { shared, client, config: &config, now: now() };
    let answer = match format {
        Format::Html => page(&task, &search).await,
        Format::Atom | Format::Rss | Format::Json => feed(&task, &search, format).await,
    };
    answer.or_else(|ended| match ended {
        Ended::NoTurn(NoTurn::Busy) => Ok(SearchAnswer::Busy),
        Ended::NoTurn(NoTurn::Replaced) => Ok(SearchAnswer::Replaced),
        Ended::Unreadable(error) => Err(error),
    })
}

/// Goes on with searches that had more to search than their time allowed, until the daemon stops. Frees the memory of an
/// index that nobody uses.
pub(super) async fn go_on(shared: Arc<Shared>, stop: ShutdownSignal) {
    let searches = &shared.searches;
    let stop = stop.received();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = searches.is_unfinished.notified() => {}
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
        }
        searches.drop_unused_index();
        while let Some(search) = searches.take_unfinished() {
            let turn = tokio::select! {
                () = &mut stop => return,
                turn = searches.turns.idle_turn() => turn,
            };
            let config = Arc::clone(&shared.channels.publish_config.borrow());
            let task = Task { shared: &shared, client: &search.client, config: &config, now: now() };
            let Some(turn) = turn else { continue };
            match task.run(&turn, &search.filters, SLICE).await {
                Ok(searched) if !searched.is_done => searches.put_back(search),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "cannot go on with a search"),
            }
        }
    }
}

/// Why a search has no result.
enum Ended {
    NoTurn(NoTurn),
    Unreadable(store::Error),
}

impl From<NoTurn> for Ended {
    fn from(reason: NoTurn) -> Ended {
        Ended::NoTurn(reason)
    }
}

impl From<store::Error> for Ended {
    fn from(error: store::Error) -> Ended {
        Ended::Unreadable(error)
    }
}

/// Who searches.
struct Task<'a> {
    shared: &'a Shared,
    client: &'a SearchClient,
    config: &'a PublishConfig,
    now: Timestamp,
}

impl Task<'_> {
    async fn turn(&self) -> Result<Turn, NoTurn> {
        self.shared.searches.turns.turn(self.client).await
    }

    /// Searches for some time.
    async fn run(
        &self,
        turn: &Turn,
        filters: &[Filter],
        time: Duration,
    ) -> Result<SearchMatches, store::Error> {
        let (started, store, outputs) = (Instant::now(), &self.shared.store, &self.config.outputs);
        let fresh =
            || KeptIndex { index: SearchIndex::default(), outputs: Arc::clone(outputs), used: started };
        let mut kept = self.shared.searches.index.lock().await;
        let kept = match &mut *kept {
            Some(kept) if Arc::ptr_eq(&kept.outputs, outputs) => kept,
            other => other.insert(fresh()),
        };
        let is_over = |time: Duration| {
            let is_unwanted = turn.is_unwanted();
            move || is_unwanted() || started.elapsed() >= time
        };
        kept.index.update(store, &is_over(time.mul_f64(INDEX_PART)), self.now).await?;
        let searched = kept.index.search(store, outputs, (filters, &is_over(time)), self.now).await;
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
        let kept = self.shared.store.entries(numbers).await?;
        let explain = |kept| FoundEntry::explained(kept, matcher, query, self.now);
        Ok((count, tokio::task::block_in_place(|| kept.into_iter().map(explain).collect())))
    }
}

async fn page(task: &Task<'_>, search: &Search<'_>) -> Result<SearchAnswer, Ended> {
    let Task { config, now, .. } = *task;
    let result = match &search.query {
        Ok(query) => Some(result(task, search, query).await?),
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
    let page = Representation::new(Format::Html.content_type(), bytes, now);
    Ok(SearchAnswer::Found(Arc::new(page)))
}

async fn result(task: &Task<'_>, search: &Search<'_>, query: &Query) -> Result<SearchResult, Ended> {
    let other = search.output;
    let filter_of = |output: &Output| Filter {
        query: output.filter.clone().unwrap_or_else(Query::match_all),
        sources: output.sources.clone(),
    };
    let wanted = Filter { query: query.clone(), sources: search.sources.clone() };
    let filters: Vec<Filter> = std::iter::once(wanted).chain(other.map(filter_of)).collect();
    let turn = task.turn().await?;
    let searched = task.run(&turn, &filters, PAGE_TIME).await?;
    if turn.is_unwanted()() {
        return Err(NoTurn::Replaced.into());
    }
    if !searched.is_done {
        task.shared.searches.go_on_with(task.client, filters);
    }
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
    let target = other.map_or(("my-filter", OutputAccess::Public), |output| (&*output.name, output.access));
    Ok(tokio::task::block_in_place(|| SearchResult {
        searched: matches + out,
        is_whole: searched.is_whole,
        is_done: searched.is_done,
        matches: (matches, stories.len()),
        entries_in,
        entries_out,
        counts: MatchCounts::of(&searched, task.now),
        term_words: query.term_words(),
        difference,
        block: output_table(target, &search.text, &search.written_sources, search.stories),
    }))
}

async fn feed(task: &Task<'_>, search: &Search<'_>, format: Format) -> Result<SearchAnswer, Ended> {
    let Task { shared, config, now, .. } = *task;
    let query = match &search.query {
        // A feed of other sources than those that were meant would look right.
        Ok(query) if search.notes.is_empty() => query,
        Ok(_) => return Ok(SearchAnswer::Invalid(search.notes.join("\n") + "\n")),
        Err(problems) => {
            return Ok(SearchAnswer::Invalid(try_page::problems_as_text(&search.text, problems)));
        }
    };
    let searches = &shared.searches;
    let parameters = search.parameters();
    let key = FeedKey { parameters: &parameters, format, outputs: &config.outputs };
    let mut turn = task.turn().await?;
    let revision = shared.store.latest_revision().await?;
    let (kept, is_current) = searches.kept_feed(&key, revision);
    if let Some(kept) = kept.as_ref().filter(|_| is_current) {
        return Ok(SearchAnswer::Found(Arc::clone(kept)));
    }
    let filters = [Filter { query: query.clone(), sources: search.sources.clone() }];
    let mut left = FEED_TIME;
    let searched = loop {
        let searched = task.run(&turn, &filters, SLICE.min(left)).await?;
        left = left.saturating_sub(SLICE);
        if searched.is_done || left.is_zero() {
            break searched;
        }
        // Who types has a turn between.
        drop(turn);
        turn = task.turn().await?;
    };
    let document =
        search_feed::document(&shared.store, &config.outputs, search, &searched, config.ids).await?;
    drop(turn);
    let bytes = tokio::task::block_in_place(|| render::write(format, &document));
    let feed = match kept {
        Some(kept) if kept.body(Coding::Identity).is_some_and(|body| **body == *bytes) => kept,
        // What it replaces was of another time.
        Some(_) => Arc::new(Representation::new(format.content_type(), bytes, now)),
        None => Arc::new(Representation::new(format.content_type(), bytes, document.updated().min(now))),
    };
    searches.keep_feed(&key, revision, Arc::clone(&feed));
    Ok(SearchAnswer::Found(feed))
}
