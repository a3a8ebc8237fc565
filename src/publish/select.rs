//! What an output shows of its entries. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::document::{Document, OutputEntry};
use super::output::{ContentMode, Links, Output, Site};
use super::template::{Template, TemplateValues};
use super::{embeds, text};
use crate::entry::StoredEntry;
use crate::story;

/// Length of a summary made from the content.
const SUMMARY_CHARS: usize = 400;
/// Length of a title made from the text.
const TITLE_CHARS: usize = 90;

/// Fills an output with the members that it shows, newest first.
///
/// `since` is the Unix epoch and `position` a feed without archive; the caller may set them.
pub fn document(output: &Output, site: &Site, mut entries: Vec<Arc<StoredEntry>>) -> Document {
    entries.sort_by_key(|kept| std::cmp::Reverse((kept.date, kept.number)));
    let entries = entries.into_iter().map(|kept| output_entry(output, site.links, kept)).collect();
    Document { entries, ..Document::new(output, site) }
}

/// An entry as an output shows it.
pub fn output_entry(output: &Output, links: Links, mut kept: Arc<StoredEntry>) -> OutputEntry {
    if links == Links::Cleaned && kept.entry.link.is_some() {
        let entry = &mut Arc::make_mut(&mut kept).entry;
        entry.link = entry.link.as_deref().map(story::address::clean_link);
    }
    let entry = &kept.entry;
    let fragment = |html: &Option<String>| {
        html.clone().filter(|html| !html.trim().is_empty()).map(embeds::frames_to_links)
    };
    let (summary, content) = (fragment(&entry.summary), fragment(&entry.content));
    let title =
        output.entry_title.as_ref().map_or_else(|| title(&kept), |template| templated_title(template, &kept));
    let (summary, content) = match output.content {
        ContentMode::Full => (summary, content),
        ContentMode::Summary => (summary.or_else(|| text::excerpt_html(&content?, SUMMARY_CHARS)), None),
        ContentMode::None => (None, None),
    };
    OutputEntry { title, summary, content, kept, also_in: Vec::new(), highlights: Vec::new() }
}

/// The date below which an output shows no entries; `None` without `max_age`.
pub(super) fn oldest_date(output: &Output, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::try_from(output.max_age?).ok()?).ok()
}

/// The entry's title, or else the start of its text, its link, or its source's title. Never empty.
fn title(kept: &StoredEntry) -> String {
    let entry = &kept.entry;
    let own = entry.title.as_deref().map(text::one_line);
    let from_text = || {
        [&entry.summary, &entry.content].into_iter().flatten().map(|html| text::excerpt(html, TITLE_CHARS))
    };
    own.into_iter()
        .chain(from_text())
        .chain(entry.link.clone())
        .find(|title| !title.is_empty())
        .unwrap_or_else(|| kept.source.title.clone())
}

fn templated_title(template: &Template, kept: &StoredEntry) -> String {
    let entry = &kept.entry;
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    template.render(&TemplateValues {
        title: &title(kept),
        source: &kept.source.title,
        author: entry.authors.first().map_or("", |author| author.name.as_str()),
        site: link.as_ref().and_then(Url::host_str).unwrap_or(""),
    })
}
