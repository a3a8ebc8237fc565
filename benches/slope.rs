//! Growth of the time of a document with its size, from its bytes to what is published: it must be linear, whatever
//! the document has.
//!
//! `cargo bench --bench slope [WORD…] [BYTES]` prints the slopes, milliseconds of CPU for this many bytes and 2 and 4
//! times as many, and fails if one of them is steep. First come the documents of `tests/hostile/shapes.rs`, then each
//! field of each format (`fields.rs`) with each token that opens something. With words, only the names that have all of
//! them are measured and printed; else of the fields only the slowest and the steep ones.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench"
)]

use std::process::ExitCode;

use rustix::time::{ClockId, clock_gettime};

use fields::{TOKENS, fields};
use whole_path::whole_path;

#[path = "../tests/hostile/fields.rs"]
mod fields;
#[path = "../tests/hostile/shapes.rs"]
mod shapes;
#[path = "../tests/hostile/whole_path.rs"]
mod whole_path;

/// Bytes of the smallest document.
const SHAPE_BYTES: usize = 1_000_000;
const FIELD_BYTES: usize = 50_000;

/// A steeper growth at twice the size is not linear.
const MAX_GROWTH: f64 = 2.6;

/// The growth of shorter times is noise.
const MIN_MILLISECONDS: f64 = 30.0;

/// A measurement that looks steep is repeated this often: caches and other programs make single ones slower.
const REPETITIONS: usize = 4;

/// Of the fields, this many of the slowest are printed.
const PRINTED_FIELDS: usize = 40;

/// What closes what a token may have opened, at the end of a text: searches then succeed late instead of failing.
const CLOSERS: &str = ">\"'>-->]]></a></svg></script>;)]}\"*/ ";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let bytes: Option<usize> = arguments.iter().find_map(|word| word.parse().ok());
    let words: Vec<&String> = arguments.iter().filter(|word| word.parse::<usize>().is_err()).collect();
    let is_wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    println!("{:>9} {:>8} {:>8} {:>8} {:>6}  ms of CPU", "bytes", "1", "2", "4", "growth");
    let mut steep = 0;
    let size = bytes.unwrap_or(SHAPE_BYTES);
    for shape in shapes::shapes().into_iter().filter(|shape| is_wanted(shape.name)) {
        let slope = Slope::measure(shape.name.to_owned(), size, |size| shape.document(size));
        slope.print();
        steep += usize::from(slope.is_steep());
    }
    let mut slopes = Vec::new();
    let size = bytes.unwrap_or(FIELD_BYTES);
    for (field, token) in fields().flat_map(|field| TOKENS.iter().map(move |token| (field.name, *token))) {
        for end in ["", CLOSERS] {
            let name = format!("{field}: {token:?}{}", if end.is_empty() { "" } else { ", closed" });
            if !is_wanted(&name) {
                continue;
            }
            let field = fields().find(|known| known.name == field).expect("one of them");
            let text = |size: usize| token.repeat(size / token.len()) + end;
            let slope = Slope::measure(name, size, |size| field.document(&text(size)));
            if slope.is_steep() {
                slope.print();
                steep += 1;
            }
            slopes.push(slope);
        }
    }
    let measured = slopes.len();
    slopes.sort_by(|a, b| b.times[2].total_cmp(&a.times[2]));
    println!("the slowest of {measured} fields with a token:");
    slopes.iter().take(if words.is_empty() { PRINTED_FIELDS } else { measured }).for_each(Slope::print);
    println!("{steep} steep");
    if steep == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Times of documents of one kind, of 1, 2 and 4 times a size.
struct Slope {
    name: String,
    size: usize,
    times: [f64; 3],
}

impl Slope {
    fn measure(name: String, size: usize, document: impl Fn(usize) -> Vec<u8>) -> Slope {
        let documents = [1, 2, 4].map(|factor| document(factor * size));
        let mut slope = Slope { name, size, times: [f64::INFINITY; 3] };
        for _ in 0..REPETITIONS {
            for (time, document) in slope.times.iter_mut().zip(&documents) {
                *time = time.min(cpu_milliseconds(document));
            }
            if !slope.is_steep() {
                break;
            }
        }
        slope
    }

    fn growth(&self) -> f64 {
        self.times[2] / self.times[1].max(0.001)
    }

    fn is_steep(&self) -> bool {
        self.times[2] > MIN_MILLISECONDS && self.growth() > MAX_GROWTH
    }

    fn print(&self) {
        let ([one, two, four], growth) = (self.times, self.growth());
        let mark = if self.is_steep() { "  <- steep" } else { "" };
        println!("{:>9} {one:>8.1} {two:>8.1} {four:>8.1} {growth:>6.1}  {}{mark}", self.size, self.name);
    }
}

fn cpu_milliseconds(document: &[u8]) -> f64 {
    let started = cpu_seconds();
    whole_path(document);
    (cpu_seconds() - started) * 1e3
}

/// CPU time of this thread, which other programs do not affect.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
