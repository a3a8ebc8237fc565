//! The store of sources, entries, stories and outputs. I/O: the database file.
//!
//! Reader threads answer queries. One writer thread runs the commands and groups those that wait into one
//! transaction. The caller of [`open`] starts and joins these threads; the store spawns none.

mod articles;
mod history;
mod model;
mod sqlite;

pub use articles::{
    ARTICLES_PER_POLL, ArticleClaim, ArticleClaimResult, ArticleCounts, ArticleCountsBySource,
    ArticleOutcome, ArticleResult, ReadArticle, StoredRobots, WantedArticle,
};
pub use history::{OutputShare, SourceDay, SourceHistory};
pub use model::{
    Advance, AdvanceResult, ArchivePage, ArchiveSize, Candidate, Claim, ClaimResult, Claimant,
    ConfiguredOutput, ConfiguredSource, DaemonStatus, Duplicate, EntryIds, EntryStory, Generation, InFeed,
    KeptApart, Member, MemberPosition, MemberQuery, MemberUpdate, Merge, NextPoll, NotifyHub, Options,
    OutputId, Ping, Poll, PollResult, Progress, Rendering, SourceId, StoredOutput, StoredPage, StoredSource,
    StoryId, StoryMember,
};
pub use sqlite::{
    Error, FileSizes, JobCounter, Lock, NeighbourPages, SalvagedTable, Store, Worker, Workers, backup,
    check_integrity, file_sizes, has_daemon, lock, open, open_locked, recovery_advice, salvage,
    sqlite_version,
};
