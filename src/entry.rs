//! What an entry is: one normalised item of a source. Pure; imports no other module.

mod article;
pub mod change;
mod details;
mod hash;
mod media;
mod podcast;
mod removed;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use article::{Article, ArticleState, MAX_ARTICLE_WAIT};
pub use details::{Answered, CategoryDetails, Details, Location, RelatedLink};
pub(crate) use hash::{checksum, derived_id, hex, text_hash, uuid_urn};
pub use media::{Enclosure, Media, Picture};
pub(crate) use media::{MediaKind, type_by_name};
pub use podcast::{Chapters, Episode, Person, Podcast, Transcript};
pub use removed::{Removed, RemovedKind};

/// One normalised item of a source, whatever its format was.
///
/// Nothing in it depends on when it was read: the same document read twice gives equal entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Identify the entry within its source; never empty once normalised. The first one is its identity, but
    /// any of them finds it again.
    pub keys: Vec<Key>,
    /// The publisher's id (guid, `atom:id`, JSON `id`), trimmed but otherwise unchanged.
    pub id: Option<String>,
    /// Plain text on one line: no markup, no character references.
    pub title: Option<String>,
    /// Absolute address of the page: `http` or `https`, or such as `magnet` and `gemini` if it has no other.
    pub link: Option<String>,
    /// The publisher's date of publication.
    pub published: Option<Timestamp>,
    /// The publisher's date of the last change.
    pub updated: Option<Timestamp>,
    /// Authors, in the order of the feed.
    pub authors: Vec<Author>,
    /// Categories as plain text, in the order of the feed, without duplicates.
    pub categories: Vec<String>,
    /// The summary, as an HTML fragment.
    pub summary: Option<String>,
    /// The full text, as an HTML fragment.
    pub content: Option<String>,
    /// Attached files (enclosures, JSON attachments), the main one first, without duplicate addresses.
    pub enclosures: Vec<Enclosure>,
    /// Media objects (Media RSS contents), without duplicate addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The largest of its pictures that is no larger than readers need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// Playing time in seconds (`itunes:duration`).
    pub duration: Option<u32>,
    /// What a podcast says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<Box<Episode>>,
    /// What few entries have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Details>>,
    /// Absolute address of the comments page.
    pub comments: Option<String>,
    /// BCP 47 tag of the entry's own language, in lower case.
    pub language: Option<String>,
    /// The feed it was republished from (`<source>`).
    pub origin: Option<Origin>,
    /// Whether the site of its link is the one that the document came from.
    pub owns_link: bool,
    /// Its texts may be decoded wrongly: they do not replace stored ones.
    #[serde(skip)]
    pub is_uncertain: bool,
}

impl Entry {
    /// Whether it has anything to show. Broken nesting leaves empty ones.
    #[must_use]
    pub fn has_content(&self) -> bool {
        let Entry { title, link, summary, content, enclosures, media, .. } = self;
        let has_files = !enclosures.is_empty() || !media.is_empty();
        title.is_some() || link.is_some() || summary.is_some() || content.is_some() || has_files
    }
}

/// One of the keys that find an entry again within its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The rule that produced it.
    pub rule: KeyRule,
    /// The value: an id or an address as text, or a hash in hexadecimal.
    pub value: String,
}

/// Where a key comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRule {
    /// guid, `atom:id` or JSON `id`, trimmed.
    Id,
    /// `rdf:about` of RSS 1.0.
    About,
    /// The cleaned link.
    Link,
    /// A hash of title and raw date.
    Title,
    /// A hash of the body.
    Body,
}

/// An author: a person or an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The name as plain text, or the address where there is none.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Home page.
    pub uri: Option<String>,
    /// The address of a portrait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// The feed that a republished entry came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its id, an absolute URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// The address of its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The address of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// An entry as stored, with what Siftwire adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number in the store.
    pub number: i64,
    /// Its id: an absolute URI, unique in the store. Never changes. As a member of an output it has the id that this
    /// output publishes, which never changes either.
    pub uid: String,
    /// The published date: the publisher's, but not after `first_seen`; `first_seen` where there is none. Never
    /// changes.
    pub date: Timestamp,
    /// When the visible text last changed; `date` until then.
    pub changed: Timestamp,
    /// When Siftwire first read it.
    pub first_seen: Timestamp,
    /// The store's revision of its last change.
    pub revision: i64,
    /// The source it came from.
    pub source: Arc<EntrySource>,
    /// The publisher's content. Its keys are empty: they are needed only to store it.
    pub entry: Entry,
    /// The article at its link.
    pub article: ArticleState,
}

/// The source of a stored entry, as documents show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntrySource {
    /// The source's name in the config.
    pub name: String,
    /// The configured title, else the feed's, else the name.
    pub title: String,
    /// An id of the feed that shows no secret: an absolute URI.
    pub id: String,
    /// What is published of the feed's address.
    pub url: String,
    /// The site's address, without secrets.
    pub link: Option<String>,
    /// The address of the feed's picture, if it shows no secret.
    pub icon: Option<String>,
    /// BCP 47 tag: the configured one, else the feed's.
    pub language: Option<String>,
    /// What it says of itself as a podcast, without secrets.
    pub podcast: Option<Box<Podcast>>,
}
