//! SQL of the state of a source, and of the columns that repeat a part of it. I/O: the database.

use super::super::database::{Database, SqlRow};
use super::super::sql::{OptionalExtension, Result, SqlValue, params};
use super::super::values::{from_json, millis, to_json};
use crate::source::SourceState;

/// The state of a source; the state of a new one if it is damaged.
pub(super) fn source_state(
    row: &SqlRow<'_>,
    column: usize,
    id: i64,
    database: &Database<'_>,
) -> Result<SourceState> {
    let state = row.text(column).and_then(from_json);
    Ok(database.readable("source", id, state)?.unwrap_or_default())
}

/// What becomes of a source's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimAfter {
    Ended,
    Unchanged,
}

/// Writes the state of a source.
pub(super) fn write_state(c: &Database<'_>, id: i64, state: &SourceState, claim: ClaimAfter) -> Result<()> {
    c.prepare_cached(
        "UPDATE source SET state = ?2, feed_id = ?3, feed_title = ?4, last_poll = ?5, next_poll = ?6, health_rank = ?7,
                           polled = CASE WHEN ?8 = 1 THEN 1 ELSE polled END,
                           claimed_until = CASE WHEN ?9 = 1 THEN NULL ELSE claimed_until END
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        to_json(state)?,
        state.id,
        state.title,
        state.last_poll.map(millis),
        state.next_poll.map(millis),
        health_rank(state),
        // After a failed first poll the next one counts as the first.
        state.last_success.is_some(),
        claim == ClaimAfter::Ended
    ])
    .map(drop)
}

/// Changes the states of the sources that meet a condition on the values `?1`, ..., where `change` says that it has. One
/// that is damaged stays.
pub(super) fn change_states(
    c: &Database<'_>,
    condition: &str,
    values: &[SqlValue<'_>],
    change: impl Fn(&mut SourceState) -> bool,
) -> Result<()> {
    let found: Vec<(i64, Option<SourceState>)> = c
        .prepare_cached(&format!("SELECT id, state FROM source WHERE {condition}"))?
        .query_map(values, |row| Ok((row.get(0)?, row.text(1).and_then(from_json).ok())))?
        .collect::<Result<_>>()?;
    for (id, state) in found {
        let Some(mut state) = state else { continue };
        if change(&mut state) {
            write_state(c, id, &state, ClaimAfter::Unchanged)?;
        }
    }
    Ok(())
}

/// Moves the next poll of a source, if it is still due at the time that the caller has read.
pub(super) fn reschedule(
    c: &Database<'_>,
    id: i64,
    (from, to): (Option<jiff::Timestamp>, jiff::Timestamp),
) -> Result<()> {
    let state = c
        .prepare_cached("SELECT state FROM source WHERE id = ?1 AND next_poll IS NOT DISTINCT FROM ?2")?
        .query_row(params![id, from.map(millis)], |row| Ok(row.text(0).and_then(from_json).ok()))
        .optional()?;
    match state {
        Some(Some(state)) => {
            write_state(c, id, &SourceState { next_poll: Some(to), ..state }, ClaimAfter::Unchanged)
        }
        Some(None) => c.execute("UPDATE source SET next_poll = ?2 WHERE id = ?1", [id, millis(to)]).map(drop),
        None => Ok(()),
    }
}

/// The order on the page of sources: 0 fails, 1 has something else wrong, 2 is not polled yet, 3 is well.
fn health_rank(state: &SourceState) -> i64 {
    if state.failing_since.is_some() {
        0
    } else if !state.problems.is_empty()
        || state.notified.silent
        || state.shortened > 0
        || state.moved.as_ref().is_some_and(|moved| moved.confirmed)
    {
        1
    } else if state.last_success.is_none() {
        2
    } else {
        3
    }
}
