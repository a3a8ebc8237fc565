//! Costs that must not grow with the members of an output: a steady poll, and the memory of an edited filter.
//!
//! `cargo bench --bench members` fills a store with 1,000 entries and one with 300,000 (`--members`), all in one output,
//! and runs the built program on each: with a source that has a new entry every second, so that each poll is published
//! alone, and then with an edited filter that matches the whole store. `--binary PATH` measures another build.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench")]

#[path = "load/measure.rs"]
#[allow(dead_code, reason = "the load bench needs more of it")]
mod measure;
#[path = "load/reader.rs"]
#[allow(dead_code, reason = "the load bench needs more of it")]
mod reader;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::Timestamp;
use siftwire::entry::change::{Change, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, Options, Poll, open};

/// Entries stored in one transaction.
const BATCH: usize = 2000;
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    /// Numbers of members
    #[arg(long, value_delimiter = ',', default_value = "1000,300000")]
    members: Vec<usize>,
    /// Measure this binary instead of the one just built
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let binary = arguments.binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_siftwire").into());
    println!(
        "| members | CPU ms for each poll | MB resident | MB above it during an edit | edit, s |\n|---|---|---|---|---|"
    );
    for members in arguments.members {
        let bench = Bench::new(binary.clone(), members);
        let (cpu, resident) = bench.steady();
        let (above, time) = bench.edit();
        println!("| {members} | {cpu:.2} | {resident:.0} | {above:.0} | {:.1} |", time.as_secs_f64());
    }
}

struct Bench {
    binary: PathBuf,
    home: tempfile::TempDir,
    origin: Origin,
}

impl Bench {
    /// A store with this many members of the output, in a new folder.
    fn new(binary: PathBuf, members: usize) -> Bench {
        let bench = Bench { binary, home: tempfile::tempdir().unwrap(), origin: Origin::start() };
        fill(&bench.home.path().join("siftwire.db"), &bench.origin, members);
        bench
    }

    fn configure(&self, every: &str, filter: &str) {
        let output = |name: &str, rest: &str| {
            format!("[[output]]\nname = \"{name}\"\nfilter = '{filter}'\nstories = \"all\"\n{rest}\n")
        };
        let config = format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\n[store]\nkeep = \"9999d\"\n[poll]\nevery = \"{every}\"\nat_most = \"{every}\"\n\
             adaptive = false\nper_host = 64\nfirst_poll = 1000000\nallow = [\"127.0.0.0/8\"]\n
             [[source]]\nname = \"feed\"\nurl = \"{}\"\nstories = false\n{}{}",
            self.origin.url,
            output("all", ""),
            output("few-of-each", "per_source = 5")
        );
        std::fs::write(self.home.path().join("config.toml"), config).unwrap();
    }

    /// CPU milliseconds of a poll that brings an entry, and resident megabytes.
    fn steady(&self) -> (f64, f64) {
        self.configure("1s", "entry");
        let evaluated = Command::new(&self.binary).current_dir(self.home.path()).arg("poll").output();
        assert!(evaluated.unwrap().status.success());
        let daemon = Daemon::start(&self.binary, self.home.path());
        std::thread::sleep(WARM_UP);
        let (polls, before) =
            (self.origin.requests(), measure::current(&daemon.child, daemon.started).unwrap());
        std::thread::sleep(MEASURED);
        let (polls, after) =
            (self.origin.requests() - polls, measure::current(&daemon.child, daemon.started).unwrap());
        ((after.cpu - before.cpu) * 1e3 / polls as f64, measure::resident_mb(daemon.child.id()))
    }

    /// An edited filter that matches every entry: peak megabytes above those before, and the time until it shows.
    fn edit(&self) -> (f64, Duration) {
        self.configure("1d", "entry");
        let daemon = Daemon::start(&self.binary, self.home.path());
        std::thread::sleep(WARM_UP);
        let before = daemon.etag("/feeds/all.atom");
        let resident = measure::resident_mb(daemon.child.id());
        std::fs::write(format!("/proc/{}/clear_refs", daemon.child.id()), "5").unwrap();
        let edited = Instant::now();
        self.configure("1d", "entry -newest");
        daemon.wait_for_change("/feeds/all.atom", &before);
        let peak = measure::current(&daemon.child, daemon.started).unwrap().peak_mb;
        (peak - resident, edited.elapsed())
    }
}

/// Stores entries as if the first source had listed them over time.
fn fill(path: &Path, origin: &Origin, members: usize) {
    let options = Options {
        location: siftwire::store::StoreLocation::File(path.to_owned()),
        keep: Duration::from_secs(u64::MAX / 2000),
    };
    let (store, workers) = open(&options).unwrap();
    let workers: Vec<_> = workers.0.into_iter().map(|worker| std::thread::spawn(worker.run)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let source = ConfiguredSource {
            is_named: true,
            name: "feed".into(),
            url: origin.url.parse().unwrap(),
            publish_url: UrlParts::Path,
            host: "127.0.0.1".into(),
            title: None,
            language: None,
            articles: siftwire::source::ArticleSettings::default(),
        };
        let source = store.sync_sources(vec![source]).await.unwrap()[0].id;
        let start = Timestamp::now().as_second() - 100 * 86_400;
        for from in (0..members).step_by(BATCH) {
            let time = |n: usize| Timestamp::from_second(start + n as i64).unwrap();
            let changes = (from..members.min(from + BATCH)).rev().map(|n| new_entry(n, time(n))).collect();
            let state = SourceState { last_success: Some(time(from)), ..SourceState::default() };
            let poll = Poll::unclaimed(source, state, changes);
            store.commit(poll).await.unwrap();
        }
    });
    drop(store);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

fn new_entry(n: usize, date: Timestamp) -> Change {
    let text =
        format!("<p>What entry {n} says, at some length. {}</p>", "One more sentence of it. ".repeat(20));
    Change::New(Box::new(NewEntry {
        uids: vec![format!("urn:bench:{n}")],
        date,
        first_seen: date,
        fingerprint: vec![0; 16],
        content_hash: vec![0; 16],
        entry: Entry {
            keys: vec![Key { rule: KeyRule::Id, value: format!("stored {n}") }],
            title: Some(format!("Entry {n} of the past")),
            link: Some(format!("https://site.example/{n}")),
            summary: Some(text),
            ..Entry::default()
        },
        dedup_features: None,
    }))
}

/// A server whose feed has another entry at each request.
struct Origin {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Origin {
    fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // A client that is gone is the end of the process.
                std::thread::spawn(move || drop(answer(client, &counter)));
            }
        });
        Origin { url, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn answer(client: TcpStream, requests: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut client = client;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            let newest = requests.fetch_add(1, Ordering::Relaxed);
            let items: String = (newest.saturating_sub(9)..=newest)
                .rev()
                .map(|n| {
                    let title = format!("The newest entry, {n}");
                    format!("<item><title>{title}</title><guid>{n}</guid><description>{title}</description></item>")
                })
                .collect();
            let body = format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>");
            write!(
                client,
                "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
        }
        line.clear();
    }
    Ok(())
}

/// A running daemon, killed when dropped.
struct Daemon {
    child: Child,
    address: String,
    started: Instant,
}

impl Daemon {
    fn start(binary: &Path, home: &Path) -> Daemon {
        let started = Instant::now();
        let mut command = Command::new(binary);
        command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the daemon exited");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(['/', ' ', '\n']).next().unwrap().to_owned();
            }
        };
        // Read to the end, so that the daemon never blocks on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut log.take(u64::MAX), &mut std::io::sink()));
        Daemon { child, address, started }
    }

    fn etag(&self, path: &str) -> String {
        reader::Reader::connect(&self.address).unwrap().get(path, "").unwrap().etag
    }

    fn wait_for_change(&self, path: &str, etag: &str) {
        while self.etag(path) == etag {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
