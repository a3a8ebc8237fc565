//! An HTML fragment as a tree: what html5ever's tree builder fills, as it is parsed where scripts are off. Pure.
//!
//! Nodes are in one vector and know their neighbours, so every step of the tree builder takes constant time and a deep
//! tree is dropped without recursion.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, LocalName, ParseOpts, QualName, local_name, ns, parse_document, parse_fragment};

/// The index of a node.
pub(crate) type NodeId = usize;

const DOCUMENT: NodeId = 0;

pub(crate) enum NodeData {
    Element(Element),
    Text(StrTendril),
    /// The document, a comment or a doctype.
    Other,
}

pub(crate) struct Element {
    pub(crate) name: QualName,
    attributes: Vec<Attribute>,
    /// An `annotation-xml` of MathML that holds HTML.
    holds_html: bool,
}

impl Element {
    pub(crate) fn local_name(&self) -> &str {
        &self.name.local
    }

    /// Names, in lower case, and values.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|attribute| (&*attribute.name.local, &*attribute.value))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}

struct HtmlNode {
    data: NodeData,
    parent: Option<NodeId>,
    previous: Option<NodeId>,
    next: Option<NodeId>,
    first_child: Option<NodeId>,
    last_child: Option<NodeId>,
}

pub(crate) struct Tree(Vec<HtmlNode>);

impl Tree {
    /// Parses a fragment, or a whole document.
    pub(crate) fn parse(html: &str) -> Tree {
        if is_document(html) {
            return Tree::of_document(html);
        }
        let context = QualName::new(None, ns!(html), local_name!("div"));
        parse_fragment(Sink::new(), without_scripts(), context, Vec::new(), false).one(html)
    }

    /// Parses a whole document, however it begins.
    pub(crate) fn of_document(html: &str) -> Tree {
        parse_document(Sink::new(), without_scripts()).one(html)
    }

    /// The first element.
    pub(crate) fn root(&self) -> NodeId {
        self.children(DOCUMENT).find(|id| self.element(*id).is_some()).unwrap_or(DOCUMENT)
    }

    /// The element whose children are shown: the `body` of a document, the root of a fragment.
    pub(crate) fn body(&self) -> NodeId {
        let root = self.root();
        self.children(root).find(|id| self.is_named(*id, &local_name!("body"))).unwrap_or(root)
    }

    pub(crate) fn data(&self, id: NodeId) -> &NodeData {
        &self.0[id].data
    }

    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match self.data(id) {
            NodeData::Element(element) => Some(element),
            NodeData::Text(_) | NodeData::Other => None,
        }
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.0[id].parent
    }

    pub(crate) fn next(&self, id: NodeId) -> Option<NodeId> {
        self.0[id].next
    }

    pub(crate) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.0[id].first_child
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.first_child(id), |id| self.next(*id))
    }

    /// The elements among the children.
    pub(crate) fn child_elements(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.children(id).filter(|id| self.element(*id).is_some())
    }

    /// The element before or after, if only white space and comments are between.
    pub(crate) fn neighbour(&self, id: NodeId, side: Side) -> Option<NodeId> {
        let step = |id: &NodeId| match side {
            Side::Before => self.0[*id].previous,
            Side::After => self.0[*id].next,
        };
        let is_gap = |id: &NodeId| match self.data(*id) {
            NodeData::Element(_) => false,
            NodeData::Text(text) => text.trim().is_empty(),
            NodeData::Other => true,
        };
        std::iter::successors(step(&id), step).find(|id| !is_gap(id)).filter(|id| self.element(*id).is_some())
    }

    fn is_named(&self, id: NodeId, name: &LocalName) -> bool {
        self.element(id).is_some_and(|element| element.name.local == *name)
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Side {
    Before,
    After,
}

fn without_scripts() -> ParseOpts {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    ParseOpts { tree_builder, ..ParseOpts::default() }
}

/// Whether HTML is a whole document, whose `body` may have a direction and a language.
fn is_document(html: &str) -> bool {
    let start = html.trim_start().as_bytes();
    ["<!doctype", "<html", "<head>", "<body"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes())))
}

/// The tree while it is built.
struct Sink(RefCell<Vec<HtmlNode>>);

impl Sink {
    fn new() -> Sink {
        let sink = Sink(RefCell::default());
        sink.add(NodeData::Other);
        sink
    }

    fn add(&self, data: NodeData) -> NodeId {
        let mut nodes = self.0.borrow_mut();
        nodes.push(HtmlNode {
            data,
            parent: None,
            previous: None,
            next: None,
            first_child: None,
            last_child: None,
        });
        nodes.len() - 1
    }

    /// Takes a node out of its place.
    fn detach(&self, id: NodeId) {
        let nodes = &mut *self.0.borrow_mut();
        let (parent, previous, next) =
            (nodes[id].parent.take(), nodes[id].previous.take(), nodes[id].next.take());
        match (previous, parent) {
            (Some(previous), _) => nodes[previous].next = next,
            (None, Some(parent)) => nodes[parent].first_child = next,
            (None, None) => {}
        }
        match (next, parent) {
            (Some(next), _) => nodes[next].previous = previous,
            (None, Some(parent)) => nodes[parent].last_child = previous,
            (None, None) => {}
        }
    }

    /// Inserts a node before `next`, or as the last child. Text is added to a text before it.
    fn insert(&self, parent: NodeId, next: Option<NodeId>, child: NodeOrText<NodeId>) {
        let previous = {
            let nodes = self.0.borrow();
            next.map_or(nodes[parent].last_child, |next| nodes[next].previous)
        };
        let child = match child {
            NodeOrText::AppendNode(child) => child,
            NodeOrText::AppendText(text) => {
                if let Some(previous) = previous
                    && let NodeData::Text(before) = &mut self.0.borrow_mut()[previous].data
                {
                    before.push_tendril(&text);
                    return;
                }
                self.add(NodeData::Text(text))
            }
        };
        let nodes = &mut *self.0.borrow_mut();
        (nodes[child].parent, nodes[child].previous, nodes[child].next) = (Some(parent), previous, next);
        match previous {
            Some(previous) => nodes[previous].next = Some(child),
            None => nodes[parent].first_child = Some(child),
        }
        match next {
            Some(next) => nodes[next].previous = Some(child),
            None => nodes[parent].last_child = Some(child),
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Tree;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Tree {
        Tree(self.0.into_inner())
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        DOCUMENT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        Ref::map(self.0.borrow(), |nodes| match &nodes[*target].data {
            NodeData::Element(element) => &element.name,
            NodeData::Text(_) | NodeData::Other => {
                unreachable!("the tree builder asks for names of elements")
            }
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        let holds_html = flags.mathml_annotation_xml_integration_point;
        self.add(NodeData::Element(Element { name, attributes, holds_html }))
    }

    fn create_comment(&self, _text: StrTendril) -> NodeId {
        self.add(NodeData::Other)
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> NodeId {
        self.add(NodeData::Other)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        let has_parent = self.0.borrow()[*element].parent.is_some();
        if has_parent { self.append_before_sibling(element, child) } else { self.append(previous, child) }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public_id: StrTendril, _system_id: StrTendril) {}

    /// The contents are the children: they are never shown.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        if let NodeOrText::AppendNode(child) = child {
            self.detach(child);
        }
        let parent = self.0.borrow()[*sibling].parent;
        if let Some(parent) = parent {
            self.insert(parent, Some(*sibling), child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        if let NodeData::Element(element) = &mut self.0.borrow_mut()[*target].data {
            for attribute in attributes {
                if element.attributes.iter().all(|other| other.name != attribute.name) {
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let child = self.0.borrow()[*node].first_child;
            let Some(child) = child else { return };
            self.detach(child);
            self.insert(*new_parent, None, NodeOrText::AppendNode(child));
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &NodeId) -> bool {
        matches!(&self.0.borrow()[*target].data, NodeData::Element(element) if element.holds_html)
    }
}
