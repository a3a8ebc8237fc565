//! From members to documents on the document_cache: only what can differ is made anew. Door to `write_to`, by way of `files`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

use super::document::{Document, HistoryPosition};
use super::document_cache::{self, DocumentCache, Representation};
use super::format::Format;
use super::html::{FrontPage, OutputRow, SourceRow};
use super::output::{Output, Site};
use super::staleness::{MadeOf, News, Standing};
use super::{CompiledOutput, Outputs, atom, files, health, html, json_feed, opml, rss, select, stories};
use crate::filter::MatchReason;
use crate::store::{Error, Extent, NotifyHub, OutputId, Rendering, Store, Wanted};

/// Puts on the document_cache what was last published, as it was, of the outputs that still look so.
///
/// # Errors
/// The store cannot read.
pub async fn restore(store: &Store, outputs: &Outputs, document_cache: &DocumentCache) -> Result<(), Error> {
    let mut kept: HashMap<OutputId, Vec<Rendering>> = HashMap::new();
    for rendering in store.renderings(None).await? {
        kept.entry(rendering.output).or_default().push(rendering);
    }
    for adopted in &outputs.outputs {
        let look = look(&adopted.output, &outputs.site);
        let kept = kept.remove(&adopted.id).unwrap_or_default();
        let whole: Option<Vec<_>> =
            Format::ALL.into_iter().map(|format| as_it_was(&kept, format, &look, adopted, outputs)).collect();
        let feed = kept.iter().find(|rendering| rendering.format == Format::Atom.extension());
        if let (Some(whole), Some(feed)) = (whole, feed) {
            let place =
                |(format, representation): (Format, _)| (format.path(&adopted.output.name), representation);
            document_cache.insert_all(whole.into_iter().map(place).collect());
            let standing = Standing { entries: feed.entries, changed: feed.changed, made_of: None };
            outputs.staleness.stands(adopted.id, standing);
        }
    }
    Ok(())
}

fn as_it_was(
    kept: &[Rendering],
    format: Format,
    look: &str,
    adopted: &CompiledOutput,
    outputs: &Outputs,
) -> Option<(Format, Representation)> {
    let rendering = kept.iter().find(|kept| kept.format == format.extension() && kept.look == look)?;
    let bytes = zstd::stream::decode_all(rendering.body.as_slice()).ok()?;
    let representation = represent(&adopted.output, &outputs.site, format, bytes, rendering.changed);
    // Damaged bytes are made anew.
    (representation.digest() == rendering.digest).then_some((format, representation))
}

/// Makes the documents of the outputs of which nothing stands yet, beside others who do the same: each takes the
/// next `turn`.
///
/// # Errors
/// The store cannot read or write.
pub async fn render_missing(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    turn: &AtomicUsize,
    now: Timestamp,
) -> Result<(), Error> {
    let mut done = Ok(());
    while let Some(adopted) = outputs.outputs.get(turn.fetch_add(1, Ordering::Relaxed)) {
        if outputs.staleness.standing(adopted.id).is_none() {
            // One that cannot be remembered is on the document_cache all the same, and keeps nobody off it.
            done =
                done.and(render_one(store, outputs, adopted, document_cache, Codings::WhenAsked, now).await);
        }
    }
    done
}

/// When what is new is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codings {
    /// Beforehand, so that no request waits for it.
    Now,
    /// Once somebody asks: it takes longer than making the documents, and all of them wait for their first.
    WhenAsked,
}

/// Writes each output that may differ in each format, and puts what changed on the document_cache. The store
/// remembers, across restarts too, when each document's bytes last changed. `sources` may be left out now and
/// then: that one of them is called otherwise is seen the next time.
///
/// # Errors
/// The store cannot read or write; what is on the document_cache stays.
pub async fn render_stale(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    sources: Option<&[SourceRow]>,
    now: Timestamp,
) -> Result<(), Error> {
    let renamed = sources.map(|sources| outputs.staleness.renamed(sources)).unwrap_or_default();
    let mut news = News { renamed, ..News::default() };
    if let Some(before) = outputs.staleness.revision() {
        let (touched, lowest) = store.touched_since(before).await?;
        news = News { touched: touched.into_iter().collect(), lowest, ..news };
    }
    for adopted in &outputs.outputs {
        if outputs.staleness.is_stale(adopted.id, &news, now) {
            render_one(store, outputs, adopted, document_cache, Codings::Now, now).await?;
        }
    }
    outputs.staleness.done(sources);
    Ok(())
}

async fn render_one(
    store: &Store,
    outputs: &Outputs,
    adopted: &CompiledOutput,
    document_cache: &DocumentCache,
    codings: Codings,
    now: Timestamp,
) -> Result<(), Error> {
    let (output, site) = (&adopted.output, &outputs.site);
    let document = document(store, outputs, adopted, now).await?;
    let mut known: HashMap<String, Rendering> =
        store.renderings(Some(adopted.id)).await?.into_iter().map(|r| (r.format.clone(), r)).collect();
    let look = look(output, site);
    let entries = document.entries.len();
    let mut changed_at = now;
    let mut renderings = Vec::new();
    let mut hub = NotifyHub::No;
    tokio::task::block_in_place(|| {
        let mut formats = Vec::with_capacity(Format::ALL.len());
        for (format, bytes) in write(&document) {
            let old = known.remove(format.extension());
            let digest = document_cache::digest(&bytes);
            let is_new = old.as_ref().is_none_or(|old| old.digest != digest);
            let changed = if is_new { now } else { old.as_ref().map_or(now, |old| old.changed) };
            if format == Format::Atom {
                changed_at = changed;
            }
            if is_new && format != Format::Html && site.hub.is_some() && (old.is_some() || entries > 0) {
                hub = NotifyHub::Yes;
            }
            write_file(output, format, &bytes, changed);
            if old.is_none_or(|old| old.digest != digest || old.look != look || old.body.is_empty()) {
                renderings.push(Rendering {
                    output: adopted.id,
                    format: format.extension().to_owned(),
                    digest,
                    changed,
                    look: look.clone(),
                    entries,
                    body: zstd::bulk::compress(&bytes, 3).unwrap_or_default(),
                });
            }
            let representation = represent(output, site, format, bytes, changed);
            if is_new && codings == Codings::Now {
                representation.precompress();
            }
            formats.push((format.path(&output.name), representation));
        }
        document_cache.insert_all(formats);
    });
    if !renderings.is_empty() {
        store.remember_renderings(renderings, hub).await?;
    }
    let made_of = Some(MadeOf::of(&document, output.max_age));
    outputs.staleness.stands(adopted.id, Standing { entries, changed: changed_at, made_of });
    Ok(())
}

/// An output as it stands in the store.
async fn document(
    store: &Store,
    outputs: &Outputs,
    adopted: &CompiledOutput,
    now: Timestamp,
) -> Result<Document, Error> {
    let output = &adopted.output;
    let entries = store.members(adopted.id, wanted(output, now)).await?;
    let Extent { pages, entries: archived } = store.archive_extent(adopted.id).await?;
    let entries = entries.into_iter().map(Arc::new).collect();
    let mut document = select::document(output, &outputs.site, entries, now);
    let numbers = document.entries.iter().map(|shown| shown.kept.number).collect();
    stories::name_others(&mut document, output, &store.duplicates(numbers).await?);
    document.since = adopted.since;
    let numbers = document.entries.iter().map(|shown| shown.kept.number).collect();
    let reasons = store.reasons(adopted.id, numbers).await?;
    for (shown, why) in document.entries.iter_mut().zip(reasons) {
        shown.highlights = marks(&why);
    }
    // Where everything is in the feed itself, pages of the past say nothing more.
    let is_more = archived > document.entries.len() as u64;
    document.position = HistoryPosition::Current { previous: (is_more && pages > 0).then_some(pages) };
    Ok(document)
}

/// The words of titles and texts that made an entry match, each once.
fn marks(why: &str) -> Vec<String> {
    // Reasons of an older Siftwire may have another form: then nothing is marked.
    let reasons: Vec<MatchReason> = serde_json::from_str(why).unwrap_or_default();
    let seen = reasons.into_iter().filter(|reason| matches!(reason.field.as_str(), "title" | "text"));
    let mut marks: Vec<String> = seen.map(|reason| reason.found).collect();
    marks.sort();
    marks.dedup();
    marks
}

fn write(document: &Document) -> [(Format, Vec<u8>); 4] {
    [
        (Format::Atom, atom::write(document)),
        (Format::Rss, rss::write(document)),
        (Format::Json, json_feed::write(document)),
        (Format::Html, html::write(document)),
    ]
}

/// Feeds that a hub knows of say so in their headers too (WebSub section 4).
fn represent(
    output: &Output,
    site: &Site,
    format: Format,
    bytes: Vec<u8>,
    changed: Timestamp,
) -> Representation {
    let representation = Representation::new(format.content_type(), bytes, changed);
    match &site.hub {
        Some(hub) if format != Format::Html => {
            let own = feed_address(site, format, &output.name);
            representation.with_link(format!("<{hub}>; rel=\"hub\", <{own}>; rel=\"self\""))
        }
        _ => representation,
    }
}

/// Where an output is found in a format.
pub(super) fn feed_address(site: &Site, format: Format, name: &str) -> String {
    super::text::uri(&format!("{}{}", site.public_url.as_str().trim_end_matches('/'), format.path(name)))
}

/// What a hub is told of an output that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubUpdate {
    /// The output's name.
    pub output: String,
    /// The hub.
    pub hub: Url,
    /// The output's feeds.
    pub feeds: Vec<String>,
}

/// What to tell the hub of an output; `None` where there is no hub, or no such output any more.
pub fn hub_update(outputs: &Outputs, output: OutputId) -> Option<HubUpdate> {
    let adopted = outputs.outputs.iter().find(|adopted| adopted.id == output)?;
    let address = |format| feed_address(&outputs.site, format, &adopted.output.name);
    Some(HubUpdate {
        output: adopted.output.name.clone(),
        hub: outputs.site.hub.clone()?,
        feeds: [Format::Atom, Format::Rss, Format::Json].map(address).into(),
    })
}

/// Digest of what, beside the entries, decides an output's bytes.
fn look(output: &Output, site: &Site) -> String {
    // What decides the members has a digest of its own, and where files go decides nothing.
    let plain = Output { filter: None, sources: None, write_to: None, ..output.clone() };
    // The policy names the style that the page carries.
    let style = html::content_security_policy();
    super::hex(&Sha256::digest(format!("{} {style} {plain:?} {site:?}", env!("CARGO_PKG_VERSION"))))
}

/// Writes a document as a file too, where the output asks for it. A folder that cannot be written
/// harms nobody but who reads from there.
fn write_file(output: &Output, format: Format, bytes: &[u8], changed: Timestamp) {
    let Some(folder) = &output.write_to else { return };
    if let Err(error) = files::write(folder, &output.name, format, bytes, changed) {
        tracing::warn!(output = output.name, folder = %folder.display(), %error, "cannot write the document as a file");
    }
}

/// Puts on the document_cache what tells of the outputs and sources: the front page and the list of outputs.
/// `problem` is what is wrong with Siftwire itself.
pub fn render_front_page(
    outputs: &Outputs,
    document_cache: &DocumentCache,
    sources: Vec<SourceRow>,
    problem: Option<&str>,
    now: Timestamp,
) {
    let lines = outputs.outputs.iter().map(|adopted| {
        let standing = outputs.staleness.standing(adopted.id);
        OutputRow {
            name: adopted.output.name.clone(),
            title: adopted.output.title.clone(),
            entries: standing.as_ref().map_or(0, |standing| standing.entries),
            changed: standing.map(|standing| standing.changed),
        }
    });
    let public_url = outputs.site.public_url.clone();
    let list = opml::write_outputs(
        &public_url,
        outputs.outputs.iter().map(|adopted| (adopted.output.name.as_str(), adopted.output.title.as_str())),
    );
    let page = html::front(&FrontPage {
        public_url,
        outputs: lines.collect(),
        sources,
        problem: problem.map(str::to_owned),
    });
    document_cache.set_base_path(outputs.site.public_url.path());
    document_cache.insert_page("/", Format::Html.content_type(), page, now);
    document_cache.insert_page(opml::PATH, opml::CONTENT_TYPE, list, now);
}

/// Each output with the size of its feed in bytes, and when it last changed, in seconds since 1970.
pub fn feed_sizes(outputs: &Outputs, document_cache: &DocumentCache) -> Vec<(String, usize, i64)> {
    let measure = |adopted: &CompiledOutput| {
        let name = adopted.output.name.clone();
        match document_cache.get(&Format::Atom.path(&name)) {
            Some(document_cache::CachedDocument::Available(feed)) => {
                let bytes = feed.body(document_cache::Coding::Identity).map_or(0, |body| body.len());
                Some((name, bytes, feed.last_modified.as_second()))
            }
            _ => None,
        }
    };
    outputs.outputs.iter().filter_map(measure).collect()
}

/// Says of the outputs that left the config that they are no more.
///
/// # Errors
/// The store cannot read.
pub async fn mark_gone(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
) -> Result<(), Error> {
    let published = |name: &str| outputs.outputs.iter().any(|adopted| adopted.output.name == name);
    let known = store.outputs().await?;
    document_cache.mark_gone(known.iter().map(|known| known.name.as_str()).filter(|name| !published(name)));
    Ok(())
}

/// Puts the sources' health on the document_cache, as a feed and as a page.
///
/// # Errors
/// The store cannot read; what is on the document_cache stays.
pub async fn render_health(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
) -> Result<(), Error> {
    let events = store.health(health::LIMIT).await?;
    let since = outputs.outputs.iter().map(|adopted| adopted.since).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let document = health::document(&outputs.site, events, since);
    for (format, bytes) in write(&document) {
        document_cache.insert_document(health::NAME, format, bytes, document.updated());
    }
    Ok(())
}

/// One output in a format, as it stands in the store.
///
/// # Errors
/// The store cannot read.
pub async fn render_document(
    store: &Store,
    outputs: &Outputs,
    name: &str,
    format: Format,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(adopted) = outputs.outputs.iter().find(|adopted| adopted.output.name == name) else {
        return Ok(None);
    };
    let document = document(store, outputs, adopted, now).await?;
    Ok(write(&document).into_iter().find(|(of, _)| *of == format).map(|(_, bytes)| bytes))
}

fn wanted(output: &Output, now: Timestamp) -> Wanted {
    Wanted {
        limit: output.limit,
        per_source: output.per_source,
        not_before: output.max_age.and_then(|age| earlier(now, age)),
    }
}

fn earlier(now: Timestamp, age: Duration) -> Option<Timestamp> {
    now.checked_sub(jiff::SignedDuration::try_from(age).ok()?).ok()
}
