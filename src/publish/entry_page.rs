//! Writes the page of one entry: what is kept of it, its story, and why it is, or is not, in each output. Pure.

use jiff::Timestamp;
use maud::{Markup, html};
use url::Url;

use super::explain::{Explanation, article_line, owner_line, reason_line, removed_line};
use super::format::Format;
use super::html::{ENTRY_PATH, FRONT, home, icon_link, page, source_address, time};
use super::icon;
use super::text::{excerpt, one_line, percent_encode, site_address, truncate};
use super::word_changes::{self, TextPart};
use crate::entry::change::{ChangedField, FormerTitle, FormerVersion};
use crate::entry::{Entry, StoredEntry};
use crate::store::{Candidate, EntryStory, KeptApart};

/// The most of a text that is shown, in characters.
const MAX_TEXT_CHARS: usize = 5000;
/// The most of the HTML of a text.
const MAX_HTML_CHARS: usize = 20_000;

/// What there is to tell of one entry.
pub struct EntryDetails<'a> {
    /// The base address of the published feeds.
    pub public_url: &'a Url,
    /// The entry.
    pub candidate: &'a Candidate,
    /// Titles that it had before, the newest first.
    pub former_titles: &'a [FormerTitle],
    /// What its last edits have changed, the last first.
    pub former_versions: &'a [FormerVersion],
    /// Its story, if there are other entries in it.
    pub story: Option<&'a EntryStory>,
    /// Earlier entries that it is much like.
    pub apart: &'a [KeptApart],
    /// Of each output.
    pub outputs: &'a [Explanation<'a>],
}

/// The title of an entry, or what it has instead.
pub(super) fn title(kept: &StoredEntry) -> String {
    one_line(kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or(&kept.uid))
}

/// The address of an entry's page, without scheme and host.
pub(super) fn address(public_url: &Url, number: i64) -> String {
    site_address(public_url, &format!("{ENTRY_PATH}/{number}"))
}

/// Writes it.
pub fn write(details: &EntryDetails<'_>) -> Vec<u8> {
    let kept = &details.candidate.entry;
    let title = title(kept);
    let language = kept.entry.language.as_deref().or(kept.source.language.as_deref()).unwrap_or_default();
    let body = html! {
        header {
            nav aria-label="Site" { a .back href=(home(details.public_url)) { "All feeds" } }
            h1 lang=(language) dir="auto" { (title) }
            p .soft {
                a href=(source_address(details.public_url, &kept.source.name)) { bdi { (one_line(&kept.source.title)) } }
                " \u{b7} " (time(kept.date)) " \u{b7} entry " (kept.number)
            }
        }
        main {
            (outputs(details))
            (story(details))
            (kept_texts(kept, language))
            (versions(details))
        }
    };
    page(&title, FRONT, &icon_link(details.public_url, icon::PATH), &body)
}

fn outputs(details: &EntryDetails<'_>) -> Markup {
    html! {
        section {
            h2 { "Outputs" }
            @if details.outputs.is_empty() { p .soft { "There are none." } }
            @for explanation in details.outputs {
                h3 { a href=(site_address(details.public_url, &Format::Html.path(explanation.output))) { (explanation.output) }
                    ": " span .good[explanation.shown] { (explanation.answer()) } }
                ul .notices {
                    @if let Some(line) = explanation.undecided_line() { li { (line) } }
                    @for reason in &explanation.why { li { bdi { (one_line(&reason_line(reason))) } } }
                    @for reason in &explanation.entered_by { li { "entered by " bdi { (one_line(&reason_line(reason))) } } }
                    @if let Some(line) = explanation.has_changed_since() { li { (line) } }
                    @if explanation.filter.is_none() { li { "no filter: every entry matches" } }
                    @for failed in &explanation.failed { li { code { (failed.part) } ": " bdi { (one_line(&failed.because)) } } }
                    @for rule in &explanation.cut { li { bdi { (one_line(rule)) } } }
                }
            }
            p .soft { code { "siftwire explain " (details.candidate.entry.number) } " says the same." }
        }
    }
}

fn story(details: &EntryDetails<'_>) -> Markup {
    let number = details.candidate.entry.number;
    html! {
        section {
            h2 { "Story" }
            @match details.story {
                None => p { "No other entry was taken for the same story." },
                Some(story) => {
                    @match &story.reason {
                        Some(reason) => p {
                            "It joined " @if let Some(first) = story.first {
                                a href=(address(details.public_url, first)) { "entry " (first) }
                            } @else { "an entry that is no longer kept" }
                            ": " (one_line(reason))
                        },
                        None => p { "It is the first entry. Others:" },
                    }
                    @if let Some(line) = owner_line(&details.candidate.entry.entry, story) { p { (one_line(&line)) } }
                    ul .sources {
                        @for other in &story.duplicates {
                            li {
                                p { a href=(address(details.public_url, other.entry)) { "entry " (other.entry) } " in " bdi { (one_line(&other.title)) } }
                                p { @if let Some(link) = &other.link { a href=(percent_encode(link)) rel="noreferrer" { bdi { (one_line(link)) } } } }
                            }
                        }
                    }
                    p .soft { code { "siftwire stories split " (number) } " makes it a story of its own." }
                }
            }
            @for KeptApart { entry, reason } in details.apart {
                p { "No story with " a href=(address(details.public_url, *entry)) { "entry " (entry) } ", which is much alike: " (one_line(reason)) }
            }
        }
    }
}

fn kept_texts(kept: &StoredEntry, language: &str) -> Markup {
    let entry = &kept.entry;
    let authors: Vec<&str> = entry.authors.iter().map(|author| author.name.as_str()).collect();
    html! {
        section {
            h2 { "What is kept" }
            dl .facts {
                @if let Some(link) = &entry.link { div { dt { "Link" } dd { a href=(percent_encode(link)) rel="noreferrer" { bdi { (one_line(link)) } } } } }
                div { dt { "Id" } dd { bdi { (one_line(entry.id.as_deref().unwrap_or("none of the publisher's"))) } } }
                @if let Some(published) = entry.published { div { dt { "Published" } dd { (time(published)) } } }
                @if let Some(updated) = entry.updated { div { dt { "Updated" } dd { (time(updated)) } } }
                @if !authors.is_empty() { div { dt { "Authors" } dd { bdi { (one_line(&authors.join(", "))) } } } }
                @if !entry.categories.is_empty() { div { dt { "Categories" } dd { bdi { (one_line(&entry.categories.join(", "))) } } } }
                @if !language.is_empty() { div { dt { "Language" } dd { (language) } } }
            }
            @if let Some(line) = article_line(&kept.article) { p { bdi { (one_line(&line)) } "." } }
            @let article = kept.article.article().map(|article| &article.html);
            @for (name, text) in [
                ("Summary", entry.summary.as_ref()), ("Content", entry.content.as_ref()), ("Article", article),
            ] {
                @if let Some(text) = text {
                    h3 { (name) }
                    p lang=(language) dir="auto" { (excerpt(text, MAX_TEXT_CHARS)) }
                    details {
                        summary { (name) " as HTML: what could do harm was removed" }
                        pre .code tabindex="0" dir="ltr" { (truncate(text, MAX_HTML_CHARS)) }
                    }
                }
            }
            @if let Some(line) = removed_line(entry) { p { "Before it was kept, " (one_line(&line)) "." } }
            @if entry.summary.is_none() && entry.content.is_none() && article.is_none() { p .soft { "It has no text." } }
        }
    }
}

fn versions(details: &EntryDetails<'_>) -> Markup {
    let Candidate { entry: kept, revised, first_poll, .. } = details.candidate;
    html! {
        section {
            h2 { "Versions" }
            dl .facts {
                div { dt { "First seen" } dd { (time(kept.first_seen)) @if *first_poll { ", with the first poll of its source" } } }
                @if kept.changed > kept.first_seen { div { dt { "Last changed" } dd { (time(kept.changed)) ", as readers see it" } } }
                @if *revised > kept.first_seen { div { dt { "Last edited" } dd { (time(*revised)) ", or read anew" } } }
            }
            @for FormerTitle { title, replaced, reason } in details.former_titles {
                p { "Until " (time(*replaced)) " its title was \u{201c}" bdi { (one_line(title)) } "\u{201d} (" (one_line(reason)) ")." }
            }
            (edits(&kept.entry, details.former_versions))
        }
    }
}

/// What each edit has changed, the last first: each version is made from the one after it.
fn edits(entry: &Entry, former_versions: &[FormerVersion]) -> Markup {
    let mut after = entry.clone();
    let versions = former_versions.iter().map(|former| {
        let before = before(&after, former);
        (former, std::mem::replace(&mut after, before.clone()), before)
    });
    html! {
        @for (former, after, before) in versions {
            @let fields: Vec<&str> = former.changed.iter().map(|field| field.name()).collect();
            h3 { "Edited " (time(former.replaced)) ": " (fields.join(", ")) }
            @for field in &former.changed { (edit(*field, former, (&before, &after))) }
        }
    }
}

/// An entry before an edit.
fn before(after: &Entry, former: &FormerVersion) -> Entry {
    let mut before = after.clone();
    for field in &former.changed {
        match field {
            ChangedField::Title => before.title.clone_from(&former.title),
            ChangedField::Link => before.link.clone_from(&former.link),
            ChangedField::Summary => before.summary.clone_from(&former.summary),
            ChangedField::Content => before.content.clone_from(&former.content),
            ChangedField::Published => before.published = former.published,
            ChangedField::Updated => before.updated = former.updated,
        }
    }
    before
}

fn edit(field: ChangedField, former: &FormerVersion, (before, after): (&Entry, &Entry)) -> Markup {
    let words = |before: &Option<String>, after: &Option<String>| {
        let text = |html: &Option<String>| {
            html.as_deref().map_or_else(String::new, |html| excerpt(html, MAX_HTML_CHARS))
        };
        differences(&text(before), &text(after))
    };
    let dates = |before: Option<Timestamp>, after: Option<Timestamp>| {
        html! {
            p { (field.name()) ": " del { (date(before)) } " " ins { (date(after)) } }
        }
    };
    match field {
        ChangedField::Title => differences(
            &one_line(before.title.as_deref().unwrap_or_default()),
            &one_line(after.title.as_deref().unwrap_or_default()),
        ),
        ChangedField::Link => {
            let link = |entry: &Entry| one_line(entry.link.as_deref().unwrap_or("none"));
            html! { p { "link: " del dir="ltr" { (link(before)) } " " ins dir="ltr" { (link(after)) } } }
        }
        ChangedField::Summary | ChangedField::Content if former.is_cut => {
            html! { p .soft { "The " (field.name()) " before was too long to be kept." } }
        }
        ChangedField::Summary => words(&before.summary, &after.summary),
        ChangedField::Content => words(&before.content, &after.content),
        ChangedField::Published => dates(before.published, after.published),
        ChangedField::Updated => dates(before.updated, after.updated),
    }
}

fn date(date: Option<Timestamp>) -> Markup {
    html! { @match date { Some(date) => (time(date)), None => "none" } }
}

/// Removed and added words.
fn differences(before: &str, after: &str) -> Markup {
    let parts = word_changes::between(before, after);
    html! {
        @if before == after { p .soft { "Only its markup has changed." } }
        @else {
            p lang="" dir="auto" {
                @for part in &parts {
                    @match part {
                        TextPart::Same(words) => (words),
                        TextPart::Deleted(words) => del { (words) },
                        TextPart::Inserted(words) => ins { (words) },
                        TextPart::Skipped => "\u{2026}",
                    }
                    " "
                }
            }
        }
    }
}
