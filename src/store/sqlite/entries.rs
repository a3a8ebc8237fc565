//! SQL of the entries: what is known, what a poll writes, what is past a watermark. Part of the store's door.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use serde::{Deserialize, Serialize};

use super::super::{Candidate, Listed, Poll, SourceId};
use super::stories::{self, DedupIndex, Fresh};
use super::{from_json, millis, time, to_json};
use crate::entry::change::{Change, KnownEntries, KnownEntry, KnownKey, NewEntry};
use crate::entry::{Author, Enclosure, Entry, EntrySource, Key, KeyRule, Origin, StoredEntry, Thumbnail};
use crate::source::SourceState;

/// The columns that [`kept`] reads, in its order.
pub(super) const KEPT: &str = "entry.number, entry.uid, entry.date, entry.changed, entry.first_seen, entry.revision,
     entry.source, entry.title, entry.link, entry.published, entry.updated, entry.more, entry.summary, entry.content";

/// The fields of an entry that no query looks at.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct More<'a> {
    /// Nobody asks for them but [`restore_keys`].
    #[serde(skip_deserializing, skip_serializing_if = "is_empty")]
    keys: Cow<'a, [Key]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "is_empty")]
    authors: Cow<'a, [Author]>,
    #[serde(skip_serializing_if = "is_empty")]
    categories: Cow<'a, [String]>,
    #[serde(skip_serializing_if = "is_empty")]
    enclosures: Cow<'a, [Enclosure]>,
    #[serde(skip_serializing_if = "is_empty")]
    thumbnails: Cow<'a, [Thumbnail]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Cow<'a, Origin>>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

fn is_empty<T: Clone>(list: &[T]) -> bool {
    list.is_empty()
}

impl More<'_> {
    fn of(entry: &Entry) -> More<'_> {
        More {
            keys: Cow::Borrowed(&entry.keys),
            id: entry.id.as_deref().map(Cow::Borrowed),
            authors: Cow::Borrowed(&entry.authors),
            categories: Cow::Borrowed(&entry.categories),
            enclosures: Cow::Borrowed(&entry.enclosures),
            thumbnails: Cow::Borrowed(&entry.thumbnails),
            duration: entry.duration,
            comments: entry.comments.as_deref().map(Cow::Borrowed),
            language: entry.language.as_deref().map(Cow::Borrowed),
            origin: entry.origin.as_ref().map(Cow::Borrowed),
        }
    }
}

pub(super) fn revision(c: &Connection) -> Result<i64> {
    c.query_row("SELECT last FROM revision", [], |row| row.get(0))
}

/// The revisions that a transaction hands out: read once, written once.
struct Revisions {
    before: i64,
    last: i64,
}

impl Revisions {
    fn read(c: &Connection) -> Result<Revisions> {
        let last = c.prepare_cached("SELECT last FROM revision")?.query_row([], |row| row.get(0))?;
        Ok(Revisions { before: last, last })
    }

    fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    fn write(&self, c: &Connection) -> Result<()> {
        if self.last > self.before {
            c.prepare_cached("UPDATE revision SET last = ?1")?.execute([self.last])?;
        }
        Ok(())
    }
}

/// A key as the table spells it, written over what was there.
fn spell<'a>(key: &Key, room: &'a mut String) -> &'a str {
    let rule = match key.rule {
        KeyRule::Id => "id ",
        KeyRule::About => "about ",
        KeyRule::Link => "link ",
        KeyRule::Article => "article ",
        KeyRule::Title => "title ",
        KeyRule::Body => "body ",
    };
    room.clear();
    room.push_str(rule);
    room.push_str(&key.value);
    room
}

pub(super) fn known(c: &Connection, source: SourceId, keys: Vec<Key>) -> Result<KnownEntries> {
    let mut question = c.prepare_cached(
        "SELECT entry.number, entry.fingerprint, entry.wording, entry.edits, entry.title
         FROM key LEFT JOIN entry ON entry.number = key.entry
         WHERE key.source = ?1 AND key.key = ?2",
    )?;
    let mut found = HashMap::with_capacity(keys.len());
    let mut room = String::new();
    for key in keys {
        let known = question
            .query_row(params![source.0, spell(&key, &mut room)], |row| {
                let Some(number) = row.get(0)? else { return Ok(KnownKey::Pruned) };
                Ok(KnownKey::Entry(KnownEntry {
                    number,
                    fingerprint: row.get(1)?,
                    content_hash: row.get(2)?,
                    edits: row.get(3)?,
                    title: row.get(4)?,
                }))
            })
            .optional()?;
        found.extend(known.map(|known| (key, known)));
    }
    Ok(found)
}

/// Answers how many of the new entries joined a story.
pub(super) fn commit(c: &Connection, poll: &Poll, window: &mut DedupIndex) -> Result<usize> {
    let mut fresh = Vec::new();
    let mut revisions = Revisions::read(c)?;
    let debut: bool = c
        .prepare_cached("SELECT polled = 0 FROM source WHERE id = ?1")?
        .query_row([poll.source.0], |row| row.get(0))?;
    for change in &poll.changes {
        match change {
            Change::New(new) => {
                let number = insert(c, poll.source, new, debut, revisions.next())?;
                fresh.push(Fresh { number, source: poll.source.0, new });
            }
            Change::Edited { number, entry, fingerprint, content_hash, changed } => {
                edit(c, *number, entry, (fingerprint, content_hash), *changed, revisions.next())?;
                add_keys(c, poll.source, still(c, *number)?, &entry.keys)?;
            }
            Change::Rekeyed { number, keys } => add_keys(c, poll.source, still(c, *number)?, keys)?,
        }
    }
    revisions.write(c)?;
    if let Some(listed) = &poll.listed {
        list(c, poll.source, listed, fresh.iter().map(|fresh| fresh.number))?;
    }
    let merged = stories::settle(c, window, fresh)?;
    super::sources::remember_health(c, &poll.health)?;
    // A failed first visit leaves the first poll still to come.
    let polled = poll.state.last_success.is_some();
    c.prepare_cached(
        "UPDATE source SET state = ?2, next_poll = ?3, claimed_until = NULL, polled = polled OR ?4 WHERE id = ?1",
    )?
    .execute(params![poll.source.0, to_json(&poll.state)?, poll.state.next_poll.map(millis), polled])?;
    Ok(merged)
}

/// Remembers what a document lists. Most documents list what the one before them did: then nothing is
/// written.
fn list(c: &Connection, source: SourceId, listed: &Listed, new: impl Iterator<Item = i64>) -> Result<()> {
    let (Listed::All(numbers) | Listed::Some(numbers)) = listed;
    let mut numbers: BTreeSet<i64> = numbers.iter().copied().chain(new).collect();
    if matches!(listed, Listed::Some(_)) {
        let old: Option<String> = c
            .prepare_cached("SELECT entries FROM listing WHERE source = ?1")?
            .query_row([source.0], |row| row.get(0))
            .optional()?;
        numbers.extend(old.map(|old| from_json::<Vec<i64>>(&old)).transpose()?.unwrap_or_default());
    }
    c.prepare_cached(
        "INSERT INTO listing (source, entries) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET entries = excluded.entries WHERE entries <> excluded.entries",
    )?
    .execute(params![source.0, to_json(&numbers)?])
    .map(drop)
}

fn insert(c: &Connection, source: SourceId, new: &NewEntry, debut: bool, revision: i64) -> Result<i64> {
    let mut taken = c.prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE uid = ?1)")?;
    let mut uid = None;
    for candidate in &new.uids {
        uid = Some(candidate);
        if !taken.query_row([candidate], |row| row.get::<_, bool>(0))? {
            break;
        }
    }
    let entry = &new.entry;
    c.prepare_cached(
        "INSERT INTO entry (source, revision, uid, date, changed, first_seen, debut, edits, fingerprint, wording,
                            title, link, published, updated, more, summary, content)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        source.0,
        revision,
        uid,
        millis(new.date),
        millis(new.first_seen),
        debut,
        new.fingerprint,
        new.content_hash,
        entry.title,
        entry.link,
        entry.published.map(millis),
        entry.updated.map(millis),
        to_json(&More::of(entry))?,
        entry.summary,
        entry.content,
    ])?;
    let number = c.last_insert_rowid();
    add_keys(c, source, Some(number), &entry.keys)?;
    Ok(number)
}

/// The entry, unless it was forgotten since somebody read its number.
pub(super) fn still(c: &Connection, number: i64) -> Result<Option<i64>> {
    c.prepare_cached("SELECT number FROM entry WHERE number = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()
}

/// The highest number of an entry that was forgotten.
pub(super) fn pruned(c: &Connection) -> Result<i64> {
    c.prepare_cached("SELECT pruned FROM revision")?.query_row([], |row| row.get(0))
}

fn edit(
    c: &Connection,
    number: i64,
    entry: &Entry,
    (fingerprint, content_hash): (&[u8], &[u8]),
    changed: Option<Timestamp>,
    revision: i64,
) -> Result<()> {
    c.prepare_cached(
        "UPDATE entry SET revision = ?2, fingerprint = ?3, wording = ?4,
                          changed = coalesce(?5, changed), edits = edits + (?5 IS NOT NULL),
                          title = ?6, link = ?7, published = ?8, updated = ?9, more = ?10, summary = ?11, content = ?12
         WHERE number = ?1",
    )?
    .execute(params![
        number,
        revision,
        fingerprint,
        content_hash,
        changed.map(millis),
        entry.title,
        entry.link,
        entry.published.map(millis),
        entry.updated.map(millis),
        to_json(&More::of(entry))?,
        entry.summary,
        entry.content,
    ])
    .map(drop)
}

/// A key that another entry has already stays with that one; keys of no entry are of one that was forgotten.
fn add_keys(c: &Connection, source: SourceId, number: Option<i64>, keys: &[Key]) -> Result<()> {
    let mut add = c.prepare_cached("INSERT OR IGNORE INTO key (source, key, entry) VALUES (?1, ?2, ?3)")?;
    let mut room = String::new();
    keys.iter().try_for_each(|key| add.execute(params![source.0, spell(key, &mut room), number]).map(drop))
}

/// Every entry is found again under the keys that it was kept with.
pub(super) fn restore_keys(c: &Connection) -> Result<()> {
    let mut question = c.prepare("SELECT number, source, more FROM entry")?;
    let mut rows = question.query([])?;
    while let Some(row) = rows.next()? {
        // What else the entry lost is not ours to judge here.
        if let Ok(Keys { keys }) = from_json(row.get_ref(2)?.as_str().unwrap_or_default()) {
            add_keys(c, SourceId(row.get(1)?), Some(row.get(0)?), &keys)?;
        }
    }
    Ok(())
}

/// Numbers of up to `?2` entries first seen before `?1` that go. What a source lists stays, as long as the config
/// names the source; where no document has said yet what it lists, all of it may be.
pub(super) const OVERDUE: &str = "SELECT number FROM entry INDEXED BY entry_first_seen
     WHERE first_seen < ?1
       AND source NOT IN (SELECT id FROM source WHERE active = 1 AND id NOT IN (SELECT source FROM listing))
       AND number NOT IN (SELECT one.value FROM source, listing, json_each(listing.entries) AS one
                          WHERE source.active = 1 AND listing.source = source.id)
     ORDER BY first_seen LIMIT ?2";

pub(super) fn prune(c: &Connection, before: Timestamp, n: usize) -> Result<usize> {
    let numbers: Vec<i64> = c
        .prepare_cached(OVERDUE)?
        .query_map(params![millis(before), n as i64], |row| row.get(0))?
        .collect::<Result<_>>()?;
    numbers.iter().try_for_each(|number| forget(c, *number))?;
    c.prepare_cached("UPDATE revision SET pruned = max(pruned, ?1)")?.execute([numbers
        .iter()
        .max()
        .copied()
        .unwrap_or_default()])?;
    Ok(numbers.len())
}

/// An entry goes with all that refers to it, but for its keys.
fn forget(c: &Connection, number: i64) -> Result<()> {
    for statement in [
        "UPDATE key SET entry = NULL WHERE entry = ?1",
        "DELETE FROM membership WHERE entry = ?1",
        "DELETE FROM archive WHERE entry = ?1",
        "DELETE FROM dedup_features WHERE entry = ?1",
        "DELETE FROM story_member WHERE entry = ?1",
        "DELETE FROM entry WHERE number = ?1",
    ] {
        c.prepare_cached(statement)?.execute([number])?;
    }
    Ok(())
}

pub(super) fn after(c: &Connection, watermark: i64, n: usize) -> Result<Vec<Candidate>> {
    let sources = sources(c);
    c.prepare_cached(&format!(
        "SELECT {KEPT}, entry.debut, coalesce(story_member.story, entry.number)
         FROM entry LEFT JOIN story_member ON story_member.entry = entry.number
         WHERE revision > ?1 ORDER BY revision LIMIT ?2"
    ))?
    .query_map(params![watermark, n as i64], |row| {
        Ok(Candidate { entry: kept(row, &sources)?, debut: row.get(14)?, story: row.get(15)? })
    })?
    .collect()
}

/// One entry, if it is still kept.
pub(super) fn one(c: &Connection, number: i64) -> Result<Option<StoredEntry>> {
    let sources = sources(c);
    c.prepare_cached(&format!("SELECT {KEPT} FROM entry WHERE number = ?1"))?
        .query_row([number], |row| kept(row, &sources))
        .optional()
}

/// Gives an entry the next revision, so that outputs look at it again.
pub(super) fn touch(c: &Connection, number: i64) -> Result<()> {
    let mut revisions = Revisions::read(c)?;
    c.prepare_cached("UPDATE entry SET revision = ?2 WHERE number = ?1")?
        .execute([number, revisions.next()])?;
    revisions.write(c)
}

/// The sources as readers are told of them, also those that left the config: each is read when an
/// entry of it is.
pub(super) struct Sources<'c> {
    connection: &'c Connection,
    known: RefCell<HashMap<i64, Arc<EntrySource>>>,
}

pub(super) fn sources(c: &Connection) -> Sources<'_> {
    Sources { connection: c, known: RefCell::default() }
}

impl Sources<'_> {
    pub(super) fn get(&self, id: i64) -> Result<Arc<EntrySource>> {
        if let Some(from) = self.known.borrow().get(&id) {
            return Ok(Arc::clone(from));
        }
        let from = self
            .connection
            .prepare_cached("SELECT name, url, title, language, state FROM source WHERE id = ?1")?
            .query_row([id], |row| {
                let state: SourceState = from_json(row.get_ref(4)?.as_str()?)?;
                let name: String = row.get(0)?;
                let title = row.get::<_, Option<String>>(2)?.or(state.title).unwrap_or_else(|| name.clone());
                let language = row.get::<_, Option<String>>(3)?.or(state.language);
                Ok(EntrySource { name, title, url: row.get(1)?, link: state.link, language })
            })?;
        let from = Arc::new(from);
        self.known.borrow_mut().insert(id, Arc::clone(&from));
        Ok(from)
    }
}

/// A long text: whether it is UTF-8 is looked up in no time, where the usual way goes letter by letter if it is not ASCII.
fn text(row: &Row<'_>, column: usize) -> Result<Option<String>> {
    let ValueRef::Text(bytes) = row.get_ref(column)? else { return row.get(column) };
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| row.get(column), |text| Ok(Some(text.to_owned())))
}

/// Reads a row that begins with the columns of [`KEPT`].
pub(super) fn kept(row: &Row<'_>, sources: &Sources<'_>) -> Result<StoredEntry> {
    let from = sources.get(row.get(6)?)?;
    let more: More = from_json(row.get_ref(11)?.as_str()?)?;
    Ok(StoredEntry {
        number: row.get(0)?,
        uid: row.get(1)?,
        date: time(row.get(2)?)?,
        changed: time(row.get(3)?)?,
        first_seen: time(row.get(4)?)?,
        revision: row.get(5)?,
        source: from,
        entry: Entry {
            keys: Vec::new(),
            id: more.id.map(Cow::into_owned),
            title: text(row, 7)?,
            link: row.get(8)?,
            published: row.get::<_, Option<i64>>(9)?.map(time).transpose()?,
            updated: row.get::<_, Option<i64>>(10)?.map(time).transpose()?,
            authors: more.authors.into_owned(),
            categories: more.categories.into_owned(),
            summary: text(row, 12)?,
            content: text(row, 13)?,
            enclosures: more.enclosures.into_owned(),
            thumbnails: more.thumbnails.into_owned(),
            duration: more.duration,
            comments: more.comments.map(Cow::into_owned),
            language: more.language.map(Cow::into_owned),
            origin: more.origin.map(Cow::into_owned),
        },
    })
}
