//! Every oddity of the world, one small document each: its name is the sentence, its expectation stands
//! beside it in a `.txt` of the same name. `SIFTWIRE_EXPECT=1` writes what is read now as the expectation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "fixtures are files")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use siftwire::entry::{Entry, KeyRule};
use siftwire::ingest::identity;
use siftwire::ingest::read::{Feed, Hints, read};

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut documents: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|kind| kind != "txt"));
    documents.sort();
    documents
}

fn expectation(document: &Path) -> String {
    std::fs::read_to_string(document.with_extension("txt")).unwrap_or_default()
}

/// The Content-Type that an expectation gives its document.
fn given(expectation: &str) -> Option<&str> {
    expectation.lines().find_map(|line| line.strip_prefix("given content-type: "))
}

fn read_document(document: &Path, content_type: Option<&str>) -> Result<Feed, String> {
    let url = "https://feeds.example/all/feed.xml".parse().unwrap();
    let hints = Hints { content_type, url: Some(&url), now: "2026-01-01T00:00:00Z".parse().unwrap() };
    read(&std::fs::read(document).unwrap(), &hints).map_err(|error| error.to_string())
}

#[test]
fn each_document_is_read_as_it_is_meant() {
    let mut wrong = String::new();
    let documents = documents();
    assert!(documents.len() > 60);
    for document in documents {
        let expected = expectation(&document);
        let content_type = given(&expected);
        let mut found = content_type.map_or_else(String::new, |kind| format!("given content-type: {kind}\n"));
        match read_document(&document, content_type) {
            Ok(feed) => tell(&feed, &mut found),
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
fn each_document_read_twice_gives_the_same_keys() {
    for document in documents() {
        let expected = expectation(&document);
        let first = read_document(&document, given(&expected));
        assert_eq!(first, read_document(&document, given(&expected)), "{}", document.display());
        let keys = |feed: Feed| {
            let (entries, _) = identity::settle(feed.entries, &mut Default::default());
            entries.into_iter().map(|identified| identified.entry.keys).collect::<Vec<_>>()
        };
        assert!(keys(first.unwrap()).iter().all(|keys| !keys.is_empty()), "{}", document.display());
    }
}

/// What a feed says, a line for each thing that is there.
fn tell(feed: &Feed, out: &mut String) {
    writeln!(out, "{}, {}", feed.format, feed.encoding).unwrap();
    line(out, "title", feed.title.as_deref());
    line(out, "link", feed.link.as_deref());
    line(out, "language", feed.language.as_deref());
    if feed.pace != Default::default() {
        writeln!(out, "pace: {:?}", feed.pace).unwrap();
    }
    if feed.partial {
        out.push_str("partial\n");
    }
    feed.problems.iter().for_each(|problem| line(out, "problem", Some(problem)));
    feed.entries.iter().for_each(|entry| tell_entry(entry, out));
}

fn tell_entry(entry: &Entry, out: &mut String) {
    out.push_str("entry\n");
    for key in entry.keys.iter().filter(|key| key.rule != KeyRule::Title || entry.keys.len() == 1) {
        line(out, "  key", Some(&format!("{:?} {}", key.rule, key.value)));
    }
    line(out, "  id", entry.id.as_deref());
    line(out, "  title", entry.title.as_deref());
    line(out, "  link", entry.link.as_deref());
    line(out, "  published", entry.published.map(|time| time.to_string()).as_deref());
    line(out, "  updated", entry.updated.map(|time| time.to_string()).as_deref());
    for author in &entry.authors {
        let parts = [&author.email, &author.uri].into_iter().flatten().map(|part| format!(" <{part}>"));
        line(out, "  author", Some(&format!("{}{}", author.name, parts.collect::<String>())));
    }
    line(out, "  categories", Some(entry.categories.join(", ").as_str()).filter(|all| !all.is_empty()));
    line(out, "  summary", entry.summary.as_deref());
    line(out, "  content", entry.content.as_deref());
    for file in &entry.enclosures {
        line(out, "  file", Some(&serde_json::to_string(file).unwrap()));
    }
    for picture in &entry.thumbnails {
        line(out, "  picture", Some(&serde_json::to_string(picture).unwrap()));
    }
    line(out, "  seconds", entry.duration.map(|seconds| seconds.to_string()).as_deref());
    line(out, "  comments", entry.comments.as_deref());
    line(out, "  language", entry.language.as_deref());
    line(
        out,
        "  origin",
        entry.origin.as_ref().map(|origin| serde_json::to_string(origin).unwrap()).as_deref(),
    );
}

fn line(out: &mut String, label: &str, value: Option<&str>) {
    if let Some(value) = value {
        writeln!(out, "{label}: {}", value.replace('\n', "\u{23ce}")).unwrap();
    }
}
