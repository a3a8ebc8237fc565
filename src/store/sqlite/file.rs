//! The database's file: its folder, its lock, its schema. Part of the store's door.
#![allow(clippy::disallowed_methods, reason = "the store's files are the store's own")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::super::Options;
use super::Error;
use super::copies::{self, beside};

/// Numbered by their place: the schema's version is how many of them have run.
const MIGRATIONS: &[&str] = &[
    include_str!("0001_first.sql"),
    include_str!("0002_publish.sql"),
    include_str!("0003_health.sql"),
    include_str!("0004_note.sql"),
    include_str!("0005_stories.sql"),
    include_str!("0006_parted.sql"),
    include_str!("0007_listing.sql"),
    include_str!("0008_window.sql"),
];

pub(super) fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// SQLite gives its side files the mode of the main one.
pub(super) fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The right to be the only daemon on a store; it ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

/// Takes the lock of a store.
///
/// # Errors
/// Another daemon has it, or the lock file beside the store cannot be made.
pub fn lock(options: &Options) -> Result<Lock, Error> {
    let mut path = options.path.clone().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    if let Some(folder) = path.parent().filter(|f| !f.exists()) {
        create_private_folder(folder)
            .map_err(|e| Error::new(format!("cannot create {}: {e}", folder.display())))?;
    }
    let file = private_file(&path).map_err(|e| Error::new(format!("cannot open {}: {e}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::new(format!("another siftwire is running on {}", options.path.display())))
        }
        Err(std::fs::TryLockError::Error(e)) => {
            Err(Error::new(format!("cannot lock {}: {e}", path.display())))
        }
    }
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
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
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
            copies::copy(connection, path, &copy)?;
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been quicker.
    let version: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    transaction.commit().map_err(failed)
}
