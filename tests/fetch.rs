//! One visit against a scripted loopback site that keeps every request as it came.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the site needs a thread")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use siftwire::ingest::fetch::{Answer, Fetcher, Options, Visit};
use siftwire::source::{
    Access, Authorization, Failure, Moved, Pace, Secret, Source, SourceState, Validators,
};
use url::Url;

/// Answers each connection with the next of its answers, and closes it.
struct Origin {
    url: Url,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Origin {
    fn start(answers: Vec<Vec<u8>>) -> Origin {
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
                // A client that has seen enough goes away.
                let _ = client.write_all(&answer);
            }
        });
        Origin { url, requests }
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
        name: "a".into(),
        url: url.clone(),
        title: None,
        pace: Pace { every: Duration::from_secs(60), at_most: Duration::from_secs(600), adaptive: true },
        access: Access {
            timeout: Duration::from_secs(5),
            max_body: 100_000,
            user_agent: None,
            headers: Vec::new(),
            authorization: None,
            proxy: None,
            allow_private: true,
        },
        language: None,
        first_poll: 20,
        stories: true,
    }
}

fn remembered(url: &Url) -> SourceState {
    let validators = Validators {
        url: url.clone(),
        etag: Some(b"W/odd".to_vec()),
        last_modified: Some(b"yesterday, I think".to_vec()),
    };
    SourceState { validators: Some(validators), ..SourceState::default() }
}

async fn visit(source: &Source, state: &SourceState) -> Visit {
    let options = Options { contact: Some("https://example.org/us".into()), ..Options::default() };
    Fetcher::new(&options).visit(source, state, "2026-11-01T12:00:00Z".parse().unwrap()).await
}

#[tokio::test]
async fn validators_are_echoed_as_they_came_and_who_asks_is_said() {
    let origin = Origin::start(vec![answer("304 Not Modified\r\nETag: \"new\"", b"")]);
    let visit = visit(&source(&origin.url), &remembered(&origin.url)).await;
    assert!(matches!(visit.answer, Ok(Answer::NotModified)));
    let kept = visit.facts.validators.unwrap();
    assert_eq!(kept.etag.as_deref(), Some(&b"\"new\""[..]));
    assert_eq!(kept.last_modified.as_deref(), Some(&b"yesterday, I think"[..]));
    let request = &origin.requests()[0];
    for line in [
        "if-none-match: w/odd",
        "if-modified-since: yesterday, i think",
        "a-im: feed",
        "(+https://example.org/us)",
        "accept: application/atom+xml",
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
async fn a_304_that_nobody_asked_for_leaves_no_validators() {
    let origin = Origin::start(vec![answer("304 Not Modified\r\nETag: \"x\"", b"")]);
    let visit = visit(&source(&origin.url), &SourceState::default()).await;
    assert_eq!(visit.answer.unwrap_err(), Failure::Status(304));
    assert_eq!(visit.facts.validators, None);
}

#[tokio::test]
async fn a_226_is_a_body() {
    let origin = Origin::start(vec![answer("226 IM Used\r\nIM: feed", b"<feed/>")]);
    assert!(matches!(
        visit(&source(&origin.url), &remembered(&origin.url)).await.answer,
        Ok(Answer::Body(body)) if body.bytes == b"<feed/>"
    ));
}

#[tokio::test]
async fn secrets_and_validators_of_one_site_are_not_sent_to_another() {
    let other = Origin::start(vec![answer("200 OK", b"<feed/>")]);
    let head = format!("301 Moved\r\nLocation: {}", other.url.as_str().replace("//", "//eve:eve@"));
    let origin = Origin::start(vec![answer(&head, b"")]);
    let mut source = source(&origin.url);
    source.access.headers = vec![("X-Key".into(), Secret("hush".into()))];
    source.access.authorization = Some(Authorization::Bearer(Secret("token".into())));
    let visit = visit(&source, &remembered(&origin.url)).await;
    assert_eq!(visit.facts.moved_to.as_ref(), Some(&other.url));
    assert!(matches!(visit.answer, Ok(Answer::Body(_))));
    assert!(origin.requests()[0].contains("x-key: hush") && origin.requests()[0].contains("bearer token"));
    for secret in ["x-key", "authorization", "if-none-match", "if-modified-since", "referer"] {
        assert!(!other.requests()[0].contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_temporary_hop_makes_no_move() {
    let other = Origin::start(vec![answer("200 OK", b"<feed/>")]);
    let origin = Origin::start(vec![answer(&format!("302 Found\r\nLocation: {}", other.url), b"")]);
    assert_eq!(visit(&source(&origin.url), &SourceState::default()).await.facts.moved_to, None);
}

#[tokio::test]
async fn a_confirmed_move_is_asked_at_once_and_the_old_address_after_a_failure() {
    let new = Origin::start(vec![answer("200 OK", b"<feed/>")]);
    let old = Origin::start(vec![answer("200 OK", b"<feed/>")]);
    let since = "2026-10-01T12:00:00Z".parse().unwrap();
    let moved = Moved { from: old.url.clone(), to: new.url.clone(), since, confirmed: true };
    let mut state = SourceState { moved: Some(moved), ..SourceState::default() };
    assert!(visit(&source(&old.url), &state).await.answer.is_ok());
    assert_eq!((new.requests().len(), old.requests().len()), (1, 0));
    state.failures = 1;
    assert!(visit(&source(&old.url), &state).await.answer.is_ok());
    assert_eq!((new.requests().len(), old.requests().len()), (1, 1));
}

#[tokio::test]
async fn private_addresses_are_refused_on_every_hop() {
    let origin = Origin::start(vec![
        answer("302 Found\r\nLocation: http://169.254.169.254/latest", b""),
        answer("302 Found\r\nLocation: http://0x7f.1/", b""),
        answer("302 Found\r\nLocation: http://localhost/", b""),
        answer("302 Found\r\nLocation: file:///etc/passwd", b""),
    ]);
    let mut named = source(&origin.url);
    let failure = visit(&named, &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::RefusedAddress(_)), "{failure}");
    // 0x7f.1 is the very host that the user allowed: he may be sent round in it, but finds nobody there.
    let failure = visit(&named, &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure}");
    let failure = visit(&named, &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::RefusedAddress(_)), "{failure}");
    let failure = visit(&named, &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::Redirect(_)), "{failure}");
    named.access.allow_private = false;
    let failure = visit(&named, &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::RefusedAddress(_)), "{failure}");
    assert_eq!(origin.requests().len(), 4, "what is refused is not asked");
}

#[tokio::test]
async fn redirects_end() {
    let origin = Origin::start(vec![answer("302 Found\r\nLocation: /feed", b""); 9]);
    let failure = visit(&source(&origin.url), &SourceState::default()).await.answer.unwrap_err();
    assert!(matches!(failure, Failure::Redirect(_)), "{failure}");
    assert_eq!(origin.requests().len(), 6);
}

/// A body in each coding that is offered.
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
async fn a_body_is_read_in_every_coding_that_is_offered() {
    for (coding, body) in coded(b"<feed>words</feed>") {
        let origin = Origin::start(vec![answer(&format!("200 OK\r\nContent-Encoding: {coding}"), &body)]);
        let visit = visit(&source(&origin.url), &SourceState::default()).await;
        assert!(
            matches!(&visit.answer, Ok(Answer::Body(body)) if body.bytes == b"<feed>words</feed>"),
            "{coding}: {:?}",
            visit.answer
        );
    }
}

#[tokio::test]
async fn a_bomb_in_any_coding_is_cut_off_at_the_limit() {
    for (coding, body) in coded(&vec![0; 10_000_000]) {
        let head = format!("200 OK\r\nContent-Encoding: {coding}\r\nETag: \"x\"");
        let origin = Origin::start(vec![answer(&head, &body)]);
        let visit = visit(&source(&origin.url), &SourceState::default()).await;
        assert_eq!(visit.answer.unwrap_err(), Failure::TooLarge(100_000), "{coding}");
        assert!(visit.facts.bytes < 300_000 && visit.facts.validators.is_none(), "{coding}");
    }
}

#[tokio::test]
async fn statuses_have_their_meaning() {
    let origin = Origin::start(vec![
        answer("410 Gone", b""),
        answer("429 Slow\r\nRetry-After: 99999999999999999999", b""),
        answer("404 No", b""),
    ]);
    let source = source(&origin.url);
    let failed = async || visit(&source, &SourceState::default()).await.answer.unwrap_err();
    assert_eq!(failed().await, Failure::Gone);
    assert!(matches!(failed().await, Failure::Throttled { status: 429, until: Some(_) }));
    assert_eq!(failed().await, Failure::Status(404));
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_given_up() {
    // It takes connections, in the system's own queue, and never reads one.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
    let mut source = source(&url);
    source.access.timeout = std::time::Duration::from_millis(100);
    assert_eq!(visit(&source, &SourceState::default()).await.answer.unwrap_err(), Failure::Timeout);
}
