//! Reads OPML 2.0 subscription lists, leniently. Pure.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One feed of a subscription list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Its title in the list.
    pub title: Option<String>,
    /// The feed's URL, unchecked.
    pub url: String,
    /// Its tags: the folders that contain it, outermost first, and its categories.
    pub tags: Vec<String>,
}

impl Outline {
    /// Adds the tag that is made of a name, such as `central-asia` of "Central Asia".
    pub fn add_tag(&mut self, name: &str) {
        let plain: String = name.to_lowercase().chars().map(|c| if is_in_tag(c) { c } else { ' ' }).collect();
        let tag: String = plain.split_whitespace().collect::<Vec<_>>().join("-");
        let tag: String = tag.chars().take(MAX_TAG_CHARS).collect();
        if !tag.is_empty() && self.tags.len() < MAX_TAGS && !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }
}

/// Whether a tag may contain a character.
pub(super) fn is_in_tag(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// A subscription list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedList {
    /// The feeds, in list order.
    pub outlines: Vec<Outline>,
    /// What looks like a feed and has no address of one: `url` is that of its page, or empty.
    pub without_feed: Vec<Outline>,
    /// The error at which reading stopped, if the list is not well-formed XML.
    pub xml_error: Option<String>,
}

/// The most tags of each feed. Without a limit a deeply nested list would take quadratic memory.
const MAX_TAGS: usize = 8;

/// The longest tag, in characters.
const MAX_TAG_CHARS: usize = 60;

/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 300;

/// Reads the feeds of a list at any depth. Some programs write invalid XML: everything before the first error is
/// used.
///
/// # Errors
/// A message, if there is no feed.
pub fn read(text: &str) -> Result<FeedList, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut outlines, mut without_feed) = (Vec::new(), Vec::new());
    let mut folders: Vec<String> = Vec::new();
    let mut is_opml = false;
    let xml_error = loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if has_name(&tag, "outline") => {
                let (name, outline) = read_outline(&tag, &folders);
                outlines.extend(outline.ok());
                folders.push(name);
            }
            Ok(Event::Empty(tag)) if has_name(&tag, "outline") => match read_outline(&tag, &folders).1 {
                Ok(outline) => outlines.push(outline),
                Err(outline) => without_feed.extend(outline),
            },
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Ok(Event::Start(tag) | Event::Empty(tag)) => is_opml |= has_name(&tag, "opml"),
            Ok(Event::Eof) => break None,
            Ok(_) => {}
            Err(error) => break Some(error.to_string()),
        }
    };
    match (outlines.is_empty(), xml_error) {
        (false, xml_error) => Ok(FeedList { outlines, without_feed, xml_error }),
        (true, Some(error)) => Err(format!("not OPML: {error}")),
        (true, None) if is_opml => Err("the list has no feed: no outline has an xmlUrl".to_owned()),
        (true, None) => Err("not OPML".to_owned()),
    }
}

fn has_name(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case(name)
}

/// The name of an outline, for the outlines within it, and its feed; else what would be one if it had an address.
fn read_outline(tag: &BytesStart<'_>, folders: &[String]) -> (String, Result<Outline, Option<Outline>>) {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    let attributes: Vec<(String, String)> = attributes
        .flatten()
        .map(|attribute| {
            let name = attribute.key.local_name().as_ref().to_ascii_lowercase();
            let raw = &attribute.value;
            // Lenient: a bare & is kept.
            (name, htmlize::unescape_attribute(raw.trim()).into_owned())
        })
        .collect();
    let value = |wanted: &str| {
        let found = attributes.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let title = value("title").or_else(|| value("text")).map(|text| one_line(&text));
    let is_feed =
        value("type").is_some_and(|kind| ["rss", "atom"].contains(&kind.to_ascii_lowercase().as_str()));
    let url = value("xmlurl").or_else(|| value("url").filter(|_| is_feed));
    let page = value("htmlurl").or_else(|| value("url"));
    let without_feed = (is_feed || page.is_some()).then(|| Outline {
        title: title.clone(),
        url: page.unwrap_or_default(),
        tags: Vec::new(),
    });
    let outline = url.ok_or(without_feed).map(|url| {
        let mut outline = Outline { title: title.clone(), url, tags: Vec::new() };
        folders.iter().take(MAX_TAGS).for_each(|folder| outline.add_tag(folder));
        // As in `/News/Caucasus,weekly`.
        value("category").iter().flat_map(|all| all.split([',', '/'])).for_each(|one| outline.add_tag(one));
        outline
    });
    (title.unwrap_or_default(), outline)
}

fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TITLE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_address_of_a_feed_is_told() {
        let list = read(
            "<opml><outline text='F'><outline text='A' xmlUrl='https://a.example/'/></outline>
             <outline text='B' htmlUrl='https://b.example/'/><outline text='C' type='rss' xmlUrl=''/>
             <outline text='D' type='include' url='https://d.example/x.opml'/><outline text='empty folder'/>
             <outline text='G' type='rss'><outline text='E' xmlUrl='https://e.example/'/></outline></opml>",
        );
        let list = list.expect("a list");
        assert_eq!(list.outlines.len(), 2);
        let told: Vec<_> = list
            .without_feed
            .iter()
            .map(|o| (o.title.as_deref().unwrap_or_default(), o.url.as_str()))
            .collect();
        assert_eq!(told, [("B", "https://b.example/"), ("C", ""), ("D", "https://d.example/x.opml")]);
    }

    #[test]
    fn feeds_are_found_at_any_depth_with_their_tags() {
        let list = r#"<?xml version="1.0"?><opml version="2.0"><body>
            <outline text="News"><outline text="Caucasus &amp; more" title="">
                <outline type="rss" text="OC" title="OC Media" category="/News/Daily, x" xmlUrl="https://oc.example/feed?a=1&amp;b=2"/>
                <outline text="Bare &" xmlURL="https://bare.example/?x=1&y=2"></outline>
            </outline><outline text="A link" type="link" url="https://no.example/"/></outline>
            <outline type="RSS" url="https://old.example/rss"/></body></opml>"#;
        let found = read(list).expect("an OPML list");
        let seen: Vec<_> =
            found.outlines.iter().map(|o| (o.url.as_str(), o.title.as_deref(), o.tags.join(" "))).collect();
        assert_eq!(
            seen,
            [
                (
                    "https://oc.example/feed?a=1&b=2",
                    Some("OC Media"),
                    "news caucasus-more daily x".to_owned()
                ),
                ("https://bare.example/?x=1&y=2", Some("Bare &"), "news caucasus-more".to_owned()),
                ("https://old.example/rss", None, String::new()),
            ]
        );
    }

    #[test]
    fn a_document_without_feeds_is_an_error_and_a_truncated_list_is_read_up_to_the_error() {
        assert_eq!(read("hello"), Err("not OPML".to_owned()));
        assert!(
            read("<opml><body><outline text='a'/></body></opml>").is_err_and(|e| e.contains("no outline"))
        );
        assert!(read("<!doctype html><html><body>x").is_err());
        let cut =
            "<opml><body><outline xmlUrl='https://a.example/'/></outline><outline xmlUrl='https://b.exam";
        assert!(read(cut).is_ok_and(|found| found.outlines.len() == 1 && found.xml_error.is_some()));
    }

    #[test]
    fn memory_grows_only_linearly_with_the_depth_of_a_list() {
        const DEPTH: usize = 100_000;
        let nested = "<outline text='in' xmlUrl='https://a.example/'>".repeat(DEPTH);
        let found = read(&format!("<opml><body>{nested}")).expect("feeds");
        assert_eq!(found.outlines.len(), DEPTH);
        assert_eq!(found.outlines.last().map(|last| last.tags.len()), Some(1));
    }
}
