//! Which entries of two or more documents are one entry: each row is a short history of a feed, and the titles that the
//! store has at its end. The rules are in `src/ingest/matching.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a test is its own daemon: it runs the store's threads")]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use siftwire::feed;
use siftwire::ingest::diff::{self, StoredEntries};
use siftwire::ingest::identity;
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, InFeed, Options, Poll, PollResult, Store, open};
use url::Url;

/// guid, link, title, date; an empty text is an absent element. A link without a scheme is a path of the site. What
/// follows a bar in the title is the text.
type Item = (&'static str, &'static str, &'static str, &'static str);

/// Dates of one morning, and of the days after it.
const D1: &str = "Mon, 02 Nov 2026 08:30:12 GMT";
const D2: &str = "Mon, 02 Nov 2026 11:05:47 GMT";
const D3: &str = "Tue, 03 Nov 2026 09:15:31 GMT";
const DAY: &str = "2026-11-02";

struct Row {
    name: &'static str,
    polls: &'static [&'static [Item]],
    stored: &'static [&'static str],
}

const fn row(name: &'static str, polls: &'static [&'static [Item]], stored: &'static [&'static str]) -> Row {
    Row { name, polls, stored }
}

const EDGAR: &str = "https://www.sec.example/Archives/edgar/data";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // id same, link same: an edit.
    row("nothing changed", &[&[("1", "/a", "A", D1)], &[("1", "/a", "A", D1)]], &["A"]),
    row("a corrected title", &[&[("1", "/a", "A", D1)], &[("1", "/a", "A, corrected", D1)]], &["A, corrected"]),
    row("a new date", &[&[("1", "/a", "A", D1)], &[("1", "/a", "A", D2)]], &["A"]),
    row("a corrected title and a new date", &[&[("1", "/a", "A", D1)], &[("1", "/a", "B", D2)]], &["B"]),
    row("https and www", &[&[("1", "http://site.example/a", "A", D1)], &[("1", "https://www.site.example/a", "B", D2)]], &["B"]),
    row("tracking parameters", &[&[("1", "/a?utm_source=rss", "A", D1)], &[("1", "/a?utm_source=mail", "B", D2)]], &["B"]),
    // id same, link new.
    row("it moved", &[&[("1", "/a", "A", D1)], &[("1", "/b", "A", D2)]], &["A"]),
    row("a corrected slug and title", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D1)]], &["B"]),
    row("a site that restarts its ids", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)]], &["A", "B"]),
    row("restarted ids with older dates", &[&[("1", "/a", "A", D2)], &[("1", "/b", "B", D1)]], &["A", "B"]),
    row("restarted ids without dates", &[&[("1", "/a", "A", "")], &[("1", "/b", "B", "")]], &["A", "B"]),
    row("a reused id stays apart", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)], &[("1", "/b", "B", D2)]], &["A", "B"]),
    row("an edit after a reused id", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)], &[("1", "/b", "B2", D2)]], &["A", "B2"]),
    row("a reused id once more", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)], &[("1", "/c", "C", D3)]], &["A", "B", "C"]),
    row("a move after a reused id", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)], &[("1", "/c", "B", D2)]], &["A", "B"]),
    row("both entries listed again", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2)], &[("1", "/b", "B", D2), ("1", "/a", "A", D1)]], &["A", "B"]),
    // id same, no link.
    row("an id alone, a new title", &[&[("1", "", "A", D1)], &[("1", "", "B", D1)]], &["B"]),
    row("an id alone, a new date", &[&[("1", "", "A", D1)], &[("1", "", "A", D2)]], &["A"]),
    row("an id alone, a longer title", &[&[("1", "", "Storm warning", "")], &[("1", "", "Storm warning extended", "")]], &["Storm warning extended"]),
    row("an id alone, another title", &[&[("1", "", "Storm warning", "")], &[("1", "", "Flood warning", "")]], &["Storm warning", "Flood warning"]),
    row("one alert after the other", &[&[("alert", "", "A", D1)], &[("alert", "", "B", D2)], &[("alert", "", "C", D3)]], &["A", "B", "C"]),
    row("two alerts with one headline", &[&[("alert", "", "A", D1)], &[("alert", "", "B", D2)], &[("alert", "", "A", D3)]], &["A", "B", "A"]),
    row("alerts that link home", &[&[("alert", "/", "A", D1)], &[("alert", "/", "B", D2)]], &["A", "B"]),
    row("alerts with the home page as id", &[&[("https://site.example/", "/", "A", D1)], &[("https://site.example/", "/", "B", D2)]], &["A", "B"]),
    row("alerts that name the feed's site", &[&[("", "/news/", "A", D1)], &[("", "/news/", "B", D2)]], &["A", "B"]),
    row("an alert that is listed again", &[&[("alert", "/", "A", D1)], &[("alert", "/", "B", D2)], &[("alert", "/", "B", D2)]], &["A", "B"]),
    // Positional ids: each poll gives the first id to the newest entry.
    row("positional ids", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2), ("2", "/a", "A", D1)]], &["A", "B"]),
    row("positional ids, three", &[&[("1", "/b", "B", D2), ("2", "/a", "A", D1)], &[("1", "/c", "C", D3), ("2", "/b", "B", D2), ("3", "/a", "A", D1)]], &["A", "B", "C"]),
    row("positional ids and an edit", &[&[("1", "/a", "A", D1)], &[("1", "/b", "B", D2), ("2", "/a", "A2", D1)]], &["A2", "B"]),
    // id new, link same.
    row("a new id", &[&[("1", "/a", "A", D1)], &[("2", "/a", "A", D1)]], &["A"]),
    row("a new id and date", &[&[("1", "/a", "A", D1)], &[("2", "/a", "A", D2)]], &["A"]),
    row("a new id and title", &[&[("1", "/a", "A", D1)], &[("2", "/a", "B", D1)]], &["B"]),
    row("ids that appear", &[&[("", "/a", "A", D1)], &[("1", "/a", "A", D1)]], &["A"]),
    row("ids that go", &[&[("1", "/a", "A", D1)], &[("", "/a", "A", D1)]], &["A"]),
    row("a page that shows another thing", &[&[("1", "/show", "A", D1)], &[("2", "/show", "B", D2)]], &["A", "B"]),
    row("a page that shows many things", &[&[("1", "/show", "A", D1)], &[("2", "/show", "B", D2)], &[("3", "/show", "C", D3), ("2", "/show", "B", D2)]], &["A", "B", "C"]),
    row("a page that shows another thing, without dates", &[&[("1", "/show", "A", "")], &[("2", "/show", "B", "")]], &["A", "B"]),
    row("a new id and a longer title, without dates", &[&[("1", "/a", "Storm warning", "")], &[("2", "/a", "Storm warning extended", "")]], &["Storm warning extended"]),
    row("a session in the query", &[&[("", "/a?PHPSESSID=1a2b", "A", D1)], &[("", "/a?PHPSESSID=3c4d", "A2", D1)]], &["A2"]),
    row("a session in the path", &[&[("", "/a;jsessionid=1A2B.node1?id=7", "A", D1)], &[("", "/a;jsessionid=3C4D.node2?id=7", "A2", D1)]], &["A2"]),
    row("a session with a common name", &[&[("", "/t?p=7&s=0123456789abcdef0123456789abcdef", "A", D1)], &[("", "/t?p=7&s=fedcba9876543210fedcba9876543210", "A2", D1)]], &["A2"]),
    row("a story number with a session's name", &[&[("", "/article.php?sid=1204", "A", D1)], &[("", "/article.php?sid=1205", "B", D2)]], &["A", "B"]),
    row("a status page with one headline and three texts in a document", &[&[("", "/status", "A", D3), ("", "/status", "A", D2), ("", "/status", "A", D1)]], &["A"]),
    row("years in slugs of one morning", &[&[("1", "/results/2026-boston", "Boston", D1)], &[("2", "/results/2026-berlin", "Berlin", D1)]], &["Boston", "Berlin"]),
    row("short titles of symbols", &[&[("1", "/a", "C++", D1)], &[("1", "/b", "C#", D2)]], &["C++", "C#"]),
    row("no ids, a corrected title", &[&[("", "/a", "A", D1)], &[("", "/a", "B", D2)]], &["B"]),
    // A date without a time says nothing.
    row("restarted ids on one day", &[&[("1", "/a", "A", DAY)], &[("1", "/b", "B", DAY)]], &["A", "B"]),
    row("a page that shows another thing on one day", &[&[("1", "/show", "A", DAY)], &[("2", "/show", "B", DAY)]], &["A", "B"]),
    row("a moved entry with a day", &[&[("1", "/a", "A", DAY)], &[("1", "/b", "A", DAY)]], &["A"]),
    // Fragments and escapes.
    row("an id that numbers the revisions of its page", &[&[("https://site.example/a#0", "/a?at_medium=RSS", "Storm", D1)], &[("https://site.example/a#1", "/a?at_medium=RSS", "Two dead", D2)], &[("https://site.example/a#2", "/a?at_medium=RSS", "Three dead", D3)]], &["Three dead"]),
    row("ids of releases on one page", &[&[("https://site.example/log#1", "/log#1", "One", D1)], &[("https://site.example/log#2", "/log#2", "Two", D2)]], &["One", "Two"]),
    row("comments on one page", &[&[("", "/post#c1", "By Ann", D1)], &[("", "/post#c2", "By Ann", D2)]], &["By Ann", "By Ann"]),
    row("pages built by scripts", &[&[("", "/#/one", "A", D1)], &[("", "/#/two", "A", D2)]], &["A", "A"]),
    row("a fragment for tracking", &[&[("", "/a#utm_source=rss", "A", D1)], &[("", "/a#comments", "A2", D1)]], &["A2"]),
    row("an address with other escapes", &[&[("", "/caf%c3%a9", "A", D1)], &[("", "/caf\u{e9}", "A2", D1)]], &["A2"]),
    // Both new.
    row("another entry", &[&[("1", "/a", "A", D1)], &[("2", "/b", "B", D2)]], &["A", "B"]),
    row("another entry with the same title", &[&[("1", "/a", "A", D1)], &[("2", "/b", "A", D2)]], &["A", "A"]),
    row("a new id and address, and the old one is gone", &[&[("1", "/a", "A", D1)], &[("2", "/b", "A", D1)]], &["A"]),
    row("a new id and address beside the old one", &[&[("1", "/a", "A", D1)], &[("2", "/b", "A", D1), ("1", "/a", "A", D1)]], &["A", "A"]),
    row("a slug behind a number", &[&[("", "/2026/11/80417-old-words.html", "A", D1)], &[("", "/2026/11/80417-new-words.html", "B", D1)]], &["B"]),
    row("a slug before a number", &[&[("", "/2026/11/old-words-80417", "A", D1)], &[("", "/2026/11/new-words-80417", "B", D1)]], &["B"]),
    row("a slug in the folder of a number", &[&[("1", "/en/ships-leave-the-harbour/a-71472530", "Ships leave", D1)], &[("2", "/en/last-ships-have-left/a-71472530", "The last have left", D1)]], &["The last have left"]),
    row("two pages of a folder with a name", &[&[("1", "/town-of-the-east/a-71472530", "A", D1)], &[("2", "/town-of-the-east/a-71472531", "B", D1)]], &["A", "B"]),
    row("a slug, a title and a date", &[&[("1", "/11/apricots-cheaper-48151623.html", "Apricots are cheaper this week", D2)], &[("2", "/11/apricots-dearer-48151623.html", "Apricots are dearer this week", D1)]], &["Apricots are dearer this week"]),
    row("a year in a slug", &[&[("1", "/2026-horoscope-monday", "Horoscope for Monday", D1)], &[("2", "/2026-horoscope-tuesday", "Horoscope for Tuesday", D2)]], &["Horoscope for Monday", "Horoscope for Tuesday"]),
    row("a day in a slug", &[&[("1", "/20261102-weather", "Weather on Monday", D1)], &[("2", "/20261103-weather", "Weather on Tuesday", D3)]], &["Weather on Monday", "Weather on Tuesday"]),
    row("a slug beside the old one", &[&[("1", "/11/a-48151623", "A and B", D1)], &[("2", "/11/b-48151623", "A and B now", D2), ("1", "/11/a-48151623", "A and B", D1)]], &["A and B", "A and B now"]),
    row("titles alone", &[&[("", "", "A", D1)], &[("", "", "B", D2), ("", "", "A", D1)]], &["A", "B"]),
    row("a title on another day", &[&[("", "", "A", D1)], &[("", "", "A", D2)]], &["A", "A"]),
    // Numbers in addresses name nothing.
    row("filings of two companies", &[&[("a", "EDGAR/320193/000032019325000056/0000320193-25-000056-index.htm", "Apple", D1)], &[("b", "EDGAR/50863/000005086325000056/0000050863-25-000056-index.htm", "Intel", D2)]], &["Apple", "Intel"]),
    row("pages of one podcast host", &[&[("a", "/user-375923363/one", "One", D1)], &[("b", "/user-375923363/two", "Two", D2)]], &["One", "Two"]),
    row("posts of a thread", &[&[("", "/t/x/128104/3", "Third", D1)], &[("", "/t/x/128104/4", "Fourth", D2)]], &["Third", "Fourth"]),
    row("a film and a report of one number", &[&[("", "/video/204518", "Film", D1)], &[("", "/news/204518", "Report", D2)]], &["Film", "Report"]),
    row("dockets of one number", &[&[("", "/docket/cv-123456/x", "One", D1)], &[("", "/docket/cr-123456/x", "Two", D2)]], &["One", "Two"]),
    row("DOIs of two journals", &[&[("", "/doi/10.1000/jone.2026.123456", "One", D1)], &[("", "/doi/10.1000/jtwo.2026.123456", "Two", D2)]], &["One", "Two"]),
    // Two items that name one stored entry: the one that agrees in more has it.
    row("a moved item beside another at its address", &[&[("1", "/a", "A", D1)], &[("1", "/b", "A", D1), ("", "/a", "B", D2)], &[("1", "/b", "A", D1), ("", "/a", "B", D2)], &[("", "/a", "B", D2), ("1", "/b", "A", D1)]], &["A", "B"]),
    row("an edited item beside another at its address", &[&[("1", "/a", "A", D1)], &[("1", "/a", "A2", D1), ("2", "/a", "B", D2)], &[("2", "/a", "B", D2), ("1", "/a", "A2", D1)]], &["A2", "B"]),
    row("microseconds are no other date", &[&[("1", "/a", "A", "2026-11-02T08:30:12.123456Z")], &[("1", "/b", "B", "2026-11-02T08:30:12.123456Z")]], &["B"]),
    // Within one document.
    row("an item listed twice", &[&[("1", "/a", "A", D1), ("1", "/a", "A", D1)]], &["A"]),
    row("one id for different items", &[&[("1", "/a", "A", D2), ("1", "/b", "B", D1)]], &["B", "A"]),
    row("one id and headline, two dates and addresses", &[&[("1", "/a", "A", D2), ("1", "/b", "A", D1)]], &["A", "A"]),
    row("one id, headline and date, two addresses", &[&[("1", "/a", "A", D1), ("1", "/b", "A", D1)]], &["A"]),
    row("warnings that only their texts tell apart", &[&[("", "/", "W|one", D1), ("", "/", "W|two", D1)], &[("", "/", "W|two", D1), ("", "/", "W|one", D1)]], &["W", "W"]),
    row("a second warning under the headline of the first", &[&[("", "", "W|one", "")], &[("", "", "W|two", ""), ("", "", "W|one", "")]], &["W", "W"]),
    row("one warning listed twice", &[&[("", "/", "W|one", D1), ("", "/", "W|one", D1)]], &["W"]),
    row("states of a page under one headline", &[&[("", "/status", "W|one", D1), ("", "/status", "W|two", D1)]], &["W", "W"]),
    row("one id at two pages, without dates", &[&[("0", "/a", "W|one", ""), ("0", "/b", "W|two", "")]], &["W", "W"]),
    row("an item of two sections", &[&[("1", "/a", "A", D1), ("2", "/a", "A", D1)]], &["A"]),
    row("one address for different items", &[&[("1", "/a", "A", D2), ("2", "/a", "B", D1)]], &["B", "A"]),
];

#[tokio::test]
async fn entries_are_told_apart() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let found = stored_titles(row.polls).await;
        if found != row.stored {
            wrong.push(format!("{}: {found:?} instead of {:?}", row.name, row.stored));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}

/// Polls a source once for each document, and returns the titles of all stored entries in the order of their numbers.
async fn stored_titles(polls: &[&[Item]]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        location: siftwire::store::StoreLocation::File(folder.path().join("s.db")),
        keep: Duration::from_secs(365 * 86_400),
    };
    let (store, threads) = open(&options).unwrap();
    threads.0.into_iter().for_each(|worker| drop(std::thread::spawn(worker.run)));
    let source = ConfiguredSource {
        is_named: true,
        name: "s".into(),
        url: "https://site.example/feed".parse().unwrap(),
        publish_url: UrlParts::Path,
        host: "site.example".into(),
        title: None,
        language: None,
        articles: siftwire::source::ArticleSettings::default(),
    };
    let source = store.sync_sources(vec![source]).await.unwrap()[0].id;
    let mut distrusted = BTreeSet::new();
    for (hour, items) in (0..).zip(polls) {
        let now: Timestamp = "2026-11-03T12:00:00Z".parse().unwrap();
        let now = now + jiff::SignedDuration::from_hours(hour);
        let url = Url::parse("https://site.example/feed").unwrap();
        let hints = feed::Hints { content_type: None, url: Some(&url), now };
        let document = feed::read(document(items).as_bytes(), &hints).unwrap();
        let (keyed, _) = identity::assign_keys(document.entries, &mut distrusted);
        let keys = keyed.iter().flat_map(identity::all_keys).cloned().collect();
        let known = store.known_entries(source, keys).await.unwrap();
        let named = identity::named_entries(&keyed, &known);
        let left_feed = store.entries_no_longer_in_feed(source, named).await.unwrap();
        let stored = StoredEntries { known: &known, left_feed: &left_feed };
        let diff = diff::compare(keyed, stored, "https://site.example/feed", now);
        diff.reused.iter().for_each(|key| drop(identity::distrust(key, &mut distrusted)));
        let state = SourceState { last_success: Some(now), ..SourceState::default() };
        let in_feed = Some(InFeed::Complete(diff.in_feed));
        store
            .commit(Poll {
                source,
                claim: None,
                result: PollResult::Read,
                state,
                changes: diff.changes,
                health: Vec::new(),
                in_feed,
            })
            .await
            .unwrap();
    }
    titles(&store).await
}

async fn titles(store: &Store) -> Vec<String> {
    let mut entries = store.entries_after(0, 99).await.unwrap();
    entries.sort_by_key(|candidate| candidate.entry.number);
    let ids: BTreeSet<_> = entries.iter().map(|candidate| &candidate.entry.uid).collect();
    assert_eq!(ids.len(), entries.len(), "each entry has an id of its own");
    entries.into_iter().map(|candidate| candidate.entry.entry.title.unwrap_or_default()).collect()
}

fn document(items: &[Item]) -> String {
    let element = |name: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{name}>{text}</{name}>"),
    };
    let items: String = items
        .iter()
        .map(|(guid, link, title, date)| {
            let link = match link.strip_prefix('/') {
                Some(path) => format!("https://site.example/{path}"),
                None => link.replace("EDGAR", EDGAR),
            };
            let guid = match *guid {
                "" => String::new(),
                guid => format!("<guid isPermaLink=\"false\">{guid}</guid>"),
            };
            let (title, text) = title.split_once('|').unwrap_or((title, title));
            let elements =
                [element("title", title), element("link", &link), element("pubDate", date)].concat();
            format!("<item>{guid}{elements}<description>Text of {text}</description></item>")
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>F</title><link>https://site.example/news/</link>{items}</channel></rss>"
    )
}
