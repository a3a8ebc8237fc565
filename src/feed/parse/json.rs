//! Parses JSON Feed 1.0 and 1.1, whatever types its values have. Pure.
//!
//! What precedes a syntax error is kept. Unknown fields and surplus list elements are skipped without being built, so
//! memory stays proportional to the document.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::feed::problem::Problem;
use crate::feed::raw::{
    MAX_ENTRIES, MAX_ENTRY_PARTS, RawAuthor, RawCategory, RawDate, RawEntry, RawFeed, RawLink, RawMedia,
    RawOrigin, RawPicture, RawText, TextKind, UsualWidth,
};

/// Authors of the feed. Each entry without its own authors gets them all.
const MAX_FEED_AUTHORS: usize = 5;

/// Levels of nesting kept below an item: a field's list, its objects, their strings.
const ITEM_DEPTH: u8 = 3;

/// Fields of items, authors and attachments that are read.
const FIELDS: [&str; 23] = [
    "_siftwire", "attachments", "author", "authors", "avatar", "banner_image", "content_html",
    "content_text", "date_modified", "date_published", "duration_in_seconds", "external_url", "id", "image",
    "language", "mime_type", "name", "size_in_bytes", "source", "summary", "tags", "title", "url",
];

/// Parses a JSON Feed. Text after the feed is ignored. A truncated feed, or one with a syntax error, gives the items
/// before it and is partial.
pub(super) fn parse(text: &str) -> Result<RawFeed<'_>, String> {
    let mut feed = RawFeed { format: "json feed", ..RawFeed::default() };
    match FeedSeed(&mut feed).deserialize(&mut serde_json::Deserializer::from_str(text)) {
        Ok(true) => Ok(feed),
        Ok(false) => Err("JSON without `items`".to_owned()),
        Err(error) if !feed.entries.is_empty() => {
            let next = feed.entries.len() + 1;
            feed.partial = !(error.is_eof() && ends_between_items(text));
            feed.problems.push(match error.is_eof() {
                true if feed.partial => {
                    Problem::of(vec![next], "the document is truncated: its last entry was skipped")
                }
                true => "the end of the document is missing".into(),
                false => {
                    let place = format!("invalid JSON at line {} column {}", error.line(), error.column());
                    Problem::of(vec![next], place)
                }
            });
            Ok(feed)
        }
        Err(error) => Err(format!("JSON: {error}")),
    }
}

/// Whether a truncated feed is valid once its list of items and its object are closed.
fn ends_between_items(text: &str) -> bool {
    let closed = format!("{}]}}", text.trim_end().trim_end_matches(','));
    serde_json::from_str::<IgnoredAny>(&closed).is_ok()
}

/// Reads the feed's object into a [`RawFeed`]; gives whether it has `items`.
struct FeedSeed<'f, 'a>(&'f mut RawFeed<'a>);

impl<'de> DeserializeSeed<'de> for FeedSeed<'_, 'de> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FeedSeed<'_, 'de> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `items`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let feed = self.0;
        let mut has_items = false;
        let text = ValueSeed { depth: 0 };
        while let Some(key) = map.next_key_seed(text)? {
            match key.into_text().as_deref().unwrap_or_default() {
                "title" => feed.title = map.next_value_seed(text)?.into_text().map(plain_text),
                "language" => feed.language = map.next_value_seed(text)?.into_text(),
                "icon" | "favicon" => {
                    let address = map.next_value_seed(text)?.into_text();
                    feed.icon = feed.icon.take().or(address);
                }
                "home_page_url" => {
                    let href = map.next_value_seed(text)?.into_text();
                    feed.links.extend(href.map(|href| RawLink { href, ..RawLink::default() }));
                }
                "author" | "authors" => {
                    let authors = map.next_value_seed(ValueSeed { depth: ITEM_DEPTH - 1 })?.into_list();
                    if feed.authors.is_empty() {
                        feed.authors.extend(authors.into_iter().take(MAX_FEED_AUTHORS).map(raw_author));
                    }
                }
                "items" => {
                    has_items = true;
                    map.next_value_seed(ItemsSeed(&mut *feed))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(has_items)
    }
}

/// Adds the items to a feed one by one.
struct ItemsSeed<'f, 'a>(&'f mut RawFeed<'a>);

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (mut has_others, mut has_more) = (false, false);
        while self.0.entries.len() < MAX_ENTRIES {
            match seq.next_element_seed(ValueSeed { depth: ITEM_DEPTH })? {
                Some(item @ JsonValue::Object(_)) => self.0.entries.push(raw_entry(item)),
                Some(_) => has_others = true,
                None => break,
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        if has_others {
            self.0.problems.push("some items are not objects: they were skipped".into());
        }
        if has_more {
            self.0.problems.push(format!("only the first {MAX_ENTRIES} entries were read").into());
        }
        Ok(())
    }
}

fn raw_entry(mut item: JsonValue<'_>) -> RawEntry<'_> {
    let mut authors = item.take("authors").into_list();
    if authors.is_empty() {
        authors = item.take("author").into_list();
    }
    let (url, external) = (item.take_text("url"), item.take_text("external_url"));
    // An entry about a page elsewhere has that as its page if it has no other.
    let rel = url.as_ref().map(|_| "external".into());
    let links = url.map(|href| RawLink { href, ..RawLink::default() }).into_iter();
    let links = links.chain(external.map(|href| RawLink { href, rel, ..RawLink::default() })).collect();
    let addresses = ["image", "banner_image"].into_iter().filter_map(|field| item.take_text(field));
    let picture =
        |url| RawPicture { file: RawMedia { url, ..RawMedia::default() }, usual_width: UsualWidth::PICTURE };
    let images = addresses.map(picture).collect();
    let html = item.take_text("content_html");
    let html = html.map(|text| RawText::new(text, TextKind::Html));
    let content = html.or_else(|| item.take_text("content_text").map(plain_text)).into();
    let summary = item.take_text("summary").map(plain_text).into();
    RawEntry {
        id: item.take_text("id").into(),
        permalink: true,
        title: item.take_text("title").map(plain_text).into(),
        links,
        published: item.take_text("date_published").map(RawDate::new).into(),
        updated: item.take_text("date_modified").map(RawDate::new).into(),
        authors: authors.into_iter().map(raw_author).collect(),
        categories: item
            .take("tags")
            .into_list()
            .into_iter()
            .filter_map(plain_value)
            .map(RawCategory::from)
            .collect(),
        summary,
        content,
        enclosures: item.take("attachments").into_list().into_iter().filter_map(raw_media).collect(),
        images,
        language: item.take("language").into_text(),
        origin: raw_origin(item.take("_siftwire").take("source")),
        ..RawEntry::default()
    }
}

/// JSON Feed says of each text which kind it is.
fn plain_text(text: Cow<'_, str>) -> RawText<'_> {
    RawText::new(text, TextKind::Text)
}

fn plain_value(value: JsonValue<'_>) -> Option<RawText<'_>> {
    value.into_text().map(plain_text)
}

/// A person, as an object or as a name.
fn raw_author(person: JsonValue<'_>) -> RawAuthor<'_> {
    match person {
        JsonValue::String(name) => RawAuthor { name: Some(plain_text(name)), ..RawAuthor::default() },
        mut person => RawAuthor {
            name: plain_value(person.take("name")),
            email: None,
            uri: person.take("url").into_text(),
            avatar: person.take("avatar").into_text(),
        },
    }
}

/// The source of an entry of another Siftwire.
fn raw_origin(mut source: JsonValue<'_>) -> Option<RawOrigin<'_>> {
    let origin = RawOrigin {
        title: plain_value(source.take("title")),
        url: source.take_text("url"),
        ..RawOrigin::default()
    };
    (origin.title.is_some() || origin.url.is_some()).then_some(origin)
}

fn raw_media(mut attachment: JsonValue<'_>) -> Option<RawMedia<'_>> {
    Some(RawMedia {
        url: attachment.take("url").into_text()?,
        media_type: attachment.take("mime_type").into_text(),
        title: plain_value(attachment.take("title")),
        length: attachment.take("size_in_bytes").into_text(),
        duration: attachment.take("duration_in_seconds").into_text(),
        ..RawMedia::default()
    })
}

/// A JSON value, without the parts that are not needed.
#[derive(Default)]
enum JsonValue<'a> {
    /// Null or a boolean.
    #[default]
    Null,
    String(Cow<'a, str>),
    Number(String),
    /// The first [`MAX_ENTRY_PARTS`] elements.
    List(Vec<JsonValue<'a>>),
    /// The fields in [`FIELDS`]. Of duplicate keys the last counts, as in JavaScript.
    Object(Vec<(&'static str, JsonValue<'a>)>),
}

impl<'a> JsonValue<'a> {
    /// Takes the value of a field out of an object.
    fn take(&mut self, field: &str) -> JsonValue<'a> {
        let JsonValue::Object(fields) = self else { return JsonValue::Null };
        let value = fields.iter_mut().find(|(name, _)| *name == field);
        value.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    /// Takes the text of a field out of an object, unless it is blank.
    fn take_text(&mut self, field: &str) -> Option<Cow<'a, str>> {
        self.take(field).into_text().filter(|text| !text.trim().is_empty())
    }

    fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            JsonValue::String(text) => Some(text),
            JsonValue::Number(number) => Some(Cow::Owned(number)),
            _ => None,
        }
    }

    /// An object in the place of a list is a list of one.
    fn into_list(self) -> Vec<JsonValue<'a>> {
        match self {
            JsonValue::List(list) => list,
            object @ JsonValue::Object(_) => vec![object],
            _ => Vec::new(),
        }
    }
}

/// Reads a value; lists and objects below `depth` levels are skipped.
#[derive(Clone, Copy)]
struct ValueSeed {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = JsonValue<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<JsonValue<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = JsonValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::String(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::Number(number.to_string()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::Null)
    }

    fn visit_unit<E>(self) -> Result<JsonValue<'de>, E> {
        Ok(JsonValue::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonValue<'de>, A::Error> {
        let mut list = Vec::new();
        while self.depth > 0 && list.len() < MAX_ENTRY_PARTS {
            match seq.next_element_seed(ValueSeed { depth: self.depth - 1 })? {
                Some(value) => list.push(value),
                None => return Ok(JsonValue::List(list)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonValue<'de>, A::Error> {
        let mut fields: Vec<(&'static str, JsonValue<'de>)> = Vec::new();
        while let Some(key) = map.next_key_seed(ValueSeed { depth: 0 })? {
            let key = key.into_text().unwrap_or_default();
            let Some(name) = FIELDS.into_iter().find(|name| self.depth > 0 && *name == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value_seed(ValueSeed { depth: self.depth - 1 })?;
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => fields.push((name, value)),
            }
        }
        Ok(JsonValue::Object(fields))
    }
}
