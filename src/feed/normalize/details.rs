//! The rarer fields of an entry: links, comments, rights, places, what is said of categories. Pure.

use std::borrow::Cow;

use url::Url;

use super::media::media_type;
use super::{FeedContext, absolute_url, plain};
use crate::entry::{Answered, CategoryDetails, Details, Location, RelatedLink, Removed};
use crate::feed::raw::{RawCategory, RawDetails, RawEntry, RawLink, RawText, TextKind};

/// The relations of links that are kept. JSON Feed's `external_url` is the last.
const RELATIONS: [&str; 4] = ["via", "related", "license", "external"];

/// Links that are kept of an entry, and categories of which more is kept than the name.
const MAX_KEPT: usize = 30;

/// Coordinates of a line or a polygon.
const MAX_COORDINATES: usize = 200;

/// Takes the details out of an entry; `None` if it has none.
pub(super) fn take_details(raw: &mut RawEntry<'_>, context: &FeedContext<'_>) -> Option<Box<Details>> {
    let has_scheme = |category: &RawCategory<'_>| category.scheme.is_some() || category.term.is_some();
    let has_link = |link: &RawLink<'_>| relation(link).is_some_and(|rel| rel != "alternate");
    if raw.details.is_none() && !raw.links.iter().any(has_link) && !raw.categories.iter().any(has_scheme) {
        return None;
    }
    let stated: RawDetails<'_> = raw.details.take().map(|details| *details).unwrap_or_default();
    let base = context.base(raw.base);
    let replies = |link: &&RawLink<'_>| relation(link) == Some("replies");
    let is_feed = |link: &&RawLink<'_>| link.media_type.as_deref().is_some_and(|kind| kind.contains("xml"));
    if raw.comments.is_none() {
        let page = raw.links.iter().filter(replies).find(|link| !is_feed(link));
        raw.comments = page.map(|link| link.href.clone());
    }
    let linked = || raw.links.iter().filter(replies);
    let count = stated.comment_count.or_else(|| linked().find_map(|link| link.count.clone()));
    let comments_feed = stated.comments_feed.and_then(|address| absolute_url(&address, base));
    let answered_id = stated.answered_id.map(|id| id.trim().to_owned()).filter(|id| Url::parse(id).is_ok());
    let name = stated.place_name.and_then(|name| plain::line(RawText::new(name, TextKind::Unstated)));
    let points = [stated.latitude, stated.longitude].into_iter().collect::<Option<Vec<_>>>();
    let coordinates = stated
        .coordinates
        .and_then(|text| coordinates(&text))
        .or_else(|| stated.corners.and_then(|text| polygon(&coordinates(&text)?)))
        .or_else(|| coordinates(&points?.join(" ")));
    let details = Details {
        links: raw.links.iter().filter_map(|link| related(link, context)).take(MAX_KEPT).collect(),
        comment_count: count.and_then(|count| count.trim().parse().ok()),
        comments_feed: comments_feed.or_else(|| {
            linked().filter(is_feed).find_map(|link| absolute_url(&link.href, context.base(link.base)))
        }),
        in_reply_to: answered_id
            .map(|id| Answered { id, link: stated.answered_link.and_then(|link| absolute_url(&link, base)) }),
        rights: stated.rights.into_value().and_then(plain::line),
        place: coordinates.map(|coordinates| {
            let coordinates: Vec<String> = coordinates.iter().map(f64::to_string).collect();
            Location { coordinates: coordinates.join(" "), name }
        }),
        categories: raw.categories.iter().filter_map(category).take(MAX_KEPT).collect(),
        removed: Removed::default(),
    };
    (details != Details::default()).then(|| Box::new(details))
}

fn relation<'b>(link: &'b RawLink<'_>) -> Option<&'b str> {
    link.rel.as_deref().map(|rel| rel.trim().rsplit('/').next().unwrap_or_default())
}

fn related(link: &RawLink<'_>, context: &FeedContext<'_>) -> Option<RelatedLink> {
    let rel =
        relation(link).and_then(|rel| RELATIONS.into_iter().find(|known| rel.eq_ignore_ascii_case(known)))?;
    Some(RelatedLink {
        rel: rel.to_owned(),
        url: absolute_url(&link.href, context.base(link.base))?,
        title: link.title.clone().and_then(|title| plain::line(RawText::new(title, TextKind::Text))),
        media_type: media_type(link.media_type.as_deref()),
    })
}

fn category(raw: &RawCategory<'_>) -> Option<CategoryDetails> {
    // Fast path: a term that is also the name.
    let is_name = |term: &Cow<'_, str>| *term == raw.name.text && !term.contains(['<', '&']);
    if raw.scheme.is_none() && raw.term.as_ref().is_none_or(is_name) {
        return None;
    }
    let line = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(plain::text_line);
    let (term, scheme) = (line(&raw.term), line(&raw.scheme));
    if term.is_none() && scheme.is_none() {
        return None;
    }
    let name = plain::line(raw.name.clone())?;
    let term = term.filter(|term| *term != name);
    (term.is_some() || scheme.is_some()).then_some(CategoryDetails { name, term, scheme })
}

/// Pairs of latitude and longitude; `None` if one is no place on Earth.
fn coordinates(text: &str) -> Option<Vec<f64>> {
    let numbers = text.split(|c: char| c.is_whitespace() || c == ',').filter(|number| !number.is_empty());
    let numbers: Vec<f64> =
        numbers.take(MAX_COORDINATES + 1).map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let is_place = |pair: &[f64]| pair.len() == 2 && pair[0].abs() <= 90.0 && pair[1].abs() <= 180.0;
    let fits = (1..=MAX_COORDINATES).contains(&numbers.len());
    (fits && numbers.chunks(2).all(is_place)).then_some(numbers)
}

/// The polygon with two opposite corners.
fn polygon(corners: &[f64]) -> Option<Vec<f64>> {
    let [south, west, north, east] = *corners else { return None };
    Some(vec![south, west, south, east, north, east, north, west, south, west])
}
