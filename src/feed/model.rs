//! The input and the result of reading a feed. Pure.

use jiff::Timestamp;
use url::Url;

use super::decode::Certainty;
use crate::entry::{Entry, Podcast};
use crate::source::UpdateHints;

/// What is known about a document besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a> {
    /// The Content-Type header.
    pub content_type: Option<&'a str>,
    /// The final address of the document, to which its relative addresses refer.
    pub url: Option<&'a Url>,
    /// Dates more than a day later are ignored.
    pub now: Timestamp,
}

/// A normalized feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Such as "rss 2.0".
    pub format: &'static str,
    /// The name of the encoding that was used, as in the WHATWG standard.
    pub encoding: &'static str,
    /// How certain that encoding is.
    pub certainty: Certainty,
    /// The feed's title as plain text.
    pub title: Option<String>,
    /// The feed's own id (`atom:id`).
    pub id: Option<String>,
    /// The absolute address of the site.
    pub link: Option<String>,
    /// The absolute address of its picture.
    pub icon: Option<String>,
    /// BCP 47 tag, lower case.
    pub language: Option<String>,
    /// What it says of itself as a podcast.
    pub podcast: Option<Box<Podcast>>,
    /// The feed's hints on how often to poll it.
    pub update_hints: UpdateHints,
    /// In document order.
    pub entries: Vec<Entry>,
    /// The base of relative addresses in the entries' HTML: the site or the document.
    pub base: Option<Url>,
    /// The document was truncated: the feed may have entries that it does not list.
    pub partial: bool,
    /// Our reader could not read it, the second one did.
    pub is_rescued: bool,
    /// What could not be read, as messages of at most 200 characters.
    pub problems: Vec<String>,
}
