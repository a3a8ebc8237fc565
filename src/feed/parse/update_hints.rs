//! What an XML feed says of how often to come. Pure.

use std::time::Duration;

use super::names::Meaning;
use crate::source::UpdateHints;

/// `sy:updatePeriod` and `sy:updateFrequency`, which make sense only together.
#[derive(Default)]
pub(super) struct Period {
    seconds: Option<u64>,
    times: Option<u64>,
}

impl Period {
    /// RSS 1.0 syndication module: daily where no period is named, once where no number is.
    pub(super) fn settle(self, pace: &mut UpdateHints) {
        if self.seconds.is_some() || self.times.is_some() {
            let period = self.seconds.unwrap_or(DAY) / self.times.unwrap_or(1).max(1);
            pace.update_period = Some(Duration::from_secs(period));
        }
    }
}

const DAY: u64 = 86_400;

/// An element of the feed that holds text.
pub(super) fn leaf(pace: &mut UpdateHints, period: &mut Period, meaning: Meaning, text: &str) {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // More of them than fit are as many as fit.
    let number = || digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    match meaning {
        Meaning::Ttl => {
            pace.ttl = number().map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
        }
        // RSS 0.91 counts from 1 to 24, RSS 2.0 from 0 to 23.
        Meaning::Hour => {
            if let Some(hour) = number().filter(|hour| *hour <= 24) {
                pace.skip_hours |= 1 << (hour % 24);
            }
        }
        Meaning::Day => {
            const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let start = text.to_ascii_lowercase();
            if let Some(day) = DAYS.iter().position(|day| start.starts_with(day)) {
                pace.skip_days |= 1 << day;
            }
        }
        Meaning::UpdatePeriod => {
            period.seconds = match text.to_ascii_lowercase().as_str() {
                "hourly" => Some(3600),
                "daily" => Some(DAY),
                "weekly" => Some(7 * DAY),
                "monthly" => Some(30 * DAY),
                "yearly" => Some(365 * DAY),
                _ => None,
            };
        }
        Meaning::UpdateFrequency => period.times = number().filter(|times| *times > 0),
        _ => {}
    }
}
