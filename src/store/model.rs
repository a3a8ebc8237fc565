//! The types of the store's queries and commands. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::location::StoreLocation;
use crate::entry::StoredEntry;
use crate::entry::change::Change;
use crate::source::{ArticleSettings, FeedUrl, HealthEvent, SourceState, UrlParts};

/// The part of the config that the store needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where it is.
    pub location: StoreLocation,
    /// Entries older than this are pruned; their identity keys are kept.
    pub keep: Duration,
}

/// Database id of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// Database id of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputId(pub i64);

/// Database id of a story. Ids are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryId(pub i64);

/// A source as the config defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredSource {
    /// Name in the config.
    pub name: String,
    /// Whether the config gives it this name; else it is made from the host, and says nothing under another address.
    pub is_named: bool,
    /// Feed address without credentials.
    pub url: FeedUrl,
    /// How much of its addresses is published.
    pub publish_url: UrlParts,
    /// Sources of one host are not polled at the same time.
    pub host: String,
    /// Title from the config.
    pub title: Option<String>,
    /// Language from the config.
    pub language: Option<String>,
    /// How the articles of its entries are read.
    pub articles: ArticleSettings,
}

/// A source as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSource {
    /// Database id.
    pub id: SourceId,
    /// Name in the config.
    pub name: String,
    /// Feed address without credentials.
    pub url: FeedUrl,
    /// Sources of one host are not polled at the same time.
    pub host: String,
    /// What is kept from poll to poll.
    pub state: SourceState,
}

/// The exclusive right to poll a source, for a limited time.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The source.
    pub source: SourceId,
    /// Name in the config.
    pub name: String,
    /// Sources of one host are not polled at the same time.
    pub host: String,
    /// State before the poll.
    pub state: SourceState,
    /// Whether its host has a budget to keep.
    pub has_budget: bool,
    /// Identifies the claim among those of the source: only while it is the last one may its poll be committed.
    pub number: i64,
}

/// Who claims sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimant {
    /// The daemon, of which there is one. It gets sources that are due.
    Daemon,
    /// A command of the operator. It gets sources that are not due, too.
    Command,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimResult {
    /// The source is claimed.
    Claimed(Box<Claim>),
    /// The source is not due, or claimed by another poller, until this time.
    NotDue(SourceId, Timestamp),
    /// Its host may not be asked before this time: it refuses, or another daemon has it.
    HostHeld(SourceId, Timestamp),
    /// The source has left the config.
    Gone(SourceId),
}

/// When a source may be polled next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPoll {
    /// The source.
    pub source: SourceId,
    /// Name in the config.
    pub name: String,
    /// Sources of one host are not polled at the same time.
    pub host: String,
    /// The due time or the end of the current claim, whichever is later; 1970 before the first poll.
    pub due: Timestamp,
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollResult {
    /// A document was read.
    Read,
    /// Nothing had changed.
    NotModified,
    /// There was no feed.
    Failed,
}

/// The result of one poll. It is written in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    /// The source.
    pub source: SourceId,
    /// The number of the claim under which it was made; `None` if the caller is alone on the store.
    pub claim: Option<i64>,
    /// How it ended.
    pub result: PollResult,
    /// Validators, next poll time, outcome.
    pub state: SourceState,
    /// New and edited entries, newest first: the newest get the highest numbers and the lowest revisions.
    pub changes: Vec<Change>,
    /// Events for the operator.
    pub health: Vec<HealthEvent>,
    /// Known entries that the document contains; `None` if there was no document: then the last list stays.
    pub in_feed: Option<InFeed>,
}

impl Poll {
    /// What a document brought, if the caller is alone on the store.
    #[must_use]
    pub fn unclaimed(source: SourceId, state: SourceState, changes: Vec<Change>) -> Poll {
        Poll {
            source,
            claim: None,
            result: PollResult::Read,
            state,
            changes,
            health: Vec::new(),
            in_feed: None,
        }
    }
}

/// Numbers of the known entries in a document. The new entries of the poll are added to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InFeed {
    /// The document is complete: this list replaces the last one.
    Complete(Vec<i64>),
    /// The document was cut off: this list is added to the last one.
    Partial(Vec<i64>),
}

/// An output as the config defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredOutput {
    /// Name in the config.
    pub name: String,
    /// Its former names, the one to prefer first. No configured output has one of them.
    pub was: Vec<String>,
    /// Whether it is not for everybody.
    pub private: bool,
    /// Which members its documents show, if they show one entry of each story; else `None`.
    pub one_per_story: Option<MemberQuery>,
    /// Which ids it gives to entries that are stored from now on.
    pub ids: EntryIds,
}

/// Which ids an output gives to entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryIds {
    /// Ids of its own, since readers show an entry of one id once, in whichever feed they find first.
    PerOutput,
    /// Those that every output gives.
    Shared,
}

/// An output as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOutput {
    /// Database id.
    pub id: OutputId,
    /// Name in the config.
    pub name: String,
    /// What its ids are made from. Unique; stays when it is renamed.
    pub key: String,
    /// When it was first configured.
    pub since: Timestamp,
    /// Hash of what decides its members; empty before the first evaluation.
    pub definition: String,
    /// Entries up to this revision are evaluated.
    pub watermark: i64,
    /// Whether it is, or was when it left the config, not for everybody.
    pub private: bool,
    /// When it left the config; `None` while the config names it.
    pub removed: Option<Timestamp>,
}

impl StoredOutput {
    /// The stored output that a configured one continues: the one of its name, else the first of its former names.
    pub fn find<'a>(stored: &'a [StoredOutput], name: &str, was: &[String]) -> Option<&'a StoredOutput> {
        let named = |name: &str| stored.iter().find(|output| output.name == name);
        named(name).or_else(|| was.iter().find_map(|former| named(former)))
    }
}

/// An entry for outputs to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The entry.
    pub entry: StoredEntry,
    /// Whether outputs show its article, once it has come.
    pub shows_article: bool,
    /// Its source.
    pub source: SourceId,
    /// Whether it came with the first poll of its source.
    pub first_poll: bool,
    /// Its story.
    pub story: StoryId,
    /// Whether it is the first entry of its story.
    pub is_first: bool,
    /// When the poll was made that brought it, or its latest edit.
    pub revised: Timestamp,
}

/// Another entry of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Entry number.
    pub entry: i64,
    /// Name of its source in the config.
    pub source: String,
    /// Title of its source.
    pub title: String,
    /// Its page.
    pub link: Option<String>,
    /// Whether the page is on the site that its source was read from.
    pub owns_link: bool,
    /// Whether the two entries are one story because of a common address, which one of them may have left since.
    pub is_at_address: bool,
}

/// The story of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryStory {
    /// Entry number.
    pub entry: i64,
    /// The story.
    pub story: StoryId,
    /// Number of the story's first entry; `None` once it is pruned.
    pub first: Option<i64>,
    /// Why the entry joined, for people; `None` if it is the first entry or the only one.
    pub reason: Option<String>,
    /// The other entries, the first one first, then in the order in which they joined.
    pub duplicates: Vec<Duplicate>,
}

/// An earlier entry that another one is much like, of another story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptApart {
    /// Its number.
    pub entry: i64,
    /// Why they are two stories, for people.
    pub reason: String,
}

/// An entry that joined a story.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The entry.
    pub entry: StoredEntry,
    /// The first entry of the story; `None` once it is pruned.
    pub first: Option<StoredEntry>,
    /// Why it joined, for people.
    pub reason: String,
    /// When it joined.
    pub joined: Timestamp,
}

/// An entry that enters an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Entry number.
    pub entry: i64,
    /// Its source.
    pub source: SourceId,
    /// When it counts as having entered. A member that is there already keeps its time.
    pub entered: Timestamp,
    /// JSON of the terms that matched.
    pub reasons: String,
}

/// The position of a member in its output. Members that a document leaves out for another reason than `limit` or
/// `per_source` do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPosition {
    /// When it counts as having entered.
    pub entered: Timestamp,
    /// JSON of the terms that matched when it entered.
    pub reasons: String,
    /// Number of members of the same source that entered later.
    pub later: usize,
    /// Number of members of each other source that entered later.
    pub later_of_others: Vec<usize>,
}

/// A set of members of an output. A new one is filled beside the current one when the output is new or edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(pub i64);

/// A member of an output, as one entry of its story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryMember {
    /// Entry number.
    pub entry: i64,
    /// Name of its source in the config.
    pub source: String,
    /// Whether the config has its source. Documents show no entries of another one.
    pub is_active: bool,
    /// Whether it is the first entry of its story.
    pub is_first: bool,
}

/// New members and the new watermark of an output, written in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The output.
    pub output: OutputId,
    /// What the output had evaluated when the evaluation began. If that has changed since, nothing is written.
    pub from: Progress,
    /// What it has evaluated now.
    pub to: Progress,
    /// Entries that enter.
    pub members: Vec<Member>,
    /// Entries that leave the generation again: another entry of their story has taken their place.
    pub displaced: Vec<i64>,
    /// Entries whose articles are wanted: to decide them, or to show them in the output.
    pub wanted_articles: Vec<i64>,
    /// Which members these are.
    pub update: MemberUpdate,
    /// Capacity of a new archive page, in entries.
    pub page_size: usize,
}

/// What an output has evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Hash of what decides its members.
    pub definition: String,
    /// Entries up to this revision are evaluated.
    pub watermark: i64,
}

/// Whether outputs have advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdvanceResult {
    /// All have.
    Written,
    /// At least one has not, because another process has advanced it meanwhile.
    Outdated,
}

/// Where an advance writes members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberUpdate {
    /// To the current ones, which stay: published entries are not withdrawn.
    Append,
    /// To a generation that nobody sees yet. Definition and watermark stay.
    Stage(Generation),
    /// To a generation that takes the place of the current one.
    Replace(Generation),
}

/// Which members of an output a document shows: the last ones to enter, within these limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberQuery {
    /// Maximum number of members.
    pub limit: usize,
    /// Maximum number of members of one source.
    pub per_source: Option<usize>,
    /// Members with an earlier date are left out.
    pub not_before: Option<Timestamp>,
}

/// What a daemon tells other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaemonStatus {
    /// The problems of the config files.
    ConfigError,
    /// When the daemon was last known to run.
    Heartbeat,
    /// The listen address of the last config that was applied. Only with a file: several daemons have several.
    Listen,
    /// The public URL of the last config that was applied. It is of the store: all daemons have the same.
    PublicUrl,
    /// Since when the network of this machine is down.
    NetworkDown,
    /// The entries that are left out of published documents, a message in each line.
    LeftOut,
}

/// A published document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The output.
    pub output: OutputId,
    /// File name extension of the format.
    pub format: String,
    /// Hash of the bytes.
    pub digest: String,
    /// When the bytes last changed.
    pub changed: Timestamp,
    /// They have the changes of entries up to this revision.
    pub revision: i64,
    /// Hash of what decides the bytes beside the entries.
    pub presentation_hash: String,
    /// Number of entries.
    pub entries: usize,
    /// The bytes, zstd-compressed.
    pub body: Vec<u8>,
    /// The file that it is also written to.
    pub file: Option<String>,
}

/// Whether the WebSub hub must be told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyHub {
    /// It must.
    Yes,
    /// There is no hub, or nothing to tell.
    No,
}

/// The size of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveSize {
    /// Number of pages; pages count from 1.
    pub pages: u32,
    /// Whether more entries were added to them than asked for.
    pub has_more: bool,
}

/// A page of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// Newest first.
    pub entries: Vec<StoredEntry>,
    /// A full page gets no more entries.
    pub is_full: bool,
}

/// A full archive page as it was first served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPage {
    /// File name extension of the format.
    pub format: String,
    /// The output's address in its links, without extension.
    pub address: String,
    /// When it was first served.
    pub changed: Timestamp,
    /// The bytes, zstd-compressed.
    pub body: Vec<u8>,
}

/// A change that the WebSub hub has not been told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The output.
    pub output: OutputId,
    /// When it changed.
    pub changed: Timestamp,
    /// Failed attempts so far.
    pub attempts: u32,
}
