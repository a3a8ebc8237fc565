//! What stands around an ambiguous name and tells that it is a country's: Jordan's king, in eastern Chad. Pure.

use super::namesakes::{
    follows_first_name, has_no_surname, is_age, is_first_name, is_personal, is_surname, is_town_elsewhere,
};
use super::spelling::has_capital;
use super::subject::Segment;
use super::syntax::Field;

/// The most letters of a country's acronym.
const ACRONYM: usize = 4;

/// How many words after a name may hold what a country has: Mali's military junta.
const REACH: usize = 3;

/// How far from a name a word may stand that speaks of what states do.
const AFFAIRS_REACH: usize = 12;

/// Offices and things that a country has and a person has not.
const OFFICES: &[&str] = &[
    "leader", "president", "presidents", "prime", "premier", "pm", "dictator", "ruler", "rulers", "minister",
    "ministry", "king", "queen", "prince", "government", "parliament", "mps", "army", "military", "armed",
    "junta", "embassy", "ambassador", "border", "republic", "kingdom", "opposition", "ruling", "coup",
    "troops", "foreign", "intelligence", "central", "currency", "airspace", "citizens", "nationals", "lira",
    "inflation", "economy", "президент", "президента", "президентом", "президенту", "премьер",
    "правительство", "правительства", "король", "посол", "власти", "властей", "военные", "армия", "армии",
    "парламент", "министр", "столица", "столице", "уряд", "міністр", "столиця", "влада", "армія",
    "république", "président", "gouvernement", "armée", "presidente", "gobierno",
];

/// Words of the affairs of states and of what befalls a country, which seldom stand near a person's first name.
const AFFAIRS: &[&str] = &[
    "parliamentary", "presidential", "elections", "referendum", "islamist", "islamists", "brotherhood",
    "diplomat", "diplomats", "diplomatic", "ambassador", "envoy", "embassy", "visa", "visas", "refugee",
    "refugees", "migrants", "asylum", "camp", "camps", "troops", "soldiers", "army", "airbase", "airspace",
    "airstrike", "airstrikes", "drone", "drones", "missile", "missiles", "rocket", "rockets", "terrorism",
    "terrorist", "terrorists", "militants", "insurgents", "rebels", "jihadist", "jihadists", "gunmen",
    "peacekeepers", "ceasefire", "sanctions", "treaty", "pact", "coup", "junta", "humanitarian", "famine",
    "cholera", "measles", "malaria", "drought", "floods", "flooding", "earthquake", "quake", "epidemic",
    "imf", "un", "unhcr", "unicef", "usaid", "economy", "gdp", "inflation", "exports", "imports", "oil",
    "desert", "archaeologists", "tourism", "tourists", "travellers", "smugglers", "qualifier", "qualifiers",
    "afcon", "fifa", "uefa", "kingdom", "monarch", "monarchy", "province", "dissident", "dissidents",
    "extradition", "extradited", "expulsion", "deported", "exile", "aid", "convoy", "billion", "emergency",
    "cabinet", "world bank", "asian cup", "world cup", "palace", "crossing", "airlines", "airlift",
    "shortages", "nationwide", "protest", "protests", "protesters", "curfew", "censors", "censorship",
    "plot", "official", "officials", "regime", "dictator", "capital", "parliament", "government", "military",
    "minister", "ministry", "president", "opposition", "border", "currency", "citizens", "nationals",
    "republic", "pipeline", "fuel", "subsidies", "tariff", "tariffs", "mosque", "mosques", "unrest",
    "crackdown", "clashes", "rulers", "herders", "poachers", "constitution", "constitutional", "amnesty",
    "corruption", "ngo", "ngos", "extremists", "extremism", "war", "peace", "talks", "summit", "bilateral",
    "minerals", "mining", "uranium", "lithium", "bedouin", "tribes", "tribal", "tribesmen", "muslim",
    "muslims", "hunger", "poverty", "olympic", "paralympic", "olympics", "friendly", "loan", "bailout",
    "debt", "exporters", "investors", "vaccines", "vaccine", "polio", "outbreak", "lockdown", "heatwave",
    "wildfire", "wildfires", "hostages", "prisoners", "detainees", "journalists", "premier", "unemployment",
    "starlink", "election", "flights", "airline", "gas", "electricity", "railway", "nuclear", "ties",
    "relations", "accord", "phosphate", "potash", "desalination", "wheat", "farmers", "villages",
    "villagers", "pilgrims", "hajj", "ramadan", "landslide", "landslides", "unesco", "espionage", "spies",
    "captagon", "smuggling", "trafficking", "covid", "central bank", "interest rates", "minimum wage",
    "prisoner swap",
];

/// Institutions of a country, which stand after its name with capitals.
const INSTITUTIONS: &[&str] = &[
    "wealth", "air", "navy", "super", "league", "football", "national", "state", "supreme", "interior",
    "defence", "defense", "energy", "health", "education", "finance", "trade", "election", "electoral",
    "police", "court", "chamber", "bank", "stock", "red", "human", "civil", "security", "council",
    "broadcasting", "statistics", "women", "under",
];

/// What may stand before a place.
const BEFORE_PLACES: &[&str] = &[
    "in", "from", "to", "into", "across", "inside", "throughout", "near", "via", "off", "au", "du", "en",
    "nach", "aus", "в", "во", "из", "у", "до", "з", "із",
];

/// What stands before a place and seldom before a person.
const BEFORE_PLACES_ALONE: &[&str] =
    &["in", "across", "inside", "throughout", "into", "leave", "leaving", "over"];

/// Before `in`, they have a person after it: faith in Jordan.
const BEFORE_PERSONS: &[&str] =
    &["interest", "confidence", "faith", "trust", "believe", "believes", "interested"];

const DETERMINERS: &[&str] =
    &["a", "an", "the", "your", "my", "our", "his", "her", "their", "this", "every", "each"];

/// What may follow a thing, and no name that an article belongs to: the Turkey earthquake.
const AFTER_THINGS: &[&str] =
    &["is", "was", "in", "on", "at", "and", "or", "for", "with", "that", "to", "from", "costs"];

const DIRECTIONS: &[&str] = &[
    "north", "south", "east", "west", "northern", "southern", "eastern", "western", "northwestern",
    "northeastern", "southwestern", "southeastern", "central", "rural",
];

/// What a team does, without the s that a person's verb has; the first of them seldom of an American team.
const PLURAL_VERBS: &[&str] = &[
    "qualify", "stun", "thrash", "edge", "reach", "lose", "draw", "face", "host", "advance", "crash", "exit",
    "play", "win", "hold", "miss", "beat", "through", "out", "v", "vs",
];

const TEAM_VERBS: usize = 7;

/// What a state does and a person seldom.
const STATE_VERBS: &[&str] = &[
    "bans", "outlaws", "expels", "summons", "recalls", "deports", "ratifies", "executes", "hangs",
    "extradites", "intercepts", "airdrops", "imposes", "mobilises", "mobilizes", "devalues", "repatriates",
    "evacuates", "nationalises", "nationalizes", "arrests", "jails", "detains", "legalises", "legalizes",
    "recognises", "recognizes", "votes", "suspends", "reopens", "resumes", "halts", "freezes", "deploys",
    "seizes", "foils", "thwarts", "dissolves", "adopts", "enacts", "repeals", "privatises", "privatizes",
    "exports", "imports", "restricts", "condemns", "sentences", "pardons", "severs",
];

/// Those that no state of a federation does.
const SOVEREIGN_VERBS: &[&str] = &[
    "expels", "summons", "recalls", "ratifies", "mobilises", "mobilizes", "devalues", "nationalises",
    "nationalizes", "severs",
];

/// What follows a person's name at the start of a headline, and seldom a state's.
const AFTER_PERSONS: &[&str] = &[
    "wins", "loses", "leads", "makes", "has", "joins", "returns", "reveals", "stars", "hits", "goes", "gets",
    "shines", "le", "la", "de", "van", "von",
];

/// Words of stories about persons.
const PRIVATE: &[&str] = &[
    "he", "she", "his", "her", "him", "i", "my", "me", "our", "your", "fans", "wife", "husband", "friend",
    "mother", "father", "mom", "dad", "fiancee", "baby",
];

/// How the past and future of such verbs start in Russian and Ukrainian.
const STATE_VERB_STEMS: &[&str] = &[
    "разорва", "запрет", "запрещ", "вышл", "вышел", "объяви", "ввел", "введет", "подписа", "отозва", "высла",
    "обвини", "закры", "приостанов", "покин", "отказ", "откаж", "призва", "потребов", "проголос", "увелич",
    "национализ", "восстанов", "продл", "арестов", "задерж", "снял", "избра", "принял", "начал",
    "націоналіз", "віднов", "ввів", "введ", "обра", "прийня", "почав", "почала", "розірва", "заборон",
    "вийшл", "вийшов", "оголос", "запровад", "підписа", "відклика", "звинувати", "призупин", "залиш",
    "відмов", "заклика",
];

/// Titles that stand before a person's name with a capital or a point.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "lt", "sgt", "capt", "col", "gen", "sen", "rep", "gov", "judge", "officer",
    "coach", "chef", "sheriff", "pastor", "deputy", "detective", "councilman", "councilwoman", "aunt",
    "uncle", "actor", "actress", "singer", "rapper",
];

/// Words with a capital that are no person's name.
const NEUTRAL: &[&str] = &[
    "modern", "post", "crown", "islamist", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday", "january", "february", "march", "april", "june", "july", "august", "september",
    "october", "november", "december",
];

/// The most letters of a word that has no capital in a headline of capitals, and longer ones that have none there.
const LONGEST_SMALL: usize = 4;
const LONG_PREPOSITIONS: &[&str] = &[
    "about", "after", "against", "among", "before", "behind", "between", "during", "their", "under",
    "without",
];

/// What else may have the name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Namesake {
    /// A common word.
    Word,
    /// A first name.
    Person,
    /// A place, of which most of the same is said.
    Place,
}

/// An ambiguous name in a segment.
#[derive(Clone, Copy)]
pub(super) struct NameAt<'t> {
    pub(super) segment: &'t Segment<'t>,
    pub(super) at: usize,
}

impl NameAt<'_> {
    fn word(&self, place: usize) -> &str {
        self.segment.tokens.word(place)
    }

    fn shown(&self, first: usize, last: usize) -> Option<String> {
        let range = self.segment.tokens.span(first).start..self.segment.tokens.span(last).end;
        self.segment.plain.get(range).map(str::to_owned)
    }

    /// Whether the name, which ends with the word `last`, is here a person's or a town's elsewhere.
    pub(super) fn is_namesake(&self, last: usize) -> bool {
        let (segment, at) = (self.segment, self.at);
        // Other words of news tell that it is the state: Defense Minister Israel Katz.
        let is_person =
            || follows_first_name(segment, at) || is_first_name(segment, at) && self.affairs().is_none();
        has_capital(segment.written(at))
            && (!segment.is_in_capitals(at) || segment.written(at).chars().count() > ACRONYM)
            && (at == last && is_person() || is_town_elsewhere(segment, at, last))
    }

    /// The words around the name that only a country stands in.
    pub(super) fn frame(&self, namesake: Namesake) -> Option<String> {
        self.office().or_else(|| self.deed(namesake)).or_else(|| self.place(namesake))
    }

    /// Jordan's king, president of Chad.
    pub(super) fn office(&self) -> Option<String> {
        let at = self.at;
        let is_office = |place: &usize| OFFICES.contains(&self.word(*place));
        let after = (at + 1..=at + REACH).find(is_office);
        if let Some(last) = after.filter(|_| self.is_possessive() || is_office(&(at + 1))) {
            return self.shown(at, last);
        }
        let is_of = at.checked_sub(1).is_some_and(|before| self.word(before) == "of");
        let reach = if is_of { REACH + 1 } else { 2 };
        let first = (at.saturating_sub(reach)..at).find(is_office)?;
        self.shown(first, at)
    }

    /// Whether an office of the name stands before it, whatever stands after it: president of Chad.
    pub(super) fn is_of_office(&self) -> bool {
        let office = self.at.checked_sub(2).filter(|place| self.word(place + 1) == "of");
        office.is_some_and(|place| OFFICES.contains(&self.word(place)))
    }

    /// Whether it is a thing: the turkey is cold, how to cook your turkey.
    pub(super) fn is_thing(&self) -> bool {
        let is_determined =
            self.at.checked_sub(1).is_some_and(|before| DETERMINERS.contains(&self.word(before)));
        let next = self.segment.neighbour_after(self.at);
        is_determined && next.is_none_or(|next| AFTER_THINGS.contains(&self.word(next)))
    }

    /// What a state or its team does, at the start of a sentence: Jordan qualify, Chad bans.
    fn deed(&self, namesake: Namesake) -> Option<String> {
        let next = self.segment.neighbour_after(self.at)?;
        if !self.segment.starts_sentence(self.at) {
            return None;
        }
        let verb = self.word(next);
        let team_verbs = if namesake == Namesake::Place { &PLURAL_VERBS[..TEAM_VERBS] } else { PLURAL_VERBS };
        let is_deed = team_verbs.contains(&verb)
            || STATE_VERBS.contains(&verb) && namesake == Namesake::Person
            || SOVEREIGN_VERBS.contains(&verb) && namesake != Namesake::Word
            || STATE_VERB_STEMS.iter().any(|stem| verb.starts_with(stem));
        is_deed.then(|| self.shown(self.at, next)).flatten()
    }

    /// The name and the next word where they open a headline and may be what a state does: Jordan warns.
    pub(super) fn opening(&self) -> Option<String> {
        let next = self.segment.neighbour_after(self.at)?;
        let verb = self.word(next);
        let may_be_deed = self.segment.field == Field::Title
            && self.at == 0
            && !self.is_in_title_case()
            && !has_capital(self.segment.written(next))
            && (verb == "to" || !AFTER_THINGS.contains(&verb))
            && !is_personal(verb)
            && !AFTER_PERSONS.contains(&verb)
            && !self.segment.tokens.words().any(|word| PRIVATE.contains(&word));
        may_be_deed.then(|| self.shown(self.at, next)).flatten()
    }

    /// Words that only places stand after: in Jordan, eastern Chad.
    fn place(&self, namesake: Namesake) -> Option<String> {
        let before = self.at.checked_sub(1)?;
        let is_before_places = match namesake {
            Namesake::Word => BEFORE_PLACES.contains(&self.word(before)) || self.is_direction(before),
            Namesake::Person if self.word(before) == "in" => {
                !before.checked_sub(1).is_some_and(|place| BEFORE_PERSONS.contains(&self.word(place)))
            }
            Namesake::Person => BEFORE_PLACES_ALONE.contains(&self.word(before)) || self.is_direction(before),
            Namesake::Place => false,
        };
        is_before_places.then(|| self.shown(before, self.at)).flatten()
    }

    fn is_direction(&self, place: usize) -> bool {
        DIRECTIONS.contains(&self.word(place)) && !has_capital(self.segment.written(place))
    }

    /// A word near the name that speaks of the affairs of states.
    pub(super) fn affairs(&self) -> Option<String> {
        let last = (self.at + AFFAIRS_REACH).min(self.segment.tokens.len());
        let found = (self.at.saturating_sub(AFFAIRS_REACH)..last).find_map(|place| {
            let pair = || format!("{} {}", self.word(place), self.word(place + 1));
            if AFFAIRS.contains(&self.word(place)) {
                self.shown(place, place)
            } else if has_capital(self.segment.written(place + 1)) && AFFAIRS.contains(&pair().as_str()) {
                self.shown(place, place + 1)
            } else {
                None
            }
        });
        found.map(|word| format!("with {word}"))
    }

    /// Whether a name has an 's.
    fn is_possessive(&self) -> bool {
        self.segment.after(self.at).starts_with(['\'', '\u{2019}'])
    }

    /// Whether the name is a person's by what stands beside it: Michael Jordan, Lt. Chad Morris; Chad, 34.
    pub(super) fn is_person(&self) -> bool {
        let (segment, at) = (self.segment, self.at);
        let is_titled = |before: usize| {
            TITLES.contains(&self.word(before)) && [" ", ". "].contains(&segment.between(before))
        };
        if at.checked_sub(1).is_some_and(is_titled)
            || at.checked_sub(1).is_some_and(|before| self.is_initial(before))
            || follows_first_name(segment, at)
            || segment.after(at).starts_with(", ") && is_age(self.word(at + 1))
        {
            return true;
        }
        let after = segment.neighbour_after(at);
        if after.is_some_and(|next| has_capital(segment.written(next)) && is_surname(self.word(next))) {
            return true;
        }
        let is_name = |place: &usize| {
            let word = self.word(*place);
            has_capital(segment.written(*place))
                && ![OFFICES, AFFAIRS, INSTITUTIONS, NEUTRAL, DIRECTIONS, PLURAL_VERBS]
                    .iter()
                    .any(|words| words.contains(&word))
                && (word.chars().nth(2).is_some() || !segment.is_in_capitals(*place))
        };
        let before = segment
            .neighbour_before(at)
            .filter(|before| !segment.starts_sentence(*before) && !has_no_surname(segment, *before));
        !self.is_in_title_case()
            && (before.is_some_and(|place| is_name(&place)) || after.is_some_and(|place| is_name(&place)))
    }

    /// Whether a word is the initial of a person's name: Michael B. Jordan.
    fn is_initial(&self, place: usize) -> bool {
        self.segment.written(place).chars().count() == 1
            && has_capital(self.segment.written(place))
            && self.segment.between(place) == ". "
    }

    /// Whether all words but short ones have capitals, as in some headlines: then they tell no names.
    pub(super) fn is_in_title_case(&self) -> bool {
        let words = self.segment.tokens.len().min(12);
        let has_capital_at = |word: &usize| has_capital(self.segment.written(*word));
        let capitals = (0..words).filter(has_capital_at).count();
        let is_short = |word: usize| {
            self.word(word).chars().count() <= LONGEST_SMALL || LONG_PREPOSITIONS.contains(&self.word(word))
        };
        (capitals == words && words >= 3 || words >= 4 && capitals * 3 >= words * 2)
            && (0..words).filter(|word| !has_capital_at(word)).all(is_short)
    }

    /// Whether the name starts a sentence, where any word has a capital.
    pub(super) fn starts_sentence(&self) -> bool {
        self.segment.starts_sentence(self.at)
    }
}
