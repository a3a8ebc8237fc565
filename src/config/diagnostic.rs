//! Mistakes in the config, and how they are rendered. Pure.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::locate::DROP_IN_DIRECTORY;

/// The most mistakes in a summary.
const MAX_SUMMARY_LINES: usize = 20;

/// A config file as diagnostics quote it: byte offsets are those of the file, secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedFile {
    path: PathBuf,
    /// Its text, secrets masked.
    text: String,
    /// For each byte, whether it is masked.
    masked: Vec<bool>,
}

impl MaskedFile {
    pub(super) fn new(path: PathBuf, text: &str, masked_text: String) -> MaskedFile {
        let masked = text.bytes().zip(masked_text.bytes()).map(|(byte, masked)| byte != masked).collect();
        MaskedFile { path, text: masked_text, masked }
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
                let before = span.range_in(&file.text).start;
                let line = file.text[..before].matches('\n').count() + 1;
                format!("{}, line {line}: {kind}", file.shown_name())
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
            let mut primary = AnnotationKind::Primary.span(span.range_in(&file.text));
            if !diagnostic.label.as_str().is_empty() {
                primary = primary.label(diagnostic.label.as_str());
            }
            let mut snippet = snippet(file).annotation(primary);
            let mut second_snippet = None;
            if let Some((related, label)) = &diagnostic.related
                && let Some(related_file) = self.files.get(related.file)
            {
                let range = related.range_in(&related_file.text);
                let context = AnnotationKind::Context.span(range).label(*label);
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
