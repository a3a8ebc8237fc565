//! Thirty days of five hundred sources on a simulated clock: the schedule and the queue as they are, the
//! sites made up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use siftwire::daemon::queue::Queue;
use siftwire::fetch::ResponseInfo;
use siftwire::schedule::publish_interval::PublishInterval;
use siftwire::schedule::{self, PollObservation};
use siftwire::source::{Access, Failure, Outcome, PollInterval, Source, SourceState, UpdateHints};
use siftwire::store::SourceId;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const DAYS: i64 = 30;
const SOURCES: usize = 500;
const CONCURRENCY: usize = 32;
/// The machine sleeps from here on, for eight hours.
const SLEEP: (i64, i64) = (10 * DAY, 8 * HOUR);

/// How a site behaves, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Busy,
    Fresh,
    Slow,
    Ttl,
    Nights,
    Monthly,
    Broken,
    Throttles,
    Gone,
    Absurd,
}

const KINDS: [Kind; 10] = [
    Kind::Busy,
    Kind::Fresh,
    Kind::Slow,
    Kind::Ttl,
    Kind::Nights,
    Kind::Monthly,
    Kind::Broken,
    Kind::Throttles,
    Kind::Gone,
    Kind::Absurd,
];

struct Simulated {
    kind: Kind,
    source: Source,
    state: SourceState,
    /// When it was asked, in seconds from the start.
    asked: Vec<i64>,
    /// Nobody may come earlier: reckoned here from the site's own words.
    earliest: i64,
}

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    start() + SignedDuration::from_secs(second)
}

fn second(time: Timestamp) -> i64 {
    time.duration_since(start()).as_secs()
}

fn source(n: usize) -> Source {
    Source {
        name: format!("source-{n}"),
        url: format!("https://www.site{}.example/{n}", n % 300).parse().unwrap(),
        title: None,
        interval: PollInterval {
            every: Duration::from_secs(30 * 60),
            at_most: Duration::from_secs(86_400),
            adaptive: true,
        },
        access: Access {
            timeout: Duration::from_secs(30),
            max_body: 1,
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

impl Simulated {
    /// What the site answers at a time, and when it may be asked again at the earliest.
    fn answer(&mut self, now: i64) -> (Outcome, ResponseInfo, UpdateHints, PublishInterval, i64) {
        let n = self.asked.len();
        let read = |new| Outcome::Read { new, edited: 0, entries: 20, problems: 0 };
        let fresh = |seconds| ResponseInfo {
            fresh_for: Some(Duration::from_secs(seconds)),
            ..ResponseInfo::default()
        };
        let publish_interval =
            |gap: i64| PublishInterval { gap: Some(Duration::from_secs(gap as u64)), newest: None };
        let (none, every, days) = (UpdateHints::default(), now + 30 * MINUTE, publish_interval(10 * MINUTE));
        match self.kind {
            Kind::Busy | Kind::Slow => (read(1), ResponseInfo::default(), none, days, every),
            Kind::Fresh => (Outcome::NotModified, fresh(7200), none, days, now + 7200),
            Kind::Ttl => {
                let update_hints = UpdateHints { ttl: Some(Duration::from_secs(3 * 3600)), ..none };
                (read(1), ResponseInfo::default(), update_hints, days, now + 3 * HOUR)
            }
            Kind::Nights => {
                (read(1), ResponseInfo::default(), UpdateHints { skip_hours: 0x3f, ..none }, days, every)
            }
            Kind::Monthly => {
                let new = usize::from(n <= 1 || now / (15 * DAY) != self.asked[n - 2] / (15 * DAY));
                (read(new), ResponseInfo::default(), none, publish_interval(30 * DAY), every)
            }
            Kind::Broken => {
                let wait = (30 * MINUTE).saturating_mul(1 << (n - 1).min(20)).min(DAY * 10 / 11);
                (Outcome::Failed(Failure::Status(500)), ResponseInfo::default(), none, days, now + wait)
            }
            Kind::Throttles => {
                let until = Some(at(now + 6 * HOUR));
                let failure = Failure::Throttled { status: 429, until };
                (Outcome::Failed(failure), fresh(60), none, days, now + 6 * HOUR)
            }
            Kind::Gone if now < 3 * DAY => (read(1), ResponseInfo::default(), none, days, every),
            Kind::Gone => (Outcome::Failed(Failure::Gone), ResponseInfo::default(), none, days, i64::MAX),
            Kind::Absurd => (Outcome::NotModified, fresh(u64::MAX), none, days, now + 30 * DAY),
        }
    }

    /// How many requests nobody could do without.
    fn ideal(&self) -> f64 {
        let awake = (DAYS * DAY - SLEEP.1) as f64;
        match self.kind {
            Kind::Busy | Kind::Slow => awake / (30.0 * 60.0),
            Kind::Fresh => awake / 7200.0,
            Kind::Ttl => awake / (3.0 * 3600.0),
            Kind::Nights => awake / (30.0 * 60.0) * 0.75,
            // At its slowest, one each `at_most`; what it takes to slow down after an entry comes on top.
            Kind::Monthly => DAYS as f64,
            // Six doublings in the first day, then one each day.
            Kind::Broken => 6.0 + 28.0,
            // Four quarters of the first day, and back-off takes over.
            Kind::Throttles => 5.0 + 28.0,
            Kind::Gone => (3 * DAY) as f64 / (30.0 * 60.0) + 1.0,
            Kind::Absurd => 1.0,
        }
    }

    /// Seconds from the request to the end of the answer.
    fn takes(&self) -> i64 {
        if self.kind == Kind::Slow { 29 } else { 1 }
    }
}

#[test]
fn thirty_days_of_five_hundred_sources_ask_nobody_early_and_forget_nobody() {
    let mut all: Vec<Simulated> = (0..SOURCES)
        .map(|n| Simulated {
            kind: KINDS[n % KINDS.len()],
            source: source(n),
            state: SourceState::default(),
            asked: Vec::new(),
            earliest: 0,
        })
        .collect();
    let mut queue = Queue::new(1);
    for (n, simulated) in all.iter().enumerate() {
        queue.plan(SourceId(n as i64), simulated.source.url.host_str().unwrap(), Timestamp::UNIX_EPOCH);
    }
    queue.spread(at(0));
    let mut flying: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut on_host = vec![0_u32; 300];
    let (mut now, mut slept, mut busiest) = (0, false, 0);
    while now < DAYS * DAY {
        if now >= SLEEP.0 && !slept {
            slept = true;
            now += SLEEP.1;
            queue.spread(at(now));
        }
        while let Some(Reverse((end, n))) = flying.peek().copied()
            && end <= now
        {
            flying.pop();
            on_host[n % 300] -= 1;
            let simulated = &mut all[n];
            let (outcome, info, update_hints, publish_interval, earliest) = simulated.answer(now);
            let visited = PollObservation { outcome: &outcome, info: &info, update_hints, publish_interval };
            simulated.state = schedule::after_poll(&simulated.source, &simulated.state, &visited, at(now));
            simulated.earliest = earliest;
            queue.done(SourceId(n as i64), simulated.state.next_poll, at(now));
        }
        for id in queue.take(at(now), CONCURRENCY - flying.len()) {
            let n = id.0 as usize;
            let simulated = &mut all[n];
            assert!(now >= simulated.earliest, "{:?} {n} was asked too early", simulated.kind);
            let night = simulated.kind == Kind::Nights && !simulated.asked.is_empty();
            assert!(!night || now % DAY >= 6 * HOUR, "{n} was asked at night");
            simulated.asked.push(now);
            on_host[n % 300] += 1;
            assert_eq!(on_host[n % 300], 1, "two at one host");
            flying.push(Reverse((now + simulated.takes(), n)));
        }
        busiest = busiest.max(flying.len());
        let due = queue.next().filter(|_| flying.len() < CONCURRENCY).map_or(i64::MAX, second);
        let end = flying.peek().map_or(i64::MAX, |Reverse((end, _))| *end);
        now = due.min(end).max(now + 1);
    }
    println!("kind         requests  ideal   each");
    for kind in KINDS {
        let group: Vec<&Simulated> = all.iter().filter(|simulated| simulated.kind == kind).collect();
        let requests = group.iter().map(|simulated| simulated.asked.len()).sum::<usize>() as f64;
        let (each, ideal) = (requests / group.len() as f64, group[0].ideal());
        println!("{:12} {requests:8} {ideal:7.0} {each:7.1}", format!("{kind:?}"));
        let least = group.iter().map(|simulated| simulated.asked.len()).min().unwrap();
        let most = match kind {
            Kind::Monthly => 2.0,
            // The slowest pace keeps its jitter below `at_most`.
            Kind::Broken | Kind::Throttles => 1.12,
            _ => 1.05,
        };
        assert!(each <= ideal.ceil() * most, "{kind:?}: {each} requests each, ideal {ideal}");
        assert!(least as f64 >= ideal * 0.85 - 1.0, "{kind:?}: one had {least}, ideal {ideal}");
    }
    for simulated in &all {
        let (kind, last) = (simulated.kind, *simulated.asked.last().unwrap());
        let due = simulated
            .state
            .next_poll
            .map_or(0, |time| if simulated.state.gone { i64::MAX } else { second(time) });
        // Later by the sleep alone.
        assert!(kind == Kind::Gone || due > DAYS * DAY - 60, "{kind:?} was forgotten since {last}");
        assert!(simulated.asked.len() > 1 || matches!(kind, Kind::Absurd), "{kind:?}");
        let longest = simulated.asked.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        assert!(longest <= DAY + SLEEP.1 + HOUR, "{kind:?} waited {longest} s");
    }
    // Nobody comes in a herd: on the busiest day of the second half each minute has its share.
    let mut minutes = vec![0_u32; (DAYS * DAY / MINUTE) as usize + 1];
    all.iter()
        .flat_map(|simulated| &simulated.asked)
        .for_each(|second| minutes[(second / MINUTE) as usize] += 1);
    let half = &minutes[minutes.len() / 2..];
    let mean = f64::from(half.iter().sum::<u32>()) / half.len() as f64;
    let most = half.iter().max().unwrap();
    println!("requests in a minute: {mean:.1} on average, {most} at most; in flight at most {busiest}");
    assert!(f64::from(*most) < mean * 6.0 + 10.0, "{most} in one minute, {mean} on average");
}
