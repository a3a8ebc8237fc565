//! The sites of the farm on one loopback port: ETags, gzip, and 304 where the reader has it already.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use hyper::{Request, Response, StatusCode};

use crate::generate::{self, Farm};

/// What is sent for a feed; its bytes are in a file, so that the farm may be larger than the memory.
#[derive(Clone)]
struct Sent {
    etag: HeaderValue,
    content_type: &'static str,
    changes: usize,
}

/// The origin: what stands at `/0`, `/1` and so on.
pub struct Origin {
    farm: Farm,
    folder: PathBuf,
    sent: Arc<RwLock<Vec<Sent>>>,
    /// Bytes of all documents before compression.
    pub plain_bytes: u64,
}

impl Origin {
    /// Writes the farm into a folder.
    pub fn new(farm: Farm, folder: &Path) -> std::io::Result<Origin> {
        let mut origin = Origin { farm, folder: folder.to_owned(), sent: Arc::default(), plain_bytes: 0 };
        for feed in 0..farm.feeds {
            let (sent, bytes) = origin.write(feed, 0)?;
            origin.plain_bytes += bytes;
            origin.sent.write().expect("nobody panics with it").push(sent);
        }
        Ok(origin)
    }

    fn write(&self, feed: usize, changes: usize) -> std::io::Result<(Sent, u64)> {
        let document = generate::document(&self.farm, feed, changes);
        let file = std::fs::File::create(self.folder.join(feed.to_string()))?;
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::new(6));
        gzip.write_all(&document.bytes)?;
        gzip.finish()?;
        let etag = HeaderValue::from_str(&format!("\"{feed}-{changes}\"")).expect("digits in quotes");
        Ok((Sent { etag, content_type: document.content_type, changes }, document.bytes.len() as u64))
    }

    /// Puts a new entry on top of every so-manieth feed.
    pub fn change_every(&self, step: usize) -> std::io::Result<()> {
        for feed in (0..self.farm.feeds).step_by(step) {
            let changes = self.sent.read().expect("nobody panics with it")[feed].changes + 1;
            let (sent, _) = self.write(feed, changes)?;
            self.sent.write().expect("nobody panics with it")[feed] = sent;
        }
        Ok(())
    }

    /// Serves for ever on a free port.
    pub async fn serve(&self) -> std::io::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (folder, sent) = (self.folder.clone(), Arc::clone(&self.sent));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (folder, sent) = (folder.clone(), Arc::clone(&sent));
                let service = hyper::service::service_fn(move |request| {
                    std::future::ready(Ok::<_, Infallible>(answer(&folder, &sent, &request)))
                });
                let stream = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
            }
        });
        Ok(address)
    }
}

type Body = http_body_util::Full<Bytes>;

fn answer(
    folder: &Path,
    sent: &RwLock<Vec<Sent>>,
    request: &Request<hyper::body::Incoming>,
) -> Response<Body> {
    let name = request.uri().path().trim_start_matches('/');
    let known = name
        .parse::<usize>()
        .ok()
        .and_then(|feed| sent.read().expect("nobody panics with it").get(feed).cloned());
    let Some(known) = known else { return status(StatusCode::NOT_FOUND, Bytes::new()) };
    let asked = request.headers().get(IF_NONE_MATCH);
    let mut answer = if asked == Some(&known.etag) {
        status(StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        match std::fs::read(folder.join(name)) {
            Ok(bytes) => status(StatusCode::OK, bytes.into()),
            Err(_) => return status(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new()),
        }
    };
    let headers = answer.headers_mut();
    if answer_has_body(asked, &known) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(known.content_type));
    }
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(ETAG, known.etag);
    answer
}

fn answer_has_body(asked: Option<&HeaderValue>, known: &Sent) -> bool {
    asked != Some(&known.etag)
}

fn status(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    response
}
