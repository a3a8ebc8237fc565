//! The ids under which outputs publish entries. I/O: the database.
//!
//! An id depends only on the entry's number and own id, and on the output's key and choices up to that number. None of
//! these ever changes, so neither does it, whatever happens to members, archive and names.

use super::super::database::Database;
use super::super::model::{EntryIds, OutputId};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::lossy_text;
use crate::entry::{StoredEntry, derived_id};

/// What makes the ids of an output.
pub(super) struct PublishedIds {
    key: String,
    /// From which entry number on which choice holds, the last one first.
    choices: Vec<(i64, EntryIds)>,
}

impl PublishedIds {
    pub(super) fn read(c: &Database<'_>, OutputId(output): OutputId) -> Result<PublishedIds> {
        let key = c
            .prepare_cached("SELECT key FROM output WHERE id = ?1")?
            .query_row([output], |row| lossy_text(row, 0))
            .optional()?
            .flatten();
        let choices = c
            .prepare_cached(
                "SELECT first_entry, is_shared FROM id_choice WHERE output = ?1 ORDER BY first_entry DESC",
            )?
            .query_map([output], |row| Ok((row.get(0)?, read_choice(row.get(1)?))))?
            .collect::<Result<_>>()?;
        Ok(PublishedIds { key: key.unwrap_or_default(), choices })
    }

    /// The id of an entry in the output.
    pub(super) fn id(&self, number: i64, own: &str) -> String {
        match self.choices.iter().find(|(first, _)| *first <= number) {
            Some((_, EntryIds::Shared)) => own.to_owned(),
            Some((_, EntryIds::PerOutput)) | None => derived_id(&["entry", &self.key, own]),
        }
    }

    /// An entry as the output publishes it.
    pub(super) fn apply(&self, entry: StoredEntry) -> StoredEntry {
        StoredEntry { uid: self.id(entry.number, &entry.uid), ..entry }
    }
}

fn read_choice(is_shared: bool) -> EntryIds {
    if is_shared { EntryIds::Shared } else { EntryIds::PerOutput }
}

/// Notes which ids an output gives to entries that are stored from now on; a new output, to all.
pub(super) fn note_choice(c: &Database<'_>, OutputId(output): OutputId, ids: EntryIds) -> Result<()> {
    let last: Option<bool> = c
        .prepare_cached(
            "SELECT is_shared FROM id_choice WHERE output = ?1 ORDER BY first_entry DESC LIMIT 1",
        )?
        .query_row([output], |row| row.get(0))
        .optional()?;
    if last.map(read_choice) == Some(ids) {
        return Ok(());
    }
    c.prepare_cached(
        "INSERT INTO id_choice (output, first_entry, is_shared)
         VALUES (?1, CASE WHEN ?2 = 1 THEN 0 ELSE (SELECT entry + 1 FROM counter) END, ?3)
         ON CONFLICT (output, first_entry) DO UPDATE SET is_shared = excluded.is_shared",
    )?
    .execute(params![output, last.is_none(), ids == EntryIds::Shared])
    .map(drop)
}

/// A key that no output has: the name, of an output that was renamed the first one.
pub(super) fn unused_key(c: &Database<'_>, name: &str, was: &[String]) -> Result<String> {
    let first = was.last().map_or(name, String::as_str);
    let mut is_used = c.prepare_cached("SELECT 1 FROM output WHERE key = ?1")?;
    let mut key = first.to_owned();
    let mut number = 1;
    while is_used.exists([&key])? {
        number += 1;
        // No name has a slash.
        key = format!("{first}/{number}");
    }
    Ok(key)
}

/// The number of the entry that an output publishes under an id.
pub(super) fn find_published(c: &Database<'_>, id: &str) -> Result<Option<i64>> {
    let outputs: Vec<OutputId> = c
        .prepare_cached("SELECT id FROM output")?
        .query_map((), |row| row.get(0).map(OutputId))?
        .collect::<Result<_>>()?;
    let all = outputs.into_iter().map(|output| PublishedIds::read(c, output)).collect::<Result<Vec<_>>>()?;
    let mut entries = c.prepare_cached("SELECT number, uid FROM entry ORDER BY number DESC")?;
    let mut rows = entries.query(())?;
    while let Some(row) = &rows.next()? {
        let (number, own) = (row.get(0)?, lossy_text(row, 1)?.unwrap_or_default());
        if all.iter().any(|ids| ids.id(number, &own) == id) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}
