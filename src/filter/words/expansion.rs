//! The words and phrases that a word or topic expands to. Pure.

/// Folded words and phrases, any of which may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Single words, sorted, each once.
    pub words: Vec<String>,
    /// Phrases: for each position, the words that may stand there.
    pub phrases: Vec<Vec<Vec<String>>>,
}

impl Expansion {
    pub(super) fn sorted(mut self) -> Expansion {
        self.words.sort_unstable();
        self.words.dedup();
        for position in self.phrases.iter_mut().flatten() {
            position.sort_unstable();
            position.dedup();
        }
        self.phrases.sort_unstable();
        self.phrases.dedup();
        self
    }
}
