//! The sources' health for the pages. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::channels::Sources;
use crate::publish::html::{SourceHealth, SourceRow};
use crate::schedule;
use crate::source::UrlParts;
use crate::source::host_budget::HostBudget;
use crate::store::StoredSource;

/// One row for each source. No source is polled before its host takes requests.
pub(super) fn source_rows(
    remembered: Vec<StoredSource>,
    sources: &Sources,
    budgets: &BTreeMap<String, HostBudget>,
    now: Timestamp,
) -> Vec<SourceRow> {
    let held = |source: &StoredSource| budgets.get(&source.host).and_then(|budget| budget.held_at(now));
    remembered
        .into_iter()
        .map(|source| (held(&source), source))
        .map(|(held, source)| {
            let row = source_row(source, sources);
            SourceRow { next_poll: row.next_poll.map(|next| next.max(held.unwrap_or(next))), ..row }
        })
        .collect()
}

fn source_row(remembered: StoredSource, sources: &Sources) -> SourceRow {
    let state = remembered.state;
    let source = sources.get(&remembered.name);
    let parts = source.map_or(UrlParts::default(), |source| source.publish_url).without_query();
    let outcome = state.outcome_text(parts);
    let title = source.and_then(|source| source.title.clone()).or(state.title);
    let (health, since) = match (state.failing_since, state.last_success) {
        (Some(since), _) if state.gone => (SourceHealth::Gone, Some(since)),
        (Some(since), _) => (SourceHealth::Failing, Some(since)),
        (None, Some(since)) => (SourceHealth::Healthy, Some(since)),
        // Also one that was tried only while the network was down.
        (None, None) => (SourceHealth::New, None),
    };
    SourceRow {
        title: title.unwrap_or_else(|| remembered.name.clone()),
        name: remembered.name,
        link: state.link.map(|link| remembered.url.published_site(&link, parts).into()),
        icon: state.icon,
        feed_id: state.id,
        health,
        outcome,
        since,
        next_poll: state.next_poll,
        why: schedule::reason_in_words(&state.next_poll_reason).into_owned(),
    }
}
