//! Sets of languages: those that a text may be in, and those in which a form of a word counts. Pure.

use super::forms::InflectedLanguage;

/// A set of the languages with inflection rules, and one element for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LanguageSet(u8);

impl LanguageSet {
    /// No language.
    pub const NONE: LanguageSet = LanguageSet(0);

    /// Every language: of a text in an unknown one, of a form that counts anywhere.
    pub const ALL: LanguageSet = LanguageSet(0x7f);

    /// English alone.
    pub const ENGLISH: LanguageSet = LanguageSet(1 << InflectedLanguage::English as u8);

    /// Those with inflection rules that are written in Latin letters, and all others.
    pub const LATIN: LanguageSet = LanguageSet(
        LanguageSet::ENGLISH.0
            | 1 << InflectedLanguage::French as u8
            | 1 << InflectedLanguage::German as u8
            | LanguageSet::OTHERS.0,
    );

    pub(super) const OTHERS: LanguageSet = LanguageSet(0x40);

    /// The set of one language.
    pub(super) fn of(language: InflectedLanguage) -> LanguageSet {
        LanguageSet(1 << language as u8)
    }

    /// The set of the language of a BCP 47 tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> LanguageSet {
        InflectedLanguage::from_tag(tag).map_or(LanguageSet::OTHERS, LanguageSet::of)
    }

    /// The languages in either set.
    #[must_use]
    pub fn union(self, other: LanguageSet) -> LanguageSet {
        LanguageSet(self.0 | other.0)
    }

    /// The languages in both sets.
    #[must_use]
    pub fn intersection(self, other: LanguageSet) -> LanguageSet {
        LanguageSet(self.0 & other.0)
    }

    /// Whether a language is in both sets.
    #[must_use]
    pub fn intersects(self, other: LanguageSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every language of this set is in the other one.
    #[must_use]
    pub fn is_within(self, other: LanguageSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// One bit for each language.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }
}
