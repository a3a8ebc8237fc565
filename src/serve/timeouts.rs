//! How long a client may take: a stream that gives up when nothing is taken of an answer, and the wait for the next
//! request. Door.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream whose writes fail once no byte has gone for the time of its patience.
///
/// The limit is on progress, not on the whole answer: a slow line gets a long document, a client that
/// has stopped reading does not keep its place.
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    signs: Signs,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Wraps a stream, of which the signs are given.
    pub(super) fn new(stream: S, patience: Duration, signs: Signs) -> Self {
        Self { stream, patience, signs, waiting: None }
    }

    /// Passes on what is done; counts the time in which nothing is.
    fn limit<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.waiting = None;
            self.signs.set(SEEN);
            return result;
        }
        self.signs.set(ANSWERING);
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.limit(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // One piece goes without a list of pieces, which the system takes more time for.
        let result = match parts {
            [one] => Pin::new(&mut this.stream).poll_write(cx, one),
            parts => Pin::new(&mut this.stream).poll_write_vectored(cx, parts),
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

/// Nothing was seen of the client since somebody looked.
const SILENT: u8 = 0;
/// Something was.
const SEEN: u8 = 1;
/// It waits for an answer, or for its next bytes: how long that takes is for others to limit.
const ANSWERING: u8 = 2;

/// What is seen of a client: noted by its stream and by who answers, looked at by who waits for the next request.
///
/// hyper's own limit makes, sets and takes away a timer for each request. This is a store in memory for each, and a
/// look now and then.
#[derive(Clone, Debug)]
pub(super) struct Signs(Arc<AtomicU8>);

impl Signs {
    pub(super) fn new() -> Signs {
        Signs(Arc::new(AtomicU8::new(SILENT)))
    }

    /// A request has come, whole.
    pub(super) fn asked(&self) {
        self.set(ANSWERING);
    }

    fn set(&self, sign: u8) {
        self.0.store(sign, Ordering::Relaxed);
    }

    /// Ends when no request has come for this time, or a quarter longer, since the last answer went.
    pub(super) async fn cease(&self, patience: Duration) {
        let mut silent = 0;
        while silent < LOOKS {
            sleep(patience / LOOKS).await;
            silent += 1;
            if self.0.load(Ordering::Relaxed) != SILENT {
                silent = 0;
                let _ = self.0.compare_exchange(SEEN, SILENT, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }
}

/// How often it is looked for signs in the time in which there should be one.
const LOOKS: u32 = 4;

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_being_answered_is_waited_for_and_who_is_silent_is_not() {
        let patience = Duration::from_secs(8);
        let signs = Signs::new();
        let mut end = pin!(signs.cease(patience));
        signs.asked();
        assert!(timeout(patience * 10, &mut end).await.is_err(), "the answer is not made yet");
        signs.set(SEEN);
        assert!(timeout(patience, &mut end).await.is_err(), "the answer went only now");
        assert!(timeout(patience / LOOKS * 2, &mut end).await.is_ok(), "nothing came any more");
    }
}
