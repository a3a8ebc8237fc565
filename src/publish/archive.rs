//! The past of an output, page by page (RFC 5005 section 4), read when it is asked for.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;

use super::document::{Document, HistoryPosition};
use super::document_cache::Representation;
use super::format::Format;
use super::output::Output;
use super::text::uri;
use super::{CompiledOutput, Outputs, atom, json_feed, rss, select, stories};
use crate::store::{ArchivePage, Error, Frozen, OutputId, Store};

/// The formats that have archive pages.
const FORMATS: [Format; 3] = [Format::Atom, Format::Rss, Format::Json];
/// Bytes of pages that are kept at hand: deep history costs no more memory than this.
const AT_HAND: usize = 4_000_000;
/// A page has as many entries as the feed, but not more than this.
const LONGEST: usize = 500;

/// How many entries an archive page of an output takes.
pub(super) fn page_size(output: &Output) -> usize {
    output.limit.clamp(1, LONGEST)
}

/// Reads archive pages. A full page is kept as it was first given out; those lately asked for are at hand.
pub struct Archives {
    store: Store,
    outputs: RwLock<Arc<Outputs>>,
    at_hand: Mutex<VecDeque<(Address, Arc<Representation>)>>,
}

/// One page of one output in one format, under the addresses that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    base: String,
    name: String,
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
    /// It is full, and stays as it is.
    Full,
    /// Entries still enter it.
    Open,
}

impl Archives {
    /// The archives of these outputs.
    #[must_use]
    pub fn new(store: Store, outputs: Arc<Outputs>) -> Archives {
        Archives { store, outputs: RwLock::new(outputs), at_hand: Mutex::default() }
    }

    /// From now on these are the outputs.
    pub fn set_outputs(&self, outputs: Arc<Outputs>) {
        *self.outputs.write().unwrap_or_else(PoisonError::into_inner) = outputs;
    }

    /// The outputs as they are published now.
    pub fn outputs(&self) -> Arc<Outputs> {
        Arc::clone(&self.outputs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A page, if there is one. The page after a full one is there before anything is on it.
    ///
    /// # Errors
    /// The store cannot read or write.
    pub async fn page(
        &self,
        name: &str,
        number: u32,
        format: Format,
        now: Timestamp,
    ) -> Result<Option<RenderedPage>, Error> {
        let outputs = self.outputs();
        let Some(adopted) = outputs.outputs.iter().find(|adopted| adopted.output.name == name) else {
            return Ok(None);
        };
        let base = outputs.site.public_url.to_string();
        let address = Address { base: base.clone(), name: name.to_owned(), number, format };
        if let Some(representation) = self.take(&address) {
            return Ok(Some(RenderedPage { representation, state: PageState::Full }));
        }
        let kept = self.store.frozen(adopted.id, number, format.extension()).await?;
        if let Some(page) = kept.and_then(|kept| thawed(kept, format, &base)) {
            return Ok(Some(self.keep(address, page)));
        }
        let Some(page) = self.store.archive_page(adopted.id, number).await? else {
            return self.empty(&outputs, adopted, number, format).await;
        };
        let is_full = page.is_full;
        let document = self.document(&outputs, adopted, number, page).await?;
        if !is_full {
            let changed = document.entries.iter().map(|shown| shown.kept.changed).max();
            return Ok(Some(open(&document, format, changed.unwrap_or(adopted.since))));
        }
        self.freeze(adopted.id, number, &document, now).await?;
        // Somebody else may have been first: what is kept is what is sent.
        let kept = self.store.frozen(adopted.id, number, format.extension()).await?;
        let page = kept.and_then(|kept| thawed(kept, format, &base));
        Ok(page.map(|page| self.keep(address, page)))
    }

    /// Keeps the full pages from which the next [`Store::prune`] will take entries: what is on them stays to be read.
    ///
    /// # Errors
    /// The store cannot read or write.
    pub async fn freeze_before_prune(
        &self,
        before: Timestamp,
        n: usize,
        now: Timestamp,
    ) -> Result<(), Error> {
        let outputs = self.outputs();
        for (id, number) in self.store.losing(before, n).await? {
            // Of an output that is not published there is nobody who reads it.
            let Some(adopted) = outputs.outputs.iter().find(|adopted| adopted.id == id) else { continue };
            let Some(page) = self.store.archive_page(id, number).await? else { continue };
            let document = self.document(&outputs, adopted, number, page).await?;
            self.freeze(id, number, &document, now).await?;
        }
        Ok(())
    }

    async fn freeze(
        &self,
        output: OutputId,
        number: u32,
        document: &Document,
        now: Timestamp,
    ) -> Result<(), Error> {
        let bodies = tokio::task::block_in_place(|| frozen(document, now));
        self.store.freeze(output, number, bodies).await
    }

    async fn document(
        &self,
        outputs: &Outputs,
        adopted: &CompiledOutput,
        number: u32,
        page: ArchivePage,
    ) -> Result<Document, Error> {
        let next = page.is_full.then_some(number + 1);
        let mut document = document(outputs, adopted, number, next, page.entries);
        let numbers = document.entries.iter().map(|shown| shown.kept.number).collect();
        stories::name_others(&mut document, &adopted.output, &self.store.duplicates(numbers).await?);
        Ok(document)
    }

    /// The page that follows the last one, where that is full.
    async fn empty(
        &self,
        outputs: &Outputs,
        adopted: &CompiledOutput,
        number: u32,
        format: Format,
    ) -> Result<Option<RenderedPage>, Error> {
        let Some(before) = number.checked_sub(1).filter(|before| *before > 0) else { return Ok(None) };
        let follows = self.store.archive_page(adopted.id, before).await?.is_some_and(|page| page.is_full);
        let page = || open(&document(outputs, adopted, number, None, Vec::new()), format, adopted.since);
        Ok(follows.then(page))
    }

    fn take(&self, address: &Address) -> Option<Arc<Representation>> {
        let at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.iter().find(|(held, _)| held == address).map(|(_, page)| Arc::clone(page))
    }

    fn keep(&self, address: Address, page: Representation) -> RenderedPage {
        let representation = Arc::new(page);
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.retain(|(held, _)| *held != address);
        at_hand.push_front((address, Arc::clone(&representation)));
        let mut bytes = 0;
        at_hand.retain(|(_, page)| {
            bytes += page.memory_bytes();
            bytes <= AT_HAND
        });
        RenderedPage { representation, state: PageState::Full }
    }
}

fn document(
    outputs: &Outputs,
    adopted: &CompiledOutput,
    number: u32,
    next: Option<u32>,
    entries: Vec<crate::entry::StoredEntry>,
) -> Document {
    let (output, site) = (&adopted.output, &outputs.site);
    let mut seen = HashSet::new();
    let entries = entries.into_iter().filter(|kept| seen.insert(kept.uid.clone()));
    Document {
        name: output.name.clone(),
        title: output.title.clone(),
        public_url: site.public_url.clone(),
        hub: None,
        since: adopted.since,
        position: HistoryPosition::Archive { number, next },
        entries: entries.map(|kept| select::shown(output, site.links, Arc::new(kept))).collect(),
    }
}

fn write(document: &Document, format: Format) -> Vec<u8> {
    match format {
        Format::Rss => rss::write(document),
        Format::Json => json_feed::write(document),
        Format::Atom | Format::Html => atom::write(document),
    }
}

fn open(document: &Document, format: Format, changed: Timestamp) -> RenderedPage {
    let bytes = tokio::task::block_in_place(|| write(document, format));
    let representation = Arc::new(Representation::new(format.content_type(), bytes, changed));
    RenderedPage { representation, state: PageState::Open }
}

fn frozen(document: &Document, now: Timestamp) -> Vec<Frozen> {
    let freeze = |format: Format| Frozen {
        format: format.extension().to_owned(),
        base: document.public_url.to_string(),
        changed: now,
        body: zstd::bulk::compress(&write(document, format), 9).unwrap_or_default(),
    };
    FORMATS.map(freeze).into()
}

/// A page as it was given out; if `public_url` has been another then, with the addresses of today.
fn thawed(kept: Frozen, format: Format, base: &str) -> Option<Representation> {
    let mut bytes = zstd::stream::decode_all(kept.body.as_slice()).ok()?;
    if kept.base != base {
        let feeds = |base: &str| {
            let address = uri(&format!("{}/feeds/", base.trim_end_matches('/')));
            if format == Format::Json { address } else { address.replace('&', "&#x26;") }
        };
        bytes = String::from_utf8(bytes).ok()?.replace(&feeds(&kept.base), &feeds(base)).into_bytes();
    }
    Some(Representation::new(format.content_type(), bytes, kept.changed))
}
