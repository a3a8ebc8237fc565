//! The floor: a straight-line program that fetches the same feeds, parses them with feed-rs and inserts the entries into
//! SQLite, one after the other. No filters, stories, safe HTML, nor anything else that the daemon does.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::reader::Reader;

/// Documents whose entries are in one transaction.
const DOCUMENTS_PER_TRANSACTION: u32 = 64;

/// Polls the feeds of an origin into a store, with the validators of the last time.
pub fn poll(origin: &str, feeds: u32, store: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = Connection::open(store)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS feed (number INTEGER PRIMARY KEY, etag TEXT);
         CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, feed INTEGER, id TEXT, published INTEGER,
             title TEXT, link TEXT, summary TEXT, content TEXT, UNIQUE (feed, id))",
    )?;
    let mut reader = Reader::connect(origin)?;
    for first in (0..feeds).step_by(DOCUMENTS_PER_TRANSACTION as usize) {
        let transaction = connection.transaction()?;
        for feed in first..feeds.min(first + DOCUMENTS_PER_TRANSACTION) {
            poll_feed(&transaction, &mut reader, feed)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn poll_feed(
    store: &Connection,
    reader: &mut Reader,
    feed: u32,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let known: Option<String> = store
        .prepare_cached("SELECT etag FROM feed WHERE number = ?1")?
        .query_row([feed], |row| row.get(0))
        .optional()?;
    let validator = known.map(|etag| format!("if-none-match: {etag}\r\n")).unwrap_or_default();
    let response = reader.get(&format!("/{feed}"), &format!("accept-encoding: gzip\r\n{validator}"))?;
    if response.status == 304 {
        return Ok(());
    }
    let mut document = Vec::new();
    GzDecoder::new(reader.body()).read_to_end(&mut document)?;
    let mut insert = store.prepare_cached(
        "INSERT OR IGNORE INTO entry (feed, id, published, title, link, summary, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for entry in feed_rs::parser::parse(&document[..])?.entries {
        insert.execute(params![
            feed,
            entry.id,
            entry.published.or(entry.updated).map(|date| date.timestamp()),
            entry.title.map(|title| title.content),
            entry.links.first().map(|link| &link.href),
            entry.summary.map(|summary| summary.content),
            entry.content.and_then(|content| content.body),
        ])?;
    }
    store
        .prepare_cached("INSERT OR REPLACE INTO feed (number, etag) VALUES (?1, ?2)")?
        .execute(params![feed, response.etag])?;
    Ok(())
}
