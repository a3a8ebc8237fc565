//! Writes the web page of an output. Pure.

use maud::{Markup, html};

use super::document::{Document, HistoryPosition, OutputEntry, SEARCH_PATH, WebPages};
use super::format::Format;
use super::health;
use super::highlight::highlight;
use super::html::{ENTRY_PATH, feed_addresses, home, icon_link, page, time};
use super::icon::{self, Icon};
use super::output::Criteria;
use super::select::BYLINE_START;
use super::stories::{ALSO_IN_START, MAX_NAMED_SOURCES};
use super::text::{excerpt, one_line, percent_encode};

/// Length of the excerpt of an entry's text.
const EXCERPT_CHARS: usize = 320;

/// Longer filters are folded, in bytes.
const MAX_UNFOLDED_CRITERIA: usize = 400;
/// The most names of sources and tags.
const MAX_NAMES: usize = 100;

/// Writes a document as a web page.
pub fn write(document: &Document) -> Vec<u8> {
    let own_title = one_line(&document.title);
    let title = match document.position {
        HistoryPosition::Current { .. } => own_title.clone(),
        HistoryPosition::Archive { number, .. } => format!("{own_title}: older entries, page {number}"),
    };
    let is_current = !document.is_archive();
    let body = html! {
        a .skip href="#entries" { "Skip to the entries" }
        header {
            nav aria-label="Site" {
                a .back href=(home(&document.public_url)) { "All feeds" }
                @if !is_current { " \u{b7} " a .back href=(document.relative(&Format::Html.path(&document.name))) { "Newest entries" } }
            }
            h1 dir="auto" { (own_title) }
            @if let HistoryPosition::Archive { number, .. } = document.position { p { "Older entries, page " (number) } }
            @else {
                @if let Some(description) = &document.description { p dir="auto" { (one_line(description)) } }
                (feed_addresses(&own_title, |format| document.address(format)))
            }
            @if let Some(shown) = &document.criteria { (criteria(document, shown)) }
        }
        main #entries {
            @if document.entries.is_empty() {
                p .soft {
                    @if document.name == health::NAME { "All is well: no source has failed for a day, moved or fallen silent." }
                    @else { "Nothing has matched yet. Entries appear here as soon as a source brings one." }
                }
            }
            @for shown in &document.entries { (entry(document, shown)) }
        }
        (page_links(document))
    };
    let head = html! {
        (head(document))
        @if is_current && let Some(description) = &document.description {
            meta name="description" content=(one_line(description));
        }
        link rel="canonical" href=(document.own_address(Format::Html));
    };
    page(&title, "reading", &head, &body)
}

/// The icon, and the feeds of the output.
fn head(document: &Document) -> Markup {
    // A page loads nothing from elsewhere.
    let icon = match &document.icon {
        Some(Icon::File(file)) => file.path(&document.name),
        Some(Icon::Url(_)) | None => icon::PATH.to_owned(),
    };
    let title = one_line(&document.title);
    html! {
        (icon_link(&document.public_url, &icon))
        @for format in Format::feeds() {
            link rel="alternate" type=(format.media_type()) title=(title) href=(document.address(format));
        }
    }
}

/// Links to the pages with older and newer entries.
fn page_links(document: &Document) -> Markup {
    let WebPages { older, newer } = document.web_pages;
    let newer = match newer {
        Some(number) => Some(document.archive_path(number, Format::Html)),
        None => document.is_archive().then(|| Format::Html.path(&document.name)),
    };
    html! {
        @if older.is_some() || newer.is_some() {
            nav .pages aria-label="Older and newer entries" {
                @if let Some(path) = newer { a rel="prev" href=(document.relative(&path)) { "Newer entries" } }
                @if let Some(number) = older {
                    a rel="next" href=(document.relative(&document.archive_path(number, Format::Html))) { "Older entries" }
                }
            }
        }
    }
}

/// Which entries the output takes. A long filter is folded.
fn criteria(document: &Document, Criteria { filter, topics, sources }: &Criteria) -> Markup {
    let texts = filter.iter().chain(topics.iter().map(|(_, query)| query));
    let length: usize =
        texts.map(String::len).sum::<usize>() + sources.iter().flatten().map(String::len).sum::<usize>();
    let query = |text: &str| html! { code lang="" dir="auto" { (text) } };
    html! {
        details .criteria open[length <= MAX_UNFOLDED_CRITERIA] {
            summary { "Which entries it takes" }
            dl .facts {
                div { dt { "Filter" } dd { @match filter { Some(text) => (query(text)), None => "none: every entry" } } }
                @for (name, text) in topics { div { dt { code { "@" (name) } } dd { (query(text)) } } }
                div { dt { "Sources" } dd {
                    @match sources {
                        None => "all",
                        Some(names) => {
                            @for (index, name) in names.iter().take(MAX_NAMES).enumerate() {
                                @if index > 0 { ", " }
                                bdi { (name) }
                            }
                            @if names.len() > MAX_NAMES { ", and " (names.len() - MAX_NAMES) " more" }
                        }
                    }
                } }
            }
            @if document.is_explained {
                p .soft { a href=(document.absolute(&format!("{SEARCH_PATH}?output={}", document.name))) { "Try another filter" } }
            }
        }
    }
}

fn entry(document: &Document, shown: &OutputEntry) -> Markup {
    let text = shown.summary.as_deref().or(shown.content.as_deref());
    // The page has these lines elsewhere.
    let text =
        text.map(|html| [BYLINE_START, ALSO_IN_START].iter().fold(html, |html, line| before(html, line)));
    let text =
        text.map(|html| excerpt(html, EXCERPT_CHARS)).filter(|text| !text.is_empty() && *text != shown.title);
    let title = highlight(&one_line(&shown.title), &shown.highlights);
    html! {
        // Not an `article`: Liferea takes a page with three of those for a feed and looks for no other. An empty language
        // means unknown; without it the text would count as English.
        div .entry role="article" lang=(shown.language().unwrap_or_default()) dir="auto" {
            h2 {
                @if let Some(link) = shown.link() { a href=(percent_encode(link)) rel="noreferrer" { (title) } }
                @else { (title) }
            }
            p .soft {
                bdi { (one_line(&shown.kept.source.title)) } " \u{b7} " (time(shown.kept.date))
                @if document.is_explained {
                    " \u{b7} " a href=(document.absolute(&format!("{}/{}", ENTRY_PATH, shown.kept.number))) lang="en"
                        aria-label=(format!("Why is this here? {}", shown.title)) { "why is this here?" }
                }
            }
            @if let Some(text) = text { p { (highlight(&text, &shown.highlights)) } }
            @if !shown.also_in.is_empty() {
                p .soft lang="en" { "Also in: "
                    @for (index, also) in shown.also_in.iter().take(MAX_NAMED_SOURCES).enumerate() {
                        @if index > 0 { ", " }
                        a href=(percent_encode(&also.link)) rel="noreferrer" { bdi lang="" { (one_line(&also.title)) } }
                    }
                    @if shown.also_in.len() > MAX_NAMED_SOURCES { " and others" }
                }
            }
        }
    }
}

fn before<'a>(text: &'a str, pattern: &str) -> &'a str {
    text.split(pattern).next().unwrap_or_default()
}
