//! The signal that stops the daemon's tasks. Pure.

use tokio::sync::watch;

/// Sends the signal.
pub(super) struct Shutdown(watch::Sender<bool>);

/// Tells a task to stop.
#[derive(Clone)]
pub(super) struct ShutdownSignal(watch::Receiver<bool>);

impl Shutdown {
    pub(super) fn new() -> Shutdown {
        Shutdown(watch::Sender::new(false))
    }

    /// A signal for one task.
    pub(super) fn signal(&self) -> ShutdownSignal {
        ShutdownSignal(self.0.subscribe())
    }

    /// Tells all tasks to stop.
    pub(super) fn send(&self) {
        self.0.send_replace(true);
    }
}

impl ShutdownSignal {
    pub(super) fn is_received(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once the daemon stops.
    pub(super) async fn received(mut self) {
        // An error means that the sender is gone, which stops the task too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
