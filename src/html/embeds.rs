//! What frames show: players of known hosts, and the pages of what they play. Pure.

use url::Url;

use crate::text::file_part;

/// Hosts of players and of tracking pixels, each with how the path begins.
pub(super) const HOSTS: &str = include_str!("hosts.txt");

const VIDEO: &str = file_part(HOSTS, "video players");

const AUDIO: &str = file_part(HOSTS, "audio players");

/// Whether an attribute may be that of a card: a post of another site, which a script fills.
pub(super) fn may_be_card(name: &str, value: &str) -> bool {
    matches!(name, "data-instgrm-permalink" | "data-bluesky-uri" | "data-href")
        || name == "class" && value.contains("-embed")
}

/// The address of the post that a card stands for.
pub(super) fn card_address(name: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let has_class = |part: &str| value("class").is_some_and(|class| class.contains(part));
    let bluesky = || {
        let uri = value("data-bluesky-uri")?;
        let (author, post) = uri.strip_prefix("at://")?.split_once("/app.bsky.feed.post/")?;
        Some(format!("https://bsky.app/profile/{author}/post/{post}"))
    };
    value("data-instgrm-permalink")
        .or_else(bluesky)
        .or_else(|| value("data-href").filter(|_| has_class("fb-")))
        .or_else(|| value("cite").filter(|_| name == "blockquote" && has_class("-embed")))
}

/// Whether an address is that of a known player.
pub(super) fn is_player(url: &Url) -> bool {
    is_in(VIDEO, url) || is_in(AUDIO, url)
}

fn is_in(players: &'static str, url: &Url) -> bool {
    let path_of =
        |player: &'static str| player.strip_prefix(url.host_str()?).filter(|path| path.starts_with('/'));
    matches!(url.scheme(), "http" | "https")
        && url.port().is_none()
        && url.username().is_empty()
        && players.lines().filter_map(path_of).any(|path| url.path().starts_with(path))
}

/// What a frame shows, in a word.
pub(crate) fn frame_kind(frame: &Url) -> &'static str {
    if is_in(VIDEO, frame) || frame.path().starts_with("/videos/embed/") {
        "Video"
    } else if is_in(AUDIO, frame) {
        "Audio"
    } else {
        "Embedded"
    }
}

/// The page of what a frame shows; the frame's own address where no page is known.
pub(crate) fn frame_page(frame: &Url) -> String {
    known_page(frame).unwrap_or_else(|| frame.to_string())
}

fn known_page(frame: &Url) -> Option<String> {
    let value =
        |name: &str| frame.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let path: Vec<&str> = frame.path_segments()?.filter(|part| !part.is_empty()).collect();
    let host = frame.host_str()?;
    let (before, id) = match (host, &*path) {
        // Playlists, and videos that need a key, are not found by the id alone.
        (_, _) if value("list").or(value("h")).is_some() => return None,
        (
            "www.youtube.com" | "youtube.com" | "www.youtube-nocookie.com" | "youtube-nocookie.com",
            ["embed" | "v", id],
        ) => ("https://www.youtube.com/watch?v=", id.split('&').next()?),
        ("player.vimeo.com", ["video", id]) => ("https://vimeo.com/", *id),
        ("www.dailymotion.com", ["embed", "video", id]) => ("https://www.dailymotion.com/video/", *id),
        ("embed.ted.com", ["talks", id]) => ("https://www.ted.com/talks/", *id),
        ("archive.org", ["embed", id]) => ("https://archive.org/details/", *id),
        ("ok.ru", ["videoembed", id]) => ("https://ok.ru/video/", *id),
        ("rutube.ru", ["play", "embed", id]) => ("https://rutube.ru/video/", *id),
        ("www.instagram.com", ["p" | "reel", id, ..]) => ("https://www.instagram.com/p/", *id),
        ("open.spotify.com", ["embed" | "embed-podcast", kind, id]) => {
            return (is_id(kind) && is_id(id)).then(|| format!("https://open.spotify.com/{kind}/{id}"));
        }
        ("t.me", [channel, post]) => {
            return (is_id(channel) && is_id(post)).then(|| format!("https://t.me/{channel}/{post}"));
        }
        ("platform.twitter.com", ["embed", ..]) => {
            return value("id").filter(|id| is_id(id)).map(|id| format!("https://twitter.com/i/status/{id}"));
        }
        // PeerTube runs on any host.
        (_, ["videos", "embed", id]) if is_id(id) => {
            return frame.join(&format!("/w/{id}")).ok().map(String::from);
        }
        _ => return None,
    };
    is_id(id).then(|| format!("{before}{id}"))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
