//! Limits how many documents are parsed at once. No I/O of its own; it may move other tasks to another thread.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use crate::source::Failure;

/// A document of more bytes takes some milliseconds to parse, which is as long as other tasks may wait.
const BLOCKING_BYTES: usize = 512 * 1024;

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
    /// Runs `work` on a document of this size once a permit is free.
    ///
    /// `block_in_place` is used for large documents only: for small ones it costs more time and threads than
    /// it saves. A panic fails this document alone.
    pub(super) async fn run<T>(&self, document_bytes: usize, work: impl FnOnce() -> T) -> Result<T, Failure> {
        let permit = self.0.acquire().await;
        let work = || catch_unwind(AssertUnwindSafe(work));
        let result = if document_bytes > BLOCKING_BYTES { tokio::task::block_in_place(work) } else { work() };
        drop(permit);
        result.map_err(|_| Failure::Unreadable("the parser crashed: a bug in Siftwire".to_owned()))
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
}
