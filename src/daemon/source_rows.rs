//! The sources' health for the front page and their own page.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::channels::Sources;
use super::now;
use super::shared::Shared;
use crate::publish::document_cache::Representation;
use crate::publish::format::Format;
use crate::publish::html::{SourceHealth, SourceRow};
use crate::publish::sources_page::{self, SourcesPage};
use crate::schedule;
use crate::source::UrlParts;
use crate::source::host_budget::HostBudget;
use crate::store::{self, StoredSource};

/// A page of the sources, of those only that `search` finds. Its number counts from 1.
pub(super) async fn page(
    shared: &Shared,
    search: String,
    number: usize,
) -> Result<Representation, store::Error> {
    let config = Arc::clone(&shared.channels.publish_config.borrow());
    let first = (number - 1).saturating_mul(sources_page::ROWS);
    let rows = first..first.saturating_add(sources_page::ROWS);
    let (found, sources) = shared.store.find_sources(&search, rows).await?;
    let budgets = shared.store.host_budgets().await?;
    let page = SourcesPage {
        public_url: config.outputs.public_url().clone(),
        search,
        number,
        found,
        sources: source_rows(sources, &config.sources, &budgets, now()),
    };
    Ok(Representation::new(Format::Html.content_type(), sources_page::write(&page), now()))
}

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
