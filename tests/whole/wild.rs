//! Sources as they are found in the wild: one guid for everything.

use std::collections::BTreeSet;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

const EXTENSIONS: [&str; 3] = ["atom", "rss", "json"];

fn config(origin: &Origin) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"wild\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/wild")
    )
}

/// Every entry carries the id of the channel, and no link.
fn one_guid(titles: &[&str]) -> String {
    let items: String = titles
        .iter()
        .map(|title| {
            format!(
                "<item><title>{title}</title><guid>https://wild.example/</guid><description>Of {title}.</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Wild</title>{items}</channel></rss>")
}

/// Id and title of each entry, as a feed of ours lists them.
fn listed(daemon: &Daemon, extension: &str) -> Vec<(String, String)> {
    let body = daemon.get(&format!("/feeds/all.{extension}")).body;
    let feed = feed_rs::parser::parse(body.as_bytes()).expect(extension);
    feed.entries.into_iter().map(|e| (e.id, e.title.map(|t| t.content).unwrap_or_default())).collect()
}

/// The entries once there are so many: each title and each id stands there once, in every format.
fn once_each(daemon: &Daemon, count: usize) -> BTreeSet<(String, String)> {
    let all = eventually("the entries", || Some(listed(daemon, "atom")).filter(|all| all.len() == count));
    let ids: BTreeSet<_> = all.iter().map(|(id, _)| id).collect();
    let titles: BTreeSet<_> = all.iter().map(|(_, title)| title).collect();
    assert_eq!((ids.len(), titles.len()), (count, count), "{all:?}");
    for extension in EXTENSIONS {
        assert_eq!(listed(daemon, extension), all, "{extension}");
    }
    all.into_iter().collect()
}

#[test]
fn a_source_with_one_guid_for_everything_has_each_entry_once() {
    const SAID: &str = "names several entries";
    let origin = Origin::start();
    let read_again = |titles: &[&str]| {
        origin.set("/wild", 200, RSS, one_guid(titles));
        // The second full answer, or a 304, is asked for when the first has been written down.
        eventually("it is read", || {
            let (full, unchanged) = origin.asked("/wild");
            (full + unchanged >= 2).then_some(())
        });
    };
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    // While it stands alone nobody can know; it must not come again when somebody does.
    read_again(&["One"]);
    let first = once_each(&daemon, 1);
    read_again(&["Three", "Two", "One"]);
    let second = once_each(&daemon, 3);
    assert!(second.is_superset(&first), "what was published came again: {second:?}");
    read_again(&["Four", "Three", "Two"]);
    let third = once_each(&daemon, 4);
    assert!(third.is_superset(&second), "{third:?}");
    let (code, log) = daemon.stop();
    assert_eq!((code, log.matches(SAID).count()), (Some(0), 1), "{log}");

    let daemon = home.start();
    read_again(&["Five", "Four", "Three"]);
    let fourth = once_each(&daemon, 5);
    assert!(fourth.is_superset(&third), "{fourth:?}");
    let (code, log) = daemon.stop();
    assert_eq!((code, log.matches(SAID).count()), (Some(0), 0), "it is known: {log}");
}
