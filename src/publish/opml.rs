//! All outputs as one OPML 2.0 file, to subscribe to at one stroke. Pure.

use url::Url;

use super::format::Format;
use super::text::one_line;
use super::xml::Xml;

/// The value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";
/// Where it is served.
pub const PATH: &str = "/outputs.opml";

/// Writes the outputs, given as name and title, as OPML 2.0.
pub fn write<'a>(public_url: &Url, outputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let base = public_url.as_str().trim_end_matches('/');
    let mut xml = Xml::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.leaf("title", &[], "Siftwire");
    xml.close();
    xml.open("body", &[]);
    for (name, title) in outputs {
        let title = one_line(title);
        xml.empty(
            "outline",
            &[
                ("type", "rss"),
                ("text", &title),
                ("title", &title),
                ("xmlUrl", &format!("{base}{}", Format::Atom.path(name))),
                ("htmlUrl", &format!("{base}{}", Format::Html.path(name))),
            ],
        );
    }
    xml.finish()
}
