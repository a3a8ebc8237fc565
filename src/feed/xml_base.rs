//! Resolves the `xml:base` values of a document to absolute addresses. Pure.

use std::borrow::Cow;

use url::Url;

use super::raw::BaseIndex;
use crate::html::bounded_base;

/// The resolved values of `xml:base`, in document order.
#[derive(Default)]
pub(super) struct ResolvedBases(Vec<Option<Url>>);

impl ResolvedBases {
    /// Resolves each value against its outer base, or against the document's address if it has none. A value that is
    /// not an HTTP address leaves the outer base in force.
    pub(super) fn new(raw: &[(Cow<'_, str>, BaseIndex)], document: Option<&Url>) -> ResolvedBases {
        let mut bases = ResolvedBases(Vec::with_capacity(raw.len()));
        for (value, outer) in raw {
            let outer = bases.get(*outer).or(document);
            let own = match outer {
                Some(outer) => outer.join(value.trim()),
                None => Url::parse(value.trim()),
            };
            let own = own.ok().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(bounded_base);
            let own = own.map(|own| without_query_of(own, document)).or_else(|| outer.cloned());
            bases.0.push(own);
        }
        bases
    }

    /// The base at an index of [`super::raw::RawFeed::bases`].
    pub(super) fn get(&self, index: BaseIndex) -> Option<&Url> {
        self.0.get(index?)?.as_ref()
    }
}

/// A base that is the document's own address loses its query: it may be a secret, and every link to a part of the page
/// would become the whole address.
fn without_query_of(mut base: Url, document: Option<&Url>) -> Url {
    let is_own = |document: &Url| (base.host(), base.path()) == (document.host(), document.path());
    if document.is_some_and(is_own) {
        base.set_query(None);
    }
    base
}
