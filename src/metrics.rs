//! Counters and gauges in the Prometheus text format. Pure; passed in, nothing is global.
//!
//! Label values are names from the config and fixed words, never text from feeds, so that their number is bounded.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{Display, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration buckets, in seconds.
const BUCKET_BOUNDS: [f64; 9] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];

/// All metrics of one daemon.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Values>);

#[derive(Debug, Default)]
struct Values {
    build: [&'static str; 3],
    polls: BTreeMap<&'static str, u64>,
    articles: BTreeMap<&'static str, u64>,
    poll_seconds: Histogram,
    poll_bytes: u64,
    entries: BTreeMap<&'static str, u64>,
    sources: BTreeMap<String, SourceTimes>,
    hidden_sources: HashSet<String>,
    polls_in_flight: usize,
    polled_sources: usize,
    sources_by_health: Vec<(&'static str, usize)>,
    tasks: usize,
    outputs: BTreeMap<String, OutputStats>,
    store: StoreStats,
    store_writable: bool,
    unreadable_rows: usize,
    network_is_down: bool,
    daemons: Option<usize>,
    held_hosts: Option<usize>,
    config_in_force: Option<bool>,
    disagreements: u64,
    left_out: usize,
    rescues: u64,
    write_seconds: Histogram,
    reloads_applied: u64,
    reloads_refused: u64,
    config_refused: bool,
}

/// When a source was last polled successfully and when it is due, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceTimes {
    /// `None`: never.
    pub last_success: Option<i64>,
    /// `None`: never again, or unknown.
    pub next_poll: Option<i64>,
}

/// A poll that has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollSample<'a> {
    /// The source's name in the config.
    pub source: &'a str,
    /// How it ended: one of a fixed set of labels.
    pub outcome: &'static str,
    /// How long it took.
    pub duration: Duration,
    /// Bytes after decompression.
    pub bytes: u64,
    /// New entries.
    pub new: u64,
    /// Edited entries.
    pub edited: u64,
    /// New entries that joined an existing story.
    pub merged: u64,
    /// Whether only the second reader could read the document.
    pub is_rescued: bool,
    /// The source's times after the poll; `None`: unchanged.
    pub times: Option<SourceTimes>,
}

/// The size of the store's files and of its queues.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreStats {
    /// Bytes of the database.
    pub database: u64,
    /// Bytes of the write-ahead log.
    pub log: u64,
    /// Commands waiting for the writer.
    pub commands: usize,
    /// Queries waiting for a reader.
    pub queries: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct OutputStats {
    bytes: usize,
    changed: i64,
    changes: u64,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKET_BOUNDS.len()],
    count: u64,
    sum: f64,
}

/// The result of a config reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadResult {
    /// It is active.
    Applied,
    /// It is invalid; the old one stays active.
    Refused,
}

/// The sources of which there are metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownSources {
    /// All.
    All,
    /// Those that everybody may see.
    Public,
}

impl Metrics {
    /// Sets the version, the commit and SQLite's version.
    pub fn set_build(&self, build: [&'static str; 3]) {
        self.values().build = build;
    }

    /// Counts a poll.
    pub fn count_poll(&self, poll: PollSample<'_>) {
        let mut values = self.values();
        *values.polls.entry(poll.outcome).or_default() += 1;
        values.poll_seconds.add(poll.duration);
        values.poll_bytes += poll.bytes;
        values.rescues += u64::from(poll.is_rescued);
        for (change, n) in [("new", poll.new), ("edited", poll.edited), ("merged", poll.merged)] {
            *values.entries.entry(change).or_default() += n;
        }
        if let (Some(new), Some(times)) = (poll.times, values.sources.get_mut(poll.source)) {
            *times = new;
        }
    }

    /// Counts a request for an article; `outcome` is one of a fixed set of labels.
    pub fn count_article(&self, outcome: &'static str) {
        *self.values().articles.entry(outcome).or_default() += 1;
    }

    /// Replaces the sources, and the names of those that not everybody may see.
    pub fn set_sources(
        &self,
        sources: impl IntoIterator<Item = (String, SourceTimes)>,
        hidden: HashSet<String>,
    ) {
        let mut values = self.values();
        values.sources = sources.into_iter().collect();
        values.hidden_sources = hidden;
    }

    /// Whether there are sources that not everybody may see.
    pub fn hides_sources(&self) -> bool {
        !self.values().hidden_sources.is_empty()
    }

    /// Sets how many sources there are of each health.
    pub fn set_sources_by_health(&self, counts: Vec<(&'static str, usize)>) {
        self.values().sources_by_health = counts;
    }

    /// Sets the number of polls in flight and of polled sources.
    pub fn set_polls_in_flight(&self, in_flight: usize, sources: usize) {
        let mut values = self.values();
        (values.polls_in_flight, values.polled_sources) = (in_flight, sources);
    }

    /// Sets how many daemons share the store; `None`: it can have one only.
    pub fn set_daemons(&self, living: Option<usize>) {
        self.values().daemons = living;
    }

    /// Sets how many hosts of sources this daemon has for itself; `None`: all.
    pub fn set_held_hosts(&self, hosts: Option<usize>) {
        self.values().held_hosts = hosts;
    }

    /// Sets whether outputs are made by the config of this daemon. Returns what it was.
    pub fn set_config_in_force(&self, is_in_force: bool) -> Option<bool> {
        self.values().config_in_force.replace(is_in_force)
    }

    /// Sets the number of running tasks. A steady growth is a leak.
    pub fn set_tasks(&self, running: usize) {
        self.values().tasks = running;
    }

    /// Sets how many published documents the second reader has read otherwise, and how many entries are left out of
    /// documents because no reader can read them.
    pub fn set_readback(&self, disagreements: u64, left_out: usize) {
        let mut values = self.values();
        (values.disagreements, values.left_out) = (disagreements, left_out);
    }

    /// Replaces the outputs: name, bytes of the feed, and last change in seconds since 1970.
    pub fn set_outputs(&self, outputs: impl IntoIterator<Item = (String, usize, i64)>) {
        let mut values = self.values();
        let mut names = HashSet::new();
        for (name, bytes, changed) in outputs {
            let new = OutputStats { bytes, changed, changes: 0 };
            let output = values.outputs.entry(name.clone()).or_insert(new);
            output.changes += u64::from(output.changed != changed);
            (output.bytes, output.changed) = (bytes, changed);
            names.insert(name);
        }
        values.outputs.retain(|name, _| names.contains(name));
    }

    /// Sets the store's size and queues. `write` is the duration of a small test write, or `None` if it failed.
    pub fn set_store(&self, stats: StoreStats, write: Option<Duration>) {
        let mut values = self.values();
        values.store = stats;
        values.store_writable = write.is_some();
        if let Some(duration) = write {
            values.write_seconds.add(duration);
        }
    }

    /// Sets whether no host can be reached.
    pub fn set_network_down(&self, is_down: bool) {
        self.values().network_is_down = is_down;
    }

    /// Sets how many rows of the store have been left out since the start, because their content is damaged.
    pub fn set_unreadable_rows(&self, rows: usize) {
        self.values().unreadable_rows = rows;
    }

    /// Counts a config reload.
    pub fn count_reload(&self, result: ReloadResult) {
        let mut values = self.values();
        match result {
            ReloadResult::Applied => values.reloads_applied += 1,
            ReloadResult::Refused => values.reloads_refused += 1,
        }
        values.config_refused = result == ReloadResult::Refused;
    }

    /// All metrics in the Prometheus text format 0.0.4, of these sources.
    #[must_use]
    pub fn render(&self, shown: ShownSources) -> String {
        let values = self.values();
        let mut text = Exposition(String::with_capacity(4096));
        let [version, commit, sqlite] = values.build;
        text.head("siftwire_build_info", "gauge", "Version, commit and SQLite version");
        let labels = [("version", version), ("commit", commit), ("sqlite", sqlite)];
        text.sample("siftwire_build_info", &labels, 1);
        text.polls(&values);
        let is_shown = |name: &str| shown == ShownSources::All || !values.hidden_sources.contains(name);
        text.sources(values.sources.iter().filter(|(name, _)| is_shown(name)));
        text.outputs(&values.outputs);
        text.store(&values);
        let reloads = [("applied", values.reloads_applied), ("refused", values.reloads_refused)];
        text.family("siftwire_reloads_total", "counter", "Config reloads by result", ("config", reloads));
        let refused = u8::from(values.config_refused);
        text.single("siftwire_config_refused", "gauge", "1 while the config files are invalid", refused);
        text.0
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        // A panic elsewhere leaves the counters valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Histogram {
    fn add(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        self.count += 1;
        self.sum += seconds;
        for (bound, bucket) in BUCKET_BOUNDS.iter().zip(&mut self.buckets) {
            *bucket += u64::from(seconds <= *bound);
        }
    }
}

/// The text format: for each metric a head, then its samples.
struct Exposition(String);

impl Exposition {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (n, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let open = if n == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        self.0.push_str(if labels.is_empty() { " " } else { "} " });
        let _ = writeln!(self.0, "{value}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A metric with a label.
    fn family<T: AsRef<str>, V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        (label, samples): (&str, impl IntoIterator<Item = (T, V)>),
    ) {
        self.head(name, kind, help);
        for (text, value) in samples {
            self.sample(name, &[(label, text.as_ref())], value);
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (bound, n) in BUCKET_BOUNDS.iter().zip(histogram.buckets) {
            self.sample(&bucket, &[("le", &bound.to_string())], n);
        }
        self.sample(&bucket, &[("le", "+Inf")], histogram.count);
        self.sample(&format!("{name}_sum"), &[], histogram.sum);
        self.sample(&format!("{name}_count"), &[], histogram.count);
    }

    fn polls(&mut self, values: &Values) {
        self.family("siftwire_polls_total", "counter", "Polls by outcome", ("outcome", &values.polls));
        self.histogram("siftwire_poll_duration_seconds", "Duration of polls", &values.poll_seconds);
        let bytes = values.poll_bytes;
        self.single("siftwire_poll_bytes_total", "counter", "Bytes of feeds, after decompression", bytes);
        self.family(
            "siftwire_entries_total",
            "counter",
            "Entries of polls by change",
            ("change", &values.entries),
        );
        let articles = &values.articles;
        self.family(
            "siftwire_articles_total",
            "counter",
            "Articles of entries by outcome",
            ("outcome", articles),
        );
        self.single("siftwire_polls_in_flight", "gauge", "Polls in flight", values.polls_in_flight);
        self.single("siftwire_sources", "gauge", "Sources that are polled", values.polled_sources);
        let by_health = values.sources_by_health.iter().copied();
        self.family("siftwire_sources_by_health", "gauge", "Sources by health", ("health", by_health));
        self.single("siftwire_tasks", "gauge", "Running tasks, connections included", values.tasks);
    }

    fn sources<'a>(&mut self, sources: impl Iterator<Item = (&'a String, &'a SourceTimes)> + Clone) {
        let (name, help) =
            ("siftwire_source_last_success_timestamp_seconds", "When a source was last polled successfully");
        let polled = sources.clone().filter_map(|(source, times)| Some((source, times.last_success?)));
        self.family(name, "gauge", help, ("source", polled));
        let next = sources.filter_map(|(source, times)| Some((source, times.next_poll?)));
        let name = "siftwire_source_next_poll_timestamp_seconds";
        self.family(name, "gauge", "When a source is polled next", ("source", next));
    }

    fn outputs(&mut self, outputs: &BTreeMap<String, OutputStats>) {
        let bytes = outputs.iter().map(|(output, stats)| (output, stats.bytes));
        self.family("siftwire_output_bytes", "gauge", "Size of an output's Atom document", ("output", bytes));
        let changed = outputs.iter().map(|(output, stats)| (output, stats.changed));
        let name = "siftwire_output_changed_timestamp_seconds";
        self.family(name, "gauge", "When an output last changed", ("output", changed));
        let changes = outputs.iter().map(|(output, stats)| (output, stats.changes));
        self.family("siftwire_output_changes_total", "counter", "Changes of an output", ("output", changes));
    }

    fn store(&mut self, values: &Values) {
        let StoreStats { database, log, commands, queries } = values.store;
        let files = [("database", database), ("log", log)];
        self.family("siftwire_store_bytes", "gauge", "Size of the store's files", ("file", files));
        let (name, help) = ("siftwire_store_waiting", "Requests waiting for the store's threads");
        self.family(name, "gauge", help, ("what", [("commands", commands), ("queries", queries)]));
        let (name, help) =
            ("siftwire_store_unreadable_rows_total", "Rows left out because their content is damaged");
        self.single(name, "counter", help, values.unreadable_rows);
        let is_down = u8::from(values.network_is_down);
        self.single("siftwire_network_down", "gauge", "1 while no host can be reached", is_down);
        let daemons = values.daemons.unwrap_or(1);
        self.single("siftwire_daemons", "gauge", "Daemons that share the store", daemons);
        if let Some(hosts) = values.held_hosts {
            let help = "Hosts of sources that this daemon has for itself";
            self.single("siftwire_hosts_held", "gauge", help, hosts);
        }
        let is_in_force = u8::from(values.config_in_force.unwrap_or(true));
        let help = "0 while outputs are made by the config of another daemon";
        self.single("siftwire_config_in_force", "gauge", help, is_in_force);
        let name = "siftwire_readback_disagreements_total";
        let help = "Published documents that feed-rs reads otherwise than we do";
        self.single(name, "counter", help, values.disagreements);
        let name = "siftwire_entries_left_out";
        let help = "Entries left out of a published document that nobody could read with them";
        self.single(name, "gauge", help, values.left_out);
        let (name, help) =
            ("siftwire_rescued_documents_total", "Polled documents that only the second reader could read");
        self.single(name, "counter", help, values.rescues);
        let writable = u8::from(values.store_writable);
        self.single("siftwire_store_writable", "gauge", "1 if the last test write succeeded", writable);
        let write_seconds = &values.write_seconds;
        self.histogram("siftwire_store_write_seconds", "Duration of a small durable write", write_seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_rendered_with_escaped_labels() {
        let metrics = Metrics::default();
        metrics.set_sources([("a\"b".to_owned(), SourceTimes::default())], HashSet::new());
        let times = Some(SourceTimes { last_success: Some(1_800_000_000), next_poll: None });
        let poll = PollSample {
            is_rescued: true,
            source: "a\"b",
            outcome: "read",
            duration: Duration::from_millis(300),
            bytes: 7,
            new: 2,
            edited: 1,
            merged: 1,
            times,
        };
        metrics.count_poll(poll);
        let timeout =
            PollSample { source: "unknown", outcome: "timeout", duration: Duration::from_secs(99), ..poll };
        metrics.count_poll(timeout);
        metrics.set_outputs([("o".to_owned(), 5, 1)]);
        metrics.set_outputs([("o".to_owned(), 6, 2)]);
        metrics.count_reload(ReloadResult::Refused);
        metrics.set_tasks(7);
        metrics.count_article("refused");
        let text = metrics.render(ShownSources::All);
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
            "siftwire_articles_total{outcome=\"refused\"} 1\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("unknown"), "a source that is not configured has no sample: {text}");
        metrics.set_sources([], HashSet::new());
        metrics.set_outputs([]);
        let text = metrics.render(ShownSources::All);
        assert!(!text.contains("source=") && !text.contains("output="), "{text}");
    }
}
