//! What a WebSub hub is told. Part of fetch's door.

use std::time::Duration;

use reqwest::header;
use url::Url;
use url::form_urlencoded;

use super::{AddressPolicy, Fetcher, Route, failure};
use crate::source::Failure;

/// For the hub to take it.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Fetcher {
    /// Tells a hub that these feeds have changed: one request for all of them, in the form that hubs
    /// take from publishers since PubSubHubbub 0.4. The user named the hub, so its host may be private;
    /// it is not followed anywhere else.
    ///
    /// # Errors
    /// It did not answer with success.
    pub async fn notify_hub(&self, hub: &Url, feeds: &[String]) -> Result<(), Failure> {
        let client = self.client(Route { proxy: None, policy: AddressPolicy::Any }, hub)?;
        let request = client
            .post(hub.clone())
            .timeout(TIMEOUT)
            .header(header::USER_AGENT, self.agent.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(feeds));
        let response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(Failure::Status(status.as_u16())) }
    }
}

fn form(feeds: &[String]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "publish")
        .extend_pairs(feeds.iter().map(|feed| ("hub.url", feed)))
        .finish()
}
