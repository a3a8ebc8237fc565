//! The memory that hostile responses take: the built binary, one bomb after the other.

use std::io::Write;

use crate::origin::Origin;
use crate::program::{Home, eventually};

/// Bytes that a bomb may take above the idle daemon.
const MAX_EXTRA_BYTES: u64 = 64 * 1024 * 1024;

/// Decompressed size of a bomb.
const BOMB_BYTES: usize = 100_000_000;

fn write_zeros(mut into: impl Write) {
    let piece = vec![0; 1_000_000];
    (0..BOMB_BYTES / piece.len()).for_each(|_| into.write_all(&piece).expect("memory"));
}

fn bombs() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    write_zeros(&mut gzip);
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    write_zeros(&mut deflate);
    let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 2, 24);
    write_zeros(&mut br);
    let zstd = |window| {
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        zstd.window_log(window).expect("a valid window");
        write_zeros(&mut zstd);
        zstd.finish().expect("memory")
    };
    let coded = |coding: &str| format!("text/xml\r\nContent-Encoding: {coding}");
    vec![
        ("gzip", coded("gzip"), gzip.finish().expect("memory")),
        ("deflate", coded("deflate"), deflate.finish().expect("memory")),
        ("br", coded("br"), br.into_inner()),
        ("zstd", coded("zstd"), zstd(20)),
        ("wide", coded("zstd"), zstd(27)),
        ("plain", "text/xml".to_owned(), vec![b' '; 30_000_000]),
        ("header", format!("text/xml\r\nX: {}", "x".repeat(30_000_000)), Vec::new()),
        ("headers", format!("text/xml{}", "\r\nX: 1".repeat(1_000_000)), Vec::new()),
    ]
}

#[test]
fn no_bomb_takes_more_memory_than_the_limit() {
    let origin = Origin::start();
    let mut config = "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n".to_owned();
    let bombs = bombs();
    for (name, ..) in &bombs {
        let url = origin.url(&format!("/{name}"));
        config += &format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\nevery = \"1h\"\n"
        );
    }
    // The paths answer 404 until a bomb is set; the daemon is idle once all have failed.
    let home = Home::new(&config.replace("\"1h\"", "\"1s\"\nat_most = \"2s\"\ntimeout = \"20s\""));
    let daemon = home.start();
    let failed = |words: &str| home.run(&["status"]).1.matches(words).count();
    eventually("all idle", || (failed("status 404") == bombs.len()).then_some(()));
    for (name, head, body) in bombs {
        daemon.forget_peak();
        let idle = daemon.peak();
        let path = format!("/{name}");
        origin.set(&path, 200, &head, body);
        eventually(name, || (origin.responses(&path).0 >= 2).then_some(()));
        let extra = daemon.peak().saturating_sub(idle);
        println!("{name}: {} KB above {} KB", extra / 1024, idle / 1024);
        assert!(extra < MAX_EXTRA_BYTES, "{name} took {extra} bytes");
        origin.set(&path, 404, "text/plain", "");
    }
    assert_eq!(daemon.stop().0, Some(0));
}
