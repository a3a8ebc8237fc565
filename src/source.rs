//! What one source is, what is remembered of it, and how a poll of it ended. Pure; knows nobody.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// Something that we poll, as the user asked for it: checked, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Unique among the sources.
    pub name: String,
    /// `http` or `https`, without credentials (they are in `access`).
    pub url: Url,
    /// What the user calls it; the feed's own title otherwise.
    pub title: Option<String>,
    /// How often to come.
    pub interval: PollInterval,
    /// How to ask.
    pub access: Access,
    /// BCP 47 tag for entries that name none.
    pub language: Option<String>,
    /// Of the first poll, so many of the newest matching entries enter each output.
    pub first_poll: usize,
    /// Whether its entries may join stories.
    pub stories: bool,
}

/// How often a source is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollInterval {
    /// The wanted time between polls.
    pub every: Duration,
    /// The slowest that it may become, hints of the publisher apart.
    pub at_most: Duration,
    /// Whether a quiet source is asked less often.
    pub adaptive: bool,
}

/// How a source is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// For the whole answer.
    pub timeout: Duration,
    /// Bytes after decompression.
    pub max_body: u64,
    /// Instead of Siftwire's own.
    pub user_agent: Option<String>,
    /// More request headers, in the order of the config.
    pub headers: Vec<(String, Secret)>,
    /// Basic or bearer authorization, sent to the configured host alone.
    pub authorization: Option<Authorization>,
    /// Through which proxy.
    pub proxy: Option<Proxy>,
    /// Whether the host that the url names may have a private address.
    pub allow_private: bool,
}

/// What goes into the `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// RFC 7617.
    Basic {
        /// Without a colon.
        user: String,
        /// May be empty.
        password: Secret,
    },
    /// RFC 6750.
    Bearer(Secret),
}

/// The address of a proxy, perhaps with a password: its `Debug` form hides that.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(pub Url);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// A value that must not be shown: its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What is remembered of a source from poll to poll. The store keeps it beside the entries that it
/// vouches for, in the same transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// ETag and Last-Modified of the last whole, understood and stored answer.
    pub validators: Option<Validators>,
    /// Hash of the last such answer's body, where it was read whole: the same body has nothing new.
    pub body_hash: Option<u64>,
    /// When to come again; `None` before the first poll.
    pub next_poll: Option<Timestamp>,
    /// Why then, in words: "every", "max-age", "back-off 3".
    pub next_poll_reason: String,
    /// Failed polls in a row.
    pub failures: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// When it last answered with a feed, or that nothing changed.
    pub last_success: Option<Timestamp>,
    /// The last outcome in words.
    pub outcome: String,
    /// 410: not asked again until the config or the operator says so.
    pub gone: bool,
    /// When it last had an entry not seen before: the measure of its silence.
    pub last_new: Option<Timestamp>,
    /// The date of its newest entry when it was first read; since then, when it last had a new one.
    pub last_entry: Option<Timestamp>,
    /// The median time between its entries, where their dates tell it.
    pub publish_interval: Option<Duration>,
    /// What the operator has been told and need not hear again.
    pub notified: NotifiedFlags,
    /// What the last document said of how often to come; a 304 leaves it in force.
    pub update_hints: UpdateHints,
    /// Where it says for good that it is now.
    pub moved: Option<Moved>,
    /// What the feed calls itself.
    pub title: Option<String>,
    /// The site that the feed names.
    pub link: Option<String>,
    /// The feed's language.
    pub language: Option<String>,
    /// Keys of entries that this source has used for several, and that name none any more: spelled as
    /// `ingest::identity` does.
    pub distrusted: std::collections::BTreeSet<String>,
}

impl SourceState {
    /// The last outcome in words, and what a redirect for good asks of the config.
    #[must_use]
    pub fn outcome_text(&self) -> String {
        match &self.moved {
            Some(Moved { to, confirmed: true, .. }) => {
                format!("{}; moved, in config.toml write url = \"{to}\"", self.outcome)
            }
            Some(Moved { to, since, .. }) => {
                format!(
                    "{}; since {} it redirects for good to {to}",
                    self.outcome,
                    since.strftime("%-d %b %Y")
                )
            }
            None => self.outcome.clone(),
        }
    }
}

/// What of a source's health has been told and still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifiedFlags {
    /// That it has failed for a day.
    pub failing: bool,
    /// That it is gone.
    pub gone: bool,
    /// That it publishes nothing, against its publish_interval.
    pub silent: bool,
    /// Where it has moved to.
    pub moved: Option<Url>,
}

/// Something that the operator should hear of a source; told once, when it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEvent {
    /// What happened.
    pub kind: HealthKind,
    /// The source's name in the config.
    pub name: String,
    /// What it was called then.
    pub title: String,
    /// Its address, without credentials.
    pub url: String,
    /// When it was noticed.
    pub at: Timestamp,
    /// Since when it is so.
    pub since: Option<Timestamp>,
    /// The outcome, the new address, the publish_interval: plain text.
    pub detail: String,
}

/// What can happen to a source's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealthKind {
    /// It has failed for a day.
    Failing,
    /// A permanent redirect is confirmed.
    Moved,
    /// 410.
    Gone,
    /// It publishes nothing, against its publish_interval.
    Silent,
    /// It answers or publishes again, after any of these was told.
    Recovered,
}

/// A permanent redirect (301, 308) of the configured address, as far as it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The configured address that it is about.
    pub from: Url,
    /// The new address, without credentials.
    pub to: Url,
    /// When it was first said.
    pub since: Timestamp,
    /// Said for so long that the new address is asked at once.
    pub confirmed: bool,
}

/// Validators of one address, byte for byte as they came (RFC 9110 section 8.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The address that they belong to.
    pub url: Url,
    /// The ETag header's value.
    pub etag: Option<Vec<u8>>,
    /// The Last-Modified header's value.
    pub last_modified: Option<Vec<u8>>,
}

/// What a feed itself says of how often to come. Numbers are as the publisher wrote them, saturated;
/// the schedule bounds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateHints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// RSS `skipHours`: bit `h` is set for each hour, GMT, in which not to come.
    pub skip_hours: u32,
    /// RSS `skipDays`: bit 0 is Monday.
    pub skip_days: u8,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`.
    pub update_period: Option<Duration>,
}

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A feed was read.
    Read {
        /// Entries not seen before.
        new: usize,
        /// Entries whose text has changed.
        edited: usize,
        /// All entries of the document.
        entries: usize,
        /// Entries, or parts, that could not be read.
        problems: usize,
    },
    /// Nothing has changed since the last time (304).
    NotModified,
    /// No feed came.
    Failed(Failure),
}

/// Why no feed came. The schedule branches on it; its words are for `status` and the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The answer, or a part of it, took too long.
    #[error("timed out")]
    Timeout,
    /// The name has no address.
    #[error("name not found: {0}")]
    Dns(String),
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The certificate, or the protocol, was refused.
    #[error("TLS: {0}")]
    Tls(String),
    /// The address is private, or not of the web.
    #[error("refused address: {0}")]
    RefusedAddress(String),
    /// Too many hops, or a hop to nowhere.
    #[error("redirect: {0}")]
    Redirect(String),
    /// 410: the publisher says that it will not come back.
    #[error("gone (410)")]
    Gone,
    /// 429 or 503.
    #[error("asked to wait ({status})")]
    Throttled {
        /// The status.
        status: u16,
        /// When to come again, if it said so.
        until: Option<Timestamp>,
    },
    /// Any other status that is no success.
    #[error("status {0}")]
    Status(u16),
    /// More bytes than `max_body` after decompression.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// The answer is no feed: which not, in words.
    #[error("{0}")]
    Unreadable(String),
}
