//! An entry and the words of the queries that were found in it. Pure.

use std::cell::OnceCell;

use super::compiled::{CompiledTerm, WordSetId};
use super::subject::{EntryText, FieldSet};
use super::words::Condition;

/// A place of a word set. The order is the one that [`EvalContext`] needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WordPlace {
    pub(super) word_set: WordSetId,
    /// Number of the first word in the [`EntryText`].
    pub(super) first_word: u32,
    pub(super) word_count: u32,
}

/// What was found of a word set, and the condition under which it counts.
#[derive(Debug)]
pub(super) struct FoundWords {
    pub(super) place: WordPlace,
    condition: Condition,
    /// Whether the condition is met, once somebody asked: the language of an entry is costly to tell.
    is_admitted: OnceCell<bool>,
}

impl FoundWords {
    pub(super) fn new(place: WordPlace, condition: Condition) -> FoundWords {
        FoundWords { place, condition, is_admitted: OnceCell::new() }
    }
}

/// An entry and the word sets that were found in it.
pub(super) struct EvalContext<'t, 'a> {
    pub(super) text: &'t EntryText<'a>,
    /// Sorted by place.
    pub(super) found: &'t [FoundWords],
    /// For each word set, whether it was found.
    pub(super) is_found: &'t [bool],
}

impl<'t> EvalContext<'t, '_> {
    /// Whether a term is surely not found: none of the word sets that it needs is.
    pub(super) fn lacks(&self, term: &CompiledTerm) -> bool {
        !term.needs.is_empty() && !term.needs.iter().any(|id| self.is_found[*id as usize])
    }

    /// The places of a word set whose conditions are met, each once, in the order of the text.
    fn admitted(&self, found: &'t [FoundWords]) -> impl Iterator<Item = (usize, usize)> {
        let text = self.text;
        let one_place = found.chunk_by(|one, next| one.place == next.place);
        one_place.filter_map(move |same| {
            let is_admitted = |found: &FoundWords| {
                *found
                    .is_admitted
                    .get_or_init(|| text.admits(found.place.first_word as usize, found.condition))
            };
            let first = same.first()?.place;
            same.iter().any(is_admitted).then(|| word_range(first))
        })
    }

    /// What was found of a word set.
    fn found_of(&self, id: WordSetId) -> &'t [FoundWords] {
        let start = self.found.partition_point(|found| found.place.word_set < id);
        let length = self.found[start..].partition_point(|found| found.place.word_set == id);
        &self.found[start..start + length]
    }

    /// The first and last word of each place of a word set.
    pub(super) fn places(&self, id: WordSetId, fields: FieldSet) -> impl Iterator<Item = (usize, usize)> {
        let text = self.text;
        self.admitted(self.found_of(id)).filter(move |(first, _)| {
            text.segment_of(*first).is_some_and(|segment| fields.contains(segment.field))
        })
    }

    /// The first and last word of each place where these sets match consecutively.
    pub(super) fn phrase_places(
        &self,
        phrase: &[WordSetId],
        fields: FieldSet,
    ) -> impl Iterator<Item = (usize, usize)> {
        let (first, rest) = phrase.split_first().map_or((None, phrase), |(first, rest)| (Some(*first), rest));
        let starts = first.into_iter().flat_map(move |first| self.places(first, fields));
        starts.filter_map(move |start| self.phrase_from(start, rest))
    }

    /// The first and last word of a phrase whose first part has this place, and which goes on with these sets.
    fn phrase_from(&self, (start, mut last): (usize, usize), rest: &[WordSetId]) -> Option<(usize, usize)> {
        for id in rest {
            let found = self.found_of(*id);
            let at = found.partition_point(|found| found.place.first_word as usize <= last);
            let next = found[at..].partition_point(|found| found.place.first_word as usize == last + 1);
            last = self.admitted(&found[at..at + next]).next()?.1;
        }
        self.in_same_segment(start, last).then_some((start, last))
    }

    /// The place of a phrase that goes on like this after something that was found.
    pub(super) fn phrase_after(&self, first: &'t FoundWords, rest: &[WordSetId]) -> Option<(usize, usize)> {
        let found = self.phrase_from(word_range(first.place), rest)?;
        self.admitted(std::slice::from_ref(first)).next()?;
        Some(found)
    }

    pub(super) fn in_same_segment(&self, one: usize, other: usize) -> bool {
        let segment = |word| self.text.segment_of(word).map(|segment| segment.first_word);
        segment(one) == segment(other)
    }
}

/// The first and last word of a place.
fn word_range(place: WordPlace) -> (usize, usize) {
    (place.first_word as usize, (place.first_word + place.word_count).saturating_sub(1) as usize)
}
