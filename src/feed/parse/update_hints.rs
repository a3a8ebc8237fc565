//! Polling hints of XML feeds: `ttl`, `skipHours`, `skipDays` and the syndication module. Pure.

use std::time::Duration;

use super::elements::FeedElement;
use crate::source::UpdateHints;

const DAY_SECONDS: u64 = 86_400;

/// `sy:updatePeriod` and `sy:updateFrequency`, which have a meaning only together.
#[derive(Default)]
pub(super) struct SyndicationUpdates {
    period_seconds: Option<u64>,
    frequency: Option<u64>,
}

impl SyndicationUpdates {
    /// RSS 1.0 syndication module: the default period is a day, the default frequency 1.
    pub(super) fn interval(&self) -> Option<Duration> {
        if self.period_seconds.is_none() && self.frequency.is_none() {
            return None;
        }
        let seconds = self.period_seconds.unwrap_or(DAY_SECONDS) / self.frequency.unwrap_or(1).max(1);
        Some(Duration::from_secs(seconds))
    }
}

/// RSS 2.0 counts minutes. Whole hours of seconds, as 86400, are meant as seconds: in minutes they would be days.
fn ttl(number: u64) -> Duration {
    let seconds = if number > 0 && number.is_multiple_of(3600) { number } else { number.saturating_mul(60) };
    Duration::from_secs(seconds)
}

/// Reads a hint element of the feed; ignores any other element.
pub(super) fn read_hint(
    hints: &mut UpdateHints,
    updates: &mut SyndicationUpdates,
    element: FeedElement,
    text: &str,
) {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = || is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    match element {
        FeedElement::Ttl => {
            hints.ttl = number().map(ttl);
        }
        // RSS 0.91 counts from 1 to 24, RSS 2.0 from 0 to 23.
        FeedElement::Hour => {
            if let Some(hour) = number().filter(|hour| *hour <= 24) {
                hints.skip_hours |= 1 << (hour % 24);
            }
        }
        FeedElement::Day => {
            const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let name = text.to_ascii_lowercase();
            if let Some(day) = DAYS.iter().position(|day| name.starts_with(day)) {
                hints.skip_days |= 1 << day;
            }
        }
        FeedElement::UpdatePeriod => {
            updates.period_seconds = match text.to_ascii_lowercase().as_str() {
                "hourly" => Some(3600),
                "daily" => Some(DAY_SECONDS),
                "weekly" => Some(7 * DAY_SECONDS),
                "monthly" => Some(30 * DAY_SECONDS),
                "yearly" => Some(365 * DAY_SECONDS),
                _ => None,
            };
        }
        FeedElement::UpdateFrequency => updates.frequency = number().filter(|frequency| *frequency > 0),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_in_minutes_unless_it_is_whole_hours_of_seconds() {
        let minutes = |number| ttl(number).as_secs() / 60;
        for (number, expected) in [(600, 600), (1440, 1440), (0, 0), (3600, 60), (7200, 120), (86_400, 1440)]
        {
            assert_eq!(minutes(number), expected, "{number}");
        }
        assert_eq!(ttl(u64::MAX), Duration::from_secs(u64::MAX));
    }
}
