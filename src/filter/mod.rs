//! The query language: text to tree, folding, one evaluator. Pure.

mod compile;
mod eval;
mod matcher;
mod syntax;
mod text;
pub mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use eval::{FailedTerm, MatchReason};
pub use matcher::{Hit, Matcher};
pub use text::Subject;

/// The manual of the language, for `siftwire help filter`.
pub const MANUAL: &str = include_str!("reference.md");

/// What a query may refer to beyond its own text.
#[derive(Clone, Debug, Default)]
pub struct QueryContext {
    /// The user's topics: name, query text.
    pub topics: BTreeMap<String, String>,
    /// The languages of the config, as BCP 47 tags: which word forms Latin words get beside English.
    pub languages: Arc<[String]>,
}

/// A parsed, checked query. `Display` prints it so that it parses back to the same.
#[derive(Clone, Debug)]
pub struct Query {
    text: Arc<str>,
    node: syntax::Node,
    languages: Arc<[String]>,
    warnings: Vec<QueryProblem>,
}

impl Query {
    /// The query that matches every entry.
    #[must_use]
    pub fn match_all() -> Query {
        let node = syntax::Node { span: 0..0, kind: syntax::Kind::All(Vec::new()) };
        Query { text: Arc::from(""), node, languages: Arc::from([]), warnings: Vec::new() }
    }

    /// As the user wrote it: what the spans of [`FailedTerm`] point into.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What each term stands for, in the order of the text: the term as it is printed, and folded words;
    /// `a|b c` is a row of words of which the first may be either, `c*` every word that begins so. Terms
    /// that look for no words, such as regular expressions, are left out.
    #[must_use]
    pub fn term_words(&self) -> Vec<(String, Vec<String>)> {
        compile::term_words(self)
    }

    /// What is legal but may not be meant, in the order of the text.
    #[must_use]
    pub fn warnings(&self) -> &[QueryProblem] {
        &self.warnings
    }
}

/// Queries are equal when they say the same, wherever in a text they stood.
impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.node == other.node && self.languages == other.languages
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// One mistake in a query, to be shown with a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryProblem {
    /// Bytes of the query's text.
    pub span: Range<usize>,
    /// What is wrong there.
    pub label: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// A hint that something legal may not be meant: the query is used all the same.
    pub warning: bool,
}

impl QueryProblem {
    fn error(span: Range<usize>, label: impl Into<String>, hint: Option<&str>) -> QueryProblem {
        QueryProblem { span, label: label.into(), hint: hint.map(Into::into), warning: false }
    }
}

/// Parses and checks a query.
///
/// # Errors
/// All problems at once, in the order of the text.
pub fn parse(text: &str, query_context: &QueryContext) -> Result<Query, Vec<QueryProblem>> {
    syntax::parse(text, query_context).map(|parsed| Query {
        text: Arc::from(text),
        node: parsed.node,
        languages: Arc::clone(&query_context.languages),
        warnings: parsed.warnings,
    })
}
