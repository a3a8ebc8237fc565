//! The store in a PostgreSQL database, which several daemons share. I/O: the connections.

mod copy;
mod listener;
mod schema;
mod threads;

use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, watch};

use super::error::Error;
use super::handle::{SharedStore, Store};
use super::jobs::{JobCounter, QUEUE_LENGTH, Worker, Workers};
use super::location::StoreLocation;
use super::server::Server;
use super::unreadable::UnreadableRows;
use crate::entry::hex;

pub(super) use copy::{create_copy, finish_copy, open_to_copy};

/// Number of reader threads.
const READERS: usize = 3;

/// Opens the store; creates the tables of an empty database.
///
/// # Errors
/// The server cannot be reached or refuses the login; the database has another schema.
pub(super) fn open(server: &Arc<Server>) -> Result<(Store, Workers), Error> {
    let unreadable = UnreadableRows::default();
    let write_error = Arc::new(Mutex::new(None));
    let daemon: Arc<str> = new_id().into();
    // The client blocks, which a thread of the async runtime must not do.
    let open = || {
        let (unreadable, write_error) = (unreadable.clone(), Arc::clone(&write_error));
        threads::SessionWriter::open(server, Arc::clone(&daemon), unreadable, write_error)
    };
    let mut writer = std::thread::scope(|scope| scope.spawn(open).join())
        .unwrap_or_else(|_| Err(Error::new("a panic, which is a mistake in siftwire")))?;
    let (queries, query_receiver) = mpsc::channel(QUEUE_LENGTH);
    let (commands, mut command_receiver) = mpsc::channel(QUEUE_LENGTH);
    let (sender, changes) = watch::channel(0);
    let jobs = JobCounter::default();
    let generation = Arc::clone(writer.generation());
    let mut workers = vec![Worker {
        name: "store writer",
        jobs: jobs.clone(),
        run: Box::new(move || threads::run_writer(&mut writer, &mut command_receiver, &jobs)),
    }];
    let query_receiver = Arc::new(Mutex::new(query_receiver));
    for _ in 0..READERS {
        let (receiver, jobs) = (Arc::clone(&query_receiver), JobCounter::default());
        let mut reader = threads::SessionReader::new(server, unreadable.clone(), &generation);
        workers.push(Worker {
            name: "store reader",
            jobs: jobs.clone(),
            run: Box::new(move || threads::run_reader(&mut reader, &receiver, &jobs)),
        });
    }
    let listened = Arc::clone(server);
    workers.push(Worker {
        name: "store listener",
        jobs: JobCounter::default(),
        run: Box::new(move || listener::run(&listened, &sender)),
    });
    let location = StoreLocation::Server(Arc::clone(server));
    let shared = Some(SharedStore { daemon, changes, in_force: Arc::default() });
    Ok((Store::new(&location, (queries, commands), write_error, unreadable, shared), Workers(workers)))
}

/// An id for this process among those that share the database.
fn new_id() -> String {
    let mut bytes = [0; 12];
    // Without random numbers the process number is enough on one machine.
    if rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty()).is_err() {
        bytes[..4].copy_from_slice(&std::process::id().to_be_bytes());
    }
    hex(&bytes)
}
