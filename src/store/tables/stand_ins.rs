//! SQL of stories that lose their shown entry because its source leaves the config. I/O: the database.

use std::collections::BTreeSet;

use super::super::database::Database;
use super::super::model::{MemberQuery, OutputId, SourceId};
use super::super::sql::{Result, params};
use super::entries::{Counters, touch};
use super::members::shown_places;

/// Lets an output evaluate again the other entries of the stories that it would still show if these sources had not
/// left. Stories that it shows no more are left alone: their entries would fill its archive once more.
pub(super) fn touch_stand_ins(
    c: &Database<'_>,
    output: OutputId,
    left: &[SourceId],
    shown: MemberQuery,
) -> Result<()> {
    let mut entries = BTreeSet::new();
    if !left.is_empty() {
        let places = shown_places(c, output, shown)?;
        let is_full = places.len() == shown.limit;
        let floor = places.last().filter(|_| is_full).map_or(i64::MIN, |(entered, _)| *entered);
        let mut others = c.prepare_cached(
            "SELECT other.number FROM membership
             CROSS JOIN entry ON entry.number = membership.entry
             CROSS JOIN entry AS other ON other.story = entry.story
             CROSS JOIN source ON source.id = other.source AND source.active = 1
             WHERE membership.output = ?1 AND membership.source = ?2 AND membership.entered >= ?3
               AND membership.generation = (SELECT generation FROM output WHERE id = ?1)",
        )?;
        for source in left {
            let found = others.query_map(params![output.0, source.0, floor], |row| row.get::<i64>(0))?;
            for entry in found {
                entries.insert(entry?);
            }
        }
    }
    if entries.is_empty() {
        return Ok(());
    }
    let mut counters = Counters::read(c)?;
    entries.into_iter().try_for_each(|entry| touch(c, entry, &mut counters))?;
    counters.write(c)
}

/// Takes the members out of an output whose stories show an entry of a source that has come back. Their places on
/// archive pages stay.
pub(super) fn remove_stand_ins(c: &Database<'_>, output: OutputId, back: SourceId) -> Result<()> {
    c.prepare_cached(
        "DELETE FROM membership
         WHERE output = ?1 AND generation = (SELECT generation FROM output WHERE id = ?1) AND entry IN (
             SELECT other.number FROM membership AS own
             CROSS JOIN entry ON entry.number = own.entry
             CROSS JOIN entry AS other ON other.story = entry.story AND other.source <> ?2
             WHERE own.output = ?1 AND own.source = ?2
               AND own.generation = (SELECT generation FROM output WHERE id = ?1))",
    )?
    .execute(params![output.0, back.0])
    .map(drop)
}
