//! SQL of the entries: lookup by key, insert, edit, prune. I/O: the database.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::super::database::{Database, SqlRow};
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::{Candidate, SourceId, StoryId};
use super::super::sql::{OptionalExtension, Result, SqlValues, params};
use super::super::values::{from_json, lossy_text, millis, nearest_time, to_json};
use super::rows::{ENTRY_COLUMN_COUNT, ENTRY_COLUMNS, ExtraJson, SourceCache, StoredKeys, read_entry};
use crate::entry::change::{FormerTitle, KnownEntries, KnownEntry, KnownKey, NewEntry};
use crate::entry::{Entry, Key, KeyRule, StoredEntry, text_hash};
use crate::source::FullText;

impl Store {
    /// The entries of a source that have one of these keys, by key.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn known_entries(&self, source: SourceId, keys: Vec<Key>) -> Result<KnownEntries, Error> {
        self.query(move |c| known_entries(c, source, &keys)).await
    }

    /// The entries of the source's last document that are not among these numbers.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries_no_longer_in_feed(
        &self,
        source: SourceId,
        in_feed: Vec<i64>,
    ) -> Result<Vec<KnownEntry>, Error> {
        self.query(move |c| entries_no_longer_in_feed(c, source, &in_feed)).await
    }

    /// [`Store::known_entries`] of several sources, in the given order.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn known_entries_of_all(
        &self,
        sources: Vec<(SourceId, Vec<Key>)>,
    ) -> Result<Vec<KnownEntries>, Error> {
        self.query(move |c| sources.iter().map(|(source, keys)| known_entries(c, *source, keys)).collect())
            .await
    }

    /// Removes up to `n` entries that were first seen before a time and are in no feed any more, oldest first. Their
    /// keys stay, so that they do not come back. Returns the number of removed entries.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn prune(&self, before: Timestamp, n: usize) -> Result<usize, Error> {
        self.command(move |c| prune(c, before, n)).await
    }

    /// The latest revision.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn latest_revision(&self) -> Result<i64, Error> {
        self.query(|c| c.query_row("SELECT revision FROM counter", (), |row| row.get(0))).await
    }

    /// Up to `n` entries past a revision, in the order of revisions.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries_after(&self, revision: i64, n: usize) -> Result<Vec<Candidate>, Error> {
        self.query(move |c| {
            // No LIMIT: it would count rows that cannot be read.
            find_candidates(c, "entry.revision > ?1 ORDER BY entry.revision", [revision], n)
        })
        .await
    }

    /// Up to `n` entries below a number, the highest first: of one poll, the newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries_below(&self, number: i64, n: usize) -> Result<Vec<Candidate>, Error> {
        self.query(move |c| find_candidates(c, "entry.number < ?1 ORDER BY entry.number DESC", [number], n))
            .await
    }
}

/// Reads up to `n` entries that meet a condition, with their stories.
pub(super) fn find_candidates(
    c: &Database<'_>,
    condition: &str,
    parameters: impl SqlValues,
    n: usize,
) -> Result<Vec<Candidate>> {
    let sources = SourceCache::new(c);
    c.prepare_cached(&format!(
        "SELECT {ENTRY_COLUMNS}, entry.first_poll, entry.story, story_join.entry IS NULL, entry.revised
         FROM entry LEFT JOIN story_join ON story_join.entry = entry.number
         WHERE {condition}"
    ))?
    .query_map(parameters, |row| {
        let Some(entry) = read_entry(row, &sources)? else { return Ok(None) };
        let full_text = sources.get(row.get(6)?)?.full_text;
        Ok(Some(Candidate {
            entry,
            shows_article: full_text == FullText::Publish,
            source: SourceId(row.get(6)?),
            first_poll: row.get(ENTRY_COLUMN_COUNT)?,
            story: StoryId(row.get(ENTRY_COLUMN_COUNT + 1)?),
            is_first: row.get(ENTRY_COLUMN_COUNT + 2)?,
            revised: nearest_time(row.get(ENTRY_COLUMN_COUNT + 3)?),
        }))
    })?
    .filter_map(Result::transpose)
    .take(n)
    .collect()
}

/// Reads an entry, if it is not pruned and can be read.
pub(super) fn find_entry(c: &Database<'_>, number: i64) -> Result<Option<StoredEntry>> {
    find_entry_of(c, number, &SourceCache::new(c))
}

/// The same, with what is known of the sources.
pub(super) fn find_entry_of(
    c: &Database<'_>,
    number: i64,
    sources: &SourceCache<'_>,
) -> Result<Option<StoredEntry>> {
    c.prepare_cached(&format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE number = ?1"))?
        .query_row([number], |row| read_entry(row, sources))
        .optional()
        .map(Option::flatten)
}

/// Reads entries, in this order, without those that are pruned or cannot be read.
pub(super) fn read_entries(c: &Database<'_>, numbers: &[i64]) -> Result<Vec<StoredEntry>> {
    let listed = to_json(&numbers)?;
    let sources = SourceCache::of_entries(c, &listed)?;
    let mut found: HashMap<i64, StoredEntry> = c
        .prepare_cached(&format!(
            "SELECT {ENTRY_COLUMNS} FROM entry WHERE number IN (SELECT value FROM json_each(?1))"
        ))?
        .query_map([&listed], |row| read_entry(row, &sources))?
        .filter_map(Result::transpose)
        .map(|entry| entry.map(|entry| (entry.number, entry)))
        .collect::<Result<_>>()?;
    Ok(numbers.iter().filter_map(|number| found.remove(number)).collect())
}

/// The counters during a transaction: read once, written once.
pub(super) struct Counters {
    stored: [i64; 3],
    revision: i64,
    entry: i64,
    story: i64,
}

impl Counters {
    pub(super) fn read(c: &Database<'_>) -> Result<Counters> {
        c.prepare_cached("SELECT revision, entry, story FROM counter")?.query_row((), |row| {
            let (revision, entry, story) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Counters { stored: [revision, entry, story], revision, entry, story })
        })
    }

    pub(super) fn next_revision(&mut self) -> i64 {
        self.next_revisions(1)
    }

    /// Takes the next `n` revisions; returns the last one.
    pub(super) fn next_revisions(&mut self, n: usize) -> i64 {
        self.revision += n as i64;
        self.revision
    }

    fn next_entry(&mut self) -> i64 {
        self.entry += 1;
        self.entry
    }

    pub(super) fn next_story(&mut self) -> i64 {
        self.story += 1;
        self.story
    }

    pub(super) fn write(&self, c: &Database<'_>) -> Result<()> {
        let counters = [self.revision, self.entry, self.story];
        if counters != self.stored {
            c.prepare_cached("UPDATE counter SET revision = ?1, entry = ?2, story = ?3")?
                .execute(counters)?;
        }
        Ok(())
    }
}

/// A longer value is a key by its hash: PostgreSQL's indexes take no row of more than 2,704 bytes.
const MAX_KEY: usize = 1000;

/// The spelling of a key in the table.
pub(super) fn write_key<'a>(key: &Key, buffer: &'a mut String) -> &'a str {
    let rule = match key.rule {
        KeyRule::Id => "id ",
        KeyRule::About => "about ",
        KeyRule::Link => "link ",
        KeyRule::Title => "title ",
        KeyRule::Body => "body ",
    };
    buffer.clear();
    buffer.push_str(rule);
    match key.value.len() {
        ..=MAX_KEY => buffer.push_str(&key.value),
        _ => buffer.push_str(&text_hash(&[&key.value])),
    }
    buffer
}

/// The fingerprint of an entry, and none of one that cannot be read: then the document rewrites it.
const FINGERPRINT: &str = "CASE WHEN json_valid(entry.extra_json) THEN entry.fingerprint END";

fn known_entries(c: &Database<'_>, source: SourceId, keys: &[Key]) -> Result<KnownEntries> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT entry.number, {FINGERPRINT}, entry.content_hash, entry.edits, entry.title, entry.link,
                coalesce(entry.published, entry.updated)
         FROM key LEFT JOIN entry ON entry.number = key.entry
         WHERE key.source = ?1 AND key.key = ?2"
    ))?;
    let pruned_before = c
        .prepare_cached("SELECT pruned_before FROM counter")?
        .query_row((), |row| Ok(nearest_time(row.get(0)?)))?;
    let mut found = HashMap::with_capacity(keys.len());
    let mut buffer = String::new();
    for key in keys {
        let known = statement
            .query_row(params![source.0, write_key(key, &mut buffer)], |row| {
                let number: Option<i64> = row.get(0)?;
                let Some(number) = number else { return Ok(KnownKey::Pruned { before: pruned_before }) };
                known_entry(row, number).map(KnownKey::Entry)
            })
            .optional()?;
        found.extend(known.map(|known| (key.clone(), known)));
    }
    Ok(found)
}

fn known_entry(row: &SqlRow<'_>, number: i64) -> Result<KnownEntry> {
    Ok(KnownEntry {
        number,
        fingerprint: row.get::<Option<_>>(1)?.unwrap_or_default(),
        content_hash: row.get(2)?,
        edits: row.get(3)?,
        title: lossy_text(row, 4)?,
        link: lossy_text(row, 5)?,
        date: row.get::<Option<i64>>(6)?.map(nearest_time),
    })
}

/// The entries of the source's last document that are not among these numbers.
fn entries_no_longer_in_feed(c: &Database<'_>, source: SourceId, in_feed: &[i64]) -> Result<Vec<KnownEntry>> {
    let in_feed: HashSet<i64> = in_feed.iter().copied().collect();
    let mut find = c.prepare_cached(&format!(
        "SELECT number, {FINGERPRINT}, content_hash, edits, title, link, coalesce(published, updated) FROM entry
         WHERE number = ?1"
    ))?;
    let left = last_in_feed(c, source)?.into_iter().filter(|number| !in_feed.contains(number));
    left.filter_map(|number| find.query_row([number], |row| known_entry(row, number)).optional().transpose())
        .collect()
}

/// The numbers of the entries in the last document of a source.
pub(super) fn last_in_feed(c: &Database<'_>, source: SourceId) -> Result<Vec<i64>> {
    let numbers = c
        .prepare_cached("SELECT entries FROM in_feed WHERE source = ?1")?
        .query_row([source.0], |row| {
            let numbers = row.text(0).and_then(from_json);
            c.readable("in_feed", source.0, numbers)
        })
        .optional()?;
    Ok(numbers.flatten().unwrap_or_default())
}

/// Whether an entry comes with the first poll of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollKind {
    First,
    Later,
}

/// A new entry with what the store adds to it.
pub(super) struct NewRow<'a> {
    pub(super) source: SourceId,
    pub(super) new: &'a NewEntry,
    pub(super) poll: PollKind,
    pub(super) revision: i64,
}

/// Inserts an entry under its first free published id, as a story of its own. Returns its number.
pub(super) fn insert_entry(c: &Database<'_>, row: &NewRow<'_>, counters: &mut Counters) -> Result<i64> {
    let NewRow { source, new, poll, revision } = *row;
    let mut taken = c.prepare_cached("SELECT 1 FROM entry WHERE uid = ?1")?;
    let mut uid = None;
    for candidate in &new.uids {
        uid = Some(candidate);
        if !taken.exists([candidate])? {
            break;
        }
    }
    let entry = &new.entry;
    let number = counters.next_entry();
    c.prepare_cached(
        "INSERT INTO entry (number, source, revision, story, uid, date, changed, first_seen, revised, first_poll, edits,
                            fingerprint, content_hash, title, link, owns_link, published, updated, extra_json, summary, content)
         VALUES (?17, ?1, ?2, ?3, ?4, ?5, ?5, ?6, ?6, ?7, 0, ?8, ?9, ?10, ?11, ?18, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        source.0,
        revision,
        counters.next_story(),
        uid,
        millis(new.date),
        millis(new.first_seen),
        poll == PollKind::First,
        new.fingerprint,
        new.content_hash,
        entry.title,
        entry.link,
        entry.published.map(millis),
        entry.updated.map(millis),
        to_json(&ExtraJson::new(entry))?,
        entry.summary,
        entry.content,
        number,
        entry.owns_link,
    ])?;
    add_keys(c, source, Some(number), &entry.keys)?;
    Ok(number)
}

/// What an edit changes.
pub(super) struct Edit<'a> {
    pub(super) number: i64,
    pub(super) revision: i64,
    /// Time of the poll; `None` leaves the last one.
    pub(super) revised: Option<Timestamp>,
    pub(super) entry: &'a Entry,
    pub(super) fingerprint: &'a [u8],
    pub(super) content_hash: &'a [u8],
    /// When the text that a reader sees changed, if it did.
    pub(super) changed: Option<Timestamp>,
}

pub(super) fn edit_entry(c: &Database<'_>, edit: &Edit<'_>) -> Result<()> {
    let entry = edit.entry;
    c.prepare_cached(
        "UPDATE entry SET revision = ?2, fingerprint = ?3, content_hash = ?4,
                          changed = coalesce(?5, changed), edits = edits + CASE WHEN ?5 IS NULL THEN 0 ELSE 1 END,
                          title = ?6, link = ?7, published = ?8, updated = ?9, extra_json = ?10, summary = ?11,
                          content = ?12, revised = coalesce(?13, revised), owns_link = ?14
         WHERE number = ?1",
    )?
    .execute(params![
        edit.number,
        edit.revision,
        edit.fingerprint,
        edit.content_hash,
        edit.changed.map(millis),
        entry.title,
        entry.link,
        entry.published.map(millis),
        entry.updated.map(millis),
        to_json(&ExtraJson::new(entry))?,
        entry.summary,
        entry.content,
        edit.revised.map(millis),
        entry.owns_link,
    ])
    .map(drop)
}

/// The former titles that are kept of an entry.
const MAX_FORMER_TITLES: i64 = 10;

pub(super) fn add_former_title(c: &Database<'_>, number: i64, former: &FormerTitle) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO former_title (entry, replaced, title, reason)
         SELECT number, ?2, ?3, ?4 FROM entry WHERE number = ?1
         ON CONFLICT (entry, replaced) DO UPDATE SET title = excluded.title, reason = excluded.reason",
    )?
    .execute(params![number, millis(former.replaced), former.title, former.reason])?;
    c.prepare_cached(
        "DELETE FROM former_title WHERE entry = ?1 AND replaced <=
             (SELECT replaced FROM former_title WHERE entry = ?1 ORDER BY replaced DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute([number, MAX_FORMER_TITLES])
    .map(drop)
}

/// Gives an entry the next revision, so that outputs evaluate it again.
pub(super) fn touch(c: &Database<'_>, number: i64, counters: &mut Counters) -> Result<()> {
    c.prepare_cached("UPDATE entry SET revision = ?2 WHERE number = ?1")?
        .execute([number, counters.next_revision()])
        .map(drop)
}

/// The number, if the entry has not been pruned since the caller read it.
pub(super) fn still_kept(c: &Database<'_>, number: i64) -> Result<Option<i64>> {
    c.prepare_cached("SELECT number FROM entry WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()
}

/// Adds keys of an entry, or of a pruned one if `number` is `None`. A key of another entry stays with that one.
pub(super) fn add_keys(c: &Database<'_>, source: SourceId, number: Option<i64>, keys: &[Key]) -> Result<()> {
    let mut insert =
        c.prepare_cached("INSERT INTO key (source, key, entry) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    let mut buffer = String::new();
    keys.iter()
        .try_for_each(|key| insert.execute(params![source.0, write_key(key, &mut buffer), number]).map(drop))
}

/// Adds the keys of all entries again, after some of them were lost.
pub(in crate::store) fn restore_keys(c: &Database<'_>) -> Result<()> {
    let mut statement = c.prepare_cached("SELECT number, source, extra_json FROM entry")?;
    let mut rows = statement.query(())?;
    while let Some(row) = &rows.next()? {
        // JSON that is damaged otherwise is not the concern of this function.
        if let Ok(StoredKeys { keys }) = from_json(row.text(2).unwrap_or_default()) {
            add_keys(c, SourceId(row.get(1)?), Some(row.get(0)?), &keys)?;
        }
    }
    Ok(())
}

/// Selects the numbers of up to `?2` entries first seen before `?1` that [`Store::prune`] removes. An entry in the
/// last document of a configured source stays. As long as a source has had no document, or its list is
/// damaged, all its entries stay.
pub(super) const PRUNABLE: &str = "SELECT number FROM entry INDEXED BY entry_first_seen
     WHERE first_seen < ?1
       AND source NOT IN (SELECT id FROM source WHERE active = 1
                            AND id NOT IN (SELECT source FROM in_feed WHERE json_valid(entries)))
       AND number NOT IN (SELECT listed.value FROM source, in_feed,
                              json_each(CASE WHEN json_valid(entries) THEN entries ELSE '[]' END) AS listed
                          WHERE source.active = 1 AND in_feed.source = source.id)
     ORDER BY first_seen LIMIT ?2";

fn prune(c: &Database<'_>, before: Timestamp, n: usize) -> Result<usize> {
    let numbers: Vec<i64> = c
        .prepare_cached(PRUNABLE)?
        .query_map(params![millis(before), n as i64], |row| row.get(0))?
        .collect::<Result<_>>()?;
    numbers.iter().try_for_each(|number| delete_entry(c, *number))?;
    if let Some(highest) = numbers.iter().max() {
        c.prepare_cached(
            "UPDATE counter SET pruned = CASE WHEN pruned < ?1 THEN ?1 ELSE pruned END,
                                pruned_before = CASE WHEN pruned_before < ?2 THEN ?2 ELSE pruned_before END",
        )?
        .execute([*highest, millis(before)])?;
    }
    Ok(numbers.len())
}

/// Deletes an entry and all rows that refer to it. Its keys stay without an entry.
pub(in crate::store) fn delete_entry(c: &Database<'_>, number: i64) -> Result<()> {
    for statement in [
        "UPDATE key SET entry = NULL WHERE entry = ?1",
        "DELETE FROM membership WHERE entry = ?1",
        "DELETE FROM archive_entry WHERE entry = ?1",
        "DELETE FROM dedup_features WHERE entry = ?1",
        "DELETE FROM dedup_hashes WHERE entry = ?1",
        "DELETE FROM story_join WHERE entry = ?1",
        "DELETE FROM former_title WHERE entry = ?1",
        "DELETE FROM former_version WHERE entry = ?1",
        "DELETE FROM article WHERE entry = ?1",
        "DELETE FROM entry WHERE number = ?1",
    ] {
        c.prepare_cached(statement)?.execute([number])?;
    }
    Ok(())
}
