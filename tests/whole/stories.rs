//! The same text in two sources becomes one entry that names the other, also after a restart, until the user splits them.

use serde_json::Value;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

const TEXT: &str = "Four nurses who were being treated for the disease have been discharged from a hospital in the east \
     of the country, the ministry of health said on Monday, and two more are expected to leave it soon.";

/// A feed with entries of title, text and hour of publication.
fn paper(name: &str, entries: &[(&str, &str, u32)]) -> String {
    let items: String = entries
        .iter()
        .enumerate()
        .map(|(n, (title, text, hour))| {
            format!(
                "<item><title>{title}</title><link>https://{name}.example/{n}/a-story-of-{name}?utm_source=rss</link>
                 <guid isPermaLink=\"false\">{name}-{n}</guid><description>{text}</description>
                 <pubDate>Mon, 02 Nov 2026 {hour:02}:00:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>The {name}</title><language>en</language>{items}</channel></rss>"
    )
}

fn config(origin: &Origin) -> String {
    let source = |name: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    };
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nper_host = 3\n
         [publish]\nclean_links = true\n{}{}{}[[output]]\nname = \"merged\"\n
         [[output]]\nname = \"silent\"\nalso_in = false\n[[output]]\nname = \"each\"\nstories = \"all\"\n
         [[output]]\nname = \"late\"\nfilter = \"source:herald\"\n",
        source("times"),
        source("herald"),
        source("echo")
    )
}

fn items(daemon: &Daemon, output: &str) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&daemon.get(&format!("/feeds/{output}.json")).body).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].to_string()).collect()
}

fn also_in(item: &Value) -> Vec<&str> {
    let others = item["_siftwire"]["also_in"].as_array();
    others.into_iter().flatten().filter_map(|other| other["title"].as_str()).collect()
}

#[test]
fn the_same_text_in_several_sources_is_one_entry_that_names_them() {
    let origin = Origin::start();
    let other = ("Rain in the capital", "It rained all day long, and nobody was surprised by it.", 9);
    origin.set("/times", 200, RSS, paper("times", &[("Nurses leave hospital in the east", TEXT, 8), other]));
    origin.set("/herald", 200, RSS, paper("herald", &[]));
    origin.set("/echo", 200, RSS, paper("echo", &[]));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    eventually("two entries", || (items(&daemon, "merged").len() == 2).then_some(()));

    let copy = format!("EXAMPLE CITY, 2 November - Agency. {TEXT}");
    origin.set("/herald", 200, RSS, paper("herald", &[("Nurses to leave hospital in the east", &copy, 10)]));
    let merged = eventually("the second source named", || {
        let items = items(&daemon, "merged");
        items.iter().any(|item| also_in(item) == ["The herald"]).then_some(items)
    });
    assert_eq!(merged.len(), 2, "{merged:?}");
    let story = merged.iter().find(|item| !also_in(item).is_empty()).expect("an entry with other sources");
    assert_eq!(story["title"], "Nurses leave hospital in the east");
    assert_eq!(story["date_published"], "2026-11-02T08:00:00Z");
    assert_eq!(story["url"], "https://times.example/0/a-story-of-times");
    let text = story["content_html"].as_str().expect("a text");
    assert!(text.contains("Also in: <a href=\"https://herald.example/0/"), "{text}");
    let atom = daemon.get("/feeds/merged.atom").body;
    assert!(atom.contains("rel=\"related\""), "{atom}");
    assert!(daemon.get("/feeds/merged.rss").body.contains("Also in: "));
    assert_eq!(daemon.get("/feeds/merged").body.matches("Also in: ").count(), 1);
    assert!(!daemon.get("/feeds/silent.atom").body.contains("lso in"));
    eventually("every entry in an output with stories = all", || {
        (items(&daemon, "each").len() == 3).then_some(())
    });
    let late =
        eventually("the entry that matches", || Some(items(&daemon, "late")).filter(|late| late.len() == 1));
    assert_eq!(late[0]["title"], "Nurses to leave hospital in the east");
    assert_eq!(also_in(&late[0]), ["The times"]);
    let archived = |daemon: &Daemon| ids(&items(daemon, "merged/archive/1"));
    assert_eq!(archived(&daemon), ids(&merged), "the archive has the shown entries, not their duplicates");
    assert_eq!(items(&daemon, "each/archive/1").len(), 3);

    // A later duplicate changes the list of sources, not the date. After a restart the comparison still works.
    let before = story["date_modified"].clone();
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    origin.set("/echo", 200, RSS, paper("echo", &[("Nurses leave hospital in the east", TEXT, 20)]));
    let merged = eventually("the third source named", || {
        let items = items(&daemon, "merged");
        items.iter().any(|item| also_in(item).len() == 2).then_some(items)
    });
    let story = merged.iter().find(|item| !also_in(item).is_empty()).expect("an entry with other sources");
    assert_eq!((merged.len(), &story["date_modified"]), (2, &before));
    assert_eq!(archived(&daemon), ids(&merged));
    assert_eq!(story["date_published"], "2026-11-02T08:00:00Z");

    // Explained, and split permanently.
    let (_, list, _) = home.run(&["stories", "--json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list[0]["entry"]["source"], "echo");
    let reason = list[1]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("text ") && reason.contains(" % similar, headlines "), "{reason}");
    let herald = list[1]["entry"]["number"].to_string();
    let (_, explained, _) = home.run(&["explain", &herald, "merged"]);
    assert!(explained.contains(reason) && explained.contains("of the same story"), "{explained}");
    assert_eq!(home.run(&["stories", "split", &herald]).0, Some(0));
    assert_eq!(home.run(&["stories", "split", &herald]).0, Some(1));
    // The running daemon notices the split although no poll changed anything.
    let split = eventually("the split entry", || Some(items(&daemon, "merged")).filter(|all| all.len() == 3));
    assert!(split.iter().all(|item| !also_in(item).contains(&"The herald")), "{split:?}");
    origin.set("/herald", 200, RSS, paper("herald", &[("Four nurses leave a hospital", &copy, 10)]));
    eventually("the edit", || {
        items(&daemon, "merged")
            .iter()
            .any(|item| item["title"] == "Four nurses leave a hospital")
            .then_some(())
    });
    assert_eq!(items(&daemon, "merged").len(), 3, "an edit does not join a split entry again");
    assert_eq!(daemon.stop().0, Some(0));
}

/// An item of a feed: guid, link, title, text, and day of November.
type FeedItem<'a> = (&'a str, &'a str, &'a str, &'a str, u32);

fn feed(items: &[FeedItem<'_>]) -> String {
    let items: String = items
        .iter()
        .map(|(guid, link, title, text, day)| {
            format!(
                "<item><title>{title}</title><link>{link}</link><guid isPermaLink=\"false\">{guid}</guid>
                 <description>{text}</description><pubDate>{day} Nov 2026 08:00:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>A paper</title><language>en</language>{items}</channel></rss>"
    )
}

/// The id, title, link and date of each entry, sorted.
fn shown(daemon: &Daemon, output: &str) -> Vec<[String; 4]> {
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<[String; 4]> = items(daemon, output)
        .iter()
        .map(|item| ["id", "title", "url", "date_published"].map(|field| text(item, field)))
        .collect();
    all.sort();
    all
}

#[test]
fn changes_that_publishers_make_publish_nothing_twice() {
    let origin = Origin::start();
    let text =
        ["It rained all day, and nobody was surprised.", "The bridge is open.", "Prices fell a little."];
    let [rain, bridge, prices] =
        ["Rain in the capital", "The bridge opens again", "Apricots are cheaper this week"];
    let old = [
        ("1", "http://paper.example/rain", rain, text[0], 1),
        ("2", "http://paper.example/bridge", bridge, text[1], 2),
        ("3", "http://paper.example/2026/11/02/cheap-apricots-48151623.html", prices, text[2], 2),
    ];
    origin.set("/paper", 200, RSS, feed(&old));
    let url = origin.url("/paper");
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"paper\"\nurl = \"{url}\"\nallow_private = true\n
         [publish]\nids = \"shared\"\n
         [[output]]\nname = \"merged\"\n[[output]]\nname = \"each\"\nstories = \"all\"\n
         [[output]]\nname = \"rain\"\nfilter = \"rain\"\n"
    ));
    let daemon = home.start();
    let before = eventually("three entries", || Some(shown(&daemon, "each")).filter(|all| all.len() == 3));
    // A poll has ended when the marker entry that came with it is published.
    let polls = std::cell::Cell::new(0);
    let poll = |items: &[FeedItem<'_>]| -> Vec<[String; 4]> {
        polls.set(polls.get() + 1);
        let marker = format!("marker {}", polls.get());
        let link = format!("https://paper.example/{}", marker.replace(' ', "-"));
        let mut all = items.to_vec();
        all.push((&marker, &link, &marker, &marker, 3));
        origin.set("/paper", 200, RSS, feed(&all));
        for output in ["merged", "each"] {
            let is_there = || shown(&daemon, output).iter().any(|[_, title, ..]| *title == marker);
            eventually(&marker, || is_there().then_some(()));
        }
        let without_markers = |output| -> Vec<_> {
            shown(&daemon, output)
                .into_iter()
                .filter(|[_, title, ..]| !title.starts_with("marker "))
                .collect()
        };
        assert_eq!(without_markers("merged"), without_markers("each"));
        without_markers("each")
    };

    // A move to https, and to a CMS that assigns new guids.
    let secure: Vec<String> = old.iter().map(|item| item.1.replace("http:", "https:")).collect();
    let ids = ["a-7001", "a-7002", "a-7003"];
    let moved: Vec<FeedItem<'_>> =
        (0..3).map(|n| (ids[n], secure[n].as_str(), old[n].2, old[n].3, old[n].4)).collect();
    let after = poll(&moved);
    let identity = |all: &[[String; 4]]| -> Vec<(String, String)> {
        all.iter().map(|[id, _, _, date]| (id.clone(), date.clone())).collect()
    };
    assert_eq!(identity(&after), identity(&before), "new guids publish nothing again");

    // Dates that change with each poll.
    let bumped: Vec<FeedItem<'_>> = moved.iter().map(|item| (item.0, item.1, item.2, item.3, 4)).collect();
    assert_eq!(identity(&poll(&bumped)), identity(&before), "new dates publish nothing again");

    // A new slug with the same article number, a new guid and a new headline: the same entry, edited.
    let slug = "https://paper.example/2026/11/02/apricots-are-dearer-48151623.html";
    let mut edited = bumped.clone();
    edited[2] = ("b-1", slug, "Apricots are dearer this week", "Prices rose a little.", 2);
    let after = poll(&edited);
    assert_eq!(identity(&after), identity(&before), "the article number identifies the entry");
    let [_, _, link, _] =
        after.iter().find(|[_, title, ..]| title.contains("dearer")).expect("the edit is shown");
    assert_eq!(link, slug);

    // An entry that no longer matches a filter stays published.
    edited[0].2 = "Sun in the capital";
    edited[0].3 = "It shone all day, and nobody was surprised.";
    poll(&edited);
    let stays = eventually("the edit in the filtered output", || {
        Some(shown(&daemon, "rain")).filter(|all| all.iter().any(|[_, title, ..]| title.starts_with("Sun")))
    });
    assert_eq!(stays.len(), 1, "{stays:?}");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn an_output_shows_the_preferred_source_and_a_source_can_be_excluded_from_stories() {
    let origin = Origin::start();
    let title = "Nurses leave hospital in the east";
    for name in ["times", "herald", "echo"] {
        origin.set(&format!("/{name}"), 200, RSS, paper(name, &[]));
    }
    let echo_url = format!("url = \"{}\"\n", origin.url("/echo"));
    let config = config(&origin).replace(&echo_url, &format!("{echo_url}stories = false\n"));
    let home = Home::new(&config);
    for (name, hour) in [("times", 8), ("herald", 9), ("echo", 10)] {
        assert_eq!(home.run(&["poll", name]).0, Some(0), "the first poll succeeds");
        origin.set(&format!("/{name}"), 200, RSS, paper(name, &[(title, TEXT, hour)]));
        assert_eq!(home.run(&["poll", name]).0, Some(0));
    }
    // An output that has not published the story yet prefers a source; one that has keeps its entry.
    home.configure(&format!("{config}[[output]]\nname = \"preferring\"\nprefer = [\"herald\"]\n"));
    let daemon = home.start();
    let merged = eventually("the story", || Some(items(&daemon, "merged")).filter(|all| all.len() == 2));
    let preferring =
        eventually("the new output", || Some(items(&daemon, "preferring")).filter(|all| all.len() == 2));
    let has_site = |items: &[Value], site: &str| {
        items.iter().any(|item| item["url"].as_str().is_some_and(|url| url.contains(site)))
    };
    assert!(has_site(&merged, "times.example") && has_site(&merged, "echo.example"), "{merged:?}");
    assert!(
        has_site(&preferring, "herald.example") && has_site(&preferring, "echo.example"),
        "{preferring:?}"
    );
    let shown =
        preferring.iter().find(|item| !also_in(item).is_empty()).expect("an entry with other sources");
    assert_eq!(also_in(shown), ["The times"]);

    // An excluded entry is joined manually while the daemon runs.
    let (_, list, _) = home.run(&["stories", "--json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    let first = list[0]["story"]["number"].to_string();
    let echo = "https://echo.example/0/a-story-of-echo?utm_source=rss";
    assert_eq!(home.run(&["stories", "join", echo, &first]).0, Some(0));
    assert_eq!(home.run(&["stories", "join", &first, echo]).0, Some(1));
    let (_, list, _) = home.run(&["stories"]);
    assert!(list.contains("joined by hand"), "{list}");
    eventually("all three named", || {
        items(&daemon, "merged").iter().any(|item| also_in(item) == ["The herald", "The echo"]).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_story_is_not_lost_with_an_entry_that_the_first_poll_limit_keeps_out() {
    let origin = Origin::start();
    let rain = ("Rain in the capital", "It rained all day long, and nobody was surprised by it.", 9);
    let bridge = ("The bridge opens again", "Cars cross the river where they did before the flood.", 8);
    let nurses = ("Nurses leave hospital in the east", TEXT, 7);
    origin.set("/times", 200, RSS, paper("times", &[rain, bridge, nurses]));
    origin.set("/herald", 200, RSS, paper("herald", &[("Nurses leave hospital in the east", TEXT, 10)]));
    origin.set("/echo", 200, RSS, paper("echo", &[]));
    let config = config(&origin).replace("per_host = 3", "per_host = 3\nfirst_poll = 2");
    let home = Home::new(&config);
    assert_eq!(home.run(&["poll", "echo"]).0, Some(0));
    // Only an older output has subscribers to spare.
    home.age_outputs();
    for name in ["times", "herald"] {
        assert_eq!(home.run(&["poll", name]).0, Some(0));
    }
    let (_, list, _) = home.run(&["stories", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&list).expect("JSON").as_array().map(Vec::len), Some(1));
    let daemon = home.start();
    let titles = |output: &str| -> Vec<String> {
        let title = |item: &Value| item["title"].as_str().unwrap_or_default().to_owned();
        items(&daemon, output).iter().map(title).collect()
    };
    let wanted = ["Nurses leave hospital in the east", "Rain in the capital", "The bridge opens again"];
    for output in ["merged", "each"] {
        eventually("the two newest entries of a first poll", || (titles(output) == wanted).then_some(()));
    }
    let shown = items(&daemon, "merged");
    assert_eq!(also_in(&shown[0]), ["The times"]);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn an_entry_that_changes_with_every_poll_stops_being_marked_updated() {
    let origin = Origin::start();
    let page = |n: usize| {
        let text = format!("It is {n} minutes past noon.");
        feed(&[("1", "https://paper.example/time", "The time", &text, 2)])
    };
    let url = origin.url("/paper");
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"paper\"\nurl = \"{url}\"\nallow_private = true\n
         [[output]]\nname = \"merged\"\n"
    ));
    let shown = || {
        let (_, feed, _) = home.run(&["show", "merged", "--format", "json"]);
        let feed: Value = serde_json::from_str(&feed).expect("JSON");
        let item = &feed["items"][0];
        (
            item["date_modified"].to_string(),
            item["content_html"].to_string(),
            item["date_published"].to_string(),
        )
    };
    let update = |n: usize| {
        origin.set("/paper", 200, RSS, page(n));
        assert_eq!(home.run(&["poll", "paper"]).0, Some(0));
        let (updated, text, published) = shown();
        assert!(text.contains(&format!("It is {n} minutes")), "the text itself is current: {text}");
        assert_eq!(published, "\"2026-11-02T08:00:00Z\"");
        updated
    };
    // Documents have times in whole seconds.
    let next_second = || {
        let second = || std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let now = second();
        eventually("the next second", || (second() > now).then_some(()));
    };
    (0..23).for_each(|n| drop(update(n)));
    let before = update(23);
    next_second();
    let last = update(24);
    assert_ne!(last, before, "the 24th update");
    next_second();
    assert_eq!(update(25), last, "the 25th");
}

/// A feed with one entry at an address.
fn listing(title: &str, link: &str, headline: &str, text: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>{title}</title><link>{link}</link><language>en</language>
         <item><title>{headline}</title><link>{link}</link><guid isPermaLink=\"false\">{title} 1</guid>
         <description>{text}</description><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>"
    )
}

/// Two servers, each with a source: the port makes them two sites.
struct TwoSites {
    paper: Origin,
    other: Origin,
    home: Home,
}

impl TwoSites {
    /// Of "the paper" and "the other", without entries yet.
    fn new() -> TwoSites {
        let (paper, other) = (Origin::start(), Origin::start());
        let source = |name: &str, url: String| {
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        };
        let config = [
            source("paper", paper.url("/feed")),
            source("other", other.url("/feed")),
            source("third", other.url("/third")),
            "[[output]]\nname = \"all\"\n[[output]]\nname = \"others\"\nsources = [\"other\"]\n".to_owned(),
        ];
        TwoSites { paper, other, home: Home::new(&config.concat()) }
    }

    fn poll(&self, source: &str) {
        assert_eq!(self.home.run(&["poll", source]).0, Some(0));
    }

    fn shown(&self, output: &str) -> Vec<Value> {
        let (_, text, _) = self.home.run(&["show", output, "--format", "json"]);
        let feed: Value = serde_json::from_str(&text).expect("JSON");
        feed["items"].as_array().expect("items").clone()
    }
}

const TRUE_TEXT: &str =
    "The town council has approved the plan for the new bridge over the river on Monday evening.";
const FALSE_TEXT: &str =
    "Buy these pills today and get a second box of them for nothing at all, only this week.";

#[test]
fn the_words_of_the_owner_of_an_address_count() {
    for owner_comes_first in [true, false] {
        let sites = TwoSites::new();
        let link = sites.paper.url("/news/bridge");
        sites.paper.set("/feed", 200, RSS, listing("The paper", &link, "Council approves bridge", TRUE_TEXT));
        // It claims the paper's address for its site, too.
        sites.other.set("/feed", 200, RSS, listing("The other", &link, "Cheap pills", FALSE_TEXT));
        let order = if owner_comes_first { ["paper", "other"] } else { ["other", "paper"] };
        sites.poll(order[0]);
        let first = sites.shown("all");
        sites.poll(order[1]);
        let shown = sites.shown("all");
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert_eq!(
            (&shown[0]["id"], &shown[0]["date_published"]),
            (&first[0]["id"], &first[0]["date_published"])
        );
        assert_eq!(shown[0]["title"], "Council approves bridge");
        assert!(shown[0]["content_html"].as_str().is_some_and(|text| text.starts_with(TRUE_TEXT)));
        assert_eq!(shown[0]["_siftwire"]["source"]["title"], "The paper");
        assert_eq!(also_in(&shown[0]), ["The other"]);
        assert_eq!(shown[0]["date_modified"] != first[0]["date_modified"], !owner_comes_first);
        let (_, why, _) = sites.home.run(&["explain", "Cheap pills"]);
        assert!(why.contains("its address is one of The paper: outputs show the words of entry"), "{why}");
        let (_, why, _) = sites.home.run(&["explain", "Council approves"]);
        assert!(why.contains("its source owns the address: outputs show its words"), "{why}");
        // The owner is no source of this output.
        let listed = sites.shown("others");
        assert_eq!((listed.len(), &listed[0]["title"]), (1, &Value::from("Cheap pills")));
    }
}

/// What "the other" does with the paper's address, and what is shown then: titles and ids.
#[test]
fn no_trick_puts_other_words_at_an_owners_address() {
    let other = |link: &str, headline: &str| listing("The other", link, headline, FALSE_TEXT);
    let dated = |feed: String, date: &str| feed.replace("Mon, 02 Nov 2026 08:00:00 GMT", date);
    let shown = |sites: &TwoSites| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        sites.shown("all").iter().map(|item| (text(&item["title"]), text(&item["url"]))).collect()
    };
    let polled = |sites: &TwoSites, source: &str, feed: String| {
        let origin = if source == "paper" { &sites.paper } else { &sites.other };
        origin.set("/feed", 200, RSS, feed);
        sites.poll(source);
    };
    let address = |sites: &TwoSites| sites.paper.url("/news/bridge");
    let paper = |link: &str| listing("The paper", link, "Council approves bridge", TRUE_TEXT);
    let truth = |link: &str| vec![("Council approves bridge".to_owned(), link.to_owned())];

    // It lists the address first, and then another one under the same guid.
    let sites = TwoSites::new();
    let link = address(&sites);
    polled(&sites, "other", other(&link, "Cheap pills"));
    polled(&sites, "paper", paper(&link));
    for bait in [sites.other.url("/land"), format!("{link}?v=2"), String::new()] {
        polled(&sites, "other", other(&bait, "Cheap pills now"));
        assert_eq!(shown(&sites), truth(&link), "{bait}");
    }
    // It dates its entry long before, so that the true one would be too old.
    let sites = TwoSites::new();
    let link = address(&sites);
    polled(&sites, "other", dated(other(&link, "Cheap pills"), "Sun, 01 Feb 2026 08:00:00 GMT"));
    polled(&sites, "paper", paper(&link));
    assert_eq!(shown(&sites), truth(&link));
    assert_eq!(sites.shown("all")[0]["date_published"], "2026-11-02T08:00:00Z");
    // It lists the address twice.
    let sites = TwoSites::new();
    let link = address(&sites);
    let one = other(&link, "Cheap pills");
    let item = one[one.find("<item>").expect("an item")..one.find("</channel>").expect("an end")]
        .replace("The other 1", "2")
        .replace("Cheap pills", "More pills");
    polled(&sites, "other", one.replace("</channel>", &format!("{item}</channel>")));
    assert_eq!(sites.shown("all").len(), 2);
    polled(&sites, "paper", paper(&link));
    assert_eq!(shown(&sites), truth(&link));
    // It takes the address with an edit, before and after the owner has it.
    for owner_comes_first in [true, false] {
        let sites = TwoSites::new();
        let link = address(&sites);
        polled(&sites, "other", other(&sites.other.url("/own"), "Cheap pills"));
        if owner_comes_first {
            polled(&sites, "paper", paper(&link));
        }
        polled(&sites, "other", other(&link, "Cheap pills"));
        polled(&sites, "paper", paper(&link));
        assert_eq!(shown(&sites), truth(&link), "owner first: {owner_comes_first}");
    }
}

#[test]
fn without_an_owner_an_address_makes_no_story_of_texts_that_differ() {
    let sites = TwoSites::new();
    let link = "https://site.example/news/bridge";
    sites.paper.set("/feed", 200, RSS, listing("The paper", link, "Council approves bridge", TRUE_TEXT));
    sites.other.set("/feed", 200, RSS, listing("The other", link, "Cheap pills", FALSE_TEXT));
    sites.other.set(
        "/third",
        200,
        RSS,
        listing("The third", link, "Council has approved the bridge", TRUE_TEXT),
    );
    ["other", "paper", "third"].iter().for_each(|source| sites.poll(source));
    let shown = sites.shown("all");
    let titles: Vec<_> =
        shown.iter().map(|item| (item["title"].as_str().unwrap_or(""), also_in(item))).collect();
    assert_eq!(titles, [("Council approves bridge", vec!["The third"]), ("Cheap pills", vec![])]);
}

/// A source lists the warnings of three days at once, with one headline and one standing text.
#[test]
fn what_a_source_lists_at_different_dates_is_no_story() {
    let sites = TwoSites::new();
    let feed = |days: &[u32]| {
        let items: String = days
            .iter()
            .map(|day| {
                format!(
                    "<item><title>Flood warning issued for the river at the old bridge</title>
                     <link>https://site.example/warning/{day}</link><guid>warning {day}</guid>
                     <pubDate>{day:02} Nov 2026 08:00:00 GMT</pubDate><description>{TRUE_TEXT}</description></item>"
                )
            })
            .collect();
        format!(
            "<rss version=\"2.0\"><channel><title>Warnings</title><language>en</language>{items}</channel></rss>"
        )
    };
    for days in [&[2][..], &[3, 2], &[4, 3, 2]] {
        sites.paper.set("/feed", 200, RSS, feed(days));
        sites.poll("paper");
    }
    assert_eq!(sites.shown("all").len(), 3, "{:?}", sites.shown("all"));
    // One that takes the place of another is an edit of it.
    sites.other.set("/feed", 200, RSS, feed(&[2]));
    sites.poll("other");
    assert_eq!(sites.shown("all").len(), 3, "the other source's copy joins one of them");
}

#[test]
fn explain_and_replay_say_why_two_entries_are_two_stories() {
    let origin = Origin::start();
    origin.set("/a", 200, RSS, paper("A", &[("Bridge closed for lorries", TEXT, 8)]));
    origin.set("/b", 200, RSS, paper("B", &[("Bridge opened for lorries", TEXT, 9)]));
    let source = |name: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    };
    let home = Home::new(&[source("a"), source("b"), "[[output]]\nname = \"all\"\n".to_owned()].concat());
    assert_eq!(home.run(&["poll"]).0, Some(0));
    let (_, text, _) = home.run(&["explain", "Bridge opened"]);
    assert!(text.contains("which is much alike: one says the opposite of the other"), "{text}");
    let (_, json, _) = home.run(&["explain", "Bridge opened", "--json"]);
    assert!(json.contains("\"reason\": \"one says the opposite of the other\""), "{json}");
    let line = |id: &str, title: &str, hour: u32| {
        format!(
            "{{\"id\":\"{id}\",\"feed\":\"{id}\",\"title\":\"{title}\",\"summary\":\"{TEXT}\",\"link\":\"https://{id}.example/1\",\
                 \"published\":\"2026-11-02T0{hour}:00:00Z\"}}\n"
        )
    };
    let file = home.path().join("entries.jsonl");
    std::fs::write(
        &file,
        line("a", "Bridge closed for lorries", 8) + &line("b", "Bridge opened for lorries", 9),
    )
    .expect("a file");
    let (_, lines, _) = home.run(&["stories", "--replay", file.to_str().expect("UTF-8")]);
    let last: Value = serde_json::from_str(lines.lines().last().expect("two lines")).expect("JSON");
    assert_eq!(last["story"], "b");
    assert_eq!(last["apart_from"]["id"], "a");
    assert_eq!(last["apart_from"]["reason"], "one says the opposite of the other");
}
