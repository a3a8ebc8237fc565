//! The async runtime of the commands, and the store while a command uses it.

use anyhow::{Context, anyhow, bail};

use super::terminal;
use crate::daemon::{self, StoreThreads};
use crate::store::{Options, Store};

/// A multi-threaded runtime with timers and I/O.
///
/// # Errors
/// The system refuses threads or file descriptors.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}

/// Says which store is used. Opening it would create it, so that a command that only reads asks first.
///
/// # Errors
/// There is none, or its folder cannot be read.
pub fn require_store(options: &Options) -> anyhow::Result<()> {
    let path = &options.location;
    match options.location.try_exists() {
        Ok(true) => {
            terminal::message(&format!("store: {path}"));
            Ok(())
        }
        Ok(false) => {
            bail!(
                "there is no store {path} yet: `siftwire run` creates it, or `siftwire poll` with the first entries"
            )
        }
        Err(error) => {
            bail!("cannot read the store {path}: {error}; it belongs to the service or another user")
        }
    }
}

/// Opens a store that must be there, runs `work` with it, and closes it.
///
/// # Errors
/// There is no store, it cannot be opened, or `work` fails.
pub fn with_existing_store<T>(
    options: &Options,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    require_store(options)?;
    with_store(options, work)
}

/// Opens the store, creating it if there is none, runs `work` with it, and closes it.
///
/// # Errors
/// The store cannot be opened, or `work` fails.
pub fn with_store<T>(
    options: &Options,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let threads = StoreThreads::open(options).map_err(|error| match &error {
            daemon::Error::Store(of_store) if of_store.is_transient() => {
                let key = if options.location.file().is_some() { "path" } else { "url" };
                anyhow!("{error}. Its place is `{key}` in [store] of the config")
            }
            _ => anyhow!(error),
        })?;
        let result = work(&threads.store).await;
        threads.close();
        result
    });
    // Does not wait for the reading of a document that was given up.
    runtime.shutdown_background();
    result
}
