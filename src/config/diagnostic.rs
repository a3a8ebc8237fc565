//! Mistakes in the config, and how they are rendered. Pure.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::locate::DROP_IN_DIRECTORY;

/// The most mistakes in a summary.
const MAX_SUMMARY_LINES: usize = 20;

/// Two places of one file that are not further apart are shown together.
const NEAR_LINES: usize = 1000;

/// A config file as diagnostics quote it: byte offsets are those of the file, secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedFile {
    path: PathBuf,
    /// Its text, secrets masked.
    text: String,
    /// For each byte, whether it is masked.
    masked: Vec<bool>,
    /// The offset at which each line starts.
    line_starts: Vec<usize>,
}

impl MaskedFile {
    pub(super) fn new(path: PathBuf, text: &str, masked_text: String) -> MaskedFile {
        let masked = text.bytes().zip(masked_text.bytes()).map(|(byte, masked)| byte != masked).collect();
        let line_ends = masked_text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(line_ends).collect();
        MaskedFile { path, text: masked_text, masked, line_starts }
    }

    /// The index of the line with this offset.
    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The lines of `ranges` alone, with `ranges` marked in them: the renderer reads all that it is given, for each mistake.
    fn snippet<'a>(
        &'a self,
        ranges: impl IntoIterator<Item = (Range<usize>, AnnotationKind, &'a str)> + Clone,
    ) -> Snippet<'a, Annotation<'a>> {
        let first = ranges.clone().into_iter().map(|(range, ..)| self.line(range.start)).min().unwrap_or(0);
        let last = ranges.clone().into_iter().map(|(range, ..)| self.line(range.end)).max().unwrap_or(0);
        let start = self.line_starts.get(first).copied().unwrap_or(0);
        let end = self.line_starts.get(last + 1).copied().unwrap_or(self.text.len());
        let annotations = ranges.into_iter().map(|(range, kind, label)| {
            let annotation = kind.span(range.start - start..range.end - start);
            if label.is_empty() { annotation } else { annotation.label(label) }
        });
        Snippet::source(&self.text[start..end])
            .line_start(first + 1)
            .path(self.path.to_string_lossy())
            .annotations(annotations)
    }

    fn shows(&self, span: &FileSpan) -> bool {
        let masked = self.masked.get(span.start..span.end.min(self.masked.len())).unwrap_or_default();
        !masked.contains(&true)
    }

    /// Its name as others may see it: without its folder.
    fn shown_name(&self) -> String {
        shown_name(&self.path)
    }
}

/// The name of a file or, in `config.d`, with that folder.
pub fn shown_name(path: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match path.parent().map(name) {
        Some(folder) if folder == DROP_IN_DIRECTORY => format!("{folder}/{}", name(path)),
        _ => name(path),
    }
}

/// Words of the program alone, with nothing of a file in them: such a text can be shown to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed(Cow<'static, str>);

impl From<&'static str> for Fixed {
    fn from(text: &'static str) -> Fixed {
        Fixed(text.into())
    }
}

impl<const N: usize> From<[&'static str; N]> for Fixed {
    fn from(parts: [&'static str; N]) -> Fixed {
        Fixed(parts.concat().into())
    }
}

impl Fixed {
    /// A list of words.
    pub(super) fn list(start: &'static str, words: &[&'static str]) -> Fixed {
        Fixed(format!("{start}{}", words.join(", ")).into())
    }

    /// A message of the TOML parser: it names what it expected, and never what it found.
    pub(super) fn from_parser(error: &toml::de::Error) -> Fixed {
        Fixed(error.message().to_owned().into())
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A label or a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// It says nothing of the file.
    Fixed(Fixed),
    /// It may quote the file, so it is left out where that is masked.
    Quoting(String),
}

impl<T: Into<Fixed>> From<T> for Text {
    fn from(text: T) -> Text {
        Text::Fixed(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::Quoting(text)
    }
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Text::Fixed(text) => text.as_str(),
            Text::Quoting(text) => text,
        }
    }
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
    /// What kind of mistake it is, in one sentence that can stand alone.
    pub kind: Fixed,
    /// The same with names from the file.
    title: Option<String>,
    /// The place in a file, if there is one.
    pub span: Option<FileSpan>,
    /// The file, if there is no place in it.
    path: Option<PathBuf>,
    /// Further places of which the texts tell.
    quoted: Vec<FileSpan>,
    /// The text at the caret; may be empty.
    label: Text,
    /// A second place that the first conflicts with, and its label.
    related: Option<(FileSpan, &'static str)>,
    /// What to write instead.
    hint: Option<Text>,
}

impl Diagnostic {
    /// An error at a place in a file.
    pub(super) fn error(span: FileSpan, kind: impl Into<Fixed>) -> Self {
        Self {
            severity: Severity::Error,
            kind: kind.into(),
            title: None,
            span: Some(span),
            path: None,
            quoted: Vec::new(),
            label: "".into(),
            related: None,
            hint: None,
        }
    }

    /// A warning at a place in a file.
    pub(super) fn warning(span: FileSpan, kind: impl Into<Fixed>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, kind) }
    }

    /// An error that belongs to no line, such as an unreadable file.
    pub(super) fn error_of_file(path: &Path, kind: impl Into<Fixed>) -> Self {
        let nowhere = FileSpan { file: 0, start: 0, end: 0 };
        Self { span: None, path: Some(path.to_path_buf()), ..Self::error(nowhere, kind) }
    }

    /// An error of what the environment or the command line sets.
    pub(super) fn error_of_environment(kind: impl Into<Fixed>) -> Self {
        Self { path: None, ..Self::error_of_file(Path::new(""), kind) }
    }

    /// Sets the title that names things from the file.
    pub(super) fn title(self, title: String) -> Self {
        Self { title: Some(title), ..self }
    }

    /// Adds a place, beside the main one, of which title, label or hint tell.
    pub(super) fn quotes(mut self, span: FileSpan) -> Self {
        self.quoted.push(span);
        self
    }

    /// Sets the label.
    pub(super) fn label(self, label: impl Into<Text>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Sets the hint.
    pub(super) fn hint(self, hint: impl Into<Text>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Sets the second place.
    pub(super) fn hint_if(self, hint: Option<impl Into<Text>>) -> Self {
        Self { hint: hint.map(Into::into), ..self }
    }

    pub(super) fn related(self, span: FileSpan, label: &'static str) -> Self {
        Self { related: Some((span, label)), ..self }
    }

    /// Leaves out what may quote the file, if one of its places is masked.
    fn drop_quotes_of_masked(&mut self, files: &[MaskedFile]) {
        let is_shown = |span: &FileSpan| files.get(span.file).is_some_and(|file| file.shows(span));
        if self.span.iter().chain(&self.quoted).all(is_shown) {
            return;
        }
        self.title = None;
        if matches!(self.label, Text::Quoting(_)) {
            self.label = "".into();
        }
        self.hint.take_if(|hint| matches!(hint, Text::Quoting(_)));
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
        list.iter_mut().for_each(|diagnostic| diagnostic.drop_quotes_of_masked(&files));
        list.sort_by(|a, b| a.span.cmp(&b.span));
        list.dedup();
        Self { files, list }
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

    /// File, line and kind of each mistake, for those who must not see the files: no text of them is in it.
    #[must_use]
    pub fn summary(&self) -> String {
        let errors: Vec<_> = self.list.iter().filter(|one| one.severity == Severity::Error).collect();
        let mut lines: Vec<String> =
            errors.iter().take(MAX_SUMMARY_LINES).map(|error| self.summary_line(error)).collect();
        if errors.len() > MAX_SUMMARY_LINES {
            lines.push(format!("and {} more", errors.len() - MAX_SUMMARY_LINES));
        }
        lines.join("\n")
    }

    fn summary_line(&self, diagnostic: &Diagnostic) -> String {
        let kind = diagnostic.kind.as_str();
        let place = diagnostic.span.as_ref().and_then(|span| Some((span, self.files.get(span.file)?)));
        match (place, &diagnostic.path) {
            (Some((span, file)), _) => {
                format!("{}, line {}: {kind}", file.shown_name(), file.line(span.start) + 1)
            }
            (None, Some(path)) => format!("{}: {kind}", shown_name(path)),
            (None, None) => kind.to_owned(),
        }
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = diagnostic.title.as_deref().unwrap_or_else(|| diagnostic.kind.as_str());
        let mut group = Group::with_title(level.primary_title(title));
        if let Some((span, file)) =
            diagnostic.span.as_ref().and_then(|span| Some((span, self.files.get(span.file)?)))
        {
            let primary = (span.range_in(&file.text), AnnotationKind::Primary, diagnostic.label.as_str());
            let related = diagnostic.related.as_ref().and_then(|(span, label)| {
                let file = self.files.get(span.file)?;
                Some((span, file, (span.range_in(&file.text), AnnotationKind::Context, *label)))
            });
            let is_near = |other: &FileSpan| {
                other.file == span.file
                    && file.line(other.start).abs_diff(file.line(span.start)) <= NEAR_LINES
            };
            group = match related {
                None => group.element(file.snippet([primary])),
                Some((other, _, context)) if is_near(other) => {
                    group.element(file.snippet([primary, context]))
                }
                Some((_, other_file, context)) => {
                    group.element(file.snippet([primary])).element(other_file.snippet([context]))
                }
            };
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
