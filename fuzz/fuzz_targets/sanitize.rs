//! HTML: the fast path of the sanitizer produces the same bytes as ammonia, and does not change them again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::html::Sanitizer;

fuzz_target!(|html: &str| {
    let sanitizer = Sanitizer::new(&url::Url::parse("https://example.org/news/?a=b&c").unwrap());
    if let Some((fast, ammonia)) = sanitizer.fast_and_ammonia(html) {
        assert_eq!(fast, ammonia);
        assert_eq!(sanitizer.fast_and_ammonia(&fast), Some((fast.clone(), fast)));
    }
});
