//! Resolves the `xml:base` values of a document to absolute addresses. Pure.

use url::Url;

use crate::html::bounded_base;

/// Values of one document. Further ones are ignored.
const MAX_BASES: usize = 20_000;

/// Which value is in force; `None` is the feed's own base.
pub(super) type BaseIndex = Option<usize>;

/// The resolved values of `xml:base`, in document order.
#[derive(Debug, Default)]
pub(super) struct ResolvedBases {
    document: Option<Url>,
    resolved: Vec<Option<Url>>,
}

impl ResolvedBases {
    pub(super) fn new(document: Option<Url>) -> ResolvedBases {
        ResolvedBases { document, resolved: Vec::new() }
    }

    /// Adds a value that stands within the range of another one. A value that is not an HTTP address leaves the outer
    /// base in force.
    pub(super) fn push(&mut self, value: &str, outer: BaseIndex) -> BaseIndex {
        if self.resolved.len() >= MAX_BASES {
            return outer;
        }
        let outer = self.get_or_document(outer);
        let own = self.resolve(value, outer).or_else(|| outer.cloned());
        self.resolved.push(own);
        Some(self.resolved.len() - 1)
    }

    pub(super) fn get(&self, index: BaseIndex) -> Option<&Url> {
        self.resolved.get(index?)?.as_ref()
    }

    /// A value within the range of another one; `None` if it is not an HTTP address.
    pub(super) fn resolve(&self, value: &str, outer: Option<&Url>) -> Option<Url> {
        let own = match outer {
            Some(outer) => outer.join(value.trim()),
            None => Url::parse(value.trim()),
        };
        let own = own.ok().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(bounded_base)?;
        Some(without_query_of(own, self.document.as_ref()))
    }

    /// The base in force where `get` gives the feed's own: the document's address.
    pub(super) fn get_or_document(&self, index: BaseIndex) -> Option<&Url> {
        self.get(index).or(self.document.as_ref())
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
