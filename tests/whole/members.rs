//! Which entries a document shows: the last ones to enter the output, in the order of their dates.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program::Home;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// An item: its title, which is its id as well, and its age in minutes, if it has a date.
type Item = (String, Option<i64>);

fn items(name: &str, ages: impl IntoIterator<Item = i64>) -> Vec<Item> {
    ages.into_iter().enumerate().map(|(n, age)| (format!("{name} {}", n + 1), Some(age))).collect()
}

fn feed(items: &[Item]) -> String {
    let now = Timestamp::now();
    let items = items.iter().map(|(title, age)| {
        let date = age.map(|age| now.checked_sub(SignedDuration::from_mins(age)).expect("a date"));
        json!({ "id": title, "title": title, "url": format!("https://a.example/{title}"),
                "content_text": title, "date_published": date })
    });
    json!({ "version": "https://jsonfeed.org/version/1.1", "title": "A feed", "items": items.collect::<Value>() })
        .to_string()
}

/// Two sources that have been polled once: the wire, with 150 entries of the last hours, and a slow one.
struct Sources {
    origin: Origin,
    home: Home,
}

impl Sources {
    fn polled(output: &str) -> Sources {
        let sources = Sources { origin: Origin::start(), home: Home::new("") };
        sources.configure(output);
        sources.poll("/wire", &items("wire", 1..=150));
        sources.poll("/slow", &items("slow", [30 * HOUR]));
        sources
    }

    fn configure(&self, output: &str) {
        let source = |name: &str| {
            let url = self.origin.url(&format!("/{name}"));
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        };
        self.home.configure(&format!(
            "[poll]\nfirst_poll = 500\n{}{}[[output]]\nname = \"all\"\nstories = \"all\"\n{output}\n",
            source("wire"),
            source("slow")
        ));
    }

    /// One poll of one source that lists these items.
    fn poll(&self, path: &str, items: &[Item]) {
        self.origin.set(path, 200, "application/feed+json", feed(items));
        let (code, _, stderr) = self.home.run(&["poll", &path[1..]]);
        assert_eq!(code, Some(0), "{stderr}");
    }

    /// The titles of the document.
    fn shown(&self) -> Vec<String> {
        let (code, document, stderr) = self.home.run(&["show", "all", "--format", "json"]);
        assert_eq!(code, Some(0), "{stderr}");
        let document: Value = serde_json::from_str(&document).expect("JSON");
        let items = document["items"].as_array().expect("a list").iter();
        items.map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
    }

    /// What `explain` says: the answer, and the rules that exclude the entry.
    fn explained(&self, title: &str) -> (String, String) {
        let (code, text, stderr) = self.home.run(&["explain", title, "all"]);
        assert_eq!(code, Some(0), "{stderr}");
        let mut lines = text.lines().skip_while(|line| !line.starts_with("all: "));
        let answer = lines.next().expect("an answer").trim_start_matches("all: ").to_owned();
        (answer, lines.map(str::trim).collect::<Vec<_>>().join("\n"))
    }
}

fn wire(numbers: std::ops::RangeInclusive<usize>) -> Vec<String> {
    numbers.map(|n| format!("wire {n}")).collect()
}

#[test]
fn a_late_entry_enters_the_document() {
    let sources = Sources::polled("");
    assert_eq!(sources.shown(), wire(1..=100));
    // Items dated an hour ahead, and without a date, count from now.
    let late = items("late", [20 * HOUR, 71 * HOUR, -HOUR]);
    sources.poll("/slow", &[late.as_slice(), &[("undated".to_owned(), None)]].concat());
    let mut expected = vec!["late 3".to_owned(), "undated".to_owned()];
    expected.extend(wire(1..=96));
    expected.extend(["late 1".to_owned(), "late 2".to_owned()]);
    let shown = sources.shown();
    assert!(shown[..2].contains(&"undated".to_owned()), "{shown:?}");
    assert_eq!(shown[2..], expected[2..]);
    assert_eq!(sources.explained("late 1").0, "yes");
    let (answer, why) = sources.explained("wire 97");
    assert_eq!(answer, "in the archive only");
    assert!(
        why.ends_with(
            "limit = 100: 100 entries entered later; it counts by its date, since it came with the first poll of its source"
        ),
        "{why}"
    );
    // Later ones drive them out in the order in which they came.
    sources.poll("/wire", &items("more", 0..98));
    let shown = sources.shown();
    let mut left: Vec<&str> =
        shown.iter().map(String::as_str).filter(|title| !title.starts_with("more")).collect();
    left.sort_unstable();
    assert_eq!((shown.len(), left), (100, vec!["late 3", "undated"]));
    assert_eq!(
        sources.explained("late 2").1,
        "no filter: every entry matches\nlimit = 100: 101 entries entered later"
    );
}

#[test]
fn an_archive_that_a_source_lists_drives_no_news_out() {
    let sources = Sources::polled("");
    let old = items("old", (1..=120).map(|n| 3 * DAY + n * 6 * HOUR));
    sources.poll("/slow", &old);
    assert_eq!(sources.shown(), wire(1..=100));
    let (answer, why) = sources.explained("old 5");
    assert_eq!(answer, "in the archive only");
    assert!(
        why.ends_with(
            "limit = 100: 155 entries entered later; it counts by its date, since it was 4 days old when it came"
        ),
        "{why}"
    );
}

#[test]
fn an_entry_that_matches_only_after_an_edit_enters_with_the_edit() {
    let sources = Sources::polled("filter = 'wire OR bridge OR category:bridge'");
    let plain = items("town", [20 * HOUR, 21 * HOUR, 5 * DAY]);
    sources.poll("/slow", &plain);
    assert_eq!(sources.shown(), wire(1..=100));
    // A tag is no text that a reader sees, so the date of the last change stays.
    let tagged = feed(&plain).replace("\"town 2\",\"url\"", "\"town 2\",\"tags\":[\"bridge\"],\"url\"");
    let edited = tagged
        .replace("\"content_text\":\"town 1\"", "\"content_text\":\"a bridge\"")
        .replace("\"content_text\":\"town 3\"", "\"content_text\":\"a bridge\"");
    sources.origin.set("/slow", 200, "application/feed+json", edited);
    assert_eq!(sources.home.run(&["poll", "slow"]).0, Some(0));
    let mut expected = wire(1..=98);
    expected.extend(["town 1".to_owned(), "town 2".to_owned()]);
    assert_eq!(sources.shown(), expected);
    assert_eq!(sources.explained("town 3").0, "in the archive only");
}

#[test]
fn an_edited_filter_leaves_members_where_they_are() {
    let sources = Sources::polled("filter = 'wire OR late'");
    sources.poll("/slow", &items("late", [20 * HOUR]));
    let before = sources.shown();
    assert_eq!(before.last().map(String::as_str), Some("late 1"));
    sources.configure("filter = 'wire OR late OR slow'");
    assert_eq!(sources.shown(), before, "`slow 1` counts by its date");
    let (answer, why) = sources.explained("slow 1");
    assert_eq!(answer, "in the archive only", "{why}");
    // A new output is filled by the dates.
    sources.configure("[[output]]\nname = \"second\"\nstories = \"all\"\nfilter = 'wire OR late'");
    sources.shown();
    let (_, text, _) = sources.home.run(&["explain", "late 1", "second"]);
    assert!(text.contains("since the output was added or edited after it came"), "{text}");
}

#[test]
fn of_entries_that_came_together_the_newest_are_shown() {
    let sources = Sources::polled("limit = 10");
    sources.poll("/slow", &items("burst", 1..=30));
    assert_eq!(sources.shown(), (1..=10).map(|n| format!("burst {n}")).collect::<Vec<_>>());
    // Without dates the newest are those that the feed lists first.
    let undated: Vec<Item> = (1..=30).map(|n| (format!("undated {n}"), None)).collect();
    sources.poll("/slow", &undated);
    assert_eq!(sources.shown(), (1..=10).map(|n| format!("undated {n}")).collect::<Vec<_>>());
}
