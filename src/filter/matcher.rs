//! Matches many queries together: one search for the words of all of them, then the evaluation of those
//! queries that it concerns. Pure.

use super::compile::{Compiler, PatternUse, Searched};
use super::compiled::{CompiledNode, CompiledPhrase, CompiledQuery, WordSetId};
use super::context::{EvalContext, FoundWords, WordPlace};
use super::eval::{EvalMode, FailedTerm, MatchReason, evaluate};
use super::pattern_table::PatternTable;
use super::query::Query;
use super::subject::{EntryText, FieldSet, Subject};
use super::words::Condition;

/// Compiled queries.
#[derive(Debug)]
pub struct Matcher {
    pub(super) queries: Vec<CompiledQuery>,
    pub(super) patterns: PatternTable,
    /// For each pattern, the word sets that contain it.
    pub(super) pattern_uses: Vec<Box<[PatternUse]>>,
    /// For each word set, the phrases that start with it: how each goes on, and the word set that contains it.
    pub(super) phrases: Vec<Vec<(CompiledPhrase, WordSetId)>>,
    /// For each word set, the numbers of the queries that may match where it is found.
    triggered_queries: Vec<Vec<usize>>,
    /// The queries that may match an entry in which no word set is found.
    always_evaluated: Vec<usize>,
    fields: FieldSet,
}

/// The queries that match an entry, and those that may once its article has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Those that match whatever the article says.
    pub hits: Vec<Hit>,
    /// The indices of the wanted queries whose result the expected article may change, in order.
    pub undecided: Vec<usize>,
}

/// A query that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its index among the queries given to [`Matcher::new`].
    pub query: usize,
    /// The terms that matched; empty if the query only excludes.
    pub reasons: Vec<MatchReason>,
}

/// Why a query matches an entry, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryResult {
    /// Whether this holds whatever the expected article says.
    pub is_decided: bool,
    /// The reasons of the match, or all terms that keep the entry from matching; as far as it is known.
    pub result: Result<Vec<MatchReason>, Vec<FailedTerm>>,
}

impl Matcher {
    /// Compiles queries.
    #[must_use]
    pub fn new<'a>(queries: impl IntoIterator<Item = &'a Query>) -> Matcher {
        let mut compiler = Compiler::default();
        let queries: Vec<CompiledQuery> =
            queries.into_iter().map(|query| compiler.compile(&query.node, &query.languages)).collect();
        let Searched { patterns, phrases: all_phrases, word_sets } = compiler.into_searched();
        let mut phrases = vec![Vec::new(); word_sets];
        for (phrase, word_set) in all_phrases {
            if let [first, rest @ ..] = phrase.as_slice() {
                phrases[*first as usize].push((rest.to_vec(), word_set));
            }
        }
        let mut triggered_queries = vec![Vec::new(); word_sets];
        for (number, query) in queries.iter().enumerate() {
            query.triggers.iter().for_each(|id| triggered_queries[*id as usize].push(number));
        }
        let always_evaluated =
            (0..queries.len()).filter(|number| queries[*number].without_words != Some(false)).collect();
        let fields = queries.iter().fold(FieldSet::default(), |all, query| all.union(query.fields));
        let one_pattern = || patterns.chunk_by(|(one, _), (next, _)| one == next);
        Matcher {
            patterns: PatternTable::new(one_pattern().map(|uses| uses[0].0.as_str())),
            pattern_uses: one_pattern().map(|uses| uses.iter().map(|(_, found)| *found).collect()).collect(),
            phrases,
            triggered_queries,
            always_evaluated,
            fields,
            queries,
        }
    }

    /// The wanted queries that match an entry, and those that its article may decide. Its text is folded once for all of
    /// them.
    #[must_use]
    pub fn hits(&self, subject: &Subject<'_>, wanted: impl Fn(usize) -> bool) -> Hits {
        let text = EntryText::new(subject, self.fields);
        let found = self.find_word_sets(&text);
        let is_found = self.are_found(&found);
        let context = EvalContext { text: &text, found: &found, is_found: &is_found };
        let mut candidates = self.always_evaluated.clone();
        for found in found.chunk_by(|one, next| one.place.word_set == next.place.word_set) {
            candidates.extend(&self.triggered_queries[found[0].place.word_set as usize]);
        }
        if text.expects_article() {
            // It may have the words that the feed has not.
            candidates = (0..self.queries.len()).filter(|number| wanted(*number)).collect();
        } else {
            candidates.sort_unstable();
            candidates.dedup();
            candidates.retain(|number| wanted(*number) && may_match(&self.queries[*number].node, &context));
        }
        let mut hits = Hits::default();
        for query in candidates {
            let evaluation = evaluate(&self.queries[query].node, &context, EvalMode::ShortCircuit);
            if !evaluation.is_final {
                hits.undecided.push(query);
            } else if evaluation.matched {
                hits.hits.push(Hit { query, reasons: evaluation.reasons(&context) });
            }
        }
        hits
    }

    /// Why one query matches an entry, or does not.
    #[must_use]
    pub fn explain(&self, query: usize, subject: &Subject<'_>) -> QueryResult {
        self.in_context(subject, |context| {
            let evaluation = evaluate(&self.queries[query].node, context, EvalMode::Full);
            QueryResult {
                is_decided: evaluation.is_final,
                result: if evaluation.matched {
                    Ok(evaluation.reasons(context))
                } else {
                    Err(evaluation.failed_terms(context))
                },
            }
        })
    }

    /// Calls a function with an entry and the words of all queries that were found in it.
    pub(super) fn in_context<T>(
        &self,
        subject: &Subject<'_>,
        call: impl FnOnce(&EvalContext<'_, '_>) -> T,
    ) -> T {
        let text = EntryText::new(subject, self.fields);
        let found = self.find_word_sets(&text);
        call(&EvalContext { text: &text, found: &found, is_found: &self.are_found(&found) })
    }

    /// A digest of what a query means, including its topics and the forms of its words. It is stable
    /// between runs and changes with the meaning.
    #[must_use]
    pub fn digest(&self, query: usize) -> [u8; 32] {
        self.queries[query].digest
    }

    /// All word sets that are found, whether or not their conditions are met; sorted, as [`EvalContext`] needs them.
    fn find_word_sets(&self, text: &EntryText<'_>) -> Vec<FoundWords> {
        let mut found = Vec::new();
        for segment in text.segments() {
            self.patterns.find(&segment.tokens, |pattern, index, words| {
                // An entry has far less than 2^32 words: the size of a fetched body is limited.
                let (first_word, word_count) = ((segment.first_word + index) as u32, words as u32);
                found.extend(self.pattern_uses[pattern].iter().map(|(word_set, condition)| {
                    FoundWords::new(WordPlace { word_set: *word_set, first_word, word_count }, *condition)
                }));
            });
        }
        found.sort_unstable_by_key(|found| found.place);
        let phrases = self.find_phrases(text, &found);
        if !phrases.is_empty() {
            found.extend(phrases);
            found.sort_unstable_by_key(|found| found.place);
        }
        found
    }

    /// For each word set, whether it is found.
    fn are_found(&self, found: &[FoundWords]) -> Vec<bool> {
        let mut are_found = vec![false; self.triggered_queries.len()];
        found.iter().for_each(|found| are_found[found.place.word_set as usize] = true);
        are_found
    }

    /// The phrases of which all words are found.
    fn find_phrases(&self, text: &EntryText<'_>, found: &[FoundWords]) -> Vec<FoundWords> {
        // No term is evaluated.
        let context = EvalContext { text, found, is_found: &[] };
        let mut phrases = Vec::new();
        for first in found {
            for (rest, word_set) in &self.phrases[first.place.word_set as usize] {
                if let Some((start, last)) = context.phrase_after(first, rest) {
                    let word_count = (last + 1 - start) as u32;
                    let place = WordPlace { word_set: *word_set, first_word: start as u32, word_count };
                    phrases.push(FoundWords::new(place, Condition::NONE));
                }
            }
        }
        phrases
    }
}

/// Whether an entry may match, whatever the conditions of its words are.
fn may_match(node: &CompiledNode, context: &EvalContext<'_, '_>) -> bool {
    match node {
        CompiledNode::And(nodes) => nodes.iter().all(|node| may_match(node, context)),
        CompiledNode::Or(nodes) => nodes.iter().any(|node| may_match(node, context)),
        CompiledNode::Not(_) => true,
        CompiledNode::Term(term) => !context.lacks(term),
    }
}
