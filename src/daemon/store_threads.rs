//! The threads of the store. Starts and joins threads.
#![allow(clippy::disallowed_methods, reason = "the store's threads are started and joined here")]

use std::thread::JoinHandle;

use super::error::Error;
use crate::store::{self, Store};

/// An open store and its threads.
pub struct StoreThreads {
    /// The handle; clones share the threads.
    pub store: Store,
    threads: Vec<JoinHandle<()>>,
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
    pub(super) fn open_locked(options: &store::Options, lock: store::Lock) -> Result<StoreThreads, Error> {
        StoreThreads::start(store::open_locked(options, lock)?)
    }

    fn start((store, workers): (Store, store::Workers)) -> Result<StoreThreads, Error> {
        let threads = workers
            .0
            .into_iter()
            .map(|work| std::thread::Builder::new().name("store".into()).spawn(work).map_err(Error::Thread))
            .collect::<Result<_, _>>()?;
        Ok(StoreThreads { store, threads })
    }

    /// Waits until everything is written and the files are closed. Blocks while another handle exists.
    pub fn close(self) {
        drop(self.store);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}
