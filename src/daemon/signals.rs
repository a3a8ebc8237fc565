//! The signals that ask the process to stop. Part of the daemon's door.
#![allow(clippy::disallowed_methods, reason = "part of the door to signals")]

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGHUP: the config is to be read again.
pub(super) fn hangup() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Done when one of them comes.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
