//! Writes generated entries in each format and compares every field that an independent parser reads back.

#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, reason = "feedparser reads files")]

#[path = "readback/fields.rs"]
mod fields;

use std::sync::Arc;

use feed_rs::model;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use siftwire::entry::{Article, ArticleState, Author, Enclosure, Entry, EntrySource, StoredEntry};
use siftwire::publish::document::Document;
use siftwire::publish::output::{Output, Site, Stories};
use siftwire::publish::{atom, json_feed, rss, select};

const NOON: i64 = 1_700_000_000;

fn document(entries: Vec<(Entry, Option<String>)>) -> Document {
    let output = Output { stories: Stories::All, ..Output::named("generated") };
    let site = Site::at("https://feeds.example.org/".parse().unwrap());
    let entries =
        entries.into_iter().zip(1..).map(|((entry, article), number)| kept(number, entry, article)).collect();
    select::document(&output, &site, entries)
}

fn kept(number: i64, entry: Entry, article: Option<String>) -> Arc<StoredEntry> {
    let time = Timestamp::from_second(NOON + number * 60).unwrap();
    Arc::new(StoredEntry {
        article: article.map_or(ArticleState::default(), |html| {
            ArticleState::Read(Box::new(Article { html, language: None, fetched: time, is_published: true }))
        }),
        number,
        uid: format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
        date: time,
        changed: Timestamp::from_second(NOON + number * 60 + 3_600).unwrap(),
        first_seen: time,
        revision: number,
        source: Arc::new(EntrySource {
            name: "gazette".into(),
            title: "The Gazette".into(),
            id: "https://gazette.example/feed".into(),
            url: "https://gazette.example/feed".into(),
            link: Some("https://gazette.example/".into()),
            icon: None,
            language: None,
            podcast: None,
        }),
        entry,
    })
}

/// A line of text that every format must preserve.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("AT&T".to_owned()),
        Just("&amp;".to_owned()),
        Just("&#60;".to_owned()),
        Just("a<b".to_owned()),
        Just("]]>".to_owned()),
        Just("\"q'".to_owned()),
        Just("\u{5e9}\u{5dc}\u{5d5}\u{5dd}".to_owned()),
        Just("\u{1f468}\u{200d}\u{1f469}".to_owned()),
        "[a-z]{1,9}",
        "\\p{L}{1,6}",
    ];
    prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "))
}

/// An HTML fragment with characters that XML and JSON escape.
fn html() -> impl Strategy<Value = String> {
    let element = prop_oneof![
        line().prop_map(|line| format!("<p>{}</p>", htmlize::escape_text(&line))),
        line().prop_map(|line| format!(
            "<a href=\"https://gazette.example/?a=1&amp;b=2\" title=\"{}\">there</a>",
            htmlize::escape_attribute(&line)
        )),
        Just("<pre>a\n  b\tc\\</pre>".to_owned()),
        Just("<!-- ]]> -->".to_owned()),
    ];
    prop::collection::vec(element, 1..5).prop_map(|elements| elements.concat())
}

fn address() -> impl Strategy<Value = String> {
    "https://gazette\\.example/[a-z0-9]{1,8}(/[a-z]{1,4}%C3%A9)?(\\?a=[0-9]{1,3}&b=[a-z]{1,3})?(#[a-z]{1,3})?"
}

prop_compose! {
    fn author()(name in "[A-Z\u{531}-\u{556}][a-z']{1,8} O'[A-Z][a-z&]{1,8}", email in prop::option::of("[a-z]{1,8}@gazette\\.example"), uri in prop::option::of(address())) -> Author {
        Author { name, email, uri, avatar: None }
    }
}

prop_compose! {
    fn enclosure()(
        url in address(),
        media_type in prop::option::of(prop::sample::select(vec!["audio/mpeg", "image/svg+xml", "application/x-bittorrent"])),
        length in prop::option::of(1_u64..1 << 40),
    ) -> Enclosure {
        Enclosure { url, media_type: media_type.map(str::to_owned), length, ..Enclosure::default() }
    }
}

prop_compose! {
    fn entry()(
        title in line(),
        link in address(),
        authors in prop::collection::vec(author(), 0..3),
        categories in prop::collection::btree_set(line(), 0..4),
        summary in prop::option::of(html()),
        content in html(),
        enclosures in prop::collection::vec(enclosure(), 0..3),
        comments in prop::option::of(address()),
    ) -> Entry {
        Entry {
            // Never the same as the text: RSS leaves out a description that only repeats the title.
            title: Some(format!("Title {title}")),
            link: Some(link),
            authors,
            categories: categories.into_iter().collect(),
            summary,
            content: Some(content),
            enclosures,
            comments,
            ..Entry::default()
        }
    }
}

/// An entry, perhaps with an article. Then it has a summary too: none is made from the content.
fn read_entry() -> impl Strategy<Value = (Entry, Option<String>)> {
    (entry(), prop::option::of(html())).prop_map(|(mut entry, article)| {
        if article.is_some() {
            entry.summary.get_or_insert_with(|| "<p>In short</p>".to_owned());
        }
        (entry, article)
    })
}

/// An entry whose content is what is shown.
fn as_shown(kept: &StoredEntry) -> StoredEntry {
    let mut kept = kept.clone();
    if let Some(article) = kept.published_article() {
        kept.entry.content = Some(format!("{}<p class=\"byline\">From: The Gazette</p>", article.html));
    }
    kept
}

/// Whether readers who take a text for HTML find a tag in it.
fn has_tag(text: &str) -> bool {
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
    text.split('<').skip(1).any(begins)
}

/// What a name is where it is text: without a tag also for such readers.
fn as_text(name: &str) -> String {
    if has_tag(name) { name.replace('<', "\u{2039}").replace('>', "\u{203a}") } else { name.to_owned() }
}

/// Fields that feed-rs reads in the same way from Atom and RSS; `names` is how the format writes a category.
fn assert_common_fields(read: &model::Entry, kept: &StoredEntry, names: fn(&str) -> String) {
    let entry = &kept.entry;
    assert_eq!(read.id, kept.uid);
    assert_eq!(read.published.map(|time| time.timestamp()), Some(kept.date.as_second()));
    assert!(read.links.iter().any(|link| Some(&link.href) == entry.link.as_ref()), "{:?}", read.links);
    let categories: Vec<_> = read.categories.iter().map(|category| category.term.clone()).collect();
    assert_eq!(categories, entry.categories.iter().map(|category| names(category)).collect::<Vec<_>>());
    let content = read.content.as_ref().and_then(|content| content.body.clone());
    let summary = read.summary.as_ref().map(|summary| summary.content.clone());
    assert_eq!((summary, content), (entry.summary.clone(), entry.content.clone()));
}

fn assert_atom_entry(read: &model::Entry, kept: &StoredEntry) {
    let entry = &kept.entry;
    assert_common_fields(read, kept, as_text);
    assert_eq!(read.title.as_ref().map(|title| title.content.clone()), entry.title);
    assert_eq!(read.updated.map(|time| time.timestamp()), Some(kept.changed.as_second()));
    let authors: Vec<_> = read
        .authors
        .iter()
        .map(|person| (person.name.clone().unwrap_or_default(), person.email.clone(), person.uri.clone()))
        .collect();
    // Their e-mail addresses are not published.
    let mut wanted: Vec<_> =
        entry.authors.iter().map(|author| (author.name.clone(), None, author.uri.clone())).collect();
    if wanted.is_empty() {
        wanted.push((kept.source.title.clone(), None, None));
    }
    assert_eq!(authors, wanted);
    let files: Vec<_> = read
        .links
        .iter()
        .filter(|link| link.rel.as_deref() == Some("enclosure"))
        .map(|link| (link.href.clone(), link.media_type.clone(), link.length))
        .collect();
    let wanted: Vec<_> = entry
        .enclosures
        .iter()
        .map(|file| (file.url.clone(), file.media_type.clone(), file.length))
        .collect();
    assert_eq!(files, wanted);
    let replies = read.links.iter().find(|link| link.rel.as_deref() == Some("replies"));
    assert_eq!(replies.map(|link| link.href.clone()), entry.comments);
}

fn assert_rss_item(read: &model::Entry, kept: &StoredEntry) {
    let entry = &kept.entry;
    if entry.summary.is_some() {
        assert_common_fields(read, kept, as_text);
    } else {
        // A content without summary is the description, which feed-rs calls the summary.
        let mut with_summary = kept.clone();
        with_summary.entry.summary = with_summary.entry.content.take();
        assert_common_fields(read, &with_summary, as_text);
    }
    assert_eq!(read.title.as_ref().map(|title| title.content.clone()), entry.title.as_deref().map(as_text));
    let names: Vec<_> = read.authors.iter().map(|person| person.name.clone().unwrap_or_default()).collect();
    let mut wanted: Vec<_> = entry.authors.iter().map(|author| author.name.clone()).collect();
    if wanted.is_empty() {
        wanted.push(kept.source.title.clone());
    }
    assert_eq!(names, wanted);
    let files: Vec<_> = read.media.iter().flat_map(|media| &media.content).collect();
    for file in &entry.enclosures {
        let found = files.iter().find(|read| read.url.as_ref().is_some_and(|url| url.as_str() == file.url));
        assert!(found.is_some(), "{} is missing in {files:?}", file.url);
    }
    if let Some(first) = entry.enclosures.first() {
        let enclosure = files.iter().find(|read| read.size == Some(first.length.unwrap_or(0)));
        let read = enclosure.and_then(|read| read.url.as_ref()).map(|url| url.as_str());
        assert!(first.length.is_none() || read.is_some(), "{files:?}");
    }
}

fn assert_json_item(read: &Value, kept: &StoredEntry) {
    let entry = &kept.entry;
    let text = |name: &str| read.get(name).and_then(Value::as_str).map(str::to_owned);
    let time = |name: &str| text(name).unwrap().parse::<Timestamp>().unwrap().as_second();
    assert_eq!(text("id").as_ref(), Some(&kept.uid));
    assert_eq!(text("url"), entry.link);
    assert_eq!(text("title"), entry.title);
    assert_eq!(text("content_html"), entry.content);
    assert_eq!(
        text("summary").is_some(),
        entry
            .summary
            .as_ref()
            .is_some_and(|html| html.contains("<p>") || html.contains("</a>") || html.contains("<pre>"))
    );
    assert_eq!(time("date_published"), kept.date.as_second());
    assert_eq!(time("date_modified"), kept.changed.as_second());
    let list = |name: &str| read.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let of = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let authors: Vec<_> =
        list("authors").iter().map(|author| (of(author, "name").unwrap(), of(author, "url"))).collect();
    let mut wanted: Vec<_> =
        entry.authors.iter().map(|author| (author.name.clone(), author.uri.clone())).collect();
    if wanted.is_empty() {
        wanted.push((kept.source.title.clone(), None));
    }
    assert_eq!(authors, wanted);
    let tags: Vec<_> = list("tags").iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    assert_eq!(tags, entry.categories.iter().map(|name| as_text(name)).collect::<Vec<_>>());
    let files: Vec<_> = list("attachments")
        .iter()
        .map(|file| {
            (
                of(file, "url").unwrap(),
                of(file, "mime_type"),
                file.get("size_in_bytes").and_then(Value::as_u64),
            )
        })
        .collect();
    let unknown = "application/octet-stream".to_owned();
    let wanted: Vec<_> = entry
        .enclosures
        .iter()
        .map(|file| {
            (file.url.clone(), Some(file.media_type.clone().unwrap_or_else(|| unknown.clone())), file.length)
        })
        .collect();
    assert_eq!(files, wanted);
    assert_eq!(of(&read["_siftwire"], "comments"), entry.comments);
    assert_eq!(of(&read["_siftwire"]["source"], "url").as_ref(), Some(&kept.source.url));
}

proptest! {
    // Failing cases are printed, not written into the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_field_survives_a_round_trip(entries in prop::collection::vec(read_entry(), 1..4)) {
        let document = document(entries);
        let read = |bytes: Vec<u8>| {
            feed_rs::parser::Builder::new().sanitize_content(false).build().parse(bytes.as_slice()).unwrap().entries
        };
        let (atom, rss) = (read(atom::write(&document)), read(rss::write(&document)));
        let json: Value = serde_json::from_slice(&json_feed::write(&document)).unwrap();
        let items = json["items"].as_array().unwrap();
        prop_assert_eq!([atom.len(), rss.len(), items.len()], [document.entries.len(); 3]);
        for (index, shown) in document.entries.iter().enumerate() {
            let kept = as_shown(&shown.kept);
            assert_atom_entry(&atom[index], &kept);
            assert_rss_item(&rss[index], &kept);
            assert_json_item(&items[index], &kept);
        }
    }
}
