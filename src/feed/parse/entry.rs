//! Reads the child elements of an XML entry into a raw entry. Pure.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::elements::FeedElement;
use super::tokenizer::{ElementText, attribute, attributes, first_element, unescape};
use crate::feed::raw::{
    BaseIndex, MAX_ENTRY_PARTS, Ranked, RawDate, RawEntry, RawLink, RawMedia, RawText, TextFormat,
};

/// Base64 without padding; surplus bits at its end are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A date that cannot be parsed ranks after all that can.
const UNPARSED_DATE_RANK: u8 = 100;

/// A new entry with what its start tag says: RSS 1.0 puts the id there, CDF the link and the date.
pub(super) fn new_entry(attribute_text: &str, base: BaseIndex) -> RawEntry<'_> {
    let mut entry = RawEntry { base, permalink: true, ..RawEntry::default() };
    for (name, value) in attributes(attribute_text) {
        match name.to_ascii_lowercase().as_str() {
            "rdf:about" => entry.about = Some(value),
            "xml:lang" => entry.language = Some(value),
            "href" => entry.links.push(RawLink { href: value, base, ..Default::default() }),
            "lastmod" => offer_date(&mut entry.updated, 5, value),
            _ => {}
        }
    }
    entry
}

/// Adds an element that holds text. False if [`MAX_ENTRY_PARTS`] is reached.
pub(super) fn add_text_element<'a>(
    entry: &mut RawEntry<'a>,
    element: FeedElement,
    attribute_text: &'a str,
    content: ElementText<'a>,
    base: BaseIndex,
) -> bool {
    let is_blank = content.text.trim().is_empty();
    match element {
        FeedElement::Category => return add_category(entry, attribute_text, content),
        FeedElement::Content(_) if is_blank => {
            // Atom content out of line (RFC 4287 section 4.1.3.2).
            if let Some(url) = attribute(attribute_text, "src") {
                let media_type = attribute(attribute_text, "type");
                return push_part(
                    &mut entry.media,
                    RawMedia { url, media_type, base, ..RawMedia::default() },
                );
            }
        }
        _ if is_blank => {}
        FeedElement::Title(rank) => entry.title.offer(rank, text_construct(attribute_text, content, base)),
        FeedElement::Summary(rank) => {
            entry.summary.offer(rank, text_construct(attribute_text, content, base))
        }
        FeedElement::Content(rank) => {
            entry.content.offer(rank, text_construct(attribute_text, content, base))
        }
        FeedElement::Id => {
            entry.permalink = attribute(attribute_text, "isPermaLink").is_none_or(|value| value != "false");
            entry.id.offer(0, content.text);
        }
        FeedElement::Published(rank) => offer_date(&mut entry.published, rank, content.text),
        FeedElement::Updated(rank) => offer_date(&mut entry.updated, rank, content.text),
        FeedElement::Comments => entry.comments = entry.comments.take().or(Some(content.text)),
        FeedElement::Language => entry.language = Some(content.text),
        FeedElement::Duration => entry.duration = entry.duration.take().or(Some(content.text)),
        _ => {}
    }
    true
}

fn offer_date<'a>(date: &mut Ranked<RawDate<'a>>, rank: u8, text: Cow<'a, str>) {
    let new = RawDate::new(text);
    date.offer(if new.time.is_none() { rank + UNPARSED_DATE_RANK } else { rank }, new);
}

/// An Atom text construct: its `type` and `mode` say how it is encoded.
pub(super) fn text_construct<'a>(
    attribute_text: &'a str,
    content: ElementText<'a>,
    base: BaseIndex,
) -> RawText<'a> {
    let kind = attribute(attribute_text, "type").map(|kind| kind.to_ascii_lowercase());
    let mode = attribute(attribute_text, "mode").map(|mode| mode.to_ascii_lowercase());
    let kind = kind.as_deref().unwrap_or_default().trim();
    let is_base64 = mode.as_deref() == Some("base64")
        || (mode.is_none() && kind.contains('/') && !kind.starts_with("text/") && !kind.contains("xml"));
    if is_base64 && let Some(decoded) = decode_base64(&content.text) {
        return RawText { text: Cow::Owned(decoded), format: TextFormat::Html, base };
    }
    if content.has_markup {
        return RawText { text: without_prefixes(content.text), format: TextFormat::Html, base };
    }
    let format = match (kind, mode.as_deref()) {
        ("", None) => TextFormat::Unstated,
        (_, Some("escaped")) => TextFormat::Html,
        ("text" | "text/plain" | "plain", _) => TextFormat::Plain,
        _ => TextFormat::Html,
    };
    RawText { text: content.text, format, base }
}

/// Turns prefixed XHTML into HTML: removes the prefix of the first element, whatever it is, from all tags.
fn without_prefixes(text: Cow<'_, str>) -> Cow<'_, str> {
    let prefix =
        first_element(&text).and_then(|name| name.split_once(':')).map(|(prefix, _)| prefix.to_owned());
    let Some(prefix) = prefix else { return text };
    Cow::Owned(text.replace(&format!("<{prefix}:"), "<").replace(&format!("</{prefix}:"), "</"))
}

/// Base64 text of Atom 0.3 and of binary media types; `None` if it is not base64 or not UTF-8.
fn decode_base64(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=').collect();
    String::from_utf8(BASE64.decode(digits).ok()?).ok()
}

/// RSS gives a category as text, sometimes followed by elements such as images; Atom gives it in attributes.
fn add_category<'a>(entry: &mut RawEntry<'a>, attribute_text: &'a str, content: ElementText<'a>) -> bool {
    let text = match content.text.split_once('<') {
        Some((before, _)) if content.has_markup && !before.trim().is_empty() => Cow::Owned(before.to_owned()),
        _ => content.text,
    };
    let name = if text.trim().is_empty() {
        attribute(attribute_text, "label").or_else(|| attribute(attribute_text, "term"))
    } else {
        Some(text)
    };
    name.is_none_or(|name| push_part(&mut entry.categories, name))
}

/// Adds an RSS enclosure. False if [`MAX_ENTRY_PARTS`] is reached.
pub(super) fn add_enclosure<'a>(entry: &mut RawEntry<'a>, attribute_text: &'a str, base: BaseIndex) -> bool {
    let file = media_from_attributes(attribute_text, base);
    file.url.is_empty() || push_part(&mut entry.media, file)
}

/// Adds a Media RSS content; one without an address is only a container. False if [`MAX_ENTRY_PARTS`] is reached.
pub(super) fn add_media_content<'a>(
    entry: &mut RawEntry<'a>,
    attribute_text: &'a str,
    base: BaseIndex,
) -> bool {
    let file = media_from_attributes(attribute_text, base);
    if file.url.is_empty() { entry.media.len() < MAX_ENTRY_PARTS } else { push_part(&mut entry.media, file) }
}

/// Adds a Media RSS thumbnail or an iTunes image. False if [`MAX_ENTRY_PARTS`] is reached.
pub(super) fn add_thumbnail<'a>(entry: &mut RawEntry<'a>, attribute_text: &'a str, base: BaseIndex) -> bool {
    let image = media_from_attributes(attribute_text, base);
    image.url.is_empty() || push_part(&mut entry.thumbnails, image)
}

fn media_from_attributes(attribute_text: &str, base: BaseIndex) -> RawMedia<'_> {
    let mut file = RawMedia { base, ..RawMedia::default() };
    for (name, value) in attributes(attribute_text) {
        match name {
            "url" | "href" | "src" => file.url = value,
            "type" => file.media_type = Some(value),
            "length" | "fileSize" => file.length = Some(value),
            "medium" => file.medium = Some(value),
            "duration" => file.duration = Some(value),
            "width" => file.width = Some(value),
            "height" => file.height = Some(value),
            "title" => file.title = Some(value),
            _ => {}
        }
    }
    file.url = match file.url {
        Cow::Borrowed(url) => Cow::Borrowed(url.trim()),
        // Some publishers escape addresses twice.
        Cow::Owned(url) => Cow::Owned(unescape(url.trim()).into_owned()),
    };
    file
}

fn push_part<T>(parts: &mut Vec<T>, part: T) -> bool {
    let fits = parts.len() < MAX_ENTRY_PARTS;
    if fits {
        parts.push(part);
    }
    fits
}
