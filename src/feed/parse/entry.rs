//! Reads the child elements of an XML entry into a raw entry. Pure.

use std::borrow::Cow;

use super::elements::FeedElement;
use super::tokenizer::{ElementText, Tokenizer, XmlToken, attribute, attributes};
use crate::feed::raw::{MAX_ENTRY_PARTS, Ranked, RawCategory, RawDate, RawEntry, RawLink, RawText, TextKind};
use crate::feed::xml_base::BaseIndex;
use crate::text::is_inline;

/// Elements of HTML between words of a name.
const BREAKS: [&str; 4] = ["br", "p", "div", "li"];

/// A date that cannot be parsed ranks after all that can.
const UNPARSED_DATE_RANK: u8 = 100;

/// Every element that is for the content ranks before it.
const SECOND_SUMMARY_RANK: u8 = 100;

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

/// Adds a title, a summary or a content, unless it is blank.
pub(super) fn add_text<'a>(entry: &mut RawEntry<'a>, element: FeedElement, text: RawText<'a>) {
    let (texts, rank) = match element {
        FeedElement::Title(rank) => (&mut entry.title, rank),
        // A description and a summary of one item: the second one is the content.
        FeedElement::Summary(0) if entry.summary.rank() == Some(0) => {
            (&mut entry.content, SECOND_SUMMARY_RANK)
        }
        FeedElement::Summary(rank) => (&mut entry.summary, rank),
        FeedElement::Content(rank) => (&mut entry.content, rank),
        _ => return,
    };
    if !text.text.trim().is_empty() {
        texts.offer(rank, text);
    }
}

/// Adds an element that holds a value: a category of this kind, an id, a date. False if [`MAX_ENTRY_PARTS`] is reached.
pub(super) fn add_value<'a>(
    entry: &mut RawEntry<'a>,
    element: FeedElement,
    attribute_text: &'a str,
    content: ElementText<'a>,
    kind: TextKind,
) -> bool {
    match element {
        FeedElement::Category => return add_category(entry, attribute_text, content, kind),
        _ if content.text.trim().is_empty() => {}
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

/// RSS gives a category as text, sometimes with HTML or followed by elements such as images; Atom gives it in attributes.
fn add_category<'a>(
    entry: &mut RawEntry<'a>,
    attribute_text: &'a str,
    content: ElementText<'a>,
    kind: TextKind,
) -> bool {
    let kind = if content.markup.is_some() { TextKind::Html } else { kind };
    let text = match content.text.split_once('<') {
        Some((before, _))
            if content.markup.is_some_and(|markup| !is_text_of_html(markup)) && !before.trim().is_empty() =>
        {
            Cow::Owned(before.to_owned())
        }
        _ => content.text,
    };
    let term = attribute(attribute_text, "term");
    let name = if text.trim().is_empty() {
        attribute(attribute_text, "label").or_else(|| term.clone())
    } else {
        Some(text)
    };
    let scheme = attribute(attribute_text, "scheme").or_else(|| attribute(attribute_text, "domain"));
    name.is_none_or(|name| {
        push_part(&mut entry.categories, RawCategory { name: RawText::new(name, kind), term, scheme })
    })
}

/// Whether markup has no elements but those with which HTML writes text.
fn is_text_of_html(markup: &str) -> bool {
    let mut tokens = Tokenizer::new(markup);
    std::iter::from_fn(|| tokens.next()).all(|token| match token {
        XmlToken::Start(tag) => is_inline(tag.name) || BREAKS.contains(&tag.name),
        _ => true,
    })
}

pub(super) fn push_part<T>(parts: &mut Vec<T>, part: T) -> bool {
    let fits = parts.len() < MAX_ENTRY_PARTS;
    if fits {
        parts.push(part);
    }
    fits
}
