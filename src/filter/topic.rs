//! Finds a built-in topic in an entry. A name such as Jordan is also a first name: it counts by what stands around it
//! and what else the entry speaks of. Pure.

use super::compile::CompiledTopic;
use super::context::EvalContext;
use super::spelling::has_capital;
use super::subject::{FieldSet, Segment};
use super::syntax::Field;

/// A text of so few words has no room for evidence.
const FEW_WORDS: usize = 3;

/// How far away another country stands in a list with the name, and how far it still tells what the name means.
const BESIDE: usize = 3;
const NEAR: usize = 30;

/// How many words after a name may hold what a country has: Mali's military junta.
const REACH: usize = 3;

/// Offices and things that a country has and a person has not.
const OFFICES: &[&str] = &[
    "president", "prime", "pm", "minister", "ministry", "king", "queen", "prince", "government",
    "parliament", "mps", "army", "military", "armed", "junta", "embassy", "ambassador", "border", "republic",
    "kingdom", "opposition", "ruling", "coup", "troops", "foreign", "intelligence", "central", "currency",
    "airspace", "citizens", "nationals", "президент", "президента", "президентом", "президенту", "премьер",
    "правительство", "правительства", "король", "посол", "власти", "парламент", "министр", "столица",
    "столице", "уряд", "міністр", "столиця", "république", "président", "gouvernement", "armée",
    "presidente", "gobierno",
];

/// What may stand before a place.
const BEFORE_PLACES: &[&str] = &[
    "in", "from", "to", "into", "across", "inside", "throughout", "near", "via", "au", "du", "en", "nach",
    "aus", "в", "во", "из", "у", "до", "з", "із",
];

/// Titles that stand before a person's name with a capital or a point.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "lt", "sgt", "capt", "col", "gen", "sen", "rep", "gov", "judge", "officer",
    "coach",
];

/// Words with a capital that are no person's name.
const NEUTRAL: &[&str] = &[
    "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central", "modern",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february",
    "march", "april", "june", "july", "august", "september", "october", "november", "december",
];

/// The first and last word of a name, and what tells that it is the topic's where it might be another.
type Found = ((usize, usize), Option<String>);

impl EvalContext<'_, '_> {
    pub(super) fn find_topic(&self, topic: &CompiledTopic, fields: FieldSet) -> Option<Found> {
        let searched = fields.union(FieldSet::DEFAULT);
        let mut names = self.places(topic.names.0, &topic.names.1, fields);
        let others = [topic.ambiguous, topic.unlikely];
        if names.next().is_none() && others.iter().all(|id| self.places(*id, &[], fields).next().is_none()) {
            return None;
        }
        let longer: Vec<_> = self.places(topic.longer.0, &topic.longer.1, searched).collect();
        let is_whole =
            |(first, last): &(usize, usize)| !longer.iter().any(|(start, end)| start <= first && last <= end);
        let certain = self.places(topic.names.0, &topic.names.1, fields).filter(is_whole).min();
        if let Some(place) = certain {
            return Some((place, None));
        }
        let names = |id| self.places(id, &[], fields).filter(is_whole).collect::<Vec<_>>();
        let (ambiguous, unlikely) = (names(topic.ambiguous), names(topic.unlikely));
        let first = *ambiguous.iter().chain(&unlikely).min()?;
        let all: Vec<(usize, usize)> = ambiguous.iter().chain(&unlikely).copied().collect();
        let own = self.places(topic.names.0, &topic.names.1, FieldSet::DEFAULT).find(is_whole);
        if let Some((start, end)) = own {
            return Some((first, Some(format!("with {}", self.text.original(start, end)))));
        }
        let is_person = |names: &[(usize, usize)]| names.iter().any(|(word, _)| self.is_person(*word));
        if is_person(&unlikely) {
            return None;
        }
        let countries = self.places(topic.countries.0, &topic.countries.1, FieldSet::DEFAULT);
        let countries: Vec<_> = countries.filter(is_whole).filter(|place| !all.contains(place)).collect();
        let within = |words: usize| {
            let is_near = |place: &&(usize, usize)| {
                all.iter()
                    .any(|(name, _)| name.abs_diff(place.0) <= words && self.in_same_segment(*name, place.0))
            };
            countries
                .iter()
                .find(is_near)
                .map(|(start, end)| format!("with {}", self.text.original(*start, *end)))
        };
        // A list of countries is one whatever else the entry speaks of.
        if let Some(evidence) = within(BESIDE) {
            return Some((first, Some(evidence)));
        }
        let against = &topic.against;
        if self.places(against.0, &against.1, FieldSet::DEFAULT).next().is_some() {
            return None;
        }
        let framed = all.iter().find_map(|(word, _)| self.frame(*word, ambiguous.contains(&(*word, *word))));
        let evidence = framed.or_else(|| within(NEAR)).or_else(|| {
            let title = FieldSet::single(Field::Title);
            let in_title = countries.iter().find(|(start, _)| self.is_in(*start, title)).copied();
            let nearby = self.places(topic.nearby.0, &topic.nearby.1, FieldSet::DEFAULT).find(is_whole);
            in_title.or(nearby).map(|(start, end)| format!("with {}", self.text.original(start, end)))
        });
        let evidence = evidence.or_else(|| {
            let words = self.text.segments_in(FieldSet::DEFAULT).map(|segment| segment.tokens.len());
            (words.sum::<usize>() <= FEW_WORDS).then(|| "alone".to_owned())
        });
        let is_likely = !ambiguous.is_empty() && !is_person(&ambiguous);
        (evidence.is_some() || is_likely).then_some((first, evidence))
    }

    fn is_in(&self, word: usize, fields: FieldSet) -> bool {
        self.text.segment_of(word).is_some_and(|segment| fields.contains(segment.field))
    }

    /// The words around a name that only a country stands in; `may_be_anywhere` if `in` is enough.
    fn frame(&self, word: usize, may_be_anywhere: bool) -> Option<String> {
        let (segment, at) = self.segment_and_place(word)?;
        let office = |at: usize| OFFICES.contains(&segment.tokens.word(at));
        let before = at.checked_sub(1);
        let after = (at + 1..=at + REACH).find(|after| office(*after));
        let shown = |first: usize, last: usize| {
            let range = segment.tokens.span(first).start..segment.tokens.span(last).end;
            segment.plain.get(range).map(str::to_owned)
        };
        if let Some(last) = after.filter(|_| is_possessive(segment, at) || office(at + 1)) {
            return shown(at, last);
        }
        if let Some(first) = (at.saturating_sub(2)..at).find(|before| office(*before)) {
            return shown(first, at);
        }
        let before = before.filter(|before| BEFORE_PLACES.contains(&segment.tokens.word(*before)))?;
        may_be_anywhere.then(|| shown(before, at)).flatten()
    }

    /// Whether a name stands beside another one, as a person's does: Michael Jordan, Lt. Chad Morris.
    fn is_person(&self, word: usize) -> bool {
        let Some((segment, at)) = self.segment_and_place(word) else { return false };
        let tokens = &segment.tokens;
        let between = |first: usize| {
            segment.plain.get(tokens.span(first).end..tokens.span(first + 1).start).unwrap_or_default()
        };
        let is_title = |place: usize| TITLES.contains(&tokens.word(place));
        let before = at.checked_sub(1);
        if before.is_some_and(|before| is_title(before) && [" ", ". "].contains(&between(before))) {
            return true;
        }
        if is_title_case(segment) {
            return false;
        }
        let is_name = |place: usize| {
            segment.plain.get(tokens.span(place)).is_some_and(has_capital)
                && !OFFICES.contains(&tokens.word(place))
                && !NEUTRAL.contains(&tokens.word(place))
                && tokens.word(place).chars().nth(2).is_some()
        };
        let starts_sentence = |place: usize| {
            let before = segment.plain.get(..tokens.span(place).start).unwrap_or_default().trim_end();
            before.is_empty() || before.ends_with(['.', '!', '?', ':', '"', '\u{201c}', '\u{2014}', '|'])
        };
        before.is_some_and(|before| between(before) == " " && is_name(before) && !starts_sentence(before))
            || at + 1 < tokens.len() && between(at) == " " && is_name(at + 1)
    }

    /// The segment of a word and its place there.
    fn segment_and_place(&self, word: usize) -> Option<(&Segment<'_>, usize)> {
        let segment = self.text.segment_of(word)?;
        Some((segment, word - segment.first_word))
    }
}

/// Whether a name has an 's.
fn is_possessive(segment: &Segment<'_>, at: usize) -> bool {
    let end = segment.tokens.span(at).end;
    segment.plain.get(end..).is_some_and(|rest| rest.starts_with(['\'', '\u{2019}']))
}

/// Whether most words have capitals, as in some headlines: then they tell no names.
fn is_title_case(segment: &Segment<'_>) -> bool {
    let tokens = &segment.tokens;
    let words = (0..tokens.len().min(12)).filter_map(|place| segment.plain.get(tokens.span(place)));
    let (capitals, all) =
        words.fold((0, 0), |(capitals, all), word| (capitals + usize::from(has_capital(word)), all + 1));
    all >= 4 && capitals * 3 >= all * 2
}
