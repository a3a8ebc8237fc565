//! What the store tells of the past of a source. Pure.

use jiff::Timestamp;

use super::model::OutputId;

/// The polls and entries of a source on a day, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceDay {
    /// Days since 1970.
    pub day: i64,
    /// Entries that are dated on it.
    pub entries: u32,
    /// Polls that read a document.
    pub read: u32,
    /// Polls after which nothing had changed.
    pub not_modified: u32,
    /// Polls that failed.
    pub failed: u32,
}

/// How much of an output is of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputShare {
    /// The output.
    pub output: OutputId,
    /// How many of the entries that entered last are of the source.
    pub of_source: u32,
    /// How many entries that are.
    pub all: u32,
}

/// The last days of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceHistory {
    /// The days on which something happened, the oldest first.
    pub days: Vec<SourceDay>,
    /// The last failure of each day that has one, the newest first.
    pub failures: Vec<(Timestamp, String)>,
    /// Of each configured output.
    pub shares: Vec<OutputShare>,
    /// How many entries of it are kept, up to a bound.
    pub entries: u32,
}
