//! Compares a document's entries with the known ones, and returns the changes. Pure.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::identity::KeyedEntry;
pub use super::matching::StoredEntries;
use super::matching::{self, Match, content_hash};
use crate::entry::change::{Change, FormerTitle, KnownEntries, KnownEntry, NewEntry};
use crate::entry::{Entry, Key, KeyRule, checksum, uuid_urn};

/// How often an entry is shown as updated. Some entries contain the time of day and change with each poll.
const MAX_SHOWN_EDITS: u32 = 24;

/// A document compared with the store.
#[derive(Debug, Default, PartialEq)]
pub struct DocumentDiff {
    /// By date, newest first.
    pub changes: Vec<Change>,
    /// Numbers of the known entries that the document contains.
    pub in_feed: Vec<i64>,
    /// Keys that the source has used for another entry than before.
    pub reused: Vec<Key>,
    /// It has entries, and all of them are new.
    pub all_new: bool,
    /// How many known entries seem to have changed, but may be decoded wrongly: they stay as they are.
    pub uncertain: usize,
    /// Entries that are not stored.
    pub ignored: Vec<IgnoredEntry>,
}

/// An entry of a document that is not stored.
#[derive(Debug, PartialEq)]
pub struct IgnoredEntry {
    /// Its title.
    pub title: Option<String>,
    /// Why.
    pub reason: &'static str,
}

/// Finds the new and edited entries of a document, and new keys of known ones. Of entries with a common key the first
/// one counts. `site` is the source's address, part of the ids that are made here. Texts are the publisher's: only
/// changed entries are sanitized, and that comes later.
#[must_use]
pub fn compare(
    entries: Vec<KeyedEntry>,
    stored: StoredEntries<'_>,
    site: &str,
    now: Timestamp,
) -> DocumentDiff {
    let mut diff = DocumentDiff::default();
    let entries = without_repeated(newest_first(entries, now), &mut diff.ignored);
    let found = matching::find_all(&entries, stored);
    diff.all_new = !found.is_empty() && found.iter().all(|found| matches!(found.known, Match::New));
    for (mut keyed, found) in entries.into_iter().zip(found) {
        diff.reused.extend(found.reused.iter().cloned());
        keyed.without_keys(&found.reused);
        match found.known {
            Match::New => diff.changes.push(Change::New(Box::new(new_entry(keyed.entry, site, now)))),
            Match::Ignored(reason) => diff.ignored.push(IgnoredEntry { title: keyed.entry.title, reason }),
            Match::Stored(old, reason) => {
                diff.in_feed.push(old.number);
                if keyed.entry.is_uncertain {
                    diff.uncertain += usize::from(hashes(&mut keyed.entry).fingerprint != old.fingerprint);
                    continue;
                }
                diff.changes.extend(edit_or_rekey(keyed.entry, (old, reason), stored.known, now));
            }
        }
    }
    diff
}

/// [`compare`] without the entries that left the feed.
#[must_use]
pub fn changes(entries: Vec<KeyedEntry>, known: &KnownEntries, site: &str, now: Timestamp) -> Vec<Change> {
    compare(entries, StoredEntries { known, left_feed: &[] }, site, now).changes
}

/// Drops entries that have a key in common with an earlier one.
fn without_repeated(entries: Vec<KeyedEntry>, ignored: &mut Vec<IgnoredEntry>) -> Vec<KeyedEntry> {
    let mut seen: HashSet<&Key> = HashSet::new();
    let mut is_first = Vec::with_capacity(entries.len());
    for KeyedEntry { entry, .. } in &entries {
        is_first.push(!entry.keys.iter().any(|key| seen.contains(key)));
        if is_first.last() == Some(&true) {
            seen.extend(&entry.keys);
        }
    }
    let mut first = Vec::with_capacity(entries.len());
    for (keyed, is_first) in entries.into_iter().zip(is_first) {
        if is_first {
            first.push(keyed);
        } else {
            let reason = "it shares a key with a newer entry of the document";
            ignored.push(IgnoredEntry { title: keyed.entry.title, reason });
        }
    }
    first
}

/// Sorts by date; entries with equal dates stay in the document's order, which is newest first by convention.
fn newest_first(mut entries: Vec<KeyedEntry>, now: Timestamp) -> Vec<KeyedEntry> {
    entries.sort_by_key(|keyed| std::cmp::Reverse(published_date(&keyed.entry, now)));
    entries
}

fn new_entry(mut entry: Entry, site: &str, now: Timestamp) -> NewEntry {
    let Hashes { fingerprint, content } = hashes(&mut entry);
    NewEntry {
        uids: uids(&entry, site),
        date: published_date(&entry, now),
        first_seen: now,
        fingerprint,
        content_hash: content,
        entry,
        dedup_features: None,
    }
}

fn edit_or_rekey(
    mut entry: Entry,
    (old, reason): (&KnownEntry, &'static str),
    known: &KnownEntries,
    now: Timestamp,
) -> Option<Change> {
    let Hashes { fingerprint, content: content_hash } = hashes(&mut entry);
    if fingerprint == old.fingerprint {
        let keys: Vec<Key> = entry.keys.into_iter().filter(|key| !known.contains_key(key)).collect();
        return (!keys.is_empty()).then_some(Change::Rekeyed { number: old.number, keys });
    }
    let changed = (content_hash != old.content_hash && old.edits < MAX_SHOWN_EDITS).then_some(now);
    let former_title = old.title.clone().filter(|_| old.title != entry.title);
    let former_title =
        former_title.map(|title| FormerTitle { title, replaced: now, reason: reason.to_owned() });
    Some(Change::Edited {
        number: old.number,
        entry: Box::new(entry),
        fingerprint,
        content_hash,
        changed,
        edited: Some(now),
        former_title,
    })
}

/// The date an entry is published with: the publisher's, or now if there is none or it is in the future.
fn published_date(entry: &Entry, now: Timestamp) -> Timestamp {
    entry.published.or(entry.updated).map_or(now, |date| date.min(now))
}

/// Candidates for the published id: the publisher's if it is a trusted absolute URI, then a UUID made from the
/// source's address and the entry's identity.
fn uids(entry: &Entry, site: &str) -> Vec<String> {
    let trusted = entry.keys.first().is_some_and(|key| key.rule == KeyRule::Id);
    let own = entry.id.as_ref().filter(|id| trusted && is_absolute_uri(id)).cloned();
    let mut hash = Sha256::new();
    if let Some(key) = entry.keys.first() {
        hash.update([key.rule as u8]);
        hash.update(&key.value);
    }
    let source = Sha256::digest(site);
    let usual = made_id(&source, &hash.clone().finalize());
    // For an entry under a reused key whose first entry was pruned: that entry's id is never used again.
    hash.update(entry.title.as_deref().unwrap_or_default());
    hash.update(entry.published.or(entry.updated).map_or(0, Timestamp::as_millisecond).to_le_bytes());
    own.into_iter().chain([usual, made_id(&source, &hash.finalize())]).collect()
}

/// Whether an id can be used as `atom:id` unchanged (RFC 4287 section 4.2.6): an absolute URI in ASCII and in
/// canonical form (RFC 3986 section 6.2.2), since some readers compare ids after normalising them.
pub(super) fn is_absolute_uri(id: &str) -> bool {
    id.len() <= 1000
        && id.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>[\\]^`{|}".contains(&b))
        && canonical_escapes(id)
        && match id.split_once(':') {
            Some(("http" | "https", _)) => url::Url::parse(id).is_ok_and(|url| {
                let host = url.host_str().unwrap_or_default();
                url.as_str() == id && url.username().is_empty() && !host.ends_with('.')
            }),
            Some(("urn", rest)) => {
                rest.split_once(':').is_some_and(|(nid, nss)| match nid.eq_ignore_ascii_case("uuid") {
                    true => is_uuid(nss),
                    false => nid.len() > 1 && !nss.is_empty(),
                })
            }
            Some(("tag", _)) => is_tag(id),
            _ => false,
        }
}

/// RFC 9562 section 4, in lower or upper case.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5
        && parts
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(part, digits)| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether every percent escape is in upper case and necessary. Escapes of unreserved characters are not; an escaped
/// percent sign is refused because some readers decode twice; the decoded text must be UTF-8 in NFC.
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

/// A UUID from two hashes. It begins with the source's, so that the ids of one source are neighbours in the store's
/// index. Otherwise each new entry would write another page of it.
fn made_id(source: &[u8], entry: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&source[..6]);
    bytes[6..].copy_from_slice(&entry[..10]);
    uuid_urn(bytes)
}

/// Hashes of an entry.
struct Hashes {
    /// Of all fields but the keys.
    fingerprint: Vec<u8>,
    /// Of the visible text.
    content: Vec<u8>,
}

/// Reads the texts once: in the fingerprint their hash stands for them. They and the keys are taken out for a moment, which
/// is cheaper than a copy without them.
fn hashes(entry: &mut Entry) -> Hashes {
    let content = content_hash(entry);
    let keys = std::mem::take(&mut entry.keys);
    let texts = texts(entry).map(|text| text.as_mut().map(std::mem::take));
    let comments = replace_comment_count(entry, |count| count.checked_ilog2().map_or(0, |bits| bits + 1));
    // The serialised form has every field, so no second list of fields is needed. It has only texts and numbers under
    // text keys, which always serialise.
    let mut json = serde_json::to_vec(entry).unwrap_or_default();
    json.extend_from_slice(&content);
    entry.keys = keys;
    self::texts(entry).into_iter().zip(texts).for_each(|(place, text)| *place = text);
    if let Some(comments) = comments {
        replace_comment_count(entry, |_| comments);
    }
    Hashes { fingerprint: checksum(&json), content }
}

fn texts(entry: &mut Entry) -> [&mut Option<String>; 3] {
    [&mut entry.title, &mut entry.summary, &mut entry.content]
}

/// The number of comments moves all the time: only when it has doubled is the entry written again.
fn replace_comment_count(entry: &mut Entry, other: impl Fn(u32) -> u32) -> Option<u32> {
    let count = entry.details.as_mut()?.comment_count.as_mut()?;
    let before = *count;
    *count = other(before);
    Some(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Details;
    use crate::entry::change::KnownKey;

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

    /// What the store knows after these changes.
    fn known_after(changes: &[Change]) -> KnownEntries {
        let kept = |number, new: &NewEntry| KnownEntry {
            number,
            fingerprint: new.fingerprint.clone(),
            content_hash: new.content_hash.clone(),
            edits: 0,
            title: new.entry.title.clone(),
            link: new.entry.link.clone(),
            date: new.entry.published.or(new.entry.updated),
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
    fn the_same_document_again_changes_nothing() {
        let entries = vec![entry("1", "One"), entry("2", "Two")];
        let first = changes(entries.clone(), &KnownEntries::new(), "https://example.org/", now());
        assert_eq!(first.len(), 2);
        assert_eq!(changes(entries, &known_after(&first), "https://example.org/", now()), []);
    }

    #[test]
    fn only_edits_of_the_visible_text_are_shown_as_updates() {
        let first = changes(vec![entry("1", "One")], &KnownEntries::new(), "", now());
        let known = known_after(&first);
        let edited = changes(vec![entry("1", "One, again")], &known, "", now());
        assert!(matches!(edited[..], [Change::Edited { number: 1, changed: Some(_), .. }]), "{edited:?}");
        let recategorised = Entry { categories: vec!["News".into()], ..entry("1", "One") };
        let edited = changes(vec![recategorised], &known, "", now());
        assert!(matches!(edited[..], [Change::Edited { number: 1, changed: None, .. }]), "{edited:?}");
    }

    #[test]
    fn more_comments_are_an_edit_when_they_have_doubled() {
        let with = |count| {
            let details = Details { comment_count: Some(count), ..Details::default() };
            Entry { details: Some(Box::new(details)), ..entry("1", "One") }
        };
        for (before, after, edits) in [(0, 1, 1), (1, 2, 1), (4, 7, 0), (4, 8, 1), (8, 3, 1)] {
            let known = known_after(&changes(vec![with(before)], &KnownEntries::new(), "", now()));
            let edited = changes(vec![with(after)], &known, "", now());
            assert_eq!(edited.len(), edits, "{before} {after}");
            for change in edited {
                let Change::Edited { entry, changed, .. } = change else { panic!("{change:?}") };
                assert_eq!((entry.details, changed), (with(after).details, None));
            }
        }
    }

    #[test]
    fn any_key_finds_the_entry_and_new_keys_are_added() {
        let first = changes(vec![entry("1", "One")], &KnownEntries::new(), "", now());
        let mut moved = entry("1", "One");
        moved.keys.push(Key { rule: KeyRule::Link, value: "example.org/one".into() });
        let rekeyed = changes(vec![moved.clone()], &known_after(&first), "", now());
        assert_eq!(rekeyed, [Change::Rekeyed { number: 1, keys: vec![moved.keys[1].clone()] }]);
    }

    #[test]
    fn repeated_and_pruned_entries_are_left_out() {
        let twice = changes(vec![entry("1", "One"), entry("1", "Other")], &KnownEntries::new(), "", now());
        assert!(
            matches!(&twice[..], [Change::New(new)] if new.entry.title.as_deref() == Some("One")),
            "{twice:?}"
        );
        let pruned = [(entry("1", "").keys[0].clone(), KnownKey::Pruned { before: now() })].into();
        assert_eq!(changes(vec![entry("1", "One")], &pruned, "", now()), []);
        let stored = StoredEntries { known: &pruned, left_feed: &[] };
        let keyed = [entry("1", "One"), entry("1", "Other")].map(KeyedEntry::from).into();
        let reasons = compare(keyed, stored, "", now()).ignored.into_iter().map(|ignored| ignored.reason);
        let expected =
            ["it shares a key with a newer entry of the document", "it was stored and pruned before"];
        assert_eq!(reasons.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_distrusted_key_finds_only_an_equal_title() {
        let known = known_after(&changes(vec![entry("1", "One")], &KnownEntries::new(), "", now()));
        let distrusted = |title: &str| {
            let mut entry = entry("1", title);
            let distrusted = vec![entry.keys.remove(0)];
            entry.keys.push(Key { rule: KeyRule::Link, value: title.into() });
            KeyedEntry { distrusted, ..KeyedEntry::from(entry) }
        };
        let changed = super::changes(vec![distrusted("One"), distrusted("Two")], &known, "", now());
        assert!(
            matches!(&changed[..], [Change::Rekeyed { number: 1, .. }, Change::New(new)]
                if new.entry.title.as_deref() == Some("Two") && new.uids.len() == 2),
            "{changed:?}"
        );
    }

    #[test]
    fn only_canonical_absolute_uris_are_published_unchanged() {
        for id in [
            "https://example.org/1",
            "https://example.org/%C3%A9%20a%2Fb?c=%26&d=~%5B1%5D#e",
            "urn:uuid:00000000-0000-4000-8000-00000000000A",
            "tag:example.org,2026-11:1",
        ] {
            assert_eq!(uids(&entry(id, ""), "s")[0], id);
        }
        for id in [
            "1", "example.org/1", "http://example.org", "HTTP://example.org/", "http://a b/", "tag:x",
            "urn:x", "https://ex\u{e4}mple.org/", "https://example.org./", "https://example.org/%7Ebob",
            "https://example.org/%c3%a9", "https://example.org/e%CC%81", "https://example.org/%E9",
            "https://example.org/%2541", "https://example.org/100%", "https://example.org/?a[]=1",
            "urn:uuid:1", "urn:UUID:x-y",
        ] {
            assert!(uids(&entry(id, ""), "s")[0].starts_with("urn:uuid:"), "{id}");
        }
        assert!(!is_uuid("8d5261ba-bf62-ac81-946c-9276ea617917c"), "a digit too many");
        let ours = |id: &str, site: &str| uids(&entry(id, ""), site)[0].clone();
        assert_ne!(ours("1", "a"), ours("1", "b"), "two sources may use the same number");
        assert_ne!(ours("1", "a"), ours("2", "a"));
        assert_eq!(ours("1", "a")[..21], ours("2", "a")[..21], "ids of one source share a prefix");
    }

    #[test]
    fn future_and_missing_dates_become_now() {
        let dated =
            |date: &str| Entry { published: Some(date.parse().expect("a time")), ..entry("1", "One") };
        assert_eq!(published_date(&dated("2026-10-01T00:00:00Z"), now()).to_string(), "2026-10-01T00:00:00Z");
        assert_eq!(published_date(&dated("2026-11-01T20:00:00Z"), now()), now());
        assert_eq!(published_date(&entry("1", "One"), now()), now());
    }
}
