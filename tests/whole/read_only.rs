//! A store that cannot be written: what was published is served, that is said everywhere, and all goes on by
//! itself once it can be.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::faults::{Disk, RSS, config, feed, shows};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

/// What a store may look like when its disk becomes read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// By a daemon that stopped.
    Whole,
    /// The same, where there is not even a lock file.
    Alone,
    /// By one that was killed: its last writes are in the log.
    Log,
    /// The same without the log's index.
    LogAlone,
}

#[test]
fn a_start_on_a_read_only_disk_serves_what_was_published_and_polls_once_it_may() {
    for left in [Left::Whole, Left::Alone, Left::Log, Left::LogAlone] {
        let origin = Origin::start();
        origin.set("/site", 200, RSS, feed(0..3));
        let text = config(&origin, "1s", "disk/siftwire.db")
            .replace("[store]", "public_url = \"https://feeds.example.org\"\n[store]");
        let home = Home::new(&text);
        let folder = home.path().join("disk");
        let Some(disk) = Disk::mount(&folder) else { return };
        let daemon = home.start();
        eventually("the first entries", || shows(&daemon, 2));
        eventually("all of it written", || (status(&home)["outputs"][0]["members"] == 3).then_some(()));
        let before = daemon.get("/feeds/all.atom");
        match left {
            Left::Whole | Left::Alone => assert_eq!(daemon.stop().0, Some(0)),
            Left::Log | Left::LogAlone => daemon.kill(),
        }
        let gone = match left {
            Left::Alone => Some("siftwire.db.lock"),
            Left::LogAlone => Some("siftwire.db-shm"),
            Left::Whole | Left::Log => None,
        };
        gone.into_iter().for_each(|file| std::fs::remove_file(folder.join(file)).expect("it was there"));
        disk.remount("ro");
        origin.set("/site", 200, RSS, feed(0..4));
        // What the store has never heard of waits too.
        home.configure(&format!("{text}[[output]]\nname = \"more\"\n"));

        let daemon = home.start();
        let after = daemon.get("/feeds/all.atom");
        assert_eq!((after.status, after.header("etag")), (200, before.header("etag")), "{left:?}");
        assert_eq!(after.body, before.body, "{left:?}");
        says_so(&daemon, &home, "Read-only file system");
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
        eventually(&format!("an entry of later, {left:?}"), || shows(&daemon, 3));
        eventually("the output of later", || (daemon.get("/feeds/more.atom").status == 200).then_some(()));
        well_again(&daemon, &home);
        let (code, log) = daemon.stop();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("the store can be written again"), "{log}");
        assert_eq!(home.run(&["doctor"]).0, Some(0), "{left:?}");
        assert_eq!(home.run(&["poll"]).0, Some(0), "{left:?}");
    }
}

#[test]
fn a_disk_that_fails_under_the_daemon_and_comes_back_is_written_again() {
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
    // As ext4 does after an error: nothing can be written, though files are open.
    if !run("mount -o remount,abort DISK") {
        eprintln!("skipped: this kernel has no `abort`");
        return;
    }
    origin.set("/site", 200, RSS, feed(0..4));
    says_so(&daemon, &home, "cannot be written");
    assert_eq!(daemon.get("/feeds/all.atom").body, before);
    assert!(run(
        "umount -l DISK && cp IMAGE IMAGE.new && { e2fsck -fy IMAGE.new; mount -o loop IMAGE.new DISK; }"
    ));
    eventually("an entry of later", || shows(&daemon, 3));
    well_again(&daemon, &home);
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}

#[test]
fn a_folder_that_may_not_be_written_is_no_end_either() {
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
        says_so(&daemon, &home, "siftwire.db");
        mode(&path, open);
        well_again(&daemon, &home);
        assert_eq!(daemon.stop().0, Some(0));
    }
}

/// Everywhere where an operator may look.
fn says_so(daemon: &Daemon, home: &Home, why: &str) {
    eventually("503", || (daemon.get("/readyz").status == 503).then_some(()));
    assert!(daemon.get("/readyz").body.contains("the store cannot be written"));
    assert_eq!(daemon.get("/healthz").status, 200);
    let page = eventually("a word on the page", || {
        Some(daemon.get("/").body).filter(|page| page.contains("role=\"alert\""))
    });
    assert!(page.contains("The store cannot be written") && page.contains(why), "{page}");
    eventually("a metric", || {
        daemon.get("/metrics").body.contains("siftwire_store_writable 0\n").then_some(())
    });
    let (code, table, words) = home.run(&["status"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(table.contains("SOURCE") && words.contains("is read-only"), "{words}");
}

fn well_again(daemon: &Daemon, home: &Home) {
    eventually("200", || (daemon.get("/readyz").status == 200).then_some(()));
    eventually("nothing on the page", || (!daemon.get("/").body.contains("role=\"alert\"")).then_some(()));
    assert_eq!(home.run(&["status"]).2, "");
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
