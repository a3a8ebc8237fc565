//! What searches share: the index, who waits for it, and the feeds that were made last.
#![allow(clippy::disallowed_methods, reason = "measures how long something was not used")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use crate::publish::Outputs;
use crate::publish::document_cache::{Coding, Representation};
use crate::publish::format::Format;
use crate::publish::search::SearchIndex;

/// The index is dropped when nobody has searched for so long.
const INDEX_LIFETIME: Duration = Duration::from_secs(60);

/// The most searches that wait.
const MAX_WAITING: usize = 64;

/// The most feeds that are kept, and their bytes.
const MAX_FEEDS: usize = 100;
const MAX_FEED_BYTES: usize = 32_000_000;

/// A feed is made anew after this time even if no entry has come: a query may depend on the age of entries.
const FEED_LIFETIME: Duration = Duration::from_secs(60);

/// The state of all searches.
pub(super) struct SearchState {
    /// Who has it searches. The others wait in the order in which they came, so that a search takes one reader of the store
    /// and one processor, however many clients there are.
    pub(super) index: AsyncMutex<Option<KeptIndex>>,
    pub(super) waiting: Semaphore,
    /// Those requested last are at the end.
    feeds: Mutex<Vec<KeptFeed>>,
}

pub(super) struct KeptIndex {
    pub(super) index: SearchIndex,
    pub(super) outputs: Arc<Outputs>,
    pub(super) used: Instant,
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

impl Default for SearchState {
    fn default() -> SearchState {
        SearchState {
            index: AsyncMutex::default(),
            waiting: Semaphore::new(MAX_WAITING),
            feeds: Mutex::default(),
        }
    }
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
