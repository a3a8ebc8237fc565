//! The writer's in-memory index of dedup features, and its loading from the database. I/O: the database.

use jiff::Timestamp;

use super::database::{Database, SqlRow};
use super::sql::{OptionalExtension, Result};
use super::values::millis;
use crate::entry::change::DedupFeatures;
use crate::story::index::CandidateIndex;
use crate::story::rules::ComparedEntry;
use crate::story::signature::Signature;

/// SQL condition on `f`, a row of `dedup_features`: the first entry of a story, or a lone one.
const IS_FIRST: &str = "NOT EXISTS (SELECT 1 FROM story_join AS j WHERE j.entry = f.entry)";

/// Proposes the stories that a new entry may join. It may hold entries that are gone or were rolled back: what it
/// proposes is looked up in the database.
#[derive(Debug, Default)]
pub(super) struct DedupIndex {
    index: CandidateIndex,
    /// Entries up to this number are loaded.
    last_entry: i64,
    /// Manual splits up to this number are loaded.
    last_split: i64,
    is_loaded: bool,
}

impl DedupIndex {
    /// Loads what the database has and the index has not: at the first commit after a start everything that is still
    /// compared, later what other processes have written.
    pub(super) fn catch_up(&mut self, c: &Database<'_>, now: Timestamp) -> Result<()> {
        let now = millis(now);
        let newest = max(c, "SELECT coalesce(max(entry), 0) FROM dedup_features")?;
        // The numbers of a transaction that was rolled back are given out again.
        self.last_entry = self.last_entry.min(newest);
        let newest_split = max(c, "SELECT coalesce(max(number), 0) FROM manual_split")?;
        if !self.is_loaded {
            self.last_entry = last_entry_before(c, CandidateIndex::addresses_since(now), newest)?;
            self.last_split = newest_split;
            self.is_loaded = true;
        }
        if self.last_entry < newest {
            self.load(c, "dedup_features AS f WHERE f.entry > ?1", self.last_entry, now)?;
            self.last_entry = newest;
        }
        if self.last_split != newest_split {
            let from = "manual_split JOIN dedup_features AS f USING (entry) WHERE manual_split.number > ?1";
            self.load(c, from, self.last_split.min(newest_split), now)?;
            self.last_split = newest_split;
        }
        Ok(())
    }

    /// Adds the first entries of stories behind a number.
    fn load(&mut self, c: &Database<'_>, from: &str, behind: i64, now: i64) -> Result<()> {
        let mut statement = c.prepare_cached(&format!(
            "SELECT f.entry, f.first_seen, f.address, f.article, f.signature, {IS_FIRST} FROM {from}
             AND ({IS_FIRST} OR EXISTS (SELECT 1 FROM entry WHERE number = f.entry AND owns_link = 1))
             ORDER BY f.entry"
        ))?;
        let mut rows = statement.query([behind])?;
        while let Some(row) = &rows.next()? {
            let (entry, first_seen) = (row.get(0)?, row.get(1)?);
            if first_seen >= CandidateIndex::addresses_since(now) {
                self.index.add_address(entry, first_seen, row.get(2)?, row.get(3)?);
            }
            let is_first: bool = row.get(5)?;
            if is_first
                && first_seen >= CandidateIndex::texts_since(now)
                && let Some(signature) = Signature::from_short(row.blob(4)?)
            {
                self.index.add_text(entry, first_seen, &signature);
            }
        }
        Ok(())
    }

    /// Adds an address of an entry: the owner's of an address counts though it is not the first entry of its story.
    pub(super) fn add_address(&mut self, entry: i64, seen: i64, address: Option<i64>) {
        self.index.add_address(entry, seen, address, None);
    }

    /// The entries that have had an address.
    pub(super) fn at_address(&self, address: i64) -> Vec<i64> {
        self.index.at_address(address)
    }

    /// Adds an entry that joined no story.
    pub(super) fn add(&mut self, entry: i64, now: Timestamp, facts: &ComparedEntry) {
        self.index.add_text(entry, millis(now), &facts.signature);
        self.index.add_address(entry, millis(now), facts.address, facts.article);
    }

    /// Notes that an entry needs no loading: it was written by this process.
    pub(super) fn skip(&mut self, entry: i64) {
        self.last_entry = self.last_entry.max(entry);
    }

    /// The first entries of stories that an entry may join. The entry itself is left out: its number may have been
    /// that of an entry that was rolled back.
    pub(super) fn candidates(
        &self,
        c: &Database<'_>,
        facts: &ComparedEntry,
        own: i64,
    ) -> Result<Vec<(i64, ComparedEntry)>> {
        let mut statement = c.prepare_cached(&format!(
            "SELECT source, date, address, article, signature FROM dedup_features AS f WHERE entry = ?1 AND {IS_FIRST}"
        ))?;
        let mut found = Vec::new();
        for number in self.index.candidates(facts).into_iter().filter(|number| *number != own) {
            let facts = statement.query_row([number], read_facts).optional()?.flatten();
            found.extend(facts.map(|facts| (number, facts)));
        }
        Ok(found)
    }

    /// Number of entries, bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.index.len(), self.index.bytes())
    }
}

/// `None` where the signature is of another version.
pub(super) fn read_facts(row: &SqlRow<'_>) -> Result<Option<ComparedEntry>> {
    let features = DedupFeatures {
        address: row.get(2)?,
        article: row.get(3)?,
        signature: row.get(4)?,
        hashes: Vec::new(),
    };
    Ok(ComparedEntry::stored(row.get(0)?, row.get(1)?, &features))
}

fn max(c: &Database<'_>, query: &str) -> Result<i64> {
    c.prepare_cached(query)?.query_row((), |row| row.get(0))
}

/// The last entry that was first seen before a time, by binary search: numbers grow with time.
fn last_entry_before(c: &Database<'_>, begin: i64, newest: i64) -> Result<i64> {
    let mut statement =
        c.prepare_cached("SELECT first_seen FROM dedup_features WHERE entry >= ?1 ORDER BY entry LIMIT 1")?;
    let (mut low, mut high) = (0, newest);
    while low < high {
        let middle = low + (high - low) / 2;
        let first_seen: Option<i64> = statement.query_row([middle + 1], |row| row.get(0)).optional()?;
        if first_seen.is_some_and(|seen| seen < begin) { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}
