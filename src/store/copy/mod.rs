//! Copies a store into another place, where the other database may be. I/O: both stores.
//!
//! Rows go in the order of their primary keys, so that a copy that was interrupted goes on where it ended. The source is
//! read in one transaction. In the end both stores are read again and compared.

mod ends;
mod tables;

use super::database::Database;
use super::error::Error;
use super::location::StoreLocation;
use super::sql::{OptionalExtension, Result as SqlResult, params};
use ends::{Original, Target};
use tables::{Cell, Digest, Row, Table};

/// Rows of one statement.
const BATCH: usize = 100;

/// How much is written in one transaction, in bytes of values.
const TRANSACTION: usize = 8 * 1024 * 1024;

/// A table that is the same in both stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Of all values of all rows, in any order.
    pub checksum: u128,
    /// In how many texts a character was replaced: PostgreSQL keeps no U+0000, and neither store what is not UTF-8.
    pub replaced: u64,
}

/// How many rows of a table were copied, or read again, of how many.
#[derive(Clone, Copy, Debug, Default)]
pub struct CopyProgress {
    /// So far.
    pub done: u64,
    /// In the end.
    pub total: u64,
}

/// Makes a copy of a store, or completes one that was interrupted. Blocks the caller.
///
/// # Errors
/// There is no store to copy, a daemon uses its file, the new place has another store, or one of both fails.
pub fn copy(
    from: &StoreLocation,
    to: &StoreLocation,
    report: &mut dyn FnMut(CopyProgress),
) -> Result<Vec<CopiedTable>, Error> {
    let source = Original::open(from)?;
    let target = Target::open(to, from)?;
    let (old, new) = (source.database(), target.database());
    let reading = |error| Error::sql(format!("cannot read {from}"), error);
    let writing = |error| Error::sql(format!("cannot write {to}"), error);
    let tables = tables::all().map_err(reading)?;
    let keeps_zero = target.keeps_zero();
    let mut work = Work { old, new, keeps_zero, report, progress: CopyProgress::default() };
    for table in &tables {
        match work.copy_rest(table) {
            // The source may have changed since the copy was begun, and have what is unique in another row now.
            Err(_) if target.is_resumed => work.copy_anew(table).map_err(writing)?,
            copied => copied.map_err(writing)?,
        }
    }
    let mut compared = work.compare(&tables).map_err(reading)?;
    if target.is_resumed {
        for (table, _) in tables.iter().zip(&compared).filter(|(_, digests)| !digests.are_equal()) {
            work.copy_anew(table).map_err(writing)?;
        }
        compared = work.compare(&tables).map_err(reading)?;
    }
    if let Some((table, _)) = tables.iter().zip(&compared).find(|(_, digests)| !digests.are_equal()) {
        return Err(Error::new(format!(
            "the table {} of {to} is not the same as that of {from}: remove {to}, and copy again",
            table.name
        )));
    }
    target.finish(&tables).map_err(writing)?;
    let copied = |(table, digests): (&Table, &Digests)| CopiedTable {
        name: table.name.clone(),
        rows: digests.old.rows,
        checksum: digests.old.sum,
        replaced: digests.old.replaced,
    };
    Ok(tables.iter().zip(&compared).map(copied).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Inner,
    /// The table is complete.
    Last,
}

/// What both stores have of a table.
struct Digests {
    old: Digest,
    new: Digest,
}

impl Digests {
    fn are_equal(&self) -> bool {
        (self.old.rows, self.old.sum) == (self.new.rows, self.new.sum)
    }
}

struct Work<'a> {
    old: Database<'a>,
    new: Database<'a>,
    /// Whether texts of the copy may have U+0000.
    keeps_zero: bool,
    report: &'a mut dyn FnMut(CopyProgress),
    progress: CopyProgress,
}

impl Work<'_> {
    /// Copies the rows that are not copied yet.
    fn copy_rest(&mut self, table: &Table) -> SqlResult<()> {
        self.progress = CopyProgress { done: table.count(&self.new)?, total: table.count(&self.old)? };
        let mut last = self.last_key(table)?;
        loop {
            self.new.batch("BEGIN")?;
            let copied = self.copy_part(table, &mut last);
            // The first error is the one to report.
            match copied {
                Ok(part) => {
                    self.new.batch("COMMIT")?;
                    if part == Part::Last {
                        return Ok(());
                    }
                }
                Err(error) => {
                    // The first error is the one to report.
                    let _ = self.new.batch("ROLLBACK");
                    return Err(error);
                }
            }
        }
    }

    /// Copies as many rows as one transaction has. How far it is, is written with them.
    fn copy_part(&mut self, table: &Table, last: &mut Option<Vec<Cell>>) -> SqlResult<Part> {
        let mut bytes = 0;
        while bytes < TRANSACTION {
            let rows = table.batch(&self.old, last.as_deref(), BATCH)?;
            let Some(end) = rows.last() else { return Ok(Part::Last) };
            let key = table.key(end)?;
            bytes += rows.iter().flatten().map(Cell::size).sum::<usize>();
            self.advance(rows.len());
            let rows: Vec<Row> = rows.into_iter().map(|row| self.writable(row).0).collect();
            table.insert(&self.new, &rows)?;
            self.set_last_key(table, &key)?;
            *last = Some(key);
        }
        Ok(Part::Inner)
    }

    /// The key of the last row that was copied.
    fn last_key(&self, table: &Table) -> SqlResult<Option<Vec<Cell>>> {
        let select = "SELECT text FROM copy_progress WHERE name = ?1";
        let text = self.new.query_row(select, params![table.name], |row| row.get::<String>(0)).optional()?;
        text.map(|text| tables::key_from_text(&text)).transpose()
    }

    fn set_last_key(&self, table: &Table, key: &[Cell]) -> SqlResult<()> {
        let insert = "INSERT INTO copy_progress (name, text) VALUES (?1, ?2)
                      ON CONFLICT (name) DO UPDATE SET text = excluded.text";
        self.new.execute(insert, params![table.name, tables::key_to_text(key)?]).map(drop)
    }

    /// Copies a table from its start, in place of what was copied of it.
    fn copy_anew(&mut self, table: &Table) -> SqlResult<()> {
        self.new.batch("BEGIN")?;
        self.new.execute(&format!("DELETE FROM {}", table.name), ())?;
        self.new.execute("DELETE FROM copy_progress WHERE name = ?1", params![table.name])?;
        self.new.batch("COMMIT")?;
        self.copy_rest(table)
    }

    fn compare(&mut self, tables: &[Table]) -> SqlResult<Vec<Digests>> {
        tables
            .iter()
            .map(|table| Ok(Digests { old: self.digest(table, true)?, new: self.digest(table, false)? }))
            .collect()
    }

    fn digest(&mut self, table: &Table, is_old: bool) -> SqlResult<Digest> {
        let mut digest = Digest::default();
        self.progress = CopyProgress { done: 0, total: table.count(&self.old)? };
        let mut last: Option<Vec<Cell>> = None;
        loop {
            let database = if is_old { &self.old } else { &self.new };
            let rows = table.batch(database, last.as_deref(), BATCH)?;
            let Some(end) = rows.last() else { return Ok(digest) };
            last = Some(table.key(end)?);
            self.advance(rows.len());
            for row in rows {
                let (row, replaced) = self.writable(row);
                digest.add(&row, replaced);
            }
        }
    }

    /// A row as both stores can have it, and in how many of its texts something was replaced.
    fn writable(&self, row: Row) -> (Row, u64) {
        let mut replaced = 0;
        let row = row.into_iter().map(|value| {
            let (value, is_replaced) = value.writable(self.keeps_zero);
            replaced += u64::from(is_replaced);
            value
        });
        (row.collect(), replaced)
    }

    fn advance(&mut self, rows: usize) {
        self.progress.done += rows as u64;
        (self.report)(self.progress);
    }
}
