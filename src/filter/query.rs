//! A parsed and checked query. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::listing;
use super::syntax::{self, Node, QueryContext, QueryProblem};

/// A parsed, checked query. `Display` prints text that parses back to an equal query.
#[derive(Clone, Debug)]
pub struct Query {
    text: Arc<str>,
    pub(super) node: Node,
    pub(super) languages: Arc<[String]>,
    warnings: Vec<QueryProblem>,
}

impl Query {
    /// The query that matches every entry.
    #[must_use]
    pub fn match_all() -> Query {
        Query {
            text: Arc::from(""),
            node: Node::match_all(0..0),
            languages: Arc::from([]),
            warnings: Vec::new(),
        }
    }

    /// The text as the user wrote it. The spans of [`super::FailedTerm`] are byte ranges of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The folded words that each term searches for, in the order of the text: the printed term and its
    /// words. `a|b c` is a phrase whose first word is `a` or `b`; `c*` is any word that starts with `c`.
    /// Terms that search for no words, such as regular expressions, are left out.
    #[must_use]
    pub fn term_words(&self) -> Vec<(String, Vec<String>)> {
        listing::term_words(&self.node, &self.languages)
    }

    /// The names of the user's topics that it uses, also of those that these use, each once.
    #[must_use]
    pub fn topics(&self) -> BTreeSet<&str> {
        let mut topics = BTreeSet::new();
        listing::collect_topics(&self.node, &mut topics);
        topics
    }

    /// Valid parts that are probably mistakes, in the order of the text.
    #[must_use]
    pub fn warnings(&self) -> &[QueryProblem] {
        &self.warnings
    }
}

/// Queries are equal when they mean the same; spans and warnings are ignored.
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

/// Parses and checks a query.
///
/// # Errors
/// All problems of the text, in its order; warnings are among them.
pub fn parse(text: &str, context: &QueryContext) -> Result<Query, Vec<QueryProblem>> {
    syntax::parse(text, context).map(|(node, warnings)| Query {
        text: Arc::from(text),
        node,
        languages: Arc::clone(&context.languages),
        warnings,
    })
}
