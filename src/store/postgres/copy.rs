//! A database as a store that is copied, and as a copy. I/O: the connection.

use super::super::error::Error;
use super::super::server::Server;
use super::super::server::session::Session;
use super::super::sql::Result as SqlResult;
use super::schema;

/// The advisory lock of the process that makes a copy: "Sift" and 3.
const COPY_LOCK: i64 = 0x5369_6674_0000_0003;

/// Connects to a store and begins to read it as it is now.
///
/// # Errors
/// There is no store.
pub(in crate::store) fn open_to_copy(server: &Server) -> Result<Session, Error> {
    let session = connect(server)?;
    schema::require(&session, server)?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    session.batch(begin).map_err(|error| Error::sql(format!("cannot read {server}"), error))?;
    Ok(session)
}

/// Connects to a database that is to become a copy, or to an unfinished one.
///
/// # Errors
/// It has another store, or another process makes the copy.
pub(in crate::store) fn create_copy(server: &Server) -> Result<Session, Error> {
    let session = connect(server)?;
    // After a kill the server may take a moment to notice that its client is gone.
    session
        .batch(&format!("SELECT pg_advisory_lock({COPY_LOCK})"))
        .map_err(|error| Error::sql(format!("another process copies to {server}"), error))?;
    schema::prepare_copy(&session, server)?;
    Ok(session)
}

/// Makes a copy a store: new rows get numbers past those of the copied ones, and the planner learns of the tables.
pub(in crate::store) fn finish_copy<'t>(
    session: &Session,
    identities: impl Iterator<Item = (&'t str, &'t str)>,
) -> SqlResult<()> {
    for (table, column) in identities {
        session.batch(&format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)
             FROM {table}; ANALYZE {table}"
        ))?;
    }
    schema::finish_copy(session)
}

/// A copy waits for the other store, and reads large tables.
fn connect(server: &Server) -> Result<Session, Error> {
    let session = server.connect().map_err(|reason| Error::unreachable(server, &reason))?;
    session.lift_time_limits().map_err(|error| Error::sql(format!("cannot connect to {server}"), error))?;
    Ok(session)
}
