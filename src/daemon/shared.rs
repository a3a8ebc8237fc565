//! What the daemon's tasks share. Pure.

use std::sync::Arc;

use super::channels::Channels;
use super::first_start::FirstStart;
use super::kept_pages::OutputPages;
use super::search_state::SearchState;
use crate::metrics::Metrics;
use crate::publish::archive::Archives;
use crate::publish::document_cache::DocumentCache;
use crate::serve::{Readiness, SharedHttpSettings};
use crate::store::{DaemonDescription, Store};

/// The store, what is served, and the channels. Every task can be started from it at any time.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) archives: Arc<Archives>,
    pub(super) document_cache: Arc<DocumentCache>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) http: SharedHttpSettings,
    pub(super) channels: Channels,
    pub(super) first_start: FirstStart,
    pub(super) searches: SearchState,
    pub(super) output_pages: OutputPages,
    /// What this daemon says of itself to those that share the store, but for its config and sources.
    pub(super) description: DaemonDescription,
}
