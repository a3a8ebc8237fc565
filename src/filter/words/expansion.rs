//! The words and phrases that a word or topic expands to. Pure.

use std::collections::BTreeMap;

use super::language_set::LanguageSet;

/// Folded words and phrases, any of which may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Single words.
    pub words: Forms,
    /// Phrases: for each position, the words that may stand there. Sorted, each once.
    pub phrases: Vec<Vec<Forms>>,
}

impl Expansion {
    pub(super) fn sorted(mut self) -> Expansion {
        self.phrases.sort_unstable();
        self.phrases.dedup();
        self
    }
}

/// Folded forms, each with the languages of the entries in which it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forms(BTreeMap<String, LanguageSet>);

impl Forms {
    /// Adds a form. One that is known counts in the languages of both.
    pub(super) fn add(&mut self, form: impl Into<String>, languages: LanguageSet) {
        let known = self.0.entry(form.into()).or_insert(languages);
        *known = known.union(languages);
    }

    /// Adds forms that count in the same languages.
    pub(super) fn add_all(&mut self, forms: impl IntoIterator<Item = String>, languages: LanguageSet) {
        forms.into_iter().for_each(|form| self.add(form, languages));
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, LanguageSet)> {
        self.0.iter().map(|(form, languages)| (form.as_str(), *languages))
    }

    /// Whether a folded form is among them.
    #[must_use]
    pub fn contains(&self, form: &str) -> bool {
        self.0.contains_key(form)
    }
}
