//! An entry prepared for matching: the text of each field and its folded words. Pure.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::Timestamp;

use super::entry_languages::{EntryLanguages, SaidBy};
use super::spelling::{is_in_capitals, is_written};
use super::syntax::Field;
use super::words::{Condition, LanguageSet};
use crate::entry::{ArticleState, Entry, StoredEntry};
use crate::text::{TextFor, Tokens, html_to_text, language, tokens};

/// What a query is matched against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// The article at its link.
    pub article: &'a ArticleState,
    /// Its source's name in the config.
    pub source: &'a str,
    /// Its source's title.
    pub source_title: &'a str,
    /// Its source's language.
    pub language: Option<&'a str>,
    /// The entry's published date.
    pub date: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

impl<'a> Subject<'a> {
    /// A stored entry.
    #[must_use]
    pub fn from_stored(stored: &'a StoredEntry, now: Timestamp) -> Subject<'a> {
        Subject {
            entry: &stored.entry,
            article: &stored.article,
            source: &stored.source.name,
            source_title: &stored.source.title,
            language: stored.source.language.as_deref(),
            date: stored.date,
            now,
        }
    }

    fn declared_language(&self) -> Option<&'a str> {
        let declared = self.entry.language.as_deref().or(self.language);
        declared.map(str::trim).filter(|tag| !tag.is_empty())
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct FieldSet(u16);

impl FieldSet {
    /// What a feed says of an entry.
    pub(super) const FEED: FieldSet = FieldSet(1 << Field::Title as u16 | 1 << Field::Text as u16);

    /// The fields that a term without a field searches.
    pub(super) const DEFAULT: FieldSet = FieldSet(FieldSet::FEED.0 | 1 << Field::Article as u16);

    /// All fields.
    pub(super) const ALL: FieldSet = FieldSet(u16::MAX);

    /// The one field of a segment.
    pub(super) fn single(field: Field) -> FieldSet {
        FieldSet(1 << field as u16)
    }

    /// The fields of segments that a field of a query searches.
    pub(super) fn searched(field: Option<Field>) -> FieldSet {
        match field {
            None => FieldSet::DEFAULT,
            Some(Field::Feed) => FieldSet::FEED,
            Some(Field::Text) => FieldSet::single(Field::Text).union(FieldSet::single(Field::Article)),
            Some(field) => FieldSet::single(field),
        }
    }

    pub(super) fn union(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 | other.0)
    }

    pub(super) fn without(self, field: Field) -> FieldSet {
        FieldSet(self.0 & !(1 << field as u16))
    }

    pub(super) fn contains(self, field: Field) -> bool {
        self.0 & 1 << field as u16 != 0
    }

    /// One bit for each field.
    pub(super) fn bits(self) -> u16 {
        self.0
    }
}

/// The fields of an entry that some query searches, folded once for all queries.
pub(super) struct EntryText<'a> {
    pub(super) subject: Subject<'a>,
    /// In the order in which match reasons name fields.
    segments: Vec<Segment<'a>>,
    language: OnceCell<Option<Cow<'a, str>>>,
    /// Of what the feed says. Words of the article are judged by its own: what is found in the feed stays found whatever the
    /// article is.
    languages: EntryLanguages<'a>,
    article_languages: Option<EntryLanguages<'a>>,
}

/// One continuous text, such as a title or one author's name. A phrase never spans two segments.
pub(super) struct Segment<'a> {
    pub(super) field: Field,
    pub(super) plain: Cow<'a, str>,
    pub(super) tokens: Tokens,
    /// The number of its first word; words are numbered through all segments.
    pub(super) first_word: usize,
}

impl Segment<'_> {
    /// A word as the entry writes it; empty past the end.
    pub(super) fn written(&self, word: usize) -> &str {
        self.plain.get(self.tokens.span(word)).unwrap_or_default()
    }

    /// The text after a word.
    pub(super) fn after(&self, word: usize) -> &str {
        self.plain.get(self.tokens.span(word).end..).unwrap_or_default()
    }

    /// The word before another, if only a space is between them.
    pub(super) fn neighbour_before(&self, word: usize) -> Option<usize> {
        word.checked_sub(1).filter(|before| self.between(*before) == " ")
    }

    /// The word after another, if only a space is between them.
    pub(super) fn neighbour_after(&self, word: usize) -> Option<usize> {
        Some(word + 1).filter(|next| *next < self.tokens.len() && self.between(word) == " ")
    }

    /// The text between a word and the next.
    pub(super) fn between(&self, word: usize) -> &str {
        let end = self.tokens.span(word + 1).start;
        self.plain.get(self.tokens.span(word).end..end).unwrap_or_default()
    }

    /// Whether a word starts a sentence, or what stands after a colon, a dash or a quotation mark.
    pub(super) fn starts_sentence(&self, word: usize) -> bool {
        let before = self.plain.get(..self.tokens.span(word).start).unwrap_or_default().trim_end();
        let ends = ['.', '!', '?', ':', '"', '\u{201c}', '\u{ab}', '\u{2014}', '|'];
        before.is_empty() || before.ends_with(ends)
    }

    /// Whether a word starts with two capitals, as acronyms do.
    pub(super) fn is_in_capitals(&self, word: usize) -> bool {
        is_in_capitals(self.written(word))
    }
}

impl<'a> EntryText<'a> {
    pub(super) fn new(subject: &Subject<'a>, fields: FieldSet) -> EntryText<'a> {
        let declared = subject.declared_language();
        let article = subject.article.article();
        let article_languages = article.map(|article| {
            let declared = declared.or(article.language.as_deref());
            EntryLanguages::new(SaidBy::Article(article), declared)
        });
        let mut text = EntryText {
            subject: *subject,
            segments: Vec::new(),
            language: OnceCell::new(),
            languages: EntryLanguages::new(SaidBy::Feed(subject.entry), declared),
            article_languages,
        };
        let entry = subject.entry;
        let html = |html: &'a String| html_to_text(html, TextFor::Search);
        let line = |line: &'a Option<String>| line.as_deref().map(Cow::Borrowed);
        let mut add = |field: Field, texts: &mut dyn Iterator<Item = Cow<'a, str>>| {
            if fields.contains(field) {
                texts.for_each(|plain| text.add_segment(field, plain));
            }
        };
        add(Field::Title, &mut line(&entry.title).into_iter());
        add(Field::Text, &mut [&entry.summary, &entry.content].into_iter().flatten().map(html));
        add(Field::Article, &mut article.into_iter().map(|article| html(&article.html)));
        add(Field::Author, &mut entry.authors.iter().map(|author| Cow::Borrowed(author.name.as_str())));
        add(Field::Category, &mut entry.categories.iter().map(|name| Cow::Borrowed(name.as_str())));
        add(Field::Link, &mut line(&entry.link).into_iter());
        add(Field::Source, &mut [subject.source, subject.source_title].into_iter().map(Cow::Borrowed));
        text
    }

    fn add_segment(&mut self, field: Field, plain: Cow<'a, str>) {
        let first_word = self.segments.last().map_or(0, |last| last.first_word + last.tokens.len());
        self.segments.push(Segment { field, tokens: tokens(&plain), plain, first_word });
    }

    pub(super) fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    pub(super) fn segments_in(&self, fields: FieldSet) -> impl Iterator<Item = &Segment<'a>> {
        self.segments.iter().filter(move |segment| fields.contains(segment.field))
    }

    /// The segment that contains a word.
    pub(super) fn segment_of(&self, word: usize) -> Option<&Segment<'a>> {
        let after = self.segments.partition_point(|segment| segment.first_word <= word);
        self.segments.get(after.checked_sub(1)?)
    }

    /// The text from one word to another of the same segment, as the entry writes it.
    pub(super) fn original(&self, first: usize, last: usize) -> &str {
        let Some(segment) = self.segment_of(first) else { return "" };
        let start = segment.tokens.span(first - segment.first_word).start;
        segment.plain.get(start..segment.tokens.span(last - segment.first_word).end).unwrap_or("")
    }

    /// The entry's language, else its source's, else that of its article, else the detected one; lower case.
    pub(super) fn language(&self) -> Option<&str> {
        let language = self.language.get_or_init(|| match self.subject.declared_language() {
            Some(tag) => Some(Cow::Owned(tag.replace('_', "-").to_ascii_lowercase())),
            None => {
                let of_article = self.subject.article.article().and_then(language::of_article);
                let of_feed = || Some(Cow::Borrowed(language::detect_in_entry(self.subject.entry)?.tag));
                of_article.map(Cow::Owned).or_else(of_feed)
            }
        });
        language.as_deref()
    }

    /// The same if it is known without a costly look.
    pub(super) fn known_language(&self) -> Option<Option<&str>> {
        (self.declares_language() || self.language.get().is_some()).then(|| self.language())
    }

    /// The languages in which all its words in Latin letters surely count, and in which those in Cyrillic ones do.
    pub(super) fn sure_languages(&self) -> (LanguageSet, LanguageSet) {
        let (latin, cyrillic) = self.languages.sure();
        match self.article_languages.as_ref().map(EntryLanguages::sure) {
            Some(of_article) => (latin.intersection(of_article.0), cyrillic.intersection(of_article.1)),
            None => (latin, cyrillic),
        }
    }

    /// Whether a language is declared: no article changes it.
    pub(super) fn declares_language(&self) -> bool {
        self.subject.declared_language().is_some()
    }

    pub(super) fn has_article(&self) -> bool {
        self.article_languages.is_some()
    }

    /// Whether an article may still come.
    pub(super) fn expects_article(&self) -> bool {
        *self.subject.article == ArticleState::Expected
    }

    /// Whether a word meets a condition.
    pub(super) fn admits(&self, word: usize, condition: Condition) -> bool {
        if condition == Condition::NONE {
            return true;
        }
        let Some(segment) = self.segment_of(word) else { return false };
        let word = word - segment.first_word;
        let span = segment.tokens.span(word);
        // The spelling is cheaper to tell than the language.
        if !is_written(&segment.plain, &span, condition.written, true) {
            return false;
        }
        let must_be_sure = !is_written(&segment.plain, &span, condition.written, false);
        let languages = match &self.article_languages {
            Some(of_article) if segment.field == Field::Article => of_article,
            _ => &self.languages,
        };
        languages.allow(segment.tokens.word(word), condition.languages, must_be_sure)
    }
}
