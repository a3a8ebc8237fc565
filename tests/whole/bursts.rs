//! Feeds that publish more between two polls than they hold: the next poll comes sooner, and the operator is told.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use crate::origin::Origin;
use crate::program::{Home, eventually};

const RSS: &str = "application/rss+xml";

/// A feed of these entries, with ids and addresses of these kinds.
fn feed(entries: Range<usize>, ids: &str, pages: &str) -> String {
    let items: String = entries
        .rev()
        .map(|n| {
            format!(
                "<item><title>Entry {n}</title><guid isPermaLink=\"false\">{ids}{n}</guid>
                 <link>https://site.example/{pages}/{n}</link><description>Words of entry {n}</description>
                 <pubDate>Mon, 02 Nov 2026 10:{n:02}:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

fn news(entries: Range<usize>) -> String {
    feed(entries, "id-", "news")
}

/// A source: its name, its documents at three polls with their status, and whether entries may have been missed at the
/// second and third one.
type Case = (&'static str, [(u16, String); 3], [bool; 2]);

fn cases() -> Vec<Case> {
    let ok = |body| (200, body);
    let cut_off = |body: String| body[..body.len() - 60].to_owned();
    vec![
        ("burst", [ok(news(0..5)), ok(news(20..25)), ok(news(40..45))], [true, true]),
        ("two", [ok(news(0..2)), ok(news(20..22)), ok(news(21..23))], [true, false]),
        ("overlap", [ok(news(0..5)), ok(news(4..9)), ok(news(8..13))], [false, false]),
        ("unchanged", [ok(news(0..5)), ok(news(0..5)), ok(news(20..25))], [false, true]),
        ("first", [(500, String::new()), ok(news(0..5)), ok(news(0..6))], [false, false]),
        ("outage", [ok(news(0..5)), (500, String::new()), ok(news(20..25))], [false, true]),
        (
            "new-ids",
            [ok(news(0..5)), ok(feed(0..5, "other-", "news")), ok(feed(0..5, "third-", "news"))],
            [false; 2],
        ),
        (
            "moved",
            [ok(news(0..5)), ok(feed(0..5, "id-", "moved")), ok(feed(0..5, "new-", "again"))],
            [false; 2],
        ),
        ("empty", [ok(news(0..0)), ok(news(0..5)), ok(news(0..0))], [false; 2]),
        ("was-empty", [ok(news(0..5)), ok(news(0..0)), ok(news(20..25))], [false; 2]),
        ("cut-off", [ok(news(0..5)), ok(cut_off(news(20..26))), ok(news(4..9))], [false; 2]),
        ("delta", [ok(news(0..5)), (226, news(20..25)), (226, news(40..45))], [false; 2]),
        ("latest", [ok(news(0..1)), ok(news(1..2)), ok(news(1..2))], [false; 2]),
        ("alerts", [ok(news(0..1)), ok(news(1..2)), ok(news(2..3))], [false, true]),
    ]
}

/// A field of a source in `siftwire status`.
fn status(home: &Home, name: &str) -> Value {
    let status: Value = serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON");
    let sources = status["sources"].as_array().expect("sources");
    sources.iter().find(|source| source["name"] == name).expect("it is there").clone()
}

#[test]
fn a_feed_that_holds_too_few_entries_is_polled_sooner_and_reported() {
    let origin = Origin::start();
    let cases = cases();
    let sources: String = cases
        .iter()
        .map(|(name, ..)| {
            let url = origin.url(&format!("/{name}"));
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        })
        .collect();
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nper_host = 20\n{sources}[[output]]\nname = \"all\"\n"
    ));
    for poll in 0..3 {
        for (name, documents, _) in &cases {
            let (status, body) = &documents[poll];
            origin.set(&format!("/{name}"), *status, RSS, body.clone());
        }
        home.run(&["poll"]);
        for (name, _, missed) in &cases {
            let source = status(&home, name);
            let text = format!("{name} at poll {poll}: {source}");
            let time =
                |field: &str| source[field].as_str().expect(field).parse::<Timestamp>().expect("a time");
            let wait = time("next_poll").duration_since(time("last_poll")).as_secs();
            if poll > 0 && missed[poll - 1] {
                assert_eq!(source["why"], "entries may have been missed", "{text}");
                // Half of the usual half an hour or less, with jitter.
                assert!((300..=1000).contains(&wait), "{text}");
            } else if source["failures"] == 0 && !missed[0] {
                assert_eq!(source["why"], "every", "{text}");
                assert!(wait >= 1800, "{text}");
            }
        }
    }
    let daemon = home.start();
    let events = eventually("the health feed", || {
        let feed: Value = serde_json::from_str(&daemon.get("/feeds/_health.json").body).ok()?;
        let items = feed["items"].as_array()?.clone();
        (!items.is_empty()).then_some(items)
    });
    for (name, _, missed) in &cases {
        let mut texts = events.iter().filter_map(|event| {
            let text = event["content_html"].as_str()?;
            let is_missed = event["title"].as_str()?.contains("may have been missed");
            (is_missed && text.contains(&format!("Source {name},"))).then_some(text)
        });
        let text = texts.next();
        assert_eq!(text.is_some(), missed.contains(&true), "{name}: {events:?}");
        let Some(text) = text else { continue };
        assert!(text.contains("every = ") || *name == "outage", "{name}: {text}");
        assert_eq!(texts.next(), None, "{name} is reported once a day");
    }
}
