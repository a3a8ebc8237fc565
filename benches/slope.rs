//! Growth of the time to read a document with its size, for hostile and ordinary documents: it must be linear.
//!
//! `cargo bench --bench slope [WORD] [BYTES]` measures the shapes whose name contains the word, at this size
//! (default: 1,000,000) and 2, 4 and 8 times it: milliseconds of CPU from bytes to sanitized entries.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench"
)]

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

use siftwire::entry::change::{Change, KnownEntries};
use siftwire::feed::{Hints, read};
use siftwire::html;
use siftwire::ingest::{diff, identity};
use url::Url;

#[path = "../tests/hostile/shapes.rs"]
mod shapes;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let size = arguments.iter().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let wanted = arguments.iter().find(|word| word.parse::<usize>().is_err());
    println!("{:>8} {:>8} {:>8} {:>8}  ms for {size} bytes and 2, 4, 8 times as many", "1", "2", "4", "8");
    for shape in shapes::shapes() {
        if wanted.is_some_and(|word| !shape.name.contains(word.as_str())) {
            continue;
        }
        let times = [1, 2, 4, 8].map(|factor| cpu_milliseconds(&shape.document(factor * size)));
        // The ratio of short times is noise.
        let steep = times[3] > 50.0 && times[3] > 2.8 * times[2];
        let [one, two, four, eight] = times;
        let mark = if steep { "  <- steep" } else { "" };
        println!("{one:>8.1} {two:>8.1} {four:>8.1} {eight:>8.1}  {}{mark}", shape.name);
    }
}

/// Time from bytes to the entries that a poll would store.
fn cpu_milliseconds(document: &[u8]) -> f64 {
    let url = Url::parse("https://example.org/feed").unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let started = cpu_seconds();
    if let Ok(feed) = read(document, &Hints { content_type: None, url: Some(&url), now }) {
        let sanitizer = html::Sanitizer::new(feed.base.as_ref().unwrap_or(&url));
        let (identified, _) = identity::assign_keys(feed.entries, &mut BTreeSet::new());
        for mut change in diff::changes(identified, &KnownEntries::new(), url.as_str(), now) {
            if let Change::New(new) = &mut change {
                sanitizer.sanitize_entry(&mut new.entry);
            }
        }
    }
    (cpu_seconds() - started) * 1e3
}

/// CPU time of this thread, which other programs do not affect; wall time if the kernel does not report it.
fn cpu_seconds() -> f64 {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedstat.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| STARTED.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}
