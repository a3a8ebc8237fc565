//! An entry and the words of the queries that were found in it. Pure.

use super::compile::{CompiledPhrase, WordSetId};
use super::subject::{EntryText, FieldSet};

/// An occurrence of a word set. The fields' order is the sort order that [`EvalContext`] needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WordSetMatch {
    pub(super) word_set: WordSetId,
    /// Number of the first word in the [`EntryText`].
    pub(super) first_word: u32,
    pub(super) word_count: u32,
}

/// An entry and the word sets that were found in it.
pub(super) struct EvalContext<'t, 'a> {
    pub(super) text: &'t EntryText<'a>,
    /// Sorted.
    pub(super) matches: &'t [WordSetMatch],
}

impl<'t> EvalContext<'t, '_> {
    /// The matches of a word set, in the order of the text.
    fn matches_of(&self, id: WordSetId) -> &'t [WordSetMatch] {
        let start = self.matches.partition_point(|found| found.word_set < id);
        let length = self.matches[start..].partition_point(|found| found.word_set == id);
        &self.matches[start..start + length]
    }

    pub(super) fn matches_in(
        &self,
        id: WordSetId,
        fields: FieldSet,
    ) -> impl Iterator<Item = &'t WordSetMatch> {
        let text = self.text;
        self.matches_of(id).iter().filter(move |found| {
            text.segment_of(found.first_word as usize).is_some_and(|segment| fields.contains(segment.field))
        })
    }

    /// The first and last word of each place where these sets match consecutively.
    pub(super) fn phrase_places(
        &self,
        phrase: &[WordSetId],
        fields: FieldSet,
    ) -> impl Iterator<Item = (usize, usize)> {
        let (first, rest) = phrase.split_first().map_or((None, phrase), |(first, rest)| (Some(*first), rest));
        let starts = first.into_iter().flat_map(move |first| self.matches_in(first, fields));
        starts.filter_map(move |start| {
            let (start, mut last) = word_range(start);
            for id in rest {
                let matches = self.matches_of(*id);
                let at = matches.partition_point(|found| found.first_word as usize <= last);
                let next = matches.get(at).filter(|found| found.first_word as usize == last + 1)?;
                last = word_range(next).1;
            }
            self.in_same_segment(start, last).then_some((start, last))
        })
    }

    /// The first and last word of each place of a word set or one of some phrases.
    pub(super) fn places(
        &self,
        words: WordSetId,
        phrases: &[CompiledPhrase],
        fields: FieldSet,
    ) -> impl Iterator<Item = (usize, usize)> {
        let words = self.matches_in(words, fields).map(word_range);
        words.chain(phrases.iter().flat_map(move |phrase| self.phrase_places(phrase, fields)))
    }

    pub(super) fn in_same_segment(&self, one: usize, other: usize) -> bool {
        let segment = |word| self.text.segment_of(word).map(|segment| segment.first_word);
        segment(one) == segment(other)
    }
}

/// The first and last word of a match.
fn word_range(found: &WordSetMatch) -> (usize, usize) {
    (found.first_word as usize, (found.first_word + found.word_count).saturating_sub(1) as usize)
}
