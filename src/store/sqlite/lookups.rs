//! SQL of single entries and their position in outputs, for commands. I/O: the database.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::model::{Candidate, MemberPosition, OutputId};
use super::entries::{find_candidates, find_entry};
use super::error::Error;
use super::handle::Store;
use super::values::time;
use crate::entry::StoredEntry;
use crate::entry::change::FormerTitle;

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
                find_candidates(c, &format!("({condition}) {newest}"), params![text, n as i64])
            };
            let found = find(
                "entry.uid = ?1 OR entry.link = ?1 OR CAST(entry.number AS TEXT) = ?1
                 OR json_extract(entry.extra_json, '$.id') = ?1",
            )?;
            if !found.is_empty() {
                return Ok(found);
            }
            // LIKE ignores the case of ASCII letters only; instr finds other letters as they are written.
            let found = find("entry.title LIKE '%' || ?1 || '%' OR instr(entry.title, ?1) > 0")?;
            if !found.is_empty() {
                return Ok(found);
            }
            find(
                "entry.number IN (SELECT former.entry FROM former_title AS former
                                  WHERE former.title LIKE '%' || ?1 || '%' OR instr(former.title, ?1) > 0)",
            )
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
                Ok(FormerTitle { title: row.get(0)?, replaced: time(row.get(1)?)?, reason: row.get(2)? })
            })?
            .collect()
        })
        .await
    }

    /// The position of an entry in an output, if it is a member.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_position(
        &self,
        output: OutputId,
        entry: i64,
    ) -> Result<Option<MemberPosition>, Error> {
        self.query(move |c| member_position(c, output, entry)).await
    }

    /// The numbers of all members of an output.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_numbers(&self, output: OutputId) -> Result<HashSet<i64>, Error> {
        self.query(move |c| {
            c.prepare_cached("SELECT entry FROM membership WHERE output = ?1")?
                .query_map([output.0], |row| row.get(0))?
                .collect()
        })
        .await
    }
}

fn member_position(c: &Connection, output: OutputId, entry: i64) -> Result<Option<MemberPosition>> {
    let member = c
        .prepare_cached(
            "SELECT membership.date, membership.reasons, entry.source
             FROM membership JOIN entry ON entry.number = membership.entry
             WHERE membership.entry = ?2 AND membership.output = ?1",
        )?
        .query_row(params![output.0, entry], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
        })
        .optional()?;
    let Some((date, reasons, source)) = member else { return Ok(None) };
    let newer_by_source: Vec<(i64, i64)> = c
        .prepare_cached(
            "SELECT entry.source, count(*) FROM membership JOIN entry ON entry.number = membership.entry
             WHERE membership.output = ?1 AND (membership.date, membership.entry) > (?2, ?3)
             GROUP BY entry.source",
        )?
        .query_map(params![output.0, date, entry], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let count = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let (own, others): (Vec<_>, Vec<_>) = newer_by_source.into_iter().partition(|(id, _)| *id == source);
    Ok(Some(MemberPosition {
        date: time(date)?,
        reasons,
        newer: own.first().map_or(0, |(_, n)| count(*n)),
        newer_of_others: others.into_iter().map(|(_, n)| count(n)).collect(),
    }))
}
