//! Countries, cities and regions with their adjectives and peoples, in six languages. Pure.

use super::forms::{Language, forms, forms_of_singular};
use super::{Expansion, fold};

/// A line `@topic` begins a concept; a line for each language follows: code, names, `|`, adjectives,
/// `|`, people. Commas part what has the same place. `=` for people: the adjective names them too.
/// A name with `!` has no plural, with `.` no other form at all.
const TABLE: &str = include_str!("families.txt");

/// The names of all topics, in the order of the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.strip_prefix('@'))
}

/// Everything that a concept is called.
pub(super) fn topic(name: &str) -> Option<Expansion> {
    let mut found = None;
    for line in TABLE.lines() {
        match line.strip_prefix('@') {
            Some(_) if found.is_some() => break,
            Some(topic) if topic == name => found = Some(Expansion::default()),
            _ => {}
        }
        if let (Some(out), Some(row)) = (&mut found, Row::read(line)) {
            row.terms().for_each(|(term, place)| add(term, place, row.language, out));
        }
    }
    found
}

/// The relatives of a folded name, in each language in which it is one.
pub(super) fn relatives(name: &str, out: &mut Expansion) {
    if name.is_empty() {
        return;
    }
    for row in TABLE.lines().filter_map(Row::read) {
        // Names of other languages are not the user's word: only where the row has it.
        if row.holds(name) {
            row.terms().for_each(|(term, place)| add(term, place, row.language, out));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Name,
    Adjective,
    People,
}

/// One language of one concept.
struct Row<'t> {
    language: Language,
    text: &'t str,
}

impl<'t> Row<'t> {
    fn read(line: &'t str) -> Option<Row<'t>> {
        let (code, text) = line.split_once(' ')?;
        Language::of(code).map(|language| Row { language, text })
    }

    fn terms(&self) -> impl Iterator<Item = (&'t str, Place)> {
        let places = [Place::Name, Place::Adjective, Place::People];
        self.text.split('|').zip(places).flat_map(|(terms, place)| {
            terms
                .split(',')
                .map(str::trim)
                .filter(|term| !term.is_empty() && *term != "=")
                .map(move |term| (term, place))
        })
    }

    /// Whether a name, adjective or people of this row is the word. Folds only rows that may hold it.
    fn holds(&self, name: &str) -> bool {
        self.terms().any(|(term, _)| {
            let bare = term.trim_end_matches(['!', '.']);
            bare.chars().count().abs_diff(name.chars().count()) < 4 && fold(bare) == name
        })
    }
}

/// Adds a term in all its forms; of several words, a row.
fn add(term: &str, place: Place, language: Language, out: &mut Expansion) {
    let bare = term.trim_end_matches(['!', '.']);
    let inflected = |word: &str| -> Vec<String> {
        if term.ends_with('.') {
            vec![word.to_owned()]
        } else if term.ends_with('!') {
            forms_of_singular(word, language)
        } else {
            forms(word, language)
        }
    };
    let words: Vec<String> = super::tokens(bare).words().map(str::to_owned).collect();
    match words.as_slice() {
        [] => {}
        [one] => {
            out.words.extend(inflected(one));
            // The woman of a people: Italiener, Italienerin.
            if language == Language::German && place == Place::People {
                let stem = one.strip_suffix('e').unwrap_or(one);
                out.words.extend(forms(&format!("{stem}in"), language));
            }
        }
        row => out.phrases.push(row.iter().map(|word| inflected(word)).collect()),
    }
}
