//! Hears what other daemons have written. I/O: a connection.

use std::time::Duration;

use tokio::sync::watch;

use super::super::error::Error;
use super::super::server::Server;

/// SQL: tells all daemons that there is something new.
pub(super) const NOTIFY: &str = "NOTIFY siftwire";

/// How long to wait before each connection, and how soon the end is noticed.
const PAUSE: Duration = Duration::from_secs(1);

/// After so many pauses without a message the server is asked whether it is there.
const QUIET: u32 = 15;

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
    let failed = |error| Error::sql("cannot listen", error);
    let session = server.connect().map_err(|reason| Error::unreachable(server, &reason))?;
    session.batch("LISTEN siftwire").map_err(failed)?;
    changes.send_modify(|count| *count += 1);
    let mut quiet = 0;
    while !changes.is_closed() {
        if session.wait_for_notification(PAUSE).map_err(failed)? {
            // Several that came together are one.
            while session.wait_for_notification(Duration::ZERO).map_err(failed)? {}
        } else if quiet < QUIET {
            quiet += 1;
            continue;
        } else {
            // A message that comes meanwhile is not heard.
            session.batch("SELECT 1").map_err(failed)?;
        }
        changes.send_modify(|count| *count += 1);
        quiet = 0;
    }
    Ok(())
}
