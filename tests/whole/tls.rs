//! TLS sites: with HTTP/2 and a certificate that only `SSL_CERT_FILE` contains; with chains that are refused, and the words
//! for each. `tls/make.sh` makes the chains.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use hyper::service::service_fn;
use hyper::{Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::program::Home;

/// For 127.0.0.1, valid until 2126, used only by these tests.
const CERTIFICATE: &str = include_str!("tls/certificate.pem");
const KEY: &str = include_str!("tls/key.pem");

const FEED: &str =
    "<rss version=\"2.0\"><channel><title>T</title><item><title>One</title></item></channel></rss>";

/// Serves a feed with this chain on its own thread until the process ends. Returns its address, and the HTTP version of
/// each request.
fn site(chain: &[&str]) -> (String, Arc<Mutex<Vec<Version>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket can be");
    let url = format!("https://{}/feed", listener.local_addr().expect("an address"));
    let der = |pem: &&str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    let chain = chain.iter().map(der).collect();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a pair");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let seen: Arc<Mutex<Vec<Version>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((client, _)) = listener.accept().await {
                // A client that does not trust the certificate aborts the handshake.
                let Ok(client) = acceptor.accept(client).await else { continue };
                let kept = Arc::clone(&kept);
                let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    kept.lock().expect("no panic under the lock").push(request.version());
                    async { Ok::<_, std::convert::Infallible>(Response::new(FEED.to_owned())) }
                });
                let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                // Ends when the client disconnects.
                let _ = connection.serve_connection(TokioIo::new(client), answer).await;
            }
        });
    });
    (url, seen)
}

fn config(url: &str, ca: &str) -> String {
    format!(
        "[[source]]\nname = \"a\"\nurl = \"{url}\"\nallow_private = true\n{ca}\n[[output]]\nname = \"all\"\n"
    )
}

/// A file of `tls/`.
macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("tls/", $name, ".pem"))
    };
}

#[test]
fn certificates_of_ssl_cert_file_are_trusted_and_http_2_is_used() {
    let (url, seen) = site(&[CERTIFICATE]);
    let home = Home::new(&config(&url, ""));
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!((code, words.contains("a: TLS:")), (Some(1), true), "{words}");
    let file = home.path().join("ca.pem");
    std::fs::write(&file, CERTIFICATE).expect("a file");
    let (code, _, words) = home.run_with(&["poll"], &[("SSL_CERT_FILE", &file)]);
    assert_eq!((code, words.contains("1 read")), (Some(0), true), "{words}");
    assert_eq!(*seen.lock().expect("no panic under the lock"), [Version::HTTP_2]);
}

/// Polls a site with this chain, which must fail, and then, with `ca`, be read or fail with other words.
fn polled(chain: &[&str], ca: &str) -> (String, String) {
    let (url, _) = site(chain);
    let home = Home::new(&config(&url, ""));
    let system = home.path().join("system.pem");
    std::fs::write(&system, CERTIFICATE).expect("a file");
    std::fs::write(home.path().join("ca.pem"), ca).expect("a file");
    let poll = || home.run_with(&["poll"], &[("SSL_CERT_FILE", &system)]);
    let (code, _, without) = poll();
    assert_eq!(code, Some(1), "{without}");
    home.configure(&config(&url, "ca = \"ca.pem\""));
    (without, poll().2)
}

#[test]
fn each_chain_is_refused_in_words_and_ca_permits_what_it_names() {
    let root = pem!("root");
    let cases: [(&[&str], &str, &str, &str); 9] = [
        (&[pem!("site")], pem!("intermediate"), "incomplete chain", "1 read"),
        (&[pem!("site"), root], pem!("intermediate"), "incomplete chain", "1 read"),
        (&[pem!("site"), pem!("intermediate")], root, "unknown issuer", "1 read"),
        (&[pem!("signed-by-itself")], pem!("signed-by-itself"), "signed by itself", "1 read"),
        (&[pem!("authority-as-site")], pem!("authority-as-site"), "set `ca = \"file.pem\"`", "1 read"),
        (&[pem!("expired")], root, "TLS:", "expired on 1 Jan 2021"),
        (&[pem!("early")], root, "TLS:", "not valid yet"),
        (&[pem!("other-name")], root, "TLS:", "is for other.example, www.other.example, not for"),
        (&[pem!("authority-as-site")], root, "TLS:", "TLS:"),
    ];
    for (chain, ca, without, with) in cases {
        let words = polled(chain, ca);
        assert!(words.0.contains(without), "{without}: {}", words.0);
        assert!(words.1.contains(with), "{with}: {}", words.1);
    }
}

#[test]
fn a_site_that_speaks_no_tls_or_ends_is_named_so() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}/feed", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for (mut client, answer) in
            listener.incoming().flatten().zip(["HTTP/1.1 400 Bad Request\r\n\r\n", ""])
        {
            // Read first: closing with unread bytes would reset the connection.
            let _ = client.read(&mut [0; 4096]).and_then(|_| client.write_all(answer.as_bytes()));
        }
    });
    let home = Home::new(&config(&url, ""));
    let system = home.path().join("system.pem");
    std::fs::write(&system, CERTIFICATE).expect("a file");
    let (_, _, words) = home.run_with(&["poll"], &[("SSL_CERT_FILE", &system)]);
    assert!(words.contains("speaks no TLS: perhaps the address begins with http://"), "{words}");
    let (_, _, words) = home.run_with(&["poll"], &[("SSL_CERT_FILE", &system)]);
    assert!(words.contains("the host closes it before TLS begins"), "{words}");
    std::fs::write(&system, "").expect("a file");
    let (_, _, words) = home.run_with(&["poll"], &[("SSL_CERT_FILE", &system)]);
    assert!(words.contains("install the package ca-certificates, or set SSL_CERT_FILE"), "{words}");
}

#[test]
fn a_file_of_ca_that_is_missing_or_no_certificate_is_an_error_at_its_place() {
    let home = Home::new(&config("https://127.0.0.1:9/feed", "ca = \"none.pem\""));
    let (code, _, words) = home.run(&["check"]);
    assert!(code == Some(2) && words.contains("there is no such file"), "{code:?} {words}");
    std::fs::write(home.path().join("none.pem"), KEY).expect("a file");
    let (code, _, words) = home.run(&["check"]);
    assert!(code == Some(2) && words.contains("no certificate in it"), "{code:?} {words}");
}
