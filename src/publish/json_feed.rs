//! A document as JSON Feed 1.1. Pure.

use serde::Serialize;

use super::atom::media_type;
use super::document::{Document, OutputEntry};
use super::format::Format;
use super::text::{clean, excerpt, one_line, uri};
use super::xml::{rfc3339, whole};

/// Writes a document as JSON Feed 1.1.
pub fn write(document: &Document) -> Vec<u8> {
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: one_line(&document.title),
        home_page_url: document.address(Format::Html),
        feed_url: document.own_address(Format::Json),
        next_url: document.previous(Format::Json),
        language: document.language(),
        hubs: document.hub.iter().map(|hub| Hub { kind: "WebSub", url: hub.as_str() }).collect(),
        items: document.entries.iter().map(item).collect(),
    };
    // A structure of strings and numbers has no way to fail; an empty body would be no document.
    let mut bytes = serde_json::to_vec_pretty(&feed).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: String,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Person>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(rename = "_siftwire")]
    ours: Ours,
}

#[derive(Serialize)]
struct Person {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: String,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

/// What JSON Feed has no word for: an extension of ours.
#[derive(Serialize)]
struct Ours {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<Source>,
}

#[derive(Serialize)]
struct Source {
    title: String,
    url: String,
}

fn item(shown: &OutputEntry) -> Item<'_> {
    let kept = &shown.kept;
    let entry = &kept.entry;
    let html = shown.content.as_ref().or(shown.summary.as_ref()).map(|html| clean(html).into_owned());
    let summary = shown.summary.as_ref().filter(|_| shown.content.is_some());
    Item {
        id: clean(&kept.uid).into_owned(),
        url: shown.link().map(uri),
        title: one_line(&shown.title),
        content_text: html.is_none().then(|| one_line(&shown.title)),
        content_html: html,
        summary: summary.map(|html| excerpt(html, usize::MAX)).filter(|text| !text.is_empty()),
        image: entry.thumbnails.first().map(|thumbnail| uri(&thumbnail.url)),
        date_published: rfc3339(whole(kept.date)),
        date_modified: rfc3339(shown.updated()),
        authors: shown.authors().map(|author| Person { name: author.name, url: author.uri }).collect(),
        tags: shown.categories(),
        language: shown.language(),
        attachments: attachments(shown),
        ours: Ours {
            source: Source { title: one_line(&kept.source.title), url: uri(&kept.source.url) },
            comments: entry.comments.as_deref().map(uri),
            also_in: shown
                .also_in
                .iter()
                .map(|also| Source { title: one_line(&also.title), url: uri(&also.link) })
                .collect(),
        },
    }
}

fn attachments(shown: &OutputEntry) -> Vec<Attachment<'_>> {
    let entry = &shown.kept.entry;
    let attachment = |(index, enclosure)| {
        let enclosure: &crate::entry::Enclosure = enclosure;
        Attachment {
            url: uri(&enclosure.url),
            mime_type: media_type(enclosure.media_type.as_deref()).unwrap_or("application/octet-stream"),
            size_in_bytes: enclosure.length,
            duration_in_seconds: entry.duration.filter(|_| index == 0),
        }
    };
    entry.enclosures.iter().enumerate().map(attachment).collect()
}
