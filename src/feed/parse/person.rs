//! Reads a person: an author, or whatever has a name and an address. Pure.

use std::borrow::Cow;

use super::elements::{FeedElement, Namespace, Namespaces};
use super::tokenizer::{Tokenizer, XmlToken};
use crate::feed::raw::{RawAuthor, RawText, TextKind};
use crate::feed::references::unescape;
use crate::text::is_inline;

/// A person with child elements; `None` if none of them is known. What is unknown and no HTML is skipped with all it holds.
pub(super) fn person<'a>(
    markup: &'a str,
    kind: TextKind,
    namespaces: &mut Namespaces<'a>,
) -> Option<RawAuthor<'a>> {
    let mut person = RawAuthor::default();
    let mut beside = String::new();
    let mut tokens = Tokenizer::new(markup);
    while let Some(token) = tokens.next() {
        match token {
            XmlToken::Start(tag) => {
                let outside = namespaces.len();
                namespaces.declare(tag);
                let element = namespaces.element(tag.name);
                match element.map(|(element, _)| element) {
                    Some(FeedElement::Name) => {
                        let text = tokens.element_text(tag).text;
                        fill(&mut person.name, text, |text| RawText::new(text, kind));
                    }
                    Some(FeedElement::Email) => {
                        fill(&mut person.email, tokens.element_text(tag).text, |text| text);
                    }
                    Some(FeedElement::Uri) => {
                        fill(&mut person.uri, tokens.element_text(tag).text, |text| text);
                    }
                    // HTML in a name.
                    _ if is_inline(tag.name) => {}
                    _ => {
                        beside.push(' ');
                        tokens.skip_element(tag);
                    }
                }
                namespaces.truncate(outside);
            }
            XmlToken::Text(text) => beside.push_str(&unescape(text)),
            XmlToken::Cdata(text) => beside.push_str(text),
            XmlToken::End { .. } => {}
        }
    }
    fill(&mut person.name, beside.into(), |text| RawText::new(text, kind));
    (person.name.is_some() || person.email.is_some() || person.uri.is_some()).then_some(person)
}

/// What names are that do not say it: Atom's are text (RFC 4287 section 3.2.1).
pub(super) fn kind_of_names(namespace: Namespace) -> TextKind {
    if namespace == Namespace::Atom { TextKind::Text } else { TextKind::Unstated }
}

pub(super) fn named(name: Cow<'_, str>, kind: TextKind) -> RawAuthor<'_> {
    RawAuthor { name: Some(RawText::new(name, kind)), ..RawAuthor::default() }
}

/// Fills a part of a person, unless it is known or the text is blank.
fn fill<'a, T>(part: &mut Option<T>, text: Cow<'a, str>, of: impl FnOnce(Cow<'a, str>) -> T) {
    if part.is_none() && !text.trim().is_empty() {
        *part = Some(of(text));
    }
}
