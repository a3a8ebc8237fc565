//! The syntax of the filter language: text to tree and back. Pure.

mod lex;
mod mistakes;
mod parse;
mod problem;
mod term;
mod tree;

pub use parse::QueryContext;
pub(super) use parse::parse;
pub use problem::QueryProblem;
pub(super) use tree::{AgeComparison, Field, Node, NodeKind, Term, TermKind, TopicQuery};

#[cfg(test)]
mod tests;
