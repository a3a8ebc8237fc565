//! Why the daemon cannot start. Pure.

use crate::{serve, store};

/// Why the daemon, or a command that opens the store, cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The config has no sources, or no outputs, although the store has some.
    #[error(
        "the config has no {0}, but there were some before: was it cut off while it was saved? To apply it all the \
         same, add the line `# empty on purpose` to it, or start `siftwire run --allow-empty`"
    )]
    EmptyConfig(&'static str),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(serve::ListenAddress, std::io::Error),
    /// No signal handler can be installed.
    #[error("cannot handle signals: {0}")]
    Signals(std::io::Error),
    /// A task or a thread of the store failed too often.
    #[error("the {0} failed three times within a minute")]
    TaskFailed(&'static str),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}
