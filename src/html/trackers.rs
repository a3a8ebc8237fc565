//! The pictures and frames of clean HTML that no reader wants: those that only count, and those that show no
//! film. Pure.

use std::borrow::Cow;

use url::Url;

use super::tags::{Tag, tags};

/// Clean HTML without them.
pub(super) fn without(html: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut copied = 0;
    for tag in tags(html, &["img", "iframe", "/iframe"]) {
        // What a frame held is shown by nobody; its own end is the next one.
        if tag.start < copied {
            continue;
        }
        kept.push_str(&html[copied..tag.start]);
        copied = tag.end;
        match tag.name {
            "img" if is_seen(&tag) => kept.push_str(&without_style(html, &tag)),
            "iframe" => {
                if shows_a_film(&tag) {
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

/// A picture's tag without what hides it.
pub(super) fn without_style(html: &str, tag: &Tag<'_>) -> String {
    let whole = &html[tag.start..tag.end];
    match tag.value("style") {
        Some(style) => whole.replace(&format!(" style=\"{style}\""), ""),
        None => whole.to_owned(),
    }
}

/// Whether a picture is one to be seen, and not to count who reads.
pub(super) fn is_seen(tag: &Tag<'_>) -> bool {
    let Some(src) = tag.value("src") else { return false };
    let size = |name| tag.value(name).and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok());
    let tiny = size("width").is_some_and(|w| w <= 1) && size("height").is_some_and(|h| h <= 1);
    let style: String =
        tag.value("style").unwrap_or_default().to_ascii_lowercase().split_whitespace().collect();
    let hidden = style.contains("display:none")
        || style.contains("visibility:hidden")
        || (["width:1px", "width:0"].iter().any(|size| style.contains(size))
            && ["height:1px", "height:0"].iter().any(|size| style.contains(size)));
    !tiny && !hidden && !counts(src)
}

/// Addresses that only count: host, and how the path begins.
const COUNTERS: [(&str, &str); 16] = [
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

fn counts(src: &str) -> bool {
    let Some((_, rest)) = src.split_once("://") else { return false };
    COUNTERS.iter().any(|(host, path)| rest.strip_prefix(host).is_some_and(|rest| rest.starts_with(path)))
}

/// Hosts whose frames show a film, with how the path begins.
const FILMS: [(&str, &str); 16] = [
    ("www.youtube.com", "/embed/"),
    ("youtube.com", "/embed/"),
    ("www.youtube-nocookie.com", "/embed/"),
    ("player.vimeo.com", "/video/"),
    ("www.dailymotion.com", "/embed/"),
    ("geo.dailymotion.com", "/player"),
    ("player.twitch.tv", "/"),
    ("www.facebook.com", "/plugins/video.php"),
    ("embed.ted.com", "/"),
    ("archive.org", "/embed/"),
    ("vk.com", "/video_ext.php"),
    ("vkvideo.ru", "/video_ext.php"),
    ("ok.ru", "/videoembed/"),
    ("rutube.ru", "/play/embed/"),
    ("my.mail.ru", "/video/embed/"),
    ("players.brightcove.net", "/"),
];

fn shows_a_film(tag: &Tag<'_>) -> bool {
    let Some(url) = tag.value("src").and_then(|src| Url::parse(&htmlize::unescape_attribute(src)).ok())
    else {
        return false;
    };
    matches!(url.scheme(), "http" | "https")
        && url.port().is_none()
        && url.username().is_empty()
        && FILMS.iter().any(|(host, path)| url.host_str() == Some(host) && url.path().starts_with(path))
}
