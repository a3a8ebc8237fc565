//! Word families: countries, cities and regions with their adjectives, peoples, acronyms and places, in six languages.
//! Pure.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::expansion::{Expansion, Forms};
use super::family_names::{Name, NameKind};
use super::forms::InflectedLanguage;
use crate::text::tokens;

/// Names of topics. Its format is described at its top.
const TABLE: &str = include_str!("families.txt");

/// Capitals, governments and larger cities of topics.
const PLACES: &str = include_str!("places.txt");

/// What a built-in topic searches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicWords {
    /// Names that mean it wherever they stand.
    pub names: Expansion,
    /// Names that mean it unless something speaks against it.
    pub ambiguous: Forms,
    /// Names that mean it only with evidence.
    pub unlikely: Forms,
    /// Whether such names are also another place's.
    pub is_also_place: bool,
    /// Evidence: words of its region.
    pub nearby: Expansion,
    /// Words that tell that a ambiguous name is another one.
    pub against: Expansion,
    /// Longer names that contain one of its names and are another.
    pub longer: Expansion,
}

impl TopicWords {
    fn add(&mut self, line: &FamilyLine<'_>, names_alone: bool) {
        match line.row {
            Row::Names | Row::Places => {
                let names = line.names().filter(|name| !names_alone || name.kind == NameKind::Place);
                names.for_each(|name| self.add_name(&name));
            }
            Row::Nearby => line.names().for_each(|name| name.add_to(&mut self.nearby)),
            Row::Against => line.names().for_each(|name| name.add_to(&mut self.against)),
            Row::Longer => line.names().for_each(|name| name.add_to(&mut self.longer)),
        }
    }

    fn add_name(&mut self, name: &Name<'_>) {
        if !name.is_ambiguous() {
            return name.add_to(&mut self.names);
        }
        let mut forms = Expansion::default();
        name.add_to(&mut forms);
        self.is_also_place |= name.is_also_place();
        let out = if name.is_unlikely() { &mut self.unlikely } else { &mut self.ambiguous };
        forms.words.iter().for_each(|(form, condition)| out.add_if(form, condition));
    }
}

/// Both tables, indexed when a query first needs them.
static FAMILIES: LazyLock<Families> = LazyLock::new(Families::new);

struct Families {
    lines: Vec<FamilyLine<'static>>,
    /// The lines of each topic; several names may be one topic's.
    topics: HashMap<&'static str, Vec<usize>>,
    /// Where each folded name stands.
    named: HashMap<String, Vec<NamedAt>>,
}

/// A place of a name in the tables: its line, and the place of the line that it and its relatives are in, if the line
/// has several.
struct NamedAt {
    line: usize,
    place: Option<&'static str>,
    is_acronym: bool,
}

impl Families {
    fn new() -> Families {
        let mut families = Families { lines: Vec::new(), topics: HashMap::new(), named: HashMap::new() };
        for (table, row) in [(TABLE, Row::Names), (PLACES, Row::Places)] {
            let mut topic = "";
            for line in table.lines() {
                match line.strip_prefix('@') {
                    Some(names) => topic = names,
                    None => families.add_line(FamilyLine::parse(line, row), topic),
                }
            }
        }
        families
    }

    fn add_line(&mut self, line: Option<FamilyLine<'static>>, topic: &'static str) {
        let Some(line) = line else { return };
        let number = self.lines.len();
        let places = line.items().filter(|place| {
            line.row == Row::Places && (place.contains('/') || line.language == InflectedLanguage::Armenian)
        });
        let places = places.flat_map(|place| line.place_names(place).map(move |name| (name, Some(place))));
        let names = line.names().filter(|_| line.row == Row::Names).map(|name| (name, None));
        for (name, place) in names.chain(places).filter(|(name, _)| name.kind != NameKind::FirstHalf) {
            let at = NamedAt { line: number, place, is_acronym: name.is_acronym() };
            self.named.entry(tokens(name.text).folded().to_owned()).or_default().push(at);
        }
        topic.split(' ').for_each(|name| self.topics.entry(name).or_default().push(number));
        self.lines.push(line);
    }

    fn lines_of(&self, topic: &str) -> Option<impl Iterator<Item = &FamilyLine<'static>>> {
        Some(self.topics.get(topic)?.iter().map(|number| &self.lines[*number]))
    }
}

/// The names of all topics, in the order of the table.
pub(super) fn topic_names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.strip_prefix('@')).flat_map(|names| names.split(' '))
}

/// What a topic searches for. `names_alone`: only the names of its place, without adjectives, peoples and what lies
/// in it.
pub(super) fn topic(name: &str, names_alone: bool) -> Option<TopicWords> {
    let mut words = TopicWords::default();
    FAMILIES.lines_of(name)?.for_each(|line| words.add(line, names_alone));
    Some(words)
}

/// What a topic searches for in each language: its tag and its words.
pub(super) fn topic_by_language(name: &str, names_alone: bool) -> Vec<(&'static str, TopicWords)> {
    let mut found: Vec<(&'static str, TopicWords)> = Vec::new();
    for line in FAMILIES.lines_of(name).into_iter().flatten() {
        let place = found.iter().position(|(code, _)| *code == line.code).unwrap_or(found.len());
        if place == found.len() {
            found.push((line.code, TopicWords::default()));
        }
        found[place].1.add(line, names_alone);
    }
    found
}

/// The English names of all countries but the United States, of which articles about anything speak. Other languages
/// have few names that need evidence.
pub(super) fn country_names() -> Expansion {
    let mut out = Expansion::default();
    let is_english = |line: &&FamilyLine<'_>| line.language == InflectedLanguage::English;
    let of_all = FAMILIES.lines.iter().filter(|line| line.row == Row::Names).filter(is_english);
    for name in of_all.flat_map(FamilyLine::names).filter(|name| name.kind == NameKind::Place) {
        name.add_to(&mut out);
    }
    let mut united_states = Expansion::default();
    let lines = FAMILIES.lines_of("united-states").into_iter().flatten();
    lines.flat_map(FamilyLine::names).for_each(|name| name.add_to(&mut united_states));
    out.without(&united_states)
}

/// The Cyrillic names of countries and cities that have no other forms, in small letters: Дели, Перу.
static INDECLINABLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    // Plurals have forms: Мытищи, Чернівці; and so have names in -о: Дніпро.
    let is_indeclinable = |name: &Name<'_>| {
        let has = |endings: &[&str]| endings.iter().any(|ending| name.text.ends_with(ending));
        let in_i = if name.language == InflectedLanguage::Russian { "и" } else { "і" };
        has(&["у", "ю", "э", in_i]) && !has(&["ки", "щи", "ці", "ні"])
    };
    let lines = FAMILIES.lines.iter().filter(|line| matches!(line.row, Row::Names | Row::Places));
    let names = lines.flat_map(FamilyLine::names).filter(is_indeclinable);
    let places = names.filter(|name| matches!(name.kind, NameKind::Place | NameKind::City));
    places.map(|name| name.text.to_lowercase()).collect()
});

/// Whether a folded word is the name of a country or city without other forms.
pub(super) fn is_indeclinable_place(folded: &str) -> bool {
    INDECLINABLE.contains(folded)
}

/// The English names of countries that are one word, in small letters.
static COUNTRIES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let is_english =
        |line: &&FamilyLine<'_>| line.row == Row::Names && line.language == InflectedLanguage::English;
    let names = FAMILIES.lines.iter().filter(is_english).flat_map(FamilyLine::names);
    names.filter(|name| name.kind == NameKind::Place).map(|name| name.text.to_lowercase()).collect()
});

/// Whether a folded word is the English name of a country.
pub(super) fn is_country(folded: &str) -> bool {
    COUNTRIES.contains(folded)
}

/// Adds the families that contain a name, each in the languages in which it does. `folded` has single spaces between
/// its words; `written` is as the user wrote it.
pub(super) fn add_relatives(folded: &str, written: &str, out: &mut Expansion) {
    let in_capitals = !written.chars().any(char::is_lowercase);
    let known = FAMILIES.named.get(&format!(" {folded} ")).into_iter().flatten();
    for at in known.filter(|at| in_capitals || !at.is_acronym) {
        let line = &FAMILIES.lines[at.line];
        match at.place {
            Some(place) => line.place_names(place).for_each(|name| name.add_to(out)),
            None => line.names().for_each(|name| name.add_to(out)),
        }
    }
}

/// What a line of a table lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    /// Names of the place, adjectives, peoples, first halves of compounds.
    Names,
    /// Capitals, governments, cities.
    Places,
    Nearby,
    Against,
    Longer,
}

/// A line of a table: some names in one language.
struct FamilyLine<'t> {
    code: &'t str,
    language: InflectedLanguage,
    row: Row,
    text: &'t str,
}

impl<'t> FamilyLine<'t> {
    /// `plain` is what a line lists whose language has no sign.
    fn parse(line: &'t str, plain: Row) -> Option<FamilyLine<'t>> {
        let (start, text) = line.split_once(' ')?;
        let code = start.get(..2)?;
        let row = match &start[2..] {
            "" => plain,
            "+" => Row::Nearby,
            "~" => Row::Against,
            "-" => Row::Longer,
            _ => return None,
        };
        InflectedLanguage::from_tag(code).map(|language| FamilyLine { code, language, row, text })
    }

    fn items(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.text.split(',').map(str::trim).filter(|item| !item.is_empty())
    }

    fn names(&self) -> Box<dyn Iterator<Item = Name<'t>> + '_> {
        if self.row == Row::Places {
            return Box::new(self.items().flat_map(|place| self.place_names(place)));
        }
        let kinds = match self.row {
            Row::Names => [NameKind::Place, NameKind::Adjective, NameKind::People, NameKind::FirstHalf],
            _ => [NameKind::Context; 4],
        };
        let has_regular_relatives = self.row == Row::Names && !self.text.contains('|');
        let parts = self.text.split('|').zip(kinds).flat_map(move |(names, kind)| {
            let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(move |name| Name::parse(name, kind, self.language))
        });
        Box::new(parts.map(move |name| name.with_regular_relatives(has_regular_relatives)))
    }

    /// A place and, after slashes, its relatives.
    fn place_names(&self, place: &'t str) -> impl Iterator<Item = Name<'t>> + use<'t> {
        let language = self.language;
        place.split('/').enumerate().map(move |(number, name)| {
            let kind = if number == 0 { NameKind::City } else { NameKind::CityAdjective };
            Name::parse(name, kind, language)
        })
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
            let all = topic(state, false).unwrap_or_else(|| panic!("no topic {state}"));
            assert!(all.names.words.iter().count() > 40, "{state}");
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
        add_relatives(name, name, &mut found);
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
    fn cities_have_relatives_and_topics_their_places() {
        assert_relatives("лондон", &["лондонский", "лондонского"], &["британский"]);
        assert_relatives("երեւան", &["երեւանյան", "երեւանցի"], &[]);
        let mut found = Expansion::default();
        add_relatives("us", "US", &mut found);
        assert!(found.words.contains("american"));
        let words = |names_alone| topic("armenia", names_alone).expect("in the table").names.words;
        assert!(words(false).contains("yerevan") && words(false).contains("армяно"));
        assert!(words(true).contains("armenia") && words(true).contains("арменией"));
        assert!(!words(true).contains("yerevan") && !words(true).contains("armenian"));
        assert!(
            PLACES.lines().filter(|line| line.starts_with('@')).all(|line| TABLE.lines().any(|l| l == line))
        );
    }

    #[test]
    fn names_of_several_words_become_phrases() {
        let found = topic("saudi-arabia", false).expect("in the table").names;
        let has_phrase = |words: [&str; 2]| {
            found.phrases.iter().any(|phrase| {
                phrase.len() == 2 && phrase.iter().zip(words).all(|(set, word)| set.contains(word))
            })
        };
        assert!(
            found.words.contains("saudi arabia")
                && has_phrase(["саудовской", "аравии"])
                && has_phrase(["arabie", "saoudite"])
        );
        let mut found = Expansion::default();
        add_relatives("u s", "U.S.", &mut found);
        assert!(found.words.contains("american"));
    }
}
