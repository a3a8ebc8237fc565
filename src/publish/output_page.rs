//! Writes the web page of an output. Pure.

use maud::{Markup, html};
use url::form_urlencoded;

use super::document::{Document, HistoryPosition, OutputEntry, SEARCH_PATH, WebPages};
use super::format::Format;
use super::health;
use super::highlight::highlight;
use super::html::{ENTRY_PATH, MAX_SEARCH_CHARS, READING, feed_addresses, home, icon_link, page, time};
use super::icon::{self, Icon};
use super::output::Criteria;
use super::select::BYLINE_START;
use super::stories::{ALSO_IN_START, MAX_NAMED_SOURCES};
use super::text::{counted, excerpt, one_line, percent_encode};

/// Length of the excerpt of an entry's text.
const EXCERPT_CHARS: usize = 320;

/// Longer filters are folded, in bytes.
const MAX_UNFOLDED_CRITERIA: usize = 400;
/// The most names of sources and tags.
const MAX_NAMES: usize = 100;

/// A search in an output.
pub struct PageSearch<'a> {
    /// What is searched for.
    pub text: &'a str,
    /// Why it is no query, for people.
    pub problem: Option<String>,
    /// How many entries were searched.
    pub searched: usize,
    /// Whether these are all that the output has.
    pub is_whole: bool,
}

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
            (site_links(document, is_current))
            h1 dir="auto" { (own_title) }
            @if let HistoryPosition::Archive { number, .. } = document.position { p { "Older entries, page " (number) } }
            @else {
                @if let Some(description) = &document.description { p dir="auto" { (one_line(description)) } }
                (feed_addresses(&own_title, |format| document.address(format)))
            }
            @if let Some(shown) = &document.criteria { (criteria(document, shown)) (search_field(document, "")) }
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
    page(&title, READING, &head, &body)
}

/// Writes what a search has found in an output.
pub fn write_search(document: &Document, search: &PageSearch<'_>) -> Vec<u8> {
    let own_title = one_line(&document.title);
    let entries = |count| counted(count, "entry", "entries");
    let body = html! {
        a .skip href="#entries" { "Skip to the entries" }
        header {
            (site_links(document, false))
            h1 dir="auto" { (own_title) }
            (search_field(document, search.text))
            p role="status" {
                @if search.problem.is_some() { "This cannot be searched for." }
                @else if search.is_whole { (entries(document.entries.len())) " of " (search.searched) }
                @else { (entries(document.entries.len())) "; the newest " (search.searched) " were searched" }
            }
            @if let Some(problem) = &search.problem { section .problem { pre tabindex="0" dir="ltr" { (problem) } } }
            @if document.is_explained {
                p .soft {
                    a href=(search_link(document, search.text)) { "Search all that is kept" }
                    ", also what this output does not take"
                }
            }
        }
        main #entries { @for shown in &document.entries { (entry(document, shown)) } }
    };
    let head = html! {
        (head(document))
        // The searches that can be thought of are without number.
        meta name="robots" content="noindex, nofollow";
    };
    page(&format!("{own_title}: {}", one_line(search.text)), READING, &head, &body)
}

fn site_links(document: &Document, is_current: bool) -> Markup {
    html! {
        nav aria-label="Site" {
            a .back href=(home(&document.public_url)) { "All feeds" }
            @if !is_current {
                " \u{b7} " a .back href=(document.relative(&Format::Html.path(&document.name))) { "Newest entries" }
            }
        }
    }
}

/// A field that searches the output.
fn search_field(document: &Document, text: &str) -> Markup {
    html! {
        form .search role="search" action=(document.relative(&Format::Html.path(&document.name))) {
            label .address {
                "Search these entries and older ones"
                input type="search" name="q" value=(text) maxlength=(MAX_SEARCH_CHARS);
            }
        }
    }
}

/// The page on which filters are tried, with this one.
fn search_link(document: &Document, text: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
    document.relative(&format!("{SEARCH_PATH}?{query}"))
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
                    " \u{b7} " a href=(document.absolute(&format!("{}/{}", ENTRY_PATH, shown.kept.number))) lang="en" dir="ltr"
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
