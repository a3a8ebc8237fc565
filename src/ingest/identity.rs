//! Which keys identify an entry: a key that a source uses for several entries identifies none. Pure.

use std::collections::{BTreeSet, HashMap};

use crate::entry::change::KnownEntries;
use crate::entry::{Entry, Key, KeyRule, text_hash};
use crate::source::{FeedUrl, UrlParts};

/// Distrusted keys of one rule. A source with more of them does not use the rule correctly, so the whole rule is
/// ignored.
const MAX_DISTRUSTED_PER_RULE: usize = 20;

/// An entry whose distrusted keys are separate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedEntry {
    /// Its `keys` are trusted; the first one is its identity.
    pub entry: Entry,
    /// Find an entry only together with an equal title and date: what was stored under such a key before it was
    /// distrusted must not be stored again.
    pub distrusted: Vec<Key>,
    /// The key of an entry without a trusted key of its publisher: title and date, else the text.
    pub fallback: Key,
    /// The key of its texts.
    pub(super) text: Option<Key>,
}

impl KeyedEntry {
    /// Distrusts some of the entry's keys.
    pub(super) fn without_keys(&mut self, distrusted: &[Key]) {
        let (distrusted, trusted): (Vec<Key>, Vec<Key>) =
            std::mem::take(&mut self.entry.keys).into_iter().partition(|key| distrusted.contains(key));
        self.entry.keys = if trusted.is_empty() { vec![self.fallback.clone()] } else { trusted };
        self.distrusted.extend(distrusted);
    }
}

impl KeyedEntry {
    fn by_text(&self) -> Key {
        self.text.clone().unwrap_or_else(|| body_key(&self.entry))
    }
}

impl From<Entry> for KeyedEntry {
    fn from(entry: Entry) -> KeyedEntry {
        let fallback = body_key(&entry);
        KeyedEntry { entry, distrusted: Vec::new(), fallback, text: None }
    }
}

/// Decides the keys of one document's entries. They come with all keys that normalizing found, strongest first.
///
/// A key of the publisher (id, `rdf:about`, link) that different entries share is distrusted from now on: it is added
/// to `distrusted`, which is kept with the source. Entries are different if their titles are (their texts, where
/// there are no titles), or two of their other keys, dates and texts. Returns the entries that have content, and as
/// text the keys that are newly distrusted.
#[must_use]
pub fn assign_keys(entries: Vec<Entry>, distrusted: &mut BTreeSet<String>) -> (Vec<KeyedEntry>, Vec<String>) {
    let newly_distrusted = distrust_shared_keys(&entries, distrusted);
    let mut keyed: Vec<KeyedEntry> = entries
        .into_iter()
        .filter(Entry::has_content)
        .map(|entry| separate_keys(entry, distrusted))
        .collect();
    identify_by_text(&mut keyed);
    (keyed, newly_distrusted)
}

/// All keys under which an entry may be stored.
pub fn all_keys(keyed: &KeyedEntry) -> impl Iterator<Item = &Key> {
    keyed.entry.keys.iter().chain(&keyed.distrusted)
}

/// The stored entries that the trusted keys of a document's entries name. A distrusted key may name any of several.
#[must_use]
pub fn named_entries(entries: &[KeyedEntry], known: &KnownEntries) -> Vec<i64> {
    let keys = entries.iter().flat_map(|keyed| &keyed.entry.keys);
    keys.filter_map(|key| known.get(key)?.number()).collect()
}

/// Distrusts a key for this source from now on. Returns what is newly distrusted, as text.
pub fn distrust(key: &Key, distrusted: &mut BTreeSet<String>) -> Vec<String> {
    if is_distrusted(key, distrusted) {
        return Vec::new();
    }
    distrusted.insert(stored_form(key));
    let name = format!("{} `{}`", rule_name(key.rule), crate::text::log_excerpt(&without_query(&key.value)));
    std::iter::once(name).chain(distrust_rule(key.rule, distrusted)).collect()
}

/// An id or address for the log: query and user information may be secrets.
fn without_query(value: &str) -> String {
    let path = value.split('?').next().unwrap_or(value);
    path.parse::<FeedUrl>().map_or_else(|_| path.to_owned(), |url| url.shown(UrlParts::Path).into())
}

fn distrust_shared_keys(entries: &[Entry], distrusted: &mut BTreeSet<String>) -> Vec<String> {
    let mut first_with_key: HashMap<&Key, &Entry> = HashMap::new();
    let mut newly_distrusted = Vec::new();
    for entry in entries {
        for key in entry.keys.iter().filter(|key| is_publishers(key.rule)) {
            let first = first_with_key.entry(key).or_insert(entry);
            if !is_repeated(first, entry) {
                newly_distrusted.extend(distrust(key, distrusted));
            }
        }
    }
    newly_distrusted
}

/// Whether two entries of one document that share a key are one entry that is listed twice: the same title, and id,
/// address, date or text leave no doubt.
fn is_repeated(first: &Entry, second: &Entry) -> bool {
    let same_keys = |is_rule: fn(KeyRule) -> bool| {
        let of =
            |entry: &Entry| entry.keys.iter().filter(|key| is_rule(key.rule)).cloned().collect::<Vec<_>>();
        of(first) == of(second)
    };
    let date = |entry: &Entry| entry.published.or(entry.updated);
    let same_date = match (date(first), date(second)) {
        (Some(first), Some(second)) => first == second,
        _ => true,
    };
    let same_texts = texts(first) == texts(second);
    let has_id = first.keys.iter().any(|key| key.rule != KeyRule::Link && is_publishers(key.rule));
    let same_link = same_keys(|rule| rule == KeyRule::Link);
    let same_page = same_link && same_keys(is_publishers) && (same_texts || (has_id && same_date));
    let listed_elsewhere = same_date && same_texts && (same_link || texts(first) != (None, None));
    distinguishing_text(first) == distinguishing_text(second) && (same_page || listed_elsewhere)
}

fn texts(entry: &Entry) -> (Option<&str>, Option<&str>) {
    (entry.content.as_deref(), entry.summary.as_deref())
}

/// Distrusts a whole rule if too many of its keys are.
fn distrust_rule(rule: KeyRule, distrusted: &mut BTreeSet<String>) -> Option<String> {
    let of_rule = format!("{} ", rule_name(rule));
    if distrusted.iter().filter(|known| known.starts_with(&of_rule)).count() <= MAX_DISTRUSTED_PER_RULE {
        return None;
    }
    distrusted.retain(|known| !known.starts_with(&of_rule));
    distrusted.insert(format!("{of_rule}*"));
    Some(format!("every {}", rule_name(rule)))
}

/// The text by which entries with the same key are compared.
fn distinguishing_text(entry: &Entry) -> &str {
    [&entry.title, &entry.content, &entry.summary]
        .into_iter()
        .find_map(|text| text.as_deref())
        .unwrap_or_default()
}

fn separate_keys(mut entry: Entry, distrusted: &BTreeSet<String>) -> KeyedEntry {
    let (publishers, others): (Vec<Key>, Vec<Key>) =
        std::mem::take(&mut entry.keys).into_iter().partition(|key| is_publishers(key.rule));
    let (distrusted, trusted): (Vec<Key>, Vec<Key>) =
        publishers.into_iter().partition(|key| is_distrusted(key, distrusted));
    let text = others.iter().find(|key| key.rule == KeyRule::Body).cloned();
    let fallback = others.into_iter().next().unwrap_or_else(|| body_key(&entry));
    entry.keys = if trusted.is_empty() { vec![fallback.clone()] } else { trusted };
    KeyedEntry { entry, distrusted, fallback, text }
}

/// Entries that only title and date identify, and of which another one of the document has the same, are identified by
/// their texts.
fn identify_by_text(entries: &mut [KeyedEntry]) {
    let mut text_by_title: HashMap<Key, Option<Key>> = HashMap::new();
    let by_title = |keyed: &&mut KeyedEntry| {
        keyed.fallback.rule == KeyRule::Title && keyed.entry.keys == [keyed.fallback.clone()]
    };
    for keyed in entries.iter_mut().filter(by_title) {
        let text = keyed.by_text();
        let first = text_by_title.entry(keyed.fallback.clone()).or_insert_with(|| Some(text.clone()));
        if first.as_ref() != Some(&text) {
            *first = None;
        }
    }
    for keyed in entries.iter_mut().filter(by_title) {
        if text_by_title.get(&keyed.fallback) == Some(&None) {
            let by_text = vec![keyed.by_text()];
            let by_title = std::mem::replace(&mut keyed.entry.keys, by_text);
            keyed.distrusted.extend(by_title);
        }
    }
}

/// The key of an entry for which normalizing found none of its texts.
fn body_key(entry: &Entry) -> Key {
    let body = [&entry.title, &entry.summary, &entry.content].map(|text| text.as_deref().unwrap_or(""));
    let files =
        entry.enclosures.iter().map(|file| &file.url).chain(entry.media.iter().map(|media| &media.url));
    let files = files.map(String::as_str);
    let texts: Vec<&str> = body.into_iter().chain(files).collect();
    Key { rule: KeyRule::Body, value: text_hash(&texts) }
}

fn is_publishers(rule: KeyRule) -> bool {
    matches!(rule, KeyRule::Id | KeyRule::About | KeyRule::Link)
}

fn is_distrusted(key: &Key, distrusted: &BTreeSet<String>) -> bool {
    !distrusted.is_empty()
        && is_publishers(key.rule)
        && (distrusted.contains(&stored_form(key))
            || distrusted.contains(&format!("{} *", rule_name(key.rule))))
}

/// A form of limited length, so that the state of a source is limited, too.
fn stored_form(key: &Key) -> String {
    format!("{} {}", rule_name(key.rule), &text_hash(&[&key.value])[..16])
}

fn rule_name(rule: KeyRule) -> &'static str {
    match rule {
        KeyRule::Id => "id",
        KeyRule::About => "about",
        KeyRule::Link => "link",
        KeyRule::Title => "title",
        KeyRule::Body => "body",
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn entry(id: &str, link: &str, title: &str) -> Entry {
        let key = |rule, value: &str| Key { rule, value: value.into() };
        Entry {
            keys: vec![key(KeyRule::Id, id), key(KeyRule::Link, link), key(KeyRule::Title, title)],
            title: Some(title.into()),
            ..Entry::default()
        }
    }

    fn rules(keyed: &KeyedEntry) -> Vec<KeyRule> {
        keyed.entry.keys.iter().map(|key| key.rule).collect()
    }

    #[test]
    fn a_key_shared_by_different_titles_is_distrusted_and_reported_once() {
        let mut distrusted = BTreeSet::new();
        let document = vec![entry("1", "a", "One"), entry("1", "b", "Two"), entry("2", "c", "Three")];
        let (entries, news) = assign_keys(document.clone(), &mut distrusted);
        assert_eq!(news, ["id `1`"]);
        let found: Vec<_> = entries.iter().map(rules).collect();
        assert_eq!(found, [vec![KeyRule::Link], vec![KeyRule::Link], vec![KeyRule::Id, KeyRule::Link]]);
        assert_eq!(assign_keys(document.clone(), &mut distrusted).1, [""; 0], "it was distrusted before");
        let (alone, _) = assign_keys(vec![document[1].clone()], &mut distrusted);
        assert_eq!(rules(&alone[0]), [KeyRule::Link], "also for a single entry");
        assert_eq!(alone[0].distrusted.len(), 1);
    }

    #[test]
    fn a_repeated_entry_does_not_distrust_its_key() {
        let mut distrusted = BTreeSet::new();
        let (_, news) = assign_keys(vec![entry("1", "a", "One"), entry("1", "a", "One")], &mut distrusted);
        assert!(news.is_empty() && distrusted.is_empty());
    }

    #[test]
    fn the_states_of_a_page_under_one_headline_are_no_repetition() {
        let state = |hour: i64, text: &str| Entry {
            published: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)),
            summary: Some(text.into()),
            ..entry("status", "/status", "Incident")
        };
        let mut distrusted = BTreeSet::new();
        let (_, news) = assign_keys(vec![state(2, "It is solved."), state(1, "We look.")], &mut distrusted);
        assert_eq!(news, ["id `status`", "link `/status`"]);
        let (_, news) = assign_keys(vec![state(2, "We look."), state(1, "We look.")], &mut BTreeSet::new());
        assert!(news.is_empty());
    }

    #[test]
    fn without_a_publishers_key_the_title_and_then_the_text_is_the_key() {
        let mut distrusted = BTreeSet::new();
        let (entries, _) = assign_keys(vec![entry("1", "a", "One"), entry("1", "a", "Two")], &mut distrusted);
        assert_eq!(rules(&entries[0]), [KeyRule::Title]);
        let bare = Entry { summary: Some("x".into()), ..Entry::default() };
        assert_eq!(rules(&assign_keys(vec![bare], &mut distrusted).0[0]), [KeyRule::Body]);
    }

    #[test]
    fn a_rule_with_many_shared_keys_is_distrusted() {
        let mut distrusted = BTreeSet::new();
        let document = (0..60).map(|i| entry(&(i / 2).to_string(), &format!("l{i}"), &format!("t{i}")));
        let (entries, news) = assign_keys(document.collect(), &mut distrusted);
        assert_eq!(distrusted.iter().collect::<Vec<_>>(), ["id *"]);
        assert!(news.contains(&"every id".to_owned()), "{news:?}");
        assert!(entries.iter().all(|entry| rules(entry) == [KeyRule::Link]));
    }
}
