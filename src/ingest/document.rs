//! From the body of a response to the changes it makes. Reads the store.

use std::hash::BuildHasher as _;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::diff::{self, DocumentDiff, StoredEntries};
use super::identity::{self, KeyedEntry};
use super::parse_limiter::ParseLimiter;
use crate::entry::Entry;
use crate::entry::change::{Change, KnownEntries, KnownEntry};
use crate::feed::decode::Certainty;
use crate::feed::{self, Feed, NotAFeed, SecondOpinion};
use crate::fetch::{self, FetchedBody};
use crate::html::Sanitizer;
use crate::schedule::publish_interval::{self, PublishInterval};
use crate::source::{Failure, NotedOpinion, Outcome, Secrets, Source, SourceState, UpdateHints};
use crate::store::{self, InFeed, SourceId, Store};
use crate::story::address::PageAddress;
use crate::{story, text};

/// Messages about a document that are kept with its source.
const MAX_KEPT_PROBLEMS: usize = 5;

/// How often feed-rs reads a document of a source too.
const SECOND_OPINION_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// The largest document that it reads only to compare.
const MAX_SECOND_OPINION_BYTES: usize = 1 << 20;

/// The version of the rules by which documents are read. Raise it when the same document gives other texts than before:
/// the next edits of each source then are ours, and not shown as the publisher's.
const READING: u32 = 4;

/// What a document says, compared with the store.
pub(super) struct DocumentResult {
    pub(super) outcome: Outcome,
    pub(super) changes: Vec<Change>,
    pub(super) update_hints: UpdateHints,
    pub(super) publish_interval: PublishInterval,
    /// Some entries could not be read, or were cut off.
    pub(super) partial: bool,
    /// The known entries that the document lists.
    pub(super) in_feed: Option<InFeed>,
    /// It has entries, all of them new, and the document before it had entries, of which it has none. Not for a
    /// document that was cut off or is a delta: the known entries may be in what it leaves out.
    pub(super) replaced: bool,
    /// Only the second reader could read it.
    pub(super) is_rescued: bool,
}

impl DocumentResult {
    /// A poll that brought no entries.
    pub(super) fn without_entries(outcome: Outcome) -> DocumentResult {
        DocumentResult {
            outcome,
            changes: Vec::new(),
            update_hints: UpdateHints::default(),
            publish_interval: PublishInterval::default(),
            partial: false,
            in_feed: None,
            replaced: false,
            is_rescued: false,
        }
    }
}

/// Reads the documents of one source.
pub(super) struct DocumentReader<'a> {
    pub(super) store: &'a Store,
    pub(super) parse_limiter: &'a ParseLimiter,
    pub(super) source: &'a Source,
    pub(super) source_id: SourceId,
    pub(super) now: Timestamp,
}

impl DocumentReader<'_> {
    /// Parses a document, finds what is new or edited, and makes that safe to show. Updates what `state` says of
    /// the feed itself.
    ///
    /// # Errors
    /// The store cannot be read. A document that cannot be read is an outcome, not an error.
    pub(super) async fn read(
        &self,
        body: FetchedBody,
        state: &mut SourceState,
    ) -> Result<DocumentResult, store::Error> {
        let hash = body_hash(&body);
        if state.body_hash == Some(hash) {
            return Ok(DocumentResult::without_entries(Outcome::NotModified));
        }
        let document_bytes = body.bytes.len();
        let base = body.url.shown(self.source.publish_url);
        let (is_delta, sites) =
            (body.is_delta, [self.source.url.whole(), body.url.whole()].map(fetch::site_of));
        let mut feed = match self.parse(body, base.clone(), state).await {
            Ok(feed) => feed,
            Err(failure) => return Ok(DocumentResult::without_entries(Outcome::Failed(failure))),
        };
        mark_uncertain(&mut feed, state.encoding.as_deref());
        let is_whole_feed = !feed.partial && !is_delta;
        let sanitizer = Sanitizer::new(feed.base.as_ref().unwrap_or(&base));
        self.note_feed(&mut feed, state);
        feed.entries.iter_mut().for_each(|entry| entry.owns_link = owns_link(entry, &sites));
        let entries = feed.entries.len();
        let publish_interval = publish_interval::measure(&feed.entries, self.now);
        let (keyed, distrusted) = identity::assign_keys(feed.entries, &mut state.distrusted);
        self.warn_of_distrusted(&distrusted);
        (keyed.len()..entries).for_each(|_| self.log_ignored(None, "it has no content"));
        let keys = keyed.iter().flat_map(identity::all_keys).cloned().collect();
        let known = self.store.known_entries(self.source_id, keys).await?;
        let left_feed =
            if is_whole_feed { self.entries_that_left(&keyed, &known).await? } else { Vec::new() };
        let some_left_feed = !left_feed.is_empty();
        let (source, now) = (self.source.clone(), self.now);
        let is_reread = std::mem::replace(&mut state.reading, READING) != READING;
        let compare = move || {
            let stored = StoredEntries { known: &known, left_feed: &left_feed };
            let mut diff = diff::compare(keyed, stored, source.url.whole().as_str(), now);
            let changes = &mut diff.changes;
            changes.iter_mut().for_each(|change| sanitize_change(change, &sanitizer));
            leave_out_ids(changes, &source);
            if is_reread {
                changes.iter_mut().for_each(hide_edit);
            }
            if source.stories {
                changes.iter_mut().for_each(add_dedup_features);
            }
            diff
        };
        let DocumentDiff { changes, in_feed, reused, uncertain, ignored, all_new } =
            match self.parse_limiter.run(document_bytes, compare).await {
                Ok(diff) => diff,
                Err(failure) => return Ok(DocumentResult::without_entries(Outcome::Failed(failure))),
            };
        let distrusted: Vec<String> =
            reused.iter().flat_map(|key| identity::distrust(key, &mut state.distrusted)).collect();
        self.warn_of_distrusted(&distrusted);
        self.log_new_titles(&changes);
        ignored.iter().for_each(|ignored| self.log_ignored(ignored.title.as_deref(), ignored.reason));
        let is_shown = feed.certainty != Certainty::Irrelevant && uncertain == 0;
        state.encoding = is_shown.then(|| feed.encoding.to_owned()).or(state.encoding.take());
        // The hash stands for all entries of the document, so it is set only once they were all compared.
        state.body_hash = (!feed.partial).then_some(hash);
        let outcome = Outcome::Read {
            new: changes.iter().filter(|change| matches!(change, Change::New(_))).count(),
            edited: changes.iter().filter(|change| matches!(change, Change::Edited { .. })).count(),
            entries,
            problems: feed.problems.len(),
            uncertain,
        };
        Ok(DocumentResult {
            outcome,
            changes,
            update_hints: feed.update_hints,
            publish_interval,
            partial: feed.partial,
            replaced: all_new && some_left_feed,
            is_rescued: feed.is_rescued,
            in_feed: Some(if is_whole_feed { InFeed::Complete(in_feed) } else { InFeed::Partial(in_feed) }),
        })
    }
}

impl DocumentReader<'_> {
    async fn parse(&self, body: FetchedBody, base: Url, state: &mut SourceState) -> Result<Feed, Failure> {
        let (now, bytes) = (self.now, body.bytes.len());
        let wants_opinion = self.wants_second_opinion(state, bytes);
        let read = move || {
            let hints = feed::Hints { content_type: body.content_type.as_deref(), url: Some(&base), now };
            let feed = feed::read(&body.bytes, &hints)?;
            let second = wants_opinion.then(|| feed::second_opinion(&body.bytes, &hints));
            let opinion = second.map(|second| SecondOpinion::new(&feed, second));
            Ok::<_, NotAFeed>((feed, opinion))
        };
        let parsed = self.parse_limiter.run(bytes, read).await?;
        let (feed, opinion) = parsed.map_err(|error| Failure::Unreadable(error.to_string()))?;
        if let Some(opinion) = opinion {
            self.note_second_opinion(&opinion, state);
        }
        Ok(feed)
    }

    /// Whether feed-rs reads a document too: not at a first poll, and not often, since that takes as long again.
    fn wants_second_opinion(&self, state: &SourceState, bytes: usize) -> bool {
        let is_due = |at: Timestamp| self.now.duration_since(at) >= SECOND_OPINION_INTERVAL;
        state.last_success.is_some()
            && bytes <= MAX_SECOND_OPINION_BYTES
            && state.second_opinion.as_ref().is_none_or(|opinion| is_due(opinion.at))
    }

    /// Keeps what feed-rs reads otherwise, unless it shows a secret.
    fn note_second_opinion(&self, opinion: &SecondOpinion, state: &mut SourceState) {
        let text = text::log_excerpt(&opinion.to_string());
        let may_show = self.source.url.may_say(&text, self.source.publish_url);
        let text = Some(text).filter(|_| may_show);
        state.second_opinion = Some(Box::new(NotedOpinion { at: self.now, text }));
    }

    /// Keeps what the feed says of itself.
    fn note_feed(&self, feed: &mut Feed, state: &mut SourceState) {
        if feed.is_rescued {
            let problem = feed.problems.join(", ");
            tracing::warn!(source = self.source.name, problem, "our reader has a fault");
        }
        state.problems = feed.problems.iter().take(MAX_KEPT_PROBLEMS).cloned().collect();
        state.problems_since = match &state.problems[..] {
            [] => None,
            [_, ..] => state.problems_since.or(Some(self.now)),
        };
        let may_show = |title: &String| self.source.url.may_say(title, self.source.publish_url);
        state.title = feed.title.take().filter(may_show).or(state.title.take());
        state.link = feed.link.take().and_then(|link| link.parse().ok()).or(state.link.take());
        state.icon = feed.icon.take().or(state.icon.take());
        state.podcast = feed.podcast.take().map(|podcast| *podcast);
        state.id = feed.id.take().filter(|id| diff::is_absolute_uri(id)).or(state.id.take());
        state.language = feed.language.take().or(state.language.take());
    }

    /// The entries of the last document that no trusted key of this one names. They matter only beside new entries.
    async fn entries_that_left(
        &self,
        keyed: &[KeyedEntry],
        known: &KnownEntries,
    ) -> Result<Vec<KnownEntry>, store::Error> {
        if keyed.iter().all(|keyed| keyed.entry.keys.iter().any(|key| known.contains_key(key))) {
            return Ok(Vec::new());
        }
        let in_feed = identity::named_entries(keyed, known);
        self.store.entries_no_longer_in_feed(self.source_id, in_feed).await
    }

    /// Says of each entry under another title than before why it counts as the same one.
    fn log_new_titles(&self, changes: &[Change]) {
        for change in changes {
            if let Change::Edited { number, entry, former_title: Some(former), .. } = change {
                let title = excerpt(entry.title.as_deref());
                let former_title = excerpt(Some(&former.title));
                let reason = &former.reason;
                tracing::debug!(
                    source = self.source.name,
                    entry = number,
                    title,
                    former_title,
                    reason,
                    "entry edited"
                );
            }
        }
    }

    /// Says why an entry of the document is not stored.
    fn log_ignored(&self, title: Option<&str>, reason: &str) {
        tracing::debug!(source = self.source.name, title = excerpt(title), reason, "entry ignored");
    }

    fn warn_of_distrusted(&self, keys: &[String]) {
        if !keys.is_empty() {
            let keys = keys.join(", ");
            tracing::warn!(
                source = self.source.name,
                keys,
                "these keys identify several entries and are ignored from now on"
            );
        }
    }
}

/// Whether an entry's link is on one of the sites that its source is configured at and came from. What the document says
/// of its site does not count.
pub(super) fn owns_link(entry: &Entry, sites: &[Option<String>]) -> bool {
    let page = entry.link.as_deref().and_then(PageAddress::parse);
    page.and_then(|page| fetch::site_of(page.url())).is_some_and(|site| sites.contains(&Some(site)))
}

/// In another encoding than before, which nothing in the document shows, all that is not ASCII is uncertain.
fn mark_uncertain(feed: &mut Feed, known: Option<&str>) {
    let is_ascii = |entry: &Entry| {
        [&entry.title, &entry.summary, &entry.content].into_iter().flatten().all(|text| text.is_ascii())
    };
    if feed.certainty == Certainty::Assumed && known.is_some_and(|known| known != feed.encoding) {
        feed.entries.iter_mut().for_each(|entry| entry.is_uncertain |= !is_ascii(entry));
        feed.title = feed.title.take().filter(|title| title.is_ascii());
    }
}

fn excerpt(title: Option<&str>) -> String {
    text::log_excerpt(title.unwrap_or_default())
}

/// A hash of everything that parsing depends on. Many sites send the same bytes again without a 304. The versions are
/// part of it, since another release may parse the document differently.
fn body_hash(body: &FetchedBody) -> u64 {
    let version = (env!("CARGO_PKG_VERSION"), READING);
    let input = (version, &body.content_type, body.url.whole().as_str(), &body.bytes[..]);
    foldhash::quality::FixedState::with_seed(0).hash_one(input)
}

/// An edit stays one, but the entry is not shown as updated.
fn hide_edit(change: &mut Change) {
    if let Change::Edited { changed, edited, .. } = change {
        (*changed, *edited) = (None, None);
    }
}

fn sanitize_change(change: &mut Change, sanitizer: &Sanitizer) {
    match change {
        Change::New(new) => sanitizer.sanitize_entry(&mut new.entry),
        Change::Edited { entry, .. } => sanitizer.sanitize_entry(entry),
        Change::Rekeyed { .. } => {}
    }
}

/// Leaves out publishers' ids that show a secret. Those that are made from them stay.
fn leave_out_ids(changes: &mut [Change], source: &Source) {
    let Some(secrets) = Secrets::of(&source.url, source.publish_url) else { return };
    for change in changes {
        if let Change::New(new) = change {
            new.uids.retain(|id| !secrets.are_in(id));
        }
    }
}

/// Computes what the store compares of a new entry to find its story.
pub(super) fn add_dedup_features(change: &mut Change) {
    if let Change::New(new) = change {
        new.dedup_features = Some(story::compute_features(&new.entry));
    }
}
