//! A query given on the command line: parsed, its mistakes shown with carets. Door: standard error.

use std::io::IsTerminal;
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::filter::{self, FailedTerm, Query, QueryContext, QueryProblem};

/// The query; of one that cannot be read all problems have been told, and the exit code is 2.
pub fn read(text: &str, query_context: &QueryContext) -> Result<Query, ExitCode> {
    match filter::parse(text, query_context) {
        Ok(query) => {
            tell(text, query.warnings());
            Ok(query)
        }
        Err(problems) => {
            tell(text, &problems);
            Err(ExitCode::from(2))
        }
    }
}

fn tell(text: &str, problems: &[QueryProblem]) {
    for problem in problems {
        let (level, title) = if problem.warning {
            (Level::WARNING, "the query may not say what you mean")
        } else {
            (Level::ERROR, "the query cannot be used")
        };
        let start = problem.span.start.min(text.len());
        let mark = AnnotationKind::Primary
            .span(start..problem.span.end.clamp(start, text.len()))
            .label(problem.label.as_str());
        let mut group = level.primary_title(title).element(Snippet::source(text).annotation(mark));
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        super::say(&renderer(std::io::stderr().is_terminal()).render(&[group]));
    }
}

/// The query's text with a caret beneath each part that failed.
pub fn failed_parts(query: &Query, refusals: &[FailedTerm]) -> String {
    let marks = refusals
        .iter()
        .map(|refusal| AnnotationKind::Primary.span(refusal.span.clone()).label(refusal.label.as_str()));
    let snippet = Snippet::source(query.text()).annotations(marks);
    renderer(std::io::stdout().is_terminal())
        .render(&[annotate_snippets::Group::with_level(Level::NOTE).element(snippet)])
}

fn renderer(is_terminal: bool) -> Renderer {
    if super::is_coloured(is_terminal) { Renderer::styled() } else { Renderer::plain() }
}
