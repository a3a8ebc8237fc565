//! One text in two papers: one entry that names the other, also after a restart, until the user parts them.

use serde_json::Value;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

const TEXT: &str = "Four nurses who were being treated for the disease have been discharged from a hospital in the east \
     of the country, the ministry of health said on Monday, and two more are expected to leave it soon.";

/// A paper with entries of title, text and the hour of their date.
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
fn one_text_in_several_papers_is_one_entry_that_names_them() {
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
    let merged = eventually("the copy named", || {
        let items = items(&daemon, "merged");
        items.iter().any(|item| also_in(item) == ["The herald"]).then_some(items)
    });
    assert_eq!(merged.len(), 2, "{merged:?}");
    let story = merged.iter().find(|item| !also_in(item).is_empty()).expect("it names another");
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
    eventually("each entry where all are wanted", || (items(&daemon, "each").len() == 3).then_some(()));
    let late =
        eventually("the one that matches", || Some(items(&daemon, "late")).filter(|late| late.len() == 1));
    assert_eq!(late[0]["title"], "Nurses to leave hospital in the east");
    assert_eq!(also_in(&late[0]), ["The times"]);
    let past = |daemon: &Daemon| ids(&items(daemon, "merged/archive/1"));
    assert_eq!(past(&daemon), ids(&merged), "the archive lists what was shown, not what joined it");
    assert_eq!(items(&daemon, "each/archive/1").len(), 3);

    // A later copy changes the list, not the date; a restart has not forgotten what it compares with.
    let before = story["date_modified"].clone();
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    origin.set("/echo", 200, RSS, paper("echo", &[("Nurses leave hospital in the east", TEXT, 20)]));
    let merged = eventually("the third paper named", || {
        let items = items(&daemon, "merged");
        items.iter().any(|item| also_in(item).len() == 2).then_some(items)
    });
    let story = merged.iter().find(|item| !also_in(item).is_empty()).expect("it names others");
    assert_eq!((merged.len(), &story["date_modified"]), (2, &before));
    assert_eq!(past(&daemon), ids(&merged));
    assert_eq!(story["date_published"], "2026-11-02T08:00:00Z");

    // Explained, parted for good, and joined.
    let (_, list, _) = home.run(&["stories", "--json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list[0]["entry"]["source"], "echo");
    let reason = list[1]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("text ") && reason.contains(" % alike, headlines "), "{reason}");
    let herald = list[1]["entry"]["number"].to_string();
    let (_, explained, _) = home.run(&["explain", &herald, "merged"]);
    assert!(explained.contains(reason) && explained.contains("tells the same story"), "{explained}");
    assert_eq!(home.run(&["stories", "split", &herald]).0, Some(0));
    assert_eq!(home.run(&["stories", "split", &herald]).0, Some(1));
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    let parted =
        eventually("the parted entry", || Some(items(&daemon, "merged")).filter(|all| all.len() == 3));
    assert!(parted.iter().all(|item| !also_in(item).contains(&"The herald")), "{parted:?}");
    origin.set("/herald", 200, RSS, paper("herald", &[("Four nurses leave a hospital", &copy, 10)]));
    eventually("the edit", || {
        items(&daemon, "merged")
            .iter()
            .any(|item| item["title"] == "Four nurses leave a hospital")
            .then_some(())
    });
    assert_eq!(items(&daemon, "merged").len(), 3, "an edit joins nothing again");
    assert_eq!(daemon.stop().0, Some(0));
}
