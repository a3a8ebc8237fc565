//! When next? Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

pub mod publish_interval;

use crate::fetch::ResponseInfo;
use crate::source::{Failure, Moved, Outcome, PollInterval, Source, SourceState, UpdateHints};
use publish_interval::PublishInterval;

/// What others say counts up to this.
const FARTHEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// A permanent redirect that still stands after so long is believed.
const CONFIRMED: SignedDuration = SignedDuration::from_hours(48);

/// A quiet source is asked so many times in as long again as it has been silent, or as one of its
/// usual gaps lasts.
const LOOKS: u32 = 10;

/// Until its usual gap is reached, who is known to publish rarely is asked so many times in as long
/// again as it has been silent.
const EARLY_LOOKS: u32 = 3;

/// The most that chance adds to a wait: one part in so many.
const JITTER: u32 = 10;

/// How a visit went, as far as the schedule cares.
#[derive(Clone, Copy, Debug)]
pub struct PollObservation<'a> {
    /// How the poll ended.
    pub outcome: &'a Outcome,
    /// What the answer's headers said.
    pub info: &'a ResponseInfo,
    /// What the feed itself said.
    pub update_hints: UpdateHints,
    /// What the dates of its entries say.
    pub publish_interval: PublishInterval,
}

/// A wait, and why it is so long.
struct Wait {
    long: Duration,
    /// No jitter makes it longer.
    most: Duration,
    why: String,
}

/// What is remembered of a source after a poll.
#[must_use]
pub fn after_poll(
    source: &Source,
    state: &SourceState,
    visited: &PollObservation<'_>,
    now: Timestamp,
) -> SourceState {
    let mut next = SourceState { last_poll: Some(now), outcome: words(visited.outcome), ..state.clone() };
    let Wait { long, most, why } = match visited.outcome {
        Outcome::Failed(failure) => {
            next.failures = state.failures.saturating_add(1);
            next.failing_since = state.failing_since.or(Some(now));
            next.gone = *failure == Failure::Gone;
            after_failure(source, next.failures, failure, visited.info, now)
        }
        Outcome::Read { .. } | Outcome::NotModified => {
            next.failures = 0;
            next.failing_since = None;
            next.last_success = Some(now);
            next.gone = false;
            next.moved = moved(source, state, visited.info, now);
            if let Outcome::Read { new, .. } = visited.outcome {
                next.update_hints = visited.update_hints;
                next.publish_interval = visited.publish_interval.gap.or(state.publish_interval);
                next.last_new = if *new > 0 { Some(now) } else { state.last_new.or(Some(now)) };
                next.last_entry = match state.last_success {
                    None => visited.publish_interval.newest.or(Some(now)),
                    Some(_) if *new > 0 => Some(now),
                    Some(_) => state.last_entry.or(visited.publish_interval.newest),
                };
            }
            // A 304 that names no validators leaves the old ones; a feed that came without has none.
            if matches!(visited.outcome, Outcome::Read { .. }) || visited.info.validators.is_some() {
                next.validators = visited.info.validators.clone();
            }
            after_success(source, &next, visited.info, now)
        }
    };
    let wait = long.saturating_add(jitter(source, long, now)).min(most.max(long));
    let planned = later(now, wait);
    let allowed = past_skipped(next.update_hints, planned);
    next.next_poll = Some(allowed);
    if next.gone {
        next.next_poll = Some(Timestamp::MAX);
        next.next_poll_reason = "gone (410)".to_owned();
        return next;
    }
    next.next_poll_reason = if allowed > planned { "skipHours or skipDays".to_owned() } else { why };
    next
}

/// The permanent redirect to remember. Once confirmed, the new address answers for itself.
fn moved(source: &Source, state: &SourceState, info: &ResponseInfo, now: Timestamp) -> Option<Moved> {
    let known = state.moved.as_ref().filter(|moved| moved.from == source.url);
    match (&info.moved_to, known) {
        (Some(to), Some(known)) if known.to == *to => {
            let confirmed = known.confirmed || now.duration_since(known.since) >= CONFIRMED;
            Some(Moved { confirmed, ..known.clone() })
        }
        (Some(to), _) => {
            Some(Moved { from: source.url.clone(), to: to.clone(), since: now, confirmed: false })
        }
        (None, Some(known)) if known.confirmed && state.failures == 0 => Some(known.clone()),
        (None, _) => None,
    }
}

/// The first time from `planned` on, by whole hours of GMT, that the feed does not ask to skip. A
/// feed that skips every hour or every day is not believed.
fn past_skipped(update_hints: UpdateHints, planned: Timestamp) -> Timestamp {
    const HOUR: i64 = 3600;
    let skipped = |second: i64| {
        let hour = second.div_euclid(HOUR);
        // 1970-01-01 was a Thursday, the fourth day.
        let day = (hour.div_euclid(24) + 3).rem_euclid(7);
        update_hints.skip_hours >> hour.rem_euclid(24) & 1 == 1 || update_hints.skip_days >> day & 1 == 1
    };
    let start = planned.as_second();
    if !skipped(start) {
        return planned;
    }
    let next_hour = (start.div_euclid(HOUR) + 1) * HOUR;
    (0..7 * 24)
        .map(|hours| next_hour + hours * HOUR)
        .find(|second| !skipped(*second))
        // The minute of the hour is kept, so that all who skip do not come at once.
        .and_then(|second| Timestamp::from_second(second + start.rem_euclid(HOUR)).ok())
        .unwrap_or(planned)
}

/// How long a source that publishes rarely can be left alone. At once after a new entry it is not; the
/// longer it is silent the longer, soon as far as the usual gap between its entries allows, and beyond
/// that by its silence alone.
fn quiet(source: &Source, state: &SourceState, now: Timestamp) -> Option<Duration> {
    let silence = Duration::try_from(now.duration_since(state.last_new?)).ok()?;
    let usual = state.publish_interval.map_or(Duration::ZERO, |gap| (gap / LOOKS).min(silence / EARLY_LOOKS));
    source.interval.adaptive.then(|| usual.max(silence / LOOKS).min(slowest(source)))
}

/// So long that jitter still fits below `at_most`: who comes at the slowest pace drifts too.
fn slowest(source: &Source) -> Duration {
    source.interval.at_most - source.interval.at_most / (JITTER + 1)
}

fn after_success(source: &Source, state: &SourceState, info: &ResponseInfo, now: Timestamp) -> Wait {
    let hints = [
        (quiet(source, state, now), source.interval.at_most, "quiet source"),
        (info.fresh_for, FARTHEST, "max-age"),
        (state.update_hints.ttl, FARTHEST, "ttl"),
        (state.update_hints.update_period, FARTHEST, "update period"),
    ];
    let every = Wait { long: source.interval.every, most: Duration::MAX, why: "every".to_owned() };
    hints
        .into_iter()
        .filter_map(|(long, most, why)| Some(Wait { long: long?.min(most), most, why: why.to_owned() }))
        .fold(every, |longest, hint| if hint.long > longest.long { hint } else { longest })
}

/// Twice as long after each failure, from `every` up to `at_most`, for ever; longer only when asked to.
fn after_failure(
    source: &Source,
    failures: u32,
    failure: &Failure,
    info: &ResponseInfo,
    now: Timestamp,
) -> Wait {
    let PollInterval { every, at_most, .. } = source.interval;
    let doubled = every.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
    let most = at_most.max(every.saturating_add(every / JITTER));
    let back_off =
        Wait { long: doubled.min(slowest(source)).max(every), most, why: format!("back-off {failures}") };
    let Failure::Throttled { until, .. } = failure else { return back_off };
    let asked = until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
    [(asked, "retry-after"), (info.fresh_for, "max-age")]
        .into_iter()
        .filter_map(|(long, why)| {
            Some(Wait { long: long?.min(FARTHEST), most: FARTHEST, why: why.to_owned() })
        })
        .fold(back_off, |longest, hint| if hint.long > longest.long { hint } else { longest })
}

/// Up to a tenth more. One half is the source's own and always the same, so that two sources of one
/// pace drift apart for good however they came together; the other differs from poll to poll.
fn jitter(source: &Source, wait: Duration, now: Timestamp) -> Duration {
    let own = Sha256::digest(&source.name)[0];
    let chance = Sha256::digest(format!("{} {}", source.name, now.as_millisecond()))[0];
    (wait / JITTER).mul_f64(f64::from(u16::from(own) + u16::from(chance)) / 510.0)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_millis(millis)).unwrap_or(Timestamp::MAX)
}

/// When a source is due that starts or whose config changed: when it was planned, but no later
/// than its own pace and others' hints could explain. A time beyond that means that the clock was wrong.
#[must_use]
pub fn due_at_start(source: &Source, state: &SourceState, now: Timestamp) -> Timestamp {
    match state.next_poll {
        Some(_) if state.gone => Timestamp::MAX,
        None => now,
        Some(planned) => {
            let explained = FARTHEST.max(source.interval.at_most).mul_f64(1.1);
            if planned > later(now, explained) { now } else { planned }
        }
    }
}

/// When a source is due after the clock was set back by so much: its plan was made by the clock as it was, and what
/// was left to wait is left still. `None`: the plan stands. A source that was polled since has a plan of the
/// clock as it is.
#[must_use]
pub fn after_clock_set_back(state: &SourceState, by: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let planned =
        state.next_poll.filter(|_| !state.gone && state.last_poll.is_some_and(|last| last > now))?;
    Some(planned.checked_sub(by).unwrap_or(now).max(now))
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Read { new, edited, entries, problems: 0 } => {
            format!("{entries} entries, {new} new, {edited} edited")
        }
        Outcome::Read { new, edited, entries, problems } => {
            format!("{entries} entries, {new} new, {edited} edited, {problems} unreadable")
        }
        Outcome::NotModified => "not modified".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Access, Validators};

    fn source() -> Source {
        Source {
            name: "a".into(),
            url: "https://example.org/feed".parse().expect("an address"),
            title: None,
            interval: PollInterval {
                every: Duration::from_secs(1800),
                at_most: Duration::from_secs(86_400),
                adaptive: true,
            },
            access: Access {
                timeout: Duration::from_secs(30),
                max_body: 1000,
                user_agent: None,
                headers: Vec::new(),
                authorization: None,
                proxy: None,
                allow_private: false,
            },
            language: None,
            first_poll: 20,
            stories: true,
        }
    }

    fn now() -> Timestamp {
        "2026-11-01T12:00:00Z".parse().expect("a time")
    }

    fn after(outcome: Outcome, info: &ResponseInfo, state: &SourceState) -> SourceState {
        after_poll(
            &source(),
            state,
            &PollObservation {
                outcome: &outcome,
                info,
                update_hints: UpdateHints::default(),
                publish_interval: PublishInterval::default(),
            },
            now(),
        )
    }

    fn minutes(state: &SourceState) -> i64 {
        state.next_poll.expect("planned").duration_since(now()).as_mins()
    }

    fn validators() -> Validators {
        Validators { url: source().url, etag: Some(b"\"x\"".to_vec()), last_modified: None }
    }

    #[test]
    fn the_greatest_wait_wins_and_is_bounded() {
        let read = Outcome::Read { new: 0, edited: 0, entries: 0, problems: 0 };
        let plain = after(read.clone(), &ResponseInfo::default(), &SourceState::default());
        assert!((30..=33).contains(&minutes(&plain)), "{plain:?}");
        let fresh =
            |secs| ResponseInfo { fresh_for: Some(Duration::from_secs(secs)), ..ResponseInfo::default() };
        assert_eq!(after(read.clone(), &fresh(60), &SourceState::default()).next_poll_reason, "every");
        let slow = after(read.clone(), &fresh(7200), &SourceState::default());
        assert_eq!(
            (slow.next_poll_reason.as_str(), (120..=132).contains(&minutes(&slow))),
            ("max-age", true)
        );
        let absurd = after(read, &fresh(u64::MAX), &SourceState::default());
        assert_eq!(minutes(&absurd), 30 * 24 * 60);
    }

    #[test]
    fn failures_back_off_for_ever_and_one_success_ends_it() {
        let mut state = SourceState { validators: Some(validators()), ..SourceState::default() };
        let mut waits = Vec::new();
        for _ in 0..100 {
            state = after(Outcome::Failed(Failure::Timeout), &ResponseInfo::default(), &state);
            waits.push(minutes(&state) / 30);
        }
        assert_eq!(waits[..3], [1, 2, 4]);
        assert!((43..=48).contains(&waits[99]) && state.failures == 100 && state.validators.is_some());
        let healed = after(Outcome::NotModified, &ResponseInfo::default(), &state);
        assert_eq!((healed.failures, healed.failing_since, healed.validators), (0, None, Some(validators())));
    }

    #[test]
    fn gone_ends_polling_until_a_success() {
        let state = after(Outcome::Failed(Failure::Gone), &ResponseInfo::default(), &SourceState::default());
        assert_eq!((state.gone, due_at_start(&source(), &state, now())), (true, Timestamp::MAX));
        let back = after(Outcome::NotModified, &ResponseInfo::default(), &state);
        assert!(!back.gone && minutes(&back) <= 33);
    }

    #[test]
    fn a_quiet_source_is_asked_less_often_until_it_wakes() {
        let silent = |hours| SourceState {
            last_new: Some(now() - SignedDuration::from_hours(hours)),
            ..SourceState::default()
        };
        let week = after(Outcome::NotModified, &ResponseInfo::default(), &silent(7 * 24));
        assert_eq!(
            (week.next_poll_reason.as_str(), week.last_new),
            ("quiet source", silent(7 * 24).last_new)
        );
        assert!((16..=19).contains(&(minutes(&week) / 60)), "{week:?}");
        let years = after(Outcome::NotModified, &ResponseInfo::default(), &silent(20_000));
        assert!((21 * 60..=24 * 60).contains(&minutes(&years)));
        // A source that is known to publish each week slows down sooner, and no further than that.
        let weekly =
            |hours| SourceState { publish_interval: Some(Duration::from_secs(7 * 86_400)), ..silent(hours) };
        let hours =
            |state: SourceState| minutes(&after(Outcome::NotModified, &ResponseInfo::default(), &state)) / 60;
        assert_eq!((hours(silent(12)), hours(weekly(12))), (1, 4));
        assert!((16..=19).contains(&hours(weekly(80))) && (16..=19).contains(&hours(weekly(150))));
        let fixed = Source { interval: PollInterval { adaptive: false, ..source().interval }, ..source() };
        let visited = PollObservation {
            outcome: &Outcome::NotModified,
            info: &ResponseInfo::default(),
            update_hints: UpdateHints::default(),
            publish_interval: PublishInterval::default(),
        };
        assert_eq!(after_poll(&fixed, &silent(20_000), &visited, now()).next_poll_reason, "every");
        let news = Outcome::Read { new: 1, edited: 0, entries: 9, problems: 0 };
        assert_eq!(after(news, &ResponseInfo::default(), &silent(7 * 24)).next_poll_reason, "every");
    }

    #[test]
    fn skipped_hours_and_days_are_left_out_and_a_304_keeps_them() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        // 2026-11-01 is a Sunday.
        let update_hints =
            UpdateHints { skip_hours: 1 << 12 | 1 << 13, skip_days: 0, ..UpdateHints::default() };
        assert_eq!(past_skipped(update_hints, at("2026-11-01T12:30:00Z")), at("2026-11-01T14:30:00Z"));
        let sunday = UpdateHints { skip_days: 1 << 6, ..UpdateHints::default() };
        assert_eq!(past_skipped(sunday, at("2026-11-01T12:30:00Z")), at("2026-11-02T00:30:00Z"));
        let never = UpdateHints { skip_days: 0x7f, ..UpdateHints::default() };
        assert_eq!(past_skipped(never, at("2026-11-01T12:30:00Z")), at("2026-11-01T12:30:00Z"));
        let state = SourceState { update_hints, ..SourceState::default() };
        let next = after(Outcome::NotModified, &ResponseInfo::default(), &state);
        assert_eq!(
            (next.update_hints, next.next_poll_reason.as_str()),
            (update_hints, "skipHours or skipDays")
        );
    }

    #[test]
    fn a_move_is_believed_after_two_days_and_not_when_it_is_unsaid() {
        let to: url::Url = "https://new.example/feed".parse().expect("an address");
        let says = ResponseInfo { moved_to: Some(to.clone()), ..ResponseInfo::default() };
        let known = |hours| SourceState {
            moved: Some(Moved {
                from: source().url,
                to: to.clone(),
                since: now() - SignedDuration::from_hours(hours),
                confirmed: false,
            }),
            ..SourceState::default()
        };
        let confirmed = |state: SourceState| state.moved.map(|moved| moved.confirmed);
        assert_eq!(confirmed(after(Outcome::NotModified, &says, &SourceState::default())), Some(false));
        assert_eq!(confirmed(after(Outcome::NotModified, &says, &known(47))), Some(false));
        assert_eq!(confirmed(after(Outcome::NotModified, &says, &known(48))), Some(true));
        assert_eq!(confirmed(after(Outcome::NotModified, &ResponseInfo::default(), &known(48))), None);
    }

    #[test]
    fn a_throttle_is_obeyed() {
        let until = Some(now() + SignedDuration::from_hours(50));
        let state = after(
            Outcome::Failed(Failure::Throttled { status: 429, until }),
            &ResponseInfo::default(),
            &SourceState::default(),
        );
        assert!(minutes(&state) >= 50 * 60 && state.next_poll_reason == "retry-after");
    }

    #[test]
    fn a_throttle_that_is_fresh_for_longer_than_it_asks_is_not_asked_before() {
        let soon = Some(now() + SignedDuration::from_mins(40));
        let fresh = ResponseInfo { fresh_for: Some(Duration::from_secs(7200)), ..ResponseInfo::default() };
        let throttled = |until| Outcome::Failed(Failure::Throttled { status: 503, until });
        let state = after(throttled(soon), &fresh, &SourceState::default());
        assert_eq!(
            (state.next_poll_reason.as_str(), (120..=132).contains(&minutes(&state))),
            ("max-age", true)
        );
        let never = after(throttled(Some(Timestamp::MAX)), &ResponseInfo::default(), &SourceState::default());
        assert_eq!(minutes(&never), 30 * 24 * 60);
        let past =
            after(throttled(Some(Timestamp::UNIX_EPOCH)), &ResponseInfo::default(), &SourceState::default());
        assert_eq!(past.next_poll_reason, "back-off 1");
    }

    #[test]
    fn sources_of_one_pace_drift_apart_and_each_is_itself() {
        let named = |name: &str| Source { name: name.into(), ..source() };
        let wait = |name: &str, n: i64| {
            let at = Timestamp::from_second(1_800_000_000 + n).expect("a time");
            jitter(&named(name), Duration::from_secs(1800), at)
        };
        let mean = |name: &str| (0..100).map(|n| wait(name, n)).sum::<Duration>() / 100;
        assert_eq!(wait("a", 1), wait("a", 1));
        assert_ne!(wait("a", 1), wait("a", 2));
        assert!((0..100).all(|n| wait("a", n) <= Duration::from_secs(180)));
        assert!(mean("a").abs_diff(mean("b")) > Duration::from_secs(10), "by chance alone they would meet");
    }

    #[test]
    fn a_move_on_from_a_confirmed_move_is_confirmed_anew() {
        let address = |text: &str| text.parse::<url::Url>().expect("an address");
        let (second, third) = (address("https://new.example/feed"), address("https://newer.example/feed"));
        let known = Moved { from: source().url, to: second, since: now(), confirmed: true };
        let state = SourceState { moved: Some(known), ..SourceState::default() };
        let says = ResponseInfo { moved_to: Some(third.clone()), ..ResponseInfo::default() };
        let moved = after(Outcome::NotModified, &says, &state).moved.expect("it is said");
        assert_eq!((moved.to, moved.confirmed, moved.since), (third, false, now()));
    }

    #[test]
    fn a_time_from_a_wrong_clock_is_dropped() {
        let planned =
            |at: &str| SourceState { next_poll: Some(at.parse().expect("a time")), ..SourceState::default() };
        assert_eq!(
            due_at_start(&source(), &planned("2026-11-01T12:20:00Z"), now()).to_string(),
            "2026-11-01T12:20:00Z"
        );
        assert_eq!(due_at_start(&source(), &planned("2038-01-01T00:00:00Z"), now()), now());
        assert_eq!(due_at_start(&source(), &SourceState::default(), now()), now());
    }

    #[test]
    fn a_clock_that_was_set_back_leaves_what_was_left_to_wait() {
        let hours = SignedDuration::from_hours;
        let then: Timestamp = "2026-11-01T12:00:00Z".parse().expect("a time");
        let now = then - hours(2);
        let planned = |next: SignedDuration, last| SourceState {
            next_poll: Some(then + next),
            last_poll: Some(last),
            ..SourceState::default()
        };
        let left = hours(1);
        assert_eq!(after_clock_set_back(&planned(left, then - hours(1)), hours(2), now), Some(now + left));
        assert_eq!(
            after_clock_set_back(&planned(-hours(1), then - hours(1)), hours(2), now),
            Some(now),
            "overdue already"
        );
        assert_eq!(after_clock_set_back(&planned(left, now), hours(2), now), None, "polled since");
        let gone = SourceState { gone: true, ..planned(left, then - hours(1)) };
        assert_eq!(after_clock_set_back(&gone, hours(2), now), None);
        assert_eq!(after_clock_set_back(&SourceState::default(), hours(2), now), None, "never polled");
    }
}
