//! Writes a list of feeds as OPML 2.0. Pure.

use std::io::{self, Write};

use url::Url;

use super::format::Format;
use super::text::{percent_encode, unambiguous_line};
use super::xml::XmlWriter;

/// The value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";
/// The path under which it is served.
pub const PATH: &str = "/outputs.opml";

/// A feed in an OPML list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpmlFeed {
    /// Its title.
    pub title: String,
    /// The feed's address.
    pub feed: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The address of its site or page.
    pub page: Option<String>,
}

/// Writes the outputs, given as (name, title).
pub fn write_outputs<'a>(public_url: &Url, outputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let base = public_url.as_str().trim_end_matches('/');
    let address = |format: Format, name: &str| format!("{base}{}", format.path(name));
    let feeds = outputs.into_iter().map(|(name, title)| OpmlFeed {
        title: title.to_owned(),
        feed: address(Format::Atom, name),
        tags: Vec::new(),
        page: Some(address(Format::Html, name)),
    });
    let mut list = Vec::new();
    // Writing to memory does not fail.
    let _ = write_feeds(feeds, &mut list);
    list
}

/// Writes a list of feeds, each as soon as it is known: there may be many.
///
/// # Errors
/// `out` cannot be written.
pub fn write_feeds(feeds: impl IntoIterator<Item = OpmlFeed>, out: &mut impl Write) -> io::Result<()> {
    let mut xml = XmlWriter::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.text_element("title", &[], "Siftwire");
    xml.close();
    xml.open("body", &[]);
    for feed in feeds {
        // OPML 2.0 allows markup in an outline's text, and readers differ on whether to interpret it.
        let title = unambiguous_line(&feed.title);
        let tags = feed.tags.join(",");
        let (address, page) = (percent_encode(&feed.feed), feed.page.as_deref().map(percent_encode));
        let mut attributes = vec![
            ("type", "rss"),
            ("text", title.as_str()),
            ("title", title.as_str()),
            ("xmlUrl", address.as_str()),
        ];
        attributes.extend(Some(tags.as_str()).filter(|tags| !tags.is_empty()).map(|tags| ("category", tags)));
        attributes.extend(page.as_deref().map(|page| ("htmlUrl", page)));
        xml.empty_element("outline", &attributes);
        out.write_all(&xml.take())?;
    }
    out.write_all(&xml.finish())
}
