//! Archive pages of outputs (RFC 5005 section 4), rendered on request. Reads and writes the store.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;

use super::document::{Document, HistoryPosition, WebPages};
use super::document_cache::Representation;
use super::format::Format;
use super::outputs::{CompiledOutput, Outputs};
use super::owners::use_owners_words;
use super::render::{add_highlights, write};
use super::{output_page, select, stories};
use crate::entry::StoredEntry;
use crate::store::{ArchivePage, Error, NeighbourPages, OutputId, Store, StoredPage};

/// The most bytes of pages kept in memory.
const MAX_CACHED_BYTES: usize = 4_000_000;

/// Reads archive pages. A full page never changes: it is stored as first rendered. Recently requested full pages are
/// cached in memory.
pub struct Archives {
    store: Store,
    outputs: RwLock<Arc<Outputs>>,
    /// Most recently rendered first.
    cache: Mutex<VecDeque<(PageKey, Arc<Representation>)>>,
}

/// One page of one output in one format.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PageKey {
    /// The output's address, without extension, in the page's links.
    address: String,
    number: u32,
    format: Format,
}

/// An archive page.
#[derive(Clone, Debug)]
pub struct RenderedPage {
    /// What is sent.
    pub representation: Arc<Representation>,
    /// Whether it can still change.
    pub state: PageState,
}

/// Whether an archive page can still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// It is full and never changes.
    Full,
    /// New entries still enter it.
    Open,
}

impl Archives {
    /// The archives of these outputs.
    #[must_use]
    pub fn new(store: Store, outputs: Arc<Outputs>) -> Archives {
        Archives { store, outputs: RwLock::new(outputs), cache: Mutex::default() }
    }

    /// Replaces the outputs.
    pub fn set_outputs(&self, outputs: Arc<Outputs>) {
        *self.outputs.write().unwrap_or_else(PoisonError::into_inner) = outputs;
    }

    /// The current outputs.
    pub fn outputs(&self) -> Arc<Outputs> {
        Arc::clone(&self.outputs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A page, or `None` if there is no such page. The page after a full one exists before it has entries.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn page(
        &self,
        name: &str,
        number: u32,
        format: Format,
        now: Timestamp,
    ) -> Result<Option<RenderedPage>, Error> {
        let outputs = self.outputs();
        // A renamed output's former name may still be requested before it redirects.
        let Some(compiled) = outputs.by_any_name(name) else {
            return self.frozen_page(&outputs, name, number, format).await;
        };
        let address = outputs.site.feed_address(&compiled.output.name, Format::Html);
        let key = PageKey { address: address.clone(), number, format };
        if let Some(representation) = self.cached(&key) {
            return Ok(Some(RenderedPage { representation, state: PageState::Full }));
        }
        if let Some(stored) = self.store.stored_page(compiled.id, number, format.extension()).await? {
            if let Some(page) = restored(stored, format, &address) {
                return Ok(Some(self.cache(key, page)));
            }
            // It is written again from its entries.
            self.store.report_unreadable("stored_page", number.into());
            self.store.delete_damaged_page(compiled.id, number, format.extension()).await?;
        }
        let Some(page) = self.store.archive_page(compiled.id, number).await? else {
            return self.empty_page(&outputs, compiled, number, format).await;
        };
        let is_full = page.is_full;
        let document = self.document(&outputs, compiled, number, page).await?;
        if !is_full {
            let changed = document.entries.iter().map(|entry| entry.kept.changed).max();
            return Ok(Some(open_page(&outputs, &document, format, changed.unwrap_or(compiled.since))));
        }
        self.store_page((&outputs, compiled.id), number, &document, now).await?;
        // A concurrent request may have stored it first: send what is stored.
        let stored = self.store.stored_page(compiled.id, number, format.extension()).await?;
        let page = stored.and_then(|stored| restored(stored, format, &address));
        Ok(page.map(|page| self.cache(key, page)))
    }

    /// An archive page as a web page, with its entries as they are now; `None` if none of them is kept.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn web_page(&self, name: &str, number: u32) -> Result<Option<Vec<u8>>, Error> {
        let outputs = self.outputs();
        let Some(compiled) = outputs.by_any_name(name) else { return Ok(None) };
        let page = self.store.archive_page(compiled.id, number).await?;
        let Some(page) = page.filter(|page| !page.entries.is_empty()) else { return Ok(None) };
        let NeighbourPages { older, newer } = self.store.neighbour_pages(compiled.id, number).await?;
        let mut document = self.document(&outputs, compiled, number, page).await?;
        document.web_pages = WebPages { older, newer };
        add_highlights(&self.store, compiled.id, &mut document).await?;
        Ok(Some(tokio::task::block_in_place(|| output_page::write(&document))))
    }

    /// A page of a frozen output, if it is stored.
    async fn frozen_page(
        &self,
        outputs: &Outputs,
        name: &str,
        number: u32,
        format: Format,
    ) -> Result<Option<RenderedPage>, Error> {
        let Some(frozen) = outputs.frozen.iter().find(|frozen| frozen.name == name) else { return Ok(None) };
        let Some(stored) = self.store.stored_page(frozen.id, number, format.extension()).await? else {
            return Ok(None);
        };
        let address = stored.address.clone();
        let page = restored(stored, format, &address);
        Ok(page.map(|page| RenderedPage { representation: Arc::new(page), state: PageState::Full }))
    }

    /// Stores the full pages that the next [`Store::prune`] would take entries from, so that they stay readable.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn freeze_before_prune(
        &self,
        before: Timestamp,
        n: usize,
        now: Timestamp,
    ) -> Result<(), Error> {
        let outputs = self.outputs();
        for (id, number) in self.store.pages_losing_entries(before, n).await? {
            // The archive of an output that is not configured cannot be requested.
            let Some(compiled) = outputs.by_id(id) else { continue };
            let Some(page) = self.store.archive_page(id, number).await? else { continue };
            let document = self.document(&outputs, compiled, number, page).await?;
            self.store_page((&outputs, id), number, &document, now).await?;
        }
        Ok(())
    }

    async fn store_page(
        &self,
        (outputs, output): (&Outputs, OutputId),
        number: u32,
        document: &Document,
        now: Timestamp,
    ) -> Result<(), Error> {
        let pages = tokio::task::block_in_place(|| stored_pages(outputs, document, now));
        self.store.save_stored_pages(output, number, pages).await
    }

    async fn document(
        &self,
        outputs: &Outputs,
        compiled: &CompiledOutput,
        number: u32,
        page: ArchivePage,
    ) -> Result<Document, Error> {
        let position = HistoryPosition::Archive { number, next: page.is_full.then_some(number + 1) };
        let mut entries = page.entries;
        let numbers = entries.iter().map(|entry| entry.number).collect();
        let mut duplicates = self.store.duplicates(numbers).await?;
        use_owners_words(&self.store, &compiled.output, &mut entries, &mut duplicates).await?;
        let mut document = archive_document(outputs, compiled, position, entries);
        stories::add_other_sources(&mut document, &compiled.output, &duplicates);
        Ok(document)
    }

    /// The empty page after a full last page.
    async fn empty_page(
        &self,
        outputs: &Outputs,
        compiled: &CompiledOutput,
        number: u32,
        format: Format,
    ) -> Result<Option<RenderedPage>, Error> {
        let Some(previous) = number.checked_sub(1).filter(|previous| *previous > 0) else { return Ok(None) };
        let follows = self.store.archive_page(compiled.id, previous).await?.is_some_and(|page| page.is_full);
        let position = HistoryPosition::Archive { number, next: None };
        let page = || {
            open_page(
                outputs,
                &archive_document(outputs, compiled, position, Vec::new()),
                format,
                compiled.since,
            )
        };
        Ok(follows.then(page))
    }

    fn cached(&self, key: &PageKey) -> Option<Arc<Representation>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.iter().find(|(cached, _)| cached == key).map(|(_, page)| Arc::clone(page))
    }

    fn cache(&self, key: PageKey, page: Representation) -> RenderedPage {
        let representation = Arc::new(page);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|(cached, _)| *cached != key);
        cache.push_front((key, Arc::clone(&representation)));
        let mut bytes = 0;
        cache.retain(|(_, page)| {
            bytes += page.memory_bytes();
            bytes <= MAX_CACHED_BYTES
        });
        RenderedPage { representation, state: PageState::Full }
    }
}

fn archive_document(
    outputs: &Outputs,
    compiled: &CompiledOutput,
    position: HistoryPosition,
    entries: Vec<StoredEntry>,
) -> Document {
    let (output, site) = (&compiled.output, &outputs.site);
    let mut seen = HashSet::new();
    let entries = entries.into_iter().filter(|kept| seen.insert(kept.uid.clone()));
    Document {
        id: compiled.feed_id.clone(),
        hub: None,
        since: compiled.since,
        position,
        entries: entries.map(|kept| select::output_entry(output, site, Arc::new(kept))).collect(),
        ..Document::new(output, site)
    }
}

fn open_page(outputs: &Outputs, document: &Document, format: Format, changed: Timestamp) -> RenderedPage {
    let bytes = tokio::task::block_in_place(|| write_checked(outputs, document, format));
    let representation = Arc::new(Representation::new(format.content_type(), bytes, changed));
    RenderedPage { representation, state: PageState::Open }
}

/// Writes a page as it can be read back.
fn write_checked(outputs: &Outputs, document: &Document, format: Format) -> Vec<u8> {
    outputs.findings.check(document, format, write(format, document), |document| write(format, document))
}

fn stored_pages(outputs: &Outputs, document: &Document, now: Timestamp) -> Vec<StoredPage> {
    let page = |format: Format| StoredPage {
        format: format.extension().to_owned(),
        address: document.address(Format::Html),
        changed: now,
        body: zstd::bulk::compress(&write_checked(outputs, document, format), 9).unwrap_or_default(),
    };
    Format::feeds().map(page).collect()
}

/// A page as stored. If `public_url` or the output's name has changed since, its links get the new address.
fn restored(stored: StoredPage, format: Format, address: &str) -> Option<Representation> {
    let mut bytes = zstd::stream::decode_all(stored.body.as_slice()).ok()?;
    if stored.address != address {
        let written = |address: &str| match format {
            Format::Json => address.to_owned(),
            Format::Atom | Format::Rss | Format::Html => address.replace('&', "&#x26;"),
        };
        let text = String::from_utf8(bytes).ok()?;
        bytes = replace_address(&text, &written(&stored.address), &written(address)).into_bytes();
    }
    Some(Representation::new(format.content_type(), bytes, stored.changed))
}

/// Replaces an address where it stands alone or is continued by an extension or a path.
fn replace_address(text: &str, old: &str, new: &str) -> String {
    let mut pieces = text.split(old);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(if piece.starts_with(['.', '/', '"', '<']) { new } else { old });
        out.push_str(piece);
    }
    out
}
