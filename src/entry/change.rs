//! What is known of entries, and what a poll changes about them. Pure; knows nobody.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Entry, Key};

/// What the store knows of one of the keys that it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownKey {
    /// An entry that is kept.
    Entry(KnownEntry),
    /// An entry that was pruned: it must not come back.
    Pruned,
}

impl KnownKey {
    /// The store's number of the entry, unless it was pruned.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            KnownKey::Entry(entry) => Some(entry.number),
            KnownKey::Pruned => None,
        }
    }
}

/// What is needed to tell whether a known entry was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEntry {
    /// The store's number.
    pub number: i64,
    /// Of all that the publisher says.
    pub fingerprint: Vec<u8>,
    /// Of what a reader sees.
    pub content_hash: Vec<u8>,
    /// How often its `changed` has moved.
    pub edits: u32,
    /// Its title.
    pub title: Option<String>,
}

/// What a poll knows of its source's entries, by key.
pub type KnownEntries = HashMap<Key, KnownKey>;

/// One thing to write down about an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An entry not seen before.
    New(Box<NewEntry>),
    /// A known entry says something else now; it keeps id, date and first-seen time.
    Edited {
        /// The store's number.
        number: i64,
        /// What it says now; its keys are added to the known ones.
        entry: Box<Entry>,
        /// Of all that the publisher says.
        fingerprint: Vec<u8>,
        /// Of what a reader sees.
        content_hash: Vec<u8>,
        /// When the reader's text changed, if it did.
        changed: Option<Timestamp>,
    },
    /// A known entry came under keys that were not known yet.
    Rekeyed {
        /// The store's number.
        number: i64,
        /// The keys to add.
        keys: Vec<Key>,
    },
}

/// An entry not seen before.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Published ids in the order of preference; the first that is free is taken. The last is free.
    pub uids: Vec<String>,
    /// The published date.
    pub date: Timestamp,
    /// Now.
    pub first_seen: Timestamp,
    /// Of all that the publisher says.
    pub fingerprint: Vec<u8>,
    /// Of what a reader sees.
    pub content_hash: Vec<u8>,
    /// What it says.
    pub entry: Entry,
    /// What is compared of it; `None` where its source takes part in no stories.
    pub dedup_features: Option<DedupFeatures>,
}

/// What is compared of an entry to find its story: `story::dedup_features` makes it, and reads it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DedupFeatures {
    /// Hash of the cleaned address.
    pub address: Option<i64>,
    /// Hash of host and article number.
    pub article: Option<i64>,
    /// Folded words of headline and text.
    pub signature: Vec<u8>,
}
