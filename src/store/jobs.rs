//! What the store's handle sends to its threads, and the count of it. Pure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::database::Database;
use super::error::Error;

/// Maximum number of waiting commands, of waiting queries, and of commands in one transaction.
pub(super) const QUEUE_LENGTH: usize = 256;

/// A command on its way to the writer. The sender waits for its [`Reply`].
pub(super) struct WriteCommand {
    pub(super) job: Job,
    pub(super) durability: Durability,
}

/// A query, or a command. Runs inside a transaction, in another one again if that has come to nothing; or gets the error
/// because of which there is none.
pub(super) type Job = Box<dyn FnMut(Result<&Database<'_>, Error>) -> JobOutcome + Send>;

/// What a job leaves until its transaction has ended.
pub(super) struct JobOutcome {
    /// The job's own error: its savepoint is rolled back.
    pub(super) error: Option<Error>,
    pub(super) reply: Reply,
}

/// Answers the sender: with the error of the commit, if there is one, else with the job's result. Only the first answer
/// of a job counts.
pub(super) type Reply = Box<dyn FnOnce(Option<&Error>) + Send>;

/// What a power cut may do to a committed group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// Undo it: claims and polls without changes can be repeated, and nobody has seen them.
    Relaxed,
    /// Nothing: it is on the disk before the sender gets the reply.
    Full,
}

/// Counts the jobs of a thread, so that a job that hangs is noticed.
#[derive(Clone, Debug, Default)]
pub struct JobCounter(Arc<AtomicU64>);

/// Ends its job when it is dropped, also by a panic.
pub(super) struct RunningJob<'a>(&'a JobCounter);

impl JobCounter {
    /// The number of the job that runs; `None` while the thread waits for one.
    #[must_use]
    pub fn running(&self) -> Option<u64> {
        // Each job is counted when it begins and when it ends.
        Some(self.0.load(Ordering::Relaxed)).filter(|count| count % 2 == 1)
    }

    /// The job that runs gets on.
    pub(super) fn progress(&self) {
        self.0.fetch_add(2, Ordering::Relaxed);
    }

    pub(super) fn begin(&self) -> RunningJob<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        RunningJob(self)
    }
}

impl Drop for RunningJob<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The store's threads. The caller runs and joins them.
pub struct Workers(pub Vec<Worker>);

/// One thread of the store.
pub struct Worker {
    /// What it does, for people.
    pub name: &'static str,
    /// Its jobs.
    pub jobs: JobCounter,
    /// Its body, which ends when the last [`super::Store`] is dropped. After a panic it can be run again.
    pub run: Box<dyn FnMut() + Send>,
}

/// A command with those that wait behind it, for one transaction.
pub(super) fn next_group(
    first: WriteCommand,
    receiver: &mut mpsc::Receiver<WriteCommand>,
) -> Vec<WriteCommand> {
    let mut group = vec![first];
    while group.len() < QUEUE_LENGTH
        && let Ok(next) = receiver.try_recv()
    {
        group.push(next);
    }
    group
}
