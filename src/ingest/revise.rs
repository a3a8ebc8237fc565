//! Entries, what is known and now go in; what to write down comes out. Pure.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::entry::change::{Change, Known, KnownEntries, KnownEntry, NewEntry};
use crate::entry::{Entry, Key};

/// How often an entry may be shown as updated: some pages print the time of day, and would never rest.
const MOST_EDITS: u32 = 24;

/// Decides what a document changes: entries not seen before, entries edited since, keys to add.
///
/// `site` is the source's address; it makes our own ids unique. The changes come newest entry
/// first, and of two entries of the document with a key in common the first counts. Texts are as
/// the publisher wrote them: they are made safe only for what this names.
#[must_use]
pub fn changes(entries: Vec<Entry>, known: &KnownEntries, site: &str, now: Timestamp) -> Vec<Change> {
    let mut seen: HashSet<Key> = HashSet::new();
    let mut touched: HashSet<i64> = HashSet::new();
    let mut changes = Vec::new();
    for entry in newest_first(entries, now) {
        if entry.keys.iter().any(|key| seen.contains(key)) {
            continue;
        }
        seen.extend(entry.keys.iter().cloned());
        match entry.keys.iter().find_map(|key| known.get(key)) {
            None => changes.push(Change::New(Box::new(new(entry, site, now)))),
            Some(Known::Pruned) => {}
            Some(Known::Kept(old)) => {
                if touched.insert(old.number) {
                    changes.extend(edited(entry, old, known, now));
                }
            }
        }
    }
    changes
}

/// A document's own order is newest first by custom; dates decide where there are any.
fn newest_first(mut entries: Vec<Entry>, now: Timestamp) -> Vec<Entry> {
    entries.sort_by_key(|entry| std::cmp::Reverse(shown_date(entry, now)));
    entries
}

fn new(entry: Entry, site: &str, now: Timestamp) -> NewEntry {
    NewEntry {
        uids: uids(&entry, site),
        date: shown_date(&entry, now),
        first_seen: now,
        fingerprint: fingerprint(&entry),
        wording: wording(&entry),
        entry,
    }
}

fn edited(entry: Entry, old: &KnownEntry, known: &KnownEntries, now: Timestamp) -> Option<Change> {
    let fingerprint = fingerprint(&entry);
    if fingerprint == old.fingerprint {
        let keys: Vec<Key> = entry.keys.into_iter().filter(|key| !known.contains_key(key)).collect();
        return (!keys.is_empty()).then_some(Change::Rekeyed { number: old.number, keys });
    }
    let wording = wording(&entry);
    let changed = (wording != old.wording && old.edits < MOST_EDITS).then_some(now);
    Some(Change::Edited { number: old.number, entry: Box::new(entry), fingerprint, wording, changed })
}

/// The date under which an entry is published: a date to come is held back to now, none is now.
fn shown_date(entry: &Entry, now: Timestamp) -> Timestamp {
    entry.published.or(entry.updated).map_or(now, |date| date.min(now))
}

/// The ids under which an entry may be published: its own where that is an absolute URI, then one
/// of ours that is made from the source's address and the entry's identity.
fn uids(entry: &Entry, site: &str) -> Vec<String> {
    let own = entry.id.as_ref().filter(|id| is_absolute_uri(id)).cloned();
    let mut hash = Sha256::new();
    hash.update(site);
    if let Some(key) = entry.keys.first() {
        hash.update([0, key.rule as u8]);
        hash.update(&key.value);
    }
    own.into_iter().chain([urn(&hash.finalize())]).collect()
}

/// Whether an id may stand as it is in `atom:id` (RFC 4287 section 4.2.6): a URI with a scheme
/// and ASCII alone.
fn is_absolute_uri(id: &str) -> bool {
    id.len() <= 1000
        && id.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
        && well_formed_escapes(id)
        && match id.split_once(':') {
            Some(("http" | "https", _)) => {
                url::Url::parse(id).is_ok_and(|url| url.has_host() && url.username().is_empty())
            }
            Some(("urn", rest)) => {
                rest.split_once(':').is_some_and(|(nid, nss)| nid.len() > 1 && !nss.is_empty())
            }
            Some(("tag", _)) => is_tag(id),
            _ => false,
        }
}

fn well_formed_escapes(id: &str) -> bool {
    id.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

/// RFC 4151: `tag:authority,date:specific`.
fn is_tag(id: &str) -> bool {
    let Some((authority, rest)) = id.strip_prefix("tag:").and_then(|id| id.split_once(',')) else {
        return false;
    };
    let Some((date, _)) = rest.split_once(':') else { return false };
    let parts: Vec<&str> = date.split('-').collect();
    !authority.is_empty()
        && parts.len() <= 3
        && parts
            .iter()
            .zip([4, 2, 2])
            .all(|(part, digits)| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A version 8 UUID (RFC 9562: the layout is the application's own) of the hash.
fn urn(hash: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Of all that the publisher says, keys apart.
fn fingerprint(entry: &Entry) -> Vec<u8> {
    let said = Entry { keys: Vec::new(), ..entry.clone() };
    // The stored form names every field, and needs no second list of them to keep true. It is made of
    // texts and numbers under text keys, which always serialise.
    short_hash(&[&serde_json::to_string(&said).unwrap_or_default()])
}

/// Of what a reader sees.
fn wording(entry: &Entry) -> Vec<u8> {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    short_hash(&[&part(&entry.title), &part(&entry.summary), &part(&entry.content)])
}

fn short_hash(parts: &[&str]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].to_vec()
}
