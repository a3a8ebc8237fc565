//! Reading and sanitizing any bytes must leave no script in the HTML of the entries.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use siftwire::entry::change::{Change, KnownEntries};
use siftwire::feed::{Hints, read};
use siftwire::html;
use siftwire::ingest::{diff, identity};

// The usual hook ends the run at a fault of feed-rs that is caught too.
fuzz_target!(init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))), |body: &[u8]| {
    let url = url::Url::parse("https://example.org/feed").unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let hints = Hints { content_type: None, url: Some(&url), now };
    let Ok(feed) = read(body, &hints) else { return };
    let sanitizer = html::Sanitizer::new(&url);
    let (identified, _) = identity::assign_keys(feed.entries, &mut BTreeSet::new());
    for mut change in diff::changes(identified, &KnownEntries::new(), "https://example.org/feed", now) {
        if let Change::New(new) = &mut change {
            sanitizer.sanitize_entry(&mut new.entry);
            for text in [&new.entry.summary, &new.entry.content].into_iter().flatten() {
                // In sanitized HTML `<` occurs only at the start of tags, and attribute values contain no unescaped quote.
                for tag in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
                    let tag = tag.0.to_ascii_lowercase();
                    assert!(!tag.starts_with("script") && !tag.contains("=\"javascript:"), "{text}");
                }
            }
        }
    }
});
