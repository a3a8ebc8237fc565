//! The base URL for relative links, limited in length. Pure.

use url::Url;

/// Maximum bytes of a base URL. Each resolved link repeats it, so a long one would turn a small document into a very large
/// one. Directories of real sites are much shorter.
const MAX_BASE_BYTES: usize = 300;

/// The URL as a base. A long one is cut to its directory, which is all that relative links use; `None` if that is too
/// long, too.
pub(crate) fn bounded_base(url: Url) -> Option<Url> {
    let fits = |url: &Url| url.as_str().len() <= MAX_BASE_BYTES;
    if fits(&url) { Some(url) } else { url.join(".").ok().filter(fits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_base_is_cut_to_its_directory_or_dropped() {
        let base = |url: &str| bounded_base(Url::parse(url).expect("a URL")).map(String::from);
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
