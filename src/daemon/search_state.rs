//! What searches share: the index, whose turn it is, what is left to be searched, and the feeds that were made last.
#![allow(clippy::disallowed_methods, reason = "measures how long something was not used")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::search_turns::Turns;
use crate::publish::Outputs;
use crate::publish::document_cache::{Coding, Representation};
use crate::publish::format::Format;
use crate::publish::search::{Filter, SearchIndex};
use crate::serve::SearchClient;

/// The index is dropped when nobody has searched for so long.
const INDEX_LIFETIME: Duration = Duration::from_secs(60);

/// The most searches that are gone on with, and how many times each is.
const MAX_UNFINISHED: usize = 16;
const MAX_SLICES: usize = 100;

/// The most feeds that are kept, and their bytes.
const MAX_FEEDS: usize = 100;
const MAX_FEED_BYTES: usize = 32_000_000;

/// A feed is made anew after this time even if no entry has come: a query may depend on the age of entries.
const FEED_LIFETIME: Duration = Duration::from_secs(60);

/// The state of all searches.
#[derive(Default)]
pub(super) struct SearchState {
    /// Who has the turn searches, so that searches take one reader of the store and one processor, however many clients there
    /// are.
    pub(super) turns: Turns,
    pub(super) index: AsyncMutex<Option<KeptIndex>>,
    /// What clients searched for last, if the time was over before all was searched; the latest at the end.
    unfinished: Mutex<Vec<Unfinished>>,
    pub(super) is_unfinished: Notify,
    /// Those requested last are at the end.
    feeds: Mutex<Vec<KeptFeed>>,
}

pub(super) struct KeptIndex {
    pub(super) index: SearchIndex,
    pub(super) outputs: Arc<Outputs>,
    pub(super) used: Instant,
}

/// A search that had more to search than its time allowed.
pub(super) struct Unfinished {
    pub(super) client: SearchClient,
    pub(super) filters: Vec<Filter>,
    slices: usize,
}

/// A feed as it was made last.
struct KeptFeed {
    parameters: String,
    format: Format,
    outputs: Arc<Outputs>,
    revision: i64,
    made: Instant,
    feed: Arc<Representation>,
}

impl SearchState {
    /// Frees the memory of an index that nobody has used for a while.
    pub(super) fn drop_unused_index(&self) {
        // Somebody searches now.
        let Ok(mut kept) = self.index.try_lock() else { return };
        if kept.as_ref().is_some_and(|kept| kept.used.elapsed() >= INDEX_LIFETIME) {
            *kept = None;
        }
    }

    /// Goes on with a search for a client, in place of what that wanted before.
    pub(super) fn go_on_with(&self, client: &SearchClient, filters: Vec<Filter>) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.retain(|other| other.client != *client);
        if unfinished.len() >= MAX_UNFINISHED {
            unfinished.remove(0);
        }
        unfinished.push(Unfinished { client: client.clone(), filters, slices: 0 });
        self.is_unfinished.notify_one();
    }

    /// The latest search that is to be gone on with.
    pub(super) fn take_unfinished(&self) -> Option<Unfinished> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Puts a search back that is still not finished, unless its client wants something else by now.
    pub(super) fn put_back(&self, search: Unfinished) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if search.slices < MAX_SLICES && !unfinished.iter().any(|other| other.client == search.client) {
            unfinished.push(Unfinished { slices: search.slices + 1, ..search });
        }
    }

    /// A feed that was made for a revision of the store, and the one before it.
    pub(super) fn kept_feed(
        &self,
        wanted: &FeedKey<'_>,
        revision: i64,
    ) -> (Option<Arc<Representation>>, bool) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = feeds.iter().position(|kept| wanted.is_of(kept)) else { return (None, false) };
        let kept = feeds.remove(place);
        let is_current = kept.revision == revision && kept.made.elapsed() < FEED_LIFETIME;
        let feed = Arc::clone(&kept.feed);
        feeds.push(kept);
        (Some(feed), is_current)
    }

    pub(super) fn keep_feed(&self, key: &FeedKey<'_>, revision: i64, feed: Arc<Representation>) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|kept| !key.is_of(kept));
        feeds.push(KeptFeed {
            parameters: key.parameters.to_owned(),
            format: key.format,
            outputs: Arc::clone(key.outputs),
            revision,
            made: Instant::now(),
            feed,
        });
        let bytes = |kept: &KeptFeed| kept.feed.body(Coding::Identity).map_or(0, |body| body.len());
        let mut total: usize = feeds.iter().map(bytes).sum();
        while feeds.len() > MAX_FEEDS || (total > MAX_FEED_BYTES && feeds.len() > 1) {
            total -= bytes(&feeds.remove(0));
        }
    }
}

/// What a feed is kept by. An edited config makes all of them anew.
pub(super) struct FeedKey<'a> {
    pub(super) parameters: &'a str,
    pub(super) format: Format,
    pub(super) outputs: &'a Arc<Outputs>,
}

impl FeedKey<'_> {
    fn is_of(&self, kept: &KeptFeed) -> bool {
        (kept.format, kept.parameters.as_str()) == (self.format, self.parameters)
            && Arc::ptr_eq(&kept.outputs, self.outputs)
    }
}
