//! What statements take and give, and how they fail. Pure.

use std::fmt;

use super::server_error;

/// The result of a statement.
pub(super) type Result<T, E = SqlError> = std::result::Result<T, E>;

/// A statement failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqlError {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{}", server_error::in_words(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The server, or the way to it, has gone silent, or the connection has ended before.
    #[error("the server does not answer: it has stopped, or something on the way drops what is sent")]
    Silent,
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

/// Checked with SIMD: many texts are long and not ASCII.
pub(super) fn utf8(text: &[u8]) -> Result<&str> {
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
    pub(super) fn is_no(self, wanted: &str) -> SqlError {
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
pub(super) enum SqlValue<'v> {
    Integer(Option<i64>),
    Text(Option<&'v str>),
    Blob(Option<&'v [u8]>),
}

impl rusqlite::ToSql for SqlValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        let value = match *self {
            SqlValue::Integer(Some(number)) => ValueRef::Integer(number),
            SqlValue::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            SqlValue::Blob(Some(bytes)) => ValueRef::Blob(bytes),
            SqlValue::Integer(None) | SqlValue::Text(None) | SqlValue::Blob(None) => ValueRef::Null,
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}

/// What can be a parameter.
pub(super) trait ToSqlValue {
    /// No value, of this type.
    const NULL: SqlValue<'static>;

    fn to_value(&self) -> SqlValue<'_>;
}

macro_rules! to_value {
    ($($type:ty: $variant:ident, |$value:ident| $made:expr;)*) => {$(
        impl ToSqlValue for $type {
            const NULL: SqlValue<'static> = SqlValue::$variant(None);

            fn to_value(&self) -> SqlValue<'_> {
                let $value = self;
                SqlValue::$variant(Some($made))
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

impl<T: ToSqlValue> ToSqlValue for Option<T> {
    const NULL: SqlValue<'static> = T::NULL;

    fn to_value(&self) -> SqlValue<'_> {
        self.as_ref().map_or(T::NULL, T::to_value)
    }
}

impl<T: ToSqlValue + ?Sized> ToSqlValue for &T {
    const NULL: SqlValue<'static> = T::NULL;

    fn to_value(&self) -> SqlValue<'_> {
        T::to_value(self)
    }
}

/// The parameters of a statement.
pub(super) trait SqlValues {
    fn try_for_each(&self, use_value: impl FnMut(usize, SqlValue<'_>) -> Result<()>) -> Result<()>;
}

impl SqlValues for () {
    fn try_for_each(&self, _: impl FnMut(usize, SqlValue<'_>) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

impl SqlValues for &[SqlValue<'_>] {
    fn try_for_each(&self, mut use_value: impl FnMut(usize, SqlValue<'_>) -> Result<()>) -> Result<()> {
        self.iter().enumerate().try_for_each(|(index, value)| use_value(index, *value))
    }
}

impl<T: ToSqlValue, const N: usize> SqlValues for [T; N] {
    fn try_for_each(&self, mut use_value: impl FnMut(usize, SqlValue<'_>) -> Result<()>) -> Result<()> {
        self.iter().enumerate().try_for_each(|(index, value)| use_value(index, value.to_value()))
    }
}

/// Parameters of several types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::ToSqlValue::to_value(&$value)),*][..]
    };
}

pub(super) use params;
