//! Takes the coding off a body while it comes, and counts what comes out. Pure.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::{raw, zio};

/// What is offered in `Accept-Encoding`.
pub(super) const OFFERED: &str = "gzip, br, zstd, deflate";

/// The largest window that a zstd frame of the web may ask for (RFC 9659), as a power of two. The
/// format itself would allow a bomb to ask for gigabytes.
const ZSTD_WINDOW: u32 = 23;

/// How much of the body brotli and zstd hand on at a time.
const PIECE: usize = 16 * 1024;

/// A body on its way: coded bytes go in, at most so many plain ones come out.
pub(super) struct Decoder {
    coding: Coding,
    /// The first two bytes tell what the coding really is.
    head: Vec<u8>,
    most: u64,
    layer: Option<Layer>,
}

/// Why a body cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// More than allowed would come out.
    TooLarge,
    /// It is not coded as it says, or ends too soon: in words.
    Broken(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

enum Layer {
    Plain(Limited),
    Gzip(MultiGzDecoder<Limited>),
    Zlib(ZlibDecoder<Limited>),
    Deflate(DeflateDecoder<Limited>),
    Brotli(Box<brotli::DecompressorWriter<Limited>>),
    Zstd(zio::Writer<Limited, raw::Decoder<'static>>),
}

/// Takes bytes up to a limit.
struct Limited {
    bytes: Vec<u8>,
    most: u64,
    over: bool,
}

impl Decoder {
    /// For a `Content-Encoding`. What nobody asked for and nobody knows is taken as it comes: sites
    /// write charsets there.
    pub(super) fn new(content_encoding: &str, most: u64) -> Decoder {
        let coding = match content_encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => Coding::Plain,
        };
        Decoder { coding, head: Vec::new(), most, layer: None }
    }

    /// The next piece of the body.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Wrong> {
        if self.layer.is_none() {
            self.head.extend_from_slice(piece);
            return if self.head.len() < 2 { Ok(()) } else { self.begin() };
        }
        self.write(piece)
    }

    /// How many bytes came out so far.
    pub(super) fn len(&self) -> u64 {
        self.layer.as_ref().map_or(0, |layer| layer.sink().bytes.len() as u64)
    }

    /// The whole body.
    ///
    /// # Errors
    /// It ended amid its coding.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Wrong> {
        if self.layer.is_none() {
            self.begin()?;
        }
        let Some(mut layer) = self.layer else { return Ok(Vec::new()) };
        let ended = match &mut layer {
            Layer::Plain(_) => Ok(()),
            Layer::Gzip(decoder) => decoder.try_finish(),
            Layer::Zlib(decoder) => decoder.try_finish(),
            Layer::Deflate(decoder) => decoder.try_finish(),
            Layer::Zstd(decoder) => decoder.finish(),
            Layer::Brotli(decoder) => decoder.close(),
        };
        ended.map_err(|error| wrong(layer.sink(), &error))?;
        Ok(std::mem::take(&mut layer.sink_mut().bytes))
    }

    fn begin(&mut self) -> Result<(), Wrong> {
        let head = std::mem::take(&mut self.head);
        let sink = Limited { bytes: Vec::new(), most: self.most, over: false };
        let first = head.first().copied().unwrap_or_default();
        let pair = head.get(..2).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]));
        self.layer = Some(match self.coding {
            // Some say gzip and send plain text, as a proxy in between may have made it.
            Coding::Gzip if pair == 0x1f8b => Layer::Gzip(MultiGzDecoder::new(sink)),
            Coding::Plain | Coding::Gzip => Layer::Plain(sink),
            // RFC 1950 is meant, and RFC 1951 is sent by some.
            Coding::Deflate if first & 0x0f == 8 && pair % 31 == 0 => Layer::Zlib(ZlibDecoder::new(sink)),
            Coding::Deflate => Layer::Deflate(DeflateDecoder::new(sink)),
            // Large windows are no part of RFC 7932: they would let a bomb ask for gigabytes.
            Coding::Brotli if first & 0x7f == 0x11 => {
                return Err(Wrong::Broken("a brotli window that is too large".to_owned()));
            }
            Coding::Brotli => Layer::Brotli(Box::new(brotli::DecompressorWriter::new(sink, PIECE))),
            Coding::Zstd => {
                let broken = |error: io::Error| Wrong::Broken(error.to_string());
                let mut decoder = raw::Decoder::new().map_err(broken)?;
                decoder
                    .set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW))
                    .map_err(broken)?;
                Layer::Zstd(zio::Writer::new(sink, decoder))
            }
        });
        self.write(&head)
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Wrong> {
        let Some(layer) = &mut self.layer else { return Ok(()) };
        let written = match layer {
            Layer::Plain(sink) => sink.write_all(piece),
            Layer::Gzip(decoder) => decoder.write_all(piece),
            Layer::Zlib(decoder) => decoder.write_all(piece),
            Layer::Deflate(decoder) => decoder.write_all(piece),
            Layer::Brotli(decoder) => decoder.write_all(piece),
            Layer::Zstd(decoder) => decoder.write_all(piece),
        };
        written.map_err(|error| wrong(layer.sink(), &error))
    }
}

impl Layer {
    fn sink(&self) -> &Limited {
        match self {
            Layer::Plain(sink) => sink,
            Layer::Gzip(decoder) => decoder.get_ref(),
            Layer::Zlib(decoder) => decoder.get_ref(),
            Layer::Deflate(decoder) => decoder.get_ref(),
            Layer::Brotli(decoder) => decoder.get_ref(),
            Layer::Zstd(decoder) => decoder.writer(),
        }
    }

    fn sink_mut(&mut self) -> &mut Limited {
        match self {
            Layer::Plain(sink) => sink,
            Layer::Gzip(decoder) => decoder.get_mut(),
            Layer::Zlib(decoder) => decoder.get_mut(),
            Layer::Deflate(decoder) => decoder.get_mut(),
            Layer::Brotli(decoder) => decoder.get_mut(),
            Layer::Zstd(decoder) => decoder.writer_mut(),
        }
    }
}

fn wrong(sink: &Limited, error: &io::Error) -> Wrong {
    if sink.over { Wrong::TooLarge } else { Wrong::Broken(error.to_string()) }
}

impl Write for Limited {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + piece.len()) as u64 > self.most {
            self.over = true;
            return Err(io::Error::other("larger than allowed"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coding: &str, body: &[u8], most: u64) -> Result<Vec<u8>, Wrong> {
        let mut decoder = Decoder::new(coding, most);
        // Byte by byte, as the slowest of networks brings it.
        body.chunks(1).try_for_each(|piece| decoder.push(piece))?;
        decoder.finish()
    }

    fn coded(body: &[u8]) -> [(&'static str, Vec<u8>); 5] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(body).expect("memory");
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(body).expect("memory");
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        raw.write_all(body).expect("memory");
        let mut br = Vec::new();
        brotli::CompressorWriter::new(&mut br, 4096, 5, 22).write_all(body).expect("memory");
        [
            ("gzip", gzip.finish().expect("memory")),
            ("deflate", zlib.finish().expect("memory")),
            ("DEFLATE", raw.finish().expect("memory")),
            ("br", br),
            ("zstd", zstd::bulk::compress(body, 9).expect("memory")),
        ]
    }

    #[test]
    fn each_coding_gives_the_body_back_and_no_part_of_it() {
        let body = b"<feed>words and words and words</feed>".repeat(9);
        for (coding, bytes) in coded(&body) {
            assert_eq!(decoded(coding, &bytes, 9999), Ok(body.clone()), "{coding}");
            let cut = &bytes[..bytes.len() - 3];
            assert!(matches!(decoded(coding, cut, 9999), Err(Wrong::Broken(_))), "{coding}");
            assert_eq!(decoded(coding, &bytes, 99), Err(Wrong::TooLarge), "{coding}");
        }
    }

    #[test]
    fn what_is_not_coded_as_it_says_is_plain_or_wrong() {
        assert_eq!(decoded("gzip", b"<rss/>", 99), Ok(b"<rss/>".to_vec()));
        assert_eq!(decoded("utf-8", b"<rss/>", 99), Ok(b"<rss/>".to_vec()));
        assert_eq!(decoded("", b"x", 99), Ok(b"x".to_vec()));
        assert_eq!(decoded("gzip", b"", 99), Ok(Vec::new()));
        for coding in ["br", "zstd", "deflate"] {
            assert!(matches!(decoded(coding, b"<rss>plain</rss>", 99), Err(Wrong::Broken(_))), "{coding}");
        }
    }

    #[test]
    fn windows_beyond_what_the_web_allows_are_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(27).expect("zstd knows it");
        encoder.include_contentsize(false).expect("zstd knows it");
        encoder.write_all(&vec![7; 300_000]).expect("memory");
        let bytes = encoder.finish().expect("memory");
        assert!(matches!(decoded("zstd", &bytes, 1_000_000), Err(Wrong::Broken(_))));
        assert!(matches!(decoded("br", &[0x11, 0x1e, 0, 0], 99), Err(Wrong::Broken(_))));
    }
}
