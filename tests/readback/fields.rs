//! Files, media, episodes and details: what is published is read back the same, by us and by feedparser.

use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use siftwire::entry::{
    Answered, CategoryDetails, Chapters, Details, Enclosure, Entry, Episode, Location, Media, Person,
    Picture, RelatedLink, Transcript,
};
use siftwire::feed::{Hints, read};
use siftwire::publish::{atom, json_feed, rss};

use super::document;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,9} \\p{Cyrillic}{1,6}",
        Just("AT&T \u{2014} 1 < 2 > \"0\"".to_owned()),
        Just("\u{5e9}\u{5dc}\u{5d5}\u{5dd} 'x'".to_owned()),
    ]
}

fn address(kind: &'static str) -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}(\\?a=[0-9]{1,3}&b=[a-z]{1,3})?"
        .prop_map(move |path| format!("https://gazette.example/{kind}/{path}"))
}

fn some<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(value)
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

prop_compose! {
    fn enclosures()(
        files in prop::collection::vec((address("file"), 1_u64..1 << 40, some(text())), 1..3),
    ) -> Vec<Enclosure> {
        let file = |(index, (url, length, title)): (usize, (String, u64, Option<String>))| Enclosure {
            url: format!("{url}#{index}"),
            media_type: Some("audio/mpeg".into()),
            length: Some(length),
            // An RSS enclosure has no title.
            title: title.filter(|_| index > 0),
            duration: None,
        };
        files.into_iter().enumerate().map(file).collect()
    }
}

prop_compose! {
    fn media()(
        files in prop::collection::vec(
            (address("media"), some(1_u64..1 << 40), some(1_u32..9_000), some(1_u32..5_000), some(text()),
             some(text()), prop::collection::btree_set(text(), 0..3)),
            0..4,
        ),
        is_grouped in any::<bool>(),
    ) -> Vec<Media> {
        let count = files.len();
        files.into_iter().enumerate().map(|(index, (url, length, duration, width, title, description, credits))| Media {
            url: format!("{url}#{index}"),
            media_type: Some("video/mp4".into()),
            medium: Some("video".into()),
            length, duration, width, height: width, title, description,
            credits: credits.into_iter().collect(),
            group: (is_grouped && count > 1 && index < 2).then_some(1),
            is_default: index == 1,
        }).collect()
    }
}

prop_compose! {
    fn episode()(
        (title, summary, image) in (text().prop_map(|text| format!("T {text}")), text().prop_map(|text| format!("S {text}")), address("cover")),
        (season, number, kind, explicit) in (some(1_u32..99), some(1_u32..999), some(one_of(&["full", "trailer", "bonus"])), some(any::<bool>())),
        (transcript, language, captions) in (address("said"), some(one_of(&["en", "hy", "pt-br"])), any::<bool>()),
        (chapters, name, role, link) in (address("chapters"), text(), some(one_of(&["host", "guest"])), some(address("person"))),
    ) -> Episode {
        Episode {
            title: Some(title), summary: Some(summary), image: Some(image), season, number, kind, explicit,
            transcripts: vec![Transcript { url: transcript, media_type: Some("text/vtt".into()), language, captions }],
            chapters: Some(Chapters { url: chapters, media_type: Some("application/json+chapters".into()) }),
            persons: vec![Person { name, role, link, ..Person::default() }],
        }
    }
}

prop_compose! {
    fn details()(
        links in prop::collection::vec((one_of(&["via", "related", "license"]), address("link"), some(text())), 0..3),
        (count, feed, answered, rights) in (some(0_u32..9_999), some(address("comments")), some(address("asked")), some(text())),
        (latitude, longitude, name) in (-89_i32..90, -179_i32..180, some(text())),
    ) -> Details {
        let link = |(rel, url, title)| RelatedLink { rel, url, title, media_type: Some("text/html".into()) };
        Details {
            links: links.into_iter().map(link).collect(),
            comment_count: count,
            comments_feed: feed,
            in_reply_to: answered.map(|id| Answered { link: Some(id.clone()), id }),
            rights,
            place: Some(Location { coordinates: format!("{latitude}.25 {longitude}.5"), name }),
            categories: vec![CategoryDetails { name: "News".into(), term: None, scheme: Some("https://gazette.example/topics".into()) }],
            ..Details::default()
        }
    }
}

prop_compose! {
    fn entry()(
        (enclosures, media, episode, details) in (enclosures(), media(), episode(), details()),
        (duration, picture, width) in (1_u32..90_000, address("picture"), 700_u32..1_280),
    ) -> Entry {
        Entry {
            title: Some("One".into()),
            link: Some("https://gazette.example/one".into()),
            summary: Some("<p>Short</p>".into()),
            content: Some("<p>Text</p>".into()),
            categories: vec!["News".into()],
            picture: Some(Picture { url: picture, width: Some(width), height: None }),
            duration: Some(duration),
            episode: Some(Box::new(episode)),
            details: Some(Box::new(details)),
            enclosures, media,
            ..Entry::default()
        }
    }
}

/// The fields of this test, as our reader reads them.
fn read_back(document: &[u8]) -> Vec<Entry> {
    let hints = Hints { content_type: None, url: None, now: "2030-01-01T00:00:00Z".parse().unwrap() };
    let only_fields = |entry: Entry| Entry {
        enclosures: entry.enclosures,
        media: entry.media,
        picture: entry.picture,
        duration: entry.duration,
        episode: entry.episode,
        details: entry.details,
        categories: entry.categories,
        ..Entry::default()
    };
    read(document, &hints).unwrap().entries.into_iter().map(only_fields).collect()
}

fn only_fields(entry: &Entry) -> Entry {
    Entry { title: None, link: None, summary: None, content: None, ..entry.clone() }
}

proptest! {
    // Failing cases are printed, not written into the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn files_episodes_and_details_survive_a_round_trip(entries in prop::collection::vec(entry(), 1..3)) {
        let published = document(entries.into_iter().map(|entry| (entry, None)).collect());
        let shown: Vec<Entry> = published.entries.iter().map(|shown| only_fields(&shown.kept.entry)).collect();
        prop_assert_eq!(&read_back(&atom::write(&published)), &shown);
        prop_assert_eq!(&read_back(&rss::write(&published)), &shown);
        let json = read_back(&json_feed::write(&published));
        for (read, wanted) in json.iter().zip(&shown) {
            prop_assert_eq!(read.picture.as_ref().map(|picture| &picture.url), wanted.picture.as_ref().map(|picture| &picture.url));
            prop_assert_eq!(read.enclosures[0].duration, wanted.duration);
            let file = |file: &Enclosure| (file.url.clone(), file.media_type.clone(), file.length, file.title.clone());
            prop_assert_eq!(
                read.enclosures.iter().map(file).collect::<Vec<_>>(),
                wanted.enclosures.iter().map(file).collect::<Vec<_>>()
            );
        }
    }
}

/// Gives generated documents with what is in them to a script, which reads them with feedparser.
#[test]
fn feedparser_reads_every_field() {
    let has_feedparser = Command::new("python3").args(["-c", "import feedparser"]).output();
    if !has_feedparser.is_ok_and(|run| run.status.success()) {
        eprintln!("not run: python3 has no feedparser");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(entry(), 20);
    let entries = strategy.new_tree(&mut runner).unwrap().current();
    let published = document(entries.into_iter().map(|entry| (entry, None)).collect());
    let shown: Vec<Entry> = published.entries.iter().map(|shown| shown.kept.entry.clone()).collect();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("entries.json", serde_json::to_vec(&shown).unwrap());
    write("feed.atom", atom::write(&published));
    write("feed.rss", rss::write(&published));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readback/feedparser_fields.py");
    let run = Command::new("python3").arg(script).arg(folder.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
