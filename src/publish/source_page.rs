//! Writes the page of one source. Pure.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};
use url::Url;

use super::chart::{self, DAYS, Series};
use super::format::Format;
use super::html::{FRONT, SOURCES_PATH, SourceHealth, SourceRow, condition, icon_link, page, time};
use super::icon;
use super::text::{counted, one_line, percent_encode, site_address};

/// What there is to tell of one source.
#[derive(Clone, Debug)]
pub struct SourceDetails {
    /// The base address of the published feeds.
    pub public_url: Url,
    /// What its row on the page of all sources says.
    pub row: SourceRow,
    /// What may be shown of its feed's address.
    pub url: String,
    /// How many of its entries are kept.
    pub entries: u32,
    /// What became of its articles within a day; empty if it reads none.
    pub articles: String,
    /// The last days, today at the end, in days since 1970.
    pub today: i64,
    /// Entries that are dated on each day.
    pub dated: [u32; DAYS],
    /// Polls of each day.
    pub polls: PollCounts,
    /// The median time between its entries.
    pub median_gap: Option<Duration>,
    /// Failed polls in a row.
    pub failures: u32,
    /// The last failure of each day that had one, the newest first.
    pub last_failures: Vec<(Timestamp, String)>,
    /// What was wrong with its last document, and since when each had something.
    pub problems: (Vec<String>, Option<Timestamp>),
    /// How feed-rs has read a document of it, and when.
    pub second_opinion: Option<(Option<String>, Timestamp)>,
    /// Of each output that it is in.
    pub shares: Vec<Share>,
}

/// Polls of each day.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollCounts {
    /// Those that read a document.
    pub read: [u32; DAYS],
    /// Those after which nothing had changed.
    pub not_modified: [u32; DAYS],
    /// Those that failed.
    pub failed: [u32; DAYS],
}

/// How much of an output is of a source.
#[derive(Clone, Debug)]
pub struct Share {
    /// The output's name.
    pub output: String,
    /// How many of the entries that entered it last are of the source.
    pub of_source: u32,
    /// How many entries that are.
    pub all: u32,
}

/// Writes it.
pub fn write(details: &SourceDetails) -> Vec<u8> {
    let title = one_line(&details.row.title);
    let body = html! {
        header {
            nav aria-label="Site" { a .back href=(site_address(&details.public_url, SOURCES_PATH)) { "All sources" } }
            h1 dir="auto" { (title) }
            p .soft { bdi { (details.row.name) } " \u{b7} " bdi { (one_line(&details.url)) } }
        }
        main {
            (state(details))
            (charts(details))
            (shares(details))
            (failures(details))
            (documents(details))
        }
    };
    page(&title, FRONT, &icon_link(&details.public_url, icon::PATH), &body)
}

fn state(details: &SourceDetails) -> Markup {
    let row = &details.row;
    html! {
        section {
            h2 { "State" }
            dl .facts {
                div { dt { "Polls" } dd { (condition(row)) @if details.failures > 1 { ", " (details.failures) " polls in a row" } } }
                div { dt { "Next poll" } dd {
                    @match (row.next_poll, row.health) {
                        (Some(next), _) => { (time(next)) @if !row.why.is_empty() { " (" (row.why) ")" } }
                        (None, SourceHealth::Gone) => { "none: its address is gone. Another url in config.toml tries again, or " code { "siftwire poll " (row.name) } },
                        (None, _) => "at once",
                    }
                } }
                div { dt { "Between two entries" } dd {
                    @match details.median_gap {
                        Some(gap) => { (words(gap)) ", the median" }
                        None => "unknown: it has too few entries with dates",
                    }
                } }
                div { dt { "Entries that are kept" } dd { (details.entries) } }
                @if !details.articles.is_empty() { div { dt { "Articles within a day" } dd { (one_line(&details.articles)) } } }
                @if let Some(link) = &row.link {
                    div { dt { "Site" } dd { a href=(percent_encode(link)) rel="noreferrer" { bdi { (one_line(link)) } } } }
                }
            }
        }
    }
}

fn charts(details: &SourceDetails) -> Markup {
    let entries = [Series { name: "entries", class: "well", numbers: details.dated }];
    let PollCounts { read, not_modified, failed } = details.polls;
    let polls = [
        Series { name: "read", class: "well", numbers: read },
        Series { name: "not modified", class: "same", numbers: not_modified },
        Series { name: "failed", class: "failed", numbers: failed },
    ];
    let total = |numbers: &[u32; DAYS]| -> u64 { numbers.iter().map(|number| u64::from(*number)).sum() };
    let highest = details.dated.iter().max().copied().unwrap_or_default();
    let of_entries = format!(
        "{} in {DAYS} days, at most {highest} on a day",
        counted(total(&details.dated), "entry", "entries")
    );
    let of_polls = format!(
        "{} in {DAYS} days: {} read, {} not modified, {} failed",
        counted(polls.iter().map(|series| total(&series.numbers)).sum::<u64>(), "poll", "polls"),
        total(&read),
        total(&not_modified),
        total(&failed)
    );
    html! {
        section {
            h2 { "Last " (DAYS) " days" }
            figure { (chart::bars(&of_entries, &entries)) figcaption { (of_entries) } }
            figure {
                (chart::bars(&of_polls, &polls))
                figcaption {
                    (of_polls) " "
                    @for series in &polls { span .key .(series.class) { (series.name) } " " }
                }
            }
            details {
                summary { "As numbers, by day (UTC)" }
                (chart::table(&entries.into_iter().chain(polls).collect::<Vec<_>>(), details.today))
            }
        }
    }
}

fn shares(details: &SourceDetails) -> Markup {
    html! {
        section {
            h2 { "Outputs" }
            @if details.shares.is_empty() { p .soft { "It is in no output." } }
            @else {
                ul .sources {
                    @for Share { output, of_source, all } in &details.shares {
                        li {
                            p { a href=(site_address(&details.public_url, &Format::Html.path(output))) { (output) } }
                            p { (of_source) " of the last " (counted(*all, "entry", "entries")) }
                            p .soft { (u64::from(*of_source) * 100 / u64::from((*all).max(1))) " %" }
                        }
                    }
                }
            }
        }
    }
}

fn failures(details: &SourceDetails) -> Markup {
    html! {
        section {
            h2 { "Last failures" }
            @if details.last_failures.is_empty() { p .soft { "None in " (DAYS) " days." } }
            @else {
                ul .sources { @for (at, outcome) in &details.last_failures { li { p { (time(*at)) } p { (one_line(outcome)) } } } }
                p .soft { "Of each day, the last one." }
            }
        }
    }
}

fn documents(details: &SourceDetails) -> Markup {
    let (problems, since) = &details.problems;
    html! {
        section {
            h2 { "Its documents" }
            @if problems.is_empty() { p { "The last one has no problem." } }
            @else {
                p { "Problems of the last one" @if let Some(since) = since { "; each has had some since " (time(*since)) } ":" }
                ul .notices { @for problem in problems { li { (one_line(problem)) } } }
            }
            @match &details.second_opinion {
                Some((Some(opinion), at)) => p { "feed-rs, another reader, " (one_line(opinion)) " (" (time(*at)) ")." },
                Some((None, _)) => p .soft { "feed-rs reads it otherwise, where the feed shows a secret of its address." },
                None => p .soft { "feed-rs, another reader, has not been asked yet: it is once a day, when a new document comes." },
            }
            p .soft { code { "siftwire inspect" } " with its address shows what is read now." }
        }
    }
}

/// A length of time for people: two units at most.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let rounded = match seconds {
        0..=3_599 => seconds / 60 * 60,
        3_600..=86_399 => seconds / 600 * 600,
        _ => seconds / 3_600 * 3_600,
    };
    humantime::format_duration(Duration::from_secs(rounded.max(60))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_rounded() {
        for (seconds, text) in
            [(5, "1m"), (130, "2m"), (3_700, "1h"), (9_000, "2h 30m"), (100_000, "1day 3h")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }
}
