//! A connection during one query or command, whichever database it leads to: the SQL of `tables` runs on all of them.
//! I/O: the database.

use super::server::session::{self, Session};
use super::sql::{Column, FromColumn, Result, SqlError, SqlValues, utf8};
use super::unreadable::UnreadableRows;

/// A connection during one query or command.
pub(super) struct Database<'c> {
    connection: Driver<'c>,
    unreadable: &'c UnreadableRows,
}

#[derive(Clone, Copy)]
enum Driver<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c Session),
}

impl<'c> Database<'c> {
    pub(super) fn sqlite(
        connection: &'c rusqlite::Connection,
        unreadable: &'c UnreadableRows,
    ) -> Database<'c> {
        Database { connection: Driver::Sqlite(connection), unreadable }
    }

    pub(super) fn postgres(session: &'c Session, unreadable: &'c UnreadableRows) -> Database<'c> {
        Database { connection: Driver::Postgres(session), unreadable }
    }

    /// Prepares a statement, or takes it from those that the connection has prepared.
    pub(super) fn prepare_cached(&self, sql: &str) -> Result<Statement<'c>> {
        match self.connection {
            Driver::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Driver::Postgres(session) => Ok(Statement::Postgres(session, sql.to_owned())),
        }
    }

    /// Runs a statement that returns no rows; returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, values: impl SqlValues) -> Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// Runs statements that have no parameters and return no rows.
    pub(super) fn batch(&self, statements: &str) -> Result<()> {
        match self.connection {
            Driver::Sqlite(connection) => Ok(connection.execute_batch(statements)?),
            Driver::Postgres(session) => session.batch(statements),
        }
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// There is none: [`SqlError::NoRow`].
    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        values: impl SqlValues,
        read: impl FnOnce(&SqlRow<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(sql)?.query_row(values, read)
    }

    /// A row, or `None` if its content is damaged. An error that is not the row's own stays one.
    pub(super) fn readable<T>(&self, table: &'static str, number: i64, row: Result<T>) -> Result<Option<T>> {
        match row {
            Err(SqlError::Damaged(_)) => {
                self.unreadable.report(table, number);
                Ok(None)
            }
            row => row.map(Some),
        }
    }
}

/// A prepared statement. Its parameters are `?1`, `?2`, ...
pub(super) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    /// It is prepared when the types of its values are known.
    Postgres(&'c Session, String),
}

impl Statement<'_> {
    /// Returns how many rows were changed.
    pub(super) fn execute(&mut self, values: impl SqlValues) -> Result<usize> {
        match self {
            Statement::Sqlite(statement) => {
                bind(statement, values)?;
                Ok(statement.raw_execute()?)
            }
            Statement::Postgres(session, sql) => session.execute(sql, values),
        }
    }

    pub(super) fn query(&mut self, values: impl SqlValues) -> Result<Rows<'_>> {
        match self {
            Statement::Sqlite(statement) => {
                bind(statement, values)?;
                Ok(Rows::Sqlite(statement.raw_query()))
            }
            Statement::Postgres(session, sql) => {
                Ok(Rows::Postgres(session.query(sql, values)?.into_iter(), None))
            }
        }
    }

    /// The first row.
    ///
    /// # Errors
    /// There is none: [`SqlError::NoRow`].
    pub(super) fn query_row<T>(
        &mut self,
        values: impl SqlValues,
        read: impl FnOnce(&SqlRow<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut rows = self.query(values)?;
        let row = rows.next()?.ok_or(SqlError::NoRow)?;
        read(&row)
    }

    pub(super) fn query_map<T, F: FnMut(&SqlRow<'_>) -> Result<T>>(
        &mut self,
        values: impl SqlValues,
        read: F,
    ) -> Result<MappedRows<'_, F>> {
        Ok(MappedRows { rows: self.query(values)?, read })
    }

    /// Whether there is a row.
    pub(super) fn exists(&mut self, values: impl SqlValues) -> Result<bool> {
        Ok(self.query(values)?.next()?.is_some())
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: impl SqlValues) -> Result<()> {
    values.try_for_each(|index, value| Ok(statement.raw_bind_parameter(index + 1, value)?))
}

/// Rows that are read one after the other.
pub(super) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    /// Those to come, and the last one.
    Postgres(std::vec::IntoIter<tokio_postgres::Row>, Option<tokio_postgres::Row>),
}

impl Rows<'_> {
    pub(super) fn next(&mut self) -> Result<Option<SqlRow<'_>>> {
        match self {
            Rows::Sqlite(rows) => Ok(rows.next()?.map(SqlRow::Sqlite)),
            Rows::Postgres(rows, last) => {
                *last = rows.next();
                Ok(last.as_ref().map(SqlRow::Postgres))
            }
        }
    }
}

/// What a function makes of each row.
pub(super) struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&SqlRow<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let row = self.rows.next().transpose()?;
        Some(row.and_then(|row| (self.read)(&row)))
    }
}

/// A row of a result.
#[derive(Clone, Copy)]
pub(super) enum SqlRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> SqlRow<'r> {
    pub(super) fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::from_column(self.column(column)?)
    }

    pub(super) fn column(&self, column: usize) -> Result<Column<'r>> {
        use rusqlite::types::ValueRef;
        match self {
            SqlRow::Sqlite(row) => match row.get_ref(column)? {
                ValueRef::Null => Ok(Column::Null),
                ValueRef::Integer(number) => Ok(Column::Integer(number)),
                ValueRef::Text(text) => Ok(Column::Text(text)),
                ValueRef::Blob(bytes) => Ok(Column::Blob(bytes)),
                ValueRef::Real(_) => Err(SqlError::damaged("a number with a fraction")),
            },
            SqlRow::Postgres(row) => session::column(row, column),
        }
    }

    /// A text that is not null.
    pub(super) fn text(&self, column: usize) -> Result<&'r str> {
        match self.column(column)? {
            Column::Text(text) => utf8(text),
            other => Err(other.is_no("text")),
        }
    }

    /// Bytes that are not null.
    pub(super) fn blob(&self, column: usize) -> Result<&'r [u8]> {
        match self.column(column)? {
            Column::Blob(bytes) => Ok(bytes),
            other => Err(other.is_no("blob")),
        }
    }
}
