//! The hosts whose frames show a video, and the page of such a video. Pure.

use url::Url;

/// A video player that may be embedded.
struct VideoHost {
    host: &'static str,
    /// How the path of a player begins.
    path: &'static str,
    /// The path before a video's id, and the address before the id on the video's own page.
    page: Option<(&'static str, &'static str)>,
}

const VIDEO_HOSTS: [VideoHost; 16] = [
    youtube("www.youtube.com"),
    youtube("youtube.com"),
    youtube("www.youtube-nocookie.com"),
    with_page("player.vimeo.com", "/video/", ("/video/", "https://vimeo.com/")),
    with_page("www.dailymotion.com", "/embed/", ("/embed/video/", "https://www.dailymotion.com/video/")),
    without_page("geo.dailymotion.com", "/player"),
    without_page("player.twitch.tv", "/"),
    without_page("www.facebook.com", "/plugins/video.php"),
    with_page("embed.ted.com", "/", ("/talks/", "https://www.ted.com/talks/")),
    with_page("archive.org", "/embed/", ("/embed/", "https://archive.org/details/")),
    without_page("vk.com", "/video_ext.php"),
    without_page("vkvideo.ru", "/video_ext.php"),
    with_page("ok.ru", "/videoembed/", ("/videoembed/", "https://ok.ru/video/")),
    with_page("rutube.ru", "/play/embed/", ("/play/embed/", "https://rutube.ru/video/")),
    without_page("my.mail.ru", "/video/embed/"),
    without_page("players.brightcove.net", "/"),
];

const fn youtube(host: &'static str) -> VideoHost {
    with_page(host, "/embed/", ("/embed/", "https://www.youtube.com/watch?v="))
}

const fn with_page(host: &'static str, path: &'static str, page: (&'static str, &'static str)) -> VideoHost {
    VideoHost { host, path, page: Some(page) }
}

const fn without_page(host: &'static str, path: &'static str) -> VideoHost {
    VideoHost { host, path, page: None }
}

/// Whether an address is that of a known video player.
pub(super) fn is_video_player(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.port().is_none()
        && url.username().is_empty()
        && VIDEO_HOSTS
            .iter()
            .any(|known| url.host_str() == Some(known.host) && url.path().starts_with(known.path))
}

/// The page of the video that a player shows; the player's own address where no page is known.
pub(crate) fn video_page(player: &Url) -> String {
    // Playlists, and videos that need a key, are not found by the id alone.
    let by_id = player.query_pairs().all(|(key, _)| key != "list" && key != "h");
    let page = VIDEO_HOSTS.iter().filter(|known| player.host_str() == Some(known.host)).find_map(|known| {
        let (path, page) = known.page?;
        let id = player.path().strip_prefix(path)?.trim_end_matches('/');
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (is_id && by_id).then(|| format!("{page}{id}"))
    });
    page.unwrap_or_else(|| player.to_string())
}
