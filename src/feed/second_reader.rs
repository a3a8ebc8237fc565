//! Reads a document with feed-rs, which shares no code with our reader: for what ours cannot read, and as a second opinion.
//! Pure.

use std::borrow::Cow;
use std::panic::{self, AssertUnwindSafe};

use feed_rs::model;
use feed_rs::parser::Builder;
use jiff::Timestamp;
use quick_xml::events::Event;

use super::raw::{
    RawAuthor, RawDate, RawEntry, RawFeed, RawLink, RawMedia, RawPicture, RawText, TextKind, UsualWidth,
};

/// Larger documents are not read twice.
const MAX_BYTES: usize = 16 << 20;

/// feed-rs calls itself for each level of elements; deeper ones exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Reads the text of a document.
///
/// # Errors
/// Why feed-rs does not read it.
pub(super) fn parse(text: &str) -> Result<RawFeed<'static>, String> {
    let text = without_declaration(text);
    if text.len() > MAX_BYTES {
        return Err("it is too large for the second reader".to_owned());
    }
    if is_deep(text) {
        return Err("its elements are nested too deeply for the second reader".to_owned());
    }
    // No ids of its own making: they would not be those that our reader gives the same entries.
    let parser = Builder::new().id_generator(|_, _, _| String::new()).build();
    // No format has NUL. At the beginning it would be taken for UTF-16.
    let text = text.replace('\0', "");
    let parsed = panic::catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())));
    match parsed {
        Ok(Ok(feed)) => Ok(raw_feed(feed)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the second reader has a fault that this document shows".to_owned()),
    }
}

/// The XML without its declaration: the text is decoded already, whatever encoding it names.
fn without_declaration(text: &str) -> &str {
    let text = text.trim_start().trim_start_matches('\u{feff}');
    let declaration = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    declaration.map_or(text, |(_, rest)| rest)
}

fn is_deep(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    let config = reader.config_mut();
    (config.check_end_names, config.allow_unmatched_ends) = (false, true);
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
}

fn raw_feed(feed: model::Feed) -> RawFeed<'static> {
    // It calls all plain that has no type.
    let untyped = match feed.feed_type {
        model::FeedType::Atom | model::FeedType::JSON => TextKind::Text,
        _ => TextKind::Unstated,
    };
    RawFeed {
        format: match feed.feed_type {
            model::FeedType::Atom => "atom 1.0",
            model::FeedType::JSON => "json feed",
            model::FeedType::RSS0 => "rss 0.9",
            model::FeedType::RSS1 => "rss 1.0",
            model::FeedType::RSS2 => "rss 2.0",
        },
        title: feed.title.map(|title| raw_text(title, untyped)),
        id: Some(feed.id).filter(|id| !id.is_empty()).map(Cow::Owned),
        links: feed.links.into_iter().map(raw_link).collect(),
        icon: feed.icon.or(feed.logo).map(|image| Cow::Owned(image.uri)),
        language: feed.language.map(Cow::Owned),
        authors: feed.authors.into_iter().map(|person| raw_author(person, untyped)).collect(),
        entries: feed.entries.into_iter().map(|entry| raw_entry(entry, untyped)).collect(),
        ..RawFeed::default()
    }
}

fn raw_entry(entry: model::Entry, untyped: TextKind) -> RawEntry<'static> {
    let content = entry.content.and_then(|content| {
        Some(RawText::new(content.body?.into(), text_kind(content.content_type.subty().as_str(), untyped)))
    });
    let (files, thumbnails): (Vec<_>, Vec<_>) =
        entry.media.into_iter().map(|media| (media.content, media.thumbnails)).unzip();
    let thumbnails = thumbnails.into_iter().flatten();
    RawEntry {
        id: Some(entry.id).filter(|id| !id.is_empty()).map(Cow::Owned).into(),
        permalink: true,
        title: entry.title.map(|title| raw_text(title, untyped)).into(),
        links: entry.links.into_iter().map(raw_link).collect(),
        published: entry.published.and_then(|date| raw_date(date.timestamp_millis())).into(),
        updated: entry.updated.and_then(|date| raw_date(date.timestamp_millis())).into(),
        authors: entry.authors.into_iter().map(|person| raw_author(person, untyped)).collect(),
        categories: entry
            .categories
            .into_iter()
            .map(|category| RawText::new(category.label.unwrap_or(category.term).into(), untyped).into())
            .collect(),
        summary: entry.summary.map(|summary| raw_text(summary, untyped)).into(),
        content: content.into(),
        enclosures: files.into_iter().flatten().filter_map(raw_media).collect(),
        images: thumbnails
            .map(|picture| RawPicture {
                file: RawMedia { url: Cow::Owned(picture.image.uri), ..RawMedia::default() },
                usual_width: UsualWidth::THUMBNAIL,
            })
            .collect(),
        language: entry.language.map(Cow::Owned),
        ..RawEntry::default()
    }
}

fn raw_text(text: model::Text, untyped: TextKind) -> RawText<'static> {
    let kind = text_kind(text.content_type.subty().as_str(), untyped);
    RawText::new(text.content.into(), kind)
}

fn text_kind(subtype: &str, untyped: TextKind) -> TextKind {
    if subtype == "plain" { untyped } else { TextKind::Html }
}

fn raw_link(link: model::Link) -> RawLink<'static> {
    RawLink {
        href: Cow::Owned(link.href),
        rel: link.rel.map(Cow::Owned),
        media_type: link.media_type.map(Cow::Owned),
        length: link.length.map(|length| Cow::Owned(length.to_string())),
        title: link.title.map(Cow::Owned),
        ..RawLink::default()
    }
}

fn raw_author(person: model::Person, untyped: TextKind) -> RawAuthor<'static> {
    RawAuthor {
        name: person.name.map(|name| RawText::new(name.into(), untyped)),
        email: person.email.map(Cow::Owned),
        uri: person.uri.map(Cow::Owned),
        avatar: None,
    }
}

fn raw_date(millis: i64) -> Option<RawDate<'static>> {
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(RawDate { text: Cow::Owned(time.to_string()), time: Some(time) })
}

fn raw_media(content: model::MediaContent) -> Option<RawMedia<'static>> {
    Some(RawMedia {
        url: Cow::Owned(content.url?.into()),
        media_type: content.content_type.map(|kind| Cow::Owned(kind.to_string())),
        length: content.size.map(|size| Cow::Owned(size.to_string())),
        ..RawMedia::default()
    })
}
