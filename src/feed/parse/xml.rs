//! Text of any XML feed, however broken, to a raw feed, in one pass. Pure.

use std::borrow::Cow;

use super::entry;
use super::names::{FallbackAuthor, Meaning, Namespaces};
use super::raw::{Base, RawAuthor, RawEntry, RawFeed, RawLink, RawOrigin};
use super::tokens::{Flat, Token, Tokens, attributes};
use super::update_hints;
use super::{MOST_ENTRIES, MOST_OF_A_KIND};

/// `xml:base` values of one document; more are passed over.
const MOST_BASES: usize = 20_000;

/// Reads an XML feed; `None` where no element begins one.
pub(super) fn feed(text: &str) -> Option<RawFeed<'_>> {
    let mut tokens = Tokens::new(text);
    let (name, inside, empty) = root(&mut tokens)?;
    tokens.within(name);
    let mut reader = Reader {
        tokens,
        namespaces: Namespaces::default(),
        feed: RawFeed { format: format(name, inside), ..RawFeed::default() },
        entry: None,
        person: None,
        open: Vec::new(),
        period: update_hints::Period::default(),
        ended: empty,
        cut: Cut::default(),
    };
    reader.start(name, inside, empty);
    reader.document();
    Some(reader.finish())
}

/// Everything before the root is passed over: warnings of a server, blank lines, a doctype.
fn root<'a>(tokens: &mut Tokens<'a>) -> Option<(&'a str, &'a str, bool)> {
    while let Some(token) = tokens.next() {
        if let Token::Start { name, inside, empty } = token
            && is_root(name)
        {
            return Some((name, inside, empty));
        }
    }
    None
}

fn is_root(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    ["rss", "feed", "rdf", "channel"].iter().any(|root| local.eq_ignore_ascii_case(root))
}

fn format(root: &str, inside: &str) -> &'static str {
    let version = attributes(inside).find(|(name, _)| name.eq_ignore_ascii_case("version"));
    let version = version.map(|(_, value)| value).unwrap_or_default();
    let local = root.rsplit(':').next().unwrap_or(root).to_ascii_lowercase();
    match local.as_str() {
        "feed" if version.starts_with("0.") => "atom 0.3",
        "feed" => "atom 1.0",
        "rdf" => "rss 1.0",
        _ if version.starts_with("0.9") => "rss 0.9",
        _ => "rss 2.0",
    }
}

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    place: Place,
    base: Base,
}

/// Where we are: the elements that have others in them. Each stands at most once among the open ones,
/// but for what is around the entries, so depth in the document is no depth here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Feed,
    Entry,
    Person(FallbackAuthor),
    Source,
    Media,
    Times,
}

/// What was passed over because there was too much of it.
#[derive(Default)]
struct Cut {
    entries: bool,
    parts: bool,
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    namespaces: Namespaces<'a>,
    feed: RawFeed<'a>,
    entry: Option<RawEntry<'a>>,
    person: Option<RawAuthor<'a>>,
    open: Vec<Open<'a>>,
    period: update_hints::Period,
    /// The feed's own end was there.
    ended: bool,
    cut: Cut,
}

impl<'a> Reader<'a> {
    fn document(&mut self) {
        while !self.cut.entries
            && let Some(token) = self.tokens.next()
        {
            match token {
                Token::Start { name, inside, empty } => self.start(name, inside, empty),
                Token::End { name } => self.end(name),
                // Text between elements says nothing in a feed.
                Token::Text(_) | Token::Literal(_) => {}
            }
        }
    }

    fn end(&mut self, name: &str) {
        self.ended |= is_root(name);
        if let Some(at) = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) {
            self.close_to(at);
        }
    }

    fn start(&mut self, name: &'a str, inside: &'a str, empty: bool) {
        self.namespaces.declare(inside);
        let Some(meaning) = self.namespaces.meaning(name, inside) else {
            if !empty {
                self.tokens.skip_element(name);
            }
            return;
        };
        let base = self.base(inside);
        match meaning {
            Meaning::Feed => {
                if self.feed.language.is_none() {
                    self.feed.language = value(inside, "xml:lang");
                }
                self.container(name, Place::Feed, base, empty);
            }
            Meaning::Entry => self.begin_entry(name, inside, base, empty),
            Meaning::Ignored => self.pass(name, empty),
            Meaning::Author(voice) => self.author(name, voice, base, empty),
            Meaning::Name | Meaning::Email | Meaning::Uri => {
                let text = self.text(name, empty);
                self.part_of_person(meaning, text);
            }
            Meaning::Source => self.source(name, inside, base, empty),
            Meaning::SkipHours | Meaning::SkipDays => self.container(name, Place::Times, base, empty),
            Meaning::MediaGroup => self.container(name, Place::Media, base, empty),
            Meaning::MediaContent => {
                self.part(|entry| entry::media(entry, inside, base));
                self.container(name, Place::Media, base, empty);
            }
            Meaning::Enclosure | Meaning::Thumbnail | Meaning::ItunesImage | Meaning::MediaPlayer => {
                self.part(|entry| match meaning {
                    Meaning::Enclosure => entry::enclosure(entry, inside, base),
                    Meaning::MediaPlayer => true,
                    _ => entry::thumbnail(entry, inside, base),
                });
                self.pass(name, empty);
            }
            Meaning::Link => self.link(name, inside, base, empty),
            _ => {
                let flat = if empty { Flat::default() } else { self.tokens.flatten(name) };
                self.leaf(meaning, inside, flat, base);
            }
        }
    }

    /// The base that an element's addresses are relative to: its own, or that of what it stands in.
    fn base(&mut self, inside: &'a str) -> Base {
        let outer = self.open.last().and_then(|open| open.base);
        if !inside.contains("xml:base") || self.feed.bases.len() >= MOST_BASES {
            return outer;
        }
        let Some(own) = value(inside, "xml:base") else { return outer };
        self.feed.bases.push((own, outer));
        Some(self.feed.bases.len() - 1)
    }

    fn container(&mut self, name: &'a str, place: Place, base: Base, empty: bool) {
        let feeds = self.open.iter().filter(|open| open.place == Place::Feed).count();
        let room = if place == Place::Feed { feeds < 4 } else { !self.is_in(place) };
        if !empty && room {
            self.open.push(Open { name, place, base });
        }
    }

    fn is_in(&self, place: Place) -> bool {
        self.open.iter().any(|open| open.place == place)
    }

    fn pass(&mut self, name: &str, empty: bool) {
        if !empty {
            self.tokens.skip_element(name);
        }
    }

    fn text(&mut self, name: &str, empty: bool) -> Cow<'a, str> {
        if empty { Cow::Borrowed("") } else { self.tokens.flatten(name).text }
    }

    fn begin_entry(&mut self, name: &'a str, inside: &'a str, base: Base, empty: bool) {
        if let Some(at) = self.open.iter().position(|open| open.place == Place::Entry) {
            self.close_to(at);
        }
        if self.feed.entries.len() >= MOST_ENTRIES {
            self.cut.entries = true;
            return;
        }
        self.entry = Some(entry::begin(inside, base));
        self.open.push(Open { name, place: Place::Entry, base });
        if empty {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Something of which an entry may have only so many.
    fn part(&mut self, add: impl FnOnce(&mut RawEntry<'a>) -> bool) {
        if let Some(entry) = &mut self.entry {
            self.cut.parts |= !add(entry);
        }
    }

    /// A person is text, or has parts.
    fn author(&mut self, name: &'a str, voice: FallbackAuthor, base: Base, empty: bool) {
        let parts = self.tokens.peek_element().is_some_and(|inner| {
            matches!(self.namespaces.meaning(inner, ""), Some(Meaning::Name | Meaning::Email | Meaning::Uri))
        });
        if parts && !empty && !self.open.iter().any(|open| matches!(open.place, Place::Person(_))) {
            self.person = Some(RawAuthor::default());
            self.open.push(Open { name, place: Place::Person(voice), base });
            return;
        }
        let text = self.text(name, empty);
        self.add_author(voice, RawAuthor { name: Some(text), ..RawAuthor::default() });
    }

    fn add_author(&mut self, voice: FallbackAuthor, author: RawAuthor<'a>) {
        // Who wrote the origin wrote the entry, where that names nobody (RFC 4287 section 4.2.1).
        let voice = if self.is_in(Place::Source) { FallbackAuthor::Spare } else { voice };
        let authors = match (&mut self.entry, voice) {
            (Some(entry), FallbackAuthor::Plain) => &mut entry.authors,
            (Some(entry), FallbackAuthor::Spare) => &mut entry.spare_authors,
            (None, FallbackAuthor::Plain) => &mut self.feed.authors,
            (None, FallbackAuthor::Spare) => return,
        };
        if authors.len() < MOST_OF_A_KIND {
            authors.push(author);
        } else {
            self.cut.parts = true;
        }
    }

    fn part_of_person(&mut self, meaning: Meaning, text: Cow<'a, str>) {
        let Some(person) = &mut self.person else {
            // A name that stands alone in an entry is an author's.
            if meaning == Meaning::Name && self.entry.is_some() {
                self.add_author(
                    FallbackAuthor::Spare,
                    RawAuthor { name: Some(text), ..RawAuthor::default() },
                );
            }
            return;
        };
        let slot = match meaning {
            Meaning::Name => &mut person.name,
            Meaning::Email => &mut person.email,
            _ => &mut person.uri,
        };
        if slot.is_none() && !text.trim().is_empty() {
            *slot = Some(text);
        }
    }

    /// RSS names the origin in one element, Atom by the parts of a feed.
    fn source(&mut self, name: &'a str, inside: &'a str, base: Base, empty: bool) {
        let parts = self.tokens.peek_element().is_some();
        let title = if parts && !empty {
            self.container(name, Place::Source, base, empty);
            None
        } else {
            Some(self.text(name, empty))
        };
        if let Some(entry) = &mut self.entry
            && entry.origin.is_none()
        {
            entry.origin = Some(RawOrigin { title, url: value(inside, "url") });
        }
    }

    fn link(&mut self, name: &'a str, inside: &'a str, base: Base, empty: bool) {
        let mut link = RawLink { base, ..RawLink::default() };
        let mut addressed = false;
        for (name, value) in attributes(inside) {
            match name {
                "href" => (link.href, addressed) = (value, true),
                "rel" => link.rel = Some(value),
                "type" => link.media_type = Some(value),
                "length" => link.length = Some(value),
                "title" => link.title = Some(value),
                _ => {}
            }
        }
        if addressed {
            self.pass(name, empty);
        } else {
            link.href = self.text(name, empty);
        }
        if self.is_in(Place::Source) {
            if let Some(RawOrigin { url: url @ None, .. }) =
                self.entry.as_mut().and_then(|entry| entry.origin.as_mut())
                && !link.href.trim().is_empty()
            {
                *url = Some(link.href);
            }
            return;
        }
        let links = self.entry.as_mut().map_or(&mut self.feed.links, |entry| &mut entry.links);
        if links.len() < MOST_OF_A_KIND {
            links.push(link);
        } else {
            self.cut.parts = true;
        }
    }

    fn leaf(&mut self, meaning: Meaning, inside: &'a str, flat: Flat<'a>, base: Base) {
        if self.is_in(Place::Source) {
            if let (Meaning::Title(0), Some(RawOrigin { title: title @ None, .. })) =
                (meaning, self.entry.as_mut().and_then(|entry| entry.origin.as_mut()))
            {
                *title = Some(flat.text);
            }
            return;
        }
        match (&mut self.entry, meaning) {
            (Some(entry), _) => self.cut.parts |= !entry::leaf(entry, meaning, inside, flat, base),
            (None, Meaning::Title(0)) => {
                self.feed.title.get_or_insert(flat.text);
            }
            (None, Meaning::Language) => {
                self.feed.language.get_or_insert(flat.text);
            }
            (None, _) => update_hints::leaf(&mut self.feed.pace, &mut self.period, meaning, &flat.text),
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            match self.open.pop().map(|open| open.place) {
                Some(Place::Entry) => self.feed.entries.extend(self.entry.take()),
                Some(Place::Person(voice)) => {
                    if let Some(person) = self.person.take() {
                        self.add_author(voice, person);
                    }
                }
                _ => {}
            }
        }
    }

    /// A document that ends amid an entry was cut off, and what the entry lacks would come as an edit.
    fn finish(mut self) -> RawFeed<'a> {
        if self.entry.is_some() && !self.ended {
            self.entry = None;
            self.open.clear();
            self.feed.problems.push("the document is cut off: its last entry was left out".to_owned());
        }
        self.close_to(0);
        self.feed.partial = !self.ended || self.cut.entries;
        if self.cut.entries {
            self.feed.problems.push(format!("only the first {MOST_ENTRIES} entries were read"));
        }
        if self.cut.parts {
            self.feed.problems.push(format!(
                "of an entry's media, links, authors and categories only the first {MOST_OF_A_KIND} were read"
            ));
        }
        self.period.settle(&mut self.feed.pace);
        self.feed
    }
}

/// An attribute's value, unless it is blank.
pub(super) fn value<'a>(inside: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    if inside.len() <= wanted.len() {
        return None;
    }
    attributes(inside)
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value)
        .filter(|value| !value.trim().is_empty())
}
