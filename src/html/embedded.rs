//! Removes tracking pixels, and frames other than video players, from sanitized HTML. Pure.

use std::borrow::Cow;

use url::Url;

use super::embeds::is_video_player;
use super::tags::{Tag, find_tags};

/// The HTML without them.
pub(super) fn remove_unwanted(html: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut copied = 0;
    for tag in find_tags(html, &["img", "iframe", "/iframe"]) {
        // A tag in the content of a frame, which is dropped.
        if tag.start < copied {
            continue;
        }
        kept.push_str(&html[copied..tag.start]);
        copied = tag.end;
        match tag.name {
            "img" if is_visible_image(&tag) => kept.push_str(&without_style(html, &tag)),
            "iframe" => {
                if is_video_frame(&tag) {
                    kept.push_str(&html[tag.start..tag.end]);
                    kept.push_str("</iframe>");
                }
                copied = html[tag.end..].find("</iframe>").map_or(html.len(), |end| tag.end + end + 9);
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(&html[copied..]);
    Cow::Owned(kept)
}

/// An image's tag without its style.
pub(super) fn without_style(html: &str, tag: &Tag<'_>) -> String {
    let whole = &html[tag.start..tag.end];
    match tag.value("style") {
        Some(style) => whole.replace(&format!(" style=\"{style}\""), ""),
        None => whole.to_owned(),
    }
}

/// Whether an image is meant to be seen, and not to track readers.
pub(super) fn is_visible_image(tag: &Tag<'_>) -> bool {
    let Some(src) = tag.value("src") else { return false };
    let size = |name| tag.value(name).and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok());
    let tiny = size("width").is_some_and(|w| w <= 1) && size("height").is_some_and(|h| h <= 1);
    let style: String =
        tag.value("style").unwrap_or_default().to_ascii_lowercase().split_whitespace().collect();
    let hidden = style.contains("display:none")
        || style.contains("visibility:hidden")
        || (["width:1px", "width:0"].iter().any(|size| style.contains(size))
            && ["height:1px", "height:0"].iter().any(|size| style.contains(size)));
    !tiny && !hidden && !is_tracker(src)
}

/// Tracking pixels: the host, and how the path begins.
const TRACKERS: [(&str, &str); 16] = [
    ("feeds.feedburner.com", "/~r/"),
    ("feedproxy.google.com", "/~r/"),
    ("feeds.wordpress.com", "/1.0/"),
    ("pixel.wp.com", "/"),
    ("stats.wordpress.com", "/b.gif"),
    ("b.scorecardresearch.com", "/"),
    ("pixel.quantserve.com", "/"),
    ("www.google-analytics.com", "/"),
    ("ad.doubleclick.net", "/"),
    ("mc.yandex.ru", "/"),
    ("counter.yadro.ru", "/"),
    ("www.tns-counter.ru", "/"),
    ("counter.rambler.ru", "/"),
    ("top-fwz1.mail.ru", "/"),
    ("da.feedsportal.com", "/"),
    ("pi.feedsportal.com", "/"),
];

fn is_tracker(src: &str) -> bool {
    let Some((_, rest)) = src.split_once("://") else { return false };
    TRACKERS.iter().any(|(host, path)| rest.strip_prefix(host).is_some_and(|rest| rest.starts_with(path)))
}

fn is_video_frame(tag: &Tag<'_>) -> bool {
    let src = tag.value("src").and_then(|src| Url::parse(&htmlize::unescape_attribute(src)).ok());
    src.is_some_and(|src| is_video_player(&src))
}
