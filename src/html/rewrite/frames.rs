//! Frames, objects and players, as frames; documents show links instead. Pure.

use std::borrow::Cow;

use super::{Rewriter, late_address, lazy, visible};
use crate::html::embeds::{card_address, is_player};
use crate::html::limits::is_within_limits;
use crate::html::tree::{Element, NodeData, NodeId, Tree};

/// Elements of scripts that stand for a frame: the name, the attribute with an id, and the address before the id.
const PLAYERS: [(&str, &str, &str); 9] = [
    ("amp-dailymotion", "data-videoid", "https://www.dailymotion.com/embed/video/"),
    ("amp-instagram", "data-shortcode", "https://www.instagram.com/p/"),
    ("amp-twitter", "data-tweetid", "https://twitter.com/i/status/"),
    ("amp-vimeo", "data-videoid", "https://player.vimeo.com/video/"),
    ("amp-youtube", "data-videoid", "https://www.youtube.com/embed/"),
    ("lite-vimeo", "videoid", "https://player.vimeo.com/video/"),
    ("lite-youtube", "videoid", "https://www.youtube.com/embed/"),
    ("script", "data-telegram-post", "https://t.me/"),
    ("youtube-video", "videoid", "https://www.youtube.com/embed/"),
];

impl Rewriter<'_> {
    pub(super) fn frame(&mut self, id: NodeId, element: &Element) {
        let name = element.local_name();
        let address = match name {
            "object" => element.value("data").or_else(|| parameter(self.tree, id)),
            _ => late_address(element).or(element.value("src")),
        };
        let is_image = element.value("type").is_some_and(|kind| kind.starts_with("image/"));
        match address.map(str::trim) {
            Some(address) if is_image && matches!(name, "embed" | "object") => {
                self.bare_image(address, element);
            }
            Some(address) => self.write_frame(address, element),
            None => self.frame_document(element),
        }
        // What older readers show instead. A frame's content is nothing but text.
        if name != "iframe" {
            self.children(id);
        }
    }

    /// A frame may have its document in itself. One within it is not read: documents may be nested without end.
    fn frame_document(&mut self, element: &Element) {
        let document =
            element.value("srcdoc").filter(|html| self.noscript_depth == 0 && is_within_limits(html));
        if let Some(html) = document.map(str::to_owned) {
            self.noscript_depth += 1;
            self.inner_document(&html);
            self.noscript_depth -= 1;
        }
    }

    /// A card that a script fills with a post of another site. One that has the words of the post stays as it is.
    pub(super) fn card(&mut self, id: NodeId, element: &Element) {
        let value = |name: &str| element.value(name).map(|value| value.trim().to_owned());
        let address = card_address(element.local_name(), value).filter(|_| !self.shows_something(id));
        if let Some(address) = address {
            self.write_frame(&address, element);
        }
    }

    /// Whether an element has words, links or pictures.
    fn shows_something(&self, id: NodeId) -> bool {
        let mut open: Vec<NodeId> = self.tree.children(id).collect();
        while let Some(node) = open.pop() {
            match self.tree.data(node) {
                NodeData::Text(text) if !text.trim().is_empty() => return true,
                NodeData::Element(element) if matches!(element.local_name(), "a" | "img" | "iframe") => {
                    return true;
                }
                _ => open.extend(self.tree.children(node)),
            }
        }
        false
    }

    /// Writes a picture that has no attributes of its own.
    pub(super) fn bare_image(&mut self, address: &str, element: &Element) {
        let Some(url) = self.addresses.web(address) else { return };
        if visible::is_visible(url.as_str(), |name| element.value(name).map(Cow::Borrowed)) {
            self.output.push_str("<img");
            self.attribute("src", url.as_str());
            self.output.push('>');
        }
    }

    /// An element that a script makes a player: by its name, or because it has the address of a known one.
    pub(super) fn player(&mut self, element: &Element) {
        let by_name = PLAYERS.iter().filter(|(name, ..)| *name == element.local_name());
        let by_name = by_name
            .filter_map(|(_, id, before)| Some(format!("{before}{}", element.value(id)?.trim())))
            .next();
        let by_address = || {
            let late = element.attributes().filter_map(|(name, value)| lazy::late_address(name, value));
            let mut players = late.filter_map(|address| self.addresses.web(address)).filter(is_player);
            players.next().map(String::from)
        };
        // The script writes the file into the page.
        let gist = || {
            let src = element.value("src").filter(|_| element.local_name() == "script")?;
            Some(
                src.strip_prefix("https://gist.github.com/").map(|_| src.trim_end_matches(".js"))?.to_owned(),
            )
        };
        if let Some(address) = by_name.or_else(gist).or_else(by_address) {
            self.write_frame(&address, element);
        }
    }

    /// Writes a frame that is meant to be seen, each address once.
    fn write_frame(&mut self, address: &str, element: &Element) {
        let Some(url) = self.addresses.web(address) else { return };
        if !visible::is_visible(url.as_str(), |name| element.value(name).map(Cow::Borrowed))
            || !self.frames.insert(url.as_str().to_owned())
        {
            return;
        }
        let address = if url.as_str().starts_with(address) { address } else { url.as_str() };
        self.output.push_str("<iframe");
        self.attribute("src", address);
        for (name, value) in element.attributes() {
            if matches!(name, "width" | "height" | "title" | "allowfullscreen") {
                self.attribute(name, value);
            }
        }
        self.output.push_str("></iframe>");
    }
}

/// The address of a player among the parameters of an object.
fn parameter(tree: &Tree, id: NodeId) -> Option<&str> {
    let parameters = tree.child_elements(id).filter_map(|id| tree.element(id));
    parameters.filter(|element| element.local_name() == "param").find_map(|parameter| {
        let name = parameter.value("name")?;
        ["movie", "src", "url", "filename"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
            .then(|| parameter.value("value"))?
    })
}
