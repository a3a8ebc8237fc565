//! Makes the files, media and picture of an entry from what its document lists. Pure.

use std::collections::HashMap;

use super::media_sizes::{best_picture, best_renditions, kind, without_other_sizes};
use super::{FeedContext, absolute_url, openable_url, plain};
use crate::entry::{Enclosure, Media, MediaKind, Picture, type_by_name};
use crate::feed::raw::{
    MEDIA_DESCRIPTION_RANK, MEDIA_TITLE_RANK, MediaField, MediaScope, RawEntry, RawLink, RawMedia,
    RawMediaText, RawPicture, RawText, TextKind, UsualWidth,
};

const MAX_MEDIA_TYPE_BYTES: usize = 200;

/// A longer playing time is a mistake.
const MAX_DURATION_SECONDS: u32 = 31 * 86_400;

/// Names of those who made a media object.
const MAX_CREDITS: usize = 5;

/// The files of an entry.
#[derive(Default)]
pub(super) struct Files {
    pub(super) enclosures: Vec<Enclosure>,
    pub(super) media: Vec<Media>,
    pub(super) picture: Option<Picture>,
}

/// Takes the files out of an entry.
pub(super) fn take_files(raw: &mut RawEntry<'_>, context: &FeedContext<'_>) -> Files {
    let has_none = raw.enclosures.is_empty() && raw.media.is_empty() && raw.images.is_empty();
    if has_none && !raw.links.iter().any(is_enclosure) {
        return Files::default();
    }
    let mut enclosures = enclosures(&raw.links, std::mem::take(&mut raw.enclosures), context);
    let media = media(std::mem::take(&mut raw.media), std::mem::take(&mut raw.media_texts), context);
    let mut media = unique_media(without_other_sizes(media, &enclosures), &mut enclosures);
    ungroup_single(&mut media);
    if enclosures.is_empty() {
        enclosures.extend(best_renditions(&media).map(as_enclosure));
    }
    // Readers that take one file take the first.
    enclosures.sort_by_key(|file| !matches!(enclosure_kind(file), MediaKind::Audio | MediaKind::Video));
    let picture = picture(std::mem::take(&mut raw.images), &media, &enclosures, context);
    Files { enclosures, media, picture }
}

/// Whether an entry's only title is that of a picture or film beside its text, which has none then.
pub(super) fn has_only_media_title(raw: &RawEntry<'_>) -> bool {
    let title = raw.title.value().filter(|_| raw.title.rank() == Some(MEDIA_TITLE_RANK));
    let is_of_media = title.is_some_and(|title| {
        raw.media_texts.iter().any(|about| about.field == MediaField::Title && about.text.text == title.text)
    });
    let has_summary = raw.summary.rank().is_some_and(|rank| rank < MEDIA_DESCRIPTION_RANK);
    is_of_media && (has_summary || raw.content.rank().is_some())
}

pub(super) fn is_enclosure(link: &RawLink<'_>) -> bool {
    link.rel.as_deref().is_some_and(|rel| rel.trim().eq_ignore_ascii_case("enclosure"))
}

fn enclosure_kind(file: &Enclosure) -> MediaKind {
    MediaKind::of(None, file.media_type.as_deref(), &file.url)
}

/// The attached files, each address once.
fn enclosures(links: &[RawLink<'_>], files: Vec<RawMedia<'_>>, context: &FeedContext<'_>) -> Vec<Enclosure> {
    let linked = links.iter().filter(|link| is_enclosure(link)).filter_map(|link| {
        let url = openable_url(&link.href, context.base(link.base))?;
        Some(Enclosure {
            media_type: likely_type(link.media_type.as_deref(), None, &url),
            url,
            length: positive(link.length.as_deref()),
            title: link.title.clone().and_then(|title| plain::line(RawText::new(title, TextKind::Text))),
            duration: None,
        })
    });
    let files = files.into_iter().filter_map(|file| {
        let url = openable_url(&file.url, context.base(file.base))?;
        Some(Enclosure {
            media_type: likely_type(file.media_type.as_deref(), None, &url),
            url,
            length: positive(file.length.as_deref()),
            title: file.title.and_then(plain::line),
            duration: file.duration.as_deref().and_then(duration_seconds),
        })
    });
    let mut all: Vec<Enclosure> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    // The first file of RSS is its enclosure; links of Atom are beside it.
    for file in files.chain(linked) {
        match positions.get(&file.url) {
            Some(known) => merge_enclosure(&mut all[*known], file),
            None => {
                positions.insert(file.url.clone(), all.len());
                all.push(file);
            }
        }
    }
    all
}

/// Fills the missing fields of a file from another element with the same address.
fn merge_enclosure(known: &mut Enclosure, other: Enclosure) {
    known.media_type = known.media_type.take().or(other.media_type);
    known.length = known.length.or(other.length);
    known.title = known.title.take().or(other.title);
    known.duration = known.duration.or(other.duration);
}

fn as_enclosure(media: &Media) -> Enclosure {
    Enclosure {
        url: media.url.clone(),
        media_type: media.media_type.clone(),
        length: media.length,
        title: media.title.clone(),
        duration: media.duration,
    }
}

/// The media objects, with what is said of each and of its group.
fn media(
    files: Vec<RawMedia<'_>>,
    mut texts: Vec<RawMediaText<'_>>,
    context: &FeedContext<'_>,
) -> Vec<Media> {
    let mut media: Vec<Option<Media>> = files.into_iter().map(|file| object(file, context)).collect();
    // What is said of one object comes before what is said of its group, and then of all.
    texts.sort_by_key(|about| match about.scope {
        MediaScope::Object(_) => 0,
        MediaScope::Group(_) => 1,
        MediaScope::Entry => 2,
    });
    let of_entry = texts.split_off(texts.partition_point(|about| about.scope != MediaScope::Entry));
    for RawMediaText { scope, field, text } in texts {
        let Some(line) = plain::line(text) else { continue };
        let is_about = |index: usize, object: &Media| match scope {
            MediaScope::Object(about) => index == about,
            MediaScope::Group(group) => object.group == Some(group),
            MediaScope::Entry => true,
        };
        for (index, object) in media.iter_mut().enumerate() {
            object.iter_mut().filter(|object| is_about(index, object)).for_each(|object| {
                add_text(object, field, &line);
            });
        }
    }
    let mut media: Vec<Media> = media.into_iter().flatten().collect();
    let is_credited: Vec<bool> = media.iter().map(|object| !object.credits.is_empty()).collect();
    for RawMediaText { field, text, .. } in of_entry {
        let Some(line) = plain::line(text) else { continue };
        let others = media.iter_mut().zip(&is_credited);
        others
            .filter(|(_, is_credited)| field != MediaField::Credit || !**is_credited)
            .for_each(|(object, _)| add_text(object, field, &line));
    }
    media
}

fn object(file: RawMedia<'_>, context: &FeedContext<'_>) -> Option<Media> {
    let url = openable_url(&file.url, context.base(file.base))?;
    let medium = file.medium.as_deref().and_then(medium);
    Some(Media {
        media_type: likely_type(file.media_type.as_deref(), medium.as_deref(), &url),
        url,
        medium,
        length: positive(file.length.as_deref()),
        duration: file.duration.as_deref().and_then(duration_seconds),
        width: positive(file.width.as_deref()),
        height: positive(file.height.as_deref()),
        title: file.title.and_then(plain::line),
        description: None,
        credits: Vec::new(),
        group: file.group,
        is_default: file.is_default,
    })
}

fn add_text(object: &mut Media, field: MediaField, line: &str) {
    match field {
        MediaField::Title => {
            object.title.get_or_insert_with(|| line.to_owned());
        }
        MediaField::Description => {
            object.description.get_or_insert_with(|| line.to_owned());
        }
        MediaField::Credit => {
            if object.credits.len() < MAX_CREDITS && !object.credits.iter().any(|known| known == line) {
                object.credits.push(line.to_owned());
            }
        }
    }
}

/// Each address once; one of which no more is said than of the same file as an enclosure is only that.
fn unique_media(media: Vec<Media>, enclosures: &mut [Enclosure]) -> Vec<Media> {
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Media> = Vec::with_capacity(media.len());
    let files: HashMap<String, usize> =
        enclosures.iter().enumerate().map(|(index, file)| (file.url.clone(), index)).collect();
    for object in media {
        if let Some(file) = files.get(&object.url) {
            merge_enclosure(&mut enclosures[*file], as_enclosure(&object));
            if object.group.is_none() && !says_more(&object) {
                continue;
            }
        }
        match positions.get(&object.url) {
            Some(known) => merge_media(&mut all[*known], object),
            None => {
                positions.insert(object.url.clone(), all.len());
                all.push(object);
            }
        }
    }
    all
}

/// Whether more is said of a media object than an enclosure can say.
fn says_more(object: &Media) -> bool {
    let Media { width, height, description, credits, .. } = object;
    width.is_some() || height.is_some() || description.is_some() || !credits.is_empty()
}

fn merge_media(known: &mut Media, other: Media) {
    known.media_type = known.media_type.take().or(other.media_type);
    known.medium = known.medium.take().or(other.medium);
    known.length = known.length.or(other.length);
    known.duration = known.duration.or(other.duration);
    known.width = known.width.or(other.width);
    known.height = known.height.or(other.height);
    known.title = known.title.take().or(other.title);
    known.description = known.description.take().or(other.description);
    if known.credits.is_empty() {
        known.credits = other.credits;
    }
}

/// A group of one is none.
fn ungroup_single(media: &mut [Media]) {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    media.iter().filter_map(|object| object.group).for_each(|group| *sizes.entry(group).or_default() += 1);
    for object in media {
        object.group = object.group.filter(|group| sizes.get(group).is_some_and(|size| *size > 1));
    }
}

/// The best of all images of an entry.
fn picture(
    images: Vec<RawPicture<'_>>,
    media: &[Media],
    enclosures: &[Enclosure],
    context: &FeedContext<'_>,
) -> Option<Picture> {
    let is_http = |url: &str| url.starts_with("http:") || url.starts_with("https:");
    let listed = images.into_iter().filter_map(|RawPicture { file, usual_width }| {
        let url = absolute_url(&file.url, context.base(file.base))?;
        let (width, height) = (positive(file.width.as_deref()), positive(file.height.as_deref()));
        Some((Picture { url, width, height }, width.unwrap_or(usual_width.0)))
    });
    let images = media.iter().filter(|media| kind(media) == MediaKind::Image && is_http(&media.url));
    let images = images.map(|Media { url, width, height, .. }| {
        let picture = Picture { url: url.clone(), width: *width, height: *height };
        (picture, width.unwrap_or(UsualWidth::PICTURE.0))
    });
    let files = enclosures.iter().filter(|file| {
        enclosure_kind(file) == MediaKind::Image
            && is_http(&file.url)
            && !media.iter().any(|media| media.url == file.url)
    });
    let files = files
        .map(|file| (Picture { url: file.url.clone(), width: None, height: None }, UsualWidth::PICTURE.0));
    best_picture(listed.chain(images).chain(files))
}

/// A Media RSS `medium` that the specification lists.
fn medium(text: &str) -> Option<String> {
    let medium = text.trim().to_ascii_lowercase();
    ["image", "audio", "video", "document", "executable"].contains(&medium.as_str()).then_some(medium)
}

/// A media type; not a mere `mp3`.
pub(super) fn media_type(text: Option<&str>) -> Option<String> {
    let text = plain::text_line(text?)?.to_ascii_lowercase();
    (text.len() <= MAX_MEDIA_TYPE_BYTES && text.contains('/')).then_some(text)
}

/// Media types that the name of a file does not tell.
const RARE_TYPES: [&str; 6] = [
    "video/ogg", "video/x-matroska", "image/svg+xml", "application/epub+zip", "application/zip",
    "application/x-bittorrent",
];

/// The media type of a file: as stated, or else by its name, or by what it is said to be. Many readers hide files without.
fn likely_type(stated: Option<&str>, medium: Option<&str>, url: &str) -> Option<String> {
    // Some write what the file is where its type should be: type="image".
    let word = stated.map(|text| text.trim().to_ascii_lowercase());
    let stated = media_type(stated);
    let is_type = |kind: &str| kind.contains('/') && kind != "application/octet-stream";
    if stated.as_deref().is_some_and(is_type) {
        return stated;
    }
    let by_name = type_by_name(url).filter(|kind| !RARE_TYPES.contains(kind));
    let by_medium = || match medium.or(word.as_deref())? {
        "image" => Some("image/jpeg"),
        "audio" => Some("audio/mpeg"),
        "video" => Some("video/mp4"),
        _ => None,
    };
    by_name.or_else(by_medium).map(str::to_owned).or(stated)
}

/// A number above 0: that means "unknown".
pub(super) fn positive<T: std::str::FromStr + Default + PartialEq>(text: Option<&str>) -> Option<T> {
    text?.trim().trim_end_matches("px").parse().ok().filter(|number| *number != T::default())
}

/// A playing time in seconds, `mm:ss` or `hh:mm:ss`.
pub(super) fn duration_seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let text = text.trim().split('.').next().unwrap_or_default();
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        let part: u32 = part.trim().parse().ok()?;
        total = total.checked_mul(60)?.checked_add(part)?;
    }
    (total > 0 && total <= MAX_DURATION_SECONDS).then_some(total)
}
