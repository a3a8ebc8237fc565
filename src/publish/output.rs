//! What one output is, as the user asked for it. Pure.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::template::Template;
use crate::filter::Query;

/// A merged, filtered feed that we publish: checked, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Unique among the outputs; a safe file name.
    pub name: String,
    /// Plain text.
    pub title: String,
    /// How its entries are titled; `None`: as they title themselves.
    pub entry_title: Option<Template>,
    /// Which entries it wants; `None`: all.
    pub filter: Option<Query>,
    /// Names of the sources it draws on, sorted; `None`: all.
    pub sources: Option<Vec<String>>,
    /// The most entries in the feed.
    pub limit: usize,
    /// One entry a story, or each entry.
    pub stories: Stories,
    /// Names of the sources whose entries stand for a story, the best first, before it is published.
    pub prefer: Vec<String>,
    /// Whether an entry names the other sources of its story.
    pub also_in: OtherSources,
    /// The most entries of one source.
    pub per_source: Option<usize>,
    /// Older entries are not shown.
    pub max_age: Option<Duration>,
    /// How much of each entry is published.
    pub content: ContentMode,
    /// The folder into which the documents are also written.
    pub write_to: Option<PathBuf>,
}

/// Whether an output shows one entry for each story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stories {
    /// One entry for each story.
    Merge,
    /// Each entry.
    All,
}

/// Whether an output names the other sources of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OtherSources {
    /// It does, below the text and in the format's own way.
    Listed,
    /// It does not.
    Omitted,
}

/// How much of an entry's text an output publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentMode {
    /// Summary and content.
    Full,
    /// The summary; the start of the content where there is none.
    Summary,
    /// Title and link alone.
    None,
}

/// Which addresses of entries are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Links {
    /// As their publishers write them.
    Original,
    /// Without tracking parameters, wrappers and caches.
    Cleaned,
}

/// What all outputs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What the published feeds call themselves; ends without a slash, may have a path.
    pub public_url: Url,
    /// The WebSub hub to name and to ping.
    pub hub: Option<Url>,
    /// Which addresses of entries are published.
    pub links: Links,
}
