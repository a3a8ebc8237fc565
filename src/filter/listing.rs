//! The words that each term of a query searches for, for the user. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::compile::Compiler;
use super::compiled::{CompiledTerm, Criterion, WordSetId};
use super::syntax::{Node, NodeKind, TopicQuery};
use super::words::{self, Forms};

/// See [`super::Query::term_words`].
pub(super) fn term_words(node: &Node, languages: &Arc<[String]>) -> Vec<(String, Vec<String>)> {
    let mut compiler = Compiler::default();
    let query = compiler.compile(node, languages);
    let mut words: HashMap<WordSetId, Vec<String>> = HashMap::new();
    let searched = compiler.into_searched();
    for (pattern, (id, _)) in searched.patterns {
        let shown = pattern.strip_suffix(' ').map_or_else(|| format!("{pattern}*"), str::to_owned);
        words.entry(id).or_default().push(shown.trim_start().to_owned());
    }
    words.values_mut().for_each(|words| {
        words.sort_unstable();
        words.dedup();
    });
    let words_of = |id: &WordSetId| words.get(id).cloned().unwrap_or_default();
    let alternatives = |ids: &[WordSetId]| ids.iter().map(|id| words_of(id).join("|")).collect::<Vec<_>>();
    let list = |id: &WordSetId| -> Vec<String> {
        let phrases = searched.phrases.iter().filter(|(_, set)| set == id);
        words_of(id).into_iter().chain(phrases.map(|(phrase, _)| alternatives(phrase).join(" "))).collect()
    };
    let mut terms = Vec::new();
    query.node.terms(&mut |term| terms.push(term));
    terms.sort_by_key(|term| term.span.start);
    let words_of_term = |term: &CompiledTerm| match &term.criterion {
        Criterion::Words(id) => vec![(term.term.to_string(), list(id))],
        Criterion::Near(ids, _) => vec![(term.term.to_string(), alternatives(ids))],
        Criterion::Signs(..) => vec![(term.term.to_string(), vec![term.term.to_string()])],
        Criterion::Suffix(endings, _) => {
            vec![(term.term.to_string(), endings.iter().map(|ending| format!("*{ending}")).collect())]
        }
        Criterion::Topic(_) => topic_words(&term.term),
        _ => Vec::new(),
    };
    terms.into_iter().flat_map(words_of_term).collect()
}

/// See [`super::Query::topics`].
pub(super) fn collect_topics<'a>(node: &'a Node, topics: &mut BTreeSet<&'a str>) {
    match &node.kind {
        NodeKind::And(nodes) | NodeKind::Or(nodes) => {
            nodes.iter().for_each(|node| collect_topics(node, topics));
        }
        NodeKind::Not(node) | NodeKind::InField(_, node) => collect_topics(node, topics),
        // One that is known already is not walked again: topics may use each other in many ways.
        NodeKind::Topic(name, TopicQuery::UserDefined(node)) => {
            if topics.insert(name) {
                collect_topics(node, topics);
            }
        }
        NodeKind::Topic(_, TopicQuery::BuiltIn | TopicQuery::PlaceNames) | NodeKind::Term(_) => {}
    }
}

/// The words of a built-in topic, a row for each language.
fn topic_words(term: &str) -> Vec<(String, Vec<String>)> {
    let name = term.trim_start_matches(['=', '@']);
    let by_language = words::built_in_topic_by_language(name, term.starts_with('='));
    let rows = by_language.into_iter().map(|(language, words)| {
        let phrase = |forms: &Vec<Forms>| {
            forms.iter().map(|forms| texts(forms).join("|")).collect::<Vec<_>>().join(" ")
        };
        let ambiguous = texts(&words.ambiguous).into_iter().chain(texts(&words.unlikely));
        let marked = ambiguous.map(|word| format!("{word}?"));
        let all = texts(&words.names.words).into_iter().chain(marked);
        let all = all.chain(words.names.phrases.iter().map(phrase));
        (format!("{term} {language}"), all.collect())
    });
    rows.collect()
}

/// The texts of some forms, each once.
fn texts(forms: &Forms) -> Vec<String> {
    let mut texts: Vec<String> = forms.iter().map(|(form, _)| form.to_owned()).collect();
    texts.dedup();
    texts
}
