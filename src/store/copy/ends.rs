//! The two ends of a copy: the store that is read, in one transaction, and the one that is made. I/O: both stores.

use rusqlite::Connection;

use super::super::database::Database;
use super::super::error::Error;
use super::super::location::StoreLocation;
use super::super::postgres;
use super::super::server::session::Session;
use super::super::sql::{OptionalExtension, Result as SqlResult, params};
use super::super::sqlite::{self, Lock};
use super::super::unreadable::UnreadableRows;
use super::tables::{self, Table};

/// SQL: where the copy comes from, and the key of the last row that was copied of each table.
const CREATE_PROGRESS: &str = "CREATE TABLE copy_progress (name TEXT PRIMARY KEY, text TEXT NOT NULL)";

/// The name of the row in which the source of the copy is.
const FROM: &str = "from";

enum Connected {
    File { connection: Connection, _lock: Lock },
    Server(Box<Session>),
}

/// A store that somebody has open.
struct End {
    connected: Connected,
    unreadable: UnreadableRows,
}

impl End {
    fn file((connection, lock): (Connection, Lock)) -> End {
        End { connected: Connected::File { connection, _lock: lock }, unreadable: UnreadableRows::default() }
    }

    fn server(session: Session) -> End {
        End { connected: Connected::Server(Box::new(session)), unreadable: UnreadableRows::default() }
    }

    fn database(&self) -> Database<'_> {
        match &self.connected {
            Connected::File { connection, .. } => Database::sqlite(connection, &self.unreadable),
            Connected::Server(session) => Database::postgres(session, &self.unreadable),
        }
    }
}

/// The store that is copied.
pub(super) struct Original(End);

impl Original {
    /// Begins to read it as it is now.
    pub(super) fn open(location: &StoreLocation) -> Result<Original, Error> {
        Ok(Original(match location {
            StoreLocation::File(path) => End::file(sqlite::open_to_copy(path)?),
            StoreLocation::Server(server) => End::server(postgres::open_to_copy(server)?),
        }))
    }

    pub(super) fn database(&self) -> Database<'_> {
        self.0.database()
    }
}

/// The copy.
pub(super) struct Target {
    end: End,
    /// Whether it was begun by an earlier process.
    pub(super) is_resumed: bool,
}

impl Target {
    /// Creates it, or opens one that is not finished.
    ///
    /// # Errors
    /// There is another store, also the unfinished copy of another one.
    pub(super) fn open(location: &StoreLocation, from: &StoreLocation) -> Result<Target, Error> {
        let failed = |error| Error::sql(format!("cannot prepare {location}"), error);
        let end = match location {
            StoreLocation::File(path) => End::file(sqlite::create_copy(path)?),
            StoreLocation::Server(server) => End::server(postgres::create_copy(server)?),
        };
        let mut target = Target { end, is_resumed: false };
        match target.source().map_err(failed)? {
            None => target.begin(from).map_err(failed)?,
            Some(source) if source == from.to_string() => target.is_resumed = true,
            Some(source) => {
                return Err(Error::new(format!(
                    "{location} is an unfinished copy of {source}, not of {from}: complete that one, or remove it"
                )));
            }
        }
        Ok(target)
    }

    pub(super) fn database(&self) -> Database<'_> {
        self.end.database()
    }

    /// Whether its texts may have U+0000.
    pub(super) fn keeps_zero(&self) -> bool {
        matches!(self.end.connected, Connected::File { .. })
    }

    /// What it is a copy of, if it was begun.
    fn source(&self) -> SqlResult<Option<String>> {
        let exists = match &self.end.connected {
            Connected::File { .. } => "SELECT count(*) FROM sqlite_schema WHERE name = 'copy_progress'",
            Connected::Server(_) => "SELECT to_regclass('siftwire.copy_progress') IS NOT NULL",
        };
        let database = self.database();
        if !database.query_row(exists, (), |row| row.get::<bool>(0))? {
            return Ok(None);
        }
        let select = "SELECT text FROM copy_progress WHERE name = ?1";
        database.query_row(select, params![FROM], |row| row.get(0)).optional()
    }

    fn begin(&self, from: &StoreLocation) -> SqlResult<()> {
        let database = self.database();
        database.batch("BEGIN")?;
        database.batch(CREATE_PROGRESS)?;
        // The schema has the first row of the counters.
        for table in tables::all()? {
            database.execute(&format!("DELETE FROM {}", table.name), ())?;
        }
        let insert = "INSERT INTO copy_progress (name, text) VALUES (?1, ?2)";
        database.execute(insert, params![FROM, from.to_string()])?;
        database.batch("COMMIT")
    }

    /// Makes it a store like any other.
    pub(super) fn finish(&self, tables: &[Table]) -> SqlResult<()> {
        let database = self.database();
        database.batch("BEGIN; DROP TABLE copy_progress")?;
        match &self.end.connected {
            Connected::File { connection, .. } => sqlite::finish_copy(connection)?,
            Connected::Server(session) => {
                let identities =
                    tables.iter().filter_map(|table| Some((table.name.as_str(), table.identity()?)));
                postgres::finish_copy(session, identities)?;
            }
        }
        database.batch("COMMIT")
    }
}
