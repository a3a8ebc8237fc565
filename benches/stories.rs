//! Cost of stories: new entries per second as the store grows.
//!
//! `cargo bench --bench stories -- 1000000` fills a store with this many entries (default 20,000), English and
//! Russian, a tenth of them copies of recent ones, and a second store without stories. At each stage it prints, for the
//! last entries and in CPU time: entries per second with and without stories, story decisions per second (computing the
//! features, and the writer's extra work), and bytes of the index per entry.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench")]

#[path = "load/words.rs"]
#[allow(dead_code, reason = "the load bench needs more of them")]
mod words;

use std::path::PathBuf;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use siftwire::entry::change::{Change, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, Options, Poll, SourceId, Store, open};
use siftwire::story;
use words::{ENGLISH, Phrases, RUSSIAN};

const SOURCES: usize = 200;
/// New entries of one poll.
const POLL: usize = 50;
/// Recent entries that can be copied.
const RECENT: usize = 5000;
/// Measured entries at the end of each stage.
const MEASURED: usize = 10_000;

/// Generates the same entries in every run.
struct Generator {
    rng: Rng,
    count: usize,
    recent: Vec<(String, String, &'static str)>,
}

impl Generator {
    fn entry(&mut self) -> Entry {
        self.count += 1;
        let copied = self.rng.u8(0..10) == 0 && !self.recent.is_empty();
        let (title, text, language) = if copied {
            self.recent[self.rng.usize(0..self.recent.len())].clone()
        } else {
            let words = if self.rng.bool() { &ENGLISH } else { &RUSSIAN };
            let text: Vec<String> = (0..self.rng.usize(2..6)).map(|_| self.sentence(words)).collect();
            (format!("{} {}", self.headline(words), self.name()), text.join(" "), words.language)
        };
        let report = (title.clone(), text.clone(), language);
        if self.recent.len() < RECENT {
            self.recent.push(report);
        } else {
            self.recent[self.count % RECENT] = report;
        }
        let id = self.count.to_string();
        Entry {
            keys: vec![Key { rule: KeyRule::Id, value: id.clone() }],
            link: Some(format!("https://www.site{}.example/news/a-story-{id}/", self.rng.usize(0..SOURCES))),
            id: Some(id),
            title: Some(title),
            summary: Some(text),
            language: Some(language.into()),
            ..Entry::default()
        }
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.rng.usize(0..from.len())]
    }

    fn headline(&mut self, words: &Phrases) -> String {
        let (subject, verb) = (self.pick(words.subjects), self.pick(words.verbs));
        format!("{subject} {verb} {} {}", self.pick(words.objects), self.pick(words.places))
    }

    /// A word that hardly any other text has, like the names of people and places in the news.
    fn name(&mut self) -> String {
        let syllables = ["Ka", "ro", "mi", "ten", "sha", "lu", "ber", "go", "vin", "der", "pa", "sto"];
        (0..self.rng.usize(2..5)).map(|_| self.pick(&syllables)).collect()
    }

    fn sentence(&mut self, words: &Phrases) -> String {
        let (opening, core, name) = (self.pick(words.openings), self.headline(words), self.name());
        format!("{opening} {core} {} {name}, {}.", self.rng.u32(2..900), self.pick(words.tails))
    }

    fn poll(&mut self, now: Timestamp) -> Vec<NewEntry> {
        let new = |entry: Entry| NewEntry {
            uids: entry.id.iter().map(|id| format!("urn:bench:{id}")).collect(),
            date: now,
            first_seen: now,
            fingerprint: vec![0; 32],
            content_hash: vec![0; 32],
            entry,
            dedup_features: None,
        };
        (0..POLL).map(|_| new(self.entry())).collect()
    }
}

struct BenchStore {
    _folder: tempfile::TempDir,
    path: PathBuf,
    store: Store,
    sources: Vec<SourceId>,
    generator: Generator,
    has_stories: bool,
}

impl BenchStore {
    async fn new(has_stories: bool) -> BenchStore {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.db");
        let keep = Duration::from_secs(u64::from(u32::MAX));
        let (store, workers) =
            open(&Options { location: siftwire::store::StoreLocation::File(path.clone()), keep }).unwrap();
        for worker in workers.0 {
            std::thread::spawn(worker.run);
        }
        let source = |n: usize| ConfiguredSource {
            articles: siftwire::source::ArticleSettings::default(),
            is_named: true,
            name: format!("s{n}"),
            url: format!("bench:{n}").parse().unwrap(),
            publish_url: UrlParts::Path,
            host: format!("h{n}"),
            title: None,
            language: None,
        };
        let adopted = store.sync_sources((0..SOURCES).map(source).collect()).await.unwrap();
        let sources = adopted.iter().map(|known| known.id).collect();
        let generator = Generator { rng: Rng::with_seed(7), count: 0, recent: Vec::new() };
        BenchStore { _folder: folder, path, store, sources, generator, has_stories }
    }

    /// Adds entries in polls of one source after the other, and returns the CPU time without generating them.
    async fn add(&mut self, n: usize) -> Duration {
        let mut cost = Duration::ZERO;
        for _ in 0..n / POLL {
            // A million of them are within the seven days of the index.
            let seconds = i64::try_from(self.generator.count / 2).unwrap();
            let now = Timestamp::from_second(1_800_000_000 + seconds).unwrap();
            let source = self.sources[self.generator.count / POLL % SOURCES];
            let mut polled = self.generator.poll(now);
            // The kernel updates a thread's CPU time when it yields.
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            let started = cpu_time();
            if self.has_stories {
                polled
                    .iter_mut()
                    .for_each(|new| new.dedup_features = Some(story::compute_features(&new.entry)));
            }
            let changes = polled.into_iter().map(|new| Change::New(Box::new(new))).collect();
            let state = SourceState { last_success: Some(now), ..SourceState::default() };
            let poll = Poll::unclaimed(source, state, changes);
            self.store.commit(poll).await.unwrap();
            cost += cpu_time() - started;
        }
        cost
    }

    fn megabytes(&self) -> u64 {
        std::fs::metadata(&self.path).unwrap().len() >> 20
    }
}

/// CPU time of all threads of this process; the rest of the machine does not count.
fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = |task: std::io::Result<std::fs::DirEntry>| {
        let path = task.unwrap().path().join("schedstat");
        // A thread can end meanwhile.
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(tasks.map(spent).sum())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let most: usize = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(20_000);
    let (mut with, mut without) = (BenchStore::new(true).await, BenchStore::new(false).await);
    println!("   stored    with/s without/s decided/s story us  index B/entry  file MB without MB");
    let mut stored = 0;
    for stage in [10_000, 100_000, 300_000, 1_000_000, most] {
        if stage > most || stage <= stored {
            continue;
        }
        let step = stage - stored;
        let measured = step.min(MEASURED);
        with.add(step - measured).await;
        without.add(step - measured).await;
        let (a, b) = (with.add(measured).await, without.add(measured).await);
        stored += step;
        let us = |cost: Duration| cost.as_secs_f64() * 1e6 / measured as f64;
        let (entries, bytes) = with.store.dedup_index_size();
        println!(
            "{stored:9} {:9.0} {:9.0} {:9.0} {:8.1} {:14.1} {:8} {:10}",
            1e6 / us(a),
            1e6 / us(b),
            1e6 / (us(a) - us(b)),
            us(a) - us(b),
            bytes as f64 / entries as f64,
            with.megabytes(),
            without.megabytes()
        );
    }
    let merges = with.store.merges(usize::try_from(u32::MAX).unwrap()).await.unwrap().len();
    println!("{merges} entries joined a story; the index has {}", with.store.dedup_index_size().0);
}
