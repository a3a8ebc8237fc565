//! The store's file: backup, damage, another schema, moved away.
#![allow(clippy::print_stderr, reason = "the number of salvaged entries is worth reading")]

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::{Home, eventually};

const ENTRIES: usize = 400;

/// A home with a store of [`ENTRIES`] entries.
fn filled() -> (Origin, Home) {
    let origin = Origin::start();
    let items: String = (0..ENTRIES)
        .map(|n| {
            format!(
                "<item><title>Entry {n}</title><guid isPermaLink=\"false\">{n}</guid><description>{}</description></item>",
                "words ".repeat(100)
            )
        })
        .collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>");
    origin.set("/a", 200, "application/rss+xml", feed);
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nurl = \"{}\"\nname = \"a\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/a")
    ));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    (origin, home)
}

fn count(path: &std::path::Path, question: &str) -> i64 {
    Connection::open(path).expect("it opens").query_row(question, [], |row| row.get(0)).expect("it is read")
}

#[test]
fn a_backup_beside_the_daemon_is_complete_and_private_and_overwrites_nothing() {
    let (_origin, home) = filled();
    let daemon = home.start();
    let (code, _, words) = home.run(&["backup", "copy.db"]);
    assert_eq!(code, Some(0), "{words}");
    let copy = home.path().join("copy.db");
    assert_eq!(count(&copy, "SELECT count(*) FROM entry"), ENTRIES as i64);
    let mode = std::fs::metadata(&copy).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, _, words) = home.run(&["backup", "copy.db"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("exists already"), "{words}");
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}

#[test]
fn a_mistake_that_leaves_the_store_open_does_not_lead_to_another_one() {
    let (_origin, home) = filled();
    let output = "[[output]]\nname = \"all\"\n";
    for store in [
        "[store]\npaht = \"/elsewhere.db\"\n",
        "[store]\npath = 3\n",
        "[stroe]\npath = \"/elsewhere.db\"\n",
        "[store]\npath = \"/elsewhere.db\n",
        "[store]\npath = \"/elsewhere.db\"\nurl = \"postgres://db.example/siftwire\"\n",
        "store.pth = \"/elsewhere.db\"\n",
    ] {
        home.configure(&format!("{store}{output}"));
        for command in [&["backup", "copy.db"][..], &["doctor"], &["status"]] {
            let (code, out, words) = home.run(command);
            assert_eq!(code, Some(2), "{store}{command:?}: {out}{words}");
            assert!(words.contains("which store"), "{store}{command:?}: {words}");
        }
    }
    assert!(!home.path().join("copy.db").exists());
    home.configure(&format!("{output}limit = \"all\"\n"));
    assert_eq!(home.run(&["backup", "copy.db"]).0, Some(0), "another mistake says nothing of the store");
}

#[test]
fn doctor_salvages_the_readable_rows_and_the_lost_ones_come_again() {
    let (_origin, home) = filled();
    let pages = [1, 3, 5].map(|nth| {
        let leaves = "SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf'";
        count(&home.store(), &format!("{leaves} ORDER BY pageno LIMIT 1 OFFSET {nth}"))
    });
    let mut file = std::fs::OpenOptions::new().write(true).open(home.store()).expect("it opens");
    for page in pages {
        file.seek(SeekFrom::Start((page as u64 - 1) * 4096)).expect("it is that long");
        file.write_all(&[0xa5; 4096]).expect("it is written");
    }
    drop(file);
    let before = std::fs::read(home.store()).expect("it is read");
    let (code, found, words) = home.run(&["doctor"]);
    assert_eq!(code, Some(1), "{found}{words}");
    let store = home.store().display().to_string();
    assert!(words.contains(&format!("siftwire doctor --salvage {store}.new")), "{words}");
    assert!(words.contains(&format!("mv {store} {store}.damaged")), "{words}");
    let (code, tables, words) = home.run(&["doctor", "--salvage", "new.db"]);
    assert_eq!(code, Some(1));
    assert!(tables.contains("entry: "), "{tables}{words}");
    assert_eq!(std::fs::read(home.store()).expect("it is read"), before, "the damaged store is not changed");
    let new = home.path().join("new.db");
    let saved = count(&new, "SELECT count(*) FROM entry");
    assert!(saved > ENTRIES as i64 / 2 && saved < ENTRIES as i64, "{saved} saved");
    assert_eq!(count(&new, "SELECT count(*) FROM key WHERE entry IS NOT NULL"), saved);
    std::fs::rename(&new, home.store()).expect("it is renamed");
    for side in ["siftwire.db-wal", "siftwire.db-shm"] {
        let _ = std::fs::remove_file(home.path().join(side));
    }
    assert_eq!(home.run(&["doctor"]).0, Some(0));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    // Lost entries that are still in the feed are back: no validator and no key kept them away.
    assert_eq!(count(&home.store(), "SELECT count(*) FROM entry"), ENTRIES as i64);
}

/// Number, title and extra fields of each entry.
fn entries(path: &std::path::Path) -> Vec<(i64, String, String)> {
    let store = Connection::open(path).expect("it opens");
    let mut question =
        store.prepare("SELECT number, title, extra_json FROM entry ORDER BY number").expect("a table");
    let rows = question.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("they are read")
}

#[test]
fn salvage_of_a_store_with_one_flipped_page_returns_only_true_entries() {
    let (_origin, home) = filled();
    let sound = std::fs::read(home.store()).expect("it is read");
    let before = entries(&home.store());
    let pages = sound.len() / 4096;
    let (mut complete, mut least) = (0, before.len());
    // Not the first page: without the header it is no database.
    let flipped: Vec<usize> = (1..pages).step_by((pages / 24).max(1)).collect();
    for page in &flipped {
        let mut damaged = sound.clone();
        damaged[page * 4096..(page + 1) * 4096].iter_mut().for_each(|byte| *byte = !*byte);
        std::fs::write(home.store(), &damaged).expect("it is ours");
        let new = home.path().join(format!("new-{page}.db"));
        let (code, tables, words) = home.run(&["doctor", "--salvage", &new.display().to_string()]);
        assert!(matches!(code, Some(0 | 1)), "page {page}: {code:?} {tables}{words}");
        let saved = entries(&new);
        assert!(saved.iter().all(|entry| before.contains(entry)), "page {page}: an entry differs");
        let intact =
            Connection::open(&new)
                .expect("it opens")
                .query_row("PRAGMA integrity_check", [], |row| row.get(0));
        assert_eq!(intact, Ok("ok".to_owned()), "page {page}");
        complete += usize::from(saved == before);
        least = least.min(saved.len());
    }
    eprintln!(
        "{} pages flipped one at a time: {complete} times all {} entries, at least {least}",
        flipped.len(),
        before.len()
    );
    assert!(least * 10 > before.len() * 9, "one page cost {} entries", before.len() - least);
}

#[test]
fn a_file_that_is_no_store_or_has_another_schema_is_refused_untouched() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\n");
    for (what, words) in
        [(b"no database at all".to_vec(), "is damaged, or no database"), (vec![7; 9000], "siftwire doctor")]
    {
        std::fs::write(home.store(), &what).expect("a file");
        let (code, _, said) = home.run(&["run"]);
        assert_eq!(code, Some(1));
        assert!(said.contains(words) && said.contains("siftwire.db.damaged"), "{said}");
        assert_eq!(std::fs::read(home.store()).expect("it is read"), what);
    }
    std::fs::remove_file(home.store()).expect("it goes");
    let newer = Connection::open(home.store()).expect("it opens");
    newer
        .execute_batch(
            "CREATE TABLE future (x); PRAGMA application_id = 0x53696674; PRAGMA user_version = 900",
        )
        .expect("it is written");
    drop(newer);
    let before = std::fs::read(home.store()).expect("it is read");
    let (code, _, said) = home.run(&["run"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("newer Siftwire (schema 900"), "{said}");
    assert_eq!(std::fs::read(home.store()).expect("it is read"), before);
}

#[test]
fn a_store_that_is_moved_away_while_open_is_reported_and_loses_nothing() {
    let (origin, home) = filled();
    let feed = |title: &str| {
        format!(
            "<rss version=\"2.0\"><channel><title>B</title><item><title>{title}</title></item></channel></rss>"
        )
    };
    origin.set("/b", 200, "application/rss+xml", feed("Early"));
    let text = std::fs::read_to_string(home.path().join("config.toml")).expect("it is read");
    let url = origin.url("/b");
    home.configure(&format!(
        "{text}[poll]\nevery = \"1s\"\nat_most = \"1s\"\n[[source]]\nurl = \"{url}\"\nname = \"b\"\nallow_private = true\n"
    ));
    let daemon = home.start();
    eventually("the early entry", || daemon.get("/feeds/all.atom").body.contains("Early").then_some(()));
    let away = home.path().join("away.db");
    std::fs::rename(home.store(), &away).expect("it is ours");
    eventually("503", || (daemon.get("/readyz").status == 503).then_some(()));
    let page = eventually("an alert on the page", || {
        Some(daemon.get("/").body).filter(|page| page.contains("role=\"alert\""))
    });
    assert!(page.contains("siftwire.db was moved, removed or replaced"), "{page}");
    assert!(!page.contains(&home.path().display().to_string()), "{page}");
    assert!(!home.store().exists(), "no new file is created");
    assert_eq!(daemon.get("/feeds/all.atom").status, 200);
    origin.set("/b", 200, "application/rss+xml", feed("Later"));
    std::fs::rename(&away, home.store()).expect("it is ours");
    eventually("200", || (daemon.get("/readyz").status == 200).then_some(()));
    eventually("the later entry", || daemon.get("/feeds/all.atom").body.contains("Later").then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(count(&home.store(), "SELECT count(*) FROM entry"), ENTRIES as i64 + 2);
}

#[test]
fn an_unusable_store_path_is_reported_with_the_reason() {
    for (path, reason) in [
        ("folder", "Is a directory"),
        ("text/store.db", "Not a directory"),
        ("/proc/no/store.db", "cannot create the folder"),
    ] {
        let home = Home::new(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"{path}\"\n"));
        std::fs::create_dir(home.path().join("folder")).expect("a folder");
        std::fs::write(home.path().join("text"), "text").expect("a file");
        let (code, _, words) = home.run(&["run"]);
        assert_eq!(code, Some(1), "{path}: {words}");
        assert!(words.contains(path) && words.contains(reason), "{path}: {words}");
    }
}

#[test]
fn the_version_names_commit_and_sqlite() {
    let (_, version, _) = Home::new("").run(&["--version"]);
    assert!(version.contains("(commit ") && version.contains("SQLite 3."), "{version}");
}
