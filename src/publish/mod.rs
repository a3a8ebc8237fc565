//! One output, from new entries to published documents: this file decides which entries an output has, `render` writes
//! its documents. Reads and writes the store.

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
mod outputs;
pub mod render;
pub mod rss;
pub mod select;
mod staleness;
mod stories;
pub mod template;
mod text;
mod xml;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::filter::Subject;
use crate::store::{
    Advance, AdvanceResult, Candidate, Error, Member, MemberUpdate, OutputId, Progress, Store, StoredOutput,
};
use output::{Output, Site};
use outputs::CompiledOutput;
pub use outputs::{FirstPollLimits, HubUpdate, Outputs};
use stories::OutputMatch;

/// How many entries are read and evaluated at a time.
const BATCH_ENTRIES: usize = 500;

/// How many matches, about 200 bytes each, may wait in memory before they are written. Members are written in order of
/// date, so larger writes touch fewer database pages.
const MAX_WAITING_MATCHES: usize = 100_000;

/// How often outputs are evaluated again because another process has advanced them meanwhile. What is left then is for
/// the next pass.
const MAX_ATTEMPTS: usize = 3;

/// An entry that is dated longer than this before the poll that brought it counts by its date: an archive that a
/// source suddenly lists drives no news out.
pub const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Which entries an evaluation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EvaluationScope {
    /// Those past the watermark.
    SinceWatermark,
    /// All of them: the output is new or has an edited definition.
    WholeStore,
}

/// An output and the entries that it has yet to evaluate.
struct PendingOutput<'a> {
    /// Index of the output and of its query.
    index: usize,
    compiled: &'a CompiledOutput,
    scope: EvaluationScope,
    /// What the store says that it has evaluated.
    stored: Progress,
    /// Entries up to this revision have been evaluated.
    watermark: i64,
    /// How many entries of each source's first poll have entered.
    first_poll_counts: HashMap<String, usize>,
    matches: Vec<OutputMatch>,
}

impl<'a> PendingOutput<'a> {
    fn from_start(index: usize, compiled: &'a CompiledOutput) -> Self {
        PendingOutput {
            index,
            compiled,
            scope: EvaluationScope::WholeStore,
            stored: Progress::default(),
            watermark: 0,
            first_poll_counts: HashMap::new(),
            matches: Vec::new(),
        }
    }
}

/// Evaluates every output over the entries past its watermark, or over the whole store if its definition changed, and
/// stores the new members. What another process evaluates at the same time is left to it.
///
/// # Errors
/// The store cannot be read or written; then the watermarks are unchanged.
pub async fn update_members(store: &Store, outputs: &Outputs, now: Timestamp) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        if try_update_members(store, outputs, now).await? == AdvanceResult::Written {
            break;
        }
    }
    Ok(())
}

async fn try_update_members(
    store: &Store,
    outputs: &Outputs,
    now: Timestamp,
) -> Result<AdvanceResult, Error> {
    let latest = store.latest_revision().await?;
    let stored: HashMap<_, _> =
        store.outputs().await?.into_iter().map(|output| (output.id, output)).collect();
    let mut redefined = Vec::new();
    let mut continued = Vec::new();
    for (index, compiled) in outputs.outputs.iter().enumerate() {
        let Some(stored) = stored.get(&compiled.id) else { continue };
        let progress = Progress { definition: stored.definition.clone(), watermark: stored.watermark };
        let from_start = PendingOutput { stored: progress, ..PendingOutput::from_start(index, compiled) };
        if stored.definition.is_empty() {
            // A new output has no old members to keep visible meanwhile, so its matches can be written in parts.
            continued.push(from_start);
        } else if stored.definition != compiled.definition {
            redefined.push(from_start);
        } else if stored.watermark < latest {
            let first_poll_counts = store.first_poll_counts(compiled.id).await?;
            let (scope, watermark) = (EvaluationScope::SinceWatermark, stored.watermark);
            continued.push(PendingOutput { scope, watermark, first_poll_counts, ..from_start });
        }
    }
    let appended = evaluate_pending(store, &mut continued, outputs, MemberUpdate::Append, now).await?;
    let replaced = evaluate_pending(store, &mut redefined, outputs, MemberUpdate::Replace, now).await?;
    redefined.iter().for_each(|pending| outputs.staleness.invalidate(pending.compiled.id));
    if (appended, replaced) != (AdvanceResult::Written, AdvanceResult::Written) {
        return Ok(AdvanceResult::Outdated);
    }
    outputs.staleness.set_evaluated(latest);
    Ok(AdvanceResult::Written)
}

/// Evaluates some outputs together. [`MemberUpdate::Append`] writes matches in parts; [`MemberUpdate::Replace`] keeps
/// the old members until everything is evaluated.
async fn evaluate_pending(
    store: &Store,
    pending: &mut [PendingOutput<'_>],
    outputs: &Outputs,
    update: MemberUpdate,
    now: Timestamp,
) -> Result<AdvanceResult, Error> {
    let Some(mut revision) = pending.iter().map(|pending| pending.watermark).min() else {
        return Ok(AdvanceResult::Written);
    };
    let latest = store.latest_revision().await?;
    loop {
        let is_last = evaluate_batch(store, &mut revision, pending, outputs, now).await? == Batch::Last;
        if is_last {
            // The last entries may have been unreadable.
            revision = revision.max(latest);
        }
        let waiting: usize = pending.iter().map(|pending| pending.matches.len()).sum();
        if is_last || (update == MemberUpdate::Append && waiting >= MAX_WAITING_MATCHES) {
            let mut advances = Vec::with_capacity(pending.len());
            for pending in pending.iter_mut() {
                let selected = select_members(store, pending, outputs, update).await?;
                let definition = pending.compiled.definition.clone();
                let to = Progress { definition, watermark: revision.max(pending.watermark) };
                advances.push(Advance {
                    output: pending.compiled.id,
                    from: std::mem::replace(&mut pending.stored, to.clone()),
                    to,
                    members: selected.into_iter().map(|matched| matched.member).collect(),
                    update,
                    page_size: pending.compiled.output.archive_page_size(),
                });
            }
            if store.advance(advances).await? == AdvanceResult::Outdated {
                return Ok(AdvanceResult::Outdated);
            }
        }
        if is_last {
            return Ok(AdvanceResult::Written);
        }
    }
}

/// Whether more entries follow a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    Last,
    MoreFollow,
}

/// Evaluates the entries that follow a revision, and moves the revision on.
async fn evaluate_batch(
    store: &Store,
    revision: &mut i64,
    pending: &mut [PendingOutput<'_>],
    outputs: &Outputs,
    now: Timestamp,
) -> Result<Batch, Error> {
    let candidates = store.entries_after(*revision, BATCH_ENTRIES).await?;
    *revision = candidates.last().map_or(*revision, |candidate| candidate.entry.revision);
    // A large history takes long: let the other tasks of this thread run elsewhere.
    tokio::task::block_in_place(|| {
        candidates.iter().for_each(|candidate| evaluate(candidate, outputs, pending, now));
    });
    Ok(if candidates.len() < BATCH_ENTRIES { Batch::Last } else { Batch::MoreFollow })
}

/// Adds an entry to the matches of every pending output whose query it matches.
fn evaluate(candidate: &Candidate, outputs: &Outputs, pending: &mut [PendingOutput<'_>], now: Timestamp) {
    let kept = &candidate.entry;
    let source = &kept.source.name;
    let is_wanted = |index| {
        position_of(pending, index).is_some_and(|position| {
            let pending = &pending[position];
            kept.revision > pending.watermark && pending.compiled.output.draws_on(source)
        })
    };
    for hit in outputs.matcher.hits(&Subject::from_stored(kept, now), is_wanted) {
        let Some(position) = position_of(pending, hit.query) else { continue };
        let reasons = serde_json::to_string(&hit.reasons).unwrap_or_default();
        let entered = entered(candidate, pending[position].scope, now);
        pending[position].matches.push(OutputMatch {
            member: Member { entry: kept.number, source: candidate.source, entered, reasons },
            source: source.clone(),
            is_configured: outputs.has_source(source),
            story: candidate.story,
            is_first: candidate.is_first,
            from_first_poll: candidate.first_poll,
        });
    }
}

/// When an entry counts as having entered an output that it matches now.
fn entered(candidate: &Candidate, scope: EvaluationScope, now: Timestamp) -> Timestamp {
    let (date, polled) = (candidate.entry.date, candidate.revised);
    let counts_by_date = scope == EvaluationScope::WholeStore
        || candidate.first_poll
        || polled.duration_since(date) > MAX_LATENESS;
    // The clock may have been set back since.
    if counts_by_date { date } else { polled.max(date).min(now) }
}

/// The position of an output among the pending ones, which are sorted by index.
fn position_of(pending: &[PendingOutput<'_>], index: usize) -> Option<usize> {
    pending.binary_search_by_key(&index, |pending| pending.index).ok()
}

/// Takes an output's matches and selects its new members: first limits the entries of first polls, then keeps one
/// entry per story. The other order would lose a story together with an entry that the limit keeps out.
async fn select_members(
    store: &Store,
    pending: &mut PendingOutput<'_>,
    outputs: &Outputs,
    update: MemberUpdate,
) -> Result<Vec<OutputMatch>, Error> {
    let output = &pending.compiled.output;
    let mut matches = std::mem::take(&mut pending.matches);
    matches.retain(|matched| {
        let limit = outputs.first_poll_limits.of(&matched.source);
        let mut may_enter = || {
            let count = pending.first_poll_counts.entry(matched.source.clone()).or_default();
            let may_enter = *count < limit;
            *count += usize::from(may_enter);
            may_enter
        };
        !matched.from_first_poll || may_enter()
    });
    let published =
        store.published_stories(pending.compiled.id, stories::story_ids(&matches, output)).await?;
    Ok(stories::one_per_story(matches, output, &published, update))
}

/// What an output would have after an edit of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPreview {
    /// The output's name.
    pub name: String,
    /// The stored output that it continues, maybe under a former name; `None` if it is new.
    pub stored: Option<StoredOutput>,
    /// All entries that it would have; `None` if the edit does not change what decides them.
    pub members: Option<Vec<i64>>,
}

/// Evaluates the outputs of an edited config over the whole store, like [`update_members`], but writes nothing.
///
/// # Errors
/// The store cannot be read.
pub async fn preview(
    store: &Store,
    site: Site,
    outputs: Vec<Output>,
    first_poll_limits: FirstPollLimits,
    now: Timestamp,
) -> Result<Vec<OutputPreview>, Error> {
    let stored = store.outputs().await?;
    let continued = |output: &Output| StoredOutput::find(&stored, &output.name, &output.was);
    let new_output = |output: &Output| StoredOutput {
        id: OutputId(0),
        name: output.name.clone(),
        since: now,
        definition: String::new(),
        watermark: 0,
        removed: None,
    };
    let new = outputs.iter().filter(|output| continued(output).is_none()).map(new_output);
    let all: Vec<StoredOutput> = stored.iter().cloned().chain(new).collect();
    let outputs = Outputs::new(site, outputs, &all, first_poll_limits);
    let is_edited = |compiled: &CompiledOutput| {
        continued(&compiled.output).is_none_or(|old| old.definition != compiled.definition)
    };
    let edited = outputs.outputs.iter().enumerate().filter(|(_, compiled)| is_edited(compiled));
    let mut pending: Vec<_> =
        edited.map(|(index, compiled)| PendingOutput::from_start(index, compiled)).collect();
    let mut revision = 0;
    while !pending.is_empty()
        && evaluate_batch(store, &mut revision, &mut pending, &outputs, now).await? == Batch::MoreFollow
    {}
    let mut members = HashMap::new();
    for pending in &mut pending {
        let selected = select_members(store, pending, &outputs, MemberUpdate::Replace).await?;
        members.insert(pending.index, selected.iter().map(|matched| matched.member.entry).collect());
    }
    let previews = outputs.outputs.iter().enumerate().map(|(index, compiled)| OutputPreview {
        name: compiled.output.name.clone(),
        stored: continued(&compiled.output).cloned(),
        members: members.remove(&index),
    });
    Ok(previews.collect())
}
