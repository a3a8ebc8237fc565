//! Faults of the environment: a full disk, idle clients, old entries, clock changes.
#![allow(clippy::print_stderr, reason = "reports skipped tests and timings")]

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

pub const RSS: &str = "application/rss+xml; charset=UTF-8";

pub fn feed(numbers: impl Iterator<Item = usize>) -> String {
    let items: String =
        numbers.map(|n| format!("<item><title>Entry-{n}.</title><guid>g{n}</guid></item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>")
}

pub fn config(origin: &Origin, every: &str, store: &str) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"{store}\"\n[poll]\nevery = \"{every}\"\nat_most = \"{every}\"\n
         [[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/site")
    )
}

pub fn shows(daemon: &Daemon, number: usize) -> Option<()> {
    daemon.get("/feeds/all.atom").body.contains(&format!("Entry-{number}.")).then_some(())
}

/// A small tmpfs, unmounted when the test ends.
pub struct Disk<'a>(&'a Path);

impl Disk<'_> {
    /// `None`, with a message, without the right to mount.
    pub fn mount(at: &Path) -> Option<Disk<'_>> {
        std::fs::create_dir(at).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "none"])
            .arg(at)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("skipped: only root may mount a file system");
        }
        mounted.then_some(Disk(at))
    }

    /// Remounts as `ro` or `rw`. `ro` fails while a file is open for writing.
    pub fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0).status();
        assert!(done.expect("mount runs").success(), "cannot remount as {how}");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_pauses_polls_only_and_they_resume() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "disk/siftwire.db"));
    let folder = home.path().join("disk");
    let Some(_disk) = Disk::mount(&folder) else { return };
    let daemon = home.start();
    eventually("the first entries", || shows(&daemon, 2));
    let filler = folder.join("filler");
    let full = std::fs::write(&filler, vec![0; 5 << 20]);
    assert!(full.is_err(), "the filler is larger than the disk");
    let before = daemon.get("/feeds/all.rss");

    // Each feed has more entries; all must be stored in the end. Free pages of the database take some of them before
    // a write fails.
    let mut last = 3;
    eventually("a store that cannot be written", || {
        last += 100;
        origin.set("/site", 200, RSS, feed(0..last));
        std::thread::sleep(Duration::from_millis(500));
        daemon.get("/metrics").body.contains("siftwire_store_writable 0\n").then_some(())
    });
    let during = daemon.get("/feeds/all.rss");
    assert_eq!((before.status, during.status, daemon.get("/healthz").status), (200, 200, 200));
    // A start succeeds too.
    daemon.kill();
    let daemon = home.start();
    assert_eq!(daemon.get("/feeds/all.rss").status, 200);
    assert_eq!(daemon.get("/readyz").status, 503);
    assert_eq!(shows(&daemon, 2), Some(()));

    std::fs::remove_file(&filler).expect("the file is writable");
    let freed = Instant::now();
    eventually("every entry in the store", || {
        let store = Connection::open(folder.join("siftwire.db")).expect("the store opens");
        let stored = store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0));
        (stored.ok() == i64::try_from(last).ok()).then_some(())
    });
    eventually("the new entries in the outputs", || {
        (daemon.get("/feeds/all.rss").body != before.body).then_some(())
    });
    eprintln!("published {:?} after space was freed", freed.elapsed());
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_disk_with_room_for_small_writes_only_pauses_polls_until_there_is_more() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "disk/siftwire.db"));
    let folder = home.path().join("disk");
    let Some(_disk) = Disk::mount(&folder) else { return };
    let daemon = home.start();
    eventually("the first entries", || shows(&daemon, 2));
    let filler = folder.join("filler");
    let full = std::fs::write(&filler, vec![0; 5 << 20]);
    assert!(full.is_err(), "the filler is larger than the disk");
    let file = std::fs::OpenOptions::new().write(true).open(&filler).expect("the filler");
    let filled = file.metadata().expect("the filler").len();
    file.set_len(filled - (200 << 10)).expect("200 KB are free");

    // Claims and test writes of a few KB succeed; the commit of this feed does not.
    origin.set("/site", 200, RSS, feed(0..4000));
    eventually("not ready", || (daemon.get("/readyz").status == 503).then_some(()));
    eventually("it stays so, with the reason", || {
        let metrics = daemon.get("/metrics").body;
        let is_reported = daemon.get("/").body.contains("The store cannot be written");
        (metrics.contains("siftwire_store_writable 0\n") && is_reported).then_some(())
    });
    assert_eq!(daemon.get("/feeds/all.rss").status, 200);

    file.set_len(0).expect("the file is writable");
    eventually("every entry in the store", || {
        let store = Connection::open(folder.join("siftwire.db")).expect("the store opens");
        let stored = store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0));
        (stored.ok() == Some(4000)).then_some(())
    });
    eventually("ready", || (daemon.get("/readyz").status == 200).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn entries_that_a_source_still_lists_outlive_keep_and_others_do_not() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "siftwire.db"));
    let daemon = home.start();
    eventually("three entries", || shows(&daemon, 2));
    origin.set("/site", 200, RSS, feed(1..3));
    let store = || Connection::open(home.store()).expect("the store opens");
    let count = |question: &str| store().query_row(question, [], |row| row.get::<_, i64>(0)).expect(question);
    eventually("a feed without the first entry", || {
        (count("SELECT count(*) FROM in_feed, json_each(in_feed.entries)") == 2).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
    store().execute("UPDATE entry SET first_seen = 1", []).expect("the store is updated");
    let daemon = home.start();
    eventually("the first entry deleted", || (count("SELECT count(*) FROM entry") == 2).then_some(()));
    eventually("the first entry not published", || shows(&daemon, 0).is_none().then_some(()));
    assert_eq!((shows(&daemon, 1), shows(&daemon, 2)), (Some(()), Some(())));
    // An expired entry that is listed again stays away.
    origin.set("/site", 200, RSS, feed(0..4));
    eventually("a later one", || shows(&daemon, 3));
    assert_eq!((shows(&daemon, 0), count("SELECT count(*) FROM entry")), (None, 3));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_thousand_idle_clients_do_not_block_others() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "siftwire.db"));
    let daemon = home.start();
    eventually("the entries", || shows(&daemon, 2));
    let idle: Vec<TcpStream> = (0..1000).map_while(|_| TcpStream::connect(daemon.address()).ok()).collect();
    if idle.len() < 1000 {
        eprintln!("skipped: only {} connections can be opened", idle.len());
        return;
    }
    let before = daemon.peak();
    let started = Instant::now();
    for number in 3..6 {
        origin.set("/site", 200, RSS, feed(0..number + 1));
        eventually("a new entry", || shows(&daemon, number));
    }
    eprintln!("three entries in {:?}; peak {} KiB", started.elapsed(), before / 1024);
    drop(idle);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn clock_jumps_in_both_directions_lose_no_entry_and_polling_continues() {
    let library = Path::new("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");
    if !library.exists() {
        eprintln!("skipped: libfaketime is not installed");
        return;
    }
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "siftwire.db"));
    let clock = home.path().join("clock");
    let set = |offset: &str| std::fs::write(&clock, offset).expect("the file is writable");
    set("+0");
    let daemon = home.start_with(&[
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", &clock),
        ("FAKETIME_NO_CACHE", Path::new("1")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
    ]);
    eventually("the first entries", || shows(&daemon, 2));
    for (number, offset) in [(3, "+300d"), (4, "-300d"), (5, "+0"), (6, "-2h"), (7, "+0")] {
        set(offset);
        origin.set("/site", 200, RSS, feed(0..number + 1));
        eventually(&format!("an entry after the jump to {offset}"), || shows(&daemon, number));
        (0..number)
            .for_each(|earlier| assert_eq!(shows(&daemon, earlier), Some(()), "{earlier} at {offset}"));
    }
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the clock jumped"), "{log}");
}
