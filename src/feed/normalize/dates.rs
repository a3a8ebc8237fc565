//! Reads the dates that need the others of their document, or its language. Pure.

use crate::feed::dates::{Habits, is_unreadable, parse_in};
use crate::feed::raw::{RawDate, RawFeed};
use crate::text::log_excerpt;

/// Reads them. A problem, if the document has dates of which none can be read.
pub(super) fn complete(feed: &mut RawFeed<'_>) -> Option<String> {
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
    if stated(feed).any(|(_, date)| date.time.is_some()) {
        return None;
    }
    let (number, first) = stated(feed).find(|(_, date)| is_unreadable(&date.text))?;
    Some(log_excerpt(&format!("no date can be read: entry {number} has `{}`", first.text.trim())))
}

/// The dates with the numbers of their entries.
fn stated<'b, 'a>(feed: &'b RawFeed<'a>) -> impl Iterator<Item = (usize, &'b RawDate<'a>)> {
    (1..).zip(&feed.entries).flat_map(|(number, entry)| {
        [&entry.published, &entry.updated].into_iter().filter_map(move |date| Some((number, date.value()?)))
    })
}
