//! What the store knows of entries, and what a poll changes. Pure; imports no other module.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Entry, Key};

/// What the store knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownKey {
    /// A stored entry has it.
    Entry(KnownEntry),
    /// An entry that was pruned had it. The entry must not be stored again.
    Pruned {
        /// When that entry was first seen, at the latest.
        before: Timestamp,
    },
}

impl KnownKey {
    /// The store's number of the entry, unless it was pruned.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            KnownKey::Entry(entry) => Some(entry.number),
            KnownKey::Pruned { .. } => None,
        }
    }
}

/// What is needed to decide whether a known entry was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEntry {
    /// The store's number.
    pub number: i64,
    /// Hash of all fields of the entry.
    pub fingerprint: Vec<u8>,
    /// Hash of the visible text.
    pub content_hash: Vec<u8>,
    /// How many edits were shown as updates.
    pub edits: u32,
    /// Its title.
    pub title: Option<String>,
    /// Its link.
    pub link: Option<String>,
    /// The publisher's date: published, else updated.
    pub date: Option<Timestamp>,
}

/// What the store knows of a source's entries, by key.
pub type KnownEntries = HashMap<Key, KnownKey>;

/// One change to an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new entry.
    New(Box<NewEntry>),
    /// A known entry has changed. Its id, date and first-seen time stay.
    Edited {
        /// The store's number.
        number: i64,
        /// Its new content; its keys are added to the known ones.
        entry: Box<Entry>,
        /// Hash of all fields of the entry.
        fingerprint: Vec<u8>,
        /// Hash of the visible text.
        content_hash: Vec<u8>,
        /// When the visible text changed, if it did.
        changed: Option<Timestamp>,
        /// When the publisher changed it; `None`: it has not, but it is read by other rules.
        edited: Option<Timestamp>,
        /// The title before, if it was another one.
        former_title: Option<FormerTitle>,
    },
    /// A known entry has new keys.
    Rekeyed {
        /// The store's number.
        number: i64,
        /// The keys to add.
        keys: Vec<Key>,
    },
}

/// What an edit has changed of an entry, as it was before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormerVersion {
    /// When the edit was read.
    #[serde(skip)]
    pub replaced: Timestamp,
    /// The fields that are other ones now.
    pub changed: Vec<ChangedField>,
    /// The title before, if it has changed and there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The same of the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The same of the summary, an HTML fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The same of the content, an HTML fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The same of the published date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// The same of the updated date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// Whether the texts were too long to be kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// A field that an edit may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "those of an entry")]
pub enum ChangedField {
    Title,
    Link,
    Summary,
    Content,
    Published,
    Updated,
}

impl ChangedField {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ChangedField::Title => "title",
            ChangedField::Link => "link",
            ChangedField::Summary => "summary",
            ChangedField::Content => "text",
            ChangedField::Published => "published date",
            ChangedField::Updated => "updated date",
        }
    }
}

/// A title that an entry had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormerTitle {
    /// The title.
    pub title: String,
    /// When another one replaced it.
    pub replaced: Timestamp,
    /// Why the item with the other title counts as this entry, for people.
    pub reason: String,
}

/// A new entry.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Candidates for the published id, best first. The first unused one is taken; the last one is unused.
    pub uids: Vec<String>,
    /// The published date.
    pub date: Timestamp,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// Hash of all fields of the entry.
    pub fingerprint: Vec<u8>,
    /// Hash of the visible text.
    pub content_hash: Vec<u8>,
    /// Its content.
    pub entry: Entry,
    /// For comparison with other entries; `None` if its source takes no part in stories.
    pub dedup_features: Option<DedupFeatures>,
}

/// What is compared to find an entry's story. `story` writes and reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DedupFeatures {
    /// Hash of the cleaned address.
    pub address: Option<i64>,
    /// Hash of the article number and the path around it.
    pub article: Option<i64>,
    /// Short hashes of the folded words of title and text, encoded.
    pub signature: Vec<u8>,
    /// The whole hashes of the same words, encoded.
    pub hashes: Vec<u8>,
}
