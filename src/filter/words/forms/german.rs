//! German: nouns, adjectives, verbs. Words are folded; without umlauts, most plurals are regular. Pure.

use super::endings::{FormList, ends_with_any, list_contains, table_line};
use crate::text::file_part;

const FILE: &str = include_str!("german.txt");

/// Strong and other irregular verbs: infinitive, third person, past, participle.
const IRREGULAR_VERBS: &str = file_part(FILE, "irregular verbs");

/// Nouns with a plural in -er. For others, -er makes the word for a person: Wahl, Wähler.
const NOUNS_WITH_ER_PLURAL: &str = file_part(FILE, "nouns with -er plural");

const ADJECTIVES: &str = file_part(FILE, "adjectives");

/// Adjectives with another stem before an ending.
const CHANGED_ADJECTIVES: &str = file_part(FILE, "changed adjectives");

const ADJECTIVE_ENDINGS: &str = "e en er es em";

/// Prefixes that stand apart in a main clause, or before the ge of the participle: teilnehmen, teilgenommen.
const SEPARABLE: &str = file_part(FILE, "separable");

/// Prefixes whose participle has no ge: bekommen. Some verbs have one of the others in this way: übernehmen.
const INSEPARABLE: &str = "be ent emp er ge miss ver zer durch hinter uber um unter voll wider wieder";

fn is_adjective(word: &str) -> bool {
    let plain = word.strip_prefix("un").unwrap_or(word);
    ends_with_any(
        word,
        "sch ig lich bar sam haft los voll end iv al ell ar os ant ent fach reich frei wert ekt akt id",
    ) || list_contains(ADJECTIVES, plain)
        || word.ends_with('t') && starts_unstressed(word)
        || word.ends_with('t') && word.starts_with("ge") && word.len() > 5
}

/// Nouns in -en, which are not conjugated.
const NOUNS_IN_EN: &str = "kuchen garten boden hafen morgen ofen magen rahmen kragen drachen knochen kasten balken nacken \
    haken faden frieden brunnen daumen norden suden westen osten zeichen madchen marchen";

/// Nouns that are declined like adjectives: Beamter, Beamte.
const ADJECTIVAL_NOUNS: &str = file_part(FILE, "adjectival nouns");

/// The first words of names: Naher Osten, Oberster Gerichtshof.
const ADJECTIVES_OF_NAMES: &str = "naher mittlerer roter kalter stiller oberster heiliger hoher grosser blauer grauer schwarzer \
    weisser gruner gelber indischer deutscher europaischer internationaler";

/// Nouns that only end like feminine ones.
const NOT_FEMININE: &str = "geschaft sprung schwung jung attentat zitat resultat diktat referat spion champion skorpion \
    stadion streik mosaik pazifik atlantik schrei brei blei papagei";

/// Nouns with another stem in the plural, adjectives with another in their degrees.
const IRREGULAR: &str = file_part(FILE, "irregular words");

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if let Some(known) = table_line(IRREGULAR, word) {
        known.split(' ').for_each(|form| out.push(form));
    }
    if word.len() < 3 {
        return;
    }
    let of_phrase = ["es", "em"].iter().find_map(|ending| word.strip_suffix(ending));
    if let Some(stem) = of_phrase.filter(|stem| list_contains(ADJECTIVES, stem)) {
        // Of a name such as Weißes Haus.
        add_adjective(stem, out);
    }
    if let Some(stem) = word.strip_suffix("er").filter(|_| list_contains(ADJECTIVES_OF_NAMES, word)) {
        add_adjective(stem, out);
    }
    if add_strong_verbs(word, out) {
        out.push_endings(word, "s");
        if ends_with_any(word, ALSO_WEAK) {
            add_weak_verbs(word, out);
        }
        return;
    }
    add_foreign_plural(word, out);
    if let Some(stem) = word.strip_suffix("er").filter(|_| list_contains(ADJECTIVAL_NOUNS, word)) {
        add_adjective(stem, out);
    }
    let is_feminine = ends_with_any(word, "heit keit ung schaft tat ion ei ik");
    if is_feminine && !ends_with_any(word, NOT_FEMININE) {
        out.push_endings(word, "en");
        return;
    }
    if word.ends_with("in") {
        out.push_endings(word, "nen");
    }
    if word.ends_with("nis") {
        out.push_endings(word, "se sen ses");
    }
    if let Some(stem) = word.strip_suffix("bel") {
        add_adjective(&format!("{stem}bl"), out);
    }
    if let Some(stem) = table_line(CHANGED_ADJECTIVES, word) {
        add_adjective(stem, out);
        out.push_endings(stem, "er ere eren erer eres");
        out.push_endings(word, "ste sten ster stes");
    }
    match word.strip_suffix('e') {
        Some(stem) => out.push_endings(stem, "en es er em ens"),
        None if has_er_plural(word) => out.push_endings(word, "e es er ern s en"),
        None if is_adjective(word) => {
            add_adjective(word, out);
            out.push_endings(word, "s ere eren erer eres");
            out.push_endings(
                word,
                if word.ends_with(['d', 't', 's', 'h', 'z']) { "este esten" } else { "ste sten" },
            );
        }
        None if ends_with_any(word, "au eu ie ee") => out.push_endings(word, "en n s"),
        None if word.ends_with(['a', 'i', 'o', 'u', 'y']) => out.push_endings(word, "s"),
        None => out.push_endings(word, "e en es s n ens"),
    }
    if let Some(stem) = word.strip_suffix("el") {
        out.push_endings(stem, "le len ler les lem");
    }
    // Also comparatives: weiter, geringer.
    if word.ends_with("en") && starts_unstressed(word) || word.ends_with("er") && word.len() > 4 {
        add_adjective(word, out);
    }
    if !list_contains(NOUNS_IN_EN, word) && !list_contains(ADJECTIVES, word) {
        add_weak_verbs(word, out);
    }
}

/// Also as the second half of a compound: Passwort.
fn has_er_plural(word: &str) -> bool {
    NOUNS_WITH_ER_PLURAL.split_whitespace().any(|noun| word.ends_with(noun)) || word.ends_with("tum")
}

/// Museum, Museen; Thema, Themen; Rhythmus, Rhythmen; Basis, Basen.
fn add_foreign_plural(word: &str, out: &mut FormList) {
    let plurals = [("ium", "ien"), ("eum", "een"), ("us", "en"), ("a", "en"), ("is", "en")];
    let plural = plurals.iter().find_map(|(ending, plural)| Some((word.strip_suffix(ending)?, plural)));
    if let Some((stem, plural)) = plural.filter(|(stem, _)| stem.len() > 1) {
        out.push(format!("{stem}{plural}"));
    }
}

fn add_adjective(stem: &str, out: &mut FormList) {
    out.push_endings(stem, ADJECTIVE_ENDINGS);
}

/// The readings of an infinitive: prefix, rest, and whether the prefix is separable.
fn prefixes(word: &str) -> impl Iterator<Item = (&str, &str, bool)> {
    let kinds = [(SEPARABLE, true), (INSEPARABLE, false)];
    let all = kinds
        .into_iter()
        .flat_map(|(list, apart)| list.split_whitespace().map(move |prefix| (prefix, apart)));
    let found = all.filter_map(move |(prefix, apart)| Some((prefix, word.strip_prefix(prefix)?, apart)));
    found.filter(|(_, rest, _)| rest.len() > 2)
}

/// Strong verbs that have weak forms too.
const ALSO_WEAK: &str = "wenden senden hangen schaffen backen begleiten umringen";

/// Whether the word is a strong verb, with or without a prefix.
fn add_strong_verbs(word: &str, out: &mut FormList) -> bool {
    if let Some(line) = table_line(IRREGULAR_VERBS, word) {
        add_strong_verb(word, line, "", true, out);
        return true;
    }
    let before = out.0.len();
    for (prefix, rest, apart) in prefixes(word) {
        if let Some(line) = table_line(IRREGULAR_VERBS, rest) {
            add_strong_verb(rest, line, prefix, apart, out);
        } else if let Some((inner, line)) = ["be", "ge", "er", "ver", "ent"]
            .iter()
            .filter(|_| apart)
            .find_map(|inner| Some((inner, table_line(IRREGULAR_VERBS, rest.strip_prefix(inner)?)?)))
        {
            // anerkennen, vorbehalten.
            add_strong_verb(&rest[inner.len()..], line, &format!("{prefix}{inner}"), false, out);
            out.push(format!("{prefix}zu{rest}"));
        }
    }
    out.0.len() > before
}

/// `line` has the third person, the past and the participle of the infinitive without its prefix.
fn add_strong_verb(infinitive: &str, line: &str, prefix: &str, apart: bool, out: &mut FormList) {
    let mut parts = line.split(' ');
    let (Some(present), Some(past), Some(participle)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let mut add = |form: &str, endings: &str| out.push_endings(&format!("{prefix}{form}"), endings);
    let stem = infinitive.strip_suffix("en").or_else(|| infinitive.strip_suffix('n')).unwrap_or(infinitive);
    add(infinitive, "- d de den der des dem");
    add(stem, "- e t st et est");
    add(present, "- st");
    if let Some(changed) = present.strip_suffix('t').filter(|_| present.len() > 3) {
        add(changed, "- st");
    }
    // Not lasst, which is of lassen.
    add(past, if past.ends_with('s') { "- e en est et" } else { "- e en st est t et n" });
    if apart && !prefix.is_empty() {
        out.push(format!("{prefix}zu{infinitive}"));
    }
    let participle = match participle.strip_prefix("ge") {
        Some(bare) if !apart && !participle_keeps_ge(infinitive) => bare,
        _ => participle,
    };
    out.push(format!("{prefix}{participle}"));
    add_adjective(&format!("{prefix}{participle}"), out);
}

/// Whether the ge of the participle belongs to the verb: gelten, genießen.
fn participle_keeps_ge(infinitive: &str) -> bool {
    infinitive.starts_with("ge") && !list_contains("geben gehen gelten", infinitive)
}

fn add_weak_verbs(word: &str, out: &mut FormList) {
    let stem = word
        .strip_suffix("en")
        .or_else(|| word.strip_suffix('n').filter(|stem| ends_with_any(stem, "el er")));
    let Some(stem) = stem.filter(|stem| stem.len() > 2) else { return };
    let link = if needs_link(stem) { "e" } else { "" };
    out.push_endings(&format!("{stem}{link}"), "t st te ten test tet");
    out.push_endings(stem, "e end ende enden ender endes endem");
    if ends_with_any(stem, "el er") {
        out.push_endings(stem, "nd nde nden nder ndes ndem");
    }
    if let Some(stem) = stem.strip_suffix("el") {
        out.push_endings(stem, "le");
    }
    if let Some(stem) = word.strip_suffix("ssen") {
        out.push_endings(stem, "sst");
    }
    let mut participles = vec![];
    let mut is_prefixed = word.ends_with("ieren");
    for (prefix, rest, apart) in prefixes(stem) {
        if apart {
            let ge = if rest.ends_with("ier") || starts_unstressed(rest) { "" } else { "ge" };
            participles.push(format!("{prefix}{ge}{rest}{link}t"));
            out.push(format!("{prefix}zu{}", &word[prefix.len()..]));
        } else {
            is_prefixed = true;
        }
    }
    participles.push(if is_prefixed { format!("{stem}{link}t") } else { format!("ge{stem}{link}t") });
    for participle in participles {
        add_adjective(&participle, out);
        out.push(participle);
    }
}

/// Whether the stem has an e before t: arbeitet, öffnet, zeichnet; but lernt, filmt.
fn needs_link(stem: &str) -> bool {
    let before = stem.chars().rev().nth(1);
    stem.ends_with(['d', 't'])
        || stem.ends_with(['m', 'n']) && before.is_some_and(|c| !"aeiouylrhmn".contains(c))
        || stem.ends_with("chn")
}

fn starts_unstressed(stem: &str) -> bool {
    ["be", "er", "ver", "zer", "ent", "emp", "miss"].iter().any(|prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() > 2 && rest.contains(['a', 'e', 'i', 'o', 'u']))
    })
}
