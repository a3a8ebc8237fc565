//! Russian verbs: the regular ones, and the stems that others may have. Pure.

use super::endings::{FormList, drop_last, ends_with_any, last_char, list_contains, pairs};
use crate::text::file_part;

const FILE: &str = include_str!("russian_verbs.txt");

/// Nouns that end like infinitives.
const NOUNS: &str = "печать мать кровать рать стать знать память пять десять девять двадцать тридцать нить плеть сеть \
    треть смерть путь суть ртуть муть грудь медь рукоять тать пядь прыть сыть благодать стадь клеть повесть";

const ON_CONSONANT: &str = "у ешь ет ем ете ут и ите ущий омый";
const ON_VOWEL: &str = "ю ешь ет ем ете ют й йте ющий емый";
const WITH_I: &str = "ю у ишь ит им ите ят ат и ящий ащий имый";
const PAST: &str = "- л ла ло ли в вши вший";
const PAST_OF_CONSONANT: &str = "- ла ло ли ший ши";

/// The end of an infinitive, what stands in its place, and the endings after that.
const STEMS: &str = file_part(FILE, "stems");

/// The lines of [`STEMS`]; a name stands for the endings of many.
fn stems() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of_columns = |(columns, endings): (&'static str, &'static str)| {
        let (end, changed) = pairs(columns).next()?;
        let endings = match endings {
            "@consonant" => ON_CONSONANT,
            "@vowel" => ON_VOWEL,
            "@i" => WITH_I,
            "@past" => PAST_OF_CONSONANT,
            endings => endings,
        };
        Some((end, changed, endings))
    };
    STEMS.lines().filter_map(|line| line.split_once(": ")).filter_map(of_columns)
}

/// What a consonant becomes before the endings of the present tense and of the participle.
const CHANGED: &str = file_part(FILE, "changed consonants");

/// Whether a word is an infinitive.
pub(super) fn is_infinitive(word: &str) -> bool {
    let plain = word.strip_suffix("ся").unwrap_or(word);
    ends_with_any(plain, "ать ять ить еть уть оть ыть")
        && !list_contains(NOUNS, plain)
        && plain.chars().count() > 4
}

/// Whether a word looks like a participle.
pub(super) fn is_participle(word: &str) -> bool {
    ends_with_any(word.strip_suffix("ся").unwrap_or(word), "щий ший мый нный тый")
}

/// Forms of which most are no words: what a verb may have, whatever its stems.
pub(super) fn add_possible_forms(word: &str, out: &mut FormList) {
    let plain = plain(word);
    let mut found = FormList(Vec::new());
    if let Some(stem) = plain.strip_suffix("ть") {
        found.push_endings(stem, PAST);
        found.push_endings(stem, ON_VOWEL);
        found.push_endings(stem, "нный тый");
        let root = drop_last(stem, 1);
        let endings = if stem.ends_with('и') { [WITH_I, "енный"] } else { [WITH_I, ON_CONSONANT] };
        for (end, changed) in pairs(CHANGED) {
            if let Some(before) = root.strip_suffix(end).filter(|_| root.chars().count() > 1) {
                let stem = format!("{before}{changed}");
                endings.iter().for_each(|endings| found.push_endings(&stem, endings));
            }
        }
        if let Some(before) = root.strip_suffix('д') {
            found.push_endings(before, "жденный");
        }
        if let Some(root) = stem.strip_suffix("ова").or_else(|| stem.strip_suffix("ева")) {
            found.push_endings(&format!("{root}у"), ON_VOWEL);
            found.push_endings(&format!("{root}ю"), ON_VOWEL);
        }
    }
    for (end, changed, endings) in stems() {
        if let Some(before) = plain.strip_suffix(end) {
            found.push_endings(&format!("{before}{changed}"), endings);
        }
    }
    add_moving_vowel(word, &mut found);
    add_reflexive(word, found, out);
}

/// Prefixes of verbs, and those that they are before two consonants: сжечь, сожгли; отозвать, отзовёт.
const PREFIXES: &str = file_part(FILE, "prefixes");

/// Adds the forms with the other shape of the prefix.
fn add_moving_vowel(word: &str, found: &mut FormList) {
    for (short, long) in pairs(PREFIXES) {
        let (old, new) = if word.starts_with(long) { (long, short) } else { (short, long) };
        if word.starts_with(old) {
            let moved: Vec<String> =
                found.0.iter().filter_map(|form| Some(format!("{new}{}", form.strip_prefix(old)?))).collect();
            found.0.extend(moved);
            return;
        }
    }
}

/// выйти, найти, прийти, обойтись.
pub(super) fn add_compounds_of_go(word: &str, out: &mut FormList) {
    let Some(prefix) = plain(word).strip_suffix("йти") else { return };
    let mut found = FormList(Vec::new());
    let present = if prefix == "при" { "при".to_owned() } else { format!("{prefix}й") };
    found.push_endings(&present, "ду дешь дет дем дете дут ди дите дя");
    found.push_endings(&format!("{prefix}ш"), "ел ла ло ли");
    add_reflexive(word, found, out);
}

fn plain(word: &str) -> &str {
    word.strip_suffix("ся").or_else(|| word.strip_suffix("сь")).unwrap_or(word)
}

/// Adds the forms, with the ending of the verb if it is reflexive.
fn add_reflexive(word: &str, found: FormList, out: &mut FormList) {
    let reflexive = plain(word) != word;
    out.0.extend(found.0.into_iter().map(|form| match last_char(&form) {
        _ if !reflexive => form,
        'а' | 'о' | 'и' | 'у' | 'ю' | 'е' | 'я' => format!("{form}сь"),
        _ => format!("{form}ся"),
    }));
}

/// Regular verbs.
pub(super) fn add_forms(word: &str, out: &mut FormList) {
    let plain = plain(word);
    let mut found = FormList(Vec::new());
    let stem = plain.strip_suffix("ть").unwrap_or(plain);
    found.push_endings(
        stem,
        "ть л ла ло ли в вши вший вшего вшему вшим вшем вшая вшей вшую вшее вшие вших вшими",
    );
    if let Some(root) = stem.strip_suffix("ова").or_else(|| stem.strip_suffix("ева")) {
        found.push_endings(
            root,
            "ую уешь ует уем уете уют уй уйте уя ующий ующего ующих ующим ующие ующая ующей ующую",
        );
    } else if let Some(root) = stem.strip_suffix('и') {
        found.push_endings(root, "ю у ишь ит им ите ят ат и я а ящий ящего ящих ящим ящие ящая");
        for (end, changed) in pairs(CHANGED) {
            if let Some(before) = root.strip_suffix(end) {
                found.push_endings(
                    &format!("{before}{changed}"),
                    "у ю ен ена ено ены енный енного енному енным енном енная енной енную енные енных енными",
                );
            }
        }
    } else if let Some(root) = stem.strip_suffix("ну") {
        found.push_endings(root, "ну нешь нет нем нете нут ни ните нут нутый нутого нутым нутая нутые нутых");
    } else {
        found.push_endings(
            stem,
            "ю ешь ет ем ете ют й йте я ющий ющего ющему ющим ющая ющей ющую ющие ющих ющими",
        );
        found.push_endings(stem, "н на но ны нный нного нному нным нном нная нной нную нные нных нными");
    }
    add_reflexive(word, found, out);
}
