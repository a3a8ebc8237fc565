//! SQL of single entries, for commands. I/O: the database.

use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::Candidate;
use super::super::sql::{Result, params};
use super::super::values::{lossy_text, nearest_time};
use super::entries::{find_candidates, find_entry, read_entries, write_key};
use super::published_ids::find_published;
use crate::entry::change::FormerTitle;
use crate::entry::{Key, StoredEntry};

impl Store {
    /// Up to `n` entries, newest first, with this number, published id, publisher's id or link; if there is none, with
    /// this text in their title; if there is none, with it in a former title.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn find_entries(&self, text: String, n: usize) -> Result<Vec<Candidate>, Error> {
        self.query(move |c| {
            let find = |condition: &str| {
                let newest = "ORDER BY entry.date DESC, entry.number DESC LIMIT ?2";
                find_candidates(c, &format!("({condition}) {newest}"), params![text, n as i64], n)
            };
            let found = find(
                "entry.uid = ?1 OR entry.link = ?1 OR CAST(entry.number AS TEXT) = ?1
                 OR CASE WHEN json_valid(entry.extra_json) THEN json_extract(entry.extra_json, '$.id') = ?1 END",
            )?;
            if !found.is_empty() {
                return Ok(found);
            }
            // A look at every entry, for what can only be an id.
            if text.starts_with("urn:uuid:")
                && let Some(number) = find_published(c, &text)?
            {
                return find_candidates(c, "entry.number = ?1", [number], n);
            }
            // `lower` knows ASCII letters only; others are found as they are written. LIKE would read `%` and `_` as signs.
            let found = find("instr(lower(entry.title), lower(?1)) > 0")?;
            if !found.is_empty() {
                return Ok(found);
            }
            find(
                "entry.number IN (SELECT former.entry FROM former_title AS former
                                  WHERE instr(lower(former.title), lower(?1)) > 0)",
            )
        })
        .await
    }

    /// Whether one of these keys is of an entry that was pruned.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn has_pruned(&self, keys: Vec<Key>) -> Result<bool, Error> {
        self.query(move |c| {
            let mut find = c.prepare_cached("SELECT 1 FROM key WHERE entry IS NULL AND key = ?1")?;
            let mut buffer = String::new();
            keys.iter().try_fold(false, |found, key| Ok(found || find.exists([write_key(key, &mut buffer)])?))
        })
        .await
    }

    /// The entry with a number, if it is not pruned.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entry(&self, number: i64) -> Result<Option<StoredEntry>, Error> {
        self.query(move |c| find_entry(c, number)).await
    }

    /// The entries with these numbers, in this order, without those that are pruned or cannot be read.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries(&self, numbers: Vec<i64>) -> Result<Vec<StoredEntry>, Error> {
        self.query(move |c| read_entries(c, &numbers)).await
    }

    /// What tells whether something is to be searched again: the latest revision, and the highest number of a pruned entry.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn search_state(&self) -> Result<(i64, i64), Error> {
        self.query(|c| {
            c.query_row("SELECT revision, pruned FROM counter", (), |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
    }

    /// The titles that an entry had before, newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn former_titles(&self, entry: i64) -> Result<Vec<FormerTitle>, Error> {
        self.query(move |c| {
            c.prepare_cached(
                "SELECT title, replaced, reason FROM former_title WHERE entry = ?1 ORDER BY replaced DESC",
            )?
            .query_map([entry], |row| {
                Ok(FormerTitle {
                    title: lossy_text(row, 0)?.unwrap_or_default(),
                    replaced: nearest_time(row.get(1)?),
                    reason: lossy_text(row, 2)?.unwrap_or_default(),
                })
            })?
            .collect()
        })
        .await
    }
}
