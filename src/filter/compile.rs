//! Compiles syntax trees for the evaluator, and collects the words that the automaton searches. Pure.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::signs::Signs;
use super::subject::FieldSet;
use super::syntax::{AgeComparison, Field, Node, NodeKind, Term, TermKind, TopicQuery};
use super::words::{self, Condition, ExpandTo, Expansion, Forms, TopicWords};
use crate::text::tokens;

/// A query, compiled.
#[derive(Debug)]
pub(super) struct CompiledQuery {
    pub(super) node: CompiledNode,
    /// The result for entries in which no word set is found; `None` if that depends on other criteria.
    pub(super) without_words: Option<bool>,
    /// The word sets that it uses, sorted, each once.
    pub(super) word_sets: Vec<WordSetId>,
    /// Those of them without which none of its terms can match, one for each word and phrase; sorted, each once.
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

#[derive(Debug)]
pub(super) struct CompiledTerm {
    /// Byte range of the query's text: the term, or the topic that contains it.
    pub(super) span: Range<usize>,
    /// The printed term.
    pub(super) term: Arc<str>,
    pub(super) fields: FieldSet,
    pub(super) criterion: Criterion,
}

/// What an entry must have for a term to match.
#[derive(Debug)]
pub(super) enum Criterion {
    /// A word of the set, or one of the phrases.
    Words(WordSetId, Vec<CompiledPhrase>),
    /// These words in a row, written with signs: C++, AT&T.
    Signs(CompiledPhrase, Signs),
    /// A name of a built-in topic.
    Topic(Box<CompiledTopic>),
    /// A word of each set in any order, no two further apart than this many words.
    Near(Vec<WordSetId>, usize),
    Regex(Regex),
    Site(String),
    Language(String),
    Age(AgeComparison, Duration),
    /// The names of sources, one of which it must have; sorted.
    Tag(Arc<[String]>),
}

/// Words and phrases, any of which may match.
pub(super) type Alternatives = (WordSetId, Vec<CompiledPhrase>);

/// What a built-in topic searches for; see [`TopicWords`].
#[derive(Clone, Debug)]
pub(super) struct CompiledTopic {
    pub(super) names: Alternatives,
    pub(super) ambiguous: WordSetId,
    pub(super) unlikely: WordSetId,
    pub(super) is_also_place: bool,
    pub(super) nearby: Alternatives,
    pub(super) countries: Alternatives,
    pub(super) against: Alternatives,
    pub(super) longer: Alternatives,
}

impl CompiledTopic {
    /// Its word sets and phrases, in a fixed order.
    pub(super) fn parts(&self) -> [(WordSetId, &[CompiledPhrase]); 7] {
        [
            (self.names.0, &self.names.1),
            (self.ambiguous, &[]),
            (self.unlikely, &[]),
            (self.nearby.0, &self.nearby.1),
            (self.countries.0, &self.countries.1),
            (self.against.0, &self.against.1),
            (self.longer.0, &self.longer.1),
        ]
    }
}

/// Identifies a set of folded words or exact phrases. The automaton reports its matches by this number.
pub(super) type WordSetId = u32;

/// Consecutive words, one of each set.
pub(super) type CompiledPhrase = Vec<WordSetId>;

/// The folded text that the automaton searches for, and the word sets that contain it.
pub(super) type Pattern = (String, Vec<PatternUse>);

/// A word set, and where the pattern counts for it.
pub(super) type PatternUse = (WordSetId, Condition);

/// Compiles queries and collects their word sets, each set once.
#[derive(Default)]
pub(super) struct Compiler {
    patterns: HashMap<String, Vec<PatternUse>>,
    expansions: HashMap<ExpansionKey, Alternatives>,
    /// By name, and whether only the names of the place count.
    topics: HashMap<(String, bool), CompiledTopic>,
    word_sets: HashMap<Vec<(String, Condition)>, WordSetId>,
    /// For each word set, the digest of its patterns.
    digests: Vec<[u8; 32]>,
    /// For each word set, the bytes of its shortest pattern: long ones are found in few entries.
    shortest: Vec<usize>,
}

#[derive(PartialEq, Eq, Hash)]
enum ExpansionKey {
    Word(String, ExpandTo, Arc<[String]>),
    Countries,
}

impl Compiler {
    pub(super) fn compile(&mut self, node: &Node, languages: &Arc<[String]>) -> CompiledQuery {
        let node = self.node(node, &Scope { topic_span: None, field: None, languages });
        let mut summary = Summary::default();
        self.summarize(&node, &mut summary);
        for ids in [&mut summary.word_sets, &mut summary.triggers] {
            ids.sort_unstable();
            ids.dedup();
        }
        CompiledQuery {
            without_words: evaluate_without_words(&node),
            node,
            word_sets: summary.word_sets,
            triggers: summary.triggers,
            fields: summary.fields,
            digest: summary.digest.finalize().into(),
        }
    }

    /// The patterns of all queries, sorted, and the number of word sets.
    pub(super) fn into_patterns(self) -> (Vec<Pattern>, usize) {
        let mut patterns: Vec<_> = self.patterns.into_iter().collect();
        patterns.sort_unstable();
        (patterns, self.digests.len())
    }

    fn node(&mut self, node: &Node, scope: &Scope<'_>) -> CompiledNode {
        let span = || scope.topic_span.clone().unwrap_or_else(|| node.span.clone());
        match &node.kind {
            NodeKind::And(nodes) => {
                let mut nodes: Vec<_> = nodes.iter().map(|node| self.node(node, scope)).collect();
                // Regular expressions last: a cheaper term may decide before.
                nodes.sort_by_key(has_regex);
                CompiledNode::And(nodes)
            }
            NodeKind::Or(nodes) => {
                CompiledNode::Or(nodes.iter().map(|node| self.node(node, scope)).collect())
            }
            NodeKind::Not(node) => CompiledNode::Not(Box::new(self.node(node, scope))),
            NodeKind::InField(field, node) => {
                self.node(node, &Scope { field: Some(*field), ..scope.clone() })
            }
            NodeKind::Topic(_, TopicQuery::UserDefined(inner)) => {
                self.node(inner, &Scope { topic_span: Some(span()), ..scope.clone() })
            }
            NodeKind::Topic(name, kind @ (TopicQuery::BuiltIn | TopicQuery::PlaceNames)) => {
                let names_alone = *kind == TopicQuery::PlaceNames;
                let sign = if names_alone { "=" } else { "" };
                CompiledNode::Term(CompiledTerm {
                    span: span(),
                    term: format!("{sign}@{name}").into(),
                    fields: fields_of(scope.field),
                    criterion: Criterion::Topic(Box::new(self.topic(name, names_alone))),
                })
            }
            NodeKind::Term(term) => {
                let field = term.field.or(scope.field);
                CompiledNode::Term(CompiledTerm {
                    span: span(),
                    term: Term { field, ..term.clone() }.to_string().into(),
                    fields: fields_of(field),
                    criterion: self.criterion(term, field, scope.languages),
                })
            }
        }
    }

    fn criterion(&mut self, term: &Term, field: Option<Field>, languages: &Arc<[String]>) -> Criterion {
        // Names and addresses are not inflected.
        let literal = matches!(field, Some(Field::Author | Field::Link | Field::Source));
        let is_word = matches!(term.kind, TermKind::Word | TermKind::InflectedWord | TermKind::Phrase);
        let signs =
            Signs::of(&term.text).filter(|_| is_word && !literal && !words::has_relatives(&term.text));
        if let Some(signs) = signs {
            let tokens = tokens(&term.text);
            let words =
                tokens.words().map(|word| self.word_set(vec![(format!(" {word} "), Condition::NONE)]));
            return Criterion::Signs(words.collect(), signs);
        }
        let mut forms_of_each = || -> Vec<WordSetId> {
            let words = original_words(&term.text).into_iter();
            words.map(|span| self.word_forms(&term.text, span, literal, languages)).collect()
        };
        match &term.kind {
            TermKind::Regex(_, regex) => Criterion::Regex(regex.clone()),
            TermKind::Site(host) => Criterion::Site(host.clone()),
            TermKind::Language(tag) => Criterion::Language(tag.clone()),
            TermKind::Age(comparison, limit) => Criterion::Age(*comparison, *limit),
            TermKind::Tag(sources) => Criterion::Tag(Arc::clone(sources)),
            TermKind::Prefix => self.exact(&term.text, PatternEnd::Anywhere),
            TermKind::Phrase => match words::acronym_spelling(&term.text).filter(|_| !literal) {
                Some(written) => {
                    let condition = Condition { written, ..Condition::NONE };
                    let acronym = (pattern(&term.text, PatternEnd::WordEnd), condition);
                    Criterion::Words(self.word_set(vec![acronym]), Vec::new())
                }
                None => self.exact(&term.text, PatternEnd::WordEnd),
            },
            TermKind::Near(distance) => Criterion::Near(forms_of_each(), *distance),
            TermKind::Word | TermKind::InflectedWord | TermKind::InflectedPhrase if literal => {
                self.exact(&term.text, PatternEnd::WordEnd)
            }
            TermKind::Word => self.expanded_word(&term.text, ExpandTo::Relatives, languages),
            TermKind::InflectedWord => self.expanded_word(&term.text, ExpandTo::Forms, languages),
            TermKind::InflectedPhrase => {
                let phrase = forms_of_each();
                match phrase.as_slice() {
                    [single] => Criterion::Words(*single, Vec::new()),
                    _ => Criterion::Words(self.word_set(Vec::new()), vec![phrase]),
                }
            }
        }
    }

    /// The word at a place of a phrase.
    fn word_forms(
        &mut self,
        text: &str,
        span: Range<usize>,
        literal: bool,
        languages: &Arc<[String]>,
    ) -> WordSetId {
        let word = &text[span.clone()];
        if literal {
            self.word_set(vec![(pattern(word, PatternEnd::WordEnd), Condition::NONE)])
        } else if let Some(forms) = words::number_in_name(text, span.start, word) {
            self.whole_words(&forms)
        } else {
            self.expand(word, ExpandTo::Forms, languages).0
        }
    }

    fn expanded_word(&mut self, text: &str, to: ExpandTo, languages: &Arc<[String]>) -> Criterion {
        let (words, phrases) = self.expand(text, to, languages);
        Criterion::Words(words, phrases)
    }

    fn exact(&mut self, text: &str, end: PatternEnd) -> Criterion {
        Criterion::Words(self.word_set(vec![(pattern(text, end), Condition::NONE)]), Vec::new())
    }

    fn expand(
        &mut self,
        word: &str,
        to: ExpandTo,
        languages: &Arc<[String]>,
    ) -> (WordSetId, Vec<CompiledPhrase>) {
        let key = ExpansionKey::Word(word.to_owned(), to, Arc::clone(languages));
        self.expansion(key, || words::expand(word, to, languages))
    }

    fn expansion(&mut self, key: ExpansionKey, expand: impl FnOnce() -> Expansion) -> Alternatives {
        if let Some(known) = self.expansions.get(&key) {
            return known.clone();
        }
        let compiled = self.alternatives(&expand());
        self.expansions.insert(key, compiled.clone());
        compiled
    }

    fn topic(&mut self, name: &str, names_alone: bool) -> CompiledTopic {
        let key = (name.to_owned(), names_alone);
        if let Some(known) = self.topics.get(&key) {
            return known.clone();
        }
        let TopicWords { names, ambiguous, unlikely, is_also_place, nearby, against, longer } =
            words::built_in_topic(name, names_alone).unwrap_or_default();
        let topic = CompiledTopic {
            names: self.alternatives(&names),
            ambiguous: self.whole_words(&ambiguous),
            unlikely: self.whole_words(&unlikely),
            is_also_place,
            nearby: self.alternatives(&nearby),
            countries: if ambiguous.is_empty() && unlikely.is_empty() {
                self.alternatives(&Expansion::default())
            } else {
                self.expansion(ExpansionKey::Countries, words::country_names)
            },
            against: self.alternatives(&against),
            longer: self.alternatives(&longer),
        };
        self.topics.entry(key).insert_entry(topic).get().clone()
    }

    fn alternatives(&mut self, expansion: &Expansion) -> Alternatives {
        let phrases = expansion.phrases.iter();
        let phrases =
            phrases.map(|phrase| phrase.iter().map(|words| self.whole_words(words)).collect()).collect();
        (self.whole_words(&expansion.words), phrases)
    }

    fn whole_words(&mut self, forms: &Forms) -> WordSetId {
        let patterns = forms.iter().map(|(word, condition)| (pattern(word, PatternEnd::WordEnd), condition));
        self.word_set(patterns.collect())
    }

    /// The set of these patterns.
    fn word_set(&mut self, mut patterns: Vec<(String, Condition)>) -> WordSetId {
        patterns.sort_unstable();
        patterns.dedup();
        if let Some(id) = self.word_sets.get(&patterns) {
            return *id;
        }
        // The number of terms and forms is limited, and so is that of outputs: this cannot overflow.
        let id = WordSetId::try_from(self.digests.len()).unwrap_or(WordSetId::MAX);
        let mut digest = Sha256::new();
        for (pattern, condition) in &patterns {
            digest.update(pattern);
            digest.update([condition.languages.bits(), condition.written as u8]);
            self.patterns.entry(pattern.clone()).or_default().push((id, *condition));
        }
        self.digests.push(digest.finalize().into());
        self.shortest.push(patterns.iter().map(|(pattern, _)| pattern.len()).min().unwrap_or(usize::MAX));
        self.word_sets.insert(patterns, id);
        id
    }

    /// One word set of each word and phrase by which a term may match.
    fn triggers(&self, criterion: &Criterion) -> Vec<WordSetId> {
        let rarest =
            |phrase: &[WordSetId]| phrase.iter().copied().max_by_key(|id| self.shortest[*id as usize]);
        let of = |words: WordSetId, phrases: &[CompiledPhrase]| -> Vec<WordSetId> {
            phrases.iter().filter_map(|phrase| rarest(phrase)).chain([words]).collect()
        };
        match criterion {
            Criterion::Words(words, phrases) => of(*words, phrases),
            Criterion::Signs(words, _) | Criterion::Near(words, _) => rarest(words).into_iter().collect(),
            Criterion::Topic(topic) => {
                let mut all = of(topic.names.0, &topic.names.1);
                all.extend([topic.ambiguous, topic.unlikely]);
                all
            }
            _ => Vec::new(),
        }
    }

    /// Collects the word sets and fields of a compiled query, and digests its meaning.
    fn summarize(&self, node: &CompiledNode, summary: &mut Summary) {
        let operator = |summary: &mut Summary, sign: &str, nodes: &[CompiledNode]| {
            summary.digest.update(format!("{sign}{}", nodes.len()));
            nodes.iter().for_each(|node| self.summarize(node, summary));
        };
        match node {
            CompiledNode::And(nodes) => operator(summary, "&", nodes),
            CompiledNode::Or(nodes) => operator(summary, "|", nodes),
            CompiledNode::Not(node) => operator(summary, "!", std::slice::from_ref(node)),
            CompiledNode::Term(term) => {
                summary.fields = summary.fields.union(term.fields);
                if matches!(term.criterion, Criterion::Topic(_)) {
                    // Evidence may stand in another field.
                    summary.fields = summary.fields.union(FieldSet::DEFAULT);
                }
                let mut add_word_set = |id: WordSetId| {
                    summary.word_sets.push(id);
                    summary.digest.update(self.digests[id as usize]);
                };
                summary.triggers.extend(self.triggers(&term.criterion));
                let fields = term.fields.bits();
                let rest = match &term.criterion {
                    Criterion::Words(words, phrases) => {
                        add_word_set(*words);
                        phrases.iter().flatten().for_each(|id| add_word_set(*id));
                        let lengths: Vec<usize> = phrases.iter().map(Vec::len).collect();
                        format!("{fields}{lengths:?}")
                    }
                    Criterion::Signs(words, _) => {
                        words.iter().for_each(|id| add_word_set(*id));
                        format!("{fields}{};", term.term)
                    }
                    Criterion::Topic(topic) => {
                        let mut lengths: Vec<Vec<usize>> = Vec::new();
                        for (words, phrases) in topic.parts() {
                            add_word_set(words);
                            phrases.iter().flatten().for_each(|id| add_word_set(*id));
                            lengths.push(phrases.iter().map(Vec::len).collect());
                        }
                        format!("{fields}@{lengths:?}")
                    }
                    Criterion::Near(sets, distance) => {
                        sets.iter().for_each(|id| add_word_set(*id));
                        format!("{fields}~{}~{distance}", sets.len())
                    }
                    // Which sources have the tag decides, not its name.
                    Criterion::Tag(sources) => format!("{fields}{sources:?};"),
                    // The printed term is the whole meaning.
                    _ => format!("{fields}{};", term.term),
                };
                summary.digest.update(rest);
            }
        }
    }
}

/// What a node inherits from those around it.
#[derive(Clone)]
struct Scope<'a> {
    /// The span of the outermost topic around it.
    topic_span: Option<Range<usize>>,
    field: Option<Field>,
    languages: &'a Arc<[String]>,
}

#[derive(Default)]
struct Summary {
    word_sets: Vec<WordSetId>,
    triggers: Vec<WordSetId>,
    fields: FieldSet,
    digest: Sha256,
}

/// Where the match of a pattern may end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PatternEnd {
    WordEnd,
    Anywhere,
}

fn fields_of(field: Option<Field>) -> FieldSet {
    field.map_or(FieldSet::DEFAULT, FieldSet::single)
}

/// The words of a text, not folded: accents tell the language.
fn original_words(text: &str) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    (0..tokens.len()).map(|place| tokens.span(place)).collect()
}

/// A text as it appears in a folded text.
fn pattern(text: &str, end: PatternEnd) -> String {
    let tokens = tokens(text);
    let folded = tokens.folded();
    let open = folded.strip_suffix(' ').filter(|_| end == PatternEnd::Anywhere);
    open.unwrap_or(folded).to_owned()
}

fn has_regex(node: &CompiledNode) -> bool {
    match node {
        CompiledNode::And(nodes) | CompiledNode::Or(nodes) => nodes.iter().any(has_regex),
        CompiledNode::Not(node) => has_regex(node),
        CompiledNode::Term(term) => matches!(term.criterion, Criterion::Regex(_)),
    }
}

/// See [`CompiledQuery::without_words`].
fn evaluate_without_words(node: &CompiledNode) -> Option<bool> {
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
