//! What is wrong with the config, all of it at once, and how it is shown. Pure.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One file of the config, as it is shown in problems: same bytes in the same places, but secrets
/// are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its text, secrets masked.
    pub text: String,
}

/// A stretch of one of the config's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Which file, in the order of reading.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl At {
    /// A stretch of bytes of a file.
    pub fn new(file: usize, span: Range<usize>) -> Self {
        Self { file, start: span.start, end: span.end }
    }

    fn span(&self, text: &str) -> Range<usize> {
        let whole = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        whole(self.start)..whole(self.end.max(self.start))
    }
}

/// Whether the config can be used in spite of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but may not do what was meant.
    Warning,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub weight: Severity,
    /// What is wrong, in one sentence that stands alone.
    pub title: String,
    /// Where, if in a file.
    pub at: Option<At>,
    /// The words at the caret; may be empty.
    pub label: String,
    /// The other place that it clashes with, and the words there.
    pub other: Option<(At, String)>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Problem {
    /// An error somewhere in a file.
    pub fn error(at: At, title: impl Into<String>) -> Self {
        Self {
            weight: Severity::Error,
            title: title.into(),
            at: Some(at),
            label: String::new(),
            other: None,
            hint: None,
        }
    }

    /// Something legal that may not be meant.
    pub fn warning(at: At, title: impl Into<String>) -> Self {
        Self { weight: Severity::Warning, ..Self::error(at, title) }
    }

    /// An error that no line of a file is to blame for.
    pub fn nowhere(title: impl Into<String>) -> Self {
        Self { at: None, ..Self::error(At::new(0, 0..0), title) }
    }

    /// The same with words at the caret.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same with the other place that it clashes with.
    #[must_use]
    pub fn against(self, at: At, label: impl Into<String>) -> Self {
        Self { other: Some((at, label.into())), ..self }
    }
}

/// Everything that is wrong, sorted by file and position, with the text that it is shown in.
/// `Display` is the plain form of [`Problems::render`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    files: Arc<[Shown]>,
    list: Vec<Problem>,
}

/// With or without terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// ANSI colours.
    Coloured,
}

impl Problems {
    pub(super) fn new(files: Arc<[Shown]>, mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| a.at.cmp(&b.at));
        list.dedup();
        Self { files, list }
    }

    /// The problems, in order.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Each problem with file, line, column, the line itself and a caret.
    pub fn render(&self, paint: Paint) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Coloured => Renderer::styled(),
        };
        let shown: Vec<String> =
            self.list.iter().map(|problem| renderer.render(&[self.report(problem)])).collect();
        shown.join("\n\n")
    }

    fn report<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let level = match problem.weight {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(problem.title.as_str()));
        if let Some((at, file)) = problem.at.as_ref().and_then(|at| Some((at, self.files.get(at.file)?))) {
            let mut mark = AnnotationKind::Primary.span(at.span(&file.text));
            if !problem.label.is_empty() {
                mark = mark.label(problem.label.as_str());
            }
            let mut snippet = snippet(file).annotation(mark);
            let mut elsewhere = None;
            if let Some((other, label)) = &problem.other
                && let Some(other_file) = self.files.get(other.file)
            {
                let mark = AnnotationKind::Context.span(other.span(&other_file.text)).label(label.as_str());
                if other.file == at.file {
                    snippet = snippet.annotation(mark);
                } else {
                    elsewhere = Some(self::snippet(other_file).annotation(mark));
                }
            }
            group = group.element(snippet);
            if let Some(elsewhere) = elsewhere {
                group = group.element(elsewhere);
            }
        }
        match &problem.hint {
            Some(hint) => group.element(Level::HELP.message(hint.as_str())),
            None => group,
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Paint::Plain))
    }
}

impl std::error::Error for Problems {}

fn snippet(file: &Shown) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(file.text.as_str()).path(file.path.to_string_lossy().into_owned())
}

/// The word of `known` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).max(2);
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= bound && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
