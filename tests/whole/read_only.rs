//! A store that cannot be written: published feeds are still served, the problem is reported, and polling resumes by
//! itself.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::faults::{Disk, RSS, config, feed, shows};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

/// The state of the store when its disk becomes read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreFiles {
    /// After a clean stop.
    Closed,
    /// After a clean stop, without a lock file.
    ClosedWithoutLock,
    /// After a kill: the last writes are in the log.
    Log,
    /// After a kill, without the log's index.
    LogWithoutIndex,
}

#[test]
fn a_start_on_a_read_only_disk_serves_published_feeds_and_polls_once_it_is_writable() {
    for left in
        [StoreFiles::Closed, StoreFiles::ClosedWithoutLock, StoreFiles::Log, StoreFiles::LogWithoutIndex]
    {
        let origin = Origin::start();
        origin.set("/site", 200, RSS, feed(0..3));
        let text = config(&origin, "1s", "disk/siftwire.db")
            .replace("[store]", "public_url = \"https://feeds.example.org\"\n[store]");
        let home = Home::new(&text);
        let folder = home.path().join("disk");
        let Some(disk) = Disk::mount(&folder) else { return };
        let daemon = home.start();
        eventually("the first entries", || shows(&daemon, 2));
        eventually("all of it stored", || (status(&home)["outputs"][0]["members"] == 3).then_some(()));
        let before = daemon.get("/feeds/all.atom");
        match left {
            StoreFiles::Closed | StoreFiles::ClosedWithoutLock => assert_eq!(daemon.stop().0, Some(0)),
            StoreFiles::Log | StoreFiles::LogWithoutIndex => daemon.kill(),
        }
        let gone = match left {
            StoreFiles::ClosedWithoutLock => Some("siftwire.db.lock"),
            StoreFiles::LogWithoutIndex => Some("siftwire.db-shm"),
            StoreFiles::Closed | StoreFiles::Log => None,
        };
        gone.into_iter().for_each(|file| std::fs::remove_file(folder.join(file)).expect("it was there"));
        disk.remount("ro");
        origin.set("/site", 200, RSS, feed(0..4));
        // An output that is not stored yet has to wait.
        home.configure(&format!("{text}[[output]]\nname = \"more\"\n"));

        let daemon = home.start();
        let after = daemon.get("/feeds/all.atom");
        assert_eq!((after.status, after.header("etag")), (200, before.header("etag")), "{left:?}");
        assert_eq!(after.body, before.body, "{left:?}");
        assert_reported(&daemon, &home, "Read-only file system");
        assert_eq!(daemon.get("/feeds/more.atom").status, 404);
        let (code, _, words) = home.run(&["run"]);
        assert_eq!(code, Some(1), "{left:?}");
        assert!(words.contains("another siftwire is running"), "{left:?}: {words}");
        let (code, _, words) = home.run(&["poll"]);
        assert_eq!(code, Some(1));
        assert!(words.contains("Read-only file system"), "{words}");
        assert_eq!(home.run(&["doctor"]).0, Some(0), "{left:?}");
        assert_eq!(home.run(&["backup", "copy.db"]).0, Some(0), "{left:?}");

        disk.remount("rw");
        eventually(&format!("a later entry, {left:?}"), || shows(&daemon, 3));
        eventually("the new output", || (daemon.get("/feeds/more.atom").status == 200).then_some(()));
        assert_recovered(&daemon, &home);
        let (code, log) = daemon.stop();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("the store can be written again"), "{log}");
        assert_eq!(home.run(&["doctor"]).0, Some(0), "{left:?}");
        assert_eq!(home.run(&["poll"]).0, Some(0), "{left:?}");
    }
}

#[test]
fn a_disk_that_fails_under_the_daemon_is_used_again_once_it_works() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let home = Home::new(&config(&origin, "1s", "disk/siftwire.db"));
    let (image, folder) = (home.path().join("image"), home.path().join("disk"));
    let run = |line: &str| {
        let line = line
            .replace("IMAGE", &image.display().to_string())
            .replace("DISK", &folder.display().to_string());
        Command::new("sh").args(["-c", &line]).output().is_ok_and(|done| done.status.success())
    };
    if !run("truncate -s 32M IMAGE && mkfs.ext4 -q IMAGE && mkdir DISK && mount -o loop IMAGE DISK") {
        eprintln!("skipped: only root may mount a disk of its own");
        return;
    }
    let _end = Unmount(&folder);
    let daemon = home.start();
    eventually("the first entries", || shows(&daemon, 2));
    let before = daemon.get("/feeds/all.atom").body;
    // What ext4 does after an error: writes fail, open files or not.
    if !run("mount -o remount,abort DISK") {
        eprintln!("skipped: this kernel has no `abort`");
        return;
    }
    origin.set("/site", 200, RSS, feed(0..4));
    assert_reported(&daemon, &home, "cannot be written");
    assert_eq!(daemon.get("/feeds/all.atom").body, before);
    assert!(run(
        "umount -l DISK && cp IMAGE IMAGE.new && { e2fsck -fy IMAGE.new; mount -o loop IMAGE.new DISK; }"
    ));
    eventually("a later entry", || shows(&daemon, 3));
    assert_recovered(&daemon, &home);
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}

#[test]
fn a_start_with_a_read_only_folder_or_file_recovers_once_it_is_writable() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(0..3));
    let mut home = Home::new(&config(&origin, "1s", "disk/siftwire.db"));
    let folder = home.path().join("disk");
    std::fs::create_dir(&folder).expect("a folder");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let probe = folder.join("probe");
    mode(&folder, 0o555);
    let is_root = std::fs::write(&probe, "").is_ok();
    mode(&folder, 0o755);
    if is_root && !home.is_nobodys() {
        eprintln!("skipped: root may write everywhere");
        return;
    }
    let daemon = home.start();
    eventually("the first entries", || shows(&daemon, 2));
    assert_eq!(daemon.stop().0, Some(0));
    for (path, closed, open) in [(folder.clone(), 0o555, 0o755), (folder.join("siftwire.db"), 0o400, 0o600)] {
        mode(&path, closed);
        origin.set("/site", 200, RSS, feed(0..3));
        let daemon = home.start();
        assert_eq!(shows(&daemon, 2), Some(()));
        assert_reported(&daemon, &home, "siftwire.db");
        mode(&path, open);
        assert_recovered(&daemon, &home);
        assert_eq!(daemon.stop().0, Some(0));
    }
}

/// The problem is in health checks, front page, metrics and `status`.
fn assert_reported(daemon: &Daemon, home: &Home, why: &str) {
    eventually("503", || (daemon.get("/readyz").status == 503).then_some(()));
    assert!(daemon.get("/readyz").body.contains("the store cannot be written"));
    assert_eq!(daemon.get("/healthz").status, 200);
    let page = eventually("an alert on the page", || {
        Some(daemon.get("/").body).filter(|page| page.contains("role=\"alert\""))
    });
    assert!(page.contains("The store cannot be written") && page.contains(why), "{page}");
    assert!(!page.contains(&home.path().display().to_string()), "{page}");
    eventually("a metric", || {
        daemon.get("/metrics").body.contains("siftwire_store_writable 0\n").then_some(())
    });
    let (code, table, words) = home.run(&["status"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(table.contains("SOURCE") && words.contains("is read-only"), "{words}");
}

fn assert_recovered(daemon: &Daemon, home: &Home) {
    eventually("200", || (daemon.get("/readyz").status == 200).then_some(()));
    eventually("no alert on the page", || (!daemon.get("/").body.contains("role=\"alert\"")).then_some(()));
    let (_, _, words) = home.run(&["status"]);
    assert!(words.lines().count() == 1 && words.starts_with("store: "), "{words}");
}

fn status(home: &Home) -> serde_json::Value {
    serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON")
}

struct Unmount<'a>(&'a Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
