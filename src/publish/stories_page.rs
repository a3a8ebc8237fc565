//! Writes the page of the stories: what was taken for one lately, and why. Pure.

use maud::{Markup, html};
use url::Url;

use super::entry_page::{address, title};
use super::html::{FRONT, home, icon_link, page, time};
use super::icon;
use super::text::one_line;
use crate::entry::StoredEntry;
use crate::store::Merge;

/// The path of the page.
pub const PATH: &str = "/stories";
/// The most entries that it shows.
pub const MAX_MERGES: usize = 300;

/// Writes the page of entries that have joined a story, the last one first.
pub fn write(public_url: &Url, merges: &[Merge]) -> Vec<u8> {
    let body = html! {
        header {
            nav aria-label="Site" { a .back href=(home(public_url)) { "All feeds" } }
            h1 { "Stories" }
        }
        main {
            p { (summary(merges.len())) }
            @if !merges.is_empty() { p .soft { "The command splits an entry from its story, for good; outputs show both then." } }
            @for merge in merges { (item(public_url, merge)) }
        }
    };
    page("Stories", FRONT, &icon_link(public_url, icon::PATH), &body)
}

fn summary(count: usize) -> String {
    match count {
        0 => "No entry was taken for the same story as an earlier one in the last 24 hours.".to_owned(),
        1 => "In the last 24 hours, one entry was taken for the same story as an earlier one.".to_owned(),
        MAX_MERGES => {
            format!("The last {count} entries that were taken for the same story as an earlier one.")
        }
        _ => format!("{count} entries were taken for the same story as an earlier one in the last 24 hours."),
    }
}

fn item(public_url: &Url, merge: &Merge) -> Markup {
    let number = merge.entry.number;
    html! {
        section .entry {
            h2 dir="auto" { (entry_link(public_url, &merge.entry)) }
            p { "same story as " @match &merge.first { Some(first) => (entry_link(public_url, first)), None => "an entry that is no longer kept" } }
            p { (one_line(&merge.reason)) }
            p .soft { (time(merge.joined)) " \u{b7} " code { "siftwire stories split " (number) } }
        }
    }
}

fn entry_link(public_url: &Url, kept: &StoredEntry) -> Markup {
    html! {
        a href=(address(public_url, kept.number)) { bdi { (title(kept)) } } " " small { bdi { (one_line(&kept.source.title)) } }
    }
}
