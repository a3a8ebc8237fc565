//! Who may see the private pages and outputs. Pure.
//!
//! A program on this machine may, if it comes to an address that only this machine reaches and names this machine: any
//! page that a browser shows can lead its own name to such an address (DNS rebinding). Everybody else needs the token.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Uri, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

/// The parameter of an address that holds the token, and the field of the sign-in form.
pub(super) const TOKEN_FIELD: &str = "token";
/// The cookie of those who have signed in.
pub(super) const COOKIE: &str = "siftwire";
/// The most credentials of one request that are compared.
const MAX_CREDENTIALS: usize = 4;

/// Starts of the names of headers that proxies add.
const PROXY_PREFIXES: [&str; 11] = [
    "x-forwarded", "x-original-", "x-envoy-", "x-arr-", "x-azure-", "x-amzn-", "x-appengine-", "cf-", "cdn-",
    "fly-", "tailscale-",
];
/// The names of others.
const PROXY_HEADERS: [&str; 12] = [
    "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-proxyuser-ip", "client-ip",
    "true-client-ip", "fastly-client-ip", "x-remote-ip", "x-remote-addr", "x-forwarder-for",
];

/// The token, and the cookie that is made from it, as hashes: neither can be printed, and comparing hashes takes as long
/// for a token that is nearly right as for any other.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    token: [u8; 32],
    cookie: [u8; 32],
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl AccessToken {
    /// The token with this text.
    #[must_use]
    pub fn new(text: &str) -> AccessToken {
        let digest = |text: &str| Sha256::digest(text).into();
        AccessToken { token: digest(text), cookie: digest(&cookie_value(text)) }
    }

    fn accepts(&self, credential: &Credential<'_>) -> bool {
        let (text, expected) = match credential {
            Credential::Token(text) => (text.as_bytes(), &self.token),
            Credential::Cookie(text) => (*text, &self.cookie),
        };
        <[u8; 32]>::from(Sha256::digest(text)) == *expected
    }
}

/// The cookie for a token. The token cannot be told from it.
pub(super) fn cookie_value(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("siftwire sign-in cookie\n{token}")))
}

/// Whether a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is.
    Allowed,
    /// It is not from this machine, and has no token.
    NeedsToken,
    /// It comes from this machine, but to a name that is not this machine's.
    WrongHost,
    /// It has a token or a cookie, and that is wrong.
    SlowDown,
}

/// Decides about a request. `is_local`: it came from this machine, over a socket that only this machine reaches. `form`:
/// what was written into the sign-in form.
pub(super) fn decide(
    is_local: bool,
    head: &Parts,
    form: Option<&str>,
    token: Option<&AccessToken>,
) -> Decision {
    let credentials = credentials(head, form);
    let is_right = |token: &AccessToken| credentials.iter().any(|credential| token.accepts(credential));
    if token.is_some_and(is_right) {
        return Decision::Allowed;
    }
    let is_wrong = token.is_some() && !credentials.is_empty();
    let is_direct = is_local && !is_forwarded(head) && !is_part_of_other_site(&head.headers);
    match (is_direct, names_this_machine(&head.uri, &head.headers)) {
        (true, true) if form.is_none() => Decision::Allowed,
        _ if is_wrong => Decision::SlowDown,
        (true, false) if token.is_none() => Decision::WrongHost,
        _ => Decision::NeedsToken,
    }
}

/// What a request presents to be let in.
enum Credential<'a> {
    Token(Cow<'a, str>),
    Cookie(&'a [u8]),
}

fn credentials<'a>(head: &'a Parts, form: Option<&'a str>) -> Vec<Credential<'a>> {
    let bearer = head.headers.get_all(header::AUTHORIZATION).into_iter().filter_map(bearer);
    let in_address = tokens_in_address(&head.uri);
    let cookies = head.headers.get_all(header::COOKIE).into_iter().flat_map(cookies);
    let tokens = form.map(Cow::Borrowed).into_iter().chain(bearer).chain(in_address).map(Credential::Token);
    tokens.chain(cookies.map(Credential::Cookie)).take(MAX_CREDENTIALS).collect()
}

fn tokens_in_address(uri: &Uri) -> impl Iterator<Item = Cow<'_, str>> {
    parameters(uri.query().unwrap_or_default()).filter(is_token).map(value).map(trimmed)
}

/// The token, if an address has it.
pub(super) fn right_token_in_address(uri: &Uri, token: &AccessToken) -> Option<String> {
    let mut tokens = tokens_in_address(uri).take(MAX_CREDENTIALS);
    tokens.find(|text| token.accepts(&Credential::Token(Cow::Borrowed(text)))).map(Cow::into_owned)
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1).
fn bearer(value: &HeaderValue) -> Option<Cow<'_, str>> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Cow::Borrowed(token.trim()))
}

/// The values of our cookie.
fn cookies(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value
        .as_bytes()
        .split(|byte| *byte == b';')
        .filter_map(|pair| pair.trim_ascii().strip_prefix(COOKIE.as_bytes())?.strip_prefix(b"="))
}

/// A query without what it has of the token.
pub(super) fn without_token(query: &str) -> String {
    parameters(query).filter(|parameter| !is_token(parameter)).collect::<Vec<_>>().join("&")
}

/// Whether a request has a token, right or wrong, that is no cookie.
pub(super) fn has_token(head: &Parts) -> bool {
    tokens_in_address(&head.uri).next().is_some()
        || head.headers.get_all(header::AUTHORIZATION).into_iter().any(|value| bearer(value).is_some())
}

/// The token in a form's body.
pub(super) fn form_token(body: &[u8]) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    // In forms, a space is a plus. A token has none, but one may follow it.
    let parameter = parameters(body).find(is_token)?;
    Some(trimmed(value(parameter.trim_end_matches('+'))).into_owned())
}

fn parameters(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|parameter| !parameter.is_empty())
}

fn is_token(parameter: &&str) -> bool {
    percent_decode_str(parameter.split('=').next().unwrap_or_default()).eq(TOKEN_FIELD.bytes())
}

fn value(parameter: &str) -> Cow<'_, str> {
    percent_decode_str(parameter.split_once('=').map_or("", |(_, value)| value)).decode_utf8_lossy()
}

/// A token without the space or line end that came with it when it was copied: no token has any.
fn trimmed(token: Cow<'_, str>) -> Cow<'_, str> {
    match token.trim().len() == token.len() {
        true => token,
        false => Cow::Owned(token.trim().to_owned()),
    }
}

/// Whether a proxy has passed a request on. The default of nginx adds no header and names this machine as the host. Before
/// 1.29.7 it spoke HTTP/1.0 and said what every client of that version means, that the connection ends; since then it
/// cannot be told from a program on this machine, unless its config adds a header.
pub(super) fn is_forwarded(head: &Parts) -> bool {
    let is_added = |name: &HeaderName| {
        let name = name.as_str();
        PROXY_HEADERS.contains(&name) || PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    head.headers.keys().any(is_added)
        || (head.version == Version::HTTP_10 && head.headers.contains_key(header::CONNECTION))
}

/// Whether a page of another site loads something, rather than leads to it: how long that takes would tell it something.
fn is_part_of_other_site(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    let is_framed = ["iframe", "frame", "embed", "object", "fencedframe"];
    is("sec-fetch-site", "cross-site")
        && (!is("sec-fetch-mode", "navigate") || is_framed.iter().any(|kind| is("sec-fetch-dest", kind)))
}

/// Whether every name by which a request calls the server is one of this machine alone, whoever resolves it.
fn names_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let hosts = headers.get_all(header::HOST).into_iter().map(|host| host.to_str().unwrap_or_default());
    let mut hosts = uri.authority().map(|authority| authority.as_str()).into_iter().chain(hosts).peekable();
    hosts.peek().is_some() && hosts.all(is_loopback)
}

/// Whether a host, with or without a port, has this name.
pub(super) fn has_name(host: &str, name: &str) -> bool {
    host.split_at_checked(name.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(name) && (rest.is_empty() || rest.starts_with(':'))
    })
}

/// Whether a host, with or without a port, is a loopback name or address (RFC 6761 section 6.3).
pub(super) fn is_loopback(host: &str) -> bool {
    let is_port = |rest: &str| {
        rest.is_empty()
            || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some((address, rest)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        return is_port(rest)
            && address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
    }
    let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_address = name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_port(rest) && (is_address || name == "localhost" || name.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const TOKEN: &str = "correct-horse-battery";

    fn head(target: &str, headers: &[(&str, &str)]) -> Parts {
        let request = headers
            .iter()
            .fold(Request::builder().uri(target), |request, (name, value)| request.header(*name, *value));
        request.body(()).expect("a request").into_parts().0
    }

    fn decided(is_local: bool, target: &str, headers: &[(&str, &str)]) -> (Decision, Decision) {
        let head = head(target, headers);
        let with = |token: Option<&AccessToken>| decide(is_local, &head, None, token);
        (with(Some(&AccessToken::new(TOKEN))), with(None))
    }

    #[test]
    fn this_machine_is_answered_under_its_own_names_only() {
        use Decision::{Allowed, NeedsToken, WrongHost};
        for host in [
            "localhost", "localhost:8080", "LOCALHOST.", "feeds.localhost:1", "127.0.0.1", "127.9.8.7:65535",
            "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(decided(true, "/sources", &[("host", host)]), (Allowed, Allowed), "{host}");
            assert_eq!(decided(false, "/sources", &[("host", host)]), (NeedsToken, NeedsToken), "{host}");
        }
        for host in [
            "rebound.example", "localhost.rebound.example", "notlocalhost", "127.0.0.1.rebound.example",
            "128.0.0.1", "192.168.1.2:8080", "[::2]", "[::1].rebound.example", "[::1", "2130706433",
            "0.0.0.0", "[::]", "127.1", "localhost:x", "localhost:80:80", "", "siftwire",
        ] {
            assert_eq!(decided(true, "/sources", &[("host", host)]), (NeedsToken, WrongHost), "{host}");
        }
        assert_eq!(decided(true, "/sources", &[]), (NeedsToken, WrongHost), "no host");
        for (target, host) in
            [("http://rebound.example/sources", "localhost"), ("http://localhost/", "a.example")]
        {
            assert_eq!(decided(true, target, &[("host", host)]), (NeedsToken, WrongHost), "{target}");
        }
        assert_eq!(decided(true, "http://localhost/sources", &[("host", "localhost")]), (Allowed, Allowed));
    }

    #[test]
    fn what_a_proxy_passes_on_is_not_from_this_machine() {
        for header in [
            "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via",
            "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Ray", "Tailscale-User-Login",
            "X-Envoy-External-Address", "Fly-Client-IP", "X-Original-Host",
        ] {
            for value in ["127.0.0.1", ""] {
                let decided = decided(true, "/sources", &[("host", "localhost"), (header, value)]);
                assert_eq!(decided, (Decision::NeedsToken, Decision::NeedsToken), "{header}");
            }
        }
        let mut head = head("/sources", &[("host", "127.0.0.1:8080"), ("connection", "close")]);
        assert_eq!(decide(true, &head, None, None), Decision::Allowed);
        head.version = Version::HTTP_10;
        assert_eq!(decide(true, &head, None, None), Decision::NeedsToken, "as nginx sends it");
        head.headers.remove(header::CONNECTION);
        assert_eq!(decide(true, &head, None, None), Decision::Allowed, "as text browsers send it");
    }

    #[test]
    fn a_page_of_another_site_may_lead_here_but_load_nothing() {
        let from = |site: &'static str, mode: &'static str| {
            decided(
                true,
                "/sources",
                &[("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)],
            )
            .0
        };
        assert_eq!(from("cross-site", "no-cors"), Decision::NeedsToken);
        assert_eq!(from("cross-site", "navigate"), Decision::Allowed);
        assert_eq!(from("same-origin", "cors"), Decision::Allowed);
        assert_eq!(from("none", "navigate"), Decision::Allowed);
    }

    #[test]
    fn the_token_counts_in_each_of_its_places_and_beside_a_wrong_one() {
        use Decision::{Allowed, NeedsToken, SlowDown};
        let bearer = format!("bearer {TOKEN}");
        let cookie = format!("a=b; {COOKIE}={}", cookie_value(TOKEN));
        let raw_cookie = format!("{COOKIE}={TOKEN}");
        for (target, headers, decision) in [
            ("/x", vec![], NeedsToken),
            ("/x", vec![("authorization", bearer.as_str())], Allowed),
            ("/x", vec![("authorization", "Bearer correct-horse-batter")], SlowDown),
            ("/x", vec![("authorization", "Basic correct-horse-battery")], NeedsToken),
            ("/x", vec![("cookie", cookie.as_str())], Allowed),
            ("/x", vec![("cookie", raw_cookie.as_str())], SlowDown),
            ("/x", vec![("cookie", "siftwire2=x; other=y")], NeedsToken),
            ("/x", vec![("cookie", "siftwire=old"), ("authorization", bearer.as_str())], Allowed),
            ("/x?token=correct-horse-battery", vec![], Allowed),
            ("/x?q=a&%74oken=correct%2Dhorse-battery&b", vec![], Allowed),
            ("/x?token=", vec![], SlowDown),
            ("/x?token=correct-horse-battery1", vec![], SlowDown),
            ("/x?tokens=correct-horse-battery", vec![], NeedsToken),
            ("/x?token=a&token=b&token=c&token=d&token=correct-horse-battery", vec![], SlowDown),
        ] {
            assert_eq!(decided(false, target, &headers).0, decision, "{target} {headers:?}");
            assert_eq!(decided(false, target, &headers).1, NeedsToken, "without a token: {target}");
        }
    }

    #[test]
    fn the_form_is_for_its_token_alone() {
        let head = head("/x", &[("host", "localhost")]);
        let token = AccessToken::new(TOKEN);
        assert_eq!(decide(false, &head, Some(TOKEN), Some(&token)), Decision::Allowed);
        assert_eq!(decide(true, &head, Some("wrong"), Some(&token)), Decision::SlowDown);
        assert_eq!(form_token(b"a=1&token=a%2Bb+c").as_deref(), Some("a+b+c"));
        assert_eq!(form_token(b"a=1"), None);
        assert_eq!(form_token(b"token=\xff"), None);
    }

    #[test]
    fn an_address_is_shown_without_the_token() {
        for (query, rest) in
            [("token=x", ""), ("q=a%20b&token=x&page=2", "q=a%20b&page=2"), ("%74oken=x&&q", "q"), ("", "")]
        {
            assert_eq!(without_token(query), rest, "{query}");
        }
    }

    #[test]
    fn neither_token_nor_cookie_can_be_printed() {
        let shown = format!("{:?} {:?}", AccessToken::new(TOKEN), Some(AccessToken::new(TOKEN)));
        assert_eq!(shown, "(secret) Some((secret))");
        assert!(!cookie_value(TOKEN).contains(TOKEN));
        assert_ne!(cookie_value(TOKEN), cookie_value("another"));
    }
}
