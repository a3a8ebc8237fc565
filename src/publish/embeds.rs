//! Frames of films written as links: no document makes a reader's program load somebody else's page. Pure.
//!
//! The store keeps frames of known film hosts (`ingest::html`); validators warn of any frame, few readers show one,
//! and the address of a player, opened by itself, often shows nothing. A link to the film's own page serves all.

use std::fmt::Write as _;

use memchr::{memchr, memmem};
use url::Url;

use super::text::{one_line, uri};

/// Where a film that a player shows has a page of its own: the player's host and path, the page without the film's id.
const PAGES: [(&str, &str, &str); 9] = [
    ("www.youtube.com", "/embed/", "https://www.youtube.com/watch?v="),
    ("youtube.com", "/embed/", "https://www.youtube.com/watch?v="),
    ("www.youtube-nocookie.com", "/embed/", "https://www.youtube.com/watch?v="),
    ("player.vimeo.com", "/video/", "https://vimeo.com/"),
    ("www.dailymotion.com", "/embed/video/", "https://www.dailymotion.com/video/"),
    ("embed.ted.com", "/talks/", "https://www.ted.com/talks/"),
    ("archive.org", "/embed/", "https://archive.org/details/"),
    ("ok.ru", "/videoembed/", "https://ok.ru/video/"),
    ("rutube.ru", "/play/embed/", "https://rutube.ru/video/"),
];

/// Clean HTML with each frame as a link to its film, in a paragraph of its own unless it stands in one.
pub(super) fn linked(html: String) -> String {
    if memmem::find(html.as_bytes(), b"<iframe").is_none() {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let (mut at, mut copied) = (0, 0);
    let mut place = Place::default();
    while let Some(start) = memchr(b'<', &html.as_bytes()[at..]).map(|found| at + found) {
        let end = start + length(&html.as_bytes()[start..]);
        let tag = &html[start..end];
        at = end;
        match name(tag) {
            "a" => place.link = Some(tag),
            "/a" => place.link = None,
            "p" => place.paragraph = true,
            "/p" => place.paragraph = false,
            "iframe" => {
                out.push_str(&html[copied..start]);
                write_link(tag, &place, &mut out);
                // What stands in a frame is for who cannot show frames, and clean HTML has nothing there.
                at = html[end..].find("</iframe>").map_or(end, |close| end + close + "</iframe>".len());
                copied = at;
            }
            _ => {}
        }
    }
    out.push_str(&html[copied..]);
    out
}

/// Where a frame stands.
#[derive(Default)]
struct Place<'a> {
    /// The tag of the link around it: links do not nest.
    link: Option<&'a str>,
    /// Whether it is within a paragraph: they do not nest either.
    paragraph: bool,
}

fn write_link(tag: &str, place: &Place<'_>, out: &mut String) {
    let Some(player) = value(tag, "src").and_then(|src| Url::parse(&src).ok()) else { return };
    let page = uri(&page(&player));
    let host = player.host_str().unwrap_or_default();
    let host =
        ["www.", "player.", "embed."].iter().find_map(|begin| host.strip_prefix(begin)).unwrap_or(host);
    let title = value(tag, "title").map(|title| one_line(&title)).filter(|title| !title.is_empty());
    let link = format!(
        "<a href=\"{}\">Video: {}</a>",
        htmlize::escape_attribute(&page),
        htmlize::escape_text(title.as_deref().unwrap_or(host))
    );
    // Writing to a string does not fail.
    let _ = match (place.link, place.paragraph) {
        (Some(around), _) => write!(out, "</a>{link}{around}"),
        (None, true) => write!(out, "{link}"),
        (None, false) => write!(out, "<p>{link}</p>"),
    };
}

/// The page of a player's film, where it is known to have one, else the player's own address.
fn page(player: &Url) -> String {
    // A list of films and a film that is shown to who has its key are not found by the id alone.
    let is_plain = player.query_pairs().all(|(key, _)| key != "list" && key != "h");
    let page = PAGES.iter().find_map(|(host, begin, page)| {
        let id = player.path().strip_prefix(begin).filter(|_| player.host_str() == Some(host))?;
        let id = id.trim_end_matches('/');
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (is_id && is_plain).then(|| format!("{page}{id}"))
    });
    page.unwrap_or_else(|| player.to_string())
}

/// The bytes of a tag: to its `>` outside quotes.
fn length(tag: &[u8]) -> usize {
    let mut quoted = false;
    let close = tag.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'>' && !quoted
    });
    close.map_or(tag.len(), |close| close + 1)
}

/// The name of a tag in clean HTML, with the slash of an end tag.
fn name(tag: &str) -> &str {
    tag[1..].split([' ', '>']).next().unwrap_or_default()
}

/// An attribute's value, as clean HTML writes it, its references resolved.
fn value(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(htmlize::unescape_attribute(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(src: &str) -> String {
        format!("<iframe src=\"{src}\" width=\"9\"></iframe>")
    }

    fn address(src: &str) -> String {
        let html = linked(frame(src));
        let href = html.split_once("href=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a link").0;
        htmlize::unescape_attribute(href).into_owned()
    }

    #[test]
    fn a_frame_becomes_a_link_where_it_stood() {
        let film = frame("https://www.youtube.com/embed/a-_1?rel=0&amp;start=3");
        let link = "<a href=\"https://www.youtube.com/watch?v=a-_1\">Video: youtube.com</a>";
        for (html, expected) in [
            (film.clone(), format!("<p>{link}</p>")),
            (format!("<p>one {film} two</p>{film}"), format!("<p>one {link} two</p><p>{link}</p>")),
            (
                format!("<a href=\"/x\" title=\"a &gt; b\"><b>t</b>{film}u</a>{film}"),
                format!(
                    "<a href=\"/x\" title=\"a &gt; b\"><b>t</b></a>{link}<a href=\"/x\" title=\"a &gt; b\">u</a><p>{link}</p>"
                ),
            ),
            ("<p>a &lt;iframe b</p>".to_owned(), "<p>a &lt;iframe b</p>".to_owned()),
            ("<iframe></iframe>x".to_owned(), "x".to_owned()),
            ("<iframe src=\"https://".to_owned(), String::new()),
            ("x <iframe".to_owned(), "x ".to_owned()),
        ] {
            assert_eq!(linked(html.clone()), expected, "{html}");
        }
    }

    #[test]
    fn a_title_is_told_as_text() {
        let html = "<iframe title=\"A &lt;b&gt; &quot;c&quot; &amp;amp;\" src=\"https://vk.com/video_ext.php?oid=1&amp;id=2\"></iframe>";
        assert_eq!(
            linked(html.to_owned()),
            "<p><a href=\"https://vk.com/video_ext.php?oid=1&amp;id=2\">Video: A &lt;b&gt; \"c\" &amp;amp;</a></p>"
        );
    }

    #[test]
    fn what_looks_like_a_frame_within_an_attribute_stays() {
        // Clean HTML escapes the bracket; older stores and other cleaners need not.
        let html = format!(
            "<b title=\"<iframe src=x></iframe><script>x()</script>\">t</b>{}",
            frame("https://rutube.ru/play/embed/ab")
        );
        let expected = "<b title=\"<iframe src=x></iframe><script>x()</script>\">t</b><p><a href=\"https://rutube.ru/video/ab\">Video: rutube.ru</a></p>";
        assert_eq!(linked(html), expected);
    }

    #[test]
    fn films_have_pages_and_others_their_players() {
        for (player, page) in [
            ("https://www.youtube-nocookie.com/embed/x1", "https://www.youtube.com/watch?v=x1"),
            ("https://player.vimeo.com/video/12/", "https://vimeo.com/12"),
            ("https://player.vimeo.com/video/12?h=ab", "https://player.vimeo.com/video/12?h=ab"),
            (
                "https://www.youtube.com/embed/videoseries?list=PL1",
                "https://www.youtube.com/embed/videoseries?list=PL1",
            ),
            ("https://www.youtube.com/embed/a/b", "https://www.youtube.com/embed/a/b"),
            ("http://www.dailymotion.com/embed/video/x2", "https://www.dailymotion.com/video/x2"),
            (
                "https://geo.dailymotion.com/player.html?video=x2",
                "https://geo.dailymotion.com/player.html?video=x2",
            ),
        ] {
            assert_eq!(address(player), page, "{player}");
        }
    }
}
