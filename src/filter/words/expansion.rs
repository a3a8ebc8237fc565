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
    /// What is not in another one.
    pub(super) fn without(mut self, other: &Expansion) -> Expansion {
        self.words.0.retain(|(form, _), _| !other.words.contains(form));
        self.phrases.retain(|phrase| !other.phrases.contains(phrase));
        self
    }

    pub(super) fn sorted(mut self) -> Expansion {
        self.phrases.sort_unstable();
        self.phrases.dedup();
        self
    }
}

/// How a form must be written in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Written {
    /// In any way.
    Anyhow,
    /// With a capital, unless the entry is certainly in the form's language.
    Name,
    /// With a capital, or wholly in capitals.
    Capital,
    /// In capitals, except a plural `s`.
    Capitals,
    /// In any way, in a text that has capitals: in small letters alone, names and words look the same.
    InProse,
    /// In small letters, in a text that has capitals: with one it is a surname.
    Small,
    /// With a capital inside: ArbeiterInnen.
    InnerCapital,
    /// In capitals with a stop after each: U.N.
    Stops,
    /// Before a hyphen: армяно-.
    FirstHalf,
}

/// In which entries a form counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// Those that may be in one of these languages.
    pub languages: LanguageSet,
    /// Where it is written like this.
    pub written: Written,
}

impl Condition {
    /// Everywhere.
    pub const NONE: Condition = Condition { languages: LanguageSet::ALL, written: Written::Anyhow };
}

/// Folded forms, each with the conditions under which it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forms(BTreeMap<(String, Written), LanguageSet>);

impl Forms {
    /// Adds a form. One that is known counts in the languages of both.
    pub(super) fn add(&mut self, form: impl Into<String>, languages: LanguageSet) {
        self.add_if(form, Condition { languages, written: Written::Anyhow });
    }

    /// Adds forms that count in the same languages.
    pub(super) fn add_all(&mut self, forms: impl IntoIterator<Item = String>, languages: LanguageSet) {
        forms.into_iter().for_each(|form| self.add(form, languages));
    }

    /// Adds a form that counts under a condition.
    pub(super) fn add_if(&mut self, form: impl Into<String>, condition: Condition) {
        let known = self.0.entry((form.into(), condition.written)).or_insert(condition.languages);
        *known = known.union(condition.languages);
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Condition)> {
        self.0.iter().map(|((form, written), languages)| {
            (form.as_str(), Condition { languages: *languages, written: *written })
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a folded form is among them.
    #[must_use]
    pub fn contains(&self, form: &str) -> bool {
        self.0.range((form.to_owned(), Written::Anyhow)..).next().is_some_and(|((known, _), _)| known == form)
    }
}
