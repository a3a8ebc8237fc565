//! Tells how the first polls of a new store go, until all sources were polled once. Reads the store.

use std::sync::{Mutex, PoisonError};

use super::channels::PublishConfig;
use crate::publish::first_start::Start;
use crate::store::{self, Store};

/// How far the first polls are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstPollsReport {
    /// All sources.
    pub sources: usize,
    /// Those that were polled.
    pub polled: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// Entries in the store.
    pub entries: u64,
    /// The title of each output, and how many entries its feed has.
    pub outputs: Vec<(String, usize)>,
}

/// Gets a report after each pass of the publisher; the last one when all sources were polled.
pub type ReportFirstPolls = Box<dyn FnMut(&FirstPollsReport) + Send>;

/// What is left of the first start.
pub(super) struct FirstStart(Mutex<Option<ReportFirstPolls>>);

impl FirstStart {
    /// Of a store whose sources were never polled; of another one there is nothing to tell.
    pub(super) async fn new(store: &Store, report_to: ReportFirstPolls) -> Result<FirstStart, store::Error> {
        let report = FirstPollsReport::read(store).await?;
        let is_first = report.sources > 0 && report.polled == 0;
        Ok(FirstStart(Mutex::new(is_first.then_some(report_to))))
    }

    pub(super) fn state(&self) -> Start {
        let report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if report.is_some() { Start::First } else { Start::Later }
    }

    /// What the store has, before the publisher evaluates it; `None` once all is told.
    pub(super) async fn read(&self, store: &Store) -> Option<FirstPollsReport> {
        match self.state() {
            Start::First => FirstPollsReport::read(store).await.ok(),
            Start::Later => None,
        }
    }

    /// Tells it after that.
    pub(super) fn report(&self, report: FirstPollsReport, config: &PublishConfig) {
        let mut report_to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let report = FirstPollsReport { outputs: config.outputs.shown_entries(), ..report };
        if let Some(report_to) = &mut *report_to {
            report_to(&report);
        }
        if report.polled == report.sources {
            *report_to = None;
        }
    }
}

impl FirstPollsReport {
    async fn read(store: &Store) -> Result<FirstPollsReport, store::Error> {
        let sources = store.sources().await?;
        let count = |is_wanted: fn(&store::StoredSource) -> bool| {
            sources.iter().filter(|source| is_wanted(source)).count()
        };
        Ok(FirstPollsReport {
            sources: sources.len(),
            // A poll without a network is neither a success nor a failure.
            polled: count(|source| source.state.last_success.or(source.state.failing_since).is_some()),
            failed: count(|source| source.state.failing_since.is_some()),
            entries: store.entry_counts().await?.values().sum(),
            outputs: Vec::new(),
        })
    }
}
