//! Decodes the content coding of a body as it arrives, up to a size limit. Pure.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::{raw, zio};

/// The value of `Accept-Encoding`.
pub(super) const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";

/// Log2 of the largest window that a zstd frame may use on the web (RFC 9659). The format itself allows gigabytes.
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// The most codings of one body.
const MAX_CODINGS: usize = 3;

/// Size of brotli's output buffer.
const BROTLI_BUFFER_BYTES: usize = 16 * 1024;

/// Takes the chunks of a body, and decodes at most `max_bytes`.
pub(super) struct ContentDecoder {
    coding: ContentCoding,
    /// What is below it, the next one last.
    others: Vec<ContentCoding>,
    /// The bytes before the decoder exists: the first two show which coding is really used.
    head: Vec<u8>,
    max_bytes: u64,
    decoder: Option<StreamDecoder>,
}

/// Why a body cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// The decoded body is over the limit.
    TooLarge,
    /// The body is not coded as declared, or is truncated. The reason is text.
    Corrupt(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContentCoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

enum StreamDecoder {
    Identity(LimitedBuffer),
    Gzip(MultiGzDecoder<LimitedBuffer>),
    Zlib(ZlibDecoder<LimitedBuffer>),
    Deflate(DeflateDecoder<LimitedBuffer>),
    Brotli(Box<brotli::DecompressorWriter<LimitedBuffer>>),
    Zstd(zio::Writer<LimitedBuffer, raw::Decoder<'static>>),
}

/// Collects bytes up to a limit.
struct LimitedBuffer {
    bytes: Vec<u8>,
    max_bytes: u64,
    exceeded: bool,
}

impl ContentDecoder {
    /// A decoder for these values of `Content-Encoding` and `Transfer-Encoding`. Unknown codings are not decoded: sites write charsets there.
    /// Of several, the last is decoded first (RFC 9110 section 8.4).
    pub(super) fn new(content_encoding: &str, max_bytes: u64) -> ContentDecoder {
        let coding = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => ContentCoding::Gzip,
            "deflate" => ContentCoding::Deflate,
            "br" => ContentCoding::Brotli,
            "zstd" => ContentCoding::Zstd,
            _ => ContentCoding::Identity,
        };
        let is_coding = |name: &&str| !matches!(name.trim(), "" | "chunked" | "identity");
        let mut others: Vec<ContentCoding> =
            content_encoding.split(',').filter(is_coding).take(MAX_CODINGS).map(coding).collect();
        let coding = others.pop().unwrap_or(ContentCoding::Identity);
        ContentDecoder { coding, others, head: Vec::new(), max_bytes, decoder: None }
    }

    /// What was decoded before an error, which may have come after the end of the coded body.
    pub(super) fn into_decoded(mut self) -> Vec<u8> {
        if let Ok(bytes) = self.finish() {
            return bytes;
        }
        if !self.others.is_empty() {
            return Vec::new();
        }
        self.decoder.as_mut().map(|decoder| std::mem::take(&mut decoder.sink_mut().bytes)).unwrap_or_default()
    }

    /// Decodes the next chunk of the body.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        if self.decoder.is_none() {
            self.head.extend_from_slice(chunk);
            return if self.head.len() < 2 { Ok(()) } else { self.begin() };
        }
        self.write(chunk)
    }

    /// Bytes decoded so far.
    pub(super) fn len(&self) -> u64 {
        self.decoder.as_ref().map_or(0, |decoder| decoder.sink().bytes.len() as u64)
    }

    /// Returns the whole body.
    ///
    /// # Errors
    /// The body is truncated.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, DecodeError> {
        if self.decoder.is_none() {
            self.begin()?;
        }
        let Some(decoder) = &mut self.decoder else { return Ok(Vec::new()) };
        let ended = match decoder {
            StreamDecoder::Identity(_) => Ok(()),
            StreamDecoder::Gzip(decoder) => decoder.try_finish(),
            StreamDecoder::Zlib(decoder) => decoder.try_finish(),
            StreamDecoder::Deflate(decoder) => decoder.try_finish(),
            StreamDecoder::Zstd(decoder) => decoder.finish(),
            StreamDecoder::Brotli(decoder) => decoder.close(),
        };
        ended.map_err(|error| decode_error(decoder.sink(), &error))?;
        let bytes = std::mem::take(&mut decoder.sink_mut().bytes);
        let Some(coding) = self.others.pop() else { return Ok(bytes) };
        let others = std::mem::take(&mut self.others);
        let mut next =
            ContentDecoder { coding, others, head: Vec::new(), max_bytes: self.max_bytes, decoder: None };
        next.push(&bytes)?;
        next.finish()
    }

    fn begin(&mut self) -> Result<(), DecodeError> {
        let head = std::mem::take(&mut self.head);
        let sink = LimitedBuffer { bytes: Vec::new(), max_bytes: self.max_bytes, exceeded: false };
        let first = head.first().copied().unwrap_or_default();
        let pair = head.get(..2).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]));
        self.decoder = Some(match self.coding {
            // Some responses declare gzip and are plain text, perhaps decoded by a proxy.
            ContentCoding::Gzip if pair == 0x1f8b => StreamDecoder::Gzip(MultiGzDecoder::new(sink)),
            ContentCoding::Identity | ContentCoding::Gzip => StreamDecoder::Identity(sink),
            // HTTP means the zlib format (RFC 1950); some servers send raw deflate (RFC 1951).
            ContentCoding::Deflate if first & 0x0f == 8 && pair % 31 == 0 => {
                StreamDecoder::Zlib(ZlibDecoder::new(sink))
            }
            ContentCoding::Deflate => StreamDecoder::Deflate(DeflateDecoder::new(sink)),
            // Large windows are not part of RFC 7932 and could take gigabytes.
            ContentCoding::Brotli if first & 0x7f == 0x11 => {
                return Err(DecodeError::Corrupt("the brotli window is too large".to_owned()));
            }
            ContentCoding::Brotli => {
                StreamDecoder::Brotli(Box::new(brotli::DecompressorWriter::new(sink, BROTLI_BUFFER_BYTES)))
            }
            ContentCoding::Zstd => {
                let corrupt = |error: io::Error| DecodeError::Corrupt(error.to_string());
                let mut decoder = raw::Decoder::new().map_err(corrupt)?;
                decoder
                    .set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(MAX_ZSTD_WINDOW_LOG))
                    .map_err(corrupt)?;
                StreamDecoder::Zstd(zio::Writer::new(sink, decoder))
            }
        });
        self.write(&head)
    }

    fn write(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let written = match decoder {
            StreamDecoder::Identity(sink) => sink.write_all(chunk),
            StreamDecoder::Gzip(decoder) => decoder.write_all(chunk),
            StreamDecoder::Zlib(decoder) => decoder.write_all(chunk),
            StreamDecoder::Deflate(decoder) => decoder.write_all(chunk),
            StreamDecoder::Brotli(decoder) => decoder.write_all(chunk),
            StreamDecoder::Zstd(decoder) => decoder.write_all(chunk),
        };
        written.map_err(|error| decode_error(decoder.sink(), &error))
    }
}

impl StreamDecoder {
    fn sink(&self) -> &LimitedBuffer {
        match self {
            StreamDecoder::Identity(sink) => sink,
            StreamDecoder::Gzip(decoder) => decoder.get_ref(),
            StreamDecoder::Zlib(decoder) => decoder.get_ref(),
            StreamDecoder::Deflate(decoder) => decoder.get_ref(),
            StreamDecoder::Brotli(decoder) => decoder.get_ref(),
            StreamDecoder::Zstd(decoder) => decoder.writer(),
        }
    }

    fn sink_mut(&mut self) -> &mut LimitedBuffer {
        match self {
            StreamDecoder::Identity(sink) => sink,
            StreamDecoder::Gzip(decoder) => decoder.get_mut(),
            StreamDecoder::Zlib(decoder) => decoder.get_mut(),
            StreamDecoder::Deflate(decoder) => decoder.get_mut(),
            StreamDecoder::Brotli(decoder) => decoder.get_mut(),
            StreamDecoder::Zstd(decoder) => decoder.writer_mut(),
        }
    }
}

fn decode_error(sink: &LimitedBuffer, error: &io::Error) -> DecodeError {
    if sink.exceeded { DecodeError::TooLarge } else { DecodeError::Corrupt(error.to_string()) }
}

impl Write for LimitedBuffer {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let left = usize::try_from(self.max_bytes).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
        if chunk.len() > left {
            self.bytes.extend_from_slice(&chunk[..left]);
            self.exceeded = true;
            return Err(io::Error::other("larger than allowed"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coding: &str, body: &[u8], max_bytes: u64) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = ContentDecoder::new(coding, max_bytes);
        // One byte at a time: chunks may be of any size.
        body.chunks(1).try_for_each(|chunk| decoder.push(chunk))?;
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
    fn every_coding_is_decoded_and_truncated_bodies_are_errors() {
        let body = b"<feed>words and words and words</feed>".repeat(9);
        for (coding, bytes) in coded(&body) {
            assert_eq!(decoded(coding, &bytes, 9999), Ok(body.clone()), "{coding}");
            let cut = &bytes[..bytes.len() - 3];
            assert!(matches!(decoded(coding, cut, 9999), Err(DecodeError::Corrupt(_))), "{coding}");
            assert_eq!(decoded(coding, &bytes, 99), Err(DecodeError::TooLarge), "{coding}");
        }
    }

    #[test]
    fn several_codings_are_decoded_in_turn() {
        let body = b"<feed>words and words and words</feed>".repeat(9);
        let once = &coded(&body)[0].1;
        let twice = &coded(once)[0].1;
        assert_eq!(decoded("gzip, gzip", twice, 9999), Ok(body.clone()));
        assert_eq!(decoded("gzip, gzip", once, 9999), Ok(body.clone()), "it was coded once");
        assert_eq!(decoded("gzip, br", &coded(once)[3].1, 9999), Ok(body.clone()));
        assert_eq!(decoded("gzip, gzip", twice, 99), Err(DecodeError::TooLarge));
    }

    #[test]
    fn undeclared_codings_are_identity_or_errors() {
        assert_eq!(decoded("gzip", b"<rss/>", 99), Ok(b"<rss/>".to_vec()));
        assert_eq!(decoded("utf-8", b"<rss/>", 99), Ok(b"<rss/>".to_vec()));
        assert_eq!(decoded("", b"x", 99), Ok(b"x".to_vec()));
        assert_eq!(decoded("gzip", b"", 99), Ok(Vec::new()));
        for coding in ["br", "zstd", "deflate"] {
            assert!(
                matches!(decoded(coding, b"<rss>plain</rss>", 99), Err(DecodeError::Corrupt(_))),
                "{coding}"
            );
        }
    }

    #[test]
    fn oversized_zstd_and_brotli_windows_are_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(27).expect("a valid zstd parameter");
        encoder.include_contentsize(false).expect("a valid zstd parameter");
        encoder.write_all(&vec![7; 300_000]).expect("memory");
        let bytes = encoder.finish().expect("memory");
        assert!(matches!(decoded("zstd", &bytes, 1_000_000), Err(DecodeError::Corrupt(_))));
        assert!(matches!(decoded("br", &[0x11, 0x1e, 0, 0], 99), Err(DecodeError::Corrupt(_))));
    }
}
