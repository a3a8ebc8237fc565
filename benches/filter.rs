//! Benchmarks of filters: folding, compiling, and matching many queries on many entries. Entries come from the
//! folder `SIFTWIRE_SHARED` (default `../shared`) if it exists, else from a few sentences.

#![allow(clippy::unwrap_used, reason = "a panic fails the benchmark")]
#![allow(clippy::disallowed_methods, reason = "entries are read from a file")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use siftwire::entry::{ArticleState, Entry};
use siftwire::filter::{Matcher, Query, QueryContext, Subject, parse};
use siftwire::text::{TextFor, html_to_text, tokens};

fn main() {
    divan::main();
}

const ENTRIES: usize = 10_000;

fn entries() -> Vec<Entry> {
    let shared =
        std::env::var_os("SIFTWIRE_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("eval/dedupe/entries-dev.jsonl")).unwrap_or_default();
    let text_of = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let mut entries: Vec<Entry> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| Entry {
            title: text_of(&line["title"]),
            summary: text_of(&line["summary"]),
            ..Entry::default()
        })
        .collect();
    if entries.is_empty() {
        entries =
            FALLBACK_TITLES.map(|title| Entry { title: Some(title.to_owned()), ..Entry::default() }).to_vec();
    }
    entries.iter().cycle().take(ENTRIES).cloned().collect()
}

const FALLBACK_TITLES: [&str; 4] = [
    "The parliament of Armenia has adopted the new budget after a debate that lasted through the night",
    "Парламент Армении принял новый бюджет после долгих споров, которые продолжались всю ночь",
    "Խորհրդարանն ընդունեց նոր բյուջեն երկար քննարկումներից հետո",
    "Wheat prices rise on the exchange in Chicago, and farmers in Russia and Ukraine sow more of it",
];

/// Queries of all common kinds, with words of the entries.
fn queries(count: usize) -> Vec<Query> {
    let mut words = BTreeSet::new();
    for entry in entries().iter().take(2_000) {
        let title = entry.title.as_deref().unwrap_or_default();
        words.extend(tokens(title).words().filter(|word| word.chars().count() > 3).map(str::to_owned));
    }
    let words: Vec<String> = words.into_iter().collect();
    let word = |number: usize| &words[number * 7 % words.len()];
    let topics = ["armenia", "russia", "france", "iran", "georgia", "ukraine"];
    let text = |n: usize| match n % 8 {
        0 | 1 => word(n).clone(),
        2 => format!("{} OR {} OR {}", word(n), word(n + 1), word(n + 2)),
        3 => format!("{} AND ({} OR {})", word(n), word(n + 1), word(n + 2)),
        4 => format!("\"{} {}\"~ OR {}*", word(n), word(n + 1), word(n + 2)),
        5 => format!("title:{} -{}", word(n), word(n + 1)),
        6 => format!("@{} AND {}", topics[n % topics.len()], word(n)),
        _ => format!("@{} AND @{}", topics[n % topics.len()], topics[(n / 8 + 1) % topics.len()]),
    };
    (0..count).map(|n| parse(&text(n), &QueryContext::default()).unwrap()).collect()
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn fold_10000_entries(bencher: divan::Bencher<'_, '_>) {
    let entries = entries();
    bencher.bench(|| {
        let mut words = 0;
        for entry in &entries {
            words += tokens(entry.title.as_deref().unwrap_or_default()).len();
            words +=
                tokens(&html_to_text(entry.summary.as_deref().unwrap_or_default(), TextFor::Search)).len();
        }
        words
    });
}

#[divan::bench(args = [0, 1, 100, 1000], sample_count = 5, sample_size = 1)]
fn fold_and_match_10000_entries(bencher: divan::Bencher<'_, '_>, count: usize) {
    let entries = entries();
    let queries =
        if count == 0 { vec![parse("qqqq", &QueryContext::default()).unwrap()] } else { queries(count) };
    let matcher = Matcher::new(&queries);
    let now = Timestamp::UNIX_EPOCH;
    bencher.bench(|| {
        let count_hits = |entry: &Entry| {
            let subject = Subject {
                entry,
                article: &ArticleState::NotExpected,
                source: "one",
                source_title: "One",
                language: None,
                date: now,
                now,
            };
            matcher.hits(&subject, |_| true).hits.len()
        };
        entries.iter().map(count_hits).sum::<usize>()
    });
}

#[divan::bench(args = [1, 100, 1000], sample_count = 5, sample_size = 1)]
fn compile_queries(bencher: divan::Bencher<'_, '_>, count: usize) {
    let queries = queries(count);
    bencher.bench(|| Matcher::new(&queries));
}

#[divan::bench(sample_count = 5)]
fn parse_a_query(bencher: divan::Bencher<'_, '_>) {
    let text = "title:(armenia OR \"south caucasus\"~) -football site:example.org @russia /\\bg(7|20)\\b/";
    bencher.bench(|| parse(text, &QueryContext::default()).unwrap());
}
