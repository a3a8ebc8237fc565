//! What was removed from the HTML of an entry before it was kept. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many things of each kind were removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Removed(pub BTreeMap<RemovedKind, u32>);

/// Kinds of what is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedKind {
    /// `script`, with what is in it.
    Script,
    /// An attribute that runs a script.
    EventHandler,
    /// A picture that only counts readers.
    TrackingPicture,
    /// Another picture: one that is shown twice, or has no address of the web.
    Picture,
    /// A frame, an object or a player.
    Frame,
    /// A form, or a control of one.
    FormControl,
    /// `style` and `link`, with what is in them.
    StyleSheet,
    /// The style of an element.
    Style,
    /// An element that is not shown, with what is in it.
    HiddenElement,
    /// A drawing, with what is in it.
    Drawing,
    /// An address that does not lead to the web.
    Address,
    /// A comment.
    Comment,
}

impl RemovedKind {
    /// All of them, in the order in which they are told; each with its name for people, of one and of several.
    pub const NAMES: [(RemovedKind, [&'static str; 2]); 12] = [
        (RemovedKind::Script, ["script", "scripts"]),
        (RemovedKind::EventHandler, ["event handler", "event handlers"]),
        (RemovedKind::TrackingPicture, ["tracking picture", "tracking pictures"]),
        (RemovedKind::Picture, ["repeated or broken picture", "repeated or broken pictures"]),
        (RemovedKind::Frame, ["frame", "frames"]),
        (RemovedKind::FormControl, ["form control", "form controls"]),
        (RemovedKind::StyleSheet, ["style sheet", "style sheets"]),
        (RemovedKind::Style, ["style of an element", "styles of elements"]),
        (RemovedKind::HiddenElement, ["hidden element", "hidden elements"]),
        (RemovedKind::Drawing, ["drawing", "drawings"]),
        (RemovedKind::Address, ["address outside the web", "addresses outside the web"]),
        (RemovedKind::Comment, ["comment", "comments"]),
    ];
}

impl Removed {
    /// Whether nothing was removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what was removed elsewhere.
    pub fn add(&mut self, other: &Removed) {
        for (kind, count) in &other.0 {
            let sum = self.0.entry(*kind).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}
