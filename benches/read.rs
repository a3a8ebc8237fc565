//! Speed of reading feeds: the whole pipeline from bytes to entries, compared with feed-rs, which only parses.
//!
//! `cargo bench --bench read [FOLDER]` reads every document in a folder (default: `../shared/feeds`, or
//! `SIFTWIRE_SHARED`/feeds) many times and prints megabytes per second on one core.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a bench")]

use std::path::PathBuf;
use std::time::Instant;

use siftwire::feed::{Hints, read};

/// Bytes read for each measurement.
const MEASURED_BYTES: usize = 300_000_000;

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        let shared = std::env::var_os("SIFTWIRE_SHARED").map_or_else(|| "../shared".into(), PathBuf::from);
        shared.join("feeds")
    });
    let documents = documents(folder);
    let size: usize = documents.iter().map(Vec::len).sum();
    if size == 0 {
        return println!("no documents: name a folder with feeds");
    }
    let rounds = MEASURED_BYTES.div_ceil(size);
    println!("{} documents, {size} bytes, {rounds} rounds", documents.len());
    let url = "https://example.org/feed".parse().unwrap();
    let hints = Hints { content_type: None, url: Some(&url), now: "2026-01-01T00:00:00Z".parse().unwrap() };
    let measure = |name: &str, one: &dyn Fn(&[u8]) -> usize| {
        let started = Instant::now();
        let entries: usize = (0..rounds).flat_map(|_| &documents).map(|document| one(document)).sum();
        let rate = (size * rounds) as f64 / started.elapsed().as_secs_f64() / 1e6;
        println!("{name:<10} {rate:7.1} MB/s, {} entries", entries / rounds);
    };
    measure("siftwire", &|document| read(document, &hints).map_or(0, |feed| feed.entries.len()));
    measure("feed-rs", &|document| {
        std::panic::catch_unwind(|| feed_rs::parser::parse(document).map_or(0, |feed| feed.entries.len()))
            .unwrap_or(0)
    });
}

fn documents(folder: PathBuf) -> Vec<Vec<u8>> {
    let mut folders = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path
                .extension()
                .is_some_and(|kind| ["jsonl", "tsv", "py", "md"].iter().any(|k| kind == *k))
            {
                found.push(std::fs::read(path).unwrap());
            }
        }
    }
    found
}
