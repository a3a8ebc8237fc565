//! Reads documents back before they are published, as their readers will. Pure, but for the log.
//!
//! The second reader, which is not ours, comes first. It has faults of its own, so where it disagrees, ours decides.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use url::Url;

use super::document::{Document, OutputEntry};
use super::format::Format;
use super::text::percent_encode;
use crate::feed::{self, Feed, Hints};
use crate::text::log_excerpt;

/// Longer documents are not checked: readers stop at some number of entries.
const MAX_ENTRIES: usize = 5000;

/// How often a title may be escaped: by its publisher, by us, and by publishers who escape twice.
const MAX_ESCAPINGS: usize = 4;

/// A document that was read back.
struct Checked {
    /// What to publish.
    bytes: Vec<u8>,
    /// How the second reader reads it otherwise than ours.
    disagreement: Option<String>,
    /// What no reader can read, and why; it is not in `bytes`.
    left_out: Vec<(OutputEntry, String)>,
}

/// What reading back has found since the config was loaded.
#[derive(Debug, Default)]
pub(super) struct Findings {
    disagreements: AtomicU64,
    /// The entries that are left out of each document, as messages.
    left_out: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Findings {
    /// Reads back a document that `write` has written. Logs and counts what is found, and returns what to publish.
    pub(super) fn check(
        &self,
        document: &Document,
        format: Format,
        bytes: Vec<u8>,
        write: impl Fn(&Document) -> Vec<u8>,
    ) -> Vec<u8> {
        let Checked { bytes, disagreement, left_out } = check(document, bytes, write);
        let address = document.address(format);
        if let Some(reason) = disagreement {
            self.disagreements.fetch_add(1, Ordering::Relaxed);
            tracing::info!(
                document = address,
                reason,
                "feed-rs reads a published document otherwise than we do"
            );
        }
        let messages: Vec<String> = left_out
            .iter()
            .map(|(entry, reason)| {
                let (number, title) = (entry.kept.number, log_excerpt(&entry.title));
                format!("entry {number} (`{title}`) cannot be read in {address} and is left out: {reason}")
            })
            .collect();
        let mut all = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.remove(&address).unwrap_or_default();
        for message in messages.iter().filter(|message| !known.contains(message)) {
            tracing::error!("{message}");
        }
        if !messages.is_empty() {
            all.insert(address, messages);
        }
        bytes
    }

    /// How many documents the second reader reads otherwise.
    pub(super) fn disagreements(&self) -> u64 {
        self.disagreements.load(Ordering::Relaxed)
    }

    /// Which entries are left out of documents, as messages.
    pub(super) fn left_out(&self) -> Vec<String> {
        let all = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().flatten().cloned().collect()
    }
}

/// Reads back a document; leaves out the entries that make it unreadable.
fn check(document: &Document, bytes: Vec<u8>, write: impl Fn(&Document) -> Vec<u8>) -> Checked {
    let mut checked = Checked { bytes, disagreement: None, left_out: Vec::new() };
    match read_back(document, &checked.bytes) {
        ReadBack::Same => {}
        ReadBack::Disagreement(reason) => checked.disagreement = Some(reason),
        ReadBack::Unreadable(_) => {
            let mut kept = Document { entries: Vec::new(), ..document.clone() };
            for entry in &document.entries {
                let alone = Document { entries: vec![entry.clone()], ..document.clone() };
                match read_back(&alone, &write(&alone)) {
                    ReadBack::Unreadable(reason) => checked.left_out.push((entry.clone(), reason)),
                    ReadBack::Same | ReadBack::Disagreement(_) => kept.entries.push(entry.clone()),
                }
            }
            checked.bytes = write(&kept);
        }
    }
    checked
}

#[derive(Debug, PartialEq, Eq)]
enum ReadBack {
    Same,
    /// Only the second reader reads something else.
    Disagreement(String),
    /// Both do.
    Unreadable(String),
}

fn read_back(document: &Document, bytes: &[u8]) -> ReadBack {
    if document.entries.len() > MAX_ENTRIES {
        return ReadBack::Same;
    }
    let hints = Hints { content_type: None, url: None, now: Timestamp::MAX };
    let check = |read: Result<Feed, feed::NotAFeed>| {
        read.map_err(|error| error.to_string()).and_then(|feed| compare(document, &feed))
    };
    let Err(reason) = check(feed::second_opinion(bytes, &hints)) else { return ReadBack::Same };
    match check(feed::read(bytes, &hints)) {
        Ok(()) => ReadBack::Disagreement(reason),
        Err(reason) => ReadBack::Unreadable(reason),
    }
}

/// Whether a feed has the entries of a document: as many, with the same ids, links and titles.
fn compare(document: &Document, feed: &Feed) -> Result<(), String> {
    if feed.entries.len() != document.entries.len() {
        return Err(format!("{} entries instead of {}", feed.entries.len(), document.entries.len()));
    }
    for (written, read) in document.entries.iter().zip(&feed.entries) {
        let number = written.kept.number;
        if read.id.as_deref() != Some(&*written.kept.uid) {
            return Err(format!("another id of entry {number}: {}", read.id.as_deref().unwrap_or("none")));
        }
        let link = written.link().and_then(|link| Url::parse(&percent_encode(link)).ok());
        if link.is_some() && link != read.link.as_deref().and_then(|link| Url::parse(link).ok()) {
            return Err(format!(
                "another link of entry {number}: {}",
                read.link.as_deref().unwrap_or("none")
            ));
        }
        let title = read.title.as_deref().unwrap_or_default();
        if !may_be_read_as(&written.title, title) {
            return Err(format!("another title of entry {number}: {title}"));
        }
    }
    Ok(())
}

/// Whether a title can be what a reader makes of another one: readers differ in whether they take it for HTML, so some
/// markup and some escapes of it may be gone, but nothing is added.
fn may_be_read_as(written: &str, read: &str) -> bool {
    let (written, read) = (unescaped(written), unescaped(read));
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<Vec<_>>();
    let written = letters(&written);
    let mut rest = written.iter();
    letters(&read).iter().all(|letter| rest.any(|other| other == letter))
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ESCAPINGS {
        text = htmlize::unescape(&text).into_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::output::{Output, Site};
    use super::super::{atom, json_feed, rss};
    use super::*;
    use crate::entry::{ArticleState, Entry, EntrySource, StoredEntry};

    fn entry(number: i64, title: &str) -> OutputEntry {
        let time = Timestamp::UNIX_EPOCH;
        OutputEntry {
            kept: Arc::new(StoredEntry {
                article: ArticleState::default(),
                number,
                uid: format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
                date: time,
                changed: time,
                first_seen: time,
                revision: number,
                source: Arc::new(EntrySource { title: "A source".into(), ..EntrySource::default() }),
                entry: Entry { link: Some(format!("https://a.example/?n={number}&x=<")), ..Entry::default() },
            }),
            title: title.into(),
            summary: None,
            content: Some("<p>A &amp; B</p>".into()),
            also_in: Vec::new(),
            highlights: Vec::new(),
        }
    }

    fn document(titles: &[&str]) -> Document {
        let site = Site::at("https://feeds.example.org/".parse().expect("a URL"));
        Document {
            entries: titles.iter().zip(1..).map(|(title, number)| entry(number, title)).collect(),
            ..Document::new(&Output::named("o"), &site)
        }
    }

    #[test]
    fn what_is_written_is_read_back_by_both() {
        let titles =
            ["One", "AT&T <b>bold</b>", "a < b &lt; c", "&amp;lt;", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "<"];
        let document = document(&titles);
        for write in [atom::write, rss::write, json_feed::write] {
            assert_eq!(read_back(&document, &write(&document)), ReadBack::Same);
        }
    }

    #[test]
    fn an_entry_that_nobody_can_read_is_left_out_and_told_once() {
        let document = document(&["One", "Two", "Three"]);
        // A fault of the writer: the second entry ends the document.
        let faulty = |document: &Document| {
            let text = String::from_utf8(rss::write(document)).expect("UTF-8");
            text.replace("<title>Two</title>", "</item></channel></rss>").into_bytes()
        };
        let findings = Findings::default();
        let bytes = findings.check(&document, Format::Rss, faulty(&document), faulty);
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.contains("One") && text.contains("Three") && !text.contains("n=2"), "{text}");
        let left_out = findings.left_out();
        let expected =
            "entry 2 (`Two`) cannot be read in https://feeds.example.org/feeds/o.rss and is left out: ";
        assert!(left_out.len() == 1 && left_out[0].starts_with(expected), "{left_out:?}");
        assert_eq!(findings.disagreements(), 0);
        let bytes = findings.check(&document, Format::Rss, rss::write(&document), rss::write);
        assert_eq!((bytes, findings.left_out()), (rss::write(&document), Vec::new()));
    }

    #[test]
    fn where_only_the_second_reader_fails_everything_is_published() {
        let document = document(&["One", "Two"]);
        // Deeper than the second reader is given.
        let deep = |document: &Document| {
            let text = String::from_utf8(rss::write(document)).expect("UTF-8");
            text.replace("</item>", &format!("{}{}</item>", "<x>".repeat(80), "</x>".repeat(80))).into_bytes()
        };
        let findings = Findings::default();
        assert_eq!(findings.check(&document, Format::Rss, deep(&document), deep), deep(&document));
        assert_eq!((findings.disagreements(), findings.left_out()), (1, Vec::new()));
    }
}
