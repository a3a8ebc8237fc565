//! SQL of the stories: assigning new entries, reading, and the user's splits and joins. I/O: the database.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::super::database::Database;
use super::super::dedup_index::DedupIndex;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::{
    Duplicate, EntryStory, Generation, Merge, OutputId, SourceId, StoryId, StoryMember,
};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{lossy_text, millis, nearest_time, to_json};
use super::entries::{Counters, find_entry, last_in_feed, touch};
use super::owners::join_at_owned_address;
use super::rows::{CachedSource, SourceCache};
use super::story_rows::{InsertedEntry, insert_join, move_to_story};
use crate::entry::change::DedupFeatures;
use crate::story;
use crate::story::rules::{self, ComparedEntry, MergeReason, Proposal};

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// Expired rows of `dedup_features` deleted per commit, in addition to two per new entry.
const EXTRA_EXPIRED_ROWS: usize = 8;

impl Store {
    /// The other entries in the stories of these entries, by entry: the first entry first, then in the order in
    /// which they joined.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn duplicates(&self, entries: Vec<i64>) -> Result<HashMap<i64, Vec<Duplicate>>, Error> {
        self.query(move |c| duplicates(c, &entries)).await
    }

    /// The entry of each of these stories that an output has, in a generation or in the current one (`None`). If
    /// there are several, one of an active source, of those the lowest number.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn story_members(
        &self,
        output: OutputId,
        generation: Option<Generation>,
        stories: Vec<StoryId>,
    ) -> Result<HashMap<StoryId, StoryMember>, Error> {
        self.query(move |c| story_members(c, output, generation, &stories)).await
    }

    /// Those of these entries that joined a story: number of the story's first entry, and reason. Stories without
    /// their first entry are left out.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn joined_stories(&self, entries: Vec<i64>) -> Result<HashMap<i64, (i64, String)>, Error> {
        self.query(move |c| {
            let mut joined = HashMap::new();
            for &entry in &entries {
                let story = entry_story(c, entry)?;
                joined.extend(story.and_then(|story| Some((entry, (story.first?, story.reason?)))));
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
        self.query(move |c| merges(c, n)).await
    }

    /// The story of an entry that is named by number, published id or address.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn story_of_entry(&self, name: String) -> Result<Option<EntryStory>, Error> {
        self.query(move |c| {
            let Some(entry) = find_number(c, &name)? else { return Ok(None) };
            let story = entry_story(c, entry)?;
            let duplicates = duplicates(c, &[entry])?.remove(&entry).unwrap_or_default();
            Ok(story.map(|story| EntryStory { duplicates, ..story }))
        })
        .await
    }

    /// Moves an entry to a new story of its own, for good. Outputs evaluate it again. Without its first entry, a story
    /// begins with the next one. Returns whether the entry shared its story.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn split_story(&self, entry: i64) -> Result<bool, Error> {
        self.command(move |c| split(c, entry)).await
    }

    /// Merges the stories of two entries into the one that began earlier. Returns whether they were two.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn join_stories(&self, a: i64, b: i64, at: Timestamp) -> Result<bool, Error> {
        self.command(move |c| join(c, a, b, at)).await
    }
}

/// Decides which stories the new entries of one poll join. The decision does not depend on their order in the
/// document. Returns the number of entries that joined one.
pub(super) fn assign_stories(
    c: &Database<'_>,
    index: &mut DedupIndex,
    mut inserted: Vec<InsertedEntry<'_>>,
) -> Result<usize> {
    inserted.retain(|entry| entry.new.dedup_features.is_some());
    let Some(now) = inserted.iter().map(|entry| entry.new.first_seen).max() else { return Ok(0) };
    // Numbers ascend with the dates; entries of one date are ordered by key here.
    let mut numbers: Vec<i64> = inserted.iter().map(|entry| entry.number).collect();
    numbers.sort_unstable();
    inserted.sort_by(|a, b| (a.new.date, &a.new.entry.keys).cmp(&(b.new.date, &b.new.entry.keys)));
    let ranks: HashMap<i64, i64> = inserted.iter().map(|entry| entry.number).zip(numbers).collect();
    index.catch_up(c, now)?;
    let listed = match inserted.first() {
        Some(entry) => last_in_feed(c, SourceId(entry.source))?.into_iter().collect(),
        None => HashSet::new(),
    };
    let mut merged = 0;
    for entry in &inserted {
        let Some(features) = &entry.new.dedup_features else { continue };
        let facts = ComparedEntry::stored(entry.source, millis(entry.new.date), features);
        let Some(facts) = facts else { continue };
        insert_features(c, entry, features)?;
        let mut candidates = index.candidates(c, &facts, entry.number)?;
        candidates.sort_by_key(|(number, _)| ranks.get(number).copied().unwrap_or(*number));
        let of_owner = join_at_owned_address(c, index, entry)?.map(|story| (story, MergeReason::Address));
        let joined = match of_owner {
            Some(joined) => Some(joined),
            None => find_story(c, (entry, &listed), &facts, &candidates)?,
        };
        match joined {
            Some((story, reason)) => {
                move_to_story(c, entry.number, story)?;
                insert_join(c, entry.number, &reason.to_string(), entry.new.first_seen)?;
                if entry.new.entry.owns_link {
                    index.add_address(entry.number, millis(now), facts.address);
                }
                merged += 1;
            }
            None => index.add(entry.number, now, &facts),
        }
        index.skip(entry.number);
    }
    expire_features(c, millis(now), inserted.len() * 2 + EXTRA_EXPIRED_ROWS)?;
    Ok(merged)
}

/// The best of the proposed stories that the whole hashes confirm, and why.
fn find_story(
    c: &Database<'_>,
    (inserted, listed): (&InsertedEntry<'_>, &HashSet<i64>),
    short: &ComparedEntry,
    candidates: &[(i64, ComparedEntry)],
) -> Result<Option<(i64, MergeReason)>> {
    let mut new = None;
    for Proposal { entry, reason, mut evidence } in rules::proposals(short, candidates) {
        let old = candidates.iter().find(|(number, _)| *number == entry);
        let (Some((_, old)), Some(hashes), Some(story)) = (old, hashes(c, entry)?, story_id(c, entry)?)
        else {
            continue;
        };
        if is_listed_apart(c, story, inserted, listed)? {
            continue;
        }
        // Others can list any address with any words.
        if reason == MergeReason::Address
            && (!inserted.new.entry.owns_link || has_entry_of_source(c, story, inserted.source)?)
        {
            evidence = evidence.with_shared_address();
        }
        let own_hashes = inserted.new.dedup_features.as_ref().map_or(&[][..], |features| &features.hashes);
        let new = new.get_or_insert_with(|| short.clone().with_hashes(own_hashes));
        if let Ok(reason) = rules::decide(new, &old.clone().with_hashes(&hashes), evidence)
            && (reason.shows_language() || may_share_language(c, inserted, entry)?)
        {
            return Ok(Some((story, reason)));
        }
    }
    Ok(None)
}

fn hashes(c: &Database<'_>, entry: i64) -> Result<Option<Vec<u8>>> {
    c.prepare_cached("SELECT hashes FROM dedup_hashes WHERE entry = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()
}

fn may_share_language(c: &Database<'_>, inserted: &InsertedEntry<'_>, old: i64) -> Result<bool> {
    let Some(old) = find_entry(c, old)? else { return Ok(false) };
    let source = SourceCache::new(c).get(inserted.source)?.source;
    let new = (&inserted.new.entry, source.language.as_deref());
    Ok(story::may_share_language(new, (&old.entry, old.source.language.as_deref())))
}

/// Whether the source lists another entry of the story at the same time, with another date: an alert, a briefing or an
/// episode that comes again under one headline.
fn is_listed_apart(
    c: &Database<'_>,
    story: i64,
    inserted: &InsertedEntry<'_>,
    listed: &HashSet<i64>,
) -> Result<bool> {
    let others: Vec<i64> = c
        .prepare_cached("SELECT number FROM entry WHERE story = ?1 AND source = ?2 AND abs(date - ?3) > ?4")?
        .query_map(params![story, inserted.source, millis(inserted.new.date), HOUR_MILLIS], |row| row.get(0))?
        .collect::<Result<_>>()?;
    Ok(others.iter().any(|number| listed.contains(number)))
}

fn has_entry_of_source(c: &Database<'_>, story: i64, source: i64) -> Result<bool> {
    c.prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE story = ?1 AND source = ?2)")?
        .query_row([story, source], |row| row.get(0))
}

fn insert_features(c: &Database<'_>, entry: &InsertedEntry<'_>, features: &DedupFeatures) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO dedup_features (entry, source, date, first_seen, address, article, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        entry.number,
        entry.source,
        millis(entry.new.date),
        millis(entry.new.first_seen),
        features.address,
        features.article,
        features.signature,
    ])?;
    c.prepare_cached("INSERT INTO dedup_hashes (entry, hashes) VALUES (?1, ?2)")?
        .execute(params![entry.number, features.hashes])
        .map(drop)
}

/// Deletes up to `n` rows of entries that are too old to be compared. Numbers grow with time: the lowest are oldest.
fn expire_features(c: &Database<'_>, now: i64, n: usize) -> Result<()> {
    let before = now - rules::ADDRESS_DAYS * DAY_MILLIS;
    let oldest: Option<i64> = c
        .prepare_cached("SELECT first_seen FROM dedup_features ORDER BY entry LIMIT 1")?
        .query_row((), |row| row.get(0))
        .optional()?;
    if oldest.is_none_or(|oldest| oldest >= before) {
        return Ok(());
    }
    c.prepare_cached(
        "DELETE FROM dedup_features WHERE entry IN (
             SELECT entry FROM (SELECT entry, first_seen FROM dedup_features ORDER BY entry LIMIT ?2) AS oldest
             WHERE first_seen < ?1)",
    )?
    .execute(params![before, n as i64])?;
    c.prepare_cached("DELETE FROM dedup_hashes WHERE entry < (SELECT min(entry) FROM dedup_features)")?
        .execute(())
        .map(drop)
}

pub(super) fn story_members(
    c: &Database<'_>,
    output: OutputId,
    generation: Option<Generation>,
    stories: &[StoryId],
) -> Result<HashMap<StoryId, StoryMember>> {
    let generation: i64 = match generation {
        Some(generation) => generation.0,
        None => c
            .prepare_cached("SELECT generation FROM output WHERE id = ?1")?
            .query_row([output.0], |row| row.get(0))
            .optional()?
            .unwrap_or_default(),
    };
    // One that has just begun has no story.
    let mut has_members =
        c.prepare_cached("SELECT 1 FROM membership WHERE output = ?1 AND generation = ?2 LIMIT 1")?;
    if !has_members.exists([output.0, generation])? {
        return Ok(HashMap::new());
    }
    let mut statement = c.prepare_cached(
        // CROSS JOIN fixes the order: from the few entries of a story to their memberships. No ORDER BY: for that, SQLite
        // makes a table in memory, also where there is no row.
        "SELECT entry.number, source.name, source.active, story_join.entry IS NULL
         FROM entry CROSS JOIN membership ON membership.entry = entry.number AND membership.output = ?1
             AND membership.generation = ?2
         JOIN source ON source.id = entry.source LEFT JOIN story_join ON story_join.entry = entry.number
         WHERE entry.story = ?3",
    )?;
    let mut found = HashMap::new();
    for &story in stories {
        let members = statement
            .query_map([output.0, generation, story.0], |row| {
                let (entry, source) = (row.get(0)?, lossy_text(row, 1)?.unwrap_or_default());
                Ok(StoryMember { entry, source, is_active: row.get(2)?, is_first: row.get(3)? })
            })?
            .collect::<Result<Vec<_>>>()?;
        let member = members.into_iter().min_by_key(|member| (!member.is_active, member.entry));
        found.extend(member.map(|member| (story, member)));
    }
    Ok(found)
}

pub(super) fn story_id(c: &Database<'_>, entry: i64) -> Result<Option<i64>> {
    c.prepare_cached("SELECT story FROM entry WHERE number = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()
}

/// The entries of a story: the first one first, then in the order in which they joined.
fn story_entries(c: &Database<'_>, story: i64) -> Result<Vec<i64>> {
    c.prepare_cached(
        "SELECT number FROM entry LEFT JOIN story_join ON story_join.entry = entry.number
         WHERE story = ?1 ORDER BY joined NULLS FIRST, number",
    )?
    .query_map([story], |row| row.get(0))?
    .collect()
}

fn duplicates(c: &Database<'_>, entries: &[i64]) -> Result<HashMap<i64, Vec<Duplicate>>> {
    let rows: Vec<(i64, i64, Duplicate)> = c
        .prepare_cached(
            // CROSS JOIN fixes the order: from the entries to the few others of their stories.
            "SELECT asked.number, other.source, other.number, other.link, other.owns_link,
                    coalesce(asked_join.reason = ?2, 1 = 0) OR coalesce(other_join.reason = ?2, 1 = 0)
             FROM entry AS asked CROSS JOIN entry AS other
                 ON other.story = asked.story AND other.number <> asked.number
             LEFT JOIN story_join AS asked_join ON asked_join.entry = asked.number
             LEFT JOIN story_join AS other_join ON other_join.entry = other.number
             WHERE asked.number IN (SELECT value FROM json_each(?1))
             ORDER BY asked.number, other_join.joined NULLS FIRST, other.number",
        )?
        .query_map(params![to_json(&entries)?, MergeReason::Address.to_string()], |row| {
            let duplicate = Duplicate {
                entry: row.get(2)?,
                link: lossy_text(row, 3)?,
                owns_link: row.get(4)?,
                is_at_address: row.get(5)?,
                // Looked up below, for all at once.
                source: String::new(),
                title: String::new(),
            };
            Ok((row.get(0)?, row.get(1)?, duplicate))
        })?
        .collect::<Result<_>>()?;
    let others: Vec<i64> = rows.iter().map(|(.., duplicate)| duplicate.entry).collect();
    let sources = SourceCache::of_entries(c, &to_json(&others)?)?;
    let mut all: HashMap<i64, Vec<Duplicate>> = HashMap::new();
    for (entry, source, mut duplicate) in rows {
        let CachedSource { source, secrets, .. } = sources.get(source)?;
        duplicate.source.clone_from(&source.name);
        duplicate.title.clone_from(&source.title);
        if let Some(secrets) = secrets {
            duplicate.link = duplicate.link.map(|link| secrets.hidden(&link));
        }
        all.entry(entry).or_default().push(duplicate);
    }
    Ok(all)
}

/// The story of an entry, without its duplicates.
fn entry_story(c: &Database<'_>, entry: i64) -> Result<Option<EntryStory>> {
    c.prepare_cached(
        "SELECT story, (SELECT number FROM entry AS first WHERE first.story = entry.story
                           AND NOT EXISTS (SELECT 1 FROM story_join AS j WHERE j.entry = first.number)),
                reason
         FROM entry LEFT JOIN story_join ON story_join.entry = entry.number WHERE number = ?1",
    )?
    .query_row([entry], |row| {
        let (story, first, reason) = (StoryId(row.get(0)?), row.get(1)?, lossy_text(row, 2)?);
        Ok(EntryStory { entry, story, first, reason, duplicates: Vec::new() })
    })
    .optional()
}

fn merges(c: &Database<'_>, n: usize) -> Result<Vec<Merge>> {
    let rows = c
        .prepare_cached("SELECT entry, joined FROM story_join ORDER BY joined DESC, entry DESC LIMIT ?1")?
        .query_map([n as i64], |row| Ok((row.get(0)?, nearest_time(row.get(1)?))))?
        .collect::<Result<Vec<(i64, Timestamp)>>>()?;
    let mut merges = Vec::with_capacity(rows.len());
    for (number, joined) in rows {
        let Some(EntryStory { first, reason: Some(reason), .. }) = entry_story(c, number)? else { continue };
        let Some(entry) = find_entry(c, number)? else { continue };
        let first = first.map(|first| find_entry(c, first)).transpose()?.flatten();
        merges.push(Merge { entry, first, reason, joined });
    }
    Ok(merges)
}

/// Finds an entry by number, published id or address; of several with one address, the newest.
fn find_number(c: &Database<'_>, name: &str) -> Result<Option<i64>> {
    c.prepare_cached(
        "SELECT number FROM entry WHERE number = ?1 UNION ALL SELECT number FROM entry WHERE uid = ?2
         UNION ALL SELECT * FROM (SELECT number FROM entry WHERE link = ?2 ORDER BY number DESC LIMIT 1) AS newest
         LIMIT 1",
    )?
    .query_row(params![name.parse::<i64>().ok(), name], |row| row.get(0))
    .optional()
}

fn split(c: &Database<'_>, entry: i64) -> Result<bool> {
    let Some(story) = story_id(c, entry)? else { return Ok(false) };
    let entries = story_entries(c, story)?;
    let others: Vec<i64> = entries.into_iter().filter(|number| *number != entry).collect();
    let Some(&next) = others.first() else { return Ok(false) };
    let mut counters = Counters::read(c)?;
    let mut delete_join = c.prepare_cached("DELETE FROM story_join WHERE entry = ?1")?;
    let had_joined = delete_join.execute([entry])? > 0;
    if !had_joined {
        delete_join.execute([next])?;
    }
    move_to_story(c, entry, counters.next_story())?;
    // The entry that has become the first of its story: others may join it now.
    let new_first = if had_joined { entry } else { next };
    c.prepare_cached("INSERT INTO manual_split (entry) VALUES (?1)")?.execute([new_first])?;
    others.into_iter().chain([entry]).try_for_each(|number| touch(c, number, &mut counters))?;
    counters.write(c)?;
    Ok(true)
}

fn join(c: &Database<'_>, a: i64, b: i64, at: Timestamp) -> Result<bool> {
    let (Some(a), Some(b)) = (story_id(c, a)?, story_id(c, b)?) else { return Ok(false) };
    if a == b {
        return Ok(false);
    }
    let (mut earlier, mut later) = (story_entries(c, a)?, story_entries(c, b)?);
    let mut story = a;
    if earlier.first() > later.first() {
        std::mem::swap(&mut earlier, &mut later);
        story = b;
    }
    for number in &later {
        move_to_story(c, *number, story)?;
        insert_join(c, *number, "joined by hand", at)?;
    }
    let mut counters = Counters::read(c)?;
    later
        .into_iter()
        .chain(earlier.first().copied())
        .try_for_each(|number| touch(c, number, &mut counters))?;
    counters.write(c)?;
    Ok(true)
}
