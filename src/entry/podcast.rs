//! What podcasts say of their episodes and of themselves (Apple's podcast elements, the Podcasting 2.0 namespace).

use serde::{Deserialize, Serialize};

/// An episode, beside its playing time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Episode {
    /// The title without number and name of the podcast, if it differs from the entry's; plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A summary, if it differs from the entry's; plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The absolute address of its cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// Its number in the season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// `full`, `trailer` or `bonus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is not for children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explicit: Option<bool>,
    /// What is said in it, in several forms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
    /// Its chapters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chapters: Option<Chapters>,
    /// Who is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<Person>,
}

/// A transcript of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transcript {
    /// Absolute address.
    pub url: String,
    /// Media type, such as `text/vtt`.
    pub media_type: Option<String>,
    /// BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether its lines have times, and can be shown as captions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub captions: bool,
}

/// The file with the chapters of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapters {
    /// Absolute address.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
}

/// Someone who is heard in an episode, or made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name, as plain text.
    pub name: String,
    /// Such as `guest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The group of roles, such as `cast`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The absolute address of a portrait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The absolute address of a page about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What a podcast says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Podcast {
    /// Who makes it.
    pub author: Option<String>,
    /// Who owns it: the name, never an e-mail address.
    pub owner: Option<String>,
    /// Categories of Apple's list, each with a subcategory or none.
    pub categories: Vec<(String, Option<String>)>,
    /// Whether it is not for children.
    pub explicit: Option<bool>,
    /// The absolute address of its cover.
    pub image: Option<String>,
    /// `episodic` or `serial`.
    pub kind: Option<String>,
    /// The UUID by which it is known wherever it is published (`podcast:guid`).
    pub guid: Option<String>,
}
