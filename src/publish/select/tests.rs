//! Order and limits of an output's entries.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::entry::{Entry, EntrySource};
use crate::publish::output::{OtherSources, Stories};

fn kept(number: i64, source: &str, seconds: i64) -> Arc<StoredEntry> {
    let date = Timestamp::from_second(seconds).unwrap();
    Arc::new(StoredEntry {
        number,
        uid: format!("urn:x:{number}"),
        date,
        changed: date,
        first_seen: date,
        revision: number,
        source: Arc::new(EntrySource {
            id: "https://a.example/".into(),
            name: source.into(),
            title: source.into(),
            url: "https://a.example/".into(),
            link: None,
            language: None,
        }),
        entry: Entry { title: Some(format!("{number}")), ..Entry::default() },
    })
}

fn numbers(per_source: Option<usize>, max_age: Option<Duration>, limit: usize) -> Vec<i64> {
    let output = Output {
        name: "o".into(),
        title: "O".into(),
        entry_title: None,
        filter: None,
        sources: None,
        limit,
        stories: Stories::All,
        prefer: Vec::new(),
        also_in: OtherSources::Listed,
        per_source,
        max_age,
        content: ContentMode::Full,
        write_to: None,
    };
    let site = Site { public_url: "https://a.example".parse().unwrap(), hub: None, links: Links::Original };
    let entries = vec![
        kept(1, "a", 100),
        kept(2, "a", 300),
        kept(3, "b", 200),
        kept(4, "a", 300),
        kept(5, "b", 50),
        kept(2, "a", 300),
    ];
    let document = document(&output, &site, entries, Timestamp::from_second(310).unwrap());
    document.entries.iter().map(|shown| shown.kept.number).collect()
}

#[test]
fn entries_are_sorted_by_date_then_number_without_repeats() {
    assert_eq!(numbers(None, None, 100), [4, 2, 3, 1, 5]);
}

#[test]
fn limits_keep_the_newest() {
    assert_eq!(numbers(Some(1), None, 100), [4, 3]);
    assert_eq!(numbers(Some(2), None, 3), [4, 2, 3]);
    assert_eq!(numbers(None, Some(Duration::from_secs(210)), 100), [4, 2, 3, 1]);
    assert_eq!(numbers(None, Some(Duration::MAX), 2), [4, 2]);
    assert_eq!(numbers(None, None, 0), [0_i64; 0]);
}
