//! What is wrong with a document, and where. Pure.

use crate::entry::Entry;
use crate::text::log_excerpt;

/// Characters of a title that names an entry.
const MAX_NAME_CHARS: usize = 50;

/// Something that was repaired, skipped or left out.
#[derive(Debug)]
pub(super) struct Problem {
    what: String,
    /// The entries that it is about, by their positions from 1, in order.
    entries: Vec<usize>,
}

impl From<String> for Problem {
    fn from(what: String) -> Problem {
        Problem { what, entries: Vec::new() }
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Problem {
        what.to_owned().into()
    }
}

impl Problem {
    pub(super) fn of(entries: Vec<usize>, what: impl Into<String>) -> Problem {
        Problem { what: what.into(), entries }
    }

    /// As a message of at most 200 characters, which names the first entries.
    pub(super) fn message(&self, all: &[Entry]) -> String {
        let place = match self.entries[..] {
            [] => return log_excerpt(&self.what),
            [only] => format!("entry {}", named(only, all)),
            [first, second] => format!("entries {} and {second}", named(first, all)),
            [first, second, ref others @ ..] => {
                format!("entries {}, {second} and {} more", named(first, all), others.len())
            }
        };
        let limit = 200_usize.saturating_sub(place.chars().count() + 2);
        let what: String = self.what.chars().take(limit).collect();
        log_excerpt(&format!("{what}: {place}"))
    }
}

/// The number of an entry with its title or id.
fn named(number: usize, all: &[Entry]) -> String {
    let entry = number.checked_sub(1).and_then(|index| all.get(index));
    let name = entry.and_then(|entry| entry.title.as_deref().or(entry.id.as_deref()));
    let Some(name) = name else { return number.to_string() };
    let mut shown: String = name.chars().take(MAX_NAME_CHARS).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    format!("{number} `{shown}`")
}

/// Adds the number of an entry to a list in order, once.
pub(super) fn note(numbers: &mut Vec<usize>, number: usize) {
    if numbers.last() != Some(&number) {
        numbers.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_entries_are_named() {
        let entries: Vec<Entry> = [Some("A title"), None]
            .map(|title| Entry { title: title.map(str::to_owned), ..Entry::default() })
            .into();
        let message = |numbers: &[usize]| Problem::of(numbers.to_vec(), "x").message(&entries);
        assert_eq!(message(&[]), "x");
        assert_eq!(message(&[1]), "x: entry 1 `A title`");
        assert_eq!(message(&[2]), "x: entry 2");
        assert_eq!(message(&[1, 9]), "x: entries 1 `A title` and 9");
        assert_eq!(message(&[3, 7, 8, 12]), "x: entries 3, 7 and 2 more");
        let long = Problem::of(vec![7], "x".repeat(300)).message(&entries);
        assert!(long.chars().count() == 200 && long.ends_with(": entry 7"), "{long}");
    }
}
