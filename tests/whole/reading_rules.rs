//! A store whose entries were read by other rules: what these change is no news of the publisher.

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::Home;

const RSS: &str = "application/rss+xml";

fn document(text: &str) -> String {
    let items: String = (1..4)
        .map(|n| {
            format!(
                "<item><title>Entry {n}</title><guid>{n}</guid><description>{text} {n}</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

/// Of each entry its text, and how often it was shown as updated.
fn entries(home: &Home) -> Vec<(String, u32)> {
    let store = Connection::open(home.store()).expect("a store");
    let mut rows = store.prepare("SELECT summary, edits FROM entry ORDER BY summary").expect("a table");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("they are read")
}

#[test]
fn entries_read_by_other_rules_are_neither_new_nor_updated() {
    let origin = Origin::start();
    let home = Home::new(&format!(
        "[[source]]\nname = \"a\"\nurl = \"{}\"\nallow_private = true\n",
        origin.url("/a")
    ));
    let poll = |text: &str| {
        origin.set("/a", 200, RSS, document(text));
        let (code, output, errors) = home.run(&["poll", "a"]);
        assert_eq!(code, Some(0), "{output}{errors}");
        entries(&home)
    };
    let all = |text: &str, edits| (1..4).map(|n| (format!("{text} {n}"), edits)).collect::<Vec<_>>();
    assert_eq!(poll("First"), all("First", 0));
    // As a store of an older release has it, which read these texts otherwise.
    Connection::open(home.store())
        .and_then(|store| store.execute("UPDATE source SET state = json_remove(state, '$.reading')", []))
        .expect("it is changed");
    assert_eq!(poll("Second"), all("Second", 0));
    assert_eq!(poll("Third"), all("Third", 1));
}

/// Documents of every format, whose entries are known by id, by address, by title and date, or by their text alone.
const DOCUMENTS: [(&str, &str, &str); 5] = [
    (
        "/rss",
        RSS,
        "<rss version='2.0'><channel><title>R</title>\
      <item><title>a &amp;lt; b</title><guid isPermaLink='false'>1</guid><link>/1</link><description>Text &amp;lt;p&amp;gt; 1</description></item>\
      <item><title>Two</title><link>https://example.org/2</link><pubDate>۱۸ اردیبهشت ۱۴۰۳</pubDate></item>\
      <item><title>Three</title><guid isPermaLink='false'>3</guid><description>Text 3</description></item>\
      <item><title>Four</title><pubDate>Tue, 07 May 2024 10:30:00 GMT</pubDate><description>Text 4</description></item>\
      <item><description>std::map&amp;lt;int&amp;gt; 5</description></item></channel></rss>",
    ),
    (
        "/rdf",
        "application/rdf+xml",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
      <channel><title>D</title></channel><item rdf:about='https://example.org/d1'><title>One</title>\
      <link>https://example.org/d1</link><description>Text</description></item></rdf:RDF>",
    ),
    (
        "/atom",
        "application/atom+xml",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title>\
      <entry><id>urn:x:1</id><title>p&amp;lt;q</title><link href='https://example.org/a1'/><updated>2024-05-07T10:30:00Z</updated>\
      <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x<script/><p>y</p></div></content></entry></feed>",
    ),
    (
        "/double",
        RSS,
        "<rss version='2.0'><channel><title>M</title><item><guid isPermaLink='false'>m</guid><link>https://example.org/m</link>\
      <title>Itâ€™s</title><description>La informaciÃ³n llegÃ³</description></item></channel></rss>",
    ),
    (
        "/json",
        "application/feed+json",
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [
      {"id": "j", "url": "https://example.org/j", "title": "<b> in J", "content_text": "one\ntwo"}]}"#,
    ),
];

/// Of each entry its number, title, summary and content, when its text last changed, and how often.
fn rows(store: &Connection) -> Vec<String> {
    let fields = "number, title, summary, content, changed, edits";
    let sql = format!("SELECT json_array({fields}) FROM entry ORDER BY number");
    let mut rows = store.prepare(&sql).expect("a table");
    let rows = rows.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("they are read")
}

#[test]
fn documents_that_an_older_reader_has_read_bring_nothing_again() {
    let origin = Origin::start();
    let sources = DOCUMENTS.map(|(path, content_type, body)| {
        origin.set(path, 200, content_type, body);
        let (name, url) = (&path[1..], origin.url(path));
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    });
    let home = Home::new(&sources.concat());
    let poll = || {
        let names = DOCUMENTS.map(|(path, ..)| &path[1..]);
        let (code, output, errors) = home.run(&[&["poll"][..], &names].concat());
        assert_eq!(code, Some(0), "{output}{errors}");
        Connection::open(home.store()).expect("a store")
    };
    let store = poll();
    let first = rows(&store);
    assert_eq!(first.len(), 9);
    // As an older reader would have left them: other texts, no date that it could not read, hashes of what it read.
    store
        .execute_batch(
            "UPDATE entry SET summary = 'older ' || summary, content = 'older ' || content,
                 fingerprint = zeroblob(length(fingerprint)), content_hash = zeroblob(length(content_hash));
             UPDATE entry SET title = 'older ' || title, published = NULL WHERE link IS NOT NULL;
             UPDATE source SET state = json_remove(state, '$.reading', '$.body_hash', '$.validators');",
        )
        .expect("it is changed");
    assert_ne!(rows(&store), first);
    drop(store);
    assert_eq!(rows(&poll()), first);
}

/// Documents whose entries have no id, and addresses that are escaped twice.
const ESCAPED_TWICE: [(&str, &str, &str); 3] = [
    (
        "/rss",
        RSS,
        "<rss version='2.0'><channel><title>R</title><link>https://example.org/</link>\
      <item><title>One</title><link>/p?a=1&amp;amp;b=1</link></item>\
      <item><title>Two</title><link><![CDATA[https://example.org/p?a=1&amp;b=2]]></link><description>Text</description></item>\
      <item><link>https://example.org/p?a=1&amp;amp;b=3</link><description>Text 3</description></item></channel></rss>",
    ),
    (
        "/atom",
        "application/atom+xml",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title>\
      <entry><title>One</title><link href='https://example.org/a?a=1&amp;amp;b=1'/><updated>2024-05-07T10:30:00Z</updated></entry>\
      <entry><title>Two</title><link href='https://example.org/a?a=1&amp;amp;b=2'/></entry></feed>",
    ),
    (
        "/json",
        "application/feed+json",
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [
      {"url": "https://example.org/j?a=1&amp;b=1", "title": "One"},
      {"url": "https://example.org/j?a=1&amp;b=2", "title": "Two"}]}"#,
    ),
];

#[test]
fn entries_known_by_addresses_that_are_escaped_twice_do_not_come_again() {
    let origin = Origin::start();
    let sources = ESCAPED_TWICE.map(|(path, content_type, body)| {
        origin.set(path, 200, content_type, body);
        let (name, url) = (&path[1..], origin.url(path));
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    });
    let home = Home::new(&sources.concat());
    let poll = || {
        let (code, output, errors) = home.run(&["poll", "rss", "atom", "json"]);
        assert_eq!(code, Some(0), "{output}{errors}");
        Connection::open(home.store()).expect("a store")
    };
    let links = |store: &Connection| -> Vec<String> {
        let mut links = store.prepare("SELECT link FROM entry ORDER BY number").expect("a table");
        let links = links.query_map([], |row| row.get(0)).expect("rows");
        links.collect::<Result<_, _>>().expect("they are read")
    };
    let store = poll();
    let (first, read) = (rows(&store), links(&store));
    assert_eq!(first.len(), 7);
    assert!(read.iter().all(|link| link.contains("?a=1&b=")), "{read:?}");
    // As an older reader would have left them.
    store
        .execute_batch(
            "UPDATE OR REPLACE key SET key = replace(replace(key, '&amp;', '&'), '&', '&amp;');
             UPDATE entry SET link = replace(link, '&', '&amp;'), fingerprint = zeroblob(length(fingerprint));
             UPDATE source SET state = json_remove(state, '$.reading', '$.body_hash', '$.validators');",
        )
        .expect("it is changed");
    drop(store);
    let store = poll();
    assert_eq!((rows(&store), links(&store)), (first, read));
}
