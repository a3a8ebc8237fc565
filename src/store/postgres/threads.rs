//! The store's threads on PostgreSQL: readers, and one writer. Each connects again by itself. I/O: the connections.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::super::database::Database;
use super::super::error::Error;
use super::super::jobs::{Durability, Job, JobCounter, JobOutcome, WriteCommand, next_group};
use super::super::server::Server;
use super::super::server::session::Session;
use super::super::sql::{OptionalExtension, params};
use super::super::unreadable::UnreadableRows;
use super::listener::NOTIFY;
use super::schema;

/// Begins a transaction for reading, whose statements agree with each other.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Begins a transaction for writing. Only one writes at a time, of all daemons: so revisions become visible in their order,
/// and stories are decided one after the other.
fn begin_writing(durability: Durability) -> String {
    // Without waiting for the disk, a crash of the server may undo the last commits, in their order.
    let synchronous = match durability {
        Durability::Full => "on",
        Durability::Relaxed => "off",
    };
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = {synchronous}; SELECT pg_advisory_xact_lock({})",
        schema::WRITE_LOCK
    )
}

/// How often a transaction is tried that the server, or the connection, has ended.
const ATTEMPTS: u32 = 4;

/// How long the number of the last commit of a process stays that was killed.
const KEEP_COMMITS: Duration = Duration::from_secs(24 * 3600);

/// How many connections the writer has made. After a switch-over of the server they lead to another one, and those of
/// the readers have to as well.
pub(super) type Generation = Arc<AtomicU32>;

/// What a reader's thread has.
pub(super) struct SessionReader {
    server: Arc<Server>,
    session: Option<Session>,
    unreadable: UnreadableRows,
    writers: Generation,
    /// The writer's connection when this one was made.
    generation: u32,
}

impl SessionReader {
    pub(super) fn new(
        server: &Arc<Server>,
        unreadable: UnreadableRows,
        writers: &Generation,
    ) -> SessionReader {
        SessionReader {
            server: Arc::clone(server),
            session: None,
            unreadable,
            writers: Arc::clone(writers),
            generation: 0,
        }
    }

    /// Runs a query, once more if the connection was lost in it.
    fn answer(&mut self, query: &mut Job) -> Result<(), Error> {
        let generation = self.writers.load(Ordering::Relaxed);
        if generation != self.generation {
            (self.session, self.generation) = (None, generation);
        }
        for attempt in 1..=2 {
            let session = begin(&self.server, &mut self.session, BEGIN_READING)?;
            let outcome = query(Ok(&Database::postgres(session, &self.unreadable)));
            let ended = session.batch("ROLLBACK");
            if ended.is_err() {
                self.session = None;
            }
            if attempt == 1 && outcome.error.as_ref().is_some_and(Error::may_be_repeated) {
                continue;
            }
            (outcome.reply)(None);
            break;
        }
        Ok(())
    }
}

/// Runs queries until the channel is closed.
pub(super) fn run_reader(
    reader: &mut SessionReader,
    receiver: &Mutex<mpsc::Receiver<Job>>,
    jobs: &JobCounter,
) {
    loop {
        let query = receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(mut query) = query else { break };
        let _job = jobs.begin();
        if let Err(error) = reader.answer(&mut query) {
            // Those that wait behind it hear the same, and not one after the other.
            let mut next = Some(query);
            while let Some(mut query) = next {
                (query(Err(error.clone())).reply)(None);
                next = receiver.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok();
            }
        }
    }
    reader.session = None;
}

/// What the writer's thread has.
pub(super) struct SessionWriter {
    server: Arc<Server>,
    session: Option<Session>,
    unreadable: UnreadableRows,
    /// Why the store cannot be written at present.
    write_error: Arc<Mutex<Option<Error>>>,
    connections: Generation,
    /// The id of this process, and the number of its last commit.
    commit: (Arc<str>, i64),
}

impl SessionWriter {
    /// Connects, and creates the tables of an empty database.
    pub(super) fn open(
        server: &Arc<Server>,
        id: Arc<str>,
        unreadable: UnreadableRows,
        write_error: Arc<Mutex<Option<Error>>>,
    ) -> Result<SessionWriter, Error> {
        let session = connect(server)?;
        schema::prepare(&session, server)?;
        Ok(SessionWriter {
            server: Arc::clone(server),
            session: Some(session),
            unreadable,
            write_error,
            connections: Generation::default(),
            commit: (id, 0),
        })
    }

    pub(super) fn generation(&self) -> &Generation {
        &self.connections
    }

    /// Runs the commands in one transaction, and replies after the commit. Returns the first error, after which the
    /// connection may have to be renewed.
    ///
    /// A transaction that the server or the connection has ended is run again. If it is unknown whether it was committed,
    /// the database says so.
    fn write(&mut self, mut group: Vec<WriteCommand>, jobs: &JobCounter) -> Result<(), Error> {
        let durability = group.iter().map(|command| command.durability).max().unwrap_or(Durability::Full);
        self.commit.1 += 1;
        let mut unknown: Option<Outcomes> = None;
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            let had_session = self.session.is_some();
            let session = match begin(&self.server, &mut self.session, &begin_writing(durability)) {
                Ok(session) => session,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            if !had_session {
                self.connections.fetch_add(1, Ordering::Relaxed);
            }
            let committed = unknown.take().filter(|_| is_committed(session, &self.unreadable, &self.commit));
            if let Some(outcomes) = committed {
                self.session = None;
                return outcomes.reply(group, None);
            }
            let mut outcomes = run_group(session, &self.unreadable, &mut group);
            let ended = match outcomes.ended.take() {
                Some(error) => Err((error, false)),
                None => session
                    .batch(&commit_statements(durability, &self.commit))
                    .map_err(|error| (Error::sql("cannot commit", error), session.is_closed())),
            };
            let Err((error, is_unknown)) = ended else { return outcomes.reply(group, None) };
            self.session = None;
            let again = error.may_be_repeated();
            failure = Some(error);
            if !again {
                break;
            }
            unknown = Some(outcomes).filter(|_| is_unknown && durability == Durability::Full);
            jobs.progress();
        }
        let error = failure.unwrap_or_else(|| Error::new("cannot write"));
        refuse(group, &error);
        Err(error)
    }
}

/// Runs commands until the channel is closed. Commands that wait are grouped into one transaction.
pub(super) fn run_writer(
    writer: &mut SessionWriter,
    receiver: &mut mpsc::Receiver<WriteCommand>,
    jobs: &JobCounter,
) {
    while let Some(first) = receiver.blocking_recv() {
        let _job = jobs.begin();
        let group = next_group(first, receiver);
        let error = writer.write(group, jobs).err().filter(Error::is_transient);
        if error.is_some() {
            writer.session = None;
        }
        *writer.write_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
    if let (Some(session), (id, 1..)) = (writer.session.take(), &writer.commit) {
        // Those of processes that were killed go with it.
        let remove = format!(
            "DELETE FROM last_commit WHERE daemon = '{id}' OR at < clock_millis() - {}",
            KEEP_COMMITS.as_millis()
        );
        if let Err(error) = session.batch(&remove) {
            tracing::debug!(%error, "cannot remove the number of the last commit");
        }
    }
}

fn connect(server: &Server) -> Result<Session, Error> {
    server.connect().map_err(|reason| Error::unreachable(server, &reason))
}

/// Begins a transaction, on a new connection where the old one has ended: nothing was done on it yet.
fn begin<'s>(server: &Server, session: &'s mut Option<Session>, begin: &str) -> Result<&'s Session, Error> {
    if let Some(open) = session.as_ref() {
        match open.batch(begin) {
            Ok(()) => {}
            Err(error) if open.is_closed() => {
                tracing::debug!(%error, "connecting to the store again");
                *session = None;
            }
            Err(error) => {
                *session = None;
                return Err(Error::sql("cannot begin a transaction", error));
            }
        }
    }
    match session {
        Some(open) => Ok(open),
        None => {
            let new = connect(server)?;
            new.batch(begin).map_err(|error| Error::sql("cannot begin a transaction", error))?;
            Ok(session.insert(new))
        }
    }
}

/// What the commands of a transaction have left.
struct Outcomes {
    of_commands: Vec<JobOutcome>,
    /// Why the transaction cannot be committed.
    ended: Option<Error>,
}

impl Outcomes {
    /// Replies to all. Returns the first error.
    fn reply(self, group: Vec<WriteCommand>, error: Option<&Error>) -> Result<(), Error> {
        // What the commands have is freed by those who wait for the reply.
        drop(group);
        let first = self.of_commands.iter().find_map(|outcome| outcome.error.clone());
        self.of_commands.into_iter().for_each(|outcome| (outcome.reply)(error));
        first.map_or(Ok(()), Err)
    }
}

fn refuse(group: Vec<WriteCommand>, error: &Error) {
    group.into_iter().for_each(|mut command| ((command.job)(Err(error.clone())).reply)(None));
}

/// Runs the commands, each in a savepoint, until one ends the transaction.
fn run_group(session: &Session, unreadable: &UnreadableRows, group: &mut [WriteCommand]) -> Outcomes {
    let mut outcomes = Outcomes { of_commands: Vec::with_capacity(group.len()), ended: None };
    let failed = |error| Some(Error::sql("cannot write", error));
    for command in group {
        if let Err(error) = session.batch("SAVEPOINT command") {
            outcomes.ended = failed(error);
            break;
        }
        let outcome = (command.job)(Ok(&Database::postgres(session, unreadable)));
        outcomes.ended = outcome.error.clone().filter(Error::may_be_repeated);
        let end = if outcome.error.is_some() {
            "ROLLBACK TO SAVEPOINT command; RELEASE SAVEPOINT command"
        } else {
            "RELEASE SAVEPOINT command"
        };
        if outcomes.ended.is_none() {
            outcomes.ended = session.batch(end).err().and_then(failed);
        }
        if outcomes.ended.is_some() {
            break;
        }
        outcomes.of_commands.push(outcome);
    }
    outcomes
}

/// SQL that commits, and leaves the number of the commit, by which [`is_committed`] finds it.
fn commit_statements(durability: Durability, (id, number): &(Arc<str>, i64)) -> String {
    match durability {
        Durability::Full => format!(
            "INSERT INTO last_commit (daemon, number, at) VALUES ('{id}', {number}, clock_millis())
             ON CONFLICT (daemon) DO UPDATE SET number = excluded.number, at = excluded.at; {NOTIFY}; COMMIT"
        ),
        // Claims, and polls without changes, are safe to repeat.
        Durability::Relaxed => "COMMIT".to_owned(),
    }
}

/// Whether the last transaction was committed though the server's answer did not come. Who has the lock of those that
/// write finds it ended.
fn is_committed(session: &Session, unreadable: &UnreadableRows, (id, number): &(Arc<str>, i64)) -> bool {
    let select = "SELECT number FROM last_commit WHERE daemon = ?1";
    let found = Database::postgres(session, unreadable)
        .query_row(select, params![id.as_ref()], |row| row.get::<i64>(0))
        .optional();
    found.is_ok_and(|found| found == Some(*number))
}
