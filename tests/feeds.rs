//! Small documents, one for each oddity of real feeds: the file name says what is expected, the `.txt` of the same name
//! has the expected result. `SIFTWIRE_EXPECT=1` writes the current results as the expected ones.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "fixtures are files")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use siftwire::entry::change::{Change, KnownEntries};
use siftwire::entry::{ArticleState, Entry, EntrySource, KeyRule, StoredEntry};
use siftwire::feed::{Feed, Hints, read};
use siftwire::html;
use siftwire::ingest::{diff, identity};
use siftwire::publish::document::{Document, OutputEntry};
use siftwire::publish::output::{Output, Site};
use siftwire::publish::select;

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut documents: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension != "txt"));
    documents.sort();
    documents
}

fn expected_result(document: &Path) -> String {
    std::fs::read_to_string(document.with_extension("txt")).unwrap_or_default()
}

/// The Content-Type header that the expected result names for its document.
fn content_type(expected: &str) -> Option<&str> {
    expected.lines().find_map(|line| line.strip_prefix("content-type: "))
}

fn read_document(document: &Path, content_type: Option<&str>) -> Result<Feed, String> {
    let url = "https://feeds.example/all/feed.xml".parse().unwrap();
    let hints = Hints { content_type, url: Some(&url), now: "2026-01-01T00:00:00Z".parse().unwrap() };
    read(&std::fs::read(document).unwrap(), &hints).map_err(|error| error.to_string())
}

#[test]
fn each_document_gives_its_expected_result() {
    let mut wrong = String::new();
    let documents = documents();
    assert!(documents.len() > 60);
    for document in documents {
        let expected = expected_result(&document);
        let content_type = content_type(&expected);
        let mut found = content_type.map_or_else(String::new, |kind| format!("content-type: {kind}\n"));
        match read_document(&document, content_type) {
            Ok(feed) => write_feed(&feed, &mut found),
            Err(error) => writeln!(found, "error: {error}").unwrap(),
        }
        if std::env::var_os("SIFTWIRE_EXPECT").is_some() {
            std::fs::write(document.with_extension("txt"), &found).unwrap();
        } else if found != expected {
            let name = document.file_stem().unwrap().to_string_lossy();
            writeln!(wrong, "--- {name}\nexpected:\n{expected}found:\n{found}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn reading_a_document_twice_gives_the_same_keys() {
    for document in documents() {
        let expected = expected_result(&document);
        let first = read_document(&document, content_type(&expected));
        assert_eq!(first, read_document(&document, content_type(&expected)), "{}", document.display());
        let keys = |feed: Feed| {
            let (entries, _) = identity::assign_keys(feed.entries, &mut Default::default());
            entries.into_iter().map(|identified| identified.entry.keys).collect::<Vec<_>>()
        };
        assert!(keys(first.unwrap()).iter().all(|keys| !keys.is_empty()), "{}", document.display());
    }
}

/// One line for each field that is present.
fn write_feed(feed: &Feed, out: &mut String) {
    writeln!(out, "{}, {}", feed.format, feed.encoding).unwrap();
    write_line(out, "title", feed.title.as_deref());
    write_line(out, "link", feed.link.as_deref());
    write_line(out, "icon", feed.icon.as_deref());
    write_line(out, "language", feed.language.as_deref());
    let podcast = feed.podcast.as_ref().map(|podcast| serde_json::to_string(podcast).unwrap());
    write_line(out, "podcast", podcast.as_deref());
    if feed.update_hints != Default::default() {
        writeln!(out, "update hints: {:?}", feed.update_hints).unwrap();
    }
    if feed.partial {
        out.push_str("partial\n");
    }
    feed.problems.iter().for_each(|problem| write_line(out, "problem", Some(problem)));
    feed.entries.iter().for_each(|entry| write_entry(entry, out));
}

fn write_entry(entry: &Entry, out: &mut String) {
    out.push_str("entry\n");
    let is_publishers = |rule| !matches!(rule, KeyRule::Title | KeyRule::Body);
    let others = entry.keys.iter().skip(1).filter(|key| is_publishers(key.rule));
    for key in entry.keys.iter().take(1).chain(others) {
        write_line(out, "  key", Some(&format!("{:?} {}", key.rule, key.value)));
    }
    write_line(out, "  id", entry.id.as_deref());
    write_line(out, "  title", entry.title.as_deref());
    write_line(out, "  link", entry.link.as_deref());
    write_line(out, "  published", entry.published.map(|time| time.to_string()).as_deref());
    write_line(out, "  updated", entry.updated.map(|time| time.to_string()).as_deref());
    for author in &entry.authors {
        let parts = [&author.email, &author.uri, &author.avatar]
            .into_iter()
            .flatten()
            .map(|part| format!(" <{part}>"));
        write_line(out, "  author", Some(&format!("{}{}", author.name, parts.collect::<String>())));
    }
    write_line(out, "  categories", Some(entry.categories.join(", ").as_str()).filter(|all| !all.is_empty()));
    write_line(out, "  summary", entry.summary.as_deref());
    write_line(out, "  content", entry.content.as_deref());
    for file in &entry.enclosures {
        write_line(out, "  file", Some(&serde_json::to_string(file).unwrap()));
    }
    for media in &entry.media {
        write_line(out, "  media", Some(&serde_json::to_string(media).unwrap()));
    }
    if let Some(picture) = &entry.picture {
        write_line(out, "  picture", Some(&serde_json::to_string(picture).unwrap()));
    }
    write_line(out, "  seconds", entry.duration.map(|seconds| seconds.to_string()).as_deref());
    let episode = entry.episode.as_ref().map(|episode| serde_json::to_string(episode).unwrap());
    write_line(out, "  episode", episode.as_deref());
    let details = entry.details.as_ref().map(|details| serde_json::to_string(details).unwrap());
    write_line(out, "  details", details.as_deref());
    write_line(out, "  comments", entry.comments.as_deref());
    write_line(out, "  language", entry.language.as_deref());
    write_line(
        out,
        "  origin",
        entry.origin.as_ref().map(|origin| serde_json::to_string(origin).unwrap()).as_deref(),
    );
}

fn write_line(out: &mut String, label: &str, value: Option<&str>) {
    if let Some(value) = value {
        writeln!(out, "{label}: {}", value.replace('\n', "\u{23ce}")).unwrap();
    }
}

proptest! {
    // Failing cases are printed, not written into the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn published_xml_is_always_well_formed(fragments in prop::collection::vec(fragment(), 0..40)) {
        let body = format!("<rss><channel><item><title>{}</item></channel></rss>", fragments.concat());
        let document = published(body.as_bytes());
        for xml in [siftwire::publish::atom::write(&document), siftwire::publish::rss::write(&document)] {
            let text = String::from_utf8(xml).unwrap();
            let is_xml = |c: char| !c.is_control() || "\t\n\r".contains(c);
            prop_assert!(text.chars().all(is_xml) && !text.contains(['\u{fffe}', '\u{ffff}']), "{text}");
            let back = feed_rs::parser::parse(text.as_bytes());
            prop_assert_eq!(back.map(|feed| feed.entries.len()).ok(), Some(document.entries.len()), "{}", text);
        }
    }

    #[test]
    fn reading_any_bytes_is_deterministic(body in prop::collection::vec(any::<u8>(), 0..400), cut in 0..70_usize) {
        let documents = documents();
        let mut seed = std::fs::read(&documents[cut % documents.len()]).unwrap();
        let at = body.len() * 7 % seed.len().max(1);
        seed.splice(at..at, body.iter().copied());
        for body in [&body, &seed] {
            let url = "https://feeds.example/all/feed.xml".parse().unwrap();
            let hints = Hints { content_type: None, url: Some(&url), now: "2026-01-01T00:00:00Z".parse().unwrap() };
            prop_assert_eq!(read(body, &hints), read(body, &hints));
        }
    }
}

/// Fragments of feeds.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "<item>",
            "</item>",
            "<title>",
            "</title>",
            "<description>",
            "</description>",
            "<![CDATA[",
            "]]>",
            "&lt;p&gt;",
            "&lt;b",
            "&amp;lt;script&gt;",
            "&#0;",
            "&#x8;",
            "&#xfffe;",
            "&",
            "<!--",
            "-->",
            "<",
            ">",
            "\"",
            "<link>https://example.org/",
            "</link>",
            "<guid>",
            "</guid>",
            "<media:content url='a b'/>",
            "<enclosure url=\"x&quot;y\" type=\"<\"/>",
            "<author>",
            "</author>",
            "<category>",
            "<source>",
            "<dc:language>",
            "\u{1}",
            "\u{85}",
            "\u{ffff}",
            "\u{202e}",
            "<content:encoded>",
            "</content:encoded>",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
    ]
}

/// The document of an output with all entries of a feed.
fn published(body: &[u8]) -> Document {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let url = "https://feeds.example/all/feed.xml".parse().unwrap();
    let feed = read(body, &Hints { content_type: None, url: Some(&url), now });
    let entries = feed.map_or_else(|_| Vec::new(), |feed| feed.entries);
    let (identified, _) = identity::assign_keys(entries, &mut Default::default());
    let sanitizer = html::Sanitizer::new(&url);
    let shown = |(number, change): (i64, Change)| {
        let Change::New(mut new) = change else { panic!("nothing was known") };
        sanitizer.sanitize_entry(&mut new.entry);
        let from = EntrySource {
            name: "a".into(),
            title: "A".into(),
            id: url.to_string(),
            url: url.to_string(),
            link: None,
            icon: None,
            language: None,
            podcast: None,
        };
        let (date, uid) = (new.date, new.uids.last().unwrap().clone());
        let entry = new.entry;
        let (title, summary, content) =
            (entry.title.clone().unwrap_or("-".into()), entry.summary.clone(), entry.content.clone());
        let kept = StoredEntry {
            article: ArticleState::default(),
            number,
            uid,
            date,
            changed: date,
            first_seen: now,
            revision: number,
            source: from.into(),
            entry,
        };
        OutputEntry {
            kept: kept.into(),
            title,
            summary,
            content,
            also_in: Vec::new(),
            highlights: Vec::new(),
        }
    };
    let changes = diff::changes(identified, &KnownEntries::new(), url.as_str(), now);
    let site = Site::at("https://siftwire.example/".parse().unwrap());
    let mut document = select::document(&Output::named("all"), &site, Vec::new());
    document.since = now;
    document.entries = (1..).zip(changes).map(shown).collect();
    document
}
