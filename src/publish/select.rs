//! What an output shows of its entries. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::document::{Document, OutputEntry};
use super::output::{Byline, ContentMode, Links, Output, Site};
use super::template::{Template, TemplateValues};
use super::{embeds, text};
use crate::entry::{Entry, EntrySource, Origin, StoredEntry, derived_id};
use crate::story;

/// Length of a summary made from the content.
const SUMMARY_CHARS: usize = 400;
/// Length of a title made from the text.
const TITLE_CHARS: usize = 90;

/// Start of the line of an entry's text that names its source.
pub(super) const BYLINE_START: &str = "<p class=\"byline\">";

/// Fills an output with the members that it shows, newest first.
///
/// `since` is the Unix epoch and `position` a feed without archive; the caller may set them.
pub fn document(output: &Output, site: &Site, mut entries: Vec<Arc<StoredEntry>>) -> Document {
    entries.sort_by_key(|kept| std::cmp::Reverse((kept.date, kept.number)));
    let entries = entries.into_iter().map(|kept| output_entry(output, site, kept)).collect();
    Document { entries, ..Document::new(output, site) }
}

/// An entry as an output shows it.
pub fn output_entry(output: &Output, site: &Site, mut kept: Arc<StoredEntry>) -> OutputEntry {
    if site.links == Links::Cleaned && kept.entry.link.is_some() {
        let entry = &mut Arc::make_mut(&mut kept).entry;
        entry.link = entry.link.as_deref().map(story::address::clean_link);
    }
    if let Some(source) = origin(&kept) {
        Arc::make_mut(&mut kept).source = Arc::new(source);
    }
    let entry = &kept.entry;
    let fragment = |html: &String| {
        Some(html.clone()).filter(|html| !html.trim().is_empty()).map(embeds::frames_to_links)
    };
    let (summary, content) =
        (entry.summary.as_ref().and_then(fragment), entry.content.as_ref().and_then(fragment));
    let article = kept.published_article().filter(|_| output.content == ContentMode::Full);
    let (article, fetched) = (article.and_then(|one| fragment(&one.html)), article.map(|one| one.fetched));
    let shows_article = article.is_some();
    let title =
        output.entry_title.as_ref().map_or_else(|| title(&kept), |template| templated_title(template, &kept));
    let (summary, content) = match output.content {
        ContentMode::Full if shows_article => (summary_of(summary, content), article),
        ContentMode::Full => (summary, content),
        ContentMode::Summary => (summary_of(summary, content), None),
        ContentMode::None => (None, None),
    };
    if let Some(fetched) = fetched.filter(|fetched| shows_article && *fetched > kept.changed) {
        Arc::make_mut(&mut kept).changed = fetched;
    }
    shorten_media_texts(&mut kept, output.content, summary.as_deref());
    if let Some(template) = &site.author {
        add_source_to_authors(Arc::make_mut(&mut kept), template);
    }
    let mut shown =
        OutputEntry { title, summary, content, kept, also_in: Vec::new(), highlights: Vec::new() };
    // An output of titles and links only gets no text. An article says from where it is in any case.
    if shows_article || output.byline == Byline::Added && output.content != ContentMode::None {
        let source = text::one_line(&shown.kept.source.title);
        shown.append(&format!("{BYLINE_START}From: {}</p>", htmlize::escape_text(&source)));
    }
    shown
}

/// What a feed says shortly of an entry.
fn summary_of(summary: Option<String>, content: Option<String>) -> Option<String> {
    summary.or_else(|| text::excerpt_html(&content?, SUMMARY_CHARS))
}

/// Leaves out what says of the files more than the output shows of the text.
fn shorten_media_texts(kept: &mut Arc<StoredEntry>, content: ContentMode, summary: Option<&str>) {
    let max_chars = match content {
        ContentMode::Full => return,
        ContentMode::Summary => {
            summary.map_or(0, |html| text::excerpt(html, usize::MAX).chars().count()).max(SUMMARY_CHARS)
        }
        ContentMode::None => 0,
    };
    let is_shown = |text: &String| text.chars().count() <= max_chars;
    if kept.entry.episode.is_some() || !kept.entry.media.is_empty() {
        let entry = &mut Arc::make_mut(kept).entry;
        let of_media = entry.media.iter_mut().map(|media| &mut media.description);
        for text in of_media.chain(entry.episode.as_mut().map(|episode| &mut episode.summary)) {
            *text = text.take().filter(is_shown);
        }
    }
}

/// The source of an entry that its feed has from another one: that is who says it. A feed that names itself is called as
/// the config does.
fn origin(kept: &StoredEntry) -> Option<EntrySource> {
    let Origin { id, title: Some(title), url, link, icon } = kept.entry.origin.as_ref()? else { return None };
    let polled = &*kept.source;
    let own = [Some(&polled.url), Some(&polled.id), polled.link.as_ref()];
    let is_own = |url: &String| own.iter().flatten().any(|own| bare_address(own) == bare_address(url));
    let url = url.as_ref().or(link.as_ref());
    if url.is_some_and(is_own) {
        return None;
    }
    Some(EntrySource {
        title: title.clone(),
        // Those of several sources that have no address stay apart.
        id: id.as_ref().or(url).cloned().unwrap_or_else(|| derived_id(&["source", &polled.id, title])),
        url: url.unwrap_or(&polled.url).clone(),
        link: link.clone(),
        icon: icon.clone(),
        podcast: None,
        ..polled.clone()
    })
}

/// An address without what differs between spellings of the same one.
fn bare_address(address: &str) -> &str {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    host.strip_prefix("www.").unwrap_or(host).trim_end_matches('/')
}

/// Names the source beside each author that does not have it in its name.
fn add_source_to_authors(kept: &mut StoredEntry, template: &Template) {
    let source = text::one_line(&kept.source.title);
    let site = link_host(&kept.entry);
    for author in &mut kept.entry.authors {
        let name = text::one_line(&author.name);
        if !name.is_empty() && !name.to_lowercase().contains(&source.to_lowercase()) {
            author.name =
                template.render(&TemplateValues { title: "", source: &source, author: &name, site: &site });
        }
    }
}

fn link_host(entry: &Entry) -> String {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    link.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned()
}

/// The date below which an output shows no entries; `None` without `max_age`.
pub(super) fn oldest_date(output: &Output, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::try_from(output.max_age?).ok()?).ok()
}

/// The entry's title, or else the start of its text, its link, or its source's title. Never empty.
pub(super) fn title(kept: &StoredEntry) -> String {
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
    template.render(&TemplateValues {
        title: &title(kept),
        source: &kept.source.title,
        author: entry.authors.first().map_or("", |author| author.name.as_str()),
        site: &link_host(entry),
    })
}
