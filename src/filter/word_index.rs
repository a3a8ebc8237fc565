//! Which of many entries a query matches, told by their words and by what else is known of each: most need not be read. What
//! an evaluation of one entry tells is remembered. Pure.

mod prediction;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::compiled::{CompiledNode, CompiledQuery, CompiledTerm, Criterion};
use super::context::EvalContext;
use super::entry_set::EntrySet;
use super::eval;
use super::matcher::Matcher;
use super::subject::{EntryText, FieldSet, Subject};
use super::word_lists::{WordLists, large_list};
use super::words::LanguageSet;
pub use prediction::{PredictedMatch, Prediction};

/// The most terms of queries that are remembered term by term: others that have terms in common with them profit. Of longer
/// queries only the whole result is.
const MAX_TERMS: usize = 200;
/// The most terms and whole queries that are remembered when another query comes.
const MAX_LEARNED: usize = 200;

/// What the number of a name costs beside its two copies.
const BYTES_OF_NAME: usize = 64;

/// The words of many entries, and what else of them decides queries. Entries are numbered in the order in which they are added.
#[derive(Debug)]
pub struct WordIndex {
    lists: WordLists,
    entries: Vec<EntryFacts>,
    sources: Names<(String, String)>,
    sites: Names<Option<String>>,
    languages: Names<Option<String>>,
    learned: HashMap<LearnedKey, Learned>,
}

/// A term as it is printed, with its fields; or the digest of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum LearnedKey {
    Term(Arc<str>, FieldSet),
    Query([u8; 32]),
}

impl LearnedKey {
    fn of(term: &CompiledTerm) -> LearnedKey {
        LearnedKey::Term(Arc::clone(&term.term), term.fields)
    }
}

/// What is known of an entry beside its words.
#[derive(Clone, Copy, Debug)]
struct EntryFacts {
    date: Timestamp,
    /// The number of its source's name and title, of its link's host, and of its language if that is known.
    source: u32,
    site: u32,
    language: Option<u32>,
    /// The languages in which all its words in Latin letters surely count, and in which those in Cyrillic ones do.
    latin: LanguageSet,
    cyrillic: LanguageSet,
}

/// What was found when entries were evaluated.
#[derive(Debug, Default)]
struct Learned {
    has: EntrySet,
    lacks: EntrySet,
}

impl Learned {
    fn add(&mut self, entry: usize, has: bool) {
        if has { self.has.insert(entry) } else { self.lacks.insert(entry) }
    }
}

/// Values that many entries have in common, by number.
#[derive(Debug)]
struct Names<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32>,
    bytes: usize,
}

impl<T> Default for Names<T> {
    fn default() -> Names<T> {
        Names { all: Vec::new(), numbers: HashMap::new(), bytes: 0 }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Names<T> {
    /// The number of a value that has so many bytes.
    fn number(&mut self, value: T, bytes: usize) -> u32 {
        if let Some(known) = self.numbers.get(&value) {
            return *known;
        }
        // There are less than 2^32 entries.
        let number = self.all.len() as u32;
        self.bytes += 2 * (size_of::<T>() + bytes) + BYTES_OF_NAME;
        self.all.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// For each value whether something is true.
    fn which(&self, is_it: impl FnMut(&T) -> bool) -> Vec<bool> {
        self.all.iter().map(is_it).collect()
    }
}

impl Default for WordIndex {
    fn default() -> WordIndex {
        WordIndex {
            lists: WordLists::default(),
            entries: large_list(),
            sources: Names::default(),
            sites: Names::default(),
            languages: Names::default(),
            learned: HashMap::new(),
        }
    }
}

impl WordIndex {
    /// Adds an entry; returns its number.
    pub fn add(&mut self, subject: &Subject<'_>) -> usize {
        let number = self.entries.len();
        let text = EntryText::new(subject, FieldSet::ALL);
        for segment in text.segments() {
            segment.tokens.words().for_each(|word| self.lists.add(word, number, segment.field));
        }
        let source = (subject.source.to_owned(), subject.source_title.to_owned());
        let site = subject.entry.link.as_deref().and_then(eval::host).map(str::to_owned);
        let (latin, cyrillic) = text.sure_languages();
        let known = EntryFacts {
            date: subject.date,
            source: self.sources.number(source, subject.source.len() + subject.source_title.len()),
            site: {
                let bytes = site.as_ref().map_or(0, String::len);
                self.sites.number(site, bytes)
            },
            language: text.known_language().map(|language| self.language_number(language)),
            latin,
            cyrillic,
        };
        self.entries.push(known);
        number
    }

    fn language_number(&mut self, language: Option<&str>) -> u32 {
        self.languages.number(language.map(str::to_owned), language.map_or(0, str::len))
    }

    /// The memory that it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let learned = self.learned.len() * self.entries.len() / 4;
        let names = self.sources.bytes + self.sites.bytes + self.languages.bytes;
        self.lists.bytes() + self.entries.len() * size_of::<EntryFacts>() + names + learned
    }

    /// Evaluates an entry of this number, whose article is not expected, and remembers of its terms what that tells. Returns
    /// those of the matcher's queries, of the wanted ones, that match.
    pub fn evaluate(
        &mut self,
        matcher: &Matcher,
        (number, subject): (usize, &Subject<'_>),
        is_wanted: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let (matching, language) = matcher.in_context(subject, |context| {
            let wanted = (0..matcher.queries.len()).filter(|query| is_wanted(*query));
            let is_match = |query: &usize| self.query_matches(&matcher.queries[*query], number, context);
            let matching = wanted.filter(is_match).collect();
            (matching, context.text.known_language().map(|language| language.map(str::to_owned)))
        });
        if let Some(language) = language.filter(|_| self.entries[number].language.is_none()) {
            self.entries[number].language = Some(self.language_number(language.as_deref()));
        }
        matching
    }

    fn query_matches(&mut self, query: &CompiledQuery, entry: usize, context: &EvalContext<'_, '_>) -> bool {
        let (terms, depends_on_time) = count_terms(&query.node);
        if terms <= MAX_TERMS {
            return matches(&query.node, &mut |term| self.has(term, entry, context));
        }
        let matches = matches(&query.node, &mut |term| context.has(term));
        if !depends_on_time {
            self.learned.entry(LearnedKey::Query(query.digest)).or_default().add(entry, matches);
        }
        matches
    }

    fn has(&mut self, term: &CompiledTerm, entry: usize, context: &EvalContext<'_, '_>) -> bool {
        // What else is known of each entry decides these.
        if matches!(
            term.criterion,
            Criterion::Age(..) | Criterion::Site(_) | Criterion::Tag(_) | Criterion::Language(_)
        ) {
            return context.has(term);
        }
        let learned = self.learned.entry(LearnedKey::of(term)).or_default();
        if learned.has.contains(entry) || learned.lacks.contains(entry) {
            return learned.has.contains(entry);
        }
        let has = context.has(term);
        learned.add(entry, has);
        has
    }

    /// Forgets what was learned of others than a matcher's queries and their terms, if it is much.
    pub fn forget_others(&mut self, matcher: &Matcher) {
        if self.learned.len() < MAX_LEARNED {
            return;
        }
        let mut kept = HashSet::new();
        for query in &matcher.queries {
            kept.insert(LearnedKey::Query(query.digest));
            query.node.terms(&mut |term| {
                kept.insert(LearnedKey::of(term));
            });
        }
        self.learned.retain(|key, _| kept.contains(key));
    }
}

/// How many terms a query has, and whether time alone changes what it matches.
fn count_terms(node: &CompiledNode) -> (usize, bool) {
    let (mut terms, mut depends_on_time) = (0, false);
    node.terms(&mut |term| {
        terms += 1;
        depends_on_time |= matches!(term.criterion, Criterion::Age(..));
    });
    (terms, depends_on_time)
}

/// Whether a query matches an entry that has some terms.
fn matches(node: &CompiledNode, has: &mut dyn FnMut(&CompiledTerm) -> bool) -> bool {
    match node {
        CompiledNode::And(nodes) => nodes.iter().all(|node| matches(node, has)),
        CompiledNode::Or(nodes) => nodes.iter().any(|node| matches(node, has)),
        CompiledNode::Not(node) => !matches(node, has),
        CompiledNode::Term(term) => has(term),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::{Query, QueryContext, parse};
    use super::*;
    use crate::entry::{Article, ArticleState, Author, Entry};

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
            ("armenia", "+--"),
            ("armenia russia", "+--"),
            ("armenia georgia", "---"),
            ("armenia OR georgia", "++-"),
            ("-armenia", "-++"),
            ("armen*", "+--"),
            ("*menia", "+--"),
            ("title:train", "---"),
            ("text:train", "-+-"),
            ("\"a train\"", "-?-"),
            ("\"train a\"~3", "-?-"),
            ("@georgia", "-?-"),
            ("\u{7f8e}\u{5c3c}", "--?"),
            ("/arm/", "???"),
            ("lang:en", "???"),
            ("source:gazette", "+++"),
            ("source:times", "---"),
            ("age:<7d", "+++"),
            ("site:lake.example", "---"),
            ("lang:en armenia", "?--"),
            ("lang:en OR -armenia", "?++"),
        ] {
            let matcher = Matcher::new([&query(text)]);
            let predicted = index.predict(&matcher, 0, Timestamp::UNIX_EPOCH);
            let shown = |entry| match predicted.of(entry) {
                PredictedMatch::Matches => '+',
                PredictedMatch::Differs => '-',
                PredictedMatch::Unknown => '?',
            };
            assert_eq!((0..entries.len()).map(shown).collect::<String>(), verdicts, "{text}");
        }
    }

    #[test]
    fn words_of_other_languages_are_read_and_what_was_read_is_known() {
        let texts = ["Le chat mange dans la cuisine avec les enfants qui sont la", "They said a chat is on"];
        let entries = texts.map(|text| entry(text, ""));
        let mut index = WordIndex::default();
        entries.iter().for_each(|entry| {
            index.add(&subject(entry));
        });
        for (text, before, after) in
            [("/chat/", "??", "++"), ("lang:fr", "??", "+-"), ("lang:en", "-?", "-+")]
        {
            let matcher = Matcher::new([&query(text)]);
            let shown = |index: &WordIndex| -> String {
                let predicted = index.predict(&matcher, 0, Timestamp::UNIX_EPOCH);
                let sign = |entry| match predicted.of(entry) {
                    PredictedMatch::Matches => '+',
                    PredictedMatch::Differs => '-',
                    PredictedMatch::Unknown => '?',
                };
                (0..entries.len()).map(sign).collect()
            };
            // The language of the first one is known from the query before.
            let expected = if text == "lang:en" { after } else { before };
            assert_eq!(shown(&index), expected, "{text}");
            for (number, entry) in entries.iter().enumerate() {
                index.evaluate(&matcher, (number, &subject(entry)), |_| true);
            }
            assert_eq!(shown(&index), after, "{text}");
        }
    }

    const WORDS: [&str; 22] = [
        "a", "aa", "ab", "b", "Chat", "chats", "Grey", "the", "and", "les", "dans", "und", "das", "Дом",
        "домов", "ы", "і", "Bierzelt", "C++", "US", "Georgia", "\u{7f8e}\u{5c3c}",
    ];
    const LANGUAGES: [Option<&str>; 5] = [None, Some("en"), Some("fr-FR"), Some("ru"), Some("uk")];

    prop_compose! {
        fn any_entry()(
            texts in prop::collection::vec(prop::collection::vec(prop::sample::select(&WORDS[..]), 0..6), 6),
            language in prop::sample::select(&LANGUAGES[..]),
            (has_article, of_article) in (prop::bool::ANY, prop::sample::select(&LANGUAGES[..])),
            host in "[ab]{1,2}\\.example",
            (source, days) in (0_usize..3, 0_i64..3),
        ) -> (Entry, ArticleState, usize, i64) {
            let text = |place: usize| texts[place].join(" ");
            let entry = Entry {
                title: Some(text(0)).filter(|title| !title.is_empty()),
                summary: Some(text(1)),
                authors: vec![Author { name: text(2), ..Author::default() }],
                categories: vec![text(3)],
                link: Some(format!("https://{host}/{}", text(4))),
                language: language.map(str::to_owned),
                ..Entry::default()
            };
            let article = Article {
                html: text(5),
                language: of_article.map(str::to_owned),
                fetched: Timestamp::UNIX_EPOCH,
                is_published: false,
            };
            let article = if has_article { ArticleState::Read(Box::new(article)) } else { ArticleState::NotExpected };
            (entry, article, source, days)
        }
    }

    fn any_query() -> impl Strategy<Value = String> {
        let word = prop::sample::select(&WORDS[..]);
        let field = prop::sample::select(vec![
            "", "", "", "title:", "text:", "feed:", "article:", "author:", "category:", "link:", "source:",
        ]);
        let term = (0_usize..12, field, word.clone(), word).prop_map(|(kind, field, one, two)| match kind {
            0 => format!("{field}{}*", one.trim_end_matches('+')),
            1 => format!("{field}\"{one} {two}\""),
            2 => format!("{field}\"{one} {two}\"~2"),
            3 => format!("{field}\"{one}\""),
            4 => format!("{field}/{}/", one.trim_end_matches('+')),
            5 => format!("{field}*{}", one.trim_end_matches('+')),
            6 => format!("={}", one.trim_end_matches('+')),
            7 => "lang:fr".to_owned(),
            8 => "age:<1d".to_owned(),
            9 => format!("site:{}.example", if one.len() > 2 { "a" } else { "bb" }),
            10 => format!("{field}@georgia"),
            _ => format!("{field}{one}"),
        });
        let terms = prop::collection::vec((term, prop::sample::select(vec![" ", " OR ", " -"])), 1..5);
        terms.prop_map(|terms| {
            let (mut text, mut before) = (String::new(), "");
            for (term, next) in terms {
                text = format!("{text}{before}{term}");
                before = next;
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The evaluator never says otherwise, whatever is searched for; also after it has told of some entries.
        #[test]
        fn a_prediction_is_what_the_evaluator_says(
            entries in prop::collection::vec(any_entry(), 1..6),
            text in any_query(),
            read in 0_usize..6,
        ) {
            let context = QueryContext {
                languages: ["en", "ru", "fr", "de"].map(str::to_owned).into(),
                ..QueryContext::default()
            };
            // Not everything that is made here is a query.
            let Ok(query) = parse(&text, &context) else { return Ok(()) };
            let matcher = Matcher::new([&query]);
            let now = Timestamp::from_second(2 * 86_400).unwrap();
            let subjects: Vec<Subject<'_>> = entries.iter().map(|(entry, article, source, days)| Subject {
                entry,
                article,
                source: ["aa", "b", "grey"][*source],
                source_title: ["The US", "Chat", "a b"][*source],
                language: [None, Some("en"), Some("ru")][*source],
                date: Timestamp::from_second(days * 86_400).unwrap(),
                now,
            }).collect();
            let mut index = WordIndex::default();
            subjects.iter().for_each(|subject| {
                index.add(subject);
            });
            for _ in 0..2 {
                let predicted = index.predict(&matcher, 0, now);
                for (number, subject) in subjects.iter().enumerate() {
                    let matches = matcher.explain(0, subject).result.is_ok();
                    match predicted.of(number) {
                        PredictedMatch::Matches => prop_assert!(matches, "{} {:?}", text, subject),
                        PredictedMatch::Differs => prop_assert!(!matches, "{} {:?}", text, subject),
                        PredictedMatch::Unknown => {}
                    }
                }
                for (number, subject) in subjects.iter().enumerate().take(read) {
                    let matches = matcher.explain(0, subject).result.is_ok();
                    prop_assert_eq!(!index.evaluate(&matcher, (number, subject), |_| true).is_empty(), matches);
                }
            }
        }
    }
}
