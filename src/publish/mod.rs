//! The way out: one output, top to bottom. New revisions go in, documents come out on the shelf.

pub mod atom;
pub mod document;
pub mod files;
pub mod format;
pub mod html;
pub mod json_feed;
mod language;
pub mod opml;
pub mod output;
pub mod rss;
pub mod select;
pub mod shelf;
mod text;
mod xml;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::entry::KeptEntry;
use crate::filter::{Matcher, Query, Subject};
use crate::store::{
    Advance, Candidate, Member, Others, OutputId, RememberedOutput, Rendering, Store, Wanted,
};
use format::Format;
use html::{FrontPage, OutputLine, SourceLine};
use output::{Output, Site};
use shelf::Shelf;

/// How many entries are read and evaluated at a time.
const BATCH: usize = 500;

/// The outputs of one config, compiled, and what the store calls them.
pub struct Outputs {
    site: Site,
    outputs: Vec<Adopted>,
    /// The queries of all outputs, in their order.
    matcher: Matcher,
    sources: HashMap<String, usize>,
}

struct Adopted {
    id: OutputId,
    since: Timestamp,
    definition: String,
    output: Output,
}

/// What an output still has to evaluate.
struct Due<'a> {
    /// Number of the output, and of its query.
    number: usize,
    adopted: &'a Adopted,
    watermark: i64,
    debuts: HashMap<String, usize>,
    members: Vec<Member>,
}

impl Outputs {
    /// Joins the config's outputs with what the store remembers of them. `sources` are the
    /// configured sources' names with how many entries of a first poll may enter an output.
    #[must_use]
    pub fn new(
        site: Site,
        outputs: Vec<Output>,
        remembered: &[RememberedOutput],
        sources: HashMap<String, usize>,
    ) -> Outputs {
        let known: Vec<_> = outputs
            .into_iter()
            .filter_map(|output| Some((remembered.iter().find(|known| known.name == output.name)?, output)))
            .collect();
        let everything = Query::everything();
        let matcher =
            Matcher::new(known.iter().map(|(_, output)| output.filter.as_ref().unwrap_or(&everything)));
        let outputs = known
            .into_iter()
            .enumerate()
            .map(|(number, (known, output))| {
                let definition = definition(&output, &matcher.digest(number), &sources);
                Adopted { id: known.id, since: known.since, definition, output }
            })
            .collect();
        Outputs { site, outputs, matcher, sources }
    }
}

/// Digest of what decides an output's members. A changed one means: begin again from revision 0.
fn definition(output: &Output, query: &[u8], sources: &HashMap<String, usize>) -> String {
    let mut debuts: Vec<_> = sources
        .iter()
        .filter(|(name, _)| output.sources.as_ref().is_none_or(|wanted| wanted.contains(name)))
        .map(|(name, most)| {
            output.sources.as_ref().map_or_else(|| most.to_string(), |_| format!("{name} {most}"))
        })
        .collect();
    debuts.sort();
    debuts.dedup();
    let text = format!("{} {:?} {debuts:?}", hex(query), output.sources);
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Evaluates what is new since each output's watermark, over the whole store where an output was
/// defined anew. Returns whether any output may show something else now.
///
/// # Errors
/// The store cannot read or write; the watermarks then stand where they stood.
pub async fn advance(
    store: &Store,
    outputs: &Outputs,
    now: Timestamp,
) -> Result<Progress, crate::store::Error> {
    let latest = store.revision().await?;
    let remembered: HashMap<_, _> =
        store.outputs().await?.into_iter().map(|known| (known.id, known)).collect();
    let mut anew = Vec::new();
    let mut onward = Vec::new();
    for (number, adopted) in outputs.outputs.iter().enumerate() {
        let Some(known) = remembered.get(&adopted.id) else { continue };
        let due = |watermark, debuts| Due { number, adopted, watermark, debuts, members: Vec::new() };
        if known.definition != adopted.definition {
            anew.push(due(0, HashMap::new()));
        } else if known.watermark < latest {
            onward.push(due(known.watermark, store.debuts(adopted.id).await?));
        }
    }
    let progress = if anew.is_empty() && onward.is_empty() { Progress::None } else { Progress::Some };
    pass(store, &mut onward, outputs, Others::Stay, now).await?;
    pass(store, &mut anew, outputs, Others::Go, now).await?;
    Ok(progress)
}

/// Whether an advance found anything to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was new.
    None,
    /// Something was.
    Some,
}

/// Runs the queries of some outputs together over what they have not seen yet. With
/// [`Others::Stay`] each batch is written as it is done; with [`Others::Go`] the old members stand
/// until all is evaluated.
async fn pass(
    store: &Store,
    due: &mut [Due<'_>],
    outputs: &Outputs,
    others: Others,
    now: Timestamp,
) -> Result<(), crate::store::Error> {
    let Some(mut from) = due.iter().map(|due| due.watermark).min() else { return Ok(()) };
    loop {
        let batch = store.entries_after(from, BATCH).await?;
        let last = batch.len() < BATCH;
        from = batch.last().map_or(from, |candidate| candidate.entry.revision);
        // Long at a stretch for a large history: let the other tasks of this thread run elsewhere.
        tokio::task::block_in_place(|| {
            batch.iter().for_each(|candidate| evaluate(candidate, outputs, due, now));
        });
        if last || others == Others::Stay {
            let advances = due
                .iter_mut()
                .map(|due| Advance {
                    output: due.adopted.id,
                    definition: due.adopted.definition.clone(),
                    watermark: from.max(due.watermark),
                    members: std::mem::take(&mut due.members),
                    others,
                })
                .collect();
            store.advance(advances).await?;
        }
        if last {
            return Ok(());
        }
    }
}

/// Asks the queries of the outputs that are due, which are in the order of their numbers.
fn evaluate(candidate: &Candidate, outputs: &Outputs, due: &mut [Due<'_>], now: Timestamp) {
    let kept = &candidate.entry;
    let from = &kept.from.name;
    let wants = |due: &Due<'_>| {
        kept.revision > due.watermark
            && due.adopted.output.sources.as_ref().is_none_or(|names| names.contains(from))
    };
    let find = |due: &[Due<'_>], number| due.binary_search_by_key(&number, |due| due.number).ok();
    let hits = outputs
        .matcher
        .hits(&subject(kept, now), |number| find(due, number).is_some_and(|place| wants(&due[place])));
    for hit in hits {
        let Some(due) = find(due, hit.query).map(|place| &mut due[place]) else { continue };
        if candidate.debut {
            let entered = due.debuts.entry(from.clone()).or_default();
            if *entered >= outputs.sources.get(from).copied().unwrap_or(usize::MAX) {
                continue;
            }
            *entered += 1;
        }
        let why = serde_json::to_string(&hit.reasons).unwrap_or_default();
        due.members.push(Member { entry: kept.number, date: kept.date, why });
    }
}

fn subject(kept: &KeptEntry, now: Timestamp) -> Subject<'_> {
    Subject {
        entry: &kept.entry,
        source: &kept.from.name,
        source_title: &kept.from.title,
        language: kept.from.language.as_deref(),
        date: kept.date,
        now,
    }
}

/// Writes each output in each format and puts what changed on the shelf. `seen` remembers, across
/// restarts too, when each document's bytes last changed.
///
/// # Errors
/// The store cannot read or write; what is on the shelf stays.
pub async fn render(
    store: &Store,
    outputs: &Outputs,
    shelf: &Shelf,
    now: Timestamp,
) -> Result<(), crate::store::Error> {
    let mut seen: HashMap<(OutputId, String), Rendering> = store
        .renderings()
        .await?
        .into_iter()
        .map(|rendering| ((rendering.output, rendering.format.clone()), rendering))
        .collect();
    for adopted in &outputs.outputs {
        let output = &adopted.output;
        let entries = store.members(adopted.id, wanted(output, now)).await?;
        let documents =
            tokio::task::block_in_place(|| write(output, &outputs.site, entries, adopted.since, now));
        let mut changed = Vec::new();
        for (format, bytes) in documents {
            let digest = shelf::digest(&bytes);
            let key = (adopted.id, format.extension().to_owned());
            let rendering = match seen.remove(&key) {
                Some(old) if old.digest == digest => old,
                _ => {
                    let new = Rendering { output: adopted.id, format: key.1, digest, changed: now };
                    changed.push(new.clone());
                    new
                }
            };
            tokio::task::block_in_place(|| {
                write_file(output, format, &bytes, rendering.changed);
                shelf.put(&output.name, format, bytes, rendering.changed);
            });
        }
        if !changed.is_empty() {
            store.remember_renderings(changed).await?;
        }
    }
    Ok(())
}

/// Writes a document as a file too, where the output asks for it. A folder that cannot be written
/// harms nobody but who reads from there.
fn write_file(output: &Output, format: Format, bytes: &[u8], changed: Timestamp) {
    let Some(folder) = &output.write_to else { return };
    if let Err(error) = files::write(folder, &output.name, format, bytes, changed) {
        tracing::warn!(output = output.name, folder = %folder.display(), %error, "cannot write the document as a file");
    }
}

/// Puts on the shelf what tells of the outputs and sources: the front page and the list of outputs.
///
/// # Errors
/// The store cannot read.
pub async fn render_front(
    store: &Store,
    outputs: &Outputs,
    shelf: &Shelf,
    sources: Vec<SourceLine>,
    now: Timestamp,
) -> Result<(), crate::store::Error> {
    let changes: HashMap<OutputId, Timestamp> = store
        .renderings()
        .await?
        .into_iter()
        .filter(|rendering| rendering.format == Format::Atom.extension())
        .map(|rendering| (rendering.output, rendering.changed))
        .collect();
    let members: HashMap<OutputId, u64> =
        store.outputs().await?.into_iter().map(|output| (output.id, output.members)).collect();
    let lines = outputs.outputs.iter().map(|adopted| OutputLine {
        name: adopted.output.name.clone(),
        title: adopted.output.title.clone(),
        entries: members.get(&adopted.id).map_or(0, |n| (*n as usize).min(adopted.output.limit)),
        changed: changes.get(&adopted.id).copied(),
    });
    let public_url = outputs.site.public_url.clone();
    let opml = opml::write(
        &public_url,
        outputs.outputs.iter().map(|adopted| (adopted.output.name.as_str(), adopted.output.title.as_str())),
    );
    let page = html::front(&FrontPage { public_url, outputs: lines.collect(), sources, problem: None });
    shelf.put_page("/", Format::Html.content_type(), page, now);
    shelf.put_page("/outputs.opml", "text/x-opml; charset=utf-8", opml, now);
    Ok(())
}

/// One output in every format, as it stands in the store.
///
/// # Errors
/// The store cannot read.
pub async fn show(
    store: &Store,
    outputs: &Outputs,
    name: &str,
    format: Format,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, crate::store::Error> {
    let Some(adopted) = outputs.outputs.iter().find(|adopted| adopted.output.name == name) else {
        return Ok(None);
    };
    let entries = store.members(adopted.id, wanted(&adopted.output, now)).await?;
    let documents = write(&adopted.output, &outputs.site, entries, adopted.since, now);
    Ok(documents.into_iter().find(|(of, _)| *of == format).map(|(_, bytes)| bytes))
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

fn write(
    output: &Output,
    site: &Site,
    entries: Vec<KeptEntry>,
    since: Timestamp,
    now: Timestamp,
) -> Vec<(Format, Vec<u8>)> {
    let entries = entries.into_iter().map(Arc::new).collect();
    let mut document = select::document(output, site, entries, now);
    document.since = since;
    vec![
        (Format::Atom, atom::write(&document)),
        (Format::Rss, rss::write(&document)),
        (Format::Json, json_feed::write(&document)),
        (Format::Html, html::write(&document)),
    ]
}
