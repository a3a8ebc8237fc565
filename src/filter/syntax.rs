//! A query as a tree, and how it is printed so that it parses back to the same. Pure.

mod lex;
mod parse;
mod term;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

pub(super) use parse::parse;

/// A part of a query, and where it stands in its text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Bytes of the text: the query's, or the topic's in which it stands.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a part of a query says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Each of them; none: everything.
    All(Vec<Node>),
    /// One of them at least.
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// This, where terms that name no field mean this one.
    In(Field, Box<Node>),
    /// A topic by its name, and what it stands for.
    Topic(String, Meaning),
    /// Something to look for.
    Term(Term),
}

/// What a topic stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// The user's own query.
    Own(Arc<Node>),
    /// The words that Siftwire knows for it.
    BuiltIn,
}

/// Something to look for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// The field that stands before it.
    pub(super) field: Option<Field>,
    /// As the user wrote it, without field, quotation marks and signs.
    pub(super) text: String,
    /// What it looks for.
    pub(super) shape: Shape,
}

/// What a term looks for.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// `word`: in any form, and its relatives.
    Word,
    /// `=word`: in any form.
    Own,
    /// `"these words"`: exactly, in a row.
    Exact,
    /// `"these words"~`: in any form, in a row.
    Row,
    /// `"these words"~5`: in any form, no two of them further apart than that.
    Near(usize),
    /// `begin*`
    Prefix,
    /// `/expression/`, `/expression/c`
    Pattern(Case, Regex),
    /// A host, lower case, as addresses spell it.
    Site(String),
    /// A language tag, lower case.
    Language(String),
    /// How old.
    Age(Age, Duration),
}

/// Whether a regular expression minds case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Any,
    Exact,
}

/// On which side of an age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Younger,
    Older,
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
    /// The link's host.
    Site,
    /// The source's name and title.
    Source,
    /// The language.
    Language,
    /// The time since the entry's date.
    Age,
}

impl Field {
    /// All, with their names in the language; of two names the first is printed.
    pub(super) const NAMES: [(&'static str, Field); 10] = [
        ("title", Field::Title),
        ("text", Field::Text),
        ("author", Field::Author),
        ("category", Field::Category),
        ("link", Field::Link),
        ("site", Field::Site),
        ("source", Field::Source),
        ("feed", Field::Source),
        ("lang", Field::Language),
        ("age", Field::Age),
    ];

    /// Its name in the language.
    pub(super) fn name(self) -> &'static str {
        Field::NAMES.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

impl Node {
    /// A part that says nothing, in the place of one that could not be read.
    fn nothing(span: Range<usize>) -> Node {
        Node { span, kind: Kind::All(Vec::new()) }
    }
}

/// Parts are equal when they say the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        match (self, other) {
            (Shape::Near(a), Shape::Near(b)) => a == b,
            (Shape::Pattern(a, one), Shape::Pattern(b, two)) => a == b && one.as_str() == two.as_str(),
            (Shape::Site(a), Shape::Site(b)) | (Shape::Language(a), Shape::Language(b)) => a == b,
            (Shape::Age(a, one), Shape::Age(b, two)) => a == b && one == two,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::All(nodes) => list(f, nodes, " AND "),
            Kind::Any(nodes) => list(f, nodes, " OR "),
            Kind::Not(node) => {
                f.write_str("NOT ")?;
                bracketed(f, node)
            }
            Kind::In(field, node) => write!(f, "{}:({node})", field.name()),
            Kind::Topic(name, _) => write!(f, "@{name}"),
            Kind::Term(term) => fmt::Display::fmt(term, f),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, nodes: &[Node], between: &str) -> fmt::Result {
    for (i, node) in nodes.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { between })?;
        bracketed(f, node)?;
    }
    Ok(())
}

fn bracketed(f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
    match node.kind {
        Kind::All(_) | Kind::Any(_) => write!(f, "({node})"),
        _ => fmt::Display::fmt(node, f),
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = self.field {
            write!(f, "{}:", field.name())?;
        }
        let text = &self.text;
        match &self.shape {
            Shape::Own => write!(f, "={text}"),
            Shape::Exact => write!(f, "\"{text}\""),
            Shape::Row => write!(f, "\"{text}\"~"),
            Shape::Near(distance) => write!(f, "\"{text}\"~{distance}"),
            Shape::Prefix => write!(f, "{text}*"),
            Shape::Pattern(Case::Any, _) => write!(f, "/{text}/"),
            Shape::Pattern(Case::Exact, _) => write!(f, "/{text}/c"),
            Shape::Word | Shape::Site(_) | Shape::Language(_) | Shape::Age(..) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests;
