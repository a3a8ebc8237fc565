//! The store in an SQLite file. I/O: the database file.

mod backup;
mod btree_recovery;
mod connection;
mod copy;
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
use super::jobs::{JobCounter, QUEUE_LENGTH, Worker, Workers};
use super::location::StoreLocation;
use super::unreadable::UnreadableRows;

pub use backup::{backup, check_integrity};
pub(super) use copy::{create_copy, finish_copy, open_to_copy};
pub use files::{FileSizes, file_sizes};
pub use lock::{Lock, has_daemon, lock};
pub use salvage::{SalvagedTable, salvage};

/// The version of the built-in SQLite.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Opens the store; creates the file if there is none. A file that cannot be written is opened read-only. With the lock, it
/// is reopened by itself once it can be written.
///
/// # Errors
/// The file cannot be read, is damaged, or has another schema.
pub(super) fn open(path: &Path, lock: Option<Lock>) -> Result<(Store, Workers), Error> {
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
    let location = StoreLocation::File(path.to_owned());
    Ok((Store::new(&location, (queries, commands), write_error, unreadable, None), Workers(workers)))
}
