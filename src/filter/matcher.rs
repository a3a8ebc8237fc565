//! Matches many queries together: one search for the words of all of them, then the evaluation of those
//! queries that it concerns. Pure.

use super::automaton::WordAutomaton;
use super::compile::{CompiledQuery, Compiler, Pattern, PatternUse, WordSetId};
use super::context::{EvalContext, WordSetMatch};
use super::eval::{EvalMode, FailedTerm, MatchReason, evaluate};
use super::query::Query;
use super::subject::{EntryText, FieldSet, Subject};
use super::words::Condition;

/// Limit of the patterns in one automaton, far below what aho-corasick can number.
const MAX_AUTOMATON_BYTES: usize = 1 << 28;

/// Compiled queries.
#[derive(Debug)]
pub struct Matcher {
    queries: Vec<CompiledQuery>,
    /// One, or several if the patterns exceed [`MAX_AUTOMATON_BYTES`].
    automata: Vec<(WordAutomaton, PatternWordSets)>,
    /// For each word set, the numbers of the queries that use it.
    queries_of_word_set: Vec<Vec<usize>>,
    /// For each word set, the numbers of the queries that may match where it is found.
    triggered_queries: Vec<Vec<usize>>,
    /// The queries that may match an entry in which no word set is found.
    always_evaluated: Vec<usize>,
    fields: FieldSet,
}

/// For each pattern of an automaton, the word sets that contain it.
type PatternWordSets = Vec<Vec<PatternUse>>;

/// A query that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its index among the queries given to [`Matcher::new`].
    pub query: usize,
    /// The terms that matched; empty if the query only excludes.
    pub reasons: Vec<MatchReason>,
}

impl Matcher {
    /// Compiles queries.
    #[must_use]
    pub fn new<'a>(queries: impl IntoIterator<Item = &'a Query>) -> Matcher {
        let mut compiler = Compiler::default();
        let queries: Vec<CompiledQuery> =
            queries.into_iter().map(|query| compiler.compile(&query.node, &query.languages)).collect();
        let (patterns, word_sets) = compiler.into_patterns();
        let by_word_set = |ids: fn(&CompiledQuery) -> &[WordSetId]| {
            let mut numbers = vec![Vec::new(); word_sets];
            for (number, query) in queries.iter().enumerate() {
                ids(query).iter().for_each(|id| numbers[*id as usize].push(number));
            }
            numbers
        };
        let queries_of_word_set = by_word_set(|query| &query.word_sets);
        let triggered_queries = by_word_set(|query| &query.triggers);
        let always_evaluated =
            (0..queries.len()).filter(|number| queries[*number].without_words != Some(false)).collect();
        let fields = queries.iter().fold(FieldSet::default(), |all, query| all.union(query.fields));
        Matcher {
            automata: build_automata(patterns),
            queries_of_word_set,
            triggered_queries,
            always_evaluated,
            fields,
            queries,
        }
    }

    /// The wanted queries that match an entry. Its text is folded once for all of them.
    #[must_use]
    pub fn hits(&self, subject: &Subject<'_>, wanted: impl Fn(usize) -> bool) -> Vec<Hit> {
        let text = EntryText::new(subject, self.fields);
        let found = self.find_word_sets(&text);
        let mut candidates = self.always_evaluated.clone();
        for found in found.chunk_by(|(one, _), (next, _)| one.word_set == next.word_set) {
            candidates.extend(&self.triggered_queries[found[0].0.word_set as usize]);
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|number| wanted(*number));
        if candidates.is_empty() {
            return Vec::new();
        }
        let matches = self.admitted(&text, found, &candidates);
        let context = EvalContext { text: &text, matches: &matches };
        let hits = candidates.into_iter().filter_map(|query| {
            let evaluation = evaluate(&self.queries[query].node, &context, EvalMode::ShortCircuit);
            evaluation.matched.then(|| Hit { query, reasons: evaluation.reasons() })
        });
        hits.collect()
    }

    /// Why one query matches an entry.
    ///
    /// # Errors
    /// The entry does not match: all terms that keep it from matching.
    pub fn explain(&self, query: usize, subject: &Subject<'_>) -> Result<Vec<MatchReason>, Vec<FailedTerm>> {
        let text = EntryText::new(subject, self.fields);
        let matches = self.admitted(&text, self.find_word_sets(&text), &[query]);
        let context = EvalContext { text: &text, matches: &matches };
        let evaluation = evaluate(&self.queries[query].node, &context, EvalMode::Full);
        if evaluation.matched { Ok(evaluation.reasons()) } else { Err(evaluation.failed_terms(&context)) }
    }

    /// A digest of what a query means, including its topics and the forms of its words. It is stable
    /// between runs and changes with the meaning.
    #[must_use]
    pub fn digest(&self, query: usize) -> [u8; 32] {
        self.queries[query].digest
    }

    /// All word sets that are found, whether or not their conditions are met; sorted, as [`EvalContext`] needs them.
    fn find_word_sets(&self, text: &EntryText<'_>) -> Vec<(WordSetMatch, Condition)> {
        let mut matches = Vec::new();
        for (automaton, word_sets) in &self.automata {
            for segment in text.segments() {
                automaton.find(&segment.tokens, |pattern, index, words| {
                    // An entry has far less than 2^32 words: the size of a fetched body is limited.
                    let (first_word, word_count) = ((segment.first_word + index) as u32, words as u32);
                    matches.extend(word_sets[pattern].iter().map(|(id, condition)| {
                        (WordSetMatch { word_set: *id, first_word, word_count }, *condition)
                    }));
                });
            }
        }
        matches.sort_unstable();
        matches
    }

    /// What was found of these queries under the conditions that are met. Conditions are told late, for few word sets: the
    /// language of an entry is costly to tell.
    fn admitted(
        &self,
        text: &EntryText<'_>,
        found: Vec<(WordSetMatch, Condition)>,
        queries: &[usize],
    ) -> Vec<WordSetMatch> {
        let mut matches = Vec::new();
        for found in found.chunk_by(|(one, _), (next, _)| one.word_set == next.word_set) {
            let users = &self.queries_of_word_set[found[0].0.word_set as usize];
            if users.iter().any(|query| queries.binary_search(query).is_ok()) {
                let is_admitted = |(found, condition): &&(WordSetMatch, Condition)| {
                    let word = found.first_word as usize;
                    text.segment_of(word)
                        .is_some_and(|segment| text.admits(segment, word - segment.first_word, *condition))
                };
                matches.extend(found.iter().filter(is_admitted).map(|(found, _)| *found));
            }
        }
        matches.dedup();
        matches
    }
}

fn build_automata(patterns: Vec<Pattern>) -> Vec<(WordAutomaton, PatternWordSets)> {
    let mut size = 0;
    let chunks = patterns.chunk_by(|(pattern, _), _| {
        size += pattern.len();
        let fits = size < MAX_AUTOMATON_BYTES;
        if !fits {
            size = 0;
        }
        fits
    });
    chunks
        .map(|chunk| {
            let automaton = WordAutomaton::new(chunk.iter().map(|(pattern, _)| pattern.as_str()));
            (automaton, chunk.iter().map(|(_, word_sets)| word_sets.clone()).collect())
        })
        .collect()
}
