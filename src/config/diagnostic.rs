//! Mistakes in the config, and how they are rendered. Pure.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A config file as diagnostics quote it: byte offsets are those of the file, secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedFile {
    /// The file's path.
    pub path: PathBuf,
    /// Its text, secrets masked.
    pub text: String,
}

/// A range of bytes in one of the config's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSpan {
    /// Index of the file, in reading order.
    pub file: usize,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl FileSpan {
    /// A range of bytes in a file.
    pub fn new(file: usize, span: Range<usize>) -> Self {
        Self { file, start: span.start, end: span.end }
    }

    /// The range, cut to the text and to character boundaries.
    fn range_in(&self, text: &str) -> Range<usize> {
        let start = text.floor_char_boundary(self.start);
        start..text.floor_char_boundary(self.end).max(start)
    }
}

/// Whether the config can be used in spite of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The config is rejected.
    Error,
    /// The config is used, but may not do what was meant.
    Warning,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One sentence that can stand alone.
    pub title: String,
    /// The place in a file, if there is one.
    pub span: Option<FileSpan>,
    /// The text at the caret; may be empty.
    pub label: String,
    /// A second place that the first conflicts with, and its label.
    pub related: Option<(FileSpan, String)>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a place in a file.
    pub fn error(span: FileSpan, title: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::error_without_span(title) }
    }

    /// A warning at a place in a file.
    pub fn warning(span: FileSpan, title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, title) }
    }

    /// An error that belongs to no line, such as an unreadable file.
    pub fn error_without_span(title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            title: title.into(),
            span: None,
            label: String::new(),
            related: None,
            hint: None,
        }
    }

    /// Sets the label.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Sets the second place.
    #[must_use]
    pub fn related(self, span: FileSpan, label: impl Into<String>) -> Self {
        Self { related: Some((span, label.into())), ..self }
    }
}

/// All mistakes of a config, sorted by file and position, with the files that they quote. `Display` renders them
/// without colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    files: Arc<[MaskedFile]>,
    list: Vec<Diagnostic>,
}

/// Whether diagnostics are rendered with terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Styling {
    /// No colours.
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

impl Diagnostics {
    pub(super) fn new(files: Arc<[MaskedFile]>, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by(|a, b| a.span.cmp(&b.span));
        list.dedup();
        Self { files, list }
    }

    /// The mistakes, in order.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Each mistake with file, line, column, the source line and a caret.
    pub fn render(&self, styling: Styling) -> String {
        let renderer = match styling {
            Styling::Plain => Renderer::plain(),
            Styling::Ansi => Renderer::styled(),
        };
        let rendered: Vec<String> =
            self.list.iter().map(|diagnostic| renderer.render(&[self.group(diagnostic)])).collect();
        rendered.join("\n\n")
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(diagnostic.title.as_str()));
        if let Some((span, file)) =
            diagnostic.span.as_ref().and_then(|span| Some((span, self.files.get(span.file)?)))
        {
            let mut primary = AnnotationKind::Primary.span(span.range_in(&file.text));
            if !diagnostic.label.is_empty() {
                primary = primary.label(diagnostic.label.as_str());
            }
            let mut snippet = snippet(file).annotation(primary);
            let mut second_snippet = None;
            if let Some((related, label)) = &diagnostic.related
                && let Some(related_file) = self.files.get(related.file)
            {
                let range = related.range_in(&related_file.text);
                let context = AnnotationKind::Context.span(range).label(label.as_str());
                if related.file == span.file {
                    snippet = snippet.annotation(context);
                } else {
                    second_snippet = Some(self::snippet(related_file).annotation(context));
                }
            }
            group = group.element(snippet);
            if let Some(second_snippet) = second_snippet {
                group = group.element(second_snippet);
            }
        }
        match &diagnostic.hint {
            Some(hint) => group.element(Level::HELP.message(hint.as_str())),
            None => group,
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Styling::Plain))
    }
}

impl std::error::Error for Diagnostics {}

fn snippet(file: &MaskedFile) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(file.text.as_str()).path(file.path.to_string_lossy().into_owned())
}
