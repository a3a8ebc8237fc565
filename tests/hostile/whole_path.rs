//! The whole path of a document, without network and store: from its bytes to what is published in every format.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use siftwire::entry::change::{Change, KnownEntries, KnownEntry, NewEntry};
use siftwire::entry::{Article, ArticleState, Entry, EntrySource, StoredEntry};
use siftwire::feed::{Feed, Hints, read};
use siftwire::filter::{Matcher, QueryContext, Subject, parse};
use siftwire::html::Sanitizer;
use siftwire::ingest::diff::{self, StoredEntries};
use siftwire::ingest::identity;
use siftwire::publish::document::{AlsoIn, Document, HistoryPosition};
use siftwire::publish::output::{ContentMode, Links, Output, Site, Stories};
use siftwire::publish::template::Template;
use siftwire::publish::{atom, json_feed, output_page, rss, select};
use siftwire::story::rules::{ComparedEntry, proposals};
use siftwire::story::{compute_features, may_share_language};
use siftwire::text::language::detect_in_entry;
use url::Url;

/// Queries with each kind of term, on each field.
const QUERIES: [&str; 6] = [
    "war OR \"war crimes\"~ OR \"war peace\"~50 OR /w.*r!/ OR @russia",
    "title:war OR text:\"the war\"~ OR author:war OR category:war OR link:war OR source:war",
    "title:/[a-z]+ war/ OR text:/(a|b)+c/ OR link:/a.*b/",
    "lang:de OR site:example.net OR war* OR \"a b c\"~1000",
    "-war -\"a b\"~",
    "NOT lang:en",
];

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let queries = QUERIES.map(|query| parse(query, &QueryContext::default()).expect(query));
    Matcher::new(&queries)
});

/// Reads, compares, cleans, matches and publishes a document. Returns the bytes of what is published.
pub fn whole_path(document: &[u8]) -> usize {
    let url = Url::parse("https://example.org/feed").expect("a URL");
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let Ok(feed) = read(document, &Hints { content_type: None, url: Some(&url), now }) else { return 0 };
    let source = Arc::new(entry_source(&feed, &url));
    let stored = (1..).zip(new_entries(feed, &url, now)).map(|(number, new)| stored(number, new, &source));
    publish(&stored.collect::<Vec<_>>(), now)
}

fn entry_source(feed: &Feed, url: &Url) -> EntrySource {
    EntrySource {
        name: "source".into(),
        title: feed.title.clone().unwrap_or_default(),
        id: feed.id.clone().unwrap_or_default(),
        url: url.to_string(),
        link: feed.link.clone(),
        icon: None,
        language: feed.language.clone(),
        podcast: None,
    }
}

/// The entries as the store gets them, each compared with all others as if they had left the feed.
fn new_entries(feed: Feed, url: &Url, now: Timestamp) -> Vec<NewEntry> {
    let sanitizer = Sanitizer::new(feed.base.as_ref().unwrap_or(url));
    let (keyed, _) = identity::assign_keys(feed.entries, &mut BTreeSet::new());
    let left_feed: Vec<KnownEntry> = (1..)
        .zip(&keyed)
        .map(|(number, keyed)| KnownEntry {
            number,
            fingerprint: Vec::new(),
            content_hash: Vec::new(),
            edits: 0,
            title: keyed.entry.title.clone(),
            link: keyed.entry.link.clone(),
            date: keyed.entry.published,
        })
        .collect();
    let none = KnownEntries::new();
    let stored = StoredEntries { known: &none, left_feed: &left_feed };
    let compared = diff::compare(keyed.clone(), stored, url.as_str(), now);
    let taken: HashSet<i64> = compared.in_feed.into_iter().collect();
    assert!(taken.len() <= keyed.len());
    let new = diff::changes(keyed, &none, url.as_str(), now).into_iter().filter_map(|change| match change {
        Change::New(new) => Some(*new),
        _ => None,
    });
    let clean = |mut new: NewEntry| {
        sanitizer.sanitize_entry(&mut new.entry);
        new.dedup_features = Some(compute_features(&new.entry));
        new
    };
    new.map(clean).collect()
}

fn stored(number: i64, new: NewEntry, source: &Arc<EntrySource>) -> Arc<StoredEntry> {
    Arc::new(StoredEntry {
        article: article(number, &new.entry, new.first_seen),
        number,
        uid: new.uids.into_iter().next().unwrap_or_default(),
        date: new.date,
        changed: new.first_seen,
        first_seen: new.first_seen,
        revision: number,
        source: Arc::clone(source),
        entry: new.entry,
    })
}

/// Of entries in turn: none, one that is expected, one to judge by, one to show. It says the same as the feed.
fn article(number: i64, entry: &Entry, fetched: Timestamp) -> ArticleState {
    let Some(html) = entry.content.clone().filter(|_| number % 4 > 0) else { return ArticleState::default() };
    if number % 4 == 1 {
        return ArticleState::Expected;
    }
    let language = entry.language.clone();
    ArticleState::Read(Box::new(Article { html, language, fetched, is_published: number % 4 == 3 }))
}

fn publish(entries: &[Arc<StoredEntry>], now: Timestamp) -> usize {
    let mut highlights = Vec::new();
    for kept in entries {
        let hits = MATCHER.hits(&Subject::from_stored(kept, now), |_| true).hits;
        highlights.push(hits.into_iter().flat_map(|hit| hit.reasons).map(|reason| reason.found).collect());
        let compared = ComparedEntry::new(1, 0, &kept.entry);
        let other = ComparedEntry { source: 2, ..compared.clone() };
        assert!(proposals(&compared, &[(1, other)]).len() <= 1);
        let with_language = (&kept.entry, kept.source.language.as_deref());
        assert!(may_share_language(with_language, with_language));
        let _ = detect_in_entry(&kept.entry);
    }
    let mut bytes = 0;
    for (content, entry_title) in [
        (ContentMode::Full, None),
        (ContentMode::Summary, Template::parse("{author}: {title} ({source})").ok()),
    ] {
        let public_url = Url::parse("https://feeds.example.net").expect("a URL");
        let site = Site { links: Links::Cleaned, ..Site::at(public_url) };
        let mut document = select::document(&output(content, entry_title), &site, entries.to_vec());
        for (entry, highlights) in document.entries.iter_mut().zip(&highlights) {
            entry.highlights.clone_from(highlights);
            let also =
                AlsoIn { title: entry.title.clone(), link: entry.link().unwrap_or_default().to_owned() };
            entry.also_in.push(also);
        }
        bytes += written(&document);
        document.position = HistoryPosition::Archive { number: 2, next: Some(3) };
        bytes += written(&document);
    }
    bytes
}

fn written(document: &Document) -> usize {
    [atom::write, rss::write, json_feed::write, output_page::write]
        .iter()
        .map(|write| write(document).len())
        .sum()
}

fn output(content: ContentMode, entry_title: Option<Template>) -> Output {
    Output { entry_title, limit: usize::MAX, stories: Stories::All, content, ..Output::named("output") }
}
