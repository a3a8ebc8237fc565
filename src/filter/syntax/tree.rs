//! The syntax tree of a query. It prints as text that parses back to an equal tree. Pure.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

/// A part of a query.
#[derive(Clone, Debug)]
pub(in crate::filter) struct Node {
    /// Byte range of the text that contains it: the query's, or that of a user-defined topic.
    pub(in crate::filter) span: Range<usize>,
    pub(in crate::filter) kind: NodeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::filter) enum NodeKind {
    /// An empty list matches everything.
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// Terms below that name no field search in this one.
    InField(Field, Box<Node>),
    /// A topic: its name and its query.
    Topic(String, TopicQuery),
    Term(Term),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::filter) enum TopicQuery {
    /// Defined under `[topics]`.
    UserDefined(Arc<Node>),
    /// One of the topics that ship with Siftwire.
    BuiltIn,
    /// `=@name`: the names of a built-in topic's place alone.
    PlaceNames,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::filter) struct Term {
    /// The field written before it.
    pub(in crate::filter) field: Option<Field>,
    /// As the user wrote it, without field, quotation marks and operators such as `=` and `*`.
    pub(in crate::filter) text: String,
    pub(in crate::filter) kind: TermKind,
}

#[derive(Clone, Debug)]
pub(in crate::filter) enum TermKind {
    /// `word`: all its inflected forms, and those of related names (Armenia, Armenian).
    Word,
    /// `=word`: all its inflected forms.
    InflectedWord,
    /// `"these words"`: exactly these, consecutively.
    Phrase,
    /// `"these words"~`: consecutively, each in any form.
    InflectedPhrase,
    /// `"these words"~5`: in any form and order, no two more than this many words apart.
    Near(usize),
    /// `begin*`
    Prefix,
    /// `*end`
    Suffix,
    /// `/expression/`, `/expression/c`
    Regex(CaseSensitivity, Regex),
    /// A host name: lower case, international names in punycode.
    Site(String),
    /// A language tag, lower case.
    Language(String),
    Age(AgeComparison, Duration),
    /// The names of the sources that have a tag, sorted.
    Tag(Arc<[String]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) enum CaseSensitivity {
    Insensitive,
    Sensitive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) enum AgeComparison {
    Younger,
    Older,
}

/// A part of an entry that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::filter) enum Field {
    Title,
    /// Summary, content and article.
    Text,
    /// Title, summary and content.
    Feed,
    /// The text of the page at the link.
    Article,
    /// The authors' names.
    Author,
    Category,
    Link,
    /// The link's host.
    Site,
    /// The source's name and title.
    Source,
    /// A tag of the source.
    Tag,
    Language,
    /// The time since the entry's date.
    Age,
}

impl Field {
    /// All fields with their names in queries.
    pub(super) const NAMES: [(&'static str, Field); 12] = [
        ("title", Field::Title),
        ("text", Field::Text),
        ("feed", Field::Feed),
        ("article", Field::Article),
        ("author", Field::Author),
        ("category", Field::Category),
        ("link", Field::Link),
        ("site", Field::Site),
        ("source", Field::Source),
        ("tag", Field::Tag),
        ("lang", Field::Language),
        ("age", Field::Age),
    ];

    /// Its name in queries.
    pub(in crate::filter) fn name(self) -> &'static str {
        Field::NAMES.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

impl Node {
    /// A node that matches everything. Also the placeholder for a part that failed to parse.
    pub(in crate::filter) fn match_all(span: Range<usize>) -> Node {
        Node { span, kind: NodeKind::And(Vec::new()) }
    }
}

/// Nodes are equal when they mean the same; spans are ignored.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for TermKind {
    fn eq(&self, other: &TermKind) -> bool {
        use TermKind::{Age, Language, Near, Regex, Site, Tag};
        match (self, other) {
            (Near(a), Near(b)) => a == b,
            (Regex(case, a), Regex(other_case, b)) => case == other_case && a.as_str() == b.as_str(),
            (Site(a), Site(b)) | (Language(a), Language(b)) => a == b,
            (Age(comparison, a), Age(other_comparison, b)) => comparison == other_comparison && a == b,
            (Tag(a), Tag(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NodeKind::And(nodes) => write_joined(f, nodes, " AND "),
            NodeKind::Or(nodes) => write_joined(f, nodes, " OR "),
            NodeKind::Not(node) => {
                f.write_str("NOT ")?;
                write_operand(f, node)
            }
            NodeKind::InField(field, node) => write!(f, "{}:({node})", field.name()),
            NodeKind::Topic(name, TopicQuery::PlaceNames) => write!(f, "=@{name}"),
            NodeKind::Topic(name, _) => write!(f, "@{name}"),
            NodeKind::Term(term) => fmt::Display::fmt(term, f),
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, nodes: &[Node], operator: &str) -> fmt::Result {
    for (i, node) in nodes.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { operator })?;
        write_operand(f, node)?;
    }
    Ok(())
}

fn write_operand(f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
    match node.kind {
        NodeKind::And(_) | NodeKind::Or(_) => write!(f, "({node})"),
        _ => fmt::Display::fmt(node, f),
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = self.field {
            write!(f, "{}:", field.name())?;
        }
        let text = &self.text;
        match &self.kind {
            TermKind::InflectedWord => write!(f, "={text}"),
            TermKind::Phrase => write!(f, "\"{text}\""),
            TermKind::InflectedPhrase => write!(f, "\"{text}\"~"),
            TermKind::Near(distance) => write!(f, "\"{text}\"~{distance}"),
            TermKind::Prefix => write!(f, "{text}*"),
            TermKind::Suffix => write!(f, "*{text}"),
            TermKind::Regex(CaseSensitivity::Insensitive, _) => write!(f, "/{text}/"),
            TermKind::Regex(CaseSensitivity::Sensitive, _) => write!(f, "/{text}/c"),
            TermKind::Word
            | TermKind::Site(_)
            | TermKind::Language(_)
            | TermKind::Age(..)
            | TermKind::Tag(_) => f.write_str(text),
        }
    }
}
