//! A document as RSS 2.0, by the profile of the RSS Advisory Board. Pure.

use super::atom::{feed_links, media_type, thumbnails};
use super::document::{Document, HistoryPosition, OutputEntry};
use super::format::Format;
use super::text::{inert, uri};
use super::xml::{Xml, rfc822};

/// Writes a document as RSS 2.0.
pub fn write(document: &Document) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open(
        "rss",
        &[
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
        ],
    );
    xml.open("channel", &[]);
    let title = inert(&document.title);
    xml.leaf("title", &[], &title);
    xml.leaf("link", &[], &document.address(Format::Html));
    xml.leaf("description", &[], &title);
    if let Some(tag) = document.language() {
        xml.leaf("language", &[], tag);
    }
    xml.leaf("lastBuildDate", &[], &rfc822(document.updated()));
    xml.leaf("generator", &[], "Siftwire");
    xml.leaf("docs", &[], "https://www.rssboard.org/rss-specification");
    feed_links(&mut xml, document, Format::Rss, "atom:link");
    if matches!(document.position, HistoryPosition::Archive { .. }) {
        xml.empty("fh:archive", &[]);
    }
    for shown in &document.entries {
        item(&mut xml, shown);
    }
    xml.finish()
}

fn item(xml: &mut Xml, shown: &OutputEntry) {
    let kept = &shown.kept;
    let entry = &kept.entry;
    xml.open("item", &[]);
    xml.leaf("title", &[], &inert(&shown.title));
    if let Some(link) = shown.link() {
        xml.leaf("link", &[], &uri(link));
    }
    // With both texts the whole one has an element of its own; one alone is the description.
    if let Some(description) = shown.summary.as_ref().or(shown.content.as_ref()) {
        xml.leaf("description", &[], description);
    }
    if let (Some(_), Some(content)) = (&shown.summary, &shown.content) {
        xml.leaf("content:encoded", &[], content);
    }
    // `author` must be an e-mail address, which few entries have and fewer should spread.
    for author in shown.authors() {
        xml.leaf("dc:creator", &[], &author.name);
    }
    for category in shown.categories() {
        xml.leaf("category", &[], &category);
    }
    if let Some(comments) = &entry.comments {
        xml.leaf("comments", &[], &uri(comments));
    }
    enclosures(xml, shown);
    xml.leaf("guid", &[("isPermaLink", "false")], &kept.uid);
    xml.leaf("pubDate", &[], &rfc822(kept.date));
    if let Some(tag) = shown.language() {
        xml.leaf("dc:language", &[], tag);
    }
    xml.leaf("source", &[("url", &uri(&kept.source.url))], &inert(&kept.source.title));
    xml.close();
}

/// Attached files, those of the web alone: the profile knows no others. The first is the enclosure, since it
/// allows one; all are in Media RSS, which
/// also has the playing time. The iTunes element for it would oblige the whole feed to be a podcast,
/// with a category and an owner that a merged feed does not have.
fn enclosures(xml: &mut Xml, shown: &OutputEntry) {
    let entry = &shown.kept.entry;
    let duration = entry.duration.map(|seconds| seconds.to_string());
    let of_web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    for (index, enclosure) in entry.enclosures.iter().filter(|file| of_web(&file.url)).enumerate() {
        let url = uri(&enclosure.url);
        let known = media_type(enclosure.media_type.as_deref());
        let length = enclosure.length.unwrap_or(0).to_string();
        if index == 0 {
            let kind = known.unwrap_or("application/octet-stream");
            xml.empty("enclosure", &[("url", &url), ("length", &length), ("type", kind)]);
        }
        let mut attributes = vec![("url", url.as_str())];
        attributes.extend(known.map(|kind| ("type", kind)));
        attributes.extend(enclosure.length.map(|_| ("fileSize", length.as_str())));
        attributes.extend(duration.as_deref().filter(|_| index == 0).map(|seconds| ("duration", seconds)));
        xml.empty("media:content", &attributes);
    }
    thumbnails(xml, shown);
}
