//! Decoding any bytes must not panic, and the text must not be longer than the encodings allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use siftwire::feed::decode;

fuzz_target!(|body: &[u8]| {
    for content_type in [None, Some("text/xml; charset=utf-8"), Some("text/xml; charset=gb18030")] {
        let decoded = decode::decode(body, content_type);
        assert!(decoded.text.len() <= 3 * body.len() + 3);
    }
});
