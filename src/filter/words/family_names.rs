//! The forms of the names of families, and how and in which entries each must be written. Pure.

use super::expansion::{Condition, Expansion, Forms, Written};
use super::forms::{InflectedLanguage, inflect, inflect_singular};
use super::language_set::LanguageSet;
use super::spaced;
use crate::text::tokens;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    Place,
    Adjective,
    People,
    /// Of a compound such as российско-китайский.
    FirstHalf,
    /// A capital, a government, a city.
    City,
    CityAdjective,
    /// A word that tells what another one means.
    Context,
}

/// A name of a table.
#[derive(Clone, Copy)]
pub(super) struct Name<'t> {
    pub(super) kind: NameKind,
    /// Its Armenian adjective and people are regular and not written out.
    has_regular_relatives: bool,
    pub(super) language: InflectedLanguage,
    pub(super) text: &'t str,
    marks: &'t str,
}

impl<'t> Name<'t> {
    pub(super) fn parse(name: &'t str, kind: NameKind, language: InflectedLanguage) -> Name<'t> {
        let text = name.trim_end_matches(['^', '?', '=', '*']);
        Name { kind, has_regular_relatives: false, language, text, marks: &name[text.len()..] }
    }

    pub(super) fn with_regular_relatives(self, has_regular_relatives: bool) -> Name<'t> {
        Name { has_regular_relatives, ..self }
    }

    /// Whether it means its place only unless something speaks against it.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.marks.contains('?')
    }

    /// Whether it means its place only with evidence.
    pub(super) fn is_unlikely(&self) -> bool {
        self.marks.contains("??")
    }

    /// Whether another place has the name, of which most of the same is said.
    pub(super) fn is_also_place(&self) -> bool {
        self.marks.contains('*')
    }

    /// Adds the name in all its forms; a name of several words becomes a phrase.
    pub(super) fn add_to(&self, out: &mut Expansion) {
        let folded = tokens(self.text);
        let words: Vec<&str> = folded.words().collect();
        match words.as_slice() {
            [] => {}
            [single] => {
                self.add_word(single, true, &mut out.words);
                if self.is_acronym() && single.is_ascii() {
                    let condition =
                        Condition { languages: LanguageSet::of(self.language), written: Written::Stops };
                    out.words.add_if(spaced(single), condition);
                }
                self.add_first_halves(single, &mut out.words);
            }
            [first @ .., last] if self.is_uninflected() => {
                // One pattern: the words of a phrase are searched for one by one, each `of` and `on`.
                let start = first.join(" ");
                for form in self.forms(last, false) {
                    self.add_form(format!("{start} {form}"), form == *last, &mut out.words);
                }
            }
            several => {
                let forms = |word: &&str| {
                    let mut forms = Forms::default();
                    self.add_word(word, false, &mut forms);
                    forms
                };
                out.phrases.push(several.iter().map(forms).collect());
            }
        }
        if self.language == InflectedLanguage::Armenian && self.has_relatives() {
            self.add_armenian_relatives(out);
        }
    }

    fn has_relatives(&self) -> bool {
        self.has_regular_relatives || self.kind == NameKind::City && !self.text.contains(' ')
    }

    /// Whether it is written in capitals: USA, but not U.S., which is two words.
    pub(super) fn is_acronym(&self) -> bool {
        self.text.chars().all(char::is_uppercase) && self.text.chars().nth(1).is_some()
    }

    fn add_word(&self, word: &str, is_whole: bool, out: &mut Forms) {
        for form in self.forms(word, is_whole) {
            let is_base = form == word;
            self.add_form(form, is_base, out);
        }
    }

    fn add_form(&self, form: String, is_base: bool, out: &mut Forms) {
        let languages = LanguageSet::of(self.language);
        // Languages without a row write most places as one of the six does.
        if is_base && matches!(self.kind, NameKind::Place | NameKind::City) {
            let written = if self.is_acronym() { Written::Capitals } else { Written::Capital };
            let languages = languages.union(LanguageSet::OTHERS);
            out.add_if(form.clone(), Condition { languages, written });
        }
        let written = self.written(&form);
        out.add_if(form, Condition { languages, written });
    }

    /// Whether at most the last of its words has other forms.
    fn is_uninflected(&self) -> bool {
        match self.language {
            InflectedLanguage::English => true,
            InflectedLanguage::French | InflectedLanguage::German => self.kind == NameKind::City,
            _ => false,
        }
    }

    /// How a form must be written.
    fn written(&self, form: &str) -> Written {
        use InflectedLanguage::{English, French, German, Russian};
        if self.is_acronym() {
            return Written::Capitals;
        }
        if self.marks.contains(['^', '?']) {
            return Written::Capital;
        }
        match (self.kind, self.language) {
            (NameKind::FirstHalf, _) => Written::FirstHalf,
            (NameKind::City, _) | (NameKind::CityAdjective, English | German) => Written::Capital,
            (NameKind::CityAdjective, _) => Written::InProse,
            // Чехов is a surname.
            (NameKind::People, Russian) if form.ends_with("ов") => Written::Small,
            (NameKind::Place, English | French | German)
            | (NameKind::Adjective, English)
            | (NameKind::People, English | German) => Written::Name,
            _ => Written::Anyhow,
        }
    }

    /// The forms of one word of the name, or of the whole name.
    fn forms(&self, word: &str, is_whole: bool) -> Vec<String> {
        use InflectedLanguage::{Armenian, English, French, German, Russian, Ukrainian};
        let is_place = matches!(self.kind, NameKind::Place | NameKind::City);
        if self.is_acronym() || self.kind == NameKind::FirstHalf || self.marks.contains('=') {
            return vec![word.to_owned()];
        }
        match self.language {
            Russian | Ukrainian if is_place && is_whole => self.place_forms(word),
            // Not inflected as verbs: Polish, polished.
            English if self.kind == NameKind::People && word.len() > 6 => {
                let mut all = plural_only(word);
                all.extend(word.strip_suffix("man").map(|stem| format!("{stem}men")));
                all
            }
            English => plural_only(word),
            French if is_place => vec![word.to_owned()],
            // The genitive.
            German if is_place => plural_only(word),
            German if self.kind == NameKind::People => {
                // With the feminine: Italiener, Italienerin.
                let stem = word.strip_suffix('e').unwrap_or(word);
                let mut all = inflect(word, true, German).forms;
                all.extend(inflect(&format!("{stem}in"), true, German).forms);
                all
            }
            Armenian | Russian | Ukrainian | French | German => self.inflect(word),
        }
    }

    /// A place has no plural, or nothing else: Даний is no form of Дания. Того and Тбилиси have no other forms.
    fn place_forms(&self, word: &str) -> Vec<String> {
        let is_russian = self.language == InflectedLanguage::Russian;
        let plural = if is_russian { 'ы' } else { 'и' };
        let is_indeclinable = ["о", "у", "ю", "е", "э", "оа"].iter().any(|end| word.ends_with(end))
            || word.ends_with(if is_russian { 'и' } else { 'і' });
        let is_slavic = ["ово", "ево", "єво", "ино"].iter().any(|end| word.ends_with(end));
        if word.ends_with(plural) {
            self.inflect(word)
        } else if is_indeclinable && !is_slavic {
            vec![word.to_owned()]
        } else {
            inflect_singular(word, self.language)
        }
    }

    fn inflect(&self, word: &str) -> Vec<String> {
        let is_name = self.text.starts_with(char::is_uppercase);
        let mut found = inflect(word, is_name, self.language);
        found.forms.append(&mut found.of_name);
        if self.kind != NameKind::Place && self.kind != NameKind::City {
            // The adverb is of the language: по-русски.
            found.forms.retain(|form| !form.ends_with("ски") && !form.ends_with("цки"));
        }
        found.forms
    }

    /// Adds the first halves of compounds that the adjective makes: армяно-, российско-, arméno-, վրաց-.
    fn add_first_halves(&self, adjective: &str, out: &mut Forms) {
        if self.kind != NameKind::Adjective {
            return;
        }
        let condition = Condition { languages: LanguageSet::of(self.language), written: Written::FirstHalf };
        // A shorter root makes words: мало-помалу is not of Mali.
        let mut add = |stem: &str, vowel: &str| {
            if stem.chars().nth(2).is_some() && !(vowel == "о" && stem.chars().nth(3).is_none()) {
                out.add_if(format!("{stem}{vowel}"), condition);
            }
        };
        match self.language {
            InflectedLanguage::Russian | InflectedLanguage::Ukrainian => {
                let Some(stem) = adjective.strip_suffix("ий") else { return };
                add(stem, "о");
                if let Some(root) = stem.strip_suffix("ск").or_else(|| stem.strip_suffix("ськ")) {
                    add(root.trim_end_matches(['ь', 'й', 'и', 'і']), "о");
                }
            }
            InflectedLanguage::French => {
                let root = ["ien", "ais", "ain", "ois", "en", "e"]
                    .iter()
                    .find_map(|end| adjective.strip_suffix(end));
                add(root.unwrap_or(adjective), "o");
            }
            InflectedLanguage::Armenian => {
                let root = ["ական", "յան"].iter().find_map(|end| adjective.strip_suffix(end));
                if let Some(root) = root {
                    add(root, "");
                    add(root, "ա");
                }
                if let Some(country) =
                    adjective.strip_suffix("ստանական").or_else(|| adjective.strip_suffix("ստանյան"))
                {
                    add(country, "ա");
                }
            }
            InflectedLanguage::English | InflectedLanguage::German => {}
        }
    }

    /// Adds the regular adjective and people of an Armenian name: Կանադա, կանադական, կանադացի; Երևան, երևանյան.
    fn add_armenian_relatives(&self, out: &mut Expansion) {
        let name = self.text;
        if self.kind == NameKind::City {
            let stem = name.strip_suffix(['ա', 'ի', 'ո']).unwrap_or(name);
            for relative in [format!("{stem}յան"), format!("{name}ցի")] {
                Name::parse(&relative, NameKind::CityAdjective, self.language).add_to(out);
            }
            return;
        }
        let stems = [Some(name), name.strip_suffix('ա'), name.strip_suffix("իա"), name.strip_suffix("ոս")];
        for stem in stems.into_iter().flatten() {
            for ending in ["ական", "յան", "ցի", "ացի"] {
                Name::parse(&format!("{stem}{ending}"), NameKind::Adjective, self.language).add_to(out);
            }
        }
    }
}

fn plural_only(word: &str) -> Vec<String> {
    let mut all = vec![word.to_owned()];
    if word.len() > 2 {
        all.push(format!("{word}s"));
    }
    all
}
