//! The address of a feed, and how much of it others may see. Pure.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

/// The address of a feed or of its site. Its query, and sometimes its path, may be a secret. So there is no `Display`:
/// whoever writes it says how much of it, and [`FeedUrl::whole`] is for requests, the store and the owner's terminal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedUrl(Url);

/// How much of a source's addresses others may see (`publish_url`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlParts {
    /// Scheme and host: the path is a secret too.
    Host,
    /// Scheme, host and path.
    #[default]
    Path,
    /// The query too: there is no secret in it.
    Whole,
}

impl UrlParts {
    /// The parts that logs, pages and health events may show: never a query.
    #[must_use]
    pub fn without_query(self) -> UrlParts {
        self.min(UrlParts::Path)
    }
}

/// Words of parameter names whose values are secrets.
const SECRET_WORDS: [&str; 17] = [
    "auth", "credential", "credentials", "hash", "hmac", "jwt", "key", "pass", "passwd", "pwd", "session",
    "sid", "sig", "sign", "secret", "token", "password",
];

/// The same, at the end of a word, as in `apikey`.
const SECRET_ENDINGS: [&str; 8] =
    ["apikey", "authkey", "passkey", "password", "secret", "sessid", "signature", "token"];

/// A random value, such as a token, has a run of this many letters and digits...
const RANDOM_CHARS: usize = 16;

/// ...which change this often between small letters, capitals and digits.
const RANDOM_CHANGES: usize = 4;

/// A shorter value is found in other addresses by chance.
pub(super) const MIN_SECRET_BYTES: usize = 4;

impl FeedUrl {
    /// All of it.
    #[must_use]
    pub fn whole(&self) -> &Url {
        &self.0
    }

    /// These parts of it, never with user information or fragment.
    #[must_use]
    pub fn shown(&self, parts: UrlParts) -> Url {
        let mut url = self.0.clone();
        // Setting fails only for URLs without a host.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        if parts < UrlParts::Whole {
            url.set_query(None);
        }
        if parts < UrlParts::Path {
            url.set_path("/");
        }
        url
    }

    /// The least that shows all of it.
    pub(super) fn needed_parts(&self) -> UrlParts {
        match (self.0.query(), self.0.path()) {
            (Some(_), _) => UrlParts::Whole,
            (None, "/") => UrlParts::Host,
            (None, _) => UrlParts::Path,
        }
    }

    /// The id of the feed for `atom:source`: its own where that shows no secret, else the address where it is public,
    /// else an opaque one, by which feeds that differ in the query alone stay apart.
    #[must_use]
    pub fn published_id(&self, own: Option<&str>, parts: UrlParts) -> String {
        match (own.filter(|own| self.may_show(own, parts)), self.shown(parts)) {
            (Some(own), _) => own.to_owned(),
            (None, shown) if shown == self.0 => shown.into(),
            (None, _) => self.opaque_id(),
        }
    }

    /// The address of the feed's site without secrets. Its query is left out if it looks like one or has a value of the
    /// feed's own query, its path if it has a secret of that.
    #[must_use]
    pub fn published_site(&self, site: &FeedUrl, parts: UrlParts) -> Url {
        let own: Vec<_> = self.0.query_pairs().map(|(_, value)| value).collect();
        let has_secret =
            || site.secrets().next().is_some() || site.0.query_pairs().any(|(_, value)| own.contains(&value));
        site.shown(match parts {
            UrlParts::Path if !self.allows(site.shown(parts).as_str()) => UrlParts::Host,
            UrlParts::Path if !has_secret() => UrlParts::Whole,
            parts => parts,
        })
    }

    /// Whether two addresses differ in nothing but the scheme, `www.`, and a slash at the end.
    #[must_use]
    pub fn is_spelling_of(&self, other: &FeedUrl) -> bool {
        let parts = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
            (host, url.port(), url.path().trim_end_matches('/').to_owned(), url.query().map(str::to_owned))
        };
        parts(&self.0) == parts(&other.0)
    }

    /// The name of the first parameter of the query that looks like a secret.
    #[must_use]
    pub fn secret_parameter(&self) -> Option<String> {
        self.secrets().next().map(|(name, _)| name)
    }

    /// The first of the usual words for a secret that is the name of a parameter.
    #[must_use]
    pub fn secret_word(&self) -> Option<&'static str> {
        let words = || SECRET_WORDS.into_iter().chain(SECRET_ENDINGS);
        self.0.query_pairs().find_map(|(name, _)| words().find(|word| name.eq_ignore_ascii_case(word)))
    }

    /// The parameters that look like secrets: names and values. One without a value is itself the secret.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (String, String)> {
        self.0.query_pairs().filter_map(|(name, value)| {
            let value = if value.is_empty() { name.clone() } else { value };
            let is_secret = (is_secret_name(&name) && name != value) || (is_random(&value) && !is_id(&name));
            is_secret.then(|| (name.into_owned(), value.into_owned()))
        })
    }

    /// Whether an id or address that the feed names may be published beside these parts of this one.
    #[must_use]
    pub fn may_show(&self, other: &str, parts: UrlParts) -> bool {
        parts == UrlParts::Whole || (parts > UrlParts::Host && self.allows(other))
    }

    /// Whether an id or address has no user information and none of this address's secrets. Its query must be that of
    /// another page, and share no value with this address's own.
    fn allows(&self, id: &str) -> bool {
        let own: Vec<_> = self.0.query_pairs().map(|(_, value)| value).collect();
        let is_other_page = |id: &Url| (id.host(), id.path()) != (self.0.host(), self.0.path());
        let shares = |id: &Url| {
            id.query_pairs().any(|(_, value)| value.len() >= MIN_SECRET_BYTES && own.contains(&value))
        };
        let has_no_secret = |id: Url| {
            let is_public = id.query().is_none() || (is_other_page(&id) && !shares(&id));
            is_public && id.username().is_empty() && id.password().is_none()
        };
        let decoded = percent_decode_str(id).decode_utf8_lossy();
        Url::parse(id).is_ok_and(has_no_secret)
            && !self.secrets().any(|(_, value)| value.len() >= MIN_SECRET_BYTES && decoded.contains(&value))
    }

    /// Whether a text has this address's query, password or a secret.
    pub(super) fn is_revealed_by(&self, text: &str) -> bool {
        let parts = [self.0.query(), self.0.password()].into_iter().flatten().map(str::to_owned);
        let secrets = parts.chain(self.secrets().map(|(_, value)| value));
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        secrets.filter(|secret| secret.len() >= MIN_SECRET_BYTES).any(|secret| {
            text.contains(&secret) || decoded.contains(&*percent_decode_str(&secret).decode_utf8_lossy())
        })
    }

    fn opaque_id(&self) -> String {
        let digest = Sha256::digest(self.0.as_str());
        let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl From<Url> for FeedUrl {
    fn from(url: Url) -> FeedUrl {
        FeedUrl(url)
    }
}

impl FromStr for FeedUrl {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<FeedUrl, url::ParseError> {
        Url::parse(text).map(FeedUrl)
    }
}

impl fmt::Debug for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown(UrlParts::Path).as_str())
    }
}

/// Whether a parameter or key of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let is_secret = |word: &str| {
        let word = word.to_ascii_lowercase();
        SECRET_WORDS.contains(&word.as_str()) || SECRET_ENDINGS.iter().any(|ending| word.ends_with(ending))
    };
    // Also the last word of `accessToken`.
    let capital = name.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or_default();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_secret) || is_secret(&name[capital..])
}

/// Whether a parameter is named as the id of something, which may be random without being a secret.
fn is_id(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "id" || name.ends_with("_id") || name.ends_with("-id")
}

pub(super) fn is_random(value: &str) -> bool {
    let uuid = value.replace('-', "");
    let runs = value.split(|c: char| !c.is_ascii_alphanumeric());
    let uuid = Some(uuid.as_str()).filter(|uuid| uuid.bytes().all(|byte| byte.is_ascii_hexdigit()));
    runs.chain(uuid).any(|run| {
        let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
        let changes = run.as_bytes().windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
        run.len() >= RANDOM_CHARS && changes >= RANDOM_CHANGES && run.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> FeedUrl {
        text.parse().expect("a URL")
    }

    #[test]
    fn only_the_allowed_parts_are_shown() {
        let feed = url("https://me:pw@site.example/private/feed?auth=SECRET#x");
        for (parts, shown) in [
            (UrlParts::Host, "https://site.example/"),
            (UrlParts::Path, "https://site.example/private/feed"),
            (UrlParts::Whole, "https://site.example/private/feed?auth=SECRET"),
        ] {
            assert_eq!(feed.shown(parts).as_str(), shown);
        }
        assert_eq!(format!("{feed:?}"), "https://site.example/private/feed");
        assert_eq!(UrlParts::Whole.without_query(), UrlParts::Path);
        assert_eq!(UrlParts::Host.without_query(), UrlParts::Host);
    }

    #[test]
    fn a_title_with_the_address_reveals_it() {
        let feed = url("https://me:pa%20ss@site.example/feed?q=armenia&auth=SEC%52ET");
        let reveals = |url: &FeedUrl, title: &str, parts| !url.may_say(title, parts);
        for (title, is_revealing) in [
            ("https://site.example/feed?q=armenia&auth=SEC%52ET", true),
            ("News for SECRET", true),
            ("me:pa ss@site.example", true),
            ("News about armenia", false),
            ("https://site.example/feed", false),
        ] {
            assert_eq!(reveals(&feed, title, UrlParts::Path), is_revealing, "{title}");
            assert!(!reveals(&feed, title, UrlParts::Whole), "{title}");
        }
        let feed = url("https://site.example/feed");
        assert!(!reveals(&feed, "Feed", UrlParts::Host));
        assert!(!reveals(&feed, "https://site.example/feed", UrlParts::Path));
        assert!(reveals(&feed, "https://site.example/feed", UrlParts::Host));
    }

    #[test]
    fn a_parameter_that_looks_like_a_secret_is_named() {
        for (query, name) in [
            ("auth=x", Some("auth")),
            ("page=2&access_token=x", Some("access_token")),
            ("accessToken=x", Some("accessToken")),
            ("API-Key=x", Some("API-Key")),
            ("apikey=x", Some("apikey")),
            ("PHPSESSID=x", Some("PHPSESSID")),
            ("X-Amz-Signature=x", Some("X-Amz-Signature")),
            ("u=7&h=8f14e45fceea167a5a36dedd4bea2543", Some("h")),
            ("u=Zm9vYmFyMTIzNDU2Nzg5", Some("u")),
            ("u=550e8400-e29b-41d4-a716-446655440000", Some("u")),
            ("x=%38f14e45fceea167a5a36dedd4bea2543", Some("x")),
            ("8f14e45fceea167a5a36dedd4bea2543", Some("8f14e45fceea167a5a36dedd4bea2543")),
            ("", None),
            ("auth", None),
            ("auth=", None),
            ("author=me&keyword=armenia&sigma=1&tokens=0", None),
            ("q=armenia-azerbaijan-and-the-border-of-2024", None),
            ("q=InternationalCourtOfJustice", None),
            ("date=2024-01-01&n=1234567890123456789", None),
            ("channel_id=UCupvZG-5ko_eiXAupbDfxWw&id=8f14e45fceea167a5a36dedd4bea2543", None),
        ] {
            let feed = url(&format!("https://site.example/feed?{query}"));
            assert_eq!(feed.secret_parameter().as_deref(), name, "{query}");
        }
    }

    #[test]
    fn an_id_is_published_only_if_it_shows_no_secret() {
        let feed = url("https://site.example/feed?auth=SECRET1");
        let published = |own: Option<&str>| feed.published_id(own, UrlParts::Path);
        let opaque = published(None);
        assert!(opaque.starts_with("urn:uuid:") && opaque.len() == 45, "{opaque}");
        assert_ne!(opaque, url("https://site.example/feed?auth=SECRET2").published_id(None, UrlParts::Path));
        for own in [
            "urn:uuid:1",
            "tag:me@site.example,2020:feed",
            "https://site.example/",
            "yt:channel:x",
            "https://site.example/cover.png?aid=rss_feed",
        ] {
            assert_eq!(published(Some(own)), own);
        }
        for own in [
            "https://site.example/feed?auth=SECRET1",
            "https://site.example/feed?x",
            "https://site.example/cover.png?by=SECRET1",
            "https://me:pw@site.example/",
            "tag:site.example,2020:/feed?auth=SECRET1",
            "urn:x:SECRET1",
            "urn:x:%53ECRET1",
            "no URI",
        ] {
            assert_eq!(published(Some(own)), opaque, "{own}");
        }
        let whole = feed.published_id(None, UrlParts::Whole);
        assert_eq!(whole, "https://site.example/feed?auth=SECRET1");
        assert_eq!(feed.published_id(Some("urn:x:y"), UrlParts::Host), opaque);
        let plain = url("https://site.example/feed");
        assert_eq!(plain.published_id(None, UrlParts::Path), "https://site.example/feed");
        assert!(plain.published_id(None, UrlParts::Host).starts_with("urn:uuid:"));
    }

    #[test]
    fn the_site_is_published_without_the_secrets_of_the_feed() {
        let published = |feed: &str, site: &str, parts| {
            String::from(url(&format!("https://site.example/{feed}")).published_site(&url(site), parts))
        };
        let path = UrlParts::Path;
        for (feed, site, shown) in [
            ("feed", "https://site.example/forum?f=3", "https://site.example/forum?f=3"),
            ("feed", "https://me:pw@site.example/#x", "https://site.example/"),
            ("feed", "https://site.example/?token=x", "https://site.example/"),
            ("feed?u=SECRET", "https://site.example/a?v=SECRET", "https://site.example/a"),
            ("feed?auth=SECRET", "https://site.example/SECRET/a", "https://site.example/"),
            ("feed?topic=armenia", "https://site.example/armenia/", "https://site.example/armenia/"),
        ] {
            assert_eq!(published(feed, site, path), shown, "{feed} {site}");
        }
        assert_eq!(
            published("TOKEN/feed", "https://site.example/TOKEN", UrlParts::Host),
            "https://site.example/"
        );
        let whole = "https://site.example/?token=x";
        assert_eq!(published("feed", whole, UrlParts::Whole), whole);
    }
}
