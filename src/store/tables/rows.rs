//! Entries as rows: the columns that are read, and their JSON. Pure, but for the sources that it looks up.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::database::{Database, SqlRow};
use super::super::sql::Result;
use super::super::values::{feed_url, from_json, lossy_text, time, url_parts};
use super::article_rows::{add_article, full_text};
use super::source_state::source_state;
use crate::entry::{
    ArticleState, Author, Details, Enclosure, Entry, EntrySource, Episode, Key, Media, Origin, Picture,
    StoredEntry,
};
use crate::source::{FullText, Secrets};

/// The columns that [`read_entry`] reads, in its order.
pub(in crate::store) const ENTRY_COLUMNS: &str =
    "entry.number, entry.uid, entry.date, entry.changed, entry.first_seen,
     entry.revision, entry.source, entry.title, entry.link, entry.published, entry.updated, entry.extra_json,
     entry.summary, entry.content, entry.owns_link";

/// The number of [`ENTRY_COLUMNS`]: the index of the first column behind them.
pub(super) const ENTRY_COLUMN_COUNT: usize = 15;

/// The fields of an entry without a column of their own, as JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ExtraJson<'a> {
    /// Read only by [`StoredKeys`].
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
    media: Cow<'a, [Media]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<Cow<'a, Picture>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode: Option<Cow<'a, Episode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Cow<'a, Details>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Cow<'a, Origin>>,
}

/// The keys in [`ExtraJson`], for a salvaged store.
#[derive(Deserialize)]
pub(super) struct StoredKeys {
    pub(super) keys: Vec<Key>,
}

fn is_empty<T: Clone>(list: &[T]) -> bool {
    list.is_empty()
}

impl ExtraJson<'_> {
    pub(super) fn new(entry: &Entry) -> ExtraJson<'_> {
        ExtraJson {
            keys: Cow::Borrowed(&entry.keys),
            id: entry.id.as_deref().map(Cow::Borrowed),
            authors: Cow::Borrowed(&entry.authors),
            categories: Cow::Borrowed(&entry.categories),
            enclosures: Cow::Borrowed(&entry.enclosures),
            media: Cow::Borrowed(&entry.media),
            picture: entry.picture.as_ref().map(Cow::Borrowed),
            duration: entry.duration,
            episode: entry.episode.as_deref().map(Cow::Borrowed),
            details: entry.details.as_deref().map(Cow::Borrowed),
            comments: entry.comments.as_deref().map(Cow::Borrowed),
            language: entry.language.as_deref().map(Cow::Borrowed),
            origin: entry.origin.as_ref().map(Cow::Borrowed),
        }
    }
}

/// A source of entries, with what its entries may not show.
#[derive(Clone)]
pub(super) struct CachedSource {
    pub(super) source: Arc<EntrySource>,
    pub(super) secrets: Option<Arc<Secrets>>,
    pub(super) full_text: FullText,
}

/// The sources of entries, including those that left the config. Each is read once.
pub(super) struct SourceCache<'c> {
    database: &'c Database<'c>,
    sources: RefCell<HashMap<i64, CachedSource>>,
}

impl<'c> SourceCache<'c> {
    pub(super) fn new(database: &'c Database<'c>) -> SourceCache<'c> {
        SourceCache { database, sources: RefCell::default() }
    }

    /// With the sources of these entries, a JSON array of numbers, all read at once.
    pub(super) fn of_entries(database: &'c Database<'c>, numbers: &str) -> Result<SourceCache<'c>> {
        let sources = database
            .prepare_cached(&format!(
                "SELECT {SOURCE_COLUMNS}, id FROM source
                 WHERE id IN (SELECT source FROM entry WHERE number IN (SELECT value FROM json_each(?1)))"
            ))?
            .query_map([numbers], |row| {
                let id = row.get(SOURCE_COLUMN_COUNT)?;
                Ok((id, read_source(row, id, database)?))
            })?
            .collect::<Result<_>>()?;
        Ok(SourceCache { database, sources: RefCell::new(sources) })
    }

    pub(super) fn get(&self, id: i64) -> Result<CachedSource> {
        if let Some(source) = self.sources.borrow().get(&id) {
            return Ok(source.clone());
        }
        let source = self
            .database
            .prepare_cached(&format!("SELECT {SOURCE_COLUMNS} FROM source WHERE id = ?1"))?
            .query_row([id], |row| read_source(row, id, self.database))?;
        self.sources.borrow_mut().insert(id, source.clone());
        Ok(source)
    }
}

/// The columns that [`read_source`] reads, in its order.
const SOURCE_COLUMNS: &str =
    "name, url, title, language, state, publish_url,
     EXISTS (SELECT 1 FROM source AS earlier WHERE earlier.feed_id = source.feed_id AND earlier.id < source.id),
     full_text";

/// The number of [`SOURCE_COLUMNS`].
const SOURCE_COLUMN_COUNT: usize = 8;

/// A damaged source costs none of its entries: what cannot be read of it is left out.
fn read_source(row: &SqlRow<'_>, id: i64, database: &Database<'_>) -> Result<CachedSource> {
    let (url, parts) = (feed_url(row, 1)?, url_parts(row.get(5)?));
    let state = source_state(row, 4, id, database)?;
    let name = lossy_text(row, 0)?.unwrap_or_default();
    // Some sites give all their feeds one id.
    let is_shared: bool = row.get(6)?;
    let secrets = Secrets::of(&url, parts).map(Arc::new);
    let title = state.title.filter(|title| url.may_say(title, parts));
    let source = Arc::new(EntrySource {
        title: lossy_text(row, 2)?.or(title).unwrap_or_else(|| name.clone()),
        id: url.published_id(state.id.as_deref().filter(|_| !is_shared), parts),
        link: state.link.map(|link| url.published_site(&link, parts).into()),
        icon: state.icon.filter(|icon| url.may_show(icon, parts)),
        podcast: state.podcast.map(|podcast| Box::new(url.published_podcast(podcast, parts))),
        url: url.shown(parts).into(),
        language: lossy_text(row, 3)?.or(state.language),
        name,
    });
    Ok(CachedSource { source, secrets, full_text: full_text(row.get(7)?) })
}

/// Reads a row that begins with [`ENTRY_COLUMNS`]; `None` if its content is damaged.
pub(super) fn read_entry(row: &SqlRow<'_>, sources: &SourceCache<'_>) -> Result<Option<StoredEntry>> {
    let CachedSource { source, secrets, full_text } = sources.get(row.get(6)?)?;
    let mut read = sources.database.readable("entry", row.get(0)?, parse_entry(row, source))?;
    if let Some(read) = &mut read {
        add_article(sources.database, read, full_text)?;
    }
    Ok(match secrets {
        Some(secrets) => read.map(|mut read| {
            if let ArticleState::Read(article) = &mut read.article {
                article.html = secrets.hidden(&article.html);
            }
            StoredEntry { entry: secrets.hidden_in(read.entry), ..read }
        }),
        None => read,
    })
}

/// An entry from its row.
pub(in crate::store) fn parse_entry(row: &SqlRow<'_>, source: Arc<EntrySource>) -> Result<StoredEntry> {
    let extra: ExtraJson = from_json(row.text(11)?)?;
    Ok(StoredEntry {
        article: ArticleState::default(),
        number: row.get(0)?,
        uid: row.get(1)?,
        date: time(row.get(2)?)?,
        changed: time(row.get(3)?)?,
        first_seen: time(row.get(4)?)?,
        revision: row.get(5)?,
        source,
        entry: Entry {
            keys: Vec::new(),
            id: extra.id.map(Cow::into_owned),
            title: row.get(7)?,
            link: row.get(8)?,
            published: row.get::<Option<i64>>(9)?.map(time).transpose()?,
            updated: row.get::<Option<i64>>(10)?.map(time).transpose()?,
            authors: extra.authors.into_owned(),
            categories: extra.categories.into_owned(),
            summary: row.get(12)?,
            content: row.get(13)?,
            enclosures: extra.enclosures.into_owned(),
            media: extra.media.into_owned(),
            picture: extra.picture.map(Cow::into_owned),
            duration: extra.duration,
            episode: extra.episode.map(|episode| Box::new(episode.into_owned())),
            details: extra.details.map(|details| Box::new(details.into_owned())),
            comments: extra.comments.map(Cow::into_owned),
            language: extra.language.map(Cow::into_owned),
            origin: extra.origin.map(Cow::into_owned),
            owns_link: row.get(14)?,
            is_uncertain: false,
        },
    })
}
