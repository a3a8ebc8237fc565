//! The files and pictures of an entry.

use serde::{Deserialize, Serialize};

/// A file that the publisher attached to the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute address, with a scheme as a link may have it.
    pub url: String,
    /// Media type, such as `audio/mpeg`.
    pub media_type: Option<String>,
    /// Size in bytes.
    pub length: Option<u64>,
    /// Title, as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Playing time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
}

/// A media object of the entry (Media RSS `media:content`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// Absolute address, with a scheme as a link may have it.
    pub url: String,
    /// Media type, such as `video/mp4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `image`, `audio`, `video`, `document` or `executable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Playing time in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Title, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made it: names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<String>,
    /// The group that it is in: media of one group are one object in several forms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// The one of its group that is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
}

/// Media types, each with the ends of the names of its files.
const TYPES: &str = include_str!("media_types.txt");

/// The media type of a file by the end of its address.
pub(crate) fn type_by_name(url: &str) -> Option<&'static str> {
    let ending = ending(url);
    let mut types = TYPES.lines().filter_map(|line| line.split_once(' '));
    let is_of = |endings: &str| endings.split(' ').any(|known| known.eq_ignore_ascii_case(ending));
    types.find(|(_, endings)| is_of(endings)).map(|(media_type, _)| media_type)
}

/// The end of the name of the file at an address, without the dot.
fn ending(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The kinds of media that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MediaKind {
    Image,
    Audio,
    Video,
    Other,
}

impl MediaKind {
    /// The kind by the first of these that says it: the `medium`, the media type, the end of the address.
    pub(crate) fn of(medium: Option<&str>, media_type: Option<&str>, url: &str) -> MediaKind {
        const ENDINGS: [(MediaKind, &[&str]); 3] = [
            (MediaKind::Image, &["jpg", "jpeg", "png", "gif", "webp", "avif"]),
            (MediaKind::Audio, &["mp3", "m4a", "ogg", "oga", "opus", "aac", "flac", "wav"]),
            (MediaKind::Video, &["mp4", "m4v", "mov", "webm", "ogv", "mkv"]),
        ];
        let named = |name: &str| match name {
            "image" => MediaKind::Image,
            "audio" => MediaKind::Audio,
            "video" => MediaKind::Video,
            _ => MediaKind::Other,
        };
        let first =
            |text: &str| named(&text.trim().split('/').next().unwrap_or_default().to_ascii_lowercase());
        if let Some(media_type) = media_type.filter(|kind| first(kind) != MediaKind::Other) {
            return first(media_type);
        }
        match (medium, media_type) {
            // A player of a kind that no reader has.
            (_, Some("application/x-shockwave-flash")) => MediaKind::Other,
            (Some(medium), _) => first(medium),
            (None, Some(other)) if !matches!(other, "application/octet-stream" | "") => MediaKind::Other,
            (None, _) => {
                let ending = ending(url);
                let has = |endings: &[&str]| endings.iter().any(|known| ending.eq_ignore_ascii_case(known));
                ENDINGS.iter().find(|(_, endings)| has(endings)).map_or(MediaKind::Other, |(kind, _)| *kind)
            }
        }
    }
}

/// A picture to show beside the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Absolute address.
    pub url: String,
    /// Width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}
