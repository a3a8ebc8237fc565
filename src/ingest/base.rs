//! What the relative addresses of a document are relative to. Pure.

use std::borrow::Cow;

use url::Url;

/// Bytes of a base. Each relative address repeats it, so that with a long one a small document would
/// become a very large one; the folders of real sites are much shorter.
const LONGEST: usize = 300;

/// The address, if addresses may be relative to it. Of a long one only its folder counts: no relative
/// address takes more than that over.
pub(super) fn bounded(url: Url) -> Option<Url> {
    let fits = |url: &Url| url.as_str().len() <= LONGEST;
    if fits(&url) { Some(url) } else { url.join(".").ok().filter(fits) }
}

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
            let own = own.ok().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(bounded);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_address_the_folder_is_the_base_unless_that_is_long_too() {
        let base = |url: &str| bounded(Url::parse(url).expect("an address")).map(String::from);
        let long = "a".repeat(400);
        assert_eq!(base("https://example.org/a/b?c").as_deref(), Some("https://example.org/a/b?c"));
        assert_eq!(
            base(&format!("https://example.org/a/b?{long}")).as_deref(),
            Some("https://example.org/a/")
        );
        assert_eq!(base(&format!("https://example.org/a/{long}")).as_deref(), Some("https://example.org/a/"));
        assert_eq!(base(&format!("https://example.org/{long}/a")), None);
    }
}
