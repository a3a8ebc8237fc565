//! A feed as its document states it, before normalization: strings borrow from the document where possible. Pure.

use std::borrow::Cow;

use jiff::Timestamp;

use super::dates;
use super::problem::Problem;
use super::xml_base::{BaseIndex, ResolvedBases};
use crate::source::UpdateHints;

/// Entries of one document. Further ones are skipped and reported as a problem.
pub(super) const MAX_ENTRIES: usize = 5000;

/// Media, links, authors or categories of one entry. Further ones are skipped and reported as a problem.
pub(super) const MAX_ENTRY_PARTS: usize = 200;

/// Elements that are named in a problem.
const MAX_UNKNOWN: usize = 5;

/// A feed.
#[derive(Debug, Default)]
pub(super) struct RawFeed<'a> {
    pub(super) format: &'static str,
    pub(super) title: Option<RawText<'a>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) links: Vec<RawLink<'a>>,
    /// The address of its picture.
    pub(super) icon: Option<Cow<'a, str>>,
    pub(super) language: Option<Cow<'a, str>>,
    pub(super) authors: Vec<RawAuthor<'a>>,
    pub(super) podcast: Option<Box<RawPodcast<'a>>>,
    pub(super) update_hints: UpdateHints,
    /// The values of `xml:base`.
    pub(super) bases: ResolvedBases,
    pub(super) entries: Vec<RawEntry<'a>>,
    /// The document was truncated, by its sender or by [`MAX_ENTRIES`].
    pub(super) partial: bool,
    /// What was skipped.
    pub(super) problems: Vec<Problem>,
    /// Where the document is first not well-formed.
    pub(super) fault: Option<Fault>,
    /// Elements beside the entries that no version of the format has, at most [`MAX_UNKNOWN`].
    pub(super) unknown: Vec<&'a str>,
}

impl<'a> RawFeed<'a> {
    pub(super) fn note_unknown(&mut self, element: &'a str) {
        if self.unknown.len() < MAX_UNKNOWN && !self.unknown.contains(&element) {
            self.unknown.push(element);
        }
    }
}

/// Where XML is not well-formed, and how.
#[derive(Debug)]
pub(super) struct Fault {
    /// The position in the text.
    pub(super) at: usize,
    /// The number of the entry that it is in.
    pub(super) entry: Option<usize>,
    pub(super) what: String,
}

/// The ranks of `media:title` and `media:description` as texts of their entry.
pub(super) const MEDIA_TITLE_RANK: u8 = 3;
pub(super) const MEDIA_DESCRIPTION_RANK: u8 = 4;

/// An entry.
#[derive(Debug, Default)]
pub(super) struct RawEntry<'a> {
    pub(super) id: Ranked<Cow<'a, str>>,
    /// Whether the id may serve as the link if there is no other (RSS `isPermaLink`).
    pub(super) permalink: bool,
    /// `rdf:about` of RSS 1.0.
    pub(super) about: Option<Cow<'a, str>>,
    pub(super) title: Ranked<RawText<'a>>,
    pub(super) links: Vec<RawLink<'a>>,
    pub(super) published: Ranked<RawDate<'a>>,
    pub(super) updated: Ranked<RawDate<'a>>,
    pub(super) authors: Vec<RawAuthor<'a>>,
    /// Authors given by extension modules, used if `authors` is empty.
    pub(super) fallback_authors: Vec<RawAuthor<'a>>,
    pub(super) categories: Vec<RawCategory<'a>>,
    pub(super) summary: Ranked<RawText<'a>>,
    pub(super) content: Ranked<RawText<'a>>,
    pub(super) enclosures: Vec<RawMedia<'a>>,
    /// Media RSS contents.
    pub(super) media: Vec<RawMedia<'a>>,
    /// What is said of the media.
    pub(super) media_texts: Vec<RawMediaText<'a>>,
    pub(super) images: Vec<RawPicture<'a>>,
    /// The page that plays the media.
    pub(super) player: Option<RawLink<'a>>,
    /// The number of Media RSS groups so far.
    pub(super) media_groups: u32,
    pub(super) duration: Option<Cow<'a, str>>,
    pub(super) episode: Option<Box<RawEpisode<'a>>>,
    pub(super) details: Option<Box<RawDetails<'a>>>,
    pub(super) comments: Option<Cow<'a, str>>,
    pub(super) language: Option<Cow<'a, str>>,
    pub(super) origin: Option<RawOrigin<'a>>,
    pub(super) base: BaseIndex,
    /// Its texts may be decoded wrongly.
    pub(super) uncertain: bool,
}

/// A link with its relation.
#[derive(Debug, Default)]
pub(super) struct RawLink<'a> {
    pub(super) href: Cow<'a, str>,
    pub(super) rel: Option<Cow<'a, str>>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) length: Option<Cow<'a, str>>,
    pub(super) title: Option<Cow<'a, str>>,
    /// The number of replies (RFC 4685).
    pub(super) count: Option<Cow<'a, str>>,
    pub(super) base: BaseIndex,
}

/// A person, as one string in `name` or as separate parts.
#[derive(Clone, Debug, Default)]
pub(super) struct RawAuthor<'a> {
    pub(super) name: Option<RawText<'a>>,
    pub(super) email: Option<Cow<'a, str>>,
    pub(super) uri: Option<Cow<'a, str>>,
    pub(super) avatar: Option<Cow<'a, str>>,
}

/// A date as text, and parsed if possible.
#[derive(Debug)]
pub(super) struct RawDate<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) time: Option<Timestamp>,
}

impl<'a> RawDate<'a> {
    pub(super) fn new(text: Cow<'a, str>) -> RawDate<'a> {
        RawDate { time: dates::parse(&text), text }
    }
}

/// A title, a summary, a content, a name.
#[derive(Clone, Debug, Default)]
pub(super) struct RawText<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) kind: TextKind,
    pub(super) base: BaseIndex,
    /// As the text's own element says.
    pub(super) language: Option<Cow<'a, str>>,
    /// The XML that `text` was made from, if its element has child elements.
    pub(super) markup: Option<&'a str>,
}

impl<'a> RawText<'a> {
    pub(super) fn new(text: Cow<'a, str>, kind: TextKind) -> RawText<'a> {
        RawText { text, kind, ..RawText::default() }
    }
}

/// What the document or its format says a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TextKind {
    /// The format does not say, as in RSS: HTML if it has markup that is known, else text.
    #[default]
    Unstated,
    /// HTML, also if it was XHTML in the document.
    Html,
    /// What looks like markup is text, and its line breaks are its author's.
    Text,
}

/// An attached file or a media object.
#[derive(Debug, Default)]
pub(super) struct RawMedia<'a> {
    pub(super) url: Cow<'a, str>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) length: Option<Cow<'a, str>>,
    pub(super) title: Option<RawText<'a>>,
    pub(super) medium: Option<Cow<'a, str>>,
    pub(super) duration: Option<Cow<'a, str>>,
    pub(super) width: Option<Cow<'a, str>>,
    pub(super) height: Option<Cow<'a, str>>,
    /// The number of the Media RSS group that it is in.
    pub(super) group: Option<u32>,
    /// The one of its group that is shown.
    pub(super) is_default: bool,
    pub(super) base: BaseIndex,
}

/// A picture, and the width that images of its kind usually have, where the document does not say it.
#[derive(Debug, Default)]
pub(super) struct RawPicture<'a> {
    pub(super) file: RawMedia<'a>,
    pub(super) usual_width: UsualWidth,
}

/// A width in pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UsualWidth(pub(super) u32);

impl UsualWidth {
    pub(super) const THUMBNAIL: UsualWidth = UsualWidth(150);
    /// Larger than readers need, and the same for many entries.
    pub(super) const COVER: UsualWidth = UsualWidth(100);
    pub(super) const PICTURE: UsualWidth = UsualWidth(640);
}

/// A title, a description or a credit of media.
#[derive(Debug)]
pub(super) struct RawMediaText<'a> {
    pub(super) scope: MediaScope,
    pub(super) field: MediaField,
    pub(super) text: RawText<'a>,
}

/// Which media a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaScope {
    /// One, by its position.
    Object(usize),
    /// All of a group.
    Group(u32),
    /// All of the entry.
    Entry,
}

/// What a text says of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaField {
    Title,
    Description,
    Credit,
}

/// A category: what it is called, what programs know it by, and the list it belongs to.
#[derive(Debug, Default)]
pub(super) struct RawCategory<'a> {
    pub(super) name: RawText<'a>,
    pub(super) term: Option<Cow<'a, str>>,
    pub(super) scheme: Option<Cow<'a, str>>,
}

impl<'a> From<RawText<'a>> for RawCategory<'a> {
    fn from(name: RawText<'a>) -> Self {
        RawCategory { name, ..RawCategory::default() }
    }
}

/// What few entries have.
#[derive(Debug, Default)]
pub(super) struct RawDetails<'a> {
    pub(super) comment_count: Option<Cow<'a, str>>,
    pub(super) comments_feed: Option<Cow<'a, str>>,
    pub(super) answered_id: Option<Cow<'a, str>>,
    pub(super) answered_link: Option<Cow<'a, str>>,
    /// Its own, or else those of its source.
    pub(super) rights: Ranked<RawText<'a>>,
    pub(super) place_name: Option<Cow<'a, str>>,
    /// Of a point, a line or a polygon.
    pub(super) coordinates: Option<Cow<'a, str>>,
    /// Two opposite corners of a box.
    pub(super) corners: Option<Cow<'a, str>>,
    pub(super) latitude: Option<Cow<'a, str>>,
    pub(super) longitude: Option<Cow<'a, str>>,
}

/// What a podcast says of an episode.
#[derive(Debug, Default)]
pub(super) struct RawEpisode<'a> {
    pub(super) title: Option<RawText<'a>>,
    pub(super) summary: Option<RawText<'a>>,
    pub(super) image: Option<RawFile<'a>>,
    pub(super) season: Option<Cow<'a, str>>,
    pub(super) number: Option<Cow<'a, str>>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) explicit: Option<Cow<'a, str>>,
    pub(super) transcripts: Vec<RawTranscript<'a>>,
    pub(super) chapters: Option<RawFile<'a>>,
    pub(super) persons: Vec<RawPerson<'a>>,
}

/// An address with its media type.
#[derive(Debug, Default)]
pub(super) struct RawFile<'a> {
    pub(super) url: Cow<'a, str>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) base: BaseIndex,
}

/// A transcript of an episode.
#[derive(Debug, Default)]
pub(super) struct RawTranscript<'a> {
    pub(super) file: RawFile<'a>,
    pub(super) language: Option<Cow<'a, str>>,
    pub(super) rel: Option<Cow<'a, str>>,
}

/// Someone in an episode.
#[derive(Debug, Default)]
pub(super) struct RawPerson<'a> {
    pub(super) name: RawText<'a>,
    pub(super) role: Option<Cow<'a, str>>,
    pub(super) group: Option<Cow<'a, str>>,
    pub(super) image: Option<Cow<'a, str>>,
    pub(super) link: Option<Cow<'a, str>>,
    pub(super) base: BaseIndex,
}

/// What a podcast says of itself.
#[derive(Debug, Default)]
pub(super) struct RawPodcast<'a> {
    pub(super) author: Option<Cow<'a, str>>,
    pub(super) owner: Option<Cow<'a, str>>,
    /// Each with a subcategory or none.
    pub(super) categories: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    pub(super) explicit: Option<Cow<'a, str>>,
    pub(super) image: Option<RawFile<'a>>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) guid: Option<Cow<'a, str>>,
}

/// The original feed of a republished entry.
#[derive(Debug, Default)]
pub(super) struct RawOrigin<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) title: Option<RawText<'a>>,
    pub(super) url: Option<Cow<'a, str>>,
    pub(super) link: Option<Cow<'a, str>>,
    pub(super) icon: Option<Cow<'a, str>>,
}

/// A value that several elements can give: the lowest rank wins, and the first of equal ranks.
#[derive(Debug)]
pub(super) struct Ranked<T>(Option<(u8, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked(None)
    }
}

impl<T> From<Option<T>> for Ranked<T> {
    fn from(value: Option<T>) -> Self {
        Ranked(value.map(|value| (0, value)))
    }
}

impl<T> Ranked<T> {
    pub(super) fn offer(&mut self, rank: u8, value: T) {
        if self.0.as_ref().is_none_or(|(best, _)| rank < *best) {
            self.0 = Some((rank, value));
        }
    }

    pub(super) fn rank(&self) -> Option<u8> {
        self.0.as_ref().map(|(rank, _)| *rank)
    }

    pub(super) fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(super) fn value_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut().map(|(_, value)| value)
    }

    pub(super) fn into_value(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}
