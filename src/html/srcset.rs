//! The sizes of a picture from which a reader chooses. Pure.

use super::addresses::Addresses;
use super::lazy::candidates;
use super::visible::is_visible;

/// Maximum number of sizes that are kept of one picture.
const MAX_CANDIDATES: usize = 20;

/// Maximum bytes of the address of one.
const MAX_ADDRESS_BYTES: usize = 2000;

/// A `srcset` with absolute addresses of the web; `None` if nothing is left.
pub(super) fn cleaned(srcset: &str, addresses: &Addresses) -> Option<String> {
    let cleaned = candidates(srcset).take(MAX_CANDIDATES).filter_map(|(address, descriptor)| {
        let url = String::from(addresses.web(address)?);
        let is_kept = url.len() <= MAX_ADDRESS_BYTES && !url.ends_with(',') && is_visible(&url, |_| None);
        match (is_kept, descriptor) {
            (false, _) => None,
            (true, "") => Some(url),
            (true, size) => is_size(size).then(|| format!("{url} {size}")),
        }
    });
    let all = cleaned.collect::<Vec<_>>().join(", ");
    // One address alone is no choice.
    all.contains(' ').then_some(all)
}

/// Whether a `srcset` is one that [`cleaned`] made.
pub(super) fn is_clean(srcset: &str) -> bool {
    cleaned(srcset, &Addresses::default()).is_some_and(|again| again == srcset)
}

/// Whether a descriptor is a width such as `640w` or a density such as `1.5x`.
fn is_size(descriptor: &str) -> bool {
    let is_number = |text: &str| {
        text.len() <= 6
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && text.parse::<f64>().is_ok_and(|number| number > 0.0)
    };
    match (descriptor.strip_suffix('w'), descriptor.strip_suffix('x')) {
        (Some(width), _) => is_number(width) && !width.contains('.'),
        (None, Some(density)) => is_number(density),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_sizes_are_absolute() {
        let addresses = Addresses { base: "https://e.org/n/".parse().ok(), page: None };
        for (srcset, clean) in [
            ("a.jpg 320w, /b.jpg 640w", Some("https://e.org/n/a.jpg 320w, https://e.org/b.jpg 640w")),
            ("a.jpg,b.jpg 1.5x", Some("https://e.org/n/a.jpg,b.jpg 1.5x")),
            ("a.jpg, b.jpg 2x,", Some("https://e.org/n/a.jpg, https://e.org/n/b.jpg 2x")),
            ("/w_1,h_2/a.jpg 1x", Some("https://e.org/w_1,h_2/a.jpg 1x")),
            ("a\"b<c>.jpg 1x", Some("https://e.org/n/a%22b%3Cc%3E.jpg 1x")),
            ("javascript:x() 1x, data:image/png;base64,AA 2x, mailto:a@e.org 3x", None),
            ("a.jpg -1w, b.jpg 0x, c.jpg 1.5w, d.jpg onerror=x, e.jpg 1w 2h", None),
            ("https://mc.yandex.ru/watch/1 1x, a.jpg 2x", Some("https://e.org/n/a.jpg 2x")),
            ("a.jpg", None),
            (" , ", None),
        ] {
            let cleaned = cleaned(srcset, &addresses);
            assert_eq!(cleaned.as_deref(), clean, "{srcset}");
            assert!(cleaned.is_none_or(|cleaned| is_clean(&cleaned)), "{srcset}");
        }
        assert!(!is_clean("a.jpg 2x") && !is_clean("https://e.org/a 2x , https://e.org/b"));
        let many = cleaned(&"a.jpg 1x, ".repeat(30), &addresses).expect("some");
        assert_eq!(many.matches("1x").count(), MAX_CANDIDATES);
    }
}
