//! SQL of the versions of entries that edits have replaced. I/O: the database.

use jiff::Timestamp;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{from_json, lossy_text, millis, nearest_time, to_json};
use crate::entry::Entry;
use crate::entry::change::{ChangedField, FormerVersion};

/// The versions that are kept of an entry, the last ones, and their bytes together.
const MAX_VERSIONS: usize = 5;
const MAX_BYTES: usize = 100_000;

impl Store {
    /// The versions that an entry had before, the last first. Damaged ones are left out.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn former_versions(&self, entry: i64) -> Result<Vec<FormerVersion>, Error> {
        self.query(move |c| {
            let rows = c
                .prepare_cached(
                    "SELECT replaced, body FROM former_version WHERE entry = ?1 ORDER BY replaced DESC",
                )?
                .query_map([entry], |row| Ok((row.get(0)?, row.get::<Vec<u8>>(1)?)))?
                .collect::<Result<Vec<_>>>()?;
            let read = |(replaced, body): (i64, Vec<u8>)| {
                let json = String::from_utf8(zstd::stream::decode_all(body.as_slice()).ok()?).ok()?;
                let version: FormerVersion = from_json(&json).ok()?;
                Some(FormerVersion { replaced: nearest_time(replaced), ..version })
            };
            Ok(rows.into_iter().filter_map(read).collect())
        })
        .await
    }
}

/// Keeps what an edit is about to change of an entry.
pub(super) fn keep_former_version(
    c: &Database<'_>,
    number: i64,
    replaced: Timestamp,
    entry: &Entry,
) -> Result<()> {
    let Some(former) = former_version(c, number, entry)? else { return Ok(()) };
    let compressed = |version: &FormerVersion| -> Result<Vec<u8>> {
        Ok(zstd::bulk::compress(to_json(version)?.as_bytes(), 3).unwrap_or_default())
    };
    let mut body = compressed(&former)?;
    if body.len() > MAX_BYTES {
        body = compressed(&FormerVersion { summary: None, content: None, is_cut: true, ..former })?;
    }
    c.prepare_cached(
        "INSERT INTO former_version (entry, replaced, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (entry, replaced) DO UPDATE SET body = excluded.body",
    )?
    .execute(params![number, millis(replaced), body])?;
    let sizes = c
        .prepare_cached(
            "SELECT replaced, length(body) FROM former_version WHERE entry = ?1 ORDER BY replaced DESC",
        )?
        .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, i64)>>>()?;
    let mut bytes = 0;
    let first_left_out = sizes.iter().enumerate().find(|(place, (_, size))| {
        bytes += usize::try_from(*size).unwrap_or(usize::MAX);
        *place >= MAX_VERSIONS || bytes > MAX_BYTES
    });
    if let Some((_, (replaced, _))) = first_left_out {
        c.prepare_cached("DELETE FROM former_version WHERE entry = ?1 AND replaced <= ?2")?
            .execute([number, *replaced])?;
    }
    Ok(())
}

/// What is stored of an entry in the fields that differ from another version of it; `None` if none does.
fn former_version(c: &Database<'_>, number: i64, entry: &Entry) -> Result<Option<FormerVersion>> {
    let stored = c
        .prepare_cached(
            "SELECT title, link, summary, content, published, updated FROM entry WHERE number = ?1",
        )?
        .query_row([number], |row| {
            let texts: [Option<String>; 4] =
                [lossy_text(row, 0)?, lossy_text(row, 1)?, lossy_text(row, 2)?, lossy_text(row, 3)?];
            let times: [Option<i64>; 2] = [row.get(4)?, row.get(5)?];
            Ok((texts, times))
        })
        .optional()?;
    let Some(([title, link, summary, content], [published, updated])) = stored else { return Ok(None) };
    let mut changed = Vec::new();
    let mut text = |field, before: Option<String>, after: &Option<String>| {
        let is_changed = before != *after;
        changed.extend(is_changed.then_some(field));
        before.filter(|_| is_changed)
    };
    let (title, link) =
        (text(ChangedField::Title, title, &entry.title), text(ChangedField::Link, link, &entry.link));
    let summary = text(ChangedField::Summary, summary, &entry.summary);
    let content = text(ChangedField::Content, content, &entry.content);
    let mut date = |field, before: Option<i64>, after: Option<Timestamp>| {
        let is_changed = before != after.map(millis);
        changed.extend(is_changed.then_some(field));
        before.filter(|_| is_changed).map(nearest_time)
    };
    let published = date(ChangedField::Published, published, entry.published);
    let updated = date(ChangedField::Updated, updated, entry.updated);
    let version = FormerVersion {
        replaced: Timestamp::UNIX_EPOCH,
        title,
        link,
        summary,
        content,
        published,
        updated,
        is_cut: false,
        changed,
    };
    Ok((!version.changed.is_empty()).then_some(version))
}
