//! How often a source publishes, by the dates of its entries. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::entry::Entry;

/// The newest so many gaps say how a source is now.
const GAPS: usize = 20;

/// Fewer of them say nothing.
const LEAST: usize = 2;

/// What the dates of a document's entries say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishInterval {
    /// The median time from one entry to the next, where there are enough dates to tell.
    pub gap: Option<Duration>,
    /// The date of the newest entry.
    pub newest: Option<Timestamp>,
}

/// Reads the publish_interval off the entries of a document. Dates of the future are nobody's publish_interval.
#[must_use]
pub fn measure(entries: &[Entry], now: Timestamp) -> PublishInterval {
    let mut dates: Vec<Timestamp> = entries
        .iter()
        .filter_map(|entry| entry.published.or(entry.updated))
        .filter(|date| *date <= now)
        .collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    let gap = |pair: &[Timestamp]| Duration::try_from(pair[0].duration_since(pair[1])).unwrap_or_default();
    let mut gaps: Vec<Duration> = dates.windows(2).take(GAPS).map(gap).collect();
    gaps.sort_unstable();
    let enough = gaps.len() >= LEAST;
    PublishInterval { gap: enough.then(|| gaps[gaps.len() / 2]), newest: dates.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_gap_is_not_moved_by_one_long_silence_nor_by_the_future() {
        let entry = |date: &str| Entry { published: Some(date.parse().expect(date)), ..Entry::default() };
        let now = "2026-11-10T00:00:00Z".parse().expect("a time");
        let dates = [
            "2026-11-03T00:00:00Z",
            "2036-01-01T00:00:00Z",
            "2026-11-02T00:00:00Z",
            "2020-01-01T00:00:00Z",
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
