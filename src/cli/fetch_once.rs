//! Fetches a URL that need not be a source. Does one HTTP request, with redirects.

use anyhow::{anyhow, bail};
use url::Url;

use crate::daemon;
use crate::fetch::{FetchResponse, FetchedBody, Fetcher};
use crate::source::{Access, ArticleSettings, Failure, FeedUrl, PollInterval, Source, SourceState, UrlParts};

/// The body, and the URL that permanent redirects lead to, if there are any.
///
/// # Errors
/// The fetch failed.
pub async fn fetch_once(
    fetcher: &Fetcher,
    url: &Url,
    access: Access,
) -> anyhow::Result<(FetchedBody, Option<FeedUrl>)> {
    let source = Source {
        is_named: true,
        name: url.to_string(),
        url: url.clone().into(),
        publish_url: UrlParts::Whole,
        title: None,
        interval: PollInterval::default(),
        access,
        language: None,
        first_poll: 0,
        stories: false,
        articles: ArticleSettings::default(),
        tags: Vec::new(),
    };
    let fetched = fetcher.fetch(&source, &SourceState::default(), daemon::now()).await;
    let response = fetched.response.map_err(|failure| {
        let hint = match failure {
            Failure::RefusedAddress(_) => ": a private address, which `--allow-private` permits",
            _ => "",
        };
        anyhow!("{failure}{hint}")
    });
    match response? {
        FetchResponse::Body(body) => Ok((body, fetched.info.moved_to)),
        FetchResponse::NotModified => bail!("304 Not Modified to an unconditional request"),
    }
}
