//! German: nouns, adjectives, verbs. Words are folded; without umlauts, most plurals are regular. Pure.

use super::endings::{FormList, ends_with_any, list_contains, table_line};

/// Strong and other irregular verbs: infinitive, third person, past, participle.
const IRREGULAR_VERBS: &str = include_str!("german_verbs.txt");

/// Nouns with a plural in -er. For others, -er makes the word for a person: Wahl, Wähler.
const NOUNS_WITH_ER_PLURAL: &str = "kind haus land mann buch bild wort volk wald dorf rad bad blatt glas amt feld geld kleid \
    licht lied loch nest rind schild schloss schwert tal tuch weib dach fach geist gott huhn kalb korn kraut lamm leib \
    mitglied krankenhaus rathaus bundesland ausland gesicht gespenst gewand gut haupt holz horn brett denkmal fass \
    grab fahrrad bundesamt finanzamt oberhaupt staatsoberhaupt parlamentsmitglied reich grabmal";

const ADJECTIVES: &str = "neu alt gut gross klein jung lang kurz hoch stark schwach rot blau grun schwarz weiss gelb \
    braun grau kalt warm heiss nass trocken schnell langsam reich arm frei voll leer hart weich hell dunkel breit eng \
    tief nah fern schwer leicht stolz krank gesund klug dumm tot wild zart scharf rein wahr falsch fest los ernst \
    schon spat fruh laut leise bunt rund flach dick dunn tapfer sicher bitter sauber teuer sauer streng weit";

/// Whether a table contains the word.
pub(super) fn is_known(word: &str) -> bool {
    table_line(IRREGULAR_NOUNS, word).is_some()
        || list_contains(NOUNS_WITH_ER_PLURAL, word)
        || table_line(IRREGULAR_VERBS, word).is_some()
}

fn is_adjective(word: &str) -> bool {
    ends_with_any(word, "sch ig lich bar sam haft los voll end iv al ell ar os ant ent")
        || list_contains(ADJECTIVES, word)
}

/// Nouns with another stem in the plural.
const IRREGULAR_NOUNS: &str = "\
museum museen museums
zentrum zentren zentrums
studium studien studiums
ministerium ministerien ministeriums
gymnasium gymnasien gymnasiums
stipendium stipendien
medium medien mediums
datum daten datums
thema themen themas
firma firmen
drama dramen dramas
konto konten kontos
risiko risiken risikos
virus viren
globus globen
organismus organismen
mechanismus mechanismen
kaufmann kaufleute kaufmanns
fachmann fachleute fachmanns
herr herrn herren
herz herzen herzens
name namen namens
frieden friede friedens
wille willen willens
";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if word.len() < 3 {
        return;
    }
    if let Some(known) = table_line(IRREGULAR_NOUNS, word) {
        known.split(' ').for_each(|form| out.push(form));
    }
    let irregular = table_line(IRREGULAR_VERBS, word);
    if let Some(irregular) = irregular {
        for form in irregular.split(' ') {
            out.push(form);
            out.push_endings(form, "en e");
        }
    }
    if ends_with_any(word, "heit keit ung schaft tat ion ei ik") {
        out.push_endings(word, "en");
        return;
    }
    if word.ends_with("in") {
        out.push_endings(word, "nen");
    }
    if word.ends_with("nis") {
        out.push_endings(word, "se sen ses");
    }
    if let Some(stem) = word.strip_suffix("ssen") {
        out.push_endings(stem, "sst");
    }
    match word.strip_suffix('e') {
        Some(stem) => out.push_endings(stem, "en es er em ens"),
        None if list_contains(NOUNS_WITH_ER_PLURAL, word) => out.push_endings(word, "e es er ern s"),
        None if is_adjective(word) => out.push_endings(word, "e en er es em s ere eren erer eres"),
        None if ends_with_any(word, "au eu ie ee") => out.push_endings(word, "en n s"),
        None if word.ends_with(['a', 'i', 'o', 'u', 'y']) => out.push_endings(word, "s"),
        None => out.push_endings(word, "e en es s n ens"),
    }
    if let Some(stem) = word.strip_suffix("el") {
        out.push_endings(stem, "le len ler les lem");
    }
    add_weak_verb(word, out);
}

fn add_weak_verb(word: &str, out: &mut FormList) {
    let stem = word
        .strip_suffix("en")
        .or_else(|| word.strip_suffix('n').filter(|stem| ends_with_any(stem, "el er")));
    let Some(stem) = stem.filter(|stem| stem.len() > 2) else { return };
    let link = if stem.ends_with(['d', 't']) { "e" } else { "" };
    for ending in ["t", "st", "te", "ten", "test", "tet"] {
        out.push(format!("{stem}{link}{ending}"));
    }
    out.push_endings(stem, "e end ende enden ender endes");
    let unstressed = word.ends_with("ieren")
        || ["be", "ge", "er", "ver", "zer", "ent", "emp", "miss"]
            .iter()
            .any(|prefix| word.starts_with(prefix));
    let ge = if unstressed { "" } else { "ge" };
    out.push_endings(&format!("{ge}{stem}{link}t"), "- e en er es em");
}
