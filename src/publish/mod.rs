//! One output, from new entries to published documents: this file decides which entries an output has, `render` writes
//! its documents. Reads and writes the store.

pub mod archive;
pub mod atom;
pub mod caret;
pub mod chart;
mod details;
pub mod document;
pub mod document_cache;
mod embeds;
pub mod entry_page;
pub mod excerpts;
pub mod explain;
pub mod files;
pub mod first_start;
pub mod folders;
pub mod format;
pub mod health;
mod highlight;
pub mod html;
pub mod icon;
pub mod json_feed;
mod language;
mod media;
pub mod opml;
pub mod output;
pub mod output_page;
pub mod output_search;
mod outputs;
pub mod own_links;
mod owners;
mod podcast;
mod podcast_terms;
mod readback;
pub mod render;
pub mod restore;
pub mod rss;
pub mod search;
pub mod search_feed;
pub mod search_request;
pub mod select;
pub mod sign_in_page;
pub mod source_page;
pub mod sources_page;
mod staleness;
mod stories;
pub mod stories_page;
pub mod template;
mod text;
pub mod try_page;
mod try_script;
mod word_changes;
mod xml;

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::entry::ArticleState;
use crate::filter::{Hits, Subject};
use crate::store::{
    Advance, AdvanceResult, Candidate, Error, Generation, Member, MemberUpdate, OutputId, Progress, Store,
    StoredOutput, StoryMember,
};
use output::{ContentMode, Output, Site};
use outputs::CompiledOutput;
pub use outputs::{FirstPollLimits, HubUpdate, Outputs};
use stories::{OutputMatch, Selection};
pub use text::counted;

/// How many entries are read and evaluated at a time.
const BATCH_ENTRIES: usize = 500;

/// How many matches, about 300 bytes each, may wait in memory before they are written.
const MAX_WAITING_MATCHES: usize = 10_000;

/// How often outputs are evaluated again because another process has advanced them meanwhile. What is left then is for
/// the next pass.
const MAX_ATTEMPTS: usize = 3;

/// An entry that is dated longer than this before the poll that brought it counts by its date: an archive that a
/// source suddenly lists drives no news out.
pub const MAX_LATENESS: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How long an output is new, from its first appearance in the config.
const NEW_OUTPUT: SignedDuration = SignedDuration::from_hours(24);

/// Which entries an output has yet to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EvaluationScope {
    /// Those past its watermark.
    SinceWatermark,
    /// All of them, since the output is new or has an edited definition. The members are staged in this generation.
    WholeStore(Generation),
}

/// An output and the entries that it has yet to evaluate.
struct PendingOutput<'a> {
    /// Index of the output and of its query.
    index: usize,
    compiled: &'a CompiledOutput,
    scope: EvaluationScope,
    /// What the store says that it has evaluated.
    stored: Progress,
    /// How many entries of each source's first poll have entered, of the sources that were looked up.
    first_poll_counts: HashMap<String, usize>,
    matches: Vec<OutputMatch>,
    /// Entries that wait for their articles, or will show them.
    wanted_articles: Vec<i64>,
}

impl<'a> PendingOutput<'a> {
    fn new(index: usize, compiled: &'a CompiledOutput, scope: EvaluationScope, stored: Progress) -> Self {
        PendingOutput {
            index,
            compiled,
            scope,
            stored,
            first_poll_counts: HashMap::new(),
            matches: Vec::new(),
            wanted_articles: Vec::new(),
        }
    }

    fn evaluates(&self, revision: i64) -> bool {
        self.scope != EvaluationScope::SinceWatermark || revision > self.stored.watermark
    }
}

/// Evaluates every output over the entries past its watermark, or over the whole store if it is new or its definition
/// changed, and stores the new members. What another process evaluates at the same time is left to it.
///
/// # Errors
/// The store cannot be read or written; then the watermarks are unchanged.
pub async fn update_members(store: &Store, outputs: &Outputs, now: Timestamp) -> Result<(), Error> {
    store.give_up_articles(now).await?;
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
        if stored.definition != compiled.definition {
            redefined.push((index, compiled, progress));
        } else if stored.watermark < latest {
            continued.push(PendingOutput::new(index, compiled, EvaluationScope::SinceWatermark, progress));
        }
    }
    let mut result = AdvanceResult::Written;
    if let Some(lowest) = continued.iter().map(|pending| pending.stored.watermark).min() {
        let unread = Unread { cursor: Cursor::After(lowest), latest };
        result = evaluate_pending(store, &mut continued, outputs, unread, now).await?;
    }
    if !redefined.is_empty() {
        let ids = redefined.iter().map(|(_, compiled, _)| compiled.id).collect();
        let generations = store.begin_generations(ids).await?;
        let mut pending: Vec<_> = redefined
            .into_iter()
            .zip(generations)
            .map(|((index, compiled, progress), generation)| {
                PendingOutput::new(index, compiled, EvaluationScope::WholeStore(generation), progress)
            })
            .collect();
        // What polls bring meanwhile is past `latest`, for the next time.
        let unread = Unread { cursor: Cursor::Below(i64::MAX), latest };
        let replaced = evaluate_pending(store, &mut pending, outputs, unread, now).await?;
        result = if result == AdvanceResult::Written { replaced } else { result };
        pending.iter().for_each(|pending| outputs.staleness.invalidate(pending.compiled.id));
    }
    if result == AdvanceResult::Written {
        outputs.staleness.set_evaluated(latest);
    }
    Ok(result)
}

/// Evaluates some outputs together, and writes matches in parts. Those of a whole store are staged: the old members
/// stay until everything is evaluated, and a process that is killed meanwhile leaves them untouched.
async fn evaluate_pending(
    store: &Store,
    pending: &mut [PendingOutput<'_>],
    outputs: &Outputs,
    mut unread: Unread,
    now: Timestamp,
) -> Result<AdvanceResult, Error> {
    loop {
        let batch = evaluate_batch(store, &mut unread, pending, outputs, now).await?;
        let waiting: usize = pending.iter().map(|pending| pending.matches.len()).sum();
        if batch == Batch::Last || waiting >= MAX_WAITING_MATCHES {
            let evaluated = unread.evaluated(batch);
            let mut advances = Vec::with_capacity(pending.len());
            for pending in pending.iter_mut() {
                advances.push(advance(store, pending, outputs, evaluated, batch).await?);
            }
            if store.advance(advances).await? == AdvanceResult::Outdated {
                return Ok(AdvanceResult::Outdated);
            }
        }
        if batch == Batch::Last {
            return Ok(AdvanceResult::Written);
        }
    }
}

/// What the waiting matches of an output change in the store. Entries up to the revision `evaluated` are evaluated.
async fn advance(
    store: &Store,
    pending: &mut PendingOutput<'_>,
    outputs: &Outputs,
    evaluated: i64,
    batch: Batch,
) -> Result<Advance, Error> {
    let Selection { members, displaced } = select_members(store, pending, outputs).await?;
    let member = |OutputMatch { entry, source, entered, reasons, .. }: OutputMatch| Member {
        entry: entry.entry,
        source,
        entered,
        reasons,
    };
    let from = pending.stored.clone();
    let update = match (pending.scope, batch) {
        (EvaluationScope::SinceWatermark, _) => MemberUpdate::Append,
        (EvaluationScope::WholeStore(generation), Batch::MoreFollow) => MemberUpdate::Stage(generation),
        (EvaluationScope::WholeStore(generation), Batch::Last) => MemberUpdate::Replace(generation),
    };
    if !matches!(update, MemberUpdate::Stage(_)) {
        let watermark = match pending.scope {
            EvaluationScope::SinceWatermark => evaluated.max(from.watermark),
            EvaluationScope::WholeStore(_) => evaluated,
        };
        pending.stored = Progress { definition: pending.compiled.definition.clone(), watermark };
    }
    Ok(Advance {
        output: pending.compiled.id,
        from,
        to: pending.stored.clone(),
        members: members.into_iter().map(member).collect(),
        displaced,
        wanted_articles: std::mem::take(&mut pending.wanted_articles),
        update,
        page_size: pending.compiled.output.archive_page_size(),
    })
}

/// The entries that an evaluation has yet to read.
struct Unread {
    cursor: Cursor,
    /// The latest revision before the evaluation.
    latest: i64,
}

enum Cursor {
    /// Entries past a revision, in the order of revisions.
    After(i64),
    /// Entries below a number, the highest first: of a source's first poll, the newest come first, whatever was edited
    /// since.
    Below(i64),
}

/// Whether more entries follow a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    Last,
    MoreFollow,
}

impl Unread {
    /// The revision up to which everything is evaluated after a batch.
    fn evaluated(&self, batch: Batch) -> i64 {
        match (&self.cursor, batch) {
            (Cursor::After(revision), Batch::MoreFollow) => *revision,
            // The last entries may have been unreadable.
            (Cursor::After(revision), Batch::Last) => self.latest.max(*revision),
            (Cursor::Below(_), _) => self.latest,
        }
    }

    async fn next_batch(&mut self, store: &Store) -> Result<Vec<Candidate>, Error> {
        let batch = match self.cursor {
            Cursor::After(revision) => store.entries_after(revision, BATCH_ENTRIES).await?,
            Cursor::Below(number) => store.entries_below(number, BATCH_ENTRIES).await?,
        };
        if let Some(Candidate { entry, .. }) = batch.last() {
            match &mut self.cursor {
                Cursor::After(revision) => *revision = entry.revision,
                Cursor::Below(number) => *number = entry.number,
            }
        }
        Ok(batch)
    }
}

/// Reads and evaluates the next entries.
async fn evaluate_batch(
    store: &Store,
    unread: &mut Unread,
    pending: &mut [PendingOutput<'_>],
    outputs: &Outputs,
    now: Timestamp,
) -> Result<Batch, Error> {
    let mut candidates = unread.next_batch(store).await?;
    candidates.iter_mut().for_each(|candidate| candidate.entry.give_up_article(now));
    // A large history takes long: let the other tasks of this thread run elsewhere.
    tokio::task::block_in_place(|| {
        candidates.iter().for_each(|candidate| evaluate(candidate, outputs, pending, now));
    });
    Ok(if candidates.len() < BATCH_ENTRIES { Batch::Last } else { Batch::MoreFollow })
}

/// Adds an entry to the matches of every pending output whose query it matches. Its article is wanted by those that it may
/// match by what its article says, and by those that show it.
fn evaluate(candidate: &Candidate, outputs: &Outputs, pending: &mut [PendingOutput<'_>], now: Timestamp) {
    let kept = &candidate.entry;
    let source = &kept.source.name;
    let is_wanted = |index| {
        position_of(pending, index).is_some_and(|position| {
            let pending = &pending[position];
            pending.evaluates(kept.revision) && pending.compiled.output.draws_on(source)
        })
    };
    let Hits { hits, undecided } = outputs.matcher.hits(&Subject::from_stored(kept, now), is_wanted);
    for query in undecided {
        let Some(position) = position_of(pending, query) else { continue };
        let may_enter = !candidate.first_poll || outputs.first_poll_limits.of(source) > 0;
        pending[position].wanted_articles.extend(may_enter.then_some(kept.number));
    }
    for hit in hits {
        let Some(position) = position_of(pending, hit.query) else { continue };
        if candidate.shows_article
            && kept.article == ArticleState::Expected
            && pending[position].compiled.output.content == ContentMode::Full
        {
            pending[position].wanted_articles.push(kept.number);
        }
        let reasons = serde_json::to_string(&hit.reasons).unwrap_or_default();
        let entered = entered(candidate, pending[position].scope, now);
        let entry = StoryMember {
            entry: kept.number,
            source: source.clone(),
            is_active: outputs.has_source(source),
            is_first: candidate.is_first,
        };
        pending[position].matches.push(OutputMatch {
            entry,
            source: candidate.source,
            story: candidate.story,
            entered,
            reasons,
            from_first_poll: candidate.first_poll
                && is_limited(candidate, pending[position].compiled, outputs),
        });
    }
}

/// Whether `first_poll` counts for an entry of a first poll. It spares subscribers the past of an added source; while the
/// output itself is new it has none, and all the past may fill it.
fn is_limited(candidate: &Candidate, compiled: &CompiledOutput, outputs: &Outputs) -> bool {
    let is_new = candidate.entry.first_seen.duration_since(compiled.since) < NEW_OUTPUT;
    !is_new || outputs.first_poll_limits.of(&candidate.entry.source.name) == 0
}

/// When an entry counts as having entered an output that it matches now.
fn entered(candidate: &Candidate, scope: EvaluationScope, now: Timestamp) -> Timestamp {
    let (date, polled) = (candidate.entry.date, candidate.revised);
    let is_from_first_poll = candidate.first_poll && polled == candidate.entry.first_seen;
    let counts_by_date = scope != EvaluationScope::SinceWatermark
        || is_from_first_poll
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
) -> Result<Selection, Error> {
    let (id, output) = (pending.compiled.id, &pending.compiled.output);
    let mut matches = std::mem::take(&mut pending.matches);
    let generation = match pending.scope {
        EvaluationScope::SinceWatermark => None,
        EvaluationScope::WholeStore(generation) => Some(generation),
    };
    if generation.is_none() {
        let first_polls = matches.iter().filter(|matched| matched.from_first_poll);
        let sources: HashSet<String> = first_polls.map(|matched| matched.entry.source.clone()).collect();
        let unknown: Vec<String> =
            sources.into_iter().filter(|source| !pending.first_poll_counts.contains_key(source)).collect();
        if !unknown.is_empty() {
            pending.first_poll_counts.extend(store.first_poll_counts(id, unknown).await?);
        }
    }
    matches.retain(|matched| {
        let source = &matched.entry.source;
        let limit = outputs.first_poll_limits.of(source);
        let mut may_enter = || {
            let count = pending.first_poll_counts.entry(source.clone()).or_default();
            let may_enter = *count < limit;
            *count += usize::from(may_enter);
            may_enter
        };
        !matched.from_first_poll || may_enter()
    });
    let stories = stories::story_ids(&matches, output);
    let published = store.story_members(id, None, stories.clone()).await?;
    let staged = match generation {
        Some(_) => Some(store.story_members(id, generation, stories).await?),
        None => None,
    };
    Ok(stories::one_per_story(matches, output, &published, staged.as_ref()))
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
        key: String::new(),
        since: now,
        definition: String::new(),
        watermark: 0,
        private: false,
        removed: None,
    };
    let new = outputs.iter().filter(|output| continued(output).is_none()).map(new_output);
    let all: Vec<StoredOutput> = stored.iter().cloned().chain(new).collect();
    let outputs = Outputs::new(site, outputs, &all, first_poll_limits);
    let is_edited = |compiled: &CompiledOutput| {
        continued(&compiled.output).is_none_or(|old| old.definition != compiled.definition)
    };
    let edited = outputs.outputs.iter().enumerate().filter(|(_, compiled)| is_edited(compiled));
    // No generation of a store has this number: nothing is staged.
    let scope = EvaluationScope::WholeStore(Generation(-1));
    let pending_output = |(index, compiled)| PendingOutput::new(index, compiled, scope, Progress::default());
    let mut pending: Vec<_> = edited.map(pending_output).collect();
    let mut unread = Unread { cursor: Cursor::Below(i64::MAX), latest: 0 };
    while !pending.is_empty()
        && evaluate_batch(store, &mut unread, &mut pending, &outputs, now).await? == Batch::MoreFollow
    {
        // Only the numbers are wanted.
        let matches = pending.iter_mut().flat_map(|pending| &mut pending.matches);
        matches.for_each(|matched| matched.reasons = String::new());
    }
    let mut members = HashMap::new();
    for pending in &mut pending {
        let Selection { members: selected, .. } = select_members(store, pending, &outputs).await?;
        members.insert(pending.index, selected.iter().map(|matched| matched.entry.entry).collect());
    }
    let previews = outputs.outputs.iter().enumerate().map(|(index, compiled)| OutputPreview {
        name: compiled.output.name.clone(),
        stored: continued(&compiled.output).cloned(),
        members: members.remove(&index),
    });
    Ok(previews.collect())
}
