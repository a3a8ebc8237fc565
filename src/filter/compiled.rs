//! Compiled queries, as the evaluator sees them. Pure.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

use super::signs::Signs;
use super::subject::FieldSet;
use super::syntax::AgeComparison;
use super::words::Written;

/// A query, compiled.
#[derive(Debug)]
pub(super) struct CompiledQuery {
    pub(super) node: CompiledNode,
    /// The result for entries in which no word set is found; `None` if that depends on other criteria.
    pub(super) without_words: Option<bool>,
    /// The word sets of which an entry must have one, or that result is its; sorted, each once.
    pub(super) triggers: Vec<WordSetId>,
    /// The fields that it searches.
    pub(super) fields: FieldSet,
    /// Digest of its meaning, with word forms and topics written out.
    pub(super) digest: [u8; 32],
}

#[derive(Debug)]
pub(super) enum CompiledNode {
    And(Vec<CompiledNode>),
    Or(Vec<CompiledNode>),
    Not(Box<CompiledNode>),
    Term(CompiledTerm),
}

impl CompiledNode {
    /// Calls a function with each term.
    pub(super) fn terms<'a>(&'a self, call: &mut impl FnMut(&'a CompiledTerm)) {
        match self {
            CompiledNode::And(nodes) | CompiledNode::Or(nodes) => {
                nodes.iter().for_each(|node| node.terms(call));
            }
            CompiledNode::Not(node) => node.terms(call),
            CompiledNode::Term(term) => call(term),
        }
    }
}

#[derive(Debug)]
pub(super) struct CompiledTerm {
    /// Byte range of the query's text: the term, or the topic that contains it.
    pub(super) span: Range<usize>,
    /// The printed term.
    pub(super) term: Arc<str>,
    pub(super) fields: FieldSet,
    pub(super) criterion: Criterion,
    /// The word sets of which an entry must have one, or the term does not match; none if it searches for no words.
    pub(super) needs: Vec<WordSetId>,
}

/// What an entry must have for a term to match.
#[derive(Debug)]
pub(super) enum Criterion {
    /// A match of the set.
    Words(WordSetId),
    /// These words in a row, written with signs: C++, AT&T.
    Signs(CompiledPhrase, Signs),
    /// A name of a built-in topic.
    Topic(CompiledTopic),
    /// A word of each set in any order, no two further apart than this many words.
    Near(Vec<WordSetId>, usize),
    Regex(Regex),
    /// The last word of a compound, in all its forms, and how the compound is written.
    Suffix(Vec<String>, Written),
    Site(String),
    Language(String),
    Age(AgeComparison, Duration),
    /// The names of sources, one of which it must have; sorted.
    Tag(Arc<[String]>),
}

/// What a built-in topic searches for; see [`super::words::TopicWords`].
#[derive(Clone, Copy, Debug)]
pub(super) struct CompiledTopic {
    pub(super) names: WordSetId,
    pub(super) ambiguous: WordSetId,
    pub(super) unlikely: WordSetId,
    pub(super) is_also_place: bool,
    pub(super) nearby: WordSetId,
    pub(super) countries: WordSetId,
    pub(super) against: WordSetId,
    pub(super) longer: WordSetId,
}

impl CompiledTopic {
    /// Its word sets, in a fixed order.
    pub(super) fn parts(&self) -> [WordSetId; 7] {
        [self.names, self.ambiguous, self.unlikely, self.nearby, self.countries, self.against, self.longer]
    }
}

/// Identifies a set of folded words and phrases, any of which may match.
pub(super) type WordSetId = u32;

/// Consecutive words, one of each set.
pub(super) type CompiledPhrase = Vec<WordSetId>;

/// Whether it needs a regular expression.
pub(super) fn has_regex(node: &CompiledNode) -> bool {
    match node {
        CompiledNode::And(nodes) | CompiledNode::Or(nodes) => nodes.iter().any(has_regex),
        CompiledNode::Not(node) => has_regex(node),
        CompiledNode::Term(term) => matches!(term.criterion, Criterion::Regex(_) | Criterion::Suffix(..)),
    }
}

/// See [`CompiledQuery::without_words`].
pub(super) fn evaluate_without_words(node: &CompiledNode) -> Option<bool> {
    let combine = |nodes: &[CompiledNode], decisive: bool| {
        let results: Vec<_> = nodes.iter().map(evaluate_without_words).collect();
        if results.contains(&Some(decisive)) {
            Some(decisive)
        } else if results.contains(&None) {
            None
        } else {
            Some(!decisive)
        }
    };
    match node {
        CompiledNode::And(nodes) => combine(nodes, false),
        CompiledNode::Or(nodes) => combine(nodes, true),
        CompiledNode::Not(node) => evaluate_without_words(node).map(|matched| !matched),
        CompiledNode::Term(term) => match term.criterion {
            Criterion::Words(..) | Criterion::Signs(..) | Criterion::Topic(_) | Criterion::Near(..) => {
                Some(false)
            }
            _ => None,
        },
    }
}
