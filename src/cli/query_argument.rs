//! A query from the command line, its mistakes shown with carets. Writes to standard error.

use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{InvalidInput, terminal};
use crate::filter::{self, FailedTerm, Query, QueryContext, QueryProblem};

/// Parses a query. Warnings and mistakes are printed.
///
/// # Errors
/// The query is invalid.
pub fn parse(text: &str, query_context: &QueryContext) -> Result<Query, InvalidInput> {
    match filter::parse(text, query_context) {
        Ok(query) => {
            print_problems(text, query.warnings());
            Ok(query)
        }
        Err(problems) => {
            print_problems(text, &problems);
            Err(InvalidInput)
        }
    }
}

fn print_problems(text: &str, problems: &[QueryProblem]) {
    for problem in problems {
        let (level, title) = if problem.warning {
            (Level::WARNING, "the query may not do what you mean")
        } else {
            (Level::ERROR, "the query is invalid")
        };
        let start = problem.span.start.min(text.len());
        let annotation = AnnotationKind::Primary
            .span(start..problem.span.end.clamp(start, text.len()))
            .label(problem.label.as_str());
        let mut group = level.primary_title(title).element(Snippet::source(text).annotation(annotation));
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        terminal::diagnostics(&renderer(std::io::stderr().is_terminal()).render(&[group]));
    }
}

/// The query's text with a caret under each part that did not match.
pub fn render_failed_parts(query: &Query, refusals: &[FailedTerm]) -> String {
    let annotations = refusals
        .iter()
        .map(|refusal| AnnotationKind::Primary.span(refusal.span.clone()).label(refusal.label.as_str()));
    let snippet = Snippet::source(query.text()).annotations(annotations);
    renderer(std::io::stdout().is_terminal()).render(&[Group::with_level(Level::NOTE).element(snippet)])
}

fn renderer(is_terminal: bool) -> Renderer {
    if terminal::wants_colours(is_terminal) { Renderer::styled() } else { Renderer::plain() }
}
