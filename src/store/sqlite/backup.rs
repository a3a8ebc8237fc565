//! Copies of the database: a backup of a sound one, what can be read of a damaged one. Part of the store's door.
#![allow(clippy::disallowed_methods, reason = "the store's files are the store's own")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::super::Options;
use super::leaves::Pages;
use super::open::{advice, lock, migrate, private_file};
use super::{Error, entries, threads};

/// Ranges of rows that are tried one by one before the rest of a table is given up.
const TRIES: u32 = 20_000;

/// What a salvage got out of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The table.
    pub name: String,
    /// How many rows were read.
    pub rows: usize,
    /// Whether that is all that there was.
    pub whole: bool,
}

/// Copies the store as it stands at one moment into a new file, which gets its name once it has been
/// checked. Readers and the writer go on meanwhile. Answers its size in bytes. Blocks.
///
/// # Errors
/// There is such a file already, or it cannot be written, or the copy is not sound.
pub fn backup(options: &Options, to: &Path) -> Result<u64, Error> {
    let from = look(&options.path)?;
    copy(&from, &options.path, to)
}

/// The same from a connection.
pub(super) fn copy(from: &Connection, path: &Path, to: &Path) -> Result<u64, Error> {
    let failed = |what: &str, e| Error::of(format!("{what} {}", to.display()), e);
    refuse_existing(to)?;
    let part = beside(to, ".part");
    private_file(&part).map_err(|e| Error::new(format!("cannot write {}: {e}", part.display())))?;
    let done = (|| {
        let mut copy = Connection::open(&part)?;
        Backup::new(from, &mut copy)?.step(-1)?;
        // One file that needs no others beside it.
        copy.pragma_update(None, "journal_mode", "delete")?;
        copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))
    })();
    let bytes = match done.map_err(|e| failed("cannot copy to", e)).and_then(|verdict| match &*verdict {
        "ok" => keep(&part, to),
        _ => Err(Error::new(format!("the copy is not sound: {verdict}. {}", advice(path)))),
    }) {
        Ok(bytes) => bytes,
        Err(error) => {
            // What is half made helps nobody; the error that is told is the first.
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    Ok(bytes)
}

fn keep(part: &Path, to: &Path) -> Result<u64, Error> {
    let kept = (|| {
        let file = std::fs::File::open(part)?;
        file.sync_all()?;
        // A hard link, unlike a renaming, replaces nothing that has come meanwhile.
        std::fs::hard_link(part, to).or_else(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Err(error),
            _ => std::fs::rename(part, to),
        })?;
        let _ = std::fs::remove_file(part);
        file.metadata().map(|about| about.len())
    })();
    kept.map_err(|e| Error::new(format!("cannot write {}: {e}", to.display())))
}

/// What is wrong with the store; nothing, if it is sound. Changes nothing. Blocks.
///
/// # Errors
/// There is no such file.
pub fn examine(options: &Options) -> Result<Vec<String>, Error> {
    let connection = look(&options.path)?;
    let mut found = Vec::new();
    match texts(&connection, "PRAGMA integrity_check(20)") {
        Ok(lines) => found.extend(lines.into_iter().filter(|line| line != "ok")),
        Err(error) => found.push(error.to_string()),
    }
    match texts(
        &connection,
        "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' names a row of ' || parent || ' that is not there'
         FROM pragma_foreign_key_check LIMIT 20",
    ) {
        Ok(lines) => found.extend(lines),
        Err(error) if found.is_empty() => found.push(error.to_string()),
        Err(_) => {}
    }
    Ok(found)
}

fn texts(connection: &Connection, question: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(question)?.query_map([], |row| row.get(0))?.collect()
}

/// Copies every row that can still be read into a new store. The old one stays as it is. Blocks.
///
/// # Errors
/// There is such a file already, or it cannot be written; a daemon has the store.
pub fn salvage(options: &Options, to: &Path) -> Result<Vec<Salvaged>, Error> {
    let _lock = lock(options)?;
    refuse_existing(to)?;
    private_file(to).map_err(|e| Error::new(format!("cannot write {}: {e}", to.display())))?;
    let failed = |e| Error::of(format!("cannot write {}", to.display()), e);
    let mut new = Connection::open(to).map_err(failed)?;
    migrate(&mut new, to)?;
    let old = look(&options.path)?;
    let tables = texts(
        &new,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .map_err(failed)?;
    new.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").map_err(failed)?;
    let mut salvaged: Vec<Salvaged> =
        tables.iter().map(|table| take_over(&old, &new, table)).collect::<Result<_, _>>().map_err(failed)?;
    if salvaged.iter().any(|table| !table.whole) {
        glean(&old, &new, &options.path, &mut salvaged).map_err(failed)?;
    }
    mend(&new).map_err(failed)?;
    if salvaged.iter().any(|table| !table.whole) {
        forget_answers(&new).map_err(failed)?;
    }
    new.execute_batch("COMMIT; PRAGMA journal_mode = wal").map_err(failed)?;
    Ok(salvaged)
}

/// Copies a table's rows: from its beginning and from its end as far as they go, then the gap by halves.
fn take_over(old: &Connection, new: &Connection, table: &str) -> rusqlite::Result<Salvaged> {
    let columns: Vec<String> = texts(new, &format!("SELECT name FROM pragma_table_info('{table}')"))?;
    let known: BTreeSet<String> = texts(old, &format!("SELECT name FROM pragma_table_info('{table}')"))
        .unwrap_or_default()
        .into_iter()
        .collect();
    let shared: Vec<&str> = columns.iter().map(String::as_str).filter(|name| known.contains(*name)).collect();
    let mut taken = Salvaged { name: table.to_owned(), rows: 0, whole: true };
    if shared.is_empty() {
        taken.whole = known.is_empty() && texts(old, "SELECT name FROM sqlite_schema").is_ok();
        return Ok(taken);
    }
    let list = shared.join(", ");
    let marks = vec!["?"; shared.len()].join(", ");
    let put = format!("INSERT OR REPLACE INTO {table} ({list}) VALUES ({marks})");
    let has_rowid = new.prepare(&format!("SELECT rowid FROM {table} LIMIT 0")).is_ok();
    let mut tries = TRIES;
    let mut ranges = vec![(i64::MIN, i64::MAX)];
    while let Some((low, high)) = ranges.pop() {
        let place = if has_rowid { "rowid" } else { "1" };
        let bounds = if has_rowid { format!("WHERE rowid BETWEEN {low} AND {high}") } else { String::new() };
        let read = |order: &str| format!("SELECT {place}, {list} FROM {table} {bounds} {order}");
        let key =
            texts(new, &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"))?;
        let down = match has_rowid {
            true => "ORDER BY rowid DESC".to_owned(),
            false => {
                format!("ORDER BY {}", key.iter().map(|k| format!("{k} DESC")).collect::<Vec<_>>().join(", "))
            }
        };
        let up = if has_rowid { "ORDER BY rowid" } else { "" };
        let (ok, last) = rows(old, new, &read(up), &put, shared.len(), &mut taken.rows)?;
        if ok {
            continue;
        }
        taken.whole = false;
        let (_, first) = rows(old, new, &read(&down), &put, shared.len(), &mut taken.rows)?;
        let low = last.map_or(low, |last| last.saturating_add(1));
        let high = first.map_or(high, |first| first.saturating_sub(1));
        if has_rowid && low < high && tries > 0 {
            tries -= 1;
            // Numbers begin at 1: halving from there, not from the least number that there is.
            let low = low.max(0);
            let middle = low + (high - low) / 2;
            ranges.extend([(low, middle), (middle.saturating_add(1), high)]);
        }
    }
    Ok(taken)
}

/// Takes from the leaves what no page leads to any more, of tables whose rows have numbers of their own. What was
/// read already stays.
fn glean(old: &Connection, new: &Connection, path: &Path, salvaged: &mut [Salvaged]) -> rusqlite::Result<()> {
    let Some(pages) = Pages::open(path) else { return Ok(()) };
    let mut wanted = Vec::new();
    for table in salvaged.iter_mut().filter(|table| !table.whole) {
        let about = format!("FROM pragma_table_info('{}')", table.name);
        let known = texts(old, &format!("SELECT name {about}")).unwrap_or_default();
        let columns = texts(new, &format!("SELECT name {about}"))?;
        let columns = if known.is_empty() { columns } else { known };
        let numbered = texts(new, &format!("SELECT name {about} WHERE pk = 1 AND upper(type) = 'INTEGER'"))?;
        let others = texts(new, &format!("SELECT name {about} WHERE pk > 1"))?;
        if let ([column], true) = (numbered.as_slice(), others.is_empty())
            && let Some(place) = columns.iter().position(|name| name == column)
        {
            let marks = vec!["?"; columns.len()].join(", ");
            let put =
                format!("INSERT OR IGNORE INTO {} ({}) VALUES ({marks})", table.name, columns.join(", "));
            wanted.push((place, columns.len(), new.prepare(&put)?, &mut table.rows));
        }
    }
    for (number, row) in (1..=pages.count).flat_map(|page| pages.rows(page)) {
        for (place, columns, put, rows) in &mut wanted {
            // The number stands before the row, and nothing in its place.
            if row.len() == *columns && row[*place] == Value::Null {
                let mut row = row.clone();
                row[*place] = Value::Integer(number);
                // What the schema refuses belongs to another table, or is damaged.
                **rows += put.execute(params_from_iter(row)).unwrap_or(0);
            }
        }
    }
    Ok(())
}

/// Copies rows until one cannot be read: whether it came to the end, and the last place it read.
fn rows(
    old: &Connection,
    new: &Connection,
    read: &str,
    put: &str,
    columns: usize,
    count: &mut usize,
) -> rusqlite::Result<(bool, Option<i64>)> {
    let mut put = new.prepare_cached(put)?;
    let mut last = None;
    let Ok(mut question) = old.prepare(read) else { return Ok((false, last)) };
    let Ok(mut answer) = question.query([]) else { return Ok((false, last)) };
    loop {
        match answer.next() {
            Ok(Some(row)) => {
                let place = row.get(0);
                let values: rusqlite::Result<Vec<Value>> = (1..=columns).map(|n| row.get(n)).collect();
                let (Ok(place), Ok(values)) = (place, values) else { return Ok((false, last)) };
                // A row whose values the schema refuses is as good as lost.
                if put.execute(params_from_iter(values)).is_ok() {
                    *count += 1;
                }
                last = Some(place);
            }
            Ok(None) => return Ok((true, last)),
            Err(_) => return Ok((false, last)),
        }
    }
}

/// Makes the parts agree again: no row that names a lost one, every entry under its keys, the revision
/// past all of them. Keys of lost entries go too: those of forgotten ones, which must not come back, name none.
fn mend(new: &Connection) -> rusqlite::Result<()> {
    let orphans: Vec<(String, Option<i64>, String)> = new
        .prepare("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let tables: BTreeSet<&str> = orphans.iter().map(|(table, _, _)| table.as_str()).collect();
    for table in tables {
        let links: Vec<(String, String, String)> = new
            .prepare(&format!("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list('{table}')"))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (from, parent, to) in links {
            new.execute(
                &format!(
                    "DELETE FROM {table} WHERE {from} IS NOT NULL AND {from} NOT IN (SELECT {to} FROM {parent})"
                ),
                [],
            )?;
        }
    }
    entries::restore_keys(new)?;
    new.execute("UPDATE revision SET last = max(last, (SELECT coalesce(max(revision), 0) FROM entry))", [])
        .map(drop)
}

/// Sources tell all that they list once more, so that what was lost of it is found again.
fn forget_answers(new: &Connection) -> rusqlite::Result<()> {
    new.execute(
        "UPDATE source SET state = json_remove(state, '$.validators', '$.body_hash') WHERE json_valid(state)",
        [],
    )
    .map(drop)
}

/// A connection that changes nothing.
fn look(path: &Path) -> Result<Connection, Error> {
    let what = || format!("cannot open {}", path.display());
    if !path.exists() {
        return Err(Error::new(format!("there is no store {}", path.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| Error::of(what(), e))?;
    let seen = (|| {
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "query_only", true)?;
        // Else it would make files beside it that nobody may write.
        match connection.is_readonly("main")? {
            true => Ok(false),
            false => connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(true)),
        }
    })();
    match seen.map_err(|e| Error::of(what(), e)) {
        Ok(false) => threads::only_reading(path).map_err(|e| Error::of(what(), e)),
        // Where nothing can be written, not even the shared memory that SQLite reads along with.
        Err(error) if error.may_pass() => threads::only_reading(path).map_err(|_| error),
        // What is damaged is for the caller to find.
        _ => Ok(connection),
    }
}

fn refuse_existing(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Err(Error::new(format!("{} is there already, and stays as it is", path.display())));
    }
    Ok(())
}

pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(end);
    name.into()
}
