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
        // A `<` in a text or a value is escaped, and a quote in a value.
        for tag in sanitized.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
            let parts: Vec<&str> = tag.split('"').collect();
            for (name, value) in parts.chunks_exact(2).map(|pair| (pair[0], pair[1])) {
                let is_address =
                    [" src=", " href=", " cite=", " poster="].iter().any(|end| name.ends_with(end));
                let kept = ["http", "https", "mailto", "tel", "data"];
                let value = unescaped(value);
                let is_kept = url::Url::parse(&value).is_ok_and(|url| kept.contains(&url.scheme()));
                assert!(!is_address || is_kept || value.starts_with("#siftwire-"), "{name}{value}");
            }
        }
    }
});

/// A value as it was before it was escaped.
fn unescaped(value: &str) -> String {
    let escapes = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{a0}"), ("&amp;", "&")];
    escapes.iter().fold(value.to_owned(), |value, (escape, character)| value.replace(escape, character))
}
