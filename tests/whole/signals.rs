//! Start and stop of the process: signals, restarts, socket activation.
#![allow(clippy::print_stderr, reason = "reports a skipped test")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::origin::{HANGS, Origin};
use crate::program::{Home, eventually};

fn config(origin: &Origin, every: &str, paths: &[&str]) -> String {
    let sources: String = paths
        .iter()
        .map(|path| {
            format!(
                "[[source]]\nurl = \"{}\"\nallow_private = true\nname = \"s{}\"\n",
                origin.url(path),
                &path[1..]
            )
        })
        .collect();
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"{every}\"\n{sources}[[output]]\nname = \"all\"\n"
    )
}

fn feed() -> String {
    "<rss version=\"2.0\"><channel><title>T</title><item><title>One</title></item></channel></rss>".to_owned()
}

#[test]
fn sigterm_during_a_hanging_poll_stops_in_time_with_success() {
    let origin = Origin::start();
    origin.set("/a", HANGS, "", "");
    let home = Home::new(&config(&origin, "1h", &["/a"]));
    let daemon = home.start();
    eventually("a poll in flight", || (origin.responses("/a").0 == 1).then_some(()));
    let stopping = Instant::now();
    assert_eq!(daemon.stop().0, Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(10));
    // The unfinished poll wrote nothing, so it is repeated at once.
    origin.set("/a", 200, "application/rss+xml", feed());
    let daemon = home.start();
    eventually("the entry", || daemon.get("/feeds/all.atom").body.contains("One").then_some(()));
}

#[test]
fn a_second_signal_exits_at_once() {
    let origin = Origin::start();
    origin.set("/a", HANGS, "", "");
    let home = Home::new(&config(&origin, "1h", &["/a"]));
    let daemon = home.start();
    eventually("a poll in flight", || (origin.responses("/a").0 == 1).then_some(()));
    daemon.signal("INT");
    eventually("the first signal handled", || (!daemon.listens()).then_some(()));
    let (code, _) = daemon.stop();
    assert_eq!(code, Some(1));
}

#[test]
fn a_process_in_which_nothing_gets_on_ends_in_time_after_sigterm() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n");
    // Nobody reads what it writes to standard error, and there is no more space: its first line blocks it.
    let (_unread, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&[b'-'; 65_536]).expect("the space of a pipe");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_siftwire"))
        .current_dir(home.path())
        .env_clear()
        .stdin(Stdio::null())
        .stderr(full)
        .spawn()
        .expect("the binary runs");
    let status = format!("/proc/{}/status", daemon.id());
    eventually("a handler of SIGTERM", || {
        let status = std::fs::read_to_string(&status).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim().to_owned();
        (u64::from_str_radix(&caught, 16).ok()? & 1 << (15 - 1) != 0).then_some(())
    });
    let stopping = Instant::now();
    let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", daemon.id())]).status();
    assert!(sent.expect("a shell runs").success());
    assert_eq!(daemon.wait().expect("the process ends").code(), Some(1));
    assert!(stopping.elapsed() < Duration::from_secs(15), "{:?}", stopping.elapsed());
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}

#[test]
fn a_restart_polls_no_source_early() {
    let origin = Origin::start();
    for path in ["/a", "/b"] {
        origin.set(path, 200, "application/rss+xml", feed());
    }
    origin.set("/c", 500, "text/plain", "broken");
    let home = Home::new(&config(&origin, "1h", &["/a", "/b", "/c"]));
    let daemon = home.start();
    eventually("three polls", || {
        ["/a", "/b", "/c"].iter().all(|path| origin.responses(path).0 == 1).then_some(())
    });
    eventually("three outcomes", || {
        let (_, json, _) = home.run(&["status", "--json"]);
        (json.matches("\"last_poll\": \"").count() == 3).then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
    // A new source shows that the poller is running.
    origin.set("/d", 200, "application/rss+xml", feed());
    home.configure(&config(&origin, "1h", &["/a", "/b", "/c", "/d"]));
    let daemon = home.start();
    eventually("a poll of the new source", || (origin.responses("/d").0 == 1).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    for path in ["/a", "/b", "/c"] {
        assert_eq!(origin.responses(path), (1, 0), "{path} was polled early");
    }
}

#[test]
fn every_socket_passed_by_systemd_is_served_and_the_configured_address_is_not_used() {
    let activate = "systemd-socket-activate";
    if Command::new(activate).arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: {activate} is not installed");
        return;
    }
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:1\"\n[[output]]\nname = \"all\"\n");
    let path = home.path().join("passed");
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("a local address").to_string()
    };
    let mut daemon = Command::new(activate)
        .args(["--fdname=a:b", "-l", &address, "-l"])
        .arg(&path)
        .args([env!("CARGO_BIN_EXE_siftwire"), "run"])
        .current_dir(home.path())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    fn get_readyz(mut stream: impl Read + Write) -> Option<String> {
        let mut answer = String::new();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(answer)
    }
    eventually("a response on the first socket", || get_readyz(TcpStream::connect(&address).ok()?));
    for _ in 0..3 {
        eventually("a response on the second socket", || get_readyz(UnixStream::connect(&path).ok()?));
        eventually("a response on the first socket", || get_readyz(TcpStream::connect(&address).ok()?));
    }
    daemon.kill().expect("the process can be killed");
    daemon.wait().expect("the process ends");
}
