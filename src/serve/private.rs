//! Guards the private pages and outputs: answers those who may not see them, and signs in. Waits; otherwise pure.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use axum::middleware::Next;
use hyper::body::Incoming;
use tokio::time;

use super::access::{self, COOKIE, Decision};
use super::admission::Client;
use super::listen::Peer;
use super::response;
use super::state::{HttpSettings, ServerState};
use crate::publish::html;
use crate::publish::sign_in_page::{self, SignIn};

/// The longest body of a sign-in form.
const MAX_FORM_BYTES: usize = 4096;
/// How long such a body may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a browser stays signed in.
const COOKIE_SECONDS: u32 = 90 * 24 * 3600;

/// No cache but the reader's own may have it, and that one has to ask each time whether it still may be seen.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The token that was written into the sign-in form. An extension of its request.
#[derive(Clone)]
pub(super) struct FormToken(String);

/// That a request may see everything. An extension of requests that are let through.
#[derive(Clone)]
pub(super) struct Allowed;

/// The right token, as the address of a request has it. An extension of requests that are let through.
#[derive(Clone)]
pub(super) struct AddressToken(pub(super) String);

/// Reads the token of a sign-in form. The form is on the page that it opens, so its request has that address.
pub(super) async fn read_form(head: &Parts, body: Incoming) -> Option<FormToken> {
    let is = |name: &HeaderName, value: &str| {
        head.headers.get(name).is_some_and(|found| found.as_bytes().starts_with(value.as_bytes()))
    };
    // A page elsewhere cannot read the answer, but it need not try tokens in a visitor's name either.
    let from_other_site = is(&HeaderName::from_static("sec-fetch-site"), "cross-site");
    if head.method != Method::POST
        || from_other_site
        || !is(&header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    {
        return None;
    }
    let body = axum::body::to_bytes(Body::new(body), MAX_FORM_BYTES);
    let body = time::timeout(FORM_TIMEOUT, body).await.ok()?.ok()?;
    access::form_token(&body).map(FormToken)
}

/// Lets only those through to a page who may see it.
pub(super) async fn guard(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    guarded(&state, request, |request| next.run(request)).await
}

/// The response to those who may see something private; to the others why not, and to those who sign in, where to go.
pub(super) async fn guarded(
    state: &ServerState,
    request: Request,
    respond: impl AsyncFnOnce(Request) -> Response<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let settings = state.settings.get();
    let decision = decision(&head, &settings);
    decided((head, body), state, (decision, &settings), respond).await
}

/// The response at an address where there is less for those who may not see everything. They are not signed in there, but
/// they cannot try tokens any faster than elsewhere.
pub(super) async fn partly_guarded(
    state: &ServerState,
    request: Request,
    respond: impl AsyncFnOnce(Request) -> Response<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let settings = state.settings.get();
    let decision = decision(&head, &settings);
    if matches!(decision, Decision::NeedsToken | Decision::WrongHost) {
        let mut response = respond(Request::from_parts(head, body)).await;
        // A cache has to ask each time: who signs in gets another response.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        return response;
    }
    decided((head, body), state, (decision, &settings), respond).await
}

async fn decided(
    (mut head, body): (Parts, Body),
    state: &ServerState,
    (decision, settings): (Decision, &HttpSettings),
    respond: impl AsyncFnOnce(Request) -> Response<Body>,
) -> Response<Body> {
    if let Some(refusal) = refusal(state, &head, (decision, settings)).await {
        return refusal;
    }
    head.extensions.insert(Allowed);
    let token = settings.token.as_ref().and_then(|token| access::right_token_in_address(&head.uri, token));
    if let Some(token) = token {
        head.extensions.insert(AddressToken(token));
    }
    sealed(respond(Request::from_parts(head, body)).await)
}

fn decision(head: &Parts, settings: &HttpSettings) -> Decision {
    access::decide(peer(head).is_local, head, form_token(head), settings.token.as_ref())
}

fn peer(head: &Parts) -> Peer {
    head.extensions.get::<Peer>().copied().unwrap_or(Peer::UNKNOWN)
}

fn form_token(head: &Parts) -> Option<&str> {
    head.extensions.get::<FormToken>().map(|FormToken(token)| token.as_str())
}

/// The response to those who may not see what is at an address, or have just signed in; `None` for the others.
async fn refusal(
    state: &ServerState,
    head: &Parts,
    (decision, settings): (Decision, &HttpSettings),
) -> Option<Response<Body>> {
    let client = Client::of(peer(head).ip);
    match decision {
        Decision::Allowed => {
            let token = form_token(head)?;
            state.wrong_tokens.clear(client);
            Some(signed_in(head, token, settings))
        }
        Decision::WrongHost => Some(wrong_host()),
        Decision::NeedsToken if settings.token.is_none() => Some(sign_in(settings, SignIn::NoToken)),
        Decision::NeedsToken => Some(sign_in(settings, SignIn::Needed)),
        Decision::SlowDown => {
            let (count, delay) = state.wrong_tokens.count(client);
            if count.is_power_of_two() {
                tracing::warn!(%client, count, "a wrong token");
            }
            let Some(delay) = delay else { return Some(too_many()) };
            time::sleep(delay.time).await;
            // A cookie of an earlier token is no mistake of anybody.
            let is_given = form_token(head).is_some() || access::has_token(head);
            let mut response = sign_in(settings, if is_given { SignIn::Wrong } else { SignIn::Needed });
            let old = cookie(head, "", settings);
            response.headers_mut().insert(header::SET_COOKIE, response::header_value(&old));
            Some(response)
        }
    }
}

/// Whether the guard answers with this status, and nobody else.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    [
        StatusCode::UNAUTHORIZED,
        StatusCode::SEE_OTHER,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::TOO_MANY_REQUESTS,
    ]
    .contains(&status)
}

/// Marks a response as one that is not for everybody.
fn sealed(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    seal(headers, PRIVATE);
    for name in [header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_EXPOSE_HEADERS] {
        headers.remove(name);
    }
    response
}

fn seal(headers: &mut HeaderMap, cache_control: HeaderValue) {
    headers.insert(header::CACHE_CONTROL, cache_control);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CORP, HeaderValue::from_static("same-origin"));
}

/// The form. It has no address to go to: it is sent to that of the page which it opens.
fn sign_in(settings: &HttpSettings, sign_in: SignIn) -> Response<Body> {
    let mut response =
        response::text(StatusCode::UNAUTHORIZED, sign_in_page::write(&settings.public_url, sign_in));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        response::header_value(&html::content_security_policy(html::FRONT)),
    );
    let challenge = match sign_in {
        SignIn::Wrong => "Bearer realm=\"Siftwire\", error=\"invalid_token\"",
        SignIn::Needed | SignIn::NoToken => "Bearer realm=\"Siftwire\"",
    };
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    seal(headers, HeaderValue::from_static("private, no-store"));
    response
}

/// Leads to the page that the form stood on: by a relative address, which names no other site whatever was requested.
fn signed_in(head: &Parts, token: &str, settings: &HttpSettings) -> Response<Body> {
    let mut response = response::text(StatusCode::SEE_OTHER, "You are signed in.\n");
    let headers = response.headers_mut();
    let page = head.uri.path().rsplit('/').next().unwrap_or_default();
    let query = access::without_token(head.uri.query().unwrap_or_default());
    let query = if query.is_empty() { query } else { format!("?{query}") };
    headers.insert(header::LOCATION, response::header_value(&format!("./{page}{query}")));
    let cookie = cookie(head, &access::cookie_value(token), settings);
    headers.insert(header::SET_COOKIE, response::header_value(&cookie));
    seal(headers, HeaderValue::from_static("private, no-store"));
    response
}

/// The cookie; an empty value removes it. Who comes by the public URL sends it to what is below that alone; what was encrypted,
/// as far as the config or the proxy says, is sent only so. It is sent with links from other sites: nothing here writes.
fn cookie(head: &Parts, value: &str, settings: &HttpSettings) -> String {
    let url = &settings.public_url;
    let text =
        |name: &HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_named = url.host_str().is_some_and(|host| access::has_name(text(&header::HOST), host));
    let is_public = is_named || access::is_forwarded(head);
    let is_encrypted = match text(&FORWARDED_PROTO) {
        "" => is_public && url.scheme() == "https",
        scheme => scheme.eq_ignore_ascii_case("https"),
    };
    // Another name of a host of several leads to other paths.
    let path = if is_named || (is_public && access::is_loopback(text(&header::HOST))) {
        url.path().trim_end_matches('/')
    } else {
        ""
    };
    let path = if path.is_empty() || path.contains(';') { "/" } else { path };
    let secure = if is_encrypted { "; Secure" } else { "" };
    let age = if value.is_empty() { 0 } else { COOKIE_SECONDS };
    format!("{COOKIE}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}

fn wrong_host() -> Response<Body> {
    let mut response = response::text(
        StatusCode::MISDIRECTED_REQUEST,
        "This page is answered under the names of this machine only, such as http://localhost or http://127.0.0.1 with \
         the port, so that no page of another site can read it.\nTo open it under other names too, configure a token: \
         run `siftwire token`, which says how.\n",
    );
    seal(response.headers_mut(), HeaderValue::from_static("private, no-store"));
    response
}

fn too_many() -> Response<Body> {
    let mut response = response::text(StatusCode::TOO_MANY_REQUESTS, "Too many wrong tokens at once.\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    seal(response.headers_mut(), HeaderValue::from_static("private, no-store"));
    response
}
