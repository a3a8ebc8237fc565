//! One poll of one source: fetch, read, schedule, commit. I/O goes through `fetch` and `store`.

pub mod diff;
mod document;
pub mod health;
pub mod identity;
mod matching;
mod parse_limiter;
pub mod replay;

use jiff::Timestamp;

use crate::fetch::{FetchResponse, Fetcher};
use crate::schedule::{self, PollObservation};
use crate::source::{Outcome, Source, SourceState};
use crate::store::{self, Claim, Poll, Store};
use document::{DocumentReader, DocumentResult};
pub use parse_limiter::ParseLimiter;

/// What all polls share.
#[derive(Clone, Copy)]
pub struct PollContext<'a> {
    /// Where entries go.
    pub store: &'a Store,
    /// Makes the requests.
    pub fetcher: &'a Fetcher,
    /// Limits how many documents are parsed at once.
    pub parse_limiter: &'a ParseLimiter,
}

/// How one poll ended.
#[derive(Debug)]
pub struct PollReport {
    /// The result, as `status` shows it.
    pub outcome: Outcome,
    /// The source's state after the poll.
    pub state: SourceState,
    /// Bytes of the body after decompression.
    pub bytes: u64,
    /// How many health events of the source were raised.
    pub events: usize,
    /// How many new entries joined an existing story.
    pub merged: usize,
    /// Whether only the second reader could read the document.
    pub is_rescued: bool,
}

/// Polls one source and commits everything in one transaction. A failing source is an outcome, not an error.
///
/// # Errors
/// The store cannot be read or written. Then nothing was stored, and the claim expires by itself.
#[tracing::instrument(name = "poll", skip_all, fields(source = source.name))]
pub async fn poll(
    context: PollContext<'_>,
    source: &Source,
    claim: Claim,
    now: Timestamp,
) -> Result<PollReport, store::Error> {
    let PollContext { store, fetcher, parse_limiter } = context;
    let mut state = claim.state.clone();
    let mut fetched = fetcher.fetch(source, &state, now).await;
    let document = match fetched.response {
        Ok(FetchResponse::Body(body)) => {
            let reader = DocumentReader { store, parse_limiter, source, source_id: claim.source, now };
            reader.read(body, &mut state).await?
        }
        Ok(FetchResponse::NotModified) => DocumentResult::without_entries(Outcome::NotModified),
        Err(failure) => DocumentResult::without_entries(Outcome::Failed(failure)),
    };
    if document.partial {
        // With a validator, the next poll would be a 304 and the missing part never come.
        fetched.info.validators = None;
    }
    let DocumentResult {
        outcome,
        changes,
        update_hints,
        publish_interval,
        in_feed,
        replaced,
        is_rescued,
        ..
    } = document;
    let observed =
        PollObservation { outcome: &outcome, info: &fetched.info, update_hints, publish_interval, replaced };
    let mut state = schedule::after_poll(source, &state, &observed, now);
    let health = health::events(source, &claim.state, &mut state, &outcome, now);
    let events = health.len();
    let poll = Poll {
        source: claim.source,
        claim: Some(claim.number),
        state: state.clone(),
        changes,
        health,
        in_feed,
    };
    let merged = store.commit(poll).await?;
    Ok(PollReport { outcome, state, bytes: fetched.info.bytes, events, merged, is_rescued })
}
