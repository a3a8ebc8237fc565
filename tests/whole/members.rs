//! Which entries a document shows: the last ones to enter the output, in the order of their dates.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program::{Home, eventually};

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
        self.configure_sources(&[("wire", "/wire"), ("slow", "/slow")], output);
    }

    /// The same with these sources: name and path of each.
    fn configure_sources(&self, sources: &[(&str, &str)], output: &str) {
        let source = |(name, path): &(&str, &str)| {
            let url = self.origin.url(path);
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        };
        self.home.configure(&format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nfirst_poll = 500\n{}
             [[output]]\nname = \"all\"\nstories = \"all\"\n{output}\n",
            sources.iter().map(source).collect::<String>()
        ));
    }

    /// One poll of one source that lists these items.
    fn poll(&self, path: &str, items: &[Item]) {
        self.origin.set(path, 200, "application/feed+json", feed(items));
        let (code, _, stderr) = self.home.run(&["poll", &path[1..]]);
        assert_eq!(code, Some(0), "{stderr}");
    }

    /// Applies an edited config: polls one source, which brings nothing new.
    fn apply(&self) {
        assert_eq!(self.home.run(&["poll", "slow"]).0, Some(0));
    }

    fn document(&self) -> String {
        let (code, document, stderr) = self.home.run(&["show", "all", "--format", "json"]);
        assert_eq!(code, Some(0), "{stderr}");
        document
    }

    fn shown(&self) -> Vec<String> {
        titles(&self.document())
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

/// The titles of a document in JSON.
fn titles(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let items = document["items"].as_array().expect("a list").iter();
    items.map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
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
    sources.apply();
    assert_eq!(sources.shown(), before, "`slow 1` counts by its date");
    let (answer, why) = sources.explained("slow 1");
    assert_eq!(answer, "in the archive only", "{why}");
    // A new output is filled by the dates.
    sources.configure("[[output]]\nname = \"second\"\nstories = \"all\"\nfilter = 'wire OR late'");
    sources.apply();
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

#[test]
fn the_entries_of_a_removed_source_leave_the_feeds_and_come_back_with_it() {
    let both = [("wire", "/wire"), ("slow", "/slow")];
    let sources = Sources::polled("limit = 20\nfilter = 'wire OR slow OR late'");
    sources.poll("/slow", &items("late", [2, 20 * HOUR, 40 * HOUR]));
    let before = sources.document();
    assert!(before.contains("late 1") && before.contains("late 3"));
    let daemon = sources.home.start();
    let pages = |extension: &str| {
        let page = |number: usize| daemon.get(&format!("/feeds/all/archive/{number}.{extension}")).body;
        [1, 7, 8].map(page)
    };
    let (archive, html) = (pages("atom"), daemon.get("/feeds/all").body);
    assert!(archive.concat().contains("late 1"), "{archive:?}");

    sources.configure_sources(&both[..1], "limit = 20\nfilter = 'wire OR slow OR late'");
    for path in ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/all"] {
        eventually(path, || (!daemon.get(path).body.contains("late 1")).then_some(()));
    }
    assert!(daemon.get("/feeds/all.atom").body.contains("wire 20"), "the others take their place");
    assert_eq!(pages("atom"), archive);
    // It is rendered after the feeds.
    eventually("the front page", || (!daemon.get("/").body.contains("slow")).then_some(()));
    let (answer, why) = sources.explained("late 1");
    assert_eq!(answer, "in the archive only");
    assert!(why.ends_with("source: slow is not in the config; its entries come back with it"), "{why}");
    assert_eq!(sources.explained("wire 20").0, "yes");

    // A filter that is edited meanwhile applies to them as well.
    sources.configure_sources(&both[..1], "limit = 20\nfilter = 'wire OR late'");
    assert_eq!(sources.shown(), wire(1..=20));
    sources.configure_sources(&both, "limit = 20\nfilter = 'wire OR late'");
    // The page names the filter, and the last archive page, which the edit has filled anew, has nothing else to show.
    let html = html.replace("wire OR slow OR late", "wire OR late").replace("archive/8\"", "archive/7\"");
    eventually("the entries of the source", || (daemon.get("/feeds/all").body == html).then_some(()));
    assert_eq!(daemon.get("/feeds/all.json").body.contains("late 3"), before.contains("late 3"));
    assert_eq!(sources.shown().len(), 20);
    assert_eq!(sources.document(), before, "the same ids, dates and order");
}

#[test]
fn a_source_under_another_name_or_address_is_the_same_one() {
    let sources = Sources::polled("limit = 20");
    sources.poll("/slow", &items("late", [2, 20 * HOUR, 40 * HOUR]));
    let before = sources.document();
    let listed = "limit = 20\nsources = [\"wire\", \"tortoise\"]";
    sources.configure_sources(&[("wire", "/wire"), ("tortoise", "/slow")], listed);
    assert_eq!(sources.document(), before);
    sources.configure_sources(&[("wire", "/wire"), ("tortoise", "/other")], listed);
    assert_eq!(sources.shown(), titles(&before));
}

/// A removed source is no longer named beside a story. One that it has published is shown by another source that has
/// it, until it comes back.
#[test]
fn the_stories_of_a_removed_source_are_shown_by_others_until_it_comes_back() {
    let report = |source: &str| {
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": source, "items": [{
            "id": format!("{source} 1"), "url": format!("https://{source}.example/1"),
            "title": "Parliament votes on the bridge over the northern river",
            "content_text": "The members of parliament voted on Monday on the bridge over the northern river, after a \
                             debate of three days about its cost, which the ministry puts at forty million.",
        }] })
        .to_string()
    };
    let sources = Sources { origin: Origin::start(), home: Home::new("") };
    for name in ["first", "second", "third"] {
        sources.origin.set(&format!("/{name}"), 200, "application/feed+json", report(name));
    }
    let both = [("first", "/first"), ("second", "/second")];
    let merged = "[[output]]\nname = \"merged\"";
    let shown = || sources.home.run(&["show", "merged", "--format", "json"]).1;
    let poll = |name: &str| assert_eq!(sources.home.run(&["poll", name]).0, Some(0));
    sources.configure_sources(&both, merged);
    for (name, _) in both {
        poll(name);
    }
    assert!(shown().contains("Also in") && shown().contains("second.example"), "{}", shown());
    sources.configure_sources(&both[..1], merged);
    let (_, text, stderr) = sources.home.run(&["check", "--diff"]);
    assert!(stderr.contains("\nThe entries of `second` would leave the feeds with their source"), "{stderr}");
    assert!(text.contains("merged: no change\n"), "{text}");
    poll("first");
    assert!(shown().contains("first.example") && !shown().contains("Also in"), "{}", shown());
    sources.configure_sources(&both, merged);
    poll("first");
    let items = || -> Value {
        let mut feed: Value = serde_json::from_str(&shown()).expect("JSON");
        feed["items"].take()
    };
    let first = items();
    for _ in 0..2 {
        sources.configure_sources(&both[1..], merged);
        poll("second");
        assert!(!shown().contains("first.example") && shown().contains("second.example"), "{}", shown());
        assert!(
            sources
                .home
                .run(&["explain", "first 1", "merged"])
                .1
                .contains("source: first is not in the config")
        );
        assert!(sources.home.run(&["explain", "second 1", "merged"]).1.contains("merged: yes"));
        sources.configure_sources(&both, merged);
        poll("first");
        assert_eq!(items(), first, "one entry, and the other source named");
        let (_, text, _) = sources.home.run(&["explain", "second 1", "merged"]);
        assert!(text.contains("stories = \"merge\": entry 1 of the same story is shown"), "{text}");
    }
    // A third source brings the story while the first is away.
    sources.configure_sources(&both[..1], merged);
    poll("first");
    let third = [("third", "/third")];
    sources.configure_sources(&third, merged);
    poll("third");
    assert!(shown().contains("third.example") && !shown().contains("first.example"), "{}", shown());
    // A new output shows the entry of the source that is there.
    sources.configure_sources(&both[1..], "[[output]]\nname = \"new\"");
    assert_eq!(sources.home.run(&["show", "new"]).0, Some(1), "it was not published yet");
    poll("second");
    assert!(sources.home.run(&["show", "new", "--format", "json"]).1.contains("second.example"));
}
