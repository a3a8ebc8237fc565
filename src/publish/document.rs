//! An output filled: everything that any format writes, and nothing that changes by itself. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::format::Format;
use super::language;
use super::text::{inert, uri};
use crate::entry::{Author, StoredEntry};

/// An output filled, ready to be written in any format.
///
/// It holds no time of its making, so the same entries always give the same bytes.
#[derive(Clone, Debug)]
pub struct Document {
    /// The output's name.
    pub name: String,
    /// The output's title.
    pub title: String,
    /// Where the published feeds stand: ends without a slash, may have a path.
    pub public_url: Url,
    /// The WebSub hub.
    pub hub: Option<Url>,
    /// The time of last change of a document without entries: when the output came to be.
    pub since: Timestamp,
    /// Whether it is the feed itself, or a page of its past.
    pub position: HistoryPosition,
    /// Newest first; no two have the same id.
    pub entries: Vec<OutputEntry>,
}

/// Where a document stands in the history of its output (RFC 5005 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryPosition {
    /// The feed that people subscribe to.
    Current {
        /// The newest full archive page, if there is one.
        previous: Option<u32>,
    },
    /// A page of the past.
    Archive {
        /// Which: page 1 is the oldest.
        number: u32,
        /// Whether a newer archive page follows.
        next: Option<u32>,
    },
}

/// One entry as an output shows it.
#[derive(Clone, Debug)]
pub struct OutputEntry {
    /// The entry.
    pub kept: Arc<StoredEntry>,
    /// Plain text, never empty.
    pub title: String,
    /// The short form, as an HTML fragment.
    pub summary: Option<String>,
    /// The whole text, as an HTML fragment.
    pub content: Option<String>,
    /// Other places where the same story stands.
    pub also_in: Vec<AlsoIn>,
    /// The words because of which it is here, as it writes them: pages mark them.
    pub highlights: Vec<String>,
}

/// Another place where the same story stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoIn {
    /// The source's title.
    pub title: String,
    /// The page.
    pub link: String,
}

impl Document {
    /// When anything in it last changed.
    pub fn updated(&self) -> Timestamp {
        self.entries.iter().map(OutputEntry::updated).max().unwrap_or(self.since)
    }

    /// The id of the feed: the address of its page, the same for each of its archive pages.
    pub fn id(&self) -> String {
        self.absolute(&Format::Html.path(&self.name))
    }

    /// The address of the feed itself in a format.
    pub fn address(&self, format: Format) -> String {
        self.absolute(&format.path(&self.name))
    }

    /// The address of this very document in a format.
    pub fn own_address(&self, format: Format) -> String {
        match self.position {
            HistoryPosition::Current { .. } => self.address(format),
            HistoryPosition::Archive { number, .. } => self.archive_address(number, format),
        }
    }

    /// The address of the archive page before this document, that is, of older entries.
    pub fn previous(&self, format: Format) -> Option<String> {
        let number = match self.position {
            HistoryPosition::Current { previous } => previous?,
            HistoryPosition::Archive { number, .. } => number.checked_sub(1).filter(|number| *number > 0)?,
        };
        Some(self.archive_address(number, format))
    }

    /// The address of the archive page after this one.
    pub fn next(&self, format: Format) -> Option<String> {
        match self.position {
            HistoryPosition::Current { .. } => None,
            HistoryPosition::Archive { next, .. } => next.map(|number| self.archive_address(number, format)),
        }
    }

    /// The language of every entry, where they all have the same.
    pub fn language(&self) -> Option<&str> {
        let first = self.entries.first()?.language()?;
        self.entries.iter().all(|shown| shown.language() == Some(first)).then_some(first)
    }

    fn archive_address(&self, number: u32, format: Format) -> String {
        self.absolute(&format!("/feeds/{}/archive/{number}{}", self.name, format.extension()))
    }

    fn absolute(&self, path: &str) -> String {
        uri(&format!("{}{path}", self.public_url.as_str().trim_end_matches('/')))
    }
}

impl OutputEntry {
    /// When it last changed: the second of the change, and in the fraction the entry's number.
    ///
    /// Entries of one poll change in the same instant, and readers that sort or tell versions by this
    /// time want it to differ; the number makes it so, the same in every document and for ever.
    pub fn updated(&self) -> Timestamp {
        let micros = self.kept.number.rem_euclid(1_000_000);
        let nanos = i32::try_from(micros).unwrap_or_default() * 1000;
        Timestamp::new(self.kept.changed.as_second(), nanos).unwrap_or(self.kept.changed)
    }

    /// The page of the entry.
    pub fn link(&self) -> Option<&str> {
        self.kept.entry.link.as_deref()
    }

    /// Those of its authors who have a name; each with an address only where it is a whole one.
    pub fn authors(&self) -> impl Iterator<Item = Author> + '_ {
        self.kept.entry.authors.iter().filter_map(|author| {
            let name = inert(&author.name);
            let uri = author.uri.as_deref().filter(|address| Url::parse(address).is_ok()).map(uri);
            (!name.is_empty()).then(|| Author { name, uri, email: author.email.clone() })
        })
    }

    /// Its subjects as clean lines, each once, none blank.
    pub fn categories(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for category in self.kept.entry.categories.iter().map(|category| inert(category)) {
            if !category.is_empty() && !all.contains(&category) {
                all.push(category);
            }
        }
        all
    }

    /// A BCP 47 tag in the shape that all formats allow: the entry's own, else its source's.
    pub fn language(&self) -> Option<&str> {
        let own = self.kept.entry.language.as_deref().filter(|tag| language::is_known(tag));
        own.or(self.kept.source.language.as_deref().filter(|tag| language::is_known(tag)))
    }
}
