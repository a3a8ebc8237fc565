//! How fast `/try` answers, and what it costs others.
//!
//! `cargo bench --bench search` fills a store with 100,000 entries (`--entries`), runs the built program on it and requests
//! searches, one after the other and from many clients that type at once. `--binary PATH` measures another build.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench")]

#[path = "load/measure.rs"]
#[allow(dead_code, reason = "the load bench needs more of it")]
mod measure;
#[path = "load/reader.rs"]
#[allow(dead_code, reason = "the load bench needs more of it")]
mod reader;
#[path = "load/words.rs"]
#[allow(dead_code, reason = "the load bench needs more of it")]
mod words;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::Timestamp;
use reader::Reader;
use siftwire::entry::change::{Change, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, Options, Poll, SourceId, Store, open};
use words::{ENGLISH, Phrases, RUSSIAN};

const SOURCES: usize = 200;
/// Entries stored in one transaction.
const BATCH: usize = 500;
const CLIENTS: usize = 50;
const TYPING: Duration = Duration::from_secs(10);

const QUERIES: [&str; 12] = [
    "armenia", "armenia AND russia", "@georgia", "karabakh OR ceasefire", "-armenia", "armen*",
    "\"a peace agreement\"", "\"parliament budget\"~5", "title:moscow", "lang:ru", "age:<7d -baku",
    "/gr(e|a)y/",
];

#[derive(Parser)]
struct Arguments {
    /// How many entries are kept
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
    /// Characters of text of each entry, about
    #[arg(long, default_value_t = 1000)]
    text: usize,
    /// Keep the store in this folder, and use what is there
    #[arg(long)]
    home: Option<PathBuf>,
    /// Measure this binary instead of the one just built
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let binary = arguments.binary.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_siftwire").into());
    let folder = tempfile::tempdir().unwrap();
    let home = arguments.home.as_deref().unwrap_or(folder.path());
    if !home.join("config.toml").exists() {
        std::fs::create_dir_all(home).unwrap();
        fill(home, arguments.entries, arguments.text);
    }
    let daemon = Daemon::start(&binary, home);
    let idle = measure::resident_mb(daemon.child.id());
    let mut reader = Reader::connect(&daemon.address).unwrap();
    let first = time(&mut reader, &address(QUERIES[0]));
    println!(
        "{} entries of {} characters; the first answer: {first:.0} ms",
        arguments.entries, arguments.text
    );
    println!("\n| query | ms, median of 5 | slowest |\n|---|---|---|");
    for query in QUERIES {
        let mut times: Vec<f64> = (0..5).map(|_| time(&mut reader, &address(query))).collect();
        times.sort_by(f64::total_cmp);
        println!("| {query} | {:.0} | {:.0} |", times[2], times[4]);
    }
    println!("\nresident: {idle:.0} MB before, {:.0} MB after", measure::resident_mb(daemon.child.id()));
    let alone = slowest_feeds(&daemon.address, TYPING / 2);
    let (typed, beside) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn({
                    let address = &daemon.address;
                    move || type_queries(address, number)
                })
            })
            .collect();
        let beside = slowest_feeds(&daemon.address, TYPING);
        let mut typed: Vec<f64> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        typed.sort_by(f64::total_cmp);
        (typed, beside)
    });
    let of = |part: f64| typed[((typed.len() - 1) as f64 * part) as usize];
    println!(
        "\n{CLIENTS} clients type: {} answers, median {:.0} ms, 99 % within {:.0} ms",
        typed.len(),
        of(0.5),
        of(0.99)
    );
    println!("99 % of feeds within {alone:.2} ms alone, {beside:.2} ms meanwhile");
}

fn address(query: &str) -> String {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    format!("/try?q={query}")
}

fn time(reader: &mut Reader, address: &str) -> f64 {
    let started = Instant::now();
    let response = reader.get(address, "").unwrap();
    assert_eq!(response.status, 200, "{address}");
    started.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds in which 99 of 100 feeds come.
fn slowest_feeds(address: &str, duration: Duration) -> f64 {
    let mut reader = Reader::connect(address).unwrap();
    let until = Instant::now() + duration;
    let mut times = Vec::new();
    while Instant::now() < until {
        times.push(time(&mut reader, "/feeds/all.atom"));
        std::thread::sleep(Duration::from_millis(2));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

/// Types queries letter by letter, as fast as a person does; returns how long each answer took. One that is one too many is
/// sent again.
fn type_queries(address: &str, client: usize) -> Vec<f64> {
    let mut reader = Reader::connect(address).unwrap();
    let until = Instant::now() + TYPING;
    let mut times = Vec::new();
    for query in QUERIES.iter().cycle().skip(client) {
        for length in (3..=query.len()).filter(|length| query.is_char_boundary(*length)) {
            if Instant::now() >= until {
                return times;
            }
            let started = Instant::now();
            while reader.get(&self::address(&query[..length]), "").unwrap().status != 200 {
                std::thread::sleep(Duration::from_secs(1));
            }
            times.push(started.elapsed().as_secs_f64() * 1e3);
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    times
}

/// Stores entries of many sources as if they had come over the last hundred days.
fn fill(home: &Path, entries: usize, text: usize) {
    let mut config = String::from(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[store]\nkeep = \"9999d\"\n[poll]\nevery = \"30d\"\nat_most = \"30d\"\n",
    );
    for source in 0..SOURCES {
        config += &format!(
            "[[source]]\nname = \"paper-{source}\"\nurl = \"http://127.0.0.1:9/{source}\"\nallow_private = true\n"
        );
    }
    config += "[[output]]\nname = \"all\"\n[[output]]\nname = \"armenia\"\nfilter = \"@armenia\"\n";
    std::fs::write(home.join("config.toml"), config).unwrap();
    let options = Options {
        location: siftwire::store::StoreLocation::File(home.join("siftwire.db")),
        keep: Duration::from_secs(u64::MAX / 2000),
    };
    let (store, workers) = open(&options).unwrap();
    let workers: Vec<_> = workers.0.into_iter().map(|worker| std::thread::spawn(worker.run)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store_entries(&store, entries, text));
    drop(store);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

async fn store_entries(store: &Store, entries: usize, text: usize) {
    let source = |number: usize| ConfiguredSource {
        is_named: true,
        name: format!("paper-{number}"),
        url: format!("http://127.0.0.1:9/{number}").parse().unwrap(),
        publish_url: UrlParts::Path,
        host: "127.0.0.1".into(),
        title: None,
        language: None,
        articles: siftwire::source::ArticleSettings::default(),
    };
    let sources: Vec<SourceId> = store
        .sync_sources((0..SOURCES).map(source).collect())
        .await
        .unwrap()
        .iter()
        .map(|source| source.id)
        .collect();
    let mut random = fastrand::Rng::with_seed(24);
    let seconds = 100 * 86_400;
    let start = Timestamp::now().as_second() - seconds;
    for from in (0..entries).step_by(BATCH) {
        let date = |n: usize| Timestamp::from_second(start + seconds * n as i64 / entries as i64).unwrap();
        let numbers = (from..entries.min(from + BATCH)).rev();
        let changes = numbers.map(|n| new_entry(n, date(n), text, &mut random)).collect();
        let state = SourceState {
            last_success: Some(date(from)),
            next_poll: Some(Timestamp::now() + Duration::from_secs(86_400)),
            ..SourceState::default()
        };
        let source = sources[from / BATCH % SOURCES];
        store.commit(Poll::unclaimed(source, state, changes)).await.unwrap();
    }
}

fn new_entry(n: usize, date: Timestamp, text: usize, random: &mut fastrand::Rng) -> Change {
    let phrases = if n.is_multiple_of(3) { &RUSSIAN } else { &ENGLISH };
    let title = sentence(phrases, random);
    let mut summary = String::from("<p>");
    while summary.len() < text {
        summary += &sentence(phrases, random);
        // Words that few entries have, as names are.
        summary += &format!(" in number {} of street {}. ", random.u32(..200_000), random.u32(..2000));
    }
    Change::New(Box::new(NewEntry {
        uids: vec![format!("urn:bench:{n}")],
        date,
        first_seen: date,
        fingerprint: vec![0; 16],
        content_hash: vec![0; 16],
        entry: Entry {
            keys: vec![Key { rule: KeyRule::Id, value: format!("stored {n}") }],
            title: Some(title),
            link: Some(format!("https://site.example/{n}")),
            summary: Some(summary + "</p>"),
            ..Entry::default()
        },
        dedup_features: None,
    }))
}

fn sentence(phrases: &Phrases, random: &mut fastrand::Rng) -> String {
    let mut any = |parts: &[&'static str]| parts[random.usize(..parts.len())];
    format!(
        "{} {} {} {}",
        any(phrases.subjects),
        any(phrases.verbs),
        any(phrases.objects),
        any(phrases.places)
    )
}

/// A running daemon, killed when dropped.
struct Daemon {
    child: Child,
    address: String,
}

impl Daemon {
    fn start(binary: &Path, home: &Path) -> Daemon {
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
        Daemon { child, address }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
