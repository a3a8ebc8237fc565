//! Conversions between Rust values and columns. Pure.

use jiff::Timestamp;

use super::database::SqlRow;
use super::sql::{Column, Result, SqlError};
use crate::source::{FeedUrl, UrlParts};

pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time outside the calendar is an error: only a damaged file has one.
pub(super) fn time(millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|_| SqlError::Damaged(format!("{millis} is no time")))
}

/// The same for times that order or are shown only: the nearest one of the calendar.
pub(super) fn nearest_time(millis: i64) -> Timestamp {
    let limit = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(millis).unwrap_or(limit)
}

/// A text, or null, that is not worth losing its row: what is not UTF-8 is replaced.
pub(super) fn lossy_text(row: &SqlRow<'_>, column: usize) -> Result<Option<String>> {
    match row.column(column)? {
        Column::Text(bytes) | Column::Blob(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
        _ => row.get(column),
    }
}

/// The address of a source, or `about:blank` if it is none.
pub(super) fn feed_url(row: &SqlRow<'_>, column: usize) -> Result<FeedUrl> {
    let text = lossy_text(row, column)?.unwrap_or_default();
    Ok(text.parse().unwrap_or_else(|_| "about:blank".parse().expect("a URL")))
}

pub(super) fn url_parts(column: i64) -> UrlParts {
    match column {
        0 => UrlParts::Host,
        2 => UrlParts::Whole,
        _ => UrlParts::Path,
    }
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| SqlError::NotWritable(e.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(SqlError::damaged)
}
