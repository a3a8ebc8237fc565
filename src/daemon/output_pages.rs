//! The web pages of outputs, other than the current ones: made one after the other, and kept for a minute. Does I/O: the
//! store, the clock.
#![allow(clippy::disallowed_methods, reason = "limits the time of a search")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::now;
use super::shared::Shared;
use crate::publish::output_search::{self, OutputSearch};
use crate::serve::{OutputPage, OutputPageAnswer};
use crate::store;

/// The time for a search.
const MAX_SEARCH_TIME: Duration = Duration::from_millis(300);

/// Answers a request.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn respond(
    shared: &Shared,
    output: String,
    page: OutputPage,
) -> Result<OutputPageAnswer, store::Error> {
    let pages = &shared.output_pages;
    let outputs = shared.archives.outputs();
    let kept = || pages.kept(&outputs, &output, &page);
    if let Some(kept) = kept() {
        return Ok(OutputPageAnswer::Found(kept));
    }
    let Ok(_waits) = pages.waiting.try_acquire() else { return Ok(OutputPageAnswer::Busy) };
    let _turn = pages.turn.acquire().await;
    // The one before may have made it.
    if let Some(kept) = kept() {
        return Ok(OutputPageAnswer::Found(kept));
    }
    let bytes = match &page {
        OutputPage::Archive(number) => shared.archives.web_page(&output, *number).await?,
        OutputPage::Search(text) => {
            let config = Arc::clone(&shared.channels.publish_config.borrow());
            let search = OutputSearch { output: &output, text, languages: &config.query_context.languages };
            let started = Instant::now();
            let is_over = move || started.elapsed() >= MAX_SEARCH_TIME;
            output_search::page(&shared.store, &outputs, &search, &is_over, now()).await?
        }
    };
    let Some(bytes) = bytes else { return Ok(OutputPageAnswer::Missing) };
    Ok(OutputPageAnswer::Found(pages.keep(outputs, output, page, bytes)))
}
