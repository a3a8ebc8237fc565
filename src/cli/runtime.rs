//! The async runtime of the commands.

use anyhow::Context;

/// A multi-threaded runtime with timers and I/O.
///
/// # Errors
/// The system refuses threads or file descriptors.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}
