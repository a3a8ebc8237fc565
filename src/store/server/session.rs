//! A connection to PostgreSQL with its prepared statements. I/O: the connection.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Column as ColumnOfRow, Row};

use super::super::sql::{Column, Result, SqlError, SqlValue, SqlValues};
use super::connection::BoundedConnection;
use super::dialect::statement_text;

/// A connection. A statement may be run while the rows of another one are read.
pub(in crate::store) struct Session {
    connection: RefCell<BoundedConnection>,
    statements: RefCell<HashMap<String, tokio_postgres::Statement>>,
}

impl Session {
    pub(super) fn new(connection: BoundedConnection) -> Session {
        Session { connection: RefCell::new(connection), statements: RefCell::default() }
    }

    /// Runs statements that have no parameters, in one round trip.
    pub(in crate::store) fn batch(&self, statements: &str) -> Result<()> {
        self.connection.borrow_mut().run(async |client| client.batch_execute(statements).await)
    }

    /// Whether the connection has ended.
    pub(in crate::store) fn is_closed(&self) -> bool {
        self.connection.borrow().is_closed()
    }

    /// Statements may take as long as the server works on them.
    pub(in crate::store) fn lift_time_limits(&self) -> Result<()> {
        self.connection.borrow_mut().lift_time_limits();
        self.batch("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
    }

    /// Waits until another connection notifies this one, or the time is over. Whether it has.
    ///
    /// # Errors
    /// The connection has ended.
    pub(in crate::store) fn wait_for_notification(&self, limit: Duration) -> Result<bool> {
        self.connection.borrow_mut().wait_for_notification(limit)
    }

    pub(in crate::store) fn execute(&self, sql: &str, values: impl SqlValues) -> Result<usize> {
        let values = OwnedValues::read(values)?;
        let statement = self.prepared(sql, &values)?;
        let parameters = values.parameters();
        let mut connection = self.connection.borrow_mut();
        let changed = connection.run(async |client| client.execute(&statement, &parameters).await)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// All rows of a query.
    pub(in crate::store) fn query(&self, sql: &str, values: impl SqlValues) -> Result<Vec<Row>> {
        let values = OwnedValues::read(values)?;
        let statement = self.prepared(sql, &values)?;
        let parameters = values.parameters();
        self.connection.borrow_mut().run(async |client| client.query(&statement, &parameters).await)
    }

    /// A statement is prepared once on each connection. The parameters have the types of their values.
    fn prepared(&self, sql: &str, values: &OwnedValues) -> Result<tokio_postgres::Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let (text, types) = (statement_text(sql), values.types());
        let mut connection = self.connection.borrow_mut();
        let statement = connection.run(async |client| client.prepare_typed(&text, &types).await)?;
        self.statements.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// The values of a statement: references to them are what the client takes.
struct OwnedValues(Vec<OwnedValue>);

#[derive(Debug)]
enum OwnedValue {
    Integer(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

impl OwnedValues {
    fn read(values: impl SqlValues) -> Result<OwnedValues> {
        let mut read = Vec::new();
        values.try_for_each(|_, value| {
            read.push(match value {
                SqlValue::Integer(number) => OwnedValue::Integer(number),
                // A text of PostgreSQL has no U+0000.
                SqlValue::Text(text) => OwnedValue::Text(text.map(|text| text.replace('\0', "\u{fffd}"))),
                SqlValue::Blob(bytes) => OwnedValue::Blob(bytes.map(<[u8]>::to_vec)),
            });
            Ok(())
        })?;
        Ok(OwnedValues(read))
    }

    fn types(&self) -> Vec<Type> {
        let of = |value: &OwnedValue| match value {
            OwnedValue::Integer(_) => Type::INT8,
            OwnedValue::Text(_) => Type::TEXT,
            OwnedValue::Blob(_) => Type::BYTEA,
        };
        self.0.iter().map(of).collect()
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
    }
}

impl ToSql for OwnedValue {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            OwnedValue::Integer(number) => number.to_sql(ty, out),
            OwnedValue::Text(text) => text.to_sql(ty, out),
            OwnedValue::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

/// The bytes of a value, as the server sends them.
struct RawValue<'r>(&'r [u8]);

impl<'r> FromSql<'r> for RawValue<'r> {
    fn from_sql(_: &Type, bytes: &'r [u8]) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(RawValue(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A column of a row. Booleans are 0 or 1.
pub(in crate::store) fn column(row: &Row, column: usize) -> Result<Column<'_>> {
    let Some(RawValue(bytes)) = row.try_get::<_, Option<RawValue<'_>>>(column)? else {
        return Ok(Column::Null);
    };
    let ty = row.columns().get(column).map(ColumnOfRow::type_);
    let number = || -> Option<i64> {
        match *ty? {
            Type::INT8 => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
            Type::INT4 => Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
            Type::BOOL => Some(i64::from(bytes != [0])),
            _ => None,
        }
    };
    match ty {
        Some(&Type::TEXT | &Type::VARCHAR) => Ok(Column::Text(bytes)),
        Some(&Type::BYTEA) => Ok(Column::Blob(bytes)),
        _ => number()
            .map(Column::Integer)
            .ok_or_else(|| SqlError::Damaged(format!("a value of type {}", ty.map_or("?", Type::name)))),
    }
}
