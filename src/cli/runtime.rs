//! The async runtime of the commands, and the store while a command uses it.

use anyhow::Context;

use crate::daemon::StoreThreads;
use crate::store::{Options, Store};

/// A multi-threaded runtime with timers and I/O.
///
/// # Errors
/// The system refuses threads or file descriptors.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}

/// Opens the store, runs `work` with it, and closes it.
///
/// # Errors
/// The store cannot be opened, or `work` fails.
pub fn with_store<T>(
    options: &Options,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let threads = StoreThreads::open(options)?;
        let result = work(&threads.store).await;
        threads.close();
        result
    });
    // Does not wait for the reading of a document that was given up.
    runtime.shutdown_background();
    result
}
