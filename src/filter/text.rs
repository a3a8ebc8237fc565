//! An entry as queries see it: its fields as plain text, and their folded words in a row. Pure.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::Timestamp;

use super::syntax::Field;
use crate::entry::{Entry, StoredEntry};
use crate::text::{Tokens, language, plain_text, tokens};

/// What a query looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Its source's name in the config.
    pub source: &'a str,
    /// Its source's title.
    pub source_title: &'a str,
    /// Its source's language.
    pub language: Option<&'a str>,
    /// The date under which it is published.
    pub date: Timestamp,
    /// Now.
    pub now: Timestamp,
}

impl<'a> Subject<'a> {
    /// A kept entry, as it is now.
    #[must_use]
    pub fn from_kept(kept: &'a StoredEntry, now: Timestamp) -> Subject<'a> {
        Subject {
            entry: &kept.entry,
            source: &kept.source.name,
            source_title: &kept.source.title,
            language: kept.source.language.as_deref(),
            date: kept.date,
            now,
        }
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Fields(u16);

impl Fields {
    /// Those in which a term without a field looks.
    pub(super) const USUAL: Fields = Fields(1 << Field::Title as u16 | 1 << Field::Text as u16);

    pub(super) fn only(field: Field) -> Fields {
        Fields(1 << field as u16)
    }

    pub(super) fn with(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }

    pub(super) fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u16 != 0
    }
}

/// The fields of an entry that some query asks for, folded once for all of them.
pub(super) struct Text<'a> {
    pub(super) subject: Subject<'a>,
    /// In the order in which a reason is looked for.
    runs: Vec<Run<'a>>,
    language: OnceCell<Option<Cow<'a, str>>>,
}

/// One stretch of text: no row of words goes beyond it.
pub(super) struct Run<'a> {
    pub(super) field: Field,
    pub(super) plain: Cow<'a, str>,
    pub(super) tokens: Tokens,
    /// The number of its first word, counted through all runs.
    pub(super) first: usize,
}

impl<'a> Text<'a> {
    pub(super) fn of(subject: &Subject<'a>, asked: Fields) -> Text<'a> {
        let mut text = Text { subject: *subject, runs: Vec::new(), language: OnceCell::new() };
        let entry = subject.entry;
        let html = |html: &'a Option<String>| html.as_deref().map(|html| Cow::Owned(plain_text(html)));
        let line = |line: &'a Option<String>| line.as_deref().map(Cow::Borrowed);
        let mut add = |field: Field, plain: &mut dyn Iterator<Item = Cow<'a, str>>| {
            if asked.has(field) {
                plain.for_each(|plain| text.add(field, plain));
            }
        };
        add(Field::Title, &mut line(&entry.title).into_iter());
        add(Field::Text, &mut [&entry.summary, &entry.content].into_iter().filter_map(html));
        add(Field::Author, &mut entry.authors.iter().map(|author| Cow::Borrowed(author.name.as_str())));
        add(Field::Category, &mut entry.categories.iter().map(|name| Cow::Borrowed(name.as_str())));
        add(Field::Link, &mut line(&entry.link).into_iter());
        add(Field::Source, &mut [subject.source, subject.source_title].into_iter().map(Cow::Borrowed));
        text
    }

    fn add(&mut self, field: Field, plain: Cow<'a, str>) {
        let first = self.runs.last().map_or(0, |run| run.first + run.tokens.len());
        self.runs.push(Run { field, tokens: tokens(&plain), plain, first });
    }

    /// All runs.
    pub(super) fn all(&self) -> &[Run<'a>] {
        &self.runs
    }

    /// The runs in one of these fields.
    pub(super) fn runs(&self, fields: Fields) -> impl Iterator<Item = &Run<'a>> {
        self.runs.iter().filter(move |run| fields.has(run.field))
    }

    /// The run in which a word stands.
    pub(super) fn run_of(&self, word: usize) -> Option<&Run<'a>> {
        let after = self.runs.partition_point(|run| run.first <= word);
        self.runs.get(after.checked_sub(1)?)
    }

    /// The words from one to another of the same run as the entry writes them.
    pub(super) fn written(&self, first: usize, last: usize) -> &str {
        let Some(run) = self.run_of(first) else { return "" };
        let start = run.tokens.span(first - run.first).start;
        run.plain.get(start..run.tokens.span(last - run.first).end).unwrap_or("")
    }

    /// The entry's own language, else its source's, else what its words look like; lower case.
    pub(super) fn language(&self) -> Option<&str> {
        let found = self.language.get_or_init(|| {
            let entry = self.subject.entry;
            let said =
                entry.language.as_deref().or(self.subject.language).filter(|tag| !tag.trim().is_empty());
            match said {
                Some(tag) => Some(Cow::Owned(tag.trim().replace('_', "-").to_ascii_lowercase())),
                None => language::of(entry).map(Cow::Borrowed),
            }
        });
        found.as_deref()
    }
}
