//! Timeouts of a connection: a stream whose stalled writes fail, and the wait for the next request. Does I/O.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream whose writes fail after a time without progress.
///
/// The limit is on progress, not on the whole response: a slow connection may fetch a long document, but a client
/// that stopped reading loses its connection.
pub(super) struct WriteTimeout<S> {
    stream: S,
    timeout: Duration,
    activity: Activity,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteTimeout<S> {
    /// Wraps a stream and reports its writes to `activity`.
    pub(super) fn new(stream: S, timeout: Duration, activity: Activity) -> Self {
        Self { stream, timeout, activity, stalled: None }
    }

    fn limit<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            self.activity.set(ACTIVE);
            return result;
        }
        self.activity.set(RESPONDING);
        let timeout = self.timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.limit(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // write(2) of one slice is cheaper than writev(2).
        let result = match slices {
            [one] => Pin::new(&mut this.stream).poll_write(cx, one),
            slices => Pin::new(&mut this.stream).poll_write_vectored(cx, slices),
        };
        this.limit(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Nothing happened since the last check.
const IDLE: u8 = 0;
/// Bytes of a response were written since the last check.
const ACTIVE: u8 = 1;
/// A response is being made or its bytes cannot be written yet; other timeouts limit that.
const RESPONDING: u8 = 2;

/// How often [`Activity::idle`] checks within its timeout.
const IDLE_CHECKS: u32 = 4;

/// What a connection did lately. Its stream and its request handler write it; [`Activity::idle`] reads it.
///
/// hyper's own header timeout creates and drops a timer for each request. This costs one atomic store instead, and
/// a check now and then.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<AtomicU8>);

impl Activity {
    pub(super) fn new() -> Activity {
        Activity(Arc::new(AtomicU8::new(IDLE)))
    }

    /// A whole request head was read.
    pub(super) fn request_received(&self) {
        self.set(RESPONDING);
    }

    /// Whether a request was read and its response is not written yet.
    pub(super) fn is_responding(&self) -> bool {
        self.0.load(Ordering::Relaxed) == RESPONDING
    }

    fn set(&self, activity: u8) {
        self.0.store(activity, Ordering::Relaxed);
    }

    /// Returns when no request has come since the last response for `timeout`, or up to a quarter longer.
    pub(super) async fn idle(&self, timeout: Duration) {
        let mut idle_checks = 0;
        while idle_checks < IDLE_CHECKS {
            sleep(timeout / IDLE_CHECKS).await;
            idle_checks += 1;
            if self.0.load(Ordering::Relaxed) != IDLE {
                idle_checks = 0;
                let _ = self.0.compare_exchange(ACTIVE, IDLE, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_only_after_its_response_was_written() {
        let limit = Duration::from_secs(8);
        let activity = Activity::new();
        let mut idle = pin!(activity.idle(limit));
        activity.request_received();
        assert!(timeout(limit * 10, &mut idle).await.is_err(), "the response is not made yet");
        activity.set(ACTIVE);
        assert!(timeout(limit, &mut idle).await.is_err(), "the response was just written");
        assert!(timeout(limit / IDLE_CHECKS * 2, &mut idle).await.is_ok(), "nothing came after it");
    }
}
