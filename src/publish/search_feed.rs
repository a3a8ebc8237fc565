//! The feed of a search: its last entries, as an output of the same filter would have them. Reads the store.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::document::Document;
use super::output::{Output, Stories};
use super::search::{SearchMatches, SearchedEntry};
use super::search_request::Search;
use super::{Outputs, document, owners};
use crate::entry::{StoredEntry, derived_id};
use crate::store::{EntryIds, Error, Store, StoryId};

/// Makes the document of a search. It has no time of its own: the same entries give the same bytes.
///
/// # Errors
/// The store cannot be read.
pub async fn document(
    store: &Store,
    outputs: &Outputs,
    search: &Search<'_>,
    searched: &SearchMatches,
    ids: EntryIds,
) -> Result<Document, Error> {
    let parameters = search.parameters();
    let title = if search.text.is_empty() { "everything" } else { &search.text };
    let output = Output {
        title: format!("Search: {title}"),
        sources: search.sources.clone(),
        stories: search.stories,
        ..Output::named("search")
    };
    let key = format!("search {parameters}");
    let id = |kept: StoredEntry| match ids {
        EntryIds::Shared => kept,
        EntryIds::PerOutput => StoredEntry { uid: derived_id(&["entry", &key, &kept.uid]), ..kept },
    };
    let numbers = last_entries(searched, search.stories, output.limit);
    let entries = store.entries(numbers).await?.into_iter().map(id).collect();
    let filled = owners::document(store, outputs, &output, entries).await?;
    let id = document::feed_id(&key, filled.since);
    Ok(Document { id, search: Some(parameters), ..filled })
}

/// The numbers of the last entries that the first filter takes: in the order in which they would enter an output, and of each
/// story the one that an output would show.
fn last_entries(searched: &SearchMatches, stories: Stories, limit: usize) -> Vec<i64> {
    let mut taken: Vec<&SearchedEntry> =
        searched.entries.iter().filter(|entry| entry.taken[0] == Some(true)).collect();
    if stories == Stories::Merge {
        let mut first: HashMap<StoryId, &SearchedEntry> = HashMap::new();
        let rank = |entry: &SearchedEntry| (!entry.is_first, entry.number);
        for entry in taken {
            let first = first.entry(entry.story).or_insert(entry);
            if rank(entry) < rank(first) {
                *first = entry;
            }
        }
        taken = first.into_values().collect();
    }
    taken.sort_unstable_by_key(|entry| Reverse((entry.entered, entry.number)));
    taken.into_iter().take(limit).map(|entry| entry.number).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::entry::EntrySource;

    fn entry(number: i64, entered: i64, story: i64, is_first: bool) -> SearchedEntry {
        let entered = Timestamp::from_second(entered).unwrap();
        SearchedEntry {
            number,
            date: entered,
            entered,
            source: Arc::new(EntrySource::default()),
            story: StoryId(story),
            is_first,
            taken: [Some(true), None],
        }
    }

    #[test]
    fn the_last_entries_are_those_that_would_enter_last_one_of_each_story() {
        let mut entries = vec![
            entry(5, 50, 1, false),
            entry(4, 90, 2, true),
            entry(3, 30, 1, true),
            entry(2, 60, 1, false),
            entry(1, 10, 3, true),
        ];
        entries[4].taken = [Some(false), Some(true)];
        let searched = SearchMatches { entries, is_whole: true, is_done: true };
        assert_eq!(last_entries(&searched, Stories::All, 9), [4, 2, 5, 3]);
        assert_eq!(last_entries(&searched, Stories::All, 2), [4, 2]);
        assert_eq!(last_entries(&searched, Stories::Merge, 9), [4, 3]);
    }
}
