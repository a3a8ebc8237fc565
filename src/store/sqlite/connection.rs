//! SQLite connections to the store, writable and read-only. I/O: the database file.
//!
//! While a connection is open, only SQLite may open the database: closing any other handle would end the locks that
//! the process holds on it (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
#![allow(clippy::disallowed_methods, reason = "the store owns its files")]

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::error::Error;
use super::files::{why_not_writable, with_suffix};
use super::schema::{self, SchemaState};

/// Number of reader threads.
const READERS: usize = 2;

/// How long another process may hold the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Prepared statements that a connection keeps.
const STATEMENT_CACHE: usize = 64;

/// What a path keeps as it is in an SQLite URI filename.
const URI_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Opens the writer's connection and those of the readers; creates the tables of a new database.
pub(super) fn open_writable(path: &Path) -> Result<(Connection, Vec<Connection>), Error> {
    let failed = |e: rusqlite::Error| match e.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) if path.exists() => why_not_writable(path),
        _ => Error::sql(format!("cannot open {}", path.display()), e).with_advice(path),
    };
    let mut writer = connect(path).map_err(failed)?;
    tune_writer(&writer).map_err(failed)?;
    schema::prepare(&mut writer, path)?;
    // Takes the locks of a write without writing.
    writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)?;
    let readers = (0..READERS).map(|_| {
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    });
    Ok((writer, readers.collect::<Result<_, _>>().map_err(failed)?))
}

/// Opens the readers' connections to a store that cannot be written.
pub(super) fn open_read_only(path: &Path) -> Result<Vec<Connection>, Error> {
    let open = || {
        let connection = read_only(path)
            .map_err(|e| Error::sql(format!("cannot read {}", path.display()), e).with_advice(path))?;
        match schema::check(&connection, path)? {
            SchemaState::Current => Ok(connection),
            SchemaState::Empty => Err(Error::not_writable(format!("{} is empty", path.display()))),
        }
    };
    (0..READERS).map(|_| open()).collect()
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // No SQLITE_OPEN_CREATE: a missing file may be on an unmounted disk.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly("main")? {
        // Now, before SQLite creates side files that nobody may write either.
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(error, None));
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Query plans do not depend on bound values. Otherwise SQLite, once it has statistics of a table, prepares a
    // statement again for each value: half of a lookup's time (https://www.sqlite.org/queryplanner-ng.html#qpsg).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // The commands keep references themselves, and `siftwire doctor` checks them. SQLite's lookup for each row cost a
    // tenth of a first poll of all sources, and more where the texts do not fit in memory.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// Measured with `benches/load`: with the defaults (2 MB, 1000 pages) a first poll of all sources reads and writes
/// many index pages twice. Readers gain nothing. Rollback data of savepoints stays in memory: in a file it was one
/// write for each page of each poll.
fn tune_writer(writer: &Connection) -> rusqlite::Result<()> {
    writer.pragma_update(None, "cache_size", -8 * 1024)?; // negative: KiB
    writer.pragma_update(None, "temp_store", "memory")?;
    writer.pragma_update(None, "wal_autocheckpoint", 4000)
}

/// Opens a database that this process does not write, without creating a file: a side file would get the database's
/// mode, and could prevent writing later. With the shared memory of the log present, SQLite reads beside other
/// processes; with the log alone, it builds its index in memory; with neither, the file is taken as immutable
/// (<https://www.sqlite.org/wal.html>, section 5).
pub(super) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let size = |suffix| std::fs::metadata(with_suffix(path, suffix)).ok().map(|metadata| metadata.len());
    let (log, shared_memory) = (size("-wal"), size("-shm"));
    let alone = || match log {
        Some(1..) => open_uri(path, "mode=ro&vfs=unix-none", Locking::Exclusive),
        _ => open_uri(path, "immutable=1", Locking::Normal),
    };
    if log.and(shared_memory).is_some() {
        return open_uri(path, "mode=ro", Locking::Normal).or_else(|_| alone());
    }
    alone()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Locking {
    Normal,
    /// The index of the log is kept in the process's own memory.
    Exclusive,
}

fn open_uri(path: &Path, parameters: &str, locking: Locking) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = percent_encode(path.as_os_str().as_bytes(), URI_PATH);
    let connection = Connection::open_with_flags(format!("file:{path}?{parameters}"), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if locking == Locking::Exclusive {
        connection.pragma_update(None, "locking_mode", "exclusive")?;
    }
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// A connection that changes nothing, for backup and doctor. The file may be damaged.
pub(super) fn inspect(path: &Path) -> Result<Connection, Error> {
    let failed = |e| Error::sql(format!("cannot open {}", path.display()), e);
    if !path.exists() {
        return Err(Error::new(format!("there is no store {}", path.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let try_read = || {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        if connection.is_readonly("main")? {
            // Reading would create side files that nobody may write.
            return Ok(false);
        }
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(true))
    };
    match try_read().map_err(failed) {
        Ok(true) => Ok(connection),
        Ok(false) => read_only(path).map_err(failed),
        // Not even the shared memory for reading can be written.
        Err(error) if error.is_transient() => read_only(path).map_err(|_| error),
        // Damage is for the caller to find.
        Err(_) => Ok(connection),
    }
}
