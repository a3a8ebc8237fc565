//! Writes a document as Atom 1.0 (RFC 4287) with the Media RSS and feed history extensions. Pure.

use super::details;
use super::document::{Document, OutputEntry};
use super::format::Format;
use super::media::{enclosure_link, write_media};
use super::podcast;
use super::text::{has_tag_start, normalized_uri, one_line, percent_encode, unambiguous_line};
use super::xml::{XmlWriter, rfc3339, truncate_to_second};
use crate::entry::Author;

/// Writes a document as Atom 1.0.
pub fn write(document: &Document) -> Vec<u8> {
    let mut xml = XmlWriter::new();
    let mut attributes = vec![
        ("xmlns", "http://www.w3.org/2005/Atom"),
        ("xmlns:media", "http://search.yahoo.com/mrss/"),
        ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
    ];
    attributes.extend(document.podcast.iter().map(|_| ("xmlns:dc", "http://purl.org/dc/elements/1.1/")));
    attributes.extend(podcast::namespaces(document));
    attributes.extend(details::namespaces(document));
    attributes.extend(document.language().map(|tag| ("xml:lang", tag)));
    xml.open("feed", &attributes);
    xml.text_element("id", &[], &document.id);
    plain_text(&mut xml, "title", &document.title);
    if let Some(description) = &document.description {
        plain_text(&mut xml, "subtitle", description);
    }
    if let Some(icon) = document.icon() {
        xml.text_element("icon", &[], &icon);
        xml.text_element("logo", &[], &icon);
    }
    xml.text_element("updated", &[], &rfc3339(document.updated()));
    feed_links(&mut xml, document, Format::Atom, "link");
    xml.text_element("generator", &[], "Siftwire");
    if let Some(podcast) = &document.podcast {
        podcast::write_podcast(&mut xml, podcast);
    }
    if document.is_archive() {
        xml.empty_element("fh:archive", &[]);
    }
    for entry in &document.entries {
        write_entry(&mut xml, entry, document.language());
    }
    xml.finish()
}

/// Writes the links of the feed itself as elements called `name`: RSS has the same links in another namespace.
pub(super) fn feed_links(xml: &mut XmlWriter, document: &Document, format: Format, name: &'static str) {
    let mut link = |rel: &str, href: &str, media_type: Option<Format>| {
        let mut attributes = vec![("rel", rel), ("href", href)];
        attributes.extend(media_type.map(|format| ("type", format.media_type())));
        xml.empty_element(name, &attributes);
    };
    link("self", &document.own_address(format), Some(format));
    if name == "link" {
        link("alternate", &document.address(Format::Html), Some(Format::Html));
    }
    if let Some(hub) = &document.hub {
        link("hub", hub.as_str(), None);
    }
    if document.is_archive() {
        link("current", &document.address(format), Some(format));
    }
    if let Some(address) = document.previous(format) {
        link("prev-archive", &address, Some(format));
    }
    if let Some(address) = document.next(format) {
        link("next-archive", &address, Some(format));
    }
}

fn write_entry(xml: &mut XmlWriter, shown: &OutputEntry, feed_language: Option<&str>) {
    let kept = &shown.kept;
    let language = shown.language().filter(|tag| Some(*tag) != feed_language);
    xml.open("entry", &language.map(|tag| ("xml:lang", tag)).into_iter().collect::<Vec<_>>());
    xml.text_element("id", &[], &kept.uid);
    plain_text(xml, "title", &shown.title);
    xml.text_element("published", &[], &rfc3339(truncate_to_second(kept.date)));
    xml.text_element("updated", &[], &rfc3339(shown.updated()));
    entry_links(xml, shown);
    shown.authors().iter().for_each(|author| person(xml, author));
    details::atom_categories(xml, shown);
    if let Some(summary) = &shown.summary {
        xml.text_element("summary", &[("type", "html")], summary);
    }
    if shown.summary.is_none() && shown.content.is_none() {
        // RFC 4287 section 4.1.1.1 advises against entries without text.
        plain_text(xml, "summary", &shown.title);
    }
    if let Some(content) = &shown.content {
        xml.text_element("content", &[("type", "html")], content);
    }
    if let Some(rights) = details::rights(&kept.entry) {
        // HTML where some readers would else find a tag.
        if has_tag_start(&rights) {
            xml.text_element("rights", &[("type", "html")], &htmlize::escape_text(&rights));
        } else {
            xml.text_element("rights", &[], &rights);
        }
    }
    details::write_details(xml, "thr:total", &kept.entry);
    write_media(xml, &shown.kept.entry);
    podcast::write_episode(xml, &shown.kept.entry);
    source(xml, shown);
    xml.close();
}

fn entry_links(xml: &mut XmlWriter, shown: &OutputEntry) {
    let entry = &shown.kept.entry;
    // RFC 4287 section 4.1.2 requires an alternate link if there is no content.
    let source = &shown.kept.source;
    let link = shown.link().or(source.link.as_deref()).unwrap_or(&source.url);
    if shown.link().is_some() || shown.content.is_none() {
        xml.empty_element("link", &[("rel", "alternate"), ("href", &percent_encode(link))]);
    }
    for file in &entry.enclosures {
        enclosure_link(xml, "link", file);
    }
    if let Some(comments) = &entry.comments {
        xml.empty_element(
            "link",
            &[("rel", "replies"), ("href", &percent_encode(comments)), ("type", "text/html")],
        );
    }
    details::related_links(xml, "link", entry);
    for also in &shown.also_in {
        xml.empty_element(
            "link",
            &[
                ("rel", "related"),
                ("href", &percent_encode(&also.link)),
                ("title", &unambiguous_line(&also.title)),
            ],
        );
    }
}

fn person(xml: &mut XmlWriter, author: &Author) {
    xml.open("author", &[]);
    xml.text_element("name", &[], &unambiguous_line(&author.name));
    if let Some(address) = &author.uri {
        xml.text_element("uri", &[], address);
    }
    xml.close();
}

fn source(xml: &mut XmlWriter, shown: &OutputEntry) {
    let from = &shown.kept.source;
    let url = percent_encode(&from.url);
    xml.open("source", &[]);
    xml.text_element("id", &[], &normalized_uri(&from.id));
    plain_text(xml, "title", &from.title);
    if let Some(icon) = &from.icon {
        xml.text_element("icon", &[], &percent_encode(icon));
    }
    // Not the source's own time of change: that would change every document at each poll.
    xml.text_element("updated", &[], &rfc3339(shown.updated()));
    xml.empty_element("link", &[("rel", "self"), ("href", &url)]);
    if let Some(link) = &from.link {
        xml.empty_element("link", &[("rel", "alternate"), ("href", &percent_encode(link))]);
    }
    xml.close();
}

/// Writes plain text. If it contains an end tag, it is written as HTML, so that readers that guess the type show the same
/// text.
fn plain_text(xml: &mut XmlWriter, name: &'static str, text: &str) {
    let text = one_line(text);
    if text.contains("</") {
        xml.text_element(name, &[("type", "html")], &htmlize::escape_text(&text));
    } else {
        xml.text_element(name, &[], &text);
    }
}
