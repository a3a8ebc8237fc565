//! Writes a document as JSON Feed 1.1. Pure.

use serde::Serialize;
use serde_json::Value;

use super::document::{Document, OutputEntry};
use super::format::Format;
use super::media::file_type;
use super::text::{excerpt, one_line, percent_encode, unambiguous_line, without_forbidden_chars};
use super::xml::{rfc3339, truncate_to_second};
use crate::entry::{Enclosure, Entry, Media, MediaKind, RelatedLink};

/// Writes a document as JSON Feed 1.1.
pub fn write(document: &Document) -> Vec<u8> {
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: one_line(&document.title),
        description: document.description.as_deref().map(one_line),
        icon: document.icon(),
        favicon: document.icon(),
        home_page_url: document.address(Format::Html),
        feed_url: document.own_address(Format::Json),
        next_url: document.previous(Format::Json),
        language: document.language(),
        hubs: document.hub.iter().map(|hub| JsonHub { kind: "WebSub", url: hub.as_str() }).collect(),
        items: document.entries.iter().map(item).collect(),
    };
    // Serializing strings and numbers cannot fail.
    let mut bytes = serde_json::to_vec_pretty(&feed).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<String>,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<JsonHub<'a>>,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonHub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<String>,
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
    authors: Vec<JsonAuthor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<JsonAttachment<'a>>,
    #[serde(rename = "_siftwire")]
    extension: JsonExtension,
}

#[derive(Serialize)]
struct JsonAuthor {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

#[derive(Serialize)]
struct JsonAttachment<'a> {
    url: String,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

/// The extension for what JSON Feed has no field for.
#[derive(Serialize)]
struct JsonExtension {
    source: JsonSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<JsonSource>,
    /// The fields of the entry under the names that the store has.
    #[serde(skip_serializing_if = "Value::is_null")]
    media: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    episode: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    details: Value,
}

#[derive(Serialize)]
struct JsonSource {
    title: String,
    url: String,
}

fn item(shown: &OutputEntry) -> JsonItem<'_> {
    let kept = &shown.kept;
    let entry = &kept.entry;
    let html = shown
        .content
        .as_ref()
        .or(shown.summary.as_ref())
        .map(|html| without_forbidden_chars(html).into_owned());
    // Text, but made from HTML, and shown as HTML by some readers: what HTML escaped must not become markup.
    let summary = shown.summary.as_ref().filter(|_| shown.content.is_some());
    let summary = summary.map(|html| unambiguous_line(&excerpt(html, usize::MAX)));
    JsonItem {
        id: without_forbidden_chars(&kept.uid).into_owned(),
        url: shown.link().map(percent_encode),
        external_url: related(entry)
            .find(|link| link.rel == "external")
            .map(|link| percent_encode(&link.url)),
        title: one_line(&shown.title),
        content_text: html.is_none().then(|| one_line(&shown.title)),
        content_html: html,
        summary: summary.filter(|text| !text.is_empty()),
        image: entry.picture.as_ref().map(|picture| percent_encode(&picture.url)),
        date_published: rfc3339(truncate_to_second(kept.date)),
        date_modified: rfc3339(shown.updated()),
        authors: shown
            .authors()
            .into_iter()
            .map(|author| JsonAuthor {
                name: unambiguous_line(&author.name),
                url: author.uri,
                avatar: author.avatar,
            })
            .collect(),
        tags: shown.categories().iter().map(|category| unambiguous_line(category)).collect(),
        language: shown.language(),
        attachments: attachments(shown),
        extension: JsonExtension {
            source: JsonSource { title: one_line(&kept.source.title), url: percent_encode(&kept.source.url) },
            comments: entry.comments.as_deref().map(percent_encode),
            also_in: shown
                .also_in
                .iter()
                .map(|also| JsonSource { title: one_line(&also.title), url: percent_encode(&also.link) })
                .collect(),
            media: as_value((!entry.media.is_empty()).then_some(&entry.media)),
            episode: as_value(entry.episode.as_ref()),
            details: as_value(entry.details.as_ref()),
        },
    }
}

fn related(entry: &Entry) -> impl Iterator<Item = &RelatedLink> {
    entry.details.iter().flat_map(|details| &details.links)
}

/// Fields as JSON, with texts that are markup to no reader.
fn as_value<T: Serialize>(fields: Option<T>) -> Value {
    fn unambiguous(value: &mut Value) {
        match value {
            Value::String(text) => *text = unambiguous_line(text),
            Value::Array(list) => list.iter_mut().for_each(unambiguous),
            Value::Object(fields) => fields.values_mut().for_each(unambiguous),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    // Serializing strings and numbers cannot fail.
    let mut value = serde_json::to_value(fields).unwrap_or_default();
    unambiguous(&mut value);
    value
}

fn attachments(shown: &OutputEntry) -> Vec<JsonAttachment<'_>> {
    let entry = &shown.kept.entry;
    let attachment = |(index, enclosure)| {
        let enclosure: &Enclosure = enclosure;
        JsonAttachment {
            url: percent_encode(&enclosure.url),
            mime_type: file_type(enclosure).unwrap_or("application/octet-stream"),
            title: enclosure.title.as_deref().map(unambiguous_line).filter(|title| !title.is_empty()),
            size_in_bytes: enclosure.length,
            duration_in_seconds: enclosure.duration.or(entry.duration.filter(|_| index == 0)),
        }
    };
    let images = images(&entry.media).into_iter().filter(|image| {
        // It may be enclosed, too.
        entry.enclosures.iter().all(|file| file.url != image.url)
    });
    let images = images.map(|image| JsonAttachment {
        url: percent_encode(&image.url),
        mime_type: image.media_type.as_deref().unwrap_or("image/jpeg"),
        title: image.title.as_deref().map(unambiguous_line).filter(|title| !title.is_empty()),
        size_in_bytes: image.length,
        duration_in_seconds: None,
    });
    entry.enclosures.iter().enumerate().map(attachment).chain(images).collect()
}

/// Wider ones are more than readers show.
const MAX_PICTURE_WIDTH: u32 = 1280;

fn is_picture(media: &Media) -> bool {
    MediaKind::of(media.medium.as_deref(), media.media_type.as_deref(), &media.url) == MediaKind::Image
}

/// The pictures of an entry's media, for which JSON Feed has no other place; of several sizes of one the best.
fn images(media: &[Media]) -> Vec<&Media> {
    let rank = |image: &Media| {
        let width = image.width.unwrap_or(0);
        (image.is_default, if width <= MAX_PICTURE_WIDTH { i64::from(width) } else { -i64::from(width) })
    };
    let mut best: Vec<&Media> = Vec::new();
    for image in media.iter().filter(|media| is_picture(media)) {
        let known = best
            .iter_mut()
            .find(|known| known.url == image.url || image.group.is_some() && known.group == image.group);
        match known {
            Some(known) if rank(image) > rank(known) => *known = image,
            Some(_) => {}
            None => best.push(image),
        }
    }
    best
}
