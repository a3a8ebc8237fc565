//! SQL of the owners of addresses: of several entries at one address, that of the address's own site stands. I/O: the
//! database.

use jiff::Timestamp;

use super::super::database::Database;
use super::super::dedup_index::DedupIndex;
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{millis, nearest_time};
use super::story_rows::{InsertedEntry, insert_join, move_to_story};
use crate::entry::Entry;
use crate::story;
use crate::story::rules::MergeReason;

/// An entry of somebody else keeps its place for the owner's words only if it is not much older: else it would decide
/// that the owner's entry is too old to be shown.
const MAX_AGE_MILLIS: i64 = 3 * 24 * 3_600_000;

/// An entry of another source at the same address.
struct OtherEntry {
    entry: i64,
    story: i64,
    date: i64,
    owns_link: bool,
}

/// The story that a new entry joins because it, or one at its address, is of the address's owner: whatever the others say,
/// and however many they are. Where the owner comes later, others leave their places to it, but for one that is shown
/// with its words.
pub(super) fn join_at_owned_address(
    c: &Database<'_>,
    index: &DedupIndex,
    inserted: &InsertedEntry<'_>,
) -> Result<Option<i64>> {
    let address = inserted.new.dedup_features.as_ref().and_then(|features| features.address);
    let others = others_at(c, index, address, inserted.source)?;
    if !inserted.new.entry.owns_link {
        return Ok(others.iter().rev().find(|other| other.owns_link).map(|other| other.story));
    }
    let mut foreign = others.iter().filter(|other| !other.owns_link);
    let Some(first) = foreign.next() else { return Ok(None) };
    if millis(inserted.new.date) - first.date > MAX_AGE_MILLIS {
        withdraw(c, first.entry)?;
    }
    for other in foreign {
        withdraw(c, other.entry)?;
        if other.story != first.story && is_alone(c, other.story)? {
            move_to_story(c, other.entry, first.story)?;
            insert_join(c, other.entry, &MergeReason::Address.to_string(), inserted.new.first_seen)?;
        }
    }
    Ok(Some(first.story))
}

/// Notes that an edit gave an entry another address. If that is somebody else's, the entry leaves its place to it.
pub(super) fn note_address(
    c: &Database<'_>,
    index: &mut DedupIndex,
    (number, source, polled): (i64, i64, Option<Timestamp>),
    entry: &Entry,
) -> Result<()> {
    let known: Option<(Option<i64>, i64)> = c
        .prepare_cached("SELECT address, first_seen FROM dedup_features WHERE entry = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((known, first_seen)) = known else { return Ok(()) };
    let address = story::address_of(entry);
    if address == known {
        return Ok(());
    }
    c.prepare_cached("UPDATE dedup_features SET address = ?2 WHERE entry = ?1")?
        .execute(params![number, address])?;
    if let Some(polled) = polled {
        index.catch_up(c, polled)?;
    }
    index.add_address(number, first_seen, address);
    if !entry.owns_link
        && let Some(owner) = others_at(c, index, address, source)?.iter().rev().find(|other| other.owns_link)
    {
        withdraw(c, number)?;
        let story = c.query_row("SELECT story FROM entry WHERE number = ?1", [number], |row| row.get(0))?;
        if story != owner.story && is_alone(c, story)? {
            move_to_story(c, number, owner.story)?;
            insert_join(c, number, &MergeReason::Address.to_string(), nearest_time(first_seen))?;
        }
    }
    Ok(())
}

fn others_at(
    c: &Database<'_>,
    index: &DedupIndex,
    address: Option<i64>,
    source: i64,
) -> Result<Vec<OtherEntry>> {
    let mut statement = c.prepare_cached(
        "SELECT number, story, entry.date, owns_link FROM dedup_features JOIN entry ON number = dedup_features.entry
         WHERE number = ?1 AND address = ?2 AND entry.source <> ?3",
    )?;
    let mut others = Vec::new();
    for number in address.map(|address| index.at_address(address)).unwrap_or_default() {
        let found = statement.query_row(params![number, address, source], |row| {
            Ok(OtherEntry {
                entry: row.get(0)?,
                story: row.get(1)?,
                date: row.get(2)?,
                owns_link: row.get(3)?,
            })
        });
        others.extend(found.optional()?);
    }
    Ok(others)
}

/// Takes an entry out of the outputs that show one entry of each story. Its places on archive pages stay.
fn withdraw(c: &Database<'_>, entry: i64) -> Result<()> {
    c.prepare_cached(
        "DELETE FROM membership WHERE entry = ?1 AND output IN (SELECT id FROM output WHERE one_per_story = 1)",
    )?
    .execute([entry])
    .map(drop)
}

fn is_alone(c: &Database<'_>, story: i64) -> Result<bool> {
    c.prepare_cached("SELECT count(*) = 1 FROM entry WHERE story = ?1")?.query_row([story], |row| row.get(0))
}
