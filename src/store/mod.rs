//! The memory: the program's questions and commands, in its own words.
//!
//! Questions are answered by readers, commands by one writer that groups what is waiting into one
//! transaction. Both run on threads that the caller of [`open`] starts and joins, so that nothing
//! is spawned here.

mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::entry::StoredEntry;
use crate::entry::change::Change;
use crate::source::{HealthEvent, SourceState};

pub use sqlite::{
    Error, Lock, Salvaged, Sizes, Store, Workers, advice, backup, examine, lock, open, open_locked, salvage,
    sizes, sqlite_version,
};

/// What the store needs to know from the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The SQLite file, absolute.
    pub path: PathBuf,
    /// Entries older than this go; their ids are remembered.
    pub keep: Duration,
}

/// The store's number for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// The store's number for an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputId(pub i64);

/// A source of the config, as far as the store is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredSource {
    /// Its name.
    pub name: String,
    /// Its address, without credentials.
    pub url: String,
    /// What counts as its host: sources of one host are not polled together.
    pub host: String,
    /// The user's title for it.
    pub title: Option<String>,
    /// The user's word on its language.
    pub language: Option<String>,
}

/// A source as the store remembers it.
#[derive(Clone, Debug, PartialEq)]
pub struct RememberedSource {
    /// The store's number.
    pub id: SourceId,
    /// Its name in the config.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What is remembered from poll to poll.
    pub state: SourceState,
}

/// The right to poll a source, until a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The source.
    pub source: SourceId,
    /// Its name in the config.
    pub name: String,
    /// What counts as its host.
    pub host: String,
    /// What is remembered of it.
    pub state: SourceState,
}

/// Which claims are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// Of sources whose time has come.
    No,
    /// Also of others: the operator wants them polled now.
    Yes,
}

/// What comes of the wish to poll a source.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimResult {
    /// It is claimed.
    Claimed(Box<Claim>),
    /// It is not due before then, or somebody else has claimed it until then.
    NotDue(SourceId, Timestamp),
    /// It has left the config.
    Gone(SourceId),
}

/// When a source may be polled next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The source.
    pub source: SourceId,
    /// Its name in the config.
    pub name: String,
    /// What counts as its host.
    pub host: String,
    /// When it is due, or when the claim on it ends if that is later; 1970 before the first poll.
    pub due: Timestamp,
}

/// What one poll leaves behind: written in one transaction, or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    /// The source.
    pub source: SourceId,
    /// Validators, next poll time, outcome.
    pub state: SourceState,
    /// Newest entry first, so that the newest of a first poll have the lowest revisions.
    pub changes: Vec<Change>,
    /// What the operator should hear of it.
    pub health: Vec<HealthEvent>,
    /// Which known entries the document lists; `None`: there was none, and the last one counts.
    pub listed: Option<Listed>,
}

/// The store's numbers of the known entries that a document lists; those that are new are of them anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The document came whole.
    All(Vec<i64>),
    /// It was cut off: what the one before it listed may be listed still.
    Some(Vec<i64>),
}

/// An output of the config, as far as the store is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredOutput {
    /// Its name.
    pub name: String,
}

/// An output as the store remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedOutput {
    /// The store's number.
    pub id: OutputId,
    /// Its name.
    pub name: String,
    /// When it was first configured.
    pub since: Timestamp,
    /// Digest of what decided its members; empty before the first evaluation.
    pub definition: String,
    /// Entries up to this revision have been evaluated.
    pub watermark: i64,
    /// Whether the config names it.
    pub active: bool,
}

/// An entry for an output to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The entry.
    pub entry: StoredEntry,
    /// Whether it came with the first poll of its source.
    pub debut: bool,
    /// The story that it tells: the number of the story's first entry, its own where it joined none.
    pub story: i64,
}

/// Another entry of a story, as readers are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The store's number.
    pub entry: i64,
    /// Its source's name in the config.
    pub source: String,
    /// What its source is called.
    pub title: String,
    /// Its page.
    pub link: Option<String>,
}

/// How an entry stands in its story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InStory {
    /// The store's number.
    pub entry: i64,
    /// The number of the story's first entry.
    pub story: i64,
    /// Why it joined, in words; `None` for the first and for one that stands alone.
    pub why: Option<String>,
    /// The others, in the order in which they joined.
    pub duplicates: Vec<Duplicate>,
}

/// An entry that joined a story.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The entry.
    pub entry: StoredEntry,
    /// The first of the story, if it is still kept.
    pub first: Option<StoredEntry>,
    /// Why, in words.
    pub why: String,
    /// When.
    pub joined: Timestamp,
}

/// One entry that enters an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The store's number of the entry.
    pub entry: i64,
    /// The entry's published date.
    pub date: Timestamp,
    /// JSON of the reasons.
    pub why: String,
}

/// How a member stands in its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The date that decides its place.
    pub date: Timestamp,
    /// JSON of the reasons for which it entered.
    pub why: String,
    /// How many newer members are of its source.
    pub newer: usize,
    /// How many newer members each other source has.
    pub newer_of_others: Vec<usize>,
}

/// How far an output has come: its members and its watermark, written in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The output.
    pub output: OutputId,
    /// Digest of what decided the members.
    pub definition: String,
    /// Entries up to this revision have been evaluated.
    pub watermark: i64,
    /// Who enters.
    pub members: Vec<Member>,
    /// What happens to those who are in already.
    pub update: MemberUpdate,
    /// How many entries a new archive page takes.
    pub page_size: usize,
}

/// What an advance does to the members that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberUpdate {
    /// They stay: an entry that was published is not taken back.
    Append,
    /// They go: the output was defined anew.
    Replace,
}

/// Which members of an output to read, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// At most so many.
    pub limit: usize,
    /// At most so many of one source.
    pub per_source: Option<usize>,
    /// None that is older.
    pub not_before: Option<Timestamp>,
}

/// What the daemon says of itself, for other processes to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// What is wrong with the config as it stands in the files.
    Config,
    /// When the daemon last said that it is there.
    Alive,
}

/// A document as it is published, and when its bytes last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The output.
    pub output: OutputId,
    /// The format's extension.
    pub format: String,
    /// Digest of the bytes.
    pub digest: String,
    /// When they became so.
    pub changed: Timestamp,
    /// Digest of what, beside the entries, decides them.
    pub look: String,
    /// How many entries it lists.
    pub entries: usize,
    /// The bytes in zstd; empty where they were asked for without.
    pub body: Vec<u8>,
}

/// Whether a hub is to hear of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyHub {
    /// It is.
    Yes,
    /// There is none, or nothing to tell.
    No,
}

/// How far an archive goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Pages, numbered from 1.
    pub pages: u32,
    /// Entries that have entered them.
    pub entries: u64,
}

/// A page of an output's past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// Newest first.
    pub entries: Vec<StoredEntry>,
    /// Whether nothing enters it any more.
    pub is_full: bool,
}

/// A full archive page as it was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The format's extension.
    pub format: String,
    /// The `public_url` that its links name.
    pub base: String,
    /// When it was first given out.
    pub changed: Timestamp,
    /// The bytes in zstd.
    pub body: Vec<u8>,
}

/// A change that the hub has not heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The output.
    pub output: OutputId,
    /// When it changed.
    pub changed: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
}
