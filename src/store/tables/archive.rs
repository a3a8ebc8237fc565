//! SQL of the archive pages: their entries, and full pages as they were served. I/O: the database.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::{Advance, ArchivePage, ArchiveSize, MemberUpdate, OutputId, StoredPage};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{lossy_text, millis, nearest_time, to_json};
use super::entries::{PRUNABLE, read_entries};
use super::published_ids::PublishedIds;

impl Store {
    /// The size of an output's archive, and whether it has more than `n` entries.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn archive_size(&self, output: OutputId, n: usize) -> Result<ArchiveSize, Error> {
        self.query(move |c| archive_size(c, output, n)).await
    }

    /// An archive page.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn archive_page(&self, output: OutputId, page: u32) -> Result<Option<ArchivePage>, Error> {
        self.query(move |c| archive_page(c, output, page)).await
    }

    /// A full page as it was first served in a format.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn stored_page(
        &self,
        output: OutputId,
        page: u32,
        format: &'static str,
    ) -> Result<Option<StoredPage>, Error> {
        self.query(move |c| stored_page(c, output, page, format)).await
    }

    /// Deletes a stored page whose bytes are damaged.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn delete_damaged_page(
        &self,
        output: OutputId,
        page: u32,
        format: &'static str,
    ) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached("DELETE FROM stored_page WHERE output = ?1 AND page = ?2 AND format = ?3")?
                .execute(params![output.0, page, format])
                .map(drop)
        })
        .await
    }

    /// Stores a full page as it is served. What was stored before stays.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn save_stored_pages(
        &self,
        output: OutputId,
        page: u32,
        formats: Vec<StoredPage>,
    ) -> Result<(), Error> {
        self.command(move |c| {
            formats.iter().try_for_each(|stored| insert_stored_page(c, output, page, stored))
        })
        .await
    }

    /// The full pages that are not stored yet and lose entries to the next [`Store::prune`].
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn pages_losing_entries(
        &self,
        before: Timestamp,
        n: usize,
    ) -> Result<Vec<(OutputId, u32)>, Error> {
        self.query(move |c| pages_losing_entries(c, before, n)).await
    }

    /// The JSON of the terms by which entries are in an output, in the given order; empty for other entries.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_reasons(&self, output: OutputId, entries: Vec<i64>) -> Result<Vec<String>, Error> {
        self.query(move |c| {
            let mut reasons: HashMap<i64, String> = c
                .prepare_cached(
                    "SELECT entry, reasons FROM member
                     WHERE output = ?1 AND entry IN (SELECT value FROM json_each(?2))",
                )?
                .query_map(params![output.0, to_json(&entries)?], |row| {
                    Ok((row.get(0)?, lossy_text(row, 1)?.unwrap_or_default()))
                })?
                .collect::<Result<_>>()?;
            Ok(entries.iter().map(|entry| reasons.remove(entry).unwrap_or_default()).collect())
        })
        .await
    }
}

/// The last page, which gets new entries.
struct LastPage {
    page: i64,
    size: i64,
    filled: i64,
}

/// Adds members that are on no page yet to the archive, in the given order. With [`MemberUpdate::Replace`], the last
/// page is filled anew unless it is full.
pub(super) fn add_to_archive(
    c: &Database<'_>,
    advance: &Advance,
    entries: impl Iterator<Item = Result<i64>>,
) -> Result<()> {
    let output = advance.output.0;
    let stored = c
        .prepare_cached(
            "SELECT page, size, filled FROM archive_page WHERE output = ?1 ORDER BY page DESC LIMIT 1",
        )?
        .query_row([output], |row| Ok(LastPage { page: row.get(0)?, size: row.get(1)?, filled: row.get(2)? }))
        .optional()?;
    let size = i64::try_from(advance.page_size).unwrap_or(i64::MAX);
    // Without pages no member needs to be looked up.
    let is_empty = stored.is_none();
    let mut last = stored.unwrap_or(LastPage { page: 0, size: 0, filled: 0 });
    if matches!(advance.update, MemberUpdate::Replace(_)) && last.filled < last.size {
        c.prepare_cached("DELETE FROM archive_entry WHERE output = ?1 AND page = ?2")?
            .execute([output, last.page])?;
        last = LastPage { filled: 0, size, ..last };
    }
    let mut lookup = c.prepare_cached("SELECT 1 FROM archive_entry WHERE entry = ?1 AND output = ?2")?;
    let mut insert =
        c.prepare_cached("INSERT INTO archive_entry (output, page, entry) VALUES (?1, ?2, ?3)")?;
    let mut save_page = c.prepare_cached(
        "INSERT INTO archive_page (output, page, size, filled) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (output, page) DO UPDATE SET size = excluded.size, filled = excluded.filled",
    )?;
    for entry in entries {
        let entry = entry?;
        if !is_empty && lookup.exists([entry, output])? {
            continue;
        }
        if last.filled >= last.size {
            if last.page > 0 {
                save_page.execute([output, last.page, last.size, last.filled])?;
            }
            last = LastPage { page: last.page + 1, size, filled: 0 };
        }
        insert.execute([output, last.page, entry])?;
        last.filled += 1;
    }
    if last.page > 0 {
        save_page.execute([output, last.page, last.size, last.filled])?;
    }
    Ok(())
}

pub(super) fn archive_size(c: &Database<'_>, output: OutputId, n: usize) -> Result<ArchiveSize> {
    let n = i64::try_from(n).unwrap_or(i64::MAX - 2);
    c.prepare_cached(
        // Only the last page can be empty, so this many pages are enough to know.
        "SELECT coalesce(max(page), 0), coalesce(sum(filled), 0) > ?2
         FROM (SELECT page, filled FROM archive_page WHERE output = ?1 ORDER BY page DESC LIMIT ?2 + 2) AS last",
    )?
    .query_row([output.0, n], |row| Ok(ArchiveSize { pages: row.get(0)?, has_more: row.get(1)? }))
}

fn archive_page(c: &Database<'_>, output: OutputId, page: u32) -> Result<Option<ArchivePage>> {
    let is_full: Option<bool> = c
        .prepare_cached("SELECT filled >= size FROM archive_page WHERE output = ?1 AND page = ?2")?
        .query_row(params![output.0, page], |row| row.get(0))
        .optional()?;
    let Some(is_full) = is_full else { return Ok(None) };
    let numbers: Vec<i64> = c
        .prepare_cached(
            "SELECT entry.number FROM archive_entry JOIN entry ON entry.number = archive_entry.entry
             WHERE archive_entry.output = ?1 AND archive_entry.page = ?2
             ORDER BY entry.date DESC, entry.number DESC",
        )?
        .query_map(params![output.0, page], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let ids = PublishedIds::read(c, output)?;
    let entries = read_entries(c, &numbers)?.into_iter().map(|entry| ids.apply(entry)).collect();
    Ok(Some(ArchivePage { entries, is_full }))
}

fn stored_page(c: &Database<'_>, output: OutputId, page: u32, format: &str) -> Result<Option<StoredPage>> {
    c.prepare_cached(
        "SELECT format, address, body, changed FROM stored_page WHERE output = ?1 AND page = ?2 AND format = ?3",
    )?
    .query_row(params![output.0, page, format], |row| {
        Ok(StoredPage {
            format: lossy_text(row, 0)?.unwrap_or_default(),
            address: lossy_text(row, 1)?.unwrap_or_default(),
            body: row.get(2)?,
            changed: nearest_time(row.get(3)?),
        })
    })
    .optional()
}

fn insert_stored_page(c: &Database<'_>, output: OutputId, page: u32, stored: &StoredPage) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO stored_page (output, page, format, address, changed, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![output.0, page, stored.format, stored.address, millis(stored.changed), stored.body])
    .map(drop)
}

fn pages_losing_entries(c: &Database<'_>, before: Timestamp, n: usize) -> Result<Vec<(OutputId, u32)>> {
    c.prepare_cached(&format!(
        // CROSS JOIN fixes the order: from the few entries to their pages. The other order looks at every page.
        "SELECT DISTINCT archive_entry.output, archive_entry.page
         FROM ({PRUNABLE}) AS prunable CROSS JOIN archive_entry ON archive_entry.entry = prunable.number
         CROSS JOIN archive_page
             ON archive_page.output = archive_entry.output AND archive_page.page = archive_entry.page
         WHERE archive_page.filled >= archive_page.size
           AND NOT EXISTS (SELECT 1 FROM stored_page AS stored
                           WHERE stored.output = archive_entry.output AND stored.page = archive_entry.page)"
    ))?
    .query_map(params![millis(before), n as i64], |row| Ok((OutputId(row.get(0)?), row.get(1)?)))?
    .collect()
}
