//! When to request again, by the header fields of a response. Pure.

use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{self, HeaderMap, HeaderValue};

use crate::source::Validators;

/// A later `Expires`, as one in the year 9999, says nothing about the next poll.
const MAX_EXPIRES: Duration = Duration::from_secs(366 * 24 * 3600);

/// How long a response stays fresh: `max-age` less `Age`, else until `Expires` (RFC 9111 section 4.2).
pub(super) fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // Several Cache-Control lines count as one list.
    let max_age = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|control| control.to_str().ok())
        .flat_map(|control| control.split(','))
        .find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("max-age=").map(str::to_owned))
        .and_then(|value| seconds(&value));
    match max_age {
        Some(max_age) => {
            let age = text(header::AGE).and_then(seconds).unwrap_or(0);
            Some(Duration::from_secs(max_age.saturating_sub(age)))
        }
        None => {
            // Measured on the server's clock (RFC 9111 section 4.2.1), which may be wrong.
            let then = text(header::DATE).and_then(date).unwrap_or(now);
            let fresh = date(text(header::EXPIRES)?)?.duration_since(then);
            Duration::try_from(fresh).ok().filter(|fresh| *fresh <= MAX_EXPIRES)
        }
    }
}

/// When `Retry-After` allows the next request: it has seconds or a date (RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = seconds(value).map(|delay| i64::try_from(delay).unwrap_or(i64::MAX));
    match delay {
        Some(delay) => Some(now.checked_add(SignedDuration::from_secs(delay)).unwrap_or(Timestamp::MAX)),
        None => date(value),
    }
}

/// The time of a `Last-Modified`.
#[must_use]
pub fn modified_at(validators: &Validators) -> Option<Timestamp> {
    date(std::str::from_utf8(validators.last_modified.as_deref()?).ok()?)
}

/// Parses digits alone, saturating.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Parses an HTTP date in any of its three forms, or a mail date.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    if let Ok(time) = httpdate::parse_http_date(text.trim()) {
        return Timestamp::try_from(time).ok();
    }
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    #[test]
    fn freshness_and_retry_after_are_read_leniently() {
        let now: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
        let fresh = |pairs: &[(&'static str, &'static str)]| {
            fresh_for(
                &pairs
                    .iter()
                    .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
                    .collect(),
                now,
            )
        };
        assert_eq!(
            fresh(&[("cache-control", "public, Max-Age=600"), ("age", "100")]),
            Some(Duration::from_secs(500))
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=99999999999999999999")]),
            Some(Duration::from_secs(u64::MAX))
        );
        assert_eq!(fresh(&[("expires", "Sun, 01 Nov 2026 01:00:00 GMT")]), Some(Duration::from_secs(3600)));
        let mut lines = HeaderMap::new();
        lines.append(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        lines.append(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        assert_eq!(fresh_for(&lines, now), Some(Duration::from_secs(60)));
        assert_eq!(fresh(&[("expires", "0")]), None);
        assert_eq!(fresh(&[("expires", "Fri, 31 Dec 9999 23:59:59 GMT")]), None);
        assert_eq!(
            fresh(&[
                ("date", "Sun, 01 Nov 2020 00:00:00 GMT"),
                ("expires", "Sunday, 01-Nov-20 00:10:00 GMT")
            ]),
            Some(Duration::from_secs(600)),
            "the server's clock is six years behind"
        );
        assert_eq!(fresh(&[("cache-control", "max-age=600"), ("age", "-5")]), Some(Duration::from_secs(600)));
        assert_eq!(
            fresh(&[("cache-control", "max-age=600"), ("age", "99999999999999999999")]),
            Some(Duration::ZERO)
        );
        assert_eq!(
            fresh(&[("cache-control", "no-cache, no-store, max-age=60")]),
            Some(Duration::from_secs(60))
        );
        assert_eq!(fresh(&[("cache-control", "max-age=60s"), ("expires", "never")]), None);
        assert_eq!(
            fresh(&[("cache-control", "max-age=60"), ("expires", "Sun, 01 Nov 2026 09:00:00 GMT")]),
            Some(Duration::from_secs(60)),
            "max-age takes precedence"
        );
        let wait = |value| {
            retry_after(&[(header::RETRY_AFTER, HeaderValue::from_static(value))].into_iter().collect(), now)
        };
        assert_eq!(wait("120"), Some(now + SignedDuration::from_secs(120)));
        assert_eq!(wait("Sun, 01 Nov 2026 01:00:00 GMT"), Some(now + SignedDuration::from_hours(1)));
        assert_eq!(wait("99999999999999999999"), Some(Timestamp::MAX));
        assert_eq!((wait("-3"), wait("soon"), wait("")), (None, None, None));
        assert_eq!(fresh(&[("cache-control", "max-age=-5, no-cache")]), None);
    }
}
