//! A feed as its document says it, before anything is made of it: texts borrowed from the document
//! wherever they stand in it as they are meant. Pure.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::ingest::dates;
use crate::source::FeedPace;

/// A feed.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawFeed<'a> {
    pub(in crate::ingest) format: &'static str,
    pub(in crate::ingest) title: Option<Cow<'a, str>>,
    pub(in crate::ingest) links: Vec<RawLink<'a>>,
    pub(in crate::ingest) language: Option<Cow<'a, str>>,
    pub(in crate::ingest) authors: Vec<RawAuthor<'a>>,
    pub(in crate::ingest) pace: FeedPace,
    /// Values of `xml:base`, each with the place of the one that it is relative to.
    pub(in crate::ingest) bases: Vec<(Cow<'a, str>, Base)>,
    pub(in crate::ingest) entries: Vec<RawEntry<'a>>,
    /// The document was cut off: more may have followed.
    pub(in crate::ingest) partial: bool,
    /// What was cut, in words.
    pub(in crate::ingest) problems: Vec<String>,
}

/// A place in [`RawFeed::bases`]; `None` is the feed's own base.
pub(in crate::ingest) type Base = Option<usize>;

/// An entry.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawEntry<'a> {
    pub(in crate::ingest) id: Ranked<Cow<'a, str>>,
    /// Whether the id may be the address of the page, where there is no other.
    pub(in crate::ingest) permalink: bool,
    pub(in crate::ingest) about: Option<Cow<'a, str>>,
    pub(in crate::ingest) title: Ranked<Cow<'a, str>>,
    pub(in crate::ingest) links: Vec<RawLink<'a>>,
    pub(in crate::ingest) published: Ranked<RawDate<'a>>,
    pub(in crate::ingest) updated: Ranked<RawDate<'a>>,
    pub(in crate::ingest) authors: Vec<RawAuthor<'a>>,
    /// Authors of modules: they count where there are no others.
    pub(in crate::ingest) spare_authors: Vec<RawAuthor<'a>>,
    pub(in crate::ingest) categories: Vec<Cow<'a, str>>,
    pub(in crate::ingest) summary: Ranked<RawText<'a>>,
    pub(in crate::ingest) content: Ranked<RawText<'a>>,
    pub(in crate::ingest) media: Vec<RawMedia<'a>>,
    pub(in crate::ingest) thumbnails: Vec<RawMedia<'a>>,
    pub(in crate::ingest) duration: Option<Cow<'a, str>>,
    pub(in crate::ingest) comments: Option<Cow<'a, str>>,
    pub(in crate::ingest) language: Option<Cow<'a, str>>,
    pub(in crate::ingest) origin: Option<RawOrigin<'a>>,
    pub(in crate::ingest) base: Base,
}

/// A link with its relation.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawLink<'a> {
    pub(in crate::ingest) href: Cow<'a, str>,
    pub(in crate::ingest) rel: Option<Cow<'a, str>>,
    pub(in crate::ingest) media_type: Option<Cow<'a, str>>,
    pub(in crate::ingest) length: Option<Cow<'a, str>>,
    pub(in crate::ingest) title: Option<Cow<'a, str>>,
    pub(in crate::ingest) base: Base,
}

/// A person, as one text or in parts.
#[derive(Clone, Debug, Default)]
pub(in crate::ingest) struct RawAuthor<'a> {
    pub(in crate::ingest) name: Option<Cow<'a, str>>,
    pub(in crate::ingest) email: Option<Cow<'a, str>>,
    pub(in crate::ingest) uri: Option<Cow<'a, str>>,
}

/// A date as it stands there, and read.
#[derive(Debug)]
pub(in crate::ingest) struct RawDate<'a> {
    pub(in crate::ingest) text: Cow<'a, str>,
    pub(in crate::ingest) time: Option<Timestamp>,
}

impl<'a> RawDate<'a> {
    pub(in crate::ingest) fn of(text: Cow<'a, str>) -> RawDate<'a> {
        RawDate { time: dates::parse(&text), text }
    }
}

/// A longer text.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawText<'a> {
    pub(in crate::ingest) text: Cow<'a, str>,
    pub(in crate::ingest) kind: TextKind,
    pub(in crate::ingest) base: Base,
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) enum TextKind {
    /// An HTML fragment.
    #[default]
    Html,
    /// Said to be plain.
    Plain,
}

/// An attached file or a picture.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawMedia<'a> {
    pub(in crate::ingest) url: Cow<'a, str>,
    pub(in crate::ingest) media_type: Option<Cow<'a, str>>,
    pub(in crate::ingest) length: Option<Cow<'a, str>>,
    pub(in crate::ingest) title: Option<Cow<'a, str>>,
    pub(in crate::ingest) medium: Option<Cow<'a, str>>,
    pub(in crate::ingest) duration: Option<Cow<'a, str>>,
    pub(in crate::ingest) width: Option<Cow<'a, str>>,
    pub(in crate::ingest) height: Option<Cow<'a, str>>,
    pub(in crate::ingest) base: Base,
}

/// The feed that a republished entry names.
#[derive(Debug, Default)]
pub(in crate::ingest) struct RawOrigin<'a> {
    pub(in crate::ingest) title: Option<Cow<'a, str>>,
    pub(in crate::ingest) url: Option<Cow<'a, str>>,
}

/// A value that several elements can give: the lowest rank counts, and the first of one rank.
#[derive(Debug)]
pub(in crate::ingest) struct Ranked<T>(Option<(u8, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked(None)
    }
}

impl<T> Ranked<T> {
    pub(in crate::ingest) fn offer(&mut self, rank: u8, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.0 = Some((rank, value));
        }
    }

    pub(in crate::ingest) fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}
