//! What is a word, and which words a user means by one. Pure.

mod families;
mod forms;

use crate::text::tokens;
use forms::{Language, forms, is_known_english};

/// How far a word reaches beyond itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExpandTo {
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

/// The forms of a word as the user wrote it. `languages` are the BCP 47 tags that the config names:
/// they decide about Latin words, which are English too. Of several words in one (us-iran), a row.
#[must_use]
pub fn expand(word: &str, reach: ExpandTo, languages: &[String]) -> Expansion {
    let own: Vec<String> = tokens(word).words().map(str::to_owned).collect();
    let mut out = Expansion::default();
    match own.as_slice() {
        [] => {}
        [one] => out.words = forms_in_all(one, word, languages),
        row => out.phrases.push(row.iter().map(|one| forms_in_all(one, one, languages)).collect()),
    }
    if reach == ExpandTo::Relatives {
        families::relatives(&own.join(" "), &mut out);
    }
    out.tidied()
}

impl Expansion {
    fn tidied(mut self) -> Expansion {
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

fn forms_in_all(folded: &str, written: &str, languages: &[String]) -> Vec<String> {
    let mut out = vec![folded.to_owned()];
    let found = languages_of(folded, written, languages);
    for language in found.iter().copied() {
        let all = forms(folded, language);
        // Where nothing says that the word is Ukrainian, дорога is not called дорого.
        let unsure = language == Language::Ukrainian
            && found.len() > 1
            && !languages.iter().any(|tag| Language::of(tag) == Some(Language::Ukrainian));
        let vocative = |form: &String| folded.ends_with('а') && form.ends_with('о');
        out.extend(all.into_iter().filter(|form| !(unsure && vocative(form))));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The script of a word picks its rules.
fn languages_of(folded: &str, written: &str, languages: &[String]) -> Vec<Language> {
    match folded.chars().find(|c| c.is_alphabetic()) {
        Some('\u{531}'..='\u{58f}') => vec![Language::Armenian],
        Some('\u{400}'..='\u{52f}') if folded.contains(['і', 'ї', 'є', 'ґ', '\'']) => {
            vec![Language::Ukrainian]
        }
        Some('\u{400}'..='\u{52f}') if folded.contains(['ы', 'э', 'ъ']) => vec![Language::Russian],
        // What is spelled alike in both gets the forms of both: those of the other are no words there.
        Some('\u{400}'..='\u{52f}') => vec![Language::Russian, Language::Ukrainian],
        Some(c) if c.is_ascii() => latin_languages(folded, written, languages),
        _ => Vec::new(),
    }
}

/// English, the languages that the config names, and the one whose letters or endings the word has.
fn latin_languages(folded: &str, written: &str, languages: &[String]) -> Vec<Language> {
    let mut found: Vec<Language> = languages
        .iter()
        .filter_map(|tag| Language::of(tag))
        .filter(|language| matches!(language, Language::French | Language::German))
        .collect();
    let lower = written.to_lowercase();
    if lower.contains(['é', 'è', 'ê', 'ë', 'ç', 'à', 'â', 'î', 'ï', 'ô', 'û', 'œ']) {
        found.push(Language::French);
    }
    let ending =
        folded.len() > 5 && ["ung", "heit", "keit", "schaft"].iter().any(|end| folded.ends_with(end));
    if lower.contains(['ä', 'ö', 'ü', 'ß']) || ending {
        found.push(Language::German);
    }
    if lower.is_ascii() && is_known_english(folded) {
        found.clear();
    }
    found.push(Language::English);
    found.sort_unstable();
    found.dedup();
    found
}

/// What a built-in topic stands for, in every language.
#[must_use]
pub fn built_in_topic(name: &str) -> Option<Expansion> {
    families::topic(name).map(Expansion::tidied)
}

/// The names of the built-in topics, in the order of the table.
pub fn built_in_topic_names() -> impl Iterator<Item = &'static str> {
    families::names()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn has(word: &str, languages: &[&str], yes: &[&str], no: &[&str]) {
        let languages: Vec<String> = languages.iter().map(|tag| (*tag).to_owned()).collect();
        let words = expand(word, ExpandTo::Forms, &languages).words;
        for form in yes {
            assert!(words.iter().any(|known| known == form), "{word}: {form} is missing in {words:?}");
        }
        for form in no {
            assert!(!words.iter().any(|known| known == form), "{word}: {form} is no form of it");
        }
    }

    #[test]
    fn words_are_known_in_their_forms() {
        has("woman", &[], &["women"], &[]);
        has("stop", &[], &["stops", "stopped", "stopping"], &[]);
        has("general", &[], &["generals"], &["generally"]);
        has("рынок", &[], &["рынка", "рынками"], &[]);
        has("Путин", &[], &["путина", "путиным"], &["путинская"]);
        has("ребёнок", &[], &["ребенка", "детям"], &[]);
        has("выборы", &[], &["выборов"], &["выбора"]);
        has("дорога", &[], &["дороге", "дорог"], &["дорого"]);
        has("Київ", &[], &["києва", "києві"], &[]);
        has("Львів", &[], &["львова"], &[]);
        has("рука", &["uk"], &["руці", "руко"], &[]);
        has("ընտրություն", &[], &["ընտրության", "ընտրություններից"], &[]);
        has("բժիշկ", &[], &["բժշկի", "բժշկից"], &[]);
        has("Երևան", &[], &["երեւանում", "երեւանից"], &[]);
    }

    #[test]
    fn latin_words_are_english_and_what_the_config_names() {
        has("Regierung", &[], &["regierungen"], &[]);
        has("Wahl", &["de"], &["wahlen"], &["wahler"]);
        has("Haus", &["de-AT"], &["hauser", "hausern"], &[]);
        has("cheval", &["fr"], &["chevaux"], &[]);
        has("cheval", &[], &[], &["chevaux"]);
        has("école", &[], &["ecoles"], &[]);
        has("child", &["fr", "de"], &["children"], &["childe"]);
    }

    #[test]
    fn several_words_in_one_are_a_row() {
        let found = expand("us-iran", ExpandTo::Forms, &[]);
        assert_eq!(found.words, Vec::<String>::new());
        assert_eq!(found.phrases.len(), 1);
        assert_eq!(found.phrases[0].len(), 2);
        assert_eq!(expand("—", ExpandTo::Relatives, &[]), Expansion::default());
    }
}
