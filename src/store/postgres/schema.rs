//! The tables in PostgreSQL: creation, and refusal of any others. I/O: the connection.
//!
//! There are no migrations before the first release: a database of another schema is refused, untouched.

use super::super::database::Database;
use super::super::error::Error;
use super::super::schema::{SCHEMA, SCHEMA_VERSION, UNFINISHED_COPY};
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
    begin(session).map_err(failed)?;
    match version(session).map_err(failed)? {
        Some(version) if version == SCHEMA_VERSION => session.batch("COMMIT").map_err(failed),
        Some(version) => Err(refusal(server, version)),
        None => create(session, SCHEMA_VERSION).map_err(failed),
    }
}

/// Refuses a database that has no store, or one of another version.
pub(super) fn require(session: &Session, server: &Server) -> Result<(), Error> {
    match version(session).map_err(|error| Error::sql(format!("cannot read {server}"), error))? {
        Some(version) if version == SCHEMA_VERSION => Ok(()),
        Some(version) => Err(refusal(server, version)),
        None => Err(Error::new(format!("there is no store in the database {server}"))),
    }
}

/// Creates the tables of a new copy; refuses every store but an unfinished copy.
pub(super) fn prepare_copy(session: &Session, server: &Server) -> Result<(), Error> {
    let failed = |error| Error::sql(format!("cannot prepare the database at {server}"), error);
    begin(session).map_err(failed)?;
    match version(session).map_err(failed)? {
        None => create(session, UNFINISHED_COPY).map_err(failed),
        Some(UNFINISHED_COPY) => session.batch("COMMIT").map_err(failed),
        Some(SCHEMA_VERSION) => Err(Error::new(format!(
            "the database {server} has a store already, which is not overwritten: name another database, or rename its \
             schema: ALTER SCHEMA siftwire RENAME TO siftwire_old"
        ))),
        Some(version) => Err(refusal(server, version)),
    }
}

/// Marks a copy as a store.
pub(super) fn finish_copy(session: &Session) -> Result<()> {
    session.batch(&format!("UPDATE schema_version SET version = {SCHEMA_VERSION}"))
}

fn begin(session: &Session) -> Result<()> {
    session
        .batch(&format!("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))
}

fn refusal(server: &Server, version: i32) -> Error {
    if version == UNFINISHED_COPY {
        return Error::new(format!(
            "the database {server} has an unfinished copy of another store: complete it with `siftwire store copy`, or \
             remove it: DROP SCHEMA siftwire CASCADE"
        ));
    }
    let age = if version > SCHEMA_VERSION { "a newer" } else { "an older" };
    Error::new(format!(
        "the database at {server} was written by {age} Siftwire (schema {version}, this one uses {SCHEMA_VERSION}). It \
         is left as it is. To start anew, rename its schema: ALTER SCHEMA siftwire RENAME TO siftwire_old; the entries \
         come again from the feeds"
    ))
}

/// Creates the tables, and ends the transaction.
fn create(session: &Session, version: i32) -> Result<()> {
    session.batch(&format!(
        // Its administrator may have made it for a user who must not make any.
        "DO 'BEGIN IF to_regnamespace(''siftwire'') IS NULL THEN CREATE SCHEMA siftwire; END IF; END'; SET LOCAL search_path = siftwire; {FUNCTIONS}; {};
         CREATE TABLE schema_version (version BIGINT NOT NULL);
         INSERT INTO schema_version VALUES ({version}); COMMIT",
        schema_text(SCHEMA)
    ))
}

/// The version of the tables; `None` if there are none.
fn version(session: &Session) -> Result<Option<i32>> {
    let unreadable = UnreadableRows::default();
    let database = Database::postgres(session, &unreadable);
    let is_there: bool =
        database
            .query_row("SELECT to_regclass('siftwire.schema_version') IS NOT NULL", (), |row| row.get(0))?;
    if !is_there {
        return Ok(None);
    }
    let version: i64 =
        database.query_row("SELECT version FROM siftwire.schema_version", (), |row| row.get(0))?;
    Ok(Some(i32::try_from(version).unwrap_or(i32::MAX)))
}
