//! The text of MathML and SVG, which are not kept themselves. Pure.

use std::borrow::Cow;

use super::{Rewriter, Step};
use crate::html::tree::{Element, NodeId};

impl Rewriter<'_> {
    /// An element of MathML: as text, with what stands above or below the line as HTML has it.
    pub(super) fn formula(&mut self, id: NodeId, element: &Element) {
        let parts: Vec<NodeId> = self.tree.child_elements(id).collect();
        match (element.local_name(), &*parts) {
            // Not shown, or another form of what is.
            ("annotation" | "annotation-xml" | "mphantom", _) => {}
            ("math", []) if self.tree.first_child(id).is_none() => {
                let text = element.value("alttext").unwrap_or_default();
                self.output.push_str(&htmlize::escape_text(text));
            }
            ("msub" | "munder", &[base, below]) => self.sequence([node(base), sub(below)]),
            ("msup" | "mover", &[base, above]) => self.sequence([node(base), sup(above)]),
            ("msubsup" | "munderover", &[base, below, above]) => {
                self.sequence([node(base), sub(below), sup(above)]);
            }
            ("mfrac", &[above, below]) => {
                self.sequence([self.grouped(above), text("/"), self.grouped(below)]);
            }
            ("mroot", &[radicand, index]) => {
                self.sequence([sup(index), [write("√("), Some(Step::Node(radicand)), write(")")]]);
            }
            ("msqrt", _) => self.enclosed(id, "√(".into(), ")".into()),
            ("mfenced", _) => {
                let fence = |name, usual: &'static str| {
                    element
                        .value(name)
                        .map_or(Cow::Borrowed(usual), |fence| htmlize::escape_text(fence).into_owned().into())
                };
                let (open, close) = (fence("open", "("), fence("close", ")"));
                self.steps.push(Step::Write(close));
                for (number, part) in parts.iter().enumerate().rev() {
                    self.steps.push(Step::Node(*part));
                    self.steps.extend((number > 0).then_some(Step::Write(", ".into())));
                }
                self.output.push_str(&open);
            }
            ("mtd" | "mtr" | "mspace", _) => self.enclosed(id, "".into(), " ".into()),
            _ => self.children(id),
        }
    }

    /// An element of SVG: its text, and pictures in it.
    pub(super) fn drawing(&mut self, id: NodeId, element: &Element) {
        match element.local_name() {
            "clipPath" | "defs" | "desc" | "filter" | "marker" | "mask" | "metadata" | "pattern"
            | "script" | "style" | "symbol" | "title" => {}
            "image" => self.bare_image(element.value("href").unwrap_or_default(), element),
            "text" => self.enclosed(id, "".into(), " ".into()),
            _ => self.children(id),
        }
    }

    /// A part that is in brackets if it has parts itself.
    fn grouped(&self, id: NodeId) -> [Option<Step>; 3] {
        if self.tree.child_elements(id).nth(1).is_some() {
            [write("("), Some(Step::Node(id)), write(")")]
        } else {
            node(id)
        }
    }

    fn enclosed(&mut self, id: NodeId, before: Cow<'static, str>, after: Cow<'static, str>) {
        self.output.push_str(&before);
        self.steps.push(Step::Write(after));
        self.children(id);
    }

    fn sequence<const N: usize>(&mut self, parts: [[Option<Step>; 3]; N]) {
        self.steps.extend(parts.into_iter().rev().flat_map(|part| part.into_iter().rev().flatten()));
    }
}

fn write(text: &'static str) -> Option<Step> {
    Some(Step::Write(text.into()))
}

fn text(text: &'static str) -> [Option<Step>; 3] {
    [write(text), None, None]
}

fn node(id: NodeId) -> [Option<Step>; 3] {
    [Some(Step::Node(id)), None, None]
}

fn sub(id: NodeId) -> [Option<Step>; 3] {
    [write("<sub>"), Some(Step::Node(id)), write("</sub>")]
}

fn sup(id: NodeId) -> [Option<Step>; 3] {
    [write("<sup>"), Some(Step::Node(id)), write("</sup>")]
}
