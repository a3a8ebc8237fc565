//! Puts the documents that were published before a start, or by another daemon, into the document cache. Reads the store;
//! writes files.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::document_cache::{DocumentCache, Representation, digest};
use super::folders;
use super::format::Format;
use super::output::{Output, Site};
use super::outputs::Outputs;
use super::render::{presentation_hash, represent};
use super::staleness::PublishedState;
use crate::store::{Error, OutputId, Rendering, Store, StoredOutput};

/// Puts the icons and the stored documents into the cache: those of each output whose definition still gives the same presentation,
/// and those of frozen outputs.
///
/// # Errors
/// The store cannot be read.
pub async fn restore_documents(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
    now: Timestamp,
) -> Result<(), Error> {
    document_cache.set_icons(outputs.outputs.iter().map(|compiled| &compiled.output), now);
    let mut stored: HashMap<OutputId, Vec<Rendering>> = HashMap::new();
    for rendering in store.renderings(None).await? {
        stored.entry(rendering.output).or_default().push(rendering);
    }
    for compiled in &outputs.outputs {
        let renderings = stored.remove(&compiled.id).unwrap_or_default();
        let feed = renderings.iter().find(|rendering| rendering.format == Format::Atom.extension());
        let documents = restored(store, &renderings, &compiled.output, &outputs.site);
        if let (Some(documents), Some(feed)) = (documents, feed) {
            document_cache.insert_all(documents);
            outputs.staleness.record(compiled.id, stored_state(feed));
        }
    }
    for frozen in &outputs.frozen {
        let stored = stored.remove(&frozen.id).unwrap_or_default();
        document_cache.insert_all(frozen_documents(outputs, frozen, &stored));
    }
    if outputs.makes_none() {
        document_cache.keep_outputs(outputs.frozen.iter().map(|frozen| frozen.name.as_str()));
    }
    Ok(())
}

/// Takes what another daemon has published of an output, where that differs from what is served here: of several that
/// render, those documents count that were stored, so that all serve the same bytes under one date.
///
/// # Errors
/// The store cannot be read.
pub async fn take_over_documents(
    store: &Store,
    outputs: &Outputs,
    document_cache: &DocumentCache,
) -> Result<(), Error> {
    if store.daemon_id().is_none() {
        return Ok(());
    }
    let frozen = outputs.frozen.iter().map(|frozen| (frozen.id, frozen.name.as_str()));
    let made = outputs.outputs.iter().map(|compiled| (compiled.id, compiled.output.name.as_str()));
    let names: HashMap<OutputId, &str> = made.chain(frozen).collect();
    let mut differing = BTreeSet::new();
    for (id, extension, digest, changed) in store.stored_documents().await? {
        let format = Format::ALL.into_iter().find(|format| format.extension() == extension);
        let Some((name, format)) = names.get(&id).zip(format) else { continue };
        if !document_cache.serves(&format.path(name), &digest, changed) {
            differing.insert(id);
        }
    }
    for id in differing {
        let renderings = store.renderings(Some(id)).await?;
        if let Some(compiled) = outputs.by_id(id) {
            let documents = restored(store, &renderings, &compiled.output, &outputs.site);
            document_cache.replace_all(documents.unwrap_or_default());
        } else if let Some(frozen) = outputs.frozen.iter().find(|frozen| frozen.id == id) {
            document_cache.replace_all(frozen_documents(outputs, frozen, &renderings));
        }
    }
    Ok(())
}

/// The documents of a frozen output, as they are stored.
fn frozen_documents(
    outputs: &Outputs,
    frozen: &StoredOutput,
    stored: &[Rendering],
) -> Vec<(String, Representation)> {
    let mut documents = Vec::new();
    for rendering in stored {
        let format = Format::ALL.into_iter().find(|format| format.extension() == rendering.format);
        let Some((format, bytes)) = format.zip(stored_bytes(rendering)) else { continue };
        let representation = Representation::new(format.content_type(), bytes, rendering.changed);
        documents.push((format.path(&frozen.name), representation));
        outputs.staleness.record(frozen.id, stored_state(rendering));
    }
    documents
}

fn stored_state(stored: &Rendering) -> PublishedState {
    PublishedState { entries: stored.entries, changed: stored.changed, inputs: None, unwritten: Vec::new() }
}

/// `None` if the bytes are damaged.
fn stored_bytes(stored: &Rendering) -> Option<Vec<u8>> {
    let bytes = zstd::stream::decode_all(stored.body.as_slice()).ok()?;
    (digest(&bytes) == stored.digest).then_some(bytes)
}

/// An output's stored documents with their paths, and of a shared store as files; `None` unless every format is current and undamaged.
fn restored(
    store: &Store,
    renderings: &[Rendering],
    output: &Output,
    site: &Site,
) -> Option<Vec<(String, Representation)>> {
    let presentation = presentation_hash(output, site);
    let restore = |format: Format| {
        let stored = renderings
            .iter()
            .find(|stored| stored.format == format.extension() && stored.presentation_hash == presentation)?;
        let Some(bytes) = stored_bytes(stored) else {
            store.report_unreadable("rendering", stored.output.0);
            return None;
        };
        // The daemon that has made the document writes only its own file.
        if store.daemon_id().is_some() {
            let mut problems = Vec::new();
            folders::write(output, format, &bytes, stored.changed, &mut problems);
            for problem in problems {
                tracing::error!(output = output.name, "cannot write a document to its folder: {problem}");
            }
        }
        let representation = represent(output, site, format, bytes, stored.changed);
        Some((format.path(&output.name), representation))
    };
    Format::ALL.into_iter().map(restore).collect()
}
