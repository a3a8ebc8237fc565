//! The filter language: queries are parsed, compiled together and matched against entries. Pure.

mod automaton;
mod compile;
mod entry_languages;
mod eval;
mod matcher;
mod query;
mod subject;
mod syntax;
pub mod words;

pub use eval::{FailedTerm, MatchReason};
pub use matcher::{Hit, Matcher};
pub use query::{Query, parse};
pub use subject::Subject;
pub use syntax::{QueryContext, QueryProblem};

/// The manual of the filter language, printed by `siftwire help filter`.
pub const MANUAL: &str = include_str!("reference.md");

#[cfg(test)]
mod tests;
