//! One evaluator for all queries; its answer carries the reasons. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Query;
use super::syntax::{Field, Kind, Node, Term};
use super::words::{plain_text, tokens};
use crate::entry::Entry;

/// What a query looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Its source's name in the config.
    pub source: &'a str,
    /// Its source's title.
    pub source_title: &'a str,
    /// Its source's language.
    pub language: Option<&'a str>,
    /// The date under which it is published.
    pub date: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What a query says of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the entry matches.
    pub matched: bool,
    /// Which terms matched, where; empty where none had to.
    pub reasons: Vec<Reason>,
}

/// One term that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The term in the user's own words.
    pub term: String,
    /// The field in which it was found.
    pub field: String,
    /// The folded words that were found.
    pub found: String,
}

/// Queries, ready to be asked together.
#[derive(Debug)]
pub struct Matcher {
    queries: Vec<Node>,
}

impl Matcher {
    /// Prepares queries; answers come in their order.
    #[must_use]
    pub fn new<'a>(queries: impl IntoIterator<Item = &'a Query>) -> Matcher {
        Matcher { queries: queries.into_iter().map(|query| query.node.clone()).collect() }
    }

    /// Asks every query about one entry, whose text is folded once.
    #[must_use]
    pub fn answers(&self, subject: &Subject<'_>) -> Vec<Answer> {
        let text = Text::of(subject);
        self.queries
            .iter()
            .map(|node| {
                let mut reasons = Vec::new();
                let matched = holds(node, &text, &mut reasons);
                Answer { matched, reasons: if matched { reasons } else { Vec::new() } }
            })
            .collect()
    }
}

/// Whether a node holds; the terms that made it hold are added to `reasons`.
fn holds(node: &Node, text: &Text, reasons: &mut Vec<Reason>) -> bool {
    let before = reasons.len();
    let held = match node {
        Node::All(nodes) => nodes.iter().all(|node| holds(node, text, reasons)),
        // Every branch is tried, so that all reasons are named.
        Node::Any(nodes) => nodes.iter().filter(|node| holds(node, text, reasons)).count() > 0,
        Node::Not(node) => !holds(node, text, &mut Vec::new()),
        Node::Topic(_, node) => holds(node, text, reasons),
        Node::Term(term) => {
            let found = text.find(term);
            let held = found.is_some();
            reasons.extend(found);
            held
        }
    };
    if !held {
        reasons.truncate(before);
    }
    held
}

/// An entry's words, by field and in order, with an index of them.
struct Text {
    runs: Vec<(Field, Vec<String>)>,
    /// Run and place of each word, sorted by the word.
    index: Vec<(u32, u32)>,
}

/// The folded words of a plain text, in order.
fn words(plain: &str) -> Vec<String> {
    tokens(plain).words().map(str::to_owned).collect()
}

impl Text {
    fn of(subject: &Subject<'_>) -> Text {
        let entry = subject.entry;
        let html = |html: &Option<String>| html.as_deref().map(plain_text).unwrap_or_default();
        let mut runs = vec![
            (Field::Title, words(entry.title.as_deref().unwrap_or(""))),
            (Field::Text, words(&html(&entry.summary))),
            (Field::Text, words(&html(&entry.content))),
            (Field::Link, words(entry.link.as_deref().unwrap_or(""))),
            (Field::Source, words(subject.source)),
            (Field::Source, words(subject.source_title)),
        ];
        runs.extend(entry.authors.iter().map(|author| (Field::Author, words(&author.name))));
        runs.extend(entry.categories.iter().map(|category| (Field::Category, words(category))));
        let mut index: Vec<(u32, u32)> = (0u32..)
            .zip(&runs)
            .flat_map(|(run, (_, words))| (0u32..).zip(words).map(move |(place, _)| (run, place)))
            .collect();
        let word = |at: &(u32, u32)| runs[at.0 as usize].1[at.1 as usize].as_str();
        index.sort_unstable_by(|a, b| word(a).cmp(word(b)).then(a.cmp(b)));
        Text { runs, index }
    }

    fn word(&self, at: (u32, u32)) -> &str {
        &self.runs[at.0 as usize].1[at.1 as usize]
    }

    /// The first place, in the order of the fields, where the term's words stand in a row.
    fn find(&self, term: &Term) -> Option<Reason> {
        let first = term.words.first()?;
        let start = self.index.partition_point(|at| self.word(*at) < first.as_str());
        let open_ended = term.kind == Kind::Prefix && term.words.len() == 1;
        self.index[start..]
            .iter()
            .take_while(|at| {
                if open_ended {
                    self.word(**at).starts_with(first.as_str())
                } else {
                    self.word(**at) == first
                }
            })
            .filter(|at| match term.field {
                Some(field) => self.runs[at.0 as usize].0 == field,
                None => matches!(self.runs[at.0 as usize].0, Field::Title | Field::Text),
            })
            .filter_map(|at| Some((*at, self.row(*at, term)?)))
            .min()
            .map(|(at, found)| Reason {
                term: Node::Term(term.clone()).to_string(),
                field: self.runs[at.0 as usize].0.name().to_owned(),
                found,
            })
    }

    /// The words at a place, if they are the term's.
    fn row(&self, (run, place): (u32, u32), term: &Term) -> Option<String> {
        let place = place as usize;
        let row = self.runs[run as usize].1.get(place..place + term.words.len())?;
        let (last, before) = term.words.split_last()?;
        let (found_last, found_before) = row.split_last()?;
        let last_fits =
            if term.kind == Kind::Prefix { found_last.starts_with(last) } else { found_last == last };
        (found_before == before && last_fits).then(|| row.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dictionary, parse};
    use super::*;
    use crate::entry::Author;

    fn entry() -> Entry {
        Entry {
            title: Some("Russian troops leave Arménia".into()),
            link: Some("https://example.org/caucasus/42".into()),
            summary: Some("<p>An <b>award</b> for the border guards</p>".into()),
            content: Some("<a href='/war'>Yerevan</a> &amp; Moscow".into()),
            authors: vec![Author { name: "Anna Petrova".into(), ..Author::default() }],
            categories: vec!["World News".into()],
            ..Entry::default()
        }
    }

    #[track_caller]
    fn ask(query: &str) -> Answer {
        let query = parse(query, &Dictionary::default()).unwrap_or_else(|p| panic!("{query}: {p:?}"));
        let entry = entry();
        let subject = Subject {
            entry: &entry,
            source: "moscow-times",
            source_title: "The Moscow Times",
            language: None,
            date: Timestamp::UNIX_EPOCH,
            now: Timestamp::UNIX_EPOCH,
        };
        Matcher::new([&query]).answers(&subject).remove(0)
    }

    #[test]
    fn queries_match_what_their_manual_says() {
        let yes = [
            "armenia",
            "ARMENIA",
            "\"russian troops\"",
            "russ*",
            "border yerevan",
            "title:troops",
            "text:award",
            "author:petrova",
            "category:\"world news\"",
            "link:caucasus",
            "source:moscow-times",
            "source:times",
            "war OR award",
            "troops -war",
            "NOT war",
            "(paris | moscow) AND \"border gua\" OR troops",
            "\"border\" gu*",
        ];
        let no = [
            "war",
            "\"troops russian\"",
            "armen",
            "title:award",
            "text:troops",
            "author:anna-maria",
            "moscow-times",
            "troops -award",
            "example",
            "\"arménia an\"",
            "link:arm*",
        ];
        for query in yes {
            assert!(ask(query).matched, "{query} should match");
        }
        for query in no {
            assert!(!ask(query).matched, "{query} should not match");
        }
    }

    #[test]
    fn the_answer_says_why() {
        let answer = ask("(paris OR russ*) title:armenia -war");
        let reasons: Vec<_> =
            answer.reasons.iter().map(|r| (r.term.as_str(), r.field.as_str(), r.found.as_str())).collect();
        assert_eq!(reasons, [("russ*", "title", "russian"), ("title:armenia", "title", "armenia")]);
        assert!(ask("paris OR war").reasons.is_empty());
    }
}
