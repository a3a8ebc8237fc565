//! What the relative addresses of a document are relative to. Pure.

use std::borrow::Cow;

use url::Url;

use crate::html::bounded_base;

/// Values of `xml:base`, resolved.
#[derive(Default)]
pub(super) struct Bases(Vec<Option<Url>>);

impl Bases {
    /// Each is a value, and the place of the one before it that it is relative to; without such a place it is
    /// relative to the document.
    pub(super) fn new(raw: &[(Cow<'_, str>, Option<usize>)], document: Option<&Url>) -> Bases {
        let mut bases = Bases(Vec::with_capacity(raw.len()));
        for (value, outer) in raw {
            let outer = bases.of(*outer).or(document);
            let own = match outer {
                Some(outer) => outer.join(value.trim()),
                None => Url::parse(value.trim()),
            };
            // One that is no address leaves the outer one in force.
            let own = own.ok().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(bounded_base);
            let own = own.or_else(|| outer.cloned());
            bases.0.push(own);
        }
        bases
    }

    /// The base in this place, if there is one.
    pub(super) fn of(&self, place: Option<usize>) -> Option<&Url> {
        self.0.get(place?)?.as_ref()
    }
}
