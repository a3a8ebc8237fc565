//! Query text to tree and back, with spans. Pure.

use std::fmt;
use std::ops::Range;

use super::{Dictionary, Problem, words};

/// The most bytes of a query.
const LONGEST: usize = 20_000;

/// The most brackets, negations and topics within each other.
const DEEPEST: usize = 64;

/// A query as a tree.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Each of them; none: everything.
    All(Vec<Node>),
    /// One of them at least.
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// A topic, and what it stands for.
    Topic(String, Box<Node>),
    /// Words to look for.
    Term(Term),
}

/// Words to look for, in a row.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// Where to look; `None`: title, summary and content.
    pub(super) field: Option<Field>,
    /// As the user wrote it, without field, quotes and star.
    pub(super) text: String,
    /// How it was written.
    pub(super) kind: Kind,
    /// Folded, at least one.
    pub(super) words: Vec<String>,
}

/// How a term was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `word`
    Word,
    /// `"these words"`
    Phrase,
    /// `begin*`
    Prefix,
}

/// A part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    /// The title.
    Title,
    /// Summary and content.
    Text,
    /// The authors' names.
    Author,
    /// The categories.
    Category,
    /// The link.
    Link,
    /// The source's name and title.
    Source,
}

impl Field {
    /// All, with their names in the language.
    pub(super) const ALL: [(&'static str, Field); 6] = [
        ("title", Field::Title),
        ("text", Field::Text),
        ("author", Field::Author),
        ("category", Field::Category),
        ("link", Field::Link),
        ("source", Field::Source),
    ];

    /// Its name in the language.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        Field::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, nodes: &[Node], between: &str| {
            for (i, node) in nodes.iter().enumerate() {
                f.write_str(if i == 0 { "" } else { between })?;
                match node {
                    Node::All(_) | Node::Any(_) => write!(f, "({node})")?,
                    _ => node.fmt(f)?,
                }
            }
            Ok(())
        };
        match self {
            Node::All(nodes) => list(f, nodes, " AND "),
            Node::Any(nodes) => list(f, nodes, " OR "),
            Node::Not(node) => match **node {
                Node::All(_) | Node::Any(_) => write!(f, "NOT ({node})"),
                _ => write!(f, "NOT {node}"),
            },
            Node::Topic(name, _) => write!(f, "@{name}"),
            Node::Term(term) => {
                if let Some(field) = term.field {
                    write!(f, "{}:", field.name())?;
                }
                match term.kind {
                    Kind::Word => f.write_str(&term.text),
                    Kind::Phrase => write!(f, "\"{}\"", term.text),
                    Kind::Prefix => write!(f, "{}*", term.text),
                }
            }
        }
    }
}

/// Parses a query. `within` names the topics that are being parsed, outermost first.
pub(super) fn parse(
    text: &str,
    dictionary: &Dictionary,
    within: &mut Vec<String>,
) -> Result<Node, Vec<Problem>> {
    if text.len() > LONGEST {
        let label = format!("a query of {} bytes; the most is {LONGEST}", text.len());
        return Err(vec![Problem {
            span: 0..1,
            label,
            hint: Some("share parts of it as [topics]".into()),
            warning: false,
        }]);
    }
    let tokens = tokens(text);
    let mut parser = Parser { text, tokens, at: 0, depth: 0, problems: Vec::new(), dictionary, within };
    let node = parser.any();
    while let Some(extra) = parser.next() {
        parser.problem(extra.span, "nothing opens this bracket", Some("remove it, or open one before it"));
        parser.any();
    }
    if parser.problems.is_empty() { Ok(node) } else { Err(parser.problems) }
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Open,
    Close,
    And,
    Or,
    Not,
    Piece,
}

#[derive(Clone, Debug)]
struct Token {
    what: What,
    span: Range<usize>,
}

/// Cuts the text into brackets, operators and pieces; a piece is a term with its field and quotes.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let single = match c {
            '(' => Some(What::Open),
            ')' => Some(What::Close),
            '|' => Some(What::Or),
            '-' => Some(What::Not),
            _ => None,
        };
        let end = match single {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            Some(_) => at + 1,
            None => piece_end(text, at),
        };
        let what = single.unwrap_or_else(|| match &text[at..end] {
            "AND" => What::And,
            "OR" => What::Or,
            "NOT" => What::Not,
            _ => What::Piece,
        });
        tokens.push(Token { what, span: at..end });
        at = end;
    }
    tokens
}

fn piece_end(text: &str, start: usize) -> usize {
    let mut quoted = false;
    for (at, c) in text[start..].char_indices() {
        match c {
            '"' if quoted => return start + at + 1,
            '"' => quoted = true,
            _ if quoted => {}
            '(' | ')' | '|' => return start + at,
            _ if c.is_whitespace() => return start + at,
            _ => {}
        }
    }
    text.len()
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    problems: Vec<Problem>,
    dictionary: &'a Dictionary,
    within: &'a mut Vec<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<What> {
        self.tokens.get(self.at).map(|token| token.what.clone())
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn problem(&mut self, span: Range<usize>, label: impl Into<String>, hint: Option<&str>) {
        self.problems.push(Problem { span, label: label.into(), hint: hint.map(Into::into), warning: false });
    }

    /// Where a term is missing: the token that stands there, or the end.
    fn here(&self) -> Range<usize> {
        let end = self.text.len();
        self.tokens.get(self.at).map_or(end.saturating_sub(1)..end.max(1), |token| token.span.clone())
    }

    fn any(&mut self) -> Node {
        let mut nodes = vec![self.all()];
        while self.peek() == Some(What::Or) {
            self.at += 1;
            nodes.push(self.all());
        }
        one_or(nodes, Node::Any)
    }

    fn all(&mut self) -> Node {
        let mut nodes = vec![self.not()];
        loop {
            match self.peek() {
                Some(What::And) => self.at += 1,
                Some(What::Not | What::Open | What::Piece) => {}
                Some(What::Or | What::Close) | None => return one_or(nodes, Node::All),
            }
            nodes.push(self.not());
        }
    }

    fn not(&mut self) -> Node {
        let mut negations = 0;
        while self.peek() == Some(What::Not) {
            self.at += 1;
            negations += 1;
        }
        let node = self.primary();
        if negations % 2 == 1 { Node::Not(Box::new(node)) } else { node }
    }

    fn primary(&mut self) -> Node {
        match self.peek() {
            Some(What::Open) => self.bracket(),
            Some(What::Piece) => {
                let span = self.here();
                self.at += 1;
                self.piece(span)
            }
            Some(What::And | What::Or) => {
                let span = self.here();
                self.at += 1;
                self.problem(
                    span,
                    "a word is missing before this",
                    Some("write it in small letters if you mean the word"),
                );
                Node::All(Vec::new())
            }
            Some(What::Close | What::Not) | None => {
                let span = self.here();
                self.problem(span, "a word is missing here", None);
                Node::All(Vec::new())
            }
        }
    }

    fn bracket(&mut self) -> Node {
        let open = self.here();
        self.at += 1;
        self.depth += 1;
        if self.depth + self.within.len() > DEEPEST {
            if self.depth + self.within.len() == DEEPEST + 1 {
                self.problem(open, format!("more than {DEEPEST} brackets within each other"), None);
            }
            // Everything up to the end is passed over: there is nothing more to say of it.
            self.at = self.tokens.len();
            return Node::All(Vec::new());
        }
        let node = self.any();
        self.depth -= 1;
        if self.peek() == Some(What::Close) {
            self.at += 1;
        } else if self.problems.is_empty() {
            self.problem(open, "nothing closes this bracket", Some("add `)`"));
        }
        node
    }

    fn piece(&mut self, span: Range<usize>) -> Node {
        let text = &self.text[span.clone()];
        if let Some(name) = text.strip_prefix('@') {
            return self.topic(name.to_owned(), span);
        }
        let (field, value) = match text.split_once(':') {
            Some((name, value)) if !name.contains('"') => match self.field(name, &span) {
                Some(field) => (Some(field), value),
                None => return Node::All(Vec::new()),
            },
            _ => (None, text),
        };
        let (kind, value) = if let Some(quoted) = value.strip_prefix('"') {
            match quoted.strip_suffix('"') {
                Some(phrase) => (Kind::Phrase, phrase),
                None => {
                    self.problem(span, "this quotation mark is never closed", Some("add `\"`"));
                    return Node::All(Vec::new());
                }
            }
        } else if let Some(prefix) = value.strip_suffix('*') {
            (Kind::Prefix, prefix)
        } else {
            (Kind::Word, value)
        };
        let words = words::tokens(value).words().map(str::to_owned).collect::<Vec<String>>();
        if value.contains(['"', '*']) {
            self.problem(
                span,
                "`\"` and `*` cannot stand within a word",
                Some("a star may end a word: armen*"),
            );
            return Node::All(Vec::new());
        }
        if words.is_empty() {
            self.problem(span, "there is no letter or digit to look for", None);
            return Node::All(Vec::new());
        }
        Node::Term(Term { field, text: value.to_owned(), kind, words })
    }

    fn field(&mut self, name: &str, span: &Range<usize>) -> Option<Field> {
        let field = Field::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
        if field.is_none() {
            let nearest = nearest(name, Field::ALL.iter().map(|(known, _)| *known));
            let hint = nearest
                .map_or("put the term in quotation marks to look for a colon's words".to_owned(), |known| {
                    format!("did you mean `{known}:`?")
                });
            self.problem(
                span.start..span.start + name.len().max(1),
                format!("there is no field `{name}`"),
                Some(&hint),
            );
        }
        field
    }

    fn topic(&mut self, name: String, span: Range<usize>) -> Node {
        if self.within.contains(&name) {
            let circle = self.within.iter().skip_while(|outer| **outer != name).chain([&name]);
            let circle = circle.map(|name| format!("@{name}")).collect::<Vec<_>>().join(" -> ");
            self.problem(span, format!("this topic needs itself: {circle}"), None);
            return Node::All(Vec::new());
        }
        let Some(text) = self.dictionary.topics.get(&name) else {
            let hint = nearest(&name, self.dictionary.topics.keys().map(String::as_str))
                .map_or("topics are named queries under [topics]".to_owned(), |known| {
                    format!("did you mean `@{known}`?")
                });
            self.problem(span, format!("there is no topic `{name}`"), Some(&hint));
            return Node::All(Vec::new());
        };
        if self.within.len() + self.depth >= DEEPEST {
            self.problem(span, format!("more than {DEEPEST} topics within each other"), None);
            return Node::All(Vec::new());
        }
        self.within.push(name.clone());
        let node = parse(text, self.dictionary, self.within);
        self.within.pop();
        match node {
            Ok(node) => Node::Topic(name, Box::new(node)),
            Err(inner) => {
                let first = inner.first().map_or_else(String::new, |problem| problem.label.clone());
                self.problem(span, format!("in topic `{name}`: {first}"), None);
                Node::All(Vec::new())
            }
        }
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1 { nodes.remove(0) } else { many(nodes) }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dictionary() -> Dictionary {
        let topics = [("caucasus", "armenia OR georgia"), ("a", "@b"), ("b", "x @a"), ("bad", "(")];
        Dictionary {
            topics: topics.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            languages: Vec::new(),
        }
    }

    #[track_caller]
    fn printed(text: &str) -> String {
        parse(text, &dictionary(), &mut Vec::new()).unwrap_or_else(|p| panic!("{text}: {p:?}")).to_string()
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(printed("a b OR c -d"), "(a AND b) OR (c AND NOT d)");
        assert_eq!(printed("(a | b) AND NOT (c d)"), "(a OR b) AND NOT (c AND d)");
        assert_eq!(printed("NOT -a"), "a");
        assert_eq!(
            printed("title:\"Russian troops\" armen* @caucasus"),
            "title:\"Russian troops\" AND armen* AND @caucasus"
        );
        assert_eq!(printed("and or not"), "and AND or AND not");
        assert_eq!(printed("pro-war"), "pro-war");
    }

    #[track_caller]
    fn wrong(text: &str) -> Vec<(String, String)> {
        let problems = parse(text, &dictionary(), &mut Vec::new()).expect_err(text);
        problems.into_iter().map(|p| (text.get(p.span).unwrap_or("").to_owned(), p.label)).collect()
    }

    #[test]
    fn each_mistake_is_shown_where_it_stands() {
        let one = |at: &str, label: &str| vec![(at.to_owned(), label.to_owned())];
        assert_eq!(wrong("a (b"), one("(", "nothing closes this bracket"));
        assert_eq!(wrong("a) b"), one(")", "nothing opens this bracket"));
        assert_eq!(wrong("a OR"), one("R", "a word is missing here"));
        assert_eq!(wrong("AND b"), one("AND", "a word is missing before this"));
        assert_eq!(wrong("titel:x"), one("titel", "there is no field `titel`"));
        assert_eq!(wrong("\"x"), one("\"x", "this quotation mark is never closed"));
        assert_eq!(wrong("@caucasis"), one("@caucasis", "there is no topic `caucasis`"));
        assert_eq!(
            wrong("@a"),
            one("@a", "in topic `a`: in topic `b`: this topic needs itself: @a -> @b -> @a")
        );
        assert_eq!(wrong("*"), one("*", "there is no letter or digit to look for"));
        assert_eq!(wrong(""), one("", "a word is missing here"));
        assert_eq!(wrong("titel:x AND linc:y").len(), 2);
        assert_eq!(wrong(&"(".repeat(5000)).len(), 1);
        assert_eq!(wrong(&"a ".repeat(20_000)).len(), 1);
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back_to_the_same(text in "[ab\"()*| -]{0,24}|([ab]{1,2}|title:[ab]|AND|OR|NOT|\\(|\\)|-| ){0,12}") {
            if let Ok(node) = parse(&text, &dictionary(), &mut Vec::new()) {
                let once = node.to_string();
                let again = parse(&once, &dictionary(), &mut Vec::new());
                prop_assert_eq!(again.map(|node| node.to_string()), Ok(once));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = parse(&text, &dictionary(), &mut Vec::new());
        }
    }
}
