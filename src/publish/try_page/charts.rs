//! How many entries a filter takes by source and by day, as bars. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use maud::{Markup, html};

use super::super::search::SearchMatches;
use super::super::text::one_line;

/// The days of the picture.
const DAYS: usize = 30;
/// The most sources that are listed.
const MAX_SOURCES: usize = 10;
/// The size of a bar of a day, and the height of the picture.
const BAR: usize = 8;
const HEIGHT: usize = 48;

/// How many entries match.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MatchCounts {
    /// The title of each source of which an entry matches; how many match, and how many there are. Most first.
    pub by_source: Vec<(String, usize, usize)>,
    /// The last days, the last one first in time order (UTC).
    pub by_day: Vec<(Date, usize)>,
}

impl MatchCounts {
    /// MatchCounts what the first filter takes.
    pub fn of(searched: &SearchMatches, now: Timestamp) -> MatchCounts {
        let day = |time: Timestamp| TimeZone::UTC.to_datetime(time).date();
        let today = day(now);
        let days = (0..DAYS as i64).rev().filter_map(|ago| today.checked_sub(ago.days()).ok());
        let mut by_day: Vec<(Date, usize)> = days.map(|day| (day, 0)).collect();
        let mut sources: HashMap<&str, (&str, usize, usize)> = HashMap::new();
        for entry in &searched.entries {
            let Some(taken) = entry.taken[0] else { continue };
            let source = sources.entry(&entry.source.name).or_insert((&entry.source.title, 0, 0));
            source.2 += 1;
            if taken {
                source.1 += 1;
                let date = day(entry.date);
                if let Ok(place) = by_day.binary_search_by_key(&date, |(day, _)| *day) {
                    by_day[place].1 += 1;
                }
            }
        }
        let mut by_source: Vec<_> = sources.into_iter().filter(|(_, (_, taken, _))| *taken > 0).collect();
        by_source.sort_unstable_by_key(|(name, (_, taken, of))| (Reverse(*taken), *of, *name));
        let row = |(_, (title, taken, of)): (&str, (&str, usize, usize))| (title.to_owned(), taken, of);
        MatchCounts { by_source: by_source.into_iter().map(row).collect(), by_day }
    }
}

pub(super) fn write(counts: &MatchCounts) -> Markup {
    html! {
        section { h2 { "By day" } (days(&counts.by_day)) }
        section { h2 { "By source" } (sources(&counts.by_source)) }
    }
}

fn days(by_day: &[(Date, usize)]) -> Markup {
    let most = by_day.iter().max_by_key(|(_, count)| *count).copied();
    let (day_of_most, most) = most.unwrap_or_default();
    let total: usize = by_day.iter().map(|(_, count)| count).sum();
    let last = by_day.last().map_or(0, |(_, count)| *count);
    html! {
        svg .days role="img" viewBox=(format!("0 0 {} {HEIGHT}", by_day.len() * BAR)) preserveAspectRatio="none"
            aria-label=(format!("Matches a day over {} days", by_day.len()))
        {
            @for (place, (day, count)) in by_day.iter().enumerate() {
                @let height = if *count == 0 { 0 } else { (count * HEIGHT / most.max(1)).max(2) };
                rect x=(place * BAR) y=(HEIGHT - height) width=(BAR - 1) height=(height) {
                    // Browsers for text show these alone, one after the other.
                    @if *count > 0 { title { (written(*day)) ": " (count) " " } }
                }
            }
        }
        p .soft {
            @if total == 0 { "Nothing in the last " (by_day.len()) " days" }
            @else { (super::grouped(total)) " in " (by_day.len()) " days, " (super::grouped(last)) " today, at most " (super::grouped(most)) " (" (written(day_of_most)) ")" }
        }
    }
}

/// On one line, since no break is at its spaces.
fn written(day: Date) -> String {
    day.strftime("%-d\u{a0}%b\u{a0}%Y").to_string()
}

fn sources(by_source: &[(String, usize, usize)]) -> Markup {
    let most = by_source.first().map_or(1, |(_, taken, _)| *taken).max(1);
    html! {
        @if by_source.is_empty() { p .soft { "No source has a match" } }
        ul .bars {
            @for (title, taken, of) in by_source.iter().take(MAX_SOURCES) {
                li {
                    bdi { (one_line(title)) } " "
                    span .soft { (super::grouped(*taken)) " of " (super::grouped(*of)) }
                    svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                        rect width=((taken * 100 / most).max(1)) height="4" {}
                    }
                }
            }
        }
        @if by_source.len() > MAX_SOURCES { p .soft { "and " (by_source.len() - MAX_SOURCES) " more sources" } }
    }
}
