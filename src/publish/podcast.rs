//! Writes what podcasts say of their episodes and of themselves into Atom and RSS. Pure.

use super::document::Document;
use super::media::media_type;
use super::podcast_terms::{GROUPS, ROLES, categories_for_readers};
use super::text::{percent_encode, unambiguous_line};
use super::xml::{Attribute, XmlWriter};
use crate::entry::{Entry, Episode, Person, Podcast, Transcript};

/// Apple's limits, in characters.
const MAX_TEXT_CHARS: usize = 255;
const MAX_SUMMARY_CHARS: usize = 4000;

/// The namespaces that a document needs. A feed with any of Apple's elements is a podcast to some programs, so that others
/// do not even declare them.
pub(super) fn namespaces(document: &Document) -> impl Iterator<Item = Attribute<'_>> {
    let entries = || document.entries.iter().map(|shown| &shown.kept.entry);
    let of_show = document.podcast.as_deref();
    let has_apple =
        of_show.is_some() || entries().any(|entry| entry.duration.is_some() || entry.episode.is_some());
    let has_index = of_show.is_some_and(|podcast| podcast.guid.is_some())
        || entries().filter_map(|entry| entry.episode.as_deref()).any(|episode| {
            episode.chapters.is_some() || !episode.transcripts.is_empty() || !episode.persons.is_empty()
        });
    let apple = has_apple.then_some(("xmlns:itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"));
    let index = has_index.then_some(("xmlns:podcast", "https://podcastindex.org/namespace/1.0"));
    apple.into_iter().chain(index)
}

/// Writes what the podcast says of itself: only in a feed of this podcast alone. Apple's element for the owner needs an
/// e-mail address, which is never published; the owner's name stands in Dublin Core's.
pub(super) fn write_podcast(xml: &mut XmlWriter, podcast: &Podcast) {
    line(xml, "itunes:author", podcast.author.as_deref(), MAX_TEXT_CHARS);
    line(xml, "dc:publisher", podcast.owner.as_deref(), MAX_TEXT_CHARS);
    let mut open: Option<&str> = None;
    for (category, within) in categories_for_readers(&podcast.categories) {
        if open != Some(category) {
            open.iter().for_each(|_| xml.close());
            xml.open("itunes:category", &[("text", category)]);
            open = Some(category);
        }
        if let Some(within) = within {
            xml.empty_element("itunes:category", &[("text", within)]);
        }
    }
    open.iter().for_each(|_| xml.close());
    explicit(xml, podcast.explicit);
    image(xml, podcast.image.as_deref());
    line(xml, "itunes:type", podcast.kind.as_deref(), MAX_TEXT_CHARS);
    line(xml, "podcast:guid", podcast.guid.as_deref(), MAX_TEXT_CHARS);
}

/// Writes what is said of an entry as an episode, and its playing time.
pub(super) fn write_episode(xml: &mut XmlWriter, entry: &Entry) {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    line(xml, "itunes:duration", number(entry.duration).as_deref(), MAX_TEXT_CHARS);
    let Some(episode) = &entry.episode else { return };
    let Episode { title, summary, season, kind, transcripts, chapters, persons, .. } = &**episode;
    line(xml, "itunes:title", title.as_deref(), MAX_TEXT_CHARS);
    line(xml, "itunes:summary", summary.as_deref(), MAX_SUMMARY_CHARS);
    image(xml, episode.image.as_deref());
    line(xml, "itunes:season", number(*season).as_deref(), MAX_TEXT_CHARS);
    line(xml, "itunes:episode", number(episode.number).as_deref(), MAX_TEXT_CHARS);
    line(xml, "itunes:episodeType", kind.as_deref(), MAX_TEXT_CHARS);
    explicit(xml, episode.explicit);
    for Transcript { url, media_type: kind, language, captions } in transcripts {
        let url = percent_encode(url);
        // The type is required.
        let kind = media_type(kind.as_deref()).unwrap_or("text/plain");
        let mut attributes = vec![("url", url.as_str()), ("type", kind)];
        attributes.extend(language.as_deref().map(|tag| ("language", tag)));
        attributes.extend(captions.then_some(("rel", "captions")));
        xml.empty_element("podcast:transcript", &attributes);
    }
    if let Some(chapters) = chapters {
        let kind = media_type(chapters.media_type.as_deref()).unwrap_or("application/json+chapters");
        xml.empty_element("podcast:chapters", &[("url", &percent_encode(&chapters.url)), ("type", kind)]);
    }
    persons.iter().for_each(|shown| person(xml, shown));
}

fn person(xml: &mut XmlWriter, shown: &Person) {
    let known = |name: &Option<String>, names: &str| {
        let name = name.as_deref()?.trim();
        names.lines().any(|known| known.eq_ignore_ascii_case(name)).then(|| name.to_owned())
    };
    let address = |address: &Option<String>| address.as_deref().map(percent_encode);
    let values = [
        ("role", known(&shown.role, ROLES)),
        ("group", known(&shown.group, GROUPS)),
        ("img", address(&shown.image)),
        ("href", address(&shown.link)),
    ];
    let attributes: Vec<Attribute<'_>> =
        values.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    xml.text_element("podcast:person", &attributes, &unambiguous_line(&shown.name));
}

/// Writes plain text, as Apple's elements are, cut if it is too long, unless it is blank. Only a summary has several lines.
fn line(xml: &mut XmlWriter, name: &'static str, text: Option<&str>, max_chars: usize) {
    let lines = text.unwrap_or_default().lines().map(unambiguous_line);
    let text = lines.collect::<Vec<_>>().join("\n");
    if text.trim().is_empty() {
        return;
    }
    let end = text.char_indices().nth(max_chars).map_or(text.len(), |(end, _)| end);
    xml.text_element(name, &[], &text[..end]);
}

fn explicit(xml: &mut XmlWriter, is_explicit: Option<bool>) {
    let word = is_explicit.map(|is_explicit| if is_explicit { "true" } else { "false" });
    line(xml, "itunes:explicit", word, MAX_TEXT_CHARS);
}

fn image(xml: &mut XmlWriter, address: Option<&str>) {
    if let Some(address) = address {
        xml.empty_element("itunes:image", &[("href", &percent_encode(address))]);
    }
}
