//! Reads persons, and pictures, whose elements look like theirs. Pure.

use super::{Container, Namespace, XmlParser};
use crate::feed::parse::elements::{AuthorRole, FeedElement};
use crate::feed::parse::entry::push_part;
use crate::feed::parse::person::{kind_of_names, named, person};
use crate::feed::parse::tokenizer::{StartTag, attributes};
use crate::feed::raw::{MAX_ENTRY_PARTS, RawAuthor, RawMedia, RawPicture, RawText, TextKind, UsualWidth};
use crate::feed::xml_base::BaseIndex;

impl<'a> XmlParser<'a> {
    /// A person is either text or has child elements.
    pub(super) fn read_author(&mut self, tag: StartTag<'a>, role: AuthorRole, namespace: Namespace) {
        let content = self.tokens.element_text(tag);
        let kind = kind_of_names(namespace);
        let author = match content.markup {
            Some(markup) => person(markup, kind, &mut self.namespaces)
                .unwrap_or_else(|| named(content.text, TextKind::Html)),
            None => named(content.text, kind),
        };
        self.add_author(role, author);
    }

    /// Media RSS: who made the media. In an entry without media and without a role it may be the entry's author.
    pub(super) fn read_credit(&mut self, tag: StartTag<'a>) {
        let text = RawText::new(self.tokens.element_text(tag).text, TextKind::Text);
        if text.text.trim().is_empty() {
            return;
        }
        self.add_media_text(FeedElement::Author(AuthorRole::Fallback), &text);
        // In a role that is named or stands in a list they are no author.
        let has_role = attributes(tag.attributes).any(|(name, _)| matches!(name, "role" | "scheme"));
        // Nor beside media, which they made.
        let is_of_media = self.entry.as_ref().is_some_and(|entry| !entry.media.is_empty());
        if !has_role && !is_of_media && !self.is_in(Container::Media) {
            self.add_author(AuthorRole::Fallback, RawAuthor { name: Some(text), ..RawAuthor::default() });
        }
    }

    /// A picture, whose address has the name of a person's or is its text.
    pub(super) fn read_image(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        let content = self.tokens.element_text(tag);
        let address = match content.markup {
            Some(markup) => person(markup, TextKind::Text, &mut self.namespaces).and_then(|image| image.uri),
            None => Some(content.text),
        };
        let Some(address) = address.filter(|address| !address.trim().is_empty()) else { return };
        if self.entry.is_some() {
            let file = RawMedia { url: address, base, ..RawMedia::default() };
            self.add_part(|entry| {
                push_part(&mut entry.images, RawPicture { file, usual_width: UsualWidth::PICTURE })
            });
        } else if content.markup.is_some() {
            self.feed.icon.get_or_insert(address);
        }
    }

    fn add_author(&mut self, role: AuthorRole, author: RawAuthor<'a>) {
        // The authors of an Atom `source` apply to an entry without its own (RFC 4287 section 4.2.1).
        let role = if self.is_in_source() { AuthorRole::Fallback } else { role };
        let authors = match (&mut self.entry, role) {
            (Some(entry), AuthorRole::Primary) => &mut entry.authors,
            (Some(entry), AuthorRole::Fallback) => &mut entry.fallback_authors,
            (None, AuthorRole::Primary) => &mut self.feed.authors,
            (None, AuthorRole::Fallback) => return,
        };
        if authors.len() < MAX_ENTRY_PARTS {
            authors.push(author);
        } else {
            self.note_skipped_part();
        }
    }
}
