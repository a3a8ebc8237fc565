//! The handle by which the program queries and commands the store's threads. I/O: channels only.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::claimer::Claimer;
use super::database::Database;
use super::dedup_index::DedupIndex;
use super::error::Error;
use super::jobs::{Durability, Job, JobOutcome, QUEUE_LENGTH, WriteCommand};
use super::location::StoreLocation;
use super::model::Claimant;
use super::sql::SqlError;
use super::unreadable::UnreadableRows;

/// A handle to the store; cheap to clone. The store's threads end when the last handle is dropped.
#[derive(Clone)]
pub struct Store {
    location: Arc<StoreLocation>,
    /// To the readers.
    queries: mpsc::Sender<Job>,
    /// To the writer.
    commands: mpsc::Sender<WriteCommand>,
    /// Locked by the writer's commands, and for a moment by [`Store::dedup_index_size`].
    dedup_index: Arc<Mutex<DedupIndex>>,
    /// Why the store is open read-only, if it is. Set by the writer.
    write_error: Arc<Mutex<Option<Error>>>,
    unreadable: UnreadableRows,
    shared: Option<SharedStore>,
}

/// What a handle to a store has that several daemons share.
#[derive(Clone)]
pub(super) struct SharedStore {
    /// The id of this one.
    pub(super) daemon: Arc<str>,
    /// Counts up when another daemon may have written.
    pub(super) changes: watch::Receiver<u64>,
    /// The config in force, as far as this process knows.
    pub(super) in_force: Arc<Mutex<Option<KnownInForce>>>,
}

/// The config in force when this process last looked.
#[derive(Clone, Debug)]
pub(super) struct KnownInForce {
    /// Empty if there is none.
    pub(super) digest: String,
    /// Whether it is that of this process, which then makes outputs.
    pub(super) makes_outputs: bool,
}

impl Store {
    pub(super) fn new(
        location: &StoreLocation,
        (queries, commands): (mpsc::Sender<Job>, mpsc::Sender<WriteCommand>),
        write_error: Arc<Mutex<Option<Error>>>,
        unreadable: UnreadableRows,
        shared: Option<SharedStore>,
    ) -> Store {
        Store {
            location: Arc::new(location.clone()),
            queries,
            commands,
            dedup_index: Arc::default(),
            write_error,
            unreadable,
            shared,
        }
    }

    /// Runs a query on a reader, in one transaction, so that its parts agree with each other.
    pub(super) async fn query<T: Send + 'static>(
        &self,
        query: impl FnMut(&Database<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, receiver) = self.job("cannot read", query);
        self.queries.send(job).await.map_err(|_| closed())?;
        receiver.await.map_err(|_| closed())?
    }

    /// Runs a command on the writer, in a savepoint of its own; returns once it is on the disk.
    pub(super) async fn command<T: Send + 'static>(
        &self,
        command: impl FnMut(&Database<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, Error> {
        self.command_with(Durability::Full, command).await
    }

    /// Runs a command on the writer, in a savepoint of its own; returns once it is committed.
    pub(super) async fn command_with<T: Send + 'static>(
        &self,
        durability: Durability,
        command: impl FnMut(&Database<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, receiver) = self.job("cannot write", command);
        self.commands.send(WriteCommand { job, durability }).await.map_err(|_| closed())?;
        receiver.await.map_err(|_| closed())?
    }

    /// A job that does this, and where its result comes.
    fn job<T: Send + 'static>(
        &self,
        context: &'static str,
        mut work: impl FnMut(&Database<'_>) -> Result<T, SqlError> + Send + 'static,
    ) -> (Job, oneshot::Receiver<Result<T, Error>>) {
        let (sender, receiver) = oneshot::channel();
        let sender = Arc::new(Mutex::new(Some(sender)));
        let location = Arc::clone(&self.location);
        let job: Job = Box::new(move |database| {
            let result = database.and_then(|database| guard(context, &location, || work(database)));
            let error = result.as_ref().err().cloned();
            let sender = Arc::clone(&sender);
            let reply = Box::new(move |commit_error: Option<&Error>| {
                let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
                // The caller may have stopped waiting.
                let _ =
                    sender.map(|sender| sender.send(commit_error.map_or(result, |error| Err(error.clone()))));
            });
            JobOutcome { error, reply }
        });
        (job, receiver)
    }

    /// From the next connection on, logs in with the password of this location, if it is the same database.
    pub fn renew_password(&self, new: &StoreLocation) {
        if let (StoreLocation::Server(own), StoreLocation::Server(new)) = (&*self.location, new)
            && own == new
        {
            own.set_password(new.password());
        }
    }

    pub(super) fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// The index of stories, for the writer's commands.
    pub(super) fn dedup_index(&self) -> Arc<Mutex<DedupIndex>> {
        Arc::clone(&self.dedup_index)
    }

    /// The size of the index of stories in memory: entries, bytes.
    pub fn dedup_index_size(&self) -> (usize, usize) {
        self.dedup_index.lock().unwrap_or_else(PoisonError::into_inner).size()
    }

    /// Reports stored bytes that cannot be decompressed: table, and output or page.
    pub fn report_unreadable(&self, table: &'static str, number: i64) {
        self.unreadable.report(table, number);
    }

    /// How many rows could not be read since the start, because their content is damaged.
    #[must_use]
    pub fn unreadable_rows(&self) -> usize {
        self.unreadable.len()
    }

    /// Why the store is open read-only; `None` if it can be written.
    #[must_use]
    pub fn write_error(&self) -> Option<Error> {
        self.write_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A text about the store without its folder, for those who need not know that.
    #[must_use]
    pub fn without_folder(&self, text: &str) -> String {
        match self.location.file().and_then(Path::parent) {
            Some(folder) if folder.parent().is_some() => text.replace(&format!("{}/", folder.display()), ""),
            _ => text.to_owned(),
        }
    }

    /// Counts up when another daemon may have written. `None`: there can be no other one.
    #[must_use]
    pub fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.shared.as_ref().map(|shared| shared.changes.clone())
    }

    /// The id of this daemon among those that share the store. `None`: there can be no other one.
    #[must_use]
    pub fn daemon_id(&self) -> Option<Arc<str>> {
        self.shared.as_ref().map(|shared| Arc::clone(&shared.daemon))
    }

    /// The config in force as this process knows it. `None`: it is the only process that has one, or a command.
    pub(super) fn known_in_force(&self) -> Option<KnownInForce> {
        let shared = self.shared.as_ref()?;
        shared.in_force.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_known_in_force(&self, known: KnownInForce) {
        if let Some(shared) = &self.shared {
            *shared.in_force.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        }
    }

    /// Who makes claims here.
    pub(super) fn claimer(&self, claimant: Claimant, gaps: Arc<BTreeMap<String, Duration>>) -> Claimer {
        Claimer { claimant, daemon: self.daemon_id(), gaps }
    }

    /// How many commands and how many queries wait for the threads.
    #[must_use]
    pub fn queue_lengths(&self) -> (usize, usize) {
        (QUEUE_LENGTH - self.commands.capacity(), QUEUE_LENGTH - self.queries.capacity())
    }
}

fn closed() -> Error {
    Error::new("closed")
}

/// Turns the panic of a job into its error, so that the thread and the other jobs of the group go on.
fn guard<T>(
    context: &'static str,
    location: &StoreLocation,
    job: impl FnOnce() -> Result<T, SqlError>,
) -> Result<T, Error> {
    // What a job may leave half done is undone: rows by its savepoint, and the index is only a hint.
    match catch_unwind(AssertUnwindSafe(job)) {
        Ok(result) => result.map_err(|e| Error::sql(context, e).with_advice_at(location)),
        Err(_) => Err(Error::new(format!("{context}: a panic, which is a mistake in siftwire"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "the test runs the store's threads")]

    use super::*;
    use crate::store::{Options, open};

    #[tokio::test]
    async fn a_panic_ends_its_own_command_or_query_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let location = StoreLocation::File(folder.path().join("s.db"));
        let options = Options { location, keep: Duration::from_secs(1) };
        let (store, workers) = open(&options).expect("it opens");
        workers.0.into_iter().for_each(|worker| drop(std::thread::spawn(worker.run)));
        let set = |text: &'static str| {
            move |c: &Database<'_>| {
                c.execute(
                    "INSERT INTO daemon_status (daemon, name, text) VALUES ('', 'test', ?1)
                     ON CONFLICT (daemon, name) DO UPDATE SET text = excluded.text",
                    [text],
                )
            }
        };
        let panicking = move |c: &Database<'_>| -> Result<(), SqlError> {
            set("from the panic")(c)?;
            panic!("a mistake")
        };
        let (before, panicked) = tokio::join!(store.command(set("before")), store.command(panicking));
        assert_eq!(before.expect("it is written"), 1);
        assert!(panicked.expect_err("it panicked").to_string().contains("a panic"));
        for _ in 0..3 {
            let read = store.query(|_| -> Result<(), SqlError> { panic!("a mistake") }).await;
            assert!(read.is_err());
        }
        let text: String = store
            .query(|c| c.prepare_cached("SELECT text FROM daemon_status")?.query_row((), |row| row.get(0)))
            .await
            .expect("it is read");
        assert_eq!(text, "before");
        store.command(set("after")).await.expect("the writer lives");
    }

    #[tokio::test]
    async fn a_thread_runs_on_after_a_panic_and_shows_when_it_is_busy() {
        let folder = tempfile::tempdir().expect("a folder");
        let location = StoreLocation::File(folder.path().join("s.db"));
        let options = Options { location, keep: Duration::from_secs(1) };
        let (store, workers) = open(&options).expect("it opens");
        let jobs: Vec<_> = workers.0.iter().map(|worker| worker.jobs.clone()).collect();
        for mut worker in workers.0 {
            let run_again = move || while catch_unwind(AssertUnwindSafe(&mut worker.run)).is_err() {};
            std::thread::spawn(run_again);
        }
        // Panics of the threads' own code: those of queries and commands do not get so far.
        for _ in 0..3 {
            let job: Job = Box::new(|_| panic!("a mistake"));
            let command = WriteCommand { job, durability: Durability::Full };
            store.commands.send(command).await.unwrap_or_else(|_| panic!("the writer lives"));
            let query: Job = Box::new(|_| panic!("a mistake"));
            store.queries.send(query).await.unwrap_or_else(|_| panic!("a reader lives"));
        }
        // A command in the group of one of these is lost with it.
        let mut written = Err(closed());
        for _ in 0..4 {
            written = written.or(store.command(|c| c.execute("DELETE FROM ping", ())).await);
        }
        written.expect("the writer lives");
        let running = move || jobs.iter().filter(|jobs| jobs.running().is_some()).count();
        let busy = running.clone();
        // A reader may still be busy with a panic.
        while running() > 0 {
            tokio::task::yield_now().await;
        }
        let during = store.query(move |_| Ok(busy())).await.expect("a reader lives");
        assert_eq!(during, 1);
        drop(store);
        while running() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
