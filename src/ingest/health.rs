//! Health events of a source, each reported once. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::entry::hex;
use crate::source::host_budget::HostBudget;
use crate::source::{HealthEvent, HealthKind, Outcome, Source, SourceState};

/// A source that has failed for this long is reported.
const FAILING_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// A source is silent after this many of its usual gaps between entries...
const SILENT_GAPS: u32 = 5;

/// ...but not before a long weekend is over.
const MIN_SILENCE: Duration = Duration::from_secs(4 * 86_400);

/// Missed entries of a source are reported this often.
const MISSED_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Compares a source's state before and after a poll. What is reported is noted in `after`, so that no event is
/// reported twice, also after a restart.
#[must_use]
pub fn events(
    source: &Source,
    before: &SourceState,
    after: &mut SourceState,
    outcome: &Outcome,
    now: Timestamp,
) -> Vec<HealthEvent> {
    let mut events = Vec::new();
    let title = source.title.clone().or(after.title.clone()).unwrap_or_else(|| source.name.clone());
    let parts = source.publish_url.without_query();
    let mut report = |kind, since, detail: String| {
        events.push(HealthEvent {
            id: id(source, kind, now),
            kind,
            name: source.name.clone(),
            title: title.clone(),
            feed_id: source.url.published_id(None, parts),
            url: source.url.shown(parts).into(),
            at: now,
            since,
            detail,
        });
    };
    if after.gone && !before.notified.gone {
        after.notified.gone = true;
        report(HealthKind::Gone, None, after.outcome.clone());
    }
    let failing = after.failing_since.filter(|since| now.duration_since(*since) >= FAILING_AFTER);
    if let (Some(since), false, false) = (failing, before.notified.failing, after.gone) {
        after.notified.failing = true;
        report(HealthKind::Failing, Some(since), after.outcome.clone());
    }
    if let Some(moved) = after.moved.as_ref().filter(|moved| moved.confirmed)
        && before.notified.moved.as_ref() != Some(&moved.to)
    {
        let (to, since) = (moved.to.clone(), moved.since);
        report(HealthKind::Moved, Some(since), to.shown(parts).into());
        after.notified.moved = Some(to);
    }
    if matches!(outcome, Outcome::Failed(_)) {
        return events;
    }
    if before.notified.failing || before.notified.gone {
        (after.notified.failing, after.notified.gone) = (false, false);
        report(HealthKind::Recovered, before.failing_since, "it answers again".to_owned());
    }
    if let Outcome::Read { entries, .. } = *outcome
        && after.may_have_missed_entries(entries)
        && before.notified.missed.is_none_or(|at| now.duration_since(at) >= MISSED_EVERY)
    {
        after.notified.missed = Some(now);
        report(HealthKind::Missed, before.last_success, missed_entries(source, before, after, entries));
    }
    let has_new = matches!(outcome, Outcome::Read { new: 1.., .. }) && before.last_success.is_some();
    if before.notified.silent && has_new {
        after.notified.silent = false;
        report(HealthKind::Recovered, before.last_entry, "it publishes again".to_owned());
    }
    if let (Some(gap), Some(since), false) = (after.publish_interval, after.last_entry, after.notified.silent)
        && now.duration_since(since)
            >= SignedDuration::try_from(silence_threshold(gap)).unwrap_or(SignedDuration::MAX)
    {
        after.notified.silent = true;
        report(HealthKind::Silent, Some(since), usual_interval(gap));
    }
    events
}

/// The event of a host whose sources need more than it allows, at the poll that shows it first.
#[must_use]
pub fn shortage(source: &Source, (host, budget): (&str, &HostBudget), now: Timestamp) -> Option<HealthEvent> {
    let detail = budget.notice(host, now).filter(|_| budget.short_since == Some(now))?;
    let parts = source.publish_url.without_query();
    Some(HealthEvent {
        id: id(source, HealthKind::Limited, now),
        kind: HealthKind::Limited,
        name: source.name.clone(),
        title: host.to_owned(),
        feed_id: source.url.published_id(None, parts),
        url: source.url.shown(parts).into(),
        at: now,
        since: None,
        detail,
    })
}

/// A stable id: at one time, at most one event of a kind happens to a source.
fn id(source: &Source, kind: HealthKind, now: Timestamp) -> String {
    let digest = Sha256::digest(format!("{} {kind:?} {now}", source.url.whole()));
    let hex = hex(&digest);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// What may have been missed, and the setting that would help: half of the time in which all entries were replaced, or
/// in which as many are published by their dates. None if the source was not polled in time.
fn missed_entries(source: &Source, before: &SourceState, after: &SourceState, entries: usize) -> String {
    let since = |from: Option<Timestamp>| {
        let elapsed = from.zip(after.last_poll).map(|(from, to)| to.duration_since(from));
        elapsed.and_then(|elapsed| Duration::try_from(elapsed).ok()).unwrap_or_default()
    };
    let elapsed = since(before.last_success);
    let what =
        if entries == 1 { "its only entry was".into() } else { format!("all its {entries} entries were") };
    let text = format!("{what} replaced within {}", humantime::format_duration(whole_minutes(elapsed)));
    if before.failures > 0 || since(before.next_poll) > elapsed / 2 {
        return text;
    }
    let published =
        after.publish_interval.map(|gap| gap.saturating_mul(u32::try_from(entries).unwrap_or(u32::MAX)));
    let helpful = whole_minutes(published.unwrap_or(elapsed).min(elapsed) / 2);
    let key = if helpful < source.interval.every { "every" } else { "at_most" };
    let helpful = humantime::format_duration(helpful);
    format!("{text}. In config.toml, {key} = \"{helpful}\" would help")
}

/// At least one.
fn whole_minutes(duration: Duration) -> Duration {
    Duration::from_secs((duration.as_secs() / 60).max(1) * 60)
}

pub(super) fn silence_threshold(gap: Duration) -> Duration {
    gap.saturating_mul(SILENT_GAPS).max(MIN_SILENCE)
}

fn usual_interval(gap: Duration) -> String {
    let count =
        |n: u64, unit: &str| if n == 1 { format!("every {unit}") } else { format!("every {n} {unit}s") };
    let interval = match gap.as_secs() {
        secs if secs < 90 * 60 => count((secs / 60).max(1), "minute"),
        secs if secs < 36 * 3600 => count((secs + 1800) / 3600, "hour"),
        secs => count((secs + 43_200) / 86_400, "day"),
    };
    format!("it usually publishes {interval}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Access, Failure, Moved, PollInterval, UrlParts};

    fn source() -> Source {
        Source {
            is_named: true,
            name: "a".into(),
            url: "https://example.org/feed".parse().expect("an address"),
            publish_url: UrlParts::Path,
            title: Some("A Paper".into()),
            interval: PollInterval {
                every: Duration::from_secs(60),
                at_most: Duration::from_secs(60),
                ..PollInterval::default()
            },
            access: Access::default(),
            language: None,
            first_poll: 20,
            stories: true,
            articles: crate::source::ArticleSettings::default(),
            tags: Vec::new(),
        }
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n * 86_400).expect("a time")
    }

    /// Updates the state as a poll would; returns the kinds of events reported.
    fn poll(state: &mut SourceState, outcome: &Outcome, now: Timestamp) -> Vec<HealthKind> {
        let before = state.clone();
        match outcome {
            Outcome::Failed(failure) => {
                state.failing_since = before.failing_since.or(Some(now));
                state.gone = *failure == Failure::Gone;
            }
            Outcome::Read { .. } | Outcome::NotModified => {
                (state.failing_since, state.gone, state.last_success) = (None, false, Some(now));
            }
        }
        events(&source(), &before, state, outcome, now).into_iter().map(|event| event.kind).collect()
    }

    #[test]
    fn a_failure_of_a_day_and_its_end_are_reported_once() {
        let (mut state, down) = (SourceState::default(), Outcome::Failed(Failure::Timeout));
        assert_eq!(poll(&mut state, &down, day(0)), []);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(0)), [], "a short failure is not reported");
        assert_eq!(poll(&mut state, &down, day(1)), []);
        assert_eq!(poll(&mut state, &down, day(2)), [HealthKind::Failing]);
        assert_eq!(poll(&mut state, &down, day(3)), []);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(4)), [HealthKind::Recovered]);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(5)), []);
    }

    #[test]
    fn gone_and_moved_sources_are_reported_once() {
        let (mut state, gone) = (SourceState::default(), Outcome::Failed(Failure::Gone));
        assert_eq!(poll(&mut state, &gone, day(0)), [HealthKind::Gone]);
        assert_eq!(poll(&mut state, &gone, day(9)), [], "polled by hand, and still gone");
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(9)), [HealthKind::Recovered]);
        let to = "https://new.example/".parse().expect("an address");
        let (from, since) = (source().url, day(0));
        state.moved = Some(Moved { from, to, since, confirmed: false });
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(10)), []);
        state.moved.as_mut().expect("it is there").confirmed = true;
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(11)), [HealthKind::Moved]);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(12)), []);
    }

    #[test]
    fn an_event_shows_no_query_and_its_id_depends_on_it() {
        let with = |query: &str| {
            let mut source = source();
            source.url = format!("https://example.org/feed?auth={query}").parse().expect("an address");
            let to = format!("https://new.example/feed?auth={query}").parse().expect("an address");
            let moved = Moved { from: source.url.clone(), to, since: day(0), confirmed: true };
            let mut state = SourceState { moved: Some(moved), ..SourceState::default() };
            let before = SourceState::default();
            events(&source, &before, &mut state, &Outcome::NotModified, day(3)).remove(0)
        };
        let (one, two) = (with("SECRET1"), with("SECRET2"));
        assert_eq!(
            (one.url.as_str(), one.detail.as_str()),
            ("https://example.org/feed", "https://new.example/feed")
        );
        assert!(one.id != two.id && one.feed_id != two.feed_id);
        assert!(!format!("{one:?}").contains("SECRET"));
    }

    #[test]
    fn missed_entries_are_reported_once_a_day_with_the_setting_that_would_help() {
        let source = Source {
            interval: PollInterval {
                every: Duration::from_secs(1800),
                at_most: Duration::from_secs(86_400),
                ..PollInterval::default()
            },
            ..source()
        };
        let minute = |n: i64| day(0) + SignedDuration::from_mins(n);
        let report = |before: &SourceState, replaced, entries, gap: Option<u64>, at: i64| {
            let mut after = SourceState {
                replaced,
                last_poll: Some(minute(at)),
                publish_interval: gap.map(|minutes| Duration::from_secs(minutes * 60)),
                ..before.clone()
            };
            let read = Outcome::Read { new: entries, edited: 0, entries, problems: 0, uncertain: 0 };
            let mut events = events(&source, before, &mut after, &read, minute(at));
            events.retain(|event| event.kind == HealthKind::Missed);
            (events.pop().map(|event| event.detail), after)
        };
        let polled = |at, due| SourceState {
            last_success: Some(minute(at)),
            next_poll: Some(minute(due)),
            ..SourceState::default()
        };
        let (text, after) = report(&polled(0, 31), 1, 5, None, 31);
        assert_eq!(
            text.as_deref(),
            Some("all its 5 entries were replaced within 31m. In config.toml, every = \"15m\" would help")
        );
        assert_eq!(report(&after, 2, 5, None, 60).0, None, "it was reported today");
        assert!(report(&after, 2, 5, None, 31 + 24 * 60).0.is_some());
        let (text, _) = report(&polled(0, 31), 1, 5, Some(2), 31);
        assert!(
            text.is_some_and(|text| text.ends_with("every = \"5m\" would help")),
            "by the entries' dates"
        );
        let (text, _) = report(&polled(0, 600), 1, 5, None, 600);
        assert!(
            text.is_some_and(|text| text.ends_with("at_most = \"5h\" would help")),
            "it was polled rarely"
        );
        let stopped = report(&polled(0, 31), 1, 5, None, 3000).0;
        assert_eq!(stopped.as_deref(), Some("all its 5 entries were replaced within 2days 2h"));
        assert_eq!(report(&polled(0, 31), 1, 1, None, 31).0, None, "a feed of the latest entry");
        assert!(report(&polled(0, 31), 2, 1, None, 31).0.is_some());
        assert_eq!(report(&polled(0, 31), 0, 5, None, 31).0, None);
    }

    #[test]
    fn an_unusual_silence_is_reported_once_until_it_ends() {
        let publish_interval = Some(Duration::from_secs(86_400));
        let mut state = SourceState {
            publish_interval,
            last_entry: Some(day(0)),
            last_success: Some(day(0)),
            ..SourceState::default()
        };
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(4)), []);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(5)), [HealthKind::Silent]);
        assert_eq!(poll(&mut state, &Outcome::NotModified, day(6)), []);
        let mut later = state.clone();
        later.last_entry = Some(day(7));
        let has_new = Outcome::Read { new: 1, edited: 0, entries: 9, problems: 0, uncertain: 0 };
        let recovered = events(&source(), &state, &mut later, &has_new, day(7));
        assert_eq!(recovered[0].kind, HealthKind::Recovered);
        assert_eq!(poll(&mut later, &Outcome::NotModified, day(8)), []);
        let mut monthly = SourceState {
            publish_interval: publish_interval.map(|gap| gap * 30),
            last_entry: Some(day(0)),
            ..SourceState::default()
        };
        assert_eq!(poll(&mut monthly, &Outcome::NotModified, day(140)), []);
        let mut unknown = SourceState { last_entry: Some(day(0)), ..SourceState::default() };
        assert_eq!(poll(&mut unknown, &Outcome::NotModified, day(999)), [], "its usual interval is unknown");
    }

    #[test]
    fn the_usual_interval_is_readable() {
        let words = |secs| usual_interval(Duration::from_secs(secs));
        assert_eq!(words(40), "it usually publishes every minute");
        assert_eq!(words(7200), "it usually publishes every 2 hours");
        assert_eq!(words(86_400), "it usually publishes every 24 hours");
        assert_eq!(words(7 * 86_400), "it usually publishes every 7 days");
    }
}
