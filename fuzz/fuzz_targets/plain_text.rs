//! HTML to plain text and its words: whatever the text is for, it must not grow, and its words must be words of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::text::language::detect;
use siftwire::text::{TextFor, html_to_text, html_to_text_start, tokens, tokens_up_to};

fuzz_target!(|html: &str| {
    for purpose in [TextFor::Title, TextFor::Reader, TextFor::Search, TextFor::Comparison] {
        let text = html_to_text(html, purpose);
        // A reference of five bytes can be two characters of three.
        assert!(text.len() <= 2 * html.len());
        assert!(html_to_text_start(html, purpose, 100).len() <= 2 * 100 + html.len());
        let words = tokens(&text);
        for index in 0..words.len() {
            assert!(text.get(words.span(index)).is_some_and(|span| !span.is_empty()), "{text}");
        }
        let folded: Vec<&str> = words.words().collect();
        assert_eq!(tokens(&folded.join(" ")).words().collect::<Vec<_>>(), folded);
        assert_eq!(tokens_up_to(&text, 3).words().collect::<Vec<_>>(), folded[..folded.len().min(3)]);
        let _ = detect(&text);
    }
});
