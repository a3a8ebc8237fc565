//! How often a source publishes, by the dates of its entries. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::entry::Entry;

/// The newest gaps that are measured.
const MAX_GAPS: usize = 20;

/// Gaps needed for a median.
const MIN_GAPS: usize = 2;

/// How often a source publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishInterval {
    /// The median time between entries, if there are enough dates.
    pub gap: Option<Duration>,
    /// The date of the newest entry.
    pub newest: Option<Timestamp>,
}

/// Measures the interval from the entries of a document. Future dates are ignored.
#[must_use]
pub fn measure(entries: &[Entry], now: Timestamp) -> PublishInterval {
    let mut dates: Vec<Timestamp> = entries
        .iter()
        .filter_map(|entry| entry.published.or(entry.updated))
        .filter(|date| *date <= now)
        .collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    let gap = |pair: &[Timestamp]| Duration::try_from(pair[0].duration_since(pair[1])).unwrap_or_default();
    let mut gaps: Vec<Duration> = dates.windows(2).take(MAX_GAPS).map(gap).collect();
    gaps.sort_unstable();
    let enough = gaps.len() >= MIN_GAPS;
    PublishInterval { gap: enough.then(|| gaps[gaps.len() / 2]), newest: dates.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_and_future_dates_do_not_change_the_median_gap() {
        let entry = |date: &str| Entry { published: Some(date.parse().expect(date)), ..Entry::default() };
        let now = "2026-11-10T00:00:00Z".parse().expect("a time");
        let dates = [
            "2026-11-03T00:00:00Z", "2036-01-01T00:00:00Z", "2026-11-02T00:00:00Z", "2020-01-01T00:00:00Z",
            "2026-11-04T00:00:00Z",
        ];
        let entries: Vec<Entry> = dates.into_iter().map(entry).chain([Entry::default()]).collect();
        let publish_interval = measure(&entries, now);
        assert_eq!(publish_interval.gap, Some(Duration::from_secs(86_400)));
        assert_eq!(publish_interval.newest.map(|at| at.to_string()).as_deref(), Some("2026-11-04T00:00:00Z"));
        assert_eq!(measure(&entries[..2], now).gap, None);
        assert_eq!(measure(&[], now), PublishInterval::default());
    }
}
