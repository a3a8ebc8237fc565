//! Messages to systemd (sd_notify(3)): ready, reloading, stopping, status line, watchdog. Does I/O.
#![allow(clippy::disallowed_methods, reason = "reads the clock")]

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::net::UnixDatagram;

use super::channels::PollerStatus;
use super::clock::until;
use super::shared::Shared;
use super::shutdown::ShutdownSignal;

/// How long systemd may be too busy to take a message whose loss does no harm.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// The same of a message without which it would end the process.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// Tells systemd that startup or a reload has finished.
pub(super) async fn ready() {
    send(&[NotifyState::Ready], READY_TIMEOUT).await;
}

/// Tells systemd that a config reload begins; [`ready`] ends it.
pub(super) async fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now], SEND_TIMEOUT).await,
        Err(error) => tracing::debug!(%error, "cannot read the monotonic clock"),
    }
}

/// Tells systemd that the process is about to end.
pub(super) async fn stopping() {
    send(&[NotifyState::Stopping], SEND_TIMEOUT).await;
}

/// Keeps the status line of `systemctl status` current, with at most one update a second.
pub(super) async fn update_status_line(shared: Arc<Shared>, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    let mut poller_status = shared.channels.poller_status.subscribe();
    loop {
        let PollerStatus { sources, in_flight, next } = *poller_status.borrow_and_update();
        let next = next
            .filter(|next| *next < Timestamp::MAX)
            .map_or_else(String::new, |next| format!(", next in {} s", until(next).as_secs()));
        let problem = shared.channels.store_problem.borrow().clone();
        let problem = problem.map(|problem| format!("; {problem}")).unwrap_or_default();
        let status = format!("polling {in_flight} of {sources}{next}{problem}");
        send(&[NotifyState::Status(&status)], SEND_TIMEOUT).await;
        let changed = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            poller_status.changed().await
        };
        tokio::select! {
            () = &mut stop => return,
            changed = changed => if changed.is_err() { return },
        }
    }
}

/// Nothing is stuck. Without `WatchdogSec` systemd ignores it.
pub(super) async fn alive() {
    send(&[NotifyState::Watchdog], SEND_TIMEOUT).await;
}

/// Without systemd nothing is sent.
async fn send(messages: &[NotifyState<'_>], timeout: Duration) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let text: String = messages.iter().map(|message| format!("{message}\n")).collect();
    if let Err(error) = send_to(Path::new(&socket), &text, timeout).await {
        tracing::debug!(%error, "cannot notify systemd");
    }
}

/// `sd_notify::notify` would block the thread while systemd does not read.
async fn send_to(socket: &Path, text: &str, timeout: Duration) -> io::Result<()> {
    let connection = UnixDatagram::unbound()?;
    // The wait for room needs a connection.
    connection.connect(socket)?;
    tokio::time::timeout(timeout, connection.send(text.as_bytes())).await?.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_manager_that_does_not_read_costs_only_the_timeout() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("notify");
        let manager = UnixDatagram::bind(&socket).expect("a socket");
        let mut sent = 0;
        while send_to(&socket, &format!("STATUS={sent}\n"), SEND_TIMEOUT).await.is_ok() {
            sent += 1;
        }
        assert!(sent > 0);
        let mut buffer = [0; 64];
        for number in 0..sent {
            let length = manager.recv(&mut buffer).await.expect("a message");
            assert_eq!(&buffer[..length], format!("STATUS={number}\n").as_bytes());
        }
        send_to(&socket, "READY=1\n", READY_TIMEOUT).await.expect("there is room again");
    }
}
