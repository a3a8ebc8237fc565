//! The elements of well-nested HTML, and where each may begin without implied tags or moved elements (HTML 13.2.6.4).
//! Stricter than HTML itself. Pure.

/// Maximum depth of nesting; deeper fragments are left to ammonia.
const MAX_DEPTH: usize = 32;

/// Elements with the same nesting rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementClass {
    /// Inline elements.
    Phrasing,
    /// Its tags are removed.
    Font,
    /// Closes an open link at any depth.
    Link,
    Paragraph,
    /// Closes a paragraph, as headings, lists, tables and horizontal rules do.
    Block,
    Preformatted,
    Heading,
    List,
    ListItem,
    DescriptionList,
    DescriptionItem,
    Table,
    TableSection,
    Row,
    Cell,
    /// Without content and end tag, as horizontal rules and images are.
    Void,
    HorizontalRule,
    Image,
}

impl ElementClass {
    pub(super) fn is_void(self) -> bool {
        matches!(self, ElementClass::Void | ElementClass::HorizontalRule | ElementClass::Image)
    }
}

/// `None` for elements that are removed, parsed differently, or rare.
pub(super) fn class(name: &str) -> Option<ElementClass> {
    Some(match name {
        "abbr" | "acronym" | "b" | "bdi" | "bdo" | "cite" | "code" | "data" | "del" | "dfn" | "em" | "i"
        | "ins" | "kbd" | "mark" | "q" | "s" | "samp" | "small" | "span" | "strike" | "strong" | "sub"
        | "sup" | "time" | "tt" | "u" | "var" => ElementClass::Phrasing,
        "font" => ElementClass::Font,
        "a" => ElementClass::Link,
        "p" => ElementClass::Paragraph,
        "article" | "aside" | "blockquote" | "center" | "details" | "div" | "figcaption" | "figure"
        | "footer" | "header" | "hgroup" | "nav" | "summary" => ElementClass::Block,
        "pre" => ElementClass::Preformatted,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => ElementClass::Heading,
        "ol" | "ul" => ElementClass::List,
        "li" => ElementClass::ListItem,
        "dl" => ElementClass::DescriptionList,
        "dd" | "dt" => ElementClass::DescriptionItem,
        "table" => ElementClass::Table,
        "tbody" | "thead" => ElementClass::TableSection,
        "tr" => ElementClass::Row,
        "td" | "th" => ElementClass::Cell,
        "br" | "wbr" => ElementClass::Void,
        "hr" => ElementClass::HorizontalRule,
        "img" => ElementClass::Image,
        _ => return None,
    })
}

/// Whether an attribute of such an element is kept.
pub(super) fn allows_attribute(element: &str, attribute: &str) -> bool {
    match attribute {
        "dir" | "id" | "lang" | "title" => true,
        "href" | "hreflang" => element == "a",
        "alt" | "height" | "src" | "srcset" | "style" => element == "img",
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
        "start" => element == "ol",
        _ => false,
    }
}

/// The open elements, outermost first.
pub(super) struct OpenStack<'a> {
    names: [&'a str; MAX_DEPTH],
    classes: [ElementClass; MAX_DEPTH],
    depth: usize,
}

impl Default for OpenStack<'_> {
    fn default() -> Self {
        OpenStack { names: [""; MAX_DEPTH], classes: [ElementClass::Phrasing; MAX_DEPTH], depth: 0 }
    }
}

impl<'a> OpenStack<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Whether an element may begin here.
    pub(super) fn allows(&self, class: ElementClass) -> bool {
        let open = &self.classes[..self.depth];
        let outer = open.last().copied();
        match class {
            ElementClass::TableSection => outer == Some(ElementClass::Table),
            ElementClass::Row => outer == Some(ElementClass::TableSection),
            ElementClass::Cell => outer == Some(ElementClass::Row),
            _ if !self.allows_text() => false,
            ElementClass::ListItem => outer == Some(ElementClass::List),
            ElementClass::DescriptionItem => outer == Some(ElementClass::DescriptionList),
            ElementClass::Link => !open.contains(&ElementClass::Link),
            ElementClass::Phrasing | ElementClass::Font | ElementClass::Void | ElementClass::Image => true,
            ElementClass::Heading => {
                outer != Some(ElementClass::Heading) && !open.contains(&ElementClass::Paragraph)
            }
            ElementClass::Paragraph
            | ElementClass::Block
            | ElementClass::Preformatted
            | ElementClass::List
            | ElementClass::DescriptionList
            | ElementClass::Table
            | ElementClass::HorizontalRule => !open.contains(&ElementClass::Paragraph),
        }
    }

    /// Whether text is allowed here. Inside a table, HTML moves text in front of the table.
    pub(super) fn allows_text(&self) -> bool {
        !matches!(
            self.classes[..self.depth].last(),
            Some(ElementClass::Table | ElementClass::TableSection | ElementClass::Row)
        )
    }

    /// `None` if it is too deep.
    pub(super) fn push(&mut self, name: &'a str, class: ElementClass) -> Option<()> {
        *self.names.get_mut(self.depth)? = name;
        self.classes[self.depth] = class;
        self.depth += 1;
        Some(())
    }

    /// Closes the innermost element and returns its name; `None` if none is open.
    pub(super) fn close(&mut self) -> Option<(&'a str, ElementClass)> {
        self.depth = self.depth.checked_sub(1)?;
        Some((self.names[self.depth], self.classes[self.depth]))
    }
}
