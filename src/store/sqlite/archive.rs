//! SQL of the archive pages: which entries are on which, and what was given out. Part of the store's door.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::{Advance, ArchivePage, Extent, Frozen, Member, MemberUpdate, OutputId};
use super::entries::{self, KEPT};
use super::outputs;
use super::{Error, Store, millis, time};

impl Store {
    /// How many entries each output has, for those that have any.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_counts(&self) -> Result<HashMap<OutputId, u64>, Error> {
        self.ask(outputs::counts).await
    }

    /// How far an output's archive goes.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn archive_extent(&self, output: OutputId) -> Result<Extent, Error> {
        self.ask(move |c| extent(c, output)).await
    }

    /// The entries of an archive page, newest first, and whether it is full.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn archive_page(&self, output: OutputId, page: u32) -> Result<Option<ArchivePage>, Error> {
        self.ask(move |c| self::page(c, output, page)).await
    }

    /// A full page as it was first given out in a format.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn frozen(
        &self,
        output: OutputId,
        page: u32,
        format: &'static str,
    ) -> Result<Option<Frozen>, Error> {
        self.ask(move |c| frozen(c, output, page, format)).await
    }

    /// Keeps a full page as it is given out, for good. What was given out before stays.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn freeze(&self, output: OutputId, page: u32, bodies: Vec<Frozen>) -> Result<(), Error> {
        self.command(move |c| bodies.iter().try_for_each(|body| freeze(c, output, page, body))).await
    }

    /// The full pages, not given out yet, from which the next [`Store::prune`] will take entries.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn losing(&self, before: Timestamp, n: usize) -> Result<Vec<(OutputId, u32)>, Error> {
        self.ask(move |c| losing(c, before, n)).await
    }

    /// Why entries are in an output, as JSON, in the order asked; empty for who is not.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn reasons(&self, output: OutputId, entries: Vec<i64>) -> Result<Vec<String>, Error> {
        self.ask(move |c| {
            let mut why = c.prepare_cached("SELECT why FROM membership WHERE entry = ?1 AND output = ?2")?;
            let reason = |entry: &i64| why.query_row([*entry, output.0], |row| row.get(0)).optional();
            entries.iter().map(reason).map(|why| why.map(Option::unwrap_or_default)).collect()
        })
        .await
    }
}

/// The page that is being filled.
struct Open {
    page: i64,
    size: i64,
    filled: i64,
}

/// Puts the members that are on no page yet onto pages, oldest first. Where the output was defined
/// anew, who no longer matches leaves the page that is not full.
pub(super) fn enter(c: &Connection, advance: &Advance, oldest_first: &[&Member]) -> Result<()> {
    let output = advance.output.0;
    let last = c
        .prepare_cached(
            "SELECT page, size, filled FROM archive_page WHERE output = ?1 ORDER BY page DESC LIMIT 1",
        )?
        .query_row([output], |row| Ok(Open { page: row.get(0)?, size: row.get(1)?, filled: row.get(2)? }))
        .optional()?;
    let size = i64::try_from(advance.page_size).unwrap_or(i64::MAX);
    // Without a page nobody is on one, and nobody need be looked for.
    let is_first = last.is_none();
    let mut open = last.unwrap_or(Open { page: 0, size: 0, filled: 0 });
    if advance.update == MemberUpdate::Replace && open.filled < open.size {
        c.prepare_cached("DELETE FROM archive WHERE output = ?1 AND page = ?2")?
            .execute([output, open.page])?;
        open = Open { filled: 0, size, ..open };
    }
    let mut known = c.prepare_cached("SELECT 1 FROM archive WHERE entry = ?1 AND output = ?2")?;
    let mut join = c.prepare_cached("INSERT INTO archive (output, page, entry) VALUES (?1, ?2, ?3)")?;
    let mut keep = c.prepare_cached(
        "INSERT INTO archive_page (output, page, size, filled) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET size = excluded.size, filled = excluded.filled",
    )?;
    for entry in oldest_first.iter().map(|member| member.entry) {
        if !is_first && known.exists([entry, output])? {
            continue;
        }
        if open.filled >= open.size {
            if open.page > 0 {
                keep.execute([output, open.page, open.size, open.filled])?;
            }
            open = Open { page: open.page + 1, size, filled: 0 };
        }
        join.execute([output, open.page, entry])?;
        open.filled += 1;
    }
    if open.page > 0 {
        keep.execute([output, open.page, open.size, open.filled])?;
    }
    Ok(())
}

fn extent(c: &Connection, output: OutputId) -> Result<Extent> {
    c.prepare_cached(
        "SELECT coalesce(max(page), 0), coalesce(sum(filled), 0) FROM archive_page WHERE output = ?1",
    )?
    .query_row([output.0], |row| Ok(Extent { pages: row.get(0)?, entries: row.get::<_, i64>(1)? as u64 }))
}

fn page(c: &Connection, output: OutputId, page: u32) -> Result<Option<ArchivePage>> {
    let is_full: Option<bool> = c
        .prepare_cached("SELECT filled >= size FROM archive_page WHERE output = ?1 AND page = ?2")?
        .query_row(params![output.0, page], |row| row.get(0))
        .optional()?;
    let Some(is_full) = is_full else { return Ok(None) };
    let sources = entries::sources(c);
    let entries = c
        .prepare_cached(&format!(
            "SELECT {KEPT} FROM archive JOIN entry ON entry.number = archive.entry
             WHERE archive.output = ?1 AND archive.page = ?2 ORDER BY entry.date DESC, entry.number DESC"
        ))?
        .query_map(params![output.0, page], |row| entries::kept(row, &sources))?
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(ArchivePage { entries, is_full }))
}

fn frozen(c: &Connection, output: OutputId, page: u32, format: &str) -> Result<Option<Frozen>> {
    c.prepare_cached(
        "SELECT format, base, body, changed FROM archive_body WHERE output = ?1 AND page = ?2 AND format = ?3",
    )?
    .query_row(params![output.0, page, format], |row| {
        Ok(Frozen {
            format: row.get(0)?,
            base: row.get(1)?,
            body: row.get(2)?,
            changed: time(row.get(3)?)?,
        })
    })
    .optional()
}

fn freeze(c: &Connection, output: OutputId, page: u32, frozen: &Frozen) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO archive_body (output, page, format, base, changed, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![output.0, page, frozen.format, frozen.base, millis(frozen.changed), frozen.body])
    .map(drop)
}

fn losing(c: &Connection, before: Timestamp, n: usize) -> Result<Vec<(OutputId, u32)>> {
    c.prepare_cached(&format!(
        // CROSS: from what is overdue to its pages, which are few; the other way round every page is looked at.
        "SELECT DISTINCT archive.output, archive.page
         FROM ({}) AS overdue CROSS JOIN archive ON archive.entry = overdue.number
         CROSS JOIN archive_page ON archive_page.output = archive.output AND archive_page.page = archive.page
         WHERE archive_page.filled >= archive_page.size
           AND NOT EXISTS (SELECT 1 FROM archive_body AS body
                           WHERE body.output = archive.output AND body.page = archive.page)",
        entries::OVERDUE
    ))?
    .query_map(params![millis(before), n as i64], |row| Ok((OutputId(row.get(0)?), row.get(1)?)))?
    .collect()
}
