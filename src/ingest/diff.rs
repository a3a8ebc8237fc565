//! Entries, what is known and now go in; what to write down comes out. Pure.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::identity::KeyedEntry;
use crate::entry::change::{Change, KnownEntries, KnownEntry, KnownKey, NewEntry};
use crate::entry::{Entry, Key, KeyRule};

/// How often an entry may be shown as updated: some pages print the time of day, and would never rest.
const MOST_EDITS: u32 = 24;

/// Decides what a document changes: entries not seen before, entries edited since, keys to add.
///
/// `site` is the source's address; it makes our own ids unique. The changes come newest entry
/// first, and of two entries of the document with a key in common the first counts. Texts are as
/// the publisher wrote them: they are made safe only for what this names.
#[must_use]
pub fn changes(entries: Vec<KeyedEntry>, known: &KnownEntries, site: &str, now: Timestamp) -> Vec<Change> {
    let entries = newest_first(entries, now);
    let repeats = repeats(&entries);
    let mut touched: HashSet<i64> = HashSet::new();
    let mut changes = Vec::new();
    for (identified, repeats) in entries.into_iter().zip(repeats) {
        if repeats {
            continue;
        }
        let found = find(&identified, known);
        let entry = identified.entry;
        match found {
            None => changes.push(Change::New(Box::new(new(entry, site, now)))),
            Some(KnownKey::Pruned) => {}
            Some(KnownKey::Entry(old)) => {
                if touched.insert(old.number) {
                    changes.extend(edited(entry, old, known, now));
                }
            }
        }
    }
    changes
}

/// Which entries have a key of one before them, that counts.
fn repeats(entries: &[KeyedEntry]) -> Vec<bool> {
    let mut seen: HashSet<&Key> = HashSet::new();
    let mut repeats = Vec::with_capacity(entries.len());
    for KeyedEntry { entry, .. } in entries {
        repeats.push(entry.keys.iter().any(|key| seen.contains(key)));
        if repeats.last() == Some(&false) {
            seen.extend(&entry.keys);
        }
    }
    repeats
}

/// What is known of an entry, by its strongest key that is known.
fn find<'a>(identified: &KeyedEntry, known: &'a KnownEntries) -> Option<&'a KnownKey> {
    let KeyedEntry { entry, doubtful } = identified;
    let same_title = |known: &&KnownKey| matches!(known, KnownKey::Entry(old) if old.title == entry.title);
    let trusted = entry.keys.iter().find_map(|key| known.get(key));
    trusted.or_else(|| doubtful.iter().find_map(|key| known.get(key).filter(same_title)))
}

/// A document's own order is newest first by custom; dates decide where there are any.
fn newest_first(mut entries: Vec<KeyedEntry>, now: Timestamp) -> Vec<KeyedEntry> {
    entries.sort_by_key(|identified| std::cmp::Reverse(shown_date(&identified.entry, now)));
    entries
}

fn new(mut entry: Entry, site: &str, now: Timestamp) -> NewEntry {
    NewEntry {
        uids: uids(&entry, site),
        date: shown_date(&entry, now),
        first_seen: now,
        fingerprint: fingerprint(&mut entry),
        content_hash: content_hash(&entry),
        entry,
        dedup_features: None,
    }
}

fn edited(mut entry: Entry, old: &KnownEntry, known: &KnownEntries, now: Timestamp) -> Option<Change> {
    let fingerprint = fingerprint(&mut entry);
    if fingerprint == old.fingerprint {
        let keys: Vec<Key> = entry.keys.into_iter().filter(|key| !known.contains_key(key)).collect();
        return (!keys.is_empty()).then_some(Change::Rekeyed { number: old.number, keys });
    }
    let content_hash = content_hash(&entry);
    let changed = (content_hash != old.content_hash && old.edits < MOST_EDITS).then_some(now);
    Some(Change::Edited { number: old.number, entry: Box::new(entry), fingerprint, content_hash, changed })
}

/// The date under which an entry is published: a date to come is held back to now, none is now.
fn shown_date(entry: &Entry, now: Timestamp) -> Timestamp {
    entry.published.or(entry.updated).map_or(now, |date| date.min(now))
}

/// The ids under which an entry may be published: its own where that is an absolute URI and names no
/// other entry, then one of ours that is made from the source's address and the entry's identity.
fn uids(entry: &Entry, site: &str) -> Vec<String> {
    let trusted = entry.keys.first().is_some_and(|key| key.rule == KeyRule::Id);
    let own = entry.id.as_ref().filter(|id| trusted && is_absolute_uri(id)).cloned();
    let mut hash = Sha256::new();
    if let Some(key) = entry.keys.first() {
        hash.update([key.rule as u8]);
        hash.update(&key.value);
    }
    own.into_iter().chain([urn(&Sha256::digest(site), &hash.finalize())]).collect()
}

/// Whether an id may stand as it is in `atom:id` (RFC 4287 section 4.2.6): a URI with a scheme
/// and ASCII alone, in canonical spelling (section 6.2.2 of RFC 3986): some readers compare after normalising.
fn is_absolute_uri(id: &str) -> bool {
    id.len() <= 1000
        && id.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>[\\]^`{|}".contains(&b))
        && canonical_escapes(id)
        && match id.split_once(':') {
            Some(("http" | "https", _)) => url::Url::parse(id).is_ok_and(|url| {
                let host = url.host_str().unwrap_or_default();
                url.as_str() == id && url.username().is_empty() && !host.ends_with('.')
            }),
            Some(("urn", rest)) => {
                rest.split_once(':').is_some_and(|(nid, nss)| nid.len() > 1 && !nss.is_empty())
            }
            Some(("tag", _)) => is_tag(id),
            _ => false,
        }
}

/// Whether each escape is written in capitals and stands for what could not stand as it is: no unreserved
/// character, no percent sign, which some decode twice, and composed characters of UTF-8 alone.
fn canonical_escapes(id: &str) -> bool {
    let mut decoded = Vec::with_capacity(id.len());
    let mut pieces = id.split('%');
    decoded.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let escape = piece.get(..2).filter(|hex| hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')));
        let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else { return false };
        if byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte) {
            return false;
        }
        decoded.push(byte);
        decoded.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(decoded).is_ok_and(|text| unicode_normalization::is_nfc(&text))
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

/// A version 8 UUID (RFC 9562: the layout is the application's own) of two hashes. It begins with the source's, so that
/// the ids of one source stand side by side in the store's index: spread over all of it, each new entry wrote a page.
fn urn(source: &[u8], entry: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&source[..6]);
    bytes[6..].copy_from_slice(&entry[..10]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let n = u128::from_be_bytes(bytes);
    let part = |from: u32, bits: u32| n >> from & ((1 << bits) - 1);
    let parts = [part(96, 32), part(80, 16), part(64, 16), part(48, 16), part(0, 48)];
    format!("urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", parts[0], parts[1], parts[2], parts[3], parts[4])
}

/// Of all that the publisher says, keys apart: they are put aside for a moment, and not the whole
/// entry copied without them.
fn fingerprint(entry: &mut Entry) -> Vec<u8> {
    let keys = std::mem::take(&mut entry.keys);
    // The stored form names every field, and needs no second list of them to keep true. It is made of
    // texts and numbers under text keys, which always serialise.
    let texts = [&entry.title, &entry.summary, &entry.content];
    let mut said = Vec::with_capacity(
        1024 + texts.iter().map(|text| text.as_ref().map_or(0, String::len)).sum::<usize>(),
    );
    if serde_json::to_writer(&mut said, entry).is_err() {
        said.clear();
    }
    entry.keys = keys;
    short_hash(&[&said])
}

/// Of what a reader sees.
fn content_hash(entry: &Entry) -> Vec<u8> {
    short_hash(
        &[&entry.title, &entry.summary, &entry.content]
            .map(|text| text.as_deref().unwrap_or_default().as_bytes()),
    )
}

fn short_hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-01T12:00:00Z".parse().expect("a time")
    }

    fn changes(entries: Vec<Entry>, known: &KnownEntries, site: &str, now: Timestamp) -> Vec<Change> {
        super::changes(entries.into_iter().map(KeyedEntry::from).collect(), known, site, now)
    }

    fn entry(id: &str, title: &str) -> Entry {
        Entry {
            keys: vec![Key { rule: KeyRule::Id, value: id.into() }],
            id: Some(id.into()),
            title: Some(title.into()),
            ..Entry::default()
        }
    }

    /// What the store would know after writing these changes down.
    fn known(changes: &[Change]) -> KnownEntries {
        let kept = |number, new: &NewEntry| KnownEntry {
            number,
            fingerprint: new.fingerprint.clone(),
            content_hash: new.content_hash.clone(),
            edits: 0,
            title: new.entry.title.clone(),
        };
        (1..)
            .zip(changes)
            .filter_map(|(number, change)| match change {
                Change::New(new) => Some((new.entry.keys[0].clone(), KnownKey::Entry(kept(number, new)))),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_same_document_read_twice_changes_nothing() {
        let entries = vec![entry("1", "One"), entry("2", "Two")];
        let first = changes(entries.clone(), &KnownEntries::new(), "https://example.org/", now());
        assert_eq!(first.len(), 2);
        assert_eq!(changes(entries, &known(&first), "https://example.org/", now()), []);
    }

    #[test]
    fn an_edit_keeps_the_entry_and_shows_only_what_a_reader_sees() {
        let first = changes(vec![entry("1", "One")], &KnownEntries::new(), "", now());
        let known = known(&first);
        let edited = changes(vec![entry("1", "One, again")], &known, "", now());
        assert!(matches!(edited[..], [Change::Edited { number: 1, changed: Some(_), .. }]), "{edited:?}");
        let recategorised = Entry { categories: vec!["News".into()], ..entry("1", "One") };
        let edited = changes(vec![recategorised], &known, "", now());
        assert!(matches!(edited[..], [Change::Edited { number: 1, changed: None, .. }]), "{edited:?}");
    }

    #[test]
    fn an_alternate_key_finds_the_entry_again() {
        let first = changes(vec![entry("1", "One")], &KnownEntries::new(), "", now());
        let mut moved = entry("1", "One");
        moved.keys.push(Key { rule: KeyRule::Link, value: "example.org/one".into() });
        let rekeyed = changes(vec![moved.clone()], &known(&first), "", now());
        assert_eq!(rekeyed, [Change::Rekeyed { number: 1, keys: vec![moved.keys[1].clone()] }]);
    }

    #[test]
    fn of_two_entries_with_one_key_the_first_counts_and_what_was_pruned_stays_away() {
        let twice = changes(vec![entry("1", "One"), entry("1", "Other")], &KnownEntries::new(), "", now());
        assert!(
            matches!(&twice[..], [Change::New(new)] if new.entry.title.as_deref() == Some("One")),
            "{twice:?}"
        );
        let pruned = [(entry("1", "").keys[0].clone(), KnownKey::Pruned)].into();
        assert_eq!(changes(vec![entry("1", "One")], &pruned, "", now()), []);
    }

    #[test]
    fn a_doubtful_key_finds_only_what_has_the_same_title() {
        let known = known(&changes(vec![entry("1", "One")], &KnownEntries::new(), "", now()));
        let doubtful = |title: &str| {
            let mut entry = entry("1", title);
            let doubtful = vec![entry.keys.remove(0)];
            entry.keys.push(Key { rule: KeyRule::Link, value: title.into() });
            KeyedEntry { entry, doubtful }
        };
        let changed = super::changes(vec![doubtful("One"), doubtful("Two")], &known, "", now());
        assert!(
            matches!(&changed[..], [Change::Rekeyed { number: 1, .. }, Change::New(new)]
                if new.entry.title.as_deref() == Some("Two") && new.uids.len() == 1),
            "{changed:?}"
        );
    }

    #[test]
    fn only_an_absolute_uri_is_published_as_it_is() {
        for id in [
            "https://example.org/1",
            "https://example.org/%C3%A9%20a%2Fb?c=%26&d=~%5B1%5D#e",
            "urn:uuid:1",
            "tag:example.org,2026-11:1",
        ] {
            assert_eq!(uids(&entry(id, ""), "s")[0], id);
        }
        for id in [
            "1",
            "example.org/1",
            "http://example.org",
            "HTTP://example.org/",
            "http://a b/",
            "tag:x",
            "urn:x",
            "https://ex\u{e4}mple.org/",
            "https://example.org./",
            "https://example.org/%7Ebob",
            "https://example.org/%c3%a9",
            "https://example.org/e%CC%81",
            "https://example.org/%E9",
            "https://example.org/%2541",
            "https://example.org/100%",
            "https://example.org/?a[]=1",
        ] {
            assert!(uids(&entry(id, ""), "s")[0].starts_with("urn:uuid:"), "{id}");
        }
        let ours = |id: &str, site: &str| uids(&entry(id, ""), site)[0].clone();
        assert_ne!(ours("1", "a"), ours("1", "b"), "sources may number alike");
        assert_ne!(ours("1", "a"), ours("2", "a"));
        assert_eq!(ours("1", "a")[..21], ours("2", "a")[..21], "those of a source stand together");
    }

    #[test]
    fn a_date_to_come_is_held_back_and_none_is_now() {
        let dated =
            |date: &str| Entry { published: Some(date.parse().expect("a time")), ..entry("1", "One") };
        assert_eq!(shown_date(&dated("2026-10-01T00:00:00Z"), now()).to_string(), "2026-10-01T00:00:00Z");
        assert_eq!(shown_date(&dated("2026-11-01T20:00:00Z"), now()), now());
        assert_eq!(shown_date(&entry("1", "One"), now()), now());
    }
}
