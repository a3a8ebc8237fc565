//! Three sources and two outputs through polls, edits, failures, a restart and an edited filter; one-shot commands.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

/// An RSS feed of items (number, title, text).
fn times(items: &[(&str, &str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(id, title, text)| {
            format!(
                "<item><title>{title}</title><link>https://times.example/2026/11/0{id}/story-a{id}</link>
                 <guid isPermaLink=\"true\">https://times.example/2026/11/0{id}/story-a{id}</guid>
                 <description><![CDATA[<p>{text}</p>]]></description><dc:creator>Ann Author</dc:creator>
                 <pubDate>0{id} Nov 2026 10:00:00 +0300</pubDate>
                 <enclosure url=\"https://times.example/{id}.jpg\" length=\"0\" type=\"image/jpeg\"/></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">
         <channel><title>The Times of Example</title><link>https://times.example/</link><description>News</description>
         {items}</channel></rss>"
    )
}

fn russian() -> Vec<u8> {
    let text =
        "<?xml version=\"1.0\" encoding=\"windows-1251\"?><rss version=\"2.0\"><channel><title>Вести</title>
        <link>https://vesti.example/</link><description>Новости</description>
        <item><title>Армения и соседи: что изменилось за год</title><link>https://vesti.example/1</link>
        <guid isPermaLink=\"false\">v1</guid><pubDate>Wed, 04 Nov 2026 12:00:00 +0300</pubDate>
        <description>Обзор переговоров.</description></item></channel></rss>";
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}

const ATOM: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Notes</title><id>tag:notes.example,2026:feed</id>
    <updated>2026-11-05T00:00:00Z</updated><link href=\"https://notes.example/\"/>
    <entry><title>On the Georgian coast</title><id>tag:notes.example,2026:1</id><link href=\"https://notes.example/1\"/>
    <updated>2026-11-05T00:00:00Z</updated><author><name>N. Otes</name></author>
    <content type=\"html\">&lt;p&gt;Ships &amp;amp; storms.&lt;/p&gt;</content></entry></feed>";

fn config(origin: &Origin, filter: &str) -> String {
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{}\"\nallow_private = true\n",
            origin.url(&format!("/{name}"))
        )
    };
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nper_host = 3\n
         {}{}{}[[output]]\nname = \"all\"\n[[output]]\nname = \"caucasus\"\ntitle = \"Caucasus\"\nfilter = '{filter}'\n",
        source("times"),
        source("vesti"),
        source("notes")
    )
}

/// Id to title and date, from the JSON Feed. Panics if an id occurs twice.
fn entries(daemon: &Daemon, output: &str) -> BTreeMap<String, (String, String)> {
    let feed: Value = serde_json::from_str(&daemon.get(&format!("/feeds/{output}.json")).body).expect("JSON");
    let items = feed["items"].as_array().expect("items");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let map: BTreeMap<_, _> = items
        .iter()
        .map(|item| (text(&item["id"]), (text(&item["title"]), text(&item["date_published"]))))
        .collect();
    assert_eq!(map.len(), items.len(), "an id occurs twice");
    map
}

fn titles(daemon: &Daemon, output: &str) -> Vec<String> {
    let mut titles: Vec<String> = entries(daemon, output).into_values().map(|(title, _)| title).collect();
    titles.sort();
    titles
}

/// Every format has the same entries in the same order, each with its source.
fn assert_formats_agree(daemon: &Daemon, output: &str) {
    let ids = |extension: &str| -> Vec<String> {
        let body = daemon.get(&format!("/feeds/{output}.{extension}")).body;
        let feed = feed_rs::parser::parse(body.as_bytes()).expect(extension);
        feed.entries.into_iter().map(|entry| entry.id).collect()
    };
    let atom = ids("atom");
    assert_eq!(atom, ids("rss"));
    assert_eq!(atom, ids("json"));
    let count = |text: &str, what: &str| text.matches(what).count();
    assert_eq!(count(&daemon.get(&format!("/feeds/{output}.atom")).body, "<source>"), atom.len());
    assert_eq!(count(&daemon.get(&format!("/feeds/{output}.rss")).body, "<source url="), atom.len());
}

#[test]
fn outputs_survive_edits_failures_a_restart_and_a_new_filter() {
    let origin = Origin::start();
    let (one, two) =
        (("1", "Armenia signs a deal", "Talks in Yerevan."), ("2", "Snow in Moscow", "Much of it."));
    origin.set("/times", 200, RSS, times(&[two, one]));
    origin.set("/vesti", 200, "text/xml; charset=windows-1251", russian());
    origin.set("/notes", 200, "application/atom+xml", ATOM);
    let home = Home::new(&config(&origin, "armenia OR армен*"));
    let daemon = home.start();

    let first = eventually("four entries", || Some(entries(&daemon, "all")).filter(|all| all.len() == 4));
    let caucasus = ["Armenia signs a deal", "Армения и соседи: что изменилось за год"];
    eventually("the filtered output", || (titles(&daemon, "caucasus") == caucasus).then_some(()));
    assert_formats_agree(&daemon, "all");
    assert_formats_agree(&daemon, "caucasus");
    let dates: Vec<&str> = first.values().map(|(_, date)| date.as_str()).collect();
    assert!(dates.contains(&"2026-11-01T07:00:00Z") && dates.contains(&"2026-11-05T00:00:00Z"), "{dates:?}");

    // Unchanged sources answer 304, and so does the daemon, in every format.
    eventually("a second request to each of three sources", || {
        ["/times", "/vesti", "/notes"].iter().all(|path| origin.responses(path).1 >= 1).then_some(())
    });
    assert_eq!(origin.responses("/times").0, 1, "an unchanged feed was fetched twice");
    for path in ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/all"] {
        let full = daemon.get(path);
        assert_eq!(full.status, 200);
        let condition = format!("If-None-Match: {}\r\n", full.header("etag").expect("an etag"));
        assert_eq!(daemon.request("GET", path, &condition).status, 304, "{path}");
        let since = format!("If-Modified-Since: {}\r\n", full.header("last-modified").expect("a time"));
        assert_eq!(daemon.request("GET", path, &since).status, 304, "{path}");
        assert!(daemon.request("HEAD", path, "").body.is_empty());
    }
    let before = daemon.get("/feeds/caucasus.atom");

    // One entry is new, one is edited, one source fails, one is unchanged.
    let edited = ("2", "Snow in Moscow, and in Armenia", "Very much of it.");
    let three = ("3", "Armenia's new bridge", "It stands.");
    origin.set("/notes", 500, "text/plain", "broken");
    origin.set("/times", 200, RSS, times(&[three, edited, one]));
    let second = eventually("five entries", || Some(entries(&daemon, "all")).filter(|all| all.len() == 5));
    eventually("a failed poll", || (origin.responses("/notes").0 >= 2).then_some(()));
    for (id, (title, date)) in &first {
        let (now, same_date) = &second[id];
        assert_eq!(date, same_date, "the date of {title} moved");
        assert_eq!(now == title, title != "Snow in Moscow", "{title} became {now}");
    }
    let grown =
        ["Armenia signs a deal", "Armenia's new bridge", "Snow in Moscow, and in Armenia", caucasus[1]];
    eventually("the new entries in the filtered output", || {
        (titles(&daemon, "caucasus") == grown).then_some(())
    });
    assert_ne!(daemon.get("/feeds/caucasus.atom").header("etag"), before.header("etag"));
    assert_formats_agree(&daemon, "all");

    // A restart changes no document and no validator.
    let documents = ["/feeds/all.atom", "/feeds/all.rss", "/feeds/caucasus.json"];
    let head = |daemon: &Daemon, path: &str| {
        let answer = daemon.get(path);
        (
            answer.header("etag").map(str::to_owned),
            answer.header("last-modified").map(str::to_owned),
            answer.body,
        )
    };
    let before: Vec<_> = documents.iter().map(|path| head(&daemon, path)).collect();
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    for (path, before) in documents.iter().zip(&before) {
        assert_eq!(&head(&daemon, path), before, "{path}");
    }
    assert_eq!(daemon.stop().0, Some(0));

    // An edited filter applies to stored entries, even if no source answers.
    for path in ["/times", "/vesti", "/notes"] {
        origin.set(path, 500, "text/plain", "broken");
    }
    home.configure(&config(&origin, "georgian OR bridge OR снег"));
    let daemon = home.start();
    let wanted = ["Armenia's new bridge", "On the Georgian coast"];
    eventually("the edited filter's entries", || (titles(&daemon, "caucasus") == wanted).then_some(()));
    assert_eq!(entries(&daemon, "all"), second, "another output has changed");
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn outputs_are_valid_and_empty_before_the_first_poll() {
    let origin = Origin::start();
    let home = Home::new(&config(&origin, "armenia"));
    let daemon = home.start();
    assert_eq!(entries(&daemon, "all").len(), 0);
    for extension in ["atom", "rss", "json"] {
        let answer = daemon.get(&format!("/feeds/all.{extension}"));
        assert_eq!(answer.status, 200);
        feed_rs::parser::parse(answer.body.as_bytes()).expect(extension);
    }
    assert_eq!(daemon.get("/feeds/none.atom").status, 404);
    assert_eq!(daemon.get("/healthz").status, 200);
    let page = daemon.get("/");
    assert!(page.body.contains("/feeds/caucasus") && page.body.contains("times"), "{}", page.body);
}

#[test]
fn one_shot_commands_work_without_a_daemon() {
    let origin = Origin::start();
    origin.set("/times", 200, RSS, times(&[("1", "Armenia signs a deal", "Talks.")]));
    origin.set("/vesti", 200, "text/html", "<!doctype html><html>no feed</html>");
    origin.set("/notes", 200, "application/atom+xml", ATOM);
    let home = Home::new(&config(&origin, "armenia"));
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(1), "one of three failed: {words}");
    assert!(
        words.contains("vesti: an HTML page: `siftwire add URL`")
            && words.contains("2 read, 0 not modified, 1 failed; 2 new"),
        "{words}"
    );
    let (code, _, words) = home.run(&["poll", "times", "notes"]);
    assert_eq!((code, words.contains("0 read, 2 not modified, 0 failed")), (Some(0), true), "{words}");
    let (code, document, _) = home.run(&["show", "caucasus", "--format", "rss"]);
    assert_eq!(code, Some(0));
    assert_eq!(feed_rs::parser::parse(document.as_bytes()).expect("RSS").entries.len(), 1);
    let (code, table, _) = home.run(&["status"]);
    assert!(
        code == Some(0) && table.contains("an HTML page") && table.contains("after a failure"),
        "{table}"
    );
    let (_, json, _) = home.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(status["outputs"][0]["members"], 2);
    assert_eq!(home.run(&["show", "nothing"]).0, Some(2));
    assert_eq!(home.run(&["poll", "nobody"]).0, Some(2));
    assert_eq!(home.run(&["pol"]).0, Some(2));
}

#[test]
fn an_identical_body_without_validators_counts_as_not_modified() {
    let origin = Origin::start();
    let item = ("1", "Armenia signs a deal", "Talks.");
    origin.disable_validators("/times");
    origin.set("/times", 200, RSS, times(&[item]));
    let home = Home::new(&config(&origin, "armenia"));
    let poll = || home.run(&["poll", "times"]).2;
    let words = poll();
    assert!(words.contains("1 read, 0 not modified, 0 failed; 1 new"), "{words}");
    let words = poll();
    assert!(words.contains("0 read, 1 not modified, 0 failed; 0 new"), "{words}");
    assert_eq!(origin.responses("/times"), (2, 0));
    // An unreadable document in between does not make the old one new.
    origin.set("/times", 200, "text/html", "<!doctype html><html>no feed</html>");
    poll();
    origin.set("/times", 200, RSS, times(&[item]));
    let words = poll();
    assert!(words.contains("0 read, 1 not modified, 0 failed; 0 new"), "{words}");
    origin.set("/times", 200, RSS, times(&[("2", "Armenia, again", "Talks."), item]));
    let words = poll();
    assert!(words.contains("1 read, 0 not modified, 0 failed; 1 new"), "{words}");
}

#[test]
fn a_second_daemon_on_the_same_store_is_refused() {
    let origin = Origin::start();
    let home = Home::new(&config(&origin, "armenia"));
    let _daemon = home.start();
    let (code, _, words) = home.run(&["run"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("another siftwire is running on"), "{words}");
}

#[test]
fn a_gone_source_is_polled_again_only_by_command() {
    let origin = Origin::start();
    origin.set("/times", 410, "text/plain", "gone");
    let home = Home::new(&config(&origin, "armenia"));
    assert_eq!(home.run(&["poll", "times"]).0, Some(1));
    let (_, table, _) = home.run(&["status"]);
    assert!(table.contains("gone (410)") && table.contains("never"), "{table}");
    let health = |daemon: &Daemon| -> Vec<(String, String)> {
        let body = daemon.get("/feeds/_health.atom").body;
        let feed = feed_rs::parser::parse(body.as_bytes()).expect("Atom");
        feed.entries.into_iter().map(|e| (e.id, e.title.map(|t| t.content).unwrap_or_default())).collect()
    };
    let daemon = home.start();
    let events = health(&daemon);
    assert_eq!((events.len(), events[0].1.as_str()), (1, "times is gone"));
    for path in ["/feeds/_health.rss", "/feeds/_health.json", "/feeds/_health"] {
        assert!(daemon.get(path).body.contains("times is gone"), "{path}");
    }
    // The others fail with 404 repeatedly, so the poller is running meanwhile.
    eventually("a second failure of another source", || {
        home.run(&["status", "--json"]).1.contains("\"failures\": 2").then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(origin.responses("/times").0, 1, "a gone source was polled");
    origin.set("/times", 200, RSS, times(&[("1", "Armenia signs a deal", "Talks.")]));
    assert_eq!(home.run(&["poll", "times"]).0, Some(0));
    // The first event keeps its id and is not repeated; the recovery is a new event.
    let all = health(&home.start());
    assert_eq!(
        all.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>(),
        ["The Times of Example is back", "times is gone"]
    );
    assert_eq!(all[1], events[0]);
}
