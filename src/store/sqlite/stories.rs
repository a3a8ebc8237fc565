//! SQL of the stories: which story a new entry tells, who is in one, and what a user changes. Part of the store's door.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::super::{Duplicate, InStory, Merge, OutputId, Poll};
use super::{Durability, Error, Store, entries, millis, time};
use crate::entry::change::{DedupFeatures, NewEntry};
use crate::story::index::Index;
use crate::story::rules::{self, Facts};
use crate::story::signature::Signature;

/// What the writer holds in memory to decide: the index, and how far it goes.
#[derive(Debug, Default)]
pub(super) struct DedupIndex {
    index: Index,
    /// Entries up to this one are in the index.
    last: i64,
    /// What the user has parted up to this number is in the index.
    parted: i64,
    filled: bool,
}

/// A new entry that was just written.
pub(super) struct Fresh<'a> {
    pub(super) number: i64,
    pub(super) source: i64,
    pub(super) new: &'a NewEntry,
}

/// Decides which stories new entries of one poll tell, and writes it down. What an entry is compared with does
/// not depend on its place in the document. Answers how many joined one.
pub(super) fn settle(c: &Connection, window: &mut DedupIndex, mut fresh: Vec<Fresh<'_>>) -> Result<usize> {
    fresh.retain(|fresh| fresh.new.dedup_features.is_some());
    let Some(now) = fresh.iter().map(|fresh| millis(fresh.new.first_seen)).max() else { return Ok(0) };
    let mut numbers: Vec<i64> = fresh.iter().map(|fresh| fresh.number).collect();
    numbers.sort_unstable();
    fresh.sort_by(|a, b| (a.new.date, &a.new.entry.keys).cmp(&(b.new.date, &b.new.entry.keys)));
    // The numbers follow the document; the oldest is to be the first also among those of one poll.
    let ages: HashMap<i64, i64> = fresh.iter().map(|fresh| fresh.number).zip(numbers).collect();
    window.catch_up(c, now)?;
    let mut merged = 0;
    for fresh in &fresh {
        let Some(dedup_features) = &fresh.new.dedup_features else { continue };
        let Some(facts) = facts(fresh, dedup_features) else { continue };
        remember(c, fresh, dedup_features)?;
        let mut candidates = candidates(c, window, &facts, fresh.number)?;
        candidates.sort_by_key(|(number, _)| ages.get(number).copied().unwrap_or(*number));
        match rules::decide(&facts, &candidates) {
            Some((story, reason)) => {
                join_member(c, fresh.number, story, &reason.to_string(), fresh.new.first_seen)?;
                merged += 1;
            }
            None => {
                window.index.add_text(fresh.number, now, &facts.signature);
                window.index.add_address(fresh.number, now, facts.address, facts.article);
            }
        }
        window.last = window.last.max(fresh.number);
    }
    forget(c, now, fresh.len() * 2 + 8)?;
    Ok(merged)
}

fn facts(fresh: &Fresh<'_>, dedup_features: &DedupFeatures) -> Option<Facts> {
    Some(Facts {
        source: fresh.source,
        date: millis(fresh.new.date),
        address: dedup_features.address,
        article: dedup_features.article,
        signature: Signature::decode(&dedup_features.signature)?,
    })
}

fn remember(c: &Connection, fresh: &Fresh<'_>, dedup_features: &DedupFeatures) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO dedup_features (entry, source, date, seen, address, article, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        fresh.number,
        fresh.source,
        millis(fresh.new.date),
        millis(fresh.new.first_seen),
        dedup_features.address,
        dedup_features.article,
        dedup_features.signature,
    ])
    .map(drop)
}

fn join_member(c: &Connection, entry: i64, story: i64, why: &str, at: Timestamp) -> Result<()> {
    c.prepare_cached(
        "INSERT OR REPLACE INTO story_member (entry, story, why, joined) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![entry, story, why, millis(at)])
    .map(drop)
}

/// Numbers grow with time, so that only the lowest need a look.
fn forget(c: &Connection, now: i64, n: usize) -> Result<()> {
    let before = now - rules::ADDRESS_DAYS * 24 * 3_600_000;
    let oldest: Option<i64> = c
        .prepare_cached("SELECT seen FROM dedup_features ORDER BY entry LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if oldest.is_none_or(|oldest| oldest >= before) {
        return Ok(());
    }
    c.prepare_cached(
        "DELETE FROM dedup_features WHERE entry IN (
             SELECT entry FROM (SELECT entry, seen FROM dedup_features ORDER BY entry LIMIT ?2) WHERE seen < ?1)",
    )?
    .execute(params![before, n as i64])
    .map(drop)
}

/// The entries alone that are the first of their story.
const FIRSTS: &str = "NOT EXISTS (SELECT 1 FROM story_member AS m WHERE m.entry = l.entry)";

/// Of what the index proposes, what is the first of a story and not the entry itself, whose number a transaction that
/// was rolled back may have left there.
fn candidates(c: &Connection, window: &DedupIndex, facts: &Facts, own: i64) -> Result<Vec<(i64, Facts)>> {
    let mut question = c.prepare_cached(&format!(
        "SELECT source, date, address, article, signature FROM dedup_features AS l WHERE entry = ?1 AND {FIRSTS}"
    ))?;
    let mut found = Vec::new();
    for number in window.index.candidates(facts).into_iter().filter(|number| *number != own) {
        let facts = question.query_row([number], read).optional()?.flatten();
        found.extend(facts.map(|facts| (number, facts)));
    }
    Ok(found)
}

/// `None` where the signature is of another version.
fn read(row: &Row<'_>) -> Result<Option<Facts>> {
    let Some(signature) = Signature::decode(row.get_ref(4)?.as_blob()?) else { return Ok(None) };
    let (source, date) = (row.get(0)?, row.get(1)?);
    Ok(Some(Facts { source, date, address: row.get(2)?, article: row.get(3)?, signature }))
}

impl DedupIndex {
    /// Takes in what is in the store and not yet in the index: everything of the window at the first decision
    /// after a start, and later what another process has written.
    fn catch_up(&mut self, c: &Connection, now: i64) -> Result<()> {
        let newest: i64 = c
            .prepare_cached("SELECT coalesce(max(entry), 0) FROM dedup_features")?
            .query_row([], |row| row.get(0))?;
        // A transaction that was rolled back has taken its numbers with it.
        self.last = self.last.min(newest);
        let parted: i64 = c
            .prepare_cached("SELECT coalesce(max(number), 0) FROM parted")?
            .query_row([], |row| row.get(0))?;
        if !self.filled {
            self.last = before(c, Index::begin_of_addresses(now), newest)?;
            self.parted = parted;
            self.filled = true;
        }
        if self.last < newest {
            self.take_in(c, "dedup_features AS l WHERE entry > ?1 AND", self.last, now)?;
            self.last = newest;
        }
        if self.parted != parted {
            let stand_alone = "parted JOIN dedup_features AS l USING (entry) WHERE parted.number > ?1 AND";
            self.take_in(c, stand_alone, self.parted.min(parted), now)?;
            self.parted = parted;
        }
        Ok(())
    }

    /// Adds the entries behind a number that are the first of their story.
    fn take_in(&mut self, c: &Connection, from: &str, behind: i64, now: i64) -> Result<()> {
        let mut rows = c.prepare_cached(&format!(
            "SELECT l.entry, l.seen, l.address, l.article, l.signature FROM {from} {FIRSTS} ORDER BY l.entry"
        ))?;
        let mut rows = rows.query([behind])?;
        while let Some(row) = rows.next()? {
            let (entry, seen) = (row.get(0)?, row.get(1)?);
            if seen >= Index::begin_of_addresses(now) {
                self.index.add_address(entry, seen, row.get(2)?, row.get(3)?);
            }
            if seen >= Index::begin_of_texts(now)
                && let Some(signature) = Signature::decode(row.get_ref(4)?.as_blob()?)
            {
                self.index.add_text(entry, seen, &signature);
            }
        }
        Ok(())
    }
}

/// The last entry that was seen before a time: entries are numbered as they are seen.
fn before(c: &Connection, begin: i64, newest: i64) -> Result<i64> {
    let mut at =
        c.prepare_cached("SELECT seen FROM dedup_features WHERE entry >= ?1 ORDER BY entry LIMIT 1")?;
    let (mut low, mut high) = (0, newest);
    while low < high {
        let middle = low + (high - low) / 2;
        let seen: Option<i64> = at.query_row([middle + 1], |row| row.get(0)).optional()?;
        if seen.is_some_and(|seen| seen < begin) { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

impl Store {
    /// Writes down one poll: entries, validators and the next poll time together. Ends the claim. Answers
    /// how many of the new entries joined a story.
    ///
    /// # Errors
    /// The store cannot write; then nothing of the poll is kept.
    pub async fn commit(&self, poll: Poll) -> Result<usize, Error> {
        let weight = if poll.changes.is_empty() { Durability::Relaxed } else { Durability::Full };
        let window = Arc::clone(&self.window);
        // The poll comes back with the answer, so that whoever made its texts frees them: on the writer's thread that
        // would hold up the writer, and the others at the allocator's lock.
        self.weighted(weight, move |c| {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((entries::commit(c, &poll, &mut window)?, poll))
        })
        .await
        .map(|(merged, _)| merged)
    }

    /// Writes down polls, one after the other, all or none.
    ///
    /// # Errors
    /// The store cannot write; then nothing of them is kept.
    pub async fn commit_all(&self, polls: Vec<Poll>) -> Result<(), Error> {
        let window = Arc::clone(&self.window);
        self.command(move |c| {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            polls.iter().try_for_each(|poll| entries::commit(c, poll, &mut window).map(drop))
        })
        .await
    }

    /// The other entries of the stories of these entries, by entry, in the order in which they joined.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn duplicates(&self, of: Vec<i64>) -> Result<HashMap<i64, Vec<Duplicate>>, Error> {
        self.ask(move |c| {
            let mut all = HashMap::new();
            for entry in of {
                let duplicates = duplicates(c, entry)?;
                if !duplicates.is_empty() {
                    all.insert(entry, duplicates);
                }
            }
            Ok(all)
        })
        .await
    }

    /// Of these stories, the entries that an output has already.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn published(&self, output: OutputId, stories: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        self.ask(move |c| {
            let mut question = c.prepare_cached(
                "SELECT min(entry) FROM membership WHERE output = ?1 AND entry IN (
                     SELECT ?2 UNION ALL SELECT entry FROM story_member WHERE story = ?2)",
            )?;
            let mut found = HashMap::new();
            for story in stories {
                let entry: Option<i64> = question.query_row([output.0, story], |row| row.get(0))?;
                found.extend(entry.map(|entry| (story, entry)));
            }
            Ok(found)
        })
        .await
    }

    /// Of these entries, those that joined the story of another: its first entry, and why.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn joined(&self, entries: Vec<i64>) -> Result<HashMap<i64, (i64, String)>, Error> {
        self.ask(move |c| {
            let mut question = c.prepare_cached("SELECT story, why FROM story_member WHERE entry = ?1")?;
            let mut joined = HashMap::new();
            for entry in entries {
                let story = question.query_row([entry], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                joined.extend(story.map(|story| (entry, story)));
            }
            Ok(joined)
        })
        .await
    }

    /// The latest merges, newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn merges(&self, n: usize) -> Result<Vec<Merge>, Error> {
        self.ask(move |c| merges(c, n)).await
    }

    /// How an entry stands in its story: called by its number, published id or address.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn story_of(&self, entry: String) -> Result<Option<InStory>, Error> {
        self.ask(move |c| find(c, &entry)?.map(|number| in_story(c, number)).transpose()).await
    }

    /// Takes an entry out of its story for good: it stands alone, and outputs look at it again. The first of a
    /// story leaves the others to the next of them. Answers whether there was anything to part.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn split_story(&self, entry: i64) -> Result<bool, Error> {
        self.command(move |c| split(c, entry)).await
    }

    /// Makes one story of the stories of two entries, called by the first of the earlier one. Answers
    /// whether they were two.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn join_stories(&self, a: i64, b: i64, at: Timestamp) -> Result<bool, Error> {
        self.command(move |c| join(c, a, b, at)).await
    }

    /// What the window of what is compared takes in memory: entries, bytes.
    pub fn window(&self) -> (usize, usize) {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        (window.index.len(), window.index.bytes())
    }
}

/// The story that an entry tells: its own number where it joined none.
fn story(c: &Connection, entry: i64) -> Result<i64> {
    let joined = c
        .prepare_cached("SELECT story FROM story_member WHERE entry = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()?;
    Ok(joined.unwrap_or(entry))
}

/// All entries of a story that are still kept, the first one first.
fn members(c: &Connection, story: i64) -> Result<Vec<i64>> {
    c.prepare_cached(
        "SELECT number FROM entry WHERE number = ?1
         UNION ALL SELECT * FROM (SELECT entry FROM story_member WHERE story = ?1 ORDER BY joined, entry)",
    )?
    .query_map([story], |row| row.get(0))?
    .collect()
}

fn duplicates(c: &Connection, entry: i64) -> Result<Vec<Duplicate>> {
    let story = story(c, entry)?;
    let sources = entries::sources(c);
    let mut question = c.prepare_cached("SELECT source, link FROM entry WHERE number = ?1")?;
    let others = members(c, story)?.into_iter().filter(|number| *number != entry);
    others
        .map(|number| {
            question.query_row([number], |row| {
                let from = sources.get(row.get(0)?)?;
                Ok(Duplicate {
                    entry: number,
                    source: from.name.clone(),
                    title: from.title.clone(),
                    link: row.get(1)?,
                })
            })
        })
        .collect()
}

fn merges(c: &Connection, n: usize) -> Result<Vec<Merge>> {
    let rows = c
        .prepare_cached(
            "SELECT entry, story, why, joined FROM story_member ORDER BY joined DESC, entry DESC LIMIT ?1",
        )?
        .query_map([n as i64], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, time(row.get(3)?)?))
        })?
        .collect::<Result<Vec<(i64, i64, String, Timestamp)>>>()?;
    rows.into_iter()
        .map(|(entry, story, why, joined)| {
            let first = entries::one(c, story)?;
            Ok(entries::one(c, entry)?.map(|entry| Merge { entry, first, why, joined }))
        })
        .filter_map(Result::transpose)
        .collect()
}

fn in_story(c: &Connection, entry: i64) -> Result<InStory> {
    let why = c
        .prepare_cached("SELECT why FROM story_member WHERE entry = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()?;
    Ok(InStory { entry, story: story(c, entry)?, why, duplicates: duplicates(c, entry)? })
}

fn find(c: &Connection, entry: &str) -> Result<Option<i64>> {
    c.prepare_cached(
        "SELECT number FROM entry WHERE number = ?1 UNION ALL SELECT number FROM entry WHERE uid = ?2
         UNION ALL SELECT * FROM (SELECT number FROM entry WHERE link = ?2 ORDER BY number DESC LIMIT 1) LIMIT 1",
    )?
    .query_row(params![entry.parse::<i64>().ok(), entry], |row| row.get(0))
    .optional()
}

fn split(c: &Connection, entry: i64) -> Result<bool> {
    let story = story(c, entry)?;
    let others: Vec<i64> = members(c, story)?.into_iter().filter(|number| *number != entry).collect();
    let Some(&next) = others.first() else { return Ok(false) };
    c.prepare_cached("DELETE FROM story_member WHERE entry = ?1")?.execute([entry])?;
    let alone = if entry == story { next } else { entry };
    if entry == story {
        c.prepare_cached("DELETE FROM story_member WHERE entry = ?1")?.execute([next])?;
        c.prepare_cached("UPDATE story_member SET story = ?2 WHERE story = ?1")?.execute([story, next])?;
    }
    c.prepare_cached("INSERT INTO parted (entry) VALUES (?1)")?.execute([alone])?;
    others.into_iter().chain([entry]).try_for_each(|number| entries::touch(c, number))?;
    Ok(true)
}

fn join(c: &Connection, a: i64, b: i64, at: Timestamp) -> Result<bool> {
    let (a, b) = (story(c, a)?, story(c, b)?);
    if a == b {
        return Ok(false);
    }
    let (first, second) = (a.min(b), a.max(b));
    let moved = members(c, second)?;
    for number in &moved {
        join_member(c, *number, first, "joined by hand", at)?;
    }
    moved.into_iter().chain([first]).try_for_each(|number| entries::touch(c, number))?;
    Ok(true)
}
