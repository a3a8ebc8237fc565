//! The memory: the program's questions and commands, in its own words.

use std::path::PathBuf;
use std::time::Duration;

/// What the store needs to know from the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The SQLite file, absolute.
    pub path: PathBuf,
    /// Entries older than this go; their ids are remembered.
    pub keep: Duration,
}
