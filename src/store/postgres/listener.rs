//! Hears what other daemons have written. I/O: a connection.

use std::time::Duration;

use fallible_iterator::FallibleIterator;
use tokio::sync::watch;

use super::super::error::Error;
use super::super::server::Server;

/// SQL: tells all daemons that there is something new.
pub(super) const NOTIFY: &str = "NOTIFY siftwire";

/// How long to wait before each connection, and how soon the end is noticed.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts up at each message, and after each connection: then messages may have been missed. Ends when nobody waits for it.
pub(super) fn run(server: &Server, changes: &watch::Sender<u64>) {
    while !changes.is_closed() {
        if let Err(error) = listen(server, changes) {
            tracing::debug!(%error, "cannot listen to the database");
        }
        std::thread::sleep(PAUSE);
    }
}

fn listen(server: &Server, changes: &watch::Sender<u64>) -> Result<(), Error> {
    let failed = |error: postgres::Error| Error::sql("cannot listen", error);
    let mut client = server.client().map_err(|reason| Error::unreachable(server, &reason))?;
    client.batch_execute("LISTEN siftwire").map_err(failed)?;
    changes.send_modify(|count| *count += 1);
    while !changes.is_closed() {
        let heard = client.notifications().timeout_iter(PAUSE).next().map_err(failed)?;
        if heard.is_some() {
            // Several that came together are one.
            while client.notifications().iter().next().map_err(failed)?.is_some() {}
            changes.send_modify(|count| *count += 1);
        }
        if client.is_closed() {
            break;
        }
    }
    Ok(())
}
