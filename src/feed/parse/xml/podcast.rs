//! Reads what podcasts say of their episodes, and in the channel of themselves. Pure.

use super::XmlParser;
use crate::feed::parse::elements::{FeedElement, ITUNES_SUMMARY, PodcastElement};
use crate::feed::parse::entry::push_part;
use crate::feed::parse::person::person;
use crate::feed::parse::tokenizer::{StartTag, Tokenizer, XmlToken, attribute};
use crate::feed::raw::{RawEpisode, RawFile, RawPerson, RawPodcast, RawText, RawTranscript, TextKind};
use crate::feed::xml_base::BaseIndex;

impl<'a> XmlParser<'a> {
    pub(super) fn read_podcast(&mut self, tag: StartTag<'a>, element: PodcastElement, base: BaseIndex) {
        let content = self.tokens.element_text(tag);
        if self.is_in_source() {
            return;
        }
        let owner = (element == PodcastElement::Owner && self.entry.is_none())
            .then(|| person(content.markup?, TextKind::Text, &mut self.namespaces)?.name)
            .flatten();
        let text = Some(content.text).filter(|text| !text.trim().is_empty());
        let Some(entry) = &mut self.entry else {
            let podcast: &mut RawPodcast<'a> = self.feed.podcast.get_or_insert_default();
            match element {
                PodcastElement::Author => podcast.author = podcast.author.take().or(text),
                PodcastElement::Owner => podcast.owner = podcast.owner.take().or(owner.map(|name| name.text)),
                PodcastElement::Explicit => podcast.explicit = podcast.explicit.take().or(text),
                PodcastElement::Kind => podcast.kind = podcast.kind.take().or(text),
                PodcastElement::Guid => podcast.guid = podcast.guid.take().or(text),
                PodcastElement::Category => add_category(podcast, tag, content.markup),
                _ => {}
            }
            return;
        };
        let attribute = |name| attribute(tag.attributes, name);
        let file = |url| RawFile { url, media_type: attribute("type"), base };
        let episode: &mut RawEpisode<'a> = entry.episode.get_or_insert_default();
        let fits = match (element, text) {
            (PodcastElement::Season, text) => offer(&mut episode.season, text),
            (PodcastElement::Number, text) => offer(&mut episode.number, text),
            (PodcastElement::EpisodeKind, text) => offer(&mut episode.kind, text),
            (PodcastElement::Explicit, text) => offer(&mut episode.explicit, text),
            (PodcastElement::Chapters, _) => offer(&mut episode.chapters, attribute("url").map(file)),
            (PodcastElement::Transcript, _) => attribute("url").is_none_or(|url| {
                let (language, rel) = (attribute("language"), attribute("rel"));
                push_part(&mut episode.transcripts, RawTranscript { file: file(url), language, rel })
            }),
            (PodcastElement::Person, Some(name)) => push_part(
                &mut episode.persons,
                RawPerson {
                    name: RawText::new(name, TextKind::Text),
                    role: attribute("role"),
                    group: attribute("group"),
                    image: attribute("img"),
                    link: attribute("href"),
                    base,
                },
            ),
            _ => true,
        };
        if !fits {
            self.note_skipped_part();
        }
    }

    /// Adds a title or a summary, which the entry may have too.
    pub(super) fn add_episode_text(&mut self, element: FeedElement, text: &RawText<'a>) {
        let Some(entry) = &mut self.entry else { return };
        let episode: &mut RawEpisode<'a> = entry.episode.get_or_insert_default();
        match element {
            FeedElement::Title(_) => offer(&mut episode.title, Some(text.clone())),
            FeedElement::Summary(rank) if rank == ITUNES_SUMMARY => {
                offer(&mut episode.summary, Some(text.clone()))
            }
            _ => true,
        };
    }

    pub(super) fn add_cover(&mut self, file: RawFile<'a>) {
        match &mut self.entry {
            Some(entry) => offer(&mut entry.episode.get_or_insert_default().image, Some(file)),
            None => offer(&mut self.feed.podcast.get_or_insert_default().image, Some(file)),
        };
    }
}

fn offer<T>(value: &mut Option<T>, other: Option<T>) -> bool {
    *value = value.take().or(other);
    true
}

/// A category, with the subcategories in it.
fn add_category<'a>(podcast: &mut RawPodcast<'a>, tag: StartTag<'a>, markup: Option<&'a str>) {
    let Some(category) = attribute(tag.attributes, "text") else { return };
    let mut tokens = Tokenizer::new(markup.unwrap_or_default());
    let before = podcast.categories.len();
    while let Some(token) = tokens.next() {
        if let XmlToken::Start(inner) = token
            && let Some(text) = attribute(inner.attributes, "text")
        {
            push_part(&mut podcast.categories, (category.clone(), Some(text)));
        }
    }
    if podcast.categories.len() == before {
        push_part(&mut podcast.categories, (category, None));
    }
}
