//! A file as a store that is copied, and as a copy. I/O: the database file.

use std::path::Path;

use rusqlite::Connection;

use super::super::error::Error;
use super::connection::{connect, inspect, read_only};
use super::files::{create_private_file, create_private_folder};
use super::lock::{Lock, has_daemon, lock};
use super::schema;

/// Opens a store and begins to read it as it is now.
///
/// # Errors
/// There is no store, or a daemon uses it.
pub(in crate::store) fn open_to_copy(path: &Path) -> Result<(Connection, Lock), Error> {
    let failed = |e| Error::sql(format!("cannot read {}", path.display()), e).with_advice(path);
    if !path.exists() {
        return Err(Error::new(format!("there is no store {}", path.display())));
    }
    let lock = lock_for_copy(path)?;
    schema::check_file(path, read_only)?;
    let connection = inspect(path)?;
    if schema::check(&connection, path)? == schema::SchemaState::Empty {
        return Err(Error::new(format!("{} is empty", path.display())));
    }
    // The first statement that reads determines what all of them see.
    connection.execute_batch("BEGIN; SELECT count(*) FROM counter").map_err(failed)?;
    Ok((connection, lock))
}

/// Opens a file that is to become a copy, or an unfinished one.
///
/// # Errors
/// It has another store, or cannot be written.
pub(in crate::store) fn create_copy(path: &Path) -> Result<(Connection, Lock), Error> {
    create_private_folder(path)?;
    let lock = lock_for_copy(path)?;
    create_private_file(path)
        .map_err(|e| Error::not_writable(format!("cannot open {}: {e}", path.display())))?;
    let failed = |e| Error::sql(format!("{} is no place for a copy: name a new file", path.display()), e);
    let mut connection = connect(path).map_err(failed)?;
    schema::prepare_copy(&mut connection, path)?;
    Ok((connection, lock))
}

/// Makes a copy a store.
pub(in crate::store) fn finish_copy(connection: &Connection) -> rusqlite::Result<()> {
    schema::finish_copy(connection)
}

fn lock_for_copy(path: &Path) -> Result<Lock, Error> {
    if has_daemon(path) {
        return Err(Error::new(format!(
            "{} is in use by a siftwire that runs: stop that first",
            path.display()
        )));
    }
    lock(path)
}
