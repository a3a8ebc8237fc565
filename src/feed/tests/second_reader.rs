//! Tests of the second reader, and of the comparison with it.

use super::*;

/// A document of one entry, which our reader does not take for a feed.
const LONE_ENTRY: &str = r#"<entry xmlns="http://www.w3.org/2005/Atom"><id>urn:x:1</id><title>Alone</title>
  <updated>2026-01-01T00:00:00Z</updated><link href="https://example.org/1"/></entry>"#;

#[test]
fn what_our_reader_refuses_the_second_one_may_read() {
    let feed = read_text(LONE_ENTRY.as_bytes(), None).expect("a feed");
    assert!(feed.is_rescued);
    assert_eq!(feed.problems, ["the second reader was needed, ours said: not a feed: <entry>"]);
    let entry = &feed.entries[0];
    assert_eq!((entry.id.as_deref(), entry.title.as_deref()), (Some("urn:x:1"), Some("Alone")));
    assert_eq!(entry.link.as_deref(), Some("https://example.org/1"));
    assert!(!entry.keys.is_empty());
    assert!(!read_text(RSS.as_bytes(), None).expect("a feed").is_rescued);
    // What was wrong besides is said too.
    let damaged = [LONE_ENTRY.replace("Alone", "Ärger über Öl ").as_bytes(), b"\xb0"].concat();
    let damaged = read_text(&damaged, Some("text/xml; charset=utf-8")).expect("a feed");
    assert!(damaged.is_rescued && damaged.problems.len() == 2, "{:?}", damaged.problems);
    for refused in ["<html><body><entry/></body></html>", "<list><item/></list>", "plain text", "{\"a\": 1}"]
    {
        assert!(read_text(refused.as_bytes(), None).is_err(), "{refused}");
    }
}

#[test]
fn text_that_looks_like_utf16_is_no_fault_of_the_second_reader() {
    let hints = Hints { content_type: None, url: None, now: Timestamp::UNIX_EPOCH };
    // After a byte order mark of UTF-8.
    for spread in [|c: char| format!("\0{c}"), |c: char| format!("{c}\0")] {
        let document = format!("\u{feff}{}", RSS.chars().map(spread).collect::<String>());
        let feed = second_opinion(document.as_bytes(), &hints).expect("it is read");
        assert_eq!(feed.entries.len(), 2);
    }
}

#[test]
fn the_second_reader_is_given_nothing_that_exhausts_the_stack() {
    let hints = Hints { content_type: None, url: None, now: Timestamp::UNIX_EPOCH };
    let deep = "<media:group>".repeat(100_000);
    let feed = format!(
        "<rss version=\"2.0\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel><item>{deep}</item></channel></rss>"
    );
    let refused = second_opinion(feed.as_bytes(), &hints).map(|_| ());
    assert_eq!(refused, Err(NotAFeed("its elements are nested too deeply for the second reader".to_owned())));
    let json =
        format!("{{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": {}", "[".repeat(100_000));
    assert!(second_opinion(json.as_bytes(), &hints).is_err());
}

#[test]
fn differences_between_two_readings_are_named() {
    let read = |text: &str| read_text(text.as_bytes(), None).expect("a feed");
    let (first, second) = (read(RSS), read(&RSS.replace("<title>Two</title>", "<title>2</title>")));
    assert_eq!(differences(&first, &first), []);
    let (two, other) = ("Two".to_owned(), "2".to_owned());
    assert_eq!(
        differences(&first, &second),
        [FieldDifference { entry: Some(2), field: "title", first: two, second: other }]
    );
}
