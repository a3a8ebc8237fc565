//! What requests of older web pages share: who makes one, and those that were made last.
#![allow(clippy::disallowed_methods, reason = "pages are kept for a while")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::clock::now;
use crate::publish::Outputs;
use crate::publish::document_cache::{Coding, Representation};
use crate::publish::format::Format;
use crate::serve::OutputPage;

/// The most requests that wait.
const MAX_WAITING: usize = 32;

/// A page is made anew after this time.
const LIFETIME: Duration = Duration::from_secs(60);

/// The most pages that are kept, and their bytes.
const MAX_PAGES: usize = 100;
const MAX_BYTES: usize = 8_000_000;

/// What requests of these pages share.
pub(super) struct OutputPages {
    pub(super) waiting: Semaphore,
    /// Whoever has it makes a page: everybody may request them, so they take one reader of the store and one processor.
    pub(super) turn: Semaphore,
    /// The last made are at the end.
    kept: Mutex<VecDeque<KeptPage>>,
}

struct KeptPage {
    output: String,
    page: OutputPage,
    outputs: Arc<Outputs>,
    made: Instant,
    representation: Arc<Representation>,
}

impl Default for OutputPages {
    fn default() -> OutputPages {
        OutputPages { waiting: Semaphore::new(MAX_WAITING), turn: Semaphore::new(1), kept: Mutex::default() }
    }
}

impl OutputPages {
    /// A page that was made lately.
    pub(super) fn kept(
        &self,
        outputs: &Arc<Outputs>,
        output: &str,
        page: &OutputPage,
    ) -> Option<Arc<Representation>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.iter().find(|kept| kept.is(output, page))?;
        let is_current = Arc::ptr_eq(&kept.outputs, outputs) && kept.made.elapsed() < LIFETIME;
        is_current.then(|| Arc::clone(&kept.representation))
    }

    /// Keeps a page. One with the same bytes keeps its time of change.
    pub(super) fn keep(
        &self,
        outputs: Arc<Outputs>,
        output: String,
        page: OutputPage,
        bytes: Vec<u8>,
    ) -> Arc<Representation> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.iter().position(|kept| kept.is(&output, &page)).and_then(|at| kept.remove(at));
        let same = before.filter(|before| before.body() == bytes);
        let representation = same.map_or_else(
            || Arc::new(Representation::new(Format::Html.content_type(), bytes, now())),
            |same| same.representation,
        );
        kept.push_back(KeptPage {
            output,
            page,
            outputs,
            made: Instant::now(),
            representation: Arc::clone(&representation),
        });
        let mut bytes: usize = kept.iter().map(|kept| kept.body().len()).sum();
        while kept.len() > MAX_PAGES || bytes > MAX_BYTES {
            let Some(oldest) = kept.pop_front() else { break };
            bytes -= oldest.body().len();
        }
        representation
    }
}

impl KeptPage {
    fn is(&self, output: &str, page: &OutputPage) -> bool {
        self.output == output && self.page == *page
    }

    fn body(&self) -> &[u8] {
        self.representation.body(Coding::Identity).map_or(&[], |body| body)
    }
}
