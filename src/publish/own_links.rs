//! Gives a feed's links to itself and to its archive the token with which its reader came. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::document::SEARCH_PATH;
use super::document_cache::{Coding, Representation};
use super::format::Format;
use super::output::Site;

/// What an address escapes in a token (RFC 3986 section 2.3); the rest is as it is in XML and in JSON too.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose feed it is.
#[derive(Clone, Copy, Debug)]
pub enum FeedOf<'a> {
    /// The output with this name.
    Output(&'a str),
    /// A search.
    Search,
}

/// A feed with links that a reader can follow which sends the token in the address alone; `None` if it has no links to
/// itself. Only whole values before the first entry are changed: an entry may have our address in one of its own.
#[must_use]
pub fn with_token(
    feed: &Representation,
    public_url: &Url,
    (feed_of, format): (FeedOf<'_>, Format),
    token: &str,
) -> Option<Representation> {
    let text = std::str::from_utf8(feed.body(Coding::Identity)?).ok()?;
    let site = Site::at(public_url.clone());
    let address = match feed_of {
        FeedOf::Output(name) => site.feed_address(name, Format::Html),
        FeedOf::Search => site.address(SEARCH_PATH),
    };
    // In XML as its writer escapes it; the other characters that it escapes are in no address.
    let (entries, address) = match format {
        Format::Atom => ("\n  <entry", address.replace('&', "&#x26;")),
        Format::Rss => ("\n    <item>", address.replace('&', "&#x26;")),
        Format::Json => ("\n  \"items\": [", address),
        Format::Html => return None,
    };
    let (head, rest) = text.split_at(text.find(entries).unwrap_or(text.len()));
    let and = if format == Format::Json { "&" } else { "&#x26;" };
    let parameter = format!("token={}", utf8_percent_encode(token, ESCAPED));
    let mut out = String::with_capacity(text.len() + 8 * parameter.len());
    for line in head.split_inclusive('\n') {
        match split_link(line, format) {
            Some((before, value, after)) if is_own(value, &address) => {
                out.extend([before, value, if value.contains('?') { and } else { "?" }, &parameter, after]);
            }
            _ => out.push_str(line),
        }
    }
    if out.len() == head.len() {
        return None;
    }
    out.push_str(rest);
    Some(Representation::new(feed.content_type, out.into_bytes(), feed.last_modified))
}

/// The address in a line of a feed's head that is a link which readers follow, with what is before and after it. No text
/// looks like one: `<` is escaped there in XML, and line breaks are in JSON.
fn split_link(line: &str, format: Format) -> Option<(&str, &str, &str)> {
    let (starts, before_value): (&[&str], &str) = match format {
        Format::Json => (&["\"feed_url\"", "\"next_url\""], ": \""),
        Format::Atom | Format::Rss | Format::Html => (&["<link rel=", "<atom:link rel="], " href=\""),
    };
    let element = line.trim_start();
    starts.iter().find(|start| element.starts_with(**start))?;
    let value = line.find(before_value)? + before_value.len();
    let (before, rest) = line.split_at(value);
    let (value, after) = rest.split_at(rest.find('"')?);
    Some((before, value, after))
}

/// Whether an address is that of the feed, in any format, or of a page of its archive. Not that of its web page: whoever opens
/// it can sign in, and a browser shows addresses to others.
fn is_own(value: &str, address: &str) -> bool {
    let Some(rest) = value.strip_prefix(address) else { return false };
    let rest = rest.split('?').next().unwrap_or_default();
    let number = rest.strip_prefix("/archive/");
    let extension = number.map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    Format::feeds().any(|format| format.extension() == extension)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::publish::document::Document;
    use crate::publish::document::HistoryPosition;
    use crate::publish::output::Output;
    use crate::publish::render::write;

    /// A document with the own address in every text and in an address of the owner's icon.
    fn document() -> Document {
        let output = Output {
            title: "\n<link rel=\"self\" href=\"https://a.example/x&y/feeds/closed.atom\"/>".to_owned(),
            description: Some("\n\"feed_url\": \"https://a.example/x&y/feeds/closed.json\"".to_owned()),
            ..Output::named("closed")
        };
        let site = Site::at(Url::parse("https://a.example/x&y/").unwrap());
        Document {
            position: HistoryPosition::Current { previous: Some(12) },
            ..Document::new(&output, &site)
        }
    }

    #[test]
    fn only_links_to_the_feed_and_its_archive_get_the_token_and_it_is_escaped() {
        for (format, links) in [(Format::Atom, 2), (Format::Rss, 2), (Format::Json, 2)] {
            let old =
                Representation::new(format.content_type(), write(format, &document()), Timestamp::UNIX_EPOCH);
            let url = Url::parse("https://a.example/x&y").unwrap();
            let new =
                with_token(&old, &url, (FeedOf::Output("closed"), format), "a\"b&<c>%+/-_").expect("links");
            let text =
                |of: &Representation| String::from_utf8(of.body(Coding::Identity).unwrap().to_vec()).unwrap();
            let query = "?token=a%22b%26%3Cc%3E%25%2B%2F-_";
            assert_eq!(text(&new).matches(query).count(), links, "{}", text(&new));
            assert_eq!(text(&new).matches(&format!("{}{query}\"", format.extension())).count(), links);
            assert_eq!(text(&new).replace(query, ""), text(&old));
            assert_ne!(new.etag(Coding::Identity), old.etag(Coding::Identity));
            let elsewhere = Url::parse("https://b.example/").unwrap();
            assert!(with_token(&old, &elsewhere, (FeedOf::Output("closed"), format), "a").is_none());
            assert!(with_token(&old, &url, (FeedOf::Output("close"), format), "a").is_none());
        }
    }

    #[test]
    fn an_address_is_own_only_as_a_whole() {
        let own = "https://a.example/feeds/closed";
        for rest in [".atom", ".rss", ".json", "/archive/1.atom", "/archive/12.json"] {
            assert!(is_own(&format!("{own}{rest}"), own), "{rest}");
        }
        for rest in
            ["", "?.atom", ".atom.rss", "2.atom", "/archive/1", "/archive/x.atom", "/archive/1.atom/.atom"]
        {
            assert!(!is_own(&format!("{own}{rest}"), own), "{rest}");
        }
        assert!(!is_own("https://evil.example/?u=https://a.example/feeds/closed.atom", own));
    }
}
