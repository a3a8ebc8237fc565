//! Where pages that load their pictures and frames late keep the addresses. Pure.
//!
//! Scripts move the address into `src`. No reader runs them, so it is taken from where they find it.

/// The widest picture that is taken where a page offers several.
const MAX_WIDTH: f64 = 1280.0;

/// Maximum bytes of such an address.
const MAX_ADDRESS_BYTES: usize = 2000;

/// The address in an attribute that names a picture or frame to be loaded late, whatever `src` is.
pub(super) fn late_address<'a>(name: &str, value: &'a str) -> Option<&'a str> {
    let is_late =
        name.starts_with("data-") && ["src", "original", "lazy"].iter().any(|part| name.contains(part));
    if !is_late {
        return None;
    }
    if name.contains("srcset") { best_candidate(value) } else { address(value) }
}

/// The address in any other attribute: only that of a picture can be told from other texts.
pub(super) fn picture_address(value: &str) -> Option<&str> {
    address(value).filter(|address| is_picture(address))
}

/// The picture of a `srcset` that is widest up to [`MAX_WIDTH`]; else the narrowest.
pub(super) fn best_candidate(srcset: &str) -> Option<&str> {
    let mut best: Option<(f64, &str)> = None;
    for (url, descriptor) in candidates(srcset) {
        let width = width(descriptor);
        let is_better = best.is_none_or(|(other, _)| match (width <= MAX_WIDTH, other <= MAX_WIDTH) {
            (true, true) => width > other,
            (false, false) => width < other,
            (fits, _) => fits,
        });
        if is_better {
            best = Some((width, url));
        }
    }
    best.map(|(_, url)| url).filter(|url| address(url).is_some())
}

/// The candidates of a `srcset` (HTML 4.8.4.2.1): addresses with their widths or densities.
pub(super) fn candidates(srcset: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = srcset;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return None;
        }
        let (url, after) = rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len()));
        let (descriptor, after) = match url.strip_suffix(',') {
            Some(_) => ("", after),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        rest = after;
        Some((url.trim_end_matches(','), descriptor.trim()))
    })
}

/// A width in pixels. A density is taken for one, so that the usual one of 1 or 2 is preferred to none.
fn width(descriptor: &str) -> f64 {
    let number = descriptor.strip_suffix(['w', 'x']).and_then(|number| number.parse::<f64>().ok());
    number.filter(|width| *width > 0.0).unwrap_or(1.0)
}

fn address(value: &str) -> Option<&str> {
    let value = value.trim();
    let starts = ["http://", "https://", "/", "./", "../"].iter().any(|start| value.starts_with(start));
    let is_one = value.len() <= MAX_ADDRESS_BYTES && !value.contains(|c: char| c.is_ascii_whitespace());
    (is_one && (starts || is_picture(value))).then_some(value)
}

fn is_picture(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    !path.starts_with("data:")
        && ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_addresses_are_told_from_other_attributes() {
        for (name, value, address) in [
            ("data-src", "https://e.org/a", Some("https://e.org/a")),
            ("data-lazy-src", " a.jpg ", Some("a.jpg")),
            ("data-original", "//e.org/a", Some("//e.org/a")),
            ("data-lazy-srcset", "a.jpg 200w, b.jpg 900w", Some("b.jpg")),
            ("data-cfsrc", "../a", Some("../a")),
            ("data-original-width", "400", None),
            ("data-original-title", "this and/or that", None),
            ("data-original-title", "and/or", None),
            ("data-lazy-sizes", "(max-width: 9px) 1px, 2px", None),
            ("data-src", "data:image/gif;base64,R0lGOD", None),
            ("data-orig-file", "https://e.org/a.jpg", None),
            ("src", "https://e.org/a.jpg", None),
        ] {
            assert_eq!(late_address(name, value), address, "{name}={value}");
        }
    }

    #[test]
    fn of_several_sizes_one_is_taken() {
        for (srcset, best) in [
            ("a.jpg", Some("a.jpg")),
            ("a.jpg 400w, b.jpg 800w", Some("b.jpg")),
            ("a.jpg 2000w,b.jpg 1280w , c.jpg 1281w", Some("b.jpg")),
            ("a.jpg 3000w, b.jpg 2000w", Some("b.jpg")),
            ("a.jpg, b.jpg 2x", Some("b.jpg")),
            ("/i/w_1,h_2/a.jpg 1x", Some("/i/w_1,h_2/a.jpg")),
            ("a.jpg 0w, b.jpg -1w, c.jpg xw", Some("a.jpg")),
            (" , ", None),
            ("none", None),
        ] {
            assert_eq!(best_candidate(srcset), best, "{srcset}");
        }
    }
}
