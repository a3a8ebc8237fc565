//! How many requests a host takes: until when it refuses them, and which gap between two it was seen to need. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a host is left alone after a 429 that does not say for how long; twice that after the next one, and so on.
pub const WAIT_WITHOUT_TIME: Duration = Duration::from_secs(300);

/// The longest time that a host is left alone.
pub const MAX_HOLD: Duration = Duration::from_secs(24 * 3600);

/// A second more than the host asks for, since times are given in whole seconds.
const MARGIN: Duration = Duration::from_secs(1);

/// The shortest gap that is learnt.
const MIN_GAP: Duration = Duration::from_secs(1);

/// The longest gap that is guessed. One that is measured may be longer.
const MAX_GUESSED_GAP: Duration = Duration::from_secs(600);

/// A measured gap is at most so many times the wait that the host asks for.
const HOLDS_IN_GAP: u32 = 10;

/// After this long without a refusal the gap is made a tenth shorter.
const CLEAN_TIME: SignedDuration = SignedDuration::from_hours(24);

/// What the config says of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// The time between two requests; then no gap is learnt.
    pub gap: Option<Duration>,
    /// The most polls at the same time.
    pub per_host: Option<usize>,
}

/// What a response says about the quota of its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// How many more requests are allowed.
    pub remaining: Option<u64>,
    /// When the quota is full again.
    pub reset: Option<Timestamp>,
}

impl Quota {
    /// Whether no request is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.remaining == Some(0)
    }
}

/// A response, as far as its host's budget is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostResponse {
    /// Whether the host refused the request because there were too many.
    pub is_refusal: bool,
    /// When it takes the next request, if it said so (`Retry-After`).
    pub retry_after: Option<Timestamp>,
    /// Its quota, if it told.
    pub quota: Quota,
}

/// How much the sources of a host want of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostDemand {
    /// How many sources it has.
    pub sources: u32,
    /// How often the one that is polled now is wanted.
    pub every: Duration,
}

/// What is known of a host that has refused a request, or has told that no more are left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostBudget {
    /// It gets no request before this time.
    pub held_until: Option<Timestamp>,
    /// The gap between two requests that it was seen to need; zero: none.
    pub gap: Duration,
    /// The shortest gap with which it refused nothing for a day.
    pub clean_gap: Option<Duration>,
    /// When it last refused a request, or when the gap was last made shorter.
    pub clean_since: Option<Timestamp>,
    /// Refusals in a row that did not say for how long.
    pub refusals_without_time: u32,
    /// How long it was last seen to need for each request; zero: not measured.
    pub per_request: Duration,
    /// How many sources it has, and since when they need more requests than it allows.
    pub sources: u32,
    /// See `sources`.
    pub short_since: Option<Timestamp>,
    /// When the first request after the last hold was made.
    pub window_start: Option<Timestamp>,
    /// How many requests it has answered since then.
    pub answered: u32,
    /// When it was last asked.
    pub last_request: Option<Timestamp>,
}

impl HostBudget {
    /// Whether the host takes no request now.
    #[must_use]
    pub fn held_at(&self, now: Timestamp) -> Option<Timestamp> {
        // One that is further away was made by a wrong clock.
        self.held_until.filter(|until| *until > now && *until <= later(now, MAX_HOLD + MARGIN))
    }

    /// What the operator should know of the host, if anything.
    #[must_use]
    pub fn notice(&self, host: &str, now: Timestamp) -> Option<String> {
        if self.short_since.is_some() {
            return Some(self.shortage(host));
        }
        let until = self.held_at(now)?;
        Some(format!("{host} takes no requests until {}", until.strftime("%-d %B %Y, %H:%M UTC")))
    }

    fn shortage(&self, host: &str) -> String {
        let wait = self.wait_per_request();
        let per_hour = 3600.0 / wait.as_secs_f64().max(1.0);
        let (allowed, unit) =
            if per_hour >= 1.0 { (per_hour, "an hour") } else { (per_hour * 24.0, "a day") };
        let requests = if allowed.round() <= 1.0 { "request" } else { "requests" };
        let each = Duration::from_secs((wait * self.sources).as_secs());
        let each =
            if each.as_secs() >= 120 { Duration::from_secs((each.as_secs() + 30) / 60 * 60) } else { each };
        format!(
            "{host} allows {:.0} {requests} {unit}: its {} sources are read every {}",
            allowed.max(1.0),
            self.sources,
            humantime::format_duration(each)
        )
    }

    fn wait_per_request(&self) -> Duration {
        self.gap.max(self.per_request)
    }

    /// The budget after a response to a request made at `now`. `None`: there is nothing to know of the host, as before.
    #[must_use]
    pub fn after(
        known: Option<&HostBudget>,
        response: &HostResponse,
        demand: HostDemand,
        now: Timestamp,
    ) -> Option<HostBudget> {
        let mut before = known.cloned();
        if let Some(before) = &mut before {
            before.forget_idle_window(demand.every, now);
        }
        let mut next = HostBudget::after_response(before, response, now)?;
        next.last_request = Some(now);
        next.sources = demand.sources;
        let is_short =
            demand.sources > 1 && next.wait_per_request() * demand.sources > demand.every * 11 / 10;
        next.short_since = if is_short { next.short_since.or(Some(now)) } else { None };
        Some(next)
    }

    fn after_response(
        known: Option<HostBudget>,
        response: &HostResponse,
        now: Timestamp,
    ) -> Option<HostBudget> {
        let is_spent = response.quota.is_spent() && response.quota.reset.is_some_and(|reset| reset > now);
        if known.is_none() && !response.is_refusal && !is_spent {
            return None;
        }
        let mut next = known.unwrap_or_default();
        // A request that was in flight when the host began to refuse: it is the same refusal.
        let is_held = next.held_at(now).is_some();
        if !is_held && next.held_until.take().is_some() {
            (next.window_start, next.answered) = (Some(now), 0);
        }
        if response.is_refusal {
            let given = response.retry_after.or(response.quota.reset).filter(|until| *until > now);
            let until =
                given.or((!is_held).then(|| later(now, hold_without_time(next.refusals_without_time))));
            let until = until.map(|until| later(until.min(later(now, MAX_HOLD)), MARGIN));
            if !is_held {
                next.per_request = next.measured(given.and(until), now).unwrap_or(next.per_request);
                next.widen_gap(given.and(until), now);
                next.refusals_without_time =
                    if given.is_none() { next.refusals_without_time.saturating_add(1) } else { 0 };
            }
            next.clean_since = Some(now);
            next.held_until = next.held_until.max(until);
            return Some(next);
        }
        (next.refusals_without_time, next.answered) = (0, next.answered.saturating_add(1));
        next.shrink_gap(now);
        if is_spent {
            let until = response.quota.reset.map(|reset| later(reset.min(later(now, MAX_HOLD)), MARGIN));
            next.per_request = next.measured(until, now).unwrap_or(next.per_request);
            next.held_until = next.held_until.max(until);
        }
        Some(next)
    }

    /// A time in which the host was asked for nothing, as while this machine was off, says nothing of what it allows, and is
    /// no clean day.
    fn forget_idle_window(&mut self, every: Duration, now: Timestamp) {
        let free_since = self.last_request.max(self.held_until);
        let usual = self.wait_per_request().max(every).saturating_mul(2).max(MAX_GUESSED_GAP);
        let Some(since) = free_since.filter(|since| later(*since, usual) < now) else { return };
        (self.window_start, self.answered) = (None, 0);
        let idle = now.duration_since(since);
        self.clean_since = self.clean_since.and_then(|clean| clean.checked_add(idle).ok());
    }

    /// The time for each request that was answered from the end of the last hold to the end of this one.
    fn measured(&self, until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
        let (start, until) = self.window_start.zip(until)?;
        let measured = Duration::try_from(until.duration_since(start)).ok()?.checked_div(self.answered)?;
        // A host that is seldom asked, and wants a short wait, does not need the time between our requests.
        let hold = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        Some(measured.min(MAX_GUESSED_GAP.max(HOLDS_IN_GAP * hold)))
    }

    /// The gap after a refusal. If the time was observed from the end of one hold to the end of the next, the number of
    /// requests that were answered in it tells the gap. Otherwise it is the last one that was long enough, else twice the gap.
    fn widen_gap(&mut self, until: Option<Timestamp>, now: Timestamp) {
        let clean = self.clean_gap.take().filter(|clean| *clean > self.gap);
        self.gap = match self.measured(until, now) {
            Some(measured) if measured > self.gap => measured.min(MAX_HOLD),
            // It refused though this gap was kept.
            Some(_) => self.gap + self.gap / 10,
            None => clean.unwrap_or((2 * self.gap).max(2 * MIN_GAP)).min(MAX_GUESSED_GAP.max(self.gap)),
        };
    }

    /// Makes the gap a tenth shorter for each day without a refusal.
    fn shrink_gap(&mut self, now: Timestamp) {
        let Some(mut since) = self.clean_since.filter(|_| !self.gap.is_zero()) else { return };
        while now.duration_since(since) >= CLEAN_TIME && !self.gap.is_zero() {
            self.clean_gap = Some(self.gap);
            self.gap = self.gap * 9 / 10;
            self.per_request = self.per_request * 9 / 10;
            if self.gap < MIN_GAP {
                self.gap = Duration::ZERO;
            }
            since = since.checked_add(CLEAN_TIME).unwrap_or(now);
        }
        self.clean_since = Some(since);
    }
}

fn hold_without_time(refusals: u32) -> Duration {
    WAIT_WITHOUT_TIME.saturating_mul(1_u32.checked_shl(refusals).unwrap_or(u32::MAX))
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn refusal(retry_after: Option<i64>) -> HostResponse {
        HostResponse { is_refusal: true, retry_after: retry_after.map(at), quota: Quota::default() }
    }

    const ANSWER: HostResponse =
        HostResponse { is_refusal: false, retry_after: None, quota: Quota { remaining: None, reset: None } };

    const DEMAND: HostDemand = HostDemand { sources: 6, every: Duration::from_secs(300) };

    /// The budget after responses at these times.
    fn after(responses: &[(i64, HostResponse)]) -> Option<HostBudget> {
        responses.iter().fold(None, |known, (now, response)| {
            HostBudget::after(known.as_ref(), response, DEMAND, at(*now))
        })
    }

    fn held(responses: &[(i64, HostResponse)]) -> Option<i64> {
        after(responses)?.held_until.map(|until| until.as_second() - 1_800_000_000)
    }

    #[test]
    fn a_refusal_holds_the_host_for_as_long_as_it_says() {
        assert_eq!(after(&[(0, ANSWER)]), None);
        assert_eq!(held(&[(0, refusal(Some(60)))]), Some(61));
        assert_eq!(held(&[(0, refusal(Some(-60)))]), Some(301), "a time that is past says nothing");
        assert_eq!(held(&[(0, refusal(Some(90 * 86_400)))]), Some(86_401), "at most a day");
        let reset = Quota { remaining: Some(0), reset: Some(at(600)) };
        assert_eq!(held(&[(0, HostResponse { quota: reset, ..refusal(None) })]), Some(601));
        assert_eq!(held(&[(0, HostResponse { quota: reset, ..refusal(Some(60)) })]), Some(61));
    }

    #[test]
    fn a_refusal_without_a_time_holds_it_ever_longer_until_an_answer() {
        let without_time = refusal(None);
        assert_eq!(held(&[(0, without_time)]), Some(301));
        assert_eq!(held(&[(0, without_time), (400, without_time)]), Some(400 + 601));
        assert_eq!(held(&[(0, without_time), (400, ANSWER), (500, without_time)]), Some(500 + 301));
        assert_eq!(
            held(&[(0, without_time), (1, without_time)]),
            Some(301),
            "one that was in flight is the same refusal"
        );
    }

    #[test]
    fn the_last_request_of_a_quota_holds_the_host_too() {
        let spent = |remaining, reset| HostResponse {
            quota: Quota { remaining: Some(remaining), reset: Some(at(reset)) },
            ..ANSWER
        };
        assert_eq!(after(&[(0, spent(3, 50))]), None);
        assert_eq!(held(&[(0, spent(0, 50))]), Some(51));
        assert_eq!(after(&[(0, spent(0, -50))]), None);
        let next = after(&[(0, spent(0, 50)), (60, spent(4, 110))]).expect("known");
        assert_eq!((next.held_until, next.gap), (None, Duration::ZERO));
    }

    #[test]
    fn the_gap_is_doubled_and_then_measured_and_shrinks_with_clean_days() {
        let gap = |responses: &[(i64, HostResponse)]| after(responses).expect("known").gap.as_secs();
        assert_eq!(gap(&[(0, refusal(Some(58)))]), 2);
        let without_time = refusal(None);
        assert_eq!(gap(&[(0, without_time), (400, without_time), (1200, without_time)]), 8);
        // One request in a minute: between the end of one hold and the end of the next, one was answered.
        let measured = [(0, refusal(Some(58))), (60, ANSWER), (62, refusal(Some(119)))];
        assert_eq!(gap(&measured), 60);
        let day = 86_400;
        let asked = |from: i64, days: i64| (1..=days * 144).map(move |n| (from + n * 600, ANSWER));
        let days = |n: i64| measured.iter().copied().chain(asked(62, n)).collect::<Vec<_>>();
        assert_eq!((gap(&days(1)), gap(&days(2)), gap(&days(60))), (54, 48, 0));
        let mut often = Vec::new();
        (0..20).for_each(|n| often.push((n * 2 * day, refusal(None))));
        assert_eq!(gap(&often), 600, "a guess is at most ten minutes");
        // A shorter gap than the one of a clean day was refused: that one was long enough.
        let mut clean = vec![(0, without_time), (400, without_time), (1200, without_time)];
        clean.extend(asked(1200, 1));
        assert_eq!(gap(&clean), 7);
        clean.push((1300 + day, without_time));
        assert_eq!(gap(&clean), 8);
    }

    #[test]
    fn a_time_without_requests_is_not_measured() {
        let day = 86_400;
        let responses =
            [(0, refusal(Some(58))), (60, ANSWER), (day, ANSWER), (day + 2, refusal(Some(day + 59)))];
        assert_eq!(after(&responses).expect("known").gap.as_secs(), 4, "not half a day");
        assert_eq!(after(&responses[..3]).expect("known").gap.as_secs(), 2, "nor is it a clean day");
        let seldom = HostDemand { every: Duration::from_secs(3600), ..DEMAND };
        let gap = |wait: i64| {
            let responses = [(0, refusal(Some(2))), (3600, ANSWER), (7200, refusal(Some(7200 + wait)))];
            let asked = responses.iter().fold(None, |known, (now, response)| {
                HostBudget::after(known.as_ref(), response, seldom, at(*now))
            });
            asked.expect("known").gap.as_secs()
        };
        assert_eq!((gap(2), gap(1799)), (600, 5400), "of a host that is asked each hour");
    }

    #[test]
    fn a_host_that_allows_less_than_its_sources_want_is_named() {
        let notice = |responses: &[(i64, HostResponse)], now| {
            after(responses).and_then(|budget| budget.notice("reddit.com", at(now)))
        };
        let refused = [(0, refusal(Some(58))), (60, ANSWER), (62, refusal(Some(119)))];
        assert_eq!(
            notice(&refused[..1], 5).as_deref(),
            Some("reddit.com takes no requests until 15 January 2027, 08:00 UTC")
        );
        assert_eq!(notice(&refused[..1], 70), None);
        let short = "reddit.com allows 60 requests an hour: its 6 sources are read every 6m";
        assert_eq!(notice(&refused, 62).as_deref(), Some(short));
        assert_eq!(notice(&refused, 200).as_deref(), Some(short));
        // The last of ten in half an hour, which is no refusal.
        let spent = HostResponse { quota: Quota { remaining: Some(0), reset: Some(at(3660)) }, ..ANSWER };
        let mut quota = vec![(0, refusal(Some(1800)))];
        quota.extend((0..9).map(|n| (1860 + n, ANSWER)));
        quota.push((1870, spent));
        let short = "reddit.com allows 20 requests an hour: its 6 sources are read every 18m";
        assert_eq!(notice(&quota, 1900).as_deref(), Some(short));
    }
}
