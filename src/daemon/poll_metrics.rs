//! What one poll adds to the metrics. Pure.

use std::time::Duration;

use crate::ingest::PollReport;
use crate::metrics::{Metrics, PollSample, SourceTimes};
use crate::source::{Failure, Outcome, SourceState};
use crate::store;

/// Counts a poll.
pub(super) fn record(
    metrics: &Metrics,
    source: &str,
    report: &Result<PollReport, store::Error>,
    duration: Duration,
) {
    let mut sample = PollSample { source, outcome: status(report), duration, ..PollSample::default() };
    if let Ok(report) = report {
        if let Outcome::Read { new, edited, .. } = report.outcome {
            (sample.new, sample.edited) = (new as u64, edited as u64);
        }
        (sample.bytes, sample.merged) = (report.bytes, report.merged as u64);
        sample.is_rescued = report.is_rescued;
        sample.times = Some(source_times(&report.state));
    }
    metrics.count_poll(sample);
}

/// The times of a source that the metrics show.
pub(super) fn source_times(state: &SourceState) -> SourceTimes {
    SourceTimes {
        last_success: state.last_success.map(|at| at.as_second()),
        next_poll: state.next_poll.map(|at| at.as_second()),
    }
}

/// How a poll ended, as one of a fixed set of labels.
pub(super) fn status(report: &Result<PollReport, store::Error>) -> &'static str {
    let Ok(report) = report else { return "not_kept" };
    match &report.outcome {
        Outcome::Read { .. } => "read",
        Outcome::NotModified => "not_modified",
        Outcome::Failed(failure) => match failure {
            Failure::Timeout => "timeout",
            Failure::Dns(_) => "dns",
            Failure::Unreachable(_) => "unreachable",
            Failure::Connection(_) => "connection",
            Failure::Tls(_) => "tls",
            Failure::RefusedAddress(_) => "refused_address",
            Failure::Redirect(_) => "redirect",
            Failure::Gone => "gone",
            Failure::Throttled { .. } => "throttled",
            Failure::BotCheck(_) => "bot_check",
            Failure::Status(_) => "status",
            Failure::TooLarge(_) => "too_large",
            Failure::TooComplex(_) => "too_complex",
            Failure::Unreadable(_) => "unreadable",
        },
    }
}
