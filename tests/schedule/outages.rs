//! Hosts that allow only so many requests, hosts that hang, and a network that is down from time to time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::SignedDuration;
use siftwire::daemon::network::{NetworkState, NetworkWatch, Reach};
use siftwire::daemon::queue::{HostLimits, PollQueue};
use siftwire::fetch::ResponseInfo;
use siftwire::schedule::publish_interval::PublishInterval;
use siftwire::schedule::{self, PollObservation};
use siftwire::source::host_budget::{HostBudget, HostDemand, HostResponse};
use siftwire::source::{Failure, Outcome, PollInterval, Source, SourceState, UpdateHints};
use siftwire::store::SourceId;

use super::quota_host::{Manner, QuotaHost};
use super::{CONCURRENCY, DAY, DAYS, HOUR, MINUTE, SOURCES, at, second, source};

/// The sources of each host with a quota, and how often they are wanted.
const SOURCES_OF_QUOTA: usize = 6;
const EVERY_OF_QUOTA: i64 = 5 * MINUTE;

/// These hosts accept connections and answer nothing.
const HANGING: usize = 40;
const ORDINARY_HOSTS: usize = 200;

/// When the network is down, for how long, and how long a request takes to fail then.
const OUTAGES: [(i64, i64, i64); 9] = [
    (2 * DAY + 7 * HOUR, MINUTE, 0),
    (4 * DAY, 4 * MINUTE, 10),
    (5 * DAY + HOUR, 20 * MINUTE, 5),
    (7 * DAY, 2 * HOUR, 0),
    (9 * DAY + 22 * HOUR, 8 * HOUR, 10),
    (12 * DAY, 26 * HOUR, 0),
    (15 * DAY, 3 * DAY, 10),
    // Twice in a row.
    (22 * DAY, 10 * MINUTE, 0),
    (22 * DAY + 15 * MINUTE, 30 * MINUTE, 10),
];

/// Within so long after an outage all that is due is polled.
const CATCH_UP: i64 = 5 * MINUTE;

enum Manners {
    Ordinary,
    Hanging,
    Quota(Box<QuotaHost>),
}

struct Polled {
    host: usize,
    source: Source,
    state: SourceState,
    /// When the host answered.
    read: Vec<i64>,
    requests: Vec<i64>,
}

/// A poll in flight: when it ends, its source, when it began, and whether as a probe.
type Flight = Reverse<(i64, usize, i64, bool)>;

struct Simulation {
    now: i64,
    hosts: Vec<Manners>,
    sources: Vec<Polled>,
    queue: PollQueue,
    network: NetworkWatch,
    in_flight: BinaryHeap<Flight>,
}

fn outage_at(second: i64) -> Option<&'static (i64, i64, i64)> {
    OUTAGES.iter().find(|(from, long, _)| (*from..from + long).contains(&second))
}

fn host_name(host: usize) -> String {
    format!("site{host}.example")
}

impl Simulation {
    fn new(quotas: Vec<QuotaHost>) -> Simulation {
        let mut hosts: Vec<Manners> = quotas.into_iter().map(|host| Manners::Quota(Box::new(host))).collect();
        let of_quotas = hosts.len() * SOURCES_OF_QUOTA;
        let first_hanging = hosts.len();
        hosts.extend((0..HANGING).map(|_| Manners::Hanging));
        let first_ordinary = hosts.len();
        hosts.extend((0..ORDINARY_HOSTS).map(|_| Manners::Ordinary));
        let mut queue = PollQueue::new(1);
        let sources = (0..SOURCES).map(|n| {
            let (host, every) = match n.checked_sub(of_quotas) {
                None => (n / SOURCES_OF_QUOTA, EVERY_OF_QUOTA),
                Some(n) if n < HANGING => (first_hanging + n, 30 * MINUTE),
                Some(n) => (first_ordinary + n % ORDINARY_HOSTS, 30 * MINUTE),
            };
            let every = Duration::from_secs(every as u64);
            let interval = PollInterval { every, adaptive: false, ..PollInterval::default() };
            queue.plan(SourceId(n as i64), &host_name(host), at(0));
            let source = source(n, &host_name(host), interval);
            Polled { host, source, state: SourceState::default(), read: Vec::new(), requests: Vec::new() }
        });
        let sources = sources.collect();
        queue.spread(at(0));
        let network = NetworkWatch::new(None);
        Simulation { now: 0, hosts, sources, queue, network, in_flight: BinaryHeap::new() }
    }

    fn run_until(&mut self, end: i64) {
        while self.now < end {
            while let Some(Reverse((ended, n, began, is_probe))) = self.in_flight.peek().copied()
                && ended <= self.now
            {
                self.in_flight.pop();
                self.finish(n, began, is_probe);
            }
            // As `daemon::poll`: one that has waited three seconds leaves its place.
            let slow =
                self.in_flight.iter().filter(|Reverse((_, _, began, _))| began + 3 <= self.now).count();
            let free = CONCURRENCY.saturating_sub(self.in_flight.len() - slow);
            let free = free.min(self.network.allowed(at(self.now), self.in_flight.len()));
            let is_probe = self.network.next_probe().is_some();
            for SourceId(id) in self.queue.take(at(self.now), free) {
                let n = id as usize;
                self.sources[n].requests.push(self.now);
                self.in_flight.push(Reverse((self.now + self.takes(n), n, self.now, is_probe)));
            }
            self.now += 1;
            if self.in_flight.is_empty() {
                let next = self.queue.next().max(self.network.next_probe()).map_or(end, second);
                self.now = next.clamp(self.now, end.max(self.now));
            }
        }
    }

    /// How long a poll takes that begins now.
    fn takes(&self, n: usize) -> i64 {
        match (outage_at(self.now), &self.hosts[self.sources[n].host]) {
            (Some((_, _, failing)), _) => *failing,
            (None, Manners::Hanging) => 30,
            (None, _) => 1,
        }
    }

    fn finish(&mut self, n: usize, began: i64, is_probe: bool) {
        let now = self.now;
        let polled = &mut self.sources[n];
        let was_well = polled.state.failures == 0 && polled.state.last_success.is_some();
        let (outcome, response) = match &mut self.hosts[polled.host] {
            _ if outage_at(began).is_some() => (Outcome::Failed(Failure::Unreachable(String::new())), None),
            Manners::Hanging => (Outcome::Failed(Failure::Timeout), None),
            _ if outage_at(now).is_some() => (Outcome::Failed(Failure::Connection(String::new())), None),
            Manners::Ordinary => (Outcome::NotModified, None),
            Manners::Quota(host) => {
                let (outcome, response) = host.answer(now);
                (outcome, Some(response))
            }
        };
        if outcome == Outcome::NotModified {
            polled.read.push(now);
        }
        let is_held = response.is_some_and(|response| self.note_budget(n, &response));
        let polled = &mut self.sources[n];
        let observed = PollObservation {
            outcome: &outcome,
            info: &ResponseInfo::default(),
            update_hints: UpdateHints::default(),
            publish_interval: PublishInterval::default(),
            replaced: false,
            is_probe,
            is_held,
        };
        polled.state = schedule::after_poll(&polled.source, &polled.state, &observed, at(now));
        self.queue.done(SourceId(n as i64), polled.state.next_poll, at(now));
        let reach = Reach::of(&outcome, was_well, Duration::from_secs((now - began) as u64));
        if reach == Reach::Answered && self.network.is_calm() {
            return;
        }
        let host = host_name(polled.host);
        let times = (polled.source.interval.every, at(began), at(now));
        let all = self.queue.counts();
        if self.network.note((SourceId(n as i64), &host), reach, all, times) {
            self.network_changed();
        }
    }

    /// Whether the host takes no request now.
    fn note_budget(&mut self, n: usize, response: &HostResponse) -> bool {
        let host = self.sources[n].host;
        let Manners::Quota(quota) = &mut self.hosts[host] else { return false };
        let every = Duration::from_secs(EVERY_OF_QUOTA as u64);
        let demand = HostDemand { sources: SOURCES_OF_QUOTA as u32, every };
        quota.budget = HostBudget::after(quota.budget.as_ref(), response, demand, at(self.now));
        let Some(budget) = &quota.budget else { return false };
        let held_until = budget.held_at(at(self.now));
        let gap = SignedDuration::try_from(budget.gap).unwrap();
        self.queue.limit(&host_name(host), HostLimits { held_until, gap, per_host: None });
        held_until.is_some()
    }

    /// As `daemon::poller` and `Store::reset_failures`.
    fn network_changed(&mut self) {
        for SourceId(id) in self.network.lost() {
            let Polled { host, state, .. } = &mut self.sources[id as usize];
            if state.failures > 0 {
                (state.failures, state.failing_since, state.next_poll) = (0, None, Some(at(self.now)));
                self.queue.plan(SourceId(id), &host_name(*host), at(self.now));
            }
        }
        if self.network.state() == NetworkState::Up {
            self.network.forget_lost();
            self.queue.spread_by_wait(at(self.now), SignedDuration::from_secs(90));
        }
    }

    /// The sources that are due, and whose host takes requests.
    fn due(&self) -> Vec<usize> {
        let is_due = |polled: &Polled| match &self.hosts[polled.host] {
            Manners::Quota(..) => false,
            _ => polled.state.next_poll.is_some_and(|due| due <= at(self.now)),
        };
        (0..SOURCES).filter(|n| is_due(&self.sources[*n])).collect()
    }

    fn failures(&self) -> Vec<u32> {
        self.sources.iter().map(|polled| polled.state.failures).collect()
    }
}

/// Runs through an outage. Returns the requests in it, and how many sources were due after it.
fn outage(
    all: &mut Simulation,
    (from, long, failing): (i64, i64, i64),
    faults: &mut Vec<String>,
) -> (i64, usize) {
    let name = format!("outage of {}", humantime::format_duration(Duration::from_secs(long as u64)));
    all.run_until(from);
    let before = all.failures();
    all.run_until(from + long);
    let requests = all.sources.iter().flat_map(|polled| &polled.requests);
    let requests = requests.filter(|at| (from..from + long).contains(*at)).count() as i64;
    // Those that are due before three hosts have failed, then one a minute.
    if requests > CONCURRENCY as i64 + 5 * (failing + 1) + long / MINUTE {
        faults.push(format!("{name}: {requests} requests"));
    }
    let due = all.due();
    all.run_until(from + long + CATCH_UP);
    let late: Vec<_> = due
        .iter()
        .filter(|n| all.sources[**n].requests.last().is_none_or(|last| *last < from + long))
        .collect();
    if !late.is_empty() {
        faults.push(format!("{name}: not polled within five minutes: {late:?}"));
    }
    for (n, (before, after)) in before.iter().zip(all.failures()).enumerate() {
        // Some fail after the outage too.
        let may_fail = match all.hosts[all.sources[n].host] {
            Manners::Ordinary => 0,
            Manners::Quota(_) => 1,
            Manners::Hanging => 2,
        };
        if after > before + may_fail {
            faults.push(format!("{name}: source {n} had {before} failures, then {after}"));
        }
    }
    (requests, due.len())
}

#[test]
fn every_host_gets_what_it_allows_and_no_outage_is_held_against_a_source() {
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
    let mut all = Simulation::new(kinds.map(QuotaHost::new).into());
    let mut faults = Vec::new();
    for times in OUTAGES {
        let (requests, due) = outage(&mut all, times, &mut faults);
        println!("outage of {} s: {requests} requests in it, {due} sources due after it", times.1);
    }
    all.run_until(DAYS * DAY);
    let up = (DAYS * DAY - OUTAGES.iter().map(|(_, long, _)| long).sum::<i64>()) as f64;
    println!("{:32} {:>8} {:>8} {:>8} {:>8}", "host", "refused", "share", "least", "most");
    for (n, host) in all.hosts.iter().enumerate() {
        let (name, every, allowed, refused): (String, i64, f64, &[i64]) = match host {
            Manners::Hanging => continue,
            Manners::Ordinary => (host_name(n), 30 * MINUTE, f64::MAX, &[]),
            Manners::Quota(host) => {
                let name = format!("{:?} {}/{}", host.manner, host.allowed.min(9999), host.window);
                let allowed = up / host.window as f64 * host.allowed as f64 / SOURCES_OF_QUOTA as f64;
                faults.extend(refusals(&name, host));
                (name, EVERY_OF_QUOTA, allowed, &host.refused)
            }
        };
        let share = allowed.min(up / (every as f64 * 1.05));
        let read = all.sources.iter().filter(|polled| polled.host == n).map(|polled| polled.read.len());
        let (least, most) = (read.clone().min().unwrap(), read.max().unwrap());
        if matches!(host, Manners::Quota(..)) {
            println!("{name:32} {:8} {share:8.0} {least:8} {most:8}", refused.len());
        }
        if (least as f64) < share * 0.9 {
            faults.push(format!("{name}: {least} polls of a source, its share is {share:.0}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What was wrong with the requests to a host with a quota.
fn refusals(name: &str, host: &QuotaHost) -> Vec<String> {
    let mut faults = Vec::new();
    let windows: Vec<i64> = host.refused.iter().map(|at| at / host.window).collect();
    // The first ones teach it how much the host allows; a bucket has no windows.
    let first = if host.manner == Manner::Bucket { 2 } else { 1 };
    if windows.windows(2).skip(first).any(|pair| pair[0] == pair[1]) {
        faults.push(format!("{name}: more than one refusal in a window: {:?}", host.refused));
    }
    if host.refused.len() as i64 > 3 * DAYS {
        faults.push(format!("{name}: {} refusals", host.refused.len()));
    }
    faults
}
