//! SQL of the sources: adopting the config's, claiming what is due. Part of the store's door.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::super::{Claim, ClaimResult, ConfiguredSource, Force, Plan, RememberedSource, SourceId};
use super::{from_json, millis, to_json};
use crate::source::{HealthEvent, SourceState};

pub(super) fn adopt(c: &Connection, sources: &[ConfiguredSource]) -> Result<Vec<RememberedSource>> {
    forgive(c)?;
    c.execute("UPDATE source SET active = 0 WHERE active = 1", [])?;
    let mut ids = vec![None; sources.len()];
    for (source, id) in sources.iter().zip(&mut ids) {
        *id = c
            .prepare_cached("SELECT id FROM source WHERE url = ?1")?
            .query_row([&source.url], |row| row.get::<_, i64>(0))
            .optional()?;
    }
    for (source, slot) in sources.iter().zip(&mut ids) {
        let id = match *slot {
            Some(id) => id,
            None => find_by_name(c, source)?.map_or_else(|| insert(c, source), Ok)?,
        };
        c.prepare_cached(
            "UPDATE source SET name = ?2, host = ?3, title = ?4, language = ?5, active = 1 WHERE id = ?1",
        )?
        .execute(params![id, source.name, source.host, source.title, source.language])?;
        *slot = Some(id);
    }
    let known: HashMap<_, _> = active(c)?.into_iter().map(|source| (source.id.0, source)).collect();
    Ok(ids.into_iter().flatten().filter_map(|id| known.get(&id).cloned()).collect())
}

/// Who was gone (410) when it left the config is asked again if it comes back: the config says so.
fn forgive(c: &Connection) -> Result<()> {
    c.execute(
        "UPDATE source SET state = json_set(state, '$.gone', json('false')), next_poll = NULL
         WHERE active = 0 AND json_extract(state, '$.gone')",
        [],
    )
    .map(drop)
}

/// A source that moved: the name that it had, if no source of the config has claimed that row yet.
fn find_by_name(c: &Connection, source: &ConfiguredSource) -> Result<Option<i64>> {
    let found = c
        .prepare_cached(
            "SELECT id, state FROM source WHERE name = ?1 AND active = 0 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([&source.name], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((id, state)) = found else { return Ok(None) };
    // Validators belong to one address, and so do back-off and a 410.
    let old: SourceState = from_json(&state)?;
    let state =
        SourceState { title: old.title, link: old.link, language: old.language, ..Default::default() };
    c.prepare_cached("UPDATE source SET url = ?2, state = ?3, next_poll = NULL WHERE id = ?1")?
        .execute(params![id, source.url, to_json(&state)?])?;
    Ok(Some(id))
}

fn insert(c: &Connection, source: &ConfiguredSource) -> Result<i64> {
    c.prepare_cached("INSERT INTO source (name, url, host, active, state) VALUES (?1, ?2, ?3, 1, ?4)")?
        .execute(params![source.name, source.url, source.host, to_json(&SourceState::default())?])?;
    Ok(c.last_insert_rowid())
}

pub(super) fn release_claims(c: &Connection) -> Result<()> {
    c.execute("UPDATE source SET claimed_until = NULL WHERE claimed_until IS NOT NULL", []).map(drop)
}

pub(super) fn reschedule(c: &Connection, times: &[(SourceId, Option<Timestamp>, Timestamp)]) -> Result<()> {
    let mut update = c.prepare_cached(
        "UPDATE source SET next_poll = ?3, state = json_set(state, '$.next_poll', ?4)
         WHERE id = ?1 AND next_poll IS ?2",
    )?;
    times.iter().try_for_each(|(id, from, to)| {
        update.execute(params![id.0, from.map(millis), millis(*to), to.to_string()]).map(drop)
    })
}

pub(super) fn give_back(c: &Connection, claims: &[SourceId]) -> Result<()> {
    let mut update = c.prepare_cached("UPDATE source SET claimed_until = NULL WHERE id = ?1")?;
    claims.iter().try_for_each(|id| update.execute([id.0]).map(drop))
}

pub(super) fn claim(
    c: &Connection,
    ids: &[SourceId],
    asked: Force,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<ClaimResult>> {
    let until = millis(now).saturating_add(lease.as_millis() as i64);
    let due = match asked {
        Force::No => millis(now),
        Force::Yes => i64::MAX,
    };
    let mut update = c.prepare_cached(
        "UPDATE source SET claimed_until = ?2
         WHERE id = ?3 AND active = 1 AND (claimed_until IS NULL OR claimed_until <= ?1)
           AND (next_poll IS NULL OR next_poll <= ?4)
         RETURNING id, name, host, state",
    )?;
    let mut busy = c.prepare_cached(
        "SELECT max(coalesce(next_poll, 0), coalesce(claimed_until, 0)) FROM source WHERE id = ?1 AND active = 1",
    )?;
    let mut turn =
        |id: SourceId| match update.query_row(params![millis(now), until, id.0, due], claimed).optional()? {
            Some(claim) => Ok(ClaimResult::Claimed(Box::new(claim))),
            None => Ok(match busy.query_row([id.0], |row| row.get(0)).optional()? {
                Some(until) => ClaimResult::NotDue(id, due_at(until)),
                None => ClaimResult::Gone(id),
            }),
        };
    ids.iter().map(|id| turn(*id)).collect()
}

fn claimed(row: &Row<'_>) -> Result<Claim> {
    Ok(Claim {
        source: SourceId(row.get(0)?),
        name: row.get(1)?,
        host: row.get(2)?,
        state: from_json(row.get_ref(3)?.as_str()?)?,
    })
}

/// What lies beyond the calendar, as the next poll of a source that is gone does, is never.
fn due_at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

pub(super) fn plans(c: &Connection) -> Result<Vec<Plan>> {
    c.prepare_cached(
        "SELECT id, name, host, max(coalesce(next_poll, 0), coalesce(claimed_until, 0))
         FROM source WHERE active = 1 ORDER BY id",
    )?
    .query_map([], |row| {
        Ok(Plan {
            source: SourceId(row.get(0)?),
            name: row.get(1)?,
            host: row.get(2)?,
            due: due_at(row.get(3)?),
        })
    })?
    .collect()
}

pub(super) fn active(c: &Connection) -> Result<Vec<RememberedSource>> {
    c.prepare_cached("SELECT id, name, url, state FROM source WHERE active = 1 ORDER BY name")?
        .query_map([], |row| {
            Ok(RememberedSource {
                id: SourceId(row.get(0)?),
                name: row.get(1)?,
                url: row.get(2)?,
                state: from_json(row.get_ref(3)?.as_str()?)?,
            })
        })?
        .collect()
}

/// Counting looks at every entry: only who shows the numbers asks for them.
pub(super) fn counts(c: &Connection) -> Result<HashMap<SourceId, u64>> {
    c.prepare_cached("SELECT source, count(*) FROM entry GROUP BY source")?
        .query_map([], |row| Ok((SourceId(row.get(0)?), row.get::<_, i64>(1)? as u64)))?
        .collect()
}

pub(super) fn remember_health(c: &Connection, events: &[HealthEvent]) -> Result<()> {
    for event in events {
        c.prepare_cached("INSERT INTO health (at, event) VALUES (?1, ?2)")?
            .execute(params![millis(event.at), to_json(event)?])?;
    }
    if !events.is_empty() {
        c.prepare_cached("DELETE FROM health WHERE number <= (SELECT max(number) FROM health) - 1000")?
            .execute([])?;
    }
    Ok(())
}

pub(super) fn health(c: &Connection, n: usize) -> Result<Vec<(i64, HealthEvent)>> {
    c.prepare_cached("SELECT number, event FROM health ORDER BY number DESC LIMIT ?1")?
        .query_map([n as i64], |row| Ok((row.get(0)?, from_json(row.get_ref(1)?.as_str()?)?)))?
        .collect()
}
