//! Real feed readers subscribe to the running daemon: newsboat, sfeed and feedparser, if they are installed.
#![allow(clippy::print_stderr, reason = "a skipped reader is printed")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const ENTRIES: u32 = 5;

fn link(n: u32) -> String {
    format!("https://site.example/{n}?a=1&b=2")
}

/// Unix seconds.
fn date(n: u32) -> u32 {
    1_793_527_200 + n * 60
}

fn daemon_with_entries() -> (Origin, Home, Daemon) {
    let items: String = (1..=ENTRIES)
        .map(|n| {
            format!(
                "<item><title>Entry {n} &amp; more</title><link>{}</link><guid>{n}</guid>
                 <pubDate>Sun, 01 Nov 2026 10:{n:02}:00 GMT</pubDate><description>Text {n}</description></item>",
                link(n).replace('&', "&amp;")
            )
        })
        .collect();
    let origin = Origin::start();
    origin.set(
        "/site",
        200,
        "text/xml",
        format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>"),
    );
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/site")
    ));
    let daemon = home.start();
    eventually("the entries", || daemon.get("/feeds/all.rss").body.contains("Entry 5").then_some(()));
    (origin, home, daemon)
}

/// Runs a reader and returns its output; prints and returns `None` if it is not installed.
fn run_reader(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: {program} is not installed");
        return None;
    };
    // A program that does not read its input is not an error.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let done = child.wait_with_output().expect("it ends");
    if !done.status.success() {
        eprintln!("skipped: {program} {arguments:?} failed");
        return None;
    }
    Some(String::from_utf8(done.stdout).expect("UTF-8"))
}

fn expected() -> Vec<(u32, String)> {
    (1..=ENTRIES).map(|n| (date(n), link(n))).collect()
}

/// Parses lines of `date TAB link`, in any order.
fn pairs(lines: &str) -> Vec<(u32, String)> {
    let pair = |line: &str| {
        let mut fields = line.split('\t');
        Some((fields.next()?.parse().ok()?, fields.next()?.to_owned()))
    };
    let mut pairs: Vec<_> = lines.lines().filter_map(pair).collect();
    pairs.sort();
    pairs
}

#[test]
fn sfeed_and_feedparser_read_every_date_and_link() {
    let (_origin, _home, daemon) = daemon_with_entries();
    let script = "import sys, calendar, feedparser\nfor e in feedparser.parse(sys.stdin.read()).entries:\n    print(calendar.timegm(e.published_parsed), e.link, sep='\\t')";
    for extension in ["atom", "rss"] {
        let document = daemon.get(&format!("/feeds/all.{extension}")).body;
        if let Some(seen) = run_reader("python3", &["-c", script], &document) {
            assert_eq!(pairs(&seen), expected(), "feedparser, {extension}");
        }
        if let Some(seen) = run_reader("sfeed", &[], &document) {
            let lines: String = seen
                .lines()
                .map(|line| {
                    let fields: Vec<&str> = line.split('\t').collect();
                    format!("{}\t{}\n", fields[0], fields[2])
                })
                .collect();
            assert_eq!(pairs(&lines), expected(), "sfeed, {extension}");
        }
    }
}

/// A proxy to the daemon, one connection at a time, that records the status of each response.
fn recording_proxy(daemon: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let statuses: Arc<Mutex<Vec<String>>> = Arc::default();
    let (seen, daemon) = (Arc::clone(&statuses), daemon.to_owned());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let mut server = TcpStream::connect(&daemon).expect("it listens");
            server.write_all(head.as_bytes()).expect("it reads");
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).expect("it answers");
            let status = String::from_utf8_lossy(answer.get(9..12).unwrap_or_default()).into_owned();
            seen.lock().expect("no panic under the lock").push(status);
            let _ = client.write_all(&answer);
        }
    });
    (address, statuses)
}

#[test]
fn newsboat_reads_every_entry_and_then_gets_304() {
    let (_origin, home, daemon) = daemon_with_entries();
    let (address, statuses) = recording_proxy(daemon.address());
    let path = |name: &str| home.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("urls"), format!("http://{address}/feeds/all.atom\n")).expect("a file");
    std::fs::write(path("boat.conf"), "").expect("a file");
    let (urls, cache, config) = (path("urls"), path("cache.db"), path("boat.conf"));
    let arguments = ["-u", &urls, "-c", &cache, "-C", &config, "-x", "reload"];
    // It stores a feed's validators only on the second request.
    for _ in 0..3 {
        if run_reader("newsboat", &arguments, "").is_none() {
            return;
        }
    }
    assert_eq!(*statuses.lock().expect("no panic under the lock"), ["200", "200", "304"]);
    let cache = rusqlite::Connection::open(cache).expect("its cache");
    let mut items = cache.prepare("SELECT pubDate, url FROM rss_item ORDER BY pubDate").expect("its table");
    let items = items.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("its rows");
    let items: Vec<(u32, String)> = items.map(|row| row.expect("a row")).collect();
    assert_eq!(items, expected());
}
