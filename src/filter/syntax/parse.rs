//! Parses tokens to a tree and reports every mistake of the text at once. Pure.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::super::words;
use super::lex::{QueryToken, TokenKind, lex};
use super::mistakes;
use super::problem::QueryProblem;
use super::term::{field_by_name, parse_term};
use super::tree::{Field, Node, NodeKind, TermKind, TopicQuery};
use crate::text::closest_name;

const MAX_QUERY_BYTES: usize = 20_000;

/// Limit of nested parentheses and topics. It bounds the recursion of all functions that visit a tree.
const MAX_NESTING: usize = 64;

/// Limit of the depth of a topic's tree. One pair of parentheses adds up to four levels.
const MAX_TREE_DEPTH: usize = 4 * MAX_NESTING;

/// Limit of the terms of a query, with its topics written out.
const MAX_TERMS: usize = 10_000;

/// A regular expression counts as this many terms, so that a query has at most 50.
const REGEX_TERMS: usize = MAX_TERMS / 50;

/// What a query needs besides its own text.
#[derive(Clone, Debug, Default)]
pub struct QueryContext {
    /// The user's topics: name, query text.
    pub topics: BTreeMap<String, String>,
    /// The languages of the config, as BCP 47 tags. Latin words get the forms of these and of English.
    pub languages: Arc<[String]>,
    /// The tags of the config's sources, in lower case, and the sorted names of those that have each.
    pub tags: BTreeMap<String, Arc<[String]>>,
    /// The names of the config's sources.
    pub sources: Arc<[String]>,
}

/// Parses a query to its tree and its warnings. On an error, returns all problems, warnings included.
pub(in crate::filter) fn parse(
    text: &str,
    context: &QueryContext,
) -> Result<(Node, Vec<QueryProblem>), Vec<QueryProblem>> {
    let mut topics = TopicResolver { context, stack: Vec::new(), resolved: HashMap::new() };
    let (node, mut problems) = topics.parse_text(text, 0);
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    if problems.iter().all(|problem| problem.warning) { Ok((node, problems)) } else { Err(problems) }
}

/// Parses a query and the topics that it uses, each topic once.
struct TopicResolver<'a> {
    context: &'a QueryContext,
    /// The topics that are being parsed, outermost first.
    stack: Vec<String>,
    /// The topics that were parsed, or their first error.
    resolved: HashMap<String, Result<ResolvedTopic, String>>,
}

#[derive(Clone)]
struct ResolvedTopic {
    node: Arc<Node>,
    depth: usize,
    terms: usize,
}

impl TopicResolver<'_> {
    /// Parses a text that is nested `depth` levels deep.
    fn parse_text(&mut self, text: &str, depth: usize) -> (Node, Vec<QueryProblem>) {
        if text.len() > MAX_QUERY_BYTES {
            let label = format!("the query has {} bytes; the limit is {MAX_QUERY_BYTES}", text.len());
            let problem = QueryProblem::error(0..1, label).hint("move parts of it to [topics]");
            return (Node::match_all(0..0), vec![problem]);
        }
        if let Some((at, control)) = text.char_indices().find(|(_, c)| c.is_control() && !c.is_whitespace()) {
            let label = format!("a control character (U+{:04X})", u32::from(control));
            let hint = "in config.toml, put queries with backslashes between 'single quotation marks'";
            return (Node::match_all(0..0), vec![QueryProblem::error(at..at + 1, label).hint(hint)]);
        }
        let mut parser = Parser {
            text,
            tokens: lex(text),
            at: 0,
            depth,
            field: None,
            reported_unclosed: false,
            problems: Vec::new(),
            topics: self,
        };
        let node = parser.parse_or();
        while let Some(extra) = parser.next() {
            parser.problems.push(
                QueryProblem::error(extra.span, "this parenthesis is never opened")
                    .hint("remove it, or add `(` before it"),
            );
            if parser.peek().is_some_and(|kind| kind != TokenKind::Close) {
                parser.parse_or();
            }
        }
        let mut problems = parser.problems;
        if problems.is_empty() && self.count_terms(&node) > MAX_TERMS {
            let label = format!("with its topics, this query has more than {MAX_TERMS} terms");
            let hint = format!("a regular expression counts as {REGEX_TERMS} terms");
            problems.push(QueryProblem::error(0..text.len(), label).hint(hint));
        }
        (node, problems)
    }

    fn resolve(&mut self, name: &str, depth: usize) -> Result<ResolvedTopic, String> {
        if let Some(resolved) = self.resolved.get(name) {
            return resolved.clone();
        }
        let text = self.context.topics.get(name).cloned().unwrap_or_default();
        self.stack.push(name.to_owned());
        let (node, problems) = self.parse_text(&text, depth);
        self.stack.pop();
        let result = match problems.into_iter().find(|problem| !problem.warning) {
            Some(problem) => Err(problem.label),
            None => Ok(ResolvedTopic {
                depth: self.tree_depth(&node),
                terms: self.count_terms(&node),
                node: Arc::new(node),
            }),
        };
        self.resolved.insert(name.to_owned(), result.clone());
        result
    }

    /// The terms of a tree with its topics written out.
    fn count_terms(&self, node: &Node) -> usize {
        match &node.kind {
            NodeKind::And(nodes) | NodeKind::Or(nodes) => {
                nodes.iter().fold(0, |sum: usize, node| sum.saturating_add(self.count_terms(node)))
            }
            NodeKind::Not(node) | NodeKind::InField(_, node) => self.count_terms(node),
            NodeKind::Topic(name, TopicQuery::UserDefined(_)) => {
                self.resolved_topic(name).map_or(1, |topic| topic.terms)
            }
            NodeKind::Topic(..) => 1,
            NodeKind::Term(term) if matches!(term.kind, TermKind::Regex(..)) => REGEX_TERMS,
            NodeKind::Term(_) => 1,
        }
    }

    /// The depth of a tree with its topics written out.
    fn tree_depth(&self, node: &Node) -> usize {
        match &node.kind {
            NodeKind::And(nodes) | NodeKind::Or(nodes) => {
                1 + nodes.iter().map(|node| self.tree_depth(node)).max().unwrap_or(0)
            }
            NodeKind::Not(node) | NodeKind::InField(_, node) => 1 + self.tree_depth(node),
            NodeKind::Topic(name, _) => 1 + self.resolved_topic(name).map_or(0, |topic| topic.depth),
            NodeKind::Term(_) => 0,
        }
    }

    fn resolved_topic(&self, name: &str) -> Option<&ResolvedTopic> {
        self.resolved.get(name)?.as_ref().ok()
    }
}

/// A recursive-descent parser of one text.
struct Parser<'s, 'd> {
    text: &'s str,
    tokens: Vec<QueryToken>,
    /// Index of the next token.
    at: usize,
    /// Open parentheses and topics around the next token.
    depth: usize,
    /// The field that applies within the open parentheses.
    field: Option<Field>,
    /// An unclosed parenthesis was reported: those around it are the same mistake.
    reported_unclosed: bool,
    problems: Vec<QueryProblem>,
    topics: &'s mut TopicResolver<'d>,
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<TokenKind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn next(&mut self) -> Option<QueryToken> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Reports an error and returns the placeholder for the part that it is in.
    fn fail(&mut self, problem: QueryProblem) -> Node {
        let span = problem.span.clone();
        self.problems.push(problem);
        Node::match_all(span)
    }

    /// The span of the next token; at the end of the text, the last character.
    fn next_span(&self) -> Range<usize> {
        let last = self.text.char_indices().next_back().map_or(0, |(at, _)| at);
        self.tokens.get(self.at).map_or(last..self.text.len().max(1), |token| token.span.clone())
    }

    fn parse_or(&mut self) -> Node {
        let mut nodes = vec![self.parse_and()];
        while self.peek() == Some(TokenKind::Or) {
            self.at += 1;
            nodes.push(self.parse_and());
        }
        single_or(nodes, NodeKind::Or)
    }

    fn parse_and(&mut self) -> Node {
        let mut nodes = vec![self.parse_not()];
        loop {
            match self.peek() {
                Some(TokenKind::And) => self.at += 1,
                Some(TokenKind::Or | TokenKind::Close) | None => return single_or(nodes, NodeKind::And),
                Some(_) => {}
            }
            nodes.push(self.parse_not());
        }
    }

    fn parse_not(&mut self) -> Node {
        let start = self.next_span().start;
        let mut negations = 0;
        while self.peek() == Some(TokenKind::Not) {
            self.problems.extend(mistakes::lone_dash(self.text, self.next_span()));
            self.at += 1;
            negations += 1;
        }
        let node = self.parse_primary();
        if negations % 2 == 0 {
            return node;
        }
        let span = start..node.span.end;
        match node.kind {
            // `-(-a)` becomes `a`, like `NOT NOT a`: both print the same and must have the same tree.
            NodeKind::Not(inner) => Node { span, kind: inner.kind },
            _ => Node { span, kind: NodeKind::Not(Box::new(node)) },
        }
    }

    fn parse_primary(&mut self) -> Node {
        let span = self.next_span();
        match self.peek() {
            Some(TokenKind::Open) => self.parse_parenthesized(),
            Some(TokenKind::Field) => self.parse_field_group(),
            Some(TokenKind::Topic) => {
                self.at += 1;
                self.parse_topic(span)
            }
            Some(TokenKind::Term) => {
                self.at += 1;
                if let Some(problem) = mistakes::foreign_sign(self.text, &span) {
                    return self.fail(problem);
                }
                self.problems.extend(mistakes::suspicious_word(self.text, &span));
                match parse_term(self.text, span.clone(), self.field, &self.topics.context.tags) {
                    Ok(term) => {
                        let sources = &self.topics.context.sources;
                        self.problems.extend(mistakes::source_in_feed(&term, self.field, sources, &span));
                        Node { span, kind: NodeKind::Term(term) }
                    }
                    Err(problem) => self.fail(problem),
                }
            }
            Some(TokenKind::And | TokenKind::Or) => {
                self.at += 1;
                if self.text[..span.end].ends_with("||") {
                    let problem = QueryProblem::error(span, "`||` is no operator");
                    return self.fail(problem.hint("write OR, or one `|`"));
                }
                self.fail(
                    QueryProblem::error(span, "a word is missing before this operator")
                        .hint("to search for the word itself, write it in lower case"),
                )
            }
            Some(TokenKind::Close | TokenKind::Not) | None => {
                self.fail(QueryProblem::error(span, "a word is missing here"))
            }
        }
    }

    /// Enters a group or a topic. If that is nested too deeply, reports it, skips the rest of the text
    /// and returns false.
    fn enter(&mut self, span: &Range<usize>) -> bool {
        self.depth += 1;
        if self.depth <= MAX_NESTING {
            return true;
        }
        self.problems.push(nested_too_deeply(span.clone()));
        self.at = self.tokens.len();
        self.reported_unclosed = true;
        false
    }

    fn parse_parenthesized(&mut self) -> Node {
        let open = self.next_span();
        self.at += 1;
        if !self.enter(&open) {
            return Node::match_all(open);
        }
        let node = self.parse_or();
        self.depth -= 1;
        let end = self.next_span().end;
        if self.peek() == Some(TokenKind::Close) {
            self.at += 1;
        } else if !std::mem::replace(&mut self.reported_unclosed, true) {
            let problem =
                QueryProblem::error(open.clone(), "this parenthesis is never closed").hint("add `)`");
            self.problems.push(problem);
        }
        Node { span: open.start..end, kind: node.kind }
    }

    /// Parses a field followed by a group in parentheses or a topic.
    fn parse_field_group(&mut self) -> Node {
        let span = self.next_span();
        self.at += 1;
        let name = self.text[span.start..span.end - 1].to_owned();
        let field = match field_by_name(&name, span.start) {
            Ok(field) => Some(field),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        };
        let adjacent = self.tokens.get(self.at).is_some_and(|token| token.span.start == span.end);
        if !adjacent || !matches!(self.peek(), Some(TokenKind::Open | TokenKind::Topic)) {
            return self.fail(QueryProblem::error(span, format!("a word is missing after `{name}:`")));
        }
        if self.peek() == Some(TokenKind::Topic)
            && matches!(field, Some(Field::Site | Field::Language | Field::Age | Field::Tag))
        {
            let label = format!("a topic cannot be searched for in `{name}:`");
            self.problems.push(QueryProblem::error(span.clone(), label));
        }
        let outer = self.field;
        self.field = field.or(outer);
        let node = self.parse_primary();
        self.field = outer;
        let whole = span.start..node.span.end;
        match field {
            Some(field) => Node { span: whole, kind: NodeKind::InField(field, Box::new(node)) },
            None => Node::match_all(whole),
        }
    }

    fn parse_topic(&mut self, span: Range<usize>) -> Node {
        let written = &self.text[span.clone()];
        let names_alone = written.starts_with('=');
        let name = written[1 + usize::from(names_alone)..].to_owned();
        if name.is_empty() {
            let problem = QueryProblem::error(span, "the name of a topic is missing after `@`");
            return self.fail(problem.hint("write @armenia; for the sign itself, put it in quotation marks"));
        }
        if let Some(problem) = mistakes::foreign_sign(self.text, &span) {
            return self.fail(problem);
        }
        if self.topics.stack.contains(&name) {
            let cycle = self.topics.stack.iter().skip_while(|outer| **outer != name).chain([&name]);
            let cycle = cycle.map(|name| format!("@{name}")).collect::<Vec<_>>().join(" -> ");
            let label = format!("this topic refers to itself: {cycle}");
            return self.fail(QueryProblem::error(span, label));
        }
        let context = self.topics.context;
        if !context.topics.contains_key(&name) {
            if words::built_in_topic_names().any(|known| known == name) {
                let topic = if names_alone { TopicQuery::PlaceNames } else { TopicQuery::BuiltIn };
                return Node { span, kind: NodeKind::Topic(name, topic) };
            }
            let mut known: Vec<&str> = context.topics.keys().map(String::as_str).collect();
            words::built_in_topic_names().for_each(|name| known.push(name));
            let hint = match closest_name(&name, known) {
                Some(known) => format!("did you mean `@{known}`?"),
                None => "define it in [topics]".to_owned(),
            };
            return self.fail(QueryProblem::error(span, format!("unknown topic `{name}`")).hint(hint));
        }
        if names_alone {
            let label = format!("`{name}` is a topic of [topics]: `=` is for built-in ones");
            return self.fail(QueryProblem::error(span, label).hint(format!("write @{name}")));
        }
        if !self.enter(&span) {
            return Node::match_all(span);
        }
        let topic = self.topics.resolve(&name, self.depth);
        self.depth -= 1;
        match topic {
            Ok(topic) if topic.depth <= MAX_TREE_DEPTH => {
                Node { span, kind: NodeKind::Topic(name, TopicQuery::UserDefined(topic.node)) }
            }
            Ok(_) => self.fail(nested_too_deeply(span)),
            Err(label) => self.fail(QueryProblem::error(span, format!("in topic `{name}`: {label}"))),
        }
    }
}

fn nested_too_deeply(span: Range<usize>) -> QueryProblem {
    QueryProblem::error(span, format!("parentheses and topics are nested more than {MAX_NESTING} deep"))
}

/// The only node, or one that combines several.
fn single_or(mut nodes: Vec<Node>, combine: fn(Vec<Node>) -> NodeKind) -> Node {
    if nodes.len() == 1 {
        return nodes.remove(0);
    }
    let start = nodes.first().map_or(0, |node| node.span.start);
    let end = nodes.last().map_or(0, |node| node.span.end);
    Node { span: start..end, kind: combine(nodes) }
}
