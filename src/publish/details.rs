//! Writes the rarer fields of entries into Atom and RSS. Pure.

use url::Url;

use super::document::{Document, OutputEntry};
use super::media::media_type;
use super::text::{one_line, percent_encode, unambiguous_line};
use super::xml::{Attribute, XmlWriter};
use crate::entry::{Answered, CategoryDetails, Details, Entry, Location, RelatedLink};

/// The namespaces that a document needs beside those that all have.
pub(super) fn namespaces(document: &Document) -> impl Iterator<Item = Attribute<'_>> {
    let has = |is_in: fn(&Details) -> bool| {
        document.entries.iter().filter_map(|shown| shown.kept.entry.details.as_deref()).any(is_in)
    };
    let known = [
        (
            "xmlns:slash",
            "http://purl.org/rss/1.0/modules/slash/",
            has(|details| details.comment_count.is_some()),
        ),
        ("xmlns:wfw", "http://wellformedweb.org/CommentAPI/", has(|details| details.comments_feed.is_some())),
        (
            "xmlns:thr",
            "http://purl.org/syndication/thread/1.0",
            has(|details| details.in_reply_to.is_some() || details.comment_count.is_some()),
        ),
        ("xmlns:georss", "http://www.georss.org/georss", has(|details| details.place.is_some())),
    ];
    known.into_iter().filter(|(.., is_needed)| *is_needed).map(|(name, uri, _)| (name, uri))
}

/// Writes the links that are neither its page nor files, in Atom's namespace.
pub(super) fn related_links(xml: &mut XmlWriter, name: &'static str, entry: &Entry) {
    for RelatedLink { rel, url, title, media_type: kind } in
        entry.details.iter().flat_map(|details| &details.links)
    {
        // Atom has no relation for a page elsewhere that the entry is about.
        let rel = if rel == "external" { "related" } else { rel };
        let (href, title) = (percent_encode(url), title.as_deref().map(unambiguous_line));
        let mut attributes = vec![("rel", rel), ("href", href.as_str())];
        attributes.extend(media_type(kind.as_deref()).map(|value| ("type", value)));
        attributes.extend(title.as_deref().filter(|title| !title.is_empty()).map(|value| ("title", value)));
        xml.empty_element(name, &attributes);
    }
}

/// Writes what is said of comments and places: `count` is how the format names the number of comments.
pub(super) fn write_details(xml: &mut XmlWriter, count: &'static str, entry: &Entry) {
    let Some(details) = &entry.details else { return };
    if let Some(comments) = details.comment_count {
        xml.text_element(count, &[], &comments.to_string());
    }
    if let Some(address) = &details.comments_feed {
        xml.text_element("wfw:commentRss", &[], &percent_encode(address));
    }
    if let Some(Answered { id, link }) = details.in_reply_to.as_ref().filter(|entry| runs_nothing(&entry.id))
    {
        let (id, link) = (percent_encode(id), link.as_deref().map(percent_encode));
        let mut attributes = vec![("ref", id.as_str())];
        attributes.extend(link.as_deref().map(|link| ("href", link)));
        xml.empty_element("thr:in-reply-to", &attributes);
    }
    if let Some(place) = &details.place {
        write_place(xml, place);
    }
}

fn write_place(xml: &mut XmlWriter, Location { coordinates, name }: &Location) {
    let numbers: Vec<&str> = coordinates.split_whitespace().collect();
    let shape = match numbers.as_slice() {
        [_, _] => "georss:point",
        [south, west, _, _, .., north, east] if [south, west] == [north, east] => "georss:polygon",
        _ => "georss:line",
    };
    xml.text_element(shape, &[], coordinates);
    if let Some(name) = name {
        xml.text_element("georss:featureName", &[], &unambiguous_line(name));
    }
}

/// Writes the terms of use as a text of this format's own element.
pub(super) fn rights(entry: &Entry) -> Option<String> {
    let rights = entry.details.as_ref()?.rights.as_deref().map(one_line)?;
    (!rights.is_empty()).then_some(rights)
}

/// Whether a URI is not one that runs something where a reader makes a link of it.
fn runs_nothing(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| !matches!(uri.scheme(), "javascript" | "data" | "vbscript"))
}

fn category_details<'a>(shown: &'a OutputEntry, name: &str) -> Option<&'a CategoryDetails> {
    let details = shown.kept.entry.details.as_ref()?;
    details.categories.iter().find(|category| one_line(&category.name) == name)
}

/// Writes the categories of an entry in Atom.
pub(super) fn atom_categories(xml: &mut XmlWriter, shown: &OutputEntry) {
    for name in shown.categories() {
        let details = category_details(shown, &name);
        let name = unambiguous_line(&name);
        let term = details.and_then(|details| details.term.as_deref()).map(unambiguous_line);
        let scheme = details.and_then(|details| details.scheme.as_deref());
        // Atom's is a URI; that of RSS may be any text.
        let scheme = scheme.filter(|scheme| runs_nothing(scheme)).map(percent_encode);
        let mut attributes = vec![("term", term.as_deref().unwrap_or(&name))];
        attributes.extend(scheme.as_deref().map(|scheme| ("scheme", scheme)));
        attributes.extend(term.as_ref().map(|_| ("label", name.as_str())));
        xml.empty_element("category", &attributes);
    }
}

/// Writes the categories of an entry in RSS.
pub(super) fn rss_categories(xml: &mut XmlWriter, shown: &OutputEntry) {
    for name in shown.categories() {
        let scheme = category_details(shown, &name).and_then(|details| details.scheme.as_deref());
        let scheme = scheme.filter(|scheme| Url::parse(scheme).is_err() || runs_nothing(scheme));
        let scheme = scheme.map(unambiguous_line).filter(|scheme| !scheme.is_empty());
        let attributes: Vec<_> = scheme.iter().map(|scheme| ("domain", scheme.as_str())).collect();
        xml.text_element("category", &attributes, &unambiguous_line(&name));
    }
}
