//! Notifies a WebSub hub. I/O.

use std::time::Duration;

use reqwest::header;
use url::Url;
use url::form_urlencoded;

use super::Fetcher;
use super::address::AddressPolicy;
use super::client::ClientKey;
use super::error::failure;
use crate::source::Failure;

const TIMEOUT: Duration = Duration::from_secs(30);

impl Fetcher {
    /// Tells a hub that these feeds have changed, in one request. The form is the one publishers have sent since
    /// PubSubHubbub 0.4. The hub is in the config, so its address may be private. Redirects are not followed.
    ///
    /// # Errors
    /// The hub did not answer with a success status.
    pub async fn notify_hub(&self, hub: &Url, feeds: &[String]) -> Result<(), Failure> {
        let client =
            self.clients.get(ClientKey { proxy: None, ca: None, policy: AddressPolicy::Any }, hub)?;
        let request = client
            .post(hub.clone())
            .timeout(TIMEOUT)
            .header(header::USER_AGENT, self.user_agent.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(publish_form(feeds));
        let response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(Failure::Status(status.as_u16())) }
    }
}

fn publish_form(feeds: &[String]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "publish")
        .extend_pairs(feeds.iter().map(|feed| ("hub.url", feed)))
        .finish()
}
