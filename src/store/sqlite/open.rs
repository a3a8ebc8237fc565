//! The database's file: its folder, its lock, its schema. Part of the store's door.
#![allow(clippy::disallowed_methods, reason = "the store's files are the store's own")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::Options;
use super::Error;
use super::backup::{self, beside};

/// Numbered by their place: the schema's version is how many of them have run.
const MIGRATIONS: &[&str] = &[
    include_str!("0001_first.sql"),
    include_str!("0002_publish.sql"),
    include_str!("0003_health.sql"),
    include_str!("0004_note.sql"),
    include_str!("0005_stories.sql"),
    include_str!("0006_listing.sql"),
    include_str!("0007_parted.sql"),
    include_str!("0008_window.sql"),
    include_str!("0009_pruned.sql"),
    include_str!("0010_source_name.sql"),
];

/// How long another process may hold the database.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The schema of this Siftwire.
pub(super) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// Makes the folder of a store, for nobody else.
pub(super) fn create_private_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(folder) = path.parent().filter(|folder| !folder.exists()) else { return Ok(()) };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| Error::new(format!("cannot create the folder of {}: {e}", path.display())))
}

/// SQLite gives its side files the mode of the main one.
pub(super) fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The right to be the only daemon on a store; it ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// The lock file.
    whole: Option<File>,
    /// What could be locked without writing: the lock file as it is, or the database itself. It stays open: SQLite's
    /// own locks on the database would end with it.
    part: Option<File>,
}

/// Takes the lock of a store. Where the file beside it cannot be made, because nothing can be written there, the
/// lock is good for reading; it takes the other before the first write.
///
/// # Errors
/// Another daemon has it, or there is nothing to lock.
pub fn lock(options: &Options) -> Result<Lock, Error> {
    let path = options.path.clone();
    create_private_folder(&path)?;
    let held = match private_file(&lock_file(&path)) {
        Ok(file) => Held { whole: Some(taken(file, &path)?), part: None },
        Err(error) => match File::open(lock_file(&path)).or_else(|_| File::open(&path)) {
            Ok(file) => Held { whole: None, part: Some(taken(file, &path)?) },
            Err(_) => {
                return Err(Error::new(format!("cannot open {}: {error}", lock_file(&path).display())));
            }
        },
    };
    Ok(Lock { path, held: Mutex::new(held) })
}

impl Lock {
    /// Makes the lock good for writing, if it is not yet.
    pub(super) fn complete(&self) -> Result<(), Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.whole.is_some() {
            return Ok(());
        }
        let refused = |e| not_writable_because(&self.path, &e);
        let file = private_file(&lock_file(&self.path)).map_err(refused)?;
        // The two may be the same file.
        held.part.as_ref().map_or(Ok(()), File::unlock).map_err(refused)?;
        match taken(file, &self.path) {
            Ok(file) => held.whole = Some(file),
            Err(error) => {
                // Somebody else was quicker and may write; this one goes on reading.
                held.part.iter().for_each(|part| drop(part.try_lock()));
                return Err(error);
            }
        }
        Ok(())
    }
}

fn lock_file(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

fn taken(file: File, path: &Path) -> Result<File, Error> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::new(format!("another siftwire is running on {}", path.display())))
        }
        Err(std::fs::TryLockError::Error(e)) => {
            Err(Error::new(format!("cannot lock {}: {e}", path.display())))
        }
    }
}

/// Says why a store that SQLite opens only for reading cannot be written.
pub(super) fn not_writable(path: &Path) -> Error {
    let probe = beside(path, ".probe");
    let made = private_file(&probe).and_then(|_| std::fs::remove_file(&probe));
    match made.and_then(|()| private_file(&lock_file(path))) {
        Err(error) => not_writable_because(path, &error),
        Ok(_) => Error::new(format!("{} may only be read", path.display())).passing(),
    }
}

fn not_writable_because(path: &Path, error: &std::io::Error) -> Error {
    Error::new(format!("{} cannot be written: {error}", path.display())).passing()
}

/// What to do about a damaged store: the two commands.
#[must_use]
pub fn advice(path: &Path) -> String {
    let shown = path.display();
    format!(
        "To save what can be read: siftwire doctor --salvage {shown}.new. To start anew: mv {shown} {shown}.damaged"
    )
}

/// What the store takes on the disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The database.
    pub database: u64,
    /// What was written lately and is not in the database yet.
    pub log: u64,
}

/// How large the store's files are; a missing one counts as nothing.
#[must_use]
pub fn sizes(options: &Options) -> Sizes {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    Sizes { database: size(&options.path), log: size(&beside(&options.path, "-wal")) }
}

/// Looks at the first bytes, before anything could change the file: it is SQLite's, and not of a newer
/// Siftwire (<https://www.sqlite.org/fileformat.html>, section 1.3).
pub(super) fn refuse_what_is_not_ours(path: &Path) -> Result<(), Error> {
    use std::io::Read;
    let mut head = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        if length > 0 { file.read_exact(&mut head).map(|()| true) } else { Ok(false) }
    });
    match read {
        Ok(false) => Ok(()),
        Ok(true) if head.starts_with(b"SQLite format 3\0") => {
            let version = u32::from_be_bytes([head[60], head[61], head[62], head[63]]);
            refuse_newer(path, usize::try_from(version).unwrap_or(usize::MAX))
        }
        Ok(true) => {
            Err(Error::new(format!("{} is damaged, or no database. {}", path.display(), advice(path))))
        }
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(Error::new(format!("{} is damaged, or no database. {}", path.display(), advice(path))))
        }
        Err(e) => Err(Error::new(format!("cannot read {}: {e}", path.display()))),
    }
}

fn refuse_newer(path: &Path, version: usize) -> Result<(), Error> {
    if version > MIGRATIONS.len() {
        return Err(Error::new(format!(
            "{} was written by a newer Siftwire (schema {version}, this one knows {}): install that one again, or name another file in [store] path",
            path.display(),
            MIGRATIONS.len()
        )));
    }
    Ok(())
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // It is made by us or not at all: what is missing now may be on a disk that comes back.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly("main")? {
        // Before it makes files beside it that nobody may write either.
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY),
            None,
        ));
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A plan is of the statement alone: else SQLite, once it has samples of a table, prepares a statement anew for each
    // value that it is asked with, which took half of a lookup's time (https://www.sqlite.org/queryplanner-ng.html#qpsg).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // They are kept by the commands themselves (`entries::forget`), and looked over by `siftwire doctor`: looked up for
    // each row, they were a tenth of all that a first round costs, and more where the texts do not fit in memory.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Measured on the farm: with SQLite's own 2 MB and 1000 pages, a first round reads back and writes
/// again many of the pages that its indexes touch. Readers do not gain. What a savepoint would undo is kept in memory:
/// in a file it was a write for each page of each poll.
pub(super) fn tune_writer(writer: &Connection) -> rusqlite::Result<()> {
    writer.pragma_update(None, "cache_size", -8 * 1024)?; // negative: KiB
    writer.pragma_update(None, "temp_store", "memory")?;
    writer.pragma_update(None, "wal_autocheckpoint", 4000)
}

/// Brings the schema up to date. What an older Siftwire wrote is copied beside it first.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |e| Error::of(format!("cannot prepare {}", path.display()), e).about(path);
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    refuse_newer(path, version)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    if version > 0 {
        let copy = beside(path, &format!(".schema-{version}"));
        // One that is there already is of a migration that did not come to its end: as good.
        if !copy.exists() {
            backup::copy(connection, path, &copy)?;
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been quicker.
    let version: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", newest()).map_err(failed)?;
    transaction.commit().map_err(failed)
}
