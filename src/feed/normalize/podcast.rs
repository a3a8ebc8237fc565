//! What a podcast says of an episode, and of itself. Pure.

use std::borrow::Cow;

use super::media::media_type;
use super::{FeedContext, MAX_SHARED_BYTES, absolute_url, language_tag, plain};
use crate::entry::{Chapters, Episode, Person, Podcast, Transcript};
use crate::feed::raw::{RawEpisode, RawFile, RawPodcast, RawText, TextKind};

/// Apple takes three categories.
const MAX_CATEGORIES: usize = 10;

/// Seasons and episodes are years at most.
const MAX_NUMBER: u32 = 1_000_000;

/// An episode; `None` if nothing of it can be read. `known` are the entry's own texts, which need not be kept twice.
pub(super) fn episode(
    raw: RawEpisode<'_>,
    known: &[Option<&str>],
    context: &FeedContext<'_>,
) -> Option<Box<Episode>> {
    let own = |text: Option<RawText<'_>>, plain: fn(RawText<'_>) -> Option<String>| {
        let stated = text.as_ref().map(|text| text.text.trim().to_owned());
        let plain = plain(text?)?;
        let is_known = |text: &&str| {
            text.split_whitespace().eq(plain.split_whitespace()) || Some(text.trim()) == stated.as_deref()
        };
        (!known.iter().flatten().any(is_known)).then_some(plain)
    };
    let episode = Episode {
        title: own(raw.title, plain::line),
        summary: own(raw.summary, plain::lines),
        image: raw.image.and_then(|file| absolute_url(&file.url, context.base(file.base))),
        season: number(raw.season),
        number: number(raw.number),
        kind: raw.kind.and_then(|kind| one_of(&kind, &["full", "trailer", "bonus"])),
        explicit: raw.explicit.and_then(|text| is_explicit(&text)),
        transcripts: raw
            .transcripts
            .into_iter()
            .filter_map(|transcript| {
                let (url, media_type) = file(transcript.file, context)?;
                let language = transcript.language.and_then(|tag| language_tag(&tag));
                let captions = transcript.rel.is_some_and(|rel| rel.trim() == "captions");
                Some(Transcript { url, media_type, language, captions })
            })
            .collect(),
        chapters: raw.chapters.and_then(|chapters| {
            let (url, media_type) = file(chapters, context)?;
            Some(Chapters { url, media_type })
        }),
        persons: raw
            .persons
            .into_iter()
            .filter_map(|person| {
                let address =
                    |address: Option<Cow<'_, str>>| absolute_url(&address?, context.base(person.base));
                Some(Person {
                    name: plain::line(person.name)?,
                    role: person.role.and_then(|role| plain::text_line(&role)),
                    group: person.group.and_then(|group| plain::text_line(&group)),
                    image: address(person.image),
                    link: address(person.link),
                })
            })
            .collect(),
    };
    (episode != Episode::default()).then(|| Box::new(episode))
}

/// What a feed says of itself as a podcast; `None` if it is none.
pub(super) fn podcast(raw: RawPodcast<'_>, context: &FeedContext<'_>) -> Option<Box<Podcast>> {
    let line = |text: Option<Cow<'_, str>>| {
        let line = plain::line(RawText::new(text?, TextKind::Unstated))?;
        // Some name themselves by their address.
        (line.len() <= MAX_SHARED_BYTES && !line.contains('@')).then_some(line)
    };
    let podcast = Podcast {
        author: line(raw.author),
        owner: line(raw.owner),
        categories: raw
            .categories
            .into_iter()
            .filter_map(|(category, within)| Some((line(Some(category))?, line(within))))
            .take(MAX_CATEGORIES)
            .collect(),
        explicit: raw.explicit.and_then(|text| is_explicit(&text)),
        image: raw
            .image
            .and_then(|file| absolute_url(&file.url, context.base(file.base)))
            .filter(|image| image.len() <= MAX_SHARED_BYTES),
        kind: raw.kind.and_then(|kind| one_of(&kind, &["episodic", "serial"])),
        guid: raw.guid.map(|guid| guid.trim().to_ascii_lowercase()).filter(|guid| is_uuid(guid)),
    };
    (podcast != Podcast::default()).then(|| Box::new(podcast))
}

fn file(raw: RawFile<'_>, context: &FeedContext<'_>) -> Option<(String, Option<String>)> {
    Some((absolute_url(&raw.url, context.base(raw.base))?, media_type(raw.media_type.as_deref())))
}

fn number(text: Option<Cow<'_, str>>) -> Option<u32> {
    text?.trim().parse().ok().filter(|number| (1..=MAX_NUMBER).contains(number))
}

fn one_of(text: &str, known: &[&str]) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    known.contains(&&*text).then_some(text)
}

fn is_explicit(text: &str) -> Option<bool> {
    match &*text.trim().to_ascii_lowercase() {
        "true" | "yes" | "explicit" => Some(true),
        "false" | "no" | "clean" => Some(false),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
