//! Limits how many documents are parsed at once, and for how long. Spawns threads for large documents.
#![allow(
    clippy::disallowed_methods,
    reason = "a long computation runs on a thread of its own, which can be left behind"
)]

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::source::Failure;

/// A document of more bytes takes up to some milliseconds to parse, which is as long as other tasks may wait. Smaller
/// ones cannot take long, since all passes over them are linear.
const BLOCKING_BYTES: usize = 128 * 1024;

/// What parsing one document may take, and again what comparing and cleaning its entries may take. The largest documents of
/// real sources take a tenth of a second.
const MAX_WORK: Duration = Duration::from_secs(5);

/// Lets as many documents be parsed at once as there are processors, however many polls run. That bounds the
/// memory that parsing takes beside the documents themselves.
#[derive(Clone, Debug)]
pub struct ParseLimiter(Arc<Semaphore>);

impl Default for ParseLimiter {
    fn default() -> ParseLimiter {
        ParseLimiter(Arc::new(Semaphore::new(available_parallelism().map_or(2, NonZero::get))))
    }
}

impl ParseLimiter {
    /// Runs `work` on a document of this size once a permit is free. A panic fails this document alone, and so does work
    /// that takes longer than five seconds: its thread is left behind, since nothing can end it.
    ///
    /// Only large documents have a thread: for small ones it costs more than it saves.
    ///
    /// # Errors
    /// It panicked, or took too long.
    pub async fn run<T: Send + 'static>(
        &self,
        document_bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let _permit = self.0.acquire().await;
        let work = || catch_unwind(AssertUnwindSafe(work)).ok();
        let result = if document_bytes > BLOCKING_BYTES {
            match tokio::time::timeout(MAX_WORK, spawn_blocking(work)).await {
                Ok(ended) => ended.ok().flatten(),
                Err(_) => return Err(Failure::TooComplex(MAX_WORK)),
            }
        } else {
            work()
        };
        result.ok_or_else(|| Failure::Unreadable("the parser crashed: a bug in Siftwire".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_fails_only_its_document() {
        let limiter = ParseLimiter::default();
        for bytes in [1, BLOCKING_BYTES + 1] {
            let failed = limiter.run(bytes, || panic!("a parser bug")).await;
            assert!(matches!(failed, Err::<(), _>(Failure::Unreadable(_))));
        }
        assert!(matches!(limiter.run(1, || 2).await, Ok(2)), "the permits were not released");
    }

    #[tokio::test(start_paused = true)]
    async fn work_past_its_time_fails_its_document_and_blocks_no_other() {
        let limiter = ParseLimiter::default();
        for _ in 0..2 * available_parallelism().map_or(2, NonZero::get) {
            let (end, ended) = std::sync::mpsc::channel::<()>();
            let endless = limiter.run(BLOCKING_BYTES + 1, move || ended.recv());
            let clock = tokio::time::advance(MAX_WORK + Duration::from_secs(1));
            let (failed, ()) = tokio::join!(endless, clock);
            assert!(matches!(failed, Err(Failure::TooComplex(MAX_WORK))), "{failed:?}");
            drop(end);
        }
        assert!(matches!(limiter.run(BLOCKING_BYTES + 1, || 2).await, Ok(2)));
    }
}
