//! Rows that cannot be read, because their content is damaged while SQLite finds the file sound. Each costs only itself:
//! it is left out and reported once. I/O: the log.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Error, Result};

/// The rows that could not be read since the start: table and number. Clones share them.
#[derive(Clone, Default)]
pub(super) struct UnreadableRows(Arc<Mutex<HashSet<(&'static str, i64)>>>);

impl UnreadableRows {
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Notes a row, and logs it the first time.
    pub(super) fn report(&self, table: &'static str, number: i64) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((table, number)) {
            tracing::error!(
                table,
                number,
                "unreadable row left out; `siftwire doctor` says what is wrong with it"
            );
        }
    }
}

/// A connection during one query or command.
pub(super) struct Database<'c> {
    pub(super) connection: &'c Connection,
    pub(super) unreadable: &'c UnreadableRows,
}

impl Database<'_> {
    /// A row, or `None` if its content is damaged. An error that is not the row's own stays one.
    pub(super) fn readable<T>(&self, table: &'static str, number: i64, row: Result<T>) -> Result<Option<T>> {
        match row {
            Err(error) if is_damage(&error) => {
                self.unreadable.report(table, number);
                Ok(None)
            }
            row => row.map(Some),
        }
    }
}

impl Deref for Database<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}
