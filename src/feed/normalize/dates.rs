//! Reads the dates that need the others of their document, or its language. Pure.

use crate::feed::dates::{Habits, is_unreadable, parse_in};
use crate::feed::problem::{Problem, note};
use crate::feed::raw::{RawDate, RawFeed};

/// Characters of a date in a problem.
const MAX_EXAMPLE_CHARS: usize = 60;

/// Reads them. A problem, if some cannot be read.
pub(super) fn complete(feed: &mut RawFeed<'_>) -> Option<Problem> {
    let texts = stated(feed).map(|(_, date)| &*date.text);
    let habits = Habits::of(feed.language.as_deref(), texts);
    if let Some(habits) = habits {
        for entry in &mut feed.entries {
            for date in
                [&mut entry.published, &mut entry.updated].into_iter().filter_map(|date| date.value_mut())
            {
                date.time = parse_in(&date.text, &habits);
            }
        }
    }
    let mut numbers = Vec::new();
    let mut example = "";
    for (number, date) in stated(feed).filter(|(_, date)| date.time.is_none() && is_unreadable(&date.text)) {
        if numbers.is_empty() {
            example = date.text.trim();
        }
        note(&mut numbers, number);
    }
    let example: String = example.chars().take(MAX_EXAMPLE_CHARS).collect();
    (!numbers.is_empty()).then(|| Problem::of(numbers, format!("dates cannot be read, such as `{example}`")))
}

/// The dates with the numbers of their entries.
fn stated<'b, 'a>(feed: &'b RawFeed<'a>) -> impl Iterator<Item = (usize, &'b RawDate<'a>)> {
    (1..).zip(&feed.entries).flat_map(|(number, entry)| {
        [&entry.published, &entry.updated].into_iter().filter_map(move |date| Some((number, date.value()?)))
    })
}
