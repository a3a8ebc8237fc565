//! Which entries an output shows, and how much of each. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::document::{Document, HistoryPosition, OutputEntry};
use super::output::{ContentMode, Links, Output, Site};
use super::template::{Template, TemplateValues};
use super::{embeds, text};
use crate::entry::StoredEntry;
use crate::story;

/// Characters of a summary that is made of the start of a text.
const EXCERPT: usize = 400;
/// Characters of a title that is made of the start of a text.
const TITLE: usize = 90;

/// Fills an output with its entries: newest first, then `max_age`, `per_source` and `limit`.
///
/// `entries` are members of this output, in any order. The caller sets `since` and `place` where
/// their defaults (the epoch, a feed without archive) do not serve.
pub fn document(output: &Output, site: &Site, entries: Vec<Arc<StoredEntry>>, now: Timestamp) -> Document {
    Document {
        name: output.name.clone(),
        title: output.title.clone(),
        public_url: site.public_url.clone(),
        hub: site.hub.clone(),
        since: Timestamp::UNIX_EPOCH,
        position: HistoryPosition::Current { previous: None },
        entries: chosen(output, entries, now)
            .into_iter()
            .map(|kept| shown(output, site.links, kept))
            .collect(),
    }
}

/// One entry as an output shows it.
pub fn shown(output: &Output, links: Links, mut kept: Arc<StoredEntry>) -> OutputEntry {
    if links == Links::Cleaned && kept.entry.link.is_some() {
        let entry = &mut Arc::make_mut(&mut kept).entry;
        entry.link = entry.link.as_deref().map(story::address::cleaned);
    }
    let entry = &kept.entry;
    let fragment =
        |html: &Option<String>| html.clone().filter(|html| !html.trim().is_empty()).map(embeds::linked);
    let (summary, content) = (fragment(&entry.summary), fragment(&entry.content));
    let title = output.entry_title.as_ref().map_or_else(|| title(&kept), |template| titled(template, &kept));
    let (summary, content) = match output.content {
        ContentMode::Full => (summary, content),
        ContentMode::Summary => (summary.or_else(|| text::excerpt_html(&content?, EXCERPT)), None),
        ContentMode::None => (None, None),
    };
    OutputEntry { title, summary, content, kept, also_in: Vec::new(), highlights: Vec::new() }
}

fn chosen(output: &Output, mut entries: Vec<Arc<StoredEntry>>, now: Timestamp) -> Vec<Arc<StoredEntry>> {
    entries.sort_by_key(|kept| std::cmp::Reverse((kept.date, kept.number)));
    let oldest = output.max_age.and_then(|age| {
        let age = SignedDuration::try_from(age).ok()?;
        now.checked_sub(age).ok()
    });
    let mut seen = HashSet::new();
    let mut of_source: HashMap<String, usize> = HashMap::new();
    entries.retain(|kept| {
        if oldest.is_some_and(|oldest| kept.date < oldest) || !seen.insert(kept.uid.clone()) {
            return false;
        }
        let count = of_source.entry(kept.source.name.clone()).or_default();
        *count += 1;
        output.per_source.is_none_or(|most| *count <= most)
    });
    entries.truncate(output.limit);
    entries
}

/// The entry's title, or the start of its text, or its address: every format gets one.
fn title(kept: &StoredEntry) -> String {
    let entry = &kept.entry;
    let written = entry.title.as_deref().map(text::one_line);
    let made =
        || [&entry.summary, &entry.content].into_iter().flatten().map(|html| text::excerpt(html, TITLE));
    written
        .into_iter()
        .chain(made())
        .chain(entry.link.clone())
        .find(|title| !title.is_empty())
        .unwrap_or_else(|| kept.source.title.clone())
}

fn titled(template: &Template, kept: &StoredEntry) -> String {
    let entry = &kept.entry;
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    template.render(&TemplateValues {
        title: &title(kept),
        source: &kept.source.title,
        author: entry.authors.first().map_or("", |author| author.name.as_str()),
        site: link.as_ref().and_then(Url::host_str).unwrap_or(""),
    })
}

#[cfg(test)]
mod tests;
