//! A mistake in a query, and suggestions for misspelt names. Pure.

use std::ops::Range;

/// One mistake in a query, shown to the user with a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryProblem {
    /// Byte range of the query's text.
    pub span: Range<usize>,
    /// What is wrong there.
    pub label: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The text is valid but probably not meant this way; the query is still used.
    pub warning: bool,
}

impl QueryProblem {
    pub(super) fn error(span: Range<usize>, label: impl Into<String>) -> QueryProblem {
        QueryProblem { span, label: label.into(), hint: None, warning: false }
    }

    pub(super) fn warning(span: Range<usize>, label: impl Into<String>) -> QueryProblem {
        QueryProblem { warning: true, ..QueryProblem::error(span, label) }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> QueryProblem {
        QueryProblem { hint: Some(hint.into()), ..self }
    }
}
