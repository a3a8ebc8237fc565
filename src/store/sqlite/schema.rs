//! The database's schema: creation, and refusal of any other. I/O: the database file.
//!
//! There are no migrations before the first release: a file of another schema is refused, untouched.
#![allow(clippy::disallowed_methods, reason = "the store owns its files")]

use std::io::{ErrorKind, Read};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::super::error::{Error, recovery_advice};
use super::super::schema::{SCHEMA, SCHEMA_VERSION, UNFINISHED_COPY};

/// `PRAGMA application_id`, "Sift" in ASCII.
const APPLICATION_ID: i32 = 0x5369_6674;

/// What tells one database from another: `PRAGMA application_id` and `PRAGMA user_version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SchemaMark {
    application_id: i32,
    version: i32,
}

const CURRENT: SchemaMark = SchemaMark { application_id: APPLICATION_ID, version: SCHEMA_VERSION };

const UNFINISHED: SchemaMark = SchemaMark { version: UNFINISHED_COPY, ..CURRENT };

/// A new database, or one whose schema is only in its write-ahead log.
const UNMARKED: SchemaMark = SchemaMark { application_id: 0, version: 0 };

impl SchemaMark {
    fn read(connection: &Connection) -> rusqlite::Result<SchemaMark> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        Ok(SchemaMark { application_id: pragma("application_id")?, version: pragma("user_version")? })
    }

    fn refusal(self, path: &Path) -> Error {
        let SchemaMark { application_id, version } = self;
        let file = path.display();
        if self == UNFINISHED {
            return Error::new(format!(
                "{file} is an unfinished copy of another store: complete it with `siftwire store copy`, or remove it"
            ));
        }
        let what = match application_id {
            APPLICATION_ID if version > SCHEMA_VERSION => {
                format!("was written by a newer Siftwire (schema {version}, this one uses {SCHEMA_VERSION})")
            }
            APPLICATION_ID | 0 if version > 0 => {
                format!("was written by an older Siftwire (schema {version}, this one uses {SCHEMA_VERSION})")
            }
            _ => "is a database of another program".to_owned(),
        };
        Error::new(format!(
            "{file} {what}. It is left as it is. To start anew, move it away: mv {file} {file}.old; the entries \
             come again from the feeds. Or name another file in [store] path"
        ))
    }
}

/// Whether a database has its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaState {
    Current,
    /// It has no tables yet.
    Empty,
}

/// Refuses a file that is no database or has another schema. Reads only its header
/// (<https://www.sqlite.org/fileformat.html>, section 1.3), before anything could change the file, and with
/// `read_only` the rest where the header is still blank.
pub(super) fn check_file(
    path: &Path,
    read_only: impl FnOnce(&Path) -> rusqlite::Result<Connection>,
) -> Result<(), Error> {
    let mut header = [0; 100];
    let read = std::fs::File::open(path).and_then(|mut file| {
        if file.metadata()?.len() == 0 {
            return Ok(0);
        }
        file.read_exact(&mut header).map(|()| header.len())
    });
    match read {
        Ok(0) => return Ok(()),
        Ok(_) if header.starts_with(b"SQLite format 3\0") => {}
        Err(e) if e.kind() != ErrorKind::UnexpectedEof => {
            return Err(Error::new(format!("cannot read {}: {e}", path.display())));
        }
        _ => {
            let advice = recovery_advice(path);
            return Err(Error::new(format!("{} is damaged, or no database. {advice}", path.display())));
        }
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    match (SchemaMark { application_id: number(68), version: number(60) }) {
        CURRENT => Ok(()),
        // A damaged file is reported when it is opened.
        UNMARKED => read_only(path).map_or(Ok(()), |connection| check(&connection, path).map(drop)),
        other => Err(other.refusal(path)),
    }
}

/// Refuses a database of another schema.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<SchemaState, Error> {
    let failed = |e| Error::sql(format!("cannot read {}", path.display()), e).with_advice(path);
    match SchemaMark::read(connection).map_err(failed)? {
        CURRENT => Ok(SchemaState::Current),
        UNMARKED => {
            let count = "SELECT count(*) FROM sqlite_schema";
            match connection.query_row(count, [], |row| row.get(0)).map_err(failed)? {
                0 => Ok(SchemaState::Empty),
                _ => Err(UNMARKED.refusal(path)),
            }
        }
        other => Err(other.refusal(path)),
    }
}

/// Creates the tables of a new database; refuses one of another schema.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |e| Error::sql(format!("cannot prepare {}", path.display()), e).with_advice(path);
    if check(connection, path)? == SchemaState::Current {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have created them meanwhile.
    if check(&transaction, path)? == SchemaState::Empty {
        create(&transaction, CURRENT).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn create(connection: &Connection, mark: SchemaMark) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "application_id", mark.application_id)?;
    connection.pragma_update(None, "user_version", mark.version)
}

/// Creates the tables of a new copy; refuses every store but an unfinished copy.
pub(super) fn prepare_copy(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |e| Error::sql(format!("cannot prepare {}", path.display()), e).with_advice(path);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if SchemaMark::read(&transaction).map_err(failed)? == UNFINISHED {
        return Ok(());
    }
    if check(&transaction, path)? == SchemaState::Current {
        return Err(Error::new(format!(
            "{0} is a store already, and is not overwritten: name another file, or move it away: mv {0} {0}.old",
            path.display()
        )));
    }
    create(&transaction, UNFINISHED).and_then(|()| transaction.commit()).map_err(failed)
}

/// Marks a copy as a store.
pub(super) fn finish_copy(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)
}
