//! What is served, in memory: each document in every coding that was asked for, swapped whole when it changes.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::format::Format;
use super::xml::rfc822;

/// Bodies below this many bytes are sent as they are.
const WORTH_CODING: usize = 256;

/// The documents and pages that are served. Shared; a reader holds its lock only to copy a pointer.
#[derive(Debug, Default)]
pub struct DocumentCache {
    documents: RwLock<HashMap<String, CachedDocument>>,
    base: RwLock<String>,
}

/// What is found at a path.
#[derive(Clone, Debug)]
pub enum CachedDocument {
    /// A document or a page.
    Available(Arc<Representation>),
    /// An output that was, and is no more.
    Gone,
}

/// A document in all its codings, each made when it is first wanted, once.
#[derive(Debug)]
pub struct Representation {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// When the bytes last changed.
    pub last_modified: Timestamp,
    /// The value of `Link`, where there is one.
    pub link: Option<Bytes>,
    http_date: Bytes,
    digest: String,
    tags: [Bytes; 4],
    identity: Bytes,
    coded: [OnceLock<Bytes>; 3],
}

/// A content coding (RFC 9110 section 8.4.1), in the order of [`Coding::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// `gzip`.
    Gzip,
    /// As it is.
    Identity,
}

/// Whether a document differs from what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertResult {
    /// It does, or nothing stood there.
    Changed,
    /// The same bytes stood there and stand there still, with their time of change.
    Unchanged,
}

impl DocumentCache {
    /// An empty document_cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a document of an output in its place, unless the same bytes stand there.
    pub fn insert_document(
        &self,
        output: &str,
        format: Format,
        bytes: Vec<u8>,
        changed_at: Timestamp,
    ) -> InsertResult {
        self.insert_page(&format.path(output), format.content_type(), bytes, changed_at)
    }

    /// Puts anything else in its place, such as the front page at `/`.
    pub fn insert_page(
        &self,
        path: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        changed_at: Timestamp,
    ) -> InsertResult {
        self.insert(path, Representation::new(content_type, bytes, changed_at))
    }

    /// Puts a representation in its place, unless one of the same bytes and links stands there.
    pub fn insert(&self, path: &str, representation: Representation) -> InsertResult {
        if self.has(path, &representation) {
            return InsertResult::Unchanged;
        }
        self.change(|documents| {
            documents.insert(path.to_owned(), CachedDocument::Available(Arc::new(representation)));
        });
        InsertResult::Changed
    }

    /// Puts the formats of an output in their documents at once, so that no two of them say different things.
    pub fn insert_all(&self, formats: Vec<(String, Representation)>) {
        let new: Vec<_> = formats.into_iter().filter(|(path, format)| !self.has(path, format)).collect();
        if !new.is_empty() {
            self.change(|documents| {
                documents.extend(
                    new.into_iter().map(|(path, format)| (path, CachedDocument::Available(Arc::new(format)))),
                );
            });
        }
    }

    fn has(&self, path: &str, representation: &Representation) -> bool {
        matches!(self.get(path), Some(CachedDocument::Available(old))
            if old.digest == representation.digest && old.link == representation.link)
    }

    /// Outputs that are no more: their addresses say so from now on.
    pub fn mark_gone<'a>(&self, outputs: impl IntoIterator<Item = &'a str>) {
        self.change(|documents| {
            for output in outputs {
                for format in Format::ALL {
                    documents.insert(format.path(output), CachedDocument::Gone);
                }
            }
        });
    }

    /// From now on the whole stands below this path, that of `public_url`.
    pub fn set_base_path(&self, path: &str) {
        let path = path.trim_end_matches('/');
        let mut base = self.base.write().unwrap_or_else(PoisonError::into_inner);
        if *base != path {
            path.clone_into(&mut base);
        }
    }

    /// A path without that of `public_url`, if it begins so: some proxies pass on what they were asked, others
    /// what is left of it.
    pub fn strip_base_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner);
        let rest = path.strip_prefix(base.as_str()).filter(|_| !base.is_empty())?;
        match rest {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }

    /// What stands at a path.
    pub fn get(&self, path: &str) -> Option<CachedDocument> {
        self.documents.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, CachedDocument>)) {
        let mut documents = self.documents.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut documents);
    }
}

impl Representation {
    /// Takes the bytes as they are; nothing is coded yet.
    pub fn new(content_type: &'static str, bytes: Vec<u8>, changed_at: Timestamp) -> Self {
        let digest = digest(&bytes);
        let tag = |coding| match coding {
            Coding::Identity => Bytes::from(format!("\"{digest}\"")),
            coding => Bytes::from(format!("\"{digest}-{}\"", coding.name())),
        };
        Self {
            content_type,
            last_modified: changed_at,
            http_date: Bytes::from(http_date(changed_at)),
            link: None,
            tags: Coding::ALL.map(tag),
            digest,
            identity: exact(bytes),
            coded: Default::default(),
        }
    }

    /// With a value for `Link` (RFC 8288): what a feed says of itself, for who reads no bodies.
    #[must_use]
    pub fn with_link(self, link: String) -> Self {
        Self { link: Some(Bytes::from(link)), ..self }
    }

    /// Makes every coding now, so that no request waits for it.
    pub fn precompress(&self) {
        Coding::ALL.into_iter().for_each(|coding| {
            self.body(coding);
        });
    }

    /// Whether the bytes are given out in a coding: small ones are sent as they are.
    pub fn has(&self, coding: Coding) -> bool {
        coding == Coding::Identity || self.identity.len() >= WORTH_CODING
    }

    /// The bytes in a coding, if they are given out in it.
    pub fn body(&self, coding: Coding) -> Option<&Bytes> {
        if coding == Coding::Identity {
            return Some(&self.identity);
        }
        let place = self.coded.get(coding as usize).filter(|_| self.has(coding))?;
        Some(place.get_or_init(|| match coding {
            Coding::Brotli => exact(brotli(&self.identity)),
            Coding::Zstd => exact(zstd::bulk::compress(&self.identity, 9).unwrap_or_default()),
            Coding::Gzip | Coding::Identity => exact(gzip(&self.identity).unwrap_or_default()),
        }))
    }

    /// Bytes of memory, once every coding is made.
    pub(super) fn memory_bytes(&self) -> usize {
        self.identity.len() * 2
    }

    /// The time of change as HTTP writes it (RFC 9110 section 5.6.7), made once: each answer says it.
    pub fn http_date(&self) -> &Bytes {
        &self.http_date
    }

    /// The strong entity tag of the bytes in a coding, with its quotes.
    pub fn etag(&self, coding: Coding) -> &Bytes {
        &self.tags[coding as usize]
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

/// HTTP has no fraction of a second, and no year before 1970 that this program could mean.
fn http_date(time: Timestamp) -> String {
    rfc822(time.max(Timestamp::UNIX_EPOCH))
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

/// Without the room that was left for more: what is on the document_cache stays there.
fn exact(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes.into_boxed_slice())
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, 5, 20);
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.into_inner()
}
