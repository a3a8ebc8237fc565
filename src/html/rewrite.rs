//! Rewrites HTML so that nothing is lost that ammonia, which sanitizes it next, would remove without a trace. Pure.
//!
//! What a reader would see stays in another form: pictures that scripts load, frames, formulas. What it would not see
//! goes with its text. Addresses become absolute. The walk over the tree uses no recursion.

mod formulas;
mod frames;
mod images;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;

use html5ever::ns;

use super::addresses::Addresses;
use super::limits::is_within_limits;
use super::tree::{Element, NodeData, NodeId, Side, Tree};
use super::visible::{hides, is_hidden_attribute};
use super::{data_image, lazy, srcset, visible};

/// Elements without content and end tag.
const VOID: [&str; 6] = ["br", "col", "hr", "input", "track", "wbr"];

/// Elements that are never shown, nor is their text.
const UNSEEN: [&str; 17] = [
    "area", "base", "basefont", "bgsound", "datalist", "frame", "frameset", "head", "link", "meta",
    "noembed", "noframes", "param", "script", "style", "template", "title",
];

/// What is done with elements that a browser hides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    Removed,
    /// Where nothing else would be left.
    Kept,
}

/// The rewritten HTML. It is not safe yet.
pub(super) fn rewrite(html: &str, addresses: &Addresses, hidden: Hidden) -> String {
    let tree = Tree::parse(html);
    let mut rewriter = Rewriter {
        tree: &tree,
        addresses,
        hidden,
        output: String::with_capacity(html.len()),
        steps: Vec::new(),
        images: HashSet::new(),
        frames: HashSet::new(),
        noscript_depth: 0,
        data_bytes: 0,
    };
    rewriter.body(tree.body());
    rewriter.run();
    rewriter.output
}

/// What is left to do, the next last.
enum Step {
    /// Write a node and those after it.
    Siblings(NodeId),
    Node(NodeId),
    Write(Cow<'static, str>),
    EndNoscript,
}

struct Rewriter<'a> {
    tree: &'a Tree,
    addresses: &'a Addresses,
    hidden: Hidden,
    output: String,
    steps: Vec<Step>,
    /// Addresses of the pictures so far that a `noscript` shows again, or that are from one.
    images: HashSet<String>,
    frames: HashSet<String>,
    noscript_depth: usize,
    /// The length of all pictures in addresses so far.
    data_bytes: usize,
}

impl Rewriter<'_> {
    /// A document's direction and language are those of its `body`, or of `html`.
    fn body(&mut self, body: NodeId) {
        let outer = [Some(body), self.tree.parent(body)].into_iter().flatten();
        let outer = outer.filter_map(|id| self.tree.element(id));
        let mut directed =
            outer.filter(|element| ["dir", "lang"].iter().any(|name| element.value(name).is_some()));
        if let Some(element) = directed.next() {
            self.start_tag("div", element, None);
            self.steps.push(Step::Write("</div>".into()));
        }
        self.children(body);
    }

    fn run(&mut self) {
        while let Some(step) = self.steps.pop() {
            self.step(step);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Siblings(id) => {
                self.steps.extend(self.tree.next(id).map(Step::Siblings));
                self.node(id);
            }
            Step::Node(id) => self.node(id),
            Step::Write(text) => self.output.push_str(&text),
            Step::EndNoscript => self.noscript_depth -= 1,
        }
    }

    fn node(&mut self, id: NodeId) {
        match self.tree.data(id) {
            NodeData::Text(text) => self.output.push_str(&htmlize::escape_text(&**text)),
            NodeData::Other => {}
            NodeData::Element(element) => match element.name.ns {
                _ if self.hidden == Hidden::Removed && self.is_hidden(id, element) => {}
                ns!(mathml) => self.formula(id, element),
                ns!(svg) => self.drawing(id, element),
                _ => self.element(id, element),
            },
        }
    }

    fn is_hidden(&self, id: NodeId, element: &Element) -> bool {
        let style = element.value("style");
        style.is_some_and(hides)
            || element.value("hidden").is_some_and(|value| is_hidden_attribute(value, style))
            || (element.local_name() == "dialog" && element.value("open").is_none())
            || (element.value("aria-hidden") == Some("true") && self.repeats_formula(id))
    }

    /// Whether an element that is hidden from screen readers stands beside a formula: it is the same one, drawn with letters.
    fn repeats_formula(&self, id: NodeId) -> bool {
        let is_formula =
            |id: NodeId| self.tree.element(id).is_some_and(|element| element.name.ns == ns!(mathml));
        [Side::Before, Side::After].into_iter().filter_map(|side| self.tree.neighbour(id, side)).any(
            |beside| is_formula(beside) || self.tree.child_elements(beside).next().is_some_and(is_formula),
        ) && !self.is_picture(id)
    }

    fn element(&mut self, id: NodeId, element: &Element) {
        self.player(element);
        self.card(id, element);
        match element.local_name() {
            "script" if element.value("type").is_some_and(|kind| kind.trim().starts_with("math/")) => {
                self.children(id);
            }
            name if UNSEEN.contains(&name) => {}
            "img" | "amp-img" | "amp-anim" => self.image(id, element),
            "picture" => self.picture(id),
            "iframe" | "amp-iframe" | "embed" | "object" => self.frame(id, element),
            "noscript" => self.noscript(id),
            "listing" | "plaintext" | "xmp" => self.container("pre", id, element),
            "amp-video" => self.container("video", id, element),
            "amp-audio" => self.container("audio", id, element),
            "source" => self.start_tag("source", element, late_address(element)),
            name if VOID.contains(&name) => self.start_tag(name, element, None),
            name => self.container(name, id, element),
        }
    }

    /// What is shown without scripts. A page that was written while they ran has it as a text.
    fn noscript(&mut self, id: NodeId) {
        self.noscript_depth += 1;
        self.steps.push(Step::EndNoscript);
        let first = self.tree.first_child(id).map(|first| (first, self.tree.data(first)));
        match first {
            Some((first, NodeData::Text(text)))
                if self.tree.next(first).is_none()
                    && text.trim_start().starts_with('<')
                    && self.noscript_depth == 1
                    && is_within_limits(text) =>
            {
                self.inner_document(text);
            }
            _ => self.children(id),
        }
    }

    /// Writes the body of a document that is a text of this one.
    fn inner_document(&mut self, html: &str) {
        let mut inner = Rewriter {
            tree: &Tree::parse(html),
            output: std::mem::take(&mut self.output),
            steps: Vec::new(),
            images: std::mem::take(&mut self.images),
            frames: std::mem::take(&mut self.frames),
            ..*self
        };
        inner.children(inner.tree.body());
        inner.run();
        (self.output, self.images, self.frames, self.data_bytes) =
            (inner.output, inner.images, inner.frames, inner.data_bytes);
    }

    fn container(&mut self, name: &str, id: NodeId, element: &Element) {
        let is_media = matches!(name, "audio" | "video");
        self.start_tag(name, element, late_address(element).filter(|_| is_media));
        // HTML drops a line break after this tag.
        let first = self.tree.first_child(id).map(|first| self.tree.data(first));
        if name == "pre" && matches!(first, Some(NodeData::Text(text)) if text.starts_with('\n')) {
            self.output.push('\n');
        }
        self.steps.push(Step::Write(format!("</{name}>").into()));
        self.children(id);
    }

    fn children(&mut self, id: NodeId) {
        self.steps.extend(self.tree.first_child(id).map(Step::Siblings));
    }

    /// Writes a tag with the attributes that may be kept, in their order. `src` replaces the element's own.
    fn start_tag(&mut self, name: &str, element: &Element, src: Option<&str>) {
        self.output.push('<');
        self.output.push_str(name);
        if let Some(src) = src.filter(|_| element.value("src").is_none()) {
            self.attribute("src", src);
        }
        for (attribute, value) in element.attributes() {
            match attribute {
                "src" if src.is_some() => self.attribute(attribute, src.unwrap_or(value)),
                "cite" | "href" | "poster" | "src" => self.attribute(attribute, value),
                // Where a script finds the address, this has only placeholders.
                "srcset" if name == "img" && late_address(element).is_none() => {
                    let cleaned = srcset::cleaned(value, self.addresses);
                    cleaned.iter().for_each(|cleaned| self.attribute(attribute, cleaned));
                }
                "srcset" => {}
                "name" if name == "a" && element.value("id").is_none() => self.attribute("id", value),
                "dir" => {
                    let direction = value.to_ascii_lowercase();
                    if matches!(direction.as_str(), "ltr" | "rtl" | "auto") {
                        self.attribute(attribute, &direction);
                    }
                }
                _ if is_plain_name(attribute) => self.attribute(attribute, value),
                _ => {}
            }
        }
        self.output.push('>');
    }

    /// Writes an attribute; an address only as it is published.
    fn attribute(&mut self, name: &str, value: &str) {
        let value = match name {
            "cite" | "href" | "poster" | "src" if !data_image::is_data_image(value) => {
                let address = self.addresses.clean(value);
                // Only a link can lead to a place in the text.
                let Some(address) = address.filter(|address| name == "href" || !address.starts_with('#'))
                else {
                    return;
                };
                address
            }
            _ => Cow::Borrowed(value),
        };
        self.output.extend([" ", name, "=\"", &htmlize::escape_attribute(&*value), "\""]);
    }
}

/// Where a script finds the address of an element.
fn late_address(element: &Element) -> Option<&str> {
    element.attributes().find_map(|(name, value)| lazy::late_address(name, value))
}

/// Whether an attribute may be one that is kept.
fn is_plain_name(name: &str) -> bool {
    name != "style" && !name.starts_with("data-") && name.bytes().all(|b| b.is_ascii_alphanumeric())
}
