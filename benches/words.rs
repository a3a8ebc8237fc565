//! Speed of folding texts and of expanding the words of queries: `cargo bench --bench words`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a bench")]

use std::hint::black_box;
use std::time::Instant;

use siftwire::filter::words::{ExpandTo, built_in_topic, built_in_topic_names, expand};
use siftwire::text::{TextFor, html_to_text, tokens};

/// A typical summary in each language with inflection rules.
const SUMMARIES: [(&str, &str); 6] = [
    (
        "en",
        "<p>The <b>Armenian</b> parliament&#8217;s vote on the border deal was put off, <a href=\"/x\">sources</a> say.</p>",
    ),
    (
        "ru",
        "<p>Голосование в парламенте <b>Армении</b> о границе отложено &mdash; сообщают <a href=\"/x\">источники</a>.</p>",
    ),
    (
        "uk",
        "<p>Голосування в парламенті <b>Вірменії</b> щодо кордону відклали, повідомляють <a href=\"/x\">джерела</a>.</p>",
    ),
    (
        "hy",
        "<p>Հայաստանի <b>խորհրդարանը</b> հետաձգել է սահմանի մասին քվեարկությունը, ասում են <a href=\"/x\">աղբյուրները</a>։</p>",
    ),
    (
        "fr",
        "<p>Le vote du parlement de l&rsquo;<b>Arménie</b> a été reporté, disent des <a href=\"/x\">sources</a>.</p>",
    ),
    ("de", "<p>Die Abstimmung im Parlament <b>Armeniens</b> über die Grenze wurde verschoben, heißt es.</p>"),
];

/// Repetitions of each measurement.
const ROUNDS: usize = 50_000;

fn main() {
    for (language, html) in SUMMARIES {
        let plain = html_to_text(html, TextFor::Search);
        print_throughput(&format!("plain text {language}"), html.len(), || {
            black_box(html_to_text(black_box(html), TextFor::Search)).len()
        });
        print_throughput(&format!("tokens {language}"), plain.len(), || {
            black_box(tokens(black_box(&plain))).len()
        });
    }
    for (word, reach) in [
        ("election", ExpandTo::Forms),
        ("выборы", ExpandTo::Relatives),
        ("Armenia", ExpandTo::Relatives),
        ("Հայաստան", ExpandTo::Relatives),
    ] {
        print_latency(&format!("expand {word}"), || {
            black_box(expand(black_box(word), reach, &[])).words.iter().count()
        });
    }
    print_latency("all topics", || {
        built_in_topic_names()
            .filter_map(|name| built_in_topic(name, false))
            .map(|topic| topic.names.words.iter().count())
            .sum()
    });
}

/// Prints the throughput in megabytes per second.
fn print_throughput(name: &str, bytes: usize, work: impl Fn() -> usize) {
    let started = Instant::now();
    let sum: usize = (0..ROUNDS).map(|_| work()).sum();
    let rate = (bytes * ROUNDS) as f64 / started.elapsed().as_secs_f64() / 1e6;
    println!("{name:<20} {rate:8.1} MB/s ({})", sum / ROUNDS);
}

/// Prints the time of one call in microseconds.
fn print_latency(name: &str, work: impl Fn() -> usize) {
    const CALLS: u32 = 100;
    let started = Instant::now();
    let sum: usize = (0..CALLS).map(|_| work()).sum();
    let spent = started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS);
    println!("{name:<20} {spent:8.1} us ({} words)", sum / CALLS as usize);
}
