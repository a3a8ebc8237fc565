//! Text to a raw feed. Pure; the only place that knows feed-rs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model;
use feed_rs::parser::Builder;
use jiff::Timestamp;
use url::Url;

use crate::entry::{Author, Enclosure, Thumbnail};

/// Elements within each other; feed-rs calls itself for each, and a stack has an end.
const DEEPEST: usize = 100;

/// A feed as its document says it, before anything is made of it.
#[derive(Debug, Default)]
pub(super) struct RawFeed {
    pub(super) format: &'static str,
    pub(super) title: Option<String>,
    pub(super) links: Vec<RawLink>,
    pub(super) language: Option<String>,
    /// RSS `ttl`, minutes.
    pub(super) ttl: Option<u32>,
    pub(super) entries: Vec<RawEntry>,
}

/// An entry as its document says it.
#[derive(Debug, Default)]
pub(super) struct RawEntry {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) links: Vec<RawLink>,
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) authors: Vec<Author>,
    pub(super) categories: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) content: Option<String>,
    pub(super) enclosures: Vec<Enclosure>,
    pub(super) thumbnails: Vec<Thumbnail>,
    pub(super) duration: Option<u32>,
    pub(super) language: Option<String>,
}

/// A link with its relation.
#[derive(Debug)]
pub(super) struct RawLink {
    pub(super) href: String,
    pub(super) rel: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) length: Option<u64>,
}

/// Parses a feed of any format.
///
/// # Errors
/// Why it is none, in the parser's words: of any length, and with the sender's characters in it.
pub(super) fn feed(text: &str, base: Option<&Url>) -> Result<RawFeed, String> {
    if text.starts_with('<') && deeper_than(text, DEEPEST) {
        return Err(format!("more than {DEEPEST} elements within each other"));
    }
    // An id of feed-rs's own making would depend on the title: none at all is better.
    let parser =
        Builder::new().base_uri(base).sanitize_content(false).id_generator(|_, _, _| String::new()).build();
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())));
    let feed = parsed.map_err(|_| "the parser gave up".to_owned())?.map_err(|error| error.to_string())?;
    Ok(RawFeed {
        format: format_name(&feed.feed_type),
        title: feed.title.map(|title| title.content),
        links: feed.links.into_iter().map(link).collect(),
        language: feed.language,
        ttl: feed.ttl,
        entries: feed.entries.into_iter().map(entry).collect(),
    })
}

/// Whether more elements than `most` stand open at once; a rough count that errs towards yes.
fn deeper_than(text: &str, most: usize) -> bool {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(step) = memchr::memchr(b'<', &bytes[at..]) {
        at += step + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"![CDATA[") {
            at += memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len());
        } else if rest.starts_with(b"!--") {
            at += memchr::memmem::find(rest, b"-->").unwrap_or(rest.len());
        } else if rest.first() == Some(&b'/') {
            depth = depth.saturating_sub(1);
        } else if rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || *b >= 0x80) {
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
            depth += usize::from(!rest[..end].ends_with(b"/"));
            if depth > most {
                return true;
            }
        }
    }
    false
}

fn format_name(kind: &model::FeedType) -> &'static str {
    match kind {
        model::FeedType::Atom => "atom 1.0",
        model::FeedType::JSON => "json feed",
        model::FeedType::RSS0 => "rss 0.9",
        model::FeedType::RSS1 => "rss 1.0",
        model::FeedType::RSS2 => "rss 2.0",
    }
}

fn link(link: model::Link) -> RawLink {
    RawLink { href: link.href, rel: link.rel, media_type: link.media_type, length: link.length }
}

fn entry(entry: model::Entry) -> RawEntry {
    let content = entry.content.and_then(|content| {
        match (content.body, content.content_type.essence().to_string().as_str()) {
            (Some(body), "text/plain") => Some(escape(&body)),
            (body, _) => body,
        }
    });
    let mut raw = RawEntry {
        id: Some(entry.id).filter(|id| !id.trim().is_empty()),
        title: entry.title.map(|title| title.content),
        links: entry.links.into_iter().map(link).collect(),
        published: entry.published.and_then(|time| Timestamp::from_millisecond(time.timestamp_millis()).ok()),
        updated: entry.updated.and_then(|time| Timestamp::from_millisecond(time.timestamp_millis()).ok()),
        authors: entry.authors.into_iter().filter_map(author).collect(),
        categories: entry
            .categories
            .into_iter()
            .map(|category| category.label.unwrap_or(category.term))
            .collect(),
        summary: entry.summary.map(|summary| summary.content),
        content,
        language: entry.language,
        ..RawEntry::default()
    };
    for media in entry.media {
        if raw.summary.is_none() && raw.content.is_none() {
            raw.summary = media.description.map(|text| text.content);
        }
        if raw.title.is_none() {
            raw.title = media.title.map(|title| title.content);
        }
        raw.duration = raw.duration.or(media.duration.and_then(|time| u32::try_from(time.as_secs()).ok()));
        raw.thumbnails.extend(media.thumbnails.into_iter().map(|thumbnail| Thumbnail {
            url: thumbnail.image.uri,
            width: thumbnail.image.width,
            height: thumbnail.image.height,
        }));
        raw.enclosures.extend(media.content.into_iter().filter_map(|content| {
            Some(Enclosure {
                url: content.url?.to_string(),
                media_type: content.content_type.map(|kind| kind.to_string()),
                length: content.size,
                ..Enclosure::default()
            })
        }));
    }
    raw
}

fn author(person: model::Person) -> Option<Author> {
    let name = person.name.clone().or(person.email.clone()).or(person.uri.clone())?;
    Some(Author { name, email: person.email, uri: person.uri })
}

/// Plain text as an HTML fragment.
fn escape(text: &str) -> String {
    htmlize::escape_text(text).into_owned()
}
