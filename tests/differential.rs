//! Reads the sound documents of a large collection with our reader and with feed-rs. Each difference is reviewed: either it
//! is of a kind that [`KINDS`] describes, or `tests/differential/reviewed.tsv` lists it, with the reason why ours is right.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the documents are files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use siftwire::entry::Entry;
use siftwire::feed::{self, Feed, Hints};
use siftwire::text::{TextFor, html_to_text};
use url::Url;

const REVIEWED: &str = include_str!("differential/reviewed.tsv");

/// What feed-rs does not read in any document, so that one field is empty.
struct Kind {
    field: &'static str,
    /// Whether a document is of this kind; its text, and how we read it.
    is_of: fn(&str, &Feed) -> bool,
}

const KINDS: [Kind; 2] = [
    // feed-rs does not know Atom 0.3, which was never a standard. It finds no entry in it.
    Kind {
        field: "entries",
        is_of: |text, ours| text.contains("http://purl.org/atom/ns#") && !ours.entries.is_empty(),
    },
    // RSS may hold its text as XHTML (http://www.w3.org/1999/xhtml) or in a `fullitem`; feed-rs knows neither.
    Kind {
        field: "text",
        is_of: |text, ours| {
            let elements =
                ["<fullitem", "<body", "<xhtml:body", "<div xmlns=\"http://www.w3.org/1999/xhtml\""];
            let has_text = |entry: &Entry| {
                let html = entry.content.as_deref().unwrap_or_default();
                !html_to_text(html, TextFor::Comparison).trim().is_empty()
            };
            text.contains("<rss")
                && elements.iter().any(|element| text.contains(element))
                && !text.contains("<description")
                && ours.entries.iter().any(has_text)
        },
    },
];

/// The entries that differ in each field of each document, with the first difference as text.
type Found = BTreeMap<(String, String), (usize, String)>;

/// The reasons by name, and for each document and field the number of entries that differ and the name of the reason.
type Reviewed = (BTreeMap<&'static str, &'static str>, BTreeMap<(String, String), (usize, &'static str)>);

fn reviewed() -> Reviewed {
    let (mut reasons, mut differences) = (BTreeMap::new(), BTreeMap::new());
    for line in REVIEWED.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let known = match columns[..] {
            ["reason", name, text] => reasons.insert(name, text).is_some(),
            [path, field, entries, reason] => {
                let entries = entries.parse().unwrap();
                differences.insert((path.to_owned(), field.to_owned()), (entries, reason)).is_some()
            }
            _ => panic!("a line with another number of columns: {line}"),
        };
        assert!(!known, "listed twice: {line}");
    }
    (reasons, differences)
}

#[test]
fn each_reviewed_difference_has_a_reason() {
    let (reasons, differences) = reviewed();
    let used: BTreeSet<&str> = differences.values().map(|(_, reason)| *reason).collect();
    assert_eq!(used, reasons.keys().copied().collect());
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the collected feeds: set SIFTWIRE_SHARED to their folder")]
fn each_difference_from_feed_rs_has_been_reviewed() {
    let folder = Path::new(env!("SIFTWIRE_SHARED_FOLDER")).join("feeds");
    let index = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let (mut found, mut compared) = (Found::new(), 0);
    for line in index.lines().skip(1) {
        let mut columns = line.split('\t');
        let path = columns.next().unwrap();
        let content_type = columns.next().filter(|text| !text.is_empty());
        let url = columns.next().and_then(|url| Url::parse(url).ok());
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let hints = Hints { content_type, url: url.as_ref(), now };
        let body = std::fs::read(folder.join(path)).unwrap();
        // A document that feed-rs gives up is not sound, or shows one of its faults.
        if let (Ok(ours), Ok(theirs)) = (feed::read(&body, &hints), feed::second_opinion(&body, &hints)) {
            compared += 1;
            assert!(!ours.is_rescued, "{path}: only feed-rs can read it");
            let text = String::from_utf8_lossy(&body);
            let expected: Vec<&str> =
                KINDS.iter().filter(|kind| (kind.is_of)(&text, &ours)).map(|kind| kind.field).collect();
            let mut missing: BTreeSet<&str> = expected.iter().copied().collect();
            for difference in feed::differences(&ours, &theirs) {
                if expected.contains(&difference.field) && matches!(difference.second.as_str(), "" | "0") {
                    missing.remove(difference.field);
                } else {
                    let key = (path.to_owned(), difference.field.to_owned());
                    found.entry(key).or_insert_with(|| (0, format!("{difference:?}"))).0 += 1;
                }
            }
            assert!(missing.is_empty(), "{path} is of a kind, but {missing:?} do not differ");
        }
    }
    assert!(compared > 1500, "{compared}");
    let (_, reviewed) = reviewed();
    let new: Vec<_> = found
        .iter()
        .filter(|(key, (entries, _))| reviewed.get(*key).is_none_or(|(known, _)| known != entries))
        .collect();
    let gone: Vec<_> = reviewed.keys().filter(|key| !found.contains_key(*key)).collect();
    assert!(gone.is_empty(), "no longer different: {gone:#?}");
    assert!(new.is_empty(), "{} not reviewed: {new:#?}", new.len());
}
