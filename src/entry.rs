//! What one entry is: one normalised item of a source. Pure; knows nobody.

pub mod change;

use sha2::{Digest, Sha256};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One normalised item of a source, whatever format it came in.
///
/// `ingest` makes it; nothing in it depends on when it was read, so the same document read twice
/// gives equal entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What the entry is known by within its source: never empty once normalised. The first is its
    /// identity; any of them finds it again.
    pub keys: Vec<Key>,
    /// The publisher's own id (guid, `atom:id`, JSON `id`), trimmed and otherwise as it came.
    pub id: Option<String>,
    /// Plain text on one line: no markup, no character references.
    pub title: Option<String>,
    /// Absolute `http` or `https` address of the page.
    pub link: Option<String>,
    /// When the publisher says that it was published.
    pub published: Option<Timestamp>,
    /// When the publisher says that it was last changed.
    pub updated: Option<Timestamp>,
    /// Who wrote it, in the order of the feed.
    pub authors: Vec<Author>,
    /// Subjects, as plain text, in the order of the feed, each once.
    pub categories: Vec<String>,
    /// A short form, as an HTML fragment.
    pub summary: Option<String>,
    /// The whole text, as an HTML fragment.
    pub content: Option<String>,
    /// Attached files: podcasts, pictures, films (enclosures, Media RSS contents, JSON attachments), each
    /// address once.
    pub enclosures: Vec<Enclosure>,
    /// Preview pictures (Media RSS thumbnails, iTunes images), best first.
    pub thumbnails: Vec<Thumbnail>,
    /// Playing time in seconds (`itunes:duration`).
    pub duration: Option<u32>,
    /// Absolute address of the comments page.
    pub comments: Option<String>,
    /// BCP 47 tag of the entry's own language, lower case.
    pub language: Option<String>,
    /// Where the entry says that it came from (`<source>`), when it was itself republished.
    pub origin: Option<Origin>,
}

/// One of the names by which an entry is found again within its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The rule that made it.
    pub rule: KeyRule,
    /// The value: an id or an address as text, or a hash in hexadecimal.
    pub value: String,
}

/// The rules of identity, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRule {
    /// guid, `atom:id` or JSON `id`, trimmed.
    Id,
    /// `rdf:about` of RSS 1.0.
    About,
    /// The cleaned link.
    Link,
    /// Host and number of the article in the link.
    Article,
    /// A hash of title and raw date.
    Title,
    /// A hash of the body.
    Body,
}

/// A person or an organisation that wrote an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Plain text; the address where there is no name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Home page.
    pub uri: Option<String>,
}

/// An attached file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute address.
    pub url: String,
    /// Media type, such as `audio/mpeg`.
    pub media_type: Option<String>,
    /// Size in bytes.
    pub length: Option<u64>,
    /// What it is called, as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What kind of thing: `image`, `audio`, `video`, `document` or `executable` (Media RSS `medium`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Playing time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// A preview picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Absolute address.
    pub url: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
}

/// The feed that a republished entry names as its own origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What it calls itself.
    pub title: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

/// An entry as the store keeps it: with what Siftwire, not the publisher, knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The store's number for it.
    pub number: i64,
    /// The id under which it is published: an absolute URI, unique in the store, the same for ever.
    pub uid: String,
    /// The date under which it is published, the same for ever: the publisher's, held back to
    /// `first_seen`, or `first_seen` itself.
    pub date: Timestamp,
    /// When the text that a reader sees last changed; `date` until then.
    pub changed: Timestamp,
    /// When Siftwire first saw it.
    pub first_seen: Timestamp,
    /// The store's revision of its last change.
    pub revision: i64,
    /// The source that it came from.
    pub source: Arc<EntrySource>,
    /// What the publisher says; without its keys, which nobody asks for any more.
    pub entry: Entry,
}

/// The source of a kept entry, as readers are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySource {
    /// The source's name in the config.
    pub name: String,
    /// What the user, or else the feed, calls it; the name where neither says.
    pub title: String,
    /// Address of the feed, without credentials.
    pub url: String,
    /// Address of the site.
    pub link: Option<String>,
    /// BCP 47 tag: the user's word, else the feed's.
    pub language: Option<String>,
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A short hash of texts, in hexadecimal.
pub(crate) fn key_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}
