//! SQL for who asks about single entries: where is it, and how does it stand? Part of the store's door.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::{Candidate, OutputId, Standing};
use super::entries::{self, KEPT};
use super::{Error, Store, time};
use crate::entry::StoredEntry;

impl Store {
    /// Up to `n` entries that are meant by a text, newest first: by the store's number, the published or
    /// the publisher's id, or the link; where there is none, by a part of the title.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries_like(&self, text: String, n: usize) -> Result<Vec<Candidate>, Error> {
        self.ask(move |c| {
            let exact = "entry.uid = ?1 OR entry.link = ?1 OR CAST(entry.number AS TEXT) = ?1
                         OR json_extract(entry.more, '$.id') = ?1";
            let found = find(c, exact, &text, n)?;
            // LIKE minds no case of Latin letters; instr finds the others as they are written.
            let part = "entry.title LIKE '%' || ?1 || '%' OR instr(entry.title, ?1) > 0";
            if found.is_empty() { find(c, part, &text, n) } else { Ok(found) }
        })
        .await
    }

    /// The entry of a number, unless it is gone.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entry(&self, number: i64) -> Result<Option<StoredEntry>, Error> {
        self.ask(move |c| {
            let sources = entries::sources(c);
            c.prepare_cached(&format!("SELECT {KEPT} FROM entry WHERE number = ?1"))?
                .query_row([number], |row| entries::kept(row, &sources))
                .optional()
        })
        .await
    }

    /// How an entry stands in an output; nothing where it is no member.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn standing(&self, output: OutputId, entry: i64) -> Result<Option<Standing>, Error> {
        self.ask(move |c| standing(c, output, entry)).await
    }

    /// The numbers of all members of an output.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_numbers(&self, output: OutputId) -> Result<HashSet<i64>, Error> {
        self.ask(move |c| {
            c.prepare_cached("SELECT entry FROM membership WHERE output = ?1")?
                .query_map([output.0], |row| row.get(0))?
                .collect()
        })
        .await
    }
}

fn find(c: &Connection, condition: &str, text: &str, n: usize) -> Result<Vec<Candidate>> {
    let sources = entries::sources(c);
    c.prepare(&format!(
        "SELECT {KEPT}, entry.debut, coalesce(story_member.story, entry.number)
         FROM entry LEFT JOIN story_member ON story_member.entry = entry.number
         WHERE {condition} ORDER BY entry.date DESC, entry.number DESC LIMIT ?2"
    ))?
    .query_map(params![text, n as i64], |row| {
        Ok(Candidate { entry: entries::kept(row, &sources)?, debut: row.get(14)?, story: row.get(15)? })
    })?
    .collect()
}

fn standing(c: &Connection, output: OutputId, entry: i64) -> Result<Option<Standing>> {
    let member = c
        .prepare_cached(
            "SELECT membership.date, membership.why, entry.source
             FROM membership JOIN entry ON entry.number = membership.entry
             WHERE membership.entry = ?2 AND membership.output = ?1",
        )?
        .query_row(params![output.0, entry], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
        })
        .optional()?;
    let Some((date, why, source)) = member else { return Ok(None) };
    let newer: Vec<(i64, i64)> = c
        .prepare_cached(
            "SELECT entry.source, count(*) FROM membership JOIN entry ON entry.number = membership.entry
             WHERE membership.output = ?1 AND (membership.date, membership.entry) > (?2, ?3)
             GROUP BY entry.source",
        )?
        .query_map(params![output.0, date, entry], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let count = |of: i64| usize::try_from(of).unwrap_or(usize::MAX);
    let (own, others): (Vec<_>, Vec<_>) = newer.into_iter().partition(|(of, _)| *of == source);
    Ok(Some(Standing {
        date: time(date)?,
        why,
        newer: own.first().map_or(0, |(_, n)| count(*n)),
        newer_of_others: others.into_iter().map(|(_, n)| count(n)).collect(),
    }))
}
