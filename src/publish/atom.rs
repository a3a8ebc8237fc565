//! A document as Atom 1.0 (RFC 4287), with Media RSS, threading and archive extensions. Pure.

use super::document::{Document, HistoryPosition, OutputEntry};
use super::format::Format;
use super::text::{canonical, inert, one_line, uri};
use super::xml::{Xml, rfc3339, whole};
use crate::entry::Author;

/// Writes a document as Atom 1.0.
pub fn write(document: &Document) -> Vec<u8> {
    let mut xml = Xml::new();
    let mut attributes = vec![
        ("xmlns", "http://www.w3.org/2005/Atom"),
        ("xmlns:media", "http://search.yahoo.com/mrss/"),
        ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
    ];
    attributes.extend(document.language().map(|tag| ("xml:lang", tag)));
    xml.open("feed", &attributes);
    xml.leaf("id", &[], &document.id());
    plain_text(&mut xml, "title", &document.title);
    xml.leaf("updated", &[], &rfc3339(document.updated()));
    feed_links(&mut xml, document, Format::Atom, "link");
    xml.leaf("generator", &[], "Siftwire");
    if matches!(document.position, HistoryPosition::Archive { .. }) {
        xml.empty("fh:archive", &[]);
    }
    for shown in &document.entries {
        entry(&mut xml, shown, document.language());
    }
    xml.finish()
}

/// The links of the feed itself; RSS has the same under another name.
pub(super) fn feed_links(xml: &mut Xml, document: &Document, format: Format, name: &'static str) {
    let mut link = |rel: &str, href: &str, media_type: Option<Format>| {
        let mut attributes = vec![("rel", rel), ("href", href)];
        attributes.extend(media_type.map(|format| ("type", format.media_type())));
        xml.empty(name, &attributes);
    };
    link("self", &document.own_address(format), Some(format));
    if name == "link" {
        link("alternate", &document.address(Format::Html), Some(Format::Html));
    }
    if let Some(hub) = &document.hub {
        link("hub", hub.as_str(), None);
    }
    if matches!(document.position, HistoryPosition::Archive { .. }) {
        link("current", &document.address(format), Some(format));
    }
    if let Some(address) = document.previous(format) {
        link("prev-archive", &address, Some(format));
    }
    if let Some(address) = document.next(format) {
        link("next-archive", &address, Some(format));
    }
}

fn entry(xml: &mut Xml, shown: &OutputEntry, feed_language: Option<&str>) {
    let kept = &shown.kept;
    let language = shown.language().filter(|tag| Some(*tag) != feed_language);
    xml.open("entry", &language.map(|tag| ("xml:lang", tag)).into_iter().collect::<Vec<_>>());
    xml.leaf("id", &[], &kept.uid);
    plain_text(xml, "title", &shown.title);
    xml.leaf("published", &[], &rfc3339(whole(kept.date)));
    xml.leaf("updated", &[], &rfc3339(shown.updated()));
    links(xml, shown);
    // RFC 4287 section 4.1.2 wants an author of every entry.
    let mut authors = shown.authors().peekable();
    if authors.peek().is_none() {
        person(xml, &Author { name: inert(&kept.source.title), ..Author::default() });
    }
    authors.for_each(|author| person(xml, &author));
    for category in shown.categories() {
        xml.empty("category", &[("term", &category)]);
    }
    if let Some(summary) = &shown.summary {
        xml.leaf("summary", &[("type", "html")], summary);
    }
    if shown.summary.is_none() && shown.content.is_none() {
        // RFC 4287 section 4.1.1.1 advises against an entry that holds no text.
        plain_text(xml, "summary", &shown.title);
    }
    if let Some(content) = &shown.content {
        xml.leaf("content", &[("type", "html")], content);
    }
    thumbnails(xml, shown);
    source(xml, shown);
    xml.close();
}

fn links(xml: &mut Xml, shown: &OutputEntry) {
    let entry = &shown.kept.entry;
    // RFC 4287 section 4.1.2 wants an alternate link where there is no content.
    let link = entry.link.as_ref().or(shown.kept.source.link.as_ref()).unwrap_or(&shown.kept.source.url);
    if entry.link.is_some() || shown.content.is_none() {
        xml.empty("link", &[("rel", "alternate"), ("href", &uri(link))]);
    }
    for enclosure in &entry.enclosures {
        let href = uri(&enclosure.url);
        let length = enclosure.length.map(|length| length.to_string());
        let mut attributes = vec![("rel", "enclosure"), ("href", href.as_str())];
        attributes.extend(media_type(enclosure.media_type.as_deref()).map(|value| ("type", value)));
        attributes.extend(length.as_deref().map(|value| ("length", value)));
        xml.empty("link", &attributes);
    }
    if let Some(comments) = &entry.comments {
        xml.empty("link", &[("rel", "replies"), ("href", &uri(comments)), ("type", "text/html")]);
    }
    for also in &shown.also_in {
        xml.empty("link", &[("rel", "related"), ("href", &uri(&also.link)), ("title", &inert(&also.title))]);
    }
}

fn person(xml: &mut Xml, author: &Author) {
    xml.open("author", &[]);
    xml.leaf("name", &[], &author.name);
    if let Some(email) = author.email.as_deref().filter(|email| is_email(email)) {
        xml.leaf("email", &[], email);
    }
    if let Some(address) = &author.uri {
        xml.leaf("uri", &[], address);
    }
    xml.close();
}

/// Media RSS previews, in both XML formats.
pub(super) fn thumbnails(xml: &mut Xml, shown: &OutputEntry) {
    for thumbnail in &shown.kept.entry.thumbnails {
        let url = uri(&thumbnail.url);
        let width = thumbnail.width.map(|pixels| pixels.to_string());
        let height = thumbnail.height.map(|pixels| pixels.to_string());
        let mut attributes = vec![("url", url.as_str())];
        attributes.extend(width.as_deref().map(|pixels| ("width", pixels)));
        attributes.extend(height.as_deref().map(|pixels| ("height", pixels)));
        xml.empty("media:thumbnail", &attributes);
    }
}

fn source(xml: &mut Xml, shown: &OutputEntry) {
    let from = &shown.kept.source;
    let url = uri(&from.url);
    xml.open("source", &[]);
    xml.leaf("id", &[], &canonical(&from.url));
    plain_text(xml, "title", &from.title);
    // The source's own time of change would alter every document at each poll; the entry's is true
    // of the copy that it was taken from.
    xml.leaf("updated", &[], &rfc3339(shown.updated()));
    xml.empty("link", &[("rel", "self"), ("href", &url)]);
    if let Some(link) = &from.link {
        xml.empty("link", &[("rel", "alternate"), ("href", &uri(link))]);
    }
    xml.close();
}

/// Plain text. With an end tag in it, it is written as HTML, so that readers that guess see the same text.
fn plain_text(xml: &mut Xml, name: &'static str, text: &str) {
    let text = one_line(text);
    if text.contains("</") {
        xml.leaf(name, &[("type", "html")], &htmlize::escape_text(&text));
    } else {
        xml.leaf(name, &[], &text);
    }
}

/// A media type, if it has the form of one.
pub(super) fn media_type(value: Option<&str>) -> Option<&str> {
    let value = value?.trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let (kind, subtype) = value.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then_some(value)
}

/// Whether an address is plainly one; a doubtful one is left out.
fn is_email(address: &str) -> bool {
    let fit = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    address.split_once('@').is_some_and(|(user, host)| fit(user) && fit(host) && host.contains('.'))
}
