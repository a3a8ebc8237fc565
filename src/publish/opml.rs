//! Feeds as one OPML 2.0 file, to subscribe to at one stroke. Pure.

use url::Url;

use super::format::Format;
use super::text::{one_line, uri};
use super::xml::Xml;

/// The value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";
/// Where it is served.
pub const PATH: &str = "/outputs.opml";

/// One feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpmlFeed {
    /// What it is called.
    pub title: String,
    /// The feed.
    pub feed: String,
    /// The page that it is of.
    pub page: Option<String>,
}

/// Writes the outputs, given as name and title.
pub fn write_outputs<'a>(public_url: &Url, outputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let base = public_url.as_str().trim_end_matches('/');
    let address = |format: Format, name: &str| format!("{base}{}", format.path(name));
    write_feeds(outputs.into_iter().map(|(name, title)| OpmlFeed {
        title: title.to_owned(),
        feed: address(Format::Atom, name),
        page: Some(address(Format::Html, name)),
    }))
}

/// Writes a list of feeds.
pub fn write_feeds(lines: impl IntoIterator<Item = OpmlFeed>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.leaf("title", &[], "Siftwire");
    xml.close();
    xml.open("body", &[]);
    for line in lines {
        // The text of an outline may be markup (OPML 2.0), and readers differ in whether they take it for that:
        // angle quotes look alike and are markup to nobody.
        let title = one_line(&line.title).replace('<', "\u{2039}").replace('>', "\u{203a}");
        let (feed, page) = (uri(&line.feed), line.page.as_deref().map(uri));
        let mut attributes = vec![
            ("type", "rss"),
            ("text", title.as_str()),
            ("title", title.as_str()),
            ("xmlUrl", feed.as_str()),
        ];
        attributes.extend(page.as_deref().map(|page| ("htmlUrl", page)));
        xml.empty("outline", &attributes);
    }
    xml.finish()
}
