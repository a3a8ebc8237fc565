//! Tells a place's name from a person's (Jack London, Paris Jackson) and from that of a town elsewhere (Moscow, Idaho).
//! Pure.

use super::spelling::has_capital;
use super::subject::Segment;
use super::words::is_country;
use crate::text::{WordSet, file_part};

/// First names, surnames, and places that are first names. Its format is described at its top.
const TABLE: &str = include_str!("words/person_names.txt");

/// What stands before a person's first name: Pope Leo, St. Louis. Then no surname follows.
static ROYAL: WordSet = WordSet::new(file_part(TABLE, "before a first name without a surname"));

/// What a person does or is, after a first name and a surname that no table knows.
static PERSONAL: WordSet = WordSet::new(file_part(TABLE, "after a person"));

/// What joins two names to the longer one of a thing or a place: Paris Charles de Gaulle.
const PARTICLES: &[&str] = &["de", "da", "di", "du", "van", "von"];

/// States and provinces with towns that are named for others, as they are written after a comma. Not those that are
/// also countries or cities.
const STATES: &str = file_part(TABLE, "states of America and Canada");

/// Towns of the state of Georgia; other places before that name are in a list of countries, or in the country.
const TOWNS_OF_GEORGIA: &[&str] =
    &["athens", "rome", "dublin", "vienna", "cairo", "milan", "berlin", "lisbon"];

static FIRST_NAMES: WordSet = WordSet::new(file_part(TABLE, "first names"));
static SURNAMES: WordSet = WordSet::new(file_part(TABLE, "surnames"));
static PLACES: WordSet = WordSet::new(file_part(TABLE, "places that are first names"));

/// Whether a first name stands before a word: Jack London.
pub(super) fn follows_first_name(segment: &Segment<'_>, at: usize) -> bool {
    let Some(before) = segment.neighbour_before(at) else { return false };
    has_capital(segment.written(before))
        && FIRST_NAMES.contains(segment.tokens.word(before))
        && !has_no_surname(segment, before)
}

/// Whether a first name is one that no surname follows: Pope Leo.
pub(super) fn has_no_surname(segment: &Segment<'_>, first_name: usize) -> bool {
    first_name.checked_sub(1).is_some_and(|title| ROYAL.contains(segment.tokens.word(title)))
}

/// Whether a place is a first name here: Paris Jackson, Cuba Gooding Jr.
pub(super) fn is_first_name(segment: &Segment<'_>, at: usize) -> bool {
    let word = |place: usize| segment.tokens.word(place);
    if !PLACES.contains(word(at)) {
        return false;
    }
    let Some(surname) = segment.neighbour_after(at) else { return false };
    if !has_capital(segment.written(surname)) {
        return false;
    }
    let is_apposition = segment.after(surname).starts_with([',', '(']);
    let reach = if is_apposition { 4 } else { 1 };
    is_surname(word(surname))
        || FIRST_NAMES.contains(word(surname)) && !PARTICLES.contains(&word(surname + 1))
        || (surname + 1..=surname + reach).any(|place| PERSONAL.contains(word(place)))
        || is_age(word(surname + 1)) && is_apposition
        || segment.neighbour_before(at).is_some_and(|before| PERSONAL.contains(word(before)))
}

/// Whether a word tells what a person does or is.
pub(super) fn is_personal(word: &str) -> bool {
    PERSONAL.contains(word)
}

/// Whether a word is known as a surname.
pub(super) fn is_surname(word: &str) -> bool {
    SURNAMES.contains(word)
}

/// Whether a number may be a person's age.
pub(super) fn is_age(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a state of the United States or a province stands after a place: Moscow, Idaho.
pub(super) fn is_town_elsewhere(segment: &Segment<'_>, first: usize, last: usize) -> bool {
    let Some(after) = segment.after(last).strip_prefix(", ") else { return false };
    // Hit Cuba, Florida next.
    let is_country = is_country(segment.tokens.word(first));
    let is_followed_by = |name: &str| {
        after.strip_prefix(name).is_some_and(|rest| match rest.chars().next() {
            Some(' ') => !is_country,
            next => next.is_none_or(|c| !c.is_alphanumeric()),
        })
    };
    STATES.split(',').any(|state| is_followed_by(state.trim()))
        || is_followed_by("Georgia") && TOWNS_OF_GEORGIA.contains(&segment.tokens.word(first))
}
