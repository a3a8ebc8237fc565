//! When a source is polled next, and why. Pure.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

mod hints;
pub mod publish_interval;

use crate::fetch::ResponseInfo;
use crate::source::host_budget::{MAX_HOLD, WAIT_WITHOUT_TIME};
use crate::source::{
    Failure, Moved, Outcome, PollInterval, REDIRECT_CONFIRMATION, Source, SourceState, UpdateHints,
};
use hints::Hint;
use publish_interval::PublishInterval;

/// The longest wait that a `Retry-After` can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// A quiet source waits this fraction of its silence, or of its usual gap between entries.
const ADAPTIVE_FRACTION: u32 = 10;

/// Before the usual gap has passed, the wait is at most this fraction of the silence: right after a new entry the
/// source is polled often.
const EARLY_FRACTION: u32 = 3;

/// Jitter adds at most this fraction of a wait.
const JITTER_FRACTION: u32 = 10;

/// A wait that is shortened because entries may have been missed is at least this long, or `every` if that is shorter.
const MIN_SHORTENED: Duration = Duration::from_secs(300);

/// How often a source may be refused in a row before it waits longer than its host asks for.
const TURNS_BEFORE_BACK_OFF: u32 = 2;

/// How long at least to wait after a bot check, which a feed reader does not pass.
const BOT_CHECK_WAIT: Duration = Duration::from_secs(4 * 3600);

/// What the schedule needs to know of a poll.
#[derive(Clone, Copy, Debug)]
pub struct PollObservation<'a> {
    /// How the poll ended.
    pub outcome: &'a Outcome,
    /// What the response's header fields said.
    pub info: &'a ResponseInfo,
    /// The feed's own hints.
    pub update_hints: UpdateHints,
    /// Measured from the dates of its entries.
    pub publish_interval: PublishInterval,
    /// The document has entries, and none of those that the one before it had.
    pub replaced: bool,
    /// Whether the source's host takes no requests for now.
    pub is_held: bool,
    /// Whether the network of this machine may be down: a source that is out of reach has not failed then.
    pub is_probe: bool,
}

/// A time to wait.
struct Wait {
    duration: Duration,
    /// Limit for the duration with jitter.
    max: Duration,
    reason: String,
}

/// The state of a source after a poll, with the time of the next one.
#[must_use]
pub fn after_poll(
    source: &Source,
    state: &SourceState,
    observed: &PollObservation<'_>,
    now: Timestamp,
) -> SourceState {
    let mut next =
        SourceState { last_poll: Some(now), outcome: outcome_text(observed.outcome), ..state.clone() };
    if let Outcome::Failed(failure) = observed.outcome
        && observed.is_probe
        && failure.is_unreachable()
    {
        next.next_poll = Some(now);
        next.next_poll_reason = "the network here is down".to_owned();
        return next;
    }
    let Wait { duration, max, reason } = match observed.outcome {
        Outcome::Failed(failure) => {
            next.failures = state.failures.saturating_add(1);
            next.failing_since = state.failing_since.or(Some(now));
            next.gone = *failure == Failure::Gone;
            after_failure(source, next.failures, failure, observed, now)
        }
        Outcome::Read { .. } | Outcome::NotModified => {
            next.failures = 0;
            next.failing_since = None;
            next.last_success = Some(now);
            next.gone = false;
            next.moved = moved(source, state, observed.info, now);
            next.replaced = if observed.replaced { state.replaced.saturating_add(1) } else { 0 };
            next.shortened = shortened(source, state, &next, observed.outcome);
            if let Outcome::Read { new, .. } = observed.outcome {
                next.update_hints = observed.update_hints;
                next.publish_interval = observed.publish_interval.gap.or(state.publish_interval);
                next.last_new = if *new > 0 { Some(now) } else { state.last_new.or(Some(now)) };
                next.last_entry = match state.last_success {
                    None => observed.publish_interval.newest.or(Some(now)),
                    Some(_) if *new > 0 => Some(now),
                    Some(_) => state.last_entry.or(observed.publish_interval.newest),
                };
            }
            // A 304 without validators keeps the old ones; a document without validators has none.
            if matches!(observed.outcome, Outcome::Read { .. }) || observed.info.validators.is_some() {
                next.validators = observed.info.validators.clone();
            }
            after_success(source, &next, observed.info, now)
        }
    };
    let wait = duration.saturating_add(jitter(source, duration, now)).min(max.max(duration));
    let planned = add(now, wait);
    let update_hints = if source.interval.ignore_hints { UpdateHints::default() } else { next.update_hints };
    let allowed = after_skipped_hours(update_hints, planned);
    next.next_poll = Some(allowed);
    if next.gone {
        next.next_poll = Some(Timestamp::MAX);
        next.next_poll_reason = "gone (410)".to_owned();
        return next;
    }
    if duration.is_zero() {
        // It keeps its place before those that have waited less.
        next.next_poll = Some(state.next_poll.unwrap_or(now).min(now));
    }
    next.next_poll_reason = if allowed > planned { "skipHours or skipDays".to_owned() } else { reason };
    next
}

/// The permanent redirect to keep. Once it is confirmed the new address is requested directly, and no redirect is
/// seen any more.
fn moved(source: &Source, state: &SourceState, info: &ResponseInfo, now: Timestamp) -> Option<Moved> {
    let known = state.moved.as_ref().filter(|moved| moved.from == source.url);
    match (&info.moved_to, known) {
        (Some(to), Some(known)) if known.to == *to => {
            let confirmed = known.confirmed || now.duration_since(known.since) >= REDIRECT_CONFIRMATION;
            Some(Moved { confirmed, ..known.clone() })
        }
        (Some(to), _) => {
            Some(Moved { from: source.url.clone(), to: to.clone(), since: now, confirmed: false })
        }
        (None, Some(known)) if known.confirmed && state.failures == 0 => Some(known.clone()),
        (None, _) => None,
    }
}

/// Moves a time out of the hours and days (GMT) that the feed asks to skip. A feed that skips all of them is
/// ignored.
fn after_skipped_hours(update_hints: UpdateHints, planned: Timestamp) -> Timestamp {
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
        // The minute is kept, so that sources with the same skipped hours do not become due at once.
        .and_then(|second| Timestamp::from_second(second + start.rem_euclid(HOUR)).ok())
        .unwrap_or(planned)
}

/// The wait for a source that publishes rarely. It grows with the time since the last new entry: at first up to a
/// fraction of the usual gap between entries, later by that time alone.
fn adaptive_wait(source: &Source, state: &SourceState, now: Timestamp) -> Option<Duration> {
    let silence = Duration::try_from(now.duration_since(state.last_new?)).ok()?;
    let usual = state
        .publish_interval
        .map_or(Duration::ZERO, |gap| (gap / ADAPTIVE_FRACTION).min(silence / EARLY_FRACTION));
    source.interval.adaptive.then(|| usual.max(silence / ADAPTIVE_FRACTION).min(longest_wait(source)))
}

/// The longest wait that with its jitter is still within `at_most`.
fn longest_wait(source: &Source) -> Duration {
    source.interval.at_most - source.interval.at_most / (JITTER_FRACTION + 1)
}

/// How far the wait is shortened after a poll. If entries may have been missed, by one more step: to `every` if the
/// last wait was longer, then to half of it and so on. It stays so while most entries of a document are new, and grows
/// again by one step with each poll that shows less news.
fn shortened(source: &Source, before: &SourceState, after: &SourceState, outcome: &Outcome) -> u32 {
    let steps = before.shortened;
    match *outcome {
        Outcome::Read { entries, .. } if after.may_have_missed_entries(entries) => {
            let every = source.interval.every;
            let elapsed =
                before.last_success.zip(after.last_poll).map(|(last, now)| now.duration_since(last));
            let elapsed = elapsed.and_then(|elapsed| Duration::try_from(elapsed).ok()).unwrap_or_default();
            match steps {
                0 if elapsed > every + every / JITTER_FRACTION => 1,
                0 => 2,
                _ if shortened_wait(source, steps) <= MIN_SHORTENED => steps,
                _ => steps + 1,
            }
        }
        Outcome::Read { new, entries, .. } if new * 2 > entries => steps,
        _ => steps.saturating_sub(1),
    }
}

fn shortened_wait(source: &Source, steps: u32) -> Duration {
    let every = source.interval.every;
    let half = 1_u32.checked_shl(steps.saturating_sub(1)).map_or(Duration::ZERO, |parts| every / parts);
    half.max(MIN_SHORTENED.min(every))
}

fn after_success(source: &Source, state: &SourceState, info: &ResponseInfo, now: Timestamp) -> Wait {
    if state.shortened > 0 {
        // The publisher's hints on how often to poll are wrong; how long the response stays fresh is not.
        let duration = shortened_wait(source, state.shortened);
        let shortened =
            Wait { duration, max: Duration::MAX, reason: "entries may have been missed".to_owned() };
        return longest(shortened, hints::max_age(source, info), source.interval.at_most);
    }
    let every = Wait { duration: source.interval.every, max: Duration::MAX, reason: "every".to_owned() };
    let quiet =
        adaptive_wait(source, state, now).map(|wait| Hint { wait, reason: "quiet source".to_owned() });
    let hints = quiet.into_iter().chain(hints::longest(source, state, info));
    longest(every, hints, source.interval.at_most)
}

/// The longest of a wait and some hints, which with their jitter are at most `max`. Of equal ones the first.
fn longest(wait: Wait, hints: impl IntoIterator<Item = Hint>, max: Duration) -> Wait {
    let waits = hints.into_iter().map(|Hint { wait, reason }| Wait { duration: wait.min(max), max, reason });
    waits.fold(wait, |longest, hint| if hint.duration > longest.duration { hint } else { longest })
}

/// Exponential back-off from `every` to `at_most`, without an end. Longer only if the server asks for it.
fn after_failure(
    source: &Source,
    failures: u32,
    failure: &Failure,
    observed: &PollObservation<'_>,
    now: Timestamp,
) -> Wait {
    let PollInterval { every, at_most, .. } = source.interval;
    let max = at_most.max(every.saturating_add(every / JITTER_FRACTION));
    let back_off = |failures: u32| {
        let doubled = every.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
        Wait {
            duration: doubled.min(longest_wait(source)).max(every),
            max,
            reason: format!("back-off {failures}"),
        }
    };
    match failure {
        Failure::Throttled { until, .. } => {
            let given = until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
            // The host's trouble, not the source's: it keeps its turn until the host takes requests again. Refused once
            // more it leaves it to others, and refused each time it backs off.
            let (wait, reason) = match given.filter(|wait| !wait.is_zero()) {
                Some(wait) if wait > MAX_HOLD => (wait.min(MAX_RETRY_AFTER), "retry-after"),
                _ if observed.is_held && failures == 1 => (Duration::ZERO, "the next in line of its host"),
                Some(wait) => (wait, "retry-after"),
                None => (WAIT_WITHOUT_TIME, "too many requests"),
            };
            let refused = Wait { duration: wait, max: wait, reason: reason.to_owned() };
            let own = failures.checked_sub(TURNS_BEFORE_BACK_OFF).filter(|left| *left > 0).map(back_off);
            let own = own.map(|own| Hint { wait: own.duration, reason: own.reason });
            longest(longest(refused, own, max), hints::max_age(source, observed.info), at_most)
        }
        Failure::BotCheck(_) => {
            let hint = Hint { wait: BOT_CHECK_WAIT, reason: "bot check".to_owned() };
            longest(back_off(failures), Some(hint), max)
        }
        _ => back_off(failures),
    }
}

/// The reason for the time of a poll ([`SourceState::next_poll_reason`]) as people are told.
#[must_use]
pub fn reason_in_words(reason: &str) -> Cow<'_, str> {
    match (reason, reason.strip_prefix("back-off ")) {
        ("every", _) => "usual pace".into(),
        ("max-age", _) => "as its server asks".into(),
        ("ttl" | "update period", _) => "as its feed asks".into(),
        ("retry-after", _) => "its server asked to wait".into(),
        (_, Some("1")) => "after a failure".into(),
        (_, Some(failures)) => format!("after {failures} failures").into(),
        _ => reason.into(),
    }
}

/// Adds up to a tenth. Half of it is constant for the source, so that sources with the same interval drift apart;
/// the other half changes with each poll.
fn jitter(source: &Source, wait: Duration, now: Timestamp) -> Duration {
    let own = Sha256::digest(&source.name)[0];
    let chance = Sha256::digest(format!("{} {}", source.name, now.as_millisecond()))[0];
    (wait / JITTER_FRACTION).mul_f64(f64::from(u16::from(own) + u16::from(chance)) / 510.0)
}

fn add(now: Timestamp, wait: Duration) -> Timestamp {
    let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_millis(millis)).unwrap_or(Timestamp::MAX)
}

/// When a source is due after a start or a change of its config: at the planned time. If that is later than any
/// interval and hint allow, or the last poll is in the future, the clock was wrong then, and the source is due now.
#[must_use]
pub fn due_at_start(source: &Source, state: &SourceState, now: Timestamp) -> Timestamp {
    match state.next_poll {
        Some(_) if state.gone => Timestamp::MAX,
        None => now,
        Some(planned) => {
            let longest = MAX_RETRY_AFTER.max(source.interval.at_most).mul_f64(1.1);
            let was_wrong = state.last_poll.is_some_and(|last| last > now) || planned > add(now, longest);
            if was_wrong { now } else { planned }
        }
    }
}

/// When a source is due after the clock was set back by `by`: the remaining wait stays the same. `None` if the
/// planned time is still right, because the source was polled since.
#[must_use]
pub fn after_clock_set_back(state: &SourceState, by: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let planned =
        state.next_poll.filter(|_| !state.gone && state.last_poll.is_some_and(|last| last > now))?;
    Some(planned.checked_sub(by).unwrap_or(now).max(now))
}

fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Read { new, edited, entries, problems, uncertain } => {
            let mut text = format!("{entries} entries, {new} new, {edited} edited");
            if *problems > 0 {
                text += &format!(", problems in the document: {problems}");
            }
            if *uncertain > 0 {
                text += &format!(", {uncertain} not edited since their encoding is in doubt");
            }
            text
        }
        Outcome::NotModified => "not modified".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Access, FeedUrl, UrlParts, Validators};

    pub(super) fn source() -> Source {
        Source {
            is_named: true,
            name: "a".into(),
            url: "https://example.org/feed".parse().expect("an address"),
            publish_url: UrlParts::Path,
            title: None,
            interval: PollInterval::default(),
            access: Access::default(),
            language: None,
            first_poll: 20,
            stories: true,
            articles: crate::source::ArticleSettings::default(),
            tags: Vec::new(),
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
                replaced: false,
                is_held: false,
                is_probe: false,
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
    fn the_longest_wait_is_taken_and_limited() {
        let read = Outcome::Read { new: 0, edited: 0, entries: 0, problems: 0, uncertain: 0 };
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
        assert_eq!(minutes(&absurd), 24 * 60);
    }

    #[test]
    fn failures_back_off_until_a_success() {
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
    fn gone_stops_polling_until_a_success() {
        let state = after(Outcome::Failed(Failure::Gone), &ResponseInfo::default(), &SourceState::default());
        assert_eq!((state.gone, due_at_start(&source(), &state, now())), (true, Timestamp::MAX));
        let back = after(Outcome::NotModified, &ResponseInfo::default(), &state);
        assert!(!back.gone && minutes(&back) <= 33);
    }

    #[test]
    fn a_quiet_source_is_polled_less_often_until_it_publishes() {
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
        // A source that publishes weekly slows down sooner, but not further.
        let weekly =
            |hours| SourceState { publish_interval: Some(Duration::from_secs(7 * 86_400)), ..silent(hours) };
        let hours =
            |state: SourceState| minutes(&after(Outcome::NotModified, &ResponseInfo::default(), &state)) / 60;
        assert_eq!((hours(silent(12)), hours(weekly(12))), (1, 4));
        assert!((16..=19).contains(&hours(weekly(80))) && (16..=19).contains(&hours(weekly(150))));
        let fixed = Source { interval: PollInterval { adaptive: false, ..source().interval }, ..source() };
        let observed = PollObservation {
            outcome: &Outcome::NotModified,
            info: &ResponseInfo::default(),
            update_hints: UpdateHints::default(),
            publish_interval: PublishInterval::default(),
            replaced: false,
            is_held: false,
            is_probe: false,
        };
        assert_eq!(after_poll(&fixed, &silent(20_000), &observed, now()).next_poll_reason, "every");
        let news = Outcome::Read { new: 1, edited: 0, entries: 9, problems: 0, uncertain: 0 };
        assert_eq!(after(news, &ResponseInfo::default(), &silent(7 * 24)).next_poll_reason, "every");
    }

    /// The wait in minutes after each of these polls, one following another: new entries of how many, and whether the
    /// document had none of the one before.
    fn waits(source: &Source, mut state: SourceState, polls: &[(usize, usize, bool)]) -> Vec<i64> {
        let mut now = now();
        let mut waits = Vec::new();
        for &(new, entries, replaced) in polls {
            let outcome = match entries {
                0 => Outcome::NotModified,
                _ => Outcome::Read { new, edited: 0, entries, problems: 0, uncertain: 0 },
            };
            let observed = PollObservation {
                outcome: &outcome,
                info: &ResponseInfo::default(),
                update_hints: UpdateHints {
                    ttl: Some(Duration::from_secs(2 * 3600)),
                    ..UpdateHints::default()
                },
                publish_interval: PublishInterval::default(),
                replaced,
                is_held: false,
                is_probe: false,
            };
            state = after_poll(source, &state, &observed, now);
            let next = state.next_poll.expect("planned");
            // Without the jitter, which is up to a tenth.
            waits.push(next.duration_since(now).as_secs() * 10 / 11 / 60 + 1);
            now = next;
        }
        waits
    }

    #[test]
    fn the_wait_is_shortened_while_entries_may_have_been_missed() {
        let polled = |ago: i64| SourceState {
            last_success: Some(now() - SignedDuration::from_mins(ago)),
            ..SourceState::default()
        };
        let near = |waits: Vec<i64>, expected: &[i64]| {
            let is_near = waits
                .iter()
                .zip(expected)
                .all(|(wait, expected)| (wait - expected).abs() <= expected / 10 + 1);
            assert!(is_near && waits.len() == expected.len(), "{waits:?} instead of {expected:?}");
        };
        let (burst, overlap, quiet, same) = ((5, 5, true), (4, 5, false), (1, 5, false), (0, 0, false));
        // By halves, but not under five minutes; the feed's own hint of two hours does not count.
        near(waits(&source(), polled(30), &[burst; 5]), &[15, 7, 5, 5, 5]);
        // After a longer wait, to `every` first.
        near(waits(&source(), polled(600), &[burst; 3]), &[30, 15, 7]);
        // It stays short as long as most entries are new, and grows again step by step.
        near(
            waits(&source(), polled(30), &[burst, burst, overlap, overlap, quiet, same, same, same]),
            &[15, 7, 7, 7, 15, 30, 120, 120],
        );
        let often = Source {
            interval: PollInterval { every: Duration::from_secs(120), ..source().interval },
            ..source()
        };
        near(waits(&often, polled(2), &[burst; 3]), &[2, 2, 2]);
        // One entry: only if it was another one at the poll before, too.
        let one = (1, 1, true);
        near(waits(&source(), polled(30), &[one, one, one, same, one]), &[120, 30, 15, 30, 30]);

        let fresh = ResponseInfo { fresh_for: Some(Duration::from_secs(3600)), ..ResponseInfo::default() };
        let read = Outcome::Read { new: 5, edited: 0, entries: 5, problems: 0, uncertain: 0 };
        let observed = PollObservation {
            outcome: &read,
            info: &fresh,
            update_hints: UpdateHints::default(),
            publish_interval: PublishInterval::default(),
            replaced: true,
            is_held: false,
            is_probe: false,
        };
        let state = after_poll(&source(), &polled(30), &observed, now());
        assert_eq!(state.next_poll_reason, "max-age", "what the server asks for holds");
        let until = Some(now() + SignedDuration::from_hours(3));
        let throttled = Outcome::Failed(Failure::Throttled { status: 429, until });
        let throttled = after(throttled, &ResponseInfo::default(), &state);
        assert_eq!(
            (throttled.next_poll_reason.as_str(), throttled.shortened),
            ("retry-after", state.shortened)
        );
    }

    #[test]
    fn skipped_hours_and_days_are_left_out_also_after_a_304() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        // 2026-11-01 is a Sunday.
        let update_hints =
            UpdateHints { skip_hours: 1 << 12 | 1 << 13, skip_days: 0, ..UpdateHints::default() };
        assert_eq!(after_skipped_hours(update_hints, at("2026-11-01T12:30:00Z")), at("2026-11-01T14:30:00Z"));
        let sunday = UpdateHints { skip_days: 1 << 6, ..UpdateHints::default() };
        assert_eq!(after_skipped_hours(sunday, at("2026-11-01T12:30:00Z")), at("2026-11-02T00:30:00Z"));
        let never = UpdateHints { skip_days: 0x7f, ..UpdateHints::default() };
        assert_eq!(after_skipped_hours(never, at("2026-11-01T12:30:00Z")), at("2026-11-01T12:30:00Z"));
        let state = SourceState { update_hints, ..SourceState::default() };
        let next = after(Outcome::NotModified, &ResponseInfo::default(), &state);
        assert_eq!(
            (next.update_hints, next.next_poll_reason.as_str()),
            (update_hints, "skipHours or skipDays")
        );
    }

    #[test]
    fn a_permanent_redirect_is_confirmed_after_two_days_and_dropped_when_it_ends() {
        let to: FeedUrl = "https://new.example/feed".parse().expect("an address");
        let info = ResponseInfo { moved_to: Some(to.clone()), ..ResponseInfo::default() };
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
        assert_eq!(confirmed(after(Outcome::NotModified, &info, &SourceState::default())), Some(false));
        assert_eq!(confirmed(after(Outcome::NotModified, &info, &known(47))), Some(false));
        assert_eq!(confirmed(after(Outcome::NotModified, &info, &known(48))), Some(true));
        assert_eq!(confirmed(after(Outcome::NotModified, &ResponseInfo::default(), &known(48))), None);
    }

    #[test]
    fn retry_after_is_obeyed() {
        let until = Some(now() + SignedDuration::from_hours(50));
        let state = after(
            Outcome::Failed(Failure::Throttled { status: 429, until }),
            &ResponseInfo::default(),
            &SourceState::default(),
        );
        assert!(minutes(&state) >= 50 * 60 && state.next_poll_reason == "retry-after");
    }

    #[test]
    fn max_age_of_a_throttled_response_counts_if_longer_than_retry_after() {
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
        assert_eq!((past.next_poll_reason.as_str(), minutes(&past)), ("too many requests", 5));
    }

    #[test]
    fn sources_with_the_same_interval_drift_apart() {
        let named = |name: &str| Source { name: name.into(), ..source() };
        let wait = |name: &str, n: i64| {
            let at = Timestamp::from_second(1_800_000_000 + n).expect("a time");
            jitter(&named(name), Duration::from_secs(1800), at)
        };
        let mean = |name: &str| (0..100).map(|n| wait(name, n)).sum::<Duration>() / 100;
        assert_eq!(wait("a", 1), wait("a", 1));
        assert_ne!(wait("a", 1), wait("a", 2));
        assert!((0..100).all(|n| wait("a", n) <= Duration::from_secs(180)));
        assert!(
            mean("a").abs_diff(mean("b")) > Duration::from_secs(10),
            "the constant part of the jitter separates them"
        );
    }

    #[test]
    fn a_second_permanent_redirect_is_confirmed_separately() {
        let address = |text: &str| text.parse::<FeedUrl>().expect("an address");
        let (second, third) = (address("https://new.example/feed"), address("https://newer.example/feed"));
        let known = Moved { from: source().url, to: second, since: now(), confirmed: true };
        let state = SourceState { moved: Some(known), ..SourceState::default() };
        let info = ResponseInfo { moved_to: Some(third.clone()), ..ResponseInfo::default() };
        let moved = after(Outcome::NotModified, &info, &state).moved.expect("it is said");
        assert_eq!((moved.to, moved.confirmed, moved.since), (third, false, now()));
    }

    #[test]
    fn a_time_planned_by_a_wrong_clock_is_dropped() {
        let planned =
            |at: &str| SourceState { next_poll: Some(at.parse().expect("a time")), ..SourceState::default() };
        assert_eq!(
            due_at_start(&source(), &planned("2026-11-01T12:20:00Z"), now()).to_string(),
            "2026-11-01T12:20:00Z"
        );
        assert_eq!(due_at_start(&source(), &planned("2038-01-01T00:00:00Z"), now()), now());
        let tomorrow = now() + SignedDuration::from_hours(24);
        let ahead = SourceState { last_poll: Some(tomorrow), ..planned("2026-11-03T12:00:00Z") };
        assert_eq!(due_at_start(&source(), &ahead, now()), now(), "the clock was ahead");
        assert_eq!(due_at_start(&source(), &SourceState::default(), now()), now());
    }

    #[test]
    fn the_remaining_wait_stays_when_the_clock_is_set_back() {
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
