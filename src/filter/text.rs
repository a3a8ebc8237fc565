//! An entry as queries see it: its fields as plain text, and their folded words in a row. Pure.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use jiff::Timestamp;

use super::language;
use super::syntax::Field;
use super::words::{plain_text, tokens};
use crate::entry::Entry;

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
    /// The folded words with a space around each, and two between runs.
    pub(super) folded: String,
    words: Vec<Word>,
    language: OnceCell<Option<Cow<'a, str>>>,
}

/// One stretch of text: no row of words goes beyond it.
pub(super) struct Run<'a> {
    pub(super) field: Field,
    pub(super) plain: Cow<'a, str>,
}

struct Word {
    /// Where it begins in the folded text.
    start: usize,
    run: usize,
    /// Where it stands in the run's plain text.
    span: Range<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn of(subject: &Subject<'a>, asked: Fields) -> Text<'a> {
        let mut text = Text {
            subject: *subject,
            runs: Vec::new(),
            folded: String::new(),
            words: Vec::new(),
            language: OnceCell::new(),
        };
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
        self.folded.push(' ');
        for token in tokens(&plain) {
            self.words.push(Word { start: self.folded.len(), run: self.runs.len(), span: token.span });
            self.folded.push_str(&token.folded);
            self.folded.push(' ');
        }
        self.runs.push(Run { field, plain });
    }

    /// The runs in one of these fields.
    pub(super) fn runs(&self, fields: Fields) -> impl Iterator<Item = &Run<'a>> {
        self.runs.iter().filter(move |run| fields.has(run.field))
    }

    /// The number of the word that begins there in the folded text.
    pub(super) fn word_at(&self, start: usize) -> usize {
        self.words.partition_point(|word| word.start < start)
    }

    /// The run in which a word stands.
    pub(super) fn run_of(&self, word: usize) -> usize {
        self.words.get(word).map_or(usize::MAX, |word| word.run)
    }

    /// The field in which a word stands.
    pub(super) fn field_of(&self, word: usize) -> Option<Field> {
        self.runs.get(self.run_of(word)).map(|run| run.field)
    }

    /// The words from one to another as the entry writes them.
    pub(super) fn written(&self, first: usize, last: usize) -> &str {
        let (Some(first), Some(last)) = (self.words.get(first), self.words.get(last)) else { return "" };
        self.runs.get(first.run).and_then(|run| run.plain.get(first.span.start..last.span.end)).unwrap_or("")
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
