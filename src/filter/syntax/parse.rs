//! Tokens to tree: operators, brackets, fields and topics, every mistake at once. Pure.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::{QueryContext, QueryProblem, words};
use super::lex::{Token, What, tokens};
use super::{Field, Kind, Meaning, Node, Shape, term};

/// The most bytes of a query.
const LONGEST: usize = 20_000;

/// The most brackets and topics within each other: bounds the depth of every walk of a tree.
const DEEPEST: usize = 64;

/// The most steps from the top of a topic's tree to a term: a bracket is up to four.
const DEEPEST_TREE: usize = 4 * DEEPEST;

/// The most terms of a query with its topics written out. A regular expression counts as many.
const HEAVIEST: usize = 10_000;

/// What a regular expression counts: at most fifty of them, of a bounded size each, fit in a query.
const PATTERN: usize = HEAVIEST / 50;

/// A tree and what is legal but may not be meant.
pub(in super::super) struct Parsed {
    pub(in super::super) node: Node,
    pub(in super::super) warnings: Vec<QueryProblem>,
}

/// Parses a query.
pub(in super::super) fn parse(text: &str, query_context: &QueryContext) -> Result<Parsed, Vec<QueryProblem>> {
    let mut session = Session { query_context, within: Vec::new(), done: HashMap::new() };
    let (node, mut problems) = session.read(text, 0);
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    if problems.iter().all(|problem| problem.warning) {
        Ok(Parsed { node, warnings: problems })
    } else {
        Err(problems)
    }
}

/// One query with the topics that it needs, each of which is parsed once.
struct Session<'a> {
    query_context: &'a QueryContext,
    /// The topics that are being parsed, outermost first.
    within: Vec<String>,
    /// The topics that were parsed, or what is wrong with them.
    done: HashMap<String, Result<Topic, String>>,
}

#[derive(Clone)]
struct Topic {
    node: Arc<Node>,
    depth: usize,
    weight: usize,
}

impl Session<'_> {
    /// Reads a text that stands `depth` deep.
    fn read(&mut self, text: &str, depth: usize) -> (Node, Vec<QueryProblem>) {
        if text.len() > LONGEST {
            let label = format!("a query of {} bytes; the most is {LONGEST}", text.len());
            let problem = QueryProblem::error(0..1, label, Some("share parts of it as [topics]"));
            return (Node::nothing(0..0), vec![problem]);
        }
        let mut parser = Parser {
            text,
            tokens: tokens(text),
            at: 0,
            depth,
            field: None,
            open_end: false,
            problems: Vec::new(),
            session: self,
        };
        let node = parser.any();
        while let Some(extra) = parser.next() {
            parser.problem(extra.span, "nothing opens this bracket", "remove it, or open one before it");
            if parser.peek().is_some_and(|what| what != What::Close) {
                parser.any();
            }
        }
        let mut problems = parser.problems;
        if problems.is_empty() && self.weight(&node) > HEAVIEST {
            let label = format!("with its topics, this has more than {HEAVIEST} terms");
            problems.push(QueryProblem::error(
                0..text.len(),
                label,
                Some("a regular expression counts as many: write fewer"),
            ));
        }
        (node, problems)
    }

    fn topic(&mut self, name: &str, depth: usize) -> Result<Topic, String> {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let text = self.query_context.topics.get(name).cloned().unwrap_or_default();
        self.within.push(name.to_owned());
        let (node, problems) = self.read(&text, depth);
        self.within.pop();
        let result = match problems.into_iter().find(|problem| !problem.warning) {
            Some(problem) => Err(problem.label),
            None => Ok(Topic { depth: self.depth(&node), weight: self.weight(&node), node: Arc::new(node) }),
        };
        self.done.insert(name.to_owned(), result.clone());
        result
    }

    /// How many terms a tree has, topics written out.
    fn weight(&self, node: &Node) -> usize {
        match &node.kind {
            Kind::All(nodes) | Kind::Any(nodes) => {
                nodes.iter().fold(0, |sum: usize, node| sum.saturating_add(self.weight(node)))
            }
            Kind::Not(node) | Kind::In(_, node) => self.weight(node),
            Kind::Topic(name, Meaning::Own(_)) => self.known(name).map_or(1, |topic| topic.weight),
            Kind::Topic(_, Meaning::BuiltIn) => 1,
            Kind::Term(term) if matches!(term.shape, Shape::Pattern(..)) => PATTERN,
            Kind::Term(_) => 1,
        }
    }

    /// How deep a tree goes, topics written out.
    fn depth(&self, node: &Node) -> usize {
        match &node.kind {
            Kind::All(nodes) | Kind::Any(nodes) => {
                1 + nodes.iter().map(|node| self.depth(node)).max().unwrap_or(0)
            }
            Kind::Not(node) | Kind::In(_, node) => 1 + self.depth(node),
            Kind::Topic(name, _) => 1 + self.known(name).map_or(0, |topic| topic.depth),
            Kind::Term(_) => 0,
        }
    }

    fn known(&self, name: &str) -> Option<&Topic> {
        self.done.get(name)?.as_ref().ok()
    }
}

pub(super) struct Parser<'s, 'd> {
    pub(super) text: &'s str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// The field of the brackets that are open.
    pub(super) field: Option<Field>,
    /// Whether a bracket is known to be open at the end: those around it are no other mistake.
    open_end: bool,
    problems: Vec<QueryProblem>,
    session: &'s mut Session<'d>,
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<What> {
        self.tokens.get(self.at).map(|token| token.what)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn problem<'h>(
        &mut self,
        span: Range<usize>,
        label: impl Into<String>,
        hint: impl Into<Option<&'h str>>,
    ) {
        self.problems.push(QueryProblem::error(span, label, hint.into()));
    }

    pub(super) fn warning(&mut self, span: Range<usize>, label: &str, hint: &str) {
        self.problems.push(QueryProblem { warning: true, ..QueryProblem::error(span, label, Some(hint)) });
    }

    /// Where a term is missing: the token that stands there, or the end.
    fn here(&self) -> Range<usize> {
        let last = self.text.char_indices().next_back().map_or(0, |(at, _)| at);
        self.tokens.get(self.at).map_or(last..self.text.len().max(1), |token| token.span.clone())
    }

    fn any(&mut self) -> Node {
        let mut nodes = vec![self.all()];
        while self.peek() == Some(What::Or) {
            self.at += 1;
            nodes.push(self.all());
        }
        one_or(nodes, Kind::Any)
    }

    fn all(&mut self) -> Node {
        let mut nodes = vec![self.not()];
        loop {
            match self.peek() {
                Some(What::And) => self.at += 1,
                Some(What::Or | What::Close) | None => return one_or(nodes, Kind::All),
                Some(_) => {}
            }
            nodes.push(self.not());
        }
    }

    fn not(&mut self) -> Node {
        let start = self.here().start;
        let mut negations = 0;
        while self.peek() == Some(What::Not) {
            self.at += 1;
            negations += 1;
        }
        let node = self.primary();
        if negations % 2 == 0 {
            return node;
        }
        let span = start..node.span.end;
        match node.kind {
            // `-(-a)` is `a`, as `NOT NOT a` is: there is one tree for what is printed in one way.
            Kind::Not(inner) => Node { span, kind: inner.kind },
            kind => Node { span: span.clone(), kind: Kind::Not(Box::new(Node { span: node.span, kind })) },
        }
    }

    fn primary(&mut self) -> Node {
        let span = self.here();
        match self.peek() {
            Some(What::Open) => self.bracket(),
            Some(What::Field) => self.within_field(),
            Some(What::Topic) => {
                self.at += 1;
                self.topic(span)
            }
            Some(What::Piece) => {
                self.at += 1;
                self.careful(&span);
                match term::read(self, span.clone()) {
                    Some(term) => Node { span, kind: Kind::Term(term) },
                    None => Node::nothing(span),
                }
            }
            Some(What::And | What::Or) => {
                self.at += 1;
                self.problem(
                    span.clone(),
                    "a word is missing before this",
                    "write it in small letters if you mean the word",
                );
                Node::nothing(span)
            }
            Some(What::Close | What::Not) | None => {
                self.problem(span.clone(), "a word is missing here", None);
                Node::nothing(span)
            }
        }
    }

    /// Points at words that look like operators, and at marks that look like quotation marks.
    fn careful(&mut self, span: &Range<usize>) {
        let text = &self.text[span.clone()];
        if ["and", "or", "not"].contains(&text) {
            let label = format!("`{text}` is looked for as a word");
            let hint = format!("write {} in capitals if you mean the operator", text.to_uppercase());
            self.warning(span.clone(), &label, &hint);
        } else if text.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{2018}', '\'']) {
            self.warning(
                span.clone(),
                "this mark makes no phrase",
                "phrases stand between \"straight\" marks",
            );
        }
    }

    /// Goes one level down, unless that is too deep: then the rest of the text is passed over, and the
    /// whole is wrong.
    fn enter(&mut self, span: &Range<usize>) -> bool {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return true;
        }
        self.problem(
            span.clone(),
            format!("more than {DEEPEST} brackets and topics within each other"),
            None,
        );
        self.at = self.tokens.len();
        self.open_end = true;
        false
    }

    fn bracket(&mut self) -> Node {
        let open = self.here();
        self.at += 1;
        if !self.enter(&open) {
            return Node::nothing(open);
        }
        let node = self.any();
        self.depth -= 1;
        let end = self.here().end;
        if self.peek() == Some(What::Close) {
            self.at += 1;
        } else if !std::mem::replace(&mut self.open_end, true) {
            self.problem(open.clone(), "nothing closes this bracket", "add `)`");
        }
        Node { span: open.start..end, kind: node.kind }
    }

    /// A field before a bracket or a topic.
    fn within_field(&mut self) -> Node {
        let span = self.here();
        self.at += 1;
        let name = self.text[span.start..span.end - 1].to_owned();
        let field = self.known_field(&name, span.start);
        let adjacent = self.tokens.get(self.at).is_some_and(|token| token.span.start == span.end);
        if !adjacent || !matches!(self.peek(), Some(What::Open | What::Topic)) {
            self.problem(span.clone(), format!("a word is missing after `{name}:`"), None);
            return Node::nothing(span);
        }
        if self.peek() == Some(What::Topic)
            && matches!(field, Some(Field::Site | Field::Language | Field::Age))
        {
            self.problem(span.clone(), format!("a topic has no words for `{name}:`"), None);
        }
        let outer = self.field;
        self.field = field.or(outer);
        let node = self.primary();
        self.field = outer;
        let whole = span.start..node.span.end;
        match field {
            Some(field) => Node { span: whole, kind: Kind::In(field, Box::new(node)) },
            None => Node::nothing(whole),
        }
    }

    /// The field that a name means; a name that means none is a mistake.
    pub(super) fn known_field(&mut self, name: &str, start: usize) -> Option<Field> {
        let field = Field::NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
        if field.is_none() {
            let hint = match nearest(name, Field::NAMES.iter().map(|(known, _)| *known)) {
                Some(known) => format!("did you mean `{known}:`?"),
                None => "put the term in quotation marks to look for words with a colon".to_owned(),
            };
            self.problem(start..start + name.len(), format!("there is no field `{name}`"), hint.as_str());
        }
        field
    }

    fn topic(&mut self, span: Range<usize>) -> Node {
        let name = self.text[span.start + 1..span.end].to_owned();
        if self.session.within.contains(&name) {
            let circle = self.session.within.iter().skip_while(|outer| **outer != name).chain([&name]);
            let circle = circle.map(|name| format!("@{name}")).collect::<Vec<_>>().join(" -> ");
            self.problem(span.clone(), format!("this topic needs itself: {circle}"), None);
            return Node::nothing(span);
        }
        if !self.session.query_context.topics.contains_key(&name) {
            if words::built_in_topic_names().any(|known| known == name) {
                return Node { span, kind: Kind::Topic(name, Meaning::BuiltIn) };
            }
            let mut known: Vec<&str> = self.session.query_context.topics.keys().map(String::as_str).collect();
            words::built_in_topic_names().for_each(|name| known.push(name));
            let hint = match nearest(&name, known.into_iter()) {
                Some(known) => format!("did you mean `@{known}`?"),
                None => "topics are named queries under [topics]".to_owned(),
            };
            self.problem(span.clone(), format!("there is no topic `{name}`"), hint.as_str());
            return Node::nothing(span);
        }
        if !self.enter(&span) {
            return Node::nothing(span);
        }
        let topic = self.session.topic(&name, self.depth);
        self.depth -= 1;
        match topic {
            Ok(topic) if topic.depth <= DEEPEST_TREE => {
                Node { span, kind: Kind::Topic(name, Meaning::Own(topic.node)) }
            }
            Ok(_) => {
                self.problem(
                    span.clone(),
                    format!("more than {DEEPEST} brackets and topics within each other"),
                    None,
                );
                Node::nothing(span)
            }
            Err(label) => {
                self.problem(span.clone(), format!("in topic `{name}`: {label}"), None);
                Node::nothing(span)
            }
        }
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Kind) -> Node {
    if nodes.len() == 1 {
        return nodes.remove(0);
    }
    let start = nodes.first().map_or(0, |node| node.span.start);
    let end = nodes.last().map_or(0, |node| node.span.end);
    Node { span: start..end, kind: many(nodes) }
}

/// The known name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}
