//! Which of many entries may match a query, told by their words alone. Pure.

use std::collections::{HashMap, HashSet};

use super::compiled::{CompiledNode, WordSetId};
use super::matcher::Matcher;
use super::subject::{EntryText, FieldSet, Subject};

/// What a map of words costs for each of them, beside the word and its entries: the key, the list, and the free places.
const BYTES_OF_WORD: usize = 80;

/// The words of many entries, and which entries have each. Entries are numbered in the order in which they are added.
#[derive(Debug, Default)]
pub struct WordIndex {
    words: HashMap<Box<str>, EntryList, foldhash::fast::RandomState>,
    entries: usize,
    bytes: usize,
}

/// Ascending numbers of entries, as the gaps between them: each byte has seven bits of one, the lowest first, and a sign
/// whether more follow.
#[derive(Debug, Default)]
struct EntryList {
    gaps: Vec<u8>,
    /// The number after the last one.
    end: usize,
}

/// What the words of all entries tell of one query.
#[derive(Clone, Debug)]
pub struct Prediction {
    may_match: EntrySet,
    must_match: EntrySet,
}

/// What the words of an entry tell of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictedMatch {
    /// It matches.
    Matches,
    /// It does not match.
    Differs,
    /// It has to be evaluated.
    Unknown,
}

/// A bit for each entry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EntrySet(Vec<u64>);

impl WordIndex {
    /// Adds an entry; returns its number.
    pub fn add(&mut self, subject: &Subject<'_>) -> usize {
        let number = self.entries;
        self.entries += 1;
        let text = EntryText::new(subject, FieldSet::ALL);
        for word in text.segments().iter().flat_map(|segment| segment.tokens.words()) {
            match self.words.get_mut(word) {
                Some(list) => self.bytes += list.push(number),
                None => {
                    let mut list = EntryList::default();
                    self.bytes += BYTES_OF_WORD + word.len() + list.push(number);
                    self.words.insert(word.into(), list);
                }
            }
        }
        number
    }

    /// The memory that it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the words tell of one of the matcher's queries.
    #[must_use]
    pub fn predict(&self, matcher: &Matcher, query: usize) -> Prediction {
        let node = &matcher.queries[query].node;
        let sets = self.word_sets(matcher, node);
        self.predict_node(node, &sets)
    }

    fn predict_node(&self, node: &CompiledNode, sets: &HashMap<WordSetId, EntrySet>) -> Prediction {
        let fold = |nodes: &[CompiledNode], start: EntrySet, combine: fn(&mut EntrySet, &EntrySet)| {
            let start = Prediction { may_match: start.clone(), must_match: start };
            nodes.iter().map(|node| self.predict_node(node, sets)).fold(start, |mut all, next| {
                combine(&mut all.may_match, &next.may_match);
                combine(&mut all.must_match, &next.must_match);
                all
            })
        };
        match node {
            CompiledNode::And(nodes) => fold(nodes, EntrySet::all(self.entries), EntrySet::intersect),
            CompiledNode::Or(nodes) => fold(nodes, EntrySet::none(self.entries), EntrySet::unite),
            CompiledNode::Not(node) => {
                let Prediction { may_match, must_match } = self.predict_node(node, sets);
                Prediction { may_match: must_match.inverted(), must_match: may_match.inverted() }
            }
            CompiledNode::Term(term) => {
                let mut may_match = EntrySet::none(self.entries);
                term.needs.iter().filter_map(|id| sets.get(id)).for_each(|set| may_match.unite(set));
                if term.needs.is_empty() {
                    may_match = EntrySet::all(self.entries);
                }
                Prediction { may_match, must_match: EntrySet::none(self.entries) }
            }
        }
    }

    /// The entries that may have each of the word sets that the terms of a query need.
    fn word_sets(&self, matcher: &Matcher, node: &CompiledNode) -> HashMap<WordSetId, EntrySet> {
        let mut needed = HashSet::new();
        collect_needs(node, &mut needed);
        let phrases = || {
            let starts = matcher.phrases.iter().enumerate();
            starts.flat_map(|(first, phrases)| phrases.iter().map(move |phrase| (first as WordSetId, phrase)))
        };
        let of_needed: Vec<_> = phrases().filter(|(_, (_, id))| needed.contains(id)).collect();
        for (first, (rest, _)) in &of_needed {
            needed.insert(*first);
            needed.extend(rest);
        }
        let mut sets: HashMap<WordSetId, EntrySet> =
            needed.iter().map(|id| (*id, EntrySet::none(self.entries))).collect();
        let patterns = matcher.patterns.all().zip(&matcher.pattern_uses);
        let patterns: Vec<_> =
            patterns.filter(|(_, uses)| uses.iter().any(|(id, _)| needed.contains(id))).collect();
        let prefixes = self.with_prefixes(patterns.iter().map(|(pattern, _)| *pattern));
        for (pattern, uses) in patterns {
            let Some(found) = self.with_pattern(pattern, &prefixes) else { continue };
            for (id, _) in uses {
                if let Some(set) = sets.get_mut(id) {
                    set.unite(&found);
                }
            }
        }
        for (first, (rest, id)) in of_needed {
            let mut found = sets.get(&first).cloned().unwrap_or_else(|| EntrySet::none(self.entries));
            rest.iter().filter_map(|id| sets.get(id)).for_each(|set| found.intersect(set));
            if let Some(set) = sets.get_mut(id) {
                set.unite(&found);
            }
        }
        sets
    }

    /// The entries with all words of a pattern; `None` if there is none.
    fn with_pattern(&self, pattern: &str, prefixes: &HashMap<&str, EntrySet>) -> Option<EntrySet> {
        let mut found: Option<EntrySet> = None;
        for word in pattern.split_inclusive(' ') {
            let with_word = match word.strip_suffix(' ') {
                Some(whole) => self.words.get(whole)?.to_set(self.entries),
                None => prefixes.get(word)?.clone(),
            };
            match &mut found {
                Some(found) => found.intersect(&with_word),
                None => found = Some(with_word),
            }
        }
        found
    }

    /// The entries with a word of each prefix that ends one of these patterns.
    fn with_prefixes<'p>(&self, patterns: impl Iterator<Item = &'p str>) -> HashMap<&'p str, EntrySet> {
        let last = |pattern: &'p str| pattern.rsplit(' ').next().filter(|prefix| !prefix.is_empty());
        let mut prefixes: HashMap<&str, EntrySet> =
            patterns.filter_map(last).map(|prefix| (prefix, EntrySet::none(self.entries))).collect();
        if !prefixes.is_empty() {
            for (word, list) in &self.words {
                let of_word = prefixes.iter_mut().filter(|(prefix, _)| word.starts_with(**prefix));
                of_word.for_each(|(_, set)| list.add_to(set));
            }
        }
        prefixes
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
}

fn collect_needs(node: &CompiledNode, needed: &mut HashSet<WordSetId>) {
    match node {
        CompiledNode::And(nodes) | CompiledNode::Or(nodes) => {
            nodes.iter().for_each(|node| collect_needs(node, needed));
        }
        CompiledNode::Not(node) => collect_needs(node, needed),
        CompiledNode::Term(term) => needed.extend(&term.needs),
    }
}

impl EntryList {
    /// Adds a number unless it is the last one; returns the bytes that this takes.
    fn push(&mut self, number: usize) -> usize {
        if number < self.end {
            return 0;
        }
        let before = self.gaps.len();
        let mut gap = number - self.end;
        while gap > 0x7f {
            self.gaps.push(gap as u8 | 0x80);
            gap >>= 7;
        }
        self.gaps.push(gap as u8);
        self.end = number + 1;
        self.gaps.len() - before
    }

    fn add_to(&self, set: &mut EntrySet) {
        let (mut next, mut gap, mut bits) = (0, 0, 0);
        for byte in &self.gaps {
            gap |= usize::from(byte & 0x7f) << bits;
            bits += 7;
            if byte & 0x80 == 0 {
                set.insert(next + gap);
                (next, gap, bits) = (next + gap + 1, 0, 0);
            }
        }
    }

    fn to_set(&self, entries: usize) -> EntrySet {
        let mut set = EntrySet::none(entries);
        self.add_to(&mut set);
        set
    }
}

impl EntrySet {
    fn none(entries: usize) -> EntrySet {
        EntrySet(vec![0; entries.div_ceil(64)])
    }

    /// Bits past the last entry are set too; nobody reads them.
    fn all(entries: usize) -> EntrySet {
        EntrySet(vec![u64::MAX; entries.div_ceil(64)])
    }

    fn inverted(mut self) -> EntrySet {
        self.0.iter_mut().for_each(|bits| *bits = !*bits);
        self
    }

    fn insert(&mut self, entry: usize) {
        if let Some(bits) = self.0.get_mut(entry / 64) {
            *bits |= 1 << (entry % 64);
        }
    }

    fn contains(&self, entry: usize) -> bool {
        self.0.get(entry / 64).is_some_and(|bits| bits >> (entry % 64) & 1 != 0)
    }

    fn unite(&mut self, other: &EntrySet) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits |= other);
    }

    fn intersect(&mut self, other: &EntrySet) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits &= other);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::{Query, QueryContext, parse};
    use super::*;
    use crate::entry::{ArticleState, Entry};

    fn subject(entry: &Entry) -> Subject<'_> {
        const NO_ARTICLE: &ArticleState = &ArticleState::NotExpected;
        Subject {
            entry,
            article: NO_ARTICLE,
            source: "gazette",
            source_title: "The Gazette",
            language: None,
            date: Timestamp::UNIX_EPOCH,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn entry(title: &str, text: &str) -> Entry {
        Entry { title: Some(title.into()), summary: Some(text.into()), ..Entry::default() }
    }

    fn query(text: &str) -> Query {
        let languages = ["en", "ru"].map(str::to_owned).into();
        parse(text, &QueryContext { languages, ..QueryContext::default() }).expect(text)
    }

    #[test]
    fn words_tell_what_matches_and_what_has_to_be_evaluated() {
        let entries = [
            entry("Armenia and Russia", "talk"),
            entry("Georgia", "a <b>train</b>"),
            entry("\u{4e9a}\u{7f8e}\u{5c3c}\u{4e9a}", ""),
        ];
        let mut index = WordIndex::default();
        for entry in &entries {
            index.add(&subject(entry));
        }
        for (text, verdicts) in [
            ("armenia", "?--"),
            ("armenia russia", "?--"),
            ("armenia georgia", "---"),
            ("armenia OR georgia", "??-"),
            ("-armenia", "?++"),
            ("armen*", "?--"),
            ("\"a train\"", "-?-"),
            ("\"train a\"~3", "-?-"),
            ("@georgia", "-?-"),
            ("\u{7f8e}\u{5c3c}", "--?"),
            ("/arm/", "???"),
            ("lang:en", "???"),
            ("source:gazette", "???"),
            ("lang:en armenia", "?--"),
            ("lang:en OR -armenia", "?++"),
        ] {
            let matcher = Matcher::new([&query(text)]);
            let predicted = index.predict(&matcher, 0);
            let shown = |entry| match predicted.of(entry) {
                PredictedMatch::Matches => '+',
                PredictedMatch::Differs => '-',
                PredictedMatch::Unknown => '?',
            };
            assert_eq!((0..entries.len()).map(shown).collect::<String>(), verdicts, "{text}");
        }
    }

    #[test]
    fn an_entry_list_gives_back_what_it_was_given() {
        let numbers = [0, 1, 63, 64, 200, 201, 20_000, 3_000_000];
        let mut list = EntryList::default();
        for number in numbers {
            list.push(number);
        }
        assert_eq!(list.push(3_000_000), 0, "each once");
        let set = list.to_set(3_000_001);
        let found: Vec<usize> = (0..=3_000_000).filter(|number| set.contains(*number)).collect();
        assert_eq!(found, numbers);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The evaluator never says otherwise, whatever is searched for.
        #[test]
        fn a_prediction_is_what_the_evaluator_says(
            texts in prop::collection::vec("[ab]{1,2}( [ab]{1,2}){0,4}", 1..6),
            terms in prop::collection::vec((0_usize..8, "[ab]{1,2}", "[ab]{1,2}"), 1..5),
            operators in prop::collection::vec(prop::sample::select(vec![" ", " OR ", " -"]), 5),
        ) {
            let term = |(kind, one, two): &(usize, String, String)| match kind {
                0 => format!("{one}*"),
                1 => format!("\"{one} {two}\""),
                2 => format!("\"{one} {two}\"~2"),
                3 => format!("title:{one}"),
                4 => format!("/{one}/"),
                5 => format!("(lang:en OR {one})"),
                6 => format!("-({one} {two})"),
                _ => one.clone(),
            };
            let mut text = String::new();
            for (number, (part, operator)) in terms.iter().zip(&operators).enumerate() {
                let part = term(part);
                let operator = if part.starts_with('-') && *operator == " -" { " " } else { operator };
                text += if number == 0 { "" } else { operator };
                text += &part;
            }
            let matcher = Matcher::new([&query(&text)]);
            let entries: Vec<Entry> = texts.iter().map(|text| entry(&text[..1], text)).collect();
            let mut index = WordIndex::default();
            for entry in &entries {
            index.add(&subject(entry));
        }
            let predicted = index.predict(&matcher, 0);
            for (number, entry) in entries.iter().enumerate() {
                let matches = matcher.explain(0, &subject(entry)).result.is_ok();
                match predicted.of(number) {
                    PredictedMatch::Matches => prop_assert!(matches, "{} {:?}", text, entry),
                    PredictedMatch::Differs => prop_assert!(!matches, "{} {:?}", text, entry),
                    PredictedMatch::Unknown => {}
                }
            }
        }
    }
}
