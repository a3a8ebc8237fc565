//! Counters and gauges, passed in, in the text form of Prometheus. Knows nobody and nothing global.
//!
//! Labels are names from the config and words from the code, never anything that a feed says, so that
//! their number is bounded.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The upper bounds of the buckets of durations, in seconds.
const BOUNDS: [f64; 9] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];

/// Everything that is measured of one daemon.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    build: [&'static str; 3],
    polls: BTreeMap<&'static str, u64>,
    poll_seconds: Histogram,
    poll_bytes: u64,
    entries: BTreeMap<&'static str, u64>,
    sources: BTreeMap<String, Times>,
    polled: [usize; 2],
    tasks: usize,
    outputs: BTreeMap<String, Document>,
    store_bytes: [u64; 2],
    store_waiting: [usize; 2],
    store_works: bool,
    write_seconds: Histogram,
    reloads: [u64; 2],
    config_refused: bool,
}

/// When a source last answered well and when it is polled next, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// `None`: never.
    pub last_success: Option<i64>,
    /// `None`: nobody knows.
    pub next_poll: Option<i64>,
}

/// A poll that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Poll<'a> {
    /// The source's name in the config.
    pub source: &'a str,
    /// How it ended, in one of few words.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Entries not seen before.
    pub new: u64,
    /// Entries whose text has changed.
    pub edited: u64,
    /// New entries that joined a story.
    pub merged: u64,
    /// The source's times after it; `None`: as before.
    pub times: Option<Times>,
}

/// How the queue of the store's threads and its files are.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreState {
    /// Bytes of the database.
    pub database: u64,
    /// Bytes of its log.
    pub log: u64,
    /// Commands that wait.
    pub commands: usize,
    /// Questions that wait.
    pub questions: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Document {
    bytes: usize,
    changed: i64,
    changes: u64,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// What is running: version, commit, SQLite's version.
    pub fn build(&self, build: [&'static str; 3]) {
        self.measured().build = build;
    }

    /// A poll has ended.
    pub fn poll(&self, poll: Poll<'_>) {
        let mut measured = self.measured();
        *measured.polls.entry(poll.outcome).or_default() += 1;
        measured.poll_seconds.add(poll.took);
        measured.poll_bytes += poll.bytes;
        *measured.entries.entry("new").or_default() += poll.new;
        *measured.entries.entry("edited").or_default() += poll.edited;
        *measured.entries.entry("merged").or_default() += poll.merged;
        if let (Some(times), Some(known)) = (poll.times, measured.sources.get_mut(poll.source)) {
            *known = times;
        }
    }

    /// These are the sources; what others left is forgotten.
    pub fn sources(&self, sources: impl IntoIterator<Item = (String, Times)>) {
        self.measured().sources = sources.into_iter().collect();
    }

    /// So many polls are in flight, of so many sources.
    pub fn polled(&self, in_flight: usize, sources: usize) {
        self.measured().polled = [in_flight, sources];
    }

    /// So many tasks are alive: one that grows and grows is a fault.
    pub fn tasks(&self, alive: usize) {
        self.measured().tasks = alive;
    }

    /// These are the outputs, each with the bytes of its feed and when they last changed (seconds since
    /// 1970); others are forgotten.
    pub fn outputs(&self, outputs: impl IntoIterator<Item = (String, usize, i64)>) {
        let mut measured = self.measured();
        let mut named = HashSet::new();
        for (name, bytes, changed) in outputs {
            let known =
                measured.outputs.entry(name.clone()).or_insert(Document { bytes, changed, changes: 0 });
            known.changes += u64::from(known.changed != changed);
            (known.bytes, known.changed) = (bytes, changed);
            named.insert(name);
        }
        measured.outputs.retain(|name, _| named.contains(name));
    }

    /// How the store is: `wrote` is how long a small write took, or nothing if it could not.
    pub fn store(&self, state: StoreState, wrote: Option<Duration>) {
        let mut measured = self.measured();
        measured.store_bytes = [state.database, state.log];
        measured.store_waiting = [state.commands, state.questions];
        measured.store_works = wrote.is_some();
        if let Some(took) = wrote {
            measured.write_seconds.add(took);
        }
    }

    /// An edited config was read; whether it could be used.
    pub fn reloaded(&self, taken: ReloadResult) {
        let mut measured = self.measured();
        measured.reloads[usize::from(taken == ReloadResult::No)] += 1;
        measured.config_refused = taken == ReloadResult::No;
    }

    /// All of it, as Prometheus reads it (text format 0.0.4).
    #[must_use]
    pub fn render(&self) -> String {
        let m = self.measured();
        let mut page = Page(String::with_capacity(4096));
        let [version, commit, sqlite] = m.build;
        page.about("siftwire_build_info", "gauge", "What is running");
        let labels = [("version", version), ("commit", commit), ("sqlite", sqlite)];
        page.line("siftwire_build_info", &labels, 1.0);
        page.about("siftwire_polls_total", "counter", "Polls by outcome");
        m.polls
            .iter()
            .for_each(|(outcome, n)| page.line("siftwire_polls_total", &[("outcome", outcome)], *n as f64));
        page.histogram("siftwire_poll_duration_seconds", "How long polls took", &m.poll_seconds);
        page.one(
            "siftwire_poll_bytes_total",
            "counter",
            "Bytes read, after decompression",
            m.poll_bytes as f64,
        );
        page.about("siftwire_entries_total", "counter", "Entries that polls brought, by what they were");
        m.entries
            .iter()
            .for_each(|(what, n)| page.line("siftwire_entries_total", &[("change", what)], *n as f64));
        page.one("siftwire_polls_in_flight", "gauge", "Sources that are being asked", m.polled[0] as f64);
        page.one("siftwire_sources", "gauge", "Sources that are polled", m.polled[1] as f64);
        page.one("siftwire_tasks", "gauge", "Tasks that are alive, connections among them", m.tasks as f64);
        page.times(&m.sources);
        page.documents(&m.outputs);
        page.store(&m);
        page.about("siftwire_reloads_total", "counter", "Edited configs, by whether they could be used");
        for (taken, n) in ["taken", "refused"].into_iter().zip(m.reloads) {
            page.line("siftwire_reloads_total", &[("config", taken)], n as f64);
        }
        let refused = f64::from(u8::from(m.config_refused));
        page.one(
            "siftwire_config_refused",
            "gauge",
            "1 while the config in the files cannot be used",
            refused,
        );
        page.0
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        // Counters stay counters, whoever panicked beside them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an edited config was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadResult {
    /// It is in force.
    Yes,
    /// The old one runs on.
    No,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.count += 1;
        self.sum += seconds;
        BOUNDS
            .iter()
            .zip(&mut self.buckets)
            .filter(|(bound, _)| seconds <= **bound)
            .for_each(|(_, n)| *n += 1);
    }
}

struct Page(String);

type TimeOf = fn(&Times) -> Option<i64>;
type NumberOf = fn(&Document) -> f64;

impl Page {
    fn about(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}.\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (n, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let open = if n == 0 { '{' } else { ',' };
            // Writing into a string cannot fail.
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        self.0.push_str(if labels.is_empty() { " " } else { "} " });
        let _ = writeln!(self.0, "{value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.about(name, kind, help);
        self.line(name, &[], value);
    }

    fn histogram(&mut self, name: &str, help: &str, of: &Histogram) {
        self.about(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, n) in BOUNDS.iter().zip(of.buckets) {
            self.line(&bucket, &[("le", &bound.to_string())], n as f64);
        }
        self.line(&bucket, &[("le", "+Inf")], of.count as f64);
        self.line(&format!("{name}_sum"), &[], of.sum);
        self.line(&format!("{name}_count"), &[], of.count as f64);
    }

    fn times(&mut self, sources: &BTreeMap<String, Times>) {
        let kinds: [(&str, &str, TimeOf); 2] = [
            (
                "siftwire_source_last_success_timestamp_seconds",
                "When a source last answered well: its age is time() less this",
                |t| t.last_success,
            ),
            ("siftwire_source_next_poll_timestamp_seconds", "When a source is polled next", |t| t.next_poll),
        ];
        for (name, help, time) in kinds {
            self.about(name, "gauge", help);
            for (source, times) in sources {
                if let Some(at) = time(times) {
                    self.line(name, &[("source", source)], at as f64);
                }
            }
        }
    }

    fn documents(&mut self, outputs: &BTreeMap<String, Document>) {
        let kinds: [(&str, &str, &str, NumberOf); 3] = [
            ("siftwire_output_bytes", "gauge", "Size of an output's Atom document", |d| d.bytes as f64),
            ("siftwire_output_changed_timestamp_seconds", "gauge", "When an output last changed", |d| {
                d.changed as f64
            }),
            ("siftwire_output_changes_total", "counter", "How often an output has changed", |d| {
                d.changes as f64
            }),
        ];
        for (name, kind, help, value) in kinds {
            self.about(name, kind, help);
            outputs.iter().for_each(|(output, of)| self.line(name, &[("output", output)], value(of)));
        }
    }

    fn store(&mut self, m: &Measured) {
        self.about("siftwire_store_bytes", "gauge", "Size of the store's files");
        for (file, bytes) in ["database", "log"].into_iter().zip(m.store_bytes) {
            self.line("siftwire_store_bytes", &[("file", file)], bytes as f64);
        }
        self.about("siftwire_store_waiting", "gauge", "What waits for the store's threads");
        for (what, n) in ["commands", "questions"].into_iter().zip(m.store_waiting) {
            self.line("siftwire_store_waiting", &[("what", what)], n as f64);
        }
        let works = f64::from(u8::from(m.store_works));
        self.one("siftwire_store_writable", "gauge", "1 if the last small write was kept", works);
        self.histogram(
            "siftwire_store_write_seconds",
            "How long a small write took to be safe",
            &m.write_seconds,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_on_the_page_and_labels_are_escaped() {
        let metrics = Metrics::default();
        metrics.sources([("a\"b".to_owned(), Times::default())]);
        let times = Some(Times { last_success: Some(1_800_000_000), next_poll: None });
        let poll = Poll {
            source: "a\"b",
            outcome: "read",
            took: Duration::from_millis(300),
            bytes: 7,
            new: 2,
            edited: 1,
            merged: 1,
            times,
        };
        metrics.poll(poll);
        metrics.poll(Poll { source: "unknown", outcome: "timeout", took: Duration::from_secs(99), ..poll });
        metrics.outputs([("o".to_owned(), 5, 1)]);
        metrics.outputs([("o".to_owned(), 6, 2)]);
        metrics.reloaded(ReloadResult::No);
        metrics.tasks(7);
        let page = metrics.render();
        for line in [
            "siftwire_polls_total{outcome=\"timeout\"} 1\n",
            "siftwire_poll_duration_seconds_bucket{le=\"0.5\"} 1\n",
            "siftwire_poll_duration_seconds_bucket{le=\"+Inf\"} 2\n",
            "siftwire_entries_total{change=\"new\"} 4\n",
            "siftwire_entries_total{change=\"merged\"} 2\n",
            "siftwire_source_last_success_timestamp_seconds{source=\"a\\\"b\"} 1800000000\n",
            "siftwire_output_changes_total{output=\"o\"} 1\n",
            "siftwire_config_refused 1\n",
            "siftwire_tasks 7\n",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
        assert!(!page.contains("unknown"), "{page}");
        metrics.sources([]);
        metrics.outputs([]);
        let page = metrics.render();
        assert!(!page.contains("source=") && !page.contains("output="), "{page}");
    }
}
