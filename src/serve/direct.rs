//! The way of a request: what stands on the shelf is answered at once, everything else by the router. Door.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::service::TowerToHyperService;

use super::Shared;

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
}

impl hyper::service::Service<Request<Incoming>> for Routes {
    type Response = Response<Reply>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        match self.shared.at_hand(request.uri().path()) {
            Some(found) => {
                let response = self.shared.respond(request.method(), request.headers(), found);
                Answering::Ready(Some(response.map(|bytes| Reply::Whole(Some(bytes)))))
            }
            None => {
                let others = self.others.call(request);
                Answering::Later(Box::pin(async move { Ok(others.await?.map(Reply::Routed)) }))
            }
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
