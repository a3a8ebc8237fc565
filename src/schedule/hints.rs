//! The publisher's hints on how often to poll: how long each counts, and which are not believed. Pure.

use std::time::Duration;

use crate::fetch::ResponseInfo;
use crate::source::{Source, SourceState};

/// What the publisher asks for.
pub(super) struct Hint {
    /// How long to wait; at most `at_most` of the source.
    pub(super) wait: Duration,
    /// What says so, as text.
    pub(super) reason: String,
}

/// The longest hint that is in force after a successful poll.
///
/// A feed whose entries come faster than its own hint says is not believed: its hint counts no longer than half the usual
/// time between entries, and never less than `every`. What HTTP says of the response is obeyed, since polls before that
/// may only reach a cache.
pub(super) fn longest(source: &Source, state: &SourceState, info: &ResponseInfo) -> Option<Hint> {
    if source.interval.ignore_hints {
        return None;
    }
    let max_age = max_age(source, info);
    let own = [("ttl", state.update_hints.ttl), ("update period", state.update_hints.update_period)];
    let own = own.into_iter().filter_map(|(name, wait)| Some(believed(source, state, name, wait?)));
    // Of equal ones the first: HTTP's.
    own.chain(max_age).max_by_key(|hint| hint.wait)
}

/// How long HTTP calls the response fresh.
pub(super) fn max_age(source: &Source, info: &ResponseInfo) -> Option<Hint> {
    let wait = info.fresh_for.filter(|_| !source.interval.ignore_hints)?.min(source.interval.at_most);
    Some(Hint { wait, reason: "max-age".to_owned() })
}

fn believed(source: &Source, state: &SourceState, name: &str, wait: Duration) -> Hint {
    let limited = wait.min(source.interval.at_most);
    match state.publish_interval {
        Some(gap) if gap < wait && source.interval.every.max(gap / 2) < limited => {
            let shown = |wait: Duration| humantime::format_duration(Duration::from_secs(wait.as_secs()));
            Hint {
                wait: source.interval.every.max(gap / 2),
                reason: format!(
                    "{name} of {} is set aside: entries come every {}",
                    shown(wait),
                    shown(gap.max(Duration::from_secs(1)))
                ),
            }
        }
        _ => Hint { wait: limited, reason: name.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{PollInterval, UpdateHints};

    const HOUR: Duration = Duration::from_secs(3600);

    fn state(ttl: Duration, gap: Option<Duration>) -> SourceState {
        let update_hints = UpdateHints { ttl: Some(ttl), ..UpdateHints::default() };
        SourceState { update_hints, publish_interval: gap, ..SourceState::default() }
    }

    fn after(state: &SourceState, info: &ResponseInfo, interval: PollInterval) -> Option<(Duration, String)> {
        let source = Source { interval, ..super::super::tests::source() };
        longest(&source, state, info).map(|hint| (hint.wait, hint.reason))
    }

    #[test]
    fn a_feed_that_contradicts_its_own_hint_is_not_believed() {
        let none = ResponseInfo::default();
        let wait = |ttl, gap| after(&state(ttl, gap), &none, PollInterval::default()).expect("a hint");
        assert_eq!(wait(10 * HOUR, None), (10 * HOUR, "ttl".to_owned()));
        assert_eq!(wait(10 * HOUR, Some(12 * HOUR)), (10 * HOUR, "ttl".to_owned()));
        let reason = "ttl of 10h is set aside: entries come every 4h".to_owned();
        assert_eq!(wait(10 * HOUR, Some(4 * HOUR)), (2 * HOUR, reason));
        let often = wait(10 * HOUR, Some(HOUR / 60));
        assert_eq!((often.0, often.1.contains("every 1m")), (HOUR / 2, true), "not below `every`");
        assert_eq!(wait(1000 * HOUR, Some(800 * HOUR)), (24 * HOUR, "ttl".to_owned()), "at most a day");
    }

    #[test]
    fn http_is_obeyed_up_to_at_most_unless_hints_are_ignored() {
        let fresh = |hours| ResponseInfo { fresh_for: Some(hours * HOUR), ..ResponseInfo::default() };
        let busy = state(10 * HOUR, Some(HOUR));
        let interval = PollInterval::default();
        assert_eq!(after(&busy, &fresh(5), interval), Some((5 * HOUR, "max-age".to_owned())));
        assert_eq!(after(&busy, &fresh(72_000), interval), Some((24 * HOUR, "max-age".to_owned())));
        let ignoring = PollInterval { ignore_hints: true, ..interval };
        assert_eq!(after(&busy, &fresh(5), ignoring), None);
    }
}
