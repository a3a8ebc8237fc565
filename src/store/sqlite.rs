//! The store in SQLite: the only module with SQL. I/O: the database file.

mod archive;
mod article_rows;
mod articles;
mod backup;
mod btree_recovery;
mod connection;
mod daemon_status;
mod damaged_rows;
mod dedup_index;
mod entries;
mod error;
mod files;
mod handle;
mod hosts;
mod jobs;
mod kept_apart;
mod lock;
mod lookups;
mod members;
mod outputs;
mod owners;
mod pings;
mod poll;
mod poll_days;
mod published_ids;
mod robots;
mod rows;
mod salvage;
mod schema;
mod sources;
mod stand_ins;
mod stories;
mod story_rows;
mod threads;
mod unreadable;
mod values;
mod web_pages;

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::model::Options;

pub use backup::{backup, check_integrity};
pub use error::{Error, recovery_advice};
pub use files::{FileSizes, file_sizes};
pub use handle::Store;
pub use jobs::JobCounter;
pub use lock::{Lock, has_daemon, lock};
pub use salvage::{SalvagedTable, salvage};
pub use web_pages::NeighbourPages;

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
    let mut writer = threads::Writer::open(path, lock)?;
    let (readers, write_error) = (writer.readers(), writer.write_error());
    let (queries, query_receiver) = mpsc::channel(jobs::QUEUE_LENGTH);
    let (commands, mut command_receiver) = mpsc::channel(jobs::QUEUE_LENGTH);
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
    Ok((Store::new(path, queries, commands, write_error), Workers(workers)))
}
