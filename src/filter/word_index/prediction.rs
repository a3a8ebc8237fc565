//! What an index tells of the entries and a query. It never says otherwise than the evaluator. Pure.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::super::compiled::{
    CompiledNode, CompiledPhrase, CompiledQuery, CompiledTerm, Criterion, WordSetId,
};
use super::super::entry_set::EntrySet;
use super::super::eval;
use super::super::matcher::Matcher;
use super::super::subject::{FieldSet, Subject};
use super::super::syntax::Field;
use super::super::words::{Condition, LanguageSet, Written};
use super::{EntryFacts, LearnedKey, WordIndex};
use crate::entry::{ArticleState, Entry};

/// What is known of all entries and one query.
#[derive(Clone, Debug)]
pub struct Prediction {
    may_match: EntrySet,
    must_match: EntrySet,
}

/// What is known of an entry and a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictedMatch {
    /// It matches.
    Matches,
    /// It does not match.
    Differs,
    /// It has to be evaluated.
    Unknown,
}

impl WordIndex {
    /// What is known of one of the matcher's queries.
    #[must_use]
    pub fn predict(&self, matcher: &Matcher, query: usize, now: Timestamp) -> Prediction {
        let CompiledQuery { node, digest, .. } = &matcher.queries[query];
        let predicted = Predictor::new(self, matcher, node, now).node(node);
        self.with_learned(predicted, &LearnedKey::Query(*digest))
    }

    fn with_learned(&self, mut predicted: Prediction, key: &LearnedKey) -> Prediction {
        if let Some(learned) = self.learned.get(key) {
            predicted.may_match.subtract(&learned.lacks);
            predicted.must_match.unite(&learned.has);
        }
        predicted
    }

    fn all(&self) -> EntrySet {
        EntrySet::all(self.entries.len())
    }

    fn none(&self) -> EntrySet {
        EntrySet::none(self.entries.len())
    }

    fn entries_that(&self, is_it: impl Fn(&EntryFacts) -> bool) -> EntrySet {
        EntrySet::of(self.entries.len(), |entry| is_it(&self.entries[entry]))
    }
}

impl Prediction {
    /// What is told of an entry.
    #[must_use]
    pub fn of(&self, entry: usize) -> PredictedMatch {
        match (self.must_match.contains(entry), self.may_match.contains(entry)) {
            (true, _) => PredictedMatch::Matches,
            (false, true) => PredictedMatch::Unknown,
            (false, false) => PredictedMatch::Differs,
        }
    }

    fn exactly(set: EntrySet) -> Prediction {
        Prediction { may_match: set.clone(), must_match: set }
    }
}

/// Predicts one query.
struct Predictor<'a> {
    index: &'a WordIndex,
    matcher: &'a Matcher,
    now: Timestamp,
    patterns: HashMap<WordSetId, Vec<(&'a str, Condition)>>,
    phrases: HashMap<WordSetId, Vec<CompiledPhrase>>,
    /// The numbers of the words with each prefix that patterns end in, and with each ending of compounds.
    with_prefix: HashMap<&'a str, Vec<usize>>,
    with_ending: HashMap<&'a str, Vec<usize>>,
    /// The entries whose words surely count in some languages: words in Latin letters, or not, and the languages.
    in_languages: RefCell<HashMap<(bool, LanguageSet), EntrySet>>,
}

impl<'a> Predictor<'a> {
    fn new(index: &'a WordIndex, matcher: &'a Matcher, node: &'a CompiledNode, now: Timestamp) -> Self {
        let (mut wanted, mut endings) = (Vec::new(), BTreeSet::new());
        node.terms(&mut |term| match &term.criterion {
            Criterion::Words(id) => wanted.push(*id),
            Criterion::Signs(ids, _) | Criterion::Near(ids, _) => wanted.extend(ids),
            Criterion::Topic(topic) => wanted.extend([topic.names, topic.ambiguous, topic.unlikely]),
            Criterion::Suffix(of_term, _) => endings.extend(of_term.iter().map(String::as_str)),
            _ => {}
        });
        let mut phrases: HashMap<WordSetId, Vec<CompiledPhrase>> = HashMap::new();
        for (first, going_on) in matcher.phrases.iter().enumerate() {
            for (rest, id) in going_on {
                let phrase = std::iter::once(first as WordSetId).chain(rest.iter().copied());
                phrases.entry(*id).or_default().push(phrase.collect());
            }
        }
        let mut needed = HashSet::new();
        while let Some(id) = wanted.pop() {
            if needed.insert(id) {
                wanted.extend(phrases.get(&id).into_iter().flatten().flatten());
            }
        }
        let mut patterns: HashMap<WordSetId, Vec<(&str, Condition)>> = HashMap::new();
        let mut prefixes = BTreeSet::new();
        for (pattern, uses) in matcher.patterns.all().zip(&matcher.pattern_uses) {
            for (id, condition) in uses.iter().filter(|(id, _)| needed.contains(id)) {
                patterns.entry(*id).or_default().push((pattern, *condition));
                prefixes.extend(pattern.rsplit(' ').next().filter(|prefix| !prefix.is_empty()));
            }
        }
        Predictor {
            index,
            matcher,
            now,
            patterns,
            phrases,
            with_prefix: words_with(index, &prefixes, |word, length| word.get(..length)),
            with_ending: words_with(index, &endings, |word, length| {
                word.len().checked_sub(length).and_then(|start| word.get(start..))
            }),
            in_languages: RefCell::default(),
        }
    }

    fn node(&self, node: &CompiledNode) -> Prediction {
        let fold = |nodes: &[CompiledNode], start: EntrySet, combine: fn(&mut EntrySet, &EntrySet)| {
            nodes.iter().map(|node| self.node(node)).fold(Prediction::exactly(start), |mut all, next| {
                combine(&mut all.may_match, &next.may_match);
                combine(&mut all.must_match, &next.must_match);
                all
            })
        };
        match node {
            CompiledNode::And(nodes) => fold(nodes, self.index.all(), EntrySet::intersect),
            CompiledNode::Or(nodes) => fold(nodes, self.index.none(), EntrySet::unite),
            CompiledNode::Not(node) => {
                let Prediction { may_match, must_match } = self.node(node);
                Prediction { may_match: must_match.inverted(), must_match: may_match.inverted() }
            }
            CompiledNode::Term(term) => self.index.with_learned(self.term(term), &LearnedKey::of(term)),
        }
    }

    fn term(&self, term: &CompiledTerm) -> Prediction {
        let index = self.index;
        let may = |may_match| Prediction { may_match, must_match: index.none() };
        // What all of some word sets have in common.
        let with_all = |ids: &[WordSetId]| {
            let mut common = index.all();
            ids.iter().for_each(|id| common.intersect(&self.word_set(*id, term.fields).may_match));
            common
        };
        match &term.criterion {
            Criterion::Age(comparison, limit) => Prediction::exactly(index.entries_that(|entry| {
                eval::is_of_age(self.now.duration_since(entry.date), *comparison, *limit)
            })),
            Criterion::Tag(sources) => {
                let has_tag = index.sources.which(|(name, _)| eval::is_among(name, sources));
                Prediction::exactly(index.entries_that(|entry| has_tag[entry.source as usize]))
            }
            Criterion::Site(wanted) => {
                let is_at = |host: &Option<String>| {
                    host.as_ref().is_some_and(|host| eval::is_host_or_subdomain(host, wanted))
                };
                let is_at = index.sites.which(is_at);
                Prediction::exactly(index.entries_that(|entry| is_at[entry.site as usize]))
            }
            Criterion::Language(tag) => {
                let is_in = |language: &Option<String>| {
                    language.as_ref().is_some_and(|language| eval::is_language(language, tag))
                };
                let is_in = index.languages.which(is_in);
                let is = |if_unknown| {
                    index.entries_that(|entry| entry.language.map_or(if_unknown, |of| is_in[of as usize]))
                };
                Prediction { may_match: is(true), must_match: is(false) }
            }
            Criterion::Topic(_) if term.fields.contains(Field::Source) => may(index.all()),
            _ if term.fields == FieldSet::single(Field::Source) => {
                let is_found = index.sources.which(|(name, title)| self.source_has(term, name, title));
                Prediction::exactly(index.entries_that(|entry| is_found[entry.source as usize]))
            }
            Criterion::Words(id) => self.word_set(*id, term.fields),
            Criterion::Signs(ids, _) | Criterion::Near(ids, _) => may(with_all(ids)),
            Criterion::Topic(topic) => {
                let mut any = index.none();
                for id in [topic.names, topic.ambiguous, topic.unlikely] {
                    any.unite(&self.word_set(id, term.fields).may_match);
                }
                may(any)
            }
            Criterion::Suffix(endings, written) => {
                let mut found = index.none();
                let words = endings.iter().filter_map(|ending| self.with_ending.get(ending.as_str()));
                words.flatten().for_each(|word| index.lists.add_to(*word, term.fields, &mut found));
                if *written == Written::Anyhow { Prediction::exactly(found) } else { may(found) }
            }
            Criterion::Regex(_) => may(index.all()),
        }
    }

    /// Whether a term that searches the source alone is found there.
    fn source_has(&self, term: &CompiledTerm, name: &str, title: &str) -> bool {
        let (entry, date) = (Entry::default(), Timestamp::UNIX_EPOCH);
        let subject = Subject {
            entry: &entry,
            article: &ArticleState::NotExpected,
            source: name,
            source_title: title,
            language: None,
            date,
            now: date,
        };
        self.matcher.in_context(&subject, |context| context.has(term))
    }

    /// The entries with a match of a word set in some fields.
    fn word_set(&self, id: WordSetId, fields: FieldSet) -> Prediction {
        let index = self.index;
        let mut all = Prediction::exactly(index.none());
        for (pattern, condition) in self.patterns.get(&id).into_iter().flatten() {
            match pattern.trim_end().contains(' ') {
                true => {
                    let mut common = index.all();
                    for word in pattern.split_inclusive(' ') {
                        let mut with_word = index.none();
                        self.words(word).for_each(|word| index.lists.add_to(word, fields, &mut with_word));
                        common.intersect(&with_word);
                    }
                    all.may_match.unite(&common);
                }
                false => {
                    self.words(pattern).for_each(|word| self.add_word(word, fields, *condition, &mut all))
                }
            }
        }
        for phrase in self.phrases.get(&id).into_iter().flatten() {
            let mut common = index.all();
            phrase.iter().for_each(|part| common.intersect(&self.word_set(*part, fields).may_match));
            all.may_match.unite(&common);
        }
        all
    }

    /// Adds the entries with a word that counts under a condition.
    fn add_word(&self, word: usize, fields: FieldSet, condition: Condition, all: &mut Prediction) {
        let lists = &self.index.lists;
        lists.add_to(word, fields, &mut all.may_match);
        let Condition { languages, written } = condition;
        if written != Written::Anyhow {
            return;
        }
        let is_latin = match lists.word(word).chars().find(|c| c.is_alphabetic()) {
            _ if languages == LanguageSet::ALL => None,
            Some('\u{400}'..='\u{52f}') => Some(false),
            Some('a'..='z') if !LanguageSet::LATIN.is_within(languages) => Some(true),
            _ => None,
        };
        match is_latin {
            None => lists.add_to(word, fields, &mut all.must_match),
            Some(is_latin) => {
                let mut found = self.index.none();
                lists.add_to(word, fields, &mut found);
                let mut in_languages = self.in_languages.borrow_mut();
                found.intersect(in_languages.entry((is_latin, languages)).or_insert_with(|| {
                    self.index.entries_that(|entry| {
                        if is_latin { entry.latin } else { entry.cyrillic }.intersects(languages)
                    })
                }));
                all.must_match.unite(&found);
            }
        }
    }

    /// The words that a word of a pattern stands for: itself if a space follows, else all that start with it.
    fn words(&self, word: &str) -> impl Iterator<Item = usize> {
        let (whole, prefixed) = match word.strip_suffix(' ') {
            Some(whole) => (self.index.lists.find(whole), None),
            None => (None, self.with_prefix.get(word)),
        };
        whole.into_iter().chain(prefixed.into_iter().flatten().copied())
    }
}

/// The numbers of the indexed words with each of some parts. `part` is as much of a word as a number of bytes says.
fn words_with<'a>(
    index: &WordIndex,
    parts: &BTreeSet<&'a str>,
    part: fn(&str, usize) -> Option<&str>,
) -> HashMap<&'a str, Vec<usize>> {
    let mut found: HashMap<&str, Vec<usize>> = parts.iter().map(|part| (*part, Vec::new())).collect();
    let lengths: BTreeSet<usize> = parts.iter().map(|part| part.len()).collect();
    if found.is_empty() {
        return found;
    }
    for (number, word) in index.lists.all() {
        for length in &lengths {
            if let Some(words) = part(word, *length).and_then(|part| found.get_mut(part)) {
                words.push(number);
            }
        }
    }
    found
}
