//! Compiles syntax trees for the evaluator, and collects the words that entries are searched for. Pure.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::compiled::{
    CompiledNode, CompiledPhrase, CompiledQuery, CompiledTerm, CompiledTopic, Criterion, WordSetId,
    evaluate_without_words, has_regex,
};
use super::pattern_table::{PatternEnd, pattern};
use super::signs::Signs;
use super::spelling::has_capital;
use super::subject::FieldSet;
use super::syntax::{Field, Node, NodeKind, Term, TermKind, TopicQuery};
use super::words::{self, Condition, ExpandTo, Expansion, Forms, TopicWords, Written};
use crate::text::{fold, tokens};

/// The folded text that is searched for, and a word set that contains it.
pub(super) type Pattern = (String, PatternUse);

/// A word set, and where the pattern counts for it.
pub(super) type PatternUse = (WordSetId, Condition);

/// What all queries search for.
pub(super) struct Searched {
    /// Sorted.
    pub(super) patterns: Vec<Pattern>,
    /// Each phrase, and the word set that contains it.
    pub(super) phrases: Vec<(CompiledPhrase, WordSetId)>,
    /// The number of word sets.
    pub(super) word_sets: usize,
}

/// Compiles queries and collects their word sets, each set once.
#[derive(Default)]
pub(super) struct Compiler {
    patterns: Vec<Pattern>,
    phrases: Vec<(CompiledPhrase, WordSetId)>,
    expansions: HashMap<ExpansionKey, WordSetId>,
    /// By name, and whether only the names of the place count.
    topics: HashMap<(String, bool), CompiledTopic>,
    /// By digest.
    word_sets: HashMap<[u8; 32], WordSetId>,
    /// For each word set, the digest of its patterns and phrases.
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
        let mut triggers = self.triggers(&node);
        triggers.sort_unstable();
        triggers.dedup();
        CompiledQuery {
            without_words: evaluate_without_words(&node),
            node,
            triggers,
            fields: summary.fields,
            digest: summary.digest.finalize().into(),
        }
    }

    pub(super) fn into_searched(self) -> Searched {
        let mut patterns = self.patterns;
        patterns.sort_unstable();
        Searched { patterns, phrases: self.phrases, word_sets: self.digests.len() }
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
                let criterion = Criterion::Topic(self.topic(name, names_alone));
                CompiledNode::Term(CompiledTerm {
                    span: span(),
                    term: format!("{sign}@{name}").into(),
                    fields: FieldSet::searched(scope.field),
                    needs: self.needs(&criterion),
                    criterion,
                })
            }
            NodeKind::Term(term) => {
                let field = term.field.or(scope.field);
                let criterion = self.criterion(term, field, scope.languages);
                CompiledNode::Term(CompiledTerm {
                    span: span(),
                    term: Term { field, ..term.clone() }.to_string().into(),
                    fields: FieldSet::searched(field),
                    needs: self.needs(&criterion),
                    criterion,
                })
            }
        }
    }

    fn criterion(&mut self, term: &Term, field: Option<Field>, languages: &Arc<[String]>) -> Criterion {
        // Names and addresses are not inflected.
        let literal = matches!(field, Some(Field::Author | Field::Link | Field::Source));
        let is_word = matches!(term.kind, TermKind::Word | TermKind::InflectedWord | TermKind::Phrase);
        let signs = Signs::of(&term.text).or_else(|| Signs::none_of_letter(&term.text));
        let is_plain = || !term.text.starts_with('#') && words::is_plain(&term.text);
        let signs = signs.filter(|_| is_word && !literal && !is_plain());
        if let Some(signs) = signs {
            let tokens = tokens(&term.text);
            let words =
                tokens.words().map(|word| self.patterns(vec![(format!(" {word} "), Condition::NONE)]));
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
            TermKind::Suffix if literal => Criterion::Suffix(vec![fold(&term.text)], Written::Anyhow),
            TermKind::Suffix => {
                // *Zelt is a noun, and so no end of vereinzelt.
                let written = if has_capital(&term.text) { Written::Capital } else { Written::Anyhow };
                Criterion::Suffix(words::endings(&term.text), written)
            }
            TermKind::Prefix => self.exact(&term.text, PatternEnd::Anywhere),
            TermKind::Phrase => match words::acronym_spelling(&term.text).filter(|_| !literal) {
                Some(written) => {
                    let condition = Condition { written, ..Condition::NONE };
                    let acronym = (pattern(&term.text, PatternEnd::WordEnd), condition);
                    Criterion::Words(self.patterns(vec![acronym]))
                }
                None => self.exact(&term.text, PatternEnd::WordEnd),
            },
            TermKind::Near(distance) => Criterion::Near(forms_of_each(), *distance),
            TermKind::Word | TermKind::InflectedWord | TermKind::InflectedPhrase if literal => {
                self.exact(&term.text, PatternEnd::WordEnd)
            }
            TermKind::Word => Criterion::Words(self.expand(&term.text, ExpandTo::Relatives, languages)),
            TermKind::InflectedWord => Criterion::Words(self.expand(&term.text, ExpandTo::Forms, languages)),
            TermKind::InflectedPhrase => {
                let phrase = forms_of_each();
                Criterion::Words(match phrase.as_slice() {
                    [single] => *single,
                    _ => self.word_set(Vec::new(), vec![phrase]),
                })
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
            self.patterns(vec![(pattern(word, PatternEnd::WordEnd), Condition::NONE)])
        } else if let Some(forms) = words::number_in_name(text, span.start, word) {
            self.whole_words(&forms)
        } else {
            self.expand(word, ExpandTo::Forms, languages)
        }
    }

    fn exact(&mut self, text: &str, end: PatternEnd) -> Criterion {
        Criterion::Words(self.patterns(vec![(pattern(text, end), Condition::NONE)]))
    }

    fn expand(&mut self, word: &str, to: ExpandTo, languages: &Arc<[String]>) -> WordSetId {
        let key = ExpansionKey::Word(word.to_owned(), to, Arc::clone(languages));
        self.expansion(key, || words::expand(word, to, languages))
    }

    fn expansion(&mut self, key: ExpansionKey, expand: impl FnOnce() -> Expansion) -> WordSetId {
        if let Some(known) = self.expansions.get(&key) {
            return *known;
        }
        let id = self.alternatives(&expand());
        self.expansions.insert(key, id);
        id
    }

    fn topic(&mut self, name: &str, names_alone: bool) -> CompiledTopic {
        let key = (name.to_owned(), names_alone);
        if let Some(known) = self.topics.get(&key) {
            return *known;
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
        self.topics.insert(key, topic);
        topic
    }

    fn alternatives(&mut self, expansion: &Expansion) -> WordSetId {
        let phrases = expansion.phrases.iter();
        let phrases =
            phrases.map(|phrase| phrase.iter().map(|words| self.whole_words(words)).collect()).collect();
        self.word_set(whole_words(&expansion.words), phrases)
    }

    fn whole_words(&mut self, forms: &Forms) -> WordSetId {
        self.patterns(whole_words(forms))
    }

    fn patterns(&mut self, patterns: Vec<(String, Condition)>) -> WordSetId {
        self.word_set(patterns, Vec::new())
    }

    /// The set of these patterns and phrases.
    fn word_set(
        &mut self,
        mut patterns: Vec<(String, Condition)>,
        phrases: Vec<CompiledPhrase>,
    ) -> WordSetId {
        patterns.sort_unstable();
        patterns.dedup();
        let digest = self.digest(&patterns, &phrases);
        if let Some(id) = self.word_sets.get(&digest) {
            return *id;
        }
        // The number of terms and forms is limited, and so is that of outputs: this cannot overflow.
        let id = WordSetId::try_from(self.digests.len()).unwrap_or(WordSetId::MAX);
        let of_phrase = |phrase: &CompiledPhrase| phrase.iter().map(|id| self.shortest[*id as usize]).max();
        let of_phrases = phrases.iter().map(|phrase| of_phrase(phrase).unwrap_or(0));
        let lengths = patterns.iter().map(|(pattern, _)| pattern.len()).chain(of_phrases);
        self.shortest.push(lengths.min().unwrap_or(usize::MAX));
        self.patterns.extend(patterns.into_iter().map(|(pattern, condition)| (pattern, (id, condition))));
        self.phrases.extend(phrases.into_iter().map(|phrase| (phrase, id)));
        self.digests.push(digest);
        self.word_sets.insert(digest, id);
        id
    }

    /// A digest of patterns and phrases; no two sets have one.
    fn digest(&self, patterns: &[(String, Condition)], phrases: &[CompiledPhrase]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(patterns.len().to_le_bytes());
        for (pattern, condition) in patterns {
            digest.update([condition.languages.bits(), condition.written as u8]);
            digest.update(pattern.len().to_le_bytes());
            digest.update(pattern);
        }
        for phrase in phrases {
            digest.update(phrase.len().to_le_bytes());
            phrase.iter().for_each(|id| digest.update(self.digests[*id as usize]));
        }
        digest.finalize().into()
    }

    /// See [`CompiledQuery::triggers`].
    fn triggers(&self, node: &CompiledNode) -> Vec<WordSetId> {
        let shortest = |ids: &[WordSetId]| ids.iter().map(|id| self.shortest[*id as usize]).min();
        match node {
            // Of what must all match, what is found in the fewest entries.
            CompiledNode::And(nodes) if evaluate_without_words(node) == Some(false) => {
                let decisive = nodes.iter().filter(|node| evaluate_without_words(node) == Some(false));
                decisive.map(|node| self.triggers(node)).max_by_key(|ids| shortest(ids)).unwrap_or_default()
            }
            CompiledNode::And(nodes) | CompiledNode::Or(nodes) => {
                nodes.iter().flat_map(|node| self.triggers(node)).collect()
            }
            CompiledNode::Not(node) => self.triggers(node),
            CompiledNode::Term(term) => term.needs.clone(),
        }
    }

    /// See [`CompiledTerm::needs`].
    fn needs(&self, criterion: &Criterion) -> Vec<WordSetId> {
        match criterion {
            Criterion::Words(words) => vec![*words],
            Criterion::Signs(words, _) | Criterion::Near(words, _) => {
                words.iter().copied().max_by_key(|id| self.shortest[*id as usize]).into_iter().collect()
            }
            Criterion::Topic(topic) => vec![topic.names, topic.ambiguous, topic.unlikely],
            _ => Vec::new(),
        }
    }

    /// Collects the fields of a compiled query, and digests its meaning.
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
                let mut digest = |ids: &[WordSetId]| {
                    ids.iter().for_each(|id| summary.digest.update(self.digests[*id as usize]));
                };
                let fields = term.fields.bits();
                let rest = match &term.criterion {
                    Criterion::Words(words) => {
                        digest(&[*words]);
                        format!("{fields}")
                    }
                    Criterion::Topic(topic) => {
                        digest(&topic.parts());
                        format!("{fields}@")
                    }
                    Criterion::Near(sets, distance) => {
                        digest(sets);
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
    fields: FieldSet,
    digest: Sha256,
}

fn whole_words(forms: &Forms) -> Vec<(String, Condition)> {
    forms.iter().map(|(word, condition)| (pattern(word, PatternEnd::WordEnd), condition)).collect()
}

/// The words of a text, not folded: accents tell the language.
fn original_words(text: &str) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    (0..tokens.len()).map(|place| tokens.span(place)).collect()
}
