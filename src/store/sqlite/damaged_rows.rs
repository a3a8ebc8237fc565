//! Finds rows whose content is damaged, although SQLite finds the file sound. I/O: the database.

use std::io;
use std::sync::Arc;

use rusqlite::Connection;
use url::Url;

use super::super::database::SqlRow;
use super::super::sql::{Column, Result, SqlError};
use super::super::tables::article_rows::parse_article;
use super::super::tables::rows::{ENTRY_COLUMNS, parse_entry};
use super::super::values::{from_json, time};
use crate::source::host_budget::HostBudget;
use crate::source::{FullText, HealthEvent, SourceState};

/// A row that is left out.
pub(super) struct DamagedRow {
    pub(super) table: &'static str,
    /// For entries and sources their number.
    pub(super) rowid: i64,
    pub(super) error: SqlError,
}

/// All damaged rows of all tables with content that SQLite does not check.
pub(super) fn damaged_rows(c: &Connection) -> Result<Vec<DamagedRow>> {
    let mut damaged = Vec::new();
    let source = Arc::default();
    let mut check = |table, columns: &str, read: &dyn Fn(&SqlRow<'_>) -> Result<()>| -> Result<()> {
        let mut statement = c.prepare(&format!("SELECT {columns}, rowid AS id FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(error) = read(&SqlRow::Sqlite(row)) {
                damaged.push(DamagedRow { table, rowid: row.get("id")?, error });
            }
        }
        Ok(())
    };
    check("entry", ENTRY_COLUMNS, &|row| parse_entry(row, Arc::clone(&source)).map(drop))?;
    check("source", "state, url, name", &|row| {
        let address = Url::parse(row.text(1)?).map_err(SqlError::damaged)?;
        drop((json::<SourceState>(row)?, address, row.text(2)?));
        Ok(())
    })?;
    check("article", "state, reason, requested, language, title, authors, html", &|row| {
        parse_article(row, FullText::Match).map(drop)
    })?;
    check("in_feed", "entries", &|row| json::<Vec<i64>>(row).map(drop))?;
    check("host", "budget", &|row| json::<HostBudget>(row).map(drop))?;
    check("health", "event", &|row| json::<HealthEvent>(row).map(drop))?;
    check("ping", "changed", &|row| time(row.get(0)?).map(drop))?;
    check("rendering", "body", &decompress)?;
    check("former_version", "body", &decompress)?;
    check("stored_page", "body", &decompress)?;
    check("robots", "coalesce(file, failure)", &|row| match row.column(0)? {
        Column::Blob(_) => decompress(row),
        _ => Ok(()),
    })?;
    Ok(damaged)
}

fn json<T: serde::de::DeserializeOwned>(row: &SqlRow<'_>) -> Result<T> {
    from_json(row.text(0)?)
}

fn decompress(row: &SqlRow<'_>) -> Result<()> {
    let body = row.blob(0)?;
    zstd::stream::copy_decode(body, io::sink()).map_err(SqlError::damaged)
}
