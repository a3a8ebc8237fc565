//! The connections of the store's threads: only reading where the store cannot be written, and made anew by
//! themselves once it can be, or where one has failed. Part of the store's door.
//!
//! While anything here is open the database is opened by SQLite alone: closing any other handle would end the
//! locks that the process holds on it (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tokio::sync::mpsc;

use super::backup::beside;
use super::open::{
    self, Lock, connect, create_private_folder, migrate, private_file, refuse_what_is_not_ours, tune_writer,
};
use super::{Command, Durability, Error, Job, WAITING};

/// How many questions are answered at once.
pub(super) const READERS: usize = 2;

/// A reader's connection, which the writer replaces when the store can be written again.
pub(super) type Slot = Arc<Mutex<Option<Connection>>>;

/// Why the store cannot be written at present; `None`: it can.
pub(super) type WriteError = Arc<Mutex<Option<Error>>>;

/// The writer's connection, and what it takes to make all connections anew.
pub(super) struct Writer {
    path: PathBuf,
    /// Who has it may wait for the store to become writable: it is the only daemon.
    lock: Option<Lock>,
    readers: Vec<Slot>,
    obstacle: WriteError,
    /// `None`: the store can only be read.
    connection: Option<Connection>,
    trust: Trust,
    /// Device and number of the file that is open.
    place: Option<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Sound,
    /// It has failed in a way that a new one may not: the file system was mounted anew, say.
    NeedsReconnect,
}

/// Answers questions one after the other.
pub(super) fn read(reader: &Slot, asked: &std::sync::Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = match asked.lock() {
            Ok(mut asked) => asked.blocking_recv(),
            Err(_) => None,
        };
        match job {
            Some(job) => job(held(reader).as_mut()),
            None => break,
        }
    }
    drop(held(reader).take());
}

/// Takes what is waiting, runs it in one transaction, each command in a savepoint of its own, and
/// answers when the transaction stands.
pub(super) fn write(mut writer: Writer, mut commanded: mpsc::Receiver<Command>) {
    let mut waiting = Vec::new();
    while let Some(first) = commanded.blocking_recv() {
        waiting.push(first);
        while waiting.len() < WAITING {
            match commanded.try_recv() {
                Ok(next) => waiting.push(next),
                Err(_) => break,
            }
        }
        let failed = match writer.ready() {
            Ok(connection) => write_group(connection, &mut waiting),
            Err(error) => Some(refuse(&mut waiting, error)),
        };
        failed.iter().for_each(|error| writer.failed(error));
    }
    let Some(connection) = writer.connection() else { return };
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::debug!(%error, "the last checkpoint was not made");
    }
}

/// Answers everybody; says what failed first, if something did.
fn write_group(connection: &mut Connection, waiting: &mut Vec<Command>) -> Option<Error> {
    // Without it the file is as whole after a power cut, but may be older (pragma_synchronous).
    let sync =
        if waiting.iter().any(|command| command.weight == Durability::Full) { "full" } else { "normal" };
    if let Err(error) = connection.pragma_update(None, "synchronous", sync) {
        tracing::debug!(%error, "how to write cannot be chosen");
    }
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => return Some(refuse(waiting, Error::of("cannot begin to write", error))),
    };
    let mut group = Vec::with_capacity(waiting.len());
    for command in waiting.drain(..) {
        if let Err(error) = run(&transaction, "SAVEPOINT command") {
            let error = Error::of("cannot write", error);
            group.push((command.act)(Err(error)));
            continue;
        }
        let done = (command.act)(Ok(&transaction));
        let undone = if done.failed.is_some() { run(&transaction, "ROLLBACK TO command") } else { Ok(()) };
        if let Err(error) = undone.and_then(|()| run(&transaction, "RELEASE command")) {
            // A full disk rolls back the whole transaction by itself: then the commit below fails too.
            tracing::debug!(%error, "a savepoint could not be ended");
        }
        group.push(done);
    }
    let failed = transaction.commit().err().map(|error| Error::of("cannot commit", error));
    let first = group.iter().find_map(|done| done.failed.clone()).or_else(|| failed.clone());
    group.into_iter().for_each(|done| (done.settle)(failed.as_ref()));
    first
}

fn refuse(waiting: &mut Vec<Command>, error: Error) -> Error {
    waiting.drain(..).for_each(|command| ((command.act)(Err(error.clone())).settle)(None));
    error
}

/// Runs a statement that is kept prepared.
fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

/// Opens the store's file for its threads; creates or migrates it. One that is there and cannot be written, for
/// whatever reason, is opened to be read.
pub(super) fn open(path: &Path, lock: Option<Lock>) -> Result<Writer, Error> {
    let what = || format!("cannot open {}", path.display());
    create_private_folder(path)?;
    let made = private_file(path).map(drop).map_err(|e| Error::new(format!("{}: {e}", what())).passing());
    if !path.exists() {
        made.clone()?;
    }
    refuse_what_is_not_ours(path)?;
    let new = |connection: Option<Connection>, readers: Vec<Connection>, obstacle| Writer {
        path: path.to_owned(),
        lock,
        readers: readers.into_iter().map(|reader| Arc::new(Mutex::new(Some(reader)))).collect(),
        obstacle: Arc::new(Mutex::new(obstacle)),
        connection,
        trust: Trust::Sound,
        place: place(path),
    };
    let obstacle = match made.and_then(|()| writable(path)) {
        Ok((writer, readers)) => return Ok(new(Some(writer), readers, None)),
        Err(error) if error.may_pass() => error,
        Err(error) => return Err(error),
    };
    match only_readers(path) {
        Ok(readers) => Ok(new(None, readers, Some(obstacle))),
        Err(Unread::Older(version)) => Err(Error::new(format!(
            "{} is of an older Siftwire (schema {version}) and cannot be brought up to date: {obstacle}",
            path.display()
        ))),
        Err(Unread::Error(error)) if error.may_pass() => Err(obstacle),
        Err(Unread::Error(error)) => Err(error.about(path)),
    }
}

impl Writer {
    pub(super) fn readers(&self) -> Vec<Slot> {
        self.readers.clone()
    }

    pub(super) fn obstacle(&self) -> WriteError {
        Arc::clone(&self.obstacle)
    }

    /// A connection that can write, made anew where it takes that.
    ///
    /// # Errors
    /// The store can only be read, still.
    pub(super) fn ready(&mut self) -> Result<&mut Connection, Error> {
        let connection = match (self.connection.take(), self.trust) {
            (Some(connection), Trust::Sound) if self.place == place(&self.path) => connection,
            // What is written to a file without a name ends with the process.
            (Some(connection), Trust::Sound) => {
                self.connection = Some(connection);
                return Err(Error::new(format!(
                    "{} was moved, removed or replaced while it was open: put it back, or start siftwire anew",
                    self.path.display()
                )));
            }
            // The old one may do as well, and fails again if not.
            (Some(old), Trust::NeedsReconnect) => self.renewed().unwrap_or(old),
            (None, _) => self.recovered()?,
        };
        self.trust = Trust::Sound;
        Ok(self.connection.insert(connection))
    }

    /// A command has failed.
    pub(super) fn failed(&mut self, error: &Error) {
        if error.may_pass() {
            self.trust = Trust::NeedsReconnect;
        }
    }

    /// The connection as it is.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    fn renewed(&mut self) -> Option<Connection> {
        let (writer, readers) = writable(&self.path).ok()?;
        self.place = place(&self.path);
        self.readers.iter().zip(readers).for_each(|(slot, reader)| *held(slot) = Some(reader));
        Some(writer)
    }

    /// Connections that only read stand in the way of one that writes: they end first.
    fn recovered(&mut self) -> Result<Connection, Error> {
        self.place = place(&self.path);
        let still = || held(&self.obstacle).clone().unwrap_or_else(|| Error::new("closed"));
        self.lock.as_ref().ok_or_else(still)?.complete()?;
        let mut slots: Vec<_> = self.readers.iter().map(held).collect();
        slots.iter_mut().for_each(|slot| drop(slot.take()));
        match writable(&self.path) {
            Ok((writer, readers)) => {
                slots.iter_mut().zip(readers).for_each(|(slot, reader)| **slot = Some(reader));
                *held(&self.obstacle) = None;
                Ok(writer)
            }
            Err(error) => {
                let readers = only_readers(&self.path).unwrap_or_default();
                slots.iter_mut().zip(readers).for_each(|(slot, reader)| **slot = Some(reader));
                *held(&self.obstacle) = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// Device and number of a file, without opening it.
fn place(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

/// A thread that panicked left a whole value behind.
pub(super) fn held<T>(lock: &Arc<Mutex<T>>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn writable(path: &Path) -> Result<(Connection, Vec<Connection>), Error> {
    let failed = |e: rusqlite::Error| match e.sqlite_error_code() {
        // SQLite does not say what the system said.
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) if path.exists() => open::not_writable(path),
        _ => Error::of(format!("cannot open {}", path.display()), e).about(path),
    };
    let mut writer = connect(path).map_err(failed)?;
    tune_writer(&writer).map_err(failed)?;
    migrate(&mut writer, path)?;
    // Locks are taken as for a command, and nothing is written.
    writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)?;
    let readers = (0..READERS).map(|_| {
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    });
    Ok((writer, readers.collect::<Result<_, _>>().map_err(failed)?))
}

/// Why a store cannot even be read.
enum Unread {
    Older(i64),
    Error(Error),
}

fn only_readers(path: &Path) -> Result<Vec<Connection>, Unread> {
    let failed = |e| Unread::Error(Error::of(format!("cannot read {}", path.display()), e));
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let reader = only_reading(path).map_err(failed)?;
        let version = reader.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if version < open::newest() {
            return Err(Unread::Older(version));
        }
        readers.push(reader);
    }
    Ok(readers)
}

/// A connection to a database that cannot be written: as SQLite reads along with others where they have left the
/// shared memory for that; else with the log and an index of its own; where there is no log, as a file that nobody
/// changes (<https://www.sqlite.org/wal.html>, section 5). None of them makes a file: it would have the mode of the
/// database, and stand in the way when that can be written again.
pub(super) fn only_reading(path: &Path) -> rusqlite::Result<Connection> {
    let open = |how: &str| {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(format!("file:{}?{how}", as_uri(path)), flags)?;
        connection.busy_timeout(open::BUSY_TIMEOUT)?;
        if how.contains("unix-none") {
            connection.pragma_update(None, "locking_mode", "exclusive")?;
        }
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    let has = |end: &str| std::fs::metadata(beside(path, end)).ok().map(|about| about.len());
    let alone =
        if has("-wal").is_some_and(|bytes| bytes > 0) { "mode=ro&vfs=unix-none" } else { "immutable=1" };
    if has("-wal").and(has("-shm")).is_some() {
        return open("mode=ro").or_else(|_| open(alone));
    }
    open(alone)
}

/// A path as `SQLite` takes it out of an address again.
fn as_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(byte);
    let written =
        |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    path.as_os_str().as_bytes().iter().map(written).collect()
}
