//! The languages that the words of an entry may be in: those of one script are in what the entry declares, else in
//! what its text looks like. Pure.

use std::cell::OnceCell;

use super::words::LanguageSet;
use crate::entry::Entry;
use crate::text::language::{detect, detect_by_words, is_cyrillic, is_latin, start_of_entry};

/// What is read of an entry.
const START_BYTES: usize = 600;

/// A declared language is doubted only where the text has this many bytes.
const TELLING_BYTES: usize = 200;

/// What is known of an entry's languages, found when it is first asked.
#[derive(Default)]
pub(super) struct EntryLanguages {
    start: OnceCell<String>,
    latin: OnceCell<LanguageSet>,
    latin_by_text: OnceCell<LanguageSet>,
    cyrillic: OnceCell<LanguageSet>,
}

/// Whether a word may be in one of some languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likelihood {
    No,
    Maybe,
    Sure,
}

impl EntryLanguages {
    /// Whether a folded word of the entry may be in one of these languages. `declared` is the tag of the entry or its
    /// source.
    pub(super) fn allow(
        &self,
        word: &str,
        languages: LanguageSet,
        entry: &Entry,
        declared: Option<&str>,
    ) -> Likelihood {
        if languages == LanguageSet::ALL {
            return Likelihood::Sure;
        }
        let start = || self.start.get_or_init(|| start_of_entry(entry, START_BYTES)).as_str();
        match word.chars().find(|c| c.is_alphabetic()) {
            Some('\u{400}'..='\u{52f}') => {
                let known = *self.cyrillic.get_or_init(|| cyrillic(declared, start()));
                likelihood(known, languages)
            }
            Some('a'..='z') => {
                let known = *self.latin.get_or_init(|| {
                    let declared = declared.filter(|tag| is_latin(tag)).map(LanguageSet::from_tag);
                    declared.unwrap_or_else(|| latin(start()))
                });
                // Many feeds declare English whatever they are in.
                let is_doubted = !known.intersects(languages) && start().len() >= TELLING_BYTES;
                let found =
                    if is_doubted { *self.latin_by_text.get_or_init(|| latin(start())) } else { known };
                let is_detected = found != LanguageSet::ALL || !is_doubted;
                if is_detected { likelihood(found, languages) } else { Likelihood::No }
            }
            _ => Likelihood::Sure,
        }
    }
}

fn likelihood(known: LanguageSet, languages: LanguageSet) -> Likelihood {
    match (known.is_within(languages), known.intersects(languages)) {
        (true, _) => Likelihood::Sure,
        (_, true) => Likelihood::Maybe,
        _ => Likelihood::No,
    }
}

/// Letters tell Russian from Ukrainian, whatever an entry declares: many sites write both.
fn cyrillic(declared: Option<&str>, text: &str) -> LanguageSet {
    let declared = declared.filter(|tag| is_cyrillic(tag)).map(LanguageSet::from_tag);
    let (russian, ukrainian) = (LanguageSet::from_tag("ru"), LanguageSet::from_tag("uk"));
    if declared.is_some_and(|known| !known.intersects(russian.union(ukrainian))) || text.contains(['ў', 'Ў'])
    {
        return LanguageSet::from_tag("be");
    }
    let has = |letters: &[char]| text.contains(letters);
    match (has(&['ы', 'э', 'ё', 'Ы', 'Э']), has(&['і', 'ї', 'є', 'ґ', 'І', 'Ї', 'Є'])) {
        (true, false) => russian,
        (false, true) => ukrainian,
        _ => declared.unwrap_or(LanguageSet::ALL),
    }
}

/// The language of a Latin text; all if it cannot be told.
fn latin(text: &str) -> LanguageSet {
    if let Some(tag) = detect_by_words(text) {
        return LanguageSet::from_tag(tag);
    }
    match detect(text).filter(|found| found.is_reliable && is_latin(found.tag)) {
        Some(found) => LanguageSet::from_tag(found.tag),
        None => LanguageSet::ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(word: &str, language: &str, title: &str, declared: Option<&str>) -> bool {
        let entry = Entry { title: Some(title.to_owned()), ..Entry::default() };
        EntryLanguages::default().allow(word, LanguageSet::from_tag(language), &entry, declared)
            != Likelihood::No
    }

    #[test]
    fn a_declared_language_is_that_of_the_words_in_its_script() {
        assert!(may_be("island", "de", "Island", Some("de-AT")));
        assert!(!may_be("island", "de", "Island", Some("en")));
        assert!(!may_be("este", "de", "Este", Some("ro")));
        assert!(may_be("этого", "ru", "Этого", Some("en")));
        assert!(!may_be("мали", "ru", "мали", Some("uk")));
        assert!(may_be("armenia", "en", "Armenia", Some("ru")));
    }

    #[test]
    fn letters_tell_russian_from_ukrainian_and_a_long_text_tells_what_it_is_in() {
        assert!(!may_be("мали", "ru", "Учні мали змогу", None));
        assert!(may_be("мали", "ru", "Мали", None));
        assert!(!may_be("мали", "uk", "Вы мали", Some("uk")));
        assert!(!may_be("мали", "uk", "Македонија", Some("mk")));
        let german =
            "Das Parlament hat nach einer langen Debatte in der Nacht den neuen Haushalt beschlossen. ";
        assert!(may_be("island", "de", &german.repeat(3), Some("en")));
        assert!(!may_be("island", "en", german, None));
    }
}
