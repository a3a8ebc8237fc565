//! From trees to parts that the evaluator asks, and to the folded words that the automaton finds. Pure.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Query;
use super::eval::{Atom, Leaf, Part, Sought};
use super::syntax::{Field, Kind, Meaning, Node, Shape, Term};
use super::text::Fields;
use super::words::{self, ExpandTo, Expansion};
use crate::text::tokens;

/// The words and rows of words of all queries, each once.
#[derive(Default)]
pub(super) struct Atoms {
    /// What an automaton looks for in the folded text, and for which atoms.
    patterns: HashMap<String, Vec<Atom>>,
    /// What was asked for, and what it became.
    known: HashMap<Key, Known>,
    /// Digest of each atom's patterns.
    digests: Vec<[u8; 32]>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A bare word, a word's own forms, or a built-in topic: with the languages that decide them.
    Word(String, ExpandTo, Arc<[String]>),
    Topic(String),
    /// Patterns as they stand.
    Patterns(Vec<String>),
}

/// An atom, and rows of atoms that are as good.
type Known = (Atom, Vec<Vec<Atom>>);

/// One query, compiled.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) part: Part,
    /// Whether an entry matches in which no atom is found; unknown where that depends on other things.
    pub(super) otherwise: Option<bool>,
    /// The atoms that it asks for, sorted.
    pub(super) atoms: Vec<Atom>,
    /// The fields in which it looks.
    pub(super) fields: Fields,
    /// Digest of what it means, word forms and topics written out.
    pub(super) digest: [u8; 32],
}

impl Atoms {
    pub(super) fn compile(&mut self, query: &Query) -> Compiled {
        let around = Around { span: None, field: None, languages: &query.languages };
        let part = self.part(&query.node, &around);
        let mut whole = Whole { atoms: Vec::new(), fields: Fields::default(), digest: Sha256::new() };
        self.gather(&part, &mut whole);
        whole.atoms.sort_unstable();
        whole.atoms.dedup();
        Compiled {
            otherwise: otherwise(&part),
            part,
            atoms: whole.atoms,
            fields: whole.fields,
            digest: whole.digest.finalize().into(),
        }
    }

    /// What the automaton has to look for, and the atoms of each; the number of atoms.
    pub(super) fn finish(self) -> (Vec<(String, Vec<Atom>)>, usize) {
        let mut patterns: Vec<_> = self.patterns.into_iter().collect();
        patterns.sort_unstable();
        (patterns, self.digests.len())
    }

    fn part(&mut self, node: &Node, around: &Around<'_>) -> Part {
        match &node.kind {
            Kind::All(nodes) => {
                let mut parts: Vec<Part> = nodes.iter().map(|node| self.part(node, around)).collect();
                // What the automaton has found already decides before a regular expression is run.
                parts.sort_by_key(is_slow);
                Part::All(parts)
            }
            Kind::Any(nodes) => Part::Any(nodes.iter().map(|node| self.part(node, around)).collect()),
            Kind::Not(node) => Part::Not(Box::new(self.part(node, around))),
            Kind::In(field, node) => self.part(node, &Around { field: Some(*field), ..around.clone() }),
            Kind::Topic(_, Meaning::Own(inner)) => {
                let span = around.span.clone().unwrap_or_else(|| node.span.clone());
                self.part(inner, &Around { span: Some(span), ..around.clone() })
            }
            Kind::Topic(name, Meaning::BuiltIn) => {
                let (atom, rows) = self.topic(name);
                self.leaf(node, around, around.field, format!("@{name}"), Sought::Words(atom, rows))
            }
            Kind::Term(term) => {
                let field = term.field.or(around.field);
                let sought = self.sought(term, field, around.languages);
                self.leaf(node, around, field, Term { field, ..term.clone() }.to_string(), sought)
            }
        }
    }

    fn leaf(
        &mut self,
        node: &Node,
        around: &Around<'_>,
        field: Option<Field>,
        term: String,
        sought: Sought,
    ) -> Part {
        Part::Leaf(Leaf {
            span: around.span.clone().unwrap_or_else(|| node.span.clone()),
            term: term.into(),
            fields: field.map_or(Fields::USUAL, Fields::only),
            sought,
        })
    }

    fn sought(&mut self, term: &Term, field: Option<Field>, languages: &Arc<[String]>) -> Sought {
        // Names and addresses have no forms: there a word is what it is.
        let literal = matches!(field, Some(Field::Author | Field::Link | Field::Source));
        match &term.shape {
            Shape::Pattern(_, regex) => Sought::Pattern(regex.clone()),
            Shape::Site(host) => Sought::Site(host.clone()),
            Shape::Language(tag) => Sought::Language(tag.clone()),
            Shape::Age(side, length) => Sought::Age(*side, *length),
            Shape::Prefix => self.exactly(&term.text, End::Open),
            Shape::Exact => self.exactly(&term.text, End::Word),
            Shape::Near(distance) => {
                let words = written(&term.text);
                let atoms = words.iter().map(|word| self.forms(word, literal, languages));
                Sought::Near(atoms.collect(), *distance)
            }
            Shape::Word | Shape::Own | Shape::Row if literal => self.exactly(&term.text, End::Word),
            Shape::Word => self.word(&term.text, ExpandTo::Relatives, languages),
            Shape::Own => self.word(&term.text, ExpandTo::Forms, languages),
            Shape::Row => {
                let words = written(&term.text);
                let row = words.iter().map(|word| self.forms(word, literal, languages)).collect();
                self.row(row)
            }
        }
    }

    fn forms(&mut self, word: &str, literal: bool, languages: &Arc<[String]>) -> Atom {
        if literal {
            self.patterns(vec![pattern(word, End::Word)])
        } else {
            self.expanded(word, ExpandTo::Forms, languages).0
        }
    }

    fn word(&mut self, text: &str, reach: ExpandTo, languages: &Arc<[String]>) -> Sought {
        let (atom, rows) = self.expanded(text, reach, languages);
        Sought::Words(atom, rows)
    }

    fn row(&mut self, row: Vec<Atom>) -> Sought {
        match row.as_slice() {
            [atom] => Sought::Words(*atom, Vec::new()),
            _ => Sought::Words(self.patterns(Vec::new()), vec![row]),
        }
    }

    fn exactly(&mut self, text: &str, end: End) -> Sought {
        Sought::Words(self.patterns(vec![pattern(text, end)]), Vec::new())
    }

    fn expanded(&mut self, word: &str, reach: ExpandTo, languages: &Arc<[String]>) -> Known {
        let key = Key::Word(word.to_owned(), reach, Arc::clone(languages));
        self.known(key, || words::expand(word, reach, languages))
    }

    fn topic(&mut self, name: &str) -> Known {
        self.known(Key::Topic(name.to_owned()), || words::built_in_topic(name).unwrap_or_default())
    }

    fn known(&mut self, key: Key, expand: impl FnOnce() -> Expansion) -> Known {
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let expansion = expand();
        let rows = expansion.phrases.iter().map(|row| {
            row.iter()
                .map(|words| self.patterns(words.iter().map(|word| pattern(word, End::Word)).collect()))
                .collect()
        });
        let rows: Vec<Vec<Atom>> = rows.collect();
        let atom = self.patterns(expansion.words.iter().map(|word| pattern(word, End::Word)).collect());
        self.known.insert(key, (atom, rows.clone()));
        (atom, rows)
    }

    /// The atom that is any of these patterns.
    fn patterns(&mut self, mut patterns: Vec<String>) -> Atom {
        patterns.sort_unstable();
        patterns.dedup();
        let key = Key::Patterns(patterns);
        if let Some((atom, _)) = self.known.get(&key) {
            return *atom;
        }
        let Key::Patterns(patterns) = &key else { return 0 };
        // Fewer atoms than terms and forms, which are bounded, times outputs.
        let atom = Atom::try_from(self.digests.len()).unwrap_or(Atom::MAX);
        self.digests.push(Sha256::digest(patterns.concat()).into());
        for pattern in patterns {
            self.patterns.entry(pattern.clone()).or_default().push(atom);
        }
        self.known.insert(key, (atom, Vec::new()));
        atom
    }

    /// Collects what a compiled query asks for, and digests what it means.
    fn gather(&self, part: &Part, whole: &mut Whole) {
        let many = |whole: &mut Whole, sign: &str, parts: &[Part]| {
            whole.digest.update(format!("{sign}{}", parts.len()));
            parts.iter().for_each(|part| self.gather(part, whole));
        };
        match part {
            Part::All(parts) => many(whole, "&", parts),
            Part::Any(parts) => many(whole, "|", parts),
            Part::Not(part) => many(whole, "!", std::slice::from_ref(part)),
            Part::Leaf(leaf) => {
                whole.fields = whole.fields.with(leaf.fields);
                let mut atom = |atom: Atom| {
                    whole.atoms.push(atom);
                    whole.digest.update(self.digests[atom as usize]);
                };
                match &leaf.sought {
                    Sought::Words(single, rows) => {
                        atom(*single);
                        rows.iter().flatten().for_each(|one| atom(*one));
                        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
                        whole.digest.update(format!("{:?}{lengths:?}", leaf.fields));
                    }
                    Sought::Near(atoms, distance) => {
                        atoms.iter().for_each(|one| atom(*one));
                        whole.digest.update(format!("{:?}~{}~{distance}", leaf.fields, atoms.len()));
                    }
                    // These mean what is printed.
                    _ => whole.digest.update(format!("{:?}{};", leaf.fields, leaf.term)),
                }
            }
        }
    }
}

/// What each term of a query stands for, in the order of its text: the term as it is printed, and the
/// folded words, `a|b c` for a row of words of which the first may be either, `c*` for every word that
/// begins so. Terms that look for no words (regular expressions, sites, ages) are left out.
pub(super) fn term_words(query: &Query) -> Vec<(String, Vec<String>)> {
    let mut atoms = Atoms::default();
    let compiled = atoms.compile(query);
    let mut words: HashMap<Atom, Vec<String>> = HashMap::new();
    for (pattern, of) in &atoms.patterns {
        let shown = pattern.strip_suffix(' ').map_or_else(|| format!("{pattern}*"), str::to_owned);
        let shown = shown.trim_start().to_owned();
        of.iter().for_each(|atom| words.entry(*atom).or_default().push(shown.clone()));
    }
    words.values_mut().for_each(|words| words.sort_unstable());
    let mut leaves = Vec::new();
    leaves_of(&compiled.part, &mut leaves);
    leaves.sort_by_key(|leaf| leaf.span.start);
    let all = |atom: &Atom| words.get(atom).cloned().unwrap_or_default();
    let row = |row: &[Atom]| row.iter().map(|atom| all(atom).join("|")).collect::<Vec<_>>().join(" ");
    let meaning = |leaf: &Leaf| match &leaf.sought {
        Sought::Words(atom, rows) => Some((
            leaf.term.to_string(),
            all(atom).into_iter().chain(rows.iter().map(|one| row(one))).collect(),
        )),
        Sought::Near(atoms, _) => {
            Some((leaf.term.to_string(), atoms.iter().map(|atom| all(atom).join("|")).collect()))
        }
        _ => None,
    };
    leaves.into_iter().filter_map(meaning).collect()
}

fn leaves_of<'p>(part: &'p Part, leaves: &mut Vec<&'p Leaf>) {
    match part {
        Part::All(parts) | Part::Any(parts) => parts.iter().for_each(|part| leaves_of(part, leaves)),
        Part::Not(part) => leaves_of(part, leaves),
        Part::Leaf(leaf) => leaves.push(leaf),
    }
}

/// What stands around a node.
#[derive(Clone)]
struct Around<'a> {
    /// The topic in the user's text in which it stands.
    span: Option<Range<usize>>,
    field: Option<Field>,
    languages: &'a Arc<[String]>,
}

struct Whole {
    atoms: Vec<Atom>,
    fields: Fields,
    digest: Sha256,
}

/// Where a pattern ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With the word.
    Word,
    /// Anywhere in it.
    Open,
}

/// The words of a text as they are written: an accent tells the language.
fn written(text: &str) -> Vec<&str> {
    let tokens = tokens(text);
    (0..tokens.len()).filter_map(|place| text.get(tokens.span(place))).collect()
}

/// The words of a text as they stand in a folded text.
fn pattern(text: &str, end: End) -> String {
    let tokens = tokens(text);
    let folded = tokens.folded();
    let open = folded.strip_suffix(' ').filter(|_| end == End::Open);
    open.unwrap_or(folded).to_owned()
}

fn is_slow(part: &Part) -> bool {
    match part {
        Part::All(parts) | Part::Any(parts) => parts.iter().any(is_slow),
        Part::Not(part) => is_slow(part),
        Part::Leaf(leaf) => matches!(leaf.sought, Sought::Pattern(_)),
    }
}

/// Whether a part holds where no atom is found.
fn otherwise(part: &Part) -> Option<bool> {
    let all = |parts: &[Part], decisive: bool| {
        let answers: Vec<_> = parts.iter().map(otherwise).collect();
        if answers.contains(&Some(decisive)) {
            Some(decisive)
        } else if answers.contains(&None) {
            None
        } else {
            Some(!decisive)
        }
    };
    match part {
        Part::All(parts) => all(parts, false),
        Part::Any(parts) => all(parts, true),
        Part::Not(part) => otherwise(part).map(|held| !held),
        Part::Leaf(leaf) => match leaf.sought {
            Sought::Words(..) | Sought::Near(..) => Some(false),
            _ => None,
        },
    }
}
