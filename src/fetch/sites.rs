//! Where well-known kinds of sites have their feeds. Pure.

use url::Url;

/// The feed of a page whose address alone tells it: no request of the page is needed.
#[must_use]
pub fn known_feed(url: &Url) -> Option<Url> {
    let host = url.host_str()?.trim_start_matches("www.").trim_start_matches("m.");
    let segments: Vec<&str> = url.path_segments()?.filter(|segment| !segment.is_empty()).collect();
    let path = match host {
        "youtube.com" => youtube(url, &segments)?,
        "reddit.com" | "old.reddit.com" | "new.reddit.com" => match segments[..] {
            // A post has comments alone.
            [kind @ ("r" | "user" | "u"), name] if name != ".rss" => format!("/{kind}/{name}/.rss"),
            [kind @ "r", name, order @ ("new" | "top" | "hot" | "rising")] => {
                format!("/{kind}/{name}/{order}/.rss")
            }
            _ => return None,
        },
        "medium.com" => match segments[..] {
            ["feed", ..] => return None,
            ["tag", tag, ..] => format!("/feed/tag/{tag}"),
            [name, ..] => format!("/feed/{name}"),
            [] => return None,
        },
        "github.com" => github(&segments)?,
        _ => below_domain(host, &segments)?.to_owned(),
    };
    url.join(&path).ok()
}

fn youtube(url: &Url, segments: &[&str]) -> Option<String> {
    let list = url.query_pairs().find(|(name, _)| name == "list").map(|(_, list)| list.into_owned());
    let (parameter, value) = match (segments, list) {
        (["channel", id, ..], _) => ("channel_id", (*id).to_owned()),
        (["user", name, ..], _) => ("user", (*name).to_owned()),
        (["playlist"], Some(list)) => ("playlist_id", list),
        _ => return None,
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(parameter, &value).finish();
    Some(format!("/feeds/videos.xml?{query}"))
}

/// A repository's releases, unless the page is that of its tags or commits; what a user does.
fn github(segments: &[&str]) -> Option<String> {
    match segments {
        [name] if !name.contains('.') => Some(format!("/{name}.atom")),
        [owner, name] | [owner, name, "releases"] => Some(format!("/{owner}/{name}/releases.atom")),
        [owner, name, "tags"] => Some(format!("/{owner}/{name}/tags.atom")),
        [owner, name, "commits"] => Some(format!("/{owner}/{name}/commits.atom")),
        [owner, name, "commits", branch @ ..] if !branch.last()?.ends_with(".atom") => {
            Some(format!("/{owner}/{name}/commits/{}.atom", branch.join("/")))
        }
        _ => None,
    }
}

/// The same for services that give each site a name below theirs.
fn below_domain(host: &str, segments: &[&str]) -> Option<&'static str> {
    let (name, service) = host.split_once('.')?;
    let path = match service {
        "substack.com" | "medium.com" => "/feed",
        "wordpress.com" => "/feed/",
        "blogspot.com" => "/feeds/posts/default",
        "tumblr.com" => "/rss",
        _ => return None,
    };
    // A page that is deeper may be a category with a feed of its own, or a feed.
    let is_site =
        segments.is_empty() || (service == "substack.com" && matches!(segments, ["archive" | "p", ..]));
    (is_site && !name.is_empty()).then_some(path)
}

/// Paths to try first on a page that links to no feed, by the program that made it, as its text tells.
#[must_use]
pub fn likely_paths(html: &str, url: &Url) -> Vec<String> {
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    if last.starts_with('@') {
        // Mastodon and its kind.
        return vec![format!("{}.rss", url.path())];
    }
    let paths: &[&str] = if html.contains("/bitrix/") {
        &["/rss/"]
    } else if html.contains("/wp-content/") || html.contains("/wp-includes/") {
        &["/feed/"]
    } else {
        &[]
    };
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_known_site_tells_its_feed() {
        for (page, feed) in [
            ("youtube.com/channel/UCabc/videos", "youtube.com/feeds/videos.xml?channel_id=UCabc"),
            ("m.youtube.com/playlist?list=PL1&x=2", "m.youtube.com/feeds/videos.xml?playlist_id=PL1"),
            ("www.youtube.com/user/someone", "www.youtube.com/feeds/videos.xml?user=someone"),
            ("www.reddit.com/r/armenia/", "www.reddit.com/r/armenia/.rss"),
            ("old.reddit.com/r/armenia/new", "old.reddit.com/r/armenia/new/.rss"),
            ("www.reddit.com/user/someone", "www.reddit.com/user/someone/.rss"),
            ("medium.com/@someone", "medium.com/feed/@someone"),
            ("medium.com/tag/rust/latest", "medium.com/feed/tag/rust"),
            ("paper.medium.com/", "paper.medium.com/feed"),
            ("github.com/owner/name", "github.com/owner/name/releases.atom"),
            ("github.com/owner/name/tags", "github.com/owner/name/tags.atom"),
            ("github.com/owner/name/commits/main", "github.com/owner/name/commits/main.atom"),
            ("github.com/someone", "github.com/someone.atom"),
            ("paper.substack.com/archive", "paper.substack.com/feed"),
            ("paper.wordpress.com", "paper.wordpress.com/feed/"),
            ("paper.blogspot.com", "paper.blogspot.com/feeds/posts/default"),
        ] {
            let url = Url::parse(&format!("https://{page}")).expect("an address");
            let found = known_feed(&url).map(String::from);
            assert_eq!(found, Some(format!("https://{feed}")), "{page}");
            let again = known_feed(&Url::parse(&format!("https://{feed}")).expect("an address"));
            assert_eq!(again, None, "{feed} is the feed itself");
        }
        for page in [
            "youtube.com/@handle", "youtube.com/watch?v=1", "reddit.com/r/armenia/comments/1/x",
            "medium.com/", "github.com/owner/name/issues", "example.org/channel/UCabc", "notsubstack.com/",
            "substack.com/",
        ] {
            let url = Url::parse(&format!("https://{page}")).expect("an address");
            assert_eq!(known_feed(&url), None, "{page}");
        }
    }
}
