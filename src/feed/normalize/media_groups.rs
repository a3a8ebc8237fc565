//! Keeps one of the sizes of an image that a Media RSS group lists. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::parse_number;
use crate::feed::raw::RawMedia;

/// The widest image that is taken where narrower ones are listed too.
const MAX_WIDTH: u32 = 1280;

/// The files without the other sizes of an image: the contents of a group are one in several forms (Media RSS,
/// `media:group`). The one that is an enclosure too is kept, else the default or the one of the best width.
pub(super) fn without_other_sizes(files: Vec<RawMedia<'_>>) -> Vec<RawMedia<'_>> {
    let enclosures: HashSet<&str> =
        files.iter().filter(|file| file.group.is_none()).map(|file| &*file.url).collect();
    let rank = |file: &RawMedia<'_>| (enclosures.contains(&*file.url), rank(file));
    let mut best: HashMap<usize, usize> = HashMap::new();
    let mut is_other = vec![false; files.len()];
    for (index, file) in files.iter().enumerate().filter(|(_, file)| is_image(file)) {
        let Some(group) = file.group else { continue };
        let known = *best.entry(group).or_insert(index);
        if known != index {
            let is_better = rank(file) > rank(&files[known]);
            is_other[if is_better { known } else { index }] = true;
            best.insert(group, if is_better { index } else { known });
        }
    }
    files.into_iter().zip(is_other).filter(|(_, is_other)| !is_other).map(|(file, _)| file).collect()
}

fn is_image(file: &RawMedia<'_>) -> bool {
    let starts = |text: &str, start: &str| text.trim().to_ascii_lowercase().starts_with(start);
    let path = file.url.split(['?', '#']).next().unwrap_or_default();
    match (&file.medium, &file.media_type) {
        (Some(medium), _) => starts(medium, "image"),
        (None, Some(media_type)) => starts(media_type, "image/"),
        (None, None) => {
            [".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"].iter().any(|end| path.ends_with(end))
        }
    }
}

/// The default, else the widest up to [`MAX_WIDTH`], else the narrowest.
fn rank(file: &RawMedia<'_>) -> (bool, bool, Reverse<u32>, u32) {
    let width = parse_number(file.width.as_deref()).or(parse_number(file.height.as_deref())).unwrap_or(0);
    let fits = width <= MAX_WIDTH;
    (file.is_default, fits, Reverse(if fits { 0 } else { width }), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_sizes_in_a_group_one_is_kept() {
        let image = |url: &'static str, group, width: &'static str| RawMedia {
            url: url.into(),
            medium: Some("image".into()),
            width: Some(width.into()),
            group,
            ..RawMedia::default()
        };
        let default = |url, width| RawMedia { is_default: true, ..image(url, Some(1), width) };
        let video = |url: &'static str| RawMedia { url: url.into(), group: Some(1), ..RawMedia::default() };
        for (files, kept) in [
            (
                vec![image("a", Some(1), "150"), image("b", Some(1), "1200"), image("c", Some(1), "600")],
                vec!["b"],
            ),
            (vec![image("a", Some(1), "150"), image("b", Some(1), "2000")], vec!["a"]),
            (vec![image("a", Some(1), "3000"), image("b", Some(1), "2000px")], vec!["b"]),
            (vec![default("a", "150"), image("b", Some(1), "600")], vec!["a"]),
            (vec![image("a", Some(1), ""), image("b", Some(1), "")], vec!["a"]),
            (
                vec![image("a", Some(1), "9"), image("b", Some(2), "8"), image("c", Some(2), "9")],
                vec!["a", "c"],
            ),
            (vec![image("a", None, ""), image("a", Some(1), "9"), image("b", Some(1), "99")], vec!["a", "a"]),
            (vec![image("a", None, "9"), image("b", None, "8")], vec!["a", "b"]),
            (
                vec![video("a"), video("b"), image("c", Some(1), "9"), image("d", Some(1), "8")],
                vec!["a", "b", "c"],
            ),
        ] {
            let urls: Vec<_> = without_other_sizes(files).into_iter().map(|file| file.url).collect();
            assert_eq!(urls, kept);
        }
    }
}
