//! SQL of an entry's place in a story. I/O: the database.

use jiff::Timestamp;

use super::super::database::Database;
use super::super::sql::{Result, params};
use super::super::values::millis;
use crate::entry::change::NewEntry;

/// An entry that was just inserted.
pub(super) struct InsertedEntry<'a> {
    pub(super) number: i64,
    pub(super) source: i64,
    pub(super) new: &'a NewEntry,
}

pub(super) fn move_to_story(c: &Database<'_>, entry: i64, story: i64) -> Result<()> {
    c.prepare_cached("UPDATE entry SET story = ?2 WHERE number = ?1")?.execute([entry, story]).map(drop)
}

pub(super) fn insert_join(c: &Database<'_>, entry: i64, reason: &str, at: Timestamp) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO story_join (entry, reason, joined) VALUES (?1, ?2, ?3)
         ON CONFLICT (entry) DO UPDATE SET reason = excluded.reason, joined = excluded.joined",
    )?
    .execute(params![entry, reason, millis(at)])
    .map(drop)
}
