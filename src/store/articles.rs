//! The types of the store's queries and commands about articles. Pure.

use jiff::Timestamp;

use super::model::SourceId;
use crate::entry::{Author, StoredEntry};
use crate::source::Validators;

/// The most articles of a source that are requested between two polls.
pub const ARTICLES_PER_POLL: usize = 20;

/// An article that is still to be requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedArticle {
    /// Number of its entry.
    pub entry: i64,
    /// Name of the source in the config.
    pub source: String,
    /// Its page.
    pub link: String,
    /// When it may be requested.
    pub due: Timestamp,
}

/// The exclusive right to request an article, for a limited time.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleClaim {
    /// Its entry.
    pub entry: StoredEntry,
    /// Identifies the claim among those of the article: only while it is the last one may its result be written.
    pub number: i64,
    /// Those of an article that was read before.
    pub validators: Option<Validators>,
    /// Whether its host has a budget to keep.
    pub has_budget: bool,
}

/// The answer to a claim of an article.
#[derive(Clone, Debug, PartialEq)]
pub enum ArticleClaimResult {
    /// It is claimed.
    Claimed(Box<ArticleClaim>),
    /// Its host takes no requests until this time.
    HostHeld(Timestamp),
    /// It is not to be requested now: another process does, or its source has had enough requests.
    NotDue,
}

/// How a claim of an article ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleResult {
    /// Number of the entry.
    pub entry: i64,
    /// Number of the claim.
    pub claim: i64,
    /// What came of it.
    pub outcome: ArticleOutcome,
    /// The time now.
    pub now: Timestamp,
}

/// What came of a claim of an article.
#[derive(Clone, Debug, PartialEq)]
pub enum ArticleOutcome {
    /// The page has an article.
    Read(Box<ReadArticle>),
    /// The page is the one that was read before.
    NotModified,
    /// There is none; the reason, for people.
    Refused(String),
    /// The page may not be requested; the reason, for people. Nothing was.
    Forbidden(String),
    /// There was no page. It is requested again at this time, if it was the first try.
    Failed {
        /// For people.
        reason: String,
        /// See above.
        retry: Timestamp,
    },
    /// Nothing can be said of it. It counts as no try, and is requested at this time.
    Postponed {
        /// For people.
        reason: String,
        /// See above.
        until: Timestamp,
    },
}

/// An article that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadArticle {
    /// Its text, as a safe HTML fragment.
    pub html: String,
    /// Hash of its words.
    pub text_hash: Vec<u8>,
    /// The language that the page declares.
    pub language: Option<String>,
    /// For an entry without one.
    pub title: Option<String>,
    /// For an entry without any.
    pub authors: Vec<Author>,
    /// For an entry without one.
    pub published: Option<Timestamp>,
    /// Those of the page.
    pub validators: Option<Validators>,
}

/// What is known of the robots.txt of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredRobots {
    /// The file.
    File(Vec<u8>),
    /// There is none: every page may be requested.
    None,
    /// It could not be read until this time; the reason, for people.
    Unknown(String, Timestamp),
}

/// What became of a source's articles within 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleCounts {
    /// How many were read.
    pub read: u64,
    /// How many entries were decided without theirs.
    pub missing: u64,
    /// How many are expected.
    pub expected: u64,
    /// How many were requested.
    pub requested: u64,
    /// How many may be.
    pub limit: u64,
    /// Why the last one did not come, and when that was known.
    pub last_reason: Option<(Timestamp, String)>,
}

impl ArticleCounts {
    /// Whether no more are requested for now.
    #[must_use]
    pub fn is_at_limit(&self) -> bool {
        self.expected > 0 && self.requested >= self.limit
    }

    /// For people; empty if there were none.
    #[must_use]
    pub fn in_words(&self) -> String {
        let ArticleCounts { read, missing, expected, limit, last_reason, .. } = self;
        if read + missing + expected == 0 {
            return String::new();
        }
        let last =
            last_reason.as_ref().map_or_else(String::new, |(_, reason)| format!(" (the last one: {reason})"));
        let more =
            if self.is_at_limit() { format!("; no more than {limit} are requested") } else { String::new() };
        format!("{read} read, {missing} did not come{last}, {expected} expected{more}")
    }
}

/// The articles of a source.
pub type ArticleCountsBySource = std::collections::HashMap<SourceId, ArticleCounts>;
