//! The tables of a store: their columns and keys, from the schema, and their rows in the order of the keys.

use twox_hash::XxHash3_128;

use super::super::database::Database;
use super::super::schema::SCHEMA;
use super::super::sql::{Column, Result, SqlError, SqlValue, utf8};

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    /// It need not be UTF-8.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// The values of a row, in the order of the schema.
pub(super) type Row = Vec<Cell>;

impl Cell {
    fn read(column: Column<'_>) -> Cell {
        match column {
            Column::Null => Cell::Null,
            Column::Integer(number) => Cell::Integer(number),
            Column::Text(text) => Cell::Text(text.to_vec()),
            Column::Blob(bytes) => Cell::Blob(bytes.to_vec()),
        }
    }

    /// Roughly how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Cell::Null | Cell::Integer(_) => 8,
            Cell::Text(bytes) | Cell::Blob(bytes) => bytes.len(),
        }
    }

    /// As both stores can have it, and whether something of it was replaced.
    pub(super) fn writable(self, keeps_zero: bool) -> (Cell, bool) {
        match self {
            Cell::Text(text) => {
                let mut new = String::from_utf8_lossy(&text).into_owned();
                if !keeps_zero {
                    new = new.replace('\0', "\u{fffd}");
                }
                let is_replaced = new.as_bytes() != text;
                (Cell::Text(new.into_bytes()), is_replaced)
            }
            value => (value, false),
        }
    }

    fn as_parameter(&self, column: ColumnType) -> Result<SqlValue<'_>> {
        Ok(match (self, column) {
            (Cell::Integer(number), _) => SqlValue::Integer(Some(*number)),
            (Cell::Text(text), _) => SqlValue::Text(Some(utf8(text)?)),
            (Cell::Blob(bytes), _) => SqlValue::Blob(Some(bytes)),
            (Cell::Null, ColumnType::Integer) => SqlValue::Integer(None),
            (Cell::Null, ColumnType::Text) => SqlValue::Text(None),
            (Cell::Null, ColumnType::Blob) => SqlValue::Blob(None),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnType {
    Integer,
    Text,
    Blob,
}

/// A table of the schema.
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<(String, ColumnType)>,
    /// The positions of the columns of its primary key.
    key: Vec<usize>,
}

/// All tables, in the order of the schema.
pub(super) fn all() -> Result<Vec<Table>> {
    let schema = rusqlite::Connection::open_in_memory()?;
    schema.execute_batch(SCHEMA)?;
    let mut select = schema.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?;
    names.map(|name| Table::read(&schema, name?)).collect()
}

impl Table {
    fn read(schema: &rusqlite::Connection, name: String) -> Result<Table> {
        let mut select = schema.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")?;
        let mut rows = select.query([&name])?;
        let (mut columns, mut key) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let column = match row.get_ref(1)?.as_str().map_err(SqlError::damaged)? {
                "INTEGER" => ColumnType::Integer,
                "TEXT" => ColumnType::Text,
                _ => ColumnType::Blob,
            };
            let place: u32 = row.get(2)?;
            if place > 0 {
                key.push((place, columns.len()));
            }
            columns.push((row.get(0)?, column));
        }
        key.sort_unstable();
        Ok(Table { name, columns, key: key.into_iter().map(|(_, position)| position).collect() })
    }

    /// The column whose numbers PostgreSQL gives, if there is one.
    pub(super) fn identity(&self) -> Option<&str> {
        match self.key[..] {
            [only] if self.columns[only].1 == ColumnType::Integer => Some(&self.columns[only].0),
            _ => None,
        }
    }

    fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn count(&self, database: &Database<'_>) -> Result<u64> {
        let count: i64 =
            database.query_row(&format!("SELECT count(*) FROM {}", self.name), (), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// The first rows whose key is past this one.
    pub(super) fn batch(
        &self,
        database: &Database<'_>,
        after: Option<&[Cell]>,
        limit: usize,
    ) -> Result<Vec<Row>> {
        let names: Vec<_> = self.key.iter().map(|&position| self.columns[position].0.as_str()).collect();
        let key = names.join(", ");
        let condition =
            after.map_or_else(String::new, |_| format!(" WHERE ({key}) > ({})", marks(1, self.key.len())));
        let select =
            format!("SELECT {} FROM {}{condition} ORDER BY {key} LIMIT {limit}", self.list(), self.name);
        let after = after.unwrap_or_default().iter().zip(&self.key);
        let after: Vec<_> = after
            .map(|(value, &position)| value.as_parameter(self.columns[position].1))
            .collect::<Result<_>>()?;
        let mut statement = database.prepare_cached(&select)?;
        let rows = statement.query_map(&after[..], |row| {
            (0..self.columns.len()).map(|column| row.column(column).map(Cell::read)).collect::<Result<Row>>()
        })?;
        rows.collect()
    }

    /// The key of a row.
    ///
    /// # Errors
    /// It has a text that is not UTF-8.
    pub(super) fn key(&self, row: &Row) -> Result<Vec<Cell>> {
        let values: Vec<_> = self.key.iter().map(|&position| row[position].clone()).collect();
        for value in &values {
            if let Cell::Text(text) = value {
                utf8(text).map_err(|error| {
                    SqlError::Damaged(format!("a row of {} has a damaged key: {error}", self.name))
                })?;
            }
        }
        Ok(values)
    }

    pub(super) fn insert(&self, database: &Database<'_>, rows: &[Row]) -> Result<()> {
        let width = self.columns.len();
        let tuples: Vec<_> =
            (0..rows.len()).map(|row| format!("({})", marks(row * width + 1, width))).collect();
        let insert = format!("INSERT INTO {} ({}) VALUES {}", self.name, self.list(), tuples.join(", "));
        let values = rows.iter().flat_map(|row| row.iter().zip(&self.columns));
        let values: Vec<_> =
            values.map(|(value, (_, column))| value.as_parameter(*column)).collect::<Result<_>>()?;
        database.execute(&insert, &values[..]).map(drop)
    }
}

/// `?3, ?4` from 3 on.
fn marks(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

/// A key as a text from which it can be read again.
pub(super) fn key_to_text(key: &[Cell]) -> Result<String> {
    let values = key.iter().map(|value| match value {
        Cell::Integer(number) => Ok(serde_json::Value::from(*number)),
        Cell::Text(text) => Ok(serde_json::Value::from(utf8(text)?)),
        Cell::Null | Cell::Blob(_) => Err(SqlError::damaged("a key is a number or a text")),
    });
    Ok(serde_json::Value::Array(values.collect::<Result<_>>()?).to_string())
}

pub(super) fn key_from_text(text: &str) -> Result<Vec<Cell>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).map_err(SqlError::damaged)?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Ok(Cell::Text(text.into_bytes())),
        value => value.as_i64().map(Cell::Integer).ok_or_else(|| SqlError::damaged("no key")),
    };
    values.into_iter().map(value).collect()
}

/// The rows of a table in few words. Their order does not count: where texts were replaced it may be another one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digest {
    pub(super) rows: u64,
    pub(super) sum: u128,
    pub(super) replaced: u64,
}

impl Digest {
    pub(super) fn add(&mut self, row: &Row, replaced: u64) {
        let mut bytes = Vec::new();
        for value in row {
            let (kind, content): (u8, &[u8]) = match value {
                Cell::Null => (0, &[]),
                Cell::Integer(number) => (1, &number.to_be_bytes()),
                Cell::Text(text) => (2, text),
                Cell::Blob(blob) => (3, blob),
            };
            bytes.push(kind);
            bytes.extend((content.len() as u64).to_be_bytes());
            bytes.extend(content);
        }
        self.rows += 1;
        self.sum = self.sum.wrapping_add(XxHash3_128::oneshot(&bytes));
        self.replaced += replaced;
    }
}
