//! A TLS site with HTTP/2 and a certificate that only `SSL_CERT_FILE` contains.

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

/// Serves a feed on its own thread until the process ends. Returns its address, and the HTTP version of each request.
fn site() -> (String, Arc<Mutex<Vec<Version>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket can be");
    let url = format!("https://{}/feed", listener.local_addr().expect("an address"));
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate")];
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

#[test]
fn certificates_of_ssl_cert_file_are_trusted_and_http_2_is_used() {
    let (url, seen) = site();
    let config = format!(
        "[[source]]\nname = \"a\"\nurl = \"{url}\"\nallow_private = true\n[[output]]\nname = \"all\"\n"
    );
    let home = Home::new(&config);
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!((code, words.contains("a: TLS:")), (Some(1), true), "{words}");
    let file = home.path().join("ca.pem");
    std::fs::write(&file, CERTIFICATE).expect("a file");
    let (code, _, words) = home.run_with(&["poll"], &[("SSL_CERT_FILE", &file)]);
    assert_eq!((code, words.contains("1 read")), (Some(0), true), "{words}");
    assert_eq!(*seen.lock().expect("no panic under the lock"), [Version::HTTP_2]);
}
