//! Parses the text of an RSS, Atom or CDF feed, well-formed or not, in one pass. Pure.

use std::borrow::Cow;

use super::elements::{AuthorRole, FeedElement, Namespaces};
use super::entry;
use super::tokenizer::{ElementText, StartTag, Tokenizer, XmlToken, attribute, attributes};
use super::update_hints::{SyndicationUpdates, read_hint};
use crate::feed::raw::{
    BaseIndex, MAX_ENTRIES, MAX_ENTRY_PARTS, RawAuthor, RawEntry, RawFeed, RawLink, RawOrigin,
};

/// `xml:base` values of one document. Further ones are ignored.
const MAX_BASES: usize = 20_000;

/// Nested feed containers (`rss`, `channel`, `items`). Deeper ones are not tracked, but their entries are read.
const MAX_FEED_DEPTH: usize = 4;

/// Parses an XML feed; `None` if the text has no feed element.
pub(super) fn parse(text: &str) -> Option<RawFeed<'_>> {
    let mut tokens = Tokenizer::new(text);
    let root = find_root(&mut tokens)?;
    tokens.set_root(root.name);
    let mut parser = XmlParser {
        tokens,
        namespaces: Namespaces::default(),
        feed: RawFeed { format: feed_format(root), ..RawFeed::default() },
        entry: None,
        person: None,
        open: Vec::new(),
        updates: SyndicationUpdates::default(),
        root_ended: root.empty,
        ends_in_tag: !text.trim_end().ends_with('>'),
        skipped_entries: false,
        skipped_parts: false,
    };
    parser.start_tag(root);
    parser.read_document();
    Some(parser.finish())
}

/// Skips what precedes the root element, such as warnings of the server, and other elements.
fn find_root<'a>(tokens: &mut Tokenizer<'a>) -> Option<StartTag<'a>> {
    while let Some(token) = tokens.next() {
        if let XmlToken::Start(tag) = token
            && is_root(tag.name)
        {
            return Some(tag);
        }
    }
    None
}

fn local_name(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_root(name: &str) -> bool {
    ["rss", "feed", "rdf", "channel"].iter().any(|root| local_name(name).eq_ignore_ascii_case(root))
}

fn feed_format(root: StartTag<'_>) -> &'static str {
    let version = attributes(root.attributes).find(|(name, _)| name.eq_ignore_ascii_case("version"));
    let version = version.map(|(_, value)| value).unwrap_or_default();
    match local_name(root.name).to_ascii_lowercase().as_str() {
        "feed" if version.starts_with("0.") => "atom 0.3",
        "feed" => "atom 1.0",
        "rdf" => "rss 1.0",
        _ if version.starts_with("0.9") => "rss 0.9",
        _ => "rss 2.0",
    }
}

struct OpenElement<'a> {
    name: &'a str,
    container: Container,
    base: BaseIndex,
}

/// Elements whose child elements are read. Each is open at most once, except [`Container::Feed`], so the depth of the
/// document does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Feed,
    Entry,
    Person(AuthorRole),
    Source,
    Media,
    SkipTimes,
}

struct XmlParser<'a> {
    tokens: Tokenizer<'a>,
    namespaces: Namespaces<'a>,
    feed: RawFeed<'a>,
    /// The open entry.
    entry: Option<RawEntry<'a>>,
    /// The open person.
    person: Option<RawAuthor<'a>>,
    /// Outermost first.
    open: Vec<OpenElement<'a>>,
    updates: SyndicationUpdates,
    /// An end tag of a root element was seen.
    root_ended: bool,
    /// The last tag or text is cut off.
    ends_in_tag: bool,
    /// [`MAX_ENTRIES`] was exceeded.
    skipped_entries: bool,
    /// [`MAX_ENTRY_PARTS`] was exceeded.
    skipped_parts: bool,
}

impl<'a> XmlParser<'a> {
    fn read_document(&mut self) {
        while !self.skipped_entries
            && let Some(token) = self.tokens.next()
        {
            match token {
                XmlToken::Start(tag) => self.start_tag(tag),
                XmlToken::End { name } => self.end_tag(name),
                // Text between elements has no meaning in a feed.
                XmlToken::Text(_) | XmlToken::Cdata(_) => {}
            }
        }
    }

    fn end_tag(&mut self, name: &str) {
        self.root_ended |= is_root(name);
        if let Some(at) = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) {
            self.close_to(at);
        }
    }

    fn start_tag(&mut self, tag: StartTag<'a>) {
        self.namespaces.declare(tag.attributes);
        let Some(element) = self.namespaces.element(tag.name, tag.attributes) else {
            return self.tokens.skip_element(tag);
        };
        let base = self.base(tag.attributes);
        match element {
            FeedElement::Feed => {
                if self.feed.language.is_none() {
                    self.feed.language = attribute(tag.attributes, "xml:lang");
                }
                self.open_container(tag, Container::Feed, base);
            }
            FeedElement::Entry => self.open_entry(tag, base),
            FeedElement::Ignored => self.tokens.skip_element(tag),
            FeedElement::Author(role) => self.read_author(tag, role, base),
            FeedElement::Name | FeedElement::Email | FeedElement::Uri => {
                let text = self.tokens.element_text(tag).text;
                self.add_person_part(element, text);
            }
            FeedElement::Source => self.read_source(tag, base),
            FeedElement::SkipHours | FeedElement::SkipDays => {
                self.open_container(tag, Container::SkipTimes, base);
            }
            FeedElement::MediaGroup => self.open_container(tag, Container::Media, base),
            FeedElement::MediaContent => {
                self.add_part(|entry| entry::add_media_content(entry, tag.attributes, base));
                self.open_container(tag, Container::Media, base);
            }
            FeedElement::Enclosure => {
                self.add_part(|entry| entry::add_enclosure(entry, tag.attributes, base));
                self.tokens.skip_element(tag);
            }
            FeedElement::Thumbnail | FeedElement::ItunesImage => {
                self.add_part(|entry| entry::add_thumbnail(entry, tag.attributes, base));
                self.tokens.skip_element(tag);
            }
            FeedElement::MediaPlayer => self.tokens.skip_element(tag),
            FeedElement::Link => self.read_link(tag, base),
            _ => {
                let content = self.tokens.element_text(tag);
                self.add_text_element(element, tag.attributes, content, base);
            }
        }
    }

    /// The base of an element's relative addresses: its own, or else that of the innermost open element.
    fn base(&mut self, attribute_text: &'a str) -> BaseIndex {
        let outer = self.open.last().and_then(|open| open.base);
        if !attribute_text.contains("xml:base") || self.feed.bases.len() >= MAX_BASES {
            return outer;
        }
        let Some(own) = attribute(attribute_text, "xml:base") else { return outer };
        self.feed.bases.push((own, outer));
        Some(self.feed.bases.len() - 1)
    }

    fn open_container(&mut self, tag: StartTag<'a>, container: Container, base: BaseIndex) {
        let already_open = self.open.iter().filter(|open| open.container == container).count();
        let max_open = if container == Container::Feed { MAX_FEED_DEPTH } else { 1 };
        if !tag.empty && already_open < max_open {
            self.open.push(OpenElement { name: tag.name, container, base });
        }
    }

    fn is_in_source(&self) -> bool {
        self.open.iter().any(|open| open.container == Container::Source)
    }

    fn open_entry(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        // An unclosed entry ends where the next one begins.
        if let Some(at) = self.open.iter().position(|open| open.container == Container::Entry) {
            self.close_to(at);
        }
        if self.feed.entries.len() >= MAX_ENTRIES {
            self.skipped_entries = true;
            return;
        }
        self.entry = Some(entry::new_entry(tag.attributes, base));
        self.open.push(OpenElement { name: tag.name, container: Container::Entry, base });
        if tag.empty {
            self.close_to(self.open.len() - 1);
        }
    }

    fn add_part(&mut self, add: impl FnOnce(&mut RawEntry<'a>) -> bool) {
        if let Some(entry) = &mut self.entry {
            self.skipped_parts |= !add(entry);
        }
    }

    /// A person is either text or has child elements.
    fn read_author(&mut self, tag: StartTag<'a>, role: AuthorRole, base: BaseIndex) {
        let has_parts = self.tokens.peek_element().is_some_and(|child| {
            let element = self.namespaces.element(child, "");
            matches!(element, Some(FeedElement::Name | FeedElement::Email | FeedElement::Uri))
        });
        let is_in_person = self.open.iter().any(|open| matches!(open.container, Container::Person(_)));
        if has_parts && !tag.empty && !is_in_person {
            self.person = Some(RawAuthor::default());
            self.open.push(OpenElement { name: tag.name, container: Container::Person(role), base });
            return;
        }
        let name = Some(self.tokens.element_text(tag).text);
        self.add_author(role, RawAuthor { name, ..RawAuthor::default() });
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
            self.skipped_parts = true;
        }
    }

    fn add_person_part(&mut self, element: FeedElement, text: Cow<'a, str>) {
        let Some(person) = &mut self.person else {
            // A name directly in an entry is an author's.
            if element == FeedElement::Name && self.entry.is_some() {
                let author = RawAuthor { name: Some(text), ..RawAuthor::default() };
                self.add_author(AuthorRole::Fallback, author);
            }
            return;
        };
        let part = match element {
            FeedElement::Name => &mut person.name,
            FeedElement::Email => &mut person.email,
            _ => &mut person.uri,
        };
        if part.is_none() && !text.trim().is_empty() {
            *part = Some(text);
        }
    }

    /// The origin of an entry: RSS gives its title as text and its address as an attribute, Atom has child elements.
    fn read_source(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        let title = if self.tokens.peek_element().is_some() && !tag.empty {
            self.open_container(tag, Container::Source, base);
            None
        } else {
            Some(entry::text_construct(tag.attributes, self.tokens.element_text(tag), base))
        };
        if let Some(entry) = &mut self.entry
            && entry.origin.is_none()
        {
            entry.origin = Some(RawOrigin { title, url: attribute(tag.attributes, "url") });
        }
    }

    fn origin(&mut self) -> Option<&mut RawOrigin<'a>> {
        self.entry.as_mut().and_then(|entry| entry.origin.as_mut())
    }

    fn read_link(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        let mut link = RawLink { base, ..RawLink::default() };
        let mut has_href = false;
        for (name, value) in attributes(tag.attributes) {
            match name {
                "href" => (link.href, has_href) = (value, true),
                "rel" => link.rel = Some(value),
                "type" => link.media_type = Some(value),
                "length" => link.length = Some(value),
                "title" => link.title = Some(value),
                _ => {}
            }
        }
        if has_href {
            self.tokens.skip_element(tag);
        } else {
            link.href = self.tokens.element_text(tag).text;
        }
        if self.is_in_source() {
            if let Some(RawOrigin { url: url @ None, .. }) = self.origin()
                && !link.href.trim().is_empty()
            {
                *url = Some(link.href);
            }
            return;
        }
        let links = self.entry.as_mut().map_or(&mut self.feed.links, |entry| &mut entry.links);
        if links.len() < MAX_ENTRY_PARTS {
            links.push(link);
        } else {
            self.skipped_parts = true;
        }
    }

    fn add_text_element(
        &mut self,
        element: FeedElement,
        attribute_text: &'a str,
        content: ElementText<'a>,
        base: BaseIndex,
    ) {
        if self.is_in_source() {
            if let (FeedElement::Title(0), Some(RawOrigin { title: title @ None, .. })) =
                (element, self.origin())
            {
                *title = Some(entry::text_construct(attribute_text, content, base));
            }
            return;
        }
        match (&mut self.entry, element) {
            (Some(entry), _) => {
                self.skipped_parts |= !entry::add_text_element(entry, element, attribute_text, content, base);
            }
            (None, FeedElement::Title(0)) => {
                self.feed.title.get_or_insert(entry::text_construct(attribute_text, content, base));
            }
            (None, FeedElement::Id) => {
                self.feed.id.get_or_insert(content.text);
            }
            (None, FeedElement::Language) => {
                self.feed.language.get_or_insert(content.text);
            }
            (None, _) => read_hint(&mut self.feed.update_hints, &mut self.updates, element, &content.text),
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            match self.open.pop().map(|open| open.container) {
                Some(Container::Entry) => self.feed.entries.extend(self.entry.take()),
                Some(Container::Person(role)) => {
                    if let Some(person) = self.person.take() {
                        self.add_author(role, person);
                    }
                }
                _ => {}
            }
        }
    }

    fn finish(mut self) -> RawFeed<'a> {
        // The last entry of a truncated document is dropped: its missing parts would later look like an edit.
        let is_truncated = !self.root_ended && (self.entry.is_some() || self.ends_in_tag);
        if is_truncated {
            self.open.clear();
            self.entry = None;
            self.feed.problems.push("the document is truncated: its last entry was skipped".to_owned());
        }
        self.close_to(0);
        // Missing end tags alone lose nothing. Neither do more entries than are read: they were never read.
        self.feed.partial = is_truncated;
        if self.skipped_entries {
            self.feed.problems.push(format!("only the first {MAX_ENTRIES} entries were read"));
        }
        if self.skipped_parts {
            self.feed.problems.push(format!(
                "only the first {MAX_ENTRY_PARTS} media, links, authors or categories of an entry were read"
            ));
        }
        self.feed.update_hints.update_period = self.updates.interval();
        self.feed
    }
}
