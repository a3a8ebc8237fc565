//! What the private pages show, from the store and the config. Does I/O through the store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::channels::PublishConfig;
use super::clock::now;
use super::shared::Shared;
use super::source_rows::source_rows;
use crate::publish::chart::DAYS;
use crate::publish::document_cache::Representation;
use crate::publish::entry_page::{self, EntryDetails};
use crate::publish::explain;
use crate::publish::format::Format;
use crate::publish::source_page::{self, PollCounts, Share, SourceDetails};
use crate::publish::sources_page::{self, ListedSource, SourcesPage};
use crate::publish::stories_page;
use crate::serve::PrivatePage;
use crate::source::{SourceState, UrlParts};
use crate::store::{self, SourceDay, SourceHistory, StoredSource};

/// The failures that the page of a source shows.
const MAX_FAILURES: usize = 10;

/// Reads a page; `None`: there is none.
pub(super) async fn read(shared: &Shared, page: PrivatePage) -> Result<Option<Representation>, store::Error> {
    let config = Arc::clone(&shared.channels.publish_config.borrow());
    let page = match page {
        PrivatePage::Sources { search, number } => Some(sources(shared, &config, search, number).await?),
        PrivatePage::Source(name) => source(shared, &config, &name).await?,
        PrivatePage::Entry(number) => entry(shared, &config, number).await?,
        PrivatePage::Stories => Some(stories(shared, &config).await?),
    };
    Ok(page.map(|page| Representation::new(Format::Html.content_type(), page, now())))
}

/// A part of the sources, of those only that `search` finds.
async fn sources(
    shared: &Shared,
    config: &PublishConfig,
    search: String,
    number: usize,
) -> Result<Vec<u8>, store::Error> {
    let first = (number - 1).saturating_mul(sources_page::ROWS);
    let rows = first..first.saturating_add(sources_page::ROWS);
    let (found, sources) = shared.store.find_sources(&search, rows).await?;
    let budgets = shared.store.host_budgets().await?;
    let notes: Vec<_> = sources.iter().map(|source| notes(&source.state)).collect();
    let rows = source_rows(sources, &config.sources, &budgets, now());
    let sources = rows.into_iter().zip(notes).map(|(row, notes)| ListedSource { row, notes }).collect();
    let public_url = config.outputs.public_url().clone();
    Ok(sources_page::write(&SourcesPage { public_url, search, number, found, sources }))
}

/// What is wrong with a source beside its last poll.
fn notes(state: &SourceState) -> Vec<String> {
    let problems = match state.problems.len() {
        0 => None,
        1 => Some("its last document has a problem".to_owned()),
        count => Some(format!("its last document has {count} problems")),
    };
    let is_silent = state.notified.silent.then(|| "silent for longer than usual".to_owned());
    let misses = (state.shortened > 0)
        .then(|| "its feed holds too few entries, so it is polled more often".to_owned());
    let moved = state.moved.as_ref().filter(|moved| moved.confirmed).map(|_| "it has moved".to_owned());
    [problems, is_silent, misses, moved].into_iter().flatten().collect()
}

async fn source(
    shared: &Shared,
    config: &PublishConfig,
    name: &str,
) -> Result<Option<Vec<u8>>, store::Error> {
    let Some(found) = shared.store.source(name.to_owned()).await? else { return Ok(None) };
    let time = now();
    let history = shared.store.source_history(found.id, time).await?;
    let articles = shared.store.article_counts(time).await?.remove(&found.id).unwrap_or_default();
    let budgets = shared.store.host_budgets().await?;
    let outputs = shared.store.outputs().await?;
    let names = outputs.into_iter().map(|output| (output.id, output.name)).collect::<HashMap<_, _>>();
    let StoredSource { state, url, .. } = found.clone();
    let parts = config.sources.get(name).map_or(UrlParts::default(), |source| source.publish_url);
    let rows = source_rows(vec![found], &config.sources, &budgets, time);
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let SourceHistory { days, failures, shares, entries } = history;
    let today = day_of(time);
    let column = |number: fn(&SourceDay) -> u32| by_day(&days, today, number);
    let shares = shares.into_iter().filter(|share| share.of_source > 0);
    let details = SourceDetails {
        public_url: config.outputs.public_url().clone(),
        url: url.shown(parts).into(),
        entries,
        articles: articles.in_words(),
        today,
        dated: column(|day| day.entries),
        polls: PollCounts {
            read: column(|day| day.read),
            not_modified: column(|day| day.not_modified),
            failed: column(|day| day.failed),
        },
        median_gap: state.publish_interval,
        failures: state.failures,
        last_failures: failures.into_iter().take(MAX_FAILURES).collect(),
        problems: (state.problems, state.problems_since),
        second_opinion: state.second_opinion.map(|opinion| (opinion.text, opinion.at)),
        shares: shares
            .filter_map(|share| {
                let output = names.get(&share.output)?.clone();
                Some(Share { output, of_source: share.of_source, all: share.all })
            })
            .collect(),
        row,
    };
    Ok(Some(source_page::write(&details)))
}

async fn entry(
    shared: &Shared,
    config: &PublishConfig,
    number: i64,
) -> Result<Option<Vec<u8>>, store::Error> {
    let store = &shared.store;
    // First, so that none is newer than the entry.
    let former_versions = store.former_versions(number).await?;
    let found = store.entries_below(number.saturating_add(1), 1).await?;
    let Some(candidate) = found.first().filter(|candidate| candidate.entry.number == number) else {
        return Ok(None);
    };
    let outputs = explain::explain(store, &config.outputs.explained(), candidate, now()).await?;
    let story = store.story_of_entry(number.to_string()).await?;
    let apart = store.kept_apart(vec![number]).await?.remove(&number).unwrap_or_default();
    let former_titles = store.former_titles(number).await?;
    Ok(Some(entry_page::write(&EntryDetails {
        public_url: config.outputs.public_url(),
        candidate,
        former_titles: &former_titles,
        former_versions: &former_versions,
        story: story.as_ref().filter(|story| !story.duplicates.is_empty()),
        apart: &apart,
        outputs: &outputs,
    })))
}

/// Of the last 24 hours.
async fn stories(shared: &Shared, config: &PublishConfig) -> Result<Vec<u8>, store::Error> {
    let time = now();
    let mut merges = shared.store.merges(stories_page::MAX_MERGES).await?;
    merges.retain(|merge| time.duration_since(merge.joined) < SignedDuration::from_hours(24));
    Ok(stories_page::write(config.outputs.public_url(), &merges))
}

fn day_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(24 * 3600)
}

/// A number of each of the last days, today at the end.
fn by_day(days: &[SourceDay], today: i64, number: fn(&SourceDay) -> u32) -> [u32; DAYS] {
    let mut numbers = [0; DAYS];
    for day in days {
        let place = usize::try_from(today - day.day).ok().and_then(|ago| (DAYS - 1).checked_sub(ago));
        if let Some(place) = place {
            numbers[place] = number(day);
        }
    }
    numbers
}
