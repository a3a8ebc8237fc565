//! Reads attached files, media objects and images. Pure.

use std::borrow::Cow;

use super::{Container, XmlParser};
use crate::feed::parse::elements::FeedElement;
use crate::feed::parse::entry::push_part;
use crate::feed::parse::tokenizer::{StartTag, attribute, attributes};
use crate::feed::raw::{
    MediaField, MediaScope, RawFile, RawLink, RawMedia, RawMediaText, RawPicture, RawText, TextKind,
    UsualWidth,
};
use crate::feed::references::unescape;
use crate::feed::xml_base::BaseIndex;

impl<'a> XmlParser<'a> {
    pub(super) fn read_media(&mut self, tag: StartTag<'a>, element: FeedElement, base: BaseIndex) {
        match element {
            FeedElement::MediaGroup => {
                self.entry.iter_mut().for_each(|entry| entry.media_groups += 1);
                self.open_container(tag, Container::MediaGroup, base);
            }
            FeedElement::MediaContent => {
                self.add_media_content(tag, base);
                self.open_container(tag, Container::Media, base);
            }
            FeedElement::Enclosure => {
                let file = from_attributes(tag.attributes, base);
                self.add_part(|entry| file.url.is_empty() || push_part(&mut entry.enclosures, file));
                self.tokens.skip_element(tag);
            }
            _ => {
                self.read_picture(tag, element, base);
                self.tokens.skip_element(tag);
            }
        }
    }

    /// One without an address is only a container.
    fn add_media_content(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        let is_grouped = self.is_in(Container::MediaGroup);
        let file = from_attributes(tag.attributes, base);
        self.media_index = None;
        let Some(entry) = self.entry.as_mut().filter(|_| !file.url.is_empty()) else { return };
        let group = is_grouped.then_some(entry.media_groups);
        if push_part(&mut entry.media, RawMedia { group, ..file }) {
            self.media_index = Some(entry.media.len() - 1);
        } else {
            self.note_skipped_part();
        }
    }

    /// A thumbnail of Media RSS or a cover of iTunes, which is the feed's outside entries.
    fn read_picture(&mut self, tag: StartTag<'a>, element: FeedElement, base: BaseIndex) {
        let is_cover = element == FeedElement::ItunesImage;
        if self.entry.is_none() && is_cover {
            self.feed.icon = self.feed.icon.take().or_else(|| attribute(tag.attributes, "href"));
        }
        let file = from_attributes(tag.attributes, base);
        if is_cover && !file.url.is_empty() {
            self.add_cover(RawFile { url: file.url.clone(), media_type: None, base });
        }
        let usual_width = if is_cover { UsualWidth::COVER } else { UsualWidth::THUMBNAIL };
        self.add_part(|entry| {
            file.url.is_empty() || push_part(&mut entry.images, RawPicture { file, usual_width })
        });
    }

    /// The page that plays the media is the entry's if it has no other.
    pub(super) fn read_player(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        if let (Some(href), Some(entry)) = (attribute(tag.attributes, "url"), &mut self.entry) {
            entry.player.get_or_insert(RawLink { href, base, ..RawLink::default() });
        }
        self.tokens.skip_element(tag);
    }

    /// Adds Atom content that is elsewhere (RFC 4287 section 4.1.3.2).
    pub(super) fn add_content_elsewhere(&mut self, attribute_text: &'a str, base: BaseIndex) {
        let Some(url) = attribute(attribute_text, "src") else { return };
        let media_type = attribute(attribute_text, "type");
        self.add_part(|entry| {
            push_part(&mut entry.enclosures, RawMedia { url, media_type, base, ..RawMedia::default() })
        });
    }

    /// Adds a text to the media that it is about.
    pub(super) fn add_media_text(&mut self, element: FeedElement, text: &RawText<'a>) {
        let field = match element {
            FeedElement::Title(_) => MediaField::Title,
            FeedElement::Author(_) => MediaField::Credit,
            _ => MediaField::Description,
        };
        let is_in_media = self.is_in(Container::Media);
        let is_in_group = self.is_in(Container::MediaGroup);
        let index = self.media_index;
        self.add_part(|entry| {
            let scope = match index.filter(|_| is_in_media) {
                Some(index) => MediaScope::Object(index),
                None if is_in_group => MediaScope::Group(entry.media_groups),
                // The title is the entry's.
                None if field == MediaField::Title => return true,
                None => MediaScope::Entry,
            };
            push_part(&mut entry.media_texts, RawMediaText { scope, field, text: text.clone() })
        });
    }

    pub(super) fn is_in(&self, container: Container) -> bool {
        self.open.iter().any(|open| open.container == container)
    }
}

fn from_attributes(attribute_text: &str, base: BaseIndex) -> RawMedia<'_> {
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
            "title" => file.title = Some(RawText::new(value, TextKind::Unstated)),
            "isDefault" => file.is_default = value.trim() == "true",
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
