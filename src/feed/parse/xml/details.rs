//! Reads the rarer fields of entries: comments, rights, places. Pure.

use std::borrow::Cow;

use super::XmlParser;
use crate::feed::parse::elements::DetailElement;
use crate::feed::parse::tokenizer::{StartTag, attribute};
use crate::feed::raw::{RawDetails, RawText};

impl<'a> XmlParser<'a> {
    pub(super) fn read_detail(&mut self, tag: StartTag<'a>, element: DetailElement, text: RawText<'a>) {
        let is_of_source = self.is_in_source();
        if is_of_source && element != DetailElement::Rights {
            return;
        }
        let Some(entry) = &mut self.entry else { return };
        let details: &mut RawDetails<'a> = entry.details.get_or_insert_default();
        let is_blank = text.text.trim().is_empty();
        let value = Some(text).filter(|_| !is_blank);
        let line = |value: Option<RawText<'a>>| value.map(|text| text.text);
        match element {
            DetailElement::CommentCount => fill(&mut details.comment_count, line(value)),
            DetailElement::CommentsFeed => fill(&mut details.comments_feed, line(value)),
            DetailElement::InReplyTo => {
                fill(&mut details.answered_id, attribute(tag.attributes, "ref"));
                fill(&mut details.answered_link, attribute(tag.attributes, "href"));
            }
            DetailElement::Rights => {
                value.into_iter().for_each(|text| details.rights.offer(u8::from(is_of_source), text));
            }
            DetailElement::PlaceName => fill(&mut details.place_name, line(value)),
            DetailElement::Latitude => fill(&mut details.latitude, line(value)),
            DetailElement::Longitude => fill(&mut details.longitude, line(value)),
            DetailElement::Shape => fill(&mut details.coordinates, line(value).map(outside_tags)),
            DetailElement::Box => fill(&mut details.corners, line(value)),
        }
    }
}

fn fill<T>(value: &mut Option<T>, other: Option<T>) {
    *value = value.take().or(other);
}

/// The text of an element outside its tags: GML has coordinates in several elements.
fn outside_tags(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('<') {
        return text;
    }
    text.split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, after)| after))
        .collect::<String>()
        .into()
}
