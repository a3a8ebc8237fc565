//! What stands around an ambiguous name and tells that it is a country's: Jordan's king, in eastern Chad. Pure.

use super::namesakes::{
    follows_first_name, has_no_surname, is_age, is_first_name, is_personal, is_surname, is_town_elsewhere,
};
use super::spelling::has_capital;
use super::subject::Segment;
use super::syntax::Field;
use crate::text::{WordSet, file_part};

const FILE: &str = include_str!("evidence.txt");

/// The most letters of a country's acronym.
const ACRONYM: usize = 4;

/// How many words after a name may hold what a country has: Mali's military junta.
const REACH: usize = 3;

/// How far from a name a word may stand that speaks of what states do.
const AFFAIRS_REACH: usize = 12;

/// Offices and things that a country has and a person has not.
static OFFICES: WordSet = WordSet::new(file_part(FILE, "offices"));

/// Words of the affairs of states and of what befalls a country, which seldom stand near a person's first name.
static AFFAIRS: WordSet = WordSet::new(file_part(FILE, "affairs"));
const PAIRS_OF_AFFAIRS: &str = file_part(FILE, "pairs of affairs");

/// Institutions of a country, which stand after its name with capitals.
static INSTITUTIONS: WordSet = WordSet::new(file_part(FILE, "institutions"));

/// What may stand before a place.
static BEFORE_PLACES: WordSet = WordSet::new(file_part(FILE, "before places"));

/// What stands before a place and seldom before a person.
static BEFORE_PLACES_ALONE: WordSet = WordSet::new(file_part(FILE, "before places alone"));

/// Before `in`, they have a person after it: faith in Jordan.
static BEFORE_PERSONS: WordSet = WordSet::new(file_part(FILE, "before persons"));

static DETERMINERS: WordSet = WordSet::new(file_part(FILE, "determiners"));

/// What may follow a thing, and no name that an article belongs to: the Turkey earthquake.
static AFTER_THINGS: WordSet = WordSet::new(file_part(FILE, "after things"));

static DIRECTIONS: WordSet = WordSet::new(file_part(FILE, "directions"));

/// What a team does, without the s that a person's verb has: what is seldom said of an American team, and the rest.
static TEAM_VERBS: WordSet = WordSet::new(file_part(FILE, "team verbs"));
static PLURAL_VERBS: WordSet = WordSet::new(file_part(FILE, "plural verbs"));

/// What a state does and a person seldom.
static STATE_VERBS: WordSet = WordSet::new(file_part(FILE, "state verbs"));

/// Those that no state of a federation does.
static SOVEREIGN_VERBS: WordSet = WordSet::new(file_part(FILE, "sovereign verbs"));

/// What follows a person's name at the start of a headline, and seldom a state's.
static AFTER_PERSONS: WordSet = WordSet::new(file_part(FILE, "after persons"));

/// Words of stories about persons.
static PRIVATE: WordSet = WordSet::new(file_part(FILE, "private"));

/// How the past and future of such verbs start in Russian and Ukrainian.
const STATE_VERB_STEMS: &str = file_part(FILE, "state verb stems");

/// Titles that stand before a person's name with a capital or a point.
static TITLES: WordSet = WordSet::new(file_part(FILE, "titles"));

/// Words with a capital that are no person's name.
static NEUTRAL: WordSet = WordSet::new(file_part(FILE, "neutral"));

/// The most letters of a word that has no capital in a headline of capitals, and longer ones that have none there.
const LONGEST_SMALL: usize = 4;
static LONG_PREPOSITIONS: WordSet = WordSet::new(file_part(FILE, "long prepositions"));

/// What else may have the name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Namesake {
    /// A common word.
    Word,
    /// A first name.
    Person,
    /// A place, of which most of the same is said.
    Place,
}

/// An ambiguous name in a segment.
#[derive(Clone, Copy)]
pub(super) struct NameAt<'t> {
    pub(super) segment: &'t Segment<'t>,
    pub(super) at: usize,
}

impl NameAt<'_> {
    fn word(&self, place: usize) -> &str {
        self.segment.tokens.word(place)
    }

    fn shown(&self, first: usize, last: usize) -> Option<String> {
        let range = self.segment.tokens.span(first).start..self.segment.tokens.span(last).end;
        self.segment.plain.get(range).map(str::to_owned)
    }

    /// Whether the name, which ends with the word `last`, is here a person's or a town's elsewhere.
    pub(super) fn is_namesake(&self, last: usize) -> bool {
        let (segment, at) = (self.segment, self.at);
        // Other words of news tell that it is the state: Defense Minister Israel Katz.
        let is_person =
            || follows_first_name(segment, at) || is_first_name(segment, at) && self.affairs().is_none();
        has_capital(segment.written(at))
            && (!segment.is_in_capitals(at) || segment.written(at).chars().count() > ACRONYM)
            && (at == last && is_person() || is_town_elsewhere(segment, at, last))
    }

    /// The words around the name that only a country stands in.
    pub(super) fn frame(&self, namesake: Namesake) -> Option<String> {
        self.office().or_else(|| self.deed(namesake)).or_else(|| self.place(namesake))
    }

    /// Jordan's king, president of Chad.
    pub(super) fn office(&self) -> Option<String> {
        let at = self.at;
        let is_office = |place: &usize| OFFICES.contains(self.word(*place));
        let after = (at + 1..=at + REACH).find(is_office);
        if let Some(last) = after.filter(|_| self.is_possessive() || is_office(&(at + 1))) {
            return self.shown(at, last);
        }
        let is_of = at.checked_sub(1).is_some_and(|before| self.word(before) == "of");
        let reach = if is_of { REACH + 1 } else { 2 };
        let first = (at.saturating_sub(reach)..at).find(is_office)?;
        self.shown(first, at)
    }

    /// Whether an office of the name stands before it, whatever stands after it: president of Chad.
    pub(super) fn is_of_office(&self) -> bool {
        let office = self.at.checked_sub(2).filter(|place| self.word(place + 1) == "of");
        office.is_some_and(|place| OFFICES.contains(self.word(place)))
    }

    /// Whether it is a thing: the turkey is cold, how to cook your turkey.
    pub(super) fn is_thing(&self) -> bool {
        let is_determined =
            self.at.checked_sub(1).is_some_and(|before| DETERMINERS.contains(self.word(before)));
        let next = self.segment.neighbour_after(self.at);
        is_determined && next.is_none_or(|next| AFTER_THINGS.contains(self.word(next)))
    }

    /// What a state or its team does, at the start of a sentence: Jordan qualify, Chad bans.
    fn deed(&self, namesake: Namesake) -> Option<String> {
        let next = self.segment.neighbour_after(self.at)?;
        if !self.segment.starts_sentence(self.at) {
            return None;
        }
        let verb = self.word(next);
        let is_deed = TEAM_VERBS.contains(verb)
            || PLURAL_VERBS.contains(verb) && namesake != Namesake::Place
            || STATE_VERBS.contains(verb) && namesake == Namesake::Person
            || SOVEREIGN_VERBS.contains(verb) && namesake != Namesake::Word
            || STATE_VERB_STEMS.split_whitespace().any(|stem| verb.starts_with(stem));
        is_deed.then(|| self.shown(self.at, next)).flatten()
    }

    /// The name and the next word where they open a headline and may be what a state does: Jordan warns.
    pub(super) fn opening(&self) -> Option<String> {
        let next = self.segment.neighbour_after(self.at)?;
        let verb = self.word(next);
        let may_be_deed = self.segment.field == Field::Title
            && self.at == 0
            && !self.is_in_title_case()
            && !has_capital(self.segment.written(next))
            && (verb == "to" || !AFTER_THINGS.contains(verb))
            && !is_personal(verb)
            && !AFTER_PERSONS.contains(verb)
            && !self.segment.tokens.words().any(|word| PRIVATE.contains(word));
        may_be_deed.then(|| self.shown(self.at, next)).flatten()
    }

    /// Words that only places stand after: in Jordan, eastern Chad.
    fn place(&self, namesake: Namesake) -> Option<String> {
        let before = self.at.checked_sub(1)?;
        let is_before_places = match namesake {
            Namesake::Word => BEFORE_PLACES.contains(self.word(before)) || self.is_direction(before),
            Namesake::Person if self.word(before) == "in" => {
                !before.checked_sub(1).is_some_and(|place| BEFORE_PERSONS.contains(self.word(place)))
            }
            Namesake::Person => BEFORE_PLACES_ALONE.contains(self.word(before)) || self.is_direction(before),
            Namesake::Place => false,
        };
        is_before_places.then(|| self.shown(before, self.at)).flatten()
    }

    fn is_direction(&self, place: usize) -> bool {
        DIRECTIONS.contains(self.word(place)) && !has_capital(self.segment.written(place))
    }

    /// A word near the name that speaks of the affairs of states.
    pub(super) fn affairs(&self) -> Option<String> {
        let last = (self.at + AFFAIRS_REACH).min(self.segment.tokens.len());
        let found = (self.at.saturating_sub(AFFAIRS_REACH)..last).find_map(|place| {
            let pair = || format!("{} {}", self.word(place), self.word(place + 1));
            if AFFAIRS.contains(self.word(place)) {
                self.shown(place, place)
            } else if has_capital(self.segment.written(place + 1))
                && PAIRS_OF_AFFAIRS.lines().any(|known| known == pair())
            {
                self.shown(place, place + 1)
            } else {
                None
            }
        });
        found.map(|word| format!("with {word}"))
    }

    /// Whether a name has an 's.
    fn is_possessive(&self) -> bool {
        self.segment.after(self.at).starts_with(['\'', '\u{2019}'])
    }

    /// Whether the name is a person's by what stands beside it: Michael Jordan, Lt. Chad Morris; Chad, 34.
    pub(super) fn is_person(&self) -> bool {
        let (segment, at) = (self.segment, self.at);
        let is_titled = |before: usize| {
            TITLES.contains(self.word(before)) && [" ", ". "].contains(&segment.between(before))
        };
        if at.checked_sub(1).is_some_and(is_titled)
            || at.checked_sub(1).is_some_and(|before| self.is_initial(before))
            || follows_first_name(segment, at)
            || segment.after(at).starts_with(", ") && is_age(self.word(at + 1))
        {
            return true;
        }
        let after = segment.neighbour_after(at);
        if after.is_some_and(|next| has_capital(segment.written(next)) && is_surname(self.word(next))) {
            return true;
        }
        let is_name = |place: &usize| {
            let word = self.word(*place);
            has_capital(segment.written(*place))
                && ![&OFFICES, &AFFAIRS, &INSTITUTIONS, &NEUTRAL, &DIRECTIONS, &TEAM_VERBS, &PLURAL_VERBS]
                    .iter()
                    .any(|words| words.contains(word))
                && (word.chars().nth(2).is_some() || !segment.is_in_capitals(*place))
        };
        let before = segment
            .neighbour_before(at)
            .filter(|before| !segment.starts_sentence(*before) && !has_no_surname(segment, *before));
        !self.is_in_title_case()
            && (before.is_some_and(|place| is_name(&place)) || after.is_some_and(|place| is_name(&place)))
    }

    /// Whether a word is the initial of a person's name: Michael B. Jordan.
    fn is_initial(&self, place: usize) -> bool {
        self.segment.written(place).chars().count() == 1
            && has_capital(self.segment.written(place))
            && self.segment.between(place) == ". "
    }

    /// Whether all words but short ones have capitals, as in some headlines: then they tell no names.
    pub(super) fn is_in_title_case(&self) -> bool {
        let words = self.segment.tokens.len().min(12);
        let has_capital_at = |word: &usize| has_capital(self.segment.written(*word));
        let capitals = (0..words).filter(has_capital_at).count();
        let is_short = |word: usize| {
            self.word(word).chars().count() <= LONGEST_SMALL || LONG_PREPOSITIONS.contains(self.word(word))
        };
        (capitals == words && words >= 3 || words >= 4 && capitals * 3 >= words * 2)
            && (0..words).filter(|word| !has_capital_at(word)).all(is_short)
    }

    /// Whether the name starts a sentence, where any word has a capital.
    pub(super) fn starts_sentence(&self) -> bool {
        self.segment.starts_sentence(self.at)
    }
}
