//! Countries, cities and regions with their adjectives and peoples, in six languages. Pure.

use super::Expansion;
use super::forms::{Language, forms, forms_of_singular};
use crate::text::tokens;

/// How it is written stands at its top.
const TABLE: &str = include_str!("families.txt");

/// The names of all topics, in the order of the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.strip_prefix('@')).flat_map(|names| names.split(' '))
}

/// Everything that a concept is called.
pub(super) fn topic(name: &str) -> Option<Expansion> {
    let mut found = None;
    for line in TABLE.lines() {
        match line.strip_prefix('@') {
            Some(_) if found.is_some() => break,
            Some(names) if names.split(' ').any(|known| known == name) => found = Some(Expansion::default()),
            _ => {}
        }
        if let (Some(out), Some(row)) = (&mut found, Row::read(line)) {
            row.add_all(out);
        }
    }
    found
}

/// The relatives of a name, whose words are folded and parted by single spaces, in each language in
/// which it is one.
pub(super) fn relatives(name: &str, out: &mut Expansion) {
    let Some(first) = name.chars().next() else { return };
    for row in TABLE.lines().filter_map(Row::read).filter(|row| row.holds(name, first)) {
        row.add_all(out);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Name,
    Adjective,
    People,
}

/// One language of one concept.
struct Row<'t> {
    language: Language,
    text: &'t str,
}

impl<'t> Row<'t> {
    fn read(line: &'t str) -> Option<Row<'t>> {
        let (code, text) = line.split_once(' ')?;
        Language::of(code).map(|language| Row { language, text })
    }

    fn terms(&self) -> impl Iterator<Item = (&'t str, Place)> {
        let places = [Place::Name, Place::Adjective, Place::People];
        self.text.split('|').zip(places).flat_map(|(terms, place)| {
            terms.split(',').map(str::trim).filter(|term| !term.is_empty()).map(move |term| (term, place))
        })
    }

    /// Whether a name, adjective or people of this row is the word, which begins with `first`.
    fn holds(&self, name: &str, first: char) -> bool {
        let script = match self.language {
            Language::Russian | Language::Ukrainian => '\u{400}'..='\u{52f}',
            Language::Armenian => '\u{531}'..='\u{58f}',
            Language::English | Language::French | Language::German => 'a'..='z',
        };
        script.contains(&first)
            && self.terms().any(|(term, _)| {
                // Folding is slow, and most terms differ in their first letter.
                let mut begin = term.chars().take(1).flat_map(char::to_lowercase);
                begin.next().is_some_and(|c| c == first || !script.contains(&c))
                    && tokens(term).words().eq(name.split(' '))
            })
    }

    fn add_all(&self, out: &mut Expansion) {
        for (term, place) in self.terms() {
            add(term, place, self.language, out);
        }
        if self.language == Language::Armenian && !self.text.contains('|') {
            self.terms().for_each(|(name, _)| derived(name, out));
        }
    }
}

/// Adds a term in all its forms; of several words, a row.
fn add(term: &str, place: Place, language: Language, out: &mut Expansion) {
    let found = tokens(term);
    let words: Vec<&str> = found.words().collect();
    match words.as_slice() {
        [] => {}
        [one] => out.words.extend(inflected(one, term, place, language)),
        row => out.phrases.push(row.iter().map(|word| inflected(word, term, place, language)).collect()),
    }
}

fn inflected(word: &str, term: &str, place: Place, language: Language) -> Vec<String> {
    if term.ends_with('.') {
        return vec![word.to_owned()];
    }
    if term.ends_with('!') {
        return forms_of_singular(word, language);
    }
    match language {
        // Neither Polish nor Polen is a verb here.
        Language::English => plural_only(word),
        Language::French | Language::German if place == Place::Name => plural_only(word),
        Language::German if place == Place::People => {
            // The woman of a people: Italiener, Italienerin.
            let stem = word.strip_suffix('e').unwrap_or(word);
            let mut all = forms(word, language);
            all.extend(forms(&format!("{stem}in"), language));
            all
        }
        _ => forms(word, language),
    }
}

fn plural_only(word: &str) -> Vec<String> {
    let mut all = vec![word.to_owned()];
    if let Some(stem) = word.strip_suffix("man") {
        all.push(format!("{stem}men"));
    }
    if word.len() > 2 {
        all.push(format!("{word}s"));
    }
    all
}

/// The regular adjective and people of an Armenian name: Կանադա, կանադական, կանադացի.
fn derived(name: &str, out: &mut Expansion) {
    let stems = [Some(name), name.strip_suffix('ա'), name.strip_suffix("իա"), name.strip_suffix("ոս")];
    for stem in stems.into_iter().flatten() {
        for ending in ["ական", "յան", "ցի", "ացի"] {
            add(&format!("{stem}{ending}"), Place::Adjective, Language::Armenian, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every member state of the United Nations by its topic.
    const STATES: &str = "\
        armenia azerbaijan georgia russia ukraine turkey iran israel france germany china united-states \
        poland belarus kazakhstan moldova syria lebanon iraq india japan greece united-kingdom spain italy \
        serbia hungary finland estonia latvia lithuania uzbekistan tajikistan kyrgyzstan turkmenistan egypt \
        sweden norway mexico brazil canada cuba vietnam south-korea north-korea afghanistan albania algeria \
        andorra angola antigua-and-barbuda argentina australia austria bahamas bahrain bangladesh barbados \
        belgium belize benin bhutan bolivia bosnia-and-herzegovina botswana brunei bulgaria burkina-faso \
        burundi cape-verde cambodia cameroon central-african-republic chad chile colombia comoros congo \
        dr-congo costa-rica ivory-coast croatia cyprus czechia denmark djibouti dominica dominican-republic \
        timor-leste ecuador el-salvador equatorial-guinea eritrea eswatini ethiopia fiji gabon gambia ghana \
        grenada guatemala guinea guinea-bissau guyana haiti honduras iceland indonesia ireland jamaica \
        jordan kenya kiribati kuwait laos lesotho liberia libya liechtenstein luxembourg madagascar malawi \
        malaysia maldives mali malta marshall-islands mauritania mauritius micronesia monaco mongolia \
        montenegro morocco mozambique myanmar namibia nauru nepal netherlands new-zealand nicaragua niger \
        nigeria north-macedonia oman pakistan palau panama papua-new-guinea paraguay peru philippines \
        portugal qatar romania rwanda saint-kitts-and-nevis saint-lucia saint-vincent-and-the-grenadines \
        samoa san-marino sao-tome-and-principe saudi-arabia senegal seychelles sierra-leone singapore \
        slovakia slovenia solomon-islands somalia south-africa south-sudan sri-lanka sudan suriname \
        switzerland tanzania thailand togo tonga trinidad-and-tobago tunisia tuvalu uganda \
        united-arab-emirates uruguay vanuatu venezuela yemen zambia zimbabwe";

    #[test]
    fn every_state_has_name_adjective_and_people_in_six_languages() {
        let states: Vec<&str> = STATES.split_whitespace().collect();
        assert_eq!(states.len(), 193);
        for state in states {
            let row = |code: &str| {
                let mut lines = TABLE.lines().skip_while(|line| {
                    line.strip_prefix('@').is_none_or(|names| !names.split(' ').any(|name| name == state))
                });
                lines.next();
                lines
                    .take_while(|line| !line.starts_with('@'))
                    .find_map(|line| line.strip_prefix(code))
                    .map(str::to_owned)
            };
            for code in ["en ", "ru ", "uk ", "hy ", "de ", "fr "] {
                let text = row(code).unwrap_or_else(|| panic!("{state} has no {code}"));
                let parts = text.split('|').filter(|part| !part.trim().is_empty()).count();
                // Armenian adjectives and peoples that are regular are derived.
                assert!(parts >= 2 || (parts == 1 && code == "hy "), "{state} {code}: {text}");
            }
            let all = topic(state).unwrap_or_else(|| panic!("no topic {state}"));
            assert!(all.words.len() > 40, "{state}");
        }
    }

    #[test]
    fn no_topic_is_named_twice() {
        let mut all: Vec<&str> = names().collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[track_caller]
    fn has(name: &str, yes: &[&str], no: &[&str]) {
        let mut found = Expansion::default();
        relatives(name, &mut found);
        for word in yes {
            assert!(found.words.iter().any(|known| known == word), "{name}: {word}");
        }
        for word in no {
            assert!(!found.words.iter().any(|known| known == word), "{name}: {word}");
        }
    }

    #[test]
    fn a_name_brings_its_relatives_in_its_own_language() {
        has("armenia", &["armenian", "armenians"], &["армянский", "armenisch"]);
        has("армения", &["армянского", "армянами", "армянка"], &["armenia"]);
        has("україна", &["українською", "українців"], &["украинский"]);
        has("հայաստան", &["հայկական", "հայերի", "հայաստանյան"], &["armenia"]);
        has("deutschland", &["deutsche", "deutschen"], &["german"]);
        has("turkei", &["turkischen", "turkin"], &["turkish"]);
        has("poland", &["polish", "poles"], &["polished", "polishing"]);
        has("куба", &["кубе", "кубинцев"], &["куб", "кубам"]);
        has("niger", &["nigerien"], &["nigerian", "nigeria"]);
        has("us", &[], &["american"]);
        has("война", &[], &["войны"]);
    }

    #[test]
    fn names_of_several_words_are_rows() {
        let found = topic("saudi-arabia").expect("in the table");
        let row = |words: [&str; 2]| {
            found.phrases.iter().any(|row| {
                row.len() == 2 && row.iter().zip(words).all(|(set, word)| set.iter().any(|w| w == word))
            })
        };
        assert!(row(["saudi", "arabia"]) && row(["саудовской", "аравии"]) && row(["arabie", "saoudite"]));
        let mut found = Expansion::default();
        relatives("u s", &mut found);
        assert!(found.words.iter().any(|word| word == "american"));
    }
}
