//! SQL of what happened to a source on each of the last days. I/O: the database.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::history::{OutputShare, SourceDay, SourceHistory};
use super::super::model::{OutputId, Poll, PollResult, SourceId};
use super::super::sql::{Result, params};
use super::super::values::{lossy_text, nearest_time};

/// Milliseconds.
const DAY: i64 = 24 * 3600 * 1000;
/// The days that are kept, and shown.
const KEPT_DAYS: i64 = 30;
/// The most entries that are counted.
const MAX_COUNTED: i64 = 50_000;
/// The share in an output is that in the entries which entered it last, of this many.
const SHARE_OF: i64 = 1000;

impl Store {
    /// The last days of a source.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn source_history(&self, source: SourceId, now: Timestamp) -> Result<SourceHistory, Error> {
        self.query(move |c| source_history(c, source.0, now)).await
    }
}

/// Counts a poll: one row of the day, which the first poll of a day adds and the others update.
pub(super) fn count_poll(c: &Database<'_>, poll: &Poll) -> Result<()> {
    let Some(at) = poll.state.last_poll.map(Timestamp::as_millisecond) else { return Ok(()) };
    let day = at.div_euclid(DAY);
    let failure = (poll.result == PollResult::Failed).then_some(poll.state.outcome.as_str());
    let is = |result| poll.result == result;
    let updated = c
        .prepare_cached(
            "UPDATE poll_day SET read = read + ?3, not_modified = not_modified + ?4, failed = failed + ?5,
                                 failure = coalesce(?6, failure), failed_at = CASE WHEN ?5 = 1 THEN ?7 ELSE failed_at END
             WHERE source = ?1 AND day = ?2",
        )?
        .execute(params![
            poll.source.0,
            day,
            is(PollResult::Read),
            is(PollResult::NotModified),
            is(PollResult::Failed),
            failure,
            at
        ])?;
    if updated > 0 {
        return Ok(());
    }
    c.prepare_cached("DELETE FROM poll_day WHERE source = ?1 AND day <= ?2")?
        .execute([poll.source.0, day - KEPT_DAYS])?;
    c.prepare_cached(
        "INSERT INTO poll_day (source, day, read, not_modified, failed, failure, failed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN ?5 = 1 THEN ?7 END)",
    )?
    .execute(params![
        poll.source.0,
        day,
        is(PollResult::Read),
        is(PollResult::NotModified),
        is(PollResult::Failed),
        failure,
        at
    ])
    .map(drop)
}

fn source_history(c: &Database<'_>, source: i64, now: Timestamp) -> Result<SourceHistory> {
    let first_day = now.as_millisecond().div_euclid(DAY) - KEPT_DAYS + 1;
    let mut days: BTreeMap<i64, SourceDay> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut polls = c.prepare_cached(
        "SELECT day, read, not_modified, failed, failure, failed_at FROM poll_day
         WHERE source = ?1 AND day >= ?2 ORDER BY day DESC",
    )?;
    let mut rows = polls.query([source, first_day])?;
    while let Some(row) = &rows.next()? {
        let day: i64 = row.get(0)?;
        let polls = SourceDay {
            day,
            entries: 0,
            read: count(row.get(1)?),
            not_modified: count(row.get(2)?),
            failed: count(row.get(3)?),
        };
        days.insert(day, polls);
        if let (Some(failure), Some(at)) = (lossy_text(row, 4)?, row.get::<Option<i64>>(5)?) {
            failures.push((nearest_time(at), failure));
        }
    }
    for (day, entries) in entries_by_day(c, source, first_day)? {
        days.entry(day).or_insert(SourceDay { day, ..SourceDay::default() }).entries = entries;
    }
    let entries = c
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM entry WHERE source = ?1 LIMIT ?2) AS counted")?
        .query_row([source, MAX_COUNTED], |row| row.get(0).map(count))?;
    Ok(SourceHistory { days: days.into_values().collect(), failures, shares: shares(c, source)?, entries })
}

/// How many entries are dated on each day. What was first seen before the first day is not dated on it.
fn entries_by_day(c: &Database<'_>, source: i64, first_day: i64) -> Result<BTreeMap<i64, u32>> {
    let mut found = BTreeMap::new();
    let mut entries = c.prepare_cached(
        "SELECT date, first_seen FROM entry WHERE source = ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let mut rows = entries.query([source, MAX_COUNTED])?;
    while let Some(row) = &rows.next()? {
        let (date, first_seen): (i64, i64) = (row.get(0)?, row.get(1)?);
        if first_seen.div_euclid(DAY) < first_day {
            break;
        }
        let day = date.div_euclid(DAY);
        if day >= first_day {
            *found.entry(day).or_default() += 1;
        }
    }
    Ok(found)
}

fn shares(c: &Database<'_>, source: i64) -> Result<Vec<OutputShare>> {
    let mut outputs =
        c.prepare_cached("SELECT id, generation FROM output WHERE removed IS NULL ORDER BY name")?;
    let mut share = c.prepare_cached(
        "SELECT count(*), count(*) FILTER (WHERE source = ?3) FROM
             (SELECT source FROM membership WHERE output = ?1 AND generation = ?2 ORDER BY entered DESC LIMIT ?4) AS last",
    )?;
    let rows = outputs.query_map((), |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    rows.map(|row| {
        let (output, generation) = row?;
        share.query_row([output, generation, source, SHARE_OF], |row| {
            Ok(OutputShare {
                output: OutputId(output),
                all: count(row.get(0)?),
                of_source: count(row.get(1)?),
            })
        })
    })
    .collect()
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
