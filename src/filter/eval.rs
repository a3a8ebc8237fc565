//! One evaluator for all queries; its answer carries the reasons, also those of a no. Pure.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::syntax::{Age, Field};
use super::text::{Fields, Text};

/// The most characters of found words that a reason shows.
const SHOWN: usize = 120;

/// The most terms that a reason for a yes names: as many as anybody reads.
const NAMED: usize = 32;

/// One term that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchReason {
    /// The term in the user's own words.
    pub term: String,
    /// The field in which it was found.
    pub field: String,
    /// The words that were found, as the entry writes them.
    pub found: String,
}

/// One part of a query because of which an entry does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTerm {
    /// Bytes of the query's text: the term, or the topic in which it stands.
    pub span: Range<usize>,
    /// What is missing, or what is there and must not be.
    pub label: String,
}

/// A part of a compiled query.
#[derive(Debug)]
pub(super) enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Leaf(Leaf),
}

/// A term, ready to be looked for.
#[derive(Debug)]
pub(super) struct Leaf {
    /// Where in the user's text.
    pub(super) span: Range<usize>,
    /// As it is printed.
    pub(super) term: Arc<str>,
    pub(super) fields: Fields,
    pub(super) sought: Sought,
}

/// Number of a set of folded words or rows of words that the automaton finds.
pub(super) type Atom = u32;

/// What a leaf looks for.
#[derive(Debug)]
pub(super) enum Sought {
    /// One of these, or one of these rows of them.
    Words(Atom, Vec<Vec<Atom>>),
    /// These, each within so many words of each other, in any order.
    Near(Vec<Atom>, usize),
    Pattern(Regex),
    Site(String),
    Language(String),
    Age(Age, Duration),
}

/// What the automaton found of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) atom: Atom,
    /// Number of the first word.
    pub(super) word: u32,
    /// How many words.
    pub(super) length: u32,
}

/// An entry, and what was found in it, sorted.
pub(super) struct Sight<'t, 'a> {
    pub(super) text: &'t Text<'a>,
    pub(super) found: &'t [Found],
}

/// How far a decided question is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// Until it is decided, with all reasons of a yes.
    Decision,
    /// To the end, with all reasons of a no too.
    Whole,
}

/// Whether a part holds, and the leaves because of which it does or does not.
pub(super) struct Verdict<'p, 't> {
    pub(super) held: bool,
    because: Vec<(&'p Leaf, Option<Evidence<'t>>)>,
}

/// Where a leaf was found.
struct Evidence<'t> {
    field: Field,
    found: Cow<'t, str>,
}

impl Verdict<'_, '_> {
    /// The terms that were found.
    pub(super) fn reasons(&self) -> Vec<MatchReason> {
        let found = |(leaf, evidence): &(&Leaf, Option<Evidence<'_>>)| {
            let evidence = evidence.as_ref()?;
            Some(MatchReason {
                term: leaf.term.to_string(),
                field: evidence.field.name().to_owned(),
                found: short(&evidence.found),
            })
        };
        self.because.iter().filter_map(found).take(NAMED).collect()
    }

    /// The terms that failed it.
    pub(super) fn refusals(&self, sight: &Sight<'_, '_>) -> Vec<FailedTerm> {
        let refusal = |(leaf, evidence): &(&Leaf, Option<Evidence<'_>>)| FailedTerm {
            span: leaf.span.clone(),
            label: match evidence {
                Some(evidence) => {
                    format!("`{}` found in {}: {}", leaf.term, evidence.field.name(), short(&evidence.found))
                }
                None => sight.absence(leaf),
            },
        };
        self.because.iter().map(refusal).collect()
    }
}

fn short(found: &str) -> String {
    let line = found.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\u{2026}", &line[..end]),
        None => line,
    }
}

/// Judges a part of a query.
pub(super) fn judge<'p, 't>(part: &'p Part, sight: &Sight<'t, '_>, follow: Follow) -> Verdict<'p, 't> {
    match part {
        Part::All(parts) => join(parts, sight, follow, false),
        Part::Any(parts) => join(parts, sight, follow, true),
        Part::Not(part) => {
            let verdict = judge(part, sight, follow);
            Verdict { held: !verdict.held, because: verdict.because }
        }
        Part::Leaf(leaf) => {
            let evidence = sight.find(leaf);
            Verdict { held: evidence.is_some(), because: vec![(leaf, evidence)] }
        }
    }
}

/// Joins parts of which one that comes out as `decisive` decides; otherwise all of them are the reason.
fn join<'p, 't>(parts: &'p [Part], sight: &Sight<'t, '_>, follow: Follow, decisive: bool) -> Verdict<'p, 't> {
    let mut deciding = Vec::new();
    let mut others = Vec::new();
    let mut decided = false;
    for part in parts {
        let verdict = judge(part, sight, follow);
        if verdict.held != decisive {
            others.extend(verdict.because);
            continue;
        }
        decided = true;
        deciding.extend(verdict.because);
        // Every branch of an OR is tried, so that all reasons of a yes are named.
        if !decisive && follow == Follow::Decision {
            break;
        }
    }
    let (held, because) = if decided { (decisive, deciding) } else { (!decisive, others) };
    Verdict { held, because }
}

impl<'t> Sight<'t, '_> {
    fn find(&self, leaf: &Leaf) -> Option<Evidence<'t>> {
        let text = self.text;
        let known = |field, found: &'t str| Evidence { field, found: Cow::Borrowed(found) };
        match &leaf.sought {
            Sought::Words(atom, rows) => {
                let single = self.within(*atom, leaf.fields).next();
                let rows = rows.iter().filter_map(|row| self.row(row, leaf.fields));
                self.evidence(single.map(ends).into_iter().chain(rows).min()?)
            }
            Sought::Near(atoms, distance) => self.evidence(self.near(atoms, *distance, leaf.fields)?),
            Sought::Pattern(regex) => text
                .runs(leaf.fields)
                .find_map(|run| Some(known(run.field, regex.find(&run.plain)?.as_str()))),
            Sought::Site(host) => {
                is_within(self.host()?, host).then(|| known(Field::Site, self.host().unwrap_or("")))
            }
            Sought::Language(tag) => {
                let language = text.language()?;
                let fits = language
                    .strip_prefix(tag.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
                fits.then(|| known(Field::Language, language))
            }
            Sought::Age(side, limit) => {
                let younger = self.age() < SignedDuration::try_from(*limit).unwrap_or(SignedDuration::MAX);
                (younger == (*side == Age::Younger))
                    .then(|| Evidence { field: Field::Age, found: Cow::Owned(in_words(self.age())) })
            }
        }
    }

    fn evidence(&self, (first, last): (usize, usize)) -> Option<Evidence<'t>> {
        Some(Evidence {
            field: self.text.run_of(first)?.field,
            found: Cow::Borrowed(self.text.written(first, last)),
        })
    }

    /// What is missing where a leaf was not found.
    fn absence(&self, leaf: &Leaf) -> String {
        match &leaf.sought {
            Sought::Site(_) => format!("the site is {}", self.host().unwrap_or("unknown")),
            Sought::Language(_) => format!("the language is {}", self.text.language().unwrap_or("unknown")),
            Sought::Age(..) => format!("it is {} old", in_words(self.age())),
            _ => format!("`{}` is not found", leaf.term),
        }
    }

    /// Where an atom was found, in the order of the text.
    fn of(&self, atom: Atom) -> &'t [Found] {
        let start = self.found.partition_point(|found| found.atom < atom);
        let length = self.found[start..].partition_point(|found| found.atom == atom);
        &self.found[start..start + length]
    }

    fn within(&self, atom: Atom, fields: Fields) -> impl Iterator<Item = &'t Found> {
        let text = self.text;
        self.of(atom)
            .iter()
            .filter(move |found| text.run_of(found.word as usize).is_some_and(|run| fields.has(run.field)))
    }

    /// The first place where these stand in a row.
    fn row(&self, atoms: &[Atom], fields: Fields) -> Option<(usize, usize)> {
        let (first, rest) = atoms.split_first()?;
        self.within(*first, fields).find_map(|start| {
            let mut last = ends(start).1;
            for atom in rest {
                let next = self.of(*atom).iter().find(|found| found.word as usize == last + 1)?;
                last = ends(next).1;
            }
            let start = start.word as usize;
            self.are_together(start, last).then_some((start, last))
        })
    }

    /// The first stretch in which each of these stands, its ends no further apart than `distance`.
    fn near(&self, atoms: &[Atom], distance: usize, fields: Fields) -> Option<(usize, usize)> {
        let mut places: Vec<(usize, Atom)> = atoms
            .iter()
            .flat_map(|atom| self.within(*atom, fields).map(move |found| (found.word as usize, *atom)))
            .collect();
        places.sort_unstable();
        places.dedup();
        places.iter().enumerate().find_map(|(number, (start, _))| {
            let reach = places[number..]
                .iter()
                .take_while(|(word, _)| word - start <= distance && self.are_together(*start, *word));
            let stretch: Vec<(usize, Atom)> = reach.copied().collect();
            let mut words: Vec<usize> = stretch.iter().map(|(word, _)| *word).collect();
            words.dedup();
            // A word that is asked for twice must stand there twice.
            let enough = |atom: &Atom| {
                let wanted = atoms.iter().filter(|other| *other == atom).count();
                stretch.iter().filter(|(_, there)| there == atom).count() >= wanted
            };
            let last = *words.last()?;
            (words.len() >= atoms.len() && atoms.iter().all(enough)).then_some((*start, last))
        })
    }

    /// Whether two words stand in the same run.
    fn are_together(&self, one: usize, other: usize) -> bool {
        let first = |word| self.text.run_of(word).map(|run| run.first);
        first(one) == first(other)
    }

    fn host(&self) -> Option<&'t str> {
        let link = self.text.subject.entry.link.as_deref()?;
        let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit('@').next()?;
        let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|b| b.is_ascii_digit()));
        Some(port.map_or(host, |at| &host[..at]))
    }

    fn age(&self) -> SignedDuration {
        self.text.subject.now.duration_since(self.text.subject.date)
    }
}

/// First and last word.
fn ends(found: &Found) -> (usize, usize) {
    (found.word as usize, (found.word + found.length).saturating_sub(1) as usize)
}

/// Whether a host is this one or below it.
fn is_within(host: &str, wanted: &str) -> bool {
    let host = host.trim_end_matches('.');
    let Some(start) = host.len().checked_sub(wanted.len()) else { return false };
    host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(wanted))
        && (start == 0 || host.as_bytes().get(start - 1) == Some(&b'.'))
}

fn in_words(age: SignedDuration) -> String {
    match age.as_secs().max(0) {
        s if s < 120 => format!("{s} seconds"),
        s if s < 7200 => format!("{} minutes", s / 60),
        s if s < 48 * 3600 => format!("{} hours", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests;
