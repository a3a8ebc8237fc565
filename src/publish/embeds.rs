//! Replaces embedded video players (iframes) with links to the videos. Pure.
//!
//! The store keeps players of known hosts (`html`). Documents do not: validators warn of frames, few readers show them,
//! and a player's address opened by itself often shows nothing, so the link goes to the video's page.

use std::fmt::Write as _;

use memchr::{memchr, memmem};
use url::Url;

use super::text::{one_line, percent_encode};
use crate::html::video_page;

/// Replaces each frame of sanitized HTML with a link, in a paragraph of its own unless it is inside one.
pub(super) fn frames_to_links(html: String) -> String {
    if memmem::find(html.as_bytes(), b"<iframe").is_none() {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let (mut at, mut copied) = (0, 0);
    let mut context = FrameContext::default();
    while let Some(start) = memchr(b'<', &html.as_bytes()[at..]).map(|found| at + found) {
        let end = start + tag_length(&html.as_bytes()[start..]);
        let tag = &html[start..end];
        at = end;
        match tag_name(tag) {
            "a" => context.link = Some(tag),
            "/a" => context.link = None,
            "p" => context.in_paragraph = true,
            "/p" => context.in_paragraph = false,
            "iframe" => {
                out.push_str(&html[copied..start]);
                write_link(tag, &context, &mut out);
                // Skip the frame's fallback content; sanitized HTML has none.
                at = html[end..].find("</iframe>").map_or(end, |close| end + close + "</iframe>".len());
                copied = at;
            }
            _ => {}
        }
    }
    out.push_str(&html[copied..]);
    out
}

/// The elements around a frame.
#[derive(Default)]
struct FrameContext<'a> {
    /// The start tag of the enclosing link: links cannot nest.
    link: Option<&'a str>,
    /// Whether it is in a paragraph: these cannot nest either.
    in_paragraph: bool,
}

fn write_link(tag: &str, context: &FrameContext<'_>, out: &mut String) {
    let Some(player) = attribute_value(tag, "src").and_then(|src| Url::parse(&src).ok()) else { return };
    let page = percent_encode(&video_page(&player));
    let host = player.host_str().unwrap_or_default();
    let host =
        ["www.", "player.", "embed."].iter().find_map(|prefix| host.strip_prefix(prefix)).unwrap_or(host);
    let title = attribute_value(tag, "title").map(|title| one_line(&title)).filter(|title| !title.is_empty());
    let link = format!(
        "<a href=\"{}\">Video: {}</a>",
        htmlize::escape_attribute(&page),
        htmlize::escape_text(title.as_deref().unwrap_or(host))
    );
    // Writing to a string does not fail.
    let _ = match (context.link, context.in_paragraph) {
        (Some(around), _) => write!(out, "</a>{link}{around}"),
        (None, true) => write!(out, "{link}"),
        (None, false) => write!(out, "<p>{link}</p>"),
    };
}

/// The length of a tag in bytes, up to its `>` outside quotes.
fn tag_length(tag: &[u8]) -> usize {
    let mut quoted = false;
    let close = tag.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'>' && !quoted
    });
    close.map_or(tag.len(), |close| close + 1)
}

/// A tag's name in sanitized HTML, with the slash of an end tag.
fn tag_name(tag: &str) -> &str {
    tag[1..].split([' ', '>']).next().unwrap_or_default()
}

/// An attribute's value in sanitized HTML, with character references resolved.
fn attribute_value(tag: &str, name: &str) -> Option<String> {
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
        let html = frames_to_links(frame(src));
        let href = html.split_once("href=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a link").0;
        htmlize::unescape_attribute(href).into_owned()
    }

    #[test]
    fn a_frame_is_replaced_with_a_link() {
        let video = frame("https://www.youtube.com/embed/a-_1?rel=0&amp;start=3");
        let link = "<a href=\"https://www.youtube.com/watch?v=a-_1\">Video: youtube.com</a>";
        for (html, expected) in [
            (video.clone(), format!("<p>{link}</p>")),
            (format!("<p>one {video} two</p>{video}"), format!("<p>one {link} two</p><p>{link}</p>")),
            (
                format!("<a href=\"/x\" title=\"a &gt; b\"><b>t</b>{video}u</a>{video}"),
                format!(
                    "<a href=\"/x\" title=\"a &gt; b\"><b>t</b></a>{link}<a href=\"/x\" title=\"a &gt; b\">u</a><p>{link}</p>"
                ),
            ),
            ("<p>a &lt;iframe b</p>".to_owned(), "<p>a &lt;iframe b</p>".to_owned()),
            ("<iframe></iframe>x".to_owned(), "x".to_owned()),
            ("<iframe src=\"https://".to_owned(), String::new()),
            ("x <iframe".to_owned(), "x ".to_owned()),
        ] {
            assert_eq!(frames_to_links(html.clone()), expected, "{html}");
        }
    }

    #[test]
    fn a_frame_title_is_plain_text() {
        let html = "<iframe title=\"A &lt;b&gt; &quot;c&quot; &amp;amp;\" src=\"https://vk.com/video_ext.php?oid=1&amp;id=2\"></iframe>";
        assert_eq!(
            frames_to_links(html.to_owned()),
            "<p><a href=\"https://vk.com/video_ext.php?oid=1&amp;id=2\">Video: A &lt;b&gt; \"c\" &amp;amp;</a></p>"
        );
    }

    #[test]
    fn a_frame_in_an_attribute_is_not_a_frame() {
        // The sanitizer escapes the bracket, but stored HTML may be older.
        let html = format!(
            "<b title=\"<iframe src=x></iframe><script>x()</script>\">t</b>{}",
            frame("https://rutube.ru/play/embed/ab")
        );
        let expected = "<b title=\"<iframe src=x></iframe><script>x()</script>\">t</b><p><a href=\"https://rutube.ru/video/ab\">Video: rutube.ru</a></p>";
        assert_eq!(frames_to_links(html), expected);
    }

    #[test]
    fn a_video_without_a_known_page_is_linked_by_its_player() {
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
