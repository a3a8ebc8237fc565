//! Pictures, wherever their addresses are. Pure.

use std::borrow::Cow;

use super::{Rewriter, Step, data_image, late_address, lazy, visible};
use crate::html::tree::{Element, NodeId, Side};

/// Formats of the sources of a `picture`, the most widely shown last.
const FORMATS: [&str; 3] = ["image/jxl", "image/avif", "image/webp"];

/// The address of a picture, as the document has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ImageSource<'a> {
    /// In `src`.
    Plain(&'a str),
    /// Where a script finds it, or one of several sizes.
    Late(&'a str),
}

impl<'a> ImageSource<'a> {
    fn address(self) -> &'a str {
        match self {
            ImageSource::Plain(address) | ImageSource::Late(address) => address,
        }
    }
}

impl Rewriter<'_> {
    pub(super) fn is_picture(&self, id: NodeId) -> bool {
        self.tree
            .element(id)
            .is_some_and(|element| matches!(element.local_name(), "img" | "amp-img" | "picture"))
    }

    /// An `img`, or what stands for one. HTML that is not closed has the rest of the text in an `amp-img`.
    pub(super) fn image(&mut self, id: NodeId, element: &Element) {
        // AMP shows these in place of a picture, until it is loaded or if it cannot be.
        let stands_in =
            self.tree.parent(id).and_then(|parent| self.tree.element(parent)).is_some_and(|parent| {
                parent.local_name().starts_with("amp-")
                    && (element.value("placeholder").is_some() || element.value("fallback").is_some())
            });
        if !stands_in {
            self.write_image(id, element, source(element));
        }
        self.children(id);
    }

    /// One `img`: its own address, or else that of a source in the most widely shown format.
    pub(super) fn picture(&mut self, id: NodeId) {
        let named = |names: &'static [&'static str]| {
            let children = self.tree.children(id).filter_map(|id| Some((id, self.tree.element(id)?)));
            children.filter(|(_, element)| names.contains(&element.local_name()))
        };
        let image = named(&["img", "amp-img"]).next();
        let own = image.and_then(|(_, element)| source(element));
        let rank =
            |element: &Element| FORMATS.iter().position(|format| element.value("type") == Some(format));
        let sources = named(&["source"]).filter_map(|(id, element)| Some((id, element, source(element)?)));
        let best = sources.max_by_key(|(_, element, _)| rank(element).unwrap_or(FORMATS.len()));
        match (image, best) {
            (Some((id, element)), Some((.., source))) if own.is_none_or(is_data) => {
                self.write_image(id, element, Some(ImageSource::Late(source.address())));
            }
            (Some((id, element)), _) => self.write_image(id, element, own),
            (None, Some((id, element, source))) => self.write_image(id, element, Some(source)),
            (None, None) => {}
        }
        // Without its end tag the rest of the text is in it.
        let is_used =
            |other: NodeId| image.is_some_and(|(id, _)| id == other) || is_source(self.tree.element(other));
        let others: Vec<Step> = self.tree.children(id).filter(|id| !is_used(*id)).map(Step::Node).collect();
        self.steps.extend(others.into_iter().rev());
    }

    fn write_image(&mut self, id: NodeId, element: &Element, source: Option<ImageSource<'_>>) {
        let Some(source) = source else { return };
        let (address, is_late) = (source.address(), matches!(source, ImageSource::Late(_)));
        if (is_late || is_data(source)) && self.is_shown_by_noscript(id) {
            return;
        }
        let alt = element.value("alt").unwrap_or_default().trim();
        let address = if data_image::is_data_image(address) {
            if self.data_bytes + address.len() > data_image::MAX_TEXT_BYTES || !data_image::is_kept(address) {
                return self.write_trace(address, alt);
            }
            self.data_bytes += address.len();
            Cow::Borrowed(address)
        } else {
            let address = self.addresses.clean(address);
            let Some(address) = address.filter(|address| !address.starts_with('#')) else {
                return self.output.push_str(&htmlize::escape_text(alt));
            };
            address
        };
        if !visible::is_visible(&address, |name| element.value(name).map(Cow::Borrowed)) {
            return;
        }
        let is_again = !self.images.insert(address.clone().into_owned());
        if !is_again || !(is_late || self.noscript_depth > 0) {
            self.start_tag("img", element, Some(&address));
        }
    }

    /// What is left of a picture in an address that is too long: a link to the page that shows it.
    fn write_trace(&mut self, address: &str, alt: &str) {
        let is_long = address.len() > 10_000;
        let words = if alt.is_empty() && is_long { "Picture" } else { alt };
        match &self.addresses.page {
            Some(page) if is_long => {
                let page = page.as_str().to_owned();
                self.output.push_str("<a");
                self.attribute("href", &page);
                self.output.extend([">", &htmlize::escape_text(words), "</a>"]);
            }
            _ => self.output.push_str(&htmlize::escape_text(words)),
        }
    }

    /// Whether the `noscript` after a picture has nothing but the same one.
    fn is_shown_by_noscript(&self, id: NodeId) -> bool {
        let Some(beside) = self.tree.neighbour(id, Side::After).filter(|_| self.noscript_depth == 0) else {
            return false;
        };
        let mut inside = self.tree.child_elements(beside).filter_map(|id| self.tree.element(id));
        let is_shown = |element: &Element| {
            let address = source(element).map(ImageSource::address);
            address.is_some_and(|address| {
                visible::is_visible(address, |name| element.value(name).map(Cow::Borrowed))
            })
        };
        self.tree.element(beside).is_some_and(|element| element.local_name() == "noscript")
            && inside.next().is_some_and(is_shown)
            && inside.next().is_none()
    }
}

fn is_source(element: Option<&Element>) -> bool {
    element.is_some_and(|element| element.local_name() == "source")
}

fn is_data(source: ImageSource<'_>) -> bool {
    matches!(source, ImageSource::Plain(address) if address.trim_start().starts_with("data:"))
}

/// Where the address of a picture is: where a script takes it from, else in `src`, unless that is only a placeholder.
fn source(element: &Element) -> Option<ImageSource<'_>> {
    let late = late_address(element);
    let src = element.value("src").filter(|src| !src.trim_ascii().is_empty()).map(ImageSource::Plain);
    let plain = || src.filter(|src| !is_data(*src) && src.address() != "about:blank");
    let sizes = || element.value("srcset").and_then(lazy::best_candidate).map(ImageSource::Late);
    let anywhere = || {
        let others =
            element.attributes().filter(|(name, _)| !matches!(*name, "src" | "srcset" | "alt" | "title"));
        others.filter_map(|(_, value)| lazy::picture_address(value)).next().map(ImageSource::Late)
    };
    late.map(ImageSource::Late).or_else(plain).or_else(sizes).or_else(anywhere).or(src)
}
