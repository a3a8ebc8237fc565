//! Writes a document as RSS 2.0, by the RSS Advisory Board's profile. Pure.

use super::atom::feed_links;
use super::details;
use super::document::{Document, OutputEntry};
use super::format::Format;
use super::media::{enclosure_link, file_type, media_content, write_media};
use super::podcast;
use super::text::{excerpt, one_line, percent_encode, unambiguous_line};
use super::xml::{XmlWriter, rfc822};
use crate::entry::{Enclosure, Entry, Media};

/// Writes a document as RSS 2.0.
pub fn write(document: &Document) -> Vec<u8> {
    let mut xml = XmlWriter::new();
    let mut attributes = vec![
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
        ("xmlns:media", "http://search.yahoo.com/mrss/"),
    ];
    attributes.extend(podcast::namespaces(document));
    attributes.extend(details::namespaces(document));
    xml.open("rss", &attributes);
    xml.open("channel", &[]);
    let title = unambiguous_line(&document.title);
    xml.text_element("title", &[], &title);
    let page = document.address(Format::Html);
    xml.text_element("link", &[], &page);
    // RSS requires one, which readers show below the title.
    let description = document.description.as_ref().map(|text| unambiguous_line(text));
    let description = description.filter(|text| *text != title).unwrap_or(format!("Entries of {title}"));
    xml.text_element("description", &[], &description);
    if let Some(icon) = document.icon() {
        xml.open("image", &[]);
        xml.text_element("url", &[], &icon);
        // The profile requires those of the channel.
        xml.text_element("title", &[], &title);
        xml.text_element("link", &[], &page);
        xml.close();
    }
    if let Some(tag) = document.language() {
        xml.text_element("language", &[], tag);
    }
    xml.text_element("lastBuildDate", &[], &rfc822(document.updated()));
    xml.text_element("generator", &[], "Siftwire");
    xml.text_element("docs", &[], "https://www.rssboard.org/rss-specification");
    feed_links(&mut xml, document, Format::Rss, "atom:link");
    if let Some(podcast) = &document.podcast {
        podcast::write_podcast(&mut xml, podcast);
    }
    if document.is_archive() {
        xml.empty_element("fh:archive", &[]);
    }
    for entry in &document.entries {
        write_item(&mut xml, entry);
    }
    xml.finish()
}

fn write_item(xml: &mut XmlWriter, shown: &OutputEntry) {
    let kept = &shown.kept;
    let entry = &kept.entry;
    xml.open("item", &[]);
    xml.text_element("title", &[], &unambiguous_line(&shown.title));
    if let Some(link) = shown.link() {
        xml.text_element("link", &[], &percent_encode(link));
    }
    // The full text has an element of its own only if there is a summary too.
    let says_more = |html: &&String| !repeats_title(html, &shown.title) || has_described_media(entry);
    let (summary, content) =
        (shown.summary.as_ref().filter(says_more), shown.content.as_ref().filter(says_more));
    if let Some(description) = summary.or(content) {
        xml.text_element("description", &[], description);
    }
    if let (Some(_), Some(content)) = (summary, content) {
        xml.text_element("content:encoded", &[], content);
    }
    // Not `author`, which must be an e-mail address.
    for author in shown.authors() {
        xml.text_element("dc:creator", &[], &unambiguous_line(&author.name));
    }
    details::rss_categories(xml, shown);
    if let Some(comments) = &entry.comments {
        xml.text_element("comments", &[], &percent_encode(comments));
    }
    details::related_links(xml, "atom:link", entry);
    if let Some(rights) = details::rights(entry) {
        xml.text_element("dc:rights", &[], &unambiguous_line(&rights));
    }
    details::write_details(xml, "slash:comments", entry);
    enclosures(xml, entry);
    write_media(xml, entry);
    podcast::write_episode(xml, entry);
    xml.text_element("guid", &[("isPermaLink", "false")], &kept.uid);
    xml.text_element("pubDate", &[], &rfc822(kept.date));
    if let Some(tag) = shown.language() {
        xml.text_element("dc:language", &[], tag);
    }
    xml.text_element(
        "source",
        &[("url", &percent_encode(&kept.source.url))],
        &unambiguous_line(&kept.source.title),
    );
    xml.close();
}

/// Writes attached files. The profile advises against several `enclosure` elements, of which readers take the first or
/// the last, and allows only addresses of HTTP. So the first such file is one, and the others are links of Atom, which
/// have no such limits. Beside other files or media all are media too: many readers know only these, and some then
/// overlook the enclosure.
fn enclosures(xml: &mut XmlWriter, entry: &Entry) {
    let is_http = |file: &&Enclosure| file.url.starts_with("http://") || file.url.starts_with("https://");
    let first = entry.enclosures.iter().find(is_http);
    if let Some(file) = first {
        let media_type = file_type(file).unwrap_or("application/octet-stream");
        // The attribute is required; 0 means "unknown".
        let length = file.length.unwrap_or(0).to_string();
        let url = percent_encode(&file.url);
        xml.empty_element("enclosure", &[("url", &url), ("length", &length), ("type", media_type)]);
    }
    for file in entry.enclosures.iter().filter(|file| first.is_none_or(|first| first.url != file.url)) {
        enclosure_link(xml, "atom:link", file);
    }
    if entry.enclosures.len() + entry.media.len() > 1 {
        let is_media = |file: &Enclosure| entry.media.iter().any(|media| media.url == file.url);
        for file in entry.enclosures.iter().filter(|file| is_http(file) && !is_media(file)) {
            media_content(xml, &as_media(file));
        }
    }
}

/// Whether a text says no more than the title, which readers show above it.
fn repeats_title(html: &str, title: &str) -> bool {
    const MAX_MARKUP_BYTES: usize = 200;
    const PLAIN_ELEMENTS: [&str; 15] =
        ["p", "br", "div", "span", "b", "strong", "i", "em", "small", "h1", "h2", "h3", "h4", "h5", "h6"];
    html.len() <= title.len() + MAX_MARKUP_BYTES
        && html.split('<').skip(1).all(|tag| {
            let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
            name.is_some_and(|name| PLAIN_ELEMENTS.contains(&name))
        })
        && excerpt(html, usize::MAX) == one_line(title)
}

/// Without a description readers take that of a picture for the entry's text.
fn has_described_media(entry: &Entry) -> bool {
    entry.media.iter().any(|media| media.description.is_some())
}

fn as_media(file: &Enclosure) -> Media {
    let Enclosure { url, media_type, length, duration, .. } = file.clone();
    Media { url, media_type, length, duration, ..Media::default() }
}
