//! JSON Feed 1.0 and 1.1 to a raw feed, whatever types its values have. Pure.
//!
//! Values that nobody needs are never built, and of lists only so much is taken, so that a document
//! takes no more memory than its own size.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::raw::{RawAuthor, RawDate, RawEntry, RawFeed, RawLink, RawMedia, RawText, TextKind};
use super::{MOST_ENTRIES, MOST_OF_A_KIND};

/// Authors of the feed, which every item without its own has.
const MOST_FEED_AUTHORS: usize = 5;

/// The rest of a visitor for which these kinds of value are as good as none.
macro_rules! nothing_else {
    ($($visit:ident($kind:ty)),+ => $nothing:expr) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($nothing)
        })+

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// An object whose fields may be missing, may have another type, and may come twice: the last counts, as in
/// JavaScript. (What serde derives refuses the whole document.)
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Default)]
        struct $name<'a> {
            $($field: $kind),+
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form<'a>(PhantomData<$name<'a>>);
                impl<'de: 'a, 'a> Visitor<'de> for Form<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(key) = map.next_key::<Loose<'de>>()? {
                            match key.0.as_deref().unwrap_or_default() {
                                $(stringify!($field) => object.$field = map.next_value()?,)+
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Form(PhantomData))
            }
        }
    };
}

/// Reads a JSON Feed. What stands behind it does not matter; one that is cut off, or broken in the middle,
/// gives what came whole.
pub(super) fn feed(text: &str) -> Result<RawFeed<'_>, String> {
    let mut feed = RawFeed { format: "json feed", ..RawFeed::default() };
    let mut items = false;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Top { feed: &mut feed, items: &mut items }.deserialize(&mut deserializer);
    match read {
        Ok(()) if items => Ok(feed),
        Ok(()) => Err("JSON without `items`".to_owned()),
        Err(error) if !feed.entries.is_empty() => {
            feed.partial = true;
            feed.problems.push(match error.is_eof() {
                true => "the document is cut off: its last entry was left out".to_owned(),
                false => format!("what follows line {} column {} is no JSON", error.line(), error.column()),
            });
            Ok(feed)
        }
        Err(error) => Err(format!("JSON: {error}")),
    }
}

/// The feed's object, filled in as it is read, so that what came before an error is kept.
struct Top<'f, 'a> {
    feed: &'f mut RawFeed<'a>,
    items: &'f mut bool,
}

impl<'de> DeserializeSeed<'de> for Top<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `items`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let feed = self.feed;
        while let Some(key) = map.next_key::<Loose<'de>>()? {
            match key.0.as_deref().unwrap_or_default() {
                "title" => feed.title = map.next_value::<Loose<'de>>()?.0,
                "language" => feed.language = map.next_value::<Loose<'de>>()?.0,
                "home_page_url" => {
                    let href = map.next_value::<Loose<'de>>()?.0;
                    feed.links.extend(href.map(|href| RawLink { href, ..RawLink::default() }));
                }
                "author" | "authors" => {
                    let authors = map.next_value::<List<Person<'de>>>()?.0;
                    let few = authors.into_iter().take(MOST_FEED_AUTHORS).map(|person| person.author());
                    if feed.authors.is_empty() {
                        feed.authors.extend(few);
                    }
                }
                "items" => {
                    *self.items = true;
                    map.next_value_seed(Items(&mut *feed))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The items, added to the feed one by one.
struct Items<'f, 'a>(&'f mut RawFeed<'a>);

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (mut strange, mut more) = (false, false);
        while self.0.entries.len() < MOST_ENTRIES {
            match seq.next_element::<Either<Item<'de>>>()? {
                Some(Either(Some(item))) => self.0.entries.push(item.entry()),
                Some(Either(None)) => strange = true,
                None => break,
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        if strange {
            self.0.problems.push("some items are no objects".to_owned());
        }
        if more {
            self.0.partial = true;
            self.0.problems.push(format!("only the first {MOST_ENTRIES} entries were read"));
        }
        Ok(())
    }
}

object! {
    /// An item; whatever is missing or of another type is not there.
    Item {
        id: Loose<'a>,
        url: Loose<'a>,
        external_url: Loose<'a>,
        title: Loose<'a>,
        content_html: Loose<'a>,
        content_text: Loose<'a>,
        summary: Loose<'a>,
        image: Loose<'a>,
        banner_image: Loose<'a>,
        date_published: Loose<'a>,
        date_modified: Loose<'a>,
        author: List<Person<'a>>,
        authors: List<Person<'a>>,
        tags: List<Loose<'a>>,
        language: Loose<'a>,
        attachments: List<Attachment<'a>>,
    }
}

impl<'a> Item<'a> {
    fn entry(self) -> RawEntry<'a> {
        let mut entry = RawEntry::default();
        let html = |text, kind| RawText { text, kind, base: None };
        self.id.into_iter().for_each(|id| entry.id.offer(0, id));
        self.title.into_iter().for_each(|title| entry.title.offer(0, title));
        self.content_html.into_iter().for_each(|text| entry.content.offer(0, html(text, TextKind::Html)));
        self.content_text.into_iter().for_each(|text| entry.content.offer(1, html(text, TextKind::Plain)));
        self.summary.into_iter().for_each(|text| entry.summary.offer(0, html(text, TextKind::Plain)));
        self.date_published.into_iter().for_each(|date| entry.published.offer(0, RawDate::of(date)));
        self.date_modified.into_iter().for_each(|date| entry.updated.offer(0, RawDate::of(date)));
        for href in self.url.into_iter().chain(self.external_url) {
            entry.links.push(RawLink { href, ..RawLink::default() });
        }
        for url in self.image.into_iter().chain(self.banner_image) {
            entry.thumbnails.push(RawMedia { url, ..RawMedia::default() });
        }
        let own = if self.authors.0.is_empty() { self.author.0 } else { self.authors.0 };
        entry.authors = own.into_iter().map(|person| person.author()).collect();
        entry.categories = self.tags.0.into_iter().filter_map(|tag| tag.0).collect();
        entry.language = self.language.0;
        entry.media = self.attachments.0.into_iter().filter_map(Attachment::media).collect();
        entry.permalink = true;
        entry
    }
}

object! {
    /// A person as an object.
    Named {
        name: Loose<'a>,
        url: Loose<'a>,
    }
}

/// A person, as an object or as a name alone.
#[derive(Default)]
struct Person<'a>(Named<'a>);

impl<'a> Person<'a> {
    fn author(self) -> RawAuthor<'a> {
        RawAuthor { name: self.0.name.0, email: None, uri: self.0.url.0 }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Person<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<'a>(PhantomData<Person<'a>>);
        impl<'de: 'a, 'a> Visitor<'de> for Form<'a> {
            type Value = Person<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a person")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Person<'a>, A::Error> {
                Named::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Person)
            }
            fn visit_str<E>(self, name: &str) -> Result<Person<'a>, E> {
                let name = Loose(Some(Cow::Owned(name.to_owned())));
                Ok(Person(Named { name, ..Named::default() }))
            }
            nothing_else!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64) => Person::default());
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Person<'a>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Person::default())
            }
        }
        deserializer.deserialize_any(Form(PhantomData))
    }
}

object! {
    /// An attached file.
    Attachment {
        url: Loose<'a>,
        mime_type: Loose<'a>,
        title: Loose<'a>,
        size_in_bytes: Loose<'a>,
        duration_in_seconds: Loose<'a>,
    }
}

impl<'a> Attachment<'a> {
    fn media(self) -> Option<RawMedia<'a>> {
        Some(RawMedia {
            url: self.url.0?,
            media_type: self.mime_type.0,
            title: self.title.0,
            length: self.size_in_bytes.0,
            duration: self.duration_in_seconds.0,
            ..RawMedia::default()
        })
    }
}

/// A text, or a number as text; anything else is none.
#[derive(Default)]
struct Loose<'a>(Option<Cow<'a, str>>);

impl<'a> IntoIterator for Loose<'a> {
    type Item = Cow<'a, str>;
    type IntoIter = std::option::IntoIter<Cow<'a, str>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.filter(|text| !text.trim().is_empty()).into_iter()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseForm(PhantomData))
    }
}

struct LooseForm<'a>(PhantomData<Loose<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for LooseForm<'a> {
    type Value = Loose<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose<'a>, E> {
        Ok(Loose(None))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose<'a>, E> {
        Ok(Loose(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_unit<E>(self) -> Result<Loose<'a>, E> {
        Ok(Loose(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose<'a>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose(None))
    }
}

/// An object, or something else, which is passed over.
struct Either<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Either<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
            type Value = Either<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Either<T>, A::Error> {
                let object = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Either(Some(object)))
            }
            nothing_else!(visit_str(&str), visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64) => Either(None));
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Either<T>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Either(None))
            }
        }
        deserializer.deserialize_any(Form(PhantomData))
    }
}

/// A list, of which only so much is taken; one value alone is a list of one.
struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while list.len() < MOST_OF_A_KIND {
                    match seq.next_element::<T>()? {
                        Some(value) => list.push(value),
                        None => return Ok(List(list)),
                    }
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<List<T>, A::Error> {
                let one = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(List(vec![one]))
            }
            nothing_else!(visit_str(&str), visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64) => List(Vec::new()));
        }
        deserializer.deserialize_any(Form(PhantomData))
    }
}
