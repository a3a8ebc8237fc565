//! Ids of entries and feeds: an output's own unless it is configured otherwise, and never another one later.

use std::collections::BTreeMap;

use crate::faults::{RSS, feed};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

fn config(origin: &Origin, extra: &str, outputs: &[&str]) -> String {
    let outputs: String = outputs.iter().map(|output| format!("[[output]]\n{output}\nlimit = 2\n")).collect();
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n{extra}\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n[[source]]\n\
         name = \"site\"\nurl = \"{}\"\nallow_private = true\n{outputs}",
        origin.url("/site")
    )
}

/// The ids of entries by title, of a feed and its archive, the same in every format; and the feed's own id.
fn ids(daemon: &Daemon, output: &str) -> (BTreeMap<String, String>, String) {
    let mut all: Vec<(BTreeMap<String, String>, String)> = Vec::new();
    for extension in ["atom", "rss", "json"] {
        let mut paths = vec![format!("/feeds/{output}.{extension}")];
        paths.extend((1..9).map(|page| format!("/feeds/{output}/archive/{page}.{extension}")));
        let documents = paths.iter().map(|path| daemon.get(path)).take_while(|answer| answer.status == 200);
        let (mut by_title, mut feed_id) = (BTreeMap::new(), String::new());
        for document in documents {
            let feed = feed_rs::parser::parse(document.body.as_bytes()).expect("a feed");
            if extension == "atom" {
                assert!(feed_id.is_empty() || feed_id == feed.id, "a page has the id of its feed");
                feed_id = feed.id;
            }
            for entry in feed.entries {
                let title = entry.title.map(|title| title.content).unwrap_or_default();
                let known = by_title.insert(title, entry.id.clone());
                assert!(known.is_none_or(|known| known == entry.id), "the archive has the same ids");
            }
        }
        all.push((by_title, feed_id));
    }
    assert!(all.iter().all(|(by_title, _)| *by_title == all[0].0), "{all:?}");
    all.swap_remove(0)
}

fn has(daemon: &Daemon, output: &str, number: u32) {
    let title = format!("Entry-{number}.");
    let paths: Vec<String> = (1..9).map(|page| format!("/feeds/{output}/archive/{page}.rss")).collect();
    eventually(&title, || paths.iter().any(|path| daemon.get(path).body.contains(&title)).then_some(()));
}

#[test]
fn an_entry_has_one_id_in_one_output_for_ever() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..4));
    let home = Home::new(&config(&origin, "", &["name = \"a\"", "name = \"b\""]));
    let daemon = home.start();
    has(&daemon, "a", 3);
    has(&daemon, "b", 3);
    let ((a, feed_a), (b, feed_b)) = (ids(&daemon, "a"), ids(&daemon, "b"));
    assert_eq!((a.len(), b.len()), (3, 3));
    assert!(a.iter().all(|(title, id)| id.starts_with("urn:uuid:") && b[title] != *id), "{a:?} {b:?}");
    assert!(feed_a.starts_with("urn:uuid:") && feed_a != feed_b, "{feed_a} {feed_b}");
    assert!(home.run(&["explain", &a["Entry-2."]]).1.contains("Entry-2."), "an id finds its entry");
    assert_eq!(daemon.stop().0, Some(0));

    // Neither a restart on another port nor another address nor another name changes any; nor does the choice, but for
    // entries that are new.
    let extra = "public_url = \"https://feeds.example/x\"\n[publish]\nids = \"shared\"";
    let outputs = ["name = \"c\"\nwas = [\"a\"]", "name = \"b\"\nfilter = \"entry\"", "name = \"new\""];
    home.configure(&config(&origin, extra, &outputs));
    let daemon = home.start();
    has(&daemon, "new", 3);
    origin.set("/site", 200, RSS, feed(1..6));
    for output in ["b", "c", "new"] {
        has(&daemon, output, 5);
    }
    let renamed = ids(&daemon, "c");
    assert_eq!(renamed.1, feed_a);
    let (now_a, now_b, new) = (renamed.0, ids(&daemon, "b").0, ids(&daemon, "new").0);
    assert!(a.iter().all(|(title, id)| now_a[title] == *id), "{a:?} {now_a:?}");
    assert!(b.iter().all(|(title, id)| now_b[title] == *id), "{b:?} {now_b:?}");
    assert_eq!(now_a["Entry-5."], now_b["Entry-5."]);
    assert_eq!(now_a["Entry-5."], new["Entry-5."]);
    assert!(new["Entry-1."] != a["Entry-1."] && new["Entry-1."] != b["Entry-1."]);

    // A former name is free for another output, which has other ids; and the choice back changes none.
    let outputs = ["name = \"c\"", "name = \"a\""];
    home.configure(&config(&origin, "", &outputs));
    eventually("the second a", || (daemon.get("/feeds/a").status == 200).then_some(()));
    has(&daemon, "a", 5);
    let (second, second_feed) = ids(&daemon, "a");
    assert!(second_feed != feed_a && second.values().all(|id| !a.values().any(|other| other == id)));
    assert_eq!(ids(&daemon, "c").0, now_a);
    origin.set("/site", 200, RSS, feed(1..7));
    has(&daemon, "a", 6);
    has(&daemon, "c", 6);
    assert_ne!(ids(&daemon, "a").0["Entry-6."], ids(&daemon, "c").0["Entry-6."]);
    assert_eq!(daemon.stop().0, Some(0));

    // Whoever has to begin with a new store has the same ids again.
    std::fs::remove_file(home.store()).expect("a store");
    home.configure(&config(&origin, "", &["name = \"c\"\nwas = [\"a\"]"]));
    let daemon = home.start();
    has(&daemon, "c", 6);
    let again = ids(&daemon, "c").0;
    assert!(a.iter().all(|(title, id)| again[title] == *id), "{a:?} {again:?}");
}
