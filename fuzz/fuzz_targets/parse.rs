//! Reading any text must not panic, must be deterministic, and must respect the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::feed::{Hints, read};

// The usual hook ends the run at a fault of feed-rs that is caught too.
fuzz_target!(init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))), |text: &str| {
    // After a byte order mark the text is decoded as it is.
    let body = format!("\u{feff}{text}");
    let url = "https://example.org/feed".parse().ok();
    let hints = Hints { content_type: None, url: url.as_ref(), now: jiff::Timestamp::UNIX_EPOCH };
    let first = read(body.as_bytes(), &hints);
    assert_eq!(first, read(body.as_bytes(), &hints));
    if let Err(error) = &first {
        assert!(error.to_string().chars().count() <= 200);
    }
    assert!(first.map_or(0, |feed| feed.entries.len()) <= 5000);
});
