//! Requests for the pages of entries, and for the robots.txt of their sites. I/O.

use jiff::Timestamp;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header;
use url::Url;

use super::response::{self, RequestInfo};
use super::{FetchResponse, FetchResult, Fetcher, MAX_REDIRECTS, ResponseInfo, SentRequest};
use crate::source::{Failure, Source, Validators};

const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";

const ROBOTS_ACCEPT: &str = "text/plain, */*;q=0.1";

/// The largest page, after decompression.
const MAX_PAGE_BYTES: u64 = 2 << 20;

/// Of a larger robots.txt the start counts (RFC 9309 section 2.5).
const MAX_ROBOTS_BYTES: u64 = 500 << 10;

/// Redirects that are followed for a robots.txt, also to other hosts (RFC 9309 section 2.3.1.2).
const MAX_ROBOTS_REDIRECTS: usize = 5;

/// A page to request.
#[derive(Clone, Copy)]
pub struct PageRequest<'a> {
    /// Its address.
    pub url: &'a Url,
    /// Those of the page when it was read before.
    pub validators: Option<&'a Validators>,
    /// Whether a page of the same origin may be requested.
    pub is_allowed: &'a (dyn Fn(&Url) -> bool + Sync),
}

/// What came of a request for a page.
#[derive(Debug)]
pub enum PageResponse {
    /// The page, or nothing new.
    Here(FetchResponse),
    /// It is at another origin, whose robots.txt counts there.
    Elsewhere(Url),
    /// It is at an address that may not be requested.
    Forbidden,
}

impl Fetcher {
    /// Requests a page for a source once, without retries, with what is configured for the source: its headers and
    /// credentials only at the origin of its feed. Takes at most the source's timeout.
    pub async fn fetch_page(
        &self,
        source: &Source,
        page: PageRequest<'_>,
        now: Timestamp,
    ) -> (ResponseInfo, Result<PageResponse, Failure>) {
        let mut info = ResponseInfo::default();
        let followed = self.follow_to_page(source, page, now, &mut info);
        let response = tokio::time::timeout(source.access.timeout, followed).await;
        (info, response.unwrap_or(Err(Failure::Timeout)))
    }

    async fn follow_to_page(
        &self,
        source: &Source,
        page: PageRequest<'_>,
        now: Timestamp,
        info: &mut ResponseInfo,
    ) -> Result<PageResponse, Failure> {
        let mut url = page.url.clone();
        let cookies = Jar::default();
        let sent = SentRequest { accept: ACCEPT, validators: page.validators, wants_delta: false };
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(source, sent, (&url, &cookies)).await?;
            cookies.set_cookies(&mut response.headers().get_all(header::SET_COOKIE).iter(), &url);
            let Some(target) = response::redirect_target(&response, &url)? else {
                let validators = sent.validators_for(&url);
                let max_body = source.access.max_body.min(MAX_PAGE_BYTES);
                let request = RequestInfo { url, validators, max_body, is_cut: false, now };
                return response::read_response(response, request, info).await.map(PageResponse::Here);
            };
            if target.origin() != url.origin() {
                return Ok(PageResponse::Elsewhere(target));
            }
            if !(page.is_allowed)(&target) {
                return Ok(PageResponse::Forbidden);
            }
            url = target;
        }
        Err(Failure::Redirect(format!("more than {MAX_REDIRECTS} times")))
    }

    /// Requests the robots.txt of the origin of an address, in the same way.
    pub async fn fetch_robots(&self, source: &Source, page: &Url, now: Timestamp) -> FetchResult {
        let mut info = ResponseInfo::default();
        let followed = self.follow_to_robots(source, page, now, &mut info);
        let response = tokio::time::timeout(source.access.timeout, followed).await;
        FetchResult { response: response.unwrap_or(Err(Failure::Timeout)), info }
    }

    async fn follow_to_robots(
        &self,
        source: &Source,
        page: &Url,
        now: Timestamp,
        info: &mut ResponseInfo,
    ) -> Result<FetchResponse, Failure> {
        let invalid = |_| Failure::Redirect("to an invalid address".into());
        let mut url = page.join("/robots.txt").map_err(invalid)?;
        let cookies = Jar::default();
        let sent = SentRequest { accept: ROBOTS_ACCEPT, validators: None, wants_delta: false };
        for _ in 0..=MAX_ROBOTS_REDIRECTS {
            let response = self.send(source, sent, (&url, &cookies)).await?;
            let Some(target) = response::redirect_target(&response, &url)? else {
                let request =
                    RequestInfo { url, validators: None, max_body: MAX_ROBOTS_BYTES, is_cut: true, now };
                return response::read_response(response, request, info).await;
            };
            url = target;
        }
        Err(Failure::Redirect(format!("more than {MAX_ROBOTS_REDIRECTS} times")))
    }
}
