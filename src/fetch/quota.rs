//! What header fields say about a host's quota, in the spellings that are in use. Pure.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use crate::source::host_budget::Quota;

/// Numbers above this are no seconds to wait but a time since 1970.
const MIN_EPOCH: f64 = 1e9;

/// And above this one in milliseconds.
const MIN_EPOCH_MILLIS: f64 = 1e12;

/// Reads `RateLimit` (draft-ietf-httpapi-ratelimit-headers, its versions to 6, 7 and from 8 on) and the `X-` fields before it.
pub(super) fn quota(headers: &HeaderMap, now: Timestamp) -> Quota {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(quota) =
        text("ratelimit").map(|value| parameters(value, now)).filter(|q| *q != Quota::default())
    {
        return quota;
    }
    let first = |names: &[&str]| names.iter().find_map(|name| text(name));
    let remaining = ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"];
    let reset = ["ratelimit-reset", "x-ratelimit-reset-after", "x-ratelimit-reset", "x-rate-limit-reset"];
    Quota {
        remaining: first(&remaining).and_then(count),
        reset: first(&reset).and_then(|value| reset_time(value, now)),
    }
}

/// `"default";r=0;t=30`, several of these, or `limit=100, remaining=0, reset=30`. Of several the one with the fewest left.
fn parameters(value: &str, now: Timestamp) -> Quota {
    let has_items = value.contains(';');
    let mut quotas = Vec::new();
    for item in value.split(if has_items { ',' } else { '\n' }) {
        let mut quota = Quota::default();
        for part in item.split([';', ',']) {
            let Some((name, value)) = part.split_once('=') else { continue };
            match name.trim() {
                "r" | "remaining" => quota.remaining = count(value),
                "t" | "reset" => quota.reset = reset_time(value, now),
                _ => {}
            }
        }
        quotas.push(quota);
    }
    quotas
        .into_iter()
        .filter(|quota| quota.remaining.is_some())
        .min_by_key(|q| q.remaining)
        .unwrap_or_default()
}

/// Some servers write fractions.
fn count(text: &str) -> Option<u64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number as u64)
}

fn reset_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let Ok(number) = text.parse::<f64>() else { return super::freshness::date(text).or(text.parse().ok()) };
    let seconds = if number >= MIN_EPOCH_MILLIS { number / 1000.0 } else { number };
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    let start = if number >= MIN_EPOCH { Timestamp::UNIX_EPOCH } else { now };
    start.checked_add(duration).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_spelling_of_a_quota_is_read() {
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let read = |fields: &[(&'static str, &'static str)]| {
            let headers = fields
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let quota = quota(&headers, now);
            (quota.remaining, quota.reset.map(|reset| reset.as_second() - now.as_second()))
        };
        assert_eq!(read(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "30")]), (Some(0), Some(30)));
        assert_eq!(read(&[("ratelimit", "limit=100, remaining=7, reset=30")]), (Some(7), Some(30)));
        assert_eq!(read(&[("ratelimit", "\"default\";r=0;t=30")]), (Some(0), Some(30)));
        assert_eq!(read(&[("ratelimit", "\"day\";r=90;t=900, \"minute\";r=0;t=30")]), (Some(0), Some(30)));
        let reset = |value| read(&[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", value)]);
        for (value, expected) in [
            ("45", Some(45)),
            ("45.5", Some(45)),
            ("1800000045", Some(45)),
            ("1800000045000", Some(45)),
            ("2027-01-15T08:00:45.000Z", Some(45)),
            ("Fri, 15 Jan 2027 08:00:45 GMT", Some(45)),
            ("soon", None),
            ("-5", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
        ] {
            assert_eq!(reset(value), (Some(0), expected), "{value}");
        }
        assert_eq!(read(&[("x-rate-limit-remaining", "-1")]), (None, None));
        assert_eq!(read(&[("ratelimit", "nonsense;;=,=")]), (None, None));
    }
}
