//! Where two readings of one document differ. Pure.

use std::fmt;

use jiff::Unit;

use super::{Feed, NotAFeed};
use crate::entry::Entry;
use crate::text::{TextFor, html_to_text, log_excerpt};

/// A field that two readers read differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// The position of the entry, from 1; `None`: the number of entries.
    pub entry: Option<usize>,
    /// Which field.
    pub field: &'static str,
    /// The start of what the first reader has.
    pub first: String,
    /// The start of what the second reader has.
    pub second: String,
}

/// How the second reader reads the same document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondOpinion {
    /// Why it does not.
    Unreadable(String),
    /// What it reads otherwise.
    Read(Vec<FieldDifference>),
}

impl SecondOpinion {
    /// Of a document that ours has read as `feed`.
    #[must_use]
    pub fn new(feed: &Feed, second: Result<Feed, NotAFeed>) -> SecondOpinion {
        match second {
            Ok(second) => SecondOpinion::Read(differences(feed, &second)),
            Err(error) => SecondOpinion::Unreadable(error.to_string()),
        }
    }
}

/// What it does, in words that follow its name.
impl fmt::Display for SecondOpinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differences = match self {
            SecondOpinion::Unreadable(error) => return write!(f, "cannot read it: {error}"),
            SecondOpinion::Read(differences) => differences,
        };
        let Some(FieldDifference { entry, field, first, second }) = differences.first() else {
            return f.write_str("reads the same");
        };
        let Some(entry) = entry else { return write!(f, "reads {second} entries, not {first}") };
        let [first, second] = [first, second].map(|value| match &**value {
            "" => "none".to_owned(),
            value => format!("`{value}`"),
        });
        write!(f, "reads another {field} of entry {entry}: {second}, not {first}")?;
        match differences.len() - 1 {
            0 => Ok(()),
            1 => f.write_str("; and 1 more difference"),
            more => write!(f, "; and {more} more differences"),
        }
    }
}

/// A name, and what an entry has there.
type Field = (&'static str, fn(&Entry) -> String);

/// Compares the entries by their positions. If the numbers of entries differ, that is the only difference.
#[must_use]
pub fn differences(first: &Feed, second: &Feed) -> Vec<FieldDifference> {
    let (a, b) = (&first.entries, &second.entries);
    if a.len() != b.len() {
        let (first, second) = (a.len().to_string(), b.len().to_string());
        return vec![FieldDifference { entry: None, field: "entries", first, second }];
    }
    let fields: [Field; 7] = [
        ("id", |entry| entry.id.clone().unwrap_or_default()),
        ("title", |entry| entry.title.clone().unwrap_or_default()),
        ("link", |entry| entry.link.clone().unwrap_or_default()),
        ("date", |entry| {
            // feed-rs drops fractions.
            let date = entry.published.or(entry.updated).map(|date| date.round(Unit::Second));
            date.and_then(Result::ok).map_or_else(String::new, |date| date.to_string())
        }),
        ("author", |entry| {
            let names: Vec<&str> = entry.authors.iter().map(|author| author.name.as_str()).collect();
            names.join(", ")
        }),
        ("text", |entry| {
            let html = entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
            html_to_text(html, TextFor::Comparison).split_whitespace().collect::<Vec<_>>().join(" ")
        }),
        ("enclosures", |entry| {
            let mut urls: Vec<&str> = entry.enclosures.iter().map(|file| file.url.as_str()).collect();
            // feed-rs does not tell media from enclosures.
            urls.extend(entry.media.iter().map(|media| media.url.as_str()));
            urls.sort_unstable();
            urls.dedup();
            urls.join(" ")
        }),
    ];
    let mut found = Vec::new();
    for (entry, (a, b)) in a.iter().zip(b).enumerate() {
        for (field, of) in fields {
            let (a, b) = (of(a), of(b));
            if a != b {
                let (first, second) = from_where_they_differ(&a, &b);
                found.push(FieldDifference { entry: Some(entry + 1), field, first, second });
            }
        }
    }
    found
}

fn from_where_they_differ(a: &str, b: &str) -> (String, String) {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| log_excerpt(&text.chars().skip(same.saturating_sub(10)).collect::<String>());
    if same < 60 { (log_excerpt(a), log_excerpt(b)) } else { (rest(a), rest(b)) }
}
