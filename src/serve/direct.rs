//! The way of a request: what stands on the document_cache is answered at once, everything else by the router. Door.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::{Shared, address};

/// All addresses of the daemon, ready to be served.
///
/// Nearly all requests are for documents that are at hand. The router boxes its futures and bodies, which
/// costs more than such an answer, so they do not go through it (benches/farm, "serve"); the answer itself
/// is made by the same function either way.
#[derive(Clone)]
pub struct Routes {
    shared: Arc<Shared>,
    others: TowerToHyperService<Router>,
}

impl Routes {
    pub(super) fn new(shared: Arc<Shared>, others: Router) -> Routes {
        Routes { shared, others: TowerToHyperService::new(others) }
    }

    /// The router's answer.
    fn routed(&self, request: Request<Incoming>) -> Answering {
        let others = self.others.call(request);
        Answering::Later(Box::pin(async move {
            let mut response = others.await?.map(Reply::Routed);
            if response.status() == StatusCode::NOT_MODIFIED {
                // The router counts the bytes of any answer to HEAD; here that would say that the document is empty.
                response.headers_mut().remove(header::CONTENT_LENGTH);
            }
            Ok(response)
        }))
    }
}

impl hyper::service::Service<Request<Incoming>> for Routes {
    type Response = Response<Reply>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let now = |response: Response<Bytes>| {
            Answering::Ready(Some(response.map(|bytes| Reply::Whole(Some(bytes)))))
        };
        if !address::names_its_host(request.version(), request.headers()) {
            return now(Shared::misaddressed());
        }
        match self.shared.at_hand(request.uri().path()) {
            Some(found) => now(self.shared.respond(request.method(), request.headers(), found)),
            None => self.routed(request),
        }
    }
}

/// An answer, at once or later.
pub enum Answering {
    /// At once; taken when it is asked for.
    Ready(Option<Response<Reply>>),
    /// The router's.
    Later(Pin<Box<dyn Future<Output = Result<Response<Reply>, Infallible>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<Reply>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            // Like any future, it is asked no more once it has answered.
            Answering::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Answering::Later(later) => later.as_mut().poll(cx),
        }
    }
}

/// The body of an answer.
pub enum Reply {
    /// Bytes at hand, in one piece; nothing once they are sent.
    Whole(Option<Bytes>),
    /// The router's.
    Routed(Body),
}

impl hyper::body::Body for Reply {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Reply::Whole(bytes) => {
                let bytes = bytes.take().filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Reply::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Reply::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Reply::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Reply::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Reply::Routed(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::time::Duration;

    use hyper::server::conn::http1;
    use hyper_util::rt::TokioIo;
    use jiff::Timestamp;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::publish::archive::{PageState, RenderedPage};
    use crate::publish::document_cache::{Coding, DocumentCache, Representation};
    use crate::publish::format::Format;
    use crate::serve::{ArchiveReader, MaxAge, Service, routes};

    /// What comes back on the wire for a request, without the date.
    async fn wire<S, B>(service: S, request: &str) -> String
    where
        S: hyper::service::Service<Request<Incoming>, Response = Response<B>>,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: hyper::body::Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let served = async {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(server), service).await;
        };
        let asked = async {
            client.write_all(request.as_bytes()).await.expect("it reads");
            let mut bytes = Vec::new();
            client.read_to_end(&mut bytes).await.expect("it answers");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let ((), answer) = tokio::join!(served, asked);
        let mut lines: Vec<&str> = answer.split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
        // The order of fields says nothing.
        if let Some(end) = lines.iter().position(|line| line.is_empty()) {
            lines[1..end].sort_unstable();
        }
        lines.join("\n")
    }

    /// Everything by way of the router.
    struct Routed(Routes);

    impl hyper::service::Service<Request<Incoming>> for Routed {
        type Response = Response<Reply>;
        type Error = Infallible;
        type Future = Answering;

        fn call(&self, request: Request<Incoming>) -> Answering {
            self.0.routed(request)
        }
    }

    fn service() -> (Service, ArchiveReader) {
        let document_cache = Arc::new(DocumentCache::new());
        let changed = Timestamp::from_second(1_700_000_000).expect("a time");
        let body = || "<feed>all quiet</feed>".repeat(99).into_bytes();
        document_cache.insert_document("calm", Format::Atom, body(), changed);
        document_cache.insert_document("calm", Format::Html, b"<!doctype html>".to_vec(), changed);
        let told = Representation::new(Format::Rss.content_type(), body(), changed);
        document_cache
            .insert("/feeds/calm.rss", told.with_link("<https://hub.example/>; rel=\"hub\"".to_owned()));
        document_cache.mark_gone(["old"]);
        document_cache.set_base_path("/news");
        let archive: ArchiveReader = Arc::new(move |_, number, format: Format| {
            let page = Representation::new(format.content_type(), vec![b'x'; 999], changed);
            let page = RenderedPage { representation: Arc::new(page), state: PageState::Full };
            Box::pin(async move { Ok((number == 1).then_some(page)) })
        });
        let max_age = MaxAge::new(Duration::from_secs(60));
        (Service { document_cache, max_age, health: Arc::default(), metrics: Arc::default() }, archive)
    }

    #[tokio::test]
    async fn the_router_would_answer_every_request_alike() {
        let (service, archive) = service();
        let Some(crate::publish::document_cache::CachedDocument::Available(calm)) =
            service.document_cache.get("/feeds/calm.atom")
        else {
            panic!("it was put there");
        };
        let tag = |coding| String::from_utf8_lossy(calm.etag(coding)).into_owned();
        let routes = routes(service, Some(archive));
        let headers = [
            String::new(),
            "Accept-Encoding: gzip, br;q=0.5\r\n".to_owned(),
            "Accept-Encoding: identity;q=0, *;q=0\r\n".to_owned(),
            format!("If-None-Match: {}\r\n", tag(Coding::Identity)),
            format!("If-None-Match: \"x\", W/{}\r\nAccept-Encoding: zstd, gzip\r\n", tag(Coding::Gzip)),
            "If-None-Match: *\r\n".to_owned(),
            "If-Match: \"x\"\r\n".to_owned(),
            "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n".to_owned(),
            "Range: bytes=0-9\r\nOrigin: https://a.example\r\nX-Forwarded-Host: b.example\r\n".to_owned(),
            "Content-Length: 5\r\n\r\nhello".to_owned(),
            "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello".to_owned(),
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_owned(),
        ];
        let paths = [
            "/feeds/calm.atom",
            "/feeds/calm.atom?a=b",
            "/feeds/%63alm.atom",
            "/news/feeds/calm.atom",
            "http://other.example/feeds/calm.atom",
            "/feeds/calm.rss",
            "/feeds/calm",
            "/feeds/calm.json",
            "/feeds/calm/archive/1.atom",
            "/feeds/calm/archive/2.atom",
            "/feeds/old.atom",
            "/feeds/old/archive/1.atom",
            "//feeds/calm.atom",
            "/feeds/../feeds/calm.atom",
            "/healthz",
            "/readyz",
            "/metrics",
            "/",
            "*",
        ];
        let mut asked = 0;
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"] {
            for path in paths {
                for fields in &headers {
                    let end = if fields.contains("\r\n\r\n") { "" } else { "\r\n" };
                    for version in ["1.1", "1.0"] {
                        let request = format!(
                            "{method} {path} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n{fields}{end}"
                        );
                        let direct = wire(routes.clone(), &request).await;
                        assert!(direct.starts_with("HTTP/1."), "{request}: {direct}");
                        assert_eq!(direct, wire(Routed(routes.clone()), &request).await, "{request}");
                        asked += 1;
                    }
                }
            }
        }
        assert_eq!(asked, 9 * paths.len() * headers.len() * 2);
    }
}
