//! HTML: the fast path of the sanitizer produces the same bytes as the usual one, and does not change them again. Neither
//! keeps a script, or an address that is not absolute.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::entry::Entry;
use siftwire::html::Sanitizer;

fuzz_target!(|html: &str| {
    let sanitizer = Sanitizer::new(&url::Url::parse("https://example.org/news/?a=b&c").unwrap());
    if let Some((fast, usual)) = sanitizer.fast_and_usual(html) {
        assert_eq!(fast, usual);
        assert_eq!(sanitizer.fast_and_usual(&fast), Some((fast.clone(), fast)));
    }
    for link in [None, Some("https://example.org/a/b".to_owned())] {
        let mut entry = Entry { content: Some(html.to_owned()), link, ..Entry::default() };
        sanitizer.sanitize_entry(&mut entry);
        let sanitized = entry.content.unwrap_or_default();
        assert!(!sanitized.contains("<script"));
        // A `<` in a text or a value is escaped.
        let tags = sanitized.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
        let addresses = tags.flat_map(|tag| {
            [" src=\"", " href=\"", " cite=\"", " poster=\""]
                .into_iter()
                .flat_map(|name| tag.split(name).skip(1))
        });
        for address in addresses.map(|address| address.trim_start().to_ascii_lowercase()) {
            let kept = ["http", "mailto:", "tel:", "data:image/", "#siftwire-"];
            assert!(kept.iter().any(|start| address.starts_with(start)), "{address}");
        }
    }
});
