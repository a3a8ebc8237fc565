//! Serves the generated feeds on one loopback port, with ETags, gzip and 304.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use hyper::{Request, Response, StatusCode};

use crate::generate::{self, Workload};

/// A feed as it is served now. Its bytes are in a file, so that all feeds may be larger than memory.
#[derive(Clone)]
struct ServedFeed {
    etag: HeaderValue,
    content_type: &'static str,
    changes: usize,
}

/// The origin: feeds at `/0`, `/1` and so on.
pub struct Origin {
    workload: Workload,
    folder: PathBuf,
    served: Arc<RwLock<Vec<ServedFeed>>>,
    /// Bytes of all documents before compression.
    pub plain_bytes: u64,
}

impl Origin {
    /// Writes the feeds into a folder.
    pub fn new(workload: Workload, folder: &Path) -> std::io::Result<Origin> {
        let mut origin =
            Origin { workload, folder: folder.to_owned(), served: Arc::default(), plain_bytes: 0 };
        for feed in 0..workload.feeds {
            let (served, bytes) = origin.write(feed, 0)?;
            origin.plain_bytes += bytes;
            origin.served.write().expect(NOT_POISONED).push(served);
        }
        Ok(origin)
    }

    fn write(&self, feed: usize, changes: usize) -> std::io::Result<(ServedFeed, u64)> {
        let document = generate::document(&self.workload, feed, changes);
        let file = std::fs::File::create(self.folder.join(feed.to_string()))?;
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::new(6));
        gzip.write_all(&document.bytes)?;
        gzip.finish()?;
        let etag = HeaderValue::from_str(&format!("\"{feed}-{changes}\"")).expect("digits in quotes");
        Ok((ServedFeed { etag, content_type: document.content_type, changes }, document.bytes.len() as u64))
    }

    /// Adds an entry to every `step`-th feed.
    pub fn change_every(&self, step: usize) -> std::io::Result<()> {
        for feed in (0..self.workload.feeds).step_by(step) {
            let changes = self.served.read().expect(NOT_POISONED)[feed].changes + 1;
            let (served, _) = self.write(feed, changes)?;
            self.served.write().expect(NOT_POISONED)[feed] = served;
        }
        Ok(())
    }

    /// Serves on a free port until the process exits.
    pub async fn serve(&self) -> std::io::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (folder, served) = (self.folder.clone(), Arc::clone(&self.served));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (folder, served) = (folder.clone(), Arc::clone(&served));
                let service = hyper::service::service_fn(move |request| {
                    std::future::ready(Ok::<_, Infallible>(respond(&folder, &served, &request)))
                });
                let stream = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
            }
        });
        Ok(address)
    }
}

/// Why the lock is usable: no thread panics while it holds it.
const NOT_POISONED: &str = "no thread panics with the lock";

type Body = http_body_util::Full<Bytes>;

fn respond(
    folder: &Path,
    served: &RwLock<Vec<ServedFeed>>,
    request: &Request<hyper::body::Incoming>,
) -> Response<Body> {
    let name = request.uri().path().trim_start_matches('/');
    let index = name.parse::<usize>().ok();
    let Some(feed) = index.and_then(|index| served.read().expect(NOT_POISONED).get(index).cloned()) else {
        return status(StatusCode::NOT_FOUND, Bytes::new());
    };
    let mut response = if request.headers().get(IF_NONE_MATCH) == Some(&feed.etag) {
        status(StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            return status(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new());
        };
        let mut response = status(StatusCode::OK, bytes.into());
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(feed.content_type));
        response
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response.headers_mut().insert(ETAG, feed.etag);
    response
}

fn status(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    response
}
