//! Entries that a filter takes or leaves out, each with the reason. Pure.

use std::borrow::Borrow;

use maud::{Markup, html};
use url::Url;

use super::super::entry_page;
use super::super::excerpts::{self, Excerpt};
use super::super::explain::{FailedPart, failed_parts, reason_line};
use super::super::highlight::highlight;
use super::super::html::time;
use super::super::select;
use super::super::text::{one_line, percent_encode, without_forbidden_chars};
use crate::entry::StoredEntry;
use crate::filter::{MatchReason, Matcher, QueryResult, Subject};

/// The most places in a text that are shown of an entry, and the most terms that did not match.
const MAX_EXCERPTS: usize = 2;
const MAX_REASONS: usize = 6;

/// An entry, and why a filter takes it or not.
pub struct FoundEntry {
    kept: StoredEntry,
    /// Why it matches.
    reasons: Vec<MatchReason>,
    /// Why it does not.
    failed: Vec<FailedPart>,
    /// Whether its article may still decide otherwise.
    is_undecided: bool,
}

impl FoundEntry {
    /// Explains an entry by the first query of a matcher, whose text is `query`.
    pub fn explained(kept: StoredEntry, matcher: &Matcher, query: &str, now: jiff::Timestamp) -> FoundEntry {
        let QueryResult { is_decided, result } = matcher.explain(0, &Subject::from_stored(&kept, now));
        let (reasons, failed) = match result {
            Ok(reasons) => (reasons, Vec::new()),
            Err(failed) => (Vec::new(), failed_parts(query, &failed)),
        };
        FoundEntry { kept, reasons, failed, is_undecided: !is_decided }
    }
}

/// A heading and entries; `found` is how many there are in all, and the newest of them.
pub(super) fn list(
    public_url: &Url,
    heading: &str,
    (count, newest): &(usize, impl Borrow<Vec<FoundEntry>>),
    if_none: &str,
) -> Markup {
    let newest: &Vec<FoundEntry> = newest.borrow();
    html! {
        section {
            h3 { (heading) }
            @if newest.is_empty() { p .soft { (if_none) } }
            @for found in newest { (entry(public_url, found)) }
            @if *count > newest.len() && !newest.is_empty() {
                p .soft { "and " (super::grouped(count - newest.len())) " older ones" }
            }
        }
    }
}

fn entry(public_url: &Url, FoundEntry { kept, reasons, failed, is_undecided }: &FoundEntry) -> Markup {
    let in_field = |field: &str| -> Vec<String> {
        reasons.iter().filter(|reason| reason.field == field).map(|reason| reason.found.clone()).collect()
    };
    let title = highlight(&one_line(&select::title(kept)), &in_field("title"));
    let language = kept.entry.language.as_deref().or(kept.source.language.as_deref()).unwrap_or_default();
    html! {
        div .entry role="article" {
            h4 lang=(language) dir="auto" {
                @if let Some(link) = &kept.entry.link { a href=(percent_encode(link)) rel="noreferrer" { (title) } }
                @else { (title) }
            }
            p .soft { bdi { (one_line(&kept.source.title)) } " \u{b7} " (time(kept.date)) " \u{b7} " a href=(entry_page::address(public_url, kept.number)) { "entry\u{a0}" (kept.number) } }
            @for Excerpt { before, matched, after, .. } in excerpts::of_entry(kept, reasons).iter().take(MAX_EXCERPTS) {
                p lang=(language) dir="auto" { (without_forbidden_chars(before)) mark { (without_forbidden_chars(matched)) } (without_forbidden_chars(after)) }
            }
            ul .why aria-label="Why" {
                @if *is_undecided { li { "undecided: its article has not come yet" } }
                @for reason in reasons.iter().take(MAX_REASONS) { li dir="auto" { (reason_line(reason)) } }
                @for FailedPart { part, because } in failed.iter().take(MAX_REASONS) {
                    li dir="auto" { code { (part) } ": " (because) }
                }
                @let more = (reasons.len() + failed.len()).saturating_sub(MAX_REASONS);
                @if more > 0 { li { "and " (more) " more" } }
                @if reasons.is_empty() && failed.is_empty() { li { "nothing excludes it" } }
            }
        }
    }
}
