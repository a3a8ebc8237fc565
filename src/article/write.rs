//! An article as text and as HTML. Pure.

use super::finder::Finder;
use super::page_tree::NodeIndex;
use crate::html::{Element, NodeData};

/// Elements without content and end tag.
const VOID: [&str; 5] = ["br", "hr", "img", "source", "wbr"];

/// Elements that are written without text of the article within.
const IMAGES: [&str; 5] = ["img", "picture", "source", "amp-img", "amp-anim"];

/// The blocks that are kept, a line each.
pub(super) fn text(found: &Finder<'_>) -> String {
    let kept = found.page.blocks.iter().zip(&found.kept).filter(|(_, kept)| **kept);
    kept.map(|(block, _)| block.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// The kept blocks with the elements around them, the pictures among them, and their captions. Not cleaned.
pub(super) fn html(found: &Finder<'_>) -> String {
    let written = written_places(found);
    let mut html = String::new();
    // The elements that are open, with their ends.
    let mut open: Vec<(NodeIndex, &str)> = Vec::new();
    for place in written.iter().enumerate().filter(|(_, is_written)| **is_written).map(|(place, _)| place) {
        close(&mut html, &mut open, place);
        match found.page.tree.data(found.page.nodes[place].id) {
            NodeData::Text(text) => html.push_str(&htmlize::escape_text(&**text)),
            NodeData::Element(element) => {
                start_tag(&mut html, element);
                if !VOID.contains(&element.local_name()) {
                    open.push((found.page.nodes[place].end, element.local_name()));
                }
            }
            NodeData::Other => {}
        }
    }
    close(&mut html, &mut open, NodeIndex::MAX);
    html
}

fn written_places(found: &Finder<'_>) -> Vec<bool> {
    let page = found.page;
    let mut written = vec![false; page.nodes.len()];
    let kept = page.blocks.iter().zip(&found.kept).filter(|(_, kept)| **kept);
    let end = kept.clone().next_back().map_or(0, |(block, _)| block.end);
    for (block, _) in kept {
        // What only separates this block from the next is none of it.
        written[block.start..block.end].fill(true);
    }
    for place in found.root..end.min(page.nodes.len()) {
        let is_picture = IMAGES.contains(&page.name(place));
        let is_caption = page.name(place) == "figcaption";
        if (is_picture || is_caption) && !found.is_dropped_part(place) {
            written[place..page.nodes[place].end].fill(true);
        }
    }
    // An element is written if something within it is.
    for place in (1..page.nodes.len()).rev() {
        let parent = page.nodes[place].parent;
        written[parent] |= written[place];
    }
    for around in page.ancestors(found.root) {
        written[around] = false;
    }
    written
}

fn close(html: &mut String, open: &mut Vec<(NodeIndex, &str)>, place: NodeIndex) {
    while let Some((_, name)) = open.pop_if(|(end, _)| *end <= place) {
        html.push_str("</");
        html.push_str(name);
        html.push('>');
    }
}

fn start_tag(html: &mut String, element: &Element) {
    html.push('<');
    html.push_str(element.local_name());
    for (name, value) in element.attributes() {
        if !matches!(name, "class" | "id")
            && !name.starts_with("on")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            html.push(' ');
            html.push_str(name);
            html.push_str("=\"");
            html.push_str(&htmlize::escape_attribute(value));
            html.push('"');
        }
    }
    html.push('>');
}
