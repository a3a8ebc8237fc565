//! What each part of the way of an entry costs, one at a time, on the feeds of benches/load:
//! `cargo bench --bench parts`, or with a word of a name behind it. benches/load measures serving.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a bench")]

#[path = "../load/generate.rs"]
mod generate;
#[path = "../load/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use generate::{Document, Workload};
use jiff::Timestamp;
use siftwire::entry::change::{Change, KnownEntries};
use siftwire::entry::{ArticleState, Entry, EntrySource, StoredEntry};
use siftwire::feed::decode;
use siftwire::feed::{Hints, read, second_opinion};
use siftwire::filter::{Matcher, QueryContext, Subject, parse};
use siftwire::html::Sanitizer;
use siftwire::ingest::{diff, identity};
use siftwire::publish::output::{Output, Site, Stories};
use siftwire::publish::{self, atom, json_feed, rss, select};
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, Options, Poll, PollResult, Store, open};

/// Indexes of generated feeds: English RSS, Russian RSS, Russian RSS in windows-1251, English Atom,
/// Russian JSON Feed.
const FEEDS: [usize; 5] = [0, 1, 3, 6, 9];

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

fn document(feed: usize) -> Document {
    generate::document(&Workload { feeds: 1000, entries: 35, text: 2400, seed: 1 }, feed, 0)
}

fn site() -> url::Url {
    "https://site.example/feed".parse().unwrap()
}

fn entries(feed: usize) -> Vec<Entry> {
    let document = document(feed);
    let hints = Hints { content_type: Some(document.content_type), url: Some(&site()), now: now() };
    read(&document.bytes, &hints).unwrap().entries
}

fn changes(entries: Vec<Entry>) -> Vec<Change> {
    let (identified, _) = identity::assign_keys(entries, &mut BTreeSet::new());
    diff::changes(identified, &KnownEntries::new(), site().as_str(), now())
}

fn kept(feed: usize) -> Vec<Arc<StoredEntry>> {
    let from = Arc::new(EntrySource {
        name: "s".into(),
        title: "S".into(),
        id: site().into(),
        url: site().into(),
        link: None,
        icon: None,
        language: None,
        podcast: None,
    });
    let keep = |(number, entry): (i64, Entry)| StoredEntry {
        article: ArticleState::default(),
        number,
        uid: format!("urn:x:{number}"),
        date: now(),
        changed: now(),
        first_seen: now(),
        revision: number,
        source: from.clone(),
        entry,
    };
    (1..).zip(entries(feed)).map(keep).map(Arc::new).collect()
}

#[divan::bench(args = FEEDS)]
fn decode_bytes(bencher: Bencher, feed: usize) {
    let document = document(feed);
    bencher
        .counter(BytesCount::of_slice(&document.bytes))
        .bench_local(|| decode::decode(&document.bytes, Some(document.content_type)).text.len());
}

/// Decode, repair, parse and normalize.
#[divan::bench(args = FEEDS)]
fn read_document(bencher: Bencher, feed: usize) {
    let (document, url) = (document(feed), site());
    let hints = Hints { content_type: Some(document.content_type), url: Some(&url), now: now() };
    bencher.counter(BytesCount::of_slice(&document.bytes)).bench_local(|| read(&document.bytes, &hints));
}

/// Identity, fingerprints and ids of entries that are all new.
#[divan::bench(args = FEEDS)]
fn decide_changes(bencher: Bencher, feed: usize) {
    bencher.counter(ItemsCount::new(35_usize)).with_inputs(|| entries(feed)).bench_local_values(changes);
}

#[divan::bench(args = FEEDS)]
fn make_html_safe(bencher: Bencher, feed: usize) {
    let sanitizer = Sanitizer::new(&site());
    bencher.counter(ItemsCount::new(35_usize)).with_inputs(|| entries(feed)).bench_local_values(
        |mut entries| {
            entries.iter_mut().for_each(|entry| sanitizer.sanitize_entry(entry));
            entries
        },
    );
}

/// Folding, and a number of queries asked together.
#[divan::bench(args = [1, 10, 100])]
fn fold_and_match(bencher: Bencher, queries: usize) {
    let words = ["armenian", "ереване", "granted OR approved", "бюджет", "border -iran", "\"peace talks\""];
    let queries: Vec<_> = (0..queries)
        .map(|n| {
            parse(&format!("{} OR number{n}", words[n % words.len()]), &QueryContext::default()).unwrap()
        })
        .collect();
    let matcher = Matcher::new(&queries);
    let entries: Vec<_> = kept(0).into_iter().chain(kept(1)).collect();
    bencher.counter(ItemsCount::new(entries.len())).bench_local(|| {
        entries
            .iter()
            .map(|kept| matcher.hits(&Subject::from_stored(kept, now()), |_| true).hits.len())
            .sum::<usize>()
    });
}

fn published() -> publish::document::Document {
    let output = Output { stories: Stories::All, ..Output::named("o") };
    let site = Site::at("https://example.org".parse().unwrap());
    select::document(&output, &site, kept(0))
}

fn write(document: &publish::document::Document, format: &str) -> Vec<u8> {
    match format {
        "atom" => atom::write(document),
        "rss" => rss::write(document),
        _ => json_feed::write(document),
    }
}

#[divan::bench(args = ["atom", "rss", "json"])]
fn render(bencher: Bencher, format: &str) {
    let document = published();
    bencher.counter(ItemsCount::new(document.entries.len())).bench_local(|| write(&document, format));
}

/// What the second reader costs for each document that has changed.
#[divan::bench(args = ["atom", "rss", "json"])]
fn read_back(bencher: Bencher, format: &str) {
    let document = published();
    let bytes = write(&document, format);
    let hints = Hints { content_type: None, url: None, now: now() };
    bencher
        .counter(ItemsCount::new(document.entries.len()))
        .bench_local(|| second_opinion(&bytes, &hints).unwrap());
}

/// One poll of 35 new entries into a file, story decision included, waited for.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn commit_poll(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        location: siftwire::store::StoreLocation::File(folder.path().join("s.db")),
        keep: Duration::from_secs(1 << 30),
    };
    let (store, workers) = open(&options).unwrap();
    let threads: Vec<_> = workers.0.into_iter().map(|worker| std::thread::spawn(worker.run)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut polled = 0;
    bencher
        .counter(ItemsCount::new(35_usize))
        .with_inputs(|| {
            polled += 1;
            runtime.block_on(new_poll(&store, polled))
        })
        .bench_local_values(|poll| runtime.block_on(store.commit(poll)).unwrap());
    drop(store);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A source of its own, and all that its first poll brings.
async fn new_poll(store: &Store, number: usize) -> Poll {
    let name = format!("s{number}");
    let source = ConfiguredSource {
        articles: siftwire::source::ArticleSettings::default(),
        is_named: true,
        name: name.clone(),
        url: format!("https://site{number}.example/feed").parse().unwrap(),
        publish_url: UrlParts::Path,
        host: name,
        title: None,
        language: None,
    };
    let adopted = store.sync_sources(vec![source]).await.unwrap();
    let state = SourceState { last_success: Some(now()), ..SourceState::default() };
    Poll {
        claim: None,
        result: PollResult::Read,
        source: adopted[0].id,
        state,
        changes: changes(entries(number)),
        health: Vec::new(),
        in_feed: None,
    }
}
