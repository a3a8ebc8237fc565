//! The store in an SQLite file. I/O: the database file.

mod backup;
mod btree_recovery;
mod connection;
mod damaged_rows;
mod files;
mod lock;
mod salvage;
mod schema;
mod threads;

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::error::Error;
use super::handle::Store;
use super::jobs::{JobCounter, QUEUE_LENGTH};
use super::model::Options;
use super::unreadable::UnreadableRows;

pub use backup::{backup, check_integrity};
pub use files::{FileSizes, file_sizes};
pub use lock::{Lock, has_daemon, lock};
pub use salvage::{SalvagedTable, salvage};

/// The version of the built-in SQLite.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// The store's threads. The caller runs and joins them.
pub struct Workers(pub Vec<Worker>);

/// One thread of the store.
pub struct Worker {
    /// What it does, for people.
    pub name: &'static str,
    /// Its jobs.
    pub jobs: JobCounter,
    /// Its body, which ends when the last [`Store`] is dropped. After a panic it can be run again.
    pub run: Box<dyn FnMut() + Send>,
}

/// Opens the store; creates the file if there is none. A file that cannot be written is opened read-only.
///
/// # Errors
/// The file cannot be read, is damaged, or has another schema.
pub fn open(options: &Options) -> Result<(Store, Workers), Error> {
    start(&options.path, None)
}

/// Opens the store for the daemon and keeps the lock until the writer ends. With the lock, a store that was opened
/// read-only is reopened by itself once it can be written.
///
/// # Errors
/// The file cannot be read, is damaged, or has another schema.
pub fn open_locked(options: &Options, lock: Lock) -> Result<(Store, Workers), Error> {
    start(&options.path, Some(lock))
}

fn start(path: &Path, lock: Option<Lock>) -> Result<(Store, Workers), Error> {
    let unreadable = UnreadableRows::default();
    let mut writer = threads::Writer::open(path, lock, unreadable.clone())?;
    let (readers, write_error) = (writer.readers(), writer.write_error());
    let (queries, query_receiver) = mpsc::channel(QUEUE_LENGTH);
    let (commands, mut command_receiver) = mpsc::channel(QUEUE_LENGTH);
    let jobs = JobCounter::default();
    let mut workers = vec![Worker {
        name: "store writer",
        jobs: jobs.clone(),
        run: Box::new(move || threads::run_writer(&mut writer, &mut command_receiver, &jobs)),
    }];
    let query_receiver = Arc::new(Mutex::new(query_receiver));
    for reader in readers {
        let (receiver, jobs) = (Arc::clone(&query_receiver), JobCounter::default());
        workers.push(Worker {
            name: "store reader",
            jobs: jobs.clone(),
            run: Box::new(move || threads::run_reader(&reader, &receiver, &jobs)),
        });
    }
    Ok((Store::new(path, queries, commands, write_error, unreadable), Workers(workers)))
}
