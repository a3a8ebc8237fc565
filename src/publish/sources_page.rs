//! Writes the page of the sources: a part of them at a time, with a search. Pure.

use maud::{Markup, html};
use url::{Url, form_urlencoded};

use super::html::{
    FRONT, SOURCES_PATH, SourceRow, condition, home, icon_link, next_poll, page, search_field, source_address,
};
use super::icon;
use super::stories_page;
use super::text::{one_line, site_address};

/// The sources on one page.
pub const ROWS: usize = 100;

/// One page of sources.
#[derive(Clone, Debug)]
pub struct SourcesPage {
    /// The base address of the published feeds.
    pub public_url: Url,
    /// What was searched for; empty: nothing.
    pub search: String,
    /// Its number, from 1.
    pub number: usize,
    /// How many sources were found.
    pub found: usize,
    /// The sources on this page.
    pub sources: Vec<ListedSource>,
}

/// A source in the list.
#[derive(Clone, Debug)]
pub struct ListedSource {
    /// Its state.
    pub row: SourceRow,
    /// What else is wrong with it.
    pub notes: Vec<String>,
}

/// Writes it.
pub fn write(list: &SourcesPage) -> Vec<u8> {
    let SourcesPage { public_url, search, number, found, sources } = list;
    let pages = found.div_ceil(ROWS).max(1);
    let link = |number: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("q", search);
        }
        format!(
            "{}?{}",
            site_address(public_url, SOURCES_PATH),
            query.append_pair("page", &number.to_string()).finish()
        )
    };
    let body = html! {
        header {
            nav aria-label="Site" {
                a .back href=(home(public_url)) { "All feeds" } " \u{b7} "
                a .back href=(site_address(public_url, stories_page::PATH)) { "Stories" }
            }
            h1 { "Sources" }
        }
        main {
            (search_field(public_url, search))
            p {
                (found) @if *found == 1 { " source" } @else { " sources" }
                @if !search.is_empty() { " with \u{201c}" bdi { (search) } "\u{201d}" }
                @if pages > 1 { ", page " (number) " of " (pages) }
            }
            @if !sources.is_empty() { ul .sources { @for source in sources { (item(public_url, source)) } } }
            @if pages > 1 {
                nav aria-label="Pages" {
                    ul .pills {
                        @if *number > 1 { li { a rel="prev" href=(link(number - 1)) { "Previous" } } }
                        @if *number < pages { li { a rel="next" href=(link(number + 1)) { "Next" } } }
                    }
                }
            }
        }
    };
    page("Sources", FRONT, &icon_link(public_url, icon::PATH), &body)
}

fn item(public_url: &Url, ListedSource { row, notes }: &ListedSource) -> Markup {
    let title = one_line(&row.title);
    html! {
        li {
            p { a href=(source_address(public_url, &row.name)) { bdi { (title) } } @if title != row.name { " " small { (row.name) } } }
            p { (condition(row)) @for note in notes { br; span .bad { (note) } } }
            p .soft { (next_poll(row)) }
        }
    }
}
