//! The languages that the words of an entry or its article may be in: those of one script are in what it declares, else
//! in what its text looks like. Pure.

use std::cell::OnceCell;

use super::words::LanguageSet;
use crate::entry::{Article, Entry};
use crate::text::language::{
    detect, detect_by_words, is_cyrillic, is_latin, is_letter, may_be_english, start_of_article,
    start_of_entry,
};

/// What is read of a text.
const START_BYTES: usize = 600;

/// A declared language is doubted only where the text has this many bytes.
const TELLING_BYTES: usize = 200;

/// Whose words they are.
#[derive(Clone, Copy)]
pub(super) enum SaidBy<'a> {
    Feed(&'a Entry),
    Article(&'a Article),
}

/// What is known of the languages of a text, found when it is first asked.
pub(super) struct EntryLanguages<'a> {
    text: SaidBy<'a>,
    /// The tag of the entry, its source or its page.
    declared: Option<&'a str>,
    start: OnceCell<String>,
    /// Of its Latin words, if it is declared or frequent words tell it.
    latin: OnceCell<Option<LanguageSet>>,
    may_be_english: OnceCell<bool>,
    latin_by_text: OnceCell<LanguageSet>,
    cyrillic: OnceCell<LanguageSet>,
}

impl<'a> EntryLanguages<'a> {
    pub(super) fn new(text: SaidBy<'a>, declared: Option<&'a str>) -> EntryLanguages<'a> {
        EntryLanguages {
            text,
            declared,
            start: OnceCell::new(),
            latin: OnceCell::new(),
            may_be_english: OnceCell::new(),
            latin_by_text: OnceCell::new(),
            cyrillic: OnceCell::new(),
        }
    }

    /// Whether a folded word of the text may be in one of these languages; `surely`: whether it is.
    pub(super) fn allow(&self, word: &str, languages: LanguageSet, surely: bool) -> bool {
        if languages == LanguageSet::ALL {
            return true;
        }
        let fits = |known: LanguageSet| {
            if surely { known.is_within(languages) } else { known.intersects(languages) }
        };
        match word.chars().find(|c| c.is_alphabetic()) {
            Some('\u{400}'..='\u{52f}') => fits(self.cyrillic()),
            // Whatever it is in.
            Some('a'..='z') if !surely && LanguageSet::LATIN.is_within(languages) => true,
            Some('a'..='z') => {
                // Of headlines of a few words, trigrams would tell no more, and they cost the most.
                let known = match self.latin() {
                    Some(known) => known,
                    None if !surely && LanguageSet::ENGLISH.is_within(languages) && self.is_english() => {
                        return true;
                    }
                    None => self.latin_by_text(),
                };
                // Many feeds declare English whatever they are in.
                if known.intersects(languages) || self.start().len() < TELLING_BYTES {
                    return fits(known);
                }
                let found = self.latin_by_text();
                found != LanguageSet::ALL && fits(found)
            }
            _ => true,
        }
    }

    /// Languages of which [`EntryLanguages::allow`] says that a word in Latin letters may be in them, and that one in
    /// Cyrillic letters may; without a costly look.
    pub(super) fn sure(&self) -> (LanguageSet, LanguageSet) {
        let latin = self.latin().unwrap_or_else(|| match self.is_english() {
            true => LanguageSet::ENGLISH,
            false => LanguageSet::NONE,
        });
        (latin, self.cyrillic())
    }

    fn latin(&self) -> Option<LanguageSet> {
        *self.latin.get_or_init(|| {
            let declared = self.declared.filter(|tag| is_latin(tag));
            declared.or_else(|| detect_by_words(self.start())).map(LanguageSet::from_tag)
        })
    }

    fn is_english(&self) -> bool {
        *self.may_be_english.get_or_init(|| may_be_english(self.start()))
    }

    fn cyrillic(&self) -> LanguageSet {
        *self.cyrillic.get_or_init(|| cyrillic(self.declared, self.start()))
    }

    fn latin_by_text(&self) -> LanguageSet {
        *self.latin_by_text.get_or_init(|| latin(self.start()))
    }

    fn start(&self) -> &str {
        self.start.get_or_init(|| match self.text {
            SaidBy::Feed(entry) => start_of_entry(entry, START_BYTES),
            SaidBy::Article(article) => start_of_article(article, START_BYTES),
        })
    }
}

/// Letters tell Russian from Ukrainian, whatever an entry declares: many sites write both.
fn cyrillic(declared: Option<&str>, text: &str) -> LanguageSet {
    let declared = declared.filter(|tag| is_cyrillic(tag)).map(LanguageSet::from_tag);
    let (russian, ukrainian) = (LanguageSet::from_tag("ru"), LanguageSet::from_tag("uk"));
    let (mut has_belarusian, mut has_russian, mut has_ukrainian) = (false, false, false);
    for letter in text.chars().filter(|c| !c.is_ascii()) {
        match letter {
            'ў' | 'Ў' => has_belarusian = true,
            'ы' | 'э' | 'ё' | 'Ы' | 'Э' => has_russian = true,
            'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' => has_ukrainian = true,
            _ => {}
        }
    }
    if has_belarusian || declared.is_some_and(|known| !known.intersects(russian.union(ukrainian))) {
        return LanguageSet::from_tag("be");
    }
    match (has_russian, has_ukrainian) {
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
    // Trigrams are costly, and would tell of the letters that most are.
    let latin = text.bytes().filter(u8::is_ascii_alphabetic).count();
    if text.chars().filter(|c| *c >= '\u{370}' && is_letter(*c)).count() > latin {
        return LanguageSet::ALL;
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
        EntryLanguages::new(SaidBy::Feed(&entry), declared).allow(
            word,
            LanguageSet::from_tag(language),
            false,
        )
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
