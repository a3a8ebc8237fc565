//! Archive pages (RFC 5005): a reader can follow them to the first entry, and full pages never change.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

fn feed(numbers: impl Iterator<Item = u32>, edited: u32) -> String {
    let items: String = numbers
        .map(|n| {
            let title = if n == edited { format!("Entry {n}, edited") } else { format!("Entry {n}") };
            format!(
                "<item><title>{title}</title><link>https://site.example/{n}</link><guid>https://site.example/{n}</guid>
                 <pubDate>Sun, 01 Nov 2026 10:{n:02}:00 GMT</pubDate><description>Text of {n}.</description></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Site</title><link>https://site.example/</link>{items}</channel></rss>"
    )
}

fn config(origin: &Origin) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org/news\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\nlimit = 3\n",
        origin.url("/site")
    )
}

/// Follows `prev-archive` links from the feed: paths of the pages, and all entry ids.
fn follow_archive(daemon: &Daemon, extension: &str) -> (Vec<String>, BTreeSet<String>) {
    let mut path = format!("/feeds/all.{extension}");
    let (mut pages, mut ids) = (Vec::new(), BTreeSet::new());
    loop {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let feed = feed_rs::parser::parse(answer.body.as_bytes()).expect("a feed");
        assert_eq!(answer.body.contains("<fh:archive/>"), !pages.is_empty() && extension != "json", "{path}");
        ids.extend(feed.entries.into_iter().map(|entry| entry.id));
        let before = if extension == "json" {
            let feed: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
            feed["next_url"].as_str().map(str::to_owned)
        } else {
            let link = answer.body.split("rel=\"prev-archive\" href=\"").nth(1);
            link.and_then(|rest| rest.split('"').next()).map(str::to_owned)
        };
        let Some(before) = before else { return (pages, ids) };
        path = before.strip_prefix("https://feeds.example.org/news").expect("under public_url").to_owned();
        pages.push(path.clone());
    }
}

fn titles(body: &str) -> Vec<String> {
    let feed = feed_rs::parser::parse(body.as_bytes()).expect("a feed");
    feed.entries.into_iter().filter_map(|entry| entry.title.map(|title| title.content)).collect()
}

#[test]
fn archive_pages_lead_to_every_entry_and_full_pages_never_change() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..=3, 0));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    assert_eq!(daemon.get("/feeds/all.atom").status, 200, "an empty feed before the first poll");
    eventually("three entries", || (titles(&daemon.get("/feeds/all.atom").body).len() == 3).then_some(()));
    assert_eq!(follow_archive(&daemon, "atom").0, [""; 0], "no pages while the feed has all entries");

    origin.set("/site", 200, RSS, feed(1..=7, 0));
    eventually("the seventh entry", || daemon.get("/feeds/all.atom").body.contains("Entry 7<").then_some(()));
    for extension in ["atom", "rss", "json"] {
        let (pages, ids) = follow_archive(&daemon, extension);
        let expected = [3, 2, 1].map(|page| format!("/feeds/all/archive/{page}.{extension}"));
        assert_eq!(pages, expected);
        assert_eq!(ids.len(), 7, "{ids:?}");
    }
    let first = daemon.get("/feeds/all/archive/1.atom");
    assert_eq!(titles(&first.body), ["Entry 3", "Entry 2", "Entry 1"]);
    assert_eq!(first.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let last = daemon.get("/feeds/all/archive/3.atom");
    assert_eq!(last.header("cache-control"), Some("public, max-age=300"));
    assert!(
        first.body.contains(
            "rel=\"next-archive\" href=\"https://feeds.example.org/news/feeds/all/archive/2.atom\""
        )
    );
    assert!(!last.body.contains("next-archive"));

    // An edit changes the feed, not a full page. The last page grows.
    let second = daemon.get("/feeds/all/archive/2.atom");
    origin.set("/site", 200, RSS, feed(1..=9, 2));
    eventually("the ninth entry", || daemon.get("/feeds/all.atom").body.contains("Entry 9<").then_some(()));
    let full = daemon.get("/feeds/all/archive/3.atom");
    assert_eq!(titles(&full.body), ["Entry 9", "Entry 8", "Entry 7"]);
    assert!(full.body.contains("archive/4.atom"), "a full page links to the next one, even if that is empty");
    assert_eq!(titles(&daemon.get("/feeds/all/archive/4.atom").body), [""; 0]);
    for (path, before) in [("1", &first), ("2", &second), ("3", &full)] {
        let now = daemon.get(&format!("/feeds/all/archive/{path}.atom"));
        assert_eq!(now.body, before.body, "page {path}");
    }
    assert_eq!(daemon.get("/feeds/all/archive/5.atom").status, 404);

    // Neither a restart nor a smaller limit changes a full page.
    assert_eq!(daemon.stop().0, Some(0));
    home.configure(&config(&origin).replace("limit = 3", "limit = 2"));
    let daemon = home.start();
    for (path, before) in [("1", &first), ("2", &second), ("3", &full)] {
        let now = daemon.get(&format!("/feeds/all/archive/{path}.atom"));
        assert_eq!(
            (now.body.as_str(), now.header("etag")),
            (before.body.as_str(), before.header("etag")),
            "page {path}"
        );
        assert_eq!(now.header("last-modified"), before.header("last-modified"), "page {path}");
    }
    eventually("the feed with two entries", || {
        (titles(&daemon.get("/feeds/all.atom").body).len() == 2).then_some(())
    });
    assert_eq!(follow_archive(&daemon, "atom").1.len(), 9);
}

/// Like a proxy that serves the daemon below a path and strips that path from requests.
#[test]
fn every_link_is_below_the_path_of_public_url_and_works() {
    const HOST: &str = "https://feeds.example.org";
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..=7, 0));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    eventually("the entries", || daemon.get("/feeds/all.atom").body.contains("Entry 7<").then_some(()));
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    while let Some(path) = waiting.pop() {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let without_path = answer.body.replace("href=\"/news/", "");
        assert!(!without_path.contains("href=\"/"), "{path} has a link without the path");
        let absolute = answer.body.replace("href=\"/news/", &format!("href=\"{HOST}/news/"));
        for rest in absolute.split(HOST).skip(1) {
            let own = rest.split(['"', '<', ' ', '&', '\'']).next().unwrap_or_default();
            let below = own.strip_prefix("/news").expect("below the path of public_url").to_owned();
            if seen.insert(below.clone()) {
                waiting.push(below);
            }
        }
        assert!(seen.len() < 100, "{seen:?}");
    }
    for path in [
        "/feeds/all", "/feeds/all.json", "/feeds/all.rss", "/feeds/all/archive/1.atom", "/outputs.opml",
        "/sources", "/sources/site", "/stories",
    ] {
        assert!(seen.contains(path), "no link to {path}: {seen:?}");
    }
    assert_eq!(daemon.stop().0, Some(0));
}

/// Entries older than `keep` are pruned; their full pages stay, whether or not they were served before.
#[test]
fn full_pages_keep_pruned_entries() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..=7, 0));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    eventually("the entries", || daemon.get("/feeds/all.atom").body.contains("Entry 7<").then_some(()));
    let all = follow_archive(&daemon, "atom").1;
    assert_eq!(all.len(), 7);
    let whole = |daemon: &Daemon, path: &str| {
        let answer = daemon.get(path);
        let header = |name| answer.header(name).map(str::to_owned);
        (answer.status, header("etag"), header("last-modified"), header("cache-control"), answer.body)
    };
    let first = whole(&daemon, "/feeds/all/archive/1.atom");
    // Now the feed has three other entries. The second page is full and was not served since.
    origin.set("/site", 200, RSS, feed(8..=10, 0));
    eventually("the tenth entry", || daemon.get("/feeds/all.atom").body.contains("Entry 10<").then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    let store = rusqlite::Connection::open(home.store()).expect("the store");
    let count = || store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0));
    assert_eq!(count(), Ok(10));
    let delete_page = "DELETE FROM stored_page WHERE page = 2";
    store.execute(delete_page, []).expect("the stored page is deleted");

    home.configure(&config(&origin).replace("[poll]", "[store]\nkeep = \"1s\"\n[poll]"));
    let daemon = home.start();
    eventually("the pruning", || (count() == Ok(3)).then_some(()));
    assert_eq!(whole(&daemon, "/feeds/all/archive/1.atom"), first);
    let page = daemon.get("/feeds/all/archive/2.atom");
    assert_eq!(titles(&page.body), ["Entry 6", "Entry 5", "Entry 4"]);
    for extension in ["atom", "rss", "json"] {
        let (pages, ids) = follow_archive(&daemon, extension);
        assert_eq!(pages.len(), 4, "{extension}: {pages:?}");
        assert!(ids.is_superset(&all), "{extension}: {ids:?}");
    }

    // Old pages link to a new public_url, too.
    assert_eq!(daemon.stop().0, Some(0));
    home.configure(&config(&origin).replace("feeds.example.org/news", "other.example/a&b"));
    let daemon = home.start();
    for (extension, own, before) in [
        (
            "atom",
            "https://other.example/a&#x26;b/feeds/all/archive/2.atom",
            "https://other.example/a&#x26;b/feeds/all/archive/1.atom",
        ),
        (
            "json",
            "https://other.example/a&b/feeds/all/archive/2.json",
            "https://other.example/a&b/feeds/all/archive/1.json",
        ),
    ] {
        let page = daemon.get(&format!("/feeds/all/archive/2.{extension}")).body;
        assert!(page.contains(own) && page.contains(before) && !page.contains("feeds.example.org"), "{page}");
        assert_eq!(titles(&page), ["Entry 6", "Entry 5", "Entry 4"]);
    }
    assert_eq!(daemon.stop().0, Some(0));
}

/// A pruned entry does not come back, and `explain` knows it; a later one under its id and link is another entry.
#[test]
fn a_key_of_a_pruned_entry_is_used_again() {
    let origin = Origin::start();
    let alert = |title: &str, date: Timestamp| {
        let item = json!({ "id": "https://site.example/alert", "url": "https://site.example/alert", "title": title,
                           "content_text": title, "date_published": date.to_string() });
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Alerts", "items": [item] })
            .to_string()
    };
    let set = |document: String| origin.set("/site", 200, "application/feed+json", document);
    let first = Timestamp::now() - SignedDuration::from_hours(1);
    set(alert("First", first));
    let home = Home::new(&config(&origin).replace("[poll]", "[store]\nkeep = \"1s\"\n[poll]"));
    let poll = || assert_eq!(home.run(&["poll"]).0, Some(0));
    poll();
    set(json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Alerts", "items": [] }).to_string());
    poll();
    let store = rusqlite::Connection::open(home.store()).expect("the store");
    let count = || store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0));
    assert_eq!(count(), Ok(1));
    store.execute("UPDATE entry SET first_seen = first_seen - 10000", []).expect("an older entry");
    let daemon = home.start();
    eventually("the pruning", || (count() == Ok(0)).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    let id: String = store.query_row("SELECT key FROM key LIMIT 1", [], |row| row.get(0)).expect("a key");
    assert!(id.ends_with("site.example/alert"), "{id}");

    set(alert("First", first));
    poll();
    assert_eq!(count(), Ok(0), "it was stored and pruned");
    let (code, _, message) = home.run(&["explain", "https://site.example/alert"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("any more: it was older than `keep`"), "{message}");
    set(alert("Second", Timestamp::now()));
    poll();
    poll();
    assert_eq!(count(), Ok(1));
    let uid: String = store.query_row("SELECT uid FROM entry", [], |row| row.get(0)).expect("an id");
    assert_ne!(uid, "https://site.example/alert", "readers know that id");
}
