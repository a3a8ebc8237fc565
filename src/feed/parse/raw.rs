//! A feed as its document says it, before anything is made of it: texts borrowed from the document
//! wherever they stand in it as they are meant. Pure.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::feed::dates;
use crate::source::UpdateHints;

/// A feed.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawFeed<'a> {
    pub(in crate::feed) format: &'static str,
    pub(in crate::feed) title: Option<Cow<'a, str>>,
    pub(in crate::feed) links: Vec<RawLink<'a>>,
    pub(in crate::feed) language: Option<Cow<'a, str>>,
    pub(in crate::feed) authors: Vec<RawAuthor<'a>>,
    pub(in crate::feed) pace: UpdateHints,
    /// Values of `xml:base`, each with the place of the one that it is relative to.
    pub(in crate::feed) bases: Vec<(Cow<'a, str>, Base)>,
    pub(in crate::feed) entries: Vec<RawEntry<'a>>,
    /// The document was cut off: more may have followed.
    pub(in crate::feed) partial: bool,
    /// What was cut, in words.
    pub(in crate::feed) problems: Vec<String>,
}

/// A place in [`RawFeed::bases`]; `None` is the feed's own base.
pub(in crate::feed) type Base = Option<usize>;

/// An entry.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawEntry<'a> {
    pub(in crate::feed) id: Ranked<Cow<'a, str>>,
    /// Whether the id may be the address of the page, where there is no other.
    pub(in crate::feed) permalink: bool,
    pub(in crate::feed) about: Option<Cow<'a, str>>,
    pub(in crate::feed) title: Ranked<Cow<'a, str>>,
    pub(in crate::feed) links: Vec<RawLink<'a>>,
    pub(in crate::feed) published: Ranked<RawDate<'a>>,
    pub(in crate::feed) updated: Ranked<RawDate<'a>>,
    pub(in crate::feed) authors: Vec<RawAuthor<'a>>,
    /// Authors of modules: they count where there are no others.
    pub(in crate::feed) spare_authors: Vec<RawAuthor<'a>>,
    pub(in crate::feed) categories: Vec<Cow<'a, str>>,
    pub(in crate::feed) summary: Ranked<RawText<'a>>,
    pub(in crate::feed) content: Ranked<RawText<'a>>,
    pub(in crate::feed) media: Vec<RawMedia<'a>>,
    pub(in crate::feed) thumbnails: Vec<RawMedia<'a>>,
    pub(in crate::feed) duration: Option<Cow<'a, str>>,
    pub(in crate::feed) comments: Option<Cow<'a, str>>,
    pub(in crate::feed) language: Option<Cow<'a, str>>,
    pub(in crate::feed) origin: Option<RawOrigin<'a>>,
    pub(in crate::feed) base: Base,
}

/// A link with its relation.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawLink<'a> {
    pub(in crate::feed) href: Cow<'a, str>,
    pub(in crate::feed) rel: Option<Cow<'a, str>>,
    pub(in crate::feed) media_type: Option<Cow<'a, str>>,
    pub(in crate::feed) length: Option<Cow<'a, str>>,
    pub(in crate::feed) title: Option<Cow<'a, str>>,
    pub(in crate::feed) base: Base,
}

/// A person, as one text or in parts.
#[derive(Clone, Debug, Default)]
pub(in crate::feed) struct RawAuthor<'a> {
    pub(in crate::feed) name: Option<Cow<'a, str>>,
    pub(in crate::feed) email: Option<Cow<'a, str>>,
    pub(in crate::feed) uri: Option<Cow<'a, str>>,
}

/// A date as it stands there, and read.
#[derive(Debug)]
pub(in crate::feed) struct RawDate<'a> {
    pub(in crate::feed) text: Cow<'a, str>,
    pub(in crate::feed) time: Option<Timestamp>,
}

impl<'a> RawDate<'a> {
    pub(in crate::feed) fn of(text: Cow<'a, str>) -> RawDate<'a> {
        RawDate { time: dates::parse(&text), text }
    }
}

/// A longer text.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawText<'a> {
    pub(in crate::feed) text: Cow<'a, str>,
    pub(in crate::feed) kind: TextKind,
    pub(in crate::feed) base: Base,
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::feed) enum TextKind {
    /// An HTML fragment.
    #[default]
    Html,
    /// Said to be plain.
    Plain,
}

/// An attached file or a picture.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawMedia<'a> {
    pub(in crate::feed) url: Cow<'a, str>,
    pub(in crate::feed) media_type: Option<Cow<'a, str>>,
    pub(in crate::feed) length: Option<Cow<'a, str>>,
    pub(in crate::feed) title: Option<Cow<'a, str>>,
    pub(in crate::feed) medium: Option<Cow<'a, str>>,
    pub(in crate::feed) duration: Option<Cow<'a, str>>,
    pub(in crate::feed) width: Option<Cow<'a, str>>,
    pub(in crate::feed) height: Option<Cow<'a, str>>,
    pub(in crate::feed) base: Base,
}

/// The feed that a republished entry names.
#[derive(Debug, Default)]
pub(in crate::feed) struct RawOrigin<'a> {
    pub(in crate::feed) title: Option<Cow<'a, str>>,
    pub(in crate::feed) url: Option<Cow<'a, str>>,
}

/// A value that several elements can give: the lowest rank counts, and the first of one rank.
#[derive(Debug)]
pub(in crate::feed) struct Ranked<T>(Option<(u8, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked(None)
    }
}

impl<T> Ranked<T> {
    pub(in crate::feed) fn offer(&mut self, rank: u8, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.0 = Some((rank, value));
        }
    }

    pub(in crate::feed) fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}
