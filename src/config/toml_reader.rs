//! Reads TOML tables key by key and collects mistakes instead of stopping at the first. Pure.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, FileSpan, Fixed, Text};
use super::shape::Shape;

/// A value and its place in the config.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) span: FileSpan,
}

impl<T: Shape> Shape for Located<T> {
    fn shape() -> Value {
        T::shape()
    }
}

/// One file while it is read, and the mistakes found so far.
pub(super) struct FileReader<'t> {
    pub(super) file: usize,
    pub(super) text: &'t str,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The text as diagnostics quote it.
    pub(super) masked: String,
    /// Whether a secret is written in the file itself.
    pub(super) has_secret: bool,
    pub(super) unknown_keys: Vec<UnknownKey>,
    /// The keys that were read, where those are what is wanted.
    pub(super) keys: Option<Vec<TableKey>>,
}

/// A key that its table does not have.
pub(super) struct UnknownKey {
    pub(super) table: &'static str,
    pub(super) known_keys: Vec<&'static str>,
    pub(super) name: String,
    pub(super) span: FileSpan,
}

/// A key of a table.
pub(super) struct TableKey {
    /// Such as `[poll]`.
    pub(super) table: &'static str,
    pub(super) key: &'static str,
    /// The JSON schema of its values.
    pub(super) shape: Value,
}

impl<'t> FileReader<'t> {
    /// `file` is the file's index in diagnostics.
    pub(super) fn new(file: usize, text: &'t str) -> Self {
        Self {
            file,
            text,
            diagnostics: Vec::new(),
            masked: String::new(),
            has_secret: false,
            unknown_keys: Vec::new(),
            keys: None,
        }
    }

    pub(super) fn span(&self, span: Range<usize>) -> FileSpan {
        FileSpan::new(self.file, span)
    }

    pub(super) fn error(&mut self, span: Range<usize>, kind: impl Into<Fixed>, label: impl Into<Text>) {
        let span = self.span(span);
        self.diagnostics.push(Diagnostic::error(span, kind).label(label));
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
    pub(super) fn read<T: Shape>(
        &mut self,
        reader: &mut FileReader<'_>,
        key: &'static str,
        convert: impl FnOnce(&mut FileReader<'_>, &'t TomlValue<'t>) -> Result<T, ValueError>,
    ) -> Option<Located<T>> {
        self.known_keys.push(key);
        if let Some(keys) = &mut reader.keys {
            keys.push(TableKey { table: self.name, key, shape: T::shape() });
        }
        let value = self.value(key)?;
        let span = reader.span(value.span());
        match convert(reader, value) {
            Ok(value) => Some(Located { value, span }),
            Err(error) => {
                let kind = ["invalid value of `", key, "` in ", self.name];
                reader.diagnostics.push(error.diagnostic(span, kind));
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

    /// Leaves the unknown keys to [`super::raw::read`], which knows all tables.
    pub(super) fn finish(self, reader: &mut FileReader<'_>) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !self.known_keys.contains(&name) {
                let unknown = UnknownKey {
                    table: self.name,
                    known_keys: self.known_keys.clone(),
                    name: name.to_owned(),
                    span: reader.span(key.span()),
                };
                reader.unknown_keys.push(unknown);
            }
        }
    }
}

/// Why a value is invalid: the label at the caret, and a hint.
pub(super) struct ValueError {
    pub(super) label: Text,
    pub(super) hint: Option<Text>,
}

impl<T: Into<Text>> From<T> for ValueError {
    fn from(label: T) -> Self {
        Self { label: label.into(), hint: None }
    }
}

impl ValueError {
    pub(super) fn with_hint(label: impl Into<Text>, hint: impl Into<Text>) -> Self {
        Self { label: label.into(), hint: Some(hint.into()) }
    }

    /// A value of the wrong type.
    pub(super) fn expected(what: &'static str, value: &TomlValue<'_>) -> Self {
        ["expected ", what, ", found ", type_name(value)].into()
    }

    pub(super) fn diagnostic(self, span: FileSpan, kind: impl Into<Fixed>) -> Diagnostic {
        Diagnostic::error(span, kind).label(self.label).hint_if(self.hint)
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
