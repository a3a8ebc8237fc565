//! German, without umlauts as folded, so that most plurals need no table. Pure.

use super::{Forms, ends_with_any, holds, line};

/// Strong verbs and those that change their stem: infinitive, third person, past, participle.
const STRONG: &str = include_str!("german_verbs.txt");

/// Nouns with a plural in -er, which folds like the word for somebody who does it.
const PLURAL_IN_ER: &str = "kind haus land mann buch bild wort volk wald dorf rad bad blatt glas amt feld geld kleid \
    licht lied loch nest rind schild schloss schwert tal tuch weib dach fach geist gott huhn kalb korn kraut lamm leib \
    mitglied krankenhaus rathaus bundesland ausland gesicht gespenst gewand gut haupt holz horn brett denkmal fass \
    grab fahrrad bundesamt finanzamt oberhaupt staatsoberhaupt parlamentsmitglied reich grabmal";

const ADJECTIVES: &str = "neu alt gut gross klein jung lang kurz hoch stark schwach rot blau grun schwarz weiss gelb \
    braun grau kalt warm heiss nass trocken schnell langsam reich arm frei voll leer hart weich hell dunkel breit eng \
    tief nah fern schwer leicht stolz krank gesund klug dumm tot wild zart scharf rein wahr falsch fest los ernst \
    schon spat fruh laut leise bunt rund flach dick dunn tapfer sicher bitter sauber teuer sauer streng weit";

/// Whether a word stands in the tables.
pub(super) fn is_known(word: &str) -> bool {
    line(NOUNS, word).is_some() || holds(PLURAL_IN_ER, word) || line(STRONG, word).is_some()
}

fn is_adjective(word: &str) -> bool {
    ends_with_any(word, "sch ig lich bar sam haft los voll end iv al ell ar os ant ent")
        || holds(ADJECTIVES, word)
}

/// Plurals with another stem.
const NOUNS: &str = "\
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

pub(super) fn forms(word: &str, out: &mut Forms) {
    if word.len() < 3 {
        return;
    }
    if let Some(known) = line(NOUNS, word) {
        known.split(' ').for_each(|form| out.one(form));
    }
    let strong = line(STRONG, word);
    if let Some(strong) = strong {
        for form in strong.split(' ') {
            out.one(form);
            out.add(form, "en e");
        }
    }
    if ends_with_any(word, "heit keit ung schaft tat ion ei ik") {
        out.add(word, "en");
        return;
    }
    if word.ends_with("in") {
        out.add(word, "nen");
    }
    if word.ends_with("nis") {
        out.add(word, "se sen ses");
    }
    if let Some(stem) = word.strip_suffix("ssen") {
        out.add(stem, "sst");
    }
    match word.strip_suffix('e') {
        Some(stem) => out.add(stem, "en es er em ens"),
        None if holds(PLURAL_IN_ER, word) => out.add(word, "e es er ern s"),
        None if is_adjective(word) => out.add(word, "e en er es em s ere eren erer eres"),
        // Neither Wahl, Wähler nor Krieg, Krieger.
        None if ends_with_any(word, "au eu ie ee") => out.add(word, "en n s"),
        None if word.ends_with(['a', 'i', 'o', 'u', 'y']) => out.add(word, "s"),
        None => out.add(word, "e en es s n ens"),
    }
    if let Some(stem) = word.strip_suffix("el") {
        out.add(stem, "le len ler les lem");
    }
    weak_verb(word, out);
}

fn weak_verb(word: &str, out: &mut Forms) {
    let stem = word
        .strip_suffix("en")
        .or_else(|| word.strip_suffix('n').filter(|stem| ends_with_any(stem, "el er")));
    let Some(stem) = stem.filter(|stem| stem.len() > 2) else { return };
    let link = if stem.ends_with(['d', 't']) { "e" } else { "" };
    for ending in ["t", "st", "te", "ten", "test", "tet"] {
        out.one(format!("{stem}{link}{ending}"));
    }
    out.add(stem, "e end ende enden ender endes");
    let unstressed = word.ends_with("ieren")
        || ["be", "ge", "er", "ver", "zer", "ent", "emp", "miss"]
            .iter()
            .any(|prefix| word.starts_with(prefix));
    let ge = if unstressed { "" } else { "ge" };
    out.add(&format!("{ge}{stem}{link}t"), "- e en er es em");
}
