//! Parses the text of an RSS, Atom or CDF feed, well-formed or not, in one pass. Pure.

mod details;
mod faults;
mod media;
mod person;
mod podcast;

use url::Url;

use super::elements::{
    AuthorRole, DetailElement, FeedElement, Namespace, Namespaces, PodcastElement, local_name,
};
use super::entry;
use super::person::kind_of_names;
use super::text_construct::{TextScope, text_construct};
use super::tokenizer::{ElementText, StartTag, Tokenizer, XmlToken, attribute, attributes};
use super::update_hints::{SyndicationUpdates, read_hint};
use crate::feed::problem::Problem;
use crate::feed::raw::{
    MAX_ENTRIES, MAX_ENTRY_PARTS, RawEntry, RawFeed, RawLink, RawOrigin, RawText, TextKind,
};
use crate::feed::xml_base::{BaseIndex, ResolvedBases};

/// Nested feed containers (`rss`, `channel`, `items`). Deeper ones are not tracked, but their entries are read.
const MAX_FEED_DEPTH: usize = 4;

/// Parses an XML feed; `None` if the text has no feed element.
pub(super) fn parse<'a>(text: &'a str, document: Option<&Url>) -> Option<RawFeed<'a>> {
    let mut tokens = Tokenizer::new(text);
    let root = find_root(&mut tokens)?;
    tokens.set_root(root.name);
    let format = feed_format(root);
    let mut parser = XmlParser {
        tokens,
        namespaces: Namespaces::new(vocabulary(format)),
        root_declared: 0,
        feed: RawFeed { format, bases: ResolvedBases::new(document.cloned()), ..RawFeed::default() },
        entry: None,
        empty_entries: 0,
        open: Vec::new(),
        updates: SyndicationUpdates::default(),
        root_ended: false,
        untracked: 0,
        ends_in_tag: !text.trim_end().ends_with('>'),
        media_index: None,
        skipped_entries: false,
        skipped_parts: Vec::new(),
        faulty_entry: None,
    };
    parser.start_tag(root);
    parser.root_declared = parser.namespaces.len();
    parser.root_ended = root.empty;
    parser.read_document();
    Some(parser.finish())
}

/// Skips what precedes the root element, such as warnings of the server, and other elements.
fn find_root<'a>(tokens: &mut Tokenizer<'a>) -> Option<StartTag<'a>> {
    loop {
        let at = tokens.at();
        match tokens.next()? {
            XmlToken::Start(tag) if is_root(tag.name) => return Some(tag),
            XmlToken::Text(text) if text.trim().is_empty() => {}
            _ => tokens.note_fault(at, || "something stands before the feed".to_owned()),
        }
    }
}

fn is_root(name: &str) -> bool {
    let name = local_name(name);
    ["rss", "feed", "rdf", "channel"].iter().any(|root| name.eq_ignore_ascii_case(root))
}

fn vocabulary(format: &str) -> Namespace {
    if format.starts_with("atom") { Namespace::Atom } else { Namespace::Rss }
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
    /// The namespace declarations in force in it.
    declared: usize,
}

/// Elements whose child elements are read. Each is open at most once, except [`Container::Feed`], so the depth of the
/// document does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Feed,
    Entry,
    Source,
    Media,
    MediaGroup,
    SkipTimes,
}

struct XmlParser<'a> {
    tokens: Tokenizer<'a>,
    namespaces: Namespaces<'a>,
    /// The declarations of the root element. They stay in force behind it: some feeds end it too early.
    root_declared: usize,
    feed: RawFeed<'a>,
    /// The open entry.
    entry: Option<RawEntry<'a>>,
    /// How many entries without anything are in it.
    empty_entries: usize,
    /// Outermost first.
    open: Vec<OpenElement<'a>>,
    updates: SyndicationUpdates,
    /// An end tag of a root element was seen.
    root_ended: bool,
    /// Elements whose child elements are read, but which are not in `open`.
    untracked: usize,
    /// The last tag or text is cut off.
    ends_in_tag: bool,
    /// The position of the media object that was read last.
    media_index: Option<usize>,
    /// [`MAX_ENTRIES`] was exceeded.
    skipped_entries: bool,
    /// The entries in which [`MAX_ENTRY_PARTS`] was exceeded.
    skipped_parts: Vec<usize>,
    /// The entry that was open when a fault was found.
    faulty_entry: Option<usize>,
}

impl<'a> XmlParser<'a> {
    fn read_document(&mut self) {
        let mut is_sound = self.tokens.fault().is_none();
        let mut at = self.tokens.at();
        while !self.skipped_entries
            && let Some(token) = self.tokens.next()
        {
            let number = self.entry.as_ref().map(|_| self.entry_number());
            match token {
                XmlToken::Start(tag) => {
                    if self.open.is_empty() && self.root_ended {
                        self.note_something_behind(at);
                    }
                    self.start_tag(tag);
                }
                XmlToken::End { name } => self.end_tag(name, at),
                // Text between elements has no meaning in a feed.
                XmlToken::Text(text) | XmlToken::Cdata(text) => {
                    if self.open.is_empty() && self.root_ended && !text.trim().is_empty() {
                        self.note_something_behind(at);
                    }
                }
            }
            if is_sound && self.tokens.fault().is_some() {
                is_sound = false;
                self.faulty_entry = number;
            }
            at = self.tokens.at();
        }
    }

    fn end_tag(&mut self, name: &str, start: usize) {
        self.root_ended |= is_root(name);
        let Some(at) = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) else {
            if self.untracked == 0 {
                self.tokens.note_fault(start, || format!("`</{name}>` ends no open element"));
            }
            self.untracked = self.untracked.saturating_sub(1);
            return;
        };
        if let Some(unclosed) = self.open.get(at + 1) {
            self.tokens.note_fault(start, || format!("`<{}>` has no end tag", unclosed.name));
        }
        self.close_to(at);
    }

    fn start_tag(&mut self, tag: StartTag<'a>) {
        self.namespaces.declare(tag);
        match self.namespaces.element(tag.name) {
            Some((element, namespace)) => self.read_element(tag, element, namespace),
            None => {
                let is_beside_entries =
                    self.open.last().is_some_and(|open| open.container == Container::Feed);
                if is_beside_entries && self.namespaces.is_foreign(tag.name) {
                    self.feed.note_unknown(tag.name);
                }
                self.tokens.skip_element(tag);
            }
        }
        self.end_declarations();
    }

    /// Ends the namespace declarations of elements that are not open.
    fn end_declarations(&mut self) {
        self.namespaces.truncate(self.open.last().map_or(self.root_declared, |open| open.declared));
    }

    fn read_element(&mut self, tag: StartTag<'a>, element: FeedElement, namespace: Namespace) {
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
            FeedElement::Author(_) if namespace == Namespace::Media => self.read_credit(tag),
            FeedElement::Author(_) if namespace == Namespace::Itunes && self.entry.is_none() => {
                self.read_podcast(tag, PodcastElement::Author, base);
            }
            FeedElement::Detail(element) => {
                let content = self.tokens.element_text(tag);
                let text = match element {
                    DetailElement::Rights => self.text(tag, content, namespace, base),
                    _ => RawText::new(content.text, TextKind::Unstated),
                };
                self.read_detail(tag, element, text);
            }
            FeedElement::Podcast(element) => self.read_podcast(tag, element, base),
            FeedElement::Author(role) => self.read_author(tag, role, namespace),
            // A name directly in an entry is an author's.
            FeedElement::Name if self.entry.is_some() => {
                self.read_author(tag, AuthorRole::Fallback, namespace);
            }
            FeedElement::Name | FeedElement::Email | FeedElement::Uri => self.tokens.skip_element(tag),
            FeedElement::Source => self.read_source(tag, namespace, base),
            FeedElement::SkipHours | FeedElement::SkipDays => {
                self.open_container(tag, Container::SkipTimes, base);
            }
            FeedElement::MediaGroup
            | FeedElement::MediaContent
            | FeedElement::Enclosure
            | FeedElement::Thumbnail
            | FeedElement::ItunesImage => self.read_media(tag, element, base),
            FeedElement::Image => self.read_image(tag, base),
            FeedElement::MediaPlayer => self.read_player(tag, base),
            FeedElement::Link => self.read_link(tag, base),
            FeedElement::Title(_) | FeedElement::Summary(_) | FeedElement::Content(_) => {
                self.read_text(tag, element, namespace, base);
            }
            _ => {
                let content = self.tokens.element_text(tag);
                self.add_value(element, tag.attributes, content, kind_of_names(namespace));
            }
        }
    }

    /// The base of an element's relative addresses: its own, or else that of the innermost open element.
    fn base(&mut self, attribute_text: &'a str) -> BaseIndex {
        let outer = self.open.last().and_then(|open| open.base);
        if !attribute_text.contains("xml:base") {
            return outer;
        }
        let own = attribute(attribute_text, "xml:base");
        own.map_or(outer, |own| self.feed.bases.push(&own, outer))
    }

    fn open_container(&mut self, tag: StartTag<'a>, container: Container, base: BaseIndex) {
        let already_open = self.open.iter().filter(|open| open.container == container).count();
        let max_open = if container == Container::Feed { MAX_FEED_DEPTH } else { 1 };
        if !tag.empty && already_open < max_open {
            let declared = self.namespaces.len();
            self.open.push(OpenElement { name: tag.name, container, base, declared });
        } else if !tag.empty {
            self.untracked += 1;
        }
    }

    fn is_in_source(&self) -> bool {
        self.open.iter().any(|open| open.container == Container::Source)
    }

    fn open_entry(&mut self, tag: StartTag<'a>, base: BaseIndex) {
        // An empty entry within another one does not end that.
        if tag.empty && tag.attributes.trim().is_empty() && self.entry.is_some() {
            self.empty_entries += 1;
            return;
        }
        // An unclosed entry ends where the next one begins.
        if let Some(at) = self.open.iter().position(|open| open.container == Container::Entry) {
            self.tokens.note_fault(self.tokens.at(), || {
                format!("`<{}>` begins before the one before it has ended", tag.name)
            });
            self.close_to(at);
            self.namespaces.declare(tag);
        }
        if self.feed.entries.len() >= MAX_ENTRIES {
            self.skipped_entries = true;
            return;
        }
        self.entry = Some(entry::new_entry(tag.attributes, base));
        let declared = self.namespaces.len();
        self.open.push(OpenElement { name: tag.name, container: Container::Entry, base, declared });
        if tag.empty {
            self.close_to(self.open.len() - 1);
        }
    }

    fn add_part(&mut self, add: impl FnOnce(&mut RawEntry<'a>) -> bool) {
        if let Some(entry) = &mut self.entry
            && !add(entry)
        {
            self.note_skipped_part();
        }
    }

    /// The origin of an entry: RSS gives its title as text and its address as an attribute, Atom has child elements.
    fn read_source(&mut self, tag: StartTag<'a>, namespace: Namespace, base: BaseIndex) {
        let title = if self.tokens.peek_element().is_some() && !tag.empty {
            self.open_container(tag, Container::Source, base);
            None
        } else {
            let content = self.tokens.element_text(tag);
            Some(self.text(tag, content, namespace, base))
        };
        if let Some(entry) = &mut self.entry
            && entry.origin.is_none()
        {
            entry.origin =
                Some(RawOrigin { title, url: attribute(tag.attributes, "url"), ..RawOrigin::default() });
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
                "thr:count" => link.count = Some(value),
                _ => {}
            }
        }
        if has_href {
            self.tokens.skip_element(tag);
        } else {
            link.href = self.tokens.element_text(tag).text;
        }
        if self.is_in_source() {
            if let Some(RawOrigin { url, link: page, .. }) = self.origin()
                && !link.href.trim().is_empty()
            {
                match link.rel.as_deref().map(str::trim) {
                    Some("self") => url.get_or_insert(link.href),
                    None | Some("alternate") => page.get_or_insert(link.href),
                    Some(_) => return,
                };
            }
            return;
        }
        let links = self.entry.as_mut().map_or(&mut self.feed.links, |entry| &mut entry.links);
        if links.len() < MAX_ENTRY_PARTS {
            links.push(link);
        } else {
            self.note_skipped_part();
        }
    }

    fn text(
        &mut self,
        tag: StartTag<'a>,
        content: ElementText<'a>,
        vocabulary: Namespace,
        base: BaseIndex,
    ) -> RawText<'a> {
        let (namespaces, bases) = (&mut self.namespaces, &self.feed.bases);
        text_construct(tag, content, TextScope { vocabulary, namespaces, bases, base })
    }

    fn read_text(&mut self, tag: StartTag<'a>, element: FeedElement, namespace: Namespace, base: BaseIndex) {
        let content = self.tokens.element_text(tag);
        if content.text.trim().is_empty() {
            if let FeedElement::Content(_) = element {
                self.add_content_elsewhere(tag.attributes, base);
            }
            return;
        }
        let text = self.text(tag, content, namespace, base);
        if self.is_in_source() {
            if let (FeedElement::Title(0), Some(RawOrigin { title: title @ None, .. })) =
                (element, self.origin())
            {
                *title = Some(text);
            }
            return;
        }
        match namespace {
            Namespace::Media => self.add_media_text(element, &text),
            Namespace::Itunes => self.add_episode_text(element, &text),
            _ => {}
        }
        match (&mut self.entry, element) {
            (Some(entry), _) => entry::add_text(entry, element, text),
            (None, FeedElement::Title(0)) => {
                self.feed.title.get_or_insert(text);
            }
            (None, _) => {}
        }
    }

    fn add_value(
        &mut self,
        element: FeedElement,
        attribute_text: &'a str,
        content: ElementText<'a>,
        kind: TextKind,
    ) {
        if self.is_in_source() {
            match (element, self.origin()) {
                (FeedElement::Id, Some(origin)) => _ = origin.id.get_or_insert(content.text),
                (FeedElement::Icon, Some(origin)) => _ = origin.icon.get_or_insert(content.text),
                _ => {}
            }
            return;
        }
        match (&mut self.entry, element) {
            (Some(entry), _) => {
                if !entry::add_value(entry, element, attribute_text, content, kind) {
                    self.note_skipped_part();
                }
            }
            (None, FeedElement::Id) => {
                self.feed.id.get_or_insert(content.text);
            }
            (None, FeedElement::Icon) => {
                self.feed.icon.get_or_insert(content.text);
            }
            (None, FeedElement::Language) => {
                self.feed.language.get_or_insert(content.text);
            }
            (None, _) => read_hint(&mut self.feed.update_hints, &mut self.updates, element, &content.text),
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(Container::Entry) = self.open.pop().map(|open| open.container) {
                self.feed.entries.extend(self.entry.take());
                let free = MAX_ENTRIES.saturating_sub(self.feed.entries.len());
                let empty = std::mem::take(&mut self.empty_entries).min(free);
                self.feed.entries.extend(std::iter::repeat_with(RawEntry::default).take(empty));
            }
        }
        self.end_declarations();
    }

    fn finish(mut self) -> RawFeed<'a> {
        let is_truncated = !self.root_ended && (self.entry.is_some() || self.ends_in_tag);
        self.tell_fault(is_truncated);
        self.close_to(0);
        // Missing end tags alone lose nothing. Neither do more entries than are read: they were never read.
        self.feed.partial = is_truncated;
        if self.skipped_entries {
            self.feed.problems.push(format!("only the first {MAX_ENTRIES} entries were read").into());
        }
        if !self.skipped_parts.is_empty() {
            self.skipped_parts.retain(|number| *number > 0);
            let what =
                format!("only the first {MAX_ENTRY_PARTS} media, links, authors or categories were read");
            self.feed.problems.push(Problem::of(self.skipped_parts, what));
        }
        self.feed.update_hints.update_period = self.updates.interval();
        self.feed
    }
}
