//! Which of the sizes of a picture, and of the renditions of a film or sound, is taken. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::entry::{Enclosure, Media, MediaKind, Picture};

/// The widest picture that is taken where narrower ones are listed too.
const MAX_PICTURE_WIDTH: u32 = 1280;

/// The widest video that is taken where narrower ones are listed too.
const MAX_VIDEO_WIDTH: u32 = 1920;

/// What every reader can play.
const PLAYABLE: [&str; 4] = ["audio/mpeg", "audio/mp4", "audio/x-m4a", "video/mp4"];

pub(super) fn kind(media: &Media) -> MediaKind {
    MediaKind::of(media.medium.as_deref(), media.media_type.as_deref(), &media.url)
}

/// What media of one object have in common.
#[derive(PartialEq, Eq, Hash)]
enum Object {
    /// The contents of a group are one object in several forms (Media RSS, `media:group`).
    Group(u32),
    /// An address without the size in it.
    Address(String),
    /// A title and a playing time.
    Recording(Option<String>, Option<u32>),
}

/// The media without the other sizes of a picture. The one that is an enclosure too is kept, else the default or the
/// one of the best width.
pub(super) fn without_other_sizes(media: Vec<Media>, enclosures: &[Enclosure]) -> Vec<Media> {
    let enclosures: HashSet<&str> = enclosures.iter().map(|file| file.url.as_str()).collect();
    let rank = |media: &Media| {
        let width = media.width.or(media.height).unwrap_or(0);
        (enclosures.contains(&*media.url), media.is_default, width_rank(width, MAX_PICTURE_WIDTH))
    };
    let mut best: HashMap<Object, usize> = HashMap::new();
    let mut is_other = vec![false; media.len()];
    for (index, image) in media.iter().enumerate().filter(|(_, media)| kind(media) == MediaKind::Image) {
        let object = image.group.map(Object::Group).or_else(|| without_size(image).map(Object::Address));
        let Some(object) = object else { continue };
        let known = best.entry(object).or_insert(index);
        let size = |at: usize| (media[at].width, media[at].height);
        if *known != index && (image.group.is_some() || size(*known) != size(index)) {
            let is_better = rank(image) > rank(&media[*known]);
            is_other[if is_better { *known } else { index }] = true;
            *known = if is_better { index } else { *known };
        }
    }
    media.into_iter().zip(is_other).filter(|(_, is_other)| !is_other).map(|(media, _)| media).collect()
}

/// The address of a picture of a known size without that size, which many sites name in it. A query behind the name of
/// a file is left out: it says how the file is scaled.
fn without_size(image: &Media) -> Option<String> {
    let sizes = [image.width, image.height];
    if sizes == [None, None] {
        return None;
    }
    let (path, _) = image.url.split_once('?').unwrap_or((&image.url, ""));
    let address = if MediaKind::of(None, None, path) == MediaKind::Image { path } else { &image.url };
    let mut rest = address;
    let mut without = String::with_capacity(address.len());
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let (digits, after) =
            digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
        without.push_str(before);
        if !digits.parse().is_ok_and(|number: u32| sizes.contains(&Some(number))) {
            without.push_str(digits);
        }
        rest = after;
    }
    without.push_str(rest);
    Some(without)
}

/// The widest up to a width, else the narrowest.
fn width_rank(width: u32, max: u32) -> (bool, Reverse<u32>, u32) {
    let fits = width <= max;
    (fits, Reverse(if fits { 0 } else { width }), width)
}

/// The best rendition of each film or sound.
pub(super) fn best_renditions(media: &[Media]) -> impl Iterator<Item = &Media> {
    let rank = |media: &Media| {
        let is_playable = media.media_type.as_deref().is_some_and(|kind| PLAYABLE.contains(&kind));
        (
            media.is_default,
            is_playable,
            width_rank(media.width.unwrap_or(0), MAX_VIDEO_WIDTH),
            media.length.unwrap_or(0),
        )
    };
    let mut best: Vec<usize> = Vec::new();
    let mut places: HashMap<Object, usize> = HashMap::new();
    for (index, recording) in media.iter().enumerate() {
        if !matches!(kind(recording), MediaKind::Audio | MediaKind::Video) {
            continue;
        }
        let object = match (recording.group, &recording.title, recording.duration) {
            (Some(group), ..) => Object::Group(group),
            (None, None, None) => Object::Address(recording.url.clone()),
            (None, title, duration) => Object::Recording(title.clone(), duration),
        };
        let place = *places.entry(object).or_insert(best.len());
        match best.get_mut(place) {
            Some(known) if rank(recording) > rank(&media[*known]) => *known = index,
            Some(_) => {}
            None => best.push(index),
        }
    }
    best.into_iter().map(|index| &media[index])
}

/// The largest picture up to [`MAX_PICTURE_WIDTH`], else the smallest. Each comes with its width, or that of its kind.
pub(super) fn best_picture(images: impl Iterator<Item = (Picture, u32)>) -> Option<Picture> {
    let ranked = images.map(|(picture, width)| (width_rank(width, MAX_PICTURE_WIDTH), picture));
    // Of equal ones the first.
    ranked.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, picture)| picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(url: &str, group: Option<u32>, width: u32) -> Media {
        let width = Some(width).filter(|width| *width > 0);
        Media { url: url.into(), medium: Some("image".into()), width, group, ..Media::default() }
    }

    fn recording(url: &str, group: Option<u32>, width: u32) -> Media {
        Media { medium: Some("video".into()), ..image(url, group, width) }
    }

    #[test]
    fn of_the_sizes_of_a_picture_one_is_kept() {
        let default = |url, width| Media { is_default: true, ..image(url, Some(1), width) };
        let scaled = |width: u32| {
            let url = format!("https://i.example/0_0_5000_3000/master/5000.jpg?width={width}&s={width}0f");
            image(&url, None, width)
        };
        let named = |width: u32| image(&format!("https://e.org/w{width}/a1.jpg"), None, width);
        let (scaled_460, named_240) = (scaled(460).url, named(240).url);
        for (files, kept) in [
            (vec![image("a", Some(1), 150), image("b", Some(1), 1200), image("c", Some(1), 600)], vec!["b"]),
            (vec![image("a", Some(1), 150), image("b", Some(1), 2000)], vec!["a"]),
            (vec![image("a", Some(1), 3000), image("b", Some(1), 2000)], vec!["b"]),
            (vec![default("a", 150), image("b", Some(1), 600)], vec!["a"]),
            (vec![image("a", Some(1), 0), image("b", Some(1), 0)], vec!["a"]),
            (vec![image("a", Some(1), 9), image("b", Some(2), 8), image("c", Some(2), 9)], vec!["a", "c"]),
            (vec![image("enclosed", Some(1), 9), image("b", Some(1), 99)], vec!["enclosed"]),
            (vec![image("a", None, 9), image("b", None, 8)], vec!["a", "b"]),
            (
                vec![image("e.org/a1.jpg", None, 9), image("e.org/a2.jpg", None, 8)],
                vec!["e.org/a1.jpg", "e.org/a2.jpg"],
            ),
            (
                vec![
                    recording("a", Some(1), 0),
                    recording("b", Some(1), 0),
                    image("c", Some(1), 9),
                    image("d", Some(1), 8),
                ],
                vec!["a", "b", "c"],
            ),
            (vec![scaled(140), scaled(460), scaled(1300)], vec![&*scaled_460]),
            (vec![named(120), named(240)], vec![&*named_240]),
        ] {
            let enclosed = [Enclosure { url: "enclosed".into(), ..Enclosure::default() }];
            let urls: Vec<_> =
                without_other_sizes(files, &enclosed).into_iter().map(|file| file.url).collect();
            assert_eq!(urls, kept);
        }
    }

    #[test]
    fn of_the_renditions_of_a_film_the_best_is_taken() {
        let timed = |url, width, seconds| Media { duration: Some(seconds), ..recording(url, None, width) };
        let typed = |url, kind: &str| Media { media_type: Some(kind.into()), ..recording(url, Some(1), 640) };
        let flash = typed("https://v.example/1?version=3", "application/x-shockwave-flash");
        for (files, best) in [
            (
                vec![
                    recording("a", Some(1), 320),
                    recording("b", Some(1), 1920),
                    recording("c", Some(1), 3840),
                ],
                vec!["b"],
            ),
            (
                vec![typed("a", "video/webm"), typed("b", "video/mp4"), typed("c", "application/x-mpegurl")],
                vec!["b"],
            ),
            (vec![recording("a", None, 320), recording("b", None, 640)], vec!["a", "b"]),
            (vec![timed("a", 320, 9), timed("b", 640, 9), timed("c", 640, 8)], vec!["b", "c"]),
            (vec![image("a", Some(1), 320), flash], vec![]),
        ] {
            assert_eq!(best_renditions(&files).map(|recording| &*recording.url).collect::<Vec<_>>(), best);
        }
    }
}
