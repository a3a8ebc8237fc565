//! The threads of the store. Starts and joins threads.
#![allow(clippy::disallowed_methods, reason = "the store's threads are started and joined here")]

use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::error::Error;
use super::supervisor::{FailedTooOften, supervise_thread};
use super::watchdog::Watched;
use crate::store::{self, Store, Worker};

/// An open store and its threads.
pub struct StoreThreads {
    /// The handle; clones share the threads.
    pub store: Store,
    threads: Vec<JoinHandle<()>>,
    watched: Vec<Watched>,
    /// Each thread that gives up sends once; the daemon receives, other commands get errors from the store.
    failures: mpsc::Receiver<FailedTooOften>,
}

impl StoreThreads {
    /// Opens the store and starts its threads.
    ///
    /// # Errors
    /// The file cannot be opened, or a thread cannot be started.
    pub fn open(options: &store::Options) -> Result<StoreThreads, Error> {
        StoreThreads::start(store::open(options)?)
    }

    /// The same for the daemon, which holds the lock while it runs.
    pub(super) fn open_locked(
        options: &store::Options,
        lock: Option<store::Lock>,
    ) -> Result<StoreThreads, Error> {
        StoreThreads::start(store::open_locked(options, lock)?)
    }

    fn start((store, workers): (Store, store::Workers)) -> Result<StoreThreads, Error> {
        let (sender, failures) = mpsc::channel(workers.0.len().max(1));
        let (mut threads, mut watched) = (Vec::new(), Vec::new());
        for Worker { name, jobs, run } in workers.0 {
            watched.push(Watched::new(name, move || jobs.running()));
            let failed = sender.clone();
            let body = move || {
                if let Err(failure) = supervise_thread(name, run, std::thread::sleep) {
                    // There is space for one message of each thread.
                    let _ = failed.try_send(failure);
                }
            };
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
            threads.push(thread.map_err(Error::Thread)?);
        }
        Ok(StoreThreads { store, threads, watched, failures })
    }

    /// What shows that the threads are not stuck.
    pub(super) fn watched(&self) -> Vec<Watched> {
        self.watched.clone()
    }

    /// Returns when a thread has failed too often. Cancel-safe.
    pub(super) async fn failure(&mut self) -> FailedTooOften {
        match self.failures.recv().await {
            Some(failure) => failure,
            // All threads have ended, which they do only after the last handle.
            None => std::future::pending().await,
        }
    }

    /// Waits until everything is written and the files are closed. Blocks while another handle exists.
    pub fn close(self) {
        drop(self.store);
        for thread in self.threads {
            // The supervisor has logged its panics.
            let _ = thread.join();
        }
    }
}
