//! Publishers of many kinds: none is polled too early, too often or too late.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::Timestamp;
use siftwire::daemon::queue::PollQueue;
use siftwire::fetch::ResponseInfo;
use siftwire::schedule::publish_interval::PublishInterval;
use siftwire::schedule::{self, PollObservation};
use siftwire::source::{Failure, Outcome, PollInterval, Source, SourceState, UpdateHints};
use siftwire::store::SourceId;

use super::{CONCURRENCY, DAY, DAYS, HOUR, MINUTE, SOURCES, at, second, source};

/// The machine is suspended at this second, for this long.
const SUSPEND: (i64, i64) = (10 * DAY, 8 * HOUR);

/// How a site behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SiteBehavior {
    Busy,
    Fresh,
    Slow,
    Ttl,
    /// Its `ttl` is longer than the time between its entries.
    WrongTtl,
    Nights,
    Monthly,
    Broken,
    Throttles,
    Gone,
    Absurd,
    Overflowing,
}

const BEHAVIORS: [SiteBehavior; 12] = [
    SiteBehavior::Busy,
    SiteBehavior::Fresh,
    SiteBehavior::Slow,
    SiteBehavior::Ttl,
    SiteBehavior::WrongTtl,
    SiteBehavior::Nights,
    SiteBehavior::Monthly,
    SiteBehavior::Broken,
    SiteBehavior::Throttles,
    SiteBehavior::Gone,
    SiteBehavior::Absurd,
    SiteBehavior::Overflowing,
];

/// An overflowing site publishes an entry each time, and its feed holds only the last five.
const OVERFLOW_GAP: i64 = 90;

struct Simulated {
    behavior: SiteBehavior,
    source: Source,
    state: SourceState,
    /// The requests, in seconds from the start.
    requests: Vec<i64>,
    /// The earliest time for the next request, computed here from the site's response.
    earliest: i64,
}

impl Simulated {
    /// The site's response at a time, and the earliest time for the next request.
    fn answer(&mut self, now: i64) -> (Outcome, ResponseInfo, UpdateHints, PublishInterval, i64) {
        let n = self.requests.len();
        let read = |new| Outcome::Read { new, edited: 0, entries: 20, problems: 0, uncertain: 0 };
        let read_all = |new| Outcome::Read { new, edited: 0, entries: 5, problems: 0, uncertain: 0 };
        let fresh = |seconds| ResponseInfo {
            fresh_for: Some(Duration::from_secs(seconds)),
            ..ResponseInfo::default()
        };
        let publish_interval =
            |gap: i64| PublishInterval { gap: Some(Duration::from_secs(gap as u64)), newest: None };
        let (none, every, days) = (UpdateHints::default(), now + 30 * MINUTE, publish_interval(10 * MINUTE));
        match self.behavior {
            SiteBehavior::Busy | SiteBehavior::Slow => (read(1), ResponseInfo::default(), none, days, every),
            SiteBehavior::Fresh => (Outcome::NotModified, fresh(7200), none, days, now + 7200),
            SiteBehavior::Ttl => {
                let update_hints = UpdateHints { ttl: Some(Duration::from_secs(3 * 3600)), ..none };
                (read(1), ResponseInfo::default(), update_hints, publish_interval(4 * HOUR), now + 3 * HOUR)
            }
            SiteBehavior::WrongTtl => {
                let update_hints = UpdateHints { ttl: Some(Duration::from_secs(10 * 3600)), ..none };
                (read(1), ResponseInfo::default(), update_hints, publish_interval(2 * HOUR), now + HOUR)
            }
            SiteBehavior::Nights => {
                (read(1), ResponseInfo::default(), UpdateHints { skip_hours: 0x3f, ..none }, days, every)
            }
            SiteBehavior::Monthly => {
                let new = usize::from(n <= 1 || now / (15 * DAY) != self.requests[n - 2] / (15 * DAY));
                (read(new), ResponseInfo::default(), none, publish_interval(30 * DAY), every)
            }
            SiteBehavior::Broken => {
                let wait = (30 * MINUTE).saturating_mul(1 << (n - 1).min(20)).min(DAY * 10 / 11);
                (Outcome::Failed(Failure::Status(500)), ResponseInfo::default(), none, days, now + wait)
            }
            SiteBehavior::Throttles => {
                let until = Some(at(now + 6 * HOUR));
                let failure = Failure::Throttled { status: 429, until };
                (Outcome::Failed(failure), fresh(60), none, days, now + 6 * HOUR)
            }
            SiteBehavior::Gone if now < 3 * DAY => (read(1), ResponseInfo::default(), none, days, every),
            SiteBehavior::Gone => {
                (Outcome::Failed(Failure::Gone), ResponseInfo::default(), none, days, i64::MAX)
            }
            SiteBehavior::Overflowing => {
                let new = (now - self.requests.iter().rev().nth(1).unwrap_or(&0)) / OVERFLOW_GAP;
                (read_all(new.clamp(0, 5) as usize), ResponseInfo::default(), none, days, now + 5 * MINUTE)
            }
            SiteBehavior::Absurd => (Outcome::NotModified, fresh(u64::MAX), none, days, now + DAY),
        }
    }

    /// The least possible number of requests.
    fn ideal(&self) -> f64 {
        let awake = (DAYS * DAY - SUSPEND.1) as f64;
        match self.behavior {
            SiteBehavior::Busy | SiteBehavior::Slow => awake / (30.0 * 60.0),
            SiteBehavior::Fresh => awake / 7200.0,
            SiteBehavior::Ttl => awake / (3.0 * 3600.0),
            SiteBehavior::WrongTtl => awake / 3600.0,
            SiteBehavior::Nights => awake / (30.0 * 60.0) * 0.75,
            // One in each `at_most`; slowing down after an entry takes some more.
            SiteBehavior::Monthly => DAYS as f64,
            // Six doublings in the first day, then one each day.
            SiteBehavior::Broken => 6.0 + 28.0,
            // Seven every six hours, then back-off.
            SiteBehavior::Throttles => 7.0 + 28.0,
            SiteBehavior::Gone => (3 * DAY) as f64 / (30.0 * 60.0) + 1.0,
            SiteBehavior::Absurd => DAYS as f64,
            // Five minutes are the least, with jitter.
            SiteBehavior::Overflowing => awake / (5.0 * 60.0),
        }
    }

    /// Seconds from the request to the end of the response.
    fn response_seconds(&self) -> i64 {
        if self.behavior == SiteBehavior::Slow { 29 } else { 1 }
    }
}

#[test]
fn five_hundred_sources_are_polled_for_thirty_days_neither_early_nor_late() {
    let mut all: Vec<Simulated> = (0..SOURCES)
        .map(|n| Simulated {
            behavior: BEHAVIORS[n % BEHAVIORS.len()],
            source: source(n, &format!("www.site{}.example", n % 300), PollInterval::default()),
            state: SourceState::default(),
            requests: Vec::new(),
            earliest: 0,
        })
        .collect();
    let mut queue = PollQueue::new(1);
    for (n, simulated) in all.iter().enumerate() {
        queue.plan(
            SourceId(n as i64),
            simulated.source.url.whole().host_str().unwrap(),
            Timestamp::UNIX_EPOCH,
        );
    }
    queue.spread(at(0));
    let mut in_flight: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut on_host = vec![0_u32; 300];
    let (mut now, mut slept, mut busiest) = (0, false, 0);
    while now < DAYS * DAY {
        if now >= SUSPEND.0 && !slept {
            slept = true;
            now += SUSPEND.1;
            queue.spread(at(now));
        }
        while let Some(Reverse((end, n))) = in_flight.peek().copied()
            && end <= now
        {
            in_flight.pop();
            on_host[n % 300] -= 1;
            let simulated = &mut all[n];
            let (outcome, info, update_hints, publish_interval, earliest) = simulated.answer(now);
            let visited = PollObservation {
                outcome: &outcome,
                info: &info,
                update_hints,
                publish_interval,
                is_probe: false,
                is_held: false,
                replaced: simulated.requests.len() > 1
                    && matches!(outcome, Outcome::Read { new: 5, entries: 5, .. }),
            };
            simulated.state = schedule::after_poll(&simulated.source, &simulated.state, &visited, at(now));
            simulated.earliest = earliest;
            queue.done(SourceId(n as i64), simulated.state.next_poll, at(now));
        }
        for id in queue.take(at(now), CONCURRENCY - in_flight.len()) {
            let n = id.0 as usize;
            let simulated = &mut all[n];
            assert!(now >= simulated.earliest, "{:?} {n} was requested too early", simulated.behavior);
            let night = simulated.behavior == SiteBehavior::Nights && !simulated.requests.is_empty();
            assert!(!night || now % DAY >= 6 * HOUR, "{n} was requested in skipped hours");
            simulated.requests.push(now);
            on_host[n % 300] += 1;
            assert_eq!(on_host[n % 300], 1, "two requests to one host");
            in_flight.push(Reverse((now + simulated.response_seconds(), n)));
        }
        busiest = busiest.max(in_flight.len());
        let due = queue.next().filter(|_| in_flight.len() < CONCURRENCY).map_or(i64::MAX, second);
        let end = in_flight.peek().map_or(i64::MAX, |Reverse((end, _))| *end);
        now = due.min(end).max(now + 1);
    }
    println!("behavior     requests  ideal   each");
    for behavior in BEHAVIORS {
        let group: Vec<&Simulated> = all.iter().filter(|simulated| simulated.behavior == behavior).collect();
        let requests = group.iter().map(|simulated| simulated.requests.len()).sum::<usize>() as f64;
        let (each, ideal) = (requests / group.len() as f64, group[0].ideal());
        println!("{:12} {requests:8} {ideal:7.0} {each:7.1}", format!("{behavior:?}"));
        let least = group.iter().map(|simulated| simulated.requests.len()).min().unwrap();
        let most = match behavior {
            SiteBehavior::Monthly => 2.0,
            // The longest wait leaves room for jitter below `at_most`.
            SiteBehavior::Broken | SiteBehavior::Throttles => 1.12,
            _ => 1.05,
        };
        assert!(each <= ideal.ceil() * most, "{behavior:?}: {each} requests each, ideal {ideal}");
        assert!(least as f64 >= ideal * 0.85 - 1.0, "{behavior:?}: one had {least}, ideal {ideal}");
    }
    for simulated in &all {
        let (behavior, last) = (simulated.behavior, *simulated.requests.last().unwrap());
        let due = simulated
            .state
            .next_poll
            .map_or(0, |time| if simulated.state.gone { i64::MAX } else { second(time) });
        // Late at most by the time of the suspension.
        assert!(
            behavior == SiteBehavior::Gone || due > DAYS * DAY - 60,
            "{behavior:?} has not been polled since {last}"
        );
        assert!(simulated.requests.len() > 1, "{behavior:?}");
        let longest = simulated.requests.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        assert!(longest <= DAY + SUSPEND.1 + HOUR, "{behavior:?} waited {longest} s");
    }
    // The load is even: no minute of the second half has much more than the average.
    let mut minutes = vec![0_u32; (DAYS * DAY / MINUTE) as usize + 1];
    all.iter()
        .flat_map(|simulated| &simulated.requests)
        .for_each(|second| minutes[(second / MINUTE) as usize] += 1);
    let half = &minutes[minutes.len() / 2..];
    let mean = f64::from(half.iter().sum::<u32>()) / half.len() as f64;
    let most = half.iter().max().unwrap();
    println!("requests in a minute: {mean:.1} on average, {most} at most; in flight at most {busiest}");
    assert!(f64::from(*most) < mean * 6.0 + 10.0, "{most} in one minute, {mean} on average");
}
