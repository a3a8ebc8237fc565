//! The filter language: queries are parsed, compiled together and matched against entries. Pure.

mod compile;
mod compiled;
mod context;
mod entry_languages;
mod entry_set;
mod eval;
mod evidence;
mod listing;
mod matcher;
mod namesakes;
mod pattern_table;
mod query;
mod signs;
mod spelling;
mod subject;
mod syntax;
mod topic;
mod word_index;
mod word_lists;
pub mod words;

pub use eval::{FailedTerm, MatchReason};
pub use matcher::{Hit, Hits, Matcher, QueryResult};
pub use query::{Query, parse};
pub use subject::Subject;
pub use syntax::{QueryContext, QueryProblem};
pub use word_index::{PredictedMatch, Prediction, WordIndex};
pub use word_lists::large_list;

/// The manual of the filter language, printed by `siftwire help filter`.
pub const MANUAL: &str = include_str!("reference.md");

#[cfg(test)]
mod article_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod topic_tests;
