//! The way out: one output, top to bottom. New revisions go in, documents come out on the shelf.

pub mod archive;
pub mod atom;
pub mod document;
pub mod files;
pub mod format;
pub mod health;
pub mod html;
pub mod json_feed;
mod language;
pub mod opml;
pub mod output;
mod press;
pub mod render;
pub mod rss;
pub mod select;
pub mod shelf;
mod stories;
pub mod template;
mod text;
mod xml;

use std::collections::HashMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::entry::KeptEntry;
use crate::filter::{Matcher, Query, Subject};
use crate::store::{Advance, Candidate, Member, Others, OutputId, RememberedOutput, Store};
use output::{Output, Site};
use press::Press;
use stories::Found;

/// How many entries are read and evaluated at a time.
const BATCH: usize = 500;

/// How many that match may wait to be written.
const MANY: usize = 20_000;

/// The outputs of one config, compiled, and what the store calls them.
pub struct Outputs {
    site: Site,
    outputs: Vec<Adopted>,
    /// The queries of all outputs, in their order.
    matcher: Matcher,
    sources: HashMap<String, usize>,
    press: Press,
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
    found: Vec<Found>,
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
        Outputs { site, outputs, matcher, sources, press: Press::default() }
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
    let text = format!("{} {:?} {debuts:?} {:?}", hex(query), output.sources, output.stories);
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
        let due = |watermark, debuts| Due { number, adopted, watermark, debuts, found: Vec::new() };
        if known.definition != adopted.definition {
            anew.push(due(0, HashMap::new()));
        } else if known.watermark < latest {
            onward.push(due(known.watermark, store.debuts(adopted.id).await?));
        }
    }
    let progress = if anew.is_empty() && onward.is_empty() { Progress::None } else { Progress::Some };
    pass(store, &mut onward, outputs, Others::Stay, now).await?;
    pass(store, &mut anew, outputs, Others::Go, now).await?;
    anew.iter().for_each(|due| outputs.press.forget(due.adopted.id));
    outputs.press.evaluated(latest);
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
/// [`Others::Stay`] what was found is written now and then; with [`Others::Go`] the old members stand
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
        let many = due.iter().map(|due| due.found.len()).sum::<usize>() >= MANY;
        if last || (others == Others::Stay && many) {
            let mut advances = Vec::with_capacity(due.len());
            for due in due.iter_mut() {
                let found = std::mem::take(&mut due.found);
                let asked = stories::asked(&found, &due.adopted.output);
                let published = store.published(due.adopted.id, asked).await?;
                let mut found = stories::merged(found, &due.adopted.output, &published, others);
                found.retain(|found| enters(found, &mut due.debuts, &outputs.sources));
                advances.push(Advance {
                    output: due.adopted.id,
                    definition: due.adopted.definition.clone(),
                    watermark: from.max(due.watermark),
                    members: found.into_iter().map(|found| found.member).collect(),
                    others,
                    page_size: archive::page_size(&due.adopted.output),
                });
            }
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
        let why = serde_json::to_string(&hit.reasons).unwrap_or_default();
        due.found.push(Found {
            member: Member { entry: kept.number, date: kept.date, why },
            source: from.clone(),
            story: candidate.story,
            debut: candidate.debut,
        });
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

/// Of a source's first poll only so many enter.
fn enters(found: &Found, debuts: &mut HashMap<String, usize>, sources: &HashMap<String, usize>) -> bool {
    if !found.debut {
        return true;
    }
    let entered = debuts.entry(found.source.clone()).or_default();
    let enters = *entered < sources.get(&found.source).copied().unwrap_or(usize::MAX);
    *entered += usize::from(enters);
    enters
}
