//! The way out: one output, top to bottom. New revisions go in, documents come out on the document_cache.

pub mod archive;
pub mod atom;
pub mod document;
pub mod document_cache;
mod embeds;
pub mod files;
pub mod format;
pub mod health;
mod highlight;
pub mod html;
pub mod json_feed;
mod language;
pub mod opml;
pub mod output;
pub mod render;
pub mod rss;
pub mod select;
mod staleness;
mod stories;
pub mod template;
mod text;
mod xml;

use std::collections::HashMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::filter::{Matcher, Query, Subject};
use crate::store::{Advance, Candidate, Member, MemberUpdate, OutputId, RememberedOutput, Store};
use output::{Output, Site};
use staleness::Staleness;
use stories::Found;

/// How many entries are read and evaluated at a time.
const BATCH: usize = 500;

/// How many that match may wait to be written, about 200 bytes each. Written in the order of their dates they share the
/// more pages the more they are.
const MANY: usize = 100_000;

/// The outputs of one config, compiled, and what the store calls them.
pub struct Outputs {
    site: Site,
    outputs: Vec<CompiledOutput>,
    /// The queries of all outputs, in their order.
    matcher: Matcher,
    sources: HashMap<String, usize>,
    staleness: Staleness,
}

struct CompiledOutput {
    id: OutputId,
    since: Timestamp,
    definition: String,
    output: Output,
}

/// What an output still has to evaluate.
struct Due<'a> {
    /// Number of the output, and of its query.
    number: usize,
    adopted: &'a CompiledOutput,
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
        let everything = Query::match_all();
        let matcher =
            Matcher::new(known.iter().map(|(_, output)| output.filter.as_ref().unwrap_or(&everything)));
        let outputs = known
            .into_iter()
            .enumerate()
            .map(|(number, (known, output))| {
                let definition = definition(&output, &matcher.digest(number), &sources);
                CompiledOutput { id: known.id, since: known.since, definition, output }
            })
            .collect();
        Outputs { site, outputs, matcher, sources, staleness: Staleness::default() }
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
pub async fn update_members(
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
        if known.definition.is_empty() {
            // There are no old members that must stand until all is evaluated, so that not all need be held.
            onward.push(due(0, HashMap::new()));
        } else if known.definition != adopted.definition {
            anew.push(due(0, HashMap::new()));
        } else if known.watermark < latest {
            onward.push(due(known.watermark, store.debuts(adopted.id).await?));
        }
    }
    let progress = if anew.is_empty() && onward.is_empty() { Progress::None } else { Progress::Some };
    pass(store, &mut onward, outputs, MemberUpdate::Append, now).await?;
    pass(store, &mut anew, outputs, MemberUpdate::Replace, now).await?;
    anew.iter().for_each(|due| outputs.staleness.forget(due.adopted.id));
    outputs.staleness.evaluated(latest);
    Ok(progress)
}

/// What an output would have after an edit of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPreview {
    /// The output's name.
    pub name: String,
    /// The store's number for it; none for one that is new.
    pub known: Option<OutputId>,
    /// Numbers of all entries that it would have; none where what decides them was not edited.
    pub members: Option<Vec<i64>>,
}

/// Evaluates the outputs of an edited config over the whole store, as an advance would, and writes nothing.
///
/// # Errors
/// The store cannot read.
pub async fn preview(
    store: &Store,
    site: Site,
    outputs: Vec<Output>,
    sources: HashMap<String, usize>,
    now: Timestamp,
) -> Result<Vec<OutputPreview>, crate::store::Error> {
    let remembered = store.outputs().await?;
    let known = |name: &str| remembered.iter().find(|known| known.name == name);
    let unknown = |name: &str| RememberedOutput {
        id: OutputId(0),
        name: name.to_owned(),
        since: now,
        definition: String::new(),
        watermark: 0,
        active: true,
    };
    let all: Vec<RememberedOutput> = outputs
        .iter()
        .map(|output| known(&output.name).cloned().unwrap_or_else(|| unknown(&output.name)))
        .collect();
    let outputs = Outputs::new(site, outputs, &all, sources);
    let edited = |adopted: &CompiledOutput| {
        known(&adopted.output.name).is_none_or(|old| old.definition != adopted.definition)
    };
    let mut due: Vec<Due<'_>> = outputs
        .outputs
        .iter()
        .enumerate()
        .filter(|(_, adopted)| edited(adopted))
        .map(|(number, adopted)| Due {
            number,
            adopted,
            watermark: 0,
            debuts: HashMap::new(),
            found: Vec::new(),
        })
        .collect();
    let mut from = 0;
    while !due.is_empty() && batch(store, &mut from, &mut due, &outputs, now).await? == Left::More {}
    for due in &mut due {
        due.found = chosen(store, due, &outputs, MemberUpdate::Replace).await?;
    }
    let rehearsed = outputs.outputs.iter().enumerate().map(|(number, adopted)| OutputPreview {
        name: adopted.output.name.clone(),
        known: known(&adopted.output.name).map(|known| known.id),
        members: find(&due, number)
            .map(|place| due[place].found.iter().map(|found| found.member.entry).collect()),
    });
    Ok(rehearsed.collect())
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
/// [`MemberUpdate::Append`] what was found is written now and then; with [`MemberUpdate::Replace`] the old members stand
/// until all is evaluated.
async fn pass(
    store: &Store,
    due: &mut [Due<'_>],
    outputs: &Outputs,
    update: MemberUpdate,
    now: Timestamp,
) -> Result<(), crate::store::Error> {
    let Some(mut from) = due.iter().map(|due| due.watermark).min() else { return Ok(()) };
    loop {
        let last = batch(store, &mut from, due, outputs, now).await? == Left::Nothing;
        let many = due.iter().map(|due| due.found.len()).sum::<usize>() >= MANY;
        if last || (update == MemberUpdate::Append && many) {
            let mut advances = Vec::with_capacity(due.len());
            for due in due.iter_mut() {
                let found = chosen(store, due, outputs, update).await?;
                advances.push(Advance {
                    output: due.adopted.id,
                    definition: due.adopted.definition.clone(),
                    watermark: from.max(due.watermark),
                    members: found.into_iter().map(|found| found.member).collect(),
                    update,
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

/// Of what an output's query has found, what enters: of a first poll only so many, and one entry for each story. In
/// this order: else a story would go with an entry of it that may not enter.
async fn chosen(
    store: &Store,
    due: &mut Due<'_>,
    outputs: &Outputs,
    update: MemberUpdate,
) -> Result<Vec<Found>, crate::store::Error> {
    let output = &due.adopted.output;
    let mut found = std::mem::take(&mut due.found);
    found.retain(|found| {
        let most = outputs.sources.get(&found.source).copied().unwrap_or(usize::MAX);
        !found.debut || enters(due.debuts.entry(found.source.clone()).or_default(), most)
    });
    let published = store.published(due.adopted.id, stories::asked(&found, output)).await?;
    Ok(stories::merged(found, output, &published, update))
}

fn enters(entered: &mut usize, most: usize) -> bool {
    let enters = *entered < most;
    *entered += usize::from(enters);
    enters
}

/// Whether there is more to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    More,
}

/// Evaluates the entries that follow a revision, and moves it on.
async fn batch(
    store: &Store,
    from: &mut i64,
    due: &mut [Due<'_>],
    outputs: &Outputs,
    now: Timestamp,
) -> Result<Left, crate::store::Error> {
    let batch = store.entries_after(*from, BATCH).await?;
    *from = batch.last().map_or(*from, |candidate| candidate.entry.revision);
    // Long at a stretch for a large history: let the other tasks of this thread run elsewhere.
    tokio::task::block_in_place(|| {
        batch.iter().for_each(|candidate| evaluate(candidate, outputs, due, now));
    });
    Ok(if batch.len() < BATCH { Left::Nothing } else { Left::More })
}

/// The place of an output among those that are due, which are in the order of their numbers.
fn find(due: &[Due<'_>], number: usize) -> Option<usize> {
    due.binary_search_by_key(&number, |due| due.number).ok()
}

/// Asks the queries of the outputs that are due, which are in the order of their numbers.
fn evaluate(candidate: &Candidate, outputs: &Outputs, due: &mut [Due<'_>], now: Timestamp) {
    let kept = &candidate.entry;
    let from = &kept.source.name;
    let wants = |due: &Due<'_>| {
        kept.revision > due.watermark
            && due.adopted.output.sources.as_ref().is_none_or(|names| names.contains(from))
    };
    let hits = outputs.matcher.hits(&Subject::from_kept(kept, now), |number| {
        find(due, number).is_some_and(|place| wants(&due[place]))
    });
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
