//! The query language: text to tree, folding, one evaluator. Pure.

mod eval;
mod syntax;
pub mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

pub use eval::{Answer, Matcher, Reason, Subject};
pub use words::plain_text;

/// What a query may refer to beyond its own text.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// The user's topics: name, query text.
    pub topics: BTreeMap<String, String>,
    /// The languages of the config, as BCP 47 tags: which word forms Latin words get beside English.
    pub languages: Vec<String>,
}

/// A parsed, checked query. `Display` prints it so that it parses back to the same.
#[derive(Clone, Debug)]
pub struct Query {
    node: syntax::Node,
}

impl Query {
    /// The query that matches every entry.
    #[must_use]
    pub fn everything() -> Query {
        Query { node: syntax::Node::All(Vec::new()) }
    }
}

/// Queries are equal when they say the same, wherever in a text they stood.
impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.to_string() == other.to_string()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// One mistake in a query, to be shown with a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the query's text.
    pub span: Range<usize>,
    /// What is wrong there.
    pub label: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// A hint that something legal may not be meant: the query is used all the same.
    pub warning: bool,
}

/// Parses and checks a query.
///
/// # Errors
/// All problems at once, in the order of the text.
pub fn parse(text: &str, dictionary: &Dictionary) -> Result<Query, Vec<Problem>> {
    syntax::parse(text, dictionary, &mut Vec::new()).map(|node| Query { node })
}

/// Checks the user's topics themselves, used or not: the topic's name beside each problem.
#[must_use]
pub fn check_topics(dictionary: &Dictionary) -> Vec<(String, Problem)> {
    let mut problems = Vec::new();
    for (name, text) in &dictionary.topics {
        let found = syntax::parse(text, dictionary, &mut vec![name.clone()]).err().unwrap_or_default();
        problems.extend(found.into_iter().map(|problem| (name.clone(), problem)));
    }
    problems
}
