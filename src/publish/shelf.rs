//! What is served, in memory: each document once in every coding, swapped whole when it changes.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::format::Format;

/// Bodies below this many bytes are sent as they are.
const WORTH_CODING: usize = 256;

/// The documents and pages that are served. Shared; a reader holds its lock only to copy a pointer.
#[derive(Debug, Default)]
pub struct Shelf {
    places: RwLock<Arc<HashMap<String, Place>>>,
}

/// What is found at a path.
#[derive(Clone, Debug)]
pub enum Place {
    /// A document or a page.
    Here(Arc<Representation>),
    /// An output that was, and is no more.
    Retired,
}

/// A document in all its codings.
#[derive(Debug)]
pub struct Representation {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// When the bytes last changed.
    pub last_modified: Timestamp,
    digest: String,
    identity: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
    zstd: Option<Bytes>,
}

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

/// Whether a document differs from what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It does, or nothing stood there.
    Yes,
    /// The same bytes stood there and stand there still, with their time of change.
    No,
}

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a document of an output in its place, unless the same bytes stand there.
    pub fn put(&self, output: &str, format: Format, bytes: Vec<u8>, changed_at: Timestamp) -> Changed {
        self.put_page(&format.path(output), format.content_type(), bytes, changed_at)
    }

    /// Puts anything else in its place, such as the front page at `/`.
    pub fn put_page(
        &self,
        path: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        changed_at: Timestamp,
    ) -> Changed {
        let digest = digest(&bytes);
        if let Some(Place::Here(old)) = self.find(path)
            && old.digest == digest
        {
            return Changed::No;
        }
        // Coding takes milliseconds, so it is done before the lock is taken.
        let representation = Representation::new(content_type, bytes, changed_at);
        self.change(|places| {
            places.insert(path.to_owned(), Place::Here(Arc::new(representation)));
        });
        Changed::Yes
    }

    /// Outputs that are no more: their addresses say so from now on.
    pub fn retire<'a>(&self, outputs: impl IntoIterator<Item = &'a str>) {
        self.change(|places| {
            for output in outputs {
                for format in Format::ALL {
                    places.insert(format.path(output), Place::Retired);
                }
            }
        });
    }

    /// What stands at a path.
    pub fn find(&self, path: &str) -> Option<Place> {
        let places = Arc::clone(&self.places.read().unwrap_or_else(PoisonError::into_inner));
        places.get(path).cloned()
    }

    /// The map is copied, changed and put back in one piece: it holds a pointer for each path.
    fn change(&self, change: impl FnOnce(&mut HashMap<String, Place>)) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut places));
    }
}

impl Representation {
    /// Codes the bytes once, for all requests to come.
    pub fn new(content_type: &'static str, bytes: Vec<u8>, changed_at: Timestamp) -> Self {
        let shorter = |coded: std::io::Result<Vec<u8>>| {
            coded
                .ok()
                .filter(|coded| bytes.len() >= WORTH_CODING && coded.len() < bytes.len())
                .map(Bytes::from)
        };
        Self {
            content_type,
            last_modified: changed_at,
            digest: digest(&bytes),
            gzip: shorter(gzip(&bytes)),
            brotli: shorter(brotli(&bytes)),
            zstd: shorter(zstd::bulk::compress(&bytes, 9)),
            identity: Bytes::from(bytes),
        }
    }

    /// The bytes in a coding, if they are kept in it.
    pub fn body(&self, coding: Coding) -> Option<&Bytes> {
        match coding {
            Coding::Identity => Some(&self.identity),
            Coding::Gzip => self.gzip.as_ref(),
            Coding::Brotli => self.brotli.as_ref(),
            Coding::Zstd => self.zstd.as_ref(),
        }
    }

    /// The strong entity tag of the bytes in a coding, with its quotes.
    pub fn etag(&self, coding: Coding) -> String {
        match coding {
            Coding::Identity => format!("\"{}\"", self.digest),
            coding => format!("\"{}-{}\"", self.digest, coding.name()),
        }
    }

    /// The hash of the bytes as they are.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Coding {
    /// Best first, where a client likes several alike.
    pub const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The hash by which unchanged bytes are known: 128 bits in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes as a gzip file, without a time in it: also what stands beside a written file.
///
/// # Errors
/// None in practice: it writes to memory.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(7));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, 6, 20);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner())
}
