//! Simulates hosts that allow only so many requests, for thirty days: the real schedule, queue and budgets, a fake clock.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use siftwire::daemon::queue::{HostLimits, PollQueue};
use siftwire::fetch::ResponseInfo;
use siftwire::schedule::publish_interval::PublishInterval;
use siftwire::schedule::{self, PollObservation};
use siftwire::source::host_budget::{HostBudget, HostDemand, HostResponse, Quota};
use siftwire::source::{Access, Failure, Outcome, PollInterval, Source, SourceState, UpdateHints, UrlParts};
use siftwire::store::SourceId;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const DAYS: i64 = 30;
const SOURCES: usize = 6;
const EVERY: i64 = 5 * MINUTE;

/// How a host tells of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Manner {
    RetryAfter,
    UnavailableRetryAfter,
    /// In every response, as on Reddit.
    RemainingAndReset,
    /// As on GitHub.
    ForbiddenAndReset,
    ResetOfRefusals,
    /// A bucket that fills by one request at a time.
    Bucket,
    Silent,
    /// It allows all.
    Unlimited,
}

struct Host {
    manner: Manner,
    /// So many requests in so many seconds.
    allowed: usize,
    window: i64,
    budget: Option<HostBudget>,
    /// The requests that were answered, and those that were refused.
    answered: VecDeque<i64>,
    refused: Vec<i64>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn source(name: String) -> Source {
    Source {
        is_named: true,
        url: "https://site.example/feed".parse().unwrap(),
        name,
        publish_url: UrlParts::Path,
        title: None,
        interval: PollInterval {
            every: Duration::from_secs(EVERY as u64),
            adaptive: false,
            ..PollInterval::default()
        },
        access: Access::default(),
        language: None,
        first_poll: 20,
        stories: true,
        tags: Vec::new(),
    }
}

impl Host {
    /// The end of the current window.
    fn reset(&self, now: i64) -> i64 {
        match self.manner {
            Manner::Bucket => self.answered.front().map_or(now, |first| first + self.window),
            _ => (now / self.window + 1) * self.window,
        }
    }

    fn answer(&mut self, now: i64) -> (Outcome, HostResponse) {
        let (manner, window) = (self.manner, self.window);
        self.answered.retain(|at| match manner {
            Manner::Bucket => at + window > now,
            _ => at / window == now / window,
        });
        let is_refusal = self.answered.len() >= self.allowed;
        let reset = at(self.reset(now));
        if is_refusal {
            self.refused.push(now);
        } else {
            self.answered.push_back(now);
        }
        let remaining = (self.allowed - self.answered.len()) as u64;
        let retries = matches!(manner, Manner::RetryAfter | Manner::UnavailableRetryAfter | Manner::Bucket);
        let quota = match manner {
            Manner::RemainingAndReset | Manner::ForbiddenAndReset => {
                Quota { remaining: Some(remaining), reset: Some(reset) }
            }
            Manner::ResetOfRefusals if is_refusal => Quota { remaining: None, reset: Some(reset) },
            _ => Quota::default(),
        };
        let response =
            HostResponse { is_refusal, retry_after: (retries && is_refusal).then_some(reset), quota };
        let outcome = match is_refusal {
            true => Outcome::Failed(Failure::Throttled {
                status: 429,
                until: response.retry_after.or(response.quota.reset),
            }),
            false => Outcome::NotModified,
        };
        (outcome, response)
    }
}

#[test]
fn every_host_gets_what_it_allows_and_each_of_its_sources_its_share() {
    let kinds = [
        (Manner::RetryAfter, 1, MINUTE),
        (Manner::RemainingAndReset, 10, 10 * MINUTE),
        (Manner::ForbiddenAndReset, 60, HOUR),
        (Manner::ResetOfRefusals, 20, HOUR),
        (Manner::UnavailableRetryAfter, 2, 3 * MINUTE),
        (Manner::Bucket, 3, 4 * MINUTE),
        (Manner::Silent, 1, MINUTE),
        (Manner::RetryAfter, 1, 2 * HOUR),
        (Manner::RetryAfter, 100, HOUR),
        (Manner::Unlimited, usize::MAX, HOUR),
    ];
    let mut hosts: Vec<Host> = kinds
        .into_iter()
        .map(|(manner, allowed, window)| Host {
            manner,
            allowed,
            window,
            budget: None,
            answered: VecDeque::new(),
            refused: Vec::new(),
        })
        .collect();
    let mut queue = PollQueue::new(1);
    let mut sources: BTreeMap<SourceId, (usize, Source, SourceState, Vec<i64>)> = BTreeMap::new();
    for host in 0..hosts.len() {
        for n in 0..SOURCES {
            let id = SourceId((host * SOURCES + n) as i64);
            sources.insert(id, (host, source(format!("{host}-{n}")), SourceState::default(), Vec::new()));
            queue.plan(id, &format!("host{host}"), at(0));
        }
    }
    queue.spread(at(0));
    let mut now = 0;
    while now < DAYS * DAY {
        for id in queue.take(at(now), 1000) {
            let (host, source, state, read) = sources.get_mut(&id).unwrap();
            let (outcome, response) = hosts[*host].answer(now);
            if outcome == Outcome::NotModified {
                read.push(now);
            }
            let demand = HostDemand { sources: SOURCES as u32, every: source.interval.every };
            let budget = HostBudget::after(hosts[*host].budget.as_ref(), &response, demand, at(now));
            let observed = PollObservation {
                outcome: &outcome,
                info: &ResponseInfo::default(),
                update_hints: UpdateHints::default(),
                publish_interval: PublishInterval::default(),
                replaced: false,
                is_probe: false,
                is_held: budget.as_ref().is_some_and(|budget| budget.held_at(at(now)).is_some()),
            };
            *state = schedule::after_poll(source, state, &observed, at(now));
            if let Some(budget) = &budget {
                let gap = SignedDuration::try_from(budget.gap).unwrap();
                let limits = HostLimits { held_until: budget.held_at(at(now)), gap, per_host: None };
                queue.limit(&format!("host{host}"), limits);
            }
            hosts[*host].budget = budget;
            queue.done(id, state.next_poll, at(now));
        }
        now = queue.next().map_or(now + 1, |next| next.duration_since(at(0)).as_secs()).max(now + 1);
    }
    println!("{:22} {:>8} {:>8} {:>8} {:>8}", "host", "refused", "share", "least", "most");
    let mut faults = Vec::new();
    for (n, host) in hosts.iter().enumerate() {
        let wanted = (DAYS * DAY) as f64 / (EVERY as f64 * 1.05);
        let allowed = (DAYS * DAY) as f64 / host.window as f64 * host.allowed as f64 / SOURCES as f64;
        let share = wanted.min(allowed);
        let read = sources.values().filter(|(of, ..)| *of == n).map(|(_, _, _, read)| read.len());
        let (least, most) = (read.clone().min().unwrap(), read.max().unwrap());
        let name = format!("{:?} {}/{}", host.manner, host.allowed.min(9999), host.window);
        println!("{name:22} {:8} {share:8.0} {least:8} {most:8}", host.refused.len());
        let windows: Vec<i64> = host.refused.iter().map(|at| at / host.window).collect();
        if windows.windows(2).skip(1).any(|pair| pair[0] == pair[1]) {
            faults.push(format!("{name}: more than one refusal in a window"));
        }
        if host.refused.len() as i64 > 3 * DAYS {
            faults.push(format!("{name}: {} refusals", host.refused.len()));
        }
        if (least as f64) < share * 0.9 {
            faults.push(format!("{name}: {least} polls of a source, its share is {share:.0}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
