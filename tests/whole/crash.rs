//! SIGKILL at random moments while the feeds change: no entry is lost or stored twice, and no validator is stored
//! without its entries.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::{Home, eventually};

const SITES: usize = 5;
/// Default of `SIFTWIRE_KILLS`.
const KILLS: usize = 50;
/// Entries of a site in the end; fewer than the limit of one document.
const ENTRIES: usize = 2000;

fn document(site: usize, entries: usize) -> String {
    let items: String = (0..entries)
        .map(|n| {
            format!(
                "<item><title>Entry {n} of {site}</title><guid isPermaLink=\"false\">{n}</guid>
                 <description>{}</description></item>",
                "words and more words ".repeat(20)
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Site {site}</title>{items}</channel></rss>")
}

/// Source and title of each stored entry.
fn stored(home: &Home) -> Vec<(i64, String)> {
    let store = Connection::open(home.store()).expect("the store opens");
    let intact: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is read");
    assert_eq!(intact, "ok");
    let mut question = store.prepare("SELECT source, title FROM entry").expect("the table is there");
    let rows = question.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is read");
    rows.collect::<Result<_, _>>().expect("it is read")
}

#[test]
fn kills_lose_no_entry_and_store_none_twice() {
    let kills = std::env::var("SIFTWIRE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    // Entries that a site adds between two kills.
    let added = (ENTRIES / kills).max(1);
    let origin = Origin::start();
    let sources: String = (0..SITES)
        .map(|site| {
            format!(
                "[[source]]\nurl = \"{}\"\nname = \"s{site}\"\nallow_private = true\n",
                origin.url(&format!("/{site}"))
            )
        })
        .collect();
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nper_host = 5\n{sources}[[output]]\nname = \"all\"\n"
    ));
    let mut known = BTreeSet::new();
    for kill in 1..=kills {
        for site in 0..SITES {
            origin.set(&format!("/{site}"), 200, "application/rss+xml", document(site, kill * added));
        }
        let daemon = home.start();
        // A random moment is the point: there is nothing to wait for.
        std::thread::sleep(Duration::from_millis(RandomState::new().hash_one(kill) % 1300));
        daemon.kill();
        let now = stored(&home);
        let distinct: BTreeSet<_> = now.iter().cloned().collect();
        assert_eq!(distinct.len(), now.len(), "an entry is stored twice after kill {kill}");
        assert!(distinct.is_superset(&known), "an entry is lost after kill {kill}");
        known = distinct;
    }
    assert!(known.len() > SITES * added, "too few entries were stored between the kills");
    // With a validator but without its entries, every answer would be 304.
    let daemon = home.start();
    eventually("every entry of every site", || (stored(&home).len() == SITES * kills * added).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    let feed = home.run(&["show", "all", "--format", "json"]).1;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&feed).expect("JSON")["items"].as_array().map(Vec::len),
        Some(100)
    );
}
