//! SQL of the outputs: members, watermarks, renderings. Part of the store's door.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::super::{
    Advance, ConfiguredOutput, Member, MemberUpdate, NotifyHub, OutputId, RememberedOutput, Rendering, Wanted,
};
use super::entries::{self, KEPT};
use super::{archive, millis, pings, time};
use crate::entry::StoredEntry;

pub(super) fn adopt(
    c: &Connection,
    outputs: &[ConfiguredOutput],
    now: Timestamp,
) -> Result<Vec<RememberedOutput>> {
    c.execute("UPDATE output SET active = 0 WHERE active = 1", [])?;
    for output in outputs {
        c.prepare_cached(
            "INSERT INTO output (name, active, since, definition, watermark) VALUES (?1, 1, ?2, '', 0)
             ON CONFLICT (name) DO UPDATE SET active = 1",
        )?
        .execute(params![output.name, millis(now)])?;
    }
    let known: HashMap<_, _> = all(c)?.into_iter().map(|output| (output.name.clone(), output)).collect();
    Ok(outputs.iter().filter_map(|output| known.get(&output.name).cloned()).collect())
}

pub(super) fn all(c: &Connection) -> Result<Vec<RememberedOutput>> {
    c.prepare_cached("SELECT id, name, since, definition, watermark, active FROM output ORDER BY name")?
        .query_map([], |row| {
            Ok(RememberedOutput {
                id: OutputId(row.get(0)?),
                name: row.get(1)?,
                since: time(row.get(2)?)?,
                definition: row.get(3)?,
                watermark: row.get(4)?,
                active: row.get(5)?,
            })
        })?
        .collect()
}

/// Counting looks at every member: only who shows the numbers asks for them.
pub(super) fn counts(c: &Connection) -> Result<HashMap<OutputId, u64>> {
    c.prepare_cached("SELECT output, count(*) FROM membership GROUP BY output")?
        .query_map([], |row| Ok((OutputId(row.get(0)?), row.get::<_, i64>(1)? as u64)))?
        .collect()
}

pub(super) fn debuts(c: &Connection, output: OutputId) -> Result<HashMap<String, usize>> {
    c.prepare_cached(
        "SELECT source.name, count(*) FROM membership
         JOIN entry ON entry.number = membership.entry JOIN source ON source.id = entry.source
         WHERE membership.output = ?1 AND entry.debut = 1 GROUP BY source.id",
    )?
    .query_map([output.0], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize)))?
    .collect()
}

pub(super) fn advance(c: &Connection, advance: &Advance) -> Result<()> {
    let output = advance.output.0;
    if advance.update == MemberUpdate::Replace {
        c.prepare_cached("DELETE FROM membership WHERE output = ?1")?.execute([output])?;
    }
    let mut join = c.prepare_cached(
        "INSERT INTO membership (output, date, entry, why) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET why = excluded.why",
    )?;
    let mut members: Vec<&Member> = Vec::with_capacity(advance.members.len());
    // One may have been forgotten since it was read.
    let pruned = entries::pruned(c)?;
    for member in &advance.members {
        if member.entry > pruned || entries::still(c, member.entry)?.is_some() {
            members.push(member);
        }
    }
    // In the table's own order, so that many of them share a page.
    members.sort_unstable_by_key(|member| (member.date, member.entry));
    members.dedup_by_key(|member| (member.date, member.entry));
    for member in &members {
        join.execute(params![output, millis(member.date), member.entry, member.why])?;
    }
    archive::enter(c, advance, &members)?;
    c.prepare_cached("UPDATE output SET definition = ?2, watermark = ?3 WHERE id = ?1")?
        .execute(params![output, advance.definition, advance.watermark])
        .map(drop)
}

pub(super) fn members(c: &Connection, output: OutputId, wanted: Wanted) -> Result<Vec<StoredEntry>> {
    let sources = entries::sources(c);
    let not_before = wanted.not_before.map_or(i64::MIN, millis);
    let mut question = c.prepare_cached(&format!(
        "SELECT {KEPT} FROM membership JOIN entry ON entry.number = membership.entry
         WHERE membership.output = ?1 AND membership.date >= ?2
         ORDER BY membership.date DESC, membership.entry DESC"
    ))?;
    let mut rows = question.query(params![output.0, not_before])?;
    let mut of_source: HashMap<i64, usize> = HashMap::new();
    let mut members = Vec::new();
    while members.len() < wanted.limit
        && let Some(row) = rows.next()?
    {
        let taken = of_source.entry(row.get(6)?).or_default();
        *taken += 1;
        if wanted.per_source.is_none_or(|most| *taken <= most) {
            members.push(entries::kept(row, &sources)?);
        }
    }
    Ok(members)
}

pub(super) fn renderings(c: &Connection, of: Option<OutputId>) -> Result<Vec<Rendering>> {
    c.prepare_cached(
        "SELECT output, format, digest, changed, look, entries, coalesce(body, x'') FROM rendering
         WHERE ?1 IS NULL OR output = ?1",
    )?
    .query_map([of.map(|output| output.0)], |row| {
        Ok(Rendering {
            output: OutputId(row.get(0)?),
            format: row.get(1)?,
            digest: row.get(2)?,
            changed: time(row.get(3)?)?,
            look: row.get(4)?,
            entries: row.get::<_, i64>(5)? as usize,
            body: row.get(6)?,
        })
    })?
    .collect()
}

pub(super) fn remember_renderings(c: &Connection, renderings: &[Rendering], hub: NotifyHub) -> Result<()> {
    let mut remember = c.prepare_cached(
        "INSERT INTO rendering (output, format, digest, changed, look, entries, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET digest = excluded.digest, changed = excluded.changed, look = excluded.look,
                                   entries = excluded.entries, body = excluded.body",
    )?;
    for r in renderings {
        remember.execute(params![
            r.output.0,
            r.format,
            r.digest,
            millis(r.changed),
            r.look,
            r.entries as i64,
            r.body
        ])?;
    }
    match (hub, renderings.iter().max_by_key(|r| r.changed)) {
        (NotifyHub::Yes, Some(latest)) => pings::note(c, latest.output, latest.changed),
        _ => Ok(()),
    }
}

pub(super) fn touched_since(c: &Connection, revision: i64) -> Result<(Vec<OutputId>, i64)> {
    let touched = c
        .prepare_cached(
            "SELECT membership.output FROM entry JOIN membership ON membership.entry = entry.number
             WHERE entry.revision > ?1
             UNION SELECT membership.output FROM entry JOIN story_member AS joined ON joined.entry = entry.number
             JOIN membership ON membership.entry = joined.story WHERE entry.revision > ?1
             UNION SELECT membership.output FROM entry JOIN story_member AS joined ON joined.entry = entry.number
             JOIN story_member AS other ON other.story = joined.story
             JOIN membership ON membership.entry = other.entry WHERE entry.revision > ?1",
        )?
        .query_map([revision], |row| Ok(OutputId(row.get(0)?)))?
        .collect::<Result<_>>()?;
    let lowest = c.query_row("SELECT coalesce(min(number), 0) FROM entry", [], |row| row.get(0))?;
    Ok((touched, lowest))
}
