//! The elements that may stand in straight HTML, and where each may begin without an end, a move or another
//! element that is not written (13.2.6.4). Stricter than HTML itself. Pure.

/// Elements within each other; what is deeper is left to the tree.
const DEEPEST: usize = 32;

/// What elements have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Part of a line.
    Phrase,
    /// Ends another of its kind wherever that is open.
    Link,
    Paragraph,
    /// These, headings, lists, tables and rules end a paragraph.
    Block,
    Preformatted,
    Heading,
    List,
    Item,
    Terms,
    Term,
    Table,
    Rows,
    Row,
    Cell,
    /// Without content and end, as rules and pictures.
    Void,
    Rule,
    Picture,
}

impl Kind {
    pub(super) fn is_void(self) -> bool {
        matches!(self, Kind::Void | Kind::Rule | Kind::Picture)
    }
}

/// None for the elements that are not kept, are read in another way, or stand in few entries.
pub(super) fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "abbr" | "acronym" | "b" | "bdi" | "bdo" | "cite" | "code" | "data" | "del" | "dfn" | "em" | "i"
        | "ins" | "kbd" | "mark" | "q" | "s" | "samp" | "small" | "span" | "strike" | "strong" | "sub"
        | "sup" | "time" | "tt" | "u" | "var" => Kind::Phrase,
        "a" => Kind::Link,
        "p" => Kind::Paragraph,
        "article" | "aside" | "blockquote" | "center" | "details" | "div" | "figcaption" | "figure"
        | "footer" | "header" | "hgroup" | "nav" | "summary" => Kind::Block,
        "pre" => Kind::Preformatted,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading,
        "ol" | "ul" => Kind::List,
        "li" => Kind::Item,
        "dl" => Kind::Terms,
        "dd" | "dt" => Kind::Term,
        "table" => Kind::Table,
        "tbody" | "thead" => Kind::Rows,
        "tr" => Kind::Row,
        "td" | "th" => Kind::Cell,
        "br" | "wbr" => Kind::Void,
        "hr" => Kind::Rule,
        "img" => Kind::Picture,
        _ => return None,
    })
}

/// Whether the rules keep an attribute of an element that is one of these.
pub(super) fn keeps(element: &str, attribute: &str) -> bool {
    match attribute {
        "lang" | "title" => true,
        "href" | "hreflang" => element == "a",
        "alt" | "height" | "src" | "style" => element == "img",
        "width" => matches!(element, "img" | "hr"),
        "size" => element == "hr",
        "align" => {
            matches!(element, "img" | "hr" | "table" | "tbody" | "td" | "th" | "thead" | "tr")
        }
        "char" | "charoff" => matches!(element, "table" | "tbody" | "td" | "th" | "thead" | "tr"),
        "colspan" | "headers" | "rowspan" => matches!(element, "td" | "th"),
        "scope" => element == "th",
        "summary" => element == "table",
        "cite" => matches!(element, "blockquote" | "del" | "ins" | "q"),
        "datetime" => matches!(element, "del" | "ins"),
        "dir" => element == "bdo",
        "start" => element == "ol",
        _ => false,
    }
}

/// The elements that are open, outermost first.
pub(super) struct Open<'a> {
    names: [&'a str; DEEPEST],
    kinds: [Kind; DEEPEST],
    depth: usize,
}

impl Default for Open<'_> {
    fn default() -> Self {
        Open { names: [""; DEEPEST], kinds: [Kind::Phrase; DEEPEST], depth: 0 }
    }
}

impl<'a> Open<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Whether an element may begin here.
    pub(super) fn admits(&self, kind: Kind) -> bool {
        let open = &self.kinds[..self.depth];
        let outer = open.last().copied();
        match kind {
            Kind::Rows => outer == Some(Kind::Table),
            Kind::Row => outer == Some(Kind::Rows),
            Kind::Cell => outer == Some(Kind::Row),
            _ if !self.takes_text() => false,
            Kind::Item => outer == Some(Kind::List),
            Kind::Term => outer == Some(Kind::Terms),
            Kind::Link => !open.contains(&Kind::Link),
            Kind::Phrase | Kind::Void | Kind::Picture => true,
            Kind::Heading => outer != Some(Kind::Heading) && !open.contains(&Kind::Paragraph),
            Kind::Paragraph
            | Kind::Block
            | Kind::Preformatted
            | Kind::List
            | Kind::Terms
            | Kind::Table
            | Kind::Rule => !open.contains(&Kind::Paragraph),
        }
    }

    /// Whether more than white space may stand here: out of a table it is moved.
    pub(super) fn takes_text(&self) -> bool {
        !matches!(self.kinds[..self.depth].last(), Some(Kind::Table | Kind::Rows | Kind::Row))
    }

    /// None where it is too deep.
    pub(super) fn push(&mut self, name: &'a str, kind: Kind) -> Option<()> {
        *self.names.get_mut(self.depth)? = name;
        self.kinds[self.depth] = kind;
        self.depth += 1;
        Some(())
    }

    /// Ends the innermost; none where nothing is open.
    pub(super) fn close(&mut self) -> Option<&'a str> {
        self.depth = self.depth.checked_sub(1)?;
        Some(self.names[self.depth])
    }
}
