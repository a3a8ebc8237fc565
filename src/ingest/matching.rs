//! Whether an entry of a document is one that the store already has. Pure.
//!
//! A publisher's id and address are claims, not proofs: sites reuse ids after a migration, feeds of the latest alert give
//! every alert the same id, and positional ids (`1`, `2`, `3`) name another entry at each poll. So a known key is
//! compared together with what else is known: the id, the address, the title and the date. [`compare`] is the whole table.
//! In doubt an entry is new: an entry shown twice can be seen, one that overwrote another cannot.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::identity::KeyedEntry;
use crate::entry::change::{KnownEntries, KnownEntry, KnownKey};
use crate::entry::{Entry, Key, KeyRule, checksum};

/// Fewer digits may be a year or a part.
const MIN_ARTICLE_DIGITS: usize = 6;

/// Letters and digits of a title that are enough to compare it without punctuation.
const MIN_FOLDED_CHARS: usize = 4;

/// Entries that left the feed and have one [`numbered_page`]: a number that more of them share names none.
const MAX_AT_PAGE: usize = 20;

/// What the store knows of a source's entries.
#[derive(Clone, Copy, Debug)]
pub struct StoredEntries<'a> {
    /// By the keys of the document's entries.
    pub known: &'a KnownEntries,
    /// Entries of the previous document without a key in this one; empty if the document is not complete.
    pub left_feed: &'a [KnownEntry],
}

/// How one field of a document's entry compares with the stored entry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Both have it, and it is the same.
    Same,
    /// Both have it, and it differs.
    New,
    /// It differs, but shares most of its words. Titles only.
    Similar,
    /// One of them, or both, do not have it.
    Absent,
}

use Agreement::{Absent, New, Same, Similar};

/// What identifies an entry, compared with a stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// guid, `atom:id` or JSON `id`.
    pub id: Agreement,
    /// The address, without scheme, `www.`, tracking parameters and session ids. The site's own address does not count.
    pub link: Agreement,
    /// The title in lower case without punctuation.
    pub title: Agreement,
    /// The published date, else the updated one.
    pub date: Agreement,
}

/// What a comparison means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The stored entry, perhaps edited, and why.
    SameEntry(&'static str),
    /// Another entry under the same id.
    ReusedId,
    /// Another entry at the same address.
    ReusedLink,
    /// Nothing that identifies an entry agrees.
    Different,
}

/// Which stored entry an entry of a document is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Match<'a> {
    /// None: it is new.
    New,
    /// None, and it is not stored, for this reason.
    Ignored(&'static str),
    /// This one, and why.
    Stored(&'a KnownEntry, &'static str),
}

/// A match, and the keys that turned out to name several entries.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub known: Match<'a>,
    pub reused: Vec<Key>,
    /// How many of id, address and title agree.
    agreement: usize,
}

/// Finds the stored entry of each entry of a document. No two get the same: the one that agrees in more has it, and
/// the others are looked for again without it.
pub(super) fn find_all<'a>(entries: &[KeyedEntry], stored: StoredEntries<'a>) -> Vec<Found<'a>> {
    let none = HashSet::new();
    let left_feed = LeftFeed::new(stored.left_feed);
    let mut all: Vec<Found<'a>> =
        entries.iter().map(|keyed| find(keyed, stored, &left_feed, &none)).collect();
    let mut by_agreement: Vec<usize> = (0..all.len()).collect();
    by_agreement.sort_by_key(|at| std::cmp::Reverse(all[*at].agreement));
    let mut taken = HashSet::new();
    let mut others = Vec::new();
    for at in by_agreement {
        if let Match::Stored(known, _) = all[at].known
            && !taken.insert(known.number)
        {
            others.push(at);
        }
    }
    for at in others {
        all[at] = find(&entries[at], stored, &left_feed, &taken);
        if let Match::Stored(known, _) = all[at].known {
            taken.insert(known.number);
        }
    }
    all
}

/// Looks for the stored entry among those whose numbers are not in `taken`.
fn find<'a>(
    keyed: &KeyedEntry,
    stored: StoredEntries<'a>,
    left_feed: &LeftFeed<'a>,
    taken: &HashSet<i64>,
) -> Found<'a> {
    let entry = &keyed.entry;
    let publishers = |key: &&Key| matches!(key.rule, KeyRule::Id | KeyRule::About | KeyRule::Link);
    let known = |key: &Key| match stored.known.get(key) {
        Some(KnownKey::Entry(known)) => Some(known),
        Some(KnownKey::Pruned { .. }) | None => None,
    };
    let mut best: Option<(&KnownEntry, &'static str, usize)> = None;
    let mut reused = Vec::new();
    for key in entry.keys.iter().filter(publishers) {
        let Some(candidate) = known(key) else { continue };
        let fields =
            fields(entry, candidate, |key| known(key).is_some_and(|known| known.number == candidate.number));
        match compare(fields) {
            Verdict::SameEntry(reason) if !taken.contains(&candidate.number) => {
                let agreement =
                    [fields.title, fields.id, fields.link].iter().filter(|field| **field == Same).count();
                if best.is_none_or(|(.., most)| agreement > most) {
                    best = Some((candidate, reason, agreement));
                }
            }
            Verdict::ReusedId if key.rule != KeyRule::Link => reused.push(key.clone()),
            Verdict::ReusedLink if key.rule == KeyRule::Link => reused.push(key.clone()),
            _ => {}
        }
    }
    if let Some((known, reason, agreement)) = best {
        return Found { known: Match::Stored(known, reason), reused, agreement };
    }
    let (known, agreement) = match find_without_key(keyed, stored, left_feed, taken) {
        Match::New => {
            // A key that another entry has would not find this one again.
            let is_known = |key: &&Key| stored.known.contains_key(key) && !reused.contains(*key);
            let known: Vec<Key> = entry.keys.iter().filter(is_known).cloned().collect();
            reused.extend(known);
            (Match::New, 0)
        }
        known => (known, 1),
    };
    Found { known, reused, agreement }
}

/// Looks for the stored entry of one that no trusted key of its publisher names.
fn find_without_key<'a>(
    keyed: &KeyedEntry,
    stored: StoredEntries<'a>,
    left_feed: &LeftFeed<'a>,
    taken: &HashSet<i64>,
) -> Match<'a> {
    let entry = &keyed.entry;
    let known = |key: &Key| match stored.known.get(key) {
        Some(KnownKey::Entry(known)) => Some(known),
        Some(KnownKey::Pruned { .. }) | None => None,
    };
    // Keys that name several entries, and the fallback: only together with the same title and date.
    let is_by_text = entry.keys.iter().any(|key| key.rule == KeyRule::Body);
    let weak = keyed.distrusted.iter().chain([&keyed.fallback]).filter_map(known).find(|known| {
        titles(entry, known) == Same
            && dates(entry, known) != New
            && !taken.contains(&known.number)
            && (!is_by_text || content_hash(entry) == known.content_hash)
    });
    let made_here = || entry.keys.iter().filter(|key| matches!(key.rule, KeyRule::Title | KeyRule::Body));
    if let Some(known) = weak.or_else(|| made_here().find_map(known)) {
        return if taken.contains(&known.number) {
            Match::Ignored("it has the title and date of another entry of the document")
        } else {
            Match::Stored(known, "same title and date")
        };
    }
    if is_pruned(keyed, stored) {
        return Match::Ignored("it was stored and pruned before");
    }
    left_feed.replaced_by(entry, taken).map_or(Match::New, |(known, reason)| Match::Stored(known, reason))
}

/// Whether an entry was stored once and pruned: one of its keys says so, and it is not dated after what was pruned.
fn is_pruned(keyed: &KeyedEntry, stored: StoredEntries<'_>) -> bool {
    keyed.entry.keys.iter().any(|key| match stored.known.get(key) {
        Some(KnownKey::Pruned { before }) => date(&keyed.entry).is_none_or(|date| date < *before),
        Some(KnownKey::Entry(_)) | None => false,
    })
}

fn fields(entry: &Entry, known: &KnownEntry, names: impl Fn(&Key) -> bool) -> Comparison {
    let of = |is_rule: fn(KeyRule) -> bool, stored_has_one: bool| {
        let keys = || entry.keys.iter().filter(|key| is_rule(key.rule));
        if keys().any(&names) {
            Same
        } else if keys().next().is_some() && stored_has_one {
            New
        } else {
            Absent
        }
    };
    Comparison {
        id: of(|rule| matches!(rule, KeyRule::Id | KeyRule::About), true),
        link: of(|rule| rule == KeyRule::Link, known.link.is_some()),
        title: titles(entry, known),
        date: dates(entry, known),
    }
}

/// The table. Rows from above; the first that fits counts.
pub(super) fn compare(fields: Comparison) -> Verdict {
    let Comparison { id, link, title, date } = fields;
    match (id, link, title, date) {
        // Id and address agree: whatever else changed is an edit.
        (Same, Same, _, _) => Verdict::SameEntry("same id and address"),
        // It moved: another host, https, a corrected slug.
        (Same, _, Same, _) => Verdict::SameEntry("same id and title"),
        // Title and slug corrected at once; publishers leave the date as it is.
        (Same, _, _, Same) => Verdict::SameEntry("same id and date"),
        // Only the id names it, and nothing speaks against it.
        (Same, Absent, Similar | Absent, Absent) => Verdict::SameEntry("same id"),
        (Same, _, _, _) => Verdict::ReusedId,
        // Only the address names it.
        (Absent, Same, _, _) => Verdict::SameEntry("same address"),
        // The id changed: another generator, an id made from a revision.
        (New, Same, Same, _) => Verdict::SameEntry("same address and title"),
        (New, Same, _, Same) => Verdict::SameEntry("same address and date"),
        (New, Same, Similar | Absent, Absent) => Verdict::SameEntry("same address"),
        // The publisher says by id and title, and by the date if there is one, that the page now shows something else.
        (New, Same, _, _) => Verdict::ReusedLink,
        (_, _, _, _) => Verdict::Different,
    }
}

/// The entries that left the document in the same poll, by what [`LeftFeed::replaced_by`] looks for, so that its time
/// does not grow with their number.
struct LeftFeed<'a> {
    entries: &'a [KnownEntry],
    /// By second and [`title_key`].
    by_title: HashMap<(i64, String), Vec<usize>>,
    /// By [`numbered_page`].
    by_page: HashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> LeftFeed<'a> {
    fn new(entries: &'a [KnownEntry]) -> LeftFeed<'a> {
        let mut left_feed = LeftFeed { entries, by_title: HashMap::new(), by_page: HashMap::new() };
        for (at, known) in entries.iter().enumerate() {
            if let (Some(date), Some(title)) = (known.date, &known.title) {
                let key = (date.as_millisecond(), title_key(title));
                left_feed.by_title.entry(key).or_default().push(at);
            }
            if let Some(page) = known.link.as_deref().and_then(numbered_page) {
                let at_page = left_feed.by_page.entry(page).or_default();
                if at_page.len() < MAX_AT_PAGE {
                    at_page.push(at);
                }
            }
        }
        left_feed
    }

    /// The first of them that is this new entry under another id and address: the same title and the same second; or an
    /// address of which only the slug changed, and the same second or a similar title. None of `taken`.
    fn replaced_by(&self, entry: &Entry, taken: &HashSet<i64>) -> Option<(&'a KnownEntry, &'static str)> {
        // Midnight is a date without a time: all entries of the day have it.
        let second = date(entry).filter(|date| date.as_second() % 86_400 != 0).map(Timestamp::as_millisecond);
        let page = entry.link.as_deref().and_then(numbered_page);
        let identifies =
            page.is_some_and(|(_, number)| number.len() >= MIN_ARTICLE_DIGITS && !may_be_a_date(number));
        let has_same_second =
            |known: &KnownEntry| second.is_some() && known.date.map(Timestamp::as_millisecond) == second;
        let is_free = |at: &usize| !taken.contains(&self.entries[*at].number);
        let is_same_page = |at: &usize| {
            let known = &self.entries[*at];
            has_same_second(known) || (identifies && matches!(titles(entry, known), Same | Similar))
        };
        let titled =
            second.zip(entry.title.as_deref().map(title_key)).and_then(|key| self.by_title.get(&key));
        let titled = titled.and_then(|all| all.iter().copied().find(is_free));
        let at_page = page.and_then(|page| self.by_page.get(&page));
        let at_page = at_page.and_then(|all| all.iter().copied().filter(is_free).find(is_same_page));
        match (titled, at_page) {
            (Some(at), other) if other.is_none_or(|other| at <= other) => {
                Some((&self.entries[at], "same title and date, and the earlier one left the feed"))
            }
            (_, other) => Some((
                &self.entries[other?],
                "same address except its slug, and the earlier one left the feed",
            )),
        }
    }
}

/// The same for titles that differ only in case and punctuation. Of a short title too little may be left: C++ and C# have
/// the same letters.
fn title_key(title: &str) -> String {
    let folded = folded(title);
    if folded.chars().count() >= MIN_FOLDED_CHARS { folded } else { title.to_owned() }
}

/// Compares title and date; the caller knows id and link by their keys.
pub(super) fn titles(entry: &Entry, known: &KnownEntry) -> Agreement {
    match (entry.title.as_deref(), known.title.as_deref()) {
        (Some(new), Some(old)) if title_key(new) == title_key(old) => Same,
        (Some(new), Some(old)) if shares_most_words(new, old) => Similar,
        (Some(_), Some(_)) => New,
        _ => Absent,
    }
}

fn shares_most_words(a: &str, b: &str) -> bool {
    let words = |title: &str| -> HashSet<String> {
        title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    a.intersection(&b).count() * 2 > a.len().min(b.len())
}

pub(super) fn dates(entry: &Entry, known: &KnownEntry) -> Agreement {
    match (date(entry), known.date) {
        // The store keeps milliseconds. Midnight is a date without a time, which all entries of the day have.
        (Some(new), Some(old)) if new.as_millisecond() == old.as_millisecond() => {
            if new.as_second() % 86_400 == 0 { Absent } else { Same }
        }
        // An `updated` that moves is what an edit does.
        (Some(_), Some(_)) if entry.published.is_none() => Absent,
        (Some(_), Some(_)) => New,
        _ => Absent,
    }
}

/// A hash of the visible text.
pub(super) fn content_hash(entry: &Entry) -> Vec<u8> {
    let texts =
        [&entry.title, &entry.summary, &entry.content].map(|text| text.as_deref().unwrap_or_default());
    // No text has this separator.
    checksum(texts.join("\0").as_bytes())
}

/// The date that is compared.
pub(super) fn date(entry: &Entry) -> Option<Timestamp> {
    entry.published.or(entry.updated)
}

fn folded(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Folder and number of an address whose last part begins or ends with a number of at least four digits. The words of
/// that part are its slug. The folder belongs to it: the number alone names nothing.
fn numbered_page(link: &str) -> Option<(&str, &str)> {
    let (_, rest) = link.split_once("://")?;
    let rest = rest.split(['?', '#']).next()?.trim_end_matches('/');
    let (folder, last) = rest.rsplit_once('/')?;
    let is_year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let is_number =
        |part: &&str| part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_digit()) && !is_year(part);
    let name = last.rsplit_once('.').map_or(last, |(name, _)| name);
    let number =
        [name.split('-').next(), name.split('-').next_back()].into_iter().flatten().find(is_number)?;
    // `title-of-the-page/a-80417`: the words of the title are the folder.
    let is_alone = !name.bytes().any(|byte| byte.is_ascii_alphabetic()) || name.len() == number.len() + 2;
    let folder = match folder.rsplit_once('/') {
        Some((parent, slug)) if is_alone && slug.split('-').count() > 2 => parent,
        _ => folder,
    };
    Some((folder, number))
}

fn may_be_a_date(number: &str) -> bool {
    matches!(number.len(), 6 | 8) && (number.starts_with("19") || number.starts_with("20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: i64, title: &str, link: &str, second: i64) -> KnownEntry {
        KnownEntry {
            number,
            fingerprint: Vec::new(),
            content_hash: Vec::new(),
            edits: 0,
            title: Some(title.into()),
            link: Some(link.into()),
            date: Timestamp::from_second(second).ok(),
        }
    }

    fn entry(title: &str, link: &str, second: i64) -> Entry {
        Entry {
            title: Some(title.into()),
            link: Some(link.into()),
            published: Timestamp::from_second(second).ok(),
            ..Entry::default()
        }
    }

    #[test]
    fn the_first_entry_that_left_and_is_free_is_replaced() {
        let link = |slug: &str| format!("https://a.example/news/{slug}-1234567");
        let left = [
            known(1, "Other words", "https://a.example/x", 5),
            known(2, "Ships leave port", &link("ships"), 7),
            known(3, "ships: leave port!", "https://a.example/y", 5),
            known(4, "Ships leave port", "https://a.example/z", 5),
        ];
        let left_feed = LeftFeed::new(&left);
        let replaced = |entry: &Entry, taken: &[i64]| {
            let taken = taken.iter().copied().collect();
            left_feed.replaced_by(entry, &taken).map(|(known, _)| known.number)
        };
        let same_second = entry("Ships leave port", "https://a.example/new", 5);
        assert_eq!(replaced(&same_second, &[]), Some(3));
        assert_eq!(replaced(&same_second, &[3]), Some(4));
        assert_eq!(replaced(&same_second, &[3, 4]), None);
        assert_eq!(
            replaced(&entry("Ships leave the port", &link("new"), 9), &[]),
            Some(2),
            "a similar title"
        );
        assert_eq!(replaced(&entry("Nothing in common", &link("new"), 9), &[]), None);
        assert_eq!(replaced(&entry("Nothing in common", &link("new"), 7), &[]), Some(2), "the same second");
        assert_eq!(replaced(&entry("Ships leave port", &link("new"), 5), &[]), Some(2), "the first of both");
    }

    #[test]
    fn entries_of_one_page_are_not_all_compared() {
        let left: Vec<KnownEntry> = (0..5000)
            .map(|number| {
                known(number, &format!("w{number}"), &format!("https://a.example/{number}-1234567"), 9)
            })
            .collect();
        let left_feed = LeftFeed::new(&left);
        assert!(left_feed.by_page.values().all(|at| at.len() <= MAX_AT_PAGE));
        let old = entry("w4000", "https://a.example/new-1234567", 9);
        let (found, _) = left_feed.replaced_by(&old, &(0..4000).collect()).expect("it has the same title");
        assert_eq!(found.number, 4000);
    }
}
