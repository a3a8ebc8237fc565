//! Expands words of a query to their inflected forms and related names. Pure.

mod expansion;
mod families;
mod family_names;
mod forms;
mod language_set;

use crate::text::tokens;
pub use expansion::{Condition, Expansion, Forms, Written};
pub use families::TopicWords;
use forms::{Inflected, InflectedLanguage, inflect, inflect_singular, is_known, place_adjectives};
pub use language_set::LanguageSet;

/// How far a word is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExpandTo {
    /// Its inflected forms.
    Forms,
    /// For the name of a country, city or people, also the names of its family (Armenia, Armenian), in the
    /// same language.
    Relatives,
}

/// Expands a word as the user wrote it. `languages` are the BCP 47 tags of the config: a Latin word gets
/// the forms of these besides the English ones. A compound such as `us-iran` becomes a phrase.
#[must_use]
pub fn expand(word: &str, to: ExpandTo, languages: &[String]) -> Expansion {
    let found = tokens(word);
    let folded: Vec<String> = found.words().map(str::to_owned).collect();
    let without_stops = word.replace('.', "");
    if is_acronym_with_stops(word) && acronym_spelling(&without_stops).is_some() {
        return expand(&without_stops, to, languages);
    }
    let mut out = Expansion::default();
    match folded.as_slice() {
        [] => {}
        [single] => out.words = forms_in_all_languages(single, word, languages),
        several => {
            let written = |place| word.get(found.span(place)).unwrap_or_default();
            let forms =
                |(place, one): (usize, &String)| match number_in_name(word, found.span(place).start, one) {
                    Some(forms) => forms,
                    None => forms_in_all_languages(one, written(place), languages),
                };
            out.phrases.push(several.iter().enumerate().map(forms).collect());
        }
    }
    if to == ExpandTo::Relatives {
        families::add_relatives(&folded.join(" "), word, &mut out);
        if let [single] = folded.as_slice() {
            add_place_adjectives(single, word, languages, &mut out.words);
        }
    }
    out.sorted()
}

/// The last words of compounds that a word may be, folded: wahl, wahlen.
#[must_use]
pub fn endings(word: &str) -> Vec<String> {
    let mut chars = word.chars();
    // As a noun: compounds of nouns are German.
    let noun: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    let found = expand(&noun, ExpandTo::Forms, &["de".to_owned()]).words;
    let mut forms: Vec<String> = found.iter().map(|(form, _)| form.to_owned()).collect();
    forms.dedup();
    forms
}

/// What a built-in topic searches for, in all languages. `names_alone`: only the names of its place.
#[must_use]
pub fn built_in_topic(name: &str, names_alone: bool) -> Option<TopicWords> {
    families::topic(name, names_alone)
}

/// What a built-in topic searches for in each language: the tag and the words.
#[must_use]
pub fn built_in_topic_by_language(name: &str, names_alone: bool) -> Vec<(&'static str, TopicWords)> {
    families::topic_by_language(name, names_alone)
}

/// Whether the signs of a word that is several are none of its own: it is the name of a family, or an acronym as U.N.
#[must_use]
pub fn is_plain(word: &str) -> bool {
    if is_acronym_with_stops(word) {
        return true;
    }
    let mut found = Expansion::default();
    families::add_relatives(&tokens(word).words().collect::<Vec<_>>().join(" "), word, &mut found);
    found != Expansion::default()
}

/// The names of countries, evidence that a ambiguous name is one too.
#[must_use]
pub fn country_names() -> Expansion {
    families::country_names().sorted()
}

/// Whether a folded word is the English name of a country.
#[must_use]
pub fn is_country(folded: &str) -> bool {
    families::is_country(folded)
}

/// The names of the built-in topics, in the order of the table.
pub fn built_in_topic_names() -> impl Iterator<Item = &'static str> {
    families::topic_names()
}

/// The forms of a number after a hyphen: F-16, F-16s. `start` is its first byte in the text.
#[must_use]
pub fn number_in_name(text: &str, start: usize, number: &str) -> Option<Forms> {
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && text.get(..start).is_some_and(|before| before.ends_with('-'))).then(|| {
        let mut forms = Forms::default();
        forms.add(number, LanguageSet::ALL);
        forms.add(format!("{number}s"), LanguageSet::ALL);
        forms
    })
}

/// How a word that a query writes in capitals must be written: AI is no ai, but NATO may be Nato.
#[must_use]
pub fn acronym_spelling(word: &str) -> Option<Written> {
    let letters = word.chars().count();
    let is_acronym = (2..=4).contains(&letters) && word.chars().all(char::is_uppercase);
    is_acronym.then_some(if letters == 4 { Written::Capital } else { Written::Capitals })
}

/// Whether a word is an acronym with a stop after each letter: U.N., F.B.I
fn is_acronym_with_stops(word: &str) -> bool {
    let letters = word.strip_suffix('.').unwrap_or(word);
    let is_capital = |part: &str| part.chars().count() == 1 && part.chars().all(char::is_uppercase);
    letters.contains('.') && letters.split('.').all(is_capital)
}

/// An acronym as the words that stops make of it: U.N.
fn spaced(acronym: &str) -> String {
    acronym.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

/// An acronym with its endings: AIs, МИДа.
fn acronym_forms(folded: &str, written: Written) -> Forms {
    let mut forms = Forms::default();
    let condition = |written| Condition { languages: LanguageSet::ALL, written };
    forms.add_if(folded, condition(written));
    forms.add_if(spaced(folded), condition(Written::Stops));
    let inflected = match folded.chars().next() {
        Some('a'..='z') => vec![format!("{folded}s")],
        Some('\u{400}'..='\u{52f}') => inflect_singular(folded, InflectedLanguage::Russian),
        _ => Vec::new(),
    };
    inflected.into_iter().for_each(|form| forms.add_if(form, condition(Written::Capitals)));
    forms
}

/// `folded` decides the forms; `written` still has the accents that hint at the language.
fn forms_in_all_languages(folded: &str, written: &str, languages: &[String]) -> Forms {
    if let Some(spelling) = acronym_spelling(written) {
        return acronym_forms(folded, spelling);
    }
    let mut out = Forms::default();
    out.add(folded, LanguageSet::ALL);
    let candidates = candidate_languages(folded, written, languages);
    let is_name = is_name(written);
    // Дели is no form of деть.
    if is_name && families::is_indeclinable_place(folded) {
        return out;
    }
    let forms: Vec<Inflected> =
        candidates.iter().map(|language| inflect(folded, is_name, *language)).collect();
    for (number, (language, found)) in candidates.iter().zip(&forms).enumerate() {
        let has_rules_alone = matches!(language, InflectedLanguage::English | InflectedLanguage::German);
        // Made by rules, a form may be another word of a language that has the same letters: дорого is no form of дорога.
        // Those languages that have no dictionary would lose forms that they have.
        let is_other_word = |form: &String| {
            let mut others = candidates.iter().zip(&forms).enumerate().filter(|(other, _)| *other != number);
            others.any(|(_, (other, known))| !known.forms.contains(form) && is_known(form, *other))
        };
        let counts_in = if candidates.len() == 1 { LanguageSet::ALL } else { LanguageSet::of(*language) };
        let kept =
            found.forms.iter().filter(|form| has_rules_alone || found.is_certain || !is_other_word(form));
        out.add_all(kept.cloned(), counts_in);
        if *language == InflectedLanguage::German
            && let Some(form) = german_of_both_sexes(folded)
        {
            out.add_if(form, Condition { languages: counts_in, written: Written::InnerCapital });
        }
        let with_capital = Condition { languages: counts_in, written: Written::Capital };
        found.of_name.iter().for_each(|form| out.add_if(form, with_capital));
    }
    out
}

/// ArbeiterInnen, for Arbeiter.
fn german_of_both_sexes(word: &str) -> Option<String> {
    let is_person = ["er", "ent", "ant", "ist", "or", "eur"].iter().any(|ending| word.ends_with(ending));
    is_person.then(|| format!("{word}innen"))
}

/// Adds дагестанский to Дагестан.
fn add_place_adjectives(folded: &str, written: &str, languages: &[String], out: &mut Forms) {
    if !is_name(written) {
        return;
    }
    for language in candidate_languages(folded, written, languages) {
        // With a capital, an Armenian one is the surname that a first name makes: Ռուբեն, Ռուբենյան.
        let is_armenian = language == InflectedLanguage::Armenian;
        let written = if is_armenian { Written::Small } else { Written::Anyhow };
        let condition = Condition { languages: LanguageSet::of(language), written };
        place_adjectives(folded, language).into_iter().for_each(|form| out.add_if(form, condition));
    }
}

/// Whether its capital tells a name. In capitals alone, it may be any word.
fn is_name(written: &str) -> bool {
    written.starts_with(char::is_uppercase) && written.contains(char::is_lowercase)
}

/// The languages that a word may be in, by its script and letters.
fn candidate_languages(folded: &str, written: &str, languages: &[String]) -> Vec<InflectedLanguage> {
    match folded.chars().find(|c| c.is_alphabetic()) {
        Some('\u{531}'..='\u{58f}') => vec![InflectedLanguage::Armenian],
        Some('\u{400}'..='\u{52f}') if folded.contains(['і', 'ї', 'є', 'ґ', '\'']) => {
            vec![InflectedLanguage::Ukrainian]
        }
        Some('\u{400}'..='\u{52f}') if folded.contains(['ы', 'э', 'ъ']) => {
            vec![InflectedLanguage::Russian]
        }
        // Ambiguous: forms made by the wrong language's rules are not real words, so they match nothing.
        Some('\u{400}'..='\u{52f}') => vec![InflectedLanguage::Russian, InflectedLanguage::Ukrainian],
        Some(c) if c.is_ascii() => latin_languages(folded, written, languages),
        _ => Vec::new(),
    }
}

/// English, the languages of the config, and those that the word's accents or ending suggest.
fn latin_languages(folded: &str, written: &str, languages: &[String]) -> Vec<InflectedLanguage> {
    let mut found: Vec<InflectedLanguage> = languages
        .iter()
        .filter_map(|tag| InflectedLanguage::from_tag(tag))
        .filter(|language| matches!(language, InflectedLanguage::French | InflectedLanguage::German))
        .collect();
    let lower = written.to_lowercase();
    if lower.contains(['é', 'è', 'ê', 'ë', 'ç', 'à', 'â', 'î', 'ï', 'ô', 'û', 'œ']) {
        found.push(InflectedLanguage::French);
    }
    let has_german_ending =
        folded.len() > 5 && ["ung", "heit", "keit", "schaft"].iter().any(|end| folded.ends_with(end));
    if lower.contains(['ä', 'ö', 'ü', 'ß']) || has_german_ending {
        found.push(InflectedLanguage::German);
    }
    found.push(InflectedLanguage::English);
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_forms(word: &str, languages: &[&str], yes: &[&str], no: &[&str]) {
        let languages: Vec<String> = languages.iter().map(|tag| (*tag).to_owned()).collect();
        let words = expand(word, ExpandTo::Forms, &languages).words;
        for form in yes {
            assert!(words.contains(form), "{form} is missing in the forms of {word}: {words:?}");
        }
        for form in no {
            assert!(!words.contains(form), "{form} is not a form of {word}");
        }
    }

    #[test]
    fn words_are_inflected_by_the_rules_of_their_language() {
        assert_forms("woman", &[], &["women"], &[]);
        assert_forms("stop", &[], &["stops", "stopped", "stopping"], &[]);
        assert_forms("general", &[], &["generals"], &["generally"]);
        assert_forms("короткий", &[], &["коротший", "найкоротших"], &[]);
        assert_forms("сильний", &[], &["сильніших"], &[]);
        assert_forms("дешёвый", &[], &["дешевле"], &[]);
        assert_forms("Naher", &["de"], &["nahen", "nahem"], &[]);
        assert_forms("Arbeiter", &["de"], &["arbeiterinnen"], &[]);
        assert_forms("рынок", &[], &["рынка", "рынками"], &[]);
        assert_forms("Путин", &[], &["путина", "путиным"], &["путинская"]);
        assert_forms("ребёнок", &[], &["ребенка", "детям"], &[]);
        assert_forms("выборы", &[], &["выборов"], &["выбора"]);
        assert_forms("дорога", &[], &["дороге", "дорог"], &["дорого"]);
        assert_forms("Київ", &[], &["києва", "києві"], &[]);
        assert_forms("Львів", &[], &["львова"], &[]);
        assert_forms("рука", &["uk"], &["руці", "руко"], &[]);
        assert_forms("ընտրություն", &[], &["ընտրության", "ընտրություններից"], &[]);
        assert_forms("բժիշկ", &[], &["բժշկի", "բժշկից"], &[]);
        assert_forms("Երևան", &[], &["երեւանում", "երեւանից"], &[]);
    }

    #[test]
    fn latin_words_are_inflected_in_english_and_the_configured_languages() {
        assert_forms("Regierung", &[], &["regierungen"], &[]);
        assert_forms("Wahl", &["de"], &["wahlen"], &["wahler"]);
        assert_forms("Haus", &["de-AT"], &["hauser", "hausern"], &[]);
        assert_forms("cheval", &["fr"], &["chevaux"], &[]);
        assert_forms("cheval", &[], &[], &["chevaux"]);
        assert_forms("école", &[], &["ecoles"], &[]);
        assert_forms("child", &["fr", "de"], &["children"], &[]);
    }

    #[test]
    fn verbs_and_irregular_words_have_their_forms() {
        assert_forms("стать", &[], &["стал", "станет", "стань"], &["старый"]);
        assert_forms("знать", &[], &["знает", "знаю"], &[]);
        assert_forms("умереть", &[], &["умер", "умрет", "умерший"], &[]);
        assert_forms("произойти", &[], &["произошел", "произойдет"], &[]);
        assert_forms("сжечь", &[], &["сожгли", "сожжет"], &[]);
        assert_forms("поджечь", &[], &["подожгли", "подожженный"], &[]);
        assert_forms("разбить", &[], &["разобьет", "разбил"], &[]);
        assert_forms("отозвать", &[], &["отзовет"], &[]);
        assert_forms("Attentat", &["de"], &["attentats", "attentate"], &[]);
        assert_forms("Universität", &["de"], &["universitaten"], &[]);
        assert_forms("Streik", &["de"], &["streiks", "streike"], &[]);
        assert_forms("Ei", &["de"], &["eier"], &[]);
        assert_forms("gut", &["de"], &["besser", "besten"], &[]);
        assert_forms("Weißes", &["de"], &["weissen", "weisse"], &[]);
        assert_forms("помочь", &[], &["поможет", "помогли"], &[]);
        assert_forms("хотеть", &[], &["хочу", "хотят"], &["хоть"]);
        assert_forms("год", &[], &["лет", "годы"], &[]);
        assert_forms("готовый", &[], &["готов", "готовы"], &[]);
        assert_forms("близкий", &[], &["ближе", "ближайшего"], &[]);
        assert_forms("читать", &[], &["читающий", "читавшего"], &["прочитать"]);
        assert_forms("читати", &["uk"], &["читає", "читатиме", "читав"], &[]);
        assert_forms("savoir", &["fr"], &["sais", "saura"], &["savon"]);
        assert_forms("teilnehmen", &["de"], &["teilnimmt", "teilgenommen", "teilzunehmen"], &[]);
        assert_forms("übernehmen", &["de"], &["ubernimmt", "ubernommen"], &[]);
        assert_forms("arbeiten", &["de"], &["arbeitet", "gearbeitet"], &[]);
        assert_forms("hoch", &["de"], &["hohen", "hoher"], &[]);
        assert_forms("lesen", &["de"], &["liest", "gelesen"], &["lasst"]);
        assert_forms("դառնալ", &[], &["դարձել", "դարձավ"], &[]);
        assert_forms("գրել", &[], &["գրում", "գրեց", "չգրեց", "կգրի"], &[]);
    }

    #[test]
    fn a_word_is_its_lemma_rather_than_a_form_and_a_name_no_form_of_another_word() {
        assert_forms("стали", &[], &["стал", "сталью"], &[]);
        assert_forms("печь", &[], &["печи", "пек"], &[]);
        assert_forms("Газа", &[], &["газе", "газой"], &["газ", "газов"]);
        assert_forms("Войска", &[], &["войск", "войсками"], &[]);
        assert_forms("Санкции", &[], &["санкций"], &[]);
        assert_forms("Столы", &[], &["столов"], &[]);
        assert_forms("Élections", &["fr"], &["election"], &[]);
        assert_forms("chevaux", &["fr"], &["cheval"], &[]);
        assert_forms("droite", &["fr"], &["droites"], &["droit"]);
        assert_forms("Vienne", &["fr"], &[], &["venir", "vient"]);
        assert_forms("Ольга", &[], &["ольги"], &["олег"]);
        assert_forms("Козлов", &["ru"], &["козловым", "козлова", "козловой"], &["козлы", "козел"]);
        assert_forms("Соловьев", &["ru"], &["соловьевым", "соловьева"], &["соловьи"]);
        assert_forms("Степанов", &["ru"], &["степанову"], &["степан", "степану"]);
        assert_forms("Дели", &[], &[], &["дела", "дело"]);
        assert_forms("Дніпро", &[], &["дніпрі", "дніпра"], &[]);
        assert_forms("Суми", &["uk"], &["сумах"], &[]);
        assert_forms("Баку", &[], &[], &["бак", "баки"]);
        assert_forms("Ын", &[], &["ына", "ыном"], &[]);
        assert_forms("Кук", &["ru"], &["кука", "куком"], &[]);
        assert_forms("Маск", &["uk"], &["маска", "маску"], &["маскам", "масок"]);
        assert_forms("Верховна", &["uk"], &["верховної", "верховній"], &[]);
        assert_forms("Покровськ", &["uk"], &["покровська", "покровську"], &[]);
        assert_forms("людина", &["uk"], &["люди", "людей"], &[]);
        assert_forms("бути", &["uk"], &["був", "буде"], &[]);
        assert_forms("великий", &["uk"], &["більший", "більшого"], &[]);
        assert_forms("козлов", &["ru"], &["козлы", "козловым"], &[]);
    }

    #[test]
    fn other_languages_of_the_config_take_no_forms() {
        let languages = ["fr", "de"];
        assert_forms("tax", &languages, &["taxes", "taxed"], &[]);
        assert_forms("make", &languages, &["made", "making"], &[]);
        assert_forms("crisis", &languages, &["crises"], &[]);
        assert_forms("bus", &languages, &["buses"], &[]);
        assert_forms("Problem", &languages, &["probleme", "problems"], &[]);
    }

    #[test]
    fn words_that_no_dictionary_has_are_inflected_by_rules_but_not_to_other_words() {
        assert_forms("НАСА", &[], &[], &["нас"]);
        assert_forms("почта", &[], &["почты"], &["почти"]);
        assert_forms("кибератака", &[], &["кибератаки", "кибератак"], &[]);
        assert_forms("лайкати", &[], &["лайкає"], &[]);
        assert_forms("cyberattaque", &["fr"], &["cyberattaques"], &[]);
    }

    #[test]
    fn places_have_their_regular_adjective() {
        let has = |place: &str, form: &str| expand(place, ExpandTo::Relatives, &[]).words.contains(form);
        for (place, form) in [
            ("Дагестан", "дагестанские"),
            ("Зангезур", "зангезурского"),
            ("Զանգեզուր", "զանգեզուրյան"),
            ("Брюссель", "брюссельский"),
            ("Брест", "брестской"),
            ("Луцьк", "луцького"),
            ("Тернопіль", "тернопільська"),
            ("Казань", "казанских"),
        ] {
            assert!(has(place, form), "{place}: {form}");
        }
        for (word, form) in [
            ("Герман", "германский"),
            ("Совет", "советский"),
            ("Роман", "романский"),
            ("Свет", "светский"),
            ("Брат", "братский"),
        ] {
            assert!(!has(word, form), "{word}: {form}");
        }
    }

    #[test]
    fn a_form_counts_in_its_own_language() {
        let words = expand("вода", ExpandTo::Forms, &[]).words;
        let counts = |form: &str, language: &str| {
            words.iter().any(|(known, counts_in)| {
                known == form && counts_in.languages.intersects(LanguageSet::from_tag(language))
            })
        };
        assert!(counts("воде", "ru") && !counts("воде", "uk"));
        assert!(counts("воді", "uk") && !counts("воді", "ru"));
        assert!(counts("вода", "bg"));
    }

    #[test]
    fn a_compound_becomes_a_phrase() {
        let found = expand("us-iran", ExpandTo::Forms, &[]);
        assert_eq!(found.words, Forms::default());
        assert_eq!(found.phrases.len(), 1);
        assert_eq!(found.phrases[0].len(), 2);
        assert_eq!(expand("—", ExpandTo::Relatives, &[]), Expansion::default());
    }
}
