//! What is a word, and which words a user means by one. Pure.

mod fold;
mod plain;

pub use fold::{Tokens, fold, tokens};
pub use plain::plain_text;

/// How far a word reaches beyond itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// Its own inflected forms.
    Forms,
    /// For the name of a country, a city or a people also adjective and people, in its own language.
    Relatives,
}

/// What a word or a topic stands for, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Single words, sorted, each once.
    pub words: Vec<String>,
    /// Names of several words: for each place in the row the words that may stand there.
    pub phrases: Vec<Vec<Vec<String>>>,
}

/// The forms of a word as the user wrote it. `languages` are the BCP 47 tags that the config names.
#[must_use]
pub fn expand(word: &str, _reach: Reach, _languages: &[String]) -> Expansion {
    let mut words: Vec<String> = tokens(word).words().map(str::to_owned).collect();
    words.sort();
    words.dedup();
    Expansion { words, phrases: Vec::new() }
}

/// What a built-in topic stands for, in every language.
#[must_use]
pub fn built_in_topic(_name: &str) -> Option<Expansion> {
    None
}

/// The names of the built-in topics, sorted.
pub fn built_in_topics() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}
