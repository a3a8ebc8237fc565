//! What the values of a key may be, as JSON Schema, by the type that they are read as. Pure.

use std::time::Duration;

use ipnet::IpNet;
use serde_json::{Value, json};
use url::Url;

use crate::publish::output::{ContentMode, Stories};
use crate::publish::template::Template;
use crate::serve::ListenAddress;
use crate::source::FullText;
use crate::store::EntryIds;

/// A type that values of the config are read as.
pub(super) trait Shape {
    /// The JSON schema of such a value: a string, unless the type says otherwise.
    fn shape() -> Value {
        json!({ "type": "string" })
    }
}

/// A type of a few values, each with its word.
pub(super) trait Choice: Copy + 'static {
    /// In the order of messages.
    const WORDS: &'static [(&'static str, Self)];
}

impl Choice for EntryIds {
    const WORDS: &'static [(&'static str, Self)] =
        &[("per-output", EntryIds::PerOutput), ("shared", EntryIds::Shared)];
}

impl Choice for Stories {
    const WORDS: &'static [(&'static str, Self)] = &[("merge", Stories::Merge), ("all", Stories::All)];
}

impl Choice for ContentMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("full", ContentMode::Full), ("summary", ContentMode::Summary), ("none", ContentMode::None)];
}

impl Choice for FullText {
    const WORDS: &'static [(&'static str, Self)] =
        &[("no", FullText::No), ("match", FullText::Match), ("publish", FullText::Publish)];
}

impl<T: Choice> Shape for T {
    fn shape() -> Value {
        json!({ "enum": T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
    }
}

/// A section, whose keys are read one by one.
impl Shape for () {
    fn shape() -> Value {
        Value::Null
    }
}

impl Shape for bool {
    fn shape() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Shape for usize {
    fn shape() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

/// A size in bytes.
impl Shape for u64 {
    fn shape() -> Value {
        json!({ "type": "string", "pattern": "^[0-9.]+ ?[kKmMgG]?i?[bB]?$" })
    }
}

impl Shape for Duration {
    fn shape() -> Value {
        json!({ "type": "string", "pattern": "^([0-9]+ ?[a-zA-Z]+ ?)+$" })
    }
}

impl Shape for Url {
    fn shape() -> Value {
        json!({ "type": "string", "format": "uri" })
    }
}

impl Shape for String {}
impl Shape for IpNet {}
impl Shape for ListenAddress {}
impl Shape for Template {}

/// Also a word, such as `none`.
impl Shape for Option<Url> {}

impl<T: Shape> Shape for Vec<T> {
    fn shape() -> Value {
        json!({ "type": "array", "items": T::shape() })
    }
}
