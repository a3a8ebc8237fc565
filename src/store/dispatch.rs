//! Opening a store, and what is done with it as a whole, wherever it is. I/O: the store.

use std::path::Path;

use super::error::Error;
use super::handle::Store;
use super::jobs::Workers;
use super::location::StoreLocation;
use super::model::Options;
use super::postgres;
use super::sqlite::{self, Lock, SalvagedTable};

/// Opens the store; creates what is missing. A file that cannot be written is opened read-only.
///
/// # Errors
/// The file cannot be read or is damaged; the server cannot be reached; another schema.
pub fn open(options: &Options) -> Result<(Store, Workers), Error> {
    match &options.location {
        StoreLocation::File(path) => sqlite::open(path, None),
        StoreLocation::Server(server) => postgres::open(server),
    }
}

/// Opens the store for the daemon, and keeps the lock until the writer ends. With the lock, a file that was opened
/// read-only is reopened by itself once it can be written.
///
/// # Errors
/// As [`open`].
pub fn open_locked(options: &Options, lock: Option<Lock>) -> Result<(Store, Workers), Error> {
    match &options.location {
        StoreLocation::File(path) => sqlite::open(path, lock),
        StoreLocation::Server(server) => postgres::open(server),
    }
}

/// Locks a file for the only daemon on it; several daemons share a database.
///
/// # Errors
/// Another daemon has the lock, or there is neither a lock file nor a database.
pub fn lock(options: &Options) -> Result<Option<Lock>, Error> {
    options.location.file().map(sqlite::lock).transpose()
}

/// Whether a daemon uses a file.
#[must_use]
pub fn has_daemon(options: &Options) -> bool {
    options.location.file().is_some_and(sqlite::has_daemon)
}

/// Copies a file, as it is at one moment, into a new one. Returns the size in bytes. Blocks the caller.
///
/// # Errors
/// The new file exists or cannot be written, the copy is damaged, or the store is a database.
pub fn backup(options: &Options, to: &Path) -> Result<u64, Error> {
    match &options.location {
        StoreLocation::File(path) => sqlite::backup(path, to),
        StoreLocation::Server(server) => Err(Error::new(format!(
            "the store is a PostgreSQL database, which has its own tools: pg_dump --format=custom --schema=siftwire \
             --file='{}' {}",
            to.display(),
            server.for_tools(None)
        ))),
    }
}

/// The problems of a file, for people; none if it is sound. Changes nothing. Blocks the caller.
///
/// # Errors
/// There is no such file, or the store is a database.
pub fn check_integrity(options: &Options) -> Result<Vec<String>, Error> {
    match &options.location {
        StoreLocation::File(path) => sqlite::check_integrity(path),
        StoreLocation::Server(server) => Err(Error::new(format!(
            "the store is a PostgreSQL database, which has its own tools; as an administrator of it: pg_amcheck \
             --install-missing --schema=siftwire {}",
            server.for_tools(Some("postgres"))
        ))),
    }
}

/// Copies every readable row of a file into a new store. The old one is not changed. Blocks the caller.
///
/// # Errors
/// The new file exists or cannot be written; a daemon uses the store; the store has another schema, or is a database.
pub fn salvage(options: &Options, to: &Path) -> Result<Vec<SalvagedTable>, Error> {
    match &options.location {
        StoreLocation::File(path) => sqlite::salvage(path, to),
        StoreLocation::Server(server) => Err(Error::new(format!(
            "the store is a PostgreSQL database, which has its own tools: restore a dump of {server} with pg_restore"
        ))),
    }
}
