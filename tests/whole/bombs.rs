//! What hostile answers cost in memory: the built binary, one bomb after the other.

use std::io::Write;

use crate::origin::Origin;
use crate::program::{Home, eventually};

/// More than a bomb may cost above the idle daemon, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// Plain bytes in a bomb.
const BLAST: usize = 100_000_000;

fn zeros(mut into: impl Write) {
    let piece = vec![0; 1_000_000];
    (0..BLAST / piece.len()).for_each(|_| into.write_all(&piece).expect("memory"));
}

fn bombs() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zeros(&mut gzip);
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zeros(&mut deflate);
    let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 2, 24);
    zeros(&mut br);
    let zstd = |window| {
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        zstd.window_log(window).expect("zstd knows it");
        zeros(&mut zstd);
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
fn no_bomb_costs_more_than_its_limit() {
    let origin = Origin::start();
    let mut config = "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n".to_owned();
    let bombs = bombs();
    for (name, ..) in &bombs {
        let url = origin.url(&format!("/{name}"));
        config += &format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\nevery = \"1h\"\n"
        );
    }
    // Until they are set, each is answered with 404: the daemon is idle once all are.
    let home = Home::new(&config.replace("\"1h\"", "\"1s\"\nat_most = \"2s\"\ntimeout = \"20s\""));
    let daemon = home.start();
    let failed = |words: &str| home.run(&["status"]).1.matches(words).count();
    eventually("all idle", || (failed("status 404") == bombs.len()).then_some(()));
    for (name, head, body) in bombs {
        daemon.forget_peak();
        let idle = daemon.peak();
        let path = format!("/{name}");
        origin.set(&path, 200, &head, body);
        eventually(name, || (origin.asked(&path).0 >= 2).then_some(()));
        let cost = daemon.peak().saturating_sub(idle);
        println!("{name}: {} KB above {} KB", cost / 1024, idle / 1024);
        assert!(cost < MOST, "{name} took {cost} bytes");
        origin.set(&path, 404, "text/plain", "");
    }
    assert_eq!(daemon.stop().0, Some(0));
}
