//! One poll of one source: fetch, read, schedule, commit. I/O goes through `fetch` and `store`.

pub mod diff;
mod document;
pub mod health;
pub mod identity;
mod matching;
mod parse_limiter;
pub mod replay;
mod validators;

use std::time::Duration;

use jiff::Timestamp;

use crate::fetch::{self, FetchResponse, Fetcher, HostAnswer};
use crate::schedule::{self, PollObservation};
use crate::source::host_budget::HostBudget;
use crate::source::{Outcome, Source, SourceState};
use crate::store::{self, Claim, Poll, PollResult, Store};
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
    /// Whether the network of this machine may be down, so that a source that is out of reach has not failed.
    pub is_probe: bool,
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
    /// Whether the poll before succeeded.
    pub was_well: bool,
    /// The host that answered and its budget, if it has one to keep.
    pub host: Option<(String, HostBudget)>,
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
    let PollContext { store, fetcher, parse_limiter, is_probe } = context;
    let mut state = claim.state.clone();
    let unconditional =
        validators::wants_whole(&state, now).then(|| SourceState { validators: None, ..state.clone() });
    let mut fetched = fetcher.fetch(source, unconditional.as_ref().unwrap_or(&state), now).await;
    let host = match fetched.info.answer.take() {
        Some(answer) => {
            let without_budget = (!claim.has_budget).then_some(claim.host.as_str());
            note_answer(store, answer, without_budget, source.interval.every, now).await?
        }
        None => None,
    };
    let document = match fetched.response {
        Ok(FetchResponse::Body(body)) => {
            let reader = DocumentReader { store, parse_limiter, source, source_id: claim.source, now };
            reader.read(body, &mut state).await?
        }
        Ok(FetchResponse::NotModified) => DocumentResult::without_entries(Outcome::NotModified),
        Err(failure) => DocumentResult::without_entries(Outcome::Failed(failure)),
    };
    // With a validator, the next poll would be a 304 and the missing part never come.
    let found = fetched.info.validators.take().filter(|_| !document.partial);
    fetched.info.validators = found.and_then(|found| {
        let modified = fetch::modified_at(&found);
        validators::to_keep((found, modified), &mut state, &document, now)
    });
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
    let is_held =
        host.as_ref().is_some_and(|(name, budget)| *name == claim.host && budget.held_at(now).is_some());
    let info = &fetched.info;
    let observed = PollObservation {
        outcome: &outcome,
        info,
        update_hints,
        publish_interval,
        replaced,
        is_held,
        is_probe,
    };
    let mut state = schedule::after_poll(source, &state, &observed, now);
    let mut health = health::events(source, &claim.state, &mut state, &outcome, now);
    health.extend(host.as_ref().and_then(|(host, budget)| health::shortage(source, (host, budget), now)));
    let events = health.len();
    let poll = Poll {
        source: claim.source,
        claim: Some(claim.number),
        result: match outcome {
            Outcome::Read { .. } => PollResult::Read,
            Outcome::NotModified => PollResult::NotModified,
            Outcome::Failed(_) => PollResult::Failed,
        },
        state: state.clone(),
        changes,
        health,
        in_feed,
    };
    let merged = store.commit(poll).await?;
    let was_well = claim.state.failures == 0 && claim.state.last_success.is_some();
    Ok(PollReport { outcome, state, bytes: fetched.info.bytes, events, merged, is_rescued, was_well, host })
}

/// Notes what a host says of its budget, before the document is read: that may take long. `without_budget` is a host
/// that is known to have none, `every` how often its source is wanted. Returns the host and its budget, if it has one.
///
/// # Errors
/// The store cannot write.
pub async fn note_answer(
    store: &Store,
    answer: HostAnswer,
    without_budget: Option<&str>,
    every: Duration,
    now: Timestamp,
) -> Result<Option<(String, HostBudget)>, store::Error> {
    let HostAnswer { host, response } = answer;
    // The budget of a host that redirects led to may be known too.
    if without_budget == Some(host.as_str()) && !response.is_refusal && !response.quota.is_spent() {
        return Ok(None);
    }
    let budget = store.note_response(host.clone(), response, every, now).await?;
    Ok(budget.map(|budget| (host, budget)))
}
