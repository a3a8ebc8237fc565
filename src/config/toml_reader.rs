//! Reads TOML tables key by key and collects mistakes instead of stopping at the first. Pure.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, FileSpan};
use crate::text::closest_name;

/// A value and its place in the config.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) span: FileSpan,
}

/// One file while it is read, and the mistakes found so far.
pub(super) struct FileReader<'t> {
    file: usize,
    pub(super) text: &'t str,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Ranges that diagnostics must not quote.
    pub(super) secrets: Vec<Range<usize>>,
}

impl<'t> FileReader<'t> {
    /// `file` is the file's index in diagnostics.
    pub(super) fn new(file: usize, text: &'t str) -> Self {
        Self { file, text, diagnostics: Vec::new(), secrets: Vec::new() }
    }

    pub(super) fn span(&self, span: Range<usize>) -> FileSpan {
        FileSpan::new(self.file, span)
    }

    pub(super) fn error(&mut self, span: Range<usize>, title: impl Into<String>, label: impl Into<String>) {
        let span = self.span(span);
        self.diagnostics.push(Diagnostic::error(span, title).label(label));
    }
}

/// A value of the TOML tree.
pub(super) type TomlValue<'t> = Spanned<DeValue<'t>>;

/// Reads one table. Each key that is read is a known key; [`TableReader::finish`] reports the others.
pub(super) struct TableReader<'t> {
    name: &'static str,
    table: &'t DeTable<'t>,
    known_keys: Vec<&'static str>,
}

impl<'t> TableReader<'t> {
    /// `name` is the table's name in diagnostics, such as `[poll]`.
    pub(super) fn new(name: &'static str, table: &'t DeTable<'t>) -> Self {
        Self { name, table, known_keys: Vec::new() }
    }

    /// The value of a key, converted by `convert`; `None` if it is missing or invalid.
    pub(super) fn read<T>(
        &mut self,
        reader: &mut FileReader<'_>,
        key: &'static str,
        convert: impl FnOnce(&mut FileReader<'_>, &'t TomlValue<'t>) -> Result<T, ValueError>,
    ) -> Option<Located<T>> {
        self.known_keys.push(key);
        let value = self.value(key)?;
        let span = reader.span(value.span());
        match convert(reader, value) {
            Ok(value) => Some(Located { value, span }),
            Err(error) => {
                let title = format!("invalid value of `{key}` in {}", self.name);
                let diagnostic = Diagnostic::error(span, title).label(error.label);
                reader.diagnostics.push(Diagnostic { hint: error.hint, ..diagnostic });
                None
            }
        }
    }

    /// Whether the key is present, valid or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    fn value(&self, key: &str) -> Option<&'t TomlValue<'t>> {
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    /// Reports unknown keys.
    pub(super) fn finish(self, reader: &mut FileReader<'_>) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if self.known_keys.contains(&name) {
                continue;
            }
            let label = match closest_name(name, self.known_keys.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known keys: {}", self.known_keys.join(", ")),
            };
            reader.error(key.span(), format!("unknown key `{name}` in {}", self.name), label);
        }
    }
}

/// Why a value is invalid: the label at the caret, and a hint.
pub(super) struct ValueError {
    pub(super) label: String,
    pub(super) hint: Option<String>,
}

impl From<&str> for ValueError {
    fn from(label: &str) -> Self {
        label.to_owned().into()
    }
}

impl From<String> for ValueError {
    fn from(label: String) -> Self {
        Self { label, hint: None }
    }
}

impl ValueError {
    pub(super) fn with_hint(label: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { label: label.into(), hint: Some(hint.into()) }
    }

    /// A value of the wrong type.
    pub(super) fn expected(what: &str, value: &TomlValue<'_>) -> Self {
        format!("expected {what}, found {}", type_name(value)).into()
    }
}

pub(super) fn type_name(value: &TomlValue<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
