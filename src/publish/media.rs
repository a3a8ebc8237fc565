//! Writes files, media and pictures into Atom and RSS (Media RSS). Pure.

use super::text::{has_tag_start, one_line, percent_encode, unambiguous_line};
use super::xml::{Attribute, XmlWriter};
use crate::entry::{Enclosure, Entry, Media, Picture, type_by_name};

/// The media type, if it is well-formed.
pub(super) fn media_type(value: Option<&str>) -> Option<&str> {
    let value = value?.trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let (kind, subtype) = value.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then_some(value)
}

/// The media type of a file, by the end of its address where none is given.
pub(super) fn file_type(file: &Enclosure) -> Option<&str> {
    media_type(file.media_type.as_deref()).or_else(|| type_by_name(&file.url))
}

/// Writes an attached file as an Atom link; RSS has these in another namespace.
pub(super) fn enclosure_link(xml: &mut XmlWriter, name: &'static str, file: &Enclosure) {
    let href = percent_encode(&file.url);
    let length = file.length.map(|length| length.to_string());
    let title = file.title.as_deref().map(unambiguous_line).filter(|title| !title.is_empty());
    let mut attributes = vec![("rel", "enclosure"), ("href", href.as_str())];
    attributes.extend(file_type(file).map(|value| ("type", value)));
    attributes.extend(length.as_deref().map(|value| ("length", value)));
    attributes.extend(title.as_deref().map(|value| ("title", value)));
    xml.empty_element(name, &attributes);
}

/// Writes the media objects and the picture of an entry.
pub(super) fn write_media(xml: &mut XmlWriter, entry: &Entry) {
    // A group is where its first object is.
    let mut written: Vec<u32> = Vec::new();
    for object in &entry.media {
        match object.group {
            None => media_content(xml, object),
            Some(group) if written.contains(&group) => {}
            Some(group) => {
                written.push(group);
                media_group(xml, entry.media.iter().filter(|other| other.group == Some(group)));
            }
        }
    }
    if let Some(Picture { url, width, height }) = &entry.picture {
        let [width, height] = [width, height].map(|pixels| pixels.map(|pixels| pixels.to_string()));
        let url = percent_encode(url);
        let mut attributes = vec![("url", url.as_str())];
        attributes.extend(width.as_deref().map(|pixels| ("width", pixels)));
        attributes.extend(height.as_deref().map(|pixels| ("height", pixels)));
        xml.empty_element("media:thumbnail", &attributes);
    }
}

/// What is said of all objects of a group is said once.
fn media_group<'a>(xml: &mut XmlWriter, objects: impl Iterator<Item = &'a Media> + Clone) {
    let texts = |object: &'a Media| (&object.title, &object.description, &object.credits);
    xml.open("media:group", &[]);
    let shared =
        objects.clone().next().filter(|first| objects.clone().all(|object| texts(object) == texts(first)));
    if let Some(first) = shared {
        media_texts(xml, first);
    }
    for object in objects {
        match shared {
            Some(_) => media_content(
                xml,
                &Media { title: None, description: None, credits: Vec::new(), ..object.clone() },
            ),
            None => media_content(xml, object),
        }
    }
    xml.close();
}

pub(super) fn media_content(xml: &mut XmlWriter, object: &Media) {
    let attributes = media_attributes(object);
    let attributes: Vec<Attribute<'_>> =
        attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if object.title.is_none() && object.description.is_none() && object.credits.is_empty() {
        return xml.empty_element("media:content", &attributes);
    }
    xml.open("media:content", &attributes);
    media_texts(xml, object);
    xml.close();
}

fn media_attributes(object: &Media) -> Vec<(&'static str, String)> {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let values = [
        ("url", Some(percent_encode(&object.url))),
        ("fileSize", object.length.map(|bytes| bytes.to_string())),
        ("type", media_type(object.media_type.as_deref()).map(str::to_owned)),
        ("medium", object.medium.clone()),
        ("isDefault", object.is_default.then(|| "true".to_owned())),
        ("duration", number(object.duration)),
        ("width", number(object.width)),
        ("height", number(object.height)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn media_texts(xml: &mut XmlWriter, object: &Media) {
    media_text(xml, "media:title", object.title.as_deref());
    media_text(xml, "media:description", object.description.as_deref());
    for credit in &object.credits {
        xml.text_element("media:credit", &[], &unambiguous_line(credit));
    }
}

/// Writes text that is plain unless the element says that it is HTML.
fn media_text(xml: &mut XmlWriter, name: &'static str, text: Option<&str>) {
    match text.map(one_line).filter(|text| !text.is_empty()) {
        Some(text) if has_tag_start(&text) => {
            xml.text_element(name, &[("type", "html")], &htmlize::escape_text(&text));
        }
        Some(text) => xml.text_element(name, &[("type", "plain")], &text),
        None => {}
    }
}
