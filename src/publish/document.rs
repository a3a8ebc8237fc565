//! An output filled with entries: everything that any format writes. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::format::Format;
use super::icon::{self, Icon};
use super::language;
use super::output::{Criteria, Output, OutputAccess, Site};
use super::text::{one_line, percent_encode, site_address};
use crate::entry::{Author, Podcast, StoredEntry, derived_id};

/// The path of the page on which filters are tried; of its feeds without the extension.
pub const SEARCH_PATH: &str = "/try";

/// An output filled with entries, ready to be written in any format.
///
/// It contains no time of rendering, so the same entries always give the same bytes.
#[derive(Clone, Debug)]
pub struct Document {
    /// The id of the feed, also of its archive pages. It depends on no address.
    pub id: String,
    /// The output's name.
    pub name: String,
    /// Of the feed of a search, the query of its address: it is no output, and stands beside `/try`.
    pub search: Option<String>,
    /// The output's title.
    pub title: String,
    /// What the output is about: plain text.
    pub description: Option<String>,
    /// What decides which entries it has; `None` if no filter does.
    pub criteria: Option<Criteria>,
    /// The podcast that all its entries are from, if it is a feed of that alone.
    pub podcast: Option<Box<Podcast>>,
    /// The output's own icon.
    pub icon: Option<Icon>,
    /// The base address of the published feeds; may have a path.
    pub public_url: Url,
    /// The WebSub hub.
    pub hub: Option<Url>,
    /// Whether its readers may see the pages of its entries.
    pub is_explained: bool,
    /// When the output was created: the time of last change of a document without entries.
    pub since: Timestamp,
    /// Whether it is the current feed or an archive page.
    pub position: HistoryPosition,
    /// Where its web page leads.
    pub web_pages: WebPages,
    /// Newest first; ids are unique.
    pub entries: Vec<OutputEntry>,
}

/// A document's position in the history of its output (RFC 5005 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryPosition {
    /// The feed that readers subscribe to.
    Current {
        /// The newest full archive page, if there is one.
        previous: Option<u32>,
    },
    /// An archive page.
    Archive {
        /// Page 1 is the oldest.
        number: u32,
        /// The next newer page, if there is one.
        next: Option<u32>,
    },
}

/// The archive pages that a web page leads to, of those that have entries which it does not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebPages {
    /// With older entries.
    pub older: Option<u32>,
    /// With newer entries; `None`: those of the current page.
    pub newer: Option<u32>,
}

/// An entry as an output shows it.
#[derive(Clone, Debug)]
pub struct OutputEntry {
    /// The stored entry, with the authors and the source that are published.
    pub kept: Arc<StoredEntry>,
    /// Plain text, never empty.
    pub title: String,
    /// An HTML fragment.
    pub summary: Option<String>,
    /// The full text, an HTML fragment.
    pub content: Option<String>,
    /// Other sources of the same story.
    pub also_in: Vec<AlsoIn>,
    /// The words that made it match, as written in it; highlighted on the page.
    pub highlights: Vec<String>,
}

/// Another source of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoIn {
    /// The source's title.
    pub title: String,
    /// The entry's link.
    pub link: String,
}

/// The address of a search in a format. `query` is encoded.
pub(super) fn search_address(public_url: &Url, format: Format, query: &str) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    percent_encode(&format!("{base}{SEARCH_PATH}{}?{query}", format.extension()))
}

/// The id of an output's feed. The time when the output was first configured makes it another one than that of an output
/// with this key elsewhere.
pub(super) fn feed_id(key: &str, since: Timestamp) -> String {
    derived_id(&["feed", key, &since.as_millisecond().to_string()])
}

impl Document {
    /// The current feed of an output, without entries. `since` is the Unix epoch, and the id made from that; the caller
    /// may set them.
    pub(super) fn new(output: &Output, site: &Site) -> Document {
        Document {
            id: feed_id(&output.name, Timestamp::UNIX_EPOCH),
            name: output.name.clone(),
            search: None,
            title: output.title.clone(),
            description: output.description.clone(),
            criteria: Some(output.criteria.clone()),
            podcast: None,
            icon: output.icon.clone(),
            public_url: site.public_url.clone(),
            hub: site.hub_of(output).cloned(),
            is_explained: output.access == OutputAccess::Private || site.is_of_this_machine(),
            since: Timestamp::UNIX_EPOCH,
            position: HistoryPosition::Current { previous: None },
            web_pages: WebPages::default(),
            entries: Vec::new(),
        }
    }

    /// When any entry last changed.
    pub fn updated(&self) -> Timestamp {
        self.entries.iter().map(OutputEntry::updated).max().unwrap_or(self.since)
    }

    /// The address of the current feed in a format.
    pub fn address(&self, format: Format) -> String {
        match &self.search {
            Some(query) => search_address(&self.public_url, format, query),
            None => self.absolute(&format.path(&self.name)),
        }
    }

    /// The address of this document in a format.
    pub fn own_address(&self, format: Format) -> String {
        match self.position {
            HistoryPosition::Current { .. } => self.address(format),
            HistoryPosition::Archive { number, .. } => self.archive_address(number, format),
        }
    }

    /// The address of the next older archive page.
    pub fn previous(&self, format: Format) -> Option<String> {
        let number = match self.position {
            HistoryPosition::Current { previous } => previous?,
            HistoryPosition::Archive { number, .. } => number.checked_sub(1).filter(|number| *number > 0)?,
        };
        Some(self.archive_address(number, format))
    }

    /// The address of the next newer archive page.
    pub fn next(&self, format: Format) -> Option<String> {
        match self.position {
            HistoryPosition::Current { .. } => None,
            HistoryPosition::Archive { next, .. } => next.map(|number| self.archive_address(number, format)),
        }
    }

    /// The address of the icon. Archive pages have none: they never change, and the address may.
    pub fn icon(&self) -> Option<String> {
        let address = match &self.icon {
            Some(Icon::Url(url)) => percent_encode(url.as_str()),
            Some(Icon::File(file)) => self.absolute(&file.path(&self.name)),
            None => self.absolute(icon::PATH),
        };
        (!self.is_archive()).then_some(address)
    }

    /// Whether this is an archive page.
    pub(super) fn is_archive(&self) -> bool {
        matches!(self.position, HistoryPosition::Archive { .. })
    }

    /// The language, if all entries have the same.
    pub fn language(&self) -> Option<&str> {
        let first = self.entries.first()?.language()?;
        self.entries.iter().all(|entry| entry.language() == Some(first)).then_some(first)
    }

    fn archive_address(&self, number: u32, format: Format) -> String {
        self.absolute(&self.archive_path(number, format))
    }

    pub(super) fn archive_path(&self, number: u32, format: Format) -> String {
        format!("/feeds/{}/archive/{number}{}", self.name, format.extension())
    }

    pub(super) fn relative(&self, path: &str) -> String {
        site_address(&self.public_url, path)
    }

    pub(super) fn absolute(&self, path: &str) -> String {
        percent_encode(&format!("{}{path}", self.public_url.as_str().trim_end_matches('/')))
    }
}

impl OutputEntry {
    /// When it last changed: the second of the change, with the entry's number as the fraction.
    ///
    /// Entries of one poll change at the same instant, but some readers sort or identify versions by this time. The
    /// number makes it unique, and equal in every document.
    pub fn updated(&self) -> Timestamp {
        let micros = self.kept.number.rem_euclid(1_000_000);
        let nanos = i32::try_from(micros).unwrap_or_default() * 1000;
        Timestamp::new(self.kept.changed.as_second(), nanos).unwrap_or(self.kept.changed)
    }

    /// The entry's link; that of its first file if it has no page.
    pub fn link(&self) -> Option<&str> {
        let entry = &self.kept.entry;
        let file = || entry.enclosures.first().map(|file| &*file.url);
        entry.link.as_deref().or_else(file).or_else(|| Some(&entry.media.first()?.url))
    }

    /// The authors that have a name; the source if there is none. E-mail addresses are not published, nor addresses that
    /// are no pages.
    pub fn authors(&self) -> Vec<Author> {
        let named = |author: &Author| {
            let name = one_line(&author.name);
            let is_page = |address: &&str| {
                Url::parse(address).is_ok_and(|address| matches!(address.scheme(), "http" | "https"))
            };
            let uri = author.uri.as_deref().filter(is_page).map(percent_encode);
            let avatar = author.avatar.as_deref().map(percent_encode);
            let is_named = !name.is_empty() && author.email.as_ref() != Some(&author.name);
            is_named.then_some(Author { name, uri, email: None, avatar })
        };
        let authors: Vec<Author> = self.kept.entry.authors.iter().filter_map(named).collect();
        if authors.is_empty() {
            return vec![Author { name: one_line(&self.kept.source.title), ..Author::default() }];
        }
        authors
    }

    /// Adds HTML to the end of the text, to the summary if there is nothing else.
    pub(super) fn append(&mut self, html: &str) {
        let text = if self.content.is_some() { &mut self.content } else { &mut self.summary };
        text.get_or_insert_default().push_str(html);
    }

    /// The categories, each once, none blank.
    pub fn categories(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for category in self.kept.entry.categories.iter().map(|category| one_line(category)) {
            if !category.is_empty() && !all.contains(&category) {
                all.push(category);
            }
        }
        all
    }

    /// The entry's language, or else its source's, if it is a valid BCP 47 tag.
    pub fn language(&self) -> Option<&str> {
        let own = self.kept.entry.language.as_deref().filter(|tag| language::is_valid_tag(tag));
        own.or(self.kept.source.language.as_deref().filter(|tag| language::is_valid_tag(tag)))
    }
}
