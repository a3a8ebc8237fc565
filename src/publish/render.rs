//! Renders outputs whose documents may differ, into the document cache, the store and `write_to`. Reads and writes the
//! store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::document::{Document, HistoryPosition, OutputEntry};
use super::document_cache::{CachedDocument, Coding, DocumentCache, FormerName, Representation, digest};
use super::first_start::Start;
use super::format::Format;
use super::html::{FrontPageContent, OutputRow, SourceRow};
use super::output::{Output, Site};
use super::outputs::{CompiledOutput, Outputs};
use super::staleness::{DocumentInputs, PublishedState, StoreChanges};
use super::{atom, folders, health, html, json_feed, opml, output_page, owners, rss, select};
use crate::entry::{Podcast, hex};
use crate::filter::MatchReason;
use crate::store::{ArchiveSize, Error, MemberQuery, NotifyHub, OutputId, Rendering, Store};

/// A removed output answers 404 for this long, and 410 from then on: readers give up a feed at a 410, and the output may
/// have been removed by mistake.
const GONE_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When documents that could not be written to their folder are tried again.
const WRITE_RETRY: SignedDuration = SignedDuration::from_mins(5);

/// Renders the outputs that have no published documents yet. Several tasks can share the work: each takes the output at
/// `next` and increments it.
///
/// # Errors
/// The store cannot be read or written. An output that cannot be stored is still put into the cache.
pub async fn render_missing(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    next: &AtomicUsize,
    now: Timestamp,
) -> Result<(), Error> {
    let mut result = Ok(());
    while let Some(compiled) = outputs.outputs.get(next.fetch_add(1, Ordering::Relaxed)) {
        if outputs.staleness.published(compiled.id).is_none() {
            let rendered = render_output(store, outputs, compiled, now).await;
            let stored = match rendered {
                Ok(rendered) => {
                    publish(store, outputs, document_cache, rendered, Compression::OnDemand).await
                }
                Err(error) => Err(error),
            };
            result = result.and(stored);
        }
    }
    result
}

/// When new documents are compressed for the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    /// Before they are published, so that no request waits.
    Immediate,
    /// On the first request. At a start, compressing everything would take longer than rendering it.
    OnDemand,
}

/// Renders the outputs whose documents may differ, and publishes what changed. `sources` may be left out: then a
/// renamed source is noticed by a later pass.
///
/// # Errors
/// The store cannot be read or written; the cache keeps what it has.
pub async fn render_stale(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    sources: Option<&[SourceRow]>,
    now: Timestamp,
) -> Result<(), Error> {
    let renamed_sources =
        sources.map(|sources| outputs.staleness.renamed_sources(sources)).unwrap_or_default();
    let mut changes = StoreChanges { renamed_sources, ..StoreChanges::default() };
    if let Some(revision) = outputs.staleness.rendered_revision() {
        let (changed, lowest_entry) = store.changed_since(revision).await?;
        changes = StoreChanges { outputs: changed.into_iter().collect(), lowest_entry, ..changes };
    }
    for compiled in &outputs.outputs {
        if outputs.staleness.is_stale(compiled.id, &changes, now) {
            let rendered = render_output(store, outputs, compiled, now).await?;
            publish(store, outputs, document_cache, rendered, Compression::Immediate).await?;
        }
    }
    outputs.staleness.finish_pass(sources);
    Ok(())
}

/// An output rendered in every format, not yet published.
struct RenderedOutput<'a> {
    compiled: &'a CompiledOutput,
    document: Document,
    formats: Vec<RenderedFormat>,
    now: Timestamp,
}

/// An output in one format.
struct RenderedFormat {
    format: Format,
    bytes: Vec<u8>,
    digest: String,
    /// When the bytes last changed, also before a restart.
    changed: Timestamp,
    /// What the store has of it.
    stored: Option<Rendering>,
}

impl RenderedFormat {
    fn is_changed(&self) -> bool {
        self.stored.as_ref().is_none_or(|stored| stored.digest != self.digest)
    }
}

async fn render_output<'a>(
    store: &Store,
    outputs: &Outputs,
    compiled: &'a CompiledOutput,
    now: Timestamp,
) -> Result<RenderedOutput<'a>, Error> {
    let document = document(store, outputs, compiled, now).await?;
    let mut stored: HashMap<String, Rendering> =
        store.renderings(Some(compiled.id)).await?.into_iter().map(|r| (r.format.clone(), r)).collect();
    let formats = tokio::task::block_in_place(|| {
        let rendered = Format::ALL.into_iter().map(|format| {
            let mut bytes = write(format, &document);
            let mut digest_of_bytes = digest(&bytes);
            let stored = stored.remove(format.extension());
            if format.is_feed() && stored.as_ref().is_none_or(|stored| stored.digest != digest_of_bytes) {
                bytes = outputs.findings.check(&document, format, bytes, |document| write(format, document));
                digest_of_bytes = digest(&bytes);
            }
            let digest = digest_of_bytes;
            let unchanged = stored.as_ref().filter(|stored| stored.digest == digest);
            let changed = unchanged.map_or(now, |stored| stored.changed);
            RenderedFormat { format, bytes, digest, changed, stored }
        });
        rendered.collect()
    });
    Ok(RenderedOutput { compiled, document, formats, now })
}

/// Puts a rendered output into the cache and into its folder, and stores what differs from what is stored.
async fn publish(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    rendered: RenderedOutput<'_>,
    compression: Compression,
) -> Result<(), Error> {
    let RenderedOutput { compiled, document, formats, now } = rendered;
    let (output, site) = (&compiled.output, &outputs.site);
    let presentation = presentation_hash(output, site);
    let entries = document.entries.len();
    let feed_changed = formats.iter().find(|rendered| rendered.format == Format::Atom);
    let changed = feed_changed.map_or(Timestamp::UNIX_EPOCH, |feed| feed.changed);
    let is_news = |rendered: &RenderedFormat| {
        rendered.is_changed() && rendered.format.is_feed() && (rendered.stored.is_some() || entries > 0)
    };
    let hub = if site.hub_of(output).is_some() && formats.iter().any(is_news) {
        NotifyHub::Yes
    } else {
        NotifyHub::No
    };
    let (mut to_store, mut unwritten) = (Vec::new(), Vec::new());
    let evaluated = outputs.staleness.evaluated_revision();
    let documents = tokio::task::block_in_place(|| {
        let mut documents = Vec::with_capacity(formats.len());
        for rendered in formats {
            let is_changed = rendered.is_changed();
            let RenderedFormat { format, bytes, digest, changed, stored } = rendered;
            // Of several daemons each has files of its own, which no other one can remove.
            let file = folders::write(output, format, &bytes, changed, &mut unwritten)
                .filter(|_| store.daemon_id().is_none());
            if let Some(old) = stored.as_ref().filter(|old| old.file != file) {
                folders::remove_unused(outputs, old);
            }
            let revision = evaluated.unwrap_or_else(|| stored.as_ref().map_or(0, |stored| stored.revision));
            let is_stored = |old: Rendering| {
                old.presentation_hash == presentation && !old.body.is_empty() && old.file == file
            };
            if is_changed || !stored.is_some_and(is_stored) {
                to_store.push(Rendering {
                    output: compiled.id,
                    format: format.extension().to_owned(),
                    digest,
                    changed,
                    revision,
                    presentation_hash: presentation.clone(),
                    entries,
                    body: zstd::bulk::compress(&bytes, 3).unwrap_or_default(),
                    file,
                });
            }
            let representation = represent(output, site, format, bytes, changed);
            if is_changed && compression == Compression::Immediate {
                representation.precompress();
            }
            documents.push((format.path(&output.name), representation));
        }
        documents
    });
    // What is served is the same after a kill, and with several daemons at all of them. A store that cannot be written keeps
    // the news of a file from nobody.
    let saved = if to_store.is_empty() { Ok(true) } else { store.save_renderings(to_store, hub).await };
    if matches!(saved, Ok(true)) || store.daemon_id().is_none() {
        document_cache.insert_all(documents);
    }
    // What another config makes comes from the store.
    if !saved? {
        return Ok(());
    }
    let mut inputs = DocumentInputs::of(&document, output.max_age);
    if !unwritten.is_empty() {
        inputs.expire_after(now, WRITE_RETRY);
    }
    let state = PublishedState { entries, changed, inputs: Some(inputs), unwritten };
    for problem in outputs.staleness.record(compiled.id, state) {
        tracing::error!(output = output.name, "cannot write a document to its folder: {problem}");
    }
    Ok(())
}

/// An output's document, from its members in the store.
async fn document(
    store: &Store,
    outputs: &Outputs,
    compiled: &CompiledOutput,
    now: Timestamp,
) -> Result<Document, Error> {
    let output = &compiled.output;
    let entries = store.members(compiled.id, member_query(output, now)).await?;
    let mut document = owners::document(store, outputs, output, entries).await?;
    document.podcast = only_podcast(outputs, compiled, &document);
    document.since = compiled.since;
    document.id.clone_from(&compiled.feed_id);
    add_highlights(store, compiled.id, &mut document).await?;
    // If the feed has every entry, archive pages add nothing.
    let ArchiveSize { pages, has_more } = store.archive_size(compiled.id, document.entries.len()).await?;
    document.position = HistoryPosition::Current { previous: (has_more && pages > 0).then_some(pages) };
    document.web_pages.older = store.newest_page_with_others(compiled.id, numbers_of(&document)).await?;
    Ok(document)
}

fn numbers_of(document: &Document) -> Vec<i64> {
    document.entries.iter().map(|entry| entry.kept.number).collect()
}

/// Notes the words that made each entry match.
pub(super) async fn add_highlights(
    store: &Store,
    output: OutputId,
    document: &mut Document,
) -> Result<(), Error> {
    let reasons = store.member_reasons(output, numbers_of(document)).await?;
    for (entry, reasons) in document.entries.iter_mut().zip(reasons) {
        entry.highlights = matched_words(&reasons, entry.kept.published_article().is_some());
    }
    Ok(())
}

/// The podcast of an output that has no other source.
fn only_podcast(outputs: &Outputs, compiled: &CompiledOutput, document: &Document) -> Option<Box<Podcast>> {
    let configured = outputs.first_poll_limits.by_source.len();
    let sources = compiled.output.sources.as_ref().map_or(configured, Vec::len);
    let source = &document.entries.first().filter(|_| sources == 1)?.kept.source;
    let is_same = |shown: &OutputEntry| shown.kept.source.name == source.name;
    // Entries of sources that it had before stay for a while.
    source.podcast.clone().filter(|_| document.entries.iter().all(is_same))
}

/// Which members an output's documents show.
#[must_use]
pub fn member_query(output: &Output, now: Timestamp) -> MemberQuery {
    MemberQuery {
        limit: output.limit,
        per_source: output.per_source,
        not_before: select::oldest_date(output, now),
    }
}

/// The words of what is shown that made an entry match, each once, from the stored reasons.
fn matched_words(reasons: &str, shows_article: bool) -> Vec<String> {
    // Another version may have stored reasons in another form: then nothing is highlighted.
    let reasons: Vec<MatchReason> = serde_json::from_str(reasons).unwrap_or_default();
    let visible = reasons.into_iter().filter(|reason| match reason.field.as_str() {
        "title" | "text" => true,
        "article" => shows_article,
        _ => false,
    });
    let mut words: Vec<String> = visible.map(|reason| reason.found).collect();
    words.sort();
    words.dedup();
    words
}

/// Writes a document in a format.
#[must_use]
pub fn write(format: Format, document: &Document) -> Vec<u8> {
    match format {
        Format::Atom => atom::write(document),
        Format::Rss => rss::write(document),
        Format::Json => json_feed::write(document),
        Format::Html => output_page::write(document),
    }
}

/// A document to serve. A feed with a hub names it in its headers too (WebSub section 4).
pub(super) fn represent(
    output: &Output,
    site: &Site,
    format: Format,
    bytes: Vec<u8>,
    changed: Timestamp,
) -> Representation {
    let representation = Representation::new(format.content_type(), bytes, changed);
    match site.hub_of(output) {
        Some(hub) if format.is_feed() => {
            let own = site.feed_address(&output.name, format);
            representation.with_link(format!("<{hub}>; rel=\"hub\", <{own}>; rel=\"self\""))
        }
        _ => representation,
    }
}

/// Hash of everything but the entries that decides an output's bytes.
pub(super) fn presentation_hash(output: &Output, site: &Site) -> String {
    // Left out: what decides the members has its own hash; former names and the folder do not change any byte.
    let presentation =
        Output { was: Vec::new(), filter: None, sources: None, write_to: None, ..output.clone() };
    // The policy contains the hash of the page's style.
    let style = html::content_security_policy(html::READING);
    hex(&Sha256::digest(format!("{} {style} {presentation:?} {site:?}", env!("CARGO_PKG_VERSION"))))
}

/// Puts the front page, with its outputs filled in, and the list of outputs into the cache. `whole`: the page for those who
/// may see all sources, if not everybody may.
pub fn render_front_page(
    outputs: &Outputs,
    document_cache: &DocumentCache,
    content: FrontPageContent,
    whole: Option<FrontPageContent>,
    now: Timestamp,
) {
    let row = |id: OutputId, name: &str, title: &str| {
        let published = outputs.staleness.published(id);
        OutputRow {
            name: name.to_owned(),
            title: title.to_owned(),
            entries: published.as_ref().map_or(0, |published| published.entries),
            changed: published.map(|published| published.changed),
        }
    };
    let rows =
        outputs.public().map(|compiled| row(compiled.id, &compiled.output.name, &compiled.output.title));
    let frozen = outputs.frozen.iter().filter(|frozen| !frozen.private);
    let frozen = frozen.map(|frozen| row(frozen.id, &frozen.name, &frozen.name));
    let rows: Vec<_> = rows.chain(frozen).collect();
    let names = rows.iter().map(|row| (row.name.as_str(), row.title.as_str()));
    let list = opml::write_outputs(&outputs.site.public_url, names);
    let page = |content: FrontPageContent| {
        let content = FrontPageContent { outputs: rows.clone(), ..content };
        let page = Representation::new(Format::Html.content_type(), html::front_page(&content), now);
        page.reloading(content.start == Start::First)
    };
    document_cache.set_base_path(outputs.site.public_url.path());
    match whole {
        Some(whole) => document_cache.insert_whole("/", page(whole)),
        None => document_cache.clear_whole(),
    }
    document_cache.insert("/", page(content));
    document_cache.insert(opml::PATH, Representation::new(opml::CONTENT_TYPE, list, now));
}

/// For each published output that is not private: its name, the bytes of its feed, and when the feed last changed, in Unix seconds.
pub fn feed_sizes(outputs: &Outputs, document_cache: &DocumentCache) -> Vec<(String, usize, i64)> {
    let size = |compiled: &CompiledOutput| {
        let name = compiled.output.name.clone();
        match document_cache.get(&Format::Atom.path(&name)) {
            Some(CachedDocument::Available(feed)) => {
                let bytes = feed.body(Coding::Identity).map_or(0, |body| body.len());
                Some((name, bytes, feed.last_modified.as_second()))
            }
            _ => None,
        }
    };
    outputs.public().filter_map(size).collect()
}

/// Tells the cache what became of the outputs that were removed or renamed. A former name leads to a renamed output once
/// that has documents.
///
/// # Errors
/// The store cannot be read.
pub async fn set_former_names(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    now: Timestamp,
) -> Result<(), Error> {
    let stored = store.outputs().await?;
    let removed = stored.iter().filter_map(|stored| {
        let age = now.duration_since(stored.removed?);
        Some((stored.name.as_str(), if age < GONE_AFTER { FormerName::Removed } else { FormerName::Gone }))
    });
    let is_served = |name: &str| {
        matches!(document_cache.get(&Format::Atom.path(name)), Some(CachedDocument::Available(_)))
    };
    let served =
        outputs.outputs.iter().map(|compiled| &compiled.output).filter(|output| is_served(&output.name));
    let renamed = served.flat_map(|output| {
        output.was.iter().map(|former| (former.as_str(), FormerName::Renamed(&output.name)))
    });
    document_cache.set_former_names(&removed.chain(renamed).collect::<Vec<_>>());
    Ok(())
}

/// Puts the feed of the sources' health into the cache.
///
/// # Errors
/// The store cannot be read; the cache keeps what it has.
pub async fn render_health(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
) -> Result<(), Error> {
    let events = store.health_events(health::MAX_EVENTS).await?;
    // Also of removed outputs: the id of the feed is made from it.
    let since = store.outputs().await?.iter().map(|output| output.since).min();
    let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
    let shown = events.iter().filter(|(_, event)| outputs.shows_source(&event.name)).cloned().collect();
    let document = health::document(&outputs.site, shown, since);
    let whole = health::document(&outputs.site, events, since);
    for format in Format::ALL {
        let bytes = write(format, &document);
        document_cache.insert_document(health::NAME, format, bytes, document.updated());
        if outputs.hides_sources() {
            let whole = Representation::new(format.content_type(), write(format, &whole), whole.updated());
            document_cache.insert_whole(&format.path(health::NAME), whole);
        }
    }
    Ok(())
}

/// One output in one format, from its members in the store; `None` if there is no such output.
///
/// # Errors
/// The store cannot be read.
pub async fn render_document(
    store: &Store,
    outputs: &Outputs,
    name: &str,
    format: Format,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(compiled) = outputs.by_name(name) else { return Ok(None) };
    let document = document(store, outputs, compiled, now).await?;
    Ok(Some(write(format, &document)))
}
