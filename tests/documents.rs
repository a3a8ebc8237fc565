//! Documents of entries with difficult content: their bytes, what a parser reads from them, what a validator reports.

#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, reason = "the validator reads files")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use siftwire::entry::{
    Answered, Article, ArticleState, Author, CategoryDetails, Chapters, Details, Enclosure, Entry,
    EntrySource, Episode, Location, Media, Origin, Person, Picture, Podcast, RelatedLink, StoredEntry,
    Transcript,
};
use siftwire::publish::document::{AlsoIn, Document, HistoryPosition};
use siftwire::publish::format::Format;
use siftwire::publish::output::{Byline, ContentMode, Output, Site, Stories};
use siftwire::publish::template::Template;
use siftwire::publish::{atom, html, json_feed, opml, output_page, rss, select};

const NOON: i64 = 1_700_000_000;

fn output(content: ContentMode) -> Output {
    Output {
        title: "War & peace <b>today</b> ]]>".into(),
        description: Some("What & <where>".into()),
        stories: Stories::All,
        content,
        ..Output::named("nasty")
    }
}

fn site() -> Site {
    Site {
        hub: Some("https://hub.example.org/".parse().unwrap()),
        ..Site::at("https://feeds.example.org/sub/path".parse().unwrap())
    }
}

fn kept(number: i64, entry: Entry) -> Arc<StoredEntry> {
    let time = Timestamp::from_second(NOON + number * 60).unwrap();
    Arc::new(StoredEntry {
        article: ArticleState::default(),
        number,
        uid: format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
        date: time,
        changed: time,
        first_seen: time,
        revision: number,
        source: Arc::new(EntrySource {
            name: "gazette".into(),
            title: "The <i>Gazette</i> & Sons".into(),
            id: "https://gazette.example/feed?a=1&b=2".into(),
            url: "https://gazette.example/feed?a=1&b=2".into(),
            link: Some("https://gazette.example/".into()),
            icon: Some("https://gazette.example/icon.png?a=1&b=2".into()),
            language: Some("en".into()),
            podcast: None,
        }),
        entry,
    })
}

/// An entry and its article, which came an hour later.
fn with_article(mut kept: Arc<StoredEntry>, html: &str, is_published: bool) -> Arc<StoredEntry> {
    let fetched = Timestamp::from_second(kept.date.as_second() + 3_600).unwrap();
    let article = Article { html: html.to_owned(), language: None, fetched, is_published };
    Arc::make_mut(&mut kept).article = ArticleState::Read(Box::new(article));
    kept
}

fn full() -> Entry {
    Entry {
        id: Some("full".into()),
        title: Some("Everything at once".into()),
        link: Some("https://gazette.example/full?x=1&y=%C3%A9".into()),
        authors: vec![
            Author {
                name: "Ann O'Neil".into(),
                email: Some("ann@gazette.example".into()),
                uri: None,
                avatar: None,
            },
            Author {
                name: "\u{531}\u{576}\u{56b}".into(),
                email: None,
                uri: Some("https://ani.example/".into()),
                avatar: Some("https://ani.example/a b.png".into()),
            },
        ],
        categories: vec!["Arts & Letters".into(), "\u{41c}\u{438}\u{440}".into()],
        summary: Some("<p>Short &amp; <em>sweet</em></p>".into()),
        content: Some(
            "<p>Long: 1 &lt; 2, <a href=\"https://gazette.example/a?b=1&amp;c=2\">there</a></p>".into(),
        ),
        enclosures: vec![
            Enclosure {
                url: "https://gazette.example/a.mp3".into(),
                media_type: Some("audio/mpeg".into()),
                length: Some(123),
                ..Enclosure::default()
            },
            Enclosure {
                url: "https://gazette.example/b c.bin".into(),
                media_type: Some("not a type".into()),
                length: None,
                ..Enclosure::default()
            },
        ],
        media: [("v.mp4", 640, None), ("v-low.mp4", 320, None), ("a <b>.png", 120, Some("A <b> & c"))]
            .map(|(name, width, title)| Media {
                url: format!("https://gazette.example/{name}"),
                media_type: name.ends_with("mp4").then(|| "video/mp4".into()),
                medium: Some(if title.is_some() { "image" } else { "video" }.into()),
                length: Some(9_000),
                duration: title.is_none().then_some(61),
                width: Some(width),
                height: Some(80),
                title: title.map(str::to_owned),
                description: title.is_none().then(|| "What is to be seen".into()),
                credits: vec!["Ann & <Bob>".into()],
                group: title.is_none().then_some(1),
                is_default: width == 640,
            })
            .to_vec(),
        picture: Some(Picture {
            url: "https://gazette.example/t.png".into(),
            width: Some(120),
            height: Some(80),
        }),
        duration: Some(3_723),
        episode: Some(Box::new(Episode {
            title: Some("Everything, <b>at</b> once".into()),
            summary: Some("All of \"it\" & more".into()),
            image: Some("https://gazette.example/cover 1.png".into()),
            season: Some(2),
            number: Some(17),
            kind: Some("bonus".into()),
            explicit: Some(false),
            transcripts: vec![Transcript {
                url: "https://gazette.example/a.vtt".into(),
                media_type: Some("text/vtt".into()),
                language: Some("hy".into()),
                captions: true,
            }],
            chapters: Some(Chapters { url: "https://gazette.example/a.json".into(), media_type: None }),
            persons: vec![Person {
                name: "Ann <O'Neil>".into(),
                role: Some("guest".into()),
                link: Some("https://ann.example/".into()),
                ..Person::default()
            }],
        })),
        details: Some(Box::new(Details {
            links: ["via", "related", "license", "external"]
                .map(|rel| RelatedLink {
                    rel: rel.into(),
                    url: format!("https://other.example/{rel}?a=1&b=2"),
                    title: (rel == "via").then(|| "Seen \"there\" <b>".into()),
                    media_type: (rel == "via").then(|| "text/html".into()),
                })
                .to_vec(),
            comment_count: Some(0),
            comments_feed: Some("https://gazette.example/full/feed".into()),
            in_reply_to: Some(Answered {
                id: "urn:uuid:00000000-0000-4000-8000-000000000009".into(),
                link: Some("https://other.example/asked".into()),
            }),
            rights: Some("\u{a9} The <Gazette> & Sons".into()),
            place: Some(Location {
                coordinates: "40.1872 44.5152".into(),
                name: Some("Yerevan <centre>".into()),
            }),
            categories: vec![CategoryDetails {
                name: "Arts & Letters".into(),
                term: Some("arts".into()),
                scheme: Some("https://gazette.example/topics".into()),
            }],
            ..Details::default()
        })),
        comments: Some("https://gazette.example/full#comments".into()),
        language: Some("hy".into()),
        ..Entry::default()
    }
}

fn entry_with(title: &str, link: &str, content: &str) -> Entry {
    Entry {
        title: Some(title.into()),
        link: Some(link.into()),
        content: Some(content.into()),
        ..Entry::default()
    }
}

fn difficult_entries() -> Vec<Arc<StoredEntry>> {
    let entries = [
        full(),
        entry_with(
            "<script>alert(1)</script> & &amp; ]]> \"q\"",
            "https://gazette.example/1",
            "<p>]]&gt; ]]> </p>",
        ),
        entry_with(
            "a\0b\u{1}c\u{b}d\u{fffe}e\u{85}f\u{9f}\u{fffd}",
            "https://gazette.example/2",
            "<p>\u{0}\u{8}bell\u{7}</p>",
        ),
        entry_with(
            "  \u{5e9}\u{5dc}\u{5d5}\u{5dd}\n\n\tworld \u{202e}evil ",
            "https://gazette.example/\u{e9}|[x]",
            "<p>\u{1f468}\u{200d}\u{1f469} emoji</p>",
        ),
        Entry::default(),
        Entry {
            content: Some(
                "<p>No title, but a text that says enough to be called by its beginning, and goes on</p>"
                    .into(),
            ),
            ..Entry::default()
        },
        Entry {
            title: Some(" \u{7} ".into()),
            link: Some("https://gazette.example/blank".into()),
            ..Entry::default()
        },
        Entry {
            title: Some("Odd people".into()),
            authors: vec![
                Author::default(),
                Author {
                    name: "x".into(),
                    email: Some("not an address".into()),
                    uri: Some("not a uri".into()),
                    avatar: None,
                },
            ],
            categories: vec!["same".into(), "same".into(), " ".into()],
            enclosures: ["ftp://gazette.example/m", "https://gazette.example/n"]
                .map(|url| Enclosure {
                    url: url.into(),
                    media_type: None,
                    length: None,
                    ..Enclosure::default()
                })
                .to_vec(),
            language: Some("zz".into()),
            ..Entry::default()
        },
        entry_with(
            "Relative &#39;links&#39;",
            "https://gazette.example/r",
            "<a href=\"https://gazette.example/x\">y</a><br>open &nbsp; end",
        ),
    ];
    let mut entries: Vec<_> =
        entries.into_iter().zip(1..).map(|(entry, number)| kept(number, entry)).collect();
    let article =
        "<p>]]&gt; ]]> a\u{8}b &amp;amp; c</p><iframe src=\"https://www.youtube.com/embed/x1\"></iframe>";
    entries[4] = with_article(Arc::clone(&entries[4]), article, true);
    entries[6] = with_article(Arc::clone(&entries[6]), "<p>Only judged by</p>", false);
    entries
}

fn document(content: ContentMode) -> Document {
    let mut document = select::document(&output(content), &site(), difficult_entries());
    document.entries[0].also_in =
        vec![AlsoIn { title: "The <Courier>".into(), link: "https://courier.example/1".into() }];
    document
}

fn podcast_of_gazette() -> Podcast {
    Podcast {
        author: Some("The Gazette & Sons".into()),
        owner: Some("Ann O'Neil".into()),
        categories: [("News", Some("Politics")), ("News", Some("Daily News")), ("Comedy", None)]
            .map(|(category, within)| (category.to_owned(), within.map(str::to_owned)))
            .to_vec(),
        explicit: Some(false),
        image: Some("https://gazette.example/cover.png".into()),
        kind: Some("episodic".into()),
        guid: Some("917393e3-1b1e-5cef-ace4-edaa54e1f810".into()),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn documents_equal_their_snapshots() {
    let document = document(ContentMode::Full);
    insta::with_settings!({ snapshot_path => "documents", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("atom", text(atom::write(&document)));
        insta::assert_snapshot!("rss", text(rss::write(&document)));
        insta::assert_snapshot!("json", text(json_feed::write(&document)));
        insta::assert_snapshot!("html", text(output_page::write(&document)));
    });
}

#[test]
fn a_parser_reads_back_every_entry() {
    let document = document(ContentMode::Full);
    for (bytes, format) in [
        (atom::write(&document), Format::Atom),
        (rss::write(&document), Format::Rss),
        (json_feed::write(&document), Format::Json),
    ] {
        let feed = feed_rs::parser::parse(bytes.as_slice()).unwrap();
        assert_eq!(feed.entries.len(), document.entries.len(), "{format:?}");
        for (read, shown) in feed.entries.iter().zip(&document.entries) {
            assert_eq!(read.id, shown.kept.uid, "{format:?}");
            let published = read.published.map(|time| time.timestamp());
            assert_eq!(published, Some(shown.kept.date.as_second()), "{format:?}");
            if let Some(link) = &shown.kept.entry.link
                && link.is_ascii()
            {
                assert!(read.links.iter().any(|read| read.href == *link), "{format:?} {link}");
            }
        }
        let whole = feed.entries.iter().find(|entry| entry.id.ends_with("01")).unwrap();
        let title = whole.title.as_ref().unwrap();
        assert_eq!(title.content, "Everything at once", "{format:?}");
        let names: Vec<_> =
            whole.authors.iter().map(|author| author.name.as_deref().unwrap_or_default()).collect();
        assert_eq!(names, ["Ann O'Neil", "\u{531}\u{576}\u{56b}"], "{format:?}");
        let body = whole.content.as_ref().and_then(|content| content.body.as_deref());
        assert_eq!(body, full().content.as_deref(), "{format:?}");
    }
}

#[test]
fn bytes_do_not_depend_on_the_order_of_entries() {
    let mut reversed = difficult_entries();
    reversed.reverse();
    let wanted = output(ContentMode::Full);
    let first = select::document(&wanted, &site(), difficult_entries());
    let second = select::document(&wanted, &site(), reversed);
    assert_eq!(atom::write(&first), atom::write(&second));
    assert_eq!(rss::write(&first), rss::write(&second));
    assert_eq!(json_feed::write(&first), json_feed::write(&second));
}

#[test]
fn words_that_readers_do_not_know_are_left_out() {
    let person = |role: &str, group: &str| Person {
        name: "Ann".into(),
        role: Some(role.into()),
        group: Some(group.into()),
        ..Person::default()
    };
    let persons = vec![
        person("\u{412}\u{435}\u{434}\u{443}\u{449}\u{438}\u{439}", "cast"),
        person(" co-host ", "Post"),
        person("Consultant", "Misc."),
        person("", ""),
    ];
    let episode = Some(Box::new(Episode { persons, ..Episode::default() }));
    let mut document = select::document(
        &output(ContentMode::Full),
        &site(),
        vec![kept(1, Entry { episode, ..entry_with("One", "https://gazette.example/1", "Text") })],
    );
    let categories = [("news", Some("Opinion")), ("Garden", None), ("Garden", Some("Golf"))];
    let categories = categories.map(|(name, within)| (name.to_owned(), within.map(str::to_owned))).to_vec();
    document.podcast = Some(Box::new(Podcast { categories, ..Podcast::default() }));
    let rss = rss::write(&document);
    assert_eq!(feed_rs::parser::parse(&rss[..]).unwrap().entries.len(), 1);
    let rss = text(rss);
    for element in [
        "<podcast:person group=\"cast\">Ann<",
        "<podcast:person role=\"co-host\">Ann<",
        "<podcast:person role=\"Consultant\">Ann<",
        "<podcast:person>Ann<",
        "<itunes:category text=\"News\">",
    ] {
        assert_eq!(rss.matches(element).count(), 1, "{element} {rss}");
    }
    assert_eq!(rss.matches("<itunes:category").count(), 1, "{rss}");
}

#[test]
fn an_rss_description_never_only_repeats_the_title() {
    let of = |summary: Option<&str>, content: &str| {
        let summary = summary.map(str::to_owned);
        let entry = Entry { summary, ..entry_with("A <b> & c", "https://gazette.example/1", content) };
        let document = select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)]);
        let rss = text(rss::write(&document));
        let item = rss.split_once("<item>").unwrap().1.to_owned();
        (item.contains("<description>"), item.contains("<content:encoded>"))
    };
    assert_eq!(of(None, "<p>A &lt;b&gt; &amp; c</p>"), (false, false));
    assert_eq!(of(Some("A &lt;b&gt; &amp; c"), "<p>More</p>"), (true, false));
    assert_eq!(of(Some("More"), "<p>Even more</p>"), (true, true));
    assert_eq!(
        of(None, "<p>A &lt;b&gt; &amp; c<img src=\"https://gazette.example/i.png\"></p>"),
        (true, false)
    );
    assert_eq!(
        of(None, "<p>A &lt;b&gt; &amp; <a href=\"https://gazette.example/c\">c</a></p>"),
        (true, false)
    );
    assert_eq!(of(None, "<p>A <b>&lt;b&gt;</b> &amp;<br> c</p>"), (false, false));
}

#[test]
fn an_rss_text_is_not_left_to_that_of_a_picture() {
    let picture = Media {
        url: "https://gazette.example/cat.png".into(),
        medium: Some("image".into()),
        description: Some("A cat".into()),
        ..Media::default()
    };
    let entry = Entry { media: vec![picture], ..entry_with("Look", "https://gazette.example/1", "Look") };
    let rss = text(rss::write(&select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)])));
    assert!(rss.contains("<description>Look</description>"), "{rss}");
}

#[test]
fn an_rss_channel_has_a_description_beside_its_title() {
    let of = |description: Option<&str>| {
        let output = Output {
            title: "News".into(),
            description: description.map(str::to_owned),
            ..output(ContentMode::Full)
        };
        let rss = text(rss::write(&select::document(&output, &site(), Vec::new())));
        rss.split("<description>").nth(1).unwrap().split("</").next().unwrap().to_owned()
    };
    assert_eq!(of(None), "Entries of News");
    assert_eq!(of(Some("News")), "Entries of News");
    assert_eq!(of(Some("What is new")), "What is new");
}

#[test]
fn the_type_of_a_file_is_that_of_its_ending_where_none_is_given() {
    for (given, url, published) in [
        (Some("audio/mpeg"), "https://gazette.example/a.ogg", "audio/mpeg"),
        (Some("mp3"), "https://gazette.example/a.MP3?x=1.png#y", "audio/mpeg"),
        (Some("image/png?147"), "https://gazette.example/a.png", "image/png"),
        (None, "https://gazette.example/a.m4v", "video/mp4"),
        (None, "https://gazette.example/a", "application/octet-stream"),
    ] {
        let file =
            Enclosure { url: url.into(), media_type: given.map(str::to_owned), ..Enclosure::default() };
        let entry =
            Entry { enclosures: vec![file], ..entry_with("One", "https://gazette.example/1", "Text") };
        let document = select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)]);
        let expected = format!("type=\"{published}\"/>");
        assert!(text(rss::write(&document)).contains(&expected), "{url}");
        let expected = format!("\"mime_type\": \"{published}\"");
        assert!(text(json_feed::write(&document)).contains(&expected), "{url}");
    }
}

#[test]
fn no_email_address_of_an_author_is_published() {
    let author = |name: &str, uri: &str| Author {
        name: name.into(),
        email: Some("ann@gazette.example".into()),
        uri: Some(uri.into()),
        avatar: None,
    };
    let authors = vec![author("Ann", "mailto:ann@gazette.example"), author("ann@gazette.example", "x")];
    let entry = Entry { authors, ..entry_with("One", "https://gazette.example/1", "Text") };
    let document = select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)]);
    for bytes in [atom::write(&document), rss::write(&document), json_feed::write(&document)] {
        let document = text(bytes);
        assert!(!document.contains("ann@") && document.contains("Ann"), "{document}");
    }
}

#[test]
fn what_is_said_of_files_is_no_longer_than_the_text() {
    let long = "All of it. ".repeat(60);
    let of = |mode: ContentMode, said: &str| {
        let media = vec![Media {
            url: "https://gazette.example/v.mp4".into(),
            description: Some(format!("{said} M")),
            ..Media::default()
        }];
        let episode = Some(Box::new(Episode { summary: Some(format!("{said} E")), ..Episode::default() }));
        let entry = Entry { media, episode, ..entry_with("One", "https://gazette.example/1", "Text") };
        let document = select::document(&output(mode), &site(), vec![kept(1, entry)]);
        [atom::write(&document), rss::write(&document), json_feed::write(&document)]
            .map(|bytes| text(bytes).matches(said.trim()).count())
    };
    assert_eq!(of(ContentMode::Full, &long), [2, 2, 2]);
    assert_eq!(of(ContentMode::Summary, &long), [0, 0, 0]);
    assert_eq!(of(ContentMode::Summary, "In short"), [2, 2, 2]);
    assert_eq!(of(ContentMode::None, "In short"), [0, 0, 0]);
}

#[test]
fn addresses_that_run_something_are_no_schemes() {
    let category = |name: &str, scheme: &str| CategoryDetails {
        name: name.into(),
        term: None,
        scheme: Some(scheme.into()),
    };
    let details = Details {
        categories: vec![category("a", "javascript:alert(1)"), category("b", "urn:x:topics")],
        in_reply_to: Some(Answered { id: "data:text/html,x".into(), link: None }),
        ..Details::default()
    };
    let entry = Entry {
        categories: vec!["a".into(), "b".into()],
        details: Some(Box::new(details)),
        ..entry_with("One", "https://gazette.example/1", "Text")
    };
    let document = select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)]);
    for bytes in [atom::write(&document), rss::write(&document)] {
        let document = text(bytes);
        let is_written = |part: &str| document.contains(part);
        assert!(
            is_written("urn:x:topics") && !is_written("javascript:") && !is_written("data:"),
            "{document}"
        );
    }
}

#[test]
fn each_content_mode_leaves_out_its_part() {
    let summary = text(rss::write(&document(ContentMode::Summary)));
    assert!(summary.contains("Short") && !summary.contains("Long: 1"));
    assert!(summary.contains("No title, but a text"), "the summary is the start of the content");
    let none = text(rss::write(&document(ContentMode::None)));
    assert!(!none.contains("Short") && !none.contains("<description>&#x3C;p"));
}

/// The authors and the source of the one entry of an output, as feed-rs reads them in each format.
fn who(output: &Output, site: &Site, entry: Entry) -> Vec<(Vec<String>, String)> {
    let mut entry = kept(1, entry);
    let stored = Arc::make_mut(&mut entry);
    stored.source = EntrySource { title: "Gazette".into(), ..(*stored.source).clone() }.into();
    let document = select::document(output, site, vec![entry]);
    let read = |bytes: Vec<u8>| feed_rs::parser::parse(bytes.as_slice()).unwrap().entries.remove(0);
    let names = |entry: &feed_rs::model::Entry| {
        let name = |person: &feed_rs::model::Person| person.name.clone().unwrap_or_default();
        entry.authors.iter().map(name).collect::<Vec<_>>()
    };
    let (xml, json) = (text(rss::write(&document)), json_feed::write(&document));
    let (_, source) = xml.split_once("<source url=\"").unwrap();
    let rss_source = source.split("</source>").next().unwrap().replace("\">", " ");
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let source = &value["items"][0]["_siftwire"]["source"];
    let json_source = format!("{} {}", source["url"].as_str().unwrap(), source["title"].as_str().unwrap());
    let atom = text(atom::write(&document));
    let (_, source) = atom.split_once("<source>").unwrap();
    let part =
        |start: &str, end: char| source.split_once(start).unwrap().1.split(end).next().unwrap().to_owned();
    let atom_source = format!("{} {}", part("rel=\"self\" href=\"", '"'), part("<title>", '<'));
    vec![
        (names(&read(atom.into_bytes())), atom_source),
        (names(&read(xml.into_bytes())), rss_source),
        (names(&read(json)), json_source),
    ]
}

#[test]
fn every_format_says_who_an_entry_is_from() {
    let plain = Site::at("https://feeds.example.org".parse().unwrap());
    let templated = Site { author: Template::parse_author("{author} ({source})").ok(), ..plain.clone() };
    let of = |authors: &[&str], origin: Option<(&str, Option<&str>)>| Entry {
        title: Some("T".into()),
        authors: authors.iter().map(|name| Author { name: (*name).into(), ..Author::default() }).collect(),
        origin: origin.map(|(title, url)| Origin {
            title: Some(title.into()),
            url: url.map(str::to_owned),
            ..Origin::default()
        }),
        ..Entry::default()
    };
    let gazette = "https://gazette.example/feed?a=1&b=2";
    let courier = Some(("Courier", Some("https://courier.example/rss")));
    for (site, entry, authors, source) in [
        (&plain, of(&[], None), vec!["Gazette"], (gazette, "Gazette")),
        (&plain, of(&[" "], None), vec!["Gazette"], (gazette, "Gazette")),
        (&plain, of(&["Ann"], None), vec!["Ann"], (gazette, "Gazette")),
        (&templated, of(&["Ann", "Bo"], None), vec!["Ann (Gazette)", "Bo (Gazette)"], (gazette, "Gazette")),
        (&templated, of(&["The gazette"], None), vec!["The gazette"], (gazette, "Gazette")),
        (&templated, of(&[], None), vec!["Gazette"], (gazette, "Gazette")),
        (&plain, of(&[], courier), vec!["Courier"], ("https://courier.example/rss", "Courier")),
        (
            &templated,
            of(&["Ann"], courier),
            vec!["Ann (Courier)"],
            ("https://courier.example/rss", "Courier"),
        ),
        (&plain, of(&[], Some(("Courier", None))), vec!["Courier"], (gazette, "Courier")),
        // It names itself.
        (&plain, of(&[], Some(("Feed", Some(gazette)))), vec!["Gazette"], (gazette, "Gazette")),
        (
            &plain,
            of(&[], Some(("Feed", Some("http://www.gazette.example")))),
            vec!["Gazette"],
            (gazette, "Gazette"),
        ),
    ] {
        let expected = (authors, format!("{} {}", source.0, source.1));
        for (names, read) in who(&Output::named("o"), site, entry.clone()) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            assert_eq!((names, read.replace("&#x26;", "&")), expected, "{entry:?}");
        }
    }
}

#[test]
fn the_source_of_an_entry_keeps_what_it_says_of_itself() {
    let read = |origin: &str| {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>Planet</title><entry><id>urn:x:1</id><title>One</title>
             <source>{origin}</source></entry></feed>"
        );
        let hints = siftwire::feed::Hints { content_type: None, url: None, now: Timestamp::UNIX_EPOCH };
        let entry = siftwire::feed::read(feed.as_bytes(), &hints).unwrap().entries.remove(0);
        let atom =
            text(atom::write(&select::document(&output(ContentMode::Full), &site(), vec![kept(1, entry)])));
        atom.split("<source>").nth(1).unwrap().split("</source>").next().unwrap().to_owned()
    };
    let source = read(
        "<id>tag:blog.example,2020:feed</id><title>Blog</title><icon>https://blog.example/i.png</icon>
         <link href='https://blog.example/'/><link rel='self' href='https://blog.example/feed'/>",
    );
    for part in [
        "<id>tag:blog.example,2020:feed</id>",
        "<icon>https://blog.example/i.png</icon>",
        "<link rel=\"self\" href=\"https://blog.example/feed\"/>",
        "<link rel=\"alternate\" href=\"https://blog.example/\"/>",
    ] {
        assert!(source.contains(part), "{part} {source}");
    }
    let id = |source: String| source.split("</id>").next().unwrap().to_owned();
    let ids = ["Blog", "Diary", "Blog"].map(|title| id(read(&format!("<title>{title}</title>"))));
    assert!(ids[0] != ids[1] && ids[0] == ids[2] && ids[0].contains("urn:uuid:"), "{ids:?}");
}

#[test]
fn the_last_line_of_a_text_names_the_source_if_wanted() {
    let site = site();
    let line = "<p class=\"byline\">From: The &lt;i&gt;Gazette&lt;/i&gt; &amp; Sons</p>";
    for (content, expected) in [
        (ContentMode::Full, (Some("<p>Short &amp; <em>sweet</em></p>".to_owned()), Some(line))),
        (ContentMode::Summary, (Some(format!("<p>Short &amp; <em>sweet</em></p>{line}")), None)),
        (ContentMode::None, (None, None)),
    ] {
        let wanted = Output { byline: Byline::Added, ..output(content) };
        let document = select::document(&wanted, &site, vec![kept(1, full()), kept(2, Entry::default())]);
        let [only_title, whole] = &document.entries[..] else { panic!("two entries") };
        assert_eq!(whole.summary, expected.0);
        assert_eq!(whole.content.as_ref().map(|text| text.ends_with(line)), expected.1.map(|_| true));
        let text_of_title = (content != ContentMode::None).then_some(line);
        assert_eq!((only_title.summary.as_deref(), &only_title.content), (text_of_title, &None));
        assert!(!text(output_page::write(&document)).contains("From: "), "the page names it elsewhere");
    }
}

#[test]
fn an_article_is_shown_in_full_where_it_is_published() {
    let line = "<p class=\"byline\">From: The &lt;i&gt;Gazette&lt;/i&gt; &amp; Sons</p>";
    let html = "<p>The whole <b>story</b></p><img src=\"https://gazette.example/1.jpg\">";
    let long = format!("<p>{}</p>", "From the feed. ".repeat(60));
    let of = |summary: Option<&str>, content: Option<&str>| {
        let text = |html: Option<&str>| html.map(str::to_owned);
        Entry { title: Some("T".into()), summary: text(summary), content: text(content), ..Entry::default() }
    };
    let shown = |entry: Entry, html: &str, is_published, content| {
        let kept = with_article(kept(1, entry), html, is_published);
        let document = select::document(&output(content), &site(), vec![kept]);
        let written = [atom::write, rss::write, json_feed::write, output_page::write]
            .map(|write| text(write(&document)));
        (document.entries[0].clone(), written)
    };
    for byline in [Byline::Added, Byline::Omitted] {
        let output = Output { byline, ..output(ContentMode::Full) };
        let kept = with_article(kept(1, of(Some("<p>Short</p>"), Some("<p>Longer</p>"))), html, true);
        let entry = select::output_entry(&output, &site(), kept);
        assert_eq!(entry.summary.as_deref(), Some("<p>Short</p>"));
        assert_eq!(entry.content, Some(format!("{html}{line}")), "the source is named once");
        assert_eq!(entry.updated().as_second(), entry.kept.date.as_second() + 3_600);
    }
    let (entry, written) = shown(of(None, Some(&long)), html, true, ContentMode::Full);
    assert!(entry.summary.is_some_and(|html| html.starts_with("From the feed.") && html.len() < 410));
    for feed in &written[..3] {
        assert!(feed.contains("The whole") && feed.contains("gazette.example/1.jpg"), "{feed}");
    }
    for (is_published, content) in
        [(false, ContentMode::Full), (true, ContentMode::Summary), (true, ContentMode::None)]
    {
        for entry in [of(None, None), of(Some("<p>Short</p>"), None), of(None, Some(&long))] {
            let (entry, written) = shown(entry, html, is_published, content);
            assert!(written.iter().all(|feed| !feed.contains("whole") && !feed.contains("1.jpg")));
            assert_eq!(entry.updated().as_second(), entry.kept.date.as_second(), "nothing visible changed");
        }
    }
    let (entry, _) = shown(of(None, Some("<p>Longer</p>")), " ", true, ContentMode::Full);
    assert_eq!(entry.content.as_deref(), Some("<p>Longer</p>"), "an empty article replaces nothing");
}

#[test]
fn an_archive_page_links_to_its_neighbours_and_the_feed() {
    let mut page = document(ContentMode::Full);
    page.position = HistoryPosition::Archive { number: 2, next: Some(3) };
    let xml = text(atom::write(&page));
    let base = "https://feeds.example.org/sub/path/feeds/nasty";
    for (rel, address) in [
        ("self", "/archive/2.atom"),
        ("current", ".atom"),
        ("prev-archive", "/archive/1.atom"),
        ("next-archive", "/archive/3.atom"),
    ] {
        assert!(xml.contains(&format!("<link rel=\"{rel}\" href=\"{base}{address}\"")), "{rel}");
    }
    assert!(xml.contains("<fh:archive/>"));
    assert!(text(rss::write(&page)).contains("<fh:archive/>"));
    assert!(text(json_feed::write(&page)).contains("nasty/archive/1.json"));
    assert_eq!(page.id, document(ContentMode::Full).id);
}

#[test]
fn a_page_has_no_script_and_loads_nothing() {
    let page = text(output_page::write(&document(ContentMode::Full)));
    for word in ["<article", "<script", "<img", "src=", "@import", "url(", "onload", "rel=\"stylesheet"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"));
    // Files in the folders of `write_to` have no headers. Browsers know `frame-ancestors` only in the header.
    let policy = html::content_security_policy(html::READING);
    let policy = policy.strip_suffix("; frame-ancestors 'none'").unwrap();
    let meta =
        format!("<meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    assert!(page.contains(&format!("<head>{meta}")), "{page}");
    // For screen readers and keyboard users.
    for (part, count) in [
        ("<h1", 1),
        ("<main", 1),
        ("<header", 1),
        ("<html lang=\"en\"", 1),
        ("href=\"#entries\"", 1),
        ("id=\"entries\"", 1),
        ("<input type=\"text\" readonly", 1),
        ("<div class=\"entry\" role=\"article\" lang=\"", difficult_entries().len()),
        ("dir=\"auto\"><h2>", difficult_entries().len()),
        ("<time datetime=\"2023-11-14T", difficult_entries().len()),
    ] {
        assert_eq!(page.matches(part).count(), count, "{part}");
    }
    assert!(page.contains(r#"rel="alternate" type="application/atom+xml""#));
}

/// Runs the W3C feed validator at level AA.
#[test]
#[cfg_attr(
    not(feed_validator),
    ignore = "needs the feed validator: set FEEDVALIDATOR_DIR and SIFTWIRE_SHARED"
)]
fn the_validator_reports_nothing() {
    let tool = Path::new(env!("SIFTWIRE_SHARED_FOLDER")).join("tools/validate-feed");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    let mut documents = vec![];
    for mode in [ContentMode::Full, ContentMode::Summary, ContentMode::None] {
        documents.push((format!("{mode:?}"), document(mode)));
    }
    let mut empty = document(ContentMode::Full);
    empty.entries.clear();
    empty.since = Timestamp::from_second(NOON).unwrap();
    documents.push(("empty".to_owned(), empty));
    let mut archive = document(ContentMode::Full);
    archive.position = HistoryPosition::Archive { number: 2, next: None };
    documents.push(("archive".to_owned(), archive));
    let mut named = document(ContentMode::Full);
    named.name = "\u{540}\u{561}\u{575} \"&<q>".to_owned();
    named.position = HistoryPosition::Archive { number: 2, next: Some(3) };
    documents.push(("named".to_owned(), named));
    let mut podcast = document(ContentMode::Full);
    podcast.podcast = Some(Box::new(podcast_of_gazette()));
    documents.push(("podcast".to_owned(), podcast));
    let outputs = [("nasty", "War & peace <b>today</b>"), ("calm", "Calm")];
    write("outputs.opml", opml::write_outputs(&site().public_url, outputs));
    let mut report = validate(
        &tool,
        &folder.path().join("outputs.opml"),
        "https://feeds.example.org/outputs.opml",
        "text/x-opml",
    );
    for (name, document) in &documents {
        for (format, bytes) in [
            (Format::Atom, atom::write(document)),
            (Format::Rss, rss::write(document)),
            (Format::Json, json_feed::write(document)),
        ] {
            let file = format!("{name}{}", format.extension());
            write(&file, bytes);
            let path = folder.path().join(&file);
            report += &validate(&tool, &path, &document.own_address(format), format.content_type());
        }
    }
    assert_eq!(report, "");
}

/// The validator's report on one file; empty if it reports nothing.
fn validate(tool: &Path, file: &Path, address: &str, content_type: &str) -> String {
    let run = Command::new(tool)
        .args(["--level", "AA", "--strict", "--self", address, "--type", content_type])
        .arg(file)
        .output()
        .unwrap();
    // It takes each feed with an episode for a podcast that asks for its owner's e-mail address.
    let is_finding = |line: &&str| !line.contains("warning: MissingItunes") && !line.contains(": 0 errors, ");
    let report = String::from_utf8_lossy(&run.stdout);
    let findings: Vec<&str> = report.lines().filter(is_finding).collect();
    format!("{}{}", findings.join("\n"), String::from_utf8_lossy(&run.stderr))
}

/// Text with many characters that are special in the formats.
fn special_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("]]>".to_owned()),
        Just("<b>x</b>".to_owned()),
        Just("</p>".to_owned()),
        Just("&amp;".to_owned()),
        Just("&#0;".to_owned()),
        Just("<!--".to_owned()),
        Just("\u{0}\u{1b}\u{fffe}\u{85}".to_owned()),
        Just(" \r\n\t".to_owned()),
        "\\PC{0,12}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    // A failing case is printed, not written to the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_lists_the_same_entries_for_any_text(
        titles in prop::collection::vec((special_text(), special_text(), special_text()), 1..5),
    ) {
        let entries = titles.into_iter().zip(1..).map(|((title, content, other), number)| {
            let article = format!("{content}{other}");
            let kept = kept(number, Entry {
                title: Some(title),
                content: Some(content),
                categories: vec![other.clone()],
                authors: vec![Author { name: other.clone(), email: Some(other.clone()), uri: Some(other.clone()), avatar: Some(other.clone()) }],
                language: Some(other.clone()),
                comments: Some(format!("https://gazette.example/{other}")),
                enclosures: vec![Enclosure { url: format!("https://gazette.example/{other}"), media_type: Some(other), length: None, ..Enclosure::default() }],
                ..Entry::default()
            });
            if number % 2 == 0 { with_article(kept, &article, true) } else { kept }
        });
        let document = select::document(&output(ContentMode::Full), &site(), entries.collect());
        let wanted: Vec<_> = document.entries.iter().map(|shown| shown.kept.uid.clone()).collect();
        for bytes in [atom::write(&document), rss::write(&document), json_feed::write(&document)] {
            let feed = feed_rs::parser::parse(bytes.as_slice()).unwrap();
            let read: Vec<_> = feed.entries.iter().map(|entry| entry.id.clone()).collect();
            prop_assert_eq!(&read, &wanted);
        }
        for xml in [atom::write(&document), rss::write(&document)] {
            let text = String::from_utf8(xml).unwrap();
            prop_assert!(!text.contains("]]>") && text.chars().all(|c| c >= ' ' || c == '\n' || c == '\t'));
        }
        output_page::write(&document);
    }
}
