//! Notifies the WebSub hub of changed outputs, with retries. Does I/O.

use std::sync::Arc;
use std::time::Duration;

use super::clock::{after, now, until};
use super::shared::Shared;
use super::shutdown::ShutdownSignal;
use crate::fetch::Fetcher;
use crate::store::{self, Ping};

/// The first retry delay; it doubles with each retry.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest retry delay.
const MAX_RETRY: Duration = Duration::from_hours(6);
/// After this many attempts, two and a half days, the notification is dropped.
const MAX_ATTEMPTS: u32 = 20;
/// How long nobody else sends a notification that is being sent.
const PING_LEASE: Duration = Duration::from_secs(120);
/// The longest time between two reads of the store.
const MAX_SLEEP: Duration = Duration::from_secs(15);

/// Notifies until the daemon stops. Pending notifications are in the store, so a restart neither loses nor repeats one.
pub(super) async fn run(shared: Arc<Shared>, fetcher: Fetcher, stop: ShutdownSignal) {
    let stop = stop.received();
    tokio::pin!(stop);
    loop {
        let turn = async {
            let sleep = notify_due(&shared, &fetcher).await.unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read or write hub notifications");
                MAX_SLEEP
            });
            tokio::select! {
                () = shared.channels.published.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = turn => {}
        }
    }
}

/// Sends due notifications. Returns how long to sleep.
async fn notify_due(shared: &Shared, fetcher: &Fetcher) -> Result<Duration, store::Error> {
    // Only a config that makes outputs tells which have a hub.
    if shared.archives.outputs().makes_none() {
        return Ok(MAX_SLEEP);
    }
    for ping in shared.store.due_pings(now()).await?.0 {
        // Of several daemons one sends it.
        if !shared.store.claim_ping(ping, now(), after(PING_LEASE)).await? {
            continue;
        }
        notify(shared, fetcher, ping).await?;
    }
    // Failed ones are due again.
    let (_, next) = shared.store.due_pings(now()).await?;
    Ok(next.map_or(MAX_SLEEP, |at| until(at).clamp(Duration::from_millis(100), MAX_SLEEP)))
}

async fn notify(shared: &Shared, fetcher: &Fetcher, ping: Ping) -> Result<(), store::Error> {
    let Some(update) = shared.archives.outputs().hub_update(ping.output) else {
        // The output, or its hub, is no longer configured.
        return shared.store.ping_delivered(ping).await;
    };
    // Its query may be a secret.
    let (output, hub) = (update.output.as_str(), update.hub.host_str());
    match fetcher.notify_hub(&update.hub, &update.feeds).await {
        Ok(()) => {
            tracing::info!(output, hub, "hub notified");
            shared.store.ping_delivered(ping).await
        }
        Err(error) if ping.attempts + 1 >= MAX_ATTEMPTS => {
            tracing::warn!(output, hub, %error, "hub not notified; giving up on this change");
            shared.store.ping_delivered(ping).await
        }
        Err(error) => {
            let wait = FIRST_RETRY.saturating_mul(1 << ping.attempts.min(16)).min(MAX_RETRY);
            tracing::warn!(output, hub, %error, retry_s = wait.as_secs(), "hub not notified; retrying");
            shared.store.retry_ping(ping, after(wait)).await
        }
    }
}
