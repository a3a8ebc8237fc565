//! The tables in PostgreSQL: creation, and refusal of any others. I/O: the connection.
//!
//! There are no migrations before the first release: a database of another schema is refused, untouched.

use super::super::database::Database;
use super::super::error::Error;
use super::super::schema::{SCHEMA, SCHEMA_VERSION};
use super::super::server::Server;
use super::super::server::schema_text;
use super::super::server::session::Session;
use super::super::sql::Result;
use super::super::unreadable::UnreadableRows;

/// The advisory lock of a transaction that writes: "Sift" and 1.
pub(super) const WRITE_LOCK: i64 = 0x5369_6674_0000_0001;

/// The advisory lock of the creation of the tables: "Sift" and 2.
const SCHEMA_LOCK: i64 = 0x5369_6674_0000_0002;

const FUNCTIONS: &str = include_str!("functions.sql");

/// Creates the tables of a database that has none; refuses those of another version.
pub(super) fn prepare(session: &Session, server: &Server) -> Result<(), Error> {
    let failed = |error| Error::sql(format!("cannot prepare the database at {server}"), error);
    session.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")).map_err(failed)?;
    match version(session).map_err(failed)? {
        Some(version) if version == i64::from(SCHEMA_VERSION) => session.batch("COMMIT").map_err(failed),
        Some(version) => {
            let age = if version > i64::from(SCHEMA_VERSION) { "a newer" } else { "an older" };
            Err(Error::new(format!(
                "the database at {server} was written by {age} Siftwire (schema {version}, this one uses \
                 {SCHEMA_VERSION}). It is left as it is. To start anew, rename its schema: ALTER SCHEMA siftwire RENAME \
                 TO siftwire_old; the entries come again from the feeds"
            )))
        }
        None => {
            let create = format!(
                "CREATE SCHEMA IF NOT EXISTS siftwire; SET LOCAL search_path = siftwire; {FUNCTIONS}; {};
                 CREATE TABLE schema_version (version BIGINT NOT NULL);
                 INSERT INTO schema_version VALUES ({SCHEMA_VERSION}); COMMIT",
                schema_text(SCHEMA)
            );
            session.batch(&create).map_err(failed)
        }
    }
}

/// The version of the tables; `None` if there are none.
fn version(session: &Session) -> Result<Option<i64>> {
    let unreadable = UnreadableRows::default();
    let database = Database::postgres(session, &unreadable);
    let is_there: bool =
        database
            .query_row("SELECT to_regclass('siftwire.schema_version') IS NOT NULL", (), |row| row.get(0))?;
    if !is_there {
        return Ok(None);
    }
    database.query_row("SELECT version FROM siftwire.schema_version", (), |row| row.get(0)).map(Some)
}
