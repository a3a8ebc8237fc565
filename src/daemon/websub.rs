//! Tells the WebSub hub what has changed, again and again until it hears. Part of the daemon's door.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use super::{now, wait_for};
use crate::fetch::Fetcher;
use crate::publish::archive::Archives;
use crate::store::{self, Ping, Store};

/// The first wait after a hub that did not hear; each further one is twice as long.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait.
const AT_MOST: SignedDuration = SignedDuration::from_hours(6);
/// After so many tries, two days and a half, the change is old news.
const TRIES: u32 = 20;
/// The longest sleep.
const PAUSE: Duration = Duration::from_secs(60);

/// Whoever tells the hub. What it was not told yet stands in the store, and nothing else does: so a
/// restart tells it nothing twice.
pub(super) struct Herald {
    pub(super) store: Store,
    pub(super) fetcher: Fetcher,
    /// Knows the outputs that are published now.
    pub(super) archives: Arc<Archives>,
    /// Told by the publisher after each pass.
    pub(super) published: Arc<Notify>,
}

impl Herald {
    /// Tells until told to stop.
    pub(super) async fn run(self, stopped: watch::Receiver<bool>) {
        let stop = wait_for(stopped);
        tokio::pin!(stop);
        loop {
            let work = async {
                let sleep = self.tell_due().await.unwrap_or_else(|error| {
                    tracing::error!(%error, "the hub cannot be told");
                    PAUSE
                });
                tokio::select! {
                    () = self.published.notified() => {}
                    () = tokio::time::sleep(sleep) => {}
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = work => {}
            }
        }
    }

    /// Tells what is due; answers how long nothing more is.
    async fn tell_due(&self) -> Result<Duration, store::Error> {
        for ping in self.store.due_pings(now()).await?.0 {
            self.tell(ping).await?;
        }
        // Those that were told in vain are due again.
        let (_, next) = self.store.due_pings(now()).await?;
        let until = |at: Timestamp| Duration::try_from(at.duration_since(now())).unwrap_or_default();
        Ok(next.map_or(PAUSE, |at| until(at).clamp(Duration::from_millis(100), PAUSE)))
    }

    async fn tell(&self, ping: Ping) -> Result<(), store::Error> {
        let Some(news) = self.archives.outputs().hub_update(ping.output) else {
            // The output, or the hub, has left the config.
            return self.store.ping_delivered(ping).await;
        };
        let output = news.output.as_str();
        match self.fetcher.notify_hub(&news.hub, &news.feeds).await {
            Ok(()) => {
                tracing::info!(output, hub = %news.hub, "told the hub");
                self.store.ping_delivered(ping).await
            }
            Err(error) if ping.attempts + 1 >= TRIES => {
                tracing::warn!(output, hub = %news.hub, %error, "the hub does not hear; it is not told of this change");
                self.store.ping_delivered(ping).await
            }
            Err(error) => {
                let wait = AGAIN.saturating_mul(1 << ping.attempts.min(16)).min(AT_MOST);
                tracing::warn!(output, hub = %news.hub, %error, again_in = wait.as_secs(), "the hub did not hear");
                self.store.retry_ping(ping, now().checked_add(wait).unwrap_or(Timestamp::MAX)).await
            }
        }
    }
}
