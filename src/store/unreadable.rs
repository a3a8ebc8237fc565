//! Rows that cannot be read, because their content is damaged while SQLite finds the file sound. Each costs only itself:
//! it is left out and reported once. I/O: the log.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

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
