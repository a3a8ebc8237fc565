//! German, without umlauts as folded, so that most plurals need no table. Pure.

use super::{Forms, ends_with_any, line};

/// Strong verbs and those that change their stem: infinitive, third person, past, participle.
const STRONG: &str = include_str!("german_verbs.txt");

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
        None if word.ends_with(['a', 'i', 'o', 'u', 'y']) => out.add(word, "s"),
        None => out.add(word, "e en er ern es em s n ens"),
    }
    if let Some(stem) = word.strip_suffix("el") {
        out.add(stem, "le len ler les lem");
    }
    if let Some(stem) = word.strip_suffix("isch") {
        out.add(stem, "ischere ischeren");
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
