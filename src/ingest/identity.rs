//! Which keys identify an entry: a key that a source uses for several entries identifies none. Pure.

use std::collections::{BTreeSet, HashMap};

use crate::entry::{Entry, Key, KeyRule, text_hash};

/// Distrusted keys of one rule. A source with more of them does not use the rule correctly, so the whole rule is
/// ignored.
const MAX_DISTRUSTED_PER_RULE: usize = 20;

/// An entry whose distrusted keys are separate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedEntry {
    /// Its `keys` are trusted; the first one is its identity.
    pub entry: Entry,
    /// Find an entry only together with an equal title: what was stored under such a key before it was distrusted
    /// must not be stored again. Older spellings of the link are here, too.
    pub distrusted: Vec<Key>,
}

impl From<Entry> for KeyedEntry {
    fn from(entry: Entry) -> KeyedEntry {
        KeyedEntry { entry, distrusted: Vec::new() }
    }
}

/// Decides the keys of one document's entries. They come with all keys that normalizing found, strongest first.
///
/// A key of the publisher (id, `rdf:about`, link) that entries with different titles share, or different texts
/// where there are no titles, is distrusted from now on: it is added to `distrusted`, which is kept with the
/// source. Returns the entries that have content, and as text the keys that are newly distrusted.
#[must_use]
pub fn assign_keys(entries: Vec<Entry>, distrusted: &mut BTreeSet<String>) -> (Vec<KeyedEntry>, Vec<String>) {
    let newly_distrusted = distrust_shared_keys(&entries, distrusted);
    let keyed =
        entries.into_iter().filter(has_content).map(|entry| separate_keys(entry, distrusted)).collect();
    (keyed, newly_distrusted)
}

/// All keys under which an entry may be stored.
pub fn all_keys(keyed: &KeyedEntry) -> impl Iterator<Item = &Key> {
    keyed.entry.keys.iter().chain(&keyed.distrusted)
}

fn distrust_shared_keys(entries: &[Entry], distrusted: &mut BTreeSet<String>) -> Vec<String> {
    let mut texts: HashMap<&Key, &str> = HashMap::new();
    let mut newly_distrusted = Vec::new();
    for entry in entries {
        for key in entry.keys.iter().filter(|key| is_publishers(key.rule)) {
            let text = distinguishing_text(entry);
            if *texts.entry(key).or_insert(text) != text && !is_distrusted(key, distrusted) {
                distrusted.insert(stored_form(key));
                newly_distrusted.push(format!(
                    "{} `{}`",
                    rule_name(key.rule),
                    crate::text::log_excerpt(&key.value)
                ));
                newly_distrusted.extend(distrust_rule(key.rule, distrusted));
            }
        }
    }
    newly_distrusted
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
    let (trusted, mut untrusted): (Vec<Key>, Vec<Key>) =
        std::mem::take(&mut entry.keys).into_iter().partition(|key| !is_distrusted(key, distrusted));
    let publishers = trusted.iter().any(|key| is_publishers(key.rule));
    // The title is a key only for entries without a key of the publisher.
    entry.keys = trusted.into_iter().filter(|key| !publishers || is_publishers(key.rule)).collect();
    if entry.keys.is_empty() {
        let body = [&entry.title, &entry.summary, &entry.content].map(|text| text.as_deref().unwrap_or(""));
        let files = entry.enclosures.iter().map(|file| file.url.as_str());
        let texts: Vec<&str> = body.into_iter().chain(files).collect();
        entry.keys.push(Key { rule: KeyRule::Body, value: text_hash(&texts) });
    }
    let old_link = entry.link.as_deref().map(|link| Key { rule: KeyRule::Link, value: old_link_key(link) });
    untrusted.extend(old_link.filter(|key| !entry.keys.contains(key)));
    KeyedEntry { entry, distrusted: untrusted }
}

/// The key of a link as older stores have it, with `www.` and tracking parameters. Entries that have no other key
/// must still be found there.
fn old_link_key(link: &str) -> String {
    let link = link.split('#').next().unwrap_or(link);
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/').to_owned()
}

/// Whether an entry has anything to show. Broken nesting leaves empty ones.
fn has_content(entry: &Entry) -> bool {
    let Entry { title, link, summary, content, enclosures, .. } = entry;
    title.is_some() || link.is_some() || summary.is_some() || content.is_some() || !enclosures.is_empty()
}

fn is_publishers(rule: KeyRule) -> bool {
    matches!(rule, KeyRule::Id | KeyRule::About | KeyRule::Link | KeyRule::Article)
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
    fn without_a_publishers_key_the_title_and_then_the_text_is_the_key() {
        let mut distrusted = BTreeSet::new();
        let (entries, _) = assign_keys(vec![entry("1", "a", "One"), entry("1", "a", "Two")], &mut distrusted);
        assert_eq!(rules(&entries[0]), [KeyRule::Title]);
        let bare = Entry { summary: Some("x".into()), ..Entry::default() };
        assert_eq!(rules(&assign_keys(vec![bare], &mut distrusted).0[0]), [KeyRule::Body]);
    }

    #[test]
    fn a_link_is_also_found_by_its_older_key() {
        let linked = |link: &str| Entry { link: Some(link.into()), ..entry("1", "site.example/a", "One") };
        let mut distrusted = BTreeSet::new();
        let old_keys = |link: &str, distrusted: &mut BTreeSet<String>| {
            let (mut found, _) = assign_keys(vec![linked(link)], distrusted);
            found.remove(0).distrusted.into_iter().map(|key| key.value).collect::<Vec<_>>()
        };
        let old = old_keys("https://www.site.example/a/?utm_source=rss#top", &mut distrusted);
        assert_eq!(old, ["www.site.example/a/?utm_source=rss"]);
        assert_eq!(old_keys("http://site.example/a/", &mut distrusted), [""; 0]);
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
