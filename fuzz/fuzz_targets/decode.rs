//! Bytes to text: no panic, and never more text than the encodings allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::feed::decode;

fuzz_target!(|body: &[u8]| {
    for content_type in [None, Some("text/xml; charset=utf-8"), Some("text/xml; charset=gb18030")] {
        let text = decode::decode(body, content_type);
        assert!(text.text.len() <= 3 * body.len() + 3);
    }
});
