//! What a relative address is resolved against. Pure.

use url::Url;

/// Bytes of a base. Each relative address repeats it, so that with a long one a small document would
/// become a very large one; the folders of real sites are much shorter.
const LONGEST: usize = 300;

/// The address, if addresses may be relative to it. Of a long one only its folder counts: no relative
/// address takes more than that over.
pub(crate) fn bounded_base(url: Url) -> Option<Url> {
    let fits = |url: &Url| url.as_str().len() <= LONGEST;
    if fits(&url) { Some(url) } else { url.join(".").ok().filter(fits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_address_the_folder_is_the_base_unless_that_is_long_too() {
        let base = |url: &str| bounded_base(Url::parse(url).expect("an address")).map(String::from);
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
