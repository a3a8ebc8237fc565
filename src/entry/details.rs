//! What few entries have: how they are discussed, what they come from, where they are, who may use them.

use serde::{Deserialize, Serialize};

use super::removed::Removed;

/// The rarer fields of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Links that are neither its page nor files, in the order of the feed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<RelatedLink>,
    /// How many comments it has (`slash:comments`, `thr:total`), at the last edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_count: Option<u32>,
    /// The absolute address of the feed of its comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments_feed: Option<String>,
    /// What it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<Answered>,
    /// Its terms of use, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Where it happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Location>,
    /// What is said of its categories beside their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryDetails>,
    /// What was removed from its texts before they were kept.
    #[serde(skip_serializing_if = "Removed::is_empty")]
    pub removed: Removed,
}

/// A link with its relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RelatedLink {
    /// `via`, `related`, `license`, or `external` for the page elsewhere that it is about (JSON Feed).
    pub rel: String,
    /// Absolute address.
    pub url: String,
    /// Title, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// An entry that another one answers (RFC 4685).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answered {
    /// Its id, an absolute URI.
    pub id: String,
    /// Its absolute address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A place (GeoRSS Simple).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    /// Latitude and longitude in turn, in degrees, between spaces: one pair is a point, two or more a line; a polygon
    /// ends where it begins.
    pub coordinates: String,
    /// Its name, as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What is said of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryDetails {
    /// The category, as the entry names it.
    pub name: String,
    /// By what programs know it, if that is not its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// The list that it belongs to: a URI in Atom, any text in RSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}
