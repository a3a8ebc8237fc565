//! What entries and feeds say of their source's address, and what of that others may see. Pure.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::feed_url::{FeedUrl, MIN_SECRET_BYTES, UrlParts, is_random};
use crate::entry::{Entry, Podcast};

/// What stands in the place of a secret in a text.
const HIDDEN: &str = "\u{2026}";

/// What of a source's address others may not see.
#[derive(Clone, Debug)]
pub struct Secrets {
    url: FeedUrl,
    parts: UrlParts,
    /// They are hidden wherever they are.
    values: Vec<String>,
    /// The address without its scheme, in lower case.
    address: String,
}

impl Secrets {
    /// `None` if nothing of the address is hidden.
    #[must_use]
    pub fn of(url: &FeedUrl, parts: UrlParts) -> Option<Secrets> {
        let whole = url.whole();
        let mut values: Vec<String> = url.secrets().map(|(_, value)| value).collect();
        values.extend(whole.password().map(|password| decoded(password).into_owned()));
        if parts == UrlParts::Host {
            let segments = whole.path_segments().into_iter().flatten();
            values.extend(segments.map(|segment| decoded(segment).into_owned()).filter(|part| is_key(part)));
        }
        values.retain(|value| value.len() >= MIN_SECRET_BYTES);
        let hides = parts < url.needed_parts() || whole.password().is_some();
        let (host, query) = (whole.authority().rsplit('@').next().unwrap_or_default(), whole.query());
        let path = if query.is_some() { whole.path() } else { whole.path().trim_end_matches('/') };
        let query = query.map(|query| format!("?{query}")).filter(|_| parts != UrlParts::Host);
        let address = decoded(&format!("{host}{path}{}", query.unwrap_or_default())).to_lowercase();
        hides.then(|| Secrets { url: url.clone(), parts, values, address })
    }

    /// Whether a text or address has what is hidden.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let text = decoded(text).replace("&amp;", "&");
        let lower = text.to_lowercase();
        // Not that of a page whose address only begins in the same way.
        let ends = |end: usize| {
            let next = lower[end..].chars().next();
            next.is_none_or(|next| !next.is_alphanumeric() && !"-_".contains(next))
        };
        self.values.iter().any(|value| text.contains(value))
            || lower.match_indices(&self.address).any(|(start, found)| ends(start + found.len()))
    }

    /// An entry in which each text and address shows only what it may.
    #[must_use]
    pub fn hidden_in(&self, entry: Entry) -> Entry {
        // As JSON, so that no field is overlooked. An entry can always be written and read as that.
        let Ok(mut fields) = serde_json::to_value(&entry) else { return Entry::default() };
        if self.hide_in_value(&mut fields) {
            serde_json::from_value(fields).unwrap_or_default()
        } else {
            entry
        }
    }

    fn hide_in_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) if self.are_in(text) => {
                *text = self.hidden(text);
                true
            }
            // Without a short cut: each of them must be seen.
            Value::Array(list) => {
                list.iter_mut().map(|value| self.hide_in_value(value)).fold(false, |any, is| any | is)
            }
            Value::Object(fields) => {
                fields.values_mut().map(|value| self.hide_in_value(value)).fold(false, |any, is| any | is)
            }
            _ => false,
        }
    }

    /// A text, HTML or an address that shows only what it may.
    #[must_use]
    pub fn hidden(&self, text: &str) -> String {
        if !self.are_in(text) {
            return text.to_owned();
        }
        let is_end = |character: char| character.is_whitespace() || "\"'<>".contains(character);
        let mut shown: String = text
            .split_inclusive(is_end)
            .map(|piece| {
                let word = piece.trim_end_matches(is_end);
                if !self.are_in(word) {
                    return Cow::Borrowed(piece);
                }
                let address = Url::parse(&word.replace("&amp;", "&")).ok();
                let address = address.map(|address| self.shown(address).to_string());
                Cow::Owned(address.unwrap_or_else(|| HIDDEN.to_owned()) + &piece[word.len()..])
            })
            .collect();
        for value in &self.values {
            shown = shown.replace(value, HIDDEN);
        }
        if self.are_in(&shown) { HIDDEN.to_owned() } else { shown }
    }

    /// As much of an address as of the source's own.
    fn shown(&self, address: Url) -> Url {
        let address = FeedUrl::from(address);
        let parts = [self.parts.without_query(), UrlParts::Host];
        let mut shown = parts.map(|parts| address.shown(parts)).into_iter();
        let shown = shown.find(|address| address.has_host() && !self.are_in(address.as_str()));
        shown.unwrap_or_else(|| self.url.shown(UrlParts::Host))
    }
}

impl FeedUrl {
    /// What a podcast says of itself, without secrets. Its id is made from its whole address.
    #[must_use]
    pub fn published_podcast(&self, podcast: Podcast, parts: UrlParts) -> Podcast {
        let may_say = |text: &String| self.may_say(text, parts);
        let Podcast { author, owner, mut categories, explicit, image, kind, guid } = podcast;
        categories.retain(|(category, within)| {
            [Some(category), within.as_ref()].into_iter().flatten().all(may_say)
        });
        Podcast {
            author: author.filter(may_say),
            owner: owner.filter(may_say),
            categories,
            explicit,
            image: image.filter(|image| self.may_show(image, parts)),
            kind,
            guid: guid.filter(|_| self.shown(parts) == *self.whole()),
        }
    }

    /// Whether a text, such as the feed's own title, may be published beside these parts of this address.
    #[must_use]
    pub fn may_say(&self, text: &str, parts: UrlParts) -> bool {
        parts == UrlParts::Whole
            || !(self.is_revealed_by(text)
                || Secrets::of(self, parts).is_some_and(|secrets| secrets.are_in(text)))
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Whether a part of a path may be a key: it is no usual word or name.
fn is_key(part: &str) -> bool {
    let is_word = |part: &str| {
        let rest = part.trim_start_matches(['~', '@']);
        let rest = rest.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or(rest);
        rest.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_.".contains(&byte))
    };
    let is_number = part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    is_random(part) || !(is_word(part) || is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Author, Details, Enclosure, Origin};

    fn secrets(url: &str, parts: UrlParts) -> Secrets {
        Secrets::of(&url.parse().expect("a URL"), parts).expect("it has secrets")
    }

    #[test]
    fn an_address_that_is_shown_whole_has_no_secrets() {
        for (url, parts) in [
            ("https://site.example/feed?token=hunter22", UrlParts::Whole),
            ("https://site.example/feed", UrlParts::Path),
            ("https://site.example/", UrlParts::Host),
        ] {
            assert!(Secrets::of(&url.parse().expect("a URL"), parts).is_none(), "{url}");
        }
    }

    #[test]
    fn no_field_of_an_entry_shows_a_secret() {
        let own = "https://site.example/own?id=12&token=hunter22";
        let entry = Entry {
            title: Some(format!("See {own}, or (hunter22)")),
            link: Some("https://site.example/page?token=hunter22#x".into()),
            content: Some(format!("<a href=\"{}\">hunter22 here</a>", own.replace('&', "&amp;"))),
            origin: Some(Origin { url: Some(own.into()), ..Origin::default() }),
            authors: vec![Author { name: "Ann".into(), uri: Some(own.into()), ..Author::default() }],
            enclosures: vec![Enclosure {
                url: "https://cdn.example/hunter22/1.mp3".into(),
                ..Enclosure::default()
            }],
            details: Some(Box::new(Details { comments_feed: Some(own.into()), ..Details::default() })),
            ..Entry::default()
        };
        let hidden = secrets(own, UrlParts::Path).hidden_in(entry.clone());
        let shown = "https://site.example/own";
        assert_eq!(hidden.title.as_deref(), Some(&*format!("See {shown} or \u{2026}")));
        assert_eq!(hidden.link.as_deref(), Some("https://site.example/page"));
        assert_eq!(hidden.content.as_deref(), Some(&*format!("<a href=\"{shown}\">\u{2026} here</a>")));
        assert_eq!(hidden.origin.and_then(|origin| origin.url).as_deref(), Some(shown));
        assert_eq!(hidden.authors[0].uri.as_deref(), Some(shown));
        assert_eq!(hidden.enclosures[0].url, "https://cdn.example/");
        assert_eq!(hidden.details.and_then(|details| details.comments_feed).as_deref(), Some(shown));
        assert!(secrets("https://other.example/?sid=abcd", UrlParts::Path).hidden_in(entry.clone()) == entry);
    }

    #[test]
    fn only_what_names_the_address_or_its_secret_is_hidden() {
        for (url, parts, text, is_in) in [
            ("https://s.example/feed?f=3", UrlParts::Path, "https://s.example/feed?f=3#top", true),
            ("https://s.example/feed?f=3", UrlParts::Path, "HTTP://S.EXAMPLE/feed?f=3", true),
            ("https://s.example/feed?f=3", UrlParts::Path, "https://s.example/feed?f=31", false),
            ("https://s.example/feed?f=3", UrlParts::Path, "https://s.example/topic?f=3&t=9", false),
            ("https://s.example/feed?auth=ab%20cd", UrlParts::Path, "/x?y=ab%20cd", true),
            ("https://s.example/all/KEY77/rss", UrlParts::Host, "https://s.example/all/KEY77/2", true),
            ("https://s.example/all/KEY77/rss", UrlParts::Host, "By KEY77", true),
            ("https://s.example/all/KEY77/rss", UrlParts::Host, "https://s.example/all/2", false),
            ("https://s.example/my/feed.xml", UrlParts::Host, "s.example/my/feed.xml?a", true),
            ("https://s.example/my/feed.xml", UrlParts::Host, "https://s.example/my/page", false),
        ] {
            assert_eq!(secrets(url, parts).are_in(text), is_in, "{url} {text}");
        }
    }

    #[test]
    fn what_remains_of_an_address_shows_nothing_else() {
        let host = secrets("https://s.example/all/KEY77/rss", UrlParts::Host);
        assert_eq!(host.hidden("https://s.example/all/KEY77/2"), "https://s.example/");
        assert_eq!(host.hidden("magnet:?xs=https://s.example/all/KEY77/2"), "https://s.example/");
        let spaced = secrets("https://s.example/feed?auth=ab%20cd", UrlParts::Path);
        assert_eq!(spaced.hidden("It is ab cd."), "It is \u{2026}.");
    }
}
