//! How fast `/try` answers, and what it costs others.
//!
//! `cargo bench --bench search` fills a store with 100,000 entries (`--entries`), runs the built program on it and requests
//! searches of every kind, one after the other, and then from many clients that type at once while sources with new entries are
//! polled and a reader requests a feed. `--binary PATH` measures another build.
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

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
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

/// Sources that are polled every second, each time with a new entry.
const POLLED: usize = 20;
/// The pause between two letters.
const LETTER: Duration = Duration::from_millis(200);
/// How long a search may be gone on with, and after how long nobody searches.
const WHOLE: Duration = Duration::from_secs(30);
const UNUSED: Duration = Duration::from_secs(80);

const QUERIES: [&str; 30] = [
    "armenia", "the", "nothinghasthis", "armenia AND russia", "karabakh OR ceasefire", "-armenia",
    "=armenia", "armen*", "*enia", "NATO", "AT&T", "\"a peace agreement\"", "\"peace agreement\"~",
    "\"parliament budget\"~5", "title:moscow", "text:street", "feed:moscow", "article:moscow", "author:anna",
    "category:world", "link:12", "site:site.example", "source:paper", "age:<7d -baku", "lang:ru", "lang:hy",
    "@georgia", "@united-states", "/gr(e|a)y/", "-/x/",
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
    let origin = start_origin();
    add_polled_sources(home, &origin);
    let daemon = Daemon::start(&binary, home);
    let process = daemon.child.id();
    let resident = || measure::resident_mb(process);
    let idle = resident();
    let mut reader = Reader::connect(&daemon.address).unwrap();
    println!("{} entries of {} characters\n", arguments.entries, arguments.text);
    println!("| query | first answer, ms | all of it after, ms | then, median of 5 |\n|---|---|---|---|");
    for query in ["(the index is built) the"].iter().chain(&QUERIES) {
        let address = address(query.rsplit(") ").next().unwrap_or(query));
        let (first, whole) = until_whole(&mut reader, &address);
        let mut times: Vec<f64> = (0..5).map(|_| time(&mut reader, &address)).collect();
        times.sort_by(f64::total_cmp);
        println!("| `{}` | {first:.0} | {whole:.0} | {:.0} |", query.replace('|', "\\|"), times[2]);
    }
    let all: String = QUERIES.iter().map(|query| format!("({query}) OR ")).collect();
    let (first, whole) = until_whole(&mut reader, &address(&format!("{all} armenia")));
    println!("| all of them, with OR | {first:.0} | {whole:.0} | |");
    println!("\nresident: {idle:.0} MB before, {:.0} MB after", resident());
    std::thread::sleep(UNUSED);
    println!("{:.0} MB when nobody has searched for {} s", resident(), UNUSED.as_secs());
    type_at_once(&daemon.address);
}

fn type_at_once(address: &str) {
    let alone = slowest_feeds(address, TYPING / 2);
    let (typed, beside) = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|number| scope.spawn(move || type_queries(address, number))).collect();
        let beside = slowest_feeds(address, TYPING);
        let mut typed: Vec<f64> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        typed.sort_by(f64::total_cmp);
        (typed, beside)
    });
    let of = |part: f64| typed[((typed.len() - 1) as f64 * part) as usize];
    println!(
        "\n{CLIENTS} clients type: {} last letters, median {:.0} ms, 99 % within {:.0} ms",
        typed.len(),
        of(0.5),
        of(0.99)
    );
    println!("99 % of feeds within {alone:.2} ms alone, {beside:.2} ms meanwhile");
}

/// Milliseconds until a search has its first answer, and the one that lacks nothing.
fn until_whole(reader: &mut Reader, address: &str) -> (f64, f64) {
    let started = Instant::now();
    let first = time(reader, address);
    while String::from_utf8_lossy(reader.body()).contains("data-goes-on>") && started.elapsed() < WHOLE {
        std::thread::sleep(Duration::from_millis(50));
        time(reader, address);
    }
    (first, started.elapsed().as_secs_f64() * 1e3)
}

/// Answers every request with a feed whose one entry is new. Returns its address.
fn start_origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            std::thread::spawn(move || answer(&stream, number));
        }
    });
    address
}

fn answer(mut stream: &TcpStream, number: usize) {
    for request in 0.. {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        if lines.by_ref().take_while(|line| !line.is_empty()).count() == 0 {
            return;
        }
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>New</title><item><guid>{number}-{request}</guid>\
             <title>News {number}-{request} from Yerevan</title></item></channel></rss>"
        );
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", feed.len());
        if stream.write_all(format!("{head}{feed}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Adds the sources of the origin to a config, in place of those of an earlier run.
fn add_polled_sources(home: &Path, origin: &str) {
    let path = home.join("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let mut config = config.split("# polled\n").next().unwrap_or_default().to_owned() + "# polled\n";
    for source in 0..POLLED {
        config += &format!(
            "[[source]]\nname = \"polled-{source}\"\nurl = \"http://{origin}/{source}\"\nallow_private = true\n\
             every = \"1s\"\nat_most = \"1s\"\n"
        );
    }
    std::fs::write(path, config).unwrap();
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

/// Types queries letter by letter, as fast as a person does, as the script of the page does: what is typed while there is no
/// answer gives up the request before. Returns how long each answer to a last letter took. One that is one too many is sent again.
fn type_queries(address: &str, client: usize) -> Vec<f64> {
    let page = format!("siftwire-page: {client}\r\n");
    let connect = || Reader::connect(address).unwrap();
    let mut reader = connect();
    let until = Instant::now() + TYPING;
    let mut times = Vec::new();
    for query in QUERIES.iter().cycle().skip(client) {
        for length in (3..=query.len()).filter(|length| query.is_char_boundary(*length)) {
            if Instant::now() >= until {
                return times;
            }
            let (started, is_last) = (Instant::now(), length == query.len());
            reader.set_timeout(if is_last { WHOLE } else { LETTER }).unwrap();
            loop {
                match reader.get(&self::address(&query[..length]), &page) {
                    Ok(response) if [503, 409].contains(&response.status) && is_last => {
                        std::thread::sleep(Duration::from_secs(1));
                    }
                    Ok(_) => break,
                    Err(_) => {
                        reader = connect();
                        break;
                    }
                }
            }
            if is_last {
                times.push(started.elapsed().as_secs_f64() * 1e3);
            }
            std::thread::sleep(LETTER.saturating_sub(started.elapsed()));
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
