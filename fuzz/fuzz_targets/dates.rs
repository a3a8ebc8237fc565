//! A date in any text must not panic; one that is read is read again from the usual form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::feed::{Hints, read};

fn date(text: &str) -> Option<jiff::Timestamp> {
    let text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
    let item = format!(r#"{{"id": "1", "date_published": "{text}"}}"#);
    let body = format!(r#"{{"version": "https://jsonfeed.org/version/1.1", "items": [{item}]}}"#);
    let now = "2200-01-01T00:00:00Z".parse().unwrap();
    let feed = read(body.as_bytes(), &Hints { content_type: None, url: None, now }).unwrap();
    feed.entries[0].published
}

fuzz_target!(|text: &str| {
    if let Some(time) = date(text) {
        assert_eq!(date(&time.to_string()), Some(time));
    }
});
