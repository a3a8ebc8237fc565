//! A connection during one query or command, whichever database it leads to: the SQL of `tables` runs on all of them.
//! I/O: the database.

use std::fmt;

use super::unreadable::UnreadableRows;

/// The result of a statement.
pub(super) type Result<T, E = SqlError> = std::result::Result<T, E>;

/// A statement failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqlError {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The statement found no row.
    #[error("no row")]
    NoRow,
    /// A row has content that the program cannot have written.
    #[error("{0}")]
    Damaged(String),
    /// A value cannot be written.
    #[error("{0}")]
    NotWritable(String),
}

impl SqlError {
    /// The content of a row cannot be read, because of this.
    pub(super) fn damaged(reason: impl fmt::Display) -> SqlError {
        SqlError::Damaged(reason.to_string())
    }
}

/// Makes `None` of the error that there is no row.
pub(super) trait OptionalExtension<T> {
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(SqlError::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A connection during one query or command.
pub(super) struct Database<'c> {
    connection: Connection<'c>,
    unreadable: &'c UnreadableRows,
}

#[derive(Clone, Copy)]
enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
}

impl<'c> Database<'c> {
    pub(super) fn sqlite(
        connection: &'c rusqlite::Connection,
        unreadable: &'c UnreadableRows,
    ) -> Database<'c> {
        Database { connection: Connection::Sqlite(connection), unreadable }
    }

    /// Prepares a statement, or takes it from those that the connection has prepared.
    pub(super) fn prepare_cached(&self, sql: &str) -> Result<Statement<'c>> {
        match self.connection {
            Connection::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
        }
    }

    /// Runs a statement that returns no rows; returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, values: impl Values) -> Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// There is none: [`SqlError::NoRow`].
    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        values: impl Values,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
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
}

impl Statement<'_> {
    /// Returns how many rows were changed.
    pub(super) fn execute(&mut self, values: impl Values) -> Result<usize> {
        match self {
            Statement::Sqlite(statement) => {
                bind(statement, values)?;
                Ok(statement.raw_execute()?)
            }
        }
    }

    pub(super) fn query(&mut self, values: impl Values) -> Result<Rows<'_>> {
        match self {
            Statement::Sqlite(statement) => {
                bind(statement, values)?;
                Ok(Rows::Sqlite(statement.raw_query()))
            }
        }
    }

    /// The first row.
    ///
    /// # Errors
    /// There is none: [`SqlError::NoRow`].
    pub(super) fn query_row<T>(
        &mut self,
        values: impl Values,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut rows = self.query(values)?;
        let row = rows.next()?.ok_or(SqlError::NoRow)?;
        read(&row)
    }

    pub(super) fn query_map<T, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        values: impl Values,
        read: F,
    ) -> Result<MappedRows<'_, F>> {
        Ok(MappedRows { rows: self.query(values)?, read })
    }

    /// Whether there is a row.
    pub(super) fn exists(&mut self, values: impl Values) -> Result<bool> {
        Ok(self.query(values)?.next()?.is_some())
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: impl Values) -> Result<()> {
    values.try_for_each(|index, value| Ok(statement.raw_bind_parameter(index + 1, value)?))
}

/// Rows that are read one after the other.
pub(super) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
}

impl Rows<'_> {
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Rows::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
        }
    }
}

/// What a function makes of each row.
pub(super) struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let row = self.rows.next().transpose()?;
        Some(row.and_then(|row| (self.read)(&row)))
    }
}

/// A row of a result.
#[derive(Clone, Copy)]
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
}

impl<'r> Row<'r> {
    pub(super) fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::from_column(self.column(column)?)
    }

    pub(super) fn column(&self, column: usize) -> Result<Column<'r>> {
        use rusqlite::types::ValueRef;
        match self {
            Row::Sqlite(row) => match row.get_ref(column)? {
                ValueRef::Null => Ok(Column::Null),
                ValueRef::Integer(number) => Ok(Column::Integer(number)),
                ValueRef::Text(text) => Ok(Column::Text(text)),
                ValueRef::Blob(bytes) => Ok(Column::Blob(bytes)),
                ValueRef::Real(_) => Err(SqlError::damaged("a number with a fraction")),
            },
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

/// Checked with SIMD: many texts are long and not ASCII.
fn utf8(text: &[u8]) -> Result<&str> {
    simdutf8::basic::from_utf8(text).map_err(SqlError::damaged)
}

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column<'r> {
    Null,
    Integer(i64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
}

impl Column<'_> {
    fn is_no(self, wanted: &str) -> SqlError {
        let found = match self {
            Column::Null => "null",
            Column::Integer(_) => "a number",
            Column::Text(_) => "a text",
            Column::Blob(_) => "bytes",
        };
        SqlError::Damaged(format!("{found} in the place of a {wanted}"))
    }
}

/// What a column can be read as.
pub(super) trait FromColumn: Sized {
    fn from_column(column: Column<'_>) -> Result<Self>;
}

impl FromColumn for i64 {
    fn from_column(column: Column<'_>) -> Result<i64> {
        match column {
            Column::Integer(number) => Ok(number),
            other => Err(other.is_no("number")),
        }
    }
}

impl FromColumn for u32 {
    fn from_column(column: Column<'_>) -> Result<u32> {
        let number = i64::from_column(column)?;
        u32::try_from(number).map_err(|_| SqlError::Damaged(format!("{number} is out of range")))
    }
}

impl FromColumn for bool {
    fn from_column(column: Column<'_>) -> Result<bool> {
        i64::from_column(column).map(|number| number != 0)
    }
}

impl FromColumn for String {
    fn from_column(column: Column<'_>) -> Result<String> {
        match column {
            Column::Text(text) => utf8(text).map(str::to_owned),
            other => Err(other.is_no("text")),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(column: Column<'_>) -> Result<Vec<u8>> {
        match column {
            Column::Blob(bytes) => Ok(bytes.to_vec()),
            other => Err(other.is_no("blob")),
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: Column<'_>) -> Result<Option<T>> {
        match column {
            Column::Null => Ok(None),
            column => T::from_column(column).map(Some),
        }
    }
}

/// A value of a parameter. Its type is known also where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'v> {
    Integer(Option<i64>),
    Text(Option<&'v str>),
    Blob(Option<&'v [u8]>),
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        let value = match *self {
            Value::Integer(Some(number)) => ValueRef::Integer(number),
            Value::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Blob(Some(bytes)) => ValueRef::Blob(bytes),
            Value::Integer(None) | Value::Text(None) | Value::Blob(None) => ValueRef::Null,
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}

/// What can be a parameter.
pub(super) trait ToValue {
    /// No value, of this type.
    const NULL: Value<'static>;

    fn to_value(&self) -> Value<'_>;
}

macro_rules! to_value {
    ($($type:ty: $variant:ident, |$value:ident| $made:expr;)*) => {$(
        impl ToValue for $type {
            const NULL: Value<'static> = Value::$variant(None);

            fn to_value(&self) -> Value<'_> {
                let $value = self;
                Value::$variant(Some($made))
            }
        }
    )*};
}

to_value! {
    i64: Integer, |number| *number;
    u32: Integer, |number| i64::from(*number);
    bool: Integer, |is| i64::from(*is);
    str: Text, |text| text;
    String: Text, |text| text;
    [u8]: Blob, |bytes| bytes;
    Vec<u8>: Blob, |bytes| bytes;
}

impl<T: ToValue> ToValue for Option<T> {
    const NULL: Value<'static> = T::NULL;

    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(T::NULL, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const NULL: Value<'static> = T::NULL;

    fn to_value(&self) -> Value<'_> {
        T::to_value(self)
    }
}

/// The parameters of a statement.
pub(super) trait Values {
    fn try_for_each(&self, use_value: impl FnMut(usize, Value<'_>) -> Result<()>) -> Result<()>;
}

impl Values for () {
    fn try_for_each(&self, _: impl FnMut(usize, Value<'_>) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

impl Values for &[Value<'_>] {
    fn try_for_each(&self, mut use_value: impl FnMut(usize, Value<'_>) -> Result<()>) -> Result<()> {
        self.iter().enumerate().try_for_each(|(index, value)| use_value(index, *value))
    }
}

impl<T: ToValue, const N: usize> Values for [T; N] {
    fn try_for_each(&self, mut use_value: impl FnMut(usize, Value<'_>) -> Result<()>) -> Result<()> {
        self.iter().enumerate().try_for_each(|(index, value)| use_value(index, value.to_value()))
    }
}

/// Parameters of several types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::database::ToValue::to_value(&$value)),*][..]
    };
}

pub(super) use params;
