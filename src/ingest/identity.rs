//! Which of its keys an entry is known by: one that a document uses for several entries names none. Pure.

use std::collections::{BTreeSet, HashMap};

use crate::entry::{Entry, Key, KeyRule, key_hash};

/// Of one rule; a source that repeats more has not understood it, and the whole rule is off.
const MOST_OF_A_RULE: usize = 20;

/// An entry with its keys apart: those that name it, and those that have named others too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedEntry {
    /// Its `keys` are trusted; the first is its identity.
    pub entry: Entry,
    /// Such a key finds an entry only together with the same title: what was stored under it before
    /// anybody knew better must not come again. Former spellings of a link are here too.
    pub doubtful: Vec<Key>,
}

impl From<Entry> for KeyedEntry {
    fn from(entry: Entry) -> KeyedEntry {
        KeyedEntry { entry, doubtful: Vec::new() }
    }
}

/// Decides the keys of one document's entries, which come with all that normalizing gave, strongest first.
///
/// An id, an address of RDF or a link that stands at entries of different titles (of different texts, where
/// neither has a title) is distrusted from now on: it is added to `distrusted`, which the caller keeps
/// with the source. Answers the entries that have anything to show and, in words, what is newly distrusted.
#[must_use]
pub fn assign_keys(entries: Vec<Entry>, distrusted: &mut BTreeSet<String>) -> (Vec<KeyedEntry>, Vec<String>) {
    let news = distrust(&entries, distrusted);
    let identified =
        entries.into_iter().filter(says_something).map(|entry| apart(entry, distrusted)).collect();
    (identified, news)
}

/// All keys under which an entry may be known.
pub fn all_keys(identified: &KeyedEntry) -> impl Iterator<Item = &Key> {
    identified.entry.keys.iter().chain(&identified.doubtful)
}

fn distrust(entries: &[Entry], distrusted: &mut BTreeSet<String>) -> Vec<String> {
    let mut labels: HashMap<&Key, &str> = HashMap::new();
    let mut news = Vec::new();
    for entry in entries {
        for key in entry.keys.iter().filter(|key| is_publishers(key.rule)) {
            let label = label(entry);
            if *labels.entry(key).or_insert(label) != label && !is_distrusted(key, distrusted) {
                distrusted.insert(spell(key));
                news.push(format!("{} `{}`", word(key.rule), crate::text::excerpt(&key.value)));
                news.extend(whole_rule(key.rule, distrusted));
            }
        }
    }
    news
}

/// Turns a whole rule off where too many of its keys repeat.
fn whole_rule(rule: KeyRule, distrusted: &mut BTreeSet<String>) -> Option<String> {
    let of_rule = format!("{} ", word(rule));
    if distrusted.iter().filter(|known| known.starts_with(&of_rule)).count() <= MOST_OF_A_RULE {
        return None;
    }
    distrusted.retain(|known| !known.starts_with(&of_rule));
    distrusted.insert(format!("{of_rule}*"));
    Some(format!("every {}", word(rule)))
}

/// What tells two entries apart that share a key.
fn label(entry: &Entry) -> &str {
    [&entry.title, &entry.content, &entry.summary]
        .into_iter()
        .find_map(|text| text.as_deref())
        .unwrap_or_default()
}

fn apart(mut entry: Entry, distrusted: &BTreeSet<String>) -> KeyedEntry {
    let (trusted, doubtful): (Vec<Key>, Vec<Key>) =
        std::mem::take(&mut entry.keys).into_iter().partition(|key| !is_distrusted(key, distrusted));
    let publishers = trusted.iter().any(|key| is_publishers(key.rule));
    // A title is a key only where the publisher gives none.
    entry.keys = trusted.into_iter().filter(|key| !publishers || is_publishers(key.rule)).collect();
    if entry.keys.is_empty() {
        let body = [&entry.title, &entry.summary, &entry.content].map(|text| text.as_deref().unwrap_or(""));
        let files = entry.enclosures.iter().map(|file| file.url.as_str());
        let said: Vec<&str> = body.into_iter().chain(files).collect();
        entry.keys.push(Key { rule: KeyRule::Body, value: key_hash(&said) });
    }
    let mut doubtful = doubtful;
    let former = entry.link.as_deref().map(|link| Key { rule: KeyRule::Link, value: spelled_formerly(link) });
    doubtful.extend(former.filter(|key| !entry.keys.contains(key)));
    KeyedEntry { entry, doubtful }
}

/// A link as the first stores know it, which kept `www.` and tracking parameters: entries that were known by
/// nothing else must be found there.
fn spelled_formerly(link: &str) -> String {
    let link = link.split('#').next().unwrap_or(link);
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/').to_owned()
}

/// An entry of which a reader would see nothing is none: broken nesting leaves such ones behind.
fn says_something(entry: &Entry) -> bool {
    let Entry { title, link, summary, content, enclosures, .. } = entry;
    title.is_some() || link.is_some() || summary.is_some() || content.is_some() || !enclosures.is_empty()
}

fn is_publishers(rule: KeyRule) -> bool {
    matches!(rule, KeyRule::Id | KeyRule::About | KeyRule::Link | KeyRule::Article)
}

fn is_distrusted(key: &Key, distrusted: &BTreeSet<String>) -> bool {
    !distrusted.is_empty()
        && is_publishers(key.rule)
        && (distrusted.contains(&spell(key)) || distrusted.contains(&format!("{} *", word(key.rule))))
}

/// Of a fixed length, so that what is remembered of a source has a bound.
fn spell(key: &Key) -> String {
    format!("{} {}", word(key.rule), &key_hash(&[&key.value])[..16])
}

fn word(rule: KeyRule) -> &'static str {
    match rule {
        KeyRule::Id => "id",
        KeyRule::About => "about",
        KeyRule::Link => "link",
        KeyRule::Article => "article",
        KeyRule::Title => "title",
        KeyRule::Body => "body",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, link: &str, title: &str) -> Entry {
        let key = |rule, value: &str| Key { rule, value: value.into() };
        Entry {
            keys: vec![key(KeyRule::Id, id), key(KeyRule::Link, link), key(KeyRule::Title, title)],
            title: Some(title.into()),
            ..Entry::default()
        }
    }

    fn rules(identified: &KeyedEntry) -> Vec<KeyRule> {
        identified.entry.keys.iter().map(|key| key.rule).collect()
    }

    #[test]
    fn a_key_that_repeats_with_different_titles_names_nobody_any_more_and_that_is_said_once() {
        let mut distrusted = BTreeSet::new();
        let document = vec![entry("1", "a", "One"), entry("1", "b", "Two"), entry("2", "c", "Three")];
        let (entries, news) = assign_keys(document.clone(), &mut distrusted);
        assert_eq!(news, ["id `1`"]);
        let found: Vec<_> = entries.iter().map(rules).collect();
        assert_eq!(found, [vec![KeyRule::Link], vec![KeyRule::Link], vec![KeyRule::Id, KeyRule::Link]]);
        assert_eq!(assign_keys(document.clone(), &mut distrusted).1, [""; 0], "it is known");
        let (alone, _) = assign_keys(vec![document[1].clone()], &mut distrusted);
        assert_eq!(rules(&alone[0]), [KeyRule::Link], "also where it stands alone");
        assert_eq!(alone[0].doubtful.len(), 1);
    }

    #[test]
    fn an_entry_that_stands_twice_is_no_reason_to_distrust() {
        let mut distrusted = BTreeSet::new();
        let (_, news) = assign_keys(vec![entry("1", "a", "One"), entry("1", "a", "One")], &mut distrusted);
        assert!(news.is_empty() && distrusted.is_empty());
    }

    #[test]
    fn without_a_trusted_key_of_the_publisher_the_title_is_one_and_then_the_text() {
        let mut distrusted = BTreeSet::new();
        let (entries, _) = assign_keys(vec![entry("1", "a", "One"), entry("1", "a", "Two")], &mut distrusted);
        assert_eq!(rules(&entries[0]), [KeyRule::Title]);
        let bare = Entry { summary: Some("x".into()), ..Entry::default() };
        assert_eq!(rules(&assign_keys(vec![bare], &mut distrusted).0[0]), [KeyRule::Body]);
    }

    #[test]
    fn a_link_is_looked_for_in_its_former_spelling_too_where_that_was_another() {
        let linked = |link: &str| Entry { link: Some(link.into()), ..entry("1", "site.example/a", "One") };
        let mut distrusted = BTreeSet::new();
        let looked_for = |link: &str, distrusted: &mut BTreeSet<String>| {
            let (mut found, _) = assign_keys(vec![linked(link)], distrusted);
            found.remove(0).doubtful.into_iter().map(|key| key.value).collect::<Vec<_>>()
        };
        let old = looked_for("https://www.site.example/a/?utm_source=rss#top", &mut distrusted);
        assert_eq!(old, ["www.site.example/a/?utm_source=rss"]);
        assert_eq!(looked_for("http://site.example/a/", &mut distrusted), [""; 0]);
    }

    #[test]
    fn a_rule_that_a_source_has_not_understood_is_off_as_a_whole() {
        let mut distrusted = BTreeSet::new();
        let document = (0..60).map(|i| entry(&(i / 2).to_string(), &format!("l{i}"), &format!("t{i}")));
        let (entries, news) = assign_keys(document.collect(), &mut distrusted);
        assert_eq!(distrusted.iter().collect::<Vec<_>>(), ["id *"]);
        assert!(news.contains(&"every id".to_owned()), "{news:?}");
        assert!(entries.iter().all(|entry| rules(entry) == [KeyRule::Link]));
    }
}
