//! Hosts that allow only so many requests.

use std::collections::VecDeque;

use siftwire::source::host_budget::{HostBudget, HostResponse, Quota};
use siftwire::source::{Failure, Outcome};

use super::at;

/// How a host tells of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Manner {
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

pub(crate) struct QuotaHost {
    pub(crate) manner: Manner,
    /// So many requests in so many seconds.
    pub(crate) allowed: usize,
    pub(crate) window: i64,
    pub(crate) budget: Option<HostBudget>,
    /// The requests that were answered in the current window, and all that were refused.
    answered: VecDeque<i64>,
    pub(crate) refused: Vec<i64>,
}

impl QuotaHost {
    pub(crate) fn new((manner, allowed, window): (Manner, usize, i64)) -> QuotaHost {
        QuotaHost { manner, allowed, window, budget: None, answered: VecDeque::new(), refused: Vec::new() }
    }

    /// The end of the current window.
    fn reset(&self, now: i64) -> i64 {
        match self.manner {
            Manner::Bucket => self.answered.front().map_or(now, |first| first + self.window),
            _ => (now / self.window + 1) * self.window,
        }
    }

    pub(crate) fn answer(&mut self, now: i64) -> (Outcome, HostResponse) {
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
