//! Rows with damaged content in a sound file: each costs only itself.

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

/// Entries of the first document.
const ENTRIES: usize = 8;

/// What is damaged, the table and rowid that the log names, and whether an entry is lost by it.
const DAMAGE: [(&str, &str, i64, Loss); 14] = [
    ("UPDATE entry SET extra_json = '{' WHERE number = 6", "entry", 6, Loss::Entry),
    ("UPDATE entry SET extra_json = '1' WHERE number = 6", "entry", 6, Loss::Entry),
    ("UPDATE entry SET title = CAST(x'ff' AS TEXT) WHERE number = 6", "entry", 6, Loss::Entry),
    ("UPDATE entry SET published = 9223372036854775807 WHERE number = 6", "entry", 6, Loss::Entry),
    // The entry that was stored last.
    (
        "UPDATE entry SET extra_json = '{' WHERE revision = (SELECT max(revision) FROM entry)",
        "entry",
        1,
        Loss::Entry,
    ),
    ("UPDATE source SET state = '{'", "source", 1, Loss::Nothing),
    ("UPDATE source SET state = '[1]'", "source", 1, Loss::Nothing),
    ("UPDATE in_feed SET entries = '['", "in_feed", 1, Loss::Nothing),
    ("INSERT INTO health VALUES (77, 1, 1, '{')", "health", 77, Loss::Nothing),
    ("INSERT INTO ping VALUES (99, 9223372036854775807, 0, 0)", "ping", 99, Loss::Nothing),
    ("UPDATE rendering SET body = x'00' WHERE output = 1", "rendering", 1, Loss::Nothing),
    ("UPDATE stored_page SET body = x'00' WHERE output = 1", "stored_page", 1, Loss::Nothing),
    ("UPDATE membership SET reasons = CAST(x'ff' AS TEXT)", "", 0, Loss::Nothing),
    ("UPDATE output SET since = 9223372036854775807", "", 0, Loss::Nothing),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    Entry,
    Nothing,
}

fn document(numbers: std::ops::RangeInclusive<usize>) -> String {
    let items: String = numbers
        .rev()
        .map(|n| {
            format!(
                "<item><title>Entry {n}.</title><guid isPermaLink=\"false\">{n}</guid>
                 <pubDate>Mon, {n:02} Nov 2026 10:00:00 GMT</pubDate><description>Text {n}</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

fn config(origin: &Origin) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example\"\n[publish]\nhub = \"http://127.0.0.1:1/\"\n[[source]]\nname = \"a\"
         url = \"{}\"\nallow_private = true\nevery = \"1s\"\n[[output]]\nname = \"all\"\nlimit = 4
         [[output]]\nname = \"some\"\nfilter = \"entry\"\n",
        origin.url("/a")
    )
}

/// A store with two outputs, the first one with an archive page that was served.
fn filled(origin: &Origin) -> Home {
    origin.set("/a", 200, "application/rss+xml", document(1..=ENTRIES));
    let home = Home::new(&config(origin));
    let daemon = home.start();
    eventually("all entries are published", || (entries(&daemon, "some") == ENTRIES).then_some(()));
    eventually("the archive has a full page", || {
        (daemon.get("/feeds/all/archive/1.atom").status == 200).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
    home
}

fn entries(daemon: &Daemon, output: &str) -> usize {
    daemon.get(&format!("/feeds/{output}.atom")).body.matches("<entry").count()
}

fn open(home: &Home) -> Connection {
    let store = Connection::open(home.store()).expect("it opens");
    store.pragma_update(None, "foreign_keys", false).expect("it is set");
    store
}

#[test]
fn each_kind_of_damaged_row_costs_only_itself() {
    let origin = Origin::start();
    let base = filled(&origin);
    // A later document, without the damaged entries.
    origin.set("/a", 200, "application/rss+xml", document(9..=9));
    for (damage, table, rowid, loss) in DAMAGE {
        let home = Home::new(&config(&origin));
        std::fs::copy(base.store(), home.store()).expect("it is copied");
        let store = open(&home);
        assert!(store.execute(damage, []).expect("it is written") > 0, "{damage}");
        store.execute("UPDATE source SET next_poll = NULL", []).expect("it is written");
        let uid = "SELECT uid FROM entry WHERE number = ?1";
        let uid = store.query_row(uid, [rowid], |row| row.get::<_, String>(0)).unwrap_or_default();
        drop(store);
        let daemon = home.start();
        let expected = ENTRIES + 1 - usize::from(loss == Loss::Entry);
        for output in ["all", "some"] {
            eventually(&format!("{output} after {damage}"), || {
                daemon.get(&format!("/feeds/{output}.atom")).body.contains("Entry 9.").then_some(())
            });
        }
        eventually(damage, || (entries(&daemon, "some") == expected).then_some(()));
        // The third of the four entries that it shows.
        let shown = if (table, rowid) == ("entry", 6) { 3 } else { 4 };
        assert_eq!(entries(&daemon, "all"), shown, "{damage}");
        let page = daemon.get("/feeds/all/archive/1.atom");
        assert!(page.status == 200 && page.body.contains("<entry"), "{damage}: {}", page.body);
        assert_eq!(daemon.get("/feeds/_health.atom").status, 200, "{damage}");
        assert_eq!(daemon.get("/readyz").status, 200, "{damage}");
        let counted = if table.is_empty() { 0 } else { 1 };
        eventually(&format!("{damage} is counted"), || {
            let line = format!("siftwire_store_unreadable_rows_total {counted}\n");
            daemon.get("/metrics").body.contains(&line).then_some(())
        });
        // What is not written again is named by the doctor, too.
        if loss == Loss::Entry {
            let (code, found, _) = home.run(&["doctor"]);
            assert_eq!(code, Some(1), "{damage}");
            assert!(found.contains(&format!("entry row {rowid} is damaged")), "{damage}: {found}");
            let (code, _, said) = home.run(&["explain", &uid]);
            assert!(code == Some(1) && said.contains("siftwire doctor"), "{said}");
        }
        let (code, log) = daemon.stop();
        assert_eq!(code, Some(0), "{damage}");
        let line = format!("table=\"{table}\" number={rowid}");
        let named = log.matches(&line).count() + log.matches(&line.replace('"', "")).count();
        assert_eq!(named, counted, "{damage}: {log}");
        for error in ["cannot publish", "not committed", "cannot read"] {
            assert!(!log.contains(error), "{damage}: {log}");
        }
    }
}

#[test]
fn a_damaged_entry_that_is_in_the_feed_is_written_again() {
    let origin = Origin::start();
    let home = filled(&origin);
    let daemon = home.start();
    let store = open(&home);
    store.execute("UPDATE entry SET extra_json = '{' WHERE number = 6", []).expect("it is written");
    origin.set("/a", 200, "application/rss+xml", document(1..=9));
    eventually("the new entry", || daemon.get("/feeds/some.atom").body.contains("Entry 9.").then_some(()));
    eventually("the damaged entry", || (entries(&daemon, "some") == ENTRIES + 1).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}

#[test]
fn salvage_leaves_damaged_rows_out_and_the_entries_come_again() {
    let origin = Origin::start();
    let home = filled(&origin);
    let store = open(&home);
    for (damage, ..) in DAMAGE {
        store.execute(damage, []).expect("it is written");
    }
    drop(store);
    let (code, found, said) = home.run(&["doctor", "--salvage", "new.db"]);
    assert!(code == Some(1) && found.contains("entry row 6 is damaged"), "{found}{said}");
    std::fs::rename(home.path().join("new.db"), home.store()).expect("it is moved");
    for side in ["-wal", "-shm"] {
        drop(std::fs::remove_file(home.path().join(format!("siftwire.db{side}"))));
    }
    let (code, found, _) = home.run(&["doctor"]);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(home.run(&["poll"]).0, Some(0));
    let shown = home.run(&["show", "some"]).1;
    assert_eq!(shown.matches("<entry").count(), ENTRIES, "{shown}");
}
