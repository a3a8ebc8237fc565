//! A text in Atom as text, as XHTML and in a CDATA section: no word gets lost, none becomes markup, and the next entry is
//! read whatever the markup is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::entry::Entry;
use siftwire::feed::{Hints, read};
use siftwire::html::Sanitizer;
use siftwire::text::{TextFor, html_to_text};

/// The entries of a feed whose first one has these elements, and whose second one has the title "After".
fn entries(elements: &str) -> Vec<Entry> {
    let url = url::Url::parse("https://example.org/feed").unwrap();
    let hints = Hints { content_type: None, url: Some(&url), now: jiff::Timestamp::UNIX_EPOCH };
    // After a byte order mark the text is decoded as it is.
    let document = format!(
        "\u{feff}<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>{elements}</entry>\
         <entry><id>2</id><title>After</title></entry></feed>"
    );
    let mut entries = read(document.as_bytes(), &hints).unwrap().entries;
    let sanitizer = Sanitizer::new(&url);
    entries.iter_mut().for_each(|entry| sanitizer.sanitize_entry(entry));
    entries
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fuzz_target!(|text: &str| {
    // Other characters may be removed or repaired.
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t')) {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let read = entries(&format!("<summary>{escaped}</summary>"));
        let html = read[0].summary.as_deref().unwrap_or_default();
        assert_eq!(words(&html_to_text(html, TextFor::Reader)), words(text), "{html}");
    }
    if !text.contains("<!") && !text.contains("<?") {
        let read = entries(&format!("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{text}</div></content>"));
        assert_eq!(read.last().and_then(|entry| entry.title.as_deref()), Some("After"));
    }
    let section = text.replace(']', "");
    let read = entries(&format!("<content type='xhtml'><pre><![CDATA[{section}]]></pre></content>"));
    let html = read[0].content.as_deref().unwrap_or_default();
    assert!(read.len() == 2 && html.matches('<').count() <= 2, "{html}");
});
