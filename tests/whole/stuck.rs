//! A task that gets stuck: health checks and systemd are told, and the process can still be stopped.

use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::faults::{RSS, config, feed, shows};
use crate::origin::Origin;
use crate::program::{Home, eventually};

const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// What systemd would be told. It is read at once, since the daemon waits for the reader only a while.
fn messages(socket: &Path) -> Receiver<String> {
    let systemd = UnixDatagram::bind(socket).expect("a socket");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = systemd.recv(&mut buffer) {
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Reading this file blocks until somebody writes to it.
fn block(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().is_ok_and(|done| done.success()));
}

#[test]
fn a_stuck_task_stops_the_watchdog_but_not_the_shutdown() {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..2));
    let home = Home::new("");
    let folder = home.path().join("config.d");
    std::fs::create_dir(&folder).expect("a folder");
    home.configure(&config(&origin, "1s", "siftwire.db"));
    let socket = home.path().join("notify");
    let systemd = messages(&socket);
    let daemon = home.start_with(&[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", Path::new("3000000"))]);
    eventually("an entry", || shows(&daemon, 1));
    let is_alive = || {
        let signs = systemd.try_iter().filter(|message| message.contains("WATCHDOG=1"));
        (signs.count() > 0).then_some(())
    };
    for _ in 0..3 {
        eventually("a sign of life", is_alive);
    }

    let file = folder.join("more.toml");
    block(&file);
    origin.set("/site", 200, RSS, feed(1..3));
    eventually("503", || (daemon.get("/readyz").status == 503).then_some(()));
    assert_eq!(daemon.get("/readyz").body, "not ok: the reloader is stuck\n");
    assert_eq!(daemon.get("/feeds/all.atom").status, 200);
    let _ = is_alive();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(is_alive(), None, "a sign of life, more than a second overdue");

    drop(std::fs::OpenOptions::new().write(true).open(&file).expect("the reloader reads it"));
    eventually("the new entry", || shows(&daemon, 2));
    eventually("200", || (daemon.get("/readyz").status == 200).then_some(()));
    eventually("a sign of life", is_alive);

    // Opening it fails until the reloader reads it; while it is open, the reloader gets no end of file.
    block(&file);
    let open = || std::fs::OpenOptions::new().write(true).custom_flags(NONBLOCK).open(&file).ok();
    let _open = eventually("a reload", open);
    let stopping = Instant::now();
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(stopping.elapsed() < Duration::from_secs(20), "{log}");
    assert!(log.contains("no progress") && log.contains("tasks=\"reloader\""), "{log}");
    assert!(!log.contains("a task failed"), "{log}");
}
