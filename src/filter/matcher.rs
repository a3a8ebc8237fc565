//! Many queries asked together: one automaton over the words of all of them, run once for an entry,
//! then the trees of those queries that it touches. Pure.

mod lexicon;

use lexicon::Lexicon;

use super::Query;
use super::compile::{Atoms, Compiled};
use super::eval::{Atom, FailedTerm, Follow, Found, MatchReason, Sight, judge};
use super::text::{Fields, Subject, Text};

/// The most bytes of words in one automaton, far below what aho-corasick can number.
const MOST: usize = 1 << 28;

/// Queries, ready to be asked together.
#[derive(Debug)]
pub struct Matcher {
    queries: Vec<Compiled>,
    /// One; more where the words of all queries are beyond what one can hold.
    automata: Vec<Automaton>,
    /// For each atom, the queries that ask for it.
    asking: Vec<Vec<usize>>,
    /// Queries that may match an entry in which none of their words is found.
    always: Vec<usize>,
    fields: Fields,
}

#[derive(Debug)]
struct Automaton {
    words: Lexicon,
    /// For each pattern, its atoms.
    atoms: Vec<Vec<Atom>>,
}

/// A query that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number, in the order in which the queries were given.
    pub query: usize,
    /// Which terms matched, where; empty where none had to.
    pub reasons: Vec<MatchReason>,
}

impl Matcher {
    /// Prepares queries.
    #[must_use]
    pub fn new<'a>(queries: impl IntoIterator<Item = &'a Query>) -> Matcher {
        let mut atoms = Atoms::default();
        let queries: Vec<Compiled> = queries.into_iter().map(|query| atoms.compile(query)).collect();
        let (patterns, count) = atoms.finish();
        let mut asking = vec![Vec::new(); count];
        for (number, query) in queries.iter().enumerate() {
            query.atoms.iter().for_each(|atom| asking[*atom as usize].push(number));
        }
        let always = (0..queries.len()).filter(|number| queries[*number].otherwise != Some(false)).collect();
        let fields = queries.iter().fold(Fields::default(), |all, query| all.with(query.fields));
        Matcher { automata: automata(patterns), asking, always, fields, queries }
    }

    /// Asks the wanted queries about one entry, whose text is folded once.
    #[must_use]
    pub fn hits(&self, subject: &Subject<'_>, wanted: impl Fn(usize) -> bool) -> Vec<Hit> {
        let text = Text::of(subject, self.fields);
        let found = self.found(&text);
        let sight = Sight { text: &text, found: &found };
        let mut asked = self.always.clone();
        let mut last = None;
        for found in found.iter().filter(|found| last.replace(found.atom) != Some(found.atom)) {
            asked.extend(&self.asking[found.atom as usize]);
        }
        asked.sort_unstable();
        asked.dedup();
        let judged = asked.into_iter().filter(|number| wanted(*number)).filter_map(|query| {
            let verdict = judge(&self.queries[query].part, &sight, Follow::Decision);
            verdict.held.then(|| Hit { query, reasons: verdict.reasons() })
        });
        judged.collect()
    }

    /// Why one query matches an entry, or the parts of it that failed.
    ///
    /// # Errors
    /// The entry does not match: the refusals.
    pub fn explain(&self, query: usize, subject: &Subject<'_>) -> Result<Vec<MatchReason>, Vec<FailedTerm>> {
        let text = Text::of(subject, self.fields);
        let found = self.found(&text);
        let sight = Sight { text: &text, found: &found };
        let verdict = judge(&self.queries[query].part, &sight, Follow::Whole);
        if verdict.held { Ok(verdict.reasons()) } else { Err(verdict.refusals(&sight)) }
    }

    /// Digest of what a query means, with its topics and the forms of its words: the same in another run
    /// of the program, another when any of them changes.
    #[must_use]
    pub fn digest(&self, query: usize) -> [u8; 32] {
        self.queries[query].digest
    }

    fn found(&self, text: &Text<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        for (automaton, run) in
            self.automata.iter().flat_map(|one| text.all().iter().map(move |run| (one, run)))
        {
            automaton.words.find(&run.tokens, |pattern, place, length| {
                // A text is far below four thousand million words: what is read of one is bounded.
                let (word, length) = ((run.first + place) as u32, length as u32);
                found.extend(automaton.atoms[pattern].iter().map(|atom| Found { atom: *atom, word, length }));
            });
        }
        found.sort_unstable();
        found
    }
}

fn automata(patterns: Vec<(String, Vec<Atom>)>) -> Vec<Automaton> {
    let mut size = 0;
    let chunks = patterns.chunk_by(|(pattern, _), _| {
        size += pattern.len();
        let room = size < MOST;
        if !room {
            size = 0;
        }
        room
    });
    chunks
        .map(|chunk| Automaton {
            words: Lexicon::new(chunk.iter().map(|(pattern, _)| pattern.as_str())),
            atoms: chunk.iter().map(|(_, atoms)| atoms.clone()).collect(),
        })
        .collect()
}
