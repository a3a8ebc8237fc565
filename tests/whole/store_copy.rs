//! `siftwire store copy`: from a file into PostgreSQL and back.
#![cfg(postgres)]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;
use std::process::Child;

use rusqlite::{Connection, OpenFlags};

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};
use crate::server::Database;
use crate::server::proxy::{Cut, Proxy};

const SOURCES: [&str; 3] = ["a", "b", "c"];

fn item(source: &str, number: usize) -> String {
    format!(
        "<item><title>News {number} of {source}</title><guid isPermaLink=\"false\">{source}{number}</guid>\
         <description>word {number} of {source}, тест</description>\
         <pubDate>Mon, 30 Nov 2026 10:{:02}:00 GMT</pubDate></item>",
        number % 60
    )
}

/// Sources with so many entries that a copy takes several statements.
fn origin(entries: usize) -> Origin {
    let origin = Origin::start();
    for source in SOURCES {
        let items: String = (0..entries).map(|number| item(source, number)).collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>");
        origin.set(&format!("/{source}"), 200, "application/rss+xml", feed);
    }
    origin
}

fn config(origin: &Origin, store: &str) -> String {
    let source = |name| {
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{}\"\nallow_private = true\n",
            origin.url(&format!("/{name}"))
        )
    };
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.test/\"\n[store]\n{store}\n{}\
         [[output]]\nname = \"all\"\nlimit = 100\n[[output]]\nname = \"some\"\nfilter = \"word 7\"\n",
        SOURCES.map(source).concat()
    )
}

/// All rows of all tables.
fn rows(store: &Path) -> Vec<String> {
    let store = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let list = |select: &str| -> Vec<String> {
        store.prepare(select).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let tables =
        list("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1");
    let all = tables.iter().flat_map(|table| {
        let columns = list(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
        list(&format!("SELECT '{table}: ' || {} FROM {table} ORDER BY 1", columns.join(" || ', ' || ")))
    });
    all.collect()
}

/// The answers to requests for documents, without what is not of the document.
fn documents(daemon: &Daemon) -> Vec<String> {
    let paths = [
        "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/some.atom",
        "/feeds/all/archive/1.atom",
    ];
    let document = |path| {
        eventually(path, || {
            let response = daemon.get(path);
            let of = |name| response.header(name).unwrap_or_default().to_owned();
            (response.status != 503).then(|| {
                format!(
                    "{path} {} {} {}\n{}",
                    response.status,
                    of("etag"),
                    of("last-modified"),
                    response.body
                )
            })
        })
    };
    paths.map(document).to_vec()
}

fn copy(home: &Home, from: &str, to: &str) -> (String, String) {
    let (code, out, words) = home.run(&["store", "copy", from, to]);
    assert_eq!(code, Some(0), "{from} {to}: {words}");
    (out, words)
}

/// A home whose store was filled by polls.
fn polled(origin: &Origin) -> Home {
    let home = Home::new(&config(origin, ""));
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(0), "{words}");
    home
}

#[test]
fn a_store_is_the_same_in_postgresql_and_back_in_a_file() {
    let origin = origin(250);
    let home = polled(&origin);
    let daemon = home.start();
    let before = documents(&daemon);
    assert!(before.iter().all(|document| document.contains(" 200 ")), "{before:?}");
    daemon.stop();
    let database = Database::new();
    let (there, words) = copy(&home, "siftwire.db", &database.url);
    assert!(there.contains("entry: 750 rows, checksum "), "{there}");
    assert!(!words.contains("U+FFFD"), "{words}");
    let (back, _) = copy(&home, &database.url, "back.db");
    assert_eq!(there, back);
    assert!(rows(&home.store()) == rows(&home.path().join("back.db")), "the tables differ");
    assert_eq!(home.run(&["doctor"]).0, Some(0));

    home.configure(&config(&origin, &format!("url = \"{}\"", database.url)));
    let daemon = home.start();
    assert_eq!(documents(&daemon), before);
    // New rows get numbers of their own.
    let more = [item("a", 1000), item("a", 1001)].concat();
    origin.set(
        "/a",
        200,
        "application/rss+xml",
        format!("<rss version=\"2.0\"><channel>{more}</channel></rss>"),
    );
    let (code, _, words) = home.run(&["poll", "a"]);
    assert_eq!(code, Some(0), "{words}");
    eventually("the new entries", || {
        daemon.get("/feeds/all.atom").body.contains("News 1001 of a").then_some(())
    });
    daemon.stop();
    assert_eq!(database.dangling_references(), Vec::<String>::new());
    assert_eq!(home.run(&["store", "copy", "config", "after.db"]).0, Some(0));
    let after = rows(&home.path().join("after.db"));
    assert_eq!(after.iter().filter(|row| row.starts_with("entry: ")).count(), 752);
}

#[test]
fn what_postgresql_cannot_keep_in_a_text_is_replaced_and_told() {
    let origin = origin(5);
    let home = polled(&origin);
    let store = Connection::open(home.store()).unwrap();
    store.execute("UPDATE entry SET title = 'a' || char(0) || 'b' WHERE number < 3", []).unwrap();
    store.execute("UPDATE key SET key = key || char(0) WHERE entry < 3", []).unwrap();
    drop(store);
    let database = Database::new();
    let (there, words) = copy(&home, "siftwire.db", &database.url);
    assert!(words.contains("texts had a character that"), "{words}");
    let (back, words) = copy(&home, &database.url, "back.db");
    assert_eq!(there, back);
    assert!(!words.contains("texts had"), "{words}");
    let back = rows(&home.path().join("back.db"));
    assert_eq!(back.iter().filter(|row| row.contains("'a\u{fffd}b'")).count(), 2);
}

/// Starts a copy from a database that stops at the table of members, and waits until it is there.
fn stopped_copy(home: &Home, from: &Database, to: &str) -> (Child, postgres::Client) {
    let mut blocker = from.client();
    blocker.batch_execute("BEGIN; LOCK TABLE siftwire.membership IN ACCESS EXCLUSIVE MODE").unwrap();
    let child = home.spawn(&["store", "copy", &from.url, to]);
    (child, blocker)
}

#[test]
fn a_copy_that_was_killed_is_no_store_and_is_completed() {
    let origin = origin(250);
    let home = polled(&origin);
    let database = Database::new();
    copy(&home, "siftwire.db", &database.url);
    for changed in [false, true] {
        let (mut child, blocker) = stopped_copy(&home, &database, "half.db");
        let half = home.path().join("half.db");
        let progress = eventually("half of a copy", || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            let half = Connection::open_with_flags(&half, flags).ok()?;
            half.query_row("SELECT text FROM copy_progress WHERE name = 'output'", [], |row| row.get(0)).ok()
        });
        let progress: String = progress;
        assert!(!progress.is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        drop(blocker);
        let (code, _, words) = home.run(&["store", "copy", "half.db", "other.db"]);
        assert!(code == Some(1) && words.contains("an unfinished copy of another store"), "{words}");
        let (code, _, words) = home.run(&["store", "copy", "siftwire.db", "half.db"]);
        assert!(code == Some(1) && words.contains("is an unfinished copy of postgres://"), "{words}");
        if changed {
            let change = "UPDATE siftwire.entry SET title = 'changed since' WHERE number > 50;
                          DELETE FROM siftwire.dedup_hashes WHERE entry < 9";
            database.client().batch_execute(change).unwrap();
            // A row of the rest that is there already, as after a change of what is unique.
            let half = Connection::open(&half).unwrap();
            half.execute("UPDATE copy_progress SET text = '[100]' WHERE name = 'dedup_features'", [])
                .unwrap();
        }
        copy(&home, &database.url, "half.db");
        copy(&home, &database.url, "whole.db");
        assert!(rows(&half) == rows(&home.path().join("whole.db")), "the tables differ");
        assert_eq!(rows(&half) == rows(&home.store()), !changed);
        for file in ["half.db", "whole.db"] {
            std::fs::remove_file(home.path().join(file)).unwrap();
        }
    }
}

#[test]
fn a_copy_into_a_database_that_was_killed_or_cut_off_is_completed() {
    let origin = origin(250);
    let home = polled(&origin);
    let database = Database::new();
    // What is beside the schema stays.
    database.execute(
        "CREATE SCHEMA other; CREATE TABLE other.entry (text TEXT); INSERT INTO other.entry VALUES ('other')",
    );
    let proxy = Proxy::start(&database);
    proxy.cut(Cut::HoldBefore("INSERT INTO membership"));
    let mut child = home.spawn(&["store", "copy", "siftwire.db", &proxy.url]);
    eventually("half of a copy", || (proxy.cuts() == 1).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    proxy.hold(false);
    let (code, _, words) = home.run(&["store", "copy", &database.url, "new.db"]);
    assert!(code == Some(1) && words.contains("an unfinished copy of another store"), "{words}");
    // Cut off.
    proxy.cut(Cut::Before("INSERT INTO membership"));
    let (code, _, words) = home.run(&["store", "copy", "siftwire.db", &proxy.url]);
    assert!(code == Some(1) && words.contains("cannot write postgres://"), "{words}");
    copy(&home, "siftwire.db", &database.url);
    copy(&home, &database.url, "back.db");
    assert!(rows(&home.path().join("back.db")) == rows(&home.store()), "the tables differ");
    let other: String = database.client().query_one("SELECT text FROM other.entry", &[]).unwrap().get(0);
    assert_eq!(other, "other");
    // A schema with something else, and a store of a newer program.
    let strange = Database::new();
    strange.execute("CREATE SCHEMA siftwire; CREATE TABLE siftwire.entry (other TEXT)");
    let (code, _, words) = home.run(&["store", "copy", "siftwire.db", &strange.url]);
    assert!(code == Some(1) && words.contains("\"entry\" already exists"), "{words}");
    database.execute("UPDATE siftwire.schema_version SET version = version + 1");
    for arguments in [[&database.url, "new.db"], ["siftwire.db", &database.url]] {
        let (code, _, words) = home.run(&["store", "copy", arguments[0], arguments[1]]);
        assert!(code == Some(1) && words.contains("was written by a newer Siftwire"), "{words}");
    }
    assert!(!home.path().join("new.db").exists());
}

#[test]
fn a_copy_that_cannot_be_made_says_why() {
    let origin = origin(5);
    let home = polled(&origin);
    let (full, empty) = (Database::new(), Database::new());
    copy(&home, "siftwire.db", &full.url);
    let nobody = empty.url.replace("siftwire@", "nobody:hidden@");
    let missing = format!("{}_not", empty.url);
    for (arguments, code, message) in [
        (["siftwire.db", "siftwire.db"], 2, "both are the same store"),
        (["siftwire.db", "./siftwire.db"], 2, "both are the same store"),
        (["config", "siftwire.db"], 2, "both are the same store"),
        ([&full.url, &full.url], 2, "both are the same store"),
        (["siftwire.db", &full.url], 1, "has a store already, which is not overwritten"),
        ([&full.url, "siftwire.db"], 1, "is a store already, and is not overwritten"),
        (["none.db", &empty.url], 1, "there is no store "),
        ([&empty.url, "new.db"], 1, "there is no store in the database"),
        (["config.toml", "new.db"], 1, "is damaged, or no database"),
        (["siftwire.db", "config.toml"], 1, "is no place for a copy: name a new file"),
        (["siftwire.db", "mysql://u:hidden@h/d"], 2, "it must begin with postgres://"),
        (["siftwire.db", "postgres:/u:hidden@h/d"], 2, "not the address of a PostgreSQL database"),
        (["siftwire.db", "postgres://"], 2, "it names no host"),
        (["siftwire.db", &missing], 1, "does not exist"),
        (["siftwire.db", &nobody], 1, "role \"nobody\" does not exist"),
        (
            ["siftwire.db", "postgres://u:hidden@127.0.0.1:1/d"],
            1,
            "cannot connect to postgres://u@127.0.0.1:1/d",
        ),
    ] {
        let (found, out, words) = home.run(&["store", "copy", arguments[0], arguments[1]]);
        assert_eq!(found, Some(code), "{arguments:?}: {words}");
        assert!(words.contains(message), "{arguments:?}: {words}");
        assert!(out.is_empty() && !words.contains("hidden"), "{arguments:?}: {out} {words}");
    }
    assert!(!home.path().join("new.db").exists() && !home.path().join("none.db").exists());
    // A daemon on the file.
    let daemon = home.start();
    let (code, _, words) = home.run(&["store", "copy", "config", &empty.url]);
    assert!(
        code == Some(1) && words.contains("is in use by a siftwire that runs: stop that first"),
        "{words}"
    );
    drop(daemon);
    copy(&home, "config", &empty.url);
}
