//! Raw entries to entries: identity, absolute addresses, dates, plain titles. Pure; identity is
//! decided here and nowhere else.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::identity::hash;
use super::parse::{RawEntry, RawFeed, RawLink};
use super::read::{Feed, Hints};
use crate::entry::{Author, Enclosure, Entry, Key, KeyRule, Thumbnail};
use crate::source::FeedPace;

/// Earlier dates are a clock's beginning, not an entry's.
const EARLIEST: i64 = 631_152_000; // 1990-01-01

pub(super) fn feed(raw: RawFeed, encoding: &'static str, hints: &Hints<'_>) -> Feed {
    let link = page(&raw.links, hints.url);
    let base = hints.url.cloned().or_else(|| link.as_deref().and_then(|link| Url::parse(link).ok()));
    let entries = raw.entries.into_iter().map(|raw| entry(raw, base.as_ref(), hints.now)).collect();
    Feed {
        format: raw.format,
        encoding,
        title: raw.title.and_then(|title| plain(&title)),
        link,
        language: raw.language.and_then(|tag| language(&tag)),
        pace: FeedPace {
            ttl: raw.ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            ..FeedPace::default()
        },
        entries,
        partial: false,
        problems: Vec::new(),
    }
}

fn entry(raw: RawEntry, base: Option<&Url>, now: Timestamp) -> Entry {
    let id = raw.id.as_deref().map(printable).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    // A guid is a permalink unless it says otherwise, and no feed without links says otherwise.
    let link = page(&raw.links, base)
        .or_else(|| id.as_deref().filter(|id| id.starts_with("http")).and_then(|id| absolute(id, None)));
    let mut enclosures: Vec<Enclosure> = Vec::new();
    let attached =
        raw.links.into_iter().filter(|link| link.rel.as_deref() == Some("enclosure")).map(|link| Enclosure {
            url: link.href,
            media_type: link.media_type,
            length: link.length,
            ..Enclosure::default()
        });
    for enclosure in attached.chain(raw.enclosures) {
        if let Some(url) = absolute(&enclosure.url, base)
            && !enclosures.iter().any(|known| known.url == url)
        {
            enclosures.push(Enclosure { url, ..enclosure });
        }
    }
    let mut entry = Entry {
        keys: Vec::new(),
        id,
        title: raw.title.as_deref().and_then(plain),
        link,
        published: raw.published.filter(|time| is_plausible(*time, now)),
        updated: raw.updated.filter(|time| is_plausible(*time, now)),
        authors: authors(raw.authors),
        categories: once_each(raw.categories.iter().filter_map(|category| plain(category))),
        summary: raw.summary.map(|html| printable(&html)).filter(|html| !html.trim().is_empty()),
        content: raw.content.map(|html| printable(&html)).filter(|html| !html.trim().is_empty()),
        enclosures,
        thumbnails: raw
            .thumbnails
            .into_iter()
            .filter_map(|thumbnail| Some(Thumbnail { url: absolute(&thumbnail.url, base)?, ..thumbnail }))
            .collect(),
        duration: raw.duration,
        comments: None,
        language: raw.language.and_then(|tag| language(&tag)),
        origin: None,
    };
    entry.keys = keys(&entry);
    entry
}

/// Every key that the document gives, strongest first; `identity` decides which of them count. The text
/// is the last resort, and a key of its making.
fn keys(entry: &Entry) -> Vec<Key> {
    let key = |rule, value: String| Key { rule, value };
    let mut keys: Vec<Key> = Vec::new();
    keys.extend(entry.id.clone().map(|id| key(KeyRule::Id, id)));
    keys.extend(entry.link.as_deref().map(|link| key(KeyRule::Link, cleaned(link))));
    let date = entry.published.or(entry.updated);
    keys.extend(
        entry.title.as_ref().map(|title| {
            key(KeyRule::Title, hash(&[title, &date.map_or_else(String::new, |d| d.to_string())]))
        }),
    );
    keys
}

/// A link without what changes while the page stays: scheme, fragment, a last slash.
fn cleaned(link: &str) -> String {
    let link = link.split('#').next().unwrap_or(link);
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/').to_owned()
}

/// The page that links mean: the alternate one, HTML if there is a choice.
fn page(links: &[RawLink], base: Option<&Url>) -> Option<String> {
    let alternates: Vec<&RawLink> =
        links.iter().filter(|link| matches!(link.rel.as_deref(), None | Some("alternate" | ""))).collect();
    let html = |link: &&&RawLink| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    alternates.iter().find(html).or(alternates.first()).and_then(|link| absolute(&link.href, base))
}

fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    let url = match base {
        Some(base) => base.join(href),
        None => Url::parse(href),
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

/// Plain text on one line: markup gone, character references resolved (twice: many feeds escape twice).
fn plain(text: &str) -> Option<String> {
    let once = without_tags(text);
    let twice = without_tags(&htmlize::unescape(&once));
    let text = printable(&htmlize::unescape(&twice));
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Only what looks like a tag goes: in "5 < 6" nothing does.
fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        kept.push_str(before);
        let opens = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match tag.find('>').filter(|_| opens) {
            Some(end) => rest = &tag[end + 1..],
            None => {
                kept.push('<');
                rest = &tag[1..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Without the characters that XML cannot carry (XML 1.0 section 2.2).
fn printable(text: &str) -> String {
    let bad = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(bad) { text.replace(bad, "") } else { text.to_owned() }
}

/// Each name once: modules repeat what the plain elements say.
fn authors(raw: Vec<Author>) -> Vec<Author> {
    let mut seen = HashSet::new();
    raw.into_iter().filter_map(author).filter(|author| seen.insert(author.name.clone())).collect()
}

fn author(author: Author) -> Option<Author> {
    let email = author.email.and_then(|email| plain(&email));
    Some(Author { name: plain(&author.name)?, email, uri: author.uri.and_then(|uri| absolute(&uri, None)) })
}

fn once_each(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// A language tag's form (RFC 5646), lower case; anything else is no language.
fn language(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let mut parts = tag.split('-');
    let primary = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let rest =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (primary && rest).then_some(tag)
}

fn is_plausible(time: Timestamp, now: Timestamp) -> bool {
    time.as_second() >= EARLIEST && time.duration_since(now) <= SignedDuration::from_hours(24)
}
