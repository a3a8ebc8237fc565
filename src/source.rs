//! What a source is, the state kept of it, and how a poll of it ended. Pure; imports no other module.

mod articles;
mod feed_url;
pub mod host_budget;
mod secrets;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::entry::Podcast;

pub use articles::{ArticleSettings, FullText};
pub use feed_url::{FeedUrl, UrlParts, is_secret_name};
pub use secrets::Secrets;

/// A permanent redirect seen for this long is confirmed.
pub const REDIRECT_CONFIRMATION: SignedDuration = SignedDuration::from_hours(48);

/// A feed to poll, as configured: checked, with all defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The name in the config, unique among the sources.
    pub name: String,
    /// Whether the config gives it this name; else it is made from the host.
    pub is_named: bool,
    /// `http` or `https`, without credentials (they are in `access`).
    pub url: FeedUrl,
    /// How much of its addresses is published.
    pub publish_url: UrlParts,
    /// The configured title; without one the feed's own is shown.
    pub title: Option<String>,
    /// By which outputs select it, in lower case.
    pub tags: Vec<String>,
    /// How often to poll.
    pub interval: PollInterval,
    /// How to request it.
    pub access: Access,
    /// BCP 47 tag for entries without a language.
    pub language: Option<String>,
    /// How many of the first poll's matching entries, the newest ones, enter each output.
    pub first_poll: usize,
    /// Whether its entries take part in stories.
    pub stories: bool,
    /// How the articles of its entries are read.
    pub articles: ArticleSettings,
}

/// How often a source is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollInterval {
    /// The normal time between two polls.
    pub every: Duration,
    /// The longest time between two polls, unless the server refuses requests for longer.
    pub at_most: Duration,
    /// Whether a source that publishes rarely is polled less often.
    pub adaptive: bool,
    /// Whether the publisher's hints (`max-age`, `ttl`, `skipHours` and such) are ignored.
    pub ignore_hints: bool,
}

impl Default for PollInterval {
    fn default() -> Self {
        PollInterval {
            every: Duration::from_secs(30 * 60),
            at_most: Duration::from_secs(24 * 3600),
            adaptive: true,
            ignore_hints: false,
        }
    }
}

/// How a source is requested.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// For the whole request, with all redirects.
    pub timeout: Duration,
    /// Largest body in bytes, after decompression.
    pub max_body: u64,
    /// Replaces Siftwire's own.
    pub user_agent: Option<String>,
    /// Additional request headers, in the order of the config.
    pub headers: Vec<(String, Secret)>,
    /// Basic or bearer authorization, sent to the configured origin alone.
    pub authorization: Option<Authorization>,
    /// The proxy to use.
    pub proxy: Option<Proxy>,
    /// Certificates that are trusted beside the system's, as PEM.
    pub ca: Option<Arc<str>>,
    /// Whether the configured host may have a private address.
    pub allow_private: bool,
    /// Whether a secret of it cannot be seen by this process, which then must not request it.
    pub lacks_secret: bool,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            timeout: Duration::from_secs(30),
            max_body: 10_000_000,
            user_agent: None,
            headers: Vec::new(),
            authorization: None,
            proxy: None,
            ca: None,
            allow_private: false,
            lacks_secret: false,
        }
    }
}

/// The `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// RFC 7617.
    Basic {
        /// Contains no colon.
        user: String,
        /// May be empty.
        password: Secret,
    },
    /// RFC 6750.
    Bearer(Secret),
}

/// A proxy's URL. It may contain a password, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(pub Url);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// A value that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What is kept of a source between polls. It is stored in the same transaction as the entries: validators without
/// their entries would lose them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// ETag and Last-Modified of the last document that was completely read and stored.
    pub validators: Option<Validators>,
    /// Those that stayed the same while entries came: not sent any more.
    pub false_validators: Option<Validators>,
    /// Hash of that document's body: the same body again counts as a 304.
    pub body_hash: Option<u64>,
    /// The version of the reading rules by which that document was read.
    pub reading: u32,
    /// When the next poll is due; `None` before the first one.
    pub next_poll: Option<Timestamp>,
    /// Why then, as text: "every", "max-age", "back-off 3".
    pub next_poll_reason: String,
    /// Failed polls in a row.
    pub failures: u32,
    /// When the first of them was made.
    pub failing_since: Option<Timestamp>,
    /// When it was last polled.
    pub last_poll: Option<Timestamp>,
    /// When a poll last succeeded: with a feed or a 304.
    pub last_success: Option<Timestamp>,
    /// The last outcome as text.
    pub outcome: String,
    /// It answered 410: not polled until its url changes or the operator polls it.
    pub gone: bool,
    /// When a poll last found a new entry.
    pub last_new: Option<Timestamp>,
    /// The date of its newest entry at the first poll; afterwards when it last had a new one.
    pub last_entry: Option<Timestamp>,
    /// The median time between its entries, if they have enough dates.
    pub publish_interval: Option<Duration>,
    /// Documents in a row that had none of the entries of the one before.
    pub replaced: u32,
    /// The wait between polls is shortened: 1 is to `every`, and each further step is a half.
    pub shortened: u32,
    /// Health events already reported.
    pub notified: NotifiedFlags,
    /// The last document's hints on how often to poll; a 304 keeps them.
    pub update_hints: UpdateHints,
    /// Its permanent redirect, if any.
    pub moved: Option<Moved>,
    /// What the feed calls itself.
    pub title: Option<String>,
    /// The site that the feed names.
    pub link: Option<FeedUrl>,
    /// The address of the feed's picture.
    pub icon: Option<String>,
    /// The feed's own id, if it is a URI in canonical form.
    pub id: Option<String>,
    /// The feed's language.
    pub language: Option<String>,
    /// What the feed says of itself as a podcast.
    pub podcast: Option<Podcast>,
    /// What was wrong with its last document, the first few messages.
    pub problems: Vec<String>,
    /// Since when each document has had a problem.
    pub problems_since: Option<Timestamp>,
    /// How feed-rs has read a document of it.
    pub second_opinion: Option<Box<NotedOpinion>>,
    /// The encoding of the last document with characters beyond ASCII that was not in doubt.
    pub encoding: Option<String>,
    /// Keys that this source has used for several entries, so that they identify none. In the form of
    /// `ingest::identity`.
    pub distrusted: std::collections::BTreeSet<String>,
}

impl SourceState {
    /// Whether entries may have come and gone since the poll before. A document of this many entries had none of those
    /// before. One with a single entry says so only if the one before did as well: otherwise it is a feed of the latest
    /// entry, which publishes less often than it is polled.
    #[must_use]
    pub fn may_have_missed_entries(&self, entries: usize) -> bool {
        self.replaced >= if entries == 1 { 2 } else { 1 }
    }

    /// The last outcome as text, with a permanent redirect; with the whole address as the line to write into the config.
    #[must_use]
    pub fn outcome_text(&self, parts: UrlParts) -> String {
        let Some(Moved { to, since, confirmed, .. }) = &self.moved else { return self.outcome.clone() };
        let (outcome, to) = (&self.outcome, to.shown(parts));
        match (confirmed, parts) {
            (true, UrlParts::Whole) => format!("{outcome}; moved, write url = \"{to}\" in config.toml"),
            (true, _) => {
                format!("{outcome}; moved to {to}, `siftwire status` shows the line for config.toml")
            }
            (false, _) => {
                let until = since.checked_add(REDIRECT_CONFIRMATION).unwrap_or(*since);
                format!(
                    "{outcome}; moved to {to}, watching it until {}",
                    until.strftime("%-d %b %Y, %H:%M UTC")
                )
            }
        }
    }
}

/// How feed-rs has read a document, which it does now and then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedOpinion {
    /// When.
    pub at: Timestamp,
    /// What it reads otherwise, if that may be shown.
    pub text: Option<String>,
}

/// Which health events of a source have been reported and still hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifiedFlags {
    /// It has failed for a day.
    pub failing: bool,
    /// It is gone (410).
    pub gone: bool,
    /// It has published nothing for much longer than usual.
    pub silent: bool,
    /// The address it has moved to.
    pub moved: Option<FeedUrl>,
    /// When it was last reported that entries may have been missed.
    pub missed: Option<Timestamp>,
}

/// A change of a source's health, reported to the operator once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEvent {
    /// Its id in the health feed.
    pub id: String,
    /// What happened.
    pub kind: HealthKind,
    /// The source's name in the config.
    pub name: String,
    /// The source's title at that time.
    pub title: String,
    /// The id of the source's feed, as published.
    pub feed_id: String,
    /// What others may see of the source's address.
    pub url: String,
    /// When it was noticed.
    pub at: Timestamp,
    /// When the condition began.
    pub since: Option<Timestamp>,
    /// The outcome, the new address, or the usual interval: plain text.
    pub detail: String,
}

/// The kinds of health events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealthKind {
    /// It has failed for a day.
    Failing,
    /// A permanent redirect is confirmed.
    Moved,
    /// 410.
    Gone,
    /// It has published nothing for much longer than usual.
    Silent,
    /// Its feed may hold fewer entries than it publishes between two polls.
    Missed,
    /// Its host allows fewer requests than its sources need.
    Limited,
    /// It answers or publishes again, after one of the others was reported.
    Recovered,
}

/// A permanent redirect (301, 308) of the configured address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The configured address.
    pub from: FeedUrl,
    /// The new address, without credentials.
    pub to: FeedUrl,
    /// When it was first seen.
    pub since: Timestamp,
    /// Seen for long enough that the new address is requested directly.
    pub confirmed: bool,
}

/// Validators of one address, byte for byte as received (RFC 9110 section 8.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The address they belong to.
    pub url: FeedUrl,
    /// The ETag header's value.
    pub etag: Option<Vec<u8>>,
    /// The Last-Modified header's value.
    pub last_modified: Option<Vec<u8>>,
}

/// A feed's own hints on how often to poll it. Numbers are the publisher's, saturated; the schedule limits them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateHints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// RSS `skipHours`: bit `h` is set for each hour, GMT, to skip.
    pub skip_hours: u32,
    /// RSS `skipDays`: bit 0 is Monday.
    pub skip_days: u8,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`.
    pub update_period: Option<Duration>,
}

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A feed was parsed.
    Read {
        /// Entries that were not known.
        new: usize,
        /// Known entries that have changed.
        edited: usize,
        /// All entries in the document.
        entries: usize,
        /// Entries, or parts of them, that could not be parsed.
        problems: usize,
        /// Known entries that seem to have changed, but whose texts may be decoded wrongly: they were left as they were.
        uncertain: usize,
    },
    /// Nothing has changed since the last poll.
    NotModified,
    /// There was no feed.
    Failed(Failure),
}

/// Why a poll failed. The schedule depends on the variant; the text is for `status` and the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It took longer than the source's timeout.
    #[error("timed out")]
    Timeout,
    /// The host name cannot be resolved.
    #[error("name not found: {0}")]
    Dns(String),
    /// There was no connection.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection was lost, or what came over it is no HTTP.
    #[error("connection lost: {0}")]
    Connection(String),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The address is not public.
    #[error("refused address: {0}")]
    RefusedAddress(String),
    /// Too many redirects, or an invalid one.
    #[error("redirects {0}")]
    Redirect(String),
    /// 410: the publisher has removed the feed for good.
    #[error("gone (410)")]
    Gone,
    /// The host allows no more requests: 429, 403 with a spent quota, or 503 with a time.
    #[error("too many requests ({status})")]
    Throttled {
        /// The HTTP status.
        status: u16,
        /// When the next request is allowed, if given.
        until: Option<Timestamp>,
    },
    /// A page that only a browser passes, in place of the feed.
    #[error("a bot check of {0} in place of the feed: the site would have to except feed readers from it")]
    BotCheck(&'static str),
    /// Any other status that is not a success.
    #[error("status {0}")]
    Status(u16),
    /// The body is over `max_body` after decompression.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// Reading the body took longer than this.
    #[error("too complex: reading it took more than {} s", .0.as_secs())]
    TooComplex(Duration),
    /// The body is not a feed; the reason as text.
    #[error("{0}")]
    Unreadable(String),
}

impl Failure {
    /// Whether there was no connection to the host, which may be the trouble of this machine's network.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Failure::Dns(_) | Failure::Unreachable(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_shown_whole_to_the_owner_alone() {
        let moved = |confirmed| SourceState {
            outcome: "not modified".into(),
            moved: Some(Moved {
                from: "https://old.example/?auth=SECRET".parse().expect("a URL"),
                to: "https://new.example/feed?auth=SECRET".parse().expect("a URL"),
                since: Timestamp::UNIX_EPOCH,
                confirmed,
            }),
            ..SourceState::default()
        };
        assert_eq!(
            moved(false).outcome_text(UrlParts::Path),
            "not modified; moved to https://new.example/feed, watching it until 3 Jan 1970, 00:00 UTC"
        );
        assert_eq!(
            moved(true).outcome_text(UrlParts::Path),
            "not modified; moved to https://new.example/feed, `siftwire status` shows the line for config.toml"
        );
        assert_eq!(
            moved(true).outcome_text(UrlParts::Whole),
            "not modified; moved, write url = \"https://new.example/feed?auth=SECRET\" in config.toml"
        );
        assert!(!format!("{:?}", moved(true)).contains("SECRET"));
    }
}
