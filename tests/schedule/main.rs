//! Simulates hundreds of sources for thirty days: the real schedule, queue and budgets, a fake clock, fake sites.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod outages;
mod publishers;
mod quota_host;

use jiff::{SignedDuration, Timestamp};
use siftwire::source::{Access, ArticleSettings, PollInterval, Source, UrlParts};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const DAYS: i64 = 30;
const SOURCES: usize = 500;
const CONCURRENCY: usize = 32;

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// A time, in seconds from the start.
fn at(second: i64) -> Timestamp {
    start() + SignedDuration::from_secs(second)
}

fn second(time: Timestamp) -> i64 {
    time.duration_since(start()).as_secs()
}

fn source(n: usize, host: &str, interval: PollInterval) -> Source {
    Source {
        is_named: true,
        name: format!("source-{n}"),
        url: format!("https://{host}/{n}").parse().unwrap(),
        publish_url: UrlParts::Path,
        title: None,
        interval,
        access: Access::default(),
        language: None,
        first_poll: 20,
        stories: true,
        articles: ArticleSettings::default(),
        tags: Vec::new(),
    }
}
