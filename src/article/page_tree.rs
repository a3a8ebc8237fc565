//! The visible part of a page: its nodes in the order of the text, and the blocks of text that they form. Pure.

use html5ever::ns;

use crate::html::{Element, NodeData, NodeId, Tree, hides, is_hidden_attribute};
use crate::text::{is_inline, is_spaceless};

/// Elements that hold no text of an article.
const UNSEEN: [&str; 27] = [
    "area", "applet", "audio", "base", "button", "canvas", "datalist", "embed", "frame", "frameset", "head",
    "iframe", "input", "link", "meta", "noframes", "noscript", "object", "option", "param", "script",
    "select", "style", "template", "textarea", "title", "video",
];

/// Deeper trees are none of pages that people write.
const MAX_DEPTH: usize = 400;

/// A place in the order of the text.
pub(super) type NodeIndex = usize;

pub(super) struct PageNode {
    pub(super) id: NodeId,
    pub(super) parent: NodeIndex,
    /// The innermost block element around it.
    pub(super) block: NodeIndex,
    /// The place after all that is within.
    pub(super) end: NodeIndex,
    /// An element that is no part of a line, or has such elements within.
    pub(super) is_block: bool,
}

/// A run of text, such as a paragraph, that nothing but inline elements divides.
#[derive(Clone, Debug)]
pub(super) struct TextBlock {
    pub(super) start: NodeIndex,
    pub(super) end: NodeIndex,
    /// The innermost block element around it.
    pub(super) parent: NodeIndex,
    /// The text with single spaces; line breaks as such.
    pub(super) text: String,
    /// How much it says: its letters, those of scripts without spaces counted as more.
    pub(super) size: usize,
    /// As much of it is in links.
    pub(super) linked: usize,
    pub(super) links: usize,
}

pub(super) struct PageTree<'a> {
    pub(super) tree: &'a Tree,
    pub(super) nodes: Vec<PageNode>,
    pub(super) blocks: Vec<TextBlock>,
    /// The bytes of texts that a style hides.
    pub(super) hidden_bytes: usize,
}

/// What is done with elements that a style hides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HiddenParts {
    Left,
    Taken,
}

impl<'a> PageTree<'a> {
    /// `None` if the tree is too deep.
    pub(super) fn new(tree: &'a Tree, hidden: HiddenParts) -> Option<PageTree<'a>> {
        let mut page = PageTree { nodes: Vec::new(), blocks: Vec::new(), hidden_bytes: 0, tree };
        page.add_nodes(hidden)?;
        page.mark_blocks();
        page.add_blocks();
        Some(page)
    }

    pub(super) fn element(&self, place: NodeIndex) -> Option<&Element> {
        self.tree.element(self.nodes[place].id)
    }

    pub(super) fn name(&self, place: NodeIndex) -> &str {
        self.element(place).map_or("", Element::local_name)
    }

    pub(super) fn is_within(&self, inner: NodeIndex, outer: NodeIndex) -> bool {
        outer <= inner && inner < self.nodes[outer].end
    }

    /// An element and those around it, the innermost first.
    pub(super) fn ancestors(&self, place: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        std::iter::successors(Some(place), |place| (*place > 0).then(|| self.nodes[*place].parent))
    }

    /// The block elements around a block, the innermost first.
    pub(super) fn elements_around(&self, block: &TextBlock) -> impl Iterator<Item = NodeIndex> {
        self.ancestors(block.parent)
    }

    /// The blocks of an element.
    pub(super) fn blocks_in(&self, place: NodeIndex) -> std::ops::Range<usize> {
        self.blocks_between(place, self.nodes[place].end)
    }

    pub(super) fn blocks_between(&self, start: NodeIndex, end: NodeIndex) -> std::ops::Range<usize> {
        self.blocks.partition_point(|block| block.start < start)
            ..self.blocks.partition_point(|block| block.start < end)
    }

    fn add_nodes(&mut self, hidden: HiddenParts) -> Option<()> {
        let root = self.tree.body();
        // The node, where its parent stands, and how deep it is.
        let mut open = vec![(root, 0, 0)];
        while let Some((id, parent, depth)) = open.pop() {
            if depth > MAX_DEPTH {
                return None;
            }
            let is_seen = match self.tree.data(id) {
                NodeData::Element(element) if id == root => true,
                NodeData::Element(element) if is_hidden(element) && hidden == HiddenParts::Left => {
                    self.hidden_bytes += self.text_bytes(id);
                    false
                }
                NodeData::Element(element) => is_seen(element),
                NodeData::Text(_) => true,
                NodeData::Other => false,
            };
            if !is_seen {
                continue;
            }
            let place = self.nodes.len();
            self.nodes.push(PageNode { id, parent, block: 0, end: place + 1, is_block: false });
            let from = open.len();
            open.extend(self.tree.children(id).map(|child| (child, place, depth + 1)));
            open[from..].reverse();
        }
        for place in (1..self.nodes.len()).rev() {
            let PageNode { parent, end, .. } = self.nodes[place];
            self.nodes[parent].end = self.nodes[parent].end.max(end);
        }
        Some(())
    }

    fn text_bytes(&self, id: NodeId) -> usize {
        let (mut bytes, mut open) = (0, vec![id]);
        while let Some(id) = open.pop() {
            match self.tree.data(id) {
                NodeData::Text(text) => bytes += text.trim().len(),
                NodeData::Element(element) if is_seen(element) => open.extend(self.tree.children(id)),
                NodeData::Element(_) | NodeData::Other => {}
            }
        }
        bytes
    }

    fn mark_blocks(&mut self) {
        for place in (0..self.nodes.len()).rev() {
            let is_own = self
                .element(place)
                .is_some_and(|element| !is_inline(element.local_name()) && !is_media(element));
            if is_own {
                self.nodes[place].is_block = self.name(place) != "br";
            }
            if self.nodes[place].is_block {
                let parent = self.nodes[place].parent;
                self.nodes[parent].is_block = true;
            }
        }
        for place in 1..self.nodes.len() {
            let parent = self.nodes[place].parent;
            self.nodes[place].block =
                if self.nodes[parent].is_block { parent } else { self.nodes[parent].block };
        }
    }

    fn add_blocks(&mut self) {
        let mut builder = TextBlockBuilder::default();
        let mut blocks = Vec::new();
        // Where the innermost link ends.
        let mut link_end = 0;
        for place in 0..self.nodes.len() {
            let node = &self.nodes[place];
            // A block element begins or ends between the last node and this one.
            if node.is_block || node.block != builder.parent {
                blocks.extend(builder.take(place));
                builder.parent = if node.is_block { place } else { node.block };
                builder.start = place;
            }
            match self.tree.data(node.id) {
                NodeData::Text(text) => builder.text(text, place < link_end),
                NodeData::Element(element) => match element.local_name() {
                    "a" if place >= link_end && element.value("href").is_some() => {
                        link_end = node.end;
                        builder.links += 1;
                    }
                    "br" if builder.line_break() => {
                        blocks.extend(builder.take(place));
                        builder.start = place + 1;
                    }
                    _ => {}
                },
                NodeData::Other => {}
            }
        }
        blocks.extend(builder.take(self.nodes.len()));
        self.blocks = blocks;
    }
}

fn is_seen(element: &Element) -> bool {
    element.name.ns == ns!(html) && !UNSEEN.contains(&element.local_name())
}

fn is_hidden(element: &Element) -> bool {
    let style = element.value("style");
    style.is_some_and(hides)
        || element.value("hidden").is_some_and(|value| is_hidden_attribute(value, style))
        || (element.local_name() == "dialog" && element.value("open").is_none())
}

/// Pictures stand in lines.
fn is_media(element: &Element) -> bool {
    matches!(element.local_name(), "img" | "picture" | "source" | "amp-img" | "amp-anim")
}

/// Reads the text of a block.
#[derive(Default)]
struct TextBlockBuilder {
    start: NodeIndex,
    parent: NodeIndex,
    text: String,
    /// A white space was read and not yet written.
    is_space_due: bool,
    /// The last that was read is a line break.
    after_break: bool,
    size: usize,
    linked: usize,
    links: usize,
}

impl TextBlockBuilder {
    fn text(&mut self, text: &str, is_linked: bool) {
        let before = self.size;
        for c in text.chars() {
            if c.is_whitespace() {
                self.is_space_due = true;
                continue;
            }
            if self.is_space_due && !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push(' ');
            }
            (self.is_space_due, self.after_break) = (false, false);
            self.text.push(c);
            self.size += if c.is_ascii() || !is_spaceless(c) { 1 } else { 3 };
        }
        if is_linked {
            self.linked += self.size - before;
        }
    }

    /// Whether the line break is the second one: that divides paragraphs.
    fn line_break(&mut self) -> bool {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        std::mem::replace(&mut self.after_break, true)
    }

    /// The block that ends before a place, if it has text.
    fn take(&mut self, end: NodeIndex) -> Option<TextBlock> {
        let parent = self.parent;
        let read = std::mem::take(self);
        self.parent = parent;
        let text = read.text.trim_end().to_owned();
        (!text.is_empty()).then_some(TextBlock {
            start: read.start,
            end,
            parent,
            text,
            size: read.size,
            linked: read.linked,
            links: read.links,
        })
    }
}
