//! Why the daemon cannot start. Pure.

use crate::{serve, store};

/// Why the daemon, or a command that opens the store, cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {0:?}: {1}")]
    Listen(serve::ListenAddress, std::io::Error),
    /// No signal handler can be installed.
    #[error("cannot handle signals: {0}")]
    Signals(std::io::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}
