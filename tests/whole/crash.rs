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

/// A filter that is edited again and again, each time with a kill while the store is evaluated.
#[test]
fn kills_during_an_edit_leave_the_old_members_until_the_new_ones_are_complete() {
    const ENTRIES: usize = 3000;
    const EDITS: usize = 10;
    let origin = Origin::start();
    origin.set("/site", 200, "application/rss+xml", document(1, ENTRIES));
    let config = |filter: &str| {
        format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nfirst_poll = {ENTRIES}\n
             [[source]]\nurl = \"{}\"\nname = \"site\"\nallow_private = true\nstories = false\n
             [[output]]\nname = \"all\"\nfilter = '{filter}'\n",
            origin.url("/site")
        )
    };
    let home = Home::new(&config("/entry .*/"));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    let members = || {
        let store = Connection::open(home.store()).expect("the store opens");
        let count = "SELECT count(*) FROM member";
        store.query_row(count, [], |row| row.get::<_, i64>(0)).expect("it is read")
    };
    let all = ENTRIES as i64;
    assert_eq!(members(), all);
    let with_digit =
        |digit: usize| (0..all).filter(|n| n.to_string().contains(&digit.to_string())).count() as i64;
    let mut before = all;
    for edit in 1..=EDITS {
        let digit = edit % 10;
        home.configure(&config(&format!("/entry \\d*{digit}/")));
        let daemon = home.start();
        // A random moment is the point: there is nothing to wait for.
        std::thread::sleep(Duration::from_millis(RandomState::new().hash_one(edit) % 600));
        daemon.kill();
        assert!([before, with_digit(digit)].contains(&members()), "{} members after edit {edit}", members());
        before = members();
    }
    let daemon = home.start();
    eventually("the members of the last edit", || (members() == with_digit(0)).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    let store = Connection::open(home.store()).expect("the store opens");
    let intact: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is read");
    assert_eq!(intact, "ok");
    let archived = "SELECT count(*), count(DISTINCT entry) FROM archive_entry";
    let archived = store.query_row(archived, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
    assert_eq!(archived, Ok((all, all)), "each entry is on one page");
}
