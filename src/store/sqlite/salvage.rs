//! Copying the readable rows of a damaged database into a new one. I/O: both database files.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::super::database::Database;
use super::super::error::Error;
use super::super::sql::{Result, SqlError};
use super::super::tables::entries::{delete_entry, restore_keys};
use super::super::unreadable::UnreadableRows;
use super::btree_recovery::LeafPages;
use super::connection::{inspect, read_only};
use super::damaged_rows::{DamagedRow, damaged_rows};
use super::files::{create_private_file, refuse_existing};
use super::lock::lock;
use super::schema;

/// Maximum number of rowid ranges that are tried before the rest of a table is given up.
const MAX_RANGES: u32 = 20_000;

/// The result of salvaging a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalvagedTable {
    /// Table name.
    pub name: String,
    /// Number of rows that were copied.
    pub rows: usize,
    /// Whether no row was lost.
    pub is_complete: bool,
}

/// Copies every readable row into a new store. The old one is not changed. Blocks the caller.
///
/// # Errors
/// The new file exists or cannot be written; a daemon uses the store; the store has another schema.
pub fn salvage(path: &Path, to: &Path) -> Result<Vec<SalvagedTable>, Error> {
    let _lock = lock(path)?;
    schema::check_file(path, read_only)?;
    refuse_existing(to)?;
    create_private_file(to).map_err(|e| Error::new(format!("cannot write {}: {e}", to.display())))?;
    let failed = |e: SqlError| Error::sql(format!("cannot write {}", to.display()), e);
    let mut new = Connection::open(to).map_err(|e| failed(e.into()))?;
    schema::prepare(&mut new, to)?;
    let old = inspect(path)?;
    let copy = || -> Result<_> {
        new.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
        let names = texts(
            &new,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
        )?;
        let mut tables: Vec<SalvagedTable> =
            names.iter().map(|name| copy_table(&old, &new, name)).collect::<rusqlite::Result<_>>()?;
        let is_complete = tables.iter().all(|table| table.is_complete);
        if !is_complete {
            recover_orphans(&new, path, &mut tables)?;
        }
        let is_sound = delete_damaged_rows(&new)?;
        repair(&new)?;
        if !is_complete || !is_sound {
            drop_validators(&new)?;
        }
        new.execute_batch("COMMIT; PRAGMA journal_mode = wal")?;
        Ok(tables)
    };
    copy().map_err(failed)
}

fn texts(connection: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
}

/// Names and order of a table's columns.
struct Columns {
    names: Vec<String>,
    /// The primary key.
    key: Vec<String>,
    has_rowid: bool,
}

impl Columns {
    fn read(new: &Connection, table: &str) -> rusqlite::Result<Columns> {
        let info = format!("FROM pragma_table_info('{table}')");
        Ok(Columns {
            names: texts(new, &format!("SELECT name {info}"))?,
            key: texts(new, &format!("SELECT name {info} WHERE pk > 0 ORDER BY pk"))?,
            has_rowid: new.prepare(&format!("SELECT rowid FROM {table} LIMIT 0")).is_ok(),
        })
    }

    fn insert(&self, verb: &str, table: &str) -> String {
        let (names, marks) = (self.names.join(", "), vec!["?"; self.names.len()].join(", "));
        format!("{verb} INTO {table} ({names}) VALUES ({marks})")
    }
}

/// Copies a table's rows: forward from its start and backward from its end up to the damage; then the gap between,
/// by bisection, if the table has rowids.
fn copy_table(old: &Connection, new: &Connection, table: &str) -> rusqlite::Result<SalvagedTable> {
    let columns = Columns::read(new, table)?;
    let list = columns.names.join(", ");
    let mut salvaged = SalvagedTable { name: table.to_owned(), rows: 0, is_complete: true };
    let mut insert = new.prepare(&columns.insert("INSERT OR REPLACE", table))?;
    let mut copy = |query: &str, rows: &mut usize| copy_rows(old, query, &mut insert, rows);
    if !columns.has_rowid {
        let descending: Vec<String> = columns.key.iter().map(|key| format!("{key} DESC")).collect();
        let (end, _) = copy(&format!("SELECT 1, {list} FROM {table}"), &mut salvaged.rows);
        if end == CopyEnd::Damage {
            salvaged.is_complete = false;
            let order = descending.join(", ");
            copy(&format!("SELECT 1, {list} FROM {table} ORDER BY {order}"), &mut salvaged.rows);
        }
        return Ok(salvaged);
    }
    let mut ranges_left = MAX_RANGES;
    let mut ranges = vec![(i64::MIN, i64::MAX)];
    while let Some((low, high)) = ranges.pop() {
        let select =
            format!("SELECT rowid, {list} FROM {table} WHERE rowid BETWEEN {low} AND {high} ORDER BY rowid");
        let (end, last) = copy(&select, &mut salvaged.rows);
        if end == CopyEnd::Table {
            continue;
        }
        salvaged.is_complete = false;
        let (_, first) = copy(&format!("{select} DESC"), &mut salvaged.rows);
        let low = last.map_or(low, |last| last.saturating_add(1));
        let high = first.map_or(high, |first| first.saturating_sub(1));
        if low < high && ranges_left > 0 {
            ranges_left -= 1;
            // Rowids start at 1: bisecting from i64::MIN would waste the ranges.
            let low = low.max(0);
            let middle = low + (high - low) / 2;
            ranges.extend([(low, middle), (middle.saturating_add(1), high)]);
        }
    }
    Ok(salvaged)
}

/// Where copying ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CopyEnd {
    Table,
    Damage,
}

/// Copies rows up to the first unreadable one. Returns the rowid of the last row that was read.
fn copy_rows(
    old: &Connection,
    query: &str,
    insert: &mut rusqlite::Statement<'_>,
    count: &mut usize,
) -> (CopyEnd, Option<i64>) {
    let mut last = None;
    let mut copy = || -> rusqlite::Result<()> {
        let mut statement = old.prepare(query)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let rowid = row.get(0)?;
            let values: Vec<Value> =
                (1..columns).map(|n| lossy_value(row, n)).collect::<rusqlite::Result<_>>()?;
            // A row that violates the schema is damaged, too.
            *count += insert.execute(params_from_iter(values)).unwrap_or(0);
            last = Some(rowid);
        }
        Ok(())
    };
    match copy() {
        Ok(()) => (CopyEnd::Table, last),
        Err(_) => (CopyEnd::Damage, last),
    }
}

/// A value; what is not UTF-8 in a text is replaced, which is better than to lose the row.
fn lossy_value(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) => Ok(Value::Text(String::from_utf8_lossy(bytes).into_owned())),
        _ => row.get(column),
    }
}

/// Adds rows from leaf pages that no interior page leads to any more, for tables with an integer primary key. Rows
/// that were copied already stay.
fn recover_orphans(new: &Connection, path: &Path, tables: &mut [SalvagedTable]) -> rusqlite::Result<()> {
    let Some(pages) = LeafPages::open(path) else { return Ok(()) };
    let mut targets = Vec::new();
    for table in tables.iter_mut().filter(|table| !table.is_complete) {
        let columns = Columns::read(new, &table.name)?;
        if let [key] = columns.key.as_slice()
            && columns.has_rowid
            && let Some(position) = columns.names.iter().position(|name| name == key)
        {
            let insert = new.prepare(&columns.insert("INSERT OR IGNORE", &table.name))?;
            targets.push((position, columns.names.len(), insert, &mut table.rows));
        }
    }
    for (rowid, row) in (1..=pages.count).flat_map(|page| pages.rows(page)) {
        for (position, columns, insert, rows) in &mut targets {
            // An integer primary key is stored as null: its value is the rowid.
            if row.len() == *columns && row[*position] == Value::Null {
                let mut row = row.clone();
                row[*position] = Value::Integer(rowid);
                // A row that violates the schema belongs to another table, or is damaged.
                **rows += insert.execute(params_from_iter(row)).unwrap_or(0);
            }
        }
    }
    Ok(())
}

/// Makes the copied tables consistent: deletes rows that refer to lost rows, restores the keys of all entries, and
/// raises the counters past all numbers in use. The keys of lost entries go, so that the entries come back from the
/// feeds; those of pruned entries refer to none and stay.
fn repair(new: &Connection) -> Result<()> {
    let tables: BTreeSet<String> =
        texts(new, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")?.into_iter().collect();
    for table in tables {
        let references: Vec<(String, String, String)> = new
            .prepare(&format!("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list('{table}')"))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (column, parent, key) in references {
            let missing = format!("{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {parent})");
            new.execute(&format!("DELETE FROM {table} WHERE {missing}"), [])?;
        }
    }
    restore_keys(&Database::sqlite(new, &UnreadableRows::default()))?;
    new.execute_batch(
        "UPDATE counter SET revision = max(revision, (SELECT coalesce(max(revision), 0) FROM entry)),
                            entry = max(entry, pruned, (SELECT coalesce(max(number), 0) FROM entry)),
                            story = max(story, (SELECT coalesce(max(story), 0) FROM entry))",
    )?;
    Ok(())
}

/// Deletes rows with damaged content; of sources only their state. Entries go with their keys, so that they come back
/// from the feeds. Returns whether there were none.
fn delete_damaged_rows(new: &Connection) -> Result<bool> {
    let damaged = damaged_rows(new)?;
    for DamagedRow { table, rowid, .. } in &damaged {
        match *table {
            "entry" => {
                new.execute("DELETE FROM key WHERE entry = ?1", [rowid])?;
                delete_entry(&Database::sqlite(new, &UnreadableRows::default()), *rowid)?;
            }
            "source" => drop(new.execute("UPDATE source SET state = '{}' WHERE id = ?1", [rowid])?),
            table => drop(new.execute(&format!("DELETE FROM {table} WHERE rowid = ?1"), [rowid])?),
        }
    }
    Ok(damaged.is_empty())
}

/// Makes sources send their whole documents again, so that lost entries come back.
fn drop_validators(new: &Connection) -> rusqlite::Result<()> {
    new.execute(
        "UPDATE source SET state = json_remove(state, '$.validators', '$.body_hash') WHERE json_valid(state)",
        [],
    )
    .map(drop)
}
