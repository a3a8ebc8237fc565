//! Sources from and to other readers: OPML 2.0, as it is found. Pure.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One feed of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// What the list calls it.
    pub title: Option<String>,
    /// The feed's address, as it is written.
    pub url: String,
    /// The folders in which it stands, outermost first.
    pub folders: Vec<String>,
}

/// What was read of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The feeds, in the order of the list.
    pub outlines: Vec<Outline>,
    /// Words, where the list ends being XML, and what comes after is unknown.
    pub broken: Option<String>,
}

/// Of folders within folders so many are told apart, and of a name so many characters are kept: real lists have a
/// few, and each feed carries the names of all that it is in.
const FOLDERS: usize = 8;
const LETTERS: usize = 300;

/// Reads the feeds of a list, in its order, at any depth. Other programs' lists are not always XML:
/// what comes before the place where it ends being any is read.
///
/// # Errors
/// Words, where no feed was found.
pub fn read(text: &str) -> Result<List, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut outlines = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    let mut is_opml = false;
    let broken = loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is(&tag, "outline") => {
                let (name, outline) = outline(&tag, &folders);
                outlines.extend(outline);
                folders.push(name);
            }
            Ok(Event::Empty(tag)) if is(&tag, "outline") => outlines.extend(outline(&tag, &folders).1),
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Ok(Event::Start(tag) | Event::Empty(tag)) => is_opml |= is(&tag, "opml"),
            Ok(Event::Eof) => break None,
            Ok(_) => {}
            Err(error) => break Some(error.to_string()),
        }
    };
    match (outlines.is_empty(), broken) {
        (false, broken) => Ok(List { outlines, broken }),
        (true, Some(error)) => Err(format!("not OPML: {error}")),
        (true, None) if is_opml => Err("a list without a feed: no outline has an xmlUrl".to_owned()),
        (true, None) => Err("not OPML".to_owned()),
    }
}

fn is(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case(name)
}

/// What an outline is called, for those in it, and the feed that it is, if it is one.
fn outline(tag: &BytesStart<'_>, folders: &[String]) -> (String, Option<Outline>) {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    let attributes: Vec<(String, String)> = attributes
        .flatten()
        .map(|attribute| {
            let name = attribute.key.local_name().as_ref().to_ascii_lowercase();
            let raw = &attribute.value;
            // Known references are resolved, and a bare & stays one.
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
    let outline = url.map(|url| {
        let folders = folders.iter().filter(|name| !name.is_empty()).take(FOLDERS).cloned().collect();
        Outline { title: title.clone(), url, folders }
    });
    (title.unwrap_or_default(), outline)
}

fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_found_at_any_depth_with_their_folders() {
        let list = r#"<?xml version="1.0"?><opml version="2.0"><body>
            <outline text="News"><outline text="Caucasus &amp; more" title="">
                <outline type="rss" text="OC" title="OC Media" xmlUrl="https://oc.example/feed?a=1&amp;b=2"/>
                <outline text="Bare &" xmlURL="https://bare.example/?x=1&y=2"></outline>
            </outline><outline text="A link" type="link" url="https://no.example/"/></outline>
            <outline type="RSS" url="https://old.example/rss"/></body></opml>"#;
        let found = read(list).expect("a list");
        let seen: Vec<_> = found
            .outlines
            .iter()
            .map(|o| (o.url.as_str(), o.title.as_deref(), o.folders.join("/")))
            .collect();
        assert_eq!(
            seen,
            [
                ("https://oc.example/feed?a=1&b=2", Some("OC Media"), "News/Caucasus & more".to_owned()),
                ("https://bare.example/?x=1&y=2", Some("Bare &"), "News/Caucasus & more".to_owned()),
                ("https://old.example/rss", None, String::new()),
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_said_and_a_broken_one_is_read_as_far_as_it_goes() {
        assert_eq!(read("hello"), Err("not OPML".to_owned()));
        assert!(
            read("<opml><body><outline text='a'/></body></opml>").is_err_and(|e| e.contains("no outline"))
        );
        assert!(read("<!doctype html><html><body>x").is_err());
        let cut =
            "<opml><body><outline xmlUrl='https://a.example/'/></outline><outline xmlUrl='https://b.exam";
        assert!(read(cut).is_ok_and(|found| found.outlines.len() == 1 && found.broken.is_some()));
    }

    #[test]
    fn a_list_of_any_depth_costs_no_more_than_its_length() {
        const DEPTH: usize = 100_000;
        let nested = "<outline text='in' xmlUrl='https://a.example/'>".repeat(DEPTH);
        let found = read(&format!("<opml><body>{nested}")).expect("feeds");
        assert_eq!(found.outlines.len(), DEPTH);
        assert_eq!(found.outlines.last().map(|last| last.folders.len()), Some(FOLDERS));
    }
}
