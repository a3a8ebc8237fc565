//! Word families: countries, cities and regions with their adjectives and peoples, in six languages. Pure.

use super::expansion::{Expansion, Forms};
use super::forms::{InflectedLanguage, inflect, inflect_singular};
use super::language_set::LanguageSet;
use crate::text::tokens;

/// Its format is described at its top.
const TABLE: &str = include_str!("families.txt");

/// The names of all topics, in the order of the table.
pub(super) fn topic_names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.strip_prefix('@')).flat_map(|names| names.split(' '))
}

/// The names of a family in all languages.
pub(super) fn topic(name: &str) -> Option<Expansion> {
    let mut found = None;
    for line in TABLE.lines() {
        match line.strip_prefix('@') {
            Some(_) if found.is_some() => break,
            Some(names) if names.split(' ').any(|known| known == name) => found = Some(Expansion::default()),
            _ => {}
        }
        if let (Some(out), Some(line)) = (&mut found, FamilyLine::parse(line)) {
            line.add_all(out);
        }
    }
    found
}

/// Adds the families that contain a name, each in the languages in which it does. `name` is folded; single
/// spaces separate its words.
pub(super) fn add_relatives(name: &str, out: &mut Expansion) {
    let Some(first) = name.chars().next() else { return };
    for line in TABLE.lines().filter_map(FamilyLine::parse).filter(|line| line.contains(name, first)) {
        line.add_all(out);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Place,
    Adjective,
    People,
}

/// A family in one language.
struct FamilyLine<'t> {
    language: InflectedLanguage,
    text: &'t str,
}

impl<'t> FamilyLine<'t> {
    fn parse(line: &'t str) -> Option<FamilyLine<'t>> {
        let (code, text) = line.split_once(' ')?;
        InflectedLanguage::from_tag(code).map(|language| FamilyLine { language, text })
    }

    fn names(&self) -> impl Iterator<Item = (&'t str, NameKind)> {
        let kinds = [NameKind::Place, NameKind::Adjective, NameKind::People];
        self.text.split('|').zip(kinds).flat_map(|(names, kind)| {
            names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(move |name| (name, kind))
        })
    }

    /// Whether this line contains the folded name, which starts with `first`.
    fn contains(&self, wanted: &str, first: char) -> bool {
        let script = match self.language {
            InflectedLanguage::Russian | InflectedLanguage::Ukrainian => '\u{400}'..='\u{52f}',
            InflectedLanguage::Armenian => '\u{531}'..='\u{58f}',
            InflectedLanguage::English | InflectedLanguage::French | InflectedLanguage::German => 'a'..='z',
        };
        script.contains(&first)
            && self.names().any(|(name, _)| {
                // Folding is slow: names with another first letter are skipped before.
                let mut start = name.chars().take(1).flat_map(char::to_lowercase);
                start.next().is_some_and(|c| c == first || !script.contains(&c))
                    && tokens(name).words().eq(wanted.split(' '))
            })
    }

    fn add_all(&self, out: &mut Expansion) {
        for (name, kind) in self.names() {
            add_name(name, kind, self.language, out);
        }
        if self.language == InflectedLanguage::Armenian && !self.text.contains('|') {
            self.names().for_each(|(name, _)| add_regular_armenian(name, out));
        }
    }
}

/// Adds a name in all its forms; a name of several words becomes a phrase.
fn add_name(name: &str, kind: NameKind, language: InflectedLanguage, out: &mut Expansion) {
    let folded = tokens(name);
    let words: Vec<&str> = folded.words().collect();
    match words.as_slice() {
        [] => {}
        [single] => out.words.add_all(name_forms(single, name, kind, language), LanguageSet::ALL),
        several => {
            let forms = |word: &&str| {
                let mut forms = Forms::default();
                forms.add_all(name_forms(word, name, kind, language), LanguageSet::ALL);
                forms
            };
            out.phrases.push(several.iter().map(forms).collect());
        }
    }
}

/// The forms of one word of a name. The name may end with a mark of the table.
fn name_forms(word: &str, name: &str, kind: NameKind, language: InflectedLanguage) -> Vec<String> {
    if name.ends_with('.') {
        return vec![word.to_owned()];
    }
    if name.ends_with('!') {
        return inflect_singular(word, language);
    }
    let is_name = name.starts_with(char::is_uppercase);
    match language {
        // Not inflected as verbs: Polish, polished.
        InflectedLanguage::English => plural_only(word),
        InflectedLanguage::French | InflectedLanguage::German if kind == NameKind::Place => plural_only(word),
        InflectedLanguage::German if kind == NameKind::People => {
            // With the feminine: Italiener, Italienerin.
            let stem = word.strip_suffix('e').unwrap_or(word);
            let mut all = inflect(word, is_name, language).forms;
            all.extend(inflect(&format!("{stem}in"), is_name, language).forms);
            all
        }
        _ => inflect(word, is_name, language).forms,
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

/// Adds the regular adjective and people of an Armenian name: Կանադա, կանադական, կանադացի.
fn add_regular_armenian(name: &str, out: &mut Expansion) {
    let stems = [Some(name), name.strip_suffix('ա'), name.strip_suffix("իա"), name.strip_suffix("ոս")];
    for stem in stems.into_iter().flatten() {
        for ending in ["ական", "յան", "ցի", "ացի"] {
            add_name(&format!("{stem}{ending}"), NameKind::Adjective, InflectedLanguage::Armenian, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The topics of all member states of the United Nations.
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
            let line = |code: &str| {
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
                let text = line(code).unwrap_or_else(|| panic!("{state} has no line {code}"));
                let parts = text.split('|').filter(|part| !part.trim().is_empty()).count();
                // Regular Armenian adjectives and peoples are not in the table.
                assert!(parts >= 2 || (parts == 1 && code == "hy "), "{state} {code}: {text}");
            }
            let all = topic(state).unwrap_or_else(|| panic!("no topic {state}"));
            assert!(all.words.iter().count() > 40, "{state}");
        }
    }

    #[test]
    fn topic_names_are_unique() {
        let mut all: Vec<&str> = topic_names().collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[track_caller]
    fn assert_relatives(name: &str, yes: &[&str], no: &[&str]) {
        let mut found = Expansion::default();
        add_relatives(name, &mut found);
        for word in yes {
            assert!(found.words.contains(word), "{word} is missing in the relatives of {name}");
        }
        for word in no {
            assert!(!found.words.contains(word), "{word} is not a relative of {name}");
        }
    }

    #[test]
    fn a_name_expands_to_its_family_in_its_own_language() {
        assert_relatives("armenia", &["armenian", "armenians"], &["армянский", "armenisch"]);
        assert_relatives("армения", &["армянского", "армянами", "армянка"], &["armenia"]);
        assert_relatives("україна", &["українською", "українців"], &["украинский"]);
        assert_relatives("հայաստան", &["հայկական", "հայերի", "հայաստանյան"], &["armenia"]);
        assert_relatives("deutschland", &["deutsche", "deutschen"], &["german"]);
        assert_relatives("turkei", &["turkischen", "turkin"], &["turkish"]);
        assert_relatives("poland", &["polish", "poles"], &["polished", "polishing"]);
        assert_relatives("куба", &["кубе", "кубинцев"], &["куб", "кубам"]);
        assert_relatives("niger", &["nigerien"], &["nigerian", "nigeria"]);
        assert_relatives("us", &[], &["american"]);
        assert_relatives("война", &[], &["войны"]);
    }

    #[test]
    fn names_of_several_words_become_phrases() {
        let found = topic("saudi-arabia").expect("in the table");
        let has_phrase = |words: [&str; 2]| {
            found.phrases.iter().any(|phrase| {
                phrase.len() == 2 && phrase.iter().zip(words).all(|(set, word)| set.contains(word))
            })
        };
        assert!(
            has_phrase(["saudi", "arabia"])
                && has_phrase(["саудовской", "аравии"])
                && has_phrase(["arabie", "saoudite"])
        );
        let mut found = Expansion::default();
        add_relatives("u s", &mut found);
        assert!(found.words.contains("american"));
    }
}
