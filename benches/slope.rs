//! How the time to read grows with the size of a document, for hostile and ordinary shapes: what is linear
//! takes twice the time for twice the size.
//!
//! `cargo bench --bench slope [WORD] [BYTES]` measures the shapes whose name has the word at so many bytes
//! (default: 1,000,000), twice, four and eight times as many: milliseconds from bytes to entries as they are stored.
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
    println!("{:>8} {:>8} {:>8} {:>8}  ms of {size} bytes and 2, 4, 8 times as many", "1", "2", "4", "8");
    for shape in shapes::shapes() {
        if wanted.is_some_and(|word| !shape.name.contains(word.as_str())) {
            continue;
        }
        let times = [1, 2, 4, 8].map(|times| milliseconds(&shape.of_size(times * size)));
        // Below a few milliseconds the ratio says nothing.
        let steep = times[3] > 50.0 && times[3] > 2.8 * times[2];
        let [one, two, four, eight] = times;
        let mark = if steep { "  <- steep" } else { "" };
        println!("{one:>8.1} {two:>8.1} {four:>8.1} {eight:>8.1}  {}{mark}", shape.name);
    }
}

/// From bytes to entries as a poll hands them to the store.
fn milliseconds(document: &[u8]) -> f64 {
    let url = Url::parse("https://example.org/feed").unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let started = processor();
    if let Ok(feed) = read(document, &Hints { content_type: None, url: Some(&url), now }) {
        let sanitizer = html::Sanitizer::new(feed.base.as_ref().unwrap_or(&url));
        let (identified, _) = identity::assign_keys(feed.entries, &mut BTreeSet::new());
        for mut change in diff::changes(identified, &KnownEntries::new(), url.as_str(), now) {
            if let Change::New(new) = &mut change {
                sanitizer.sanitize_entry(&mut new.entry);
            }
        }
    }
    (processor() - started) * 1e3
}

/// Seconds that this thread has had a processor: other programs make them no more. Where the kernel does not
/// say, the clock's.
fn processor() -> f64 {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    spent.map_or_else(|| STARTED.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}
