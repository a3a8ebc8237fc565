//! Evaluates compiled queries on an entry, with the reasons for the result. Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::compiled::{CompiledNode, CompiledTerm, Criterion, WordSetId};
use super::context::EvalContext;
use super::signs::has_signs;
use super::spelling::has_capital;
use super::subject::FieldSet;
use super::syntax::{AgeComparison, Field};
use super::topic::TopicName;
use super::words::Written;

/// Limit of the found text in a reason, in characters.
const MAX_FOUND_CHARS: usize = 120;

/// Limit of the reasons for a match.
const MAX_REASONS: usize = 32;

/// One term that matched. Outputs store it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchReason {
    /// The term as the query prints it.
    pub term: String,
    /// The name of the field in which it was found.
    pub field: String,
    /// The matching text as the entry writes it.
    pub found: String,
    /// What tells that an ambiguous name means the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// When the article was requested in which it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Timestamp>,
}

impl MatchReason {
    /// Where the term was found, for people.
    #[must_use]
    pub fn place(&self) -> String {
        place(&self.field, self.fetched)
    }
}

fn place(field: &str, fetched: Option<Timestamp>) -> String {
    match fetched {
        Some(fetched) => format!("the article's text, fetched {fetched:.0}"),
        None if field == Field::Article.name() => "the article's text".to_owned(),
        None => field.to_owned(),
    }
}

/// A term that keeps an entry from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTerm {
    /// Byte range of the query's text: the term, or the topic that contains it.
    pub span: Range<usize>,
    /// What is missing in the entry, or what a negated term found.
    pub label: String,
}

/// Whether evaluation stops as soon as the result is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EvalMode {
    /// Stops at the first failed part of an AND. Reasons of a match are complete.
    ShortCircuit,
    /// Evaluates everything, so that the failed terms are complete too.
    Full,
}

/// The result for one node, and the terms that caused it.
pub(super) struct Evaluation<'q, 't> {
    pub(super) matched: bool,
    /// Whether this holds whatever an article says that has not come yet.
    pub(super) is_final: bool,
    terms: Vec<(&'q CompiledTerm, Option<TermMatch<'t>>)>,
}

/// Where a term was found.
struct TermMatch<'t> {
    field: Field,
    found: Cow<'t, str>,
    evidence: Option<String>,
    /// Whether nothing else in the entry could tell that it is something else.
    is_sure: bool,
}

impl<'t> TermMatch<'t> {
    fn new(field: Field, found: impl Into<Cow<'t, str>>) -> TermMatch<'t> {
        TermMatch { field, found: found.into(), evidence: None, is_sure: true }
    }
}

impl Evaluation<'_, '_> {
    /// The terms that were found.
    pub(super) fn reasons(&self, context: &EvalContext<'_, '_>) -> Vec<MatchReason> {
        let reason = |(term, found): &(&CompiledTerm, Option<TermMatch<'_>>)| {
            let found = found.as_ref()?;
            Some(MatchReason {
                term: term.term.to_string(),
                field: found.field.name().to_owned(),
                found: shorten(&found.found),
                evidence: found.evidence.clone(),
                fetched: context.fetched(found.field),
            })
        };
        self.terms.iter().filter_map(reason).take(MAX_REASONS).collect()
    }

    /// The terms that keep the entry from matching.
    pub(super) fn failed_terms(&self, context: &EvalContext<'_, '_>) -> Vec<FailedTerm> {
        let failed = |(term, found): &(&CompiledTerm, Option<TermMatch<'_>>)| FailedTerm {
            span: term.span.clone(),
            label: match found {
                Some(found) => {
                    let place = place(found.field.name(), None);
                    format!("`{}` found in {place}: {}", term.term, shorten(&found.found))
                }
                None => context.why_not_found(term),
            },
        };
        self.terms.iter().map(failed).collect()
    }
}

/// On one line, and cut to a length that is shown.
fn shorten(found: &str) -> String {
    let line = found.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_FOUND_CHARS) {
        Some((end, _)) => format!("{}\u{2026}", &line[..end]),
        None => line,
    }
}

/// Evaluates a node of a query.
pub(super) fn evaluate<'q, 't>(
    node: &'q CompiledNode,
    context: &EvalContext<'t, '_>,
    mode: EvalMode,
) -> Evaluation<'q, 't> {
    match node {
        CompiledNode::And(nodes) => combine(nodes, context, mode, false),
        CompiledNode::Or(nodes) => combine(nodes, context, mode, true),
        CompiledNode::Not(node) => {
            let evaluation = evaluate(node, context, mode);
            Evaluation { matched: !evaluation.matched, ..evaluation }
        }
        CompiledNode::Term(term) => {
            let found = if context.lacks(term) { None } else { context.find(term) };
            let is_final = !context.text.expects_article() || !context.may_change(term, found.as_ref());
            let matched = found.is_some();
            // Only who asks for everything is told what was not found.
            let terms = if matched || mode == EvalMode::Full { vec![(term, found)] } else { Vec::new() };
            Evaluation { matched, is_final, terms }
        }
    }
}

/// Combines nodes by AND or OR. One node with the `decisive` result decides (false for AND, true for OR), finally if its
/// own is final; otherwise all nodes together are the cause.
fn combine<'q, 't>(
    nodes: &'q [CompiledNode],
    context: &EvalContext<'t, '_>,
    mode: EvalMode,
    decisive: bool,
) -> Evaluation<'q, 't> {
    let mut deciding = Vec::new();
    let mut others = Vec::new();
    let (mut decided, mut is_decided_finally, mut all_are_final) = (false, false, true);
    for node in nodes {
        let evaluation = evaluate(node, context, mode);
        all_are_final &= evaluation.is_final;
        if evaluation.matched != decisive {
            others.extend(evaluation.terms);
            continue;
        }
        decided = true;
        is_decided_finally |= evaluation.is_final;
        deciding.extend(evaluation.terms);
        // Every branch of an OR is evaluated, so that all reasons of a match are named.
        if !decisive && mode == EvalMode::ShortCircuit && is_decided_finally {
            break;
        }
    }
    if decided {
        Evaluation { matched: decisive, is_final: is_decided_finally, terms: deciding }
    } else {
        Evaluation { matched: !decisive, is_final: all_are_final, terms: others }
    }
}

impl<'t> EvalContext<'t, '_> {
    /// When the article was requested, if the field is its text.
    fn fetched(&self, field: Field) -> Option<Timestamp> {
        let article = self.text.subject.article.article()?;
        (field == Field::Article).then_some(article.fetched)
    }

    /// Whether an article that is expected may change what was found of a term. It only adds: its text, and a title and
    /// authors where the feed has none.
    fn may_change(&self, term: &CompiledTerm, found: Option<&TermMatch<'_>>) -> bool {
        let entry = self.text.subject.entry;
        let may_be_added = term.fields.contains(Field::Article)
            || term.fields.contains(Field::Author) && entry.authors.is_empty();
        match &term.criterion {
            Criterion::Site(_) | Criterion::Age(..) | Criterion::Tag(_) => false,
            Criterion::Language(_) => !self.text.declares_language(),
            // By a title the language of all words may be told.
            _ if entry.title.is_none() => true,
            _ if found.is_some_and(|found| found.is_sure) => false,
            // It may tell what a name means that the feed has.
            Criterion::Topic(topic) if term.fields != FieldSet::FEED => {
                may_be_added || self.find_topic(topic, term.fields).is_some()
            }
            _ => may_be_added,
        }
    }

    /// Whether a term is found.
    pub(super) fn has(&self, term: &CompiledTerm) -> bool {
        self.find(term).is_some()
    }

    fn find(&self, term: &CompiledTerm) -> Option<TermMatch<'t>> {
        let text = self.text;
        match &term.criterion {
            Criterion::Words(id) => self.term_match(self.places(*id, term.fields).next()?),
            Criterion::Signs(words, signs) => {
                self.phrase_places(words, term.fields).find_map(|(first, last)| {
                    let segment = text.segment_of(first)?;
                    let start = segment.tokens.span(first - segment.first_word).start;
                    let end = segment.tokens.span(last - segment.first_word).end;
                    let is_written =
                        has_signs(&segment.plain, &segment.tokens, first - segment.first_word, signs);
                    let whole = start.checked_sub(signs.before.len())?..end + signs.after.len();
                    is_written
                        .then(|| segment.plain.get(whole))
                        .flatten()
                        .map(|found| TermMatch::new(segment.field, found))
                })
            }
            Criterion::Topic(topic) => match self.find_topic(topic, term.fields)? {
                TopicName::Counts(place, evidence) => Some(TermMatch { evidence, ..self.term_match(place)? }),
                TopicName::Likely(place) => Some(TermMatch { is_sure: false, ..self.term_match(place)? }),
                TopicName::Unlikely => None,
            },
            Criterion::Near(ids, distance) => self.term_match(self.find_near(ids, *distance, term.fields)?),
            Criterion::Regex(regex) => text.segments_in(term.fields).find_map(|segment| {
                Some(TermMatch::new(segment.field, regex.find(&segment.plain)?.as_str()))
            }),
            Criterion::Suffix(endings, written) => text.segments_in(term.fields).find_map(|segment| {
                let is_found = |(place, word): (usize, &str)| {
                    endings.iter().any(|ending| word.ends_with(ending))
                        && (*written == Written::Anyhow || has_capital(segment.written(place)))
                };
                let word = segment.tokens.words().enumerate().position(is_found)?;
                Some(TermMatch::new(segment.field, segment.written(word)))
            }),
            Criterion::Site(wanted) => {
                let host = self.host()?;
                is_host_or_subdomain(host, wanted).then(|| TermMatch::new(Field::Site, host))
            }
            Criterion::Language(tag) => {
                let language = text.language()?;
                is_language(language, tag).then(|| TermMatch::new(Field::Language, language))
            }
            Criterion::Tag(sources) => {
                let source = text.subject.source;
                is_among(source, sources).then(|| TermMatch::new(Field::Tag, source))
            }
            Criterion::Age(comparison, limit) => is_of_age(self.age(), *comparison, *limit)
                .then(|| TermMatch::new(Field::Age, format_age(self.age()))),
        }
    }

    /// The text from the first to the last word.
    fn term_match(&self, (first, last): (usize, usize)) -> Option<TermMatch<'t>> {
        Some(TermMatch::new(self.text.segment_of(first)?.field, self.text.original(first, last)))
    }

    /// Why a term was not found, for the user.
    fn why_not_found(&self, term: &CompiledTerm) -> String {
        match &term.criterion {
            Criterion::Site(_) => format!("the site is {}", self.host().unwrap_or("unknown")),
            Criterion::Language(_) => {
                format!("the language is {}", self.text.language().unwrap_or("unknown"))
            }
            Criterion::Age(..) => format!("the entry is {} old", format_age(self.age())),
            Criterion::Tag(_) => format!("the source is {}", self.text.subject.source),
            _ => format!("`{}` was not found", term.term),
        }
    }

    /// The first and last word of the first stretch that has a match of each set and whose ends are at
    /// most `distance` words apart.
    fn find_near(&self, ids: &[WordSetId], distance: usize, fields: FieldSet) -> Option<(usize, usize)> {
        let mut places: Vec<(usize, WordSetId)> =
            ids.iter().flat_map(|id| self.places(*id, fields).map(move |(first, _)| (first, *id))).collect();
        places.sort_unstable();
        places.dedup();
        first_near(&places, ids, |start, word| word - start <= distance && self.in_same_segment(start, word))
    }

    fn host(&self) -> Option<&'t str> {
        host(self.text.subject.entry.link.as_deref()?)
    }

    fn age(&self) -> SignedDuration {
        self.text.subject.now.duration_since(self.text.subject.date)
    }
}

/// The host of an address.
pub(super) fn host(link: &str) -> Option<&str> {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|b| b.is_ascii_digit()));
    Some(port.map_or(host, |at| &host[..at]))
}

/// Whether a language, in small letters, is the one of a tag.
pub(super) fn is_language(language: &str, tag: &str) -> bool {
    language.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether a source is among sorted ones.
pub(super) fn is_among(source: &str, sources: &[String]) -> bool {
    sources.binary_search_by(|name| name.as_str().cmp(source)).is_ok()
}

/// Whether an age is as a query compares it.
pub(super) fn is_of_age(age: SignedDuration, comparison: AgeComparison, limit: Duration) -> bool {
    let is_younger = age < SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    is_younger == (comparison == AgeComparison::Younger)
}

/// The first and last word of the first stretch of places that has as many words as `ids`, and each of them as often as
/// they do. `places` are words with the sets that match there, sorted; `reaches` whether a stretch from one word
/// extends to another, later one.
fn first_near(
    places: &[(usize, WordSetId)],
    ids: &[WordSetId],
    reaches: impl Fn(usize, usize) -> bool,
) -> Option<(usize, usize)> {
    // The stretch moves over the places: each enters and leaves it once.
    let mut lacking: HashMap<WordSetId, isize> = HashMap::new();
    ids.iter().for_each(|id| *lacking.entry(*id).or_default() += 1);
    let (mut end, mut words) = (0, 0);
    places.iter().enumerate().find_map(|(number, &(start, id))| {
        while let Some(&(word, next)) = places.get(end).filter(|(word, _)| reaches(start, *word)) {
            *lacking.entry(next).or_default() -= 1;
            words += usize::from(end == number || places[end - 1].0 != word);
            end += 1;
        }
        let last = places[..end].last()?.0;
        let is_found = words >= ids.len() && lacking.values().all(|lacking| *lacking <= 0);
        *lacking.entry(id).or_default() += 1;
        words -= usize::from(number + 1 == end || places[number + 1].0 != start);
        is_found.then_some((start, last))
    })
}

/// Whether a host is a wanted one or a part of it.
pub(super) fn is_host_or_subdomain(host: &str, wanted: &str) -> bool {
    let host = host.trim_end_matches('.');
    let Some(start) = host.len().checked_sub(wanted.len()) else { return false };
    host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(wanted))
        && (start == 0 || host.as_bytes().get(start - 1) == Some(&b'.'))
}

fn format_age(age: SignedDuration) -> String {
    match age.as_secs().max(0) {
        s if s < 120 => format!("{s} seconds"),
        s if s < 7200 => format!("{} minutes", s / 60),
        s if s < 48 * 3600 => format!("{} hours", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    /// The definition: every stretch from every place, one after the other.
    fn first_near_by_search(
        places: &[(usize, WordSetId)],
        ids: &[WordSetId],
        reaches: impl Fn(usize, usize) -> bool,
    ) -> Option<(usize, usize)> {
        places.iter().enumerate().find_map(|(number, (start, _))| {
            let stretch: Vec<_> =
                places[number..].iter().take_while(|(word, _)| reaches(*start, *word)).collect();
            let mut words: Vec<usize> = stretch.iter().map(|(word, _)| *word).collect();
            words.dedup();
            let count = |id: &WordSetId| stretch.iter().filter(|(_, found)| found == id).count();
            let wanted = |id: &WordSetId| ids.iter().filter(|other| *other == id).count();
            let is_found = words.len() >= ids.len() && ids.iter().all(|id| count(id) >= wanted(id));
            is_found.then(|| (*start, words[words.len() - 1]))
        })
    }

    proptest! {
        // Failing cases are printed, not written to files.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn near_words_are_found_as_by_a_search_of_every_stretch(
            places in prop::collection::btree_set((0_usize..24, 0_u32..4), 0..24),
            ids in prop::collection::vec(0_u32..4, 1..5),
            distance in 1_usize..9,
        ) {
            let places: Vec<_> = places.into_iter().filter(|(_, id)| ids.contains(id)).collect();
            // Segments of seven words.
            let reaches = |start: usize, word: usize| word - start <= distance && start / 7 == word / 7;
            prop_assert_eq!(
                first_near(&places, &ids, reaches),
                first_near_by_search(&places, &ids, reaches)
            );
        }
    }

    #[test]
    fn near_words_are_found_in_a_number_of_steps_linear_in_the_matches() {
        let places: Vec<(usize, WordSetId)> = (0..100_000).map(|word| (word, 1)).collect();
        let steps = Cell::new(0);
        let reaches = |start: usize, word: usize| {
            steps.set(steps.get() + 1);
            word - start <= 1000
        };
        assert_eq!(first_near(&places, &[1, 2], reaches), None);
        assert!(steps.get() <= 2 * places.len(), "{}", steps.get());
    }
}
