//! The store of sources, entries, stories and outputs. I/O: an SQLite file, or a PostgreSQL database.
//!
//! Reader threads answer queries. One writer thread runs the commands and groups those that wait into one
//! transaction. The caller of [`open`] starts and joins these threads; the store spawns none.

mod articles;
mod claimer;
mod config_edit;
mod copy;
mod daemons;
mod database;
mod dedup_index;
mod dispatch;
mod error;
mod handle;
mod history;
mod jobs;
mod location;
mod model;
mod postgres;
mod schema;
mod server;
mod server_error;
mod sizes;
mod sql;
mod sqlite;
mod tables;
mod unreadable;
mod values;

pub use articles::{
    ARTICLES_PER_POLL, ArticleClaim, ArticleClaimResult, ArticleCounts, ArticleCountsBySource,
    ArticleOutcome, ArticleResult, ReadArticle, StoredRobots, WantedArticle,
};
pub use config_edit::{ConfigEdit, ConfigReading, ConfigStanding, SyncedConfig};
pub use copy::{CopiedTable, CopyProgress, copy};
pub use daemons::{ConfigInForce, DaemonDescription, LivingDaemon, MAX_SILENCE, Sharing, UnpolledHosts};
pub use dispatch::{backup, check_integrity, has_daemon, lock, open, open_locked, salvage};
pub use error::{Error, recovery_advice};
pub use handle::Store;
pub use history::{OutputShare, SourceDay, SourceHistory};
pub use jobs::{JobCounter, Worker, Workers};
pub use location::StoreLocation;
pub use model::{
    Advance, AdvanceResult, ArchivePage, ArchiveSize, Candidate, Claim, ClaimResult, Claimant,
    ConfiguredOutput, ConfiguredSource, DaemonStatus, Duplicate, EntryIds, EntryStory, Generation, InFeed,
    KeptApart, Member, MemberPosition, MemberQuery, MemberUpdate, Merge, NextPoll, NotifyHub, Options,
    OutputId, Ping, Poll, PollResult, Progress, Rendering, SourceId, StoredOutput, StoredPage, StoredSource,
    StoryId, StoryMember,
};
pub use server::Server;
pub use sqlite::{FileSizes, Lock, SalvagedTable, sqlite_version};
pub use tables::{ConfigAgreement, NeighbourPages};
