//! Conversions between Rust values and columns. Pure.

use jiff::Timestamp;

use crate::source::{FeedUrl, UrlParts};

pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time outside the calendar is an error: only a damaged file has one.
pub(super) fn time(millis: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, millis))
}

/// An address that is none is an error: only a damaged file has one.
pub(super) fn feed_url(text: &str) -> rusqlite::Result<FeedUrl> {
    text.parse()
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

pub(super) fn url_parts(column: i64) -> UrlParts {
    match column {
        0 => UrlParts::Host,
        2 => UrlParts::Whole,
        _ => UrlParts::Path,
    }
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}
