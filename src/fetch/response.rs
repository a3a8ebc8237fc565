//! Reads one response: redirect, status, header fields, body. I/O: the body is streamed.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, percent_encode};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use url::Url;

use super::content_coding::{ContentDecoder, DecodeError};
use super::error::failure;
use super::{bot_check, freshness, host_key, quota};
use crate::source::host_budget::HostResponse;
use crate::source::{Failure, FeedUrl, Validators};

/// What the last response said besides its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseInfo {
    /// To be kept once the body is parsed and stored.
    pub validators: Option<Validators>,
    /// How long the response stays fresh (RFC 9111 section 4.2).
    pub fresh_for: Option<Duration>,
    /// Where the permanent redirects before any other lead from the configured address.
    pub moved_to: Option<FeedUrl>,
    /// Bytes of the body after decompression.
    pub bytes: u64,
    /// What the last response says about the budget of its host; `None` if there was none.
    pub answer: Option<HostAnswer>,
}

/// A response as its host's budget sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAnswer {
    /// See [`host_key`].
    pub host: String,
    /// What it says.
    pub response: HostResponse,
}

/// A successful response.
#[derive(Debug)]
pub enum FetchResponse {
    /// 304: nothing has changed.
    NotModified,
    /// 200, 203 or 226: a whole document.
    Body(FetchedBody),
}

/// A whole document.
#[derive(Debug)]
pub struct FetchedBody {
    /// After decompression.
    pub bytes: Vec<u8>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The Link headers.
    pub links: String,
    /// The address after all redirects.
    pub url: FeedUrl,
    /// 226: only what changed (RFC 3229). The entries that it leaves out are still in the feed.
    pub is_delta: bool,
}

/// The request that a response answers.
pub(super) struct RequestInfo<'a> {
    pub(super) url: Url,
    /// The validators it carried.
    pub(super) validators: Option<&'a Validators>,
    pub(super) max_body: u64,
    /// Of a larger body the start counts; else it is a failure.
    pub(super) is_cut: bool,
    pub(super) now: Timestamp,
}

/// Where a response redirects to; `None` if it is no redirect.
pub(super) fn redirect_target(response: &Response, url: &Url) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION);
    let location = location.ok_or_else(|| Failure::Redirect("without a Location header".into()))?;
    resolve_location(location.as_bytes(), url).map(Some)
}

/// Resolves a `Location` against the address it came from. It should be ASCII; other bytes are escaped one by one, as
/// browsers and curl do, so that they come back as they were sent, in UTF-8 or another encoding. Only http and https are allowed, and never from https to
/// http, where anybody on the network could forge the feed.
fn resolve_location(location: &[u8], url: &Url) -> Result<Url, Failure> {
    let location = percent_encode(location, &AsciiSet::EMPTY).to_string();
    let mut target = url.join(&location).map_err(|_| Failure::Redirect("to an invalid address".into()))?;
    match (url.scheme(), target.scheme()) {
        (_, "https") | ("http", "http") => {}
        ("https", "http") => return Err(Failure::Redirect("from https to http".into())),
        (_, other) => return Err(Failure::Redirect(format!("to {other}:"))),
    }
    // Credentials come from the config alone. Setting fails only for URLs that cannot have any.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Ok(target)
}

/// Reads a response that is no redirect. Fills `info` also if reading fails.
pub(super) async fn read_response(
    mut response: Response,
    request: RequestInfo<'_>,
    info: &mut ResponseInfo,
) -> Result<FetchResponse, Failure> {
    let status = response.status();
    info.fresh_for = freshness::fresh_for(response.headers(), request.now);
    let answer = info.answer.insert(host_answer(&response, &request));
    if let Some(by) = bot_check::by_headers(response.headers()) {
        return Err(Failure::BotCheck(by));
    }
    if answer.response.is_refusal {
        let HostResponse { retry_after, quota, .. } = answer.response;
        let failure = refused(response).await;
        if !matches!(failure, Failure::Status(_)) {
            answer.response.is_refusal = false;
            return Err(failure);
        }
        return Err(Failure::Throttled { status: status.as_u16(), until: retry_after.or(quota.reset) });
    }
    match status {
        StatusCode::NOT_MODIFIED => {
            // Without validators in the request there is nothing the 304 could refer to.
            let sent = request.validators.ok_or(Failure::Status(304))?;
            info.validators = validators(response.headers(), &request.url).map(|new| Validators {
                etag: new.etag.or_else(|| sent.etag.clone()),
                last_modified: new.last_modified.or_else(|| sent.last_modified.clone()),
                url: new.url,
            });
            return Ok(FetchResponse::NotModified);
        }
        StatusCode::GONE => return Err(Failure::Gone),
        // A proxy changed the document on its way (RFC 9110 section 15.3.4): still a whole one.
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION | StatusCode::IM_USED => {}
        _ => return Err(refused(response).await),
    }
    let content_type = content_type(&response);
    let links = list(&response, header::LINK);
    let validators = validators(response.headers(), &request.url);
    // A transfer coding such as `gzip, chunked` is put on last.
    let codings = [header::CONTENT_ENCODING, header::TRANSFER_ENCODING].map(|name| list(&response, name));
    let mut decoder = ContentDecoder::new(&codings.join(","), request.max_body);
    let undecodable = |error| match error {
        DecodeError::TooLarge => Failure::TooLarge(request.max_body),
        DecodeError::Corrupt(reason) => Failure::Connection(format!("cannot decompress the body: {reason}")),
    };
    let read = async {
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            let pushed = decoder.push(&chunk);
            info.bytes = decoder.len();
            pushed.map_err(undecodable)?;
        }
        decoder.finish().map_err(undecodable)
    };
    let (bytes, validators) = match read.await {
        Ok(bytes) => (bytes, validators),
        Err(failure @ Failure::Connection(_)) => {
            let bytes = decoder.into_decoded();
            if !is_whole_document(&bytes) {
                return Err(failure);
            }
            // With validators, a part that is missing after all would never come.
            (bytes, None)
        }
        Err(Failure::TooLarge(_)) if request.is_cut => (decoder.into_decoded(), None),
        Err(failure) => return Err(failure),
    };
    info.bytes = bytes.len() as u64;
    if let Some(by) = bot_check::by_page(content_type.as_deref(), &bytes) {
        return Err(Failure::BotCheck(by));
    }
    info.validators = validators;
    Ok(FetchResponse::Body(FetchedBody {
        bytes,
        content_type,
        links,
        url: request.url.into(),
        is_delta: status == StatusCode::IM_USED,
    }))
}

/// Whether a body that did not end as it should (a wrong Content-Length, no end of its gzip or something behind it) holds a
/// whole document. Caches write comments behind it.
fn is_whole_document(body: &[u8]) -> bool {
    const ENDS: [&[u8]; 4] = [b"</rss>", b"</feed>", b"</rdf:RDF>", b"}"];
    let mut body = body.trim_ascii_end();
    while body.ends_with(b"-->")
        && let Some(start) = body.windows(4).rposition(|part| part == b"<!--")
    {
        body = body[..start].trim_ascii_end();
    }
    ENDS.iter().any(|end| body.ends_with(end))
}

/// What the host says of its budget. A bot check is no refusal of too many requests, whatever its status.
fn host_answer(response: &Response, request: &RequestInfo<'_>) -> HostAnswer {
    let headers = response.headers();
    let (quota, retry_after) =
        (quota::quota(headers, request.now), freshness::retry_after(headers, request.now));
    let is_refusal = match response.status() {
        _ if bot_check::by_headers(headers).is_some() => false,
        StatusCode::TOO_MANY_REQUESTS => true,
        // Without a time it may be the trouble of this address alone.
        StatusCode::SERVICE_UNAVAILABLE => retry_after.is_some() || quota.is_spent(),
        StatusCode::FORBIDDEN => quota.is_spent(),
        _ => false,
    };
    HostAnswer { host: host_key(&request.url), response: HostResponse { is_refusal, retry_after, quota } }
}

/// Why a response with another status is none. The beginning of its page may say more.
async fn refused(mut response: Response) -> Failure {
    let (status, content_type) = (response.status().as_u16(), content_type(&response));
    let mut page = Vec::new();
    if matches!(status, 401 | 403 | 429 | 503) {
        while page.len() < bot_check::SEARCHED_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            page.extend_from_slice(&chunk);
        }
    }
    bot_check::by_page(content_type.as_deref(), &page).map_or(Failure::Status(status), Failure::BotCheck)
}

/// The lines of a header field as one list (RFC 9110 section 5.3).
fn list(response: &Response, name: header::HeaderName) -> String {
    let lines = response.headers().get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.collect::<Vec<_>>().join(", ")
}

fn content_type(response: &Response) -> Option<String> {
    response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn validators(headers: &HeaderMap, url: &Url) -> Option<Validators> {
    let bytes = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().to_vec());
    let (etag, last_modified) = (bytes(header::ETAG), bytes(header::LAST_MODIFIED));
    (etag.is_some() || last_modified.is_some()).then(|| Validators {
        url: url.clone().into(),
        etag,
        last_modified,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_from_https_to_http_or_other_schemes_are_refused() {
        let resolve = |location: &str, from: &str| {
            resolve_location(location.as_bytes(), &from.parse().expect("a URL")).map(String::from)
        };
        assert_eq!(resolve("/b", "https://a.example/a"), Ok("https://a.example/b".into()));
        assert_eq!(resolve("https://u:p@b.example/", "http://a.example/"), Ok("https://b.example/".into()));
        assert_eq!(resolve("http://b.example/", "http://a.example/"), Ok("http://b.example/".into()));
        let refused = |reason: &str| Err(Failure::Redirect(reason.into()));
        assert_eq!(resolve("http://a.example/", "https://a.example/"), refused("from https to http"));
        assert_eq!(resolve("file:///etc/passwd", "http://a.example/"), refused("to file:"));
        assert_eq!(resolve("http://", "http://a.example/"), refused("to an invalid address"));
    }

    #[test]
    fn bytes_that_are_not_ascii_are_escaped_as_they_are() {
        let from = "http://a.example/feed".parse().expect("a URL");
        let resolve = |location: &[u8]| resolve_location(location, &from).map(String::from);
        for (location, expected) in [
            ("/лента".as_bytes(), "http://a.example/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0"),
            ("/%D0%BB%d0%B5?q=%D0%BB".as_bytes(), "http://a.example/%D0%BB%d0%B5?q=%D0%BB"),
            ("/%D0%BBе?q=é".as_bytes(), "http://a.example/%D0%BB%D0%B5?q=%C3%A9"),
            (b"/caf\xe9?q=\xfc", "http://a.example/caf%E9?q=%FC"),
            ("//bücher.example/ü b".as_bytes(), "http://xn--bcher-kva.example/%C3%BC%20b"),
            (b"/100%", "http://a.example/100%"),
        ] {
            assert_eq!(resolve(location).as_deref(), Ok(expected));
        }
        let refused = Err(Failure::Redirect("to an invalid address".into()));
        assert_eq!(resolve(b"//b\xfccher.example/"), refused);
    }
}
