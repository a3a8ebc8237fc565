//! The documents and pages that are served, in memory, with their compressed forms. Pure.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::format::Format;
use super::health;
use super::icon::{self, Icon};
use super::output::Output;
use super::text::percent_encode;
use super::try_script;
use super::xml::rfc822;
use crate::entry::hex;

/// Smaller bodies are not compressed.
const MIN_COMPRESSED_BYTES: usize = 256;

/// The documents and pages that are served, by path. A request holds the lock only to copy a pointer.
#[derive(Debug, Default)]
pub struct DocumentCache {
    documents: RwLock<HashMap<String, CachedDocument>>,
    base: RwLock<String>,
    /// Names of outputs that are not for everybody.
    private: RwLock<HashSet<String>>,
    /// What those get at some paths who may see all sources.
    whole: RwLock<HashMap<String, Arc<Representation>>>,
}

/// What is at a path.
#[derive(Clone, Debug)]
pub enum CachedDocument {
    /// A document or a page.
    Available(Arc<Representation>),
    /// An output that is no longer published.
    Gone,
    /// An output that has another name now: its path under that name.
    Moved(Arc<str>),
}

/// What became of an output's former name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerName<'a> {
    /// The output was removed lately, and may come back.
    Removed,
    /// The output was removed long ago.
    Gone,
    /// The output has this name now.
    Renamed(&'a str),
}

/// A document in all content codings, each compressed once, on first use.
#[derive(Debug)]
pub struct Representation {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// When the bytes last changed.
    pub last_modified: Timestamp,
    /// The value of `Link`, if any.
    pub link: Option<Bytes>,
    /// Whether browsers request it again after a while.
    pub reloads: bool,
    http_date: Bytes,
    digest: String,
    tags: [Bytes; 4],
    identity: Bytes,
    compressed: [OnceLock<Bytes>; 3],
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
    /// Not compressed.
    Identity,
}

impl DocumentCache {
    /// Inserts an output's document unless the same bytes are cached.
    pub fn insert_document(&self, output: &str, format: Format, bytes: Vec<u8>, changed_at: Timestamp) {
        let representation = Representation::new(format.content_type(), bytes, changed_at);
        self.insert(&format.path(output), representation);
    }

    /// Inserts a document unless one with the same bytes and `Link` is cached.
    pub fn insert(&self, path: &str, representation: Representation) {
        self.insert_all(vec![(path.to_owned(), representation)]);
    }

    /// Inserts all formats of an output at once, so that readers never see two versions.
    pub fn insert_all(&self, formats: Vec<(String, Representation)>) {
        self.replace_all(formats.into_iter().filter(|(path, format)| !self.has(path, format)).collect());
    }

    /// The same, also where only the date differs.
    pub(super) fn replace_all(&self, formats: Vec<(String, Representation)>) {
        if !formats.is_empty() {
            self.update(|documents| {
                documents.extend(
                    formats
                        .into_iter()
                        .map(|(path, format)| (path, CachedDocument::Available(Arc::new(format)))),
                );
            });
        }
    }

    /// Whether a document has these bytes and this date.
    pub(super) fn serves(&self, path: &str, digest: &str, changed: Timestamp) -> bool {
        matches!(self.get(path), Some(CachedDocument::Available(document))
            if document.digest == digest && document.last_modified.as_millisecond() == changed.as_millisecond())
    }

    fn has(&self, path: &str, representation: &Representation) -> bool {
        matches!(self.get(path), Some(CachedDocument::Available(old))
            if old.digest == representation.digest
                && (&old.link, old.reloads) == (&representation.link, representation.reloads))
    }

    /// Replaces what is known of former names, and the documents of these names in every format.
    pub fn set_former_names(&self, names: &[(&str, FormerName<'_>)]) {
        self.update(|documents| {
            documents.retain(|_, document| matches!(document, CachedDocument::Available(_)));
            for (name, former) in names {
                for format in Format::ALL {
                    let path = format.path(name);
                    match former {
                        FormerName::Removed => documents.remove(&path),
                        FormerName::Gone => documents.insert(path, CachedDocument::Gone),
                        FormerName::Renamed(new) => {
                            documents.insert(path, CachedDocument::Moved(format.path(new).into()))
                        }
                    };
                }
            }
        });
    }

    /// Removes the documents of all other outputs.
    pub(super) fn keep_outputs<'a>(&self, names: impl Iterator<Item = &'a str>) {
        let paths = names.chain([health::NAME]).flat_map(|name| Format::ALL.map(|format| format.path(name)));
        let kept: HashSet<String> = paths.collect();
        self.update(|documents| {
            documents.retain(|path, _| !path.starts_with("/feeds/") || kept.contains(path));
        });
    }

    /// Inserts the icons of these outputs, Siftwire's own and its script; removes those of other outputs.
    pub(super) fn set_icons<'a>(&self, outputs: impl Iterator<Item = &'a Output>, now: Timestamp) {
        let own = icon::OWN.map(|(path, kind, bytes)| (path.to_owned(), kind, bytes.to_vec()));
        let (path, script) = try_script::script();
        let script = [(path, "text/javascript; charset=utf-8", script.into_bytes())];
        let files = outputs.filter_map(|output| match &output.icon {
            Some(Icon::File(file)) => Some((file.path(&output.name), file.media_type(), file.bytes.clone())),
            Some(Icon::Url(_)) | None => None,
        });
        let represent = |(path, kind, bytes)| (path, Representation::new(kind, bytes, now));
        let icons: Vec<_> = own.into_iter().chain(script).chain(files).map(represent).collect();
        let paths: HashSet<&str> = icons.iter().map(|(path, _)| path.as_str()).collect();
        let is_left = |path: &String| icon::is_of_output(path) && !paths.contains(path.as_str());
        self.update(|documents| documents.retain(|path, _| !is_left(path)));
        self.insert_all(icons);
    }

    /// Adds to the outputs that are not for everybody: at once, also while their documents are those of another config.
    pub fn protect(&self, outputs: HashSet<String>) {
        self.private.write().unwrap_or_else(PoisonError::into_inner).extend(outputs);
    }

    /// Replaces the outputs that are not for everybody, once no other one has documents of theirs.
    pub fn set_private(&self, outputs: HashSet<String>) {
        *self.private.write().unwrap_or_else(PoisonError::into_inner) = outputs;
    }

    /// Whether something of an output that is not for everybody has this path: a document, an icon or an archive page.
    pub fn is_private(&self, path: &str) -> bool {
        let private = self.private.read().unwrap_or_else(PoisonError::into_inner);
        if private.is_empty() {
            return false;
        }
        let Some(name) = path.strip_prefix("/feeds/").and_then(|path| path.split('/').next()) else {
            return false;
        };
        // Names may have dots.
        let is_listed = |name: &str| private.contains(name);
        is_listed(name) || name.rsplit_once('.').is_some_and(|(stem, _)| is_listed(stem))
    }

    /// Inserts what those get at a path who may see all sources; the others get what is there for everybody.
    pub fn insert_whole(&self, path: &str, representation: Representation) {
        let mut whole = self.whole.write().unwrap_or_else(PoisonError::into_inner);
        if whole.get(path).is_none_or(|old| old.digest != representation.digest) {
            whole.insert(path.to_owned(), Arc::new(representation));
        }
    }

    /// Everybody may see all sources.
    pub fn clear_whole(&self) {
        self.whole.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What those get at a path who may see all sources, where the others get less.
    pub fn whole(&self, path: &str) -> Option<Arc<Representation>> {
        self.whole.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// Sets the path of `public_url`.
    pub fn set_base_path(&self, path: &str) {
        let path = path.trim_end_matches('/');
        let mut base = self.base.write().unwrap_or_else(PoisonError::into_inner);
        if *base != path {
            path.clone_into(&mut base);
        }
    }

    /// Removes the path of `public_url` from the start of a path; `None` if it does not start with it. Some proxies
    /// forward the full path, others without this prefix.
    pub fn strip_base_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner);
        let rest = path.strip_prefix(base.as_str()).filter(|_| !base.is_empty())?;
        match rest {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }

    /// A path as readers reach it, below the path of `public_url`, percent-encoded.
    pub fn public_path(&self, path: &str) -> String {
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner);
        percent_encode(&format!("{base}{path}"))
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Option<CachedDocument> {
        self.documents.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn update(&self, update: impl FnOnce(&mut HashMap<String, CachedDocument>)) {
        let mut documents = self.documents.write().unwrap_or_else(PoisonError::into_inner);
        update(&mut documents);
    }
}

impl Representation {
    /// A document with these bytes. Nothing is compressed yet.
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
            reloads: false,
            tags: Coding::ALL.map(tag),
            digest,
            identity: without_spare_capacity(bytes),
            compressed: Default::default(),
        }
    }

    /// Adds a `Link` header (RFC 8288).
    #[must_use]
    pub fn with_link(self, link: String) -> Self {
        Self { link: Some(Bytes::from(link)), ..self }
    }

    /// Whether browsers request it again after a while.
    #[must_use]
    pub fn reloading(self, reloads: bool) -> Self {
        Self { reloads, ..self }
    }

    /// Compresses into every coding now, so that no request waits.
    pub fn precompress(&self) {
        Coding::ALL.into_iter().for_each(|coding| {
            self.body(coding);
        });
    }

    /// Whether the document is available in a coding; small ones are only available uncompressed.
    pub fn has(&self, coding: Coding) -> bool {
        coding == Coding::Identity || self.identity.len() >= MIN_COMPRESSED_BYTES
    }

    /// The bytes in a coding, if it is available.
    pub fn body(&self, coding: Coding) -> Option<&Bytes> {
        if coding == Coding::Identity {
            return Some(&self.identity);
        }
        let compressed = self.compressed.get(coding as usize).filter(|_| self.has(coding))?;
        Some(compressed.get_or_init(|| match coding {
            Coding::Brotli => without_spare_capacity(brotli(&self.identity)),
            Coding::Zstd => {
                without_spare_capacity(zstd::bulk::compress(&self.identity, 9).unwrap_or_default())
            }
            Coding::Gzip | Coding::Identity => {
                without_spare_capacity(gzip(&self.identity).unwrap_or_default())
            }
        }))
    }

    /// Estimated size in memory with every coding.
    pub(super) fn memory_bytes(&self) -> usize {
        self.identity.len() * 2
    }

    /// The time of change as an HTTP date (RFC 9110 section 5.6.7), formatted once.
    pub fn http_date(&self) -> &Bytes {
        &self.http_date
    }

    /// The strong entity tag for a coding, with its quotes.
    pub fn etag(&self, coding: Coding) -> &Bytes {
        &self.tags[coding as usize]
    }
}

impl Coding {
    /// In order of preference, if a client accepts several equally.
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

/// An HTTP date; a time before 1970 becomes the Unix epoch.
fn http_date(time: Timestamp) -> String {
    rfc822(time.max(Timestamp::UNIX_EPOCH))
}

/// The hash that identifies unchanged bytes: 128 bits in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

/// Compresses to a gzip file without a time.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(7));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Cached bytes live long, so spare capacity would be wasted memory.
fn without_spare_capacity(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes.into_boxed_slice())
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, 5, 20);
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.into_inner()
}
