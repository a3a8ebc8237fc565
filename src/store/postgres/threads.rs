//! The store's threads on PostgreSQL: readers, and one writer. Each connects again by itself. I/O: the connections.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::super::database::Database;
use super::super::error::Error;
use super::super::jobs::{Durability, JobCounter, Query, WriteCommand, next_group};
use super::super::server::Server;
use super::super::server::session::Session;
use super::super::sql::Result as SqlResult;
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
        "BEGIN; SET LOCAL synchronous_commit = {synchronous}; SELECT pg_advisory_xact_lock({})",
        schema::WRITE_LOCK
    )
}

/// What a reader's thread has.
pub(super) struct SessionReader {
    server: Arc<Server>,
    session: Option<Session>,
    unreadable: UnreadableRows,
}

impl SessionReader {
    pub(super) fn new(server: &Arc<Server>, unreadable: UnreadableRows) -> SessionReader {
        SessionReader { server: Arc::clone(server), session: None, unreadable }
    }
}

/// Runs queries until the channel is closed.
pub(super) fn run_reader(
    reader: &mut SessionReader,
    receiver: &Mutex<mpsc::Receiver<Query>>,
    jobs: &JobCounter,
) {
    loop {
        let query = receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(query) = query else { break };
        let _job = jobs.begin();
        match begin(&reader.server, &mut reader.session, BEGIN_READING) {
            Ok(session) => {
                query(Ok(&Database::postgres(session, &reader.unreadable)));
                if session.batch("ROLLBACK").is_err() {
                    reader.session = None;
                }
            }
            Err(error) => query(Err(error)),
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
}

impl SessionWriter {
    /// Connects, and creates the tables of an empty database.
    pub(super) fn open(
        server: &Arc<Server>,
        unreadable: UnreadableRows,
        write_error: Arc<Mutex<Option<Error>>>,
    ) -> Result<SessionWriter, Error> {
        let session = connect(server)?;
        schema::prepare(&session, server)?;
        Ok(SessionWriter { server: Arc::clone(server), session: Some(session), unreadable, write_error })
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
        let durability = group.iter().map(|command| command.durability).max().unwrap_or(Durability::Full);
        let result = match begin(&writer.server, &mut writer.session, &begin_writing(durability)) {
            Ok(session) => run_group(session, &writer.unreadable, group, durability),
            Err(error) => {
                group.into_iter().for_each(|command| ((command.job)(Err(error.clone())).reply)(None));
                Err(error)
            }
        };
        let error = result.err().filter(Error::is_transient);
        if error.is_some() {
            writer.session = None;
        }
        *writer.write_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
    writer.session = None;
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

/// Runs the commands in one transaction, each in a savepoint, and replies after the commit. Returns the first error,
/// after which the connection may have to be renewed.
fn run_group(
    session: &Session,
    unreadable: &UnreadableRows,
    group: Vec<WriteCommand>,
    durability: Durability,
) -> Result<(), Error> {
    let mut outcomes = Vec::with_capacity(group.len());
    let mut failed: SqlResult<()> = Ok(());
    for command in group {
        failed = failed.and_then(|()| session.batch("SAVEPOINT command"));
        let outcome = match &failed {
            Ok(()) => (command.job)(Ok(&Database::postgres(session, unreadable))),
            Err(error) => (command.job)(Err(Error::new(format!("cannot write: {error}")))),
        };
        let end = if outcome.error.is_some() {
            "ROLLBACK TO SAVEPOINT command; RELEASE SAVEPOINT command"
        } else {
            "RELEASE SAVEPOINT command"
        };
        failed = failed.and_then(|()| session.batch(end));
        outcomes.push(outcome);
    }
    let commit = match durability {
        Durability::Full => format!("{NOTIFY}; COMMIT"),
        Durability::Relaxed => "COMMIT".to_owned(),
    };
    let committed = failed.and_then(|()| session.batch(&commit));
    let commit_error = committed.err().map(|error| Error::sql("cannot commit", error));
    let first_error = outcomes.iter().find_map(|outcome| outcome.error.clone());
    outcomes.into_iter().for_each(|outcome| (outcome.reply)(commit_error.as_ref()));
    commit_error.or(first_error).map_or(Ok(()), Err)
}
