//! The HTTP server over raw sockets on loopback.

#![allow(clippy::disallowed_methods, reason = "a test starts the tasks that it needs")]
#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use siftwire::publish::archive::{PageState, RenderedPage};
use siftwire::publish::document_cache::{DocumentCache, FormerName, Representation};
use siftwire::publish::format::Format;
use siftwire::serve::{
    ArchiveReader, ConnectionLimits, HttpSettings, ListenAddress, Listener, OutputPageAnswer,
    OutputPageReader, PrivatePageReader, Readiness, SearchAnswer, SearchReader, ServerState,
    SharedHttpSettings, StoreHealth, StoreReaders, routes, run,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const CHANGED: i64 = 1_700_000_000;

struct Server {
    address: std::net::SocketAddr,
    document_cache: Arc<DocumentCache>,
    readiness: Arc<Readiness>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn body() -> Vec<u8> {
    "<feed>all quiet here</feed>\n".repeat(200).into_bytes()
}

async fn start(limits: ConnectionLimits) -> Server {
    let document_cache = Arc::new(DocumentCache::default());
    let changed = Timestamp::from_second(CHANGED).unwrap();
    document_cache.insert_document("calm", Format::Atom, body(), changed);
    document_cache.insert_document("calm", Format::Html, b"<!doctype html><p>hello".to_vec(), changed);
    document_cache.set_former_names(&[("old", FormerName::Gone), ("last", FormerName::Renamed("calm"))]);
    let archive: ArchiveReader = Arc::new(move |name, number, format| {
        Box::pin(async move {
            let text = format!("{name} {number} {format:?}").into_bytes();
            let state = if number == 2 { PageState::Full } else { PageState::Open };
            let page = || RenderedPage {
                representation: Arc::new(Representation::new(format.content_type(), text, changed)),
                state,
            };
            Ok((number <= 2).then(page))
        })
    });
    let private: PrivatePageReader = Arc::new(move |page| {
        let text = format!("{page:?}").into_bytes();
        Box::pin(async move { Ok(Some(Representation::new(Format::Html.content_type(), text, changed))) })
    });
    let output: OutputPageReader = Arc::new(move |name, page| {
        let text = format!("{name} {page:?}").into_bytes();
        let page = Arc::new(Representation::new(Format::Html.content_type(), text, changed));
        Box::pin(async move { Ok(OutputPageAnswer::Found(page)) })
    });
    let search: SearchReader = Arc::new(|_, _, _| Box::pin(async { Ok(SearchAnswer::Busy) }));
    let readiness = Arc::new(Readiness::default());
    let state = ServerState::new(
        Arc::clone(&document_cache),
        StoreReaders { archive, output, private, search },
        SharedHttpSettings::new(HttpSettings {
            max_age: Duration::from_secs(60),
            token: None,
            public_url: "http://localhost".parse().unwrap(),
        }),
        Arc::clone(&readiness),
        Arc::default(),
    );
    let listener = Listener::bind(&ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let Some(ListenAddress::Tcp(address)) = listener.address() else { panic!("a TCP socket has an address") };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(run(Arc::new(listener), routes(state), limits, async {
        let _ = stopped.await;
    }));
    Server { address, document_cache, readiness, stop: Some(stop), task }
}

impl Server {
    async fn send(&self, request: &str) -> Response {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a complete head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        Response { status, head, body: bytes[end + 4..].to_vec() }
    }

    async fn request(&self, method: &str, path: &str, headers: &str) -> Response {
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: odd.example\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }

    async fn get(&self, headers: &str) -> Response {
        self.request("GET", "/feeds/calm.atom", headers).await
    }
}

#[tokio::test]
async fn get_returns_the_document_with_its_headers() {
    let server = start(ConnectionLimits::default()).await;
    let response = server.get("").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body, body());
    for (name, value) in [
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("last-modified", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("cache-control", "public, max-age=60"),
        ("vary", "Accept-Encoding, Accept"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    assert_eq!(response.header("content-encoding"), None);
    assert!(response.header("etag").unwrap().starts_with('"'));
    assert_eq!(response.header("server"), None);
}

#[tokio::test]
async fn head_returns_the_headers_of_get() {
    let server = start(ConnectionLimits::default()).await;
    let (get, head) = (server.get("").await, server.request("HEAD", "/feeds/calm.atom", "").await);
    let without_date = |response: &Response| {
        let lines = response.head.lines().filter(|line| !line.starts_with("date:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_date(&get), without_date(&head));
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn each_coding_decodes_to_the_document_and_has_its_own_etag() {
    let server = start(ConnectionLimits::default()).await;
    let mut tags = vec![server.get("").await.header("etag").unwrap().to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let response = server.get(&format!("Accept-Encoding: {coding}\r\n")).await;
        assert_eq!(response.header("content-encoding"), Some(coding));
        assert!(response.body.len() < body().len() / 4);
        assert_eq!(decoded(coding, &response.body), body(), "{coding}");
        tags.push(response.header("etag").unwrap().to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => std::io::copy(&mut flate2::read::GzDecoder::new(bytes), &mut out),
        "br" => std::io::copy(&mut brotli::Decompressor::new(bytes, 4096), &mut out),
        _ => zstd::stream::copy_decode(bytes, &mut out).map(|()| 0),
    }
    .unwrap();
    out
}

#[tokio::test]
async fn accept_encoding_selects_the_coding() {
    let server = start(ConnectionLimits::default()).await;
    for (accept, coding) in [
        ("gzip, deflate, br", Some("br")),
        ("gzip;q=0.8, br;q=0.2", Some("gzip")),
        ("br;q=0, zstd;q=0, *", Some("gzip")),
        ("*", Some("br")),
        ("*;q=0", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("x-gzip", Some("gzip")),
        ("GZIP ; Q=1.0", Some("gzip")),
        ("identity;q=1, gzip;q=0.5", None),
        ("deflate", None),
        ("gzip;q=rubbish", None),
        ("", None),
    ] {
        let response = server.get(&format!("Accept-Encoding: {accept}\r\n")).await;
        assert_eq!(response.header("content-encoding"), coding, "{accept}");
        assert_eq!(response.status, 200);
    }
}

#[tokio::test]
async fn preconditions_follow_rfc_9110() {
    let server = start(ConnectionLimits::default()).await;
    let plain = server.get("").await.header("etag").unwrap().to_owned();
    let gzip = server.get("Accept-Encoding: gzip\r\n").await.header("etag").unwrap().to_owned();
    let same = "Tue, 14 Nov 2023 22:13:20 GMT";
    for (headers, status) in [
        (format!("If-None-Match: {plain}"), 304),
        (format!("If-None-Match: W/{plain}"), 304),
        (format!("If-None-Match: \"x\", W/\"y\" , {plain}"), 304),
        (format!("If-None-Match: \"x\"\r\nIf-None-Match: {plain}"), 304),
        ("If-None-Match: *".to_owned(), 304),
        ("If-None-Match: \"x\"".to_owned(), 200),
        (format!("If-None-Match: {}", plain.trim_matches('"')), 200),
        // A tag of a coding that the client no longer accepts does not match.
        (format!("If-None-Match: {gzip}"), 200),
        (format!("If-None-Match: {gzip}\r\nAccept-Encoding: br, gzip"), 304),
        (format!("If-None-Match: {plain}\r\nAccept-Encoding: br, gzip"), 304),
        (format!("If-Modified-Since: {same}"), 304),
        ("If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT".to_owned(), 304),
        ("If-Modified-Since: Tue Nov 14 22:13:20 2023".to_owned(), 304),
        ("If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT".to_owned(), 200),
        ("If-Modified-Since: yesterday".to_owned(), 200),
        (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {same}"), 200),
        (format!("If-Match: {plain}"), 200),
        ("If-Match: \"x\"".to_owned(), 412),
        ("If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT".to_owned(), 412),
    ] {
        let response = server.get(&format!("{headers}\r\n")).await;
        assert_eq!(response.status, status, "{headers}");
        if status == 304 {
            assert!(response.body.is_empty());
            assert!(response.header("etag").is_some() && response.header("vary").is_some());
            assert!(response.header("cache-control").is_some());
            assert_eq!(response.header("content-type"), None);
        }
    }
    let held = server.get(&format!("If-None-Match: {gzip}\r\nAccept-Encoding: br, gzip\r\n")).await;
    assert_eq!(held.header("etag"), Some(gzip.as_str()));
}

#[tokio::test]
async fn a_change_of_one_output_keeps_the_validators_of_another() {
    let server = start(ConnectionLimits::default()).await;
    let before = server.get("").await;
    let later = Timestamp::from_second(CHANGED + 500).unwrap();
    server.document_cache.insert_document("other", Format::Atom, b"<feed/>".to_vec(), later);
    server.document_cache.insert_document("calm", Format::Atom, body(), later);
    let after = server.get("").await;
    assert_eq!(before.header("etag"), after.header("etag"));
    assert_eq!(before.header("last-modified"), after.header("last-modified"));
    server.document_cache.insert_document("calm", Format::Atom, b"<feed>new</feed>".to_vec(), later);
    let changed = server.get("").await;
    assert_ne!(before.header("etag"), changed.header("etag"));
    assert_eq!(changed.header("last-modified"), Some("Tue, 14 Nov 2023 22:21:40 GMT"));
}

#[tokio::test]
async fn other_methods_and_paths_get_the_right_error_status() {
    let server = start(ConnectionLimits::default()).await;
    for (method, path, status) in [
        ("GET", "/feeds/none.atom", 404),
        ("POST", "/feeds/none.atom", 404),
        ("GET", "/../etc/passwd", 404),
        ("GET", "/feeds/old.rss", 410),
        ("HEAD", "/feeds/old", 410),
        ("GET", "/feeds/last.atom", 301),
        ("HEAD", "/feeds/last", 301),
        ("POST", "/feeds/last.rss", 405),
        ("POST", "/feeds/calm.atom", 405),
        ("DELETE", "/healthz", 405),
        ("OPTIONS", "/feeds/calm.atom", 204),
    ] {
        let response = server.request(method, path, "").await;
        assert_eq!(response.status, status, "{method} {path}");
        let allow = (status == 405 || status == 204).then_some("GET, HEAD, OPTIONS");
        assert_eq!(response.header("allow"), allow, "{method} {path}");
        assert!(!String::from_utf8_lossy(&response.body).contains(path));
    }
}

/// Readers run in browsers too; what is for people and the operator is read by no other site.
#[tokio::test]
async fn other_origins_may_read_feeds_alone() {
    let server = start(ConnectionLimits::default()).await;
    let changed = Timestamp::from_second(CHANGED).unwrap();
    server.document_cache.set_base_path("/news");
    for format in Format::ALL {
        server.document_cache.insert_document("_health", format, b"health".to_vec(), changed);
    }
    for path in ["/", "/outputs.opml"] {
        server.document_cache.insert(path, Representation::new("text/html", b"x".to_vec(), changed));
    }
    for (path, status, is_allowed) in [
        ("/feeds/calm.atom", 200, true),
        ("/news/feeds/calm.atom", 200, true),
        ("/feeds/calm/archive/2.atom", 200, true),
        ("/feeds/old.atom", 410, true),
        ("/feeds/last.atom", 301, true),
        ("/feeds/last/archive/2.atom", 301, true),
        ("/feeds/calm", 200, false),
        ("/feeds/last", 301, false),
        ("/", 200, false),
        ("/outputs.opml", 200, false),
        ("/feeds/_health", 200, false),
        ("/feeds/_health.atom", 200, false),
        ("/news/feeds/%5Fhealth.rss", 200, false),
        ("/feeds/_health.json", 200, false),
        ("/metrics", 200, false),
        ("/healthz", 200, false),
        ("/readyz", 503, false),
        ("/feeds/none.atom", 404, false),
        ("/feeds/calm/archive/3.atom", 404, false),
    ] {
        let origin = "Origin: https://other.example\r\nAccess-Control-Request-Method: GET\r\n";
        for method in ["GET", "HEAD", "OPTIONS"] {
            let response = server.request(method, path, origin).await;
            let expected = if method == "OPTIONS" && !matches!(status, 404 | 410) { 204 } else { status };
            assert_eq!(response.status, expected, "{method} {path}");
            let allowed = response.header("access-control-allow-origin");
            assert_eq!(allowed, is_allowed.then_some("*"), "{method} {path}");
            let is_preflight = is_allowed && expected == 204;
            let methods = response.header("access-control-allow-methods");
            assert_eq!(methods.is_some(), is_preflight, "{method} {path}");
        }
    }
    let tag = server.get("").await.header("etag").unwrap().to_owned();
    for (header, status) in [("If-None-Match", 304), ("If-Match", 412)] {
        let tag = if status == 304 { &tag } else { "\"other\"" };
        let response = server.get(&format!("{header}: {tag}\r\n")).await;
        assert_eq!((response.status, response.header("access-control-allow-origin")), (status, Some("*")));
    }
}

#[tokio::test]
async fn full_archive_pages_are_immutable_and_have_one_address_each() {
    let server = start(ConnectionLimits::default()).await;
    let page = server.request("GET", "/feeds/calm/archive/2.rss", "").await;
    // The cache of this test has the output only in Atom.
    assert_eq!(page.status, 404);
    let page = server.request("GET", "/feeds/calm/archive/2.atom", "").await;
    assert_eq!(page.body, b"calm 2 Atom");
    assert_eq!(page.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = page.header("etag").unwrap();
    let again =
        server.request("GET", "/feeds/calm/archive/2.atom", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!(again.status, 304);
    let held = format!("If-None-Match: {tag}\r\n");
    let head = server.request("HEAD", "/feeds/calm/archive/2.atom", &held).await;
    assert_eq!((head.status, head.header("content-length")), (304, None), "the page is not empty");
    let page = server.request("GET", "/feeds/calm/archive/2", "").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=60")));
    assert_eq!(
        (page.header("access-control-allow-origin"), page.header("vary")),
        (None, Some("Accept-Encoding"))
    );
    for path in ["3.atom", "0.atom", "02.atom", "+2.atom", "02", "2/", "2.atom/", "99999999999.atom"] {
        assert_eq!(
            server.request("GET", &format!("/feeds/calm/archive/{path}"), "").await.status,
            404,
            "{path}"
        );
    }
    assert_eq!(server.request("GET", "/feeds/none/archive/1.atom", "").await.status, 404);
    assert_eq!(server.request("GET", "/feeds/old/archive/1.atom", "").await.status, 410);
    let moved = server.request("GET", "/feeds/last/archive/1.atom", "").await;
    assert_eq!((moved.status, moved.header("location")), (301, Some("/feeds/calm/archive/1.atom")));
}

#[tokio::test]
async fn every_path_also_works_below_the_path_of_public_url() {
    let server = start(ConnectionLimits::default()).await;
    let status = async |path: &str| server.request("GET", path, "").await.status;
    assert_eq!(status("/news/feeds/calm").await, 404);
    // A prefix that is also the start of our own paths is the hardest case.
    for (base, inside, outside) in
        [("/feeds/", "/feeds", "/news"), ("/news", "/news", "/feeds"), ("/", "", "/news")]
    {
        server.document_cache.set_base_path(base);
        for path in ["/feeds/calm", "/feeds/calm/archive/2.atom", "/healthz"] {
            assert_eq!(status(path).await, 200, "{path} below {base}");
            assert_eq!(status(&format!("{inside}{path}")).await, 200, "{inside}{path} below {base}");
            assert_eq!(status(&format!("{outside}{path}")).await, 404, "{outside}{path} below {base}");
        }
        assert_eq!(status(&format!("/x{inside}/feeds/calm")).await, 404);
    }
}

#[tokio::test]
async fn every_percent_encoding_of_a_name_is_found() {
    let server = start(ConnectionLimits::default()).await;
    let changed = Timestamp::from_second(CHANGED).unwrap();
    server.document_cache.insert_document("\u{570} & \"b\"", Format::Atom, body(), changed);
    server.document_cache.set_base_path("/n%20%C3%A9");
    for (path, status) in [
        ("/feeds/%D5%B0%20&%20%22b%22.atom", 200),
        ("/feeds/%d5%b0%20%26%20%22b%22%2Eatom", 200),
        ("/n%20%C3%A9/feeds/%D5%B0%20&%20%22b%22.atom", 200),
        ("/feeds/%D5%B0%20&%20%22b%22/archive/2.atom", 200),
        ("/f%65eds/c%61lm.atom", 200),
        ("/%68ealthz", 200),
        ("/f%65eds/calm/archive/2.%61tom", 200),
        ("/feeds/calm%2Farchive/2.atom", 404),
        ("/feeds/%ff/archive/2.atom", 404),
        ("/feeds%2Fcalm.atom", 404),
        ("/feeds/calm.atom%00", 404),
        ("/feeds/%ff", 404),
        ("/feeds/%", 404),
    ] {
        assert_eq!(server.request("GET", path, "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_request_needs_exactly_one_valid_host() {
    let server = start(ConnectionLimits::default()).await;
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost:\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: a:8080\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: [::1]:8080\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a\"><script>\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET http://a/healthz HTTP/1.1\r\nHost: b\r\n", 200),
        ("OPTIONS * HTTP/1.1\r\nHost: b\r\n", 204),
    ] {
        let response = server.send(&format!("{request}Connection: close\r\n\r\n")).await;
        assert_eq!(response.status, status, "{request}");
    }
}

#[tokio::test]
async fn a_request_body_is_ignored() {
    let server = start(ConnectionLimits::default()).await;
    for body in [
        "Content-Length: 5\r\n\r\nhello",
        "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        for (method, status) in [("GET", 200), ("POST", 405), ("OPTIONS", 204)] {
            let head = format!("{method} /feeds/calm.atom HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
            let response = server.send(&format!("{head}{body}")).await;
            assert_eq!(response.status, status, "{method} {body}");
        }
    }
}

#[tokio::test]
async fn range_and_origin_headers_change_nothing() {
    let server = start(ConnectionLimits::default()).await;
    let response =
        server.get("Range: bytes=0-9\r\nOrigin: https://a.example\r\nX-Forwarded-Host: b.example\r\n").await;
    assert_eq!((response.status, response.body), (200, body()));
}

#[tokio::test]
async fn pages_have_a_content_security_policy_without_scripts() {
    let server = start(ConnectionLimits::default()).await;
    let page = server.request("GET", "/feeds/calm", "").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("unsafe"));
}

#[tokio::test]
async fn healthz_readyz_and_metrics_report_the_state() {
    let server = start(ConnectionLimits::default()).await;
    assert_eq!(server.request("GET", "/healthz", "").await.status, 200);
    assert_eq!(server.request("GET", "/readyz", "").await.status, 503);
    server.readiness.set_started();
    assert_eq!(server.request("GET", "/readyz", "").await.status, 200);
    server.readiness.set_store(StoreHealth::Unwritable);
    assert_eq!(server.request("GET", "/healthz", "").await.status, 200, "the process is alive");
    assert_eq!(server.request("GET", "/readyz", "").await.status, 503);
    server.readiness.set_store(StoreHealth::Writable);
    server.readiness.set_stuck_task(Some("poller"));
    assert_eq!(server.request("GET", "/readyz", "").await.status, 503);
    let page = server.request("GET", "/metrics", "").await;
    assert!(page.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    assert!(String::from_utf8_lossy(&page.body).contains("# TYPE siftwire_polls_total counter"));
}

#[tokio::test]
async fn request_heads_are_limited() {
    let server = start(ConnectionLimits::default()).await;
    let long = server.get(&format!("X-Long: {}\r\n", "a".repeat(40_000))).await;
    assert_eq!(long.status, 431);
    let many = server.get(&"X-Many: a\r\n".repeat(200)).await;
    assert_eq!(many.status, 431);
    assert_eq!(server.get("").await.status, 200);
}

#[tokio::test]
async fn a_client_that_never_completes_a_head_is_disconnected() {
    let limits = ConnectionLimits { head: Duration::from_millis(50), ..ConnectionLimits::default() };
    let server = start(limits).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), slow.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection was still open");
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), idle.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection was still open after a response");
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_stops_reading_is_disconnected() {
    let limits = ConnectionLimits {
        connections: 1,
        grace: Duration::MAX,
        stall: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let server = start(limits).await;
    // More than both socket buffers hold.
    let page = vec![b' '; 32 << 20];
    server.document_cache.insert_document("calm", Format::Rss, page, Timestamp::UNIX_EPOCH);
    let mut stuck = TcpStream::connect(server.address).await.unwrap();
    stuck.write_all(b"GET /feeds/calm.rss HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    stuck.readable().await.unwrap();
    let second = tokio::time::timeout(Duration::from_secs(10), server.request("GET", "/healthz", "")).await;
    assert_eq!(second.expect("the connection slot is free again").status, 200);
}

#[tokio::test]
async fn connections_above_the_limit_wait() {
    let limits = ConnectionLimits { connections: 1, grace: Duration::MAX, ..ConnectionLimits::default() };
    let server = start(limits).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = Box::pin(server.request("GET", "/healthz", ""));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut second).await;
    assert!(early.is_err(), "the second was served while the first was open");
    drop(first);
    assert_eq!(second.await.status, 200);
}

/// Those that send no head, and those that do not read.
#[tokio::test]
async fn slow_clients_give_way_to_a_health_check_of_this_machine() {
    let server = start(ConnectionLimits { connections: 20, ..ConnectionLimits::default() }).await;
    let page = vec![b' '; 32 << 20];
    server.document_cache.insert_document("calm", Format::Rss, page, Timestamp::UNIX_EPOCH);
    for request in ["GET / HTTP/1.1\r\nHost:", "GET /feeds/calm.rss HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut slow = Vec::new();
        for _ in 0..60 {
            let mut client = TcpStream::connect(server.address).await.unwrap();
            client.write_all(request.as_bytes()).await.unwrap();
            slow.push(client);
        }
        for _ in 0..3 {
            let check = tokio::time::timeout(Duration::from_secs(9), server.request("GET", "/healthz", ""));
            assert_eq!(check.await.expect("a place").status, 200, "{request}");
        }
    }
}

#[tokio::test]
async fn shutdown_closes_idle_connections_and_the_listener() {
    let mut server = start(ConnectionLimits::default()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    idle.read_exact(&mut byte).await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(4), &mut server.task).await.expect("it stops in time").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stale_unix_socket_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let listen = ListenAddress::Unix(folder.path().join("socket"));
    drop(Listener::bind(&listen).await.unwrap());
    let live = Listener::bind(&listen).await.unwrap();
    let mode = std::fs::metadata(folder.path().join("socket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "a web server in front runs as another user");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "mine").unwrap();
    assert!(Listener::bind(&ListenAddress::Unix(file.clone())).await.is_err());
    assert_eq!(std::fs::read(file).unwrap(), b"mine", "a regular file is not removed");
    let taken = Listener::bind(&listen).await.unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    drop(live);
}

/// What programs send as `Accept`, and whether they are browsers that show a page.
const ACCEPTS: [(&str, bool); 24] = [
    // Chrome, Firefox, Safari, Lynx, and whoever asks for a page.
    (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        true,
    ),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/png,image/svg+xml,*/*;q=0.8", true),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
    ("text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01", true),
    ("text/html", true),
    ("Text/HTML;charset=utf-8, */*;q=0.5", true),
    // newsboat, Liferea, Akregator, Thunderbird, feedparser, SimplePie, Miniflux, NetNewsWire, Vienna, Java, curl.
    ("application/atom+xml, application/rss+xml, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.7", false),
    ("application/atom+xml,application/xml;q=0.9,text/xml;q=0.8,*/*;q=0.7", false),
    ("text/html, text/*;q=0.9, image/jpeg;q=0.9, image/png;q=0.9, image/*;q=0.9, */*;q=0.8", false),
    ("text/html, image/jpeg;q=0.9, image/png;q=0.9, text/*;q=0.9, image/*;q=0.9, */*;q=0.8", false),
    (
        "application/atom+xml,application/rss+xml;q=0.9,application/rdf+xml;q=0.8,application/xml;q=0.7,text/xml;q=0.7,*/*;q=0.6",
        false,
    ),
    (
        "application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
        false,
    ),
    (
        "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, unknown/unknown;q=0.1, */*;q=0.1",
        false,
    ),
    ("application/xml, application/atom+xml, application/rss+xml, text/html, */*;q=0.9", false),
    ("text/html,application/rss+xml,application/xhtml+xml", false),
    ("application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5", false),
    ("text/html,application/xhtml+xml,application/json", false),
    ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", false),
    ("text/html, application/xhtml+xml, text/xml", false),
    ("text/html, */*", false),
    ("text/html;q=0, application/xhtml+xml", false),
    ("application/feed+json", false),
    ("*/*", false),
    ("", false),
];

#[tokio::test]
async fn browsers_get_a_page_and_readers_the_feed() {
    let server = start(ConnectionLimits::default()).await;
    let page = server.request("GET", "/feeds/calm", "").await;
    let page_tag = page.header("etag").unwrap().to_owned();
    for (accept, is_browser) in ACCEPTS {
        let accept = format!("Accept: {accept}\r\n");
        let response = server.get(&accept).await;
        assert_eq!((response.status, response.header("vary")), (200, Some("Accept-Encoding, Accept")));
        let kind = response.header("content-type").unwrap();
        assert!(response.body == if is_browser { page.body.clone() } else { body() }, "{accept}");
        let (expected, caching) = match is_browser {
            true => ("text/html; charset=utf-8", "private, no-cache"),
            false => ("application/atom+xml; charset=utf-8", "public, max-age=60"),
        };
        assert_eq!(kind, expected, "{accept}");
        assert_eq!(response.header("cache-control"), Some(caching));
        assert_eq!(response.header("access-control-allow-origin").is_some(), !is_browser);
        assert!(!response.head.contains("attachment"));
        // Nobody's copy is confirmed by what the other gets.
        let status = server.get(&format!("{accept}If-None-Match: {page_tag}\r\n")).await.status;
        assert_eq!(status, if is_browser { 304 } else { 200 }, "{accept}");
    }
    let chrome = format!("Accept: {}\r\n", ACCEPTS[0].0);
    let archive = server.request("GET", "/feeds/calm/archive/2.atom", &chrome).await;
    assert_eq!(archive.header("content-type"), Some("application/xml; charset=utf-8"));
    assert_eq!(archive.header("vary"), Some("Accept-Encoding, Accept"));
    let archive = server.request("GET", "/feeds/calm/archive/2.atom", "Accept: */*\r\n").await;
    assert_eq!(archive.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    // A page is a page for everybody.
    assert_eq!(page.header("vary"), Some("Accept-Encoding"));
    assert_eq!(
        server.request("HEAD", "/feeds/calm.atom", &chrome).await.header("etag"),
        Some(page_tag.as_str())
    );
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_address_without() {
    let server = start(ConnectionLimits::default()).await;
    server.document_cache.set_base_path("/news");
    for (path, status, location) in [
        ("/feeds/calm/", 301, Some("/news/feeds/calm")),
        ("/news/feeds/calm/", 301, Some("/news/feeds/calm")),
        ("/feeds/calm.atom/", 301, Some("/news/feeds/calm.atom")),
        ("/feeds/%63alm/", 301, Some("/news/feeds/calm")),
        ("/feeds/last/", 301, Some("/news/feeds/calm")),
        ("/feeds/old/", 410, None),
        ("/feeds/none/", 404, None),
        ("/feeds/calm//", 404, None),
        ("/feeds/", 404, None),
        ("//evil.example/", 404, None),
        ("//evil.example/feeds/calm/", 404, None),
    ] {
        let response = server.request("GET", path, "").await;
        assert_eq!((response.status, response.header("location")), (status, location), "{path}");
    }
}

#[tokio::test]
async fn a_search_that_is_one_too_many_is_told_when_to_come_again() {
    let server = start(ConnectionLimits::default()).await;
    for path in ["/try?q=a", "/try.atom?q=a", "/try.rss?q=a", "/try.json?q=a"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let response = server.send(&request).await;
        assert_eq!((response.status, response.header("retry-after")), (503, Some("1")), "{path}");
    }
}
