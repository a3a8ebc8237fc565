//! The store's threads: readers, and one writer that reconnects by itself. I/O: the database file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use super::super::database::Database;
use super::super::error::Error;
use super::super::jobs::{Durability, Job, JobCounter, WriteCommand, next_group};
use super::super::unreadable::UnreadableRows;
use super::connection::{open_read_only, open_writable, read_only};
use super::files::{create_private_file, create_private_folder, device_and_inode};
use super::lock::Lock;
use super::schema;

/// A reader's connection, which the writer replaces when it reconnects. `None`: the store cannot be read at present.
pub(super) type ReaderSlot = Arc<Mutex<Option<Connection>>>;

/// What a reader's thread has.
pub(super) struct Reader {
    path: PathBuf,
    slot: ReaderSlot,
    unreadable: UnreadableRows,
}

/// The writer's connection, and what it takes to reconnect.
pub(super) struct Writer {
    path: PathBuf,
    /// The process that has it reopens a read-only store once it can be written: it is the only daemon.
    lock: Option<Lock>,
    readers: Vec<ReaderSlot>,
    unreadable: UnreadableRows,
    /// Why the store cannot be written at present.
    write_error: Arc<Mutex<Option<Error>>>,
    /// `None`: the store is open read-only.
    connection: Option<Connection>,
    health: ConnectionHealth,
    /// Device and inode of the open file.
    open_file: Option<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ConnectionHealth {
    Good,
    /// It failed in a way that a new connection may not, for example after the disk was mounted again.
    NeedsReconnect,
}

/// Runs queries until the channel is closed.
pub(super) fn run_reader(reader: &Reader, receiver: &Mutex<mpsc::Receiver<Job>>, jobs: &JobCounter) {
    loop {
        let query = locked(receiver).blocking_recv();
        let Some(mut query) = query else { break };
        let _job = jobs.begin();
        let mut connection = locked(&reader.slot);
        let outcome = match connection.as_mut().map(Connection::transaction) {
            Some(Ok(transaction)) => query(Ok(&Database::sqlite(&transaction, &reader.unreadable))),
            Some(Err(error)) => query(Err(Error::sql("cannot read", error).with_advice(&reader.path))),
            None => query(Err(Error::new(format!("cannot read {}", reader.path.display())))),
        };
        (outcome.reply)(None);
    }
    drop(locked(&reader.slot).take());
}

/// Runs commands until the channel is closed, then checkpoints. Commands that wait are grouped into one transaction.
pub(super) fn run_writer(
    writer: &mut Writer,
    receiver: &mut mpsc::Receiver<WriteCommand>,
    jobs: &JobCounter,
) {
    let unreadable = writer.unreadable.clone();
    while let Some(first) = receiver.blocking_recv() {
        let _job = jobs.begin();
        let mut group = next_group(first, receiver);
        let result = match writer.ready_connection() {
            Ok(connection) => run_group(connection, &unreadable, &mut group),
            Err(error) => Err(refuse_group(&mut group, error)),
        };
        if result.is_err_and(|error| error.is_transient()) {
            writer.health = ConnectionHealth::NeedsReconnect;
        }
    }
    let Some(connection) = writer.connection.take() else { return };
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::debug!(%error, "the last checkpoint failed");
    }
}

/// Runs the commands in one transaction, each in a savepoint, and replies after the commit. Returns the first error,
/// after which the connection may have to be renewed.
fn run_group(
    connection: &mut Connection,
    unreadable: &UnreadableRows,
    group: &mut Vec<WriteCommand>,
) -> Result<(), Error> {
    // With "normal" a power cut leaves the file consistent, but may undo the last commits.
    let is_durable = group.iter().any(|command| command.durability == Durability::Full);
    let synchronous = if is_durable { "full" } else { "normal" };
    if let Err(error) = connection.pragma_update(None, "synchronous", synchronous) {
        tracing::debug!(%error, "cannot set PRAGMA synchronous");
    }
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => return Err(refuse_group(group, Error::sql("cannot begin to write", error))),
    };
    let mut outcomes = Vec::with_capacity(group.len());
    for mut command in group.drain(..) {
        if let Err(error) = execute(&transaction, "SAVEPOINT command") {
            outcomes.push((command.job)(Err(Error::sql("cannot write", error))));
            continue;
        }
        let outcome = (command.job)(Ok(&Database::sqlite(&transaction, unreadable)));
        let undo =
            if outcome.error.is_some() { execute(&transaction, "ROLLBACK TO command") } else { Ok(()) };
        if let Err(error) = undo.and_then(|()| execute(&transaction, "RELEASE command")) {
            // On a full disk SQLite rolls back the whole transaction by itself: then the commit below fails too.
            tracing::debug!(%error, "cannot end a savepoint");
        }
        outcomes.push(outcome);
    }
    let commit_error = transaction.commit().err().map(|error| Error::sql("cannot commit", error));
    let first_error = outcomes.iter().find_map(|outcome| outcome.error.clone());
    outcomes.into_iter().for_each(|outcome| (outcome.reply)(commit_error.as_ref()));
    first_error.or(commit_error).map_or(Ok(()), Err)
}

fn refuse_group(group: &mut Vec<WriteCommand>, error: Error) -> Error {
    group.drain(..).for_each(|mut command| ((command.job)(Err(error.clone())).reply)(None));
    error
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

/// A panic leaves the value consistent, so poisoning is ignored.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    /// Opens the store's file for its threads, and creates it if there is none. An existing file that cannot be
    /// written is opened read-only.
    pub(super) fn open(path: &Path, lock: Option<Lock>, unreadable: UnreadableRows) -> Result<Writer, Error> {
        create_private_folder(path)?;
        let created = create_private_file(path)
            .map(drop)
            .map_err(|e| Error::not_writable(format!("cannot open {}: {e}", path.display())));
        if !path.exists() {
            created.clone()?;
        }
        schema::check_file(path, read_only)?;
        let (connection, readers, write_error) = match created.and_then(|()| open_writable(path)) {
            Ok((writer, readers)) => (Some(writer), readers, None),
            Err(error) if error.is_transient() => match open_read_only(path) {
                Ok(readers) => (None, readers, Some(error)),
                Err(read_error) if read_error.is_transient() => return Err(error),
                Err(read_error) => return Err(read_error),
            },
            Err(error) => return Err(error),
        };
        Ok(Writer {
            path: path.to_owned(),
            lock,
            readers: readers.into_iter().map(|reader| Arc::new(Mutex::new(Some(reader)))).collect(),
            unreadable,
            write_error: Arc::new(Mutex::new(write_error)),
            connection,
            health: ConnectionHealth::Good,
            open_file: device_and_inode(path),
        })
    }

    pub(super) fn readers(&self) -> Vec<Reader> {
        let reader = |slot: &ReaderSlot| Reader {
            path: self.path.clone(),
            slot: Arc::clone(slot),
            unreadable: self.unreadable.clone(),
        };
        self.readers.iter().map(reader).collect()
    }

    pub(super) fn write_error(&self) -> Arc<Mutex<Option<Error>>> {
        Arc::clone(&self.write_error)
    }

    /// The connection, renewed where necessary.
    ///
    /// # Errors
    /// The store still cannot be written.
    fn ready_connection(&mut self) -> Result<&mut Connection, Error> {
        let connection = match (self.connection.take(), self.health) {
            (Some(old), ConnectionHealth::Good) if self.open_file == device_and_inode(&self.path) => old,
            (Some(old), ConnectionHealth::Good) => {
                self.connection = Some(old);
                // Anything written to an unlinked file would be lost.
                return Err(Error::new(format!(
                    "{} was moved, removed or replaced while it was open: put it back, or restart siftwire",
                    self.path.display()
                )));
            }
            // The old connection may work again; if not, it fails again.
            (Some(old), ConnectionHealth::NeedsReconnect) => self.reconnect().unwrap_or(old),
            (None, _) => self.open_for_writing()?,
        };
        self.health = ConnectionHealth::Good;
        Ok(self.connection.insert(connection))
    }

    fn reconnect(&mut self) -> Option<Connection> {
        let (writer, readers) = open_writable(&self.path).ok()?;
        self.open_file = device_and_inode(&self.path);
        self.readers.iter().zip(readers).for_each(|(slot, reader)| *locked(slot) = Some(reader));
        Some(writer)
    }

    /// Reopens a store that was open read-only. The read-only connections are closed first: they keep others from
    /// writing.
    fn open_for_writing(&mut self) -> Result<Connection, Error> {
        self.open_file = device_and_inode(&self.path);
        let refused = || locked(&self.write_error).clone().unwrap_or_else(|| Error::new("closed"));
        self.lock.as_ref().ok_or_else(refused)?.upgrade()?;
        let mut slots: Vec<_> = self.readers.iter().map(|slot| locked(slot)).collect();
        slots.iter_mut().for_each(|slot| drop(slot.take()));
        let (result, readers) = match open_writable(&self.path) {
            Ok((writer, readers)) => (Ok(writer), readers),
            Err(error) => (Err(error), open_read_only(&self.path).unwrap_or_default()),
        };
        slots.iter_mut().zip(readers).for_each(|(slot, reader)| **slot = Some(reader));
        *locked(&self.write_error) = result.as_ref().err().cloned();
        result
    }
}
