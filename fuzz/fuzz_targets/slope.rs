//! The whole path, from the bytes of a document to what is published, must take no more than a time for each byte,
//! whatever is repeated in whatever field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};

#[path = "../../tests/hostile/fields.rs"]
mod fields;
#[path = "../../tests/hostile/whole_path.rs"]
mod whole_path;

/// A text of this size shows growth that is not linear.
const TEXT_BYTES: usize = 200_000;

/// Many times what an optimized build needs, instrumented or not.
const MAX_NANOSECONDS_PER_BYTE: u64 = 10_000;

fuzz_target!(|input: (u16, [u8; 2], &str, &str)| {
    let (field, tokens, between, end) = input;
    let [first, second] = tokens.map(|token| fields::TOKENS[usize::from(token) % fields::TOKENS.len()]);
    let repeated = [first, between, second].concat();
    let place = usize::from(field) % fields::fields().count();
    let Some(field) = fields::fields().nth(place) else { return };
    let document = field.document(&(repeated.repeat(TEXT_BYTES / repeated.len()) + end));
    let started = cpu_nanoseconds();
    whole_path::whole_path(&document);
    let per_byte = (cpu_nanoseconds() - started) / document.len().max(TEXT_BYTES) as u64;
    assert!(per_byte <= MAX_NANOSECONDS_PER_BYTE, "{}: {per_byte} ns for each byte", field.name);
});

fn cpu_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
