//! How large the store is. I/O: the file system, or the database.

use super::error::Error;
use super::handle::Store;
use super::sqlite::{self, FileSizes};

impl Store {
    /// The sizes of the store's files; 0 for a missing one. Of a database, its whole size, and no log: that is the server's.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sizes(&self) -> Result<FileSizes, Error> {
        if let Some(path) = self.location().file() {
            return Ok(sqlite::file_sizes(path));
        }
        let database = self
            .query(|c| {
                c.query_row("SELECT pg_database_size(current_database())", (), |row| row.get::<i64>(0))
            })
            .await?;
        Ok(FileSizes { database: database.unsigned_abs(), log: 0 })
    }
}
