//! Single requests to a scripted loopback server that records every request.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "the server needs a thread")]

#[path = "fetch/socks.rs"]
mod socks;

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use siftwire::fetch::{DnsLookup, FetchResponse, FetchResult, Fetcher, Options};
use siftwire::source::{
    Access, ArticleSettings, Authorization, Failure, Moved, PollInterval, Proxy, Secret, Source, SourceState,
    UrlParts, Validators,
};
use url::Url;

/// Answers each connection with the next response, and closes it.
struct ScriptedServer {
    url: Url,
    requests: Arc<Mutex<Vec<String>>>,
}

impl ScriptedServer {
    fn start(answers: Vec<Vec<u8>>) -> ScriptedServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap()).parse().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for answer in answers {
                let (mut client, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
                    request.push(byte[0]);
                }
                kept.lock().unwrap().push(String::from_utf8_lossy(&request).to_ascii_lowercase());
                // The client may close early.
                let _ = client.write_all(&answer);
            }
        });
        ScriptedServer { url, requests }
    }

    /// Answers every request with the same response, and counts the connections.
    fn keep_alive(answer: Vec<u8>) -> (ScriptedServer, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap()).parse().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, connections) = (Arc::clone(&requests), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let (mut request, mut byte) = (Vec::new(), [0]);
                while client.read(&mut byte).unwrap_or(0) == 1 {
                    request.push(byte[0]);
                    if request.ends_with(b"\r\n\r\n") {
                        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
                        kept.lock().unwrap().push(text);
                        request.clear();
                        client.write_all(&answer).unwrap();
                    }
                }
            }
        });
        (ScriptedServer { url, requests }, connections)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn source(url: &Url) -> Source {
    Source {
        is_named: true,
        name: "a".into(),
        url: url.clone().into(),
        publish_url: UrlParts::Path,
        title: None,
        interval: PollInterval::default(),
        access: Access {
            timeout: Duration::from_secs(5),
            max_body: 100_000,
            allow_private: true,
            ..Access::default()
        },
        language: None,
        first_poll: 20,
        stories: true,
        articles: ArticleSettings::default(),
        tags: Vec::new(),
    }
}

/// A public source behind a proxy, which answers for every host.
fn behind_proxy(answers: Vec<Vec<u8>>) -> (ScriptedServer, Source) {
    let proxy = ScriptedServer::start(answers);
    let mut source = source(&"http://first.example/feed".parse().unwrap());
    source.access.allow_private = false;
    source.access.proxy = Some(Proxy(proxy.url.clone()));
    (proxy, source)
}

fn state_with_validators(url: &Url) -> SourceState {
    let validators = Validators {
        url: url.clone().into(),
        etag: Some(b"W/odd".to_vec()),
        last_modified: Some(b"yesterday, I think".to_vec()),
    };
    SourceState { validators: Some(validators), ..SourceState::default() }
}

async fn fetch(source: &Source, state: &SourceState) -> FetchResult {
    let options = Options { contact: Some("https://example.org/us".into()), ..Options::default() };
    visit_with(&Fetcher::new(&options), source, state).await
}

async fn visit_with(fetcher: &Fetcher, source: &Source, state: &SourceState) -> FetchResult {
    fetcher.fetch(source, state, "2026-11-01T12:00:00Z".parse().unwrap()).await
}

/// A fake resolver: the nth lookup of any name gets the nth answer; later ones get the last.
fn resolver(answers: &[&[&str]]) -> (DnsLookup, Arc<AtomicUsize>) {
    let answers: Vec<Vec<IpAddr>> =
        answers.iter().map(|list| list.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
    let lookups = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lookups);
    let lookup: DnsLookup = Arc::new(move |_| {
        let turn = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[turn].clone();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, lookups)
}

fn with_host(origin: &ScriptedServer, host: &str) -> Url {
    let mut url = origin.url.clone();
    url.set_host(Some(host)).unwrap();
    url
}

#[tokio::test]
async fn validators_are_sent_back_unchanged_with_the_usual_headers() {
    let origin = ScriptedServer::start(vec![answer("304 Not Modified\r\nETag: \"new\"", b"")]);
    let fetched = fetch(&source(&origin.url), &state_with_validators(&origin.url)).await;
    assert!(matches!(fetched.response, Ok(FetchResponse::NotModified)));
    let kept = fetched.info.validators.unwrap();
    assert_eq!(kept.etag.as_deref(), Some(&b"\"new\""[..]));
    assert_eq!(kept.last_modified.as_deref(), Some(&b"yesterday, I think"[..]));
    let request = &origin.requests()[0];
    for line in [
        "if-none-match: w/odd", "if-modified-since: yesterday, i think", "a-im: feed",
        "(+https://example.org/us)", "accept: application/atom+xml",
    ] {
        assert!(request.contains(line), "{line} is not in {request}");
    }
    for coding in ["gzip", "br", "zstd", "deflate"] {
        assert!(request.lines().any(|line| line.starts_with("accept-encoding:") && line.contains(coding)));
    }
    for header in ["cookie:", "referer:", "range:"] {
        assert!(!request.contains(&format!("\r\n{header}")), "{header}");
    }
}

#[tokio::test]
async fn an_unconditional_304_is_a_failure_without_validators() {
    let origin = ScriptedServer::start(vec![answer("304 Not Modified\r\nETag: \"x\"", b"")]);
    let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
    assert_eq!(fetched.response.unwrap_err(), Failure::Status(304));
    assert_eq!(fetched.info.validators, None);
}

#[tokio::test]
async fn a_203_and_a_226_are_bodies() {
    for (head, is_delta) in [("203 Non-Authoritative Information", false), ("226 IM Used\r\nIM: feed", true)]
    {
        let origin = ScriptedServer::start(vec![answer(head, b"<feed/>")]);
        assert!(matches!(
            fetch(&source(&origin.url), &state_with_validators(&origin.url)).await.response,
            Ok(FetchResponse::Body(body)) if body.bytes == b"<feed/>" && body.is_delta == is_delta
        ));
    }
}

#[tokio::test]
async fn secrets_and_validators_are_not_sent_to_another_origin() {
    for other in
        ["http://other.example/feed", "http://first.example:81/feed", "https://first.example:444/feed"]
    {
        let head = format!("301 Moved\r\nLocation: {}", other.replace("//", "//eve:eve@"));
        let (proxy, mut source) = behind_proxy(vec![answer(&head, b""), answer("200 OK", b"<feed/>")]);
        source.access.headers = vec![("X-Key".into(), Secret("hush".into()))];
        source.access.authorization = Some(Authorization::Bearer(Secret("token".into())));
        let fetched = fetch(&source, &state_with_validators(source.url.whole())).await;
        let other: Url = other.parse().unwrap();
        assert_eq!(fetched.info.moved_to.as_ref(), Some(&other.clone().into()));
        let requests = proxy.requests();
        assert!(requests[0].contains("x-key: hush") && requests[0].contains("bearer token"));
        assert!(
            requests[1]
                .contains(&format!("host: {}", &other[url::Position::BeforeHost..url::Position::AfterPort]))
        );
        for secret in ["x-key", "authorization", "if-none-match", "if-modified-since", "referer"] {
            assert!(!requests[1].contains(&format!("\r\n{secret}")), "{other}: {secret}");
        }
    }
}

#[tokio::test]
async fn a_temporary_redirect_is_not_a_move() {
    let other = ScriptedServer::start(vec![answer("200 OK", b"<feed/>")]);
    let origin = ScriptedServer::start(vec![answer(&format!("302 Found\r\nLocation: {}", other.url), b"")]);
    assert_eq!(fetch(&source(&origin.url), &SourceState::default()).await.info.moved_to, None);
}

#[tokio::test]
async fn a_confirmed_move_is_requested_directly_until_a_failure() {
    let (proxy, source) = behind_proxy(vec![answer("200 OK", b"<feed/>"); 2]);
    let to: Url = "http://second.example/feed".parse().unwrap();
    let since = "2026-10-01T12:00:00Z".parse().unwrap();
    let moved = Moved { from: source.url.clone(), to: to.into(), since, confirmed: true };
    let mut state = SourceState { moved: Some(moved), ..SourceState::default() };
    assert!(fetch(&source, &state).await.response.is_ok());
    state.failures = 1;
    assert!(fetch(&source, &state).await.response.is_ok());
    let requests = proxy.requests();
    assert!(requests[0].starts_with("get http://second.example/feed "), "{requests:?}");
    assert!(requests[1].starts_with("get http://first.example/feed "), "{requests:?}");
}

/// Behind a proxy nothing is resolved here, so the name alone must do.
#[tokio::test]
async fn private_hosts_are_refused_on_every_redirect() {
    for host in [
        "169.254.169.254", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "localhost", "LOCALHOST.", "a.localhost",
        "router", "internal.lan", "metadata.google.internal", "nas.local", "a.home.arpa", "127.0.0.1:1",
    ] {
        let head = format!("302 Found\r\nLocation: http://{host}/latest");
        let answers = || vec![answer("302 Found\r\nLocation: /again", b""), answer(&head, b"")];
        let origin = ScriptedServer::start(answers());
        let direct = source(&origin.url);
        let (proxy, proxied) = behind_proxy(answers());
        for (server, source) in [(origin, direct), (proxy, proxied)] {
            let failure = fetch(&source, &SourceState::default()).await.response.unwrap_err();
            assert!(matches!(failure, Failure::RefusedAddress(_)), "{host}: {failure}");
            assert_eq!(server.requests().len(), 2, "{host}: a refused address gets no request");
        }
    }
}

/// Another port of a private host may be another service.
#[tokio::test]
async fn a_private_host_keeps_its_port_and_scheme_but_for_an_upgrade_to_https() {
    let allow = vec!["192.168.1.0/24".parse().unwrap()];
    let fetcher = Fetcher::new(&Options { allow, ..Options::default() });
    for (from, to, is_allowed) in [
        ("http://192.168.1.5/feed", "http://192.168.1.5/other", true),
        ("http://192.168.1.5/feed", "http://192.168.1.5:80/other", true),
        ("http://192.168.1.5/feed", "https://192.168.1.5/feed", true),
        ("http://192.168.1.5/feed", "http://192.168.1.5:6379/", false),
        ("http://192.168.1.5/feed", "https://192.168.1.5:8443/", false),
        ("http://192.168.1.5:8080/feed", "http://192.168.1.5:8080/other", true),
        ("http://192.168.1.5:8080/feed", "https://192.168.1.5:8080/", false),
        ("http://192.168.1.5:8080/feed", "https://192.168.1.5/", false),
        ("http://192.168.1.5:8080/feed", "http://192.168.1.5/", false),
        ("http://nas.lan/feed", "https://nas.lan/feed", true),
        ("http://nas.lan/feed", "http://nas.lan:81/feed", false),
        ("http://nas.lan/feed", "http://nas.lan./feed", false),
    ] {
        for allow_private in [true, false] {
            let head = format!("302 Found\r\nLocation: {to}");
            let (proxy, mut source) = behind_proxy(vec![answer(&head, b""), answer("200 OK", b"<feed/>")]);
            source.url = from.parse::<Url>().unwrap().into();
            source.access.allow_private = allow_private;
            let response = visit_with(&fetcher, &source, &SourceState::default()).await.response;
            let is_refused = matches!(response, Err(Failure::RefusedAddress(_)));
            assert_eq!(is_refused, !is_allowed, "{from} to {to}: {response:?}");
            assert_eq!(proxy.requests().len(), if is_allowed { 2 } else { 1 }, "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn a_location_that_is_not_ascii_is_followed() {
    for (location, path) in [
        ("/лента?q=é".as_bytes(), "/%d0%bb%d0%b5%d0%bd%d1%82%d0%b0?q=%c3%a9"),
        (b"/caf\xe9", "/caf%e9"),
        (b"/%D0%BB", "/%d0%bb"),
    ] {
        let redirect =
            [b"HTTP/1.1 301 Moved\r\nConnection: close\r\nLocation: ", location, b"\r\n\r\n"].concat();
        let origin = ScriptedServer::start(vec![redirect, answer("200 OK", b"<feed/>")]);
        assert!(fetch(&source(&origin.url), &SourceState::default()).await.response.is_ok());
        assert!(origin.requests()[1].starts_with(&format!("get {path} http")), "{:?}", origin.requests());
    }
}

#[tokio::test]
async fn only_http_and_https_are_followed() {
    let origin = ScriptedServer::start(vec![answer("302 Found\r\nLocation: file:///etc/passwd", b"")]);
    let failure = fetch(&source(&origin.url), &SourceState::default()).await.response.unwrap_err();
    assert!(matches!(failure, Failure::Redirect(_)), "{failure}");
}

#[tokio::test]
async fn the_number_of_redirects_is_limited() {
    let origin = ScriptedServer::start(vec![answer("302 Found\r\nLocation: /feed", b""); 15]);
    let failure = fetch(&source(&origin.url), &SourceState::default()).await.response.unwrap_err();
    assert!(matches!(failure, Failure::Redirect(_)), "{failure}");
    assert_eq!(origin.requests().len(), 11);
}

/// A body in each coding of Accept-Encoding.
fn coded(body: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(body).unwrap();
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(body).unwrap();
    let mut br = Vec::new();
    brotli::CompressorWriter::new(&mut br, 4096, 5, 22).write_all(body).unwrap();
    [
        ("gzip", gzip.finish().unwrap()),
        ("deflate", deflate.finish().unwrap()),
        ("br", br),
        ("zstd", zstd::bulk::compress(body, 9).unwrap()),
    ]
}

#[tokio::test]
async fn every_coding_of_accept_encoding_is_decoded() {
    for (coding, body) in coded(b"<feed>words</feed>") {
        let origin =
            ScriptedServer::start(vec![answer(&format!("200 OK\r\nContent-Encoding: {coding}"), &body)]);
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        assert!(
            matches!(&fetched.response, Ok(FetchResponse::Body(body)) if body.bytes == b"<feed>words</feed>"),
            "{coding}: {:?}",
            fetched.response
        );
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_cut_off_at_the_limit() {
    for (coding, body) in coded(&vec![0; 10_000_000]) {
        let head = format!("200 OK\r\nContent-Encoding: {coding}\r\nETag: \"x\"");
        let origin = ScriptedServer::start(vec![answer(&head, &body)]);
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        assert_eq!(fetched.response.unwrap_err(), Failure::TooLarge(100_000), "{coding}");
        assert!(fetched.info.bytes < 300_000 && fetched.info.validators.is_none(), "{coding}");
    }
}

#[tokio::test]
async fn statuses_are_classified() {
    let origin = ScriptedServer::start(vec![
        answer("410 Gone", b""),
        answer("429 Slow\r\nRetry-After: 99999999999999999999", b""),
        answer("404 No", b""),
    ]);
    let source = source(&origin.url);
    let failed = async || fetch(&source, &SourceState::default()).await.response.unwrap_err();
    assert_eq!(failed().await, Failure::Gone);
    assert!(matches!(failed().await, Failure::Throttled { status: 429, until: Some(_) }));
    assert_eq!(failed().await, Failure::Status(404));
}

#[tokio::test]
async fn a_silent_server_times_out() {
    // Connections stay in the accept queue and are never read.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
    let mut source = source(&url);
    source.access.timeout = std::time::Duration::from_millis(100);
    assert_eq!(fetch(&source, &SourceState::default()).await.response.unwrap_err(), Failure::Timeout);
}

#[tokio::test]
async fn the_connection_uses_the_address_that_was_checked() {
    // 127.0.0.1 stands for a public address, by `allow`; 127.0.0.2 for a private one.
    let origin = ScriptedServer::start(vec![answer("200 OK", b"<feed/>"); 2]);
    let options = Options { allow: vec!["127.0.0.1/32".parse().unwrap()], ..Options::default() };
    let mut source = source(&with_host(&origin, "rebind.example"));
    source.access.allow_private = false;

    let (lookup, lookups) = resolver(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let fetcher = Fetcher::with_lookup(&options, lookup);
    assert!(visit_with(&fetcher, &source, &SourceState::default()).await.response.is_ok());
    assert_eq!(lookups.load(Ordering::SeqCst), 1, "one lookup for one connection");
    let failure = visit_with(&fetcher, &source, &SourceState::default()).await.response.unwrap_err();
    assert_eq!(failure, Failure::RefusedAddress("rebind.example is 127.0.0.2".into()));

    // A name with both kinds of addresses: only the allowed one is tried.
    let (lookup, _) = resolver(&[&["127.0.0.2", "169.254.169.254", "127.0.0.1"]]);
    let fetcher = Fetcher::with_lookup(&options, lookup);
    assert!(visit_with(&fetcher, &source, &SourceState::default()).await.response.is_ok());
    let (lookup, _) = resolver(&[&[]]);
    let failure = visit_with(&Fetcher::with_lookup(&options, lookup), &source, &SourceState::default()).await;
    assert!(matches!(failure.response, Err(Failure::Dns(_))), "{:?}", failure.response);
    assert_eq!(origin.requests().len(), 2);
}

#[tokio::test]
async fn names_with_private_addresses_are_refused() {
    let (source, options) = (source(&"http://sly.example/feed".parse().unwrap()), Options::default());
    for address in [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::1", "::", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd00::1", "fe80::1",
        "ff02::1", "2001:db8::1", "2001:2::1", "2002:a00:1::", "100::1",
    ] {
        let (lookup, _) = resolver(&[&[address]]);
        let mut source = source.clone();
        source.access.allow_private = false;
        let fetcher = Fetcher::with_lookup(&options, lookup);
        let failure = visit_with(&fetcher, &source, &SourceState::default()).await.response.unwrap_err();
        assert!(matches!(failure, Failure::RefusedAddress(_)), "{address}: {failure}");
    }
}

#[tokio::test]
async fn private_networks_are_allowed_for_the_configured_host_only() {
    let inner = ScriptedServer::start(vec![answer("200 OK", b"<feed/>"); 9]);
    let to = with_host(&inner, "127.0.0.2");
    let origin = ScriptedServer::start(vec![answer(&format!("302 Found\r\nLocation: {to}"), b""); 3]);
    let allow = vec!["127.0.0.0/8".parse().unwrap()];
    let fetcher = Fetcher::new(&Options { allow, ..Options::default() });
    let mut source = source(&origin.url);
    for allow_private in [true, false] {
        source.access.allow_private = allow_private;
        let failure = visit_with(&fetcher, &source, &SourceState::default()).await.response.unwrap_err();
        assert_eq!(failure, Failure::RefusedAddress("127.0.0.2".into()));
    }
    // The same with host names.
    let (lookup, _) = resolver(&[&["127.0.0.1"]]);
    let allow = vec!["127.0.0.0/8".parse().unwrap()];
    let fetcher = Fetcher::with_lookup(&Options { allow, ..Options::default() }, lookup);
    let to = with_host(&inner, "inner.example");
    let origin = ScriptedServer::start(vec![answer(&format!("302 Found\r\nLocation: {to}"), b"")]);
    source.url = with_host(&origin, "outer.example").into();
    let failure = visit_with(&fetcher, &source, &SourceState::default()).await.response.unwrap_err();
    assert_eq!(failure, Failure::RefusedAddress("inner.example is 127.0.0.1".into()));
    assert!(inner.requests().is_empty());
}

#[tokio::test]
async fn connections_are_reused_without_state_between_requests() {
    let body = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 7\r\n\r\n<feed/>".to_vec();
    let (origin, connections) = ScriptedServer::keep_alive(body);
    let fetcher = Fetcher::new(&Options::default());
    for _ in 0..3 {
        assert!(visit_with(&fetcher, &source(&origin.url), &SourceState::default()).await.response.is_ok());
    }
    let requests = origin.requests();
    assert_eq!((requests.len(), connections.load(Ordering::SeqCst)), (3, 1));
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    for header in ["cookie:", "referer:", "range:", "authorization:", "if-none-match:"] {
        assert!(!requests[2].contains(&format!("\r\n{header}")), "{header}");
    }
    assert!(requests[0].starts_with("get /feed http/1.1\r\n"), "the address is sent unchanged");
    assert!(requests[0].contains(&format!("user-agent: siftwire/{}\r\n", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn header_count_and_size_are_limited() {
    let many: String = (0..1000).map(|n| format!("\r\nX-{n}: 1")).collect();
    let large = format!("\r\nX: {}", "x".repeat(5_000_000));
    for headers in [many, large] {
        let origin = ScriptedServer::start(vec![answer(&format!("200 OK{headers}"), b"<feed/>")]);
        let failure = fetch(&source(&origin.url), &SourceState::default()).await.response.unwrap_err();
        assert!(matches!(failure, Failure::Connection(_)), "{failure}");
    }
}

#[tokio::test]
async fn a_trickling_response_times_out_as_a_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        assert!(client.read(&mut [0; 4096]).unwrap() > 0);
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").unwrap();
        while client.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let mut source = source(&url);
    source.access.timeout = Duration::from_millis(300);
    let fetched = fetch(&source, &SourceState::default()).await;
    assert_eq!(fetched.response.unwrap_err(), Failure::Timeout);
    assert!(fetched.info.validators.is_none());
}

#[tokio::test]
async fn a_truncated_body_is_a_failure() {
    let short = b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 100\r\nConnection: close\r\n\r\n<feed/>";
    let origin = ScriptedServer::start(vec![short.to_vec()]);
    let fetched = fetch(&source(&origin.url), &state_with_validators(&origin.url)).await;
    assert!(matches!(fetched.response, Err(Failure::Connection(_))), "{:?}", fetched.response);
    assert_eq!(fetched.info.validators, None);
}

#[tokio::test]
async fn a_move_ends_at_the_first_temporary_redirect() {
    let (_proxy, source) = behind_proxy(vec![
        answer("308 For Good\r\nLocation: http://second.example/feed", b""),
        answer("307 For Now\r\nLocation: http://last.example/feed", b""),
        answer("200 OK", b"<feed/>"),
    ]);
    let fetched = fetch(&source, &SourceState::default()).await;
    let moved_to = fetched.info.moved_to.as_ref().map(|url| url.whole().as_str());
    assert_eq!(moved_to, Some("http://second.example/feed"));
    assert!(matches!(&fetched.response, Ok(FetchResponse::Body(body))
        if body.url.whole().as_str() == "http://last.example/feed"));
}

#[tokio::test]
async fn validators_are_sent_to_the_address_they_belong_to_after_a_redirect() {
    let last: Url = "http://last.example/feed".parse().unwrap();
    let (proxy, source) = behind_proxy(vec![
        answer(&format!("302 Found\r\nLocation: {last}"), b""),
        answer("304 Not Modified", b""),
    ]);
    let fetched = fetch(&source, &state_with_validators(&last)).await;
    assert!(matches!(fetched.response, Ok(FetchResponse::NotModified)), "{:?}", fetched.response);
    let requests = proxy.requests();
    assert!(!requests[0].contains("if-none-match") && requests[1].contains("if-none-match: w/odd"));
}

#[tokio::test]
async fn a_configured_proxy_may_have_a_private_address() {
    let proxy = ScriptedServer::start(vec![answer("200 OK", b"<feed/>")]);
    let (lookup, _) = resolver(&[&["127.0.0.1"]]);
    let mut source = source(&"http://far.example/feed".parse().unwrap());
    source.access.allow_private = false;
    let mut address = with_host(&proxy, "proxy.lan");
    address.set_username("me").unwrap();
    address.set_password(Some("hush")).unwrap();
    source.access.proxy = Some(Proxy(address));
    assert!(!format!("{source:?}").contains("hush"));
    let fetcher = Fetcher::with_lookup(&Options::default(), lookup);
    assert!(visit_with(&fetcher, &source, &SourceState::default()).await.response.is_ok());
    assert!(
        proxy.requests()[0].starts_with("get http://far.example/feed http/1.1"),
        "{:?}",
        proxy.requests()
    );
}

#[tokio::test]
async fn headers_are_read_as_leniently_as_browsers_do() {
    let many: String = (0..150).map(|n| format!("X-{n}: 1\r\n")).collect();
    let heads = [
        "HTTP/1.1 200 OK\r\nContent-Type : application/rss+xml\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nContent-Type: application/rss+xml\r\n".to_owned(),
        "HTTP/1.1 200\r\nContent-Type: application/rss+xml\r\n".to_owned(),
        "HTTP/1.0 200 OK\r\nContent-Type: application/rss+xml\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX-Odd: \u{1}a\r\nContent-Type: application/rss+xml\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX Y Z\r\nContent-Type: application/rss+xml\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}Content-Type: application/rss+xml\r\n"),
        "HTTP/1.1 203 Non-Authoritative Information\r\nContent-Type: application/rss+xml\r\n".to_owned(),
    ];
    for head in heads {
        let origin =
            ScriptedServer::start(vec![format!("{head}Content-Length: 6\r\n\r\n<rss/>").into_bytes()]);
        match fetch(&source(&origin.url), &SourceState::default()).await.response {
            Ok(FetchResponse::Body(body)) => assert_eq!(body.bytes, b"<rss/>", "{head}"),
            other => panic!("{head}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_cookie_lives_within_one_visit() {
    let redirect =
        b"HTTP/1.1 302 Found\r\nSet-Cookie: visit=1; Path=/\r\nLocation: /feed\r\nContent-Length: 0\r\n\
        Connection: close\r\n\r\n";
    let body = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<rss/>";
    let origin = ScriptedServer::start(vec![redirect.to_vec(), body.to_vec(), body.to_vec()]);
    for _ in 0..2 {
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        assert!(matches!(fetched.response, Ok(FetchResponse::Body(_))), "{:?}", fetched.response);
    }
    let requests = origin.requests.lock().unwrap().clone();
    let sent: Vec<bool> = requests.iter().map(|request| request.contains("cookie: visit=1\r\n")).collect();
    assert_eq!(sent, [false, true, false], "{requests:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_no_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/feed", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        let read = |client: &mut std::net::TcpStream| {
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
        };
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>";
        // It takes the second request on the kept connection and closes that without an answer.
        let (mut first, _) = listener.accept().unwrap();
        read(&mut first);
        first.write_all(answer).unwrap();
        read(&mut first);
        drop(first);
        let (mut second, _) = listener.accept().unwrap();
        read(&mut second);
        second.write_all(answer).unwrap();
    });
    let (fetcher, source) = (Fetcher::new(&Options::default()), source(&url));
    for _ in 0..2 {
        let fetched = visit_with(&fetcher, &source, &SourceState::default()).await;
        assert!(matches!(fetched.response, Ok(FetchResponse::Body(_))), "{:?}", fetched.response);
    }
}

#[tokio::test]
async fn a_whole_document_is_read_though_its_transfer_ended_wrongly() {
    let mut document = b"<rss><channel><title>words and words and words</title></channel></rss>".repeat(40);
    document.extend_from_slice(b"\n<!-- generated in 0.1 s --><!-- cached -->\n");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&document).unwrap();
    let gzip = gzip.finish().unwrap();
    let whole_length = format!("Content-Encoding: gzip\r\nContent-Length: {}", document.len());
    let cases: [(&str, &str, Vec<u8>); 4] = [
        ("the Content-Length of what is coded", &whole_length, gzip.clone()),
        ("too long a Content-Length", "Content-Length: 99999", document.clone()),
        ("no end of its gzip", "Content-Encoding: gzip", gzip[..gzip.len() - 8].to_vec()),
        ("bytes behind its gzip", "Content-Encoding: gzip", [&gzip[..], b"\r\n<!-- cached -->"].concat()),
    ];
    for (name, header, body) in cases {
        let head = format!("HTTP/1.1 200 OK\r\nETag: \"x\"\r\n{header}\r\nConnection: close\r\n\r\n");
        let origin = ScriptedServer::start(vec![[head.as_bytes(), &body[..]].concat()]);
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        match fetched.response {
            Ok(FetchResponse::Body(read)) => assert_eq!(read.bytes, document, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(fetched.info.validators, None, "{name}");
    }
}

#[tokio::test]
async fn a_transfer_coding_is_decoded() {
    let [(_, gzip), ..] = coded(b"<feed/>");
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_vec();
    write!(answer, "{:x}\r\n", gzip.len()).unwrap();
    answer.extend([&gzip[..], b"\r\n0\r\n\r\n"].concat());
    let origin = ScriptedServer::start(vec![answer]);
    let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
    assert!(matches!(&fetched.response, Ok(FetchResponse::Body(body)) if body.bytes == b"<feed/>"));
}

#[tokio::test]
async fn codings_on_several_lines_are_one_list() {
    let gzip = |body: &[u8]| {
        let [(_, coded), ..] = coded(body);
        coded
    };
    let twice = gzip(&gzip(b"<feed/>"));
    let head = "200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip";
    let origin = ScriptedServer::start(vec![answer(head, &twice)]);
    let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
    assert!(matches!(&fetched.response, Ok(FetchResponse::Body(body)) if body.bytes == b"<feed/>"));
}

#[tokio::test]
async fn a_bot_check_is_one_whatever_its_status() {
    let page = b"<html><title>Just a moment...</title></html>";
    let html = "Retry-After: 10\r\nContent-Type: text/html";
    let cases = [
        ("503 Busy\r\ncf-mitigated: challenge\r\nRetry-After: 10".to_owned(), &b""[..], "Cloudflare"),
        ("429 Slow\r\nx-vercel-mitigated: challenge".to_owned(), b"", "Vercel"),
        (format!("503 Busy\r\n{html}"), page, "Cloudflare"),
        (format!("429 Slow\r\n{html}"), page, "Cloudflare"),
    ];
    for (head, body, by) in cases {
        let origin = ScriptedServer::start(vec![answer(&head, body)]);
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        assert_eq!(fetched.response.unwrap_err(), Failure::BotCheck(by), "{head}");
        assert!(!fetched.info.answer.unwrap().response.is_refusal, "{head}: its other sources go on");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_named_so() {
    for (answer, part) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n<rss/>"[..], "invalid content-length"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<rss/>",
            "Invalid chunk size line: missing size digit",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 6\r\n\r\n<rss/>",
            "invalid content-length",
        ),
        (b"ICY 200 OK\r\n\r\n<rss/>", "invalid HTTP version"),
    ] {
        let origin = ScriptedServer::start(vec![answer.to_vec()]);
        let fetched = fetch(&source(&origin.url), &SourceState::default()).await;
        let words = format!("connection lost: the server's answer is not HTTP as RFC 9112 has it: {part}");
        assert_eq!(fetched.response.unwrap_err().to_string(), words);
    }
}
