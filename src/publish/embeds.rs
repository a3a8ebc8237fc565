//! Replaces frames with links to what they show. Pure.
//!
//! The store keeps frames (`html`). Documents do not: validators warn of them, few readers show them, and a player's
//! address opened by itself often shows nothing, so the link goes to the page of a video where that is known.

use std::fmt::Write as _;

use memchr::{memchr, memmem};
use url::Url;

use super::text::{one_line, percent_encode};
use crate::html::{frame_kind, frame_page};

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
    let Some(frame) = attribute_value(tag, "src").and_then(|src| Url::parse(&src).ok()) else { return };
    let page = percent_encode(&frame_page(&frame));
    let Some(host) = frame.host_str() else { return };
    let host = ["www.", "player.", "embed.", "w."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .unwrap_or(host);
    let title = attribute_value(tag, "title").map(|title| one_line(&title)).filter(|title| !title.is_empty());
    let link = format!(
        "<a href=\"{}\">{}: {}</a>",
        htmlize::escape_attribute(&page),
        frame_kind(&frame),
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
            (
                frame("https://open.spotify.com/embed/track/4u"),
                "<p><a href=\"https://open.spotify.com/track/4u\">Audio: open.spotify.com</a></p>".to_owned(),
            ),
            (
                frame("https://www.x.example/e"),
                "<p><a href=\"https://www.x.example/e\">Embedded: x.example</a></p>".to_owned(),
            ),
            (frame("mailto:a@x.example"), String::new()),
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
            ("https://youtube-nocookie.com/embed/x1", "https://www.youtube.com/watch?v=x1"),
            ("http://www.youtube.com/v/x1&amp;hl=en_US", "https://www.youtube.com/watch?v=x1"),
            ("https://peer.example/videos/embed/9c1f-22", "https://peer.example/w/9c1f-22"),
            ("https://open.spotify.com/embed/track/4u?a=b", "https://open.spotify.com/track/4u"),
            ("https://t.me/news/812?embed=1", "https://t.me/news/812"),
            ("https://platform.twitter.com/embed/Tweet.html?id=17", "https://twitter.com/i/status/17"),
            (
                "https://platform.twitter.com/embed/Tweet.html?id=a/b",
                "https://platform.twitter.com/embed/Tweet.html?id=a/b",
            ),
            ("https://x.example/e?list=1#f", "https://x.example/e?list=1#f"),
        ] {
            assert_eq!(address(player), page, "{player}");
        }
    }
}
