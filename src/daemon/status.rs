//! The sources' health in words for the front page. Part of the daemon's door.

use super::Sources;
use crate::publish::html::{SourceHealth, SourceRow};
use crate::store::StoredSource;

/// One line for each configured source, by name.
pub(super) fn source_lines(known: Vec<StoredSource>, sources: &Sources) -> Vec<SourceRow> {
    known.into_iter().map(|known| line(known, sources)).collect()
}

fn line(known: StoredSource, sources: &Sources) -> SourceRow {
    let state = known.state;
    let outcome = state.outcome_text();
    let title = sources.get(&known.name).and_then(|source| source.title.clone()).or(state.title);
    let (health, since) = match (state.failing_since, state.last_poll) {
        (Some(since), _) => {
            (if state.gone { SourceHealth::Gone } else { SourceHealth::Failing }, Some(since))
        }
        (None, Some(_)) => (SourceHealth::Healthy, state.last_success),
        (None, None) => (SourceHealth::New, None),
    };
    SourceRow {
        title: title.unwrap_or_else(|| known.name.clone()),
        name: known.name,
        link: state.link,
        health,
        outcome,
        since,
        next_poll: state.next_poll,
        why: state.next_poll_reason,
    }
}
