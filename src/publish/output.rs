//! The definition of an output, checked and with every default filled in. Pure.

use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::format::Format;
use super::icon::Icon;
use super::template::Template;
use super::text::percent_encode;
use crate::filter::Query;

/// Upper bound of entries on an archive page.
const MAX_PAGE_ENTRIES: usize = 500;

/// A merged, filtered feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Unique among the outputs; a safe file name.
    pub name: String,
    /// Former names, whose addresses lead to this output.
    pub was: Vec<String>,
    /// Whether it is for those alone who have the token, and on no public list.
    pub access: OutputAccess,
    /// Plain text.
    pub title: String,
    /// What it is about: plain text.
    pub description: Option<String>,
    /// `None`: Siftwire's own.
    pub icon: Option<Icon>,
    /// The template of entry titles; `None` keeps each entry's own title.
    pub entry_title: Option<Template>,
    /// Which entries match; `None`: all.
    pub filter: Option<Query>,
    /// Names of its sources, sorted; `None`: all.
    pub sources: Option<Vec<String>>,
    /// The same, for its page.
    pub criteria: Criteria,
    /// The most entries in the feed.
    pub limit: usize,
    /// One entry per story, or every entry.
    pub stories: Stories,
    /// Sources whose entry is preferred for a new story, best first.
    pub prefer: Vec<String>,
    /// Whether an entry lists the other sources of its story.
    pub also_in: OtherSources,
    /// Whether the text of an entry names its source.
    pub byline: Byline,
    /// The most entries of one source.
    pub per_source: Option<usize>,
    /// Older entries are not shown.
    pub max_age: Option<Duration>,
    /// How much of each entry is published.
    pub content: ContentMode,
    /// The folder to which the documents are also written.
    pub write_to: Option<PathBuf>,
}

impl Output {
    /// The output that a config describes with a name alone.
    #[must_use]
    pub fn named(name: &str) -> Output {
        Output {
            name: name.to_owned(),
            was: Vec::new(),
            access: OutputAccess::Public,
            title: name.to_owned(),
            description: None,
            icon: None,
            entry_title: None,
            filter: None,
            sources: None,
            criteria: Criteria::default(),
            limit: 100,
            stories: Stories::Merge,
            prefer: Vec::new(),
            also_in: OtherSources::Listed,
            byline: Byline::Omitted,
            per_source: None,
            max_age: None,
            content: ContentMode::Full,
            write_to: None,
        }
    }

    /// Whether entries of this source can enter.
    pub fn draws_on(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|names| names.iter().any(|name| name == source))
    }

    /// How many entries an archive page takes.
    pub(super) fn archive_page_size(&self) -> usize {
        self.limit.clamp(1, MAX_PAGE_ENTRIES)
    }
}

/// What decides which entries an output takes, as the config writes it, but with user information and queries of
/// addresses masked: the page of the output shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// `None`: every entry is taken.
    pub filter: Option<String>,
    /// The topics of the config that the filter uses, with their queries.
    pub topics: Vec<(String, String)>,
    /// Names of sources, and tags as `#tag`; `None`: all sources.
    pub sources: Option<Vec<String>>,
}

/// Who may read an output over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputAccess {
    /// Everybody.
    Public,
    /// Those who may see the private pages.
    Private,
}

/// Whether an output shows one entry per story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stories {
    /// One entry per story.
    Merge,
    /// Every entry.
    All,
}

/// Whether an output lists the other sources of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OtherSources {
    /// Below the text, and in the format's own elements.
    Listed,
    /// Not at all.
    Omitted,
}

/// Whether the text of an entry names its source, for readers that show it nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Byline {
    /// In its last line.
    Added,
    /// Not in the text.
    Omitted,
}

/// How much of an entry's text an output publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentMode {
    /// Summary and content.
    Full,
    /// The summary, or else the start of the content.
    Summary,
    /// Title and link only.
    None,
}

/// Which form of entry links is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Links {
    /// As in the source's feed.
    Original,
    /// Without tracking parameters, redirect wrappers and caches.
    Cleaned,
}

/// What all outputs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The base address of the published feeds, without a trailing slash; may have a path.
    pub public_url: Url,
    /// The WebSub hub to announce and to notify.
    pub hub: Option<Url>,
    /// Which form of entry links is published.
    pub links: Links,
    /// The template of authors' names; `None` publishes them as they are.
    pub author: Option<Template>,
}

impl Site {
    /// A site without hub that publishes links as they are.
    #[must_use]
    pub fn at(public_url: Url) -> Site {
        Site { public_url, hub: None, links: Links::Original, author: None }
    }

    /// Whether its pages are read on this machine only, as far as their address tells.
    pub(super) fn is_of_this_machine(&self) -> bool {
        match self.public_url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    }

    /// The hub of an output: what a hub is told, everybody can read.
    pub(super) fn hub_of(&self, output: &Output) -> Option<&Url> {
        self.hub.as_ref().filter(|_| output.access == OutputAccess::Public)
    }

    /// The address of an output in a format.
    pub(super) fn feed_address(&self, output: &str, format: Format) -> String {
        self.address(&format.path(output))
    }

    /// The address of a path.
    pub(super) fn address(&self, path: &str) -> String {
        percent_encode(&format!("{}{path}", self.public_url.as_str().trim_end_matches('/')))
    }
}
